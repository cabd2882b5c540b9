/*
 * libFuzzer: the answer of an agent. The first byte is the size of the pieces; the outcome must be
 * that of the whole, its values within their limits, its text printable.
 */
#include <stdlib.h>
#include <string.h>

#include "check/agent_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum agent_event feed(struct agent_parser *parser, const uint8_t *data, size_t size,
			     size_t piece)
{
	enum agent_event event = AGENT_MORE;

	for (size_t at = 0; at < size && event == AGENT_MORE; at += piece) {
		size_t len = size - at < piece ? size - at : piece;
		uint8_t *copy = malloc(len); /* the sanitizer sees every step beyond it */

		memcpy(copy, data + at, len);
		event = agent_take(parser, copy, len);
		free(copy);
	}
	return event;
}

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct agent_parser whole = { 0 }, pieces = { 0 };
	struct agent_reply a, b;
	bool is_known;

	if (size < 1)
		return 0;
	must(feed(&whole, data + 1, size - 1, size) ==
	     feed(&pieces, data + 1, size - 1, (size_t)data[0] + 1));
	is_known = agent_parse(&whole, &a);
	must(is_known == agent_parse(&pieces, &b));
	must(a.state == b.state && a.opinion == b.opinion && a.percent == b.percent &&
	     strcmp(a.text, b.text) == 0);
	must(a.percent >= -1 && a.percent <= AGENT_MAX_SHARE);
	must(is_known || (a.percent == -1 && a.state == AGENT_NO_STATE && !a.text[0]));
	for (const char *c = a.text; *c; c++)
		must(*c >= ' ' && *c <= '~');
	return 0;
}
