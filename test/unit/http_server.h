/*
 * A web server of the test's own process, good or bad, for tests of probes.
 */
#ifndef DIARCH_TEST_HTTP_SERVER_H
#define DIARCH_TEST_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/loop.h"

enum http_manner {
	HTTP_ANSWERS,      /* reads a request, sends `answer`, closes */
	HTTP_HOLDS,        /* sends `answer` and stays */
	HTTP_SILENT,       /* accepts, and that is all */
	HTTP_RESETS,       /* resets when the request is there */
	HTTP_DRIPS,        /* a byte of a head every few milliseconds, for ever */
	HTTP_ENDLESS_HEAD, /* header fields for ever, as fast as they go */
	HTTP_ENDLESS_BODY, /* a head, then a body for ever */
};

struct ssl_ctx_st;
struct http_conn;

struct http_server {
	struct loop *loop;
	struct io io;
	int fd;
	uint16_t port; /* on 127.0.0.1 */
	enum http_manner manner;
	const char *answer;
	struct ssl_ctx_st *tls; /* NULL = plain */
	struct http_conn *conns;
	int n_accepted, n_open, n_resumed;
	int n_reset;  /* connections that the client reset */
	char sni[64]; /* of the last handshake */
};

/* Listens; the caller may change manner and answer at any time. */
void http_server_init(struct http_server *server, struct loop *loop, enum http_manner manner);

/* Speaks TLS from now on, with a certificate made on the spot. */
void http_server_use_tls(struct http_server *server);

/*
 * The same with a certificate for `names`, as in "IP:127.0.0.1,DNS:www.example.org", which is its
 * own authority and expires in `days`. Its PEM form goes to `path` unless that is NULL. Connections
 * that come then see it.
 */
void http_server_use_cert(struct http_server *server, const char *names, int days,
			  const char *path);

void http_server_done(struct http_server *server);

#endif
