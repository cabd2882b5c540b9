/*
 * The clock of the system, as one possible source of instants.
 *
 * Any process. Owns nothing.
 */
#include "lib/clock.h"

#include <stddef.h>
#include <time.h>

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

static time_us monotonic_now(void *arg)
{
	(void)arg;
	return (time_us){ read_us(CLOCK_MONOTONIC) };
}

int64_t clock_since_boot_us(void)
{
	return read_us(CLOCK_BOOTTIME);
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
