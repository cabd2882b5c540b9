/*
 * Scheduling of the children: nice values, processors, real time. The parent gives it, which may; a
 * child that asked would have to keep the privilege.
 */
#ifndef DIARCH_DIRECTOR_CHILD_SCHED_H
#define DIARCH_DIRECTOR_CHILD_SCHED_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/global_conf.h"

/* Before a child carries a configuration out: nice value, processors, limits. `title` is for the
 * log, which hears of what does not work. */
void child_sched_prepare(const char *title, pid_t pid, const struct child_conf *conf);

/* Afterwards, for what takes long is no fault then: real-time priority, or none. */
void child_sched_apply(const char *title, pid_t pid, const struct child_conf *conf);

/* Timers ran late: one step up, to `max` at most. False when it is there, or cannot. */
bool child_sched_raise(const char *title, pid_t pid, int max);

#endif
