/*
 * Unit tests of vrrp/announce.c: order, bursts, pacing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/announce.h"

#define MANY 1000

static const struct announce_params defaults = {
	.n_addrs = 3,
	.repeat = 5,
	.delay_us = 5 * US_PER_S,
	.refresh_repeat = 1,
	.lower_prio_repeat = 2,
	.lower_prio_delay_us = 5 * US_PER_S,
};

static time_us at(int64_t us)
{
	return (time_us){ us };
}

/* Takes all that is due, checking the round-robin order; returns how many. */
static unsigned drain(struct announce *a, int64_t now_us)
{
	unsigned n = 0;
	int previous = -1;

	for (int addr; (addr = announce_next(a, at(now_us))) >= 0; n++) {
		assert_in_range(addr, 0, a->params.n_addrs - 1);
		if (previous >= 0)
			assert_int_equal(addr, (previous + 1) % (int)a->params.n_addrs);
		previous = addr;
		assert_true(n < 100 * MANY);
	}
	assert_true(time_cmp(announce_due(a), at(now_us)) > 0);
	return n;
}

static void test_nothing_at_first(void **state)
{
	struct announce a;
	(void)state;

	announce_init(&a, &defaults);
	assert_true(time_is_never(announce_due(&a)));
	assert_int_equal(drain(&a, US_PER_S), 0);
}

static void test_takeover_two_bursts(void **state)
{
	struct announce a;
	(void)state;

	announce_init(&a, &defaults);
	announce_trigger(&a, at(US_PER_S), VRRP_ANNOUNCE_TAKEOVER);
	assert_int_equal(announce_due(&a).us, US_PER_S);
	assert_int_equal(drain(&a, US_PER_S), 15);
	assert_int_equal(announce_due(&a).us, 6 * US_PER_S);
	assert_int_equal(drain(&a, 6 * US_PER_S - 1), 0);
	assert_int_equal(drain(&a, 6 * US_PER_S), 15);
	assert_true(time_is_never(announce_due(&a)));
}

static void test_each_once_before_any_repeat(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	(void)state;

	params.n_addrs = MANY;
	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_TAKEOVER);
	for (int round = 0; round < 5; round++)
		for (int i = 0; i < MANY; i++)
			assert_int_equal(announce_next(&a, at(0)), i);
	assert_int_equal(announce_next(&a, at(0)), -1);
}

static void test_pacing(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	int64_t now_us = US_PER_S;
	(void)state;

	params.interval_us = 1000;
	params.delay_us = 0;
	announce_init(&a, &params);
	announce_trigger(&a, at(now_us), VRRP_ANNOUNCE_TAKEOVER);
	for (int i = 0; i < 15; i++) {
		assert_int_equal(announce_due(&a).us, now_us);
		assert_int_equal(announce_next(&a, at(now_us - 1)), -1);
		assert_int_equal(announce_next(&a, at(now_us)), i % 3);
		assert_int_equal(announce_next(&a, at(now_us)), -1);
		now_us += 1000;
	}
	assert_true(time_is_never(announce_due(&a)));
	announce_trigger(&a, at(now_us - 500), VRRP_ANNOUNCE_LOWER_PRIO);
	assert_int_equal(announce_due(&a).us, now_us); /* the gap holds between bursts too */
}

static void test_catch_up_is_bounded(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	(void)state;

	params.n_addrs = MANY;
	params.interval_us = 1000;
	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_TAKEOVER);
	assert_int_equal(drain(&a, 0), 1);
	assert_int_equal(drain(&a, 3500), 3);         /* a little late: made good */
	assert_int_equal(drain(&a, 2 * US_PER_S), 5); /* seconds late: not */
	assert_int_equal(drain(&a, 2 * US_PER_S + 1000), 1);
}

/* Pacing so slow that the second burst falls due within the first: nothing is lost. */
static void test_bursts_overlap(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	unsigned n = 0;
	(void)state;

	params.interval_us = US_PER_S;
	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_TAKEOVER);
	while (!time_is_never(announce_due(&a)))
		n += drain(&a, announce_due(&a).us);
	assert_int_equal(n, 30);
}

static void test_refresh(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	(void)state;

	params.refresh_us = 60 * US_PER_S;
	params.refresh_repeat = 2;
	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_TAKEOVER);
	assert_int_equal(drain(&a, 0), 15);
	assert_int_equal(drain(&a, 5 * US_PER_S), 15);
	for (int64_t i = 1; i < 5; i++) {
		assert_int_equal(announce_due(&a).us, i * 60 * US_PER_S);
		assert_int_equal(drain(&a, i * 60 * US_PER_S), 6);
	}
	assert_int_equal(drain(&a, 3600 * US_PER_S),
			 6); /* what was slept through is not repeated */
	announce_trigger(&a, at(3600 * US_PER_S), VRRP_ANNOUNCE_STOP);
	assert_true(time_is_never(announce_due(&a)));
	assert_int_equal(drain(&a, 7200 * US_PER_S), 0);
}

static void test_lower_prio(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	(void)state;

	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_LOWER_PRIO);
	assert_int_equal(drain(&a, 0), 6);
	assert_int_equal(drain(&a, 5 * US_PER_S), 6);
	params.lower_prio_repeat = 0; /* none: and a takeover burst under way goes on */
	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_TAKEOVER);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_LOWER_PRIO);
	assert_int_equal(drain(&a, 0), 15);
	assert_int_equal(drain(&a, 5 * US_PER_S), 15);
	announce_trigger(&a, at(7 * US_PER_S), VRRP_ANNOUNCE_STOP);
	announce_trigger(&a, at(7 * US_PER_S), VRRP_ANNOUNCE_LOWER_PRIO);
	assert_int_equal(drain(&a, 20 * US_PER_S), 0);
}

static void test_adopt_is_quiet(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	(void)state;

	params.refresh_us = 60 * US_PER_S;
	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_ADOPT);
	assert_int_equal(drain(&a, 0), 3);
	assert_int_equal(announce_due(&a).us, 60 * US_PER_S);
}

/* A trigger every 100 ms, a round of a second: the last address still gets its turn. */
static void test_triggers_starve_nobody(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	unsigned seen[MANY] = { 0 };
	(void)state;

	params.n_addrs = MANY;
	params.interval_us = 1000;
	announce_init(&a, &params);
	for (int64_t now_us = 0; now_us < 2 * US_PER_S; now_us += 1000) {
		if (now_us % 100000 == 0)
			announce_trigger(&a, at(now_us), VRRP_ANNOUNCE_LOWER_PRIO);
		int addr = announce_next(&a, at(now_us));
		assert_true(addr >= 0);
		seen[addr]++;
	}
	for (int i = 0; i < MANY; i++)
		assert_int_equal(seen[i], 2);
}

static void test_no_addresses(void **state)
{
	struct announce_params params = defaults;
	struct announce a;
	(void)state;

	params.n_addrs = 0;
	params.refresh_us = US_PER_S;
	announce_init(&a, &params);
	announce_trigger(&a, at(0), VRRP_ANNOUNCE_TAKEOVER);
	for (int64_t now_us = 0; now_us < 20 * US_PER_S; now_us += US_PER_S / 2)
		assert_int_equal(drain(&a, now_us), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_at_first),
		cmocka_unit_test(test_takeover_two_bursts),
		cmocka_unit_test(test_each_once_before_any_repeat),
		cmocka_unit_test(test_pacing),
		cmocka_unit_test(test_catch_up_is_bounded),
		cmocka_unit_test(test_bursts_overlap),
		cmocka_unit_test(test_refresh),
		cmocka_unit_test(test_lower_prio),
		cmocka_unit_test(test_adopt_is_quiet),
		cmocka_unit_test(test_triggers_starve_nobody),
		cmocka_unit_test(test_no_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
