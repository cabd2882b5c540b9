/*
 * Incremental parser of HTTP/1.x answers, for health checks. Pure: no I/O, no allocation; bytes may
 * come in any pieces. Bounded: the status line, the head (status line, header fields and trailers)
 * and each line have limits; the body has none here, as it passes through.
 *
 * It is as tolerant as a check should be: lines may end with a bare LF, unknown fields are skipped
 * unread, interim answers (1xx) are passed over. An unusable Content-Length counts as none.
 */
#ifndef DIARCH_CHECK_HTTP_PARSE_H
#define DIARCH_CHECK_HTTP_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX 512         /* the status line; of a header field, what is looked at */
#define HTTP_HEAD_MAX (32 * 1024) /* status lines, header fields and trailers in all */

enum http_event {
	HTTP_MORE, /* everything was consumed; feed more */
	HTTP_HEAD, /* the final head is complete: status is there */
	HTTP_BODY, /* a piece of the body */
	HTTP_END,  /* the answer is complete; it stays so */
	HTTP_BAD,  /* malformed; it stays so */
	HTTP_BIG,  /* a limit was passed; it stays so */
};

enum http_state {
	HTTP_IN_STATUS,
	HTTP_IN_FIELDS,
	HTTP_IN_LENGTH,   /* a body of known length */
	HTTP_IN_STREAM,   /* a body that ends with the connection */
	HTTP_IN_SIZE,     /* chunk size line */
	HTTP_IN_CHUNK,    /* chunk data */
	HTTP_AFTER_CHUNK, /* its line end */
	HTTP_IN_TRAILERS,
	HTTP_DONE,
	HTTP_FAILED,
	HTTP_FAILED_BIG,
};

struct http_parser {
	enum http_state state;
	uint16_t status;
	bool is_1_1; /* or later: chunks are understood */
	bool is_chunked;
	bool has_length;
	uint64_t left;     /* bytes of the body or chunk to come */
	uint32_t head_len; /* bytes seen of what HTTP_HEAD_MAX limits */
	uint32_t line_len; /* bytes of the current line; the first HTTP_LINE_MAX are in `line` */
	char line[HTTP_LINE_MAX];
};

/* A piece of the body, pointing into the caller's bytes. */
struct http_piece {
	const uint8_t *data;
	size_t len;
};

void http_parse_init(struct http_parser *p);

/*
 * Consumes from *at, advancing it towards `end`, until something is to be told. Call again until
 * HTTP_MORE. `piece` is filled with HTTP_BODY.
 */
enum http_event http_parse(struct http_parser *p, const uint8_t **at, const uint8_t *end,
			   struct http_piece *piece);

/*
 * The connection ended: HTTP_END, also for a body that stops short of its length (keepalived takes
 * what came), or HTTP_BAD when there is no complete head.
 */
enum http_event http_parse_eof(struct http_parser *p);

#endif
