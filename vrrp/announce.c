/*
 * Announcement schedule. See announce.h.
 *
 * Runs in the VRRP child and in the simulator. Pure: it owns nothing and writes only the schedule
 * it is given.
 */
#include "vrrp/announce.h"

#include <string.h>

/* Packets that a late caller may send at once to catch up; what is later than that is not made
 * good. */
#define CATCH_UP_MAX 4

void announce_init(struct announce *a, const struct announce_params *params)
{
	struct announce_params copy = *params; /* may be a->params */

	memset(a, 0, sizeof(*a));
	a->params = copy;
	a->next_at = TIME_NEVER;
	a->second_at = TIME_NEVER;
	a->refresh_at = TIME_NEVER;
}

/* The gap to the last packet of the burst before still counts. */
static void burst_start(struct announce *a, time_us now, uint32_t repeat)
{
	bool is_paced = a->params.interval_us > 0 && !time_is_never(a->next_at);

	if (a->params.n_addrs == 0 || repeat == 0)
		return;
	a->left = repeat;
	a->first_addr = a->next_addr;
	if (!is_paced || time_cmp(a->next_at, now) < 0)
		a->next_at = now;
}

static void second_schedule(struct announce *a, time_us now, int64_t delay_us, uint32_t repeat)
{
	if (delay_us <= 0 || repeat == 0)
		return;
	a->second_at = time_add(now, delay_us);
	a->second_repeat = repeat;
}

static void refresh_schedule(struct announce *a, time_us now)
{
	if (a->params.refresh_us > 0)
		a->refresh_at = time_add(now, a->params.refresh_us);
}

void announce_trigger(struct announce *a, time_us now, enum vrrp_announce occasion)
{
	const struct announce_params *p = &a->params;

	switch (occasion) {
	case VRRP_ANNOUNCE_TAKEOVER:
		burst_start(a, now, p->repeat);
		second_schedule(a, now, p->delay_us, p->repeat);
		refresh_schedule(a, now);
		break;
	case VRRP_ANNOUNCE_LOWER_PRIO:
		burst_start(a, now, p->lower_prio_repeat);
		second_schedule(a, now, p->lower_prio_delay_us, p->lower_prio_repeat);
		break;
	case VRRP_ANNOUNCE_ADOPT:
		/* The hosts know us; one round makes good a burst that the dead process left
		 * unfinished. */
		burst_start(a, now, 1);
		refresh_schedule(a, now);
		break;
	case VRRP_ANNOUNCE_STOP: announce_init(a, p); break;
	}
}

/* Turns a second burst or a refresh that is due into packets to send. */
static void collect_due(struct announce *a, time_us now)
{
	if (time_cmp(a->second_at, now) <= 0) {
		a->second_at = TIME_NEVER;
		if (a->left > 0) /* pacing has not let the first one end */
			a->left += a->second_repeat;
		else
			burst_start(a, now, a->second_repeat);
	}
	if (time_cmp(a->refresh_at, now) <= 0) {
		refresh_schedule(a, now);
		if (a->left == 0)
			burst_start(a, now, a->params.refresh_repeat);
	}
}

static time_us next_after(const struct announce *a, time_us now)
{
	int64_t gap_us = a->params.interval_us;
	time_us oldest = time_add(now, -CATCH_UP_MAX * gap_us);
	time_us from = time_cmp(a->next_at, oldest) < 0 ? oldest : a->next_at;

	return time_add(from, gap_us);
}

int announce_next(struct announce *a, time_us now)
{
	collect_due(a, now);
	if (a->left == 0 || time_cmp(a->next_at, now) > 0)
		return -1;

	int addr = (int)a->next_addr;
	a->next_at = next_after(a, now);
	a->next_addr = (a->next_addr + 1) % a->params.n_addrs;
	if (a->next_addr == a->first_addr)
		a->left--;
	return addr;
}

static time_us earlier(time_us a, time_us b)
{
	return time_cmp(a, b) < 0 ? a : b;
}

time_us announce_due(const struct announce *a)
{
	time_us due = earlier(a->second_at, a->refresh_at);

	return a->left > 0 ? earlier(a->next_at, due) : due;
}
