/*
 * Weights beyond the configured ones: advice, slow start, damping. Pure arithmetic on invented
 * instants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "check/ramp.h"

#define S UINT64_C(1000000)

static time_us at(double s)
{
	return (time_us){ (int64_t)(s * 1e6) };
}

static void test_advice(void **state)
{
	static const struct {
		int32_t weight;
		struct weight_advice advice;
		int32_t result;
	} rows[] = {
		{ 10, { ADVICE_NONE, 7 }, 10 },
		{ 10, { ADVICE_PERCENT, 50 }, 5 },
		{ 10, { ADVICE_PERCENT, 0 }, 0 },
		{ 10, { ADVICE_PERCENT, 1 }, 1 },
		{ 1, { ADVICE_PERCENT, 10 }, 1 },
		{ 0, { ADVICE_PERCENT, 100 }, 0 },
		{ 10, { ADVICE_PERCENT, 200 }, 20 },
		{ 10, { ADVICE_PERCENT, -5 }, 0 },
		{ 10, { ADVICE_ADD, 5 }, 15 },
		{ 10, { ADVICE_ADD, -12 }, 0 },
		{ 10, { ADVICE_WEIGHT, 3 }, 3 },
		{ 10, { ADVICE_AGENT, 50 | AGENT_ADVICE_MAINT }, 5 },
		{ 10, { ADVICE_AGENT, 50 | AGENT_ADVICE_DOWN | AGENT_ADVICE_DRAIN }, 0 },
		{ 10, { ADVICE_WEIGHT, -3 }, 0 },
		{ INT32_MAX, { ADVICE_PERCENT, INT32_MAX }, INT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(weight_advised(rows[i].weight, &rows[i].advice), rows[i].result);
}

/* Along the whole ramp the weight is within a step of the straight line, and changes at most ten
 * times. */
static void test_ramp(void **state)
{
	(void)state;
	for (int32_t weight = 1; weight <= 1000; weight += 37) {
		int32_t before = 0;
		int changes = 0;

		for (int64_t t = 0; t <= 30 * (int64_t)S; t += 50000) {
			int32_t w = ramp_weight(weight, t, 30 * S);
			double line = (double)weight * (double)t / (30 * S);

			assert_true(w >= before && w >= 1 && w <= weight);
			assert_true(w + 1e-6 >= line && w <= line + weight / 10.0 + 1);
			changes += w != before;
			before = w;
		}
		assert_true(changes <= RAMP_STEPS);
		assert_int_equal(before, weight);
	}
	assert_int_equal(ramp_weight(0, 0, 30 * S), 0);
	assert_int_equal(ramp_weight(5, -1, 30 * S), 1);
	assert_int_equal(ramp_weight(5, 0, 0), 5);
	assert_int_equal(ramp_weight(5, 0, 3), 5); /* too short for steps */
}

/* From wait to wait the ramp comes to its end in ten steps. */
static void test_ramp_wait(void **state)
{
	int64_t t = 0, wait_us;
	int steps = 0;

	(void)state;
	while ((wait_us = ramp_wait_us(t, 30 * S)) > 0) {
		int32_t w = ramp_weight(1000, t, 30 * S);

		assert_int_equal(ramp_weight(1000, t + wait_us - 1, 30 * S), w);
		assert_true(ramp_weight(1000, t + wait_us, 30 * S) > w);
		t += wait_us;
		steps++;
	}
	assert_int_equal(steps, RAMP_STEPS - 1);
	assert_int_equal(ramp_weight(1000, t, 30 * S), 1000);
	assert_int_equal(ramp_wait_us(100 * S, 30 * S), 0);
	assert_int_equal(ramp_wait_us(0, 0), 0);
}

static void test_penalty(void **state)
{
	const struct damping_params p = { .half_life_us = 10 * S };
	struct damping d = { 0 };

	(void)state;
	assert_int_equal(damping_penalty(&d, &p, at(5)), 0);
	damping_hit(&d, &p, at(100));
	assert_int_equal(damping_penalty(&d, &p, at(100)), 1000);
	assert_int_equal(damping_penalty(&d, &p, at(105)), 750);
	assert_int_equal(damping_penalty(&d, &p, at(110)), 500);
	assert_int_equal(damping_penalty(&d, &p, at(130)), 125);
	assert_int_equal(damping_penalty(&d, &p, at(1e6)), 0);
	assert_false(d.is_held);
	damping_hit(&d, &p, at(110));
	assert_int_equal(damping_penalty(&d, &p, at(110)), 1500);
}

/* Three failures at once are held out for a half-life; more of them never for more than three. */
static void test_held(void **state)
{
	const struct damping_params p = { .half_life_us = 10 * S, .limit = 3 };
	struct damping d = { 0 };
	int64_t wait_us;

	(void)state;
	damping_hit(&d, &p, at(100));
	damping_hit(&d, &p, at(100));
	assert_int_equal(damping_settle(&d, &p, at(100)), 0);
	damping_hit(&d, &p, at(100));
	assert_true(d.is_held);
	wait_us = damping_settle(&d, &p, at(100));
	assert_in_range(wait_us, 10 * S, 10 * S + 2);
	assert_in_range(damping_settle(&d, &p, at(104)), 6 * S, 6 * S + 2);
	assert_true(d.is_held);
	assert_int_equal(damping_settle(&d, &p, at(110.00001)), 0);
	assert_false(d.is_held);
	for (int i = 0; i < 1000; i++)
		damping_hit(&d, &p, at(200));
	assert_in_range(damping_settle(&d, &p, at(200)), 30 * S, 30 * S + 2);
	assert_int_equal(damping_settle(&d, &p, at(230.00001)), 0);
}

/* Whenever the wait is over, the server is in; seldom failures never hold it out. */
static void test_random(void **state)
{
	(void)state;
	srand(1);
	for (int round = 0; round < 20000; round++) {
		const struct damping_params p = { .half_life_us = 1 + rand() % 100000000,
						  .limit = 1 + (uint32_t)rand() % 20 };
		struct damping d = { .at = at(1000) };
		time_us now = at(1000);

		for (int i = rand() % 100; i >= 0; i--) {
			now = time_add(now, rand() % 3 ? 0 : rand() % (2 * p.half_life_us));
			damping_hit(&d, &p, now);
		}
		for (int i = 0; d.is_held; i++) {
			int64_t wait_us = damping_settle(&d, &p, now);

			assert_true(i < 4); /* rounding may need another look */
			assert_true(wait_us <= 3 * p.half_life_us + 2);
			now = time_add(now, wait_us);
			damping_settle(&d, &p, now);
		}
	}
}

static void test_no_damping(void **state)
{
	const struct damping_params p = { 0 };
	struct damping d = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++)
		damping_hit(&d, &p, at(1));
	assert_false(d.is_held);
	assert_int_equal(damping_penalty(&d, &p, at(1)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_advice),     cmocka_unit_test(test_ramp),
		cmocka_unit_test(test_ramp_wait),  cmocka_unit_test(test_penalty),
		cmocka_unit_test(test_held),       cmocka_unit_test(test_random),
		cmocka_unit_test(test_no_damping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
