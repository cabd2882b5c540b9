/*
 * TLS client of the probe engine, in the checker process.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "check/probe_tls_ctx.h"

#define DAY_S        86400
#define FULL_EVERY_S 60

static int64_t wall_of(const ASN1_TIME *when, int64_t now_s)
{
	ASN1_TIME *now = ASN1_TIME_set(NULL, (time_t)now_s);
	int days = 0, seconds = 0;
	bool is_known = now && ASN1_TIME_diff(&days, &seconds, now, when);

	ASN1_TIME_free(now);
	return is_known ? now_s + (int64_t)days * DAY_S + seconds : INT64_MAX;
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

/* An address must be among those of the certificate, a name among its names. */
static bool set_name(SSL *ssl, const struct probe_tls_want *want)
{
	if (!want->is_verified || !want->name)
		return true;
	if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), want->name) == 1)
		return true;
	ERR_clear_error();
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, want->name) == 1;
}

/* A session says nothing about a certificate that the server got since, so it does not serve for
 * long where somebody looks at it. */
static bool is_session_useful(const struct probe_tls_want *want, const struct probe_tls_keep *keep,
			      uint32_t authority, int64_t now_s)
{
	if (!keep->session || keep->authority != authority)
		return false;
	if (!want->is_verified && !want->is_expiry_asked)
		return true;
	return now_s >= keep->full_at_s && now_s < keep->full_at_s + FULL_EVERY_S;
}

int probe_tls_open(struct probe_tls *tls, int fd, const struct probe_tls_want *want,
		   struct probe_tls_keep *keep, int64_t now_s, struct ssl_st **out)
{
	uint32_t authority = 0;
	SSL_CTX *ctx = NULL;
	int error = probe_tls_context(tls, want->is_verified, want->ca_file, &ctx, &authority);
	SSL *ssl;

	if (error < 0)
		return error;
	ssl = SSL_new(ctx);
	if (!ssl)
		return -ENOMEM;
	if (!is_session_useful(want, keep, authority, now_s))
		probe_tls_forget(keep);
	keep->authority = authority;
	SSL_set_app_data(ssl, keep);
	if (!SSL_set_fd(ssl, fd) || !set_sni(ssl, want->sni) || !set_name(ssl, want) ||
	    (keep->session && !SSL_set_session(ssl, keep->session))) {
		SSL_free(ssl);
		ERR_clear_error();
		return -ENOMEM;
	}
	SSL_set_connect_state(ssl);
	*out = ssl;
	return 0;
}

const char *probe_tls_judge(struct ssl_st *ssl, const struct probe_tls_want *want,
			    struct probe_tls_keep *keep, int64_t now_s, int64_t *days_left)
{
	const X509 *cert = SSL_get0_peer_certificate(ssl);
	int64_t end_s = cert ? wall_of(X509_get0_notAfter(cert), now_s) : INT64_MAX;
	long result = SSL_get_verify_result(ssl);

	*days_left = end_s == INT64_MAX ? INT64_MAX : (end_s - now_s) / DAY_S;
	if (!SSL_session_reused(ssl))
		keep->full_at_s = now_s;
	if (!want->is_verified)
		return NULL;
	if (!cert)
		return "no certificate";
	/* The session may be older than the end of the certificate. */
	if (result == X509_V_OK && end_s <= now_s)
		result = X509_V_ERR_CERT_HAS_EXPIRED;
	return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

static int tls_result(SSL *ssl, int ret)
{
	int sys_errno = errno;

	switch (SSL_get_error(ssl, ret)) {
	case SSL_ERROR_NONE: return ret;
	case SSL_ERROR_ZERO_RETURN: return 0;
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE: return sys_errno == EAGAIN ? -EAGAIN : -EINTR;
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

void probe_tls_close(struct ssl_st *ssl, bool is_polite)
{
	if (!ssl)
		return;
	/* Even where it sends nothing: without it the library would take the session for broken.
	 */
	if (is_polite)
		SSL_set_quiet_shutdown(ssl, 0);
	SSL_shutdown(ssl);
	SSL_free(ssl);
	ERR_clear_error();
}

void probe_tls_forget(struct probe_tls_keep *keep)
{
	SSL_SESSION_free(keep->session);
	keep->session = NULL;
}
