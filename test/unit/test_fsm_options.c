/*
 * Unit tests of vrrp/fsm*.c: keepalived's options, FAULT, tracking, reload, adoption, and
 * properties over random events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/fsm_fixture.h"

static void test_v2_keeps_own_interval(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	f.params.version = 2;
	f.params.advert_us = 2 * US_PER_S;
	fsm_config(&f);
	fsm_start(&f);
	fsm_check_out(&f, "arm:down+6609375 notify:INIT>BACKUP");
	fsm_advert_every(&f, ADDR_HIGH, 200, US_PER_S);
	fsm_check_out(&f, "log:active_set arm:down+6609375");
}

static void test_learned_interval_is_bounded(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	f.params.learn_min_us = US_PER_S / 2;
	f.params.learn_max_us = 4 * US_PER_S;
	fsm_config(&f);
	fsm_advert_every(&f, ADDR_HIGH, 200, US_PER_CS);
	assert_int_equal(f.v.active_adver_us, US_PER_S / 2);
	fsm_advert_every(&f, ADDR_HIGH, 200, 4095 * US_PER_CS);
	assert_int_equal(f.v.active_adver_us, 4 * US_PER_S);
	fsm_advert_every(&f, ADDR_HIGH, 200, 0); /* no packet carries it, but a message might */
	assert_int_equal(f.v.active_adver_us, US_PER_S);
}

static void test_down_adverts(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	f.params.down_adverts = 5;
	fsm_config(&f);
	fsm_start(&f);
	fsm_check_out(&f, "arm:down+5609375 notify:INIT>BACKUP");
}

static void test_preempt_delay_from_start(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	f.params.preempt_delay_us = 10 * US_PER_S;
	fsm_config(&f);
	fsm_start(&f);
	for (int i = 1; i <= 9; i++) {
		fsm_after(&f, US_PER_S);
		fsm_advert(&f, ADDR_LOW, 50);
		assert_int_equal(fsm_left_us(&f, VRRP_TIMER_DOWN), DOWN_100);
	}
	int64_t deadline_us = f.v.at[VRRP_TIMER_DOWN].us;
	for (int i = 10; i <= 12; i++) { /* the delay is over: discarded, nothing is extended */
		fsm_after(&f, US_PER_S);
		fsm_advert(&f, ADDR_LOW, 50);
		fsm_check_out(&f, "log:discard");
	}
	assert_int_equal(f.v.at[VRRP_TIMER_DOWN].us, deadline_us);
	assert_true(deadline_us <= T0 + 10 * US_PER_S + DOWN_100);
	fsm_expire(&f, VRRP_TIMER_DOWN);
	assert_int_equal(f.v.state, VRRP_STATE_ACTIVE);
}

static void test_preempt_delay_from_visibility(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	f.params.preempt_delay_us = 10 * US_PER_S;
	fsm_config(&f);
	fsm_start(&f);
	fsm_advert(&f, ADDR_HIGH, 200);
	assert_true(time_is_never(f.v.preempt_at));
	fsm_after(&f, 100 * US_PER_S);
	f.v.at[VRRP_TIMER_DOWN].us += 100 * US_PER_S; /* as if it had been heard all the time */
	fsm_advert(&f, ADDR_LOW, 50);
	fsm_check_out(&f, "log:preempt_start log:active_set arm:down+3609375");
	assert_int_equal(f.v.preempt_at.us, f.now_us + 10 * US_PER_S);
	fsm_after(&f, US_PER_S);
	fsm_advert(&f, ADDR_LOW, 50); /* the same one: the delay goes on */
	fsm_check_out(&f, "arm:down+3609375");
	assert_int_equal(f.v.preempt_at.us, f.now_us + 9 * US_PER_S);
	fsm_advert(&f, ADDR_HIGH, 200);
	fsm_advert(&f, ADDR_LOW, 50); /* visible again */
	assert_int_equal(f.v.preempt_at.us, f.now_us + 10 * US_PER_S);
	fsm_advert(&f, ADDR_LOW, 0); /* a resignation is not delayed */
	fsm_check_out(&f, "log:prio_zero arm:down+609375");
}

/* A reload that makes it shorter, longer or nothing at all counts from when it began. */
static void test_preempt_delay_changes(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	f.params.preempt_delay_us = 300 * US_PER_S;
	fsm_config(&f);
	fsm_start(&f);
	const time_us began = { f.now_us };
	fsm_after(&f, US_PER_S);
	fsm_advert(&f, ADDR_LOW, 50);
	f.params.preempt_delay_us = 20 * US_PER_S;
	fsm_config(&f);
	assert_int_equal(f.v.preempt_at.us, began.us + 20 * US_PER_S);
	f.params.preempt_delay_us = 30 * US_PER_S;
	fsm_config(&f);
	assert_int_equal(f.v.preempt_at.us, began.us + 30 * US_PER_S);
	f.params.preempt_delay_us = 0;
	fsm_config(&f);
	assert_true(time_is_never(f.v.preempt_at));
	fsm_advert(&f, ADDR_LOW, 50);
	fsm_check_out(&f, "log:discard");
	f.params.preempt_delay_us = 5 * US_PER_S; /* none runs that could be shortened */
	fsm_config(&f);
	assert_true(time_is_never(f.v.preempt_at));
}

static void test_fault(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_fault(&f, 1);
	fsm_check_out(&f, "cancel:adver send:0 vip_del announce:stop notify:MASTER>FAULT");
	fsm_fault(&f, 1);
	fsm_check_out(&f, "");
	fsm_advert(&f, ADDR_LOW, 50);
	fsm_check_out(&f, "");
	fsm_fault(&f, -1);
	fsm_check_out(&f, "");
	fsm_fault(&f, -1);
	fsm_check_out(&f, "arm:down+3609375 notify:FAULT>BACKUP");
	fsm_fault(&f, -1); /* one too many */
	fsm_fault(&f, 1);
	fsm_check_out(&f, "cancel:down notify:BACKUP>FAULT");
	fsm_stop(&f);
	fsm_check_out(&f, "notify:FAULT>STOP");
	fsm_fault(&f, -1);
	fsm_check_out(&f, "");
}

static void test_fault_at_start(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	fsm_fault(&f, 1);
	fsm_check_out(&f, "");
	fsm_start(&f);
	fsm_check_out(&f, "notify:INIT>FAULT");
	assert_string_equal(vrrp_state_name(&f.v), "FAULT");
	fsm_fault(&f, -1);
	fsm_check_out(&f, "arm:down+3609375 notify:FAULT>BACKUP");
	fsm_init(&f, 255); /* the owner leaves Initialize for Active (RFC 9568 6.4.1) */
	fsm_fault(&f, 1);
	fsm_start(&f);
	fsm_fault(&f, -1);
	fsm_check_out(&f, "send:255 vip_add announce:takeover arm:adver+1000000 "
			  "notify:FAULT>MASTER");
}

static void test_weight_in_backup(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	fsm_after(&f, US_PER_S);
	fsm_weight(&f, 64); /* skew is 64/256 s shorter, counted from when it was armed */
	fsm_check_out(&f, "log:prio_changed arm:down+2359375");
	fsm_weight(&f, 0); /* never extended */
	fsm_check_out(&f, "log:prio_changed");
	fsm_weight(&f, 0);
	fsm_check_out(&f, "");
	f.now_us = f.v.at[VRRP_TIMER_DOWN].us - 1000;
	fsm_weight(&f, 100); /* nor set to an instant that is past */
	fsm_check_out(&f, "log:prio_changed arm:down+0");
}

static void test_weight_in_active(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_weight(&f, -60);
	fsm_check_out(&f, "log:prio_changed");
	assert_int_equal(f.out.item[0].a, 100);
	assert_int_equal(f.out.item[0].b, 40);
	fsm_expire(&f, VRRP_TIMER_ADVER);
	fsm_check_out(&f, "send:40 arm:adver+1000000");
}

static void test_config_interval_in_active(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_after(&f, 100000);
	f.params.advert_us = 200000;
	fsm_config(&f);
	fsm_check_out(&f, "arm:adver+190625");
	f.params.advert_us = 5 * US_PER_S;
	fsm_config(&f);
	fsm_check_out(&f, "");
	f.params.base_priority = 120;
	fsm_config(&f);
	fsm_check_out(&f, "log:prio_changed");
	fsm_expire(&f, VRRP_TIMER_ADVER);
	fsm_check_out(&f, "send:120 arm:adver+4850000");
}

static void test_config_in_backup(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	fsm_after(&f, US_PER_S);
	f.params.advert_us = US_PER_S / 2; /* nobody heard: our own interval counts */
	fsm_config(&f);
	fsm_check_out(&f, "arm:down+804687");
	f.params.advert_us = 10 * US_PER_S;
	fsm_config(&f);
	fsm_check_out(&f, "");
	fsm_advert(&f, ADDR_HIGH, 200);
	f.params.advert_us = US_PER_S / 10; /* the learned one is the active router's */
	fsm_config(&f);
	fsm_check_out(&f, "");
	f.params.base_priority = 255;
	fsm_config(&f);
	fsm_check_out(&f, "log:prio_changed cancel:down send:255 vip_add announce:takeover "
			  "arm:adver+100000 notify:BACKUP>MASTER");
}

static void adopt(struct fsm_fixture *f, enum vrrp_state before, time_us adver_at)
{
	struct vrrp_ev ev = { .kind = VRRP_EV_ADOPT };

	ev.adopt.state = before;
	ev.adopt.adver_at = adver_at;
	ev.adopt.preempt_at = (time_us){ f->now_us + 5 * US_PER_S };
	ev.adopt.active_adver_us = 2 * US_PER_S;
	ev.adopt.active = fsm_addr(ADDR_HIGH);
	ev.adopt.active_priority = 200;
	fsm_step(f, ev);
}

static void adopt_active(struct fsm_fixture *f, int64_t adver_at_us)
{
	fsm_init(f, 100);
	adopt(f, VRRP_STATE_ACTIVE, (time_us){ adver_at_us });
}

static void test_adopt_active(void **state)
{
	static const int64_t impossible[] = { T0 + 10 * US_PER_S, INT64_MAX, INT64_MIN, -1 };
	struct fsm_fixture f;
	(void)state;

	adopt_active(&f, T0 + 400000);
	fsm_check_out(&f, "vip_add announce:adopt arm:adver+400000");
	assert_string_equal(vrrp_state_name(&f.v), "MASTER");
	adopt(&f, VRRP_STATE_BACKUP, TIME_NEVER); /* only once */
	fsm_check_out(&f, "");
	adopt_active(&f, T0 - 2300000); /* late: send now, keep the rhythm */
	fsm_check_out(&f, "vip_add announce:adopt send:100 arm:adver+687500");
	for (size_t i = 0; i < sizeof(impossible) / sizeof(impossible[0]); i++) {
		adopt_active(&f, impossible[i]);
		fsm_check_out(&f, "vip_add announce:adopt send:100 arm:adver+1000000");
	}
}

static void test_adopt_backup(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	adopt(&f, VRRP_STATE_BACKUP, TIME_NEVER);
	fsm_check_out(&f, "arm:down+7218750");
	assert_int_equal(f.v.active_adver_us, 2 * US_PER_S);
	assert_int_equal(f.v.active_priority, 200);
	assert_int_equal(f.v.preempt_at.us, f.now_us + 5 * US_PER_S);
	fsm_advert_every(&f, ADDR_HIGH, 200, 2 * US_PER_S); /* the active router is no news */
	fsm_check_out(&f, "arm:down+7218750");
}

static void test_adopt_and_fault(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	fsm_fault(&f, 1); /* the link went down while nobody looked */
	adopt(&f, VRRP_STATE_ACTIVE, (time_us){ T0 + 400000 });
	fsm_check_out(&f, "vip_add announce:adopt arm:adver+400000 cancel:adver send:0 vip_del "
			  "announce:stop notify:MASTER>FAULT");
	fsm_init(&f, 100);
	fsm_fault(&f, 1);
	adopt(&f, VRRP_STATE_INIT, TIME_NEVER);
	fsm_check_out(&f, "");
	assert_string_equal(vrrp_state_name(&f.v), "FAULT");
	fsm_fault(&f, -1);
	fsm_check_out(&f, "arm:down+3609375 notify:FAULT>BACKUP");
	fsm_init(&f, 100);
	adopt(&f, VRRP_STATE_INIT, TIME_NEVER);
	fsm_check_out(&f, "arm:down+3609375 notify:FAULT>BACKUP");
	fsm_init(&f, 100);
	adopt(&f, VRRP_STATE_N, TIME_NEVER); /* a message from elsewhere is not trusted */
	fsm_check_out(&f, "");
	assert_false(f.v.is_started);
}

/* ---- properties over random events ---- */

static uint32_t draw(uint64_t *seed, uint32_t n)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*seed >> 33) % n;
}

static void random_params(struct vrrp_params *params, uint64_t *seed)
{
	params->base_priority = (uint8_t)(1 + draw(seed, 255));
	params->advert_us = (1 + draw(seed, 4095)) * US_PER_CS;
	params->preempt = draw(seed, 2);
	params->preempt_delay_us = draw(seed, 3) * US_PER_S;
	params->version = (uint8_t)(2 + draw(seed, 2));
	params->lease_us = draw(seed, 2) * 2 * params->advert_us;
}

static void random_event(struct fsm_fixture *f, uint64_t *seed, struct vrrp_ev *ev)
{
	static const uint32_t from[] = { ADDR_LOW, ADDR_HIGH };

	ev->kind = draw(seed, VRRP_EV_N);
	switch (ev->kind) {
	case VRRP_EV_ADVERT:
		ev->advert.src = fsm_addr(from[draw(seed, 2)]);
		ev->advert.priority = (uint8_t)draw(seed, 256);
		ev->advert.adver_us = draw(seed, 4096) * US_PER_CS;
		break;
	case VRRP_EV_TIMER: ev->timer = draw(seed, VRRP_TIMER_N); break;
	case VRRP_EV_FAULT: ev->fault_delta = draw(seed, 2) ? 1 : -1; break;
	case VRRP_EV_WEIGHT: ev->weight = (int)draw(seed, 600) - 300; break;
	case VRRP_EV_CONFIG:
		random_params(&f->params, seed);
		ev->params = f->params;
		break;
	case VRRP_EV_ADOPT:
		ev->adopt.state = draw(seed, VRRP_STATE_N);
		ev->adopt.adver_at = (time_us){ draw(seed, 2) ? f->now_us : INT64_MIN };
		ev->adopt.preempt_at = TIME_NEVER;
		ev->adopt.active_adver_us = draw(seed, 4096) * US_PER_CS;
		break;
	case VRRP_EV_STOP: ev->handover_us = draw(seed, 2) * US_PER_S; break;
	case VRRP_EV_HOLD: ev->hold_us = draw(seed, 5) * US_PER_S; break;
	case VRRP_EV_START:
	case VRRP_EV_YIELD:
	case VRRP_EV_N: break;
	}
}

/* What one step put out: who holds the addresses, the chain of notifications, no deadline in the
 * past. */
static void check_outputs(const struct fsm_fixture *f, bool *has_vip, const char **told)
{
	for (unsigned i = 0; i < f->out.n; i++) {
		const struct vrrp_out_item *item = &f->out.item[i];

		if (item->kind == VRRP_OUT_VIP_ADD || item->kind == VRRP_OUT_VIP_DEL)
			*has_vip = item->kind == VRRP_OUT_VIP_ADD;
		if (item->kind == VRRP_OUT_ARM)
			assert_true(item->at.us >= f->now_us);
		if (item->kind == VRRP_OUT_NOTIFY) {
			if (*told)
				assert_string_equal(vrrp_notify_name(item->from), *told);
			*told = vrrp_notify_name(item->to);
		}
	}
	if (*told)
		assert_string_equal(*told, vrrp_state_name(&f->v));
	bool is_waiting = !time_is_never(f->v.at[VRRP_TIMER_HANDOVER]);
	assert_int_equal(*has_vip, f->v.state == VRRP_STATE_ACTIVE || is_waiting);
	assert_true(!is_waiting || !f->v.is_started);
}

static void check_timers(const struct fsm_fixture *f)
{
	bool has_adver = !time_is_never(f->v.at[VRRP_TIMER_ADVER]);
	bool has_down = !time_is_never(f->v.at[VRRP_TIMER_DOWN]);

	assert_int_equal(has_adver, f->v.state == VRRP_STATE_ACTIVE);
	assert_int_equal(has_down, f->v.state == VRRP_STATE_BACKUP);
	if (has_adver)
		assert_true(fsm_left_us(f, VRRP_TIMER_ADVER) <= f->v.params.advert_us);
}

static void test_random_events(void **state)
{
	uint64_t seed = 1;
	(void)state;

	for (int run = 0; run < 300; run++) {
		struct fsm_fixture f;
		struct vrrp_ev ev = { 0 };
		bool has_vip = false;
		const char *told = NULL;
		fsm_init(&f, (uint8_t)(1 + draw(&seed, 255)));
		for (int i = 0; i < 300; i++) {
			random_event(&f, &seed, &ev);
			fsm_step(&f, ev);
			if (ev.kind == VRRP_EV_ADOPT) /* goes on from what the dead process told */
				told = NULL;
			check_outputs(&f, &has_vip, &told);
			check_timers(&f);
			fsm_after(&f, draw(&seed, 2000000));
		}
	}
}

/* An expiry that was overtaken by a re-arm or a cancel changes nothing. */
/* R12 and S4: what is learned has bounds; tested above. A lease begins with each advertisement. */
static void lease_init(struct fsm_fixture *f)
{
	fsm_init(f, 100);
	f->params.lease_us = 2 * US_PER_S;
	fsm_config(f);
	fsm_start(f);
	fsm_expire(f, VRRP_TIMER_DOWN);
	fsm_check_out(f, "log:down_expired send:100 lease+2000000 vip_add announce:takeover "
			 "arm:adver+953125 notify:BACKUP>MASTER");
}

#define LAPSE                                                                 \
	"log:lease_over vip_del announce:stop cancel:adver arm:down+3609375 " \
	"notify:MASTER>BACKUP"

static void test_lease(void **state)
{
	struct fsm_fixture f;
	(void)state;

	lease_init(&f);
	fsm_expire(&f, VRRP_TIMER_ADVER);
	fsm_check_out(&f, "send:100 lease+2000000 arm:adver+1000000");
	fsm_after(&f, 2 * US_PER_S - 1); /* late, but in time */
	fsm_timer(&f, VRRP_TIMER_ADVER);
	fsm_check_out(&f, "send:100 lease+2000000 arm:adver+1");
	fsm_after(&f, 2 * US_PER_S); /* woken by the timer: not a word */
	fsm_timer(&f, VRRP_TIMER_ADVER);
	fsm_check_out(&f, LAPSE);
	assert_string_equal(vrrp_state_name(&f.v), "BACKUP");
}

/* Whatever wakes it, it gives way before it looks at that. */
static void test_lease_first(void **state)
{
	struct fsm_fixture f;
	(void)state;

	lease_init(&f);
	fsm_after(&f, 5 * US_PER_S);
	fsm_advert(&f, ADDR_LOW, 50); /* a loser is not answered */
	fsm_check_out(&f, LAPSE " log:discard");
	lease_init(&f);
	fsm_after(&f, 5 * US_PER_S);
	fsm_stop(&f); /* no priority 0, which would say that we were there */
	fsm_check_out(&f, LAPSE " cancel:down notify:BACKUP>STOP");
}

static void test_lease_config(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_after(&f, US_PER_S / 2);
	f.params.lease_us = 2 * US_PER_S;
	fsm_config(&f);
	fsm_check_out(&f, "send:100 lease+2000000");
	f.params.lease_us = 0;
	fsm_config(&f);
	fsm_after(&f, 9 * US_PER_S);
	fsm_timer(&f, VRRP_TIMER_ADVER);
	fsm_check_out(&f, "send:100 arm:adver+453125");
}

static void adopt_with_lease(struct fsm_fixture *f, int64_t adver_in_us)
{
	struct vrrp_ev ev = { .kind = VRRP_EV_ADOPT };

	fsm_init(f, 100);
	f->params.lease_us = 2 * US_PER_S;
	fsm_config(f);
	ev.adopt.state = VRRP_STATE_ACTIVE;
	ev.adopt.adver_at.us = f->now_us + adver_in_us;
	ev.adopt.preempt_at = TIME_NEVER;
	fsm_step(f, ev);
}

static void test_lease_adopted(void **state)
{
	struct fsm_fixture f;
	(void)state;

	adopt_with_lease(&f, US_PER_S / 2);
	fsm_check_out(&f, "vip_add announce:adopt arm:adver+500000");
	adopt_with_lease(&f, 1 - US_PER_S);
	fsm_check_out(&f, "vip_add announce:adopt send:100 lease+2000000 arm:adver+1000000");
	adopt_with_lease(&f, -US_PER_S);
	fsm_check_out(&f, "vip_del arm:down+3609375 log:lease_over notify:MASTER>BACKUP");
}

/* S11: resigns, and keeps the addresses until the successor has had 50 ms to announce them. */
static void test_s11_handover(void **state)
{
	const struct vrrp_ev stop = { .kind = VRRP_EV_STOP, .handover_us = 1100 * US_PER_MS };
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_step(&f, stop);
	fsm_check_out(&f, "cancel:adver send:0 announce:stop arm:handover+1100000 "
			  "notify:MASTER>STOP");
	fsm_after(&f, 600 * US_PER_MS);
	fsm_advert(&f, ADDR_LOW, 0);
	fsm_check_out(&f, "");
	fsm_advert(&f, ADDR_LOW, 50);
	fsm_check_out(&f, "arm:handover+50000");
	fsm_after(&f, 40 * US_PER_MS);
	fsm_advert(&f, ADDR_LOW, 50); /* is not put off */
	fsm_check_out(&f, "");
	fsm_expire(&f, VRRP_TIMER_HANDOVER);
	fsm_check_out(&f, "vip_del");

	fsm_init_active(&f, 100); /* nobody comes */
	fsm_step(&f, stop);
	fsm_expire(&f, VRRP_TIMER_HANDOVER);
	fsm_check_out(&f, "vip_del");

	fsm_init_active(&f, 100); /* started again meanwhile */
	fsm_step(&f, stop);
	fsm_start(&f);
	fsm_check_out(&f, "cancel:handover vip_del arm:down+3609375 notify:STOP>BACKUP");
}

/* After a split the scripts hear MASTER again, once; not for the router that was relieved. */
static void test_rival(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_advert(&f, ADDR_LOW, 50);
	fsm_check_out(&f, "log:lower_prio announce:lower send:100 arm:adver+953125");
	fsm_after(&f, DOWN_100 + 1);
	fsm_advert(&f, ADDR_LOW, 50);
	fsm_check_out(&f, "log:lower_prio announce:lower log:two_active renotify send:100 "
			  "arm:adver+968749");
	fsm_after(&f, US_PER_S);
	fsm_advert(&f, ADDR_LOW, 50);
	fsm_check_out(&f, "log:lower_prio announce:lower send:100 arm:adver+968749");
	fsm_after(&f, DOWN_100 + 1);
	fsm_advert(&f, ADDR_LOW, 0); /* a rival that resigns was one, too */
	fsm_check_out(&f, "announce:lower log:two_active renotify send:100 arm:adver+984373");
}

static void test_stale_timer(void **state)
{
	struct fsm_fixture f;
	struct vrrp_inst before;
	(void)state;

	fsm_init_backup(&f, 100);
	fsm_after(&f, DOWN_100 - 1);
	fsm_advert(&f, ADDR_HIGH, 200);
	fsm_after(&f, 1);
	before = f.v;
	fsm_timer(&f, VRRP_TIMER_DOWN);
	fsm_check_out(&f, "");
	fsm_timer(&f, VRRP_TIMER_ADVER);
	fsm_timer(&f, VRRP_TIMER_N);
	assert_memory_equal(&f.v, &before, sizeof(before));
}

static void test_names(void **state)
{
	enum vrrp_state parsed;
	(void)state;

	assert_true(vrrp_state_parse("MASTER", &parsed));
	assert_int_equal(parsed, VRRP_STATE_ACTIVE);
	assert_true(vrrp_state_parse("BACKUP", &parsed));
	assert_int_equal(parsed, VRRP_STATE_BACKUP);
	assert_true(vrrp_state_parse("FAULT", &parsed));
	assert_int_equal(parsed, VRRP_STATE_INIT);
	assert_true(vrrp_state_parse("INIT", &parsed));
	assert_false(vrrp_state_parse("ACTIVE", &parsed));
	assert_false(vrrp_state_parse("", &parsed));
	assert_string_equal(vrrp_ev_name(VRRP_EV_ADOPT), "ADOPT");
	assert_string_equal(vrrp_out_name(VRRP_OUT_LOG), "LOG");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v2_keeps_own_interval),
		cmocka_unit_test(test_learned_interval_is_bounded),
		cmocka_unit_test(test_down_adverts),
		cmocka_unit_test(test_preempt_delay_from_start),
		cmocka_unit_test(test_preempt_delay_from_visibility),
		cmocka_unit_test(test_preempt_delay_changes),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_fault_at_start),
		cmocka_unit_test(test_weight_in_backup),
		cmocka_unit_test(test_weight_in_active),
		cmocka_unit_test(test_config_interval_in_active),
		cmocka_unit_test(test_config_in_backup),
		cmocka_unit_test(test_adopt_active),
		cmocka_unit_test(test_adopt_backup),
		cmocka_unit_test(test_adopt_and_fault),
		cmocka_unit_test(test_random_events),
		cmocka_unit_test(test_lease),
		cmocka_unit_test(test_lease_first),
		cmocka_unit_test(test_lease_config),
		cmocka_unit_test(test_lease_adopted),
		cmocka_unit_test(test_s11_handover),
		cmocka_unit_test(test_rival),
		cmocka_unit_test(test_stale_timer),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
