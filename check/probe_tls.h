/*
 * TLS client on a connected, non-blocking socket. Part of the probe engine; knows neither probes
 * nor configuration (whose names clash with OpenSSL's headers: hence OpenSSL's types by their
 * tags).
 *
 * Certificates are verified only where that is asked for; otherwise, as in keepalived, the check
 * asks whether the server answers.
 */
#ifndef DIARCH_CHECK_PROBE_TLS_H
#define DIARCH_CHECK_PROBE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct ssl_st;
struct ssl_session_st;

/* What a connection asks of the server. */
struct probe_tls_want {
	const char *sni;      /* name to ask for; NULL = none */
	bool is_verified;     /* the certificate must be good for `name` */
	const char *ca_file;  /* of the authorities; NULL = the system's */
	const char *name;     /* host name or address */
	bool is_expiry_asked; /* a full handshake now and then, to see the certificate */
};

/* What one endpoint keeps from connection to connection; zeroed at first. */
struct probe_tls_keep {
	struct ssl_session_st *session; /* to resume */
	uint32_t authority;             /* number of the authorities it was verified with */
	int64_t full_at_s;              /* wall clock of the last full handshake */
	int64_t warned_at_s;            /* for the user: of the last word about expiry */
};

/* The contexts of all connections: one without verification, and one for each file of authorities.
 */
struct probe_tls;

/* What the client presents. Strings belong to the caller, until they are replaced. */
struct probe_tls_identity {
	const char *certificate, *key, *password; /* files in PEM format; NULL = none */
	const char *ca_file; /* authorities for those who name none; the user's affair */
};

/* Connections from now on present `identity`; its files are read now. */
void probe_tls_set_identity(struct probe_tls *tls, const struct probe_tls_identity *identity);

/* NULL when out of memory. Ignores SIGPIPE for the process: OpenSSL writes with it. */
struct probe_tls *probe_tls_new(void);
void probe_tls_free(struct probe_tls *tls);

/*
 * Prepares TLS on `fd`, which stays the caller's. Resumes the kept session and keeps newer ones
 * there; `keep` must outlive the connection. A file of authorities is read again when it changed.
 * 0, -ENOENT and the like when that file cannot be used (and logs it, once for each state of the
 * file), -ENOMEM.
 */
int probe_tls_open(struct probe_tls *tls, int fd, const struct probe_tls_want *want,
		   struct probe_tls_keep *keep, int64_t now_s, struct ssl_st **out);

/* 0 when the handshake is complete, or -errno; -EAGAIN: to go on at the next readiness of any kind.
 */
int probe_tls_handshake(struct ssl_st *ssl);

/*
 * After the handshake: NULL when the certificate is as wanted, else what is wrong with it, valid
 * for ever. `*days_left` becomes the whole days until it expires; INT64_MAX when there is none.
 */
const char *probe_tls_judge(struct ssl_st *ssl, const struct probe_tls_want *want,
			    struct probe_tls_keep *keep, int64_t now_s, int64_t *days_left);

/* Bytes, 0 at the end of the stream (read), or -errno; -EAGAIN as above; -EINTR: something else
 * than data came in, and there may be more; -EPROTO for errors of the protocol. */
ssize_t probe_tls_read(struct ssl_st *ssl, void *buf, size_t len);
ssize_t probe_tls_write(struct ssl_st *ssl, const void *buf, size_t len);

/* Ends; with a close_notify to the peer, or without a word. NULL is fine. */
void probe_tls_close(struct ssl_st *ssl, bool is_polite);

/* Forgets a kept session. */
void probe_tls_forget(struct probe_tls_keep *keep);

#endif
