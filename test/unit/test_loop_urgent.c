/*
 * Urgent timers of lib/loop.c: thousands of others with much to do do not delay them.
 */
#include "test/unit/lib_util.h"

#include "lib/loop.h"

#define OTHERS 100

struct world {
	time_us now;
	struct clock clock;
	struct loop *loop;
	struct timer others[OTHERS], urgent;
	int64_t cost_us; /* of each of the others */
	unsigned n_others, n_urgent;
	unsigned others_before; /* that had fired when the urgent one did */
	unsigned cancels;       /* of the others, by the first one */
};

static void on_other(struct timer *timer, void *arg)
{
	struct world *w = arg;

	assert_int_equal(timer - w->others, w->n_others + (w->n_others > 0 ? w->cancels : 0));
	w->n_others++;
	w->now.us += w->cost_us;
	for (unsigned i = 0; w->n_others == 1 && i < w->cancels; i++)
		timer_cancel(&w->others[1 + i]);
}

static void on_urgent(struct timer *timer, void *arg)
{
	struct world *w = arg;

	(void)timer;
	w->others_before = w->n_others;
	w->n_urgent++;
}

static void begin(struct world *w, int64_t cost_us)
{
	*w = (struct world){ .now = { 1000 }, .cost_us = cost_us };
	w->clock = (struct clock){ .now = fake_now, .arg = &w->now };
	w->loop = loop_new(&w->clock);
	assert_non_null(w->loop);
	timer_init(&w->urgent, w->loop, on_urgent, w);
	w->urgent.is_urgent = true;
	for (unsigned i = 0; i < OTHERS; i++) {
		timer_init(&w->others[i], w->loop, on_other, w);
		timer_arm_at(&w->others[i], (time_us){ 2000 });
	}
}

static void pass(struct world *w)
{
	assert_int_equal(loop_run_once(w->loop, 0), 0);
}

static void urgent_ones_come_first(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1);
	timer_arm_at(&w.urgent, (time_us){ 2500 });
	w.now.us = 3000;
	pass(&w);
	assert_int_equal(w.n_urgent, 1);
	assert_int_equal(w.others_before, 0);
	assert_int_equal(w.n_others, OTHERS);
	loop_free(w.loop);
}

static void a_slice_ends_for_an_urgent_one(void **state)
{
	struct world w;

	(void)state;
	begin(&w, LOOP_SLICE_US / 4);
	timer_arm_at(&w.urgent, (time_us){ 2000 + LOOP_SLICE_US / 2 });
	w.now.us = 2000;
	pass(&w);
	assert_int_equal(w.n_urgent, 0);
	assert_int_equal(w.n_others, 4);
	assert_true(timer_is_armed(&w.others[4]));
	pass(&w);
	assert_int_equal(w.n_urgent, 1);
	assert_int_equal(w.others_before, 4);
	assert_int_equal(w.n_others, OTHERS); /* in their order; no other urgent one waits */
	loop_free(w.loop);
}

/* A slice that is used up is no reason to stop while none is due. */
static void without_an_urgent_one_all_run(void **state)
{
	struct world w;

	(void)state;
	begin(&w, LOOP_SLICE_US);
	timer_arm_at(&w.urgent, (time_us){ 2000 + 2 * OTHERS * LOOP_SLICE_US });
	w.now.us = 2000;
	pass(&w);
	assert_int_equal(w.n_others, OTHERS);
	assert_int_equal(w.n_urgent, 0);
	loop_free(w.loop);
}

/* However long each takes, and however often the urgent one is due: all get their turn. */
static void nobody_starves(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 10 * LOOP_SLICE_US);
	for (unsigned i = 1; i <= OTHERS; i++) {
		timer_arm_at(&w.urgent, w.now);
		w.now.us = w.now.us > 2000 ? w.now.us : 2000;
		pass(&w);
		assert_int_equal(w.n_urgent, i);
		timer_arm_at(&w.urgent, w.now);
	}
	assert_int_equal(w.n_others, OTHERS);
	loop_free(w.loop);
}

static void what_was_put_back_can_be_cancelled(void **state)
{
	struct world w;

	(void)state;
	begin(&w, LOOP_SLICE_US);
	w.cancels = 10;
	timer_arm_at(&w.urgent, (time_us){ 2001 });
	w.now.us = 2000;
	pass(&w);
	assert_int_equal(w.n_others, 1);
	pass(&w);
	assert_int_equal(w.n_others, OTHERS - 10);
	assert_int_equal(w.n_urgent, 1);
	for (unsigned i = 0; i < OTHERS; i++)
		assert_false(timer_is_armed(&w.others[i]));
	loop_free(w.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urgent_ones_come_first),
		cmocka_unit_test(a_slice_ends_for_an_urgent_one),
		cmocka_unit_test(without_an_urgent_one_all_run),
		cmocka_unit_test(nobody_starves),
		cmocka_unit_test(what_was_put_back_can_be_cancelled),
	};

	return cmocka_run_group_tests_name("loop_urgent", tests, NULL, NULL);
}
