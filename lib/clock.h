/*
 * Typed instants and the injected clock.
 *
 * Used by every process. An instant is a struct so that it cannot be mixed up with a duration;
 * durations are int64_t in microseconds and carry _us in their name. Pure modules get `now` as an
 * argument and never call a clock.
 */
#ifndef DIARCH_LIB_CLOCK_H
#define DIARCH_LIB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define US_PER_MS INT64_C(1000)
#define US_PER_CS INT64_C(10000)
#define US_PER_S  INT64_C(1000000)

/* An instant of CLOCK_MONOTONIC, in microseconds. The same for all processes of one host. */
typedef struct {
	int64_t us;
} time_us;

/* Later than every instant: a timer that is not armed. */
#define TIME_NEVER ((time_us){ INT64_MAX })

/* `t` plus a duration (may be negative); TIME_NEVER stays TIME_NEVER. */
static inline time_us time_add(time_us t, int64_t delta_us)
{
	return t.us == INT64_MAX ? t : (time_us){ t.us + delta_us };
}

/* The duration from `b` to `a`, in microseconds. */
static inline int64_t time_sub(time_us a, time_us b)
{
	return a.us - b.us;
}

/* <0, 0, >0 as `a` is before, at, after `b`. */
static inline int time_cmp(time_us a, time_us b)
{
	return (a.us > b.us) - (a.us < b.us);
}

static inline bool time_is_never(time_us t)
{
	return t.us == INT64_MAX;
}

/* A source of instants. Daemons use clock_system(); tests and the simulator bring their own. */
struct clock {
	time_us (*now)(void *arg);
	void *arg;
};

/* CLOCK_MONOTONIC. */
const struct clock *clock_system(void);

/* How long ago the host was started, also while it slept. */
int64_t clock_since_boot_us(void);

/* The present instant of `clock`. */
time_us clock_now(const struct clock *clock);

#endif
