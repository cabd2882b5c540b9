/*
 * The answer of an agent, in the protocol of HAProxy's agent-check: one line of words, as
 * "up ready 75% # comment". Pure; bytes come in pieces of any size.
 */
#ifndef DIARCH_CHECK_AGENT_PARSE_H
#define DIARCH_CHECK_AGENT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AGENT_LINE_MAX  1024
#define AGENT_TEXT_MAX  48
#define AGENT_MAX_SHARE 10000 /* percent */

/* What an operator wants; AGENT_NO_STATE where the answer says nothing. */
enum agent_state { AGENT_NO_STATE, AGENT_READY, AGENT_DRAIN, AGENT_MAINT };

/* What the agent thinks of its server. */
enum agent_opinion { AGENT_NO_OPINION, AGENT_UP, AGENT_DOWN };

struct agent_reply {
	enum agent_state state;
	enum agent_opinion opinion;
	int32_t percent;           /* of the weight; -1 = not said */
	char text[AGENT_TEXT_MAX]; /* what follows "#", or the word for down; printable */
};

struct agent_parser {
	size_t len;
	char line[AGENT_LINE_MAX];
};

enum agent_event {
	AGENT_MORE, /* the line is not complete */
	AGENT_LINE, /* it is */
	AGENT_BIG,  /* it is too long */
};

/* Takes bytes up to the end of the line; what follows counts for nothing. */
enum agent_event agent_take(struct agent_parser *parser, const uint8_t *data, size_t len);

/*
 * Reads the line that has come in, complete or ended by the end of the connection. Words that are
 * unknown, or mean nothing here (maxconn:N), are passed over. False when nothing in it is known.
 */
bool agent_parse(const struct agent_parser *parser, struct agent_reply *reply);

#endif
