/*
 * Unit tests of vrrp/track.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "vrrp/track.h"

#define FAULT 1000

/* The weight, or FAULT. */
static int effect(int64_t weight, bool is_reverse, bool is_up)
{
	const struct track_use use = { .weight = weight, .is_reverse = is_reverse };
	const struct track_obs obs = { .is_known = true, .is_up = is_up };
	struct track_effect e = track_effect(&use, &obs);

	assert_false(e.is_awaited);
	return e.is_fault ? FAULT : e.weight;
}

static int file_effect(int64_t weight, bool is_reverse, int64_t value)
{
	const struct track_use use = { .weight = weight,
				       .is_reverse = is_reverse,
				       .is_factor = true };
	const struct track_obs obs = { .is_known = true, .is_up = true, .value = value };
	struct track_effect e = track_effect(&use, &obs);

	return e.is_fault ? FAULT : e.weight;
}

/* The table of keepalived's weights. */
static void test_weights(void **state)
{
	(void)state;
	assert_int_equal(effect(0, false, true), 0);
	assert_int_equal(effect(0, false, false), FAULT);
	assert_int_equal(effect(20, false, true), 20);
	assert_int_equal(effect(20, false, false), 0);
	assert_int_equal(effect(-20, false, true), 0);
	assert_int_equal(effect(-20, false, false), -20);
	assert_int_equal(effect(0, true, true), FAULT);
	assert_int_equal(effect(0, true, false), 0);
	assert_int_equal(effect(20, true, true), -20);
	assert_int_equal(effect(20, true, false), 0);
	assert_int_equal(effect(-20, true, true), 0);
	assert_int_equal(effect(-20, true, false), 20);
	assert_int_equal(effect(-254, false, false), -253);
	assert_int_equal(effect(254, false, true), 253);
}

static void test_files(void **state)
{
	(void)state;
	assert_int_equal(file_effect(1, false, 7), 7);
	assert_int_equal(file_effect(-2, false, 7), -14);
	assert_int_equal(file_effect(-2, true, 7), 14);
	assert_int_equal(file_effect(100, false, 3), 253);
	assert_int_equal(file_effect(-100, false, 3), FAULT);
	assert_int_equal(file_effect(1, false, -253), -253);
	assert_int_equal(file_effect(1, false, -254), FAULT);
	assert_int_equal(file_effect(254, false, INT32_MIN), FAULT);
	assert_int_equal(file_effect(0, false, 0), 0);
	assert_int_equal(file_effect(0, false, -1), FAULT);
	assert_int_equal(file_effect(0, true, 0), FAULT);
	assert_int_equal(file_effect(0, true, 1), 0);
}

static void test_unknown(void **state)
{
	struct track_use use = { .weight = 0 };
	const struct track_obs obs = { .is_known = false };

	(void)state;
	assert_true(track_effect(&use, &obs).is_awaited);
	assert_false(track_effect(&use, &obs).is_fault);
	use.weight = -20;
	assert_false(track_effect(&use, &obs).is_awaited);
	assert_int_equal(track_effect(&use, &obs).weight, 0);
}

static void test_first_result_decides(void **state)
{
	struct track_count c = { 0 };

	(void)state;
	assert_true(track_count_step(&c, 3, 3, true));
	assert_true(c.is_up);
	c = (struct track_count){ 0 };
	assert_true(track_count_step(&c, 3, 3, false));
	assert_true(c.is_known && !c.is_up);
}

static void test_rise_and_fall(void **state)
{
	struct track_count c = { 0 };

	(void)state;
	track_count_step(&c, 2, 3, true);
	assert_false(track_count_step(&c, 2, 3, false));
	assert_false(track_count_step(&c, 2, 3, false));
	assert_false(track_count_step(&c, 2, 3, true)); /* forgets the failures */
	assert_false(track_count_step(&c, 2, 3, false));
	assert_false(track_count_step(&c, 2, 3, false));
	assert_true(track_count_step(&c, 2, 3, false));
	assert_false(c.is_up);
	assert_false(track_count_step(&c, 2, 3, true));
	assert_false(track_count_step(&c, 2, 3, false));
	assert_false(track_count_step(&c, 2, 3, true));
	assert_true(track_count_step(&c, 2, 3, true));
	assert_true(c.is_up);
}

static void test_init_fail(void **state)
{
	struct track_count c = { 0 };

	(void)state;
	track_count_fail(&c);
	assert_false(track_count_step(&c, 2, 1, true));
	assert_true(track_count_step(&c, 2, 1, true));
}

static void test_damp(void **state)
{
	struct track_damp d = { 0 };
	const time_us t0 = { 100 };

	(void)state;
	assert_true(track_damp_step(&d, t0, true, 50, 20)); /* the first counts at once */
	assert_false(track_damp_step(&d, t0, false, 50, 20));
	assert_int_equal(d.at.us, 120);
	assert_false(track_damp_step(&d, (time_us){ 110 }, true, 50, 20)); /* it did not last */
	assert_true(time_is_never(d.at) && d.is_up);
	assert_false(track_damp_step(&d, (time_us){ 130 }, false, 50, 20));
	assert_false(track_damp_step(&d, (time_us){ 149 }, false, 50, 20));
	assert_true(track_damp_step(&d, (time_us){ 150 }, false, 50, 20));
	assert_false(d.is_up);
	assert_false(track_damp_step(&d, (time_us){ 160 }, true, 50, 20));
	assert_true(track_damp_step(&d, (time_us){ 210 }, true, 50, 20));
	assert_true(track_damp_step(&d, (time_us){ 220 }, false, 0, 0)); /* no delay */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),       cmocka_unit_test(test_files),
		cmocka_unit_test(test_unknown),       cmocka_unit_test(test_first_result_decides),
		cmocka_unit_test(test_rise_and_fall), cmocka_unit_test(test_init_fail),
		cmocka_unit_test(test_damp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
