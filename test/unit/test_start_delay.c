/*
 * When VRRP begins after a start.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/start_delay.h"

static int64_t end_of(int64_t began, int64_t booted, int64_t after_start, int64_t after_boot)
{
	const struct start_delay delay = { { began }, { booted }, after_start, after_boot };

	return start_delay_end(&delay).us;
}

static void the_later_end_counts(void **state)
{
	(void)state;
	assert_int_equal(end_of(100, 10, 0, 0), 100); /* not later than the start: no delay */
	assert_int_equal(end_of(100, 10, 50, 0), 150);
	assert_int_equal(end_of(100, 10, 0, 200), 210);
	assert_int_equal(end_of(100, 10, 0, 20), 100); /* it booted long ago */
	assert_int_equal(end_of(100, 10, 150, 200), 250);
	assert_int_equal(end_of(100, 10, 50, 200), 210);
	assert_int_equal(end_of(100, -300, 50, 200), 150); /* it slept before the start */
}

/* What is left to a successor at `now`. */
static int64_t rest_of(int64_t now, int64_t its_end, int64_t after_start)
{
	const time_us began =
		start_delay_began((time_us){ now }, (time_us){ its_end }, after_start);

	return end_of(began.us, 0, after_start, 0) - now;
}

static void a_successor_waits_for_the_rest(void **state)
{
	(void)state;
	assert_int_equal(rest_of(110, 150, 50), 40);
	assert_int_equal(rest_of(110, 150, 45), 40);
	assert_int_equal(rest_of(110, 150, 20), 20); /* never longer than the delay is now */
	assert_int_equal(rest_of(110, 400, 50), 50); /* the end was that of the boot */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_later_end_counts),
		cmocka_unit_test(a_successor_waits_for_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
