/*
 * Names of real servers: asked for again and again, the last good answer kept.
 *
 * Checker child. Servers with one name, family and intervals share the question. A name without
 * subscribers is forgotten.
 */
#ifndef DIARCH_CHECK_NAMES_H
#define DIARCH_CHECK_NAMES_H

#include <sys/queue.h>

#include "check/name_pick.h"
#include "check/probe.h"
#include "lib/loop.h"

struct names;
struct name;

/* What is known of a name. */
struct name_answer {
	const char *host;
	struct name_params params;
	struct name_list list; /* of the last good answer */
	enum probe_reason
		reason;   /* of the last question: REASON_OK, or why there was no (new) one */
	uint32_t ttl_s;   /* of the last good answer */
	time_us answered; /* when that came; zero = never */
	time_us since;    /* when list or reason changed */
};

/* One user of a name. Embedded in its owner, zeroed at first. */
struct name_sub {
	LIST_ENTRY(name_sub) link; /* private */
	struct name *name;         /* private; NULL = not subscribed */
	/*
	 * Addresses or reason changed; also, in a later pass of the loop, after subscribing to a
	 * name that was asked for before. May not subscribe or unsubscribe anybody.
	 */
	void (*on_change)(struct name_sub *sub, void *arg);
	void *arg;
};

/* `on_change` is told of every name whose addresses or reason changed, before its subscribers. NULL
 * and errno on failure. */
struct names *names_new(struct loop *loop,
			void (*on_change)(const struct name_answer *answer, void *arg), void *arg);

/* Subscribers are left unsubscribed. NULL is fine. */
void names_free(struct names *names);

/* Subscribes `sub`, whose on_change and arg are set. `host` is copied. */
void names_subscribe(struct names *names, struct name_sub *sub, const char *host,
		     const struct name_params *params);

/* Safe when not subscribed. */
void names_unsubscribe(struct name_sub *sub);

/* What is known; valid until the next pass of the loop. */
const struct name_answer *name_answer(const struct name_sub *sub);

/* Calls on_change in a later pass of the loop. */
void name_tell_again(struct name_sub *sub);

/* Walks all names. */
void names_each(const struct names *names,
		void (*each)(const struct name_answer *answer, void *arg), void *arg);

#endif
