/*
 * libFuzzer: the HTTP parser. The first byte is the size of the pieces; the outcome must be that of
 * the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "check/http_parse.h"

struct outcome {
	enum http_event last;
	uint16_t status;
	size_t body_len;
	uint64_t body_sum;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(struct outcome *o, const struct http_piece *piece)
{
	for (size_t i = 0; i < piece->len; i++)
		o->body_sum = o->body_sum * 31 + piece->data[i];
	o->body_len += piece->len;
}

/* Parses a copy of its exact size, so that the sanitizer sees every step beyond it. */
static void feed(struct http_parser *p, const uint8_t *data, size_t len, struct outcome *o)
{
	uint8_t *copy = malloc(len);
	const uint8_t *at = copy;
	struct http_piece piece;

	memcpy(copy, data, len);
	do {
		o->last = http_parse(p, &at, copy + len, &piece);
		if (o->last == HTTP_BODY)
			take(o, &piece);
	} while (o->last == HTTP_BODY || o->last == HTTP_HEAD);
	if (o->last == HTTP_MORE && at != copy + len)
		abort();
	free(copy);
}

static struct outcome parse(const uint8_t *data, size_t size, size_t piece)
{
	struct outcome o = { .last = HTTP_MORE };
	struct http_parser p;

	http_parse_init(&p);
	for (size_t at = 0; at < size; at += piece)
		feed(&p, data + at, size - at < piece ? size - at : piece, &o);
	o.last = http_parse_eof(&p);
	o.status = p.status;
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size < 2 || data[0] == 0)
		return 0;
	whole = parse(data + 1, size - 1, size - 1);
	pieces = parse(data + 1, size - 1, data[0]);
	if (whole.last != pieces.last || whole.status != pieces.status ||
	    whole.body_len != pieces.body_len || whole.body_sum != pieces.body_sum)
		abort();
	return 0;
}
