/*
 * The state machine in Initialize: Startup, FAULT, a stopped router that waits for its successor,
 * and the adoption of what a predecessor process was. See fsm_step.h.
 */
#include "vrrp/fsm_step.h"

/* From the successor's first advertisement to the removal of the addresses: time to announce them.
 */
#define HANDOVER_GRACE_US (50 * US_PER_MS)

/* RFC 9568 6.4.1 */
static void init_start(struct step *s)
{
	struct vrrp_inst *v = s->v;
	enum vrrp_notify_state from = vrrp_inst_notify_state(v);

	if (v->is_started)
		return;
	fsm_end_handover(s);
	v->is_started = true;
	if (v->faults > 0) {
		fsm_notify(s, from);
		return;
	}
	fsm_start_up(s, from);
	if (v->state == VRRP_STATE_BACKUP && v->params.preempt_delay_us > 0)
		v->preempt_at = time_add(s->now, v->params.preempt_delay_us);
}

static void init_stop(struct step *s)
{
	if (s->v->is_started)
		fsm_leave(s, false);
}

/* The successor is there; it needs a moment to announce the addresses. */
static void init_advert(struct step *s)
{
	time_us at = time_add(s->now, HANDOVER_GRACE_US);

	if (!fsm_is_handing_over(s->v) || s->ev->advert.priority == PRIORITY_RESIGN)
		return;
	if (time_cmp(at, s->v->at[VRRP_TIMER_HANDOVER]) < 0)
		fsm_arm(s, VRRP_TIMER_HANDOVER, at);
}

static void init_timer(struct step *s)
{
	if (s->ev->timer != VRRP_TIMER_HANDOVER)
		return;
	s->v->at[VRRP_TIMER_HANDOVER] = TIME_NEVER;
	fsm_push(s, VRRP_OUT_VIP_DEL);
}

static void init_fault(struct step *s)
{
	bool had_fault = s->v->faults > 0;
	bool has_fault = fsm_add_fault(s->v, s->ev->fault_delta);

	if (s->v->is_started && had_fault && !has_fault)
		fsm_start_up(s, vrrp_inst_notify_state(s->v));
}

static void init_config(struct step *s)
{
	fsm_set_params(s);
}

/* ---- adoption ---- */

/* The dead process held the addresses a moment ago: go on in its rhythm and tell nobody. */
static void adopt_active(struct step *s)
{
	struct vrrp_inst *v = s->v;
	int64_t interval_us = v->params.advert_us;
	time_us limit = time_add(s->now, interval_us);
	time_us last = s->ev->adopt.adver_at;

	fsm_to_active(s);
	fsm_push(s, VRRP_OUT_VIP_ADD);
	fsm_announce(s, VRRP_ANNOUNCE_ADOPT);
	if (last.us < 0 || time_cmp(last, limit) > 0)
		last = s->now;
	v->lease_until = time_add(last, v->params.lease_us - interval_us);
	if (time_cmp(last, s->now) <= 0)
		fsm_advertise_active(s);
	fsm_arm(s, VRRP_TIMER_ADVER, fsm_next_adver(last, s->now, interval_us));
}

/* The silence that the dead process could not hear must not count against the active router. */
static void adopt_backup(struct step *s)
{
	struct vrrp_inst *v = s->v;

	fsm_to_backup(s);
	v->active = s->ev->adopt.active;
	v->active_priority = s->ev->adopt.active_priority;
	v->active_adver_us = fsm_interval_to_learn(&v->params, s->ev->adopt.active_adver_us);
	v->preempt_at = s->ev->adopt.preempt_at;
	fsm_arm_down(s);
}

/* Its lease ran out while nobody was there to renew it. */
static void adopt_lapsed(struct step *s)
{
	fsm_forget_active(s->v);
	fsm_push(s, VRRP_OUT_VIP_DEL);
	fsm_to_backup(s);
	fsm_arm_down(s);
	fsm_log(s, VRRP_LOG_LEASE_OVER, s->v->params.lease_us, 0);
	fsm_notify(s, VRRP_NOTIFY_MASTER);
}

static bool is_adopted_too_late(const struct step *s)
{
	const struct vrrp_params *p = &s->v->params;
	time_us due = s->ev->adopt.adver_at;

	if (s->ev->adopt.state != VRRP_STATE_ACTIVE || p->lease_us == 0)
		return false;
	/* It was renewed an interval before the next advertisement is due. */
	return due.us < 0 || time_sub(due, s->now) > p->advert_us ||
	       time_sub(s->now, due) >= p->lease_us - p->advert_us;
}

static void init_adopt(struct step *s)
{
	static const handler adopt[VRRP_STATE_N] = {
		[VRRP_STATE_INIT] = fsm_ignore,
		[VRRP_STATE_BACKUP] = adopt_backup,
		[VRRP_STATE_ACTIVE] = adopt_active,
	};
	struct vrrp_inst *v = s->v;

	if (v->is_started || s->ev->adopt.state >= VRRP_STATE_N)
		return;
	fsm_end_handover(s);
	v->is_started = true;
	if (is_adopted_too_late(s))
		adopt_lapsed(s);
	else
		adopt[s->ev->adopt.state](s);
	if (v->faults > 0 && v->state != VRRP_STATE_INIT)
		fsm_leave(s, true);
	else if (v->faults == 0 && v->state == VRRP_STATE_INIT)
		fsm_start_up(s, vrrp_inst_notify_state(v));
}

void fsm_in_init(struct step *s)
{
	static const handler on[VRRP_EV_N] = {
		[VRRP_EV_START] = init_start,   [VRRP_EV_STOP] = init_stop,
		[VRRP_EV_ADVERT] = init_advert, [VRRP_EV_TIMER] = init_timer,
		[VRRP_EV_FAULT] = init_fault,   [VRRP_EV_WEIGHT] = fsm_any_weight,
		[VRRP_EV_CONFIG] = init_config, [VRRP_EV_ADOPT] = init_adopt,
		[VRRP_EV_YIELD] = fsm_ignore,   [VRRP_EV_HOLD] = fsm_ignore,
	};

	on[s->ev->kind](s);
}
