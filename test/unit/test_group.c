/*
 * Unit tests of vrrp/group.c: two routers of a host, their clock, and what the group made of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/group.h"

#define N 2

struct fixture {
	struct vrrp_inst v[N];
	struct group_member member[N];
	struct group_member *members[N];
	struct vrrp_group g;
	time_us now;
	unsigned resigned;                /* priorities 0 sent */
	enum vrrp_notify_state synced[8]; /* lines */
	unsigned n_synced;
	enum vrrp_notify_state told[8];
	unsigned n_told;
};

static struct addr addr_of(uint8_t last)
{
	return addr_from_bytes((const uint8_t[]){ 10, 0, 0, last }, 4);
}

static void step(struct fixture *f, unsigned i, const struct vrrp_ev *ev)
{
	enum vrrp_state was = f->v[i].state;
	struct vrrp_out out;

	vrrp_step(&f->v[i], f->now, ev, &out);
	for (unsigned k = 0; k < out.n; k++)
		f->resigned += out.item[k].kind == VRRP_OUT_SEND && out.item[k].priority == 0;
	group_note_step(&f->g, &f->member[i], was, f->now, ev);
}

static void settle(struct fixture *f)
{
	struct group_act act;

	for (group_next(&f->g, f->now, &act); act.kind != GROUP_ACT_NONE;
	     group_next(&f->g, f->now, &act)) {
		if (act.kind == GROUP_ACT_FEED)
			step(f, act.member, &act.ev);
		else if (act.kind == GROUP_ACT_SYNC)
			f->synced[f->n_synced++] = act.state;
		else
			f->told[f->n_told++] = act.state;
		assert_true(f->n_synced < 8 && f->n_told < 8);
	}
}

static void feed(struct fixture *f, unsigned i, struct vrrp_ev ev)
{
	if (!group_holds_back(&f->g, &ev))
		step(f, i, &ev);
	settle(f);
}

static void fault(struct fixture *f, unsigned i, int faults)
{
	int delta = faults - f->member[i].faults;

	group_note_faults(&f->member[i], faults);
	feed(f, i, (struct vrrp_ev){ .kind = VRRP_EV_FAULT, .fault_delta = delta });
}

static void advert(struct fixture *f, unsigned i, uint8_t priority)
{
	struct vrrp_ev ev = { .kind = VRRP_EV_ADVERT };

	ev.advert.src = addr_of(99);
	ev.advert.priority = priority;
	ev.advert.adver_us = US_PER_S;
	feed(f, i, ev);
}

/* The Active_Down_Timer of a member goes off, `us` after it is due. */
static void expire(struct fixture *f, unsigned i, int64_t us)
{
	time_us due = time_add(f->v[i].at[VRRP_TIMER_DOWN], us);

	if (time_cmp(due, f->now) > 0)
		f->now = due;
	feed(f, i, (struct vrrp_ev){ .kind = VRRP_EV_TIMER, .timer = VRRP_TIMER_DOWN });
}

static void both_are(const struct fixture *f, enum vrrp_state state)
{
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(f->v[i].state, state);
}

static void init(struct fixture *f)
{
	const struct vrrp_params params = { .version = 3,
					    .base_priority = 100,
					    .advert_us = US_PER_S,
					    .down_adverts = 3,
					    .preempt = true };

	*f = (struct fixture){ .now = { 1000 * US_PER_S } };
	for (unsigned i = 0; i < N; i++) {
		const struct addr own = addr_of((uint8_t)(i + 1));

		vrrp_inst_init(&f->v[i], &params, &own);
		f->member[i].v = &f->v[i];
		f->members[i] = &f->member[i];
	}
	group_init(&f->g, f->members, N, VRRP_NOTIFY_INIT);
}

static void start(struct fixture *f)
{
	for (unsigned i = 0; i < N; i++)
		feed(f, i, (struct vrrp_ev){ .kind = VRRP_EV_START });
}

static void init_active(struct fixture *f)
{
	init(f);
	start(f);
	expire(f, 1, 0); /* both are due at the same time */
	both_are(f, VRRP_STATE_ACTIVE);
	f->n_synced = f->n_told = 0;
}

static void test_start_is_told_once(void **state)
{
	struct fixture f;

	(void)state;
	init(&f);
	start(&f);
	both_are(&f, VRRP_STATE_BACKUP);
	assert_int_equal(f.n_told, 1);
	assert_int_equal(f.told[0], VRRP_NOTIFY_BACKUP);
	assert_int_equal(f.n_synced, 0);
}

static void test_both_must_miss_the_active(void **state)
{
	struct fixture f;

	(void)state;
	init(&f);
	start(&f);
	f.now = time_add(f.now, US_PER_S);
	advert(&f, 1, 200);
	expire(&f, 0, 0);
	both_are(&f, VRRP_STATE_BACKUP);
	f.now = time_add(f.now, US_PER_S / 2);
	advert(&f, 1, 200); /* the second is still served: the first waits, however long */
	expire(&f, 1, 0);
	both_are(&f, VRRP_STATE_ACTIVE);
	assert_int_equal(f.synced[0], VRRP_NOTIFY_MASTER);
	assert_int_equal(f.told[1], VRRP_NOTIFY_MASTER);
	assert_int_equal(f.n_told, 2);
}

static void test_one_beaten_all_resign(void **state)
{
	struct fixture f;

	(void)state;
	init_active(&f);
	advert(&f, 0, 200);
	both_are(&f, VRRP_STATE_BACKUP);
	assert_int_equal(f.resigned, 1); /* the second; the first has been beaten */
	assert_int_equal(f.synced[0], VRRP_NOTIFY_BACKUP);
	assert_int_equal(f.told[0], VRRP_NOTIFY_BACKUP);
	assert_int_equal(f.n_told, 1);
}

/* Both groups gave way to each other: each of them waits another time before it tries again. */
static void test_clash_is_followed_by_a_wait(void **state)
{
	int64_t waited_us = 0, last_us;
	struct fixture f;

	(void)state;
	init_active(&f);
	for (int clash = 0; clash < 6; clash++) {
		f.n_synced = f.n_told = 0;
		advert(&f, 0, 200);
		advert(&f, 0, 0);
		advert(&f, 1, 0);
		both_are(&f, VRRP_STATE_BACKUP);
		expire(&f, 0, 0);
		last_us = f.now.us;
		expire(&f, 1, 0);
		expire(&f, 0, 0);
		both_are(&f, VRRP_STATE_ACTIVE);
		waited_us += f.now.us - last_us;
	}
	assert_true(waited_us >= US_PER_S / 4 && waited_us <= 6 * 8 * US_PER_S);
}

/* A rival that stops some time after it has won is none. */
/* The lease of one member ran out while no process was there: the others are adopted after it. */
static void test_lapsed_adoption_takes_all_along(void **state)
{
	struct vrrp_ev ev = { .kind = VRRP_EV_ADOPT };
	struct fixture f;

	(void)state;
	init(&f);
	f.v[0].params.lease_us = 2 * US_PER_S;
	ev.adopt.state = VRRP_STATE_ACTIVE;
	ev.adopt.adver_at = time_add(f.now, -US_PER_S);
	ev.adopt.preempt_at = TIME_NEVER;
	feed(&f, 0, ev);
	assert_int_equal(f.v[0].state, VRRP_STATE_BACKUP);
	feed(&f, 1, ev);
	both_are(&f, VRRP_STATE_BACKUP);
}

static void test_late_resignation_is_no_clash(void **state)
{
	struct fixture f;

	(void)state;
	init_active(&f);
	for (int i = 0; i < 6; i++) {
		f.n_synced = f.n_told = 0;
		advert(&f, 0, 200);
		f.now = time_add(f.now, 2 * US_PER_S);
		advert(&f, 0, 0);
		advert(&f, 1, 0);
		expire(&f, 0, 0);
		both_are(&f, VRRP_STATE_ACTIVE);
	}
}

static void test_a_loser_moves_nobody(void **state)
{
	struct fixture f;

	(void)state;
	init_active(&f);
	advert(&f, 1, 50);
	both_are(&f, VRRP_STATE_ACTIVE);
	assert_int_equal(f.n_told + f.n_synced + f.resigned, 0);
}

static void test_fault_of_one_is_fault_of_all(void **state)
{
	struct fixture f;

	(void)state;
	init_active(&f);
	fault(&f, 1, 1);
	both_are(&f, VRRP_STATE_INIT);
	assert_int_equal(f.resigned, 2);
	assert_int_equal(f.synced[0], VRRP_NOTIFY_FAULT);
	assert_int_equal(f.told[0], VRRP_NOTIFY_FAULT);
	fault(&f, 0, 2); /* both have reasons now */
	fault(&f, 1, 0);
	both_are(&f, VRRP_STATE_INIT);
	fault(&f, 0, 0);
	both_are(&f, VRRP_STATE_BACKUP);
	assert_int_equal(f.v[0].faults + f.v[1].faults, 0);
	assert_int_equal(f.told[1], VRRP_NOTIFY_BACKUP);
	assert_int_equal(f.n_told, 2);
}

static void test_fault_before_start(void **state)
{
	struct fixture f;

	(void)state;
	init(&f);
	fault(&f, 1, 1);
	start(&f);
	both_are(&f, VRRP_STATE_INIT);
	assert_int_equal(f.n_told, 1);
	assert_int_equal(f.told[0], VRRP_NOTIFY_FAULT);
}

static void test_leaving_member_is_released(void **state)
{
	struct fixture f;
	struct vrrp_ev ev;

	(void)state;
	init_active(&f);
	fault(&f, 1, 1);
	assert_true(group_release(&f.member[0], &ev));
	step(&f, 0, &ev);
	assert_int_equal(f.v[0].state, VRRP_STATE_BACKUP);
	assert_false(group_release(&f.member[0], &ev));
}

static void test_newcomer_catches_up(void **state)
{
	struct fixture f;
	struct addr own = addr_of(2);

	(void)state;
	init_active(&f);
	vrrp_inst_init(&f.v[1], &f.v[0].params, &own);
	f.member[1] = (struct group_member){ .v = &f.v[1] };
	feed(&f, 1, (struct vrrp_ev){ .kind = VRRP_EV_START });
	assert_int_equal(f.v[0].state, VRRP_STATE_ACTIVE);
	assert_int_equal(f.v[1].state, VRRP_STATE_BACKUP);
	expire(&f, 1, 0);
	both_are(&f, VRRP_STATE_ACTIVE);
	assert_int_equal(f.n_told, 0); /* for the group nothing has changed */
}

static void test_newcomer_that_follows_takes_all_along(void **state)
{
	struct fixture f;
	struct addr own = addr_of(2);

	(void)state;
	init_active(&f);
	vrrp_inst_init(&f.v[1], &f.v[0].params, &own);
	f.member[1] = (struct group_member){ .v = &f.v[1] };
	feed(&f, 1, (struct vrrp_ev){ .kind = VRRP_EV_START });
	advert(&f, 1, 50); /* it would replace that one */
	assert_int_equal(f.v[0].state, VRRP_STATE_ACTIVE);
	advert(&f, 1, 200);
	both_are(&f, VRRP_STATE_BACKUP);
	assert_int_equal(f.resigned, 1);
}

static void test_stop_is_told_when_all_have(void **state)
{
	struct fixture f;

	(void)state;
	init_active(&f);
	feed(&f, 0, (struct vrrp_ev){ .kind = VRRP_EV_STOP });
	assert_int_equal(f.n_told, 0);
	assert_int_equal(f.v[1].state, VRRP_STATE_ACTIVE);
	feed(&f, 1, (struct vrrp_ev){ .kind = VRRP_EV_STOP });
	assert_int_equal(f.told[0], VRRP_NOTIFY_STOP);
}

static void test_adopted_state_is_not_told_again(void **state)
{
	struct fixture f;

	(void)state;
	init(&f);
	group_init(&f.g, f.members, N, VRRP_NOTIFY_BACKUP);
	start(&f);
	both_are(&f, VRRP_STATE_BACKUP);
	assert_int_equal(f.n_told, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_is_told_once),
		cmocka_unit_test(test_both_must_miss_the_active),
		cmocka_unit_test(test_one_beaten_all_resign),
		cmocka_unit_test(test_clash_is_followed_by_a_wait),
		cmocka_unit_test(test_lapsed_adoption_takes_all_along),
		cmocka_unit_test(test_late_resignation_is_no_clash),
		cmocka_unit_test(test_a_loser_moves_nobody),
		cmocka_unit_test(test_fault_of_one_is_fault_of_all),
		cmocka_unit_test(test_fault_before_start),
		cmocka_unit_test(test_leaving_member_is_released),
		cmocka_unit_test(test_newcomer_catches_up),
		cmocka_unit_test(test_newcomer_that_follows_takes_all_along),
		cmocka_unit_test(test_stop_is_told_when_all_have),
		cmocka_unit_test(test_adopted_state_is_not_told_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
