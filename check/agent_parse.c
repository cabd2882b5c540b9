/*
 * The answer of an agent. Pure; called by the checker process, tests and a fuzzer.
 */
#include "check/agent_parse.h"

#include <string.h>
#include <strings.h>

static const char separators[] = " \t,";

enum agent_event agent_take(struct agent_parser *parser, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || data[i] == '\r' || data[i] == '\0')
			return AGENT_LINE;
		if (parser->len == sizeof(parser->line))
			return AGENT_BIG;
		parser->line[parser->len++] = (char)data[i];
	}
	return AGENT_MORE;
}

static bool word_is(const char *word, size_t len, const char *wanted)
{
	return strlen(wanted) == len && strncasecmp(word, wanted, len) == 0;
}

/* Printable, and cut where there is no more room. */
static void set_text(struct agent_reply *reply, const char *text, size_t len)
{
	size_t n = 0;

	while (len > 0 && (*text == ' ' || *text == '\t')) {
		text++;
		len--;
	}
	for (; n < len && n < sizeof(reply->text) - 1; n++)
		reply->text[n] = text[n] >= ' ' && text[n] <= '~' && text[n] != '"' ? text[n] : '?';
	reply->text[n] = '\0';
}

/* "75%" */
static bool parse_share(struct agent_reply *reply, const char *word, size_t len)
{
	int32_t percent = 0;

	if (len < 2 || word[len - 1] != '%')
		return false;
	for (size_t i = 0; i < len - 1; i++) {
		if (word[i] < '0' || word[i] > '9')
			return false;
		percent = percent * 10 + (word[i] - '0');
		if (percent > AGENT_MAX_SHARE)
			return false;
	}
	reply->percent = percent;
	return true;
}

static bool parse_opinion(struct agent_reply *reply, const char *word, size_t len)
{
	static const char *const downs[] = { "down", "failed", "fail", "stopped" };

	if (word_is(word, len, "up")) {
		reply->opinion = AGENT_UP;
		return true;
	}
	for (size_t i = 0; i < sizeof(downs) / sizeof(downs[0]); i++) {
		if (!word_is(word, len, downs[i]))
			continue;
		reply->opinion = AGENT_DOWN;
		set_text(reply, word, len);
		return true;
	}
	return false;
}

static bool parse_state(struct agent_reply *reply, const char *word, size_t len)
{
	if (word_is(word, len, "ready"))
		reply->state = AGENT_READY;
	else if (word_is(word, len, "drain"))
		reply->state = AGENT_DRAIN;
	else if (word_is(word, len, "maint"))
		reply->state = AGENT_MAINT;
	else
		return false;
	return true;
}

bool agent_parse(const struct agent_parser *parser, struct agent_reply *reply)
{
	const char *at = parser->line, *end = parser->line + parser->len;
	const char *comment = memchr(at, '#', parser->len);
	const char *words_end = comment ? comment : end;
	bool is_known = false;

	*reply = (struct agent_reply){ .percent = -1 };
	while (at < words_end) {
		const char *word = at;

		while (at < words_end && !strchr(separators, *at))
			at++;
		if (at > word) {
			size_t len = (size_t)(at - word);

			is_known |= parse_share(reply, word, len) ||
				    parse_opinion(reply, word, len) ||
				    parse_state(reply, word, len);
		}
		if (at < words_end)
			at++;
	}
	if (comment && is_known)
		set_text(reply, comment + 1, (size_t)(end - comment - 1));
	return is_known;
}
