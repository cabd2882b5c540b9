/*
 * Scheduling of the children: nice values, processors, real time. The parent gives it, which may; a
 * child that asked would have to keep the privilege.
 */
#ifndef DIARCH_DIRECTOR_CHILD_SCHED_H
#define DIARCH_DIRECTOR_CHILD_SCHED_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/global_conf.h"

/* What a child is given. */
struct child_sched {
	int priority;              /* nice value */
	uint32_t rt_priority;      /* 0 = no real time */
	uint32_t rlimit_rttime_us; /* of real time without waiting */
	bool no_swap;
	bool has_processors; /* else it may use all */
	cpu_set_t processors;
};

/* What `conf` asks for. */
struct child_sched child_sched_of(const struct child_conf *conf);

/* A child that does the work of two: the more demanding of both in each setting, and the processors
 * of both. A limit of real time counts where real time is asked for. Pure. */
struct child_sched child_sched_join(const struct child_sched *a, const struct child_sched *b);

/* Before a child carries a configuration out: nice value, processors, limits. `title` is for the
 * log, which hears of what does not work. */
void child_sched_prepare(const char *title, pid_t pid, const struct child_sched *sched);

/* Afterwards, for what takes long is no fault then: real-time priority, or none. */
void child_sched_apply(const char *title, pid_t pid, const struct child_sched *sched);

/* Timers ran late: one step up, to `max` at most. False when it is there, or cannot. */
bool child_sched_raise(const char *title, pid_t pid, int max);

#endif
