/*
 * An SMTP client session (RFC 5321) on the event loop: plain text, as keepalived's, but with EHLO
 * first. Never waits.
 *
 * Parent only. A session carries one message after the other. A recipient that is refused does not
 * keep the message from the others.
 */
#ifndef DIARCH_DIRECTOR_SMTP_H
#define DIARCH_DIRECTOR_SMTP_H

#include <stdbool.h>

#include "lib/addr.h"
#include "lib/loop.h"

#define SMTP_WHY_MAX 256

enum smtp_rcpt_state {
	SMTP_RCPT_OPEN,     /* not tried, or refused for now (4xx) */
	SMTP_RCPT_ACCEPTED, /* takes part in the message under way */
	SMTP_RCPT_DONE,     /* has the message */
	SMTP_RCPT_REFUSED,  /* for good (5xx) */
};

struct smtp_rcpt {
	char *addr; /* without angle brackets */
	enum smtp_rcpt_state state;
};

/* One message; its owner keeps it until on_result. */
struct smtp_message {
	const char *from; /* envelope sender without angle brackets */
	struct smtp_rcpt *rcpts;
	unsigned n_rcpts;
	const char *text; /* header and body in lines that end in \n */
};

struct smtp_handlers {
	/* The session takes a message now. */
	void (*on_ready)(void *arg);
	/* The message is through with: the states of its recipients say for whom. `why` has the
	 * server's words when not all have it, else "". on_ready or on_closed follows. */
	void (*on_result)(const char *why, void *arg);
	/* The session has ended and is to be freed; a message under way was not sent. */
	void (*on_closed)(const char *why, void *arg);
	void *arg;
};

struct smtp_params {
	struct addr addr;
	uint16_t port;
	const char *helo;   /* copied */
	int64_t timeout_us; /* for the connection and for each reply */
	struct smtp_handlers on;
};

struct smtp;

/* Begins to connect. NULL and errno when that is impossible. */
struct smtp *smtp_open(struct loop *loop, const struct smtp_params *params);

/* Sends a message; only from or after on_ready. Recipients that are not OPEN are passed over. */
void smtp_send(struct smtp *smtp, struct smtp_message *message);

/* Says goodbye; on_closed follows. Only when no message is under way. */
void smtp_quit(struct smtp *smtp);

/* Ends the session at once, without callback. NULL is fine. */
void smtp_free(struct smtp *smtp);

/* The text as it goes over the wire, from heap: CRLF at the end of each line, a dot before a dot
 * that begins a line, and the line with a single dot that ends it (RFC 5321 4.5.2). */
char *smtp_wire_text(const char *text);

#endif
