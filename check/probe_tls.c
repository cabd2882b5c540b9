/*
 * TLS client of the probe engine, in the checker process.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "check/probe_tls.h"

/* Keeps the newest session; the reference passes to us. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
	SSL_SESSION **kept = SSL_get_app_data(ssl);

	SSL_SESSION_free(*kept);
	*kept = session;
	return 1;
}

struct ssl_ctx_st *probe_tls_ctx_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_quiet_shutdown(ctx, 1);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* A server that closes without saying so has still answered. */
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	signal(SIGPIPE, SIG_IGN);
	return ctx;
}

void probe_tls_ctx_free(struct ssl_ctx_st *ctx)
{
	SSL_CTX_free(ctx);
}

/* The name is only read; OpenSSL's own macro for this casts const away. */
static bool set_sni(SSL *ssl, const char *sni)
{
	union {
		const char *in;
		void *out;
	} name = { .in = sni };

	return !sni || SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
				name.out) == 1;
}

struct ssl_st *probe_tls_open(struct ssl_ctx_st *ctx, int fd, const char *sni,
			      struct ssl_session_st **session)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl)
		return NULL;
	SSL_set_app_data(ssl, session);
	if (!SSL_set_fd(ssl, fd) || !set_sni(ssl, sni) ||
	    (*session && !SSL_set_session(ssl, *session))) {
		SSL_free(ssl);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_connect_state(ssl);
	return ssl;
}

static int tls_result(SSL *ssl, int ret)
{
	int sys_errno = errno;

	switch (SSL_get_error(ssl, ret)) {
	case SSL_ERROR_NONE: return ret;
	case SSL_ERROR_ZERO_RETURN: return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return -EAGAIN;
	case SSL_ERROR_SYSCALL: return sys_errno ? -sys_errno : -ECONNRESET;
	default: return -EPROTO;
	}
}

static void tls_prepare(void)
{
	ERR_clear_error();
	errno = 0;
}

int probe_tls_handshake(struct ssl_st *ssl)
{
	int ret;

	tls_prepare();
	ret = tls_result(ssl, SSL_do_handshake(ssl));
	if (ret == 0)
		return -ECONNRESET; /* closed in the middle */
	return ret > 0 ? 0 : ret;
}

ssize_t probe_tls_read(struct ssl_st *ssl, void *buf, size_t len)
{
	tls_prepare();
	return tls_result(ssl, SSL_read(ssl, buf, (int)len));
}

ssize_t probe_tls_write(struct ssl_st *ssl, const void *buf, size_t len)
{
	tls_prepare();
	return tls_result(ssl, SSL_write(ssl, buf, (int)len));
}

void probe_tls_close(struct ssl_st *ssl)
{
	if (!ssl)
		return;
	/* Sends nothing; but without it the library would take the session for broken. */
	SSL_shutdown(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

void probe_tls_forget(struct ssl_session_st **session)
{
	SSL_SESSION_free(*session);
	*session = NULL;
}
