/*
 * Passive observation as pure logic. Called by the checker process and by tests. Owns nothing.
 */
#include "check/passive.h"

static void hold(struct passive *p, const struct passive_params *params, time_us now)
{
	int64_t first_us = params->hold_us ? params->hold_us : PASSIVE_HOLD_US;
	int64_t hold_us = p->next_hold_us ? p->next_hold_us : first_us;

	p->is_held = true;
	p->until = time_add(now, hold_us);
	p->next_hold_us = hold_us < PASSIVE_HOLD_MAX_US / 2 ? 2 * hold_us : PASSIVE_HOLD_MAX_US;
	p->is_seen = false; /* its entries leave the table */
	p->silent = 0;
}

bool passive_look(struct passive *p, const struct passive_params *params, uint64_t conns,
		  uint64_t out_pkts, time_us now)
{
	bool is_old = p->is_seen && conns >= p->conns && out_pkts >= p->out_pkts;
	uint64_t more_conns = is_old ? conns - p->conns : 0;
	uint64_t more_pkts = is_old ? out_pkts - p->out_pkts : 0;

	if (!params->limit || p->is_held)
		return false;
	p->is_seen = true;
	p->conns = conns;
	p->out_pkts = out_pkts;
	if (more_pkts > 0) {
		p->silent = 0;
		p->next_hold_us = 0;
		return false;
	}
	p->silent += more_conns;
	if (p->silent < params->limit)
		return false;
	hold(p, params, now);
	return true;
}

int64_t passive_settle(struct passive *p, time_us now)
{
	int64_t wait_us = time_sub(p->until, now);

	if (!p->is_held)
		return 0;
	if (wait_us > 0)
		return wait_us;
	p->is_held = false;
	return 0;
}
