/*
 * Unit tests of vrrp/fsm*.c: the rows S1..S15 of the conformance list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/fsm_fixture.h"

static void test_s1_start(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	assert_string_equal(vrrp_state_name(&f.v), "INIT");
	fsm_start(&f);
	fsm_check_out(&f, "arm:down+3609375 notify:INIT>BACKUP");
	fsm_start(&f);
	fsm_check_out(&f, "");
	fsm_init(&f, 255);
	fsm_start(&f);
	fsm_check_out(&f, "send:255 vip_add announce:takeover arm:adver+1000000 "
			  "notify:INIT>MASTER");
}

static void test_s2_takeover(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	fsm_advert_every(&f, ADDR_HIGH, 200, US_PER_S / 2); /* adverts at our own interval */
	fsm_expire(&f, VRRP_TIMER_DOWN);
	fsm_check_out(&f, "log:down_expired send:100 vip_add announce:takeover "
			  "arm:adver+945313 notify:BACKUP>MASTER");
}

static void test_s3_backup_priority_zero(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	fsm_after(&f, US_PER_S);
	fsm_advert(&f, ADDR_LOW, 0);
	fsm_check_out(&f, "log:prio_zero arm:down+609375");
}

static void test_s4_backup_accepts(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	fsm_after(&f, US_PER_S);
	fsm_advert(&f, ADDR_LOW, 100); /* the lower address does not matter to a backup */
	fsm_check_out(&f, "log:active_set arm:down+3609375");
	fsm_advert_every(&f, ADDR_LOW, 200, 2 * US_PER_S);
	fsm_check_out(&f, "arm:down+7218750"); /* skew and down follow the learned interval */
	assert_int_equal(f.v.active_priority, 200);
	fsm_advert(&f, ADDR_HIGH, 200);
	fsm_check_out(&f, "log:active_set arm:down+3609375");
	assert_int_equal(f.out.item[0].old_addr.bytes[3], 1);

	f.params.preempt = false;
	fsm_config(&f);
	fsm_check_out(&f, "");
	fsm_advert(&f, ADDR_HIGH, 50);
	fsm_check_out(&f, "arm:down+3609375");
}

static void test_s5_backup_discards_lower(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	for (int i = 0; i < 3; i++) {
		fsm_after(&f, US_PER_S);
		fsm_advert_every(&f, ADDR_HIGH, 99, 40 * US_PER_S);
		fsm_check_out(&f, "log:discard");
	}
	assert_int_equal(f.v.at[VRRP_TIMER_DOWN].us, T0 + DOWN_100);
	assert_int_equal(f.v.active_adver_us, US_PER_S);
}

static void test_s6_backup_stop(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_backup(&f, 100);
	fsm_stop(&f);
	fsm_check_out(&f, "cancel:down notify:BACKUP>STOP");
	fsm_stop(&f);
	fsm_check_out(&f, "");
	fsm_start(&f);
	fsm_check_out(&f, "arm:down+3609375 notify:STOP>BACKUP");
}

static void test_s7_adverts_do_not_drift(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	int64_t first_us = f.v.at[VRRP_TIMER_ADVER].us;
	for (int64_t i = 1; i <= 3600; i++) {
		f.now_us = f.v.at[VRRP_TIMER_ADVER].us + i % 7 * 1000; /* the loop is late */
		fsm_timer(&f, VRRP_TIMER_ADVER);
		assert_int_equal(f.out.n, 2);
		assert_int_equal(f.v.at[VRRP_TIMER_ADVER].us, first_us + i * US_PER_S);
	}
	fsm_after(&f, 10 * US_PER_S + 1); /* a pause gives one advertisement, not ten */
	fsm_timer(&f, VRRP_TIMER_ADVER);
	assert_int_equal(f.out.n, 2);
	assert_in_range(fsm_left_us(&f, VRRP_TIMER_ADVER), 1, US_PER_S);
	assert_int_equal((f.v.at[VRRP_TIMER_ADVER].us - first_us) % US_PER_S, 0);
}

/* Routers that became active at any instants come to share instants to send at; none waits longer.
 */
static void test_s7_adverts_share_beats(void **state)
{
	static const int64_t intervals_us[] = { US_PER_CS, 70000, 100000, US_PER_S, 40950000 };
	(void)state;

	for (unsigned i = 0; i < sizeof(intervals_us) / sizeof(intervals_us[0]); i++) {
		for (int64_t k = 0; k < 1000; k++) {
			struct fsm_fixture f;
			int64_t interval_us = intervals_us[i];

			fsm_init(&f, 255);
			f.params.advert_us = interval_us;
			fsm_config(&f);
			fsm_after(&f, k * 997);
			fsm_start(&f);
			assert_int_equal(f.v.state, VRRP_STATE_ACTIVE);
			int64_t at_us = f.v.at[VRRP_TIMER_ADVER].us;
			assert_int_equal(at_us % (interval_us / 16), 0);
			assert_in_range(fsm_left_us(&f, VRRP_TIMER_ADVER),
					interval_us - interval_us / 16, interval_us);
			fsm_expire(&f, VRRP_TIMER_ADVER);
			fsm_expire(&f, VRRP_TIMER_ADVER);
			assert_in_range(f.v.at[VRRP_TIMER_ADVER].us - at_us, 2 * interval_us,
					2 * interval_us);
		}
	}
}

static void test_s8_active_priority_zero(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_after(&f, 300000);
	fsm_advert(&f, ADDR_HIGH, 0);
	fsm_check_out(&f, "announce:lower send:100 arm:adver+965625");
	f.params.lower_prio_no_advert = true; /* is about losing advertisements only */
	fsm_config(&f);
	fsm_advert(&f, ADDR_HIGH, 0);
	fsm_check_out(&f, "announce:lower send:100 arm:adver+965625");
}

static void test_s9_active_yields(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_after(&f, 300000);
	fsm_advert_every(&f, ADDR_LOW, 101, 2 * US_PER_S);
	fsm_check_out(&f, "log:higher_prio vip_del announce:stop cancel:adver log:active_set "
			  "arm:down+7218750 notify:MASTER>BACKUP");
	fsm_init_active(&f, 100);
	fsm_advert(&f, ADDR_HIGH, 100);
	fsm_check_out(&f, "log:higher_addr vip_del announce:stop cancel:adver log:active_set "
			  "arm:down+3609375 notify:MASTER>BACKUP");
	fsm_init_active(&f, 100);
	f.params.higher_prio_send_advert = true;
	fsm_config(&f);
	fsm_advert(&f, ADDR_LOW, 101);
	fsm_check_out(&f, "log:higher_prio send:100 vip_del announce:stop cancel:adver "
			  "log:active_set arm:down+3609375 notify:MASTER>BACKUP");
}

/* The tie-break is unsigned: 127.x and 128.x lie on both sides of a sign bit. */
static void test_s9_tie_break_unsigned(void **state)
{
	static const uint32_t pairs[][2] = { { 0x7fffffff, 0x80000000 },
					     { 0x0a000001, 0xc0a80001 },
					     { 0x0a00007f, 0x0a000080 },
					     { 0xfffffffe, 0xffffffff } };
	(void)state;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (int we_win = 0; we_win < 2; we_win++) {
			struct fsm_fixture f;
			fsm_init(&f, 100);
			f.v.own_addr = fsm_addr(pairs[i][we_win]);
			fsm_start(&f);
			fsm_expire(&f, VRRP_TIMER_DOWN);
			fsm_advert(&f, pairs[i][!we_win], 100);
			assert_int_equal(f.v.state, we_win ? VRRP_STATE_ACTIVE : VRRP_STATE_BACKUP);
		}
	}
}

static void test_s10_losing_advert(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_after(&f, 300000);
	fsm_advert(&f, ADDR_HIGH, 99);
	fsm_check_out(&f, "log:lower_prio announce:lower send:100 arm:adver+965625");
	fsm_advert(&f, ADDR_LOW, 100);
	fsm_check_out(&f, "log:lower_prio announce:lower send:100 arm:adver+965625");

	f.params.lower_prio_no_advert = true;
	fsm_config(&f);
	int64_t at_us = f.v.at[VRRP_TIMER_ADVER].us;
	for (int i = 0; i < 100; i++) { /* a stream of them must not silence us */
		fsm_advert(&f, ADDR_HIGH, 99);
		fsm_check_out(&f, "log:lower_prio announce:lower");
	}
	assert_int_equal(f.v.at[VRRP_TIMER_ADVER].us, at_us);
}

static void test_s11_active_stop(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init_active(&f, 100);
	fsm_stop(&f);
	fsm_check_out(&f, "cancel:adver send:0 vip_del announce:stop notify:MASTER>STOP");
	assert_string_equal(vrrp_state_name(&f.v), "STOP");
	fsm_timer(&f, VRRP_TIMER_ADVER);
	fsm_check_out(&f, "");
	fsm_advert(&f, ADDR_LOW, 1);
	fsm_check_out(&f, "");
}

static void test_s12_priority_range(void **state)
{
	static const int weights[] = { -1000000, -253, -100, -1, 0, 1, 100, 253, 1000000 };
	struct fsm_fixture f;
	(void)state;

	for (int base = 1; base <= 255; base++) {
		fsm_init(&f, (uint8_t)base);
		for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
			fsm_weight(&f, weights[i]);
			int want = base + weights[i];
			want = want < 1 ? 1 : want > 254 ? 254 : want;
			assert_int_equal(f.v.priority, base == 255 ? 255 : want);
		}
	}
}

static void test_s13_two_owners(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 255);
	fsm_start(&f);
	fsm_advert(&f, ADDR_LOW, 255);
	fsm_check_out(&f, "log:two_owners log:lower_prio announce:lower send:255 "
			  "arm:adver+1000000");
	fsm_advert(&f, ADDR_HIGH, 255);
	fsm_check_out(&f, "log:two_owners log:higher_addr vip_del announce:stop cancel:adver "
			  "log:active_set arm:down+3003906 notify:MASTER>BACKUP");
}

/* Every priority with every interval of v3, against the formula in whole microseconds. */
static void test_s14_skew_and_down_exact(void **state)
{
	struct fsm_fixture f;
	(void)state;

	fsm_init(&f, 100);
	for (int priority = 1; priority <= 255; priority++) {
		f.v.priority = (uint8_t)priority;
		for (int64_t cs = 1; cs <= 4095; cs++) {
			/* 10,000 us per cs over 256 is 625 over 16 */
			int64_t skew_us = (256 - priority) * cs * 625 / 16;
			f.v.active_adver_us = cs * US_PER_CS;
			if (vrrp_skew_us(3, (uint8_t)priority, cs * US_PER_CS) != skew_us ||
			    vrrp_down_us(&f.v) != 3 * cs * 10000 + skew_us)
				fail_msg("priority %d interval %ld cs", priority, (long)cs);
		}
		/* v2: of one second, whatever the interval */
		assert_int_equal(vrrp_skew_us(2, (uint8_t)priority, 7 * US_PER_S),
				 (256 - priority) * 15625 / 4);
	}
}

static void test_s15_instances_are_independent(void **state)
{
	struct fsm_fixture a, b, untouched;
	(void)state;

	fsm_init_active(&a, 100);
	fsm_init_active(&b, 100);
	untouched = b;
	fsm_stop(&a);
	fsm_fault(&a, 1);
	assert_memory_equal(&b, &untouched, sizeof(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s1_start),
		cmocka_unit_test(test_s2_takeover),
		cmocka_unit_test(test_s3_backup_priority_zero),
		cmocka_unit_test(test_s4_backup_accepts),
		cmocka_unit_test(test_s5_backup_discards_lower),
		cmocka_unit_test(test_s6_backup_stop),
		cmocka_unit_test(test_s7_adverts_do_not_drift),
		cmocka_unit_test(test_s7_adverts_share_beats),
		cmocka_unit_test(test_s8_active_priority_zero),
		cmocka_unit_test(test_s9_active_yields),
		cmocka_unit_test(test_s9_tie_break_unsigned),
		cmocka_unit_test(test_s10_losing_advert),
		cmocka_unit_test(test_s11_active_stop),
		cmocka_unit_test(test_s12_priority_range),
		cmocka_unit_test(test_s13_two_owners),
		cmocka_unit_test(test_s14_skew_and_down_exact),
		cmocka_unit_test(test_s15_instances_are_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
