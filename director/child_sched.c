/*
 * Scheduling of the children. See child_sched.h. Runs in the parent; owns nothing.
 */
#include "director/child_sched.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/log.h"

static void complain(const char *title, const char *what, int error)
{
	log_event(LOG_LEVEL_WARNING, "sched_failed", log_kv("what=%s errno=%d", what, error),
		  "Cannot set %s of the %s process: %s", what, title, strerror(error));
}

struct child_sched child_sched_of(const struct child_conf *conf)
{
	struct child_sched sched = { .priority = (int)conf->priority,
				     .rt_priority = conf->rt_priority,
				     .rlimit_rttime_us = conf->rlimit_rttime_us,
				     .no_swap = conf->no_swap,
				     .has_processors = conf->cpu_affinity.n > 0 };
	const struct conf_ranges *ranges = &conf->cpu_affinity;

	CPU_ZERO(&sched.processors);
	for (uint32_t i = 0; i < ranges->n; i++)
		for (unsigned cpu = ranges->v[i].lo; cpu <= ranges->v[i].hi; cpu++)
			CPU_SET(cpu, &sched.processors);
	return sched;
}

static uint32_t longer_rttime_us(const struct child_sched *a, const struct child_sched *b)
{
	if (b->rt_priority == 0)
		return a->rlimit_rttime_us;
	if (a->rt_priority == 0)
		return b->rlimit_rttime_us;
	return a->rlimit_rttime_us > b->rlimit_rttime_us ? a->rlimit_rttime_us
							 : b->rlimit_rttime_us;
}

struct child_sched child_sched_join(const struct child_sched *a, const struct child_sched *b)
{
	struct child_sched both = {
		.priority = a->priority < b->priority ? a->priority : b->priority,
		.rt_priority = a->rt_priority > b->rt_priority ? a->rt_priority : b->rt_priority,
		.rlimit_rttime_us = longer_rttime_us(a, b),
		.no_swap = a->no_swap || b->no_swap,
		.has_processors = a->has_processors || b->has_processors,
	};

	CPU_OR(&both.processors, &a->processors, &b->processors);
	return both;
}

/* All processors when none are named; also when a reload takes the line back. */
static void set_processors(const char *title, pid_t pid, const struct child_sched *sched)
{
	cpu_set_t set = sched->processors;

	for (unsigned cpu = 0; !sched->has_processors && cpu < CPU_SETSIZE; cpu++)
		CPU_SET(cpu, &set);
	if (sched_setaffinity(pid, sizeof(set), &set) < 0)
		complain(title, "cpu_affinity", errno);
}

static void set_limit(const char *title, pid_t pid, __rlimit_resource_t resource, rlim_t soft)
{
	const struct rlimit limit = { soft, RLIM_INFINITY };

	/* Locked memory needs no limit when the child kept the capability; else it complains. */
	if (prlimit(pid, resource, &limit, NULL) < 0 && resource != RLIMIT_MEMLOCK)
		complain(title, "rlimit_rttime", errno);
}

void child_sched_prepare(const char *title, pid_t pid, const struct child_sched *sched)
{
	if (setpriority(PRIO_PROCESS, (id_t)pid, sched->priority) < 0)
		complain(title, "priority", errno);
	set_processors(title, pid, sched);
	if (sched->no_swap)
		set_limit(title, pid, RLIMIT_MEMLOCK, RLIM_INFINITY);
	if (sched->rt_priority > 0)
		set_limit(title, pid, RLIMIT_RTTIME, sched->rlimit_rttime_us);
}

static int set_real_time(pid_t pid, int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	int policy = priority > 0 ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER;

	return sched_setscheduler(pid, policy, &param) < 0 ? -errno : 0;
}

void child_sched_apply(const char *title, pid_t pid, const struct child_sched *sched)
{
	int result = set_real_time(pid, (int)sched->rt_priority);

	if (result < 0)
		complain(title, "rt_priority", -result);
}

bool child_sched_raise(const char *title, pid_t pid, int max)
{
	struct sched_param param = { 0 };

	if (sched_getparam(pid, &param) < 0 || param.sched_priority >= max)
		return false;
	int result = set_real_time(pid, param.sched_priority + 1);
	if (result < 0) {
		complain(title, "rt_priority", -result);
		return false;
	}
	log_event(LOG_LEVEL_NOTICE, "sched_raised", log_kv("priority=%d", param.sched_priority + 1),
		  "Timers of the %s process ran late: its real-time priority is now %d", title,
		  param.sched_priority + 1);
	return true;
}
