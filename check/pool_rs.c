/*
 * A real server at run time, apart from its checks: alive or not, its weight, slow start and
 * damping. Checker child; part of the pools.
 */
#include "check/pool.h"
#include "check/pool_private.h"

static struct pool_member *member_of(const struct rs_run *rs)
{
	return &rs->pool->members[rs->member];
}

bool rs_is_up(const struct rs_run *rs)
{
	return member_is_alive(member_of(rs));
}

int64_t rs_weight(const struct rs_run *rs)
{
	return pool_weight_of(&rs->pool->state, member_of(rs));
}

static struct damping_params damping_of(const struct rs_run *rs)
{
	return (struct damping_params){ .half_life_us = rs->conf->flap_damping_us,
					.limit = rs->conf->flap_limit };
}

void rs_failed(struct rs_run *rs, time_us now)
{
	const struct damping_params params = damping_of(rs);

	damping_hit(&rs->damping, &params, now);
}

/* The configured weight, and to it the part of each check. */
static int32_t advised(const struct rs_run *rs)
{
	const int32_t base = (int32_t)rs->conf->weight;
	int64_t weight = base;

	for (uint32_t i = 0; i < rs->n_checks; i++)
		weight += weight_part(base, &rs->checks[i].sub.advice);
	if (weight > INT32_MAX)
		return INT32_MAX;
	return weight < 0 ? 0 : (int32_t)weight;
}

/* Sets the weight while the server starts slowly; time until it changes, 0 = never. */
static int64_t settle_ramp(struct rs_run *rs, bool was_up, time_us now)
{
	const int64_t ramp_us = rs->conf->slow_start_us;
	struct pool_member *m = member_of(rs);
	int64_t wait_us;

	m->is_ramping = false;
	if (!rs_is_up(rs) || !ramp_us)
		rs->ramp_since = TIME_NEVER;
	else if (!was_up)
		rs->ramp_since = now;
	if (time_is_never(rs->ramp_since))
		return 0;
	wait_us = ramp_wait_us(time_sub(now, rs->ramp_since), ramp_us);
	if (wait_us == 0) {
		rs->ramp_since = TIME_NEVER;
		return 0;
	}
	m->is_ramping = true;
	m->ramp_weight = ramp_weight(m->dest.weight, time_sub(now, rs->ramp_since), ramp_us);
	return wait_us;
}

void rs_settle(struct rs_run *rs, bool was_up, time_us now)
{
	const struct damping_params params = damping_of(rs);
	struct pool_member *m = member_of(rs);
	int64_t held_us, ramp_us, silent_us;

	if (!params.half_life_us)
		rs->damping = (struct damping){ 0 };
	held_us = damping_settle(&rs->damping, &params, now);
	if (!rs->conf->passive_limit)
		rs->passive = (struct passive){ 0 };
	silent_us = passive_settle(&rs->passive, now);
	if (silent_us > held_us)
		held_us = silent_us;
	m->is_held = rs->damping.is_held || rs->passive.is_held;
	m->dest.weight = advised(rs);
	m->is_drained = m->dest.weight == 0 && rs->conf->weight > 0;
	ramp_us = settle_ramp(rs, was_up, now);
	/* A server that is held out has no ramp. */
	if (held_us || ramp_us)
		timer_arm_at(&rs->timer, time_add(now, held_us ? held_us : ramp_us));
	else
		timer_cancel(&rs->timer);
}

void rs_adopt(struct rs_run *rs, const struct rs_run *old)
{
	rs->since = old->since;
	rs->damping = old->damping;
	rs->passive = old->passive;
	rs->ramp_since = old->ramp_since;
}

void rs_adopt_saved(struct rs_run *rs, const struct msg_rs_state *saved)
{
	rs->since = (time_us){ saved->since_us };
	rs->damping = (struct damping){ .penalty = saved->penalty,
					.at = { saved->penalty_at_us },
					.is_held = saved->is_held && saved->penalty > 0 };
	rs->passive.is_held = saved->silent_until_us != 0;
	rs->passive.until = (time_us){ saved->silent_until_us };
	rs->ramp_since = saved->ramp_since_us ? (time_us){ saved->ramp_since_us } : TIME_NEVER;
}
