/*
 * The VRRP state machine. See fsm.h.
 *
 * Runs in the VRRP child and in the simulator. Pure: it owns nothing and writes only the instance
 * and the outputs it is given. The router that holds the addresses is called Active as in RFC 9568;
 * RFC 3768 and keepalived say Master.
 */
#include "vrrp/fsm.h"

#include <assert.h>
#include <string.h>

#define PRIORITY_RESIGN 0
#define PRIORITY_MIN    1
#define PRIORITY_MAX    254
#define PRIORITY_OWNER  255

/* From the successor's first advertisement to the removal of the addresses: time to announce them.
 */
#define HANDOVER_GRACE_US (50 * US_PER_MS)

/* One step in progress. */
struct step {
	struct vrrp_inst *v;
	time_us now;
	const struct vrrp_ev *ev;
	struct vrrp_out *out;
};

typedef void (*handler)(struct step *s);

/* ---- outputs ---- */

static struct vrrp_out_item *push(struct step *s, enum vrrp_out_kind kind)
{
	assert(s->out->n < VRRP_OUT_MAX);
	struct vrrp_out_item *item = &s->out->item[s->out->n++];

	memset(item, 0, sizeof(*item));
	item->kind = kind;
	return item;
}

static void advertise(struct step *s, uint8_t priority)
{
	push(s, VRRP_OUT_SEND)->priority = priority;
}

/* The lease counts from an advertisement, as the patience of the others does. */
static void advertise_active(struct step *s)
{
	struct vrrp_inst *v = s->v;

	advertise(s, v->priority);
	if (v->params.lease_us == 0)
		return;
	v->lease_until = time_add(s->now, v->params.lease_us);
	push(s, VRRP_OUT_LEASE)->at = v->lease_until;
}

static void announce(struct step *s, enum vrrp_announce occasion)
{
	push(s, VRRP_OUT_ANNOUNCE)->announce = occasion;
}

static void log_numbers(struct step *s, enum vrrp_log log, int64_t a, int64_t b)
{
	struct vrrp_out_item *item = push(s, VRRP_OUT_LOG);

	item->log = log;
	item->a = a;
	item->b = b;
	if (s->ev->kind == VRRP_EV_ADVERT)
		item->addr = s->ev->advert.src;
}

/* A line about an advertisement: their priority and ours. */
static void log_advert(struct step *s, enum vrrp_log log)
{
	log_numbers(s, log, s->ev->advert.priority, s->v->priority);
}

static void arm(struct step *s, enum vrrp_timer timer, time_us at)
{
	struct vrrp_out_item *item = push(s, VRRP_OUT_ARM);

	item->timer = timer;
	item->at = at;
	s->v->at[timer] = at;
}

static void cancel(struct step *s, enum vrrp_timer timer)
{
	if (time_is_never(s->v->at[timer]))
		return;
	push(s, VRRP_OUT_CANCEL)->timer = timer;
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

static void notify(struct step *s, enum vrrp_notify_state from)
{
	s->v->transitions++;
	struct vrrp_out_item *item = push(s, VRRP_OUT_NOTIFY);

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

static int64_t skew_us(const struct vrrp_inst *v)
{
	return vrrp_skew_us(v->params.version, v->priority, active_interval_us(v));
}

int64_t vrrp_down_us(const struct vrrp_inst *v)
{
	return v->params.down_adverts * active_interval_us(v) + skew_us(v);
}

/*
 * Active_Adver_Interval within its bounds: one forged packet must not stretch the down timer to
 * minutes. An interval that no packet can carry counts as ours.
 */
static int64_t interval_to_learn(const struct vrrp_params *p, int64_t adver_us)
{
	if (adver_us <= 0)
		return p->advert_us;
	if (p->learn_min_us > 0 && adver_us < p->learn_min_us)
		return p->learn_min_us;
	if (p->learn_max_us > 0 && adver_us > p->learn_max_us)
		return p->learn_max_us;
	return adver_us;
}

static void arm_down(struct step *s)
{
	arm(s, VRRP_TIMER_DOWN, time_add(s->now, vrrp_down_us(s->v)));
}

/* The first deadline after now in the rhythm of the advertisements: no drift, however late we are.
 */
static time_us next_adver(time_us last, time_us now, int64_t interval_us)
{
	int64_t late_us = time_sub(now, last);

	if (late_us < 0)
		return last;
	return time_add(last, (late_us / interval_us + 1) * interval_us);
}

static time_us earlier(time_us a, time_us b)
{
	return time_cmp(a, b) < 0 ? a : b;
}

static time_us later(time_us a, time_us b)
{
	return time_cmp(a, b) > 0 ? a : b;
}

/* ---- states: only these three write v->state ---- */

static void enter(struct step *s, enum vrrp_state state)
{
	s->v->state = state;
	s->v->since = s->now;
}

static void to_active(struct step *s)
{
	cancel(s, VRRP_TIMER_DOWN);
	s->v->preempt_at = TIME_NEVER;
	s->v->rival_at = s->now; /* who was active before us is no rival */
	enter(s, VRRP_STATE_ACTIVE);
}

static void to_backup(struct step *s)
{
	cancel(s, VRRP_TIMER_ADVER);
	s->v->preempt_at = TIME_NEVER;
	enter(s, VRRP_STATE_BACKUP);
}

static void to_init(struct step *s)
{
	cancel(s, VRRP_TIMER_ADVER);
	cancel(s, VRRP_TIMER_DOWN);
	s->v->preempt_at = TIME_NEVER;
	enter(s, VRRP_STATE_INIT);
}

/* ---- moves between states ---- */

/* RFC 9568 6.4.1 and 6.4.2: advertise first, then claim and announce the addresses. */
static void take_over(struct step *s, enum vrrp_notify_state from)
{
	to_active(s);
	advertise_active(s);
	push(s, VRRP_OUT_VIP_ADD);
	announce(s, VRRP_ANNOUNCE_TAKEOVER);
	arm(s, VRRP_TIMER_ADVER, time_add(s->now, s->v->params.advert_us));
	notify(s, from);
}

/* Lets go of the addresses; the caller enters the next state. */
static void release_addresses(struct step *s)
{
	push(s, VRRP_OUT_VIP_DEL);
	announce(s, VRRP_ANNOUNCE_STOP);
}

/* Nobody was heard yet: wait as long as our own interval says. */
static void forget_active(struct vrrp_inst *v)
{
	memset(&v->active, 0, sizeof(v->active));
	v->active_priority = 0;
	v->active_adver_us = v->params.advert_us;
}

/* RFC 9568 6.4.1: Startup, and the same again when the last reason for FAULT is gone. */
static void start_up(struct step *s, enum vrrp_notify_state from)
{
	forget_active(s->v);
	if (s->v->priority == PRIORITY_OWNER) {
		take_over(s, from);
		return;
	}
	to_backup(s);
	arm_down(s);
	notify(s, from);
}

/* RFC 9568 6.4.2 and 6.4.3: Shutdown, and keepalived's FAULT, which leaves by the same door. */
static void leave(struct step *s, bool is_started)
{
	enum vrrp_notify_state from = vrrp_inst_notify_state(s->v);
	bool was_active = s->v->state == VRRP_STATE_ACTIVE;

	s->v->is_started = is_started;
	to_init(s);
	if (was_active) {
		advertise(s, PRIORITY_RESIGN);
		release_addresses(s);
	}
	notify(s, from);
}

/* The same, but what is on its way is still forwarded until somebody else does it. */
static void hand_over(struct step *s)
{
	s->v->is_started = false;
	to_init(s);
	advertise(s, PRIORITY_RESIGN);
	announce(s, VRRP_ANNOUNCE_STOP);
	arm(s, VRRP_TIMER_HANDOVER, time_add(s->now, s->ev->handover_us));
	notify(s, VRRP_NOTIFY_MASTER);
}

static bool is_handing_over(const struct vrrp_inst *v)
{
	return !time_is_never(v->at[VRRP_TIMER_HANDOVER]);
}

/* Nobody waits for a successor any more. */
static void end_handover(struct step *s)
{
	if (!is_handing_over(s->v))
		return;
	cancel(s, VRRP_TIMER_HANDOVER);
	push(s, VRRP_OUT_VIP_DEL);
}

/* ---- what several events share ---- */

/* RFC 9568 5.2.4: 255 is the owner's alone, tracking moves the others within 1..254. */
static uint8_t effective_priority(const struct vrrp_inst *v)
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

	s->v->priority = effective_priority(s->v);
	if (s->v->priority != old)
		log_numbers(s, VRRP_LOG_PRIO_CHANGED, old, s->v->priority);
}

static void set_params(struct step *s)
{
	struct vrrp_inst *v = s->v;

	v->params = s->ev->params;
	if (addr_is_unset(&v->active))
		v->active_adver_us = v->params.advert_us;
	refresh_priority(s);
}

static void set_active(struct step *s)
{
	struct vrrp_inst *v = s->v;

	if (addr_cmp(&v->active, &s->ev->advert.src) != 0) {
		log_advert(s, VRRP_LOG_ACTIVE_SET);
		s->out->item[s->out->n - 1].old_addr = v->active;
	}
	v->active = s->ev->advert.src;
	v->active_priority = s->ev->advert.priority;
	v->active_adver_us = interval_to_learn(&v->params, s->ev->advert.adver_us);
}

/* A down interval that became shorter counts from when the timer was armed; it is never extended.
 */
static void shorten_down(struct step *s, int64_t old_down_us)
{
	time_us old = s->v->at[VRRP_TIMER_DOWN];
	time_us at = time_add(old, vrrp_down_us(s->v) - old_down_us);

	if (time_cmp(at, old) < 0)
		arm(s, VRRP_TIMER_DOWN, later(at, s->now));
}

static bool add_fault(struct vrrp_inst *v, int delta)
{
	v->faults = v->faults + delta > 0 ? v->faults + delta : 0;
	return v->faults > 0;
}

/* ---- handlers ---- */

static void ignore(struct step *s)
{
	(void)s;
}

/* RFC 9568 6.4.1 */
static void init_start(struct step *s)
{
	struct vrrp_inst *v = s->v;
	enum vrrp_notify_state from = vrrp_inst_notify_state(v);

	if (v->is_started)
		return;
	end_handover(s);
	v->is_started = true;
	if (v->faults > 0) {
		notify(s, from);
		return;
	}
	start_up(s, from);
	if (v->state == VRRP_STATE_BACKUP && v->params.preempt_delay_us > 0)
		v->preempt_at = time_add(s->now, v->params.preempt_delay_us);
}

static void init_stop(struct step *s)
{
	if (s->v->is_started)
		leave(s, false);
}

/* The successor is there; it needs a moment to announce the addresses. */
static void init_advert(struct step *s)
{
	time_us at = time_add(s->now, HANDOVER_GRACE_US);

	if (!is_handing_over(s->v) || s->ev->advert.priority == PRIORITY_RESIGN)
		return;
	if (time_cmp(at, s->v->at[VRRP_TIMER_HANDOVER]) < 0)
		arm(s, VRRP_TIMER_HANDOVER, at);
}

static void init_timer(struct step *s)
{
	if (s->ev->timer != VRRP_TIMER_HANDOVER)
		return;
	s->v->at[VRRP_TIMER_HANDOVER] = TIME_NEVER;
	push(s, VRRP_OUT_VIP_DEL);
}

static void init_fault(struct step *s)
{
	bool had_fault = s->v->faults > 0;
	bool has_fault = add_fault(s->v, s->ev->fault_delta);

	if (s->v->is_started && had_fault && !has_fault)
		start_up(s, vrrp_inst_notify_state(s->v));
}

/* Both in Initialize and in Active, where the next advertisement carries it. */
static void any_weight(struct step *s)
{
	s->v->weight = s->ev->weight;
	refresh_priority(s);
}

static void init_config(struct step *s)
{
	set_params(s);
}

/* The dead process held the addresses a moment ago: go on in its rhythm and tell nobody. */
static void adopt_active(struct step *s)
{
	struct vrrp_inst *v = s->v;
	int64_t interval_us = v->params.advert_us;
	time_us limit = time_add(s->now, interval_us);
	time_us last = s->ev->adopt.adver_at;

	to_active(s);
	push(s, VRRP_OUT_VIP_ADD);
	announce(s, VRRP_ANNOUNCE_ADOPT);
	if (last.us < 0 || time_cmp(last, limit) > 0)
		last = s->now;
	v->lease_until = time_add(last, v->params.lease_us - interval_us);
	if (time_cmp(last, s->now) <= 0)
		advertise_active(s);
	arm(s, VRRP_TIMER_ADVER, next_adver(last, s->now, interval_us));
}

/* The silence that the dead process could not hear must not count against the active router. */
static void adopt_backup(struct step *s)
{
	struct vrrp_inst *v = s->v;

	to_backup(s);
	v->active = s->ev->adopt.active;
	v->active_priority = s->ev->adopt.active_priority;
	v->active_adver_us = interval_to_learn(&v->params, s->ev->adopt.active_adver_us);
	v->preempt_at = s->ev->adopt.preempt_at;
	arm_down(s);
}

/* Its lease ran out while nobody was there to renew it. */
static void adopt_lapsed(struct step *s)
{
	forget_active(s->v);
	push(s, VRRP_OUT_VIP_DEL);
	to_backup(s);
	arm_down(s);
	log_numbers(s, VRRP_LOG_LEASE_OVER, s->v->params.lease_us, 0);
	notify(s, VRRP_NOTIFY_MASTER);
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
		[VRRP_STATE_INIT] = ignore,
		[VRRP_STATE_BACKUP] = adopt_backup,
		[VRRP_STATE_ACTIVE] = adopt_active,
	};
	struct vrrp_inst *v = s->v;

	if (v->is_started || s->ev->adopt.state >= VRRP_STATE_N)
		return;
	end_handover(s);
	v->is_started = true;
	if (is_adopted_too_late(s))
		adopt_lapsed(s);
	else
		adopt[s->ev->adopt.state](s);
	if (v->faults > 0 && v->state != VRRP_STATE_INIT)
		leave(s, true);
	else if (v->faults == 0 && v->state == VRRP_STATE_INIT)
		start_up(s, vrrp_inst_notify_state(v));
}

static void backup_stop(struct step *s)
{
	leave(s, false);
}

static void active_stop(struct step *s)
{
	if (s->ev->handover_us > 0)
		hand_over(s);
	else
		leave(s, false);
}

static void any_fault(struct step *s)
{
	if (add_fault(s->v, s->ev->fault_delta))
		leave(s, true);
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
		log_numbers(s, VRRP_LOG_PREEMPT_START, delay_us, 0);
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
		log_advert(s, VRRP_LOG_PRIO_ZERO);
		arm(s, VRRP_TIMER_DOWN, time_add(s->now, skew_us(s->v)));
		return;
	}
	run_preempt_clock(s, is_replaceable);
	if (is_replaceable && !preempt_clock_runs(s)) { /* not heard: the down timer runs out */
		log_advert(s, VRRP_LOG_DISCARD_LOWER);
		return;
	}
	set_active(s);
	arm_down(s);
}

/* RFC 9568 6.4.2: Active_Down_Timer fires. */
static void backup_timer(struct step *s)
{
	s->v->at[VRRP_TIMER_DOWN] = TIME_NEVER;
	log_numbers(s, VRRP_LOG_DOWN_EXPIRED, 0, 0);
	take_over(s, VRRP_NOTIFY_BACKUP);
}

static void backup_weight(struct step *s)
{
	int64_t old_down_us = vrrp_down_us(s->v);

	any_weight(s);
	shorten_down(s, old_down_us);
}

static void backup_config(struct step *s)
{
	int64_t old_down_us = vrrp_down_us(s->v);

	set_params(s);
	if (s->v->priority == PRIORITY_OWNER)
		take_over(s, VRRP_NOTIFY_BACKUP);
	else
		shorten_down(s, old_down_us);
}

/* RFC 9568 6.4.3: the other wins; equal priorities are told apart by the address, unsigned. */
static bool active_is_beaten(const struct step *s)
{
	const struct vrrp_inst *v = s->v;

	if (s->ev->advert.priority != v->priority)
		return s->ev->advert.priority > v->priority;
	return addr_cmp(&s->ev->advert.src, &v->own_addr) > 0;
}

/* RFC 9568 6.4.3: a greater priority, or the same from a greater address. */
static void active_yield(struct step *s)
{
	struct vrrp_inst *v = s->v;
	bool is_equal = s->ev->advert.priority == v->priority;

	log_advert(s, is_equal ? VRRP_LOG_HIGHER_ADDR : VRRP_LOG_HIGHER_PRIO);
	if (v->params.higher_prio_send_advert)
		advertise(s, v->priority);
	release_addresses(s);
	to_backup(s);
	set_active(s);
	arm_down(s);
	notify(s, VRRP_NOTIFY_MASTER);
}

/* A member of its group follows another router; it leaves the field to that one's group. */
static void active_resign(struct step *s)
{
	forget_active(s->v);
	advertise(s, PRIORITY_RESIGN);
	release_addresses(s);
	to_backup(s);
	arm_down(s);
	notify(s, VRRP_NOTIFY_MASTER);
}

/*
 * The end of a split, as far as we can see: who follows our state may have followed the other's
 * meanwhile. Once for each: a rival that keeps on is no news, nor is the router that we relieved.
 */
static void note_rival(struct step *s)
{
	struct vrrp_inst *v = s->v;
	bool is_news = time_sub(s->now, v->rival_at) > vrrp_down_us(v);

	v->rival_at = s->now;
	if (!is_news)
		return;
	log_advert(s, VRRP_LOG_TWO_ACTIVE);
	push(s, VRRP_OUT_RENOTIFY);
}

/*
 * RFC 9568 6.4.3: answer at once. The hosts may have learned the other's MAC address, so the
 * addresses are announced again. Without an answer (RFC 5798) the timer goes on: a stream of losing
 * advertisements must not silence us.
 */
static void active_assert(struct step *s)
{
	announce(s, VRRP_ANNOUNCE_LOWER_PRIO);
	note_rival(s);
	if (s->ev->advert.priority != PRIORITY_RESIGN && s->v->params.lower_prio_no_advert)
		return;
	advertise_active(s);
	arm(s, VRRP_TIMER_ADVER, time_add(s->now, s->v->params.advert_us));
}

/* RFC 9568 6.4.3: while Active, an ADVERTISEMENT is received. */
static void active_advert(struct step *s)
{
	if (s->ev->advert.priority == PRIORITY_OWNER && s->v->priority == PRIORITY_OWNER)
		log_advert(s, VRRP_LOG_TWO_OWNERS); /* RFC 9568 8.3.2 */
	if (active_is_beaten(s)) {
		active_yield(s);
		return;
	}
	if (s->ev->advert.priority != PRIORITY_RESIGN)
		log_advert(s, VRRP_LOG_LOWER_PRIO);
	active_assert(s);
}

/* RFC 9568 6.4.3: Adver_Timer fires. */
static void active_timer(struct step *s)
{
	time_us deadline = s->v->at[VRRP_TIMER_ADVER];

	advertise_active(s);
	arm(s, VRRP_TIMER_ADVER, next_adver(deadline, s->now, s->v->params.advert_us));
}

/* A shorter interval holds from now on, a longer one from the next advertisement. */
static void active_config(struct step *s)
{
	time_us old = s->v->at[VRRP_TIMER_ADVER];
	bool had_lease = s->v->params.lease_us > 0;

	set_params(s);
	time_us at = earlier(old, time_add(s->now, s->v->params.advert_us));
	if (time_cmp(at, old) != 0)
		arm(s, VRRP_TIMER_ADVER, at);
	if (s->v->params.lease_us > 0 && !had_lease)
		advertise_active(s); /* it begins with an advertisement */
}

static const handler fsm[VRRP_STATE_N][VRRP_EV_N] = {
	[VRRP_STATE_INIT] = {
		[VRRP_EV_START] = init_start,
		[VRRP_EV_STOP] = init_stop,
		[VRRP_EV_ADVERT] = init_advert,
		[VRRP_EV_TIMER] = init_timer,
		[VRRP_EV_FAULT] = init_fault,
		[VRRP_EV_WEIGHT] = any_weight,
		[VRRP_EV_CONFIG] = init_config,
		[VRRP_EV_ADOPT] = init_adopt,
		[VRRP_EV_YIELD] = ignore,
	},
	[VRRP_STATE_BACKUP] = {
		[VRRP_EV_START] = ignore,
		[VRRP_EV_STOP] = backup_stop,
		[VRRP_EV_ADVERT] = backup_advert,
		[VRRP_EV_TIMER] = backup_timer,
		[VRRP_EV_FAULT] = any_fault,
		[VRRP_EV_WEIGHT] = backup_weight,
		[VRRP_EV_CONFIG] = backup_config,
		[VRRP_EV_ADOPT] = ignore,
		[VRRP_EV_YIELD] = ignore,
	},
	[VRRP_STATE_ACTIVE] = {
		[VRRP_EV_START] = ignore,
		[VRRP_EV_STOP] = active_stop,
		[VRRP_EV_ADVERT] = active_advert,
		[VRRP_EV_TIMER] = active_timer,
		[VRRP_EV_FAULT] = any_fault,
		[VRRP_EV_WEIGHT] = any_weight,
		[VRRP_EV_CONFIG] = active_config,
		[VRRP_EV_ADOPT] = ignore,
		[VRRP_EV_YIELD] = active_resign,
	},
};

/* ---- the interface ---- */

void vrrp_inst_init(struct vrrp_inst *v, const struct vrrp_params *params,
		    const struct addr *own_addr)
{
	memset(v, 0, sizeof(*v));
	v->params = *params;
	v->own_addr = *own_addr;
	v->priority = effective_priority(v);
	v->active_adver_us = params->advert_us;
	v->preempt_at = TIME_NEVER;
	for (int i = 0; i < VRRP_TIMER_N; i++)
		v->at[i] = TIME_NEVER;
}

/* An expiry that was under way when its timer was cancelled or moved is no event. */
static bool timer_is_due(const struct vrrp_inst *v, time_us now, enum vrrp_timer timer)
{
	return timer < VRRP_TIMER_N && !time_is_never(v->at[timer]) &&
	       time_cmp(v->at[timer], now) <= 0;
}

/*
 * We were silent for so long that the kernel has taken the addresses back and another router may
 * have them: give way without a word, and listen.
 */
static void lease_lapse(struct step *s)
{
	forget_active(s->v);
	log_numbers(s, VRRP_LOG_LEASE_OVER, s->v->params.lease_us, 0);
	release_addresses(s);
	to_backup(s);
	arm_down(s);
	notify(s, VRRP_NOTIFY_MASTER);
}

static bool is_lease_over(const struct vrrp_inst *v, time_us now)
{
	return v->state == VRRP_STATE_ACTIVE && v->params.lease_us > 0 &&
	       time_cmp(v->lease_until, now) <= 0;
}

void vrrp_step(struct vrrp_inst *v, time_us now, const struct vrrp_ev *ev, struct vrrp_out *out)
{
	struct step s = { .v = v, .now = now, .ev = ev, .out = out };

	out->n = 0;
	assert(ev->kind < VRRP_EV_N);
	if (is_lease_over(v, now))
		lease_lapse(&s);
	if (ev->kind == VRRP_EV_TIMER && !timer_is_due(v, now, ev->timer))
		return;
	fsm[v->state][ev->kind](&s);
}

const char *vrrp_state_name(const struct vrrp_inst *v)
{
	return vrrp_notify_name(vrrp_inst_notify_state(v));
}
