/*
 * Recorded HTTP answers, whole, cut in two at every position, and byte by byte: the outcome must be
 * the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/http_parse.h"

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

enum ending { OPEN, CLOSED }; /* whether the peer closes after the bytes */

static const struct answer {
	const char *name;
	const char *bytes;
	enum ending ending;
	enum http_event outcome;
	uint16_t status;
	const char *body;
} answers[] = {
	{ "1.0 to the end", "HTTP/1.0 200 OK\r\n\r\nhello", CLOSED, HTTP_END, 200, "hello" },
	{ "1.0 still open", "HTTP/1.0 200 OK\r\n\r\nhello", OPEN, HTTP_MORE, 200, "hello" },
	{ "length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, not this", OPEN, HTTP_END,
	  200, "hello" },
	{ "length, any case and blanks", "HTTP/1.1 200 OK\r\ncontent-LENGTH:\t 3 \r\n\r\nabc", OPEN,
	  HTTP_END, 200, "abc" },
	{ "length 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", OPEN, HTTP_END, 200, "" },
	{ "short of its length", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", CLOSED,
	  HTTP_END, 200, "short" },
	{ "unusable length", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello", CLOSED, HTTP_END,
	  200, "hello" },
	{ "huge length", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
	  CLOSED, HTTP_END, 200, "hello" },
	{ "line feeds alone", "HTTP/1.0 404 Not Found\nServer: x\n\ngone", CLOSED, HTTP_END, 404,
	  "gone" },
	{ "no reason phrase", "HTTP/1.1 503\r\n\r\n", CLOSED, HTTP_END, 503, "" },
	{ "chunks",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	  "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
	  OPEN, HTTP_END, 200, "abc0123456789" },
	{ "chunks and trailers",
	  "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\nContent-Length: 2\r\n\r\n"
	  "1\na\r\n00\r\nX-Sum: 1\r\nY: 2\r\n\r\n",
	  OPEN, HTTP_END, 200, "a" },
	{ "chunks that end early", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
	  CLOSED, HTTP_END, 200, "abc" },
	{ "no chunks in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
	  CLOSED, HTTP_END, 200, "1\r\na\r\n" },
	{ "bad chunk size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", OPEN,
	  HTTP_BAD, 200, "" },
	{ "endless chunk size",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1000000000000000\r\n", OPEN,
	  HTTP_BAD, 200, "" },
	{ "bytes after a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
	  OPEN, HTTP_BAD, 200, "a" },
	{ "no content", "HTTP/1.1 204 No Content\r\n\r\n", OPEN, HTTP_END, 204, "" },
	{ "not modified has no body", "HTTP/1.1 304 X\r\nContent-Length: 10\r\n\r\n", OPEN,
	  HTTP_END, 304, "" },
	{ "interim answers",
	  "HTTP/1.1 100 Continue\r\nContent-Length: 7\r\n\r\nHTTP/1.1 103 Hints\r\nLink: a\r\n\r\n"
	  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	  OPEN, HTTP_END, 200, "ok" },
	{ "folded and odd fields",
	  "HTTP/1.1 200 OK\r\nA: b\r\n Content-Length: 1\r\nnonsense\r\n\r\nok", CLOSED, HTTP_END,
	  200, "ok" },
	{ "streaming radio", "ICY 200 OK\r\n\r\n", CLOSED, HTTP_END, 200, "" },
	{ "nothing", "", CLOSED, HTTP_BAD, 0, "" },
	{ "head cut off", "HTTP/1.1 200 OK\r\nServer: x\r\n", CLOSED, HTTP_BAD, 200, "" },
	{ "status line only", "HTTP/1.1 200 OK\r\n", CLOSED, HTTP_BAD, 200, "" },
	{ "not HTTP", "garbage\r\n\r\n", OPEN, HTTP_BAD, 0, "" },
	{ "two blanks", "HTTP/1.1  200 OK\r\n\r\n", OPEN, HTTP_BAD, 0, "" },
	{ "two digits", "HTTP/1.1 20\r\n\r\n", OPEN, HTTP_BAD, 0, "" },
	{ "four digits", "HTTP/1.1 2000 OK\r\n\r\n", OPEN, HTTP_BAD, 200, "" },
	{ "empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n", OPEN, HTTP_BAD, 0, "" },
};

struct outcome {
	enum http_event last;
	int n_heads;
	size_t body_len;
	char body[256];
};

static bool is_final(enum http_event event)
{
	return event == HTTP_END || event == HTTP_BAD || event == HTTP_BIG;
}

/* Feeds a copy of exactly `len` bytes, so that the sanitizer sees every step beyond. */
static void feed(struct http_parser *p, const char *bytes, size_t len, struct outcome *o)
{
	uint8_t *copy = malloc(len ? len : 1);
	const uint8_t *at = copy;
	struct http_piece piece;

	memcpy(copy, bytes, len);
	do {
		o->last = http_parse(p, &at, copy + len, &piece);
		o->n_heads += o->last == HTTP_HEAD;
		if (o->last == HTTP_BODY) {
			assert_true(piece.len > 0 && o->body_len + piece.len < sizeof(o->body));
			memcpy(o->body + o->body_len, piece.data, piece.len);
			o->body_len += piece.len;
		}
	} while (o->last != HTTP_MORE && !is_final(o->last));
	if (o->last == HTTP_MORE)
		assert_ptr_equal(at, copy + len);
	free(copy);
}

/* The answer in pieces that end at `cut`, or of one byte each. */
static void run_answer(const struct answer *a, size_t cut)
{
	struct outcome o = { .last = HTTP_MORE };
	size_t len = strlen(a->bytes), at = 0;
	struct http_parser p;

	http_parse_init(&p);
	while (at < len && !is_final(o.last)) {
		size_t n = cut == SIZE_MAX ? 1 : at < cut ? cut : len - at;

		feed(&p, a->bytes + at, n, &o);
		at += n;
	}
	if (a->ending == CLOSED && !is_final(o.last))
		o.last = http_parse_eof(&p);
	if (o.last != a->outcome || o.body_len != strlen(a->body) ||
	    memcmp(o.body, a->body, o.body_len) != 0)
		fail_msg("%s, cut %zu: outcome %d, body \"%.*s\"", a->name, cut, o.last,
			 (int)o.body_len, o.body);
	if (o.n_heads)
		assert_int_equal(p.status, a->status);
	assert_int_equal(o.n_heads,
			 a->outcome == HTTP_BAD && o.body_len == 0 && !p.is_chunked ? 0 : 1);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_N(answers); i++) {
		for (size_t cut = 0; cut <= strlen(answers[i].bytes); cut++)
			run_answer(&answers[i], cut);
		run_answer(&answers[i], SIZE_MAX);
	}
}

/* Feeds `line` again and again until the parser has enough; the bytes it took. */
static size_t feed_until_final(struct http_parser *p, const char *line, enum http_event *last)
{
	size_t taken = 0;

	do {
		struct outcome o = { .last = HTTP_MORE };

		feed(p, line, strlen(line), &o);
		*last = o.last;
		taken += strlen(line);
	} while (!is_final(*last) && taken < 10 * HTTP_HEAD_MAX);
	return taken;
}

static void start(struct http_parser *p, const char *head)
{
	struct outcome o = { .last = HTTP_MORE };

	http_parse_init(p);
	feed(p, head, strlen(head), &o);
	assert_int_equal(o.last, HTTP_MORE);
}

static void test_limits(void **state)
{
	struct http_parser p;
	enum http_event last;

	(void)state;
	start(&p, "");
	assert_in_range(feed_until_final(&p, "x", &last), HTTP_LINE_MAX, HTTP_LINE_MAX + 1);
	assert_int_equal(last, HTTP_BIG);

	start(&p, "HTTP/1.1 200 OK\r\n"); /* endless fields */
	assert_in_range(feed_until_final(&p, "A: b\r\n", &last), HTTP_HEAD_MAX - 32, HTTP_HEAD_MAX);
	assert_int_equal(last, HTTP_BIG);

	start(&p, "HTTP/1.1 200 OK\r\nA: "); /* one endless field */
	assert_in_range(feed_until_final(&p, "bbbbbbb", &last), HTTP_HEAD_MAX - 32, HTTP_HEAD_MAX);
	assert_int_equal(last, HTTP_BIG);

	start(&p, ""); /* endless interim answers */
	assert_in_range(feed_until_final(&p, "HTTP/1.1 100 C\r\n\r\n", &last), HTTP_HEAD_MAX - 32,
			HTTP_HEAD_MAX + 32);
	assert_int_equal(last, HTTP_BIG);
	assert_int_equal(http_parse_eof(&p), HTTP_BIG);
}

static void test_body_limits(void **state)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	struct http_parser p;
	enum http_event last;
	struct outcome o = { .last = HTTP_MORE };

	(void)state;
	http_parse_init(&p); /* an endless extension of a chunk */
	feed(&p, head, strlen(head), &o);
	feed(&p, "1;", 2, &o);
	assert_in_range(feed_until_final(&p, "x", &last), HTTP_LINE_MAX - 2, HTTP_LINE_MAX);
	assert_int_equal(last, HTTP_BIG);

	http_parse_init(&p); /* endless trailers */
	feed(&p, head, strlen(head), &o);
	feed(&p, "0\r\n", 3, &o);
	assert_in_range(feed_until_final(&p, "A: b\r\n", &last), HTTP_HEAD_MAX - 128,
			HTTP_HEAD_MAX);
	assert_int_equal(last, HTTP_BIG);

	http_parse_init(&p); /* endless chunks are the body's length, which is not limited here */
	feed(&p, head, strlen(head), &o);
	feed_until_final(&p, "1\r\na\r\n", &last);
	assert_int_equal(last, HTTP_MORE);
}

/* A field longer than what is looked at is skipped, and never half understood. */
static void test_long_field(void **state)
{
	struct http_parser p;
	struct outcome o = { .last = HTTP_MORE };
	char blanks[HTTP_LINE_MAX];

	(void)state;
	start(&p, "HTTP/1.1 200 OK\r\nContent-Length:");
	memset(blanks, ' ', sizeof(blanks));
	feed(&p, blanks, HTTP_LINE_MAX - strlen("Content-Length:") - 1, &o);
	feed(&p, "12\r\n\r\nbody", strlen("12\r\n\r\nbody"), &o);
	assert_false(p.has_length);
	assert_int_equal(http_parse_eof(&p), HTTP_END);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_body_limits),
		cmocka_unit_test(test_long_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
