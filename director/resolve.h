/*
 * Host names to addresses without waiting: a process of its own asks, and ends. Parent only.
 */
#ifndef DIARCH_DIRECTOR_RESOLVE_H
#define DIARCH_DIRECTOR_RESOLVE_H

#include "lib/addr.h"
#include "lib/loop.h"

#define RESOLVE_MAX 8 /* addresses of one name */

/* One question. Embedded in its owner, zeroed at first. */
struct resolve {
	struct io io; /* private, as are the following */
	struct child watch;
	struct timer timer;
	struct addr addrs[RESOLVE_MAX];
	size_t n_read;
	pid_t pid;
	/* Exactly once for each question, never from within resolve_start(); n 0 = no address. */
	void (*on_done)(const struct addr *addrs, unsigned n, void *arg);
	void *arg;
};

/* Asks for the addresses of `host`, giving up after `timeout_us`. 0 or -errno. */
int resolve_start(struct loop *loop, struct resolve *r, const char *host, int64_t timeout_us,
		  void (*on_done)(const struct addr *addrs, unsigned n, void *arg), void *arg);

/* Forgets the question. Safe when there is none. */
void resolve_cancel(struct resolve *r);

#endif
