/*
 * The state machine in Active: rivals, the lease, Shutdown with and without handover. See
 * fsm_step.h.
 */
#include "vrrp/fsm_step.h"

/* ---- other active routers ---- */

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

	fsm_log_advert(s, is_equal ? VRRP_LOG_HIGHER_ADDR : VRRP_LOG_HIGHER_PRIO);
	if (v->params.higher_prio_send_advert)
		fsm_advertise(s, v->priority);
	fsm_release_addresses(s);
	fsm_to_backup(s);
	fsm_set_active(s);
	fsm_arm_down(s);
	fsm_notify(s, VRRP_NOTIFY_MASTER);
}

/* A member of its group follows another router; it leaves the field to that one's group. */
static void active_resign(struct step *s)
{
	fsm_forget_active(s->v);
	fsm_advertise(s, PRIORITY_RESIGN);
	fsm_release_addresses(s);
	fsm_to_backup(s);
	fsm_arm_down(s);
	fsm_notify(s, VRRP_NOTIFY_MASTER);
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
	fsm_log_advert(s, VRRP_LOG_TWO_ACTIVE);
	fsm_push(s, VRRP_OUT_RENOTIFY);
}

/*
 * RFC 9568 6.4.3: answer at once. The hosts may have learned the other's MAC address, so the
 * addresses are announced again. Without an answer (RFC 5798) the timer goes on: a stream of losing
 * advertisements must not silence us.
 */
static void active_assert(struct step *s)
{
	fsm_announce(s, VRRP_ANNOUNCE_LOWER_PRIO);
	note_rival(s);
	if (s->ev->advert.priority != PRIORITY_RESIGN && s->v->params.lower_prio_no_advert)
		return;
	fsm_advertise_active(s);
	fsm_begin_adver(s);
}

/* RFC 9568 6.4.3: while Active, an ADVERTISEMENT is received. */
static void active_advert(struct step *s)
{
	if (s->ev->advert.priority == PRIORITY_OWNER && s->v->priority == PRIORITY_OWNER)
		fsm_log_advert(s, VRRP_LOG_TWO_OWNERS); /* RFC 9568 8.3.2 */
	if (active_is_beaten(s)) {
		active_yield(s);
		return;
	}
	if (s->ev->advert.priority != PRIORITY_RESIGN)
		fsm_log_advert(s, VRRP_LOG_LOWER_PRIO);
	active_assert(s);
}

/* ---- timer and configuration ---- */

/* RFC 9568 6.4.3: Adver_Timer fires. */
static void active_timer(struct step *s)
{
	time_us deadline = s->v->at[VRRP_TIMER_ADVER];

	fsm_advertise_active(s);
	fsm_arm(s, VRRP_TIMER_ADVER, fsm_next_adver(deadline, s->now, s->v->params.advert_us));
}

static time_us earlier(time_us a, time_us b)
{
	return time_cmp(a, b) < 0 ? a : b;
}

/* A shorter interval holds from now on, a longer one from the next advertisement. */
static void active_config(struct step *s)
{
	time_us old = s->v->at[VRRP_TIMER_ADVER];
	bool had_lease = s->v->params.lease_us > 0;

	fsm_set_params(s);
	time_us at = earlier(old, fsm_next_adver(s->now, s->now, s->v->params.advert_us));
	if (time_cmp(at, old) != 0)
		fsm_arm(s, VRRP_TIMER_ADVER, at);
	if (s->v->params.lease_us > 0 && !had_lease)
		fsm_advertise_active(s); /* it begins with an advertisement */
}

/* ---- Shutdown ---- */

/* The same, but what is on its way is still forwarded until somebody else does it. */
static void hand_over(struct step *s)
{
	s->v->is_started = false;
	fsm_to_init(s);
	fsm_advertise(s, PRIORITY_RESIGN);
	fsm_announce(s, VRRP_ANNOUNCE_STOP);
	fsm_arm(s, VRRP_TIMER_HANDOVER, time_add(s->now, s->ev->handover_us));
	fsm_notify(s, VRRP_NOTIFY_MASTER);
}

static void active_stop(struct step *s)
{
	if (s->ev->handover_us > 0)
		hand_over(s);
	else
		fsm_leave(s, false);
}

void fsm_in_active(struct step *s)
{
	static const handler on[VRRP_EV_N] = {
		[VRRP_EV_START] = fsm_ignore,     [VRRP_EV_STOP] = active_stop,
		[VRRP_EV_ADVERT] = active_advert, [VRRP_EV_TIMER] = active_timer,
		[VRRP_EV_FAULT] = fsm_any_fault,  [VRRP_EV_WEIGHT] = fsm_any_weight,
		[VRRP_EV_CONFIG] = active_config, [VRRP_EV_ADOPT] = fsm_ignore,
		[VRRP_EV_YIELD] = active_resign,  [VRRP_EV_HOLD] = fsm_ignore,
	};

	on[s->ev->kind](s);
}

/* ---- the lease ---- */

/*
 * We were silent for so long that the kernel has taken the addresses back and another router may
 * have them: give way without a word, and listen.
 */
void fsm_lease_lapse(struct step *s)
{
	fsm_forget_active(s->v);
	fsm_log(s, VRRP_LOG_LEASE_OVER, s->v->params.lease_us, 0);
	fsm_release_addresses(s);
	fsm_to_backup(s);
	fsm_arm_down(s);
	fsm_notify(s, VRRP_NOTIFY_MASTER);
}

bool fsm_is_lease_over(const struct vrrp_inst *v, time_us now)
{
	return v->state == VRRP_STATE_ACTIVE && v->params.lease_us > 0 &&
	       time_cmp(v->lease_until, now) <= 0;
}
