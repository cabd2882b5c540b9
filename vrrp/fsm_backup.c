/*
 * The state machine in Backup. See fsm_step.h.
 */
#include "vrrp/fsm_step.h"

static void backup_stop(struct step *s)
{
	fsm_leave(s, false);
}

/*
 * The preempt clock: it runs while the active router is one that we would replace, from the first
 * time we hear it (or from our start), and says from when on Preempt_Mode may act. Without a
 * preempt delay there is no clock.
 */
static void run_preempt_clock(struct step *s, bool is_replaceable)
{
	struct vrrp_inst *v = s->v;
	int64_t delay_us = v->params.preempt_delay_us;

	if (!is_replaceable) {
		v->preempt_at = TIME_NEVER;
	} else if (delay_us > 0 && time_is_never(v->preempt_at)) {
		v->preempt_at = time_add(s->now, delay_us);
		fsm_log(s, VRRP_LOG_PREEMPT_START, delay_us, 0);
	}
}

static bool preempt_clock_runs(const struct step *s)
{
	return !time_is_never(s->v->preempt_at) && time_cmp(s->now, s->v->preempt_at) < 0;
}

/* RFC 9568 6.4.2: while Backup, an ADVERTISEMENT is received. */
static void backup_advert(struct step *s)
{
	uint8_t theirs = s->ev->advert.priority;
	bool is_replaceable = theirs < s->v->priority && s->v->params.preempt;

	if (theirs == PRIORITY_RESIGN) { /* the active router goes: only the skew is left to wait */
		fsm_log_advert(s, VRRP_LOG_PRIO_ZERO);
		fsm_arm(s, VRRP_TIMER_DOWN, time_add(s->now, fsm_skew_us(s->v)));
		return;
	}
	run_preempt_clock(s, is_replaceable);
	if (is_replaceable && !preempt_clock_runs(s)) { /* not heard: the down timer runs out */
		fsm_log_advert(s, VRRP_LOG_DISCARD_LOWER);
		return;
	}
	fsm_set_active(s);
	fsm_arm_down(s);
}

/* RFC 9568 6.4.2: Active_Down_Timer fires. */
static void backup_timer(struct step *s)
{
	s->v->at[VRRP_TIMER_DOWN] = TIME_NEVER;
	fsm_log(s, VRRP_LOG_DOWN_EXPIRED, 0, 0);
	fsm_take_over(s, VRRP_NOTIFY_BACKUP);
}

static time_us later(time_us a, time_us b)
{
	return time_cmp(a, b) > 0 ? a : b;
}

/* A down interval that became shorter counts from when the timer was armed; it is never extended.
 */
static void shorten_down(struct step *s, int64_t old_down_us)
{
	time_us old = s->v->at[VRRP_TIMER_DOWN];
	time_us at = time_add(old, vrrp_down_us(s->v) - old_down_us);

	if (time_cmp(at, old) < 0)
		fsm_arm(s, VRRP_TIMER_DOWN, later(at, s->now));
}

static void backup_weight(struct step *s)
{
	int64_t old_down_us = vrrp_down_us(s->v);

	fsm_any_weight(s);
	shorten_down(s, old_down_us);
}

/* Another delay counts from when the clock began to run. */
static void follow_preempt_delay(struct step *s, int64_t old_us)
{
	struct vrrp_inst *v = s->v;
	int64_t us = v->params.preempt_delay_us;

	if (!time_is_never(v->preempt_at))
		v->preempt_at = us > 0 ? time_add(v->preempt_at, us - old_us) : TIME_NEVER;
}

static void backup_config(struct step *s)
{
	int64_t old_down_us = vrrp_down_us(s->v);
	int64_t old_delay_us = s->v->params.preempt_delay_us;

	fsm_set_params(s);
	follow_preempt_delay(s, old_delay_us);
	if (s->v->priority == PRIORITY_OWNER)
		fsm_take_over(s, VRRP_NOTIFY_BACKUP);
	else
		shorten_down(s, old_down_us);
}

/* The group gave way and so did its rival: who waits longer lets the other one rise alone. */
static void backup_hold(struct step *s)
{
	fsm_arm(s, VRRP_TIMER_DOWN, time_add(s->now, s->ev->hold_us));
}

void fsm_in_backup(struct step *s)
{
	static const handler on[VRRP_EV_N] = {
		[VRRP_EV_START] = fsm_ignore,     [VRRP_EV_STOP] = backup_stop,
		[VRRP_EV_ADVERT] = backup_advert, [VRRP_EV_TIMER] = backup_timer,
		[VRRP_EV_FAULT] = fsm_any_fault,  [VRRP_EV_WEIGHT] = backup_weight,
		[VRRP_EV_CONFIG] = backup_config, [VRRP_EV_ADOPT] = fsm_ignore,
		[VRRP_EV_YIELD] = fsm_ignore,     [VRRP_EV_HOLD] = backup_hold,
	};

	on[s->ev->kind](s);
}
