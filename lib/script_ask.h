/*
 * Scripts whose outcome a child waits for, such as checks: the asking side. A child may not execute
 * anything; it names the object of the configuration, and the parent runs that object's command
 * (director/check_scripts.h) and answers.
 */
#ifndef DIARCH_LIB_SCRIPT_ASK_H
#define DIARCH_LIB_SCRIPT_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/ipc.h"

enum script_outcome {
	SCRIPT_EXITED,    /* value is the exit status */
	SCRIPT_KILLED,    /* value is the signal, which was not ours */
	SCRIPT_TIMED_OUT, /* ended by us; value is the timeout in seconds, rounded up */
	SCRIPT_NOT_RUN,   /* value is an errno, 0 when the object is not known or has no command */
};

/* What a script is the command of. Strings belong to the caller. */
struct script_id {
	const char *kind;   /* its block: "MISC_CHECK", "vrrp_script" */
	const char *owner;  /* name of the object, or of the virtual server */
	const char *member; /* name of the real server, else "" */
	uint32_t index;     /* position among all checks of the real server */
};

struct script_result {
	enum script_outcome outcome;
	int64_t value;
	const char
		*output; /* first line that it wrote, cut; "" = none. Lives as long as the call */
};

struct script_asks;

/* One question. Embedded in its owner, zeroed at first. */
struct script_ask {
	LIST_ENTRY(script_ask) link; /* private */
	struct script_asks *asks;    /* private; NULL = nothing is asked */
	uint64_t number;             /* private */
	/* Once for each question, never from within script_ask_start(); may ask again or free. */
	void (*on_done)(struct script_ask *ask, const struct script_result *result, void *arg);
	void *arg;
};

/* `send` sends a message to the parent. */
struct script_asks *script_asks_new(void (*send)(const struct msg *msg, void *arg), void *arg);

/* Forgets all questions without cancelling them. NULL is fine. */
void script_asks_free(struct script_asks *asks);

/* Asks for a run; the caller has set on_done and arg. Of one object there is one question at a
 * time. */
void script_ask_start(struct script_asks *asks, struct script_ask *ask, const struct script_id *id);

/* Gives up: the parent ends the script. Safe when nothing is asked. */
void script_ask_cancel(struct script_ask *ask);

/* Whether an answer is still to come. */
bool script_ask_is_open(const struct script_ask *ask);

/* The parent's answer: calls the on_done it belongs to; one that nobody waits for is dropped. */
void script_asks_on_result(struct script_asks *asks, const struct msg_script_result *msg);

/* "exited with status 1" and the like, with the output in parentheses; returns `buf`. */
const char *script_result_str(const struct script_result *result, char *buf, size_t size);

#endif
