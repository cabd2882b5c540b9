/*
 * FILE_CHECK and BFD_CHECK: values become results, looks in a row decide. The real plug-ins over a
 * clock of the test's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/checkers.h"
#include "check/follow.h"

#define LOOP_S  10
#define RETRY_S 2

const struct conf_block file_check_block = { .name = "FILE_CHECK" };
const struct conf_block bfd_check_block = { .name = "BFD_CHECK" };
const struct checker_ops *const checkers[] = { &check_file, &check_bfd, NULL };

struct fixture {
	time_us now;
	struct clock clock;
	struct loop *loop;
	struct follows *follows;
	struct file_check_conf file;
	struct bfd_check_conf bfd;
	struct follow follow;
	struct probe_sub sub;
	unsigned results, ups, downs;
	bool leaves; /* at the next result */
};

static void on_result(struct probe_sub *sub, enum health_edge edge, void *arg)
{
	struct fixture *f = arg;

	assert_ptr_equal(sub, &f->sub);
	f->results++;
	f->ups += edge == HEALTH_WENT_UP;
	f->downs += edge == HEALTH_WENT_DOWN;
	if (f->leaves)
		follow_unsubscribe(&f->follow);
}

static time_us fake_now(void *arg)
{
	return *(time_us *)arg;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const struct checker_conf pace = { .delay_loop_us = LOOP_S * US_PER_S,
					   .delay_before_retry_us = RETRY_S * US_PER_S };

	f->now = (time_us){ 1000 * US_PER_S };
	f->clock = (struct clock){ .now = fake_now, .arg = &f->now };
	f->loop = loop_new(&f->clock);
	f->follows = follows_new(f->loop);
	f->file = (struct file_check_conf){ pace, "tf", { .factor = 0, .is_set = true } };
	f->bfd = (struct bfd_check_conf){ pace, "b" };
	f->sub.on_result = on_result;
	f->sub.arg = f;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	follows_free(f->follows);
	loop_free(f->loop);
	free(f);
	return 0;
}

/* ---- words of the tests ---- */

static void follow_file(struct fixture *f, uint32_t rise, uint32_t fall)
{
	f->sub.params = (struct health_params){ .rise = rise, .fall = fall };
	follow_subscribe(f->follows, &f->follow, &check_file, &f->file.common, &f->sub, false);
}

static void tell(struct fixture *f, const char *kind, const char *name, int64_t value)
{
	follows_set(f->follows,
		    &(struct msg_track_feed){ .kind = kind, .name = name, .value = value });
	assert_int_equal(loop_run_once(f->loop, 0), 0);
}

static void pass(struct fixture *f, int64_t s)
{
	f->now = time_add(f->now, s * US_PER_S);
	assert_int_equal(loop_run_once(f->loop, 0), 0);
}

/* ---- tests ---- */

static void one_value_decides_by_default(void **state)
{
	struct fixture *f = *state;

	follow_file(f, 0, 1);
	tell(f, "file", "tf", 0);
	assert_true(f->sub.health.is_up);
	tell(f, "file", "tf", 7);
	assert_false(f->sub.health.is_up);
	assert_int_equal(f->sub.reason, REASON_FILE);
	assert_string_equal(f->sub.detail, "value 7");
	tell(f, "file", "tf", 0);
	assert_true(f->sub.health.is_up);
	assert_int_equal(f->ups, 1);
	assert_int_equal(f->downs, 1);
	pass(f, 10 * LOOP_S);
	assert_int_equal(f->results, 3); /* nothing is looked at again */
}

static void first_value_decides_at_once(void **state)
{
	struct fixture *f = *state;

	tell(f, "file", "tf", 1);
	follow_file(f, 3, 3);
	assert_int_equal(f->results, 0);
	pass(f, 0);
	assert_int_equal(f->results, 1);
	assert_int_equal(f->downs, 1);
}

static void failures_are_counted_by_looks(void **state)
{
	struct fixture *f = *state;

	follow_file(f, 2, 3);
	tell(f, "file", "tf", 0);
	tell(f, "file", "tf", 1);
	assert_true(f->sub.health.is_up);
	/* Written again and again: still one look. */
	for (int64_t value = 2; value < 9; value++)
		tell(f, "file", "tf", value);
	assert_true(f->sub.health.is_up);
	assert_string_equal(f->sub.detail, "value 8");
	pass(f, RETRY_S);
	assert_true(f->sub.health.is_up);
	pass(f, RETRY_S - 1);
	assert_true(f->sub.health.is_up);
	pass(f, 1);
	assert_false(f->sub.health.is_up);
	assert_int_equal(f->downs, 1);
}

static void successes_are_counted_by_looks(void **state)
{
	struct fixture *f = *state;

	follow_file(f, 3, 1);
	tell(f, "file", "tf", 1);
	assert_false(f->sub.health.is_up);
	tell(f, "file", "tf", 0);
	pass(f, LOOP_S);
	assert_false(f->sub.health.is_up);
	pass(f, LOOP_S - 1);
	assert_false(f->sub.health.is_up);
	pass(f, 1);
	assert_true(f->sub.health.is_up);
}

static void a_row_is_broken(void **state)
{
	struct fixture *f = *state;

	follow_file(f, 1, 3);
	tell(f, "file", "tf", 0);
	tell(f, "file", "tf", 1);
	pass(f, RETRY_S);
	tell(f, "file", "tf", 0); /* two of three */
	tell(f, "file", "tf", 1);
	pass(f, RETRY_S);
	assert_true(f->sub.health.is_up);
	tell(f, "file", "tf", 0);
	pass(f, 10 * LOOP_S);
	assert_true(f->sub.health.is_up);
	assert_int_equal(f->downs, 0);
}

/* The weight goes with the verdict: a failure that does not count yet leaves it. */
static void advice_waits_for_the_verdict(void **state)
{
	struct fixture *f = *state;

	f->file.weight.factor = 2;
	follow_file(f, 1, 2);
	tell(f, "file", "tf", 5);
	assert_int_equal(f->sub.advice.kind, ADVICE_ADD);
	assert_int_equal(f->sub.advice.value, 10);
	tell(f, "file", "tf", INT32_MIN);
	assert_true(f->sub.health.is_up);
	assert_int_equal(f->sub.advice.value, 10);
	pass(f, RETRY_S);
	assert_false(f->sub.health.is_up);
	assert_int_equal(f->sub.advice.kind, ADVICE_NONE);
}

static void sessions_count_alike(void **state)
{
	struct fixture *f = *state;

	f->sub.params = (struct health_params){ .rise = 2, .fall = 2, .alpha = true };
	follow_subscribe(f->follows, &f->follow, &check_bfd, &f->bfd.common, &f->sub, false);
	assert_false(f->sub.health.is_up);
	tell(f, "file", "b", 0); /* another kind */
	tell(f, "bfd", "other", 0);
	assert_int_equal(f->results, 0);
	tell(f, "bfd", "b", 1);
	assert_int_equal(f->ups, 1);
	tell(f, "bfd", "b", 0);
	assert_int_equal(f->sub.reason, REASON_BFD);
	assert_true(f->sub.health.is_up);
	pass(f, RETRY_S);
	assert_false(f->sub.health.is_up);
	tell(f, "bfd", "b", 1);
	assert_false(f->sub.health.is_up);
	pass(f, LOOP_S);
	assert_true(f->sub.health.is_up);
}

/* A new configuration takes the verdict over and counts anew. */
static void adopted_counts_anew(void **state)
{
	struct fixture *f = *state;

	follow_file(f, 1, 3);
	tell(f, "file", "tf", 0);
	tell(f, "file", "tf", 1);
	pass(f, RETRY_S);
	assert_int_equal(f->sub.health.streak, 2);
	follow_unsubscribe(&f->follow);
	follow_subscribe(f->follows, &f->follow, &check_file, &f->file.common, &f->sub, true);
	pass(f, 0);
	assert_int_equal(f->sub.health.streak, 1);
	assert_true(f->sub.health.is_up);
	pass(f, RETRY_S);
	pass(f, RETRY_S);
	assert_false(f->sub.health.is_up);
}

static void leaving_ends_the_looks(void **state)
{
	struct fixture *f = *state;

	follow_file(f, 1, 3);
	tell(f, "file", "tf", 0);
	f->leaves = true;
	tell(f, "file", "tf", 1);
	assert_int_equal(f->results, 2);
	pass(f, 10 * LOOP_S);
	assert_int_equal(f->results, 2);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_value_decides_by_default),
		TEST(first_value_decides_at_once),
		TEST(failures_are_counted_by_looks),
		TEST(successes_are_counted_by_looks),
		TEST(a_row_is_broken),
		TEST(advice_waits_for_the_verdict),
		TEST(sessions_count_alike),
		TEST(adopted_counts_anew),
		TEST(leaving_ends_the_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
