/*
 * Incremental parser of HTTP/1.x answers. Pure; used by check_http in the checker process.
 */
#include "check/http_parse.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LENGTH_DIGITS 18 /* fits 63 bits */
#define SIZE_DIGITS   15 /* hexadecimal; fits 60 bits */

void http_parse_init(struct http_parser *p)
{
	memset(p, 0, offsetof(struct http_parser, line));
}

static enum http_event fail(struct http_parser *p, enum http_state state)
{
	p->state = state;
	return state == HTTP_FAILED_BIG ? HTTP_BIG : HTTP_BAD;
}

/* ---- lines ---- */

/* In a state whose lines count against HTTP_HEAD_MAX. Those of chunks belong to the body. */
static bool is_in_head(const struct http_parser *p)
{
	return p->state == HTTP_IN_STATUS || p->state == HTTP_IN_FIELDS ||
	       p->state == HTTP_IN_TRAILERS;
}

/* Collects a line; true when its end came. What does not fit into `line` is only counted. */
static bool take_line(struct http_parser *p, const uint8_t **at, const uint8_t *end)
{
	const uint8_t *lf = memchr(*at, '\n', (size_t)(end - *at));
	size_t n = (size_t)((lf ? lf : end) - *at);

	if (p->line_len < HTTP_LINE_MAX) {
		size_t room = HTTP_LINE_MAX - p->line_len;

		memcpy(p->line + p->line_len, *at, n < room ? n : room);
	}
	n += lf != NULL;
	*at += n;
	p->line_len += (uint32_t)n;
	if (is_in_head(p))
		p->head_len += (uint32_t)n;
	return lf != NULL;
}

/* Ends a line: its length without CR and LF, at most what is in `line`. */
static size_t end_line(struct http_parser *p)
{
	size_t len = p->line_len - 1;

	p->line_len = 0;
	if (len > HTTP_LINE_MAX)
		return HTTP_LINE_MAX;
	if (len > 0 && p->line[len - 1] == '\r')
		len--;
	return len;
}

/* Whether a limit was passed. A long header field is skipped unread, other lines have to fit. */
static bool is_too_big(const struct http_parser *p)
{
	if (p->state == HTTP_IN_FIELDS || p->state == HTTP_IN_TRAILERS)
		return p->head_len > HTTP_HEAD_MAX;
	return p->line_len > HTTP_LINE_MAX;
}

/* ---- head ---- */

/* "HTTP/1.1 200 Any reason", and, as keepalived, "ICY 200 OK". */
static bool parse_status(struct http_parser *p, size_t len)
{
	const char *space = memchr(p->line, ' ', len);
	size_t at;

	if (!space || space == p->line)
		return false;
	at = (size_t)(space - p->line) + 1;
	if (len < at + 3 || (len > at + 3 && p->line[at + 3] != ' '))
		return false;
	p->status = 0;
	for (size_t i = at; i < at + 3; i++) {
		if (!isdigit((unsigned char)p->line[i]))
			return false;
		p->status = (uint16_t)(p->status * 10 + (p->line[i] - '0'));
	}
	p->is_1_1 = at == sizeof("HTTP/1.1") && memcmp(p->line, "HTTP/1.", 7) == 0 &&
		    p->line[7] >= '1' && p->line[7] <= '9';
	return true;
}

/* The value of the field `name` if the line is one, without surrounding blanks; else NULL. */
static const char *field_value(const struct http_parser *p, size_t len, const char *name,
			       size_t *value_len)
{
	size_t at = strlen(name);

	if (len <= at || p->line[at] != ':' || strncasecmp(p->line, name, at) != 0)
		return NULL;
	at++;
	while (at < len && (p->line[at] == ' ' || p->line[at] == '\t'))
		at++;
	while (len > at && (p->line[len - 1] == ' ' || p->line[len - 1] == '\t'))
		len--;
	*value_len = len - at;
	return p->line + at;
}

static void parse_length(struct http_parser *p, const char *value, size_t len)
{
	uint64_t length = 0;

	if (len == 0 || len > LENGTH_DIGITS)
		return;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)value[i]))
			return;
		length = length * 10 + (uint64_t)(value[i] - '0');
	}
	p->has_length = true;
	p->left = length;
}

static void parse_field(struct http_parser *p, size_t len)
{
	static const char chunked[] = "chunked";
	const size_t n = sizeof(chunked) - 1;
	const char *value;
	size_t value_len;

	if (len == HTTP_LINE_MAX)
		return; /* cut off */
	value = field_value(p, len, "Content-Length", &value_len);
	if (value)
		parse_length(p, value, value_len);
	/* The last coding is the one that frames. */
	value = field_value(p, len, "Transfer-Encoding", &value_len);
	if (value && value_len >= n)
		p->is_chunked = strncasecmp(value + value_len - n, chunked, n) == 0;
}

static bool is_interim(const struct http_parser *p)
{
	return p->status >= 100 && p->status < 200 && p->status != 101;
}

/* The empty line: what follows? */
static enum http_event end_head(struct http_parser *p)
{
	if (is_interim(p)) {
		p->state = HTTP_IN_STATUS;
		p->is_chunked = false;
		p->has_length = false;
		return HTTP_MORE;
	}
	if (p->status == 204 || p->status == 304 || p->status == 101)
		p->state = HTTP_DONE;
	else if (p->is_chunked && p->is_1_1)
		p->state = HTTP_IN_SIZE;
	else if (p->has_length)
		p->state = p->left ? HTTP_IN_LENGTH : HTTP_DONE;
	else
		p->state = HTTP_IN_STREAM;
	return HTTP_HEAD;
}

/* ---- body ---- */

static bool parse_size(struct http_parser *p, size_t len)
{
	size_t i;

	p->left = 0;
	for (i = 0; i < len && isxdigit((unsigned char)p->line[i]); i++) {
		int c = tolower((unsigned char)p->line[i]);

		if (i >= SIZE_DIGITS)
			return false;
		p->left = p->left * 16 + (uint64_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	return i > 0 && (i == len || p->line[i] == ';' || p->line[i] == ' ');
}

static enum http_event take_body(struct http_parser *p, const uint8_t **at, const uint8_t *end,
				 struct http_piece *piece)
{
	size_t n = (size_t)(end - *at);

	if (n == 0)
		return HTTP_MORE;
	if (p->state != HTTP_IN_STREAM) {
		if (n > p->left)
			n = (size_t)p->left;
		p->left -= n;
		if (p->left == 0)
			p->state = p->state == HTTP_IN_CHUNK ? HTTP_AFTER_CHUNK : HTTP_DONE;
	}
	*piece = (struct http_piece){ .data = *at, .len = n };
	*at += n;
	return HTTP_BODY;
}

/* ---- whole ---- */

/* The current line is complete. HTTP_MORE: go on in the state that is now. */
static enum http_event take_step(struct http_parser *p)
{
	size_t len = end_line(p);

	if (p->state == HTTP_IN_STATUS) {
		if (!parse_status(p, len))
			return fail(p, HTTP_FAILED);
		p->state = HTTP_IN_FIELDS;
	} else if (p->state == HTTP_IN_FIELDS) {
		if (len == 0)
			return end_head(p);
		parse_field(p, len);
	} else if (p->state == HTTP_IN_SIZE) {
		if (!parse_size(p, len))
			return fail(p, HTTP_FAILED);
		p->state = p->left ? HTTP_IN_CHUNK : HTTP_IN_TRAILERS;
	} else if (p->state == HTTP_AFTER_CHUNK) {
		if (len != 0)
			return fail(p, HTTP_FAILED);
		p->state = HTTP_IN_SIZE;
	} else if (len == 0) {
		p->state = HTTP_DONE;
	}
	return HTTP_MORE;
}

enum http_event http_parse(struct http_parser *p, const uint8_t **at, const uint8_t *end,
			   struct http_piece *piece)
{
	enum http_event event = HTTP_MORE;
	bool is_line;

	while (event == HTTP_MORE) {
		switch (p->state) {
		case HTTP_IN_LENGTH:
		case HTTP_IN_STREAM:
		case HTTP_IN_CHUNK: return take_body(p, at, end, piece);
		case HTTP_DONE: return HTTP_END;
		case HTTP_FAILED: return HTTP_BAD;
		case HTTP_FAILED_BIG: return HTTP_BIG;
		case HTTP_IN_STATUS:
		case HTTP_IN_FIELDS:
		case HTTP_IN_SIZE:
		case HTTP_AFTER_CHUNK:
		case HTTP_IN_TRAILERS: break;
		}
		is_line = take_line(p, at, end);
		if (is_too_big(p))
			return fail(p, HTTP_FAILED_BIG);
		if (!is_line)
			return HTTP_MORE;
		event = take_step(p);
	}
	return event;
}

enum http_event http_parse_eof(struct http_parser *p)
{
	switch (p->state) {
	case HTTP_IN_STATUS:
	case HTTP_IN_FIELDS: return fail(p, HTTP_FAILED);
	case HTTP_FAILED: return HTTP_BAD;
	case HTTP_FAILED_BIG: return HTTP_BIG;
	case HTTP_IN_LENGTH:
	case HTTP_IN_STREAM:
	case HTTP_IN_SIZE:
	case HTTP_IN_CHUNK:
	case HTTP_AFTER_CHUNK:
	case HTTP_IN_TRAILERS:
	case HTTP_DONE: break;
	}
	p->state = HTTP_DONE;
	return HTTP_END;
}
