/*
 * Scheduling of the children. See child_sched.h. Runs in the parent; owns nothing.
 */
#include "director/child_sched.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/log.h"

static void complain(const char *title, const char *what, int error)
{
	log_event(LOG_LEVEL_WARNING, "sched_failed", log_kv("what=%s errno=%d", what, error),
		  "Cannot set %s of the %s process: %s", what, title, strerror(error));
}

/* All processors when none are named; also when a reload takes the line back. */
static void set_processors(const char *title, pid_t pid, const struct conf_ranges *ranges)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (uint32_t i = 0; i < ranges->n; i++)
		for (unsigned cpu = ranges->v[i].lo; cpu <= ranges->v[i].hi; cpu++)
			CPU_SET(cpu, &set);
	for (unsigned cpu = 0; ranges->n == 0 && cpu < CPU_SETSIZE; cpu++)
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

void child_sched_prepare(const char *title, pid_t pid, const struct child_conf *conf)
{
	if (setpriority(PRIO_PROCESS, (id_t)pid, (int)conf->priority) < 0)
		complain(title, "priority", errno);
	set_processors(title, pid, &conf->cpu_affinity);
	if (conf->no_swap)
		set_limit(title, pid, RLIMIT_MEMLOCK, RLIM_INFINITY);
	if (conf->rt_priority > 0)
		set_limit(title, pid, RLIMIT_RTTIME, conf->rlimit_rttime_us);
}

static int set_real_time(pid_t pid, int priority)
{
	const struct sched_param param = { .sched_priority = priority };
	int policy = priority > 0 ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER;

	return sched_setscheduler(pid, policy, &param) < 0 ? -errno : 0;
}

void child_sched_apply(const char *title, pid_t pid, const struct child_conf *conf)
{
	int result = set_real_time(pid, (int)conf->rt_priority);

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
