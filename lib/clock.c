/*
 * The clock of the system, as one possible source of instants.
 *
 * Any process. Owns nothing.
 */
#include "lib/clock.h"

#include <stddef.h>
#include <time.h>

static time_us monotonic_now(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (time_us){ (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000 };
}

const struct clock *clock_system(void)
{
	static const struct clock system = { .now = monotonic_now, .arg = NULL };

	return &system;
}

time_us clock_now(const struct clock *clock)
{
	return clock->now(clock->arg);
}
