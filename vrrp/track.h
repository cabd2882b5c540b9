/*
 * The arithmetic of tracking: what an observation means to a priority, how often a script must
 * fail, and how long a change must last before it counts. Pure: no clock, I/O, allocation or log.
 */
#ifndef DIARCH_VRRP_TRACK_H
#define DIARCH_VRRP_TRACK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"

/* ---- effect ---- */

/* What is known of a tracked object. */
struct track_obs {
	bool is_known;
	bool is_up;
	int64_t value; /* of a file */
};

/* How one instance depends on it. */
struct track_use {
	int64_t weight; /* 0 = FAULT */
	bool is_reverse;
	bool is_factor; /* the weight multiplies the value of a file */
};

struct track_effect {
	bool is_fault;
	bool is_awaited; /* would decide about FAULT and is not known yet */
	int weight;      /* -253..253 */
};

/*
 * Weight 0: FAULT while down, with `reverse` while up; positive: added while up; negative: added
 * while down; `reverse` changes its sign and not when it counts, as keepalived's does. A file: its
 * value times the weight, reversed in sign; -254 and less is FAULT; with weight 0 FAULT while the
 * value is not 0 (with `reverse`: is 0). What is not known has no effect.
 */
struct track_effect track_effect(const struct track_use *use, const struct track_obs *obs);

/* ---- rise and fall ---- */

struct track_count {
	bool is_known;
	bool is_up;
	uint32_t n; /* 0..rise+fall-1; up from `rise` on */
};

/* A result. The first one decides at once. True when is_known or is_up changed. */
bool track_count_step(struct track_count *c, uint32_t rise, uint32_t fall, bool is_success);

/* Counts as failed until `rise` successes. */
void track_count_fail(struct track_count *c);

/* ---- time ---- */

/* A state that follows another one after a delay, if that lasts. */
struct track_damp {
	bool is_known;
	bool is_up;
	bool raw;   /* what it follows */
	time_us at; /* when it follows; TIME_NEVER = nothing to follow */
};

/*
 * What is followed is `raw` now. The first one counts at once. True when is_up changed; if `at` is
 * set, call again then.
 */
bool track_damp_step(struct track_damp *d, time_us now, bool raw, int64_t up_us, int64_t down_us);

#endif
