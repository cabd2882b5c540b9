/*
 * What must hold after every step, written down from the RFCs a second time, without a look at
 * fsm*.c.
 */
#include "test/sim/sim.h"

#include <string.h>

#define expect(condition, ...)                      \
	do {                                        \
		if (!(condition))                   \
			sim_fail(sim, __VA_ARGS__); \
	} while (0)

/* In sixteenths of 625 us, as 1 cs / 256 is 625/16 us. */
int64_t sim_skew_us(const struct vrrp_inst *v)
{
	int64_t cs = v->params.version == 2 ? 100 : v->active_adver_us / US_PER_CS;

	return (256 - v->priority) * cs * 625 / 16;
}

int64_t sim_down_us(const struct vrrp_inst *v)
{
	int64_t interval_us = v->params.version == 2 ? v->params.advert_us : v->active_adver_us;

	return interval_us * v->params.down_adverts + sim_skew_us(v);
}

static unsigned count(const struct vrrp_out *out, enum vrrp_out_kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < out->n; i++)
		n += out->item[i].kind == kind;
	return n;
}

static unsigned count_sent(const struct vrrp_out *out, uint8_t priority)
{
	unsigned n = 0;

	for (unsigned i = 0; i < out->n; i++)
		n += out->item[i].kind == VRRP_OUT_SEND && out->item[i].priority == priority;
	return n;
}

static bool was_announced(const struct vrrp_out *out, enum vrrp_announce occasion)
{
	for (unsigned i = 0; i < out->n; i++)
		if (out->item[i].kind == VRRP_OUT_ANNOUNCE && out->item[i].announce == occasion)
			return true;
	return false;
}

/* Index of the first output of a kind; out->n if there is none. */
static unsigned position(const struct vrrp_out *out, enum vrrp_out_kind kind)
{
	unsigned i = 0;

	while (i < out->n && out->item[i].kind != kind)
		i++;
	return i;
}

static bool is_armed_at(const struct sim *sim, const struct vrrp_inst *v, enum vrrp_timer timer,
			int64_t in_us)
{
	return v->at[timer].us == sim->now.us + in_us;
}

/* The next advertisement may be sooner than an interval, to share a beat with others, by less than
 * a 16th. */
static bool is_adver_armed(const struct sim *sim, const struct vrrp_inst *v)
{
	int64_t in_us = time_sub(v->at[VRRP_TIMER_ADVER], sim->now);
	int64_t interval_us = v->params.advert_us;

	return in_us > interval_us - interval_us / 16 && in_us <= interval_us;
}

static bool is_handing_over(const struct vrrp_inst *v)
{
	return !v->is_started && !time_is_never(v->at[VRRP_TIMER_HANDOVER]);
}

/* Whoever advertises and stays Active has a lease from then on. */
static void check_lease(struct sim *sim, int i, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	bool must_have = v->params.lease_us > 0 && count_sent(out, v->priority) > 0;

	if (v->state != VRRP_STATE_ACTIVE)
		return;
	expect(count(out, VRRP_OUT_LEASE) == must_have, "router %d got %u leases", i + 1,
	       count(out, VRRP_OUT_LEASE));
	if (must_have)
		expect(v->lease_until.us == sim->now.us + v->params.lease_us,
		       "router %d has a lease of another length", i + 1);
}

void sim_check_lapse(struct sim *sim, int i, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;

	expect(count(out, VRRP_OUT_SEND) == 0, "router %d spoke after its lease was over", i + 1);
	expect(v->state == VRRP_STATE_BACKUP, "router %d holds on to a lease that is over", i + 1);
	expect(is_armed_at(sim, v, VRRP_TIMER_DOWN, sim_down_us(v)),
	       "router %d does not listen after its lease was over", i + 1);
	expect(count(out, VRRP_OUT_VIP_DEL) == 1, "router %d kept addresses without a lease",
	       i + 1);
}

/*
 * Who preempts, or succeeds one that resigned, does not wait for silence; and nobody can wait for
 * one that became active so recently that it was not heard yet.
 */
static bool was_waited_for(const struct sim *sim, const struct vrrp_inst *v,
			   const struct sim_router *r)
{
	return (r->v.priority >= v->priority || !v->params.preempt) &&
	       addr_cmp(&v->active, &r->addr) == 0 && !is_handing_over(&r->v) &&
	       time_sub(sim->now, r->v.since) > sim->delay_max_us;
}

void sim_check_alone(struct sim *sim, int i)
{
	for (int k = 0; k < sim->n_routers; k++) {
		const struct sim_router *r = &sim->router[k];
		bool hangs = r->is_paused || r->process == SIM_CHILD_DEAD;

		expect(k == i || !hangs || !was_waited_for(sim, &sim->router[i].v, r) ||
			       !r->has_vip,
		       "router %d took over while %d, which hangs, has the addresses", i + 1,
		       k + 1);
	}
}

/* The notifications form a chain, and end at the state that the instance is in. */
static void check_notify(struct sim *sim, int i, const struct vrrp_out *out)
{
	const struct sim_router *r = &sim->router[i];
	enum vrrp_notify_state told = r->told;

	for (unsigned k = 0; k < out->n; k++) {
		const struct vrrp_out_item *item = &out->item[k];
		if (item->kind != VRRP_OUT_NOTIFY)
			continue;
		expect(item->from == told, "router %d tells of a change from %s, but had told %s",
		       i + 1, vrrp_notify_name(item->from), vrrp_notify_name(told));
		expect(item->from != item->to, "router %d tells of no change", i + 1);
		told = item->to;
	}
	expect(strcmp(vrrp_notify_name(told), vrrp_state_name(&r->v)) == 0,
	       "router %d is in %s but told %s", i + 1, vrrp_state_name(&r->v),
	       vrrp_notify_name(told));
}

/* Addresses are announced only while they are held, in the order of the outputs. */
static void check_addresses(struct sim *sim, int i, const struct vrrp_out *out)
{
	bool has_vip = sim->router[i].has_vip;

	for (unsigned k = 0; k < out->n; k++) {
		const struct vrrp_out_item *item = &out->item[k];
		if (item->kind == VRRP_OUT_VIP_ADD)
			has_vip = true;
		if (item->kind == VRRP_OUT_VIP_DEL)
			has_vip = false;
		if (item->kind == VRRP_OUT_ANNOUNCE && item->announce != VRRP_ANNOUNCE_STOP)
			expect(has_vip, "router %d announces addresses that it does not hold",
			       i + 1);
	}
}

/* The lease of the dead process was over before its successor came. */
static bool is_lapsed_adoption(const struct sim *sim, const struct vrrp_inst *v,
			       const struct vrrp_ev *ev)
{
	int64_t renewed_us = ev->adopt.adver_at.us - v->params.advert_us;

	return ev->adopt.state == VRRP_STATE_ACTIVE && v->params.lease_us > 0 &&
	       renewed_us + v->params.lease_us <= sim->now.us;
}

/* RFC 9568 6.4: who was not and is not Active says nothing, and nobody lies about the priority. */
static void check_sent(struct sim *sim, int i, const struct vrrp_inst *before,
		       const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	bool was_active = before->state == VRRP_STATE_ACTIVE ||
			  (ev->kind == VRRP_EV_ADOPT && ev->adopt.state == VRRP_STATE_ACTIVE &&
			   !is_lapsed_adoption(sim, v, ev));
	bool is_active = v->state == VRRP_STATE_ACTIVE;

	expect(was_active || is_active || count(out, VRRP_OUT_SEND) == 0,
	       "router %d advertises in %s", i + 1, vrrp_state_name(v));
	expect(count(out, VRRP_OUT_SEND) == count_sent(out, v->priority) + count_sent(out, 0),
	       "router %d advertises a priority that is not its own", i + 1);
	bool must_resign = was_active && (v->state == VRRP_STATE_INIT || ev->kind == VRRP_EV_YIELD);
	expect(count_sent(out, 0) == (must_resign ? 1 : 0), "router %d %s priority 0", i + 1,
	       must_resign ? "left without" : "sent");
}

static bool is_tolerant(const struct vrrp_inst *before, const struct vrrp_inst *v, time_us now)
{
	if (!v->params.preempt)
		return true;
	if (v->params.preempt_delay_us == 0)
		return false;
	/* the delay starts with this advertisement if it was not running */
	return time_is_never(before->preempt_at) || time_cmp(now, before->preempt_at) < 0;
}

/* RFC 9568 6.4.2 */
static void check_backup_advert(struct sim *sim, int i, const struct vrrp_inst *before,
				const struct vrrp_ev *ev)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	bool is_lower = ev->advert.priority < before->priority;

	sim->router[i].is_hastened = ev->advert.priority == 0;
	expect(v->state == VRRP_STATE_BACKUP, "router %d left Backup on an advertisement", i + 1);
	if (ev->advert.priority == 0) {
		expect(is_armed_at(sim, v, VRRP_TIMER_DOWN, sim_skew_us(v)),
		       "router %d does not wait the skew after priority 0", i + 1);
	} else if (is_lower && !is_tolerant(before, v, sim->now)) {
		expect(memcmp(before, v, sizeof(*v)) == 0,
		       "router %d did not discard a lower priority", i + 1);
	} else {
		expect(is_armed_at(sim, v, VRRP_TIMER_DOWN, sim_down_us(v)),
		       "router %d does not wait the down interval after an advertisement", i + 1);
		expect(v->params.version == 2 || v->active_adver_us == ev->advert.adver_us,
		       "router %d did not learn the interval", i + 1);
		expect(addr_cmp(&v->active, &ev->advert.src) == 0,
		       "router %d did not note the active router", i + 1);
	}
}

/* RFC 9568 6.4.3 */
static void check_active_advert(struct sim *sim, int i, const struct vrrp_inst *before,
				const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	int addr_order = memcmp(ev->advert.src.bytes, before->own_addr.bytes, 4);
	bool is_beaten = ev->advert.priority > before->priority ||
			 (ev->advert.priority == before->priority && addr_order > 0);

	if (is_beaten) {
		expect(v->state == VRRP_STATE_BACKUP, "router %d did not give way", i + 1);
		expect(is_armed_at(sim, v, VRRP_TIMER_DOWN, sim_down_us(v)),
		       "router %d gave way without a down timer", i + 1);
		expect(count(out, VRRP_OUT_SEND) == v->params.higher_prio_send_advert,
		       "router %d gave way with %u advertisements", i + 1,
		       count(out, VRRP_OUT_SEND));
		return;
	}
	bool must_send = ev->advert.priority == 0 || !v->params.lower_prio_no_advert;
	struct sim_router *r = &sim->router[i];
	bool is_news = time_sub(sim->now, r->rival_at) > sim_down_us(v);
	r->rival_at = sim->now;
	expect(v->state == VRRP_STATE_ACTIVE, "router %d gave way to a loser", i + 1);
	expect(count(out, VRRP_OUT_RENOTIFY) == is_news, "router %d told %u times of its rival",
	       i + 1, count(out, VRRP_OUT_RENOTIFY));
	expect(was_announced(out, VRRP_ANNOUNCE_LOWER_PRIO),
	       "router %d heard a second active router and did not announce", i + 1);
	expect(count_sent(out, v->priority) == must_send, "router %d did not answer a loser",
	       i + 1);
	if (must_send)
		expect(is_adver_armed(sim, v),
		       "router %d answered a loser and did not restart its timer", i + 1);
	else
		expect(v->at[VRRP_TIMER_ADVER].us == before->at[VRRP_TIMER_ADVER].us,
		       "router %d let a loser move its timer", i + 1);
}

/* RFC 9568 6.4.2: advertisement, addresses, announcement, in this order. */
static void check_down_timer(struct sim *sim, int i, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;

	expect(v->state == VRRP_STATE_ACTIVE, "router %d did not take over", i + 1);
	if (sim->is_lan_perfect && v->params.lease_us > 0 && !sim->router[i].is_hastened)
		sim_check_alone(sim, i);
	expect(position(out, VRRP_OUT_SEND) < position(out, VRRP_OUT_VIP_ADD) &&
		       position(out, VRRP_OUT_VIP_ADD) < position(out, VRRP_OUT_ANNOUNCE) &&
		       was_announced(out, VRRP_ANNOUNCE_TAKEOVER),
	       "router %d took over in the wrong order", i + 1);
	expect(is_adver_armed(sim, v), "router %d took over without its advertisement timer",
	       i + 1);
}

/* RFC 9568 6.4.3, and no drift: the deadlines stay on one grid, which a changed interval may have
 * to reach first. */
static void check_adver_timer(struct sim *sim, int i, const struct vrrp_inst *before,
			      const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	int64_t moved_us = time_sub(v->at[VRRP_TIMER_ADVER], before->at[VRRP_TIMER_ADVER]);
	int64_t off_us = before->at[VRRP_TIMER_ADVER].us % (v->params.advert_us / 16);

	expect(count(out, VRRP_OUT_SEND) == 1, "router %d did not advertise", i + 1);
	expect(moved_us > 0 && (moved_us + off_us) % v->params.advert_us == 0,
	       "router %d advertises with a drift", i + 1);
}

/* The dead process held its state a moment ago: nothing to be seen from outside but a late
 * advertisement. */
static void check_adopt(struct sim *sim, int i, const struct vrrp_ev *ev,
			const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;

	if (v->faults > 0 || ev->adopt.state == VRRP_STATE_INIT)
		return;
	if (is_lapsed_adoption(sim, v, ev)) {
		expect(v->state == VRRP_STATE_BACKUP && count(out, VRRP_OUT_VIP_DEL) == 1,
		       "router %d was adopted without a lease", i + 1);
		return;
	}
	expect(v->state == ev->adopt.state, "router %d was not adopted as what it was", i + 1);
	expect(count(out, VRRP_OUT_VIP_DEL) == 0, "router %d lost its addresses by adoption",
	       i + 1);
	expect(count(out, VRRP_OUT_NOTIFY) == 0, "router %d told of its adoption", i + 1);
	if (v->state == VRRP_STATE_BACKUP)
		expect(is_armed_at(sim, v, VRRP_TIMER_DOWN, sim_down_us(v)),
		       "router %d counts silence that nobody heard", i + 1);
	else
		expect(count(out, VRRP_OUT_SEND) == 1 ||
			       v->at[VRRP_TIMER_ADVER].us == ev->adopt.adver_at.us,
		       "router %d forgot when to advertise", i + 1);
}

/* A router that is no more takes note of its successor, and of nothing else. */
static void check_init_advert(struct sim *sim, int i, const struct vrrp_inst *before,
			      const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	int64_t left_us = time_sub(before->at[VRRP_TIMER_HANDOVER], sim->now);
	bool is_noted = is_handing_over(before) && ev->advert.priority > 0 && left_us > 50000;

	expect(out->n == is_noted, "router %d listens while stopped", i + 1);
	if (is_noted)
		expect(is_armed_at(sim, v, VRRP_TIMER_HANDOVER, 50000),
		       "router %d does not let go for its successor", i + 1);
}

static void check_stop(struct sim *sim, int i, const struct vrrp_inst *before,
		       const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	bool is_handed = before->state == VRRP_STATE_ACTIVE && ev->handover_us > 0;

	expect(v->state == VRRP_STATE_INIT, "router %d runs on when stopped", i + 1);
	expect(is_handing_over(v) == is_handed, "router %d %s a successor", i + 1,
	       is_handed ? "does not wait for" : "waits for");
	if (is_handed)
		expect(is_armed_at(sim, v, VRRP_TIMER_HANDOVER, ev->handover_us) &&
			       count(out, VRRP_OUT_VIP_DEL) == 0,
		       "router %d does not keep the addresses for its successor", i + 1);
}

static void check_event(struct sim *sim, int i, const struct vrrp_inst *before,
			const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	const struct vrrp_inst *v = &sim->router[i].v;
	bool was_backup = before->state == VRRP_STATE_BACKUP;
	bool was_active = before->state == VRRP_STATE_ACTIVE;

	if (ev->kind == VRRP_EV_ADVERT && was_backup)
		check_backup_advert(sim, i, before, ev);
	else if (ev->kind == VRRP_EV_ADVERT && was_active)
		check_active_advert(sim, i, before, ev, out);
	else if (ev->kind == VRRP_EV_ADVERT)
		check_init_advert(sim, i, before, ev, out);
	else if (ev->kind == VRRP_EV_STOP)
		check_stop(sim, i, before, ev, out);
	else if (ev->kind == VRRP_EV_TIMER && was_backup)
		check_down_timer(sim, i, out);
	else if (ev->kind == VRRP_EV_TIMER && was_active)
		check_adver_timer(sim, i, before, out);
	else if (ev->kind == VRRP_EV_ADOPT)
		check_adopt(sim, i, ev, out);
	else if (ev->kind == VRRP_EV_HOLD && was_backup)
		expect(is_armed_at(sim, v, VRRP_TIMER_DOWN, ev->hold_us),
		       "router %d does not wait for its group", i + 1);
	else if (v->state == VRRP_STATE_BACKUP && !was_backup)
		expect(is_armed_at(sim, v, VRRP_TIMER_DOWN, sim_down_us(v)),
		       "router %d started without a full down interval", i + 1);
}

void sim_check_outputs(struct sim *sim, int i, const struct vrrp_inst *before,
		       const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	if (sim->router[i].is_adopting)
		return;
	check_notify(sim, i, out);
	check_addresses(sim, i, out);
	check_sent(sim, i, before, ev, out);
	check_lease(sim, i, out);
	if (before->state != VRRP_STATE_ACTIVE)
		sim->router[i].rival_at = sim->now;
	check_event(sim, i, before, ev, out);
}

/* Exactly the timer of the state is armed, as the instance remembers it, and not for too late. */
static void check_timers(struct sim *sim, int i)
{
	const struct sim_router *r = &sim->router[i];
	const struct vrrp_inst *v = &r->v;
	const time_us *at = v->at;

	for (int t = 0; t < VRRP_TIMER_N; t++)
		expect(r->armed[t].us == at[t].us, "router %d remembers another timer %d", i + 1,
		       t);
	expect(time_is_never(at[VRRP_TIMER_ADVER]) == (v->state != VRRP_STATE_ACTIVE),
	       "router %d has the wrong advertisement timer in %s", i + 1, vrrp_state_name(v));
	expect(time_is_never(at[VRRP_TIMER_DOWN]) == (v->state != VRRP_STATE_BACKUP),
	       "router %d has the wrong down timer in %s", i + 1, vrrp_state_name(v));
	expect(time_is_never(at[VRRP_TIMER_HANDOVER]) ||
		       (v->state == VRRP_STATE_INIT && !v->is_started),
	       "router %d waits for a successor in %s", i + 1, vrrp_state_name(v));
	if (v->state == VRRP_STATE_ACTIVE)
		expect(time_sub(at[VRRP_TIMER_ADVER], sim->now) <= v->params.advert_us,
		       "router %d will be silent for more than its interval", i + 1);
}

void sim_check_state(struct sim *sim, int i)
{
	const struct sim_router *r = &sim->router[i];

	if (r->is_adopting)
		return;
	if (!is_handing_over(&r->v)) /* which may or may not hold them still */
		expect(r->has_vip == (r->v.state == VRRP_STATE_ACTIVE),
		       "router %d %s addresses in %s", i + 1, r->has_vip ? "holds" : "lacks",
		       vrrp_state_name(&r->v));
	expect(r->has_vip || time_is_never(announce_due(&r->announce)),
	       "router %d goes on announcing in %s", i + 1, vrrp_state_name(&r->v));
	expect(r->v.is_started || r->v.state == VRRP_STATE_INIT, "router %d runs while stopped",
	       i + 1);
	expect((r->v.faults > 0) <= (r->v.state == VRRP_STATE_INIT), "router %d runs in FAULT",
	       i + 1);
	check_timers(sim, i);
}
