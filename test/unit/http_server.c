/*
 * A web server of the test's own process. Failures of its own abort the test.
 */
#include "test/unit/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define DRIP_US (3 * US_PER_MS)

static void must(bool is_ok)
{
	if (!is_ok)
		abort();
}

struct http_conn {
	struct http_conn *next;
	struct http_server *server;
	struct io io;
	struct timer drip;
	int fd;
	SSL *ssl;
	char request[2048];
	size_t len;
	bool is_asked; /* the request is complete */
	size_t sent;
};

static void conn_close(struct http_conn *conn)
{
	struct http_conn **link;

	for (link = &conn->server->conns; *link != conn; link = &(*link)->next)
		;
	*link = conn->next;
	conn->server->n_open--;
	timer_cancel(&conn->drip);
	io_del(&conn->io);
	if (conn->ssl) {
		SSL_set_quiet_shutdown(conn->ssl, 1);
		SSL_shutdown(conn->ssl);
	}
	SSL_free(conn->ssl);
	close(conn->fd);
	free(conn);
}

static bool conn_send(struct http_conn *conn, const char *text, size_t len)
{
	ssize_t n = conn->ssl ? SSL_write(conn->ssl, text, (int)len)
			      : send(conn->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	return n > 0 || (!conn->ssl && errno == EAGAIN);
}

/* ---- manners ---- */

static void on_drip(struct timer *timer, void *arg)
{
	static const char head[] = "HTTP/1.0 200 OK\r\nX-Slow: ";
	struct http_conn *conn = arg;
	const char *byte = conn->sent < sizeof(head) - 1 ? &head[conn->sent] : "a";

	conn->sent++;
	if (conn_send(conn, byte, 1))
		timer_arm_in(timer, DRIP_US);
	else
		conn_close(conn);
}

/* Another piece of something endless. */
static void conn_flood(struct http_conn *conn)
{
	char piece[8192];
	const char *head = "HTTP/1.0 200 OK\r\n";

	if (conn->sent == 0 && conn->server->manner == HTTP_ENDLESS_BODY)
		head = "HTTP/1.0 200 OK\r\n\r\n";
	memset(piece, 'a', sizeof(piece));
	if (conn->sent == 0)
		memcpy(piece, head, strlen(head));
	conn->sent++;
	if (!conn_send(conn, piece, sizeof(piece)))
		conn_close(conn);
}

static void conn_answer(struct http_conn *conn)
{
	static const struct linger reset = { .l_onoff = 1 };
	struct http_server *server = conn->server;

	switch (server->manner) {
	case HTTP_ANSWERS:
		conn_send(conn, server->answer, strlen(server->answer));
		conn_close(conn);
		break;
	case HTTP_HOLDS: conn_send(conn, server->answer, strlen(server->answer)); break;
	case HTTP_SILENT: break;
	case HTTP_RESETS:
		setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		conn_close(conn);
		break;
	case HTTP_DRIPS: timer_arm_in(&conn->drip, DRIP_US); break;
	case HTTP_ENDLESS_HEAD:
	case HTTP_ENDLESS_BODY: io_set_events(&conn->io, EPOLLIN | EPOLLOUT); break;
	}
}

/* ---- connections ---- */

/* True when the handshake is complete; a failed one closes. */
static bool conn_handshake(struct http_conn *conn)
{
	struct http_server *server = conn->server;
	int ret;
	const char *sni;

	if (!conn->ssl || SSL_is_init_finished(conn->ssl))
		return true;
	ret = SSL_accept(conn->ssl);
	if (ret == 1) {
		sni = SSL_get_servername(conn->ssl, TLSEXT_NAMETYPE_host_name);
		snprintf(server->sni, sizeof(server->sni), "%s", sni ? sni : "");
		server->n_resumed += SSL_session_reused(conn->ssl);
		return true;
	}
	if (SSL_get_error(conn->ssl, ret) != SSL_ERROR_WANT_READ)
		conn_close(conn);
	return false;
}

static void on_conn(struct io *io, uint32_t ready, void *arg)
{
	struct http_conn *conn = arg;
	size_t room = sizeof(conn->request) - 1 - conn->len;
	ssize_t n;

	(void)io;
	if (!conn_handshake(conn))
		return;
	if (conn->is_asked && (ready & EPOLLOUT)) {
		conn_flood(conn);
		return;
	}
	n = conn->ssl ? SSL_read(conn->ssl, conn->request + conn->len, (int)room)
		      : recv(conn->fd, conn->request + conn->len, room, MSG_DONTWAIT);
	if (conn->ssl && n <= 0 && SSL_get_error(conn->ssl, (int)n) == SSL_ERROR_WANT_READ)
		return;
	if (n <= 0) {
		conn->server->n_reset += n < 0 && errno == ECONNRESET;
		conn_close(conn);
		return;
	}
	conn->len += (size_t)n;
	conn->request[conn->len] = '\0';
	if (conn->is_asked || !strstr(conn->request, "\r\n\r\n"))
		return;
	conn->is_asked = true;
	conn_answer(conn);
}

static void on_accept(struct io *io, uint32_t ready, void *arg)
{
	struct http_server *server = arg;
	struct http_conn *conn = calloc(1, sizeof(*conn));

	(void)ready;
	must(conn != NULL);
	conn->fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (conn->fd < 0) {
		free(conn);
		return;
	}
	conn->server = server;
	conn->next = server->conns;
	server->conns = conn;
	server->n_accepted++;
	server->n_open++;
	timer_init(&conn->drip, server->loop, on_drip, conn);
	if (server->tls) {
		conn->ssl = SSL_new(server->tls);
		SSL_set_fd(conn->ssl, conn->fd);
	}
	io_add(server->loop, &conn->io, conn->fd, EPOLLIN, on_conn, conn);
}

/* ---- server ---- */

void http_server_init(struct http_server *server, struct loop *loop, enum http_manner manner)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	*server = (struct http_server){ .loop = loop, .manner = manner };
	server->answer = "HTTP/1.0 200 OK\r\n\r\nhello";
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	must(server->fd >= 0);
	must(bind(server->fd, (struct sockaddr *)&sa, sizeof(sa)) == 0);
	must(listen(server->fd, 512) == 0);
	must(getsockname(server->fd, (struct sockaddr *)&sa, &len) == 0);
	server->port = ntohs(sa.sin_port);
	must(io_add(loop, &server->io, server->fd, EPOLLIN, on_accept, server) == 0);
}

static X509 *cert_new(EVP_PKEY *key, const char *names, int days)
{
	X509 *cert = X509_new();
	X509_EXTENSION *san;

	must(cert != NULL);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -100 * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L + 3600);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)"diarch test", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	if (names) {
		san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
		must(san != NULL);
		X509_add_ext(cert, san, -1);
		X509_EXTENSION_free(san);
	}
	must(X509_sign(cert, key, EVP_sha256()) > 0);
	return cert;
}

void http_server_use_cert(struct http_server *server, const char *names, int days, const char *path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = cert_new(key, names, days);
	FILE *file = path ? fopen(path, "w") : NULL;

	SSL_CTX_free(server->tls);
	server->tls = SSL_CTX_new(TLS_server_method());
	must(server->tls != NULL);
	must(SSL_CTX_use_certificate(server->tls, cert) == 1);
	must(SSL_CTX_use_PrivateKey(server->tls, key) == 1);
	if (path) {
		must(file && PEM_write_X509(file, cert));
		fclose(file);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
}

void http_server_use_tls(struct http_server *server)
{
	http_server_use_cert(server, NULL, 1, NULL);
}

void http_server_done(struct http_server *server)
{
	while (server->conns)
		conn_close(server->conns);
	io_del(&server->io);
	close(server->fd);
	SSL_CTX_free(server->tls);
}
