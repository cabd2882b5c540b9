/*
 * Contexts of the TLS client by authorities. Shared by probe_tls.c and probe_tls_ctx.c.
 */
#ifndef DIARCH_CHECK_PROBE_TLS_CTX_H
#define DIARCH_CHECK_PROBE_TLS_CTX_H

#include "check/probe_tls.h"

struct ssl_ctx_st;

/*
 * The context for connections that verify, or do not, by the authorities in `ca_file` (NULL = the
 * system's), which is read again when it changed; *id is another number then. 0 or -errno.
 */
int probe_tls_context(struct probe_tls *tls, bool is_verified, const char *ca_file,
		      struct ssl_ctx_st **ctx, uint32_t *id);

#endif
