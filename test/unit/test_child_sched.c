/*
 * Unit tests of director/child_sched.c: what a child gets that does the work of two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "director/child_sched.h"

static struct child_sched join(const struct child_conf *a, const struct child_conf *b)
{
	const struct child_sched x = child_sched_of(a), y = child_sched_of(b);

	return child_sched_join(&x, &y);
}

static void test_more_demanding(void **state)
{
	const struct child_conf none = { .rlimit_rttime_us = 10000 };
	const struct child_conf a = { .priority = -3, .rt_priority = 7, .rlimit_rttime_us = 500 };
	const struct child_conf b = {
		.priority = -5, .rt_priority = 2, .no_swap = true, .rlimit_rttime_us = 900
	};
	const struct child_conf *const pairs[2][2] = { { &a, &b }, { &b, &a } };

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct child_sched both = join(pairs[i][0], pairs[i][1]);

		assert_int_equal(both.priority, -5);
		assert_int_equal(both.rt_priority, 7);
		assert_int_equal(both.rlimit_rttime_us, 900);
		assert_true(both.no_swap);
	}
	/* The default limit of one that asks for no real time is no wish. */
	assert_int_equal(join(&a, &none).rlimit_rttime_us, 500);
	assert_int_equal(join(&none, &a).rlimit_rttime_us, 500);
	assert_int_equal(join(&none, &none).rt_priority, 0);
	assert_false(join(&none, &none).no_swap);
}

static void test_processors(void **state)
{
	const struct conf_range low[] = { { .lo = 0, .hi = 1 } };
	const struct conf_range high[] = { { .lo = 3, .hi = 3 }, { .lo = 1023, .hi = 1023 } };
	const struct child_conf all = { 0 };
	const struct child_conf a = { .cpu_affinity = { low, 1 } };
	const struct child_conf b = { .cpu_affinity = { high, 2 } };
	struct child_sched both = join(&a, &b);

	(void)state;
	assert_true(both.has_processors);
	assert_int_equal(CPU_COUNT(&both.processors), 4);
	assert_true(CPU_ISSET(1023, &both.processors));
	assert_false(CPU_ISSET(2, &both.processors));
	/* One that names none leaves it to the other. */
	both = join(&all, &b);
	assert_true(both.has_processors);
	assert_int_equal(CPU_COUNT(&both.processors), 2);
	assert_false(join(&all, &all).has_processors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_more_demanding),
		cmocka_unit_test(test_processors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
