/*
 * TLS client on a connected, non-blocking socket. Part of the probe engine; knows neither probes
 * nor configuration (whose names clash with OpenSSL's headers: hence OpenSSL's types by their
 * tags).
 *
 * Certificates are not verified, as in keepalived: the check asks whether the server answers.
 */
#ifndef DIARCH_CHECK_PROBE_TLS_H
#define DIARCH_CHECK_PROBE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ssl_ctx_st;
struct ssl_st;
struct ssl_session_st;

/* The context of all connections; NULL when out of memory. Ignores SIGPIPE for the process: OpenSSL
 * writes with it. */
struct ssl_ctx_st *probe_tls_ctx_new(void);
void probe_tls_ctx_free(struct ssl_ctx_st *ctx);

/*
 * Prepares TLS on `fd`, which stays the caller's. `sni` may be NULL. Resumes *session if it is not
 * NULL and keeps newer ones there; it must outlive the connection. NULL when that fails.
 */
struct ssl_st *probe_tls_open(struct ssl_ctx_st *ctx, int fd, const char *sni,
			      struct ssl_session_st **session);

/* 0 when the handshake is complete, or -errno; -EAGAIN: to go on at the next readiness of any kind.
 */
int probe_tls_handshake(struct ssl_st *ssl);

/* Bytes, 0 at the end of the stream (read), or -errno; -EAGAIN as above; -EPROTO for errors of the
 * protocol. */
ssize_t probe_tls_read(struct ssl_st *ssl, void *buf, size_t len);
ssize_t probe_tls_write(struct ssl_st *ssl, const void *buf, size_t len);

/* Ends without a word to the peer. NULL is fine. */
void probe_tls_close(struct ssl_st *ssl);

/* Forgets a kept session. */
void probe_tls_forget(struct ssl_session_st **session);

#endif
