/*
 * Weights beyond the configured ones as pure logic. Called by the checker process and by tests.
 * Owns nothing.
 */
#include "check/ramp.h"

#define MAX_HALVES 62

int64_t weight_part(int32_t weight, const struct weight_advice *advice)
{
	if (advice->kind == ADVICE_ADD)
		return advice->value;
	return (int64_t)weight_advised(weight, advice) - weight;
}

static int32_t share_of(int32_t weight, int32_t percent)
{
	int64_t share = ((int64_t)weight * (percent < 0 ? 0 : percent) + 99) / 100;

	return share > INT32_MAX ? INT32_MAX : (int32_t)share;
}

int32_t weight_advised(int32_t weight, const struct weight_advice *advice)
{
	int64_t share;

	switch ((enum advice_kind)advice->kind) {
	case ADVICE_NONE: break;
	case ADVICE_WEIGHT: return advice->value < 0 ? 0 : advice->value;
	case ADVICE_ADD:
		share = (int64_t)weight + advice->value;
		return share > INT32_MAX ? INT32_MAX : (int32_t)(share < 0 ? 0 : share);
	case ADVICE_PERCENT: return share_of(weight, advice->value);
	case ADVICE_AGENT:
		if (advice->value & AGENT_ADVICE_DRAIN)
			return 0;
		return share_of(weight, advice->value & AGENT_ADVICE_PERCENT);
	}
	return weight;
}

/* ---- slow start ---- */

static int64_t ramp_step(int64_t elapsed_us, int64_t ramp_us)
{
	int64_t step_us = ramp_us / RAMP_STEPS;

	if (elapsed_us < 0)
		elapsed_us = 0;
	return step_us > 0 && elapsed_us < ramp_us ? elapsed_us / step_us + 1 : RAMP_STEPS;
}

int32_t ramp_weight(int32_t weight, int64_t elapsed_us, int64_t ramp_us)
{
	int64_t step = ramp_step(elapsed_us, ramp_us);

	if (step >= RAMP_STEPS)
		return weight;
	return (int32_t)((weight * step + RAMP_STEPS - 1) / RAMP_STEPS);
}

int64_t ramp_wait_us(int64_t elapsed_us, int64_t ramp_us)
{
	int64_t step = ramp_step(elapsed_us, ramp_us);

	if (step >= RAMP_STEPS)
		return 0;
	return step * (ramp_us / RAMP_STEPS) - (elapsed_us > 0 ? elapsed_us : 0);
}

/* ---- damping ---- */

static int64_t damping_limit(const struct damping_params *p)
{
	return (p->limit ? p->limit : DAMPING_LIMIT) * INT64_C(1000);
}

int64_t damping_penalty(const struct damping *d, const struct damping_params *p, time_us now)
{
	int64_t elapsed_us = time_sub(now, d->at), halves, penalty;

	if (p->half_life_us <= 0)
		return 0;
	if (elapsed_us <= 0)
		return d->penalty;
	halves = elapsed_us / p->half_life_us;
	if (halves > MAX_HALVES)
		return 0;
	penalty = d->penalty >> halves;
	return penalty - (int64_t)((double)penalty * (double)(elapsed_us % p->half_life_us) /
				   (double)p->half_life_us / 2);
}

void damping_hit(struct damping *d, const struct damping_params *p, time_us now)
{
	const int64_t limit = damping_limit(p);

	if (p->half_life_us <= 0)
		return;
	d->penalty = damping_penalty(d, p, now) + DAMPING_HIT;
	if (d->penalty > 4 * limit)
		d->penalty = 4 * limit;
	d->at = now;
	d->is_held |= d->penalty >= limit - DAMPING_HIT / 2;
}

/* Time after `at` when the penalty is down to `goal`, which is above 0. */
static int64_t time_to(const struct damping *d, const struct damping_params *p, int64_t goal)
{
	int64_t whole_us = 0, penalty = d->penalty;

	while (penalty / 2 > goal) {
		penalty /= 2;
		whole_us += p->half_life_us;
	}
	return whole_us + 1 +
	       (int64_t)(2 * (1 - (double)goal / (double)penalty) * (double)p->half_life_us);
}

int64_t damping_settle(struct damping *d, const struct damping_params *p, time_us now)
{
	const int64_t goal = damping_limit(p) / 2;
	int64_t wait_us;

	if (!d->is_held)
		return 0;
	if (damping_penalty(d, p, now) <= goal) {
		d->is_held = false;
		return 0;
	}
	wait_us = time_to(d, p, goal) - time_sub(now, d->at);
	return wait_us > 0 ? wait_us : 1;
}
