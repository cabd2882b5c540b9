/*
 * What the states of the state machine share: outputs, intervals, moves between states. See
 * fsm_step.h.
 *
 * Pure, as all of the state machine.
 */
#include "vrrp/fsm_step.h"

#include <assert.h>
#include <string.h>

/* ---- outputs ---- */

struct vrrp_out_item *fsm_push(struct step *s, enum vrrp_out_kind kind)
{
	assert(s->out->n < VRRP_OUT_MAX);
	struct vrrp_out_item *item = &s->out->item[s->out->n++];

	memset(item, 0, sizeof(*item));
	item->kind = kind;
	return item;
}

void fsm_advertise(struct step *s, uint8_t priority)
{
	fsm_push(s, VRRP_OUT_SEND)->priority = priority;
}

/* The lease counts from an advertisement, as the patience of the others does. */
void fsm_advertise_active(struct step *s)
{
	struct vrrp_inst *v = s->v;

	fsm_advertise(s, v->priority);
	if (v->params.lease_us == 0)
		return;
	v->lease_until = time_add(s->now, v->params.lease_us);
	fsm_push(s, VRRP_OUT_LEASE)->at = v->lease_until;
}

void fsm_announce(struct step *s, enum vrrp_announce occasion)
{
	fsm_push(s, VRRP_OUT_ANNOUNCE)->announce = occasion;
}

void fsm_log(struct step *s, enum vrrp_log log, int64_t a, int64_t b)
{
	struct vrrp_out_item *item = fsm_push(s, VRRP_OUT_LOG);

	item->log = log;
	item->a = a;
	item->b = b;
	if (s->ev->kind == VRRP_EV_ADVERT)
		item->addr = s->ev->advert.src;
}

/* A line about an advertisement: their priority and ours. */
void fsm_log_advert(struct step *s, enum vrrp_log log)
{
	fsm_log(s, log, s->ev->advert.priority, s->v->priority);
}

void fsm_arm(struct step *s, enum vrrp_timer timer, time_us at)
{
	struct vrrp_out_item *item = fsm_push(s, VRRP_OUT_ARM);

	item->timer = timer;
	item->at = at;
	s->v->at[timer] = at;
}

void fsm_cancel(struct step *s, enum vrrp_timer timer)
{
	if (time_is_never(s->v->at[timer]))
		return;
	fsm_push(s, VRRP_OUT_CANCEL)->timer = timer;
	s->v->at[timer] = TIME_NEVER;
}

enum vrrp_notify_state vrrp_inst_notify_state(const struct vrrp_inst *v)
{
	if (v->state == VRRP_STATE_ACTIVE)
		return VRRP_NOTIFY_MASTER;
	if (v->state == VRRP_STATE_BACKUP)
		return VRRP_NOTIFY_BACKUP;
	if (v->is_started)
		return VRRP_NOTIFY_FAULT;
	return v->transitions > 0 ? VRRP_NOTIFY_STOP : VRRP_NOTIFY_INIT;
}

void fsm_notify(struct step *s, enum vrrp_notify_state from)
{
	s->v->transitions++;
	struct vrrp_out_item *item = fsm_push(s, VRRP_OUT_NOTIFY);

	item->from = from;
	item->to = vrrp_inst_notify_state(s->v);
}

/* ---- intervals ---- */

int64_t vrrp_skew_us(uint8_t version, uint8_t priority, int64_t adver_us)
{
	return (256 - priority) * (version == 2 ? US_PER_S : adver_us) / 256;
}

/* v2 never learns: a packet with another interval was dropped (RFC 3768 7.1). */
static int64_t active_interval_us(const struct vrrp_inst *v)
{
	return v->params.version == 2 ? v->params.advert_us : v->active_adver_us;
}

int64_t fsm_skew_us(const struct vrrp_inst *v)
{
	return vrrp_skew_us(v->params.version, v->priority, active_interval_us(v));
}

int64_t vrrp_down_us(const struct vrrp_inst *v)
{
	return v->params.down_adverts * active_interval_us(v) + fsm_skew_us(v);
}

/*
 * Active_Adver_Interval within its bounds: one forged packet must not stretch the down timer to
 * minutes. An interval that no packet can carry counts as ours.
 */
int64_t fsm_interval_to_learn(const struct vrrp_params *p, int64_t adver_us)
{
	if (adver_us <= 0)
		return p->advert_us;
	if (p->learn_min_us > 0 && adver_us < p->learn_min_us)
		return p->learn_min_us;
	if (p->learn_max_us > 0 && adver_us > p->learn_max_us)
		return p->learn_max_us;
	return adver_us;
}

void fsm_arm_down(struct step *s)
{
	fsm_arm(s, VRRP_TIMER_DOWN, time_add(s->now, vrrp_down_us(s->v)));
}

/*
 * The first deadline after now in the rhythm of the advertisements: no drift, however late we are.
 * It is on a beat of the clock, of which there are BEATS in an interval, the same for all routers
 * of this host: whoever has hundreds of them is woken once for many. Only the first advertisement
 * of a rhythm comes sooner for it, by less than a beat, and none comes later.
 */
#define BEATS 16

time_us fsm_next_adver(time_us last, time_us now, int64_t interval_us)
{
	int64_t late_us = time_sub(now, last);
	int64_t beat_us = interval_us / BEATS;
	time_us at = last;

	if (late_us < 0)
		return at;
	at = time_add(at, (late_us / interval_us + 1) * interval_us);
	if (beat_us > 0)
		at.us -= at.us % beat_us;
	return time_cmp(at, now) > 0 ? at : time_add(at, interval_us);
}

/* A rhythm begins with an advertisement now. */
void fsm_begin_adver(struct step *s)
{
	fsm_arm(s, VRRP_TIMER_ADVER, fsm_next_adver(s->now, s->now, s->v->params.advert_us));
}

/* ---- states: only these three write v->state ---- */

static void enter(struct step *s, enum vrrp_state state)
{
	s->v->state = state;
	s->v->since = s->now;
}

void fsm_to_active(struct step *s)
{
	fsm_cancel(s, VRRP_TIMER_DOWN);
	s->v->preempt_at = TIME_NEVER;
	s->v->rival_at = s->now; /* who was active before us is no rival */
	enter(s, VRRP_STATE_ACTIVE);
}

void fsm_to_backup(struct step *s)
{
	fsm_cancel(s, VRRP_TIMER_ADVER);
	s->v->preempt_at = TIME_NEVER;
	enter(s, VRRP_STATE_BACKUP);
}

void fsm_to_init(struct step *s)
{
	fsm_cancel(s, VRRP_TIMER_ADVER);
	fsm_cancel(s, VRRP_TIMER_DOWN);
	s->v->preempt_at = TIME_NEVER;
	enter(s, VRRP_STATE_INIT);
}

/* ---- moves between states ---- */

/* RFC 9568 6.4.1 and 6.4.2: advertise first, then claim and announce the addresses. */
void fsm_take_over(struct step *s, enum vrrp_notify_state from)
{
	fsm_to_active(s);
	fsm_advertise_active(s);
	fsm_push(s, VRRP_OUT_VIP_ADD);
	fsm_announce(s, VRRP_ANNOUNCE_TAKEOVER);
	fsm_begin_adver(s);
	fsm_notify(s, from);
}

/* Lets go of the addresses; the caller enters the next state. */
void fsm_release_addresses(struct step *s)
{
	fsm_push(s, VRRP_OUT_VIP_DEL);
	fsm_announce(s, VRRP_ANNOUNCE_STOP);
}

/* Nobody was heard yet: wait as long as our own interval says. */
void fsm_forget_active(struct vrrp_inst *v)
{
	memset(&v->active, 0, sizeof(v->active));
	v->active_priority = 0;
	v->active_adver_us = v->params.advert_us;
}

/* RFC 9568 6.4.1: Startup, and the same again when the last reason for FAULT is gone. */
void fsm_start_up(struct step *s, enum vrrp_notify_state from)
{
	fsm_forget_active(s->v);
	if (s->v->priority == PRIORITY_OWNER) {
		fsm_take_over(s, from);
		return;
	}
	fsm_to_backup(s);
	fsm_arm_down(s);
	fsm_notify(s, from);
}

/* RFC 9568 6.4.2 and 6.4.3: Shutdown, and keepalived's FAULT, which leaves by the same door. */
void fsm_leave(struct step *s, bool is_started)
{
	enum vrrp_notify_state from = vrrp_inst_notify_state(s->v);
	bool was_active = s->v->state == VRRP_STATE_ACTIVE;

	s->v->is_started = is_started;
	fsm_to_init(s);
	if (was_active) {
		fsm_advertise(s, PRIORITY_RESIGN);
		fsm_release_addresses(s);
	}
	fsm_notify(s, from);
}

bool fsm_is_handing_over(const struct vrrp_inst *v)
{
	return !time_is_never(v->at[VRRP_TIMER_HANDOVER]);
}

/* Nobody waits for a successor any more. */
void fsm_end_handover(struct step *s)
{
	if (!fsm_is_handing_over(s->v))
		return;
	fsm_cancel(s, VRRP_TIMER_HANDOVER);
	fsm_push(s, VRRP_OUT_VIP_DEL);
}

/* ---- parameters and the active router ---- */

/* RFC 9568 5.2.4: 255 is the owner's alone, tracking moves the others within 1..254. */
uint8_t fsm_effective_priority(const struct vrrp_inst *v)
{
	int64_t sum = (int64_t)v->params.base_priority + v->weight;

	if (v->params.base_priority == PRIORITY_OWNER)
		return PRIORITY_OWNER;
	if (sum < PRIORITY_MIN)
		return PRIORITY_MIN;
	return sum > PRIORITY_MAX ? PRIORITY_MAX : (uint8_t)sum;
}

static void refresh_priority(struct step *s)
{
	uint8_t old = s->v->priority;

	s->v->priority = fsm_effective_priority(s->v);
	if (s->v->priority != old)
		fsm_log(s, VRRP_LOG_PRIO_CHANGED, old, s->v->priority);
}

void fsm_set_params(struct step *s)
{
	struct vrrp_inst *v = s->v;

	v->params = s->ev->params;
	if (addr_is_unset(&v->active))
		v->active_adver_us = v->params.advert_us;
	refresh_priority(s);
}

void fsm_set_active(struct step *s)
{
	struct vrrp_inst *v = s->v;

	if (addr_cmp(&v->active, &s->ev->advert.src) != 0) {
		fsm_log_advert(s, VRRP_LOG_ACTIVE_SET);
		s->out->item[s->out->n - 1].old_addr = v->active;
	}
	v->active = s->ev->advert.src;
	v->active_priority = s->ev->advert.priority;
	v->active_adver_us = fsm_interval_to_learn(&v->params, s->ev->advert.adver_us);
}

/* ---- handlers of several states ---- */

bool fsm_add_fault(struct vrrp_inst *v, int delta)
{
	v->faults = v->faults + delta > 0 ? v->faults + delta : 0;
	return v->faults > 0;
}

void fsm_ignore(struct step *s)
{
	(void)s;
}

/* Both in Initialize and in Active, where the next advertisement carries it. */
void fsm_any_weight(struct step *s)
{
	s->v->weight = s->ev->weight;
	refresh_priority(s);
}

void fsm_any_fault(struct step *s)
{
	if (fsm_add_fault(s->v, s->ev->fault_delta))
		fsm_leave(s, true);
}
