/*
 * Contexts of the TLS client of the probe engine, in the checker process: one without verification,
 * one for each file of authorities. Owns them; connections refer to theirs while they last.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "check/probe_tls_ctx.h"
#include "lib/log.h"

/* A file of authorities as it was when it was read. */
struct authority {
	LIST_ENTRY(authority) link;
	char *path; /* NULL = those of the system */
	struct stat seen;
	SSL_CTX *ctx; /* NULL = it could not be used */
	int error;
	uint32_t id;
};

struct probe_tls {
	SSL_CTX *plain;
	LIST_HEAD(, authority) authorities;
	uint32_t last_id; /* 0 is that of no authorities */
	struct probe_tls_identity identity;
};

/* Keeps the newest session; the reference passes to us. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
	struct probe_tls_keep *keep = SSL_get_app_data(ssl);

	SSL_SESSION_free(keep->session);
	keep->session = session;
	return 1;
}

/*
 * Even where the certificate counts the handshake is completed without regard to it, and the
 * verdict asked for afterwards: so its reason can be told.
 */
static SSL_CTX *context_new(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_quiet_shutdown(ctx, 1);
	/* Without end are records that are no data: each call takes one and lets the others have
	 * their turn. */
	SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	/* A server that closes without saying so has still answered; none begins anew in between.
	 */
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	return ctx;
}

static int on_password(char *buf, int size, int is_written, void *arg)
{
	const char *password = arg;
	const size_t len = password ? strlen(password) : 0;

	(void)is_written;
	if (len == 0 || len > (size_t)size)
		return 0;
	memcpy(buf, password, len);
	return (int)len;
}

/* Without a key file the key is with the certificate. */
static bool identity_load(SSL_CTX *ctx, const struct probe_tls_identity *identity)
{
	const char *key = identity->key ? identity->key : identity->certificate;

	SSL_CTX_set_default_passwd_cb(ctx, on_password);
	SSL_CTX_set_default_passwd_cb_userdata(ctx, (void *)(uintptr_t)identity->password);
	return SSL_CTX_use_certificate_chain_file(ctx, identity->certificate) == 1 &&
	       SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	       SSL_CTX_check_private_key(ctx) == 1;
}

/* A context of ours, with what we present. */
static SSL_CTX *context_make(const struct probe_tls *tls)
{
	SSL_CTX *ctx = context_new();

	if (ctx && tls->identity.certificate && !identity_load(ctx, &tls->identity))
		log_warnx("tls_identity", "cannot present %s: %s", tls->identity.certificate,
			  ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return ctx;
}

void probe_tls_set_identity(struct probe_tls *tls, const struct probe_tls_identity *identity)
{
	bool is_needed = tls->identity.certificate || identity->certificate;
	struct authority *authority;
	SSL_CTX *plain;

	tls->identity = *identity;
	plain = is_needed ? context_make(tls) : NULL;
	if (!plain)
		return;
	SSL_CTX_free(tls->plain);
	tls->plain = plain;
	LIST_FOREACH(authority, &tls->authorities, link)
	authority->id = 0; /* made again when it is needed */
}

struct probe_tls *probe_tls_new(void)
{
	struct probe_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return NULL;
	tls->plain = context_new();
	if (!tls->plain) {
		free(tls);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	return tls;
}

void probe_tls_free(struct probe_tls *tls)
{
	struct authority *authority;

	if (!tls)
		return;
	while ((authority = LIST_FIRST(&tls->authorities))) {
		LIST_REMOVE(authority, link);
		SSL_CTX_free(authority->ctx);
		free(authority->path);
		free(authority);
	}
	SSL_CTX_free(tls->plain);
	free(tls);
}

/* ---- authorities ---- */

static struct authority *authority_get(struct probe_tls *tls, const char *path)
{
	struct authority *authority;

	LIST_FOREACH(authority, &tls->authorities, link)
	{
		if (path ? authority->path && strcmp(authority->path, path) == 0 : !authority->path)
			return authority;
	}
	authority = xcalloc(1, sizeof(*authority));
	authority->path = path ? xstrdup(path) : NULL;
	LIST_INSERT_HEAD(&tls->authorities, authority, link);
	return authority;
}

/* Whether the file is another one than it was, or was never read. The system's is read once. */
static bool authority_is_new(const struct authority *authority, const struct stat *now)
{
	const struct stat *seen = &authority->seen;

	if (authority->id == 0)
		return true;
	return authority->path &&
	       (seen->st_ino != now->st_ino || seen->st_dev != now->st_dev ||
		seen->st_size != now->st_size || seen->st_mtim.tv_sec != now->st_mtim.tv_sec ||
		seen->st_mtim.tv_nsec != now->st_mtim.tv_nsec);
}

static int authority_read(SSL_CTX *ctx, const char *path)
{
	int done;

	if (!ctx)
		return -ENOMEM;
	done = path ? SSL_CTX_load_verify_file(ctx, path) : SSL_CTX_set_default_verify_paths(ctx);
	ERR_clear_error();
	return done == 1 ? 0 : -EINVAL;
}

static void authority_renew(struct probe_tls *tls, struct authority *authority,
			    const struct stat *now, int error)
{
	SSL_CTX_free(authority->ctx);
	authority->ctx = error ? NULL : context_make(tls);
	if (!error)
		error = authority_read(authority->ctx, authority->path);
	if (error) {
		SSL_CTX_free(authority->ctx);
		authority->ctx = NULL;
		log_warnx("tls_ca", "cannot use the certificates in %s: %s",
			  authority->path ? authority->path : "the system's store",
			  error == -EINVAL ? "none found" : strerror(-error));
	}
	authority->seen = *now;
	authority->error = error;
	authority->id = ++tls->last_id;
}

int probe_tls_context(struct probe_tls *tls, bool is_verified, const char *ca_file,
		      struct ssl_ctx_st **ctx, uint32_t *id)
{
	struct authority *authority;
	struct stat now = { 0 };
	int error = 0;

	*id = 0;
	*ctx = tls->plain;
	if (!is_verified)
		return 0;
	authority = authority_get(tls, ca_file);
	if (ca_file && stat(ca_file, &now) < 0)
		error = -errno;
	if (authority_is_new(authority, &now))
		authority_renew(tls, authority, &now, error);
	*ctx = authority->ctx;
	*id = authority->id;
	return authority->error;
}
