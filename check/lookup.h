/*
 * Looking up names without waiting: questions to /etc/hosts and name servers as nsswitch.conf and
 * resolv.conf say, through c-ares in the event loop.
 *
 * Checker child. Each question reads those files anew, so that changes count, and is on its own: a
 * name server that hangs keeps nobody else waiting. LOOKUPS_MAX run at a time, others wait their
 * turn. A name server has 2 s, then 4 and 8 s to answer; after 20 s a question has failed.
 */
#ifndef DIARCH_CHECK_LOOKUP_H
#define DIARCH_CHECK_LOOKUP_H

#include "check/name_pick.h"
#include "check/probe.h"
#include "lib/loop.h"

#define LOOKUPS_MAX 128

struct lookups;
struct lookup;

struct lookup_answer {
	enum probe_reason reason; /* REASON_OK, or REASON_NAME_* */
	struct name_list list;    /* usable ones; not empty with REASON_OK */
	uint32_t ttl_s;           /* the shortest one on the way; 0 from /etc/hosts */
};

/* NULL and errno when the library does not start. */
struct lookups *lookups_new(struct loop *loop);

/* Questions in flight are gone without answer. NULL is fine. */
void lookups_free(struct lookups *lookups);

/*
 * Asks for `host`, which lives until the answer; params->family and prefer count. `on_answer` is
 * called once, never from within this function, and the lookup is gone then.
 */
struct lookup *lookup_start(struct lookups *lookups, const char *host,
			    const struct name_params *params,
			    void (*on_answer)(const struct lookup_answer *answer, void *arg),
			    void *arg);

/* No answer any more. */
void lookup_cancel(struct lookup *lookup);

#endif
