/*
 * What a weight comes to beyond the configured one, as pure logic: advice of checks, slow start,
 * and damping of servers that flap. No I/O, clock or allocation.
 */
#ifndef DIARCH_CHECK_RAMP_H
#define DIARCH_CHECK_RAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"

/* ---- advice ---- */

enum advice_kind {
	ADVICE_NONE,
	ADVICE_PERCENT, /* of the configured weight; 0 = drain: no new connections, still alive */
	ADVICE_WEIGHT,  /* in place of the configured weight */
	ADVICE_ADD,     /* added to the configured weight */
	ADVICE_AGENT,   /* percent, and what an agent says beside it: bits of AGENT_ADVICE_* */
};

/* In the value of ADVICE_AGENT, above the percent. */
#define AGENT_ADVICE_PERCENT 0xffff
#define AGENT_ADVICE_DRAIN   0x10000 /* weight 0 */
#define AGENT_ADVICE_MAINT   0x20000
#define AGENT_ADVICE_DOWN    0x40000

/* What a check says about the weight of its server; the latest holds until the next. */
struct weight_advice {
	int32_t kind; /* enum advice_kind */
	int32_t value;
};

/* What advice adds to the weight, or takes from it if negative. */
int64_t weight_part(int32_t weight, const struct weight_advice *advice);

/* The weight after advice; a share of a weight above 0 is at least 1 unless it is 0 percent. */
int32_t weight_advised(int32_t weight, const struct weight_advice *advice);

/* ---- slow start ---- */

#define RAMP_STEPS 10

/*
 * The weight `elapsed_us` after the server came up, of a ramp of `ramp_us` (0 = none): it grows in
 * RAMP_STEPS equal steps, from the first one on, never to more than `weight`, never to 0 unless
 * `weight` is 0.
 */
int32_t ramp_weight(int32_t weight, int64_t elapsed_us, int64_t ramp_us);

/* Time until the next step; 0 when the ramp is at its end. */
int64_t ramp_wait_us(int64_t elapsed_us, int64_t ramp_us);

/* ---- damping ---- */

#define DAMPING_HIT   1000 /* penalty of one failure */
#define DAMPING_LIMIT 3    /* failures, unless configured */

struct damping_params {
	int64_t half_life_us; /* the penalty halves; 0 = no damping */
	/* Failures in quick succession after which the server is held out; 0 = DAMPING_LIMIT. */
	uint32_t limit;
};

struct damping {
	int64_t penalty; /* at `at`, in DAMPING_HITs per failure */
	time_us at;
	bool is_held;
};

/* The penalty at `now`: halved each half-life, on a straight line in between. */
int64_t damping_penalty(const struct damping *d, const struct damping_params *p, time_us now);

/*
 * The server failed: adds a hit, and holds the server out at half a hit below the limit, for the
 * hits before have lost a little.
 */
void damping_hit(struct damping *d, const struct damping_params *p, time_us now);

/*
 * Lets the server in again once the penalty is down to half the limit. Time until then in
 * microseconds, 0 when it is not held out. The penalty counts no further than four times the limit:
 * three half-lives are the longest.
 */
int64_t damping_settle(struct damping *d, const struct damping_params *p, time_us now);

#endif
