/*
 * A real server with a name in its pool: how it gets its addresses, moves and keeps them.
 */
#include <stdlib.h>
#include <string.h>

#include "test/unit/pool_fixture.h"

#define NAME "[www.example.net]:tcp:80"

/* Server 0 of the fixture has a name. */
static int set_up(void **state)
{
	struct fixture *f;

	pool_set_up(state);
	f = *state;
	f->rs[0].endpoint.addr = (struct addr){ 0 };
	f->rs[0].endpoint.host = "www.example.net";
	f->rs[0].name = NAME;
	return 0;
}

/* The check at the address that server `i` may move to. */
static struct check_run *next_check(struct fixture *f, unsigned i)
{
	assert_non_null(pool_of(f)->rs[i].named->move.checks);
	return &pool_of(f)->rs[i].named->move.checks[0];
}

static bool is_moving(struct fixture *f)
{
	return pool_of(f)->rs[0].named->move.checks != NULL;
}

/* Loaded, and at 10.0.0.1. */
static void begin(struct fixture *f)
{
	pool_load(f);
	name_says(REASON_OK, "10.0.0.1");
	check_result(next_check(f, 0), true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

static void without_address_a_server_is_down(void **state)
{
	struct fixture *f = *state;

	f->rs[0].inhibit_on_failure = true;
	pool_load(f);
	assert_int_equal(stage()->wanted.svcs[0].n_dests, 1);
	assert_int_equal(stage()->subscribed, 1);
	assert_false(rs_is_up(&pool_of(f)->rs[0]));
	name_says(REASON_NAME_NOT_FOUND, "");
	assert_int_equal(f->events[ADDRESS_REASON], 1);
	assert_int_equal(pool_of(f)->rs[0].named->reason, REASON_NAME_NOT_FOUND);
	f->vs.fail_open = 2; /* not even then */
	pool_load(f);
	assert_int_equal(stage()->wanted.svcs[0].n_dests, 1);
	assert_int_equal(pool_of(f)->rs[0].named->reason, REASON_NAME_NOT_FOUND);
}

static void it_comes_up_when_its_checks_have_passed(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	name_says(REASON_OK, "10.0.0.1");
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(f->events[ADDRESS_NEXT], 1);
	check_result(next_check(f, 0), true);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(f->events[ADDRESS_USED], 1);
	assert_int_equal(f->servers, 1);
	result(f, 0, false); /* they are its own checks now */
	assert_int_equal(weight("10.0.0.1"), -1);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

static void where_its_checks_fail_it_is_and_is_down(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	name_says(REASON_OK, "10.0.0.1");
	check_result(next_check(f, 0), false);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(f->events[ADDRESS_USED], 1);
	assert_int_equal(f->servers, 0);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

static void it_moves_and_the_former_address_drains(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	begin(f);
	before = stage()->edges;
	name_says(REASON_OK, "10.0.0.9");
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(weight("10.0.0.9"), -1);
	check_result(next_check(f, 0), true);
	assert_int_equal(stage()->edges, before + 1); /* in one go */
	assert_int_equal(weight("10.0.0.9"), 3);
	assert_int_equal(weight("10.0.0.1"), 0);
	assert_int_equal(f->servers, 1); /* it has never been down */
	assert_int_equal(f->lost, 0);
	assert_int_equal(stage()->subscribed, 2);
	pool_load(f);
	assert_int_equal(weight("10.0.0.9"), 3);
	assert_int_equal(weight("10.0.0.1"), 0);
}

/* The counters of IPVS: connections of 10.0.0.1. */
static void observe(struct fixture *f, uint32_t active)
{
	struct ipvs_set table;

	ipvs_set_init(&table);
	ipvs_set_copy(&table, &stage()->wanted);
	for (uint32_t i = 0; i < table.svcs[0].n_dests; i++)
		if (table.svcs[0].dests[i].key.addr.bytes[3] == 1)
			table.svcs[0].dests[i].active = active;
	pools_observe(f->pools, &table, f->now);
	ipvs_set_done(&table);
}

static void a_former_address_goes_with_its_connections(void **state)
{
	struct fixture *f = *state;

	begin(f);
	assert_false(pools_want_look(f->pools));
	assert_true(pools_are_observed(f->pools));
	name_says(REASON_OK, "10.0.0.9");
	check_result(next_check(f, 0), true);
	assert_true(pools_want_look(f->pools));
	observe(f, 0); /* what is seen may be older than the change */
	assert_int_equal(weight("10.0.0.1"), 0);
	pass(f, 3);
	observe(f, 1);
	assert_int_equal(weight("10.0.0.1"), 0);
	observe(f, 0);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(f->events[ADDRESS_DRAINED], 1);
	assert_false(pools_want_look(f->pools));
}

static void a_former_address_goes_in_time(void **state)
{
	struct fixture *f = *state;

	f->rs[0].resolve.drain_us = 10 * US_PER_S;
	begin(f);
	name_says(REASON_OK, "10.0.0.9");
	check_result(next_check(f, 0), true);
	pass(f, 9);
	observe(f, 1);
	assert_int_equal(weight("10.0.0.1"), 0);
	pass(f, 2);
	observe(f, 1);
	assert_int_equal(weight("10.0.0.1"), -1);
}

static void back_again_it_does_not_drain(void **state)
{
	struct fixture *f = *state;

	begin(f);
	name_says(REASON_OK, "10.0.0.9");
	check_result(next_check(f, 0), true);
	name_says(REASON_OK, "10.0.0.1");
	check_result(next_check(f, 0), true);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(weight("10.0.0.9"), 0);
	for (char last = '1'; last < '8'; last++) { /* however often it moves */
		char text[] = "10.0.1.0";

		text[7] = last;
		name_says(REASON_OK, text);
		check_result(next_check(f, 0), true);
	}
	assert_int_equal(stage()->wanted.svcs[0].n_dests, 2 + RS_DRAINED_MAX);
}

static void it_stays_where_its_checks_pass(void **state)
{
	struct fixture *f = *state;

	begin(f);
	name_says(REASON_OK, "10.0.0.9");
	check_result(next_check(f, 0), false);
	check_result(next_check(f, 0), false);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(weight("10.0.0.9"), -1);
	assert_int_equal(f->events[ADDRESS_REFUSED], 1); /* said once */
	result(f, 0, true);
	assert_true(is_moving(f));
	result(f, 0, false); /* now it is down in either place */
	assert_false(is_moving(f));
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(weight("10.0.0.9"), -1);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.9"), 3);
	assert_int_equal(stage()->subscribed, 2);
}

static void it_stays_while_its_address_is_listed(void **state)
{
	struct fixture *f = *state;

	begin(f);
	name_says(REASON_OK, "10.0.0.0 10.0.0.1 10.0.0.9");
	assert_false(is_moving(f));
	name_says(REASON_OK, "10.0.0.9");
	assert_true(is_moving(f));
	name_says(REASON_OK, "10.0.0.9 10.0.0.1");
	assert_false(is_moving(f));
	assert_int_equal(f->events[ADDRESS_KEPT], 1);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(stage()->subscribed, 2);
}

static void failures_change_nothing_but_are_told(void **state)
{
	struct fixture *f = *state;
	const struct rs_named *named;

	begin(f);
	named = pool_of(f)->rs[0].named;
	name_says(REASON_NAME_TIMEOUT, "");
	assert_int_equal(named->reason, REASON_NAME_TIMEOUT);
	assert_int_equal(f->events[ADDRESS_REASON], 1);
	name_says(REASON_NAME_NOT_FOUND, "");
	assert_int_equal(f->events[ADDRESS_REASON], 2);
	assert_int_equal(weight("10.0.0.1"), 3);
	name_says(REASON_OK, "10.0.0.1");
	assert_int_equal(named->reason, REASON_OK);
}

static void another_servers_address_is_not_taken(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	name_says(REASON_OK, "10.0.0.2");
	assert_false(is_moving(f));
	assert_int_equal(pool_of(f)->rs[0].named->reason, REASON_NAME_TAKEN);
	assert_int_equal(stage()->wanted.svcs[0].n_dests, 1);
	name_says(REASON_OK, "10.0.0.2 10.0.0.5");
	check_result(next_check(f, 0), true);
	assert_int_equal(weight("10.0.0.5"), 3);
	name_says(REASON_OK, "10.0.0.2"); /* its own one is gone */
	assert_int_equal(pool_of(f)->rs[0].named->reason, REASON_NAME_TAKEN);
	assert_int_equal(f->events[ADDRESS_LEFT], 1);
	assert_int_equal(weight("10.0.0.5"), 0);
	assert_int_equal(weight("10.0.0.2"), 3);
}

static void each_address_may_be_a_server(void **state)
{
	struct fixture *f = *state;

	f->rs[0].resolve_servers = 3;
	pool_load(f);
	assert_int_equal(pool_of(f)->n, 4);
	assert_string_equal(pool_of(f)->rs[1].name, "[www.example.net#2]:tcp:80");
	assert_ptr_equal(rs_by_name(&f->vs, "[www.example.net#2]:tcp:80"), &f->rs[0]);
	assert_ptr_equal(rs_by_name(&f->vs, "[10.0.0.2]:tcp:80"), &f->rs[1]);
	assert_null(rs_by_name(&f->vs, "[www.example.net#2]:tcp:81"));
	assert_null(rs_by_name(&f->vs, "[www.example.ne]:tcp:80"));
	name_says(REASON_OK, "10.0.0.1 10.0.0.7");
	check_result(next_check(f, 0), true);
	check_result(next_check(f, 1), true);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(weight("10.0.0.7"), 3);
	assert_int_equal(pool_of(f)->rs[2].named->reason, REASON_NAME_UNUSED);
	name_says(REASON_OK, "10.0.0.7");
	assert_int_equal(weight("10.0.0.1"), 0);
	assert_int_equal(weight("10.0.0.7"), 3);
	pool_load(f);
	assert_int_equal(weight("10.0.0.7"), 3);
	name_says(REASON_NAME_NO_ADDRESS, "");
	assert_int_equal(weight("10.0.0.7"), 3);
}

static void an_address_survives_a_crash(void **state)
{
	struct fixture *f = *state;
	const struct msg_rs_state saved = { .address = "10.0.0.8",
					    .drained = "10.0.0.6 10.0.0.7",
					    .drained_until_us = f->now.us + 5 * US_PER_S };
	const struct msg_check_state check = { .kind = "TCP_CHECK", .is_known = true };

	f->saved_rs = &saved;
	pool_load(f);
	assert_int_equal(weight("10.0.0.8"), 3);
	assert_int_equal(weight("10.0.0.7"), 0);
	assert_int_equal(weight("10.0.0.6"), 0);
	assert_int_equal(stage()->subscribed, 2);
	name_says(REASON_OK, "10.0.0.8");
	assert_false(is_moving(f));
	pools_free(f->pools);
	f->pools = NULL;
	f->saved = &check;
	pool_load(f);
	assert_int_equal(weight("10.0.0.8"), -1); /* it was down */
	assert_int_equal(stage()->subscribed, 2);
}

static void without_checks_it_moves_at_once(void **state)
{
	struct fixture *f = *state;

	f->rs[0].checkers = (struct conf_list){ 0 };
	pool_load(f);
	name_says(REASON_OK, "10.0.0.1");
	assert_int_equal(weight("10.0.0.1"), 3);
	name_says(REASON_OK, "10.0.0.9");
	assert_int_equal(weight("10.0.0.9"), 3);
	assert_int_equal(weight("10.0.0.1"), 0);
}

static void no_look(const struct path_key *key, struct path_view *view, void *arg)
{
	(void)key;
	(void)view;
	(void)arg;
}

static bool in_no_kernel(const struct ipvs_svc *svc, const time_us *since, void *arg)
{
	(void)svc;
	(void)since;
	(void)arg;
	return false;
}

static void a_way_through_ipvs_follows_the_address(void **state)
{
	struct fixture *f = *state;
	const struct path_ops ops = { no_look, in_no_kernel, NULL };

	f->env.paths = paths_new(f->loop, &ops);
	f->check[0].through_vip = true;
	pool_load(f);
	assert_true(paths_is_empty(f->env.paths));
	name_says(REASON_OK, "10.0.0.1");
	assert_int_equal(path_mark(next_check(f, 0)->path), 0);
	assert_int_equal(stage()->wanted.n, 2); /* the kernel is to have it at once */
	check_result(next_check(f, 0), true);
	assert_int_equal(path_mark(check_of(f, 0)->path), 0);
	name_says(REASON_OK, "10.0.0.9");
	assert_int_equal(path_mark(next_check(f, 0)->path), 1);
	check_result(next_check(f, 0), true);
	assert_int_equal(path_mark(check_of(f, 0)->path), 1);
	pool_load(f);
	assert_int_equal(path_mark(check_of(f, 0)->path), 1);
	pools_free(f->pools);
	f->pools = NULL;
	assert_true(paths_is_empty(f->env.paths));
	paths_free(f->env.paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, pool_tear_down)
		TEST(without_address_a_server_is_down),
		TEST(it_comes_up_when_its_checks_have_passed),
		TEST(where_its_checks_fail_it_is_and_is_down),
		TEST(it_moves_and_the_former_address_drains),
		TEST(a_former_address_goes_with_its_connections),
		TEST(a_former_address_goes_in_time),
		TEST(back_again_it_does_not_drain),
		TEST(it_stays_where_its_checks_pass),
		TEST(it_stays_while_its_address_is_listed),
		TEST(failures_change_nothing_but_are_told),
		TEST(another_servers_address_is_not_taken),
		TEST(each_address_may_be_a_server),
		TEST(an_address_survives_a_crash),
		TEST(without_checks_it_moves_at_once),
		TEST(a_way_through_ipvs_follows_the_address),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
