/*
 * Checks that send nothing: they follow what the parent watches, numbers in files and BFD sessions.
 * Checker child; the parent tells the values (track_feed), also before the first commit.
 *
 * A value is a result at once when it comes. Where several in a row are asked for (rise, fall), it
 * is looked at again after delay_loop, of a failure after delay_before_retry, until it has counted
 * often enough or speaks for the verdict that stands; what comes between two looks does not count.
 */
#ifndef DIARCH_CHECK_FOLLOW_H
#define DIARCH_CHECK_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "check/probe.h"
#include "lib/ipc.h"
#include "lib/loop.h"

struct follows;

/* A check that follows something. Embedded in its owner, zeroed at first. */
struct follow {
	LIST_ENTRY(follow) link; /* private, as are the following */
	struct follows *follows; /* NULL = not subscribed */
	const struct checker_ops *ops;
	const struct checker_conf *conf;
	struct probe_sub *sub;
	bool is_new;        /* has not heard the value yet */
	int64_t value;      /* the last one it heard */
	struct timer again; /* the next look at a value that has not counted often enough */
};

struct follows *follows_new(struct loop *loop);

/* Subscribers are left unsubscribed. NULL is fine. */
void follows_free(struct follows *follows);

/* A value of the parent's; who follows it gets a result. Kinds that no check follows are dropped.
 */
void follows_set(struct follows *follows, const struct msg_track_feed *feed);

/* Whether such a check follows something, and has no probe. */
bool follow_is_for(const struct checker_ops *ops);

/*
 * Subscribes `sub`, whose on_result, arg and params are set, for a check with `conf`; a value that
 * is known is told in the next pass of the loop. The health is initialised unless `is_adopted`.
 */
void follow_subscribe(struct follows *follows, struct follow *follow, const struct checker_ops *ops,
		      const struct checker_conf *conf, struct probe_sub *sub, bool is_adopted);

/* Safe when not subscribed. */
void follow_unsubscribe(struct follow *follow);

#endif
