/*
 * Pools at run time: what a result does to the kernel's desired state, and health over reload and
 * respawn.
 */
#include <stdlib.h>
#include <string.h>

#include "test/unit/pool_fixture.h"

/* ---- tests ---- */

static void servers_are_in_before_the_first_check(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(weight("10.0.0.2"), 3);
	assert_int_equal(stage()->subscribed, 2);
}

static void with_alpha_they_come_with_their_first_success(void **state)
{
	struct fixture *f = *state;

	f->check[0].alpha = true;
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), -1);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

static void a_dead_server_leaves_and_returns(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	result(f, 0, false);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(weight("10.0.0.2"), 3);
	assert_int_equal(stage()->edges, 1);
	result(f, 0, false); /* still down: nothing to do */
	assert_int_equal(stage()->edges, 1);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(f->servers, 2);
	assert_int_equal(f->lost, 0);
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

/* Servers that are checked through the address have a way each, the same after a reload. */
static void checks_through_the_address_keep_their_ways(void **state)
{
	struct fixture *f = *state;
	const struct path_ops ops = { no_look, in_no_kernel, NULL };
	const struct path *way;

	f->env.paths = paths_new(f->loop, &ops);
	pool_load(f);
	assert_true(paths_is_empty(f->env.paths));
	f->check[0].through_vip = f->check[1].through_vip = true;
	pool_load(f);
	way = check_of(f, 1)->path;
	assert_int_equal(path_mark(way), 1);
	f->check[0].through_vip = false;
	pool_load(f);
	assert_null(check_of(f, 0)->path);
	assert_ptr_equal(check_of(f, 1)->path, way);
	assert_int_equal(path_mark(way), 1);
	f->check[1].through_vip = false;
	pool_load(f);
	assert_true(paths_is_empty(f->env.paths));
	paths_free(f->env.paths);
}

static bool is_away;

static bool is_suspended(const struct vs_conf *vs, void *arg)
{
	(void)vs;
	(void)arg;
	return is_away;
}

static void checks_rest_and_go_on(void **state)
{
	struct fixture *f = *state;

	f->env.is_suspended = is_suspended;
	is_away = true;
	pool_load(f);
	assert_int_equal(stage()->subscribed, 0);
	assert_int_equal(weight("10.0.0.1"), 3); /* as before the first check */
	is_away = false;
	pools_resume(f->pools);
	assert_int_equal(stage()->subscribed, 2);
	result(f, 0, false);
	assert_int_equal(weight("10.0.0.1"), -1);
	is_away = true;
	pools_resume(f->pools);
	assert_int_equal(stage()->subscribed, 0);
	pool_load(f); /* a reload meanwhile */
	assert_int_equal(stage()->subscribed, 0);
	assert_int_equal(weight("10.0.0.1"), -1);
	is_away = false;
	pools_resume(f->pools);
	assert_int_equal(stage()->subscribed, 2);
	assert_false(check_of(f, 0)->sub.health.is_known); /* the next result decides at once */
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

static void the_first_known_state_is_told_once(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	result(f, 0, true); /* as assumed */
	assert_int_equal(f->known, 1);
	result(f, 0, true);
	result(f, 1, false); /* a change */
	assert_int_equal(f->known, 1);
	assert_int_equal(f->servers, 1);
	assert_int_equal(f->server_changes, 1);
	pool_load(f);
	result(f, 0, true);
	assert_int_equal(f->known, 1);
}

static void inhibit_keeps_it_at_weight_zero(void **state)
{
	struct fixture *f = *state;

	f->rs[0].inhibit_on_failure = true;
	pool_load(f);
	result(f, 0, false);
	assert_int_equal(weight("10.0.0.1"), 0);
}

static void the_sorry_server_steps_in(void **state)
{
	struct fixture *f = *state;

	addr_parse("10.0.0.9", &f->vs.sorry_server.addr);
	pool_load(f);
	result(f, 0, false);
	assert_int_equal(weight("10.0.0.9"), -1);
	result(f, 1, false);
	assert_int_equal(weight("10.0.0.9"), 1);
	assert_int_equal(f->lost, 1);
	result(f, 1, true);
	assert_int_equal(weight("10.0.0.9"), -1);
	assert_int_equal(weight("10.0.0.2"), 3);
	assert_int_equal(f->gained, 1);
}

static void an_ipv6_mask_becomes_a_prefix_length(void **state)
{
	struct fixture *f = *state;

	addr_parse("255.255.255.0", &f->vs.persistence_granularity);
	pool_load(f);
	assert_int_equal(ntohl(stage()->wanted.svcs[0].netmask), 0xffffff00);
	addr_parse("2001:db8::1", &f->vs.addr.addr);
	pool_load(f); /* a mask for the other family, as in a group that has both, counts for
			 nothing */
	assert_int_equal(stage()->wanted.svcs[0].netmask, 128);
	addr_parse("ffff:ffff:ffff:fe00::", &f->vs.persistence_granularity);
	pool_load(f);
	assert_int_equal(stage()->wanted.svcs[0].netmask, 55);
}

static const struct conf_block idle_block = { .name = "MISC_CHECK" };

static void a_check_that_does_not_run_counts_for_nothing(void **state)
{
	struct checker_conf idle = { .obj.block = &idle_block, .alpha = true };
	struct fixture *f = *state;

	f->check[0].obj.block = &idle_block;
	f->check[0].alpha = true;
	f->rs[1].checkers.head = NULL;
	attach(&f->rs[1].checkers, &idle.obj);
	attach(&f->rs[1].checkers, &f->check[1].obj);
	pool_load(f);
	assert_int_equal(stage()->subscribed, 1);
	assert_int_equal(weight("10.0.0.1"), 3); /* no check is left: up */
	assert_int_equal(weight("10.0.0.2"), 3);
	result(f, 1, false); /* the other check decides */
	assert_int_equal(weight("10.0.0.2"), -1);
	pool_load(f);
	assert_int_equal(weight("10.0.0.2"), -1);
	assert_int_equal(stage()->subscribed, 1);
}

static void flags_and_the_engine_reach_the_kernel(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	assert_int_equal(stage()->wanted.svcs[0].flags, 0);
	assert_string_equal(stage()->wanted.svcs[0].pe_name, "");
	f->vs.sh_port = true;
	f->vs.flag_3 = true;
	f->vs.ops = true;
	f->vs.persistence_engine = "sip";
	pool_load(f);
	assert_int_equal(stage()->wanted.svcs[0].flags,
			 IPVS_F_SCHED2 | IPVS_F_SCHED3 | IPVS_F_ONEPACKET);
	assert_string_equal(stage()->wanted.svcs[0].pe_name, "sip");
	f->vs = (struct vs_conf){ .obj = f->vs.obj,
				  .name = f->vs.name,
				  .addr = f->vs.addr,
				  .lvs_sched = "mh",
				  .quorum = 1,
				  .real_servers = f->vs.real_servers,
				  .mh_fallback = true };
	pool_load(f);
	assert_int_equal(stage()->wanted.svcs[0].flags, IPVS_F_SCHED1);
}

static void a_server_known_to_be_down_stays_down_over_a_reload(void **state)
{
	struct fixture *f = *state;

	pool_load(f);
	result(f, 0, true);
	result(f, 0, false);
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(weight("10.0.0.2"), 3);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

/* A check comes in front of another one that fails, and goes again. */
static void a_verdict_goes_along_with_its_check(void **state)
{
	struct fixture *f = *state;
	struct conf_list *list = &f->rs[0].checkers;
	struct checker_conf extra = { .obj = { .block = &tcp_check_block, .next = list->head },
				      .connect_port = 81 };
	struct check_run *checks;

	pool_load(f);
	result(f, 0, true);
	result(f, 0, false);
	*list = (struct conf_list){ .head = &extra.obj, .n = 2 };
	pool_load(f);
	checks = pool_of(f)->rs[0].checks;
	assert_true(checks[0].sub.health.is_up);
	assert_false(checks[0].sub.health.is_known);
	assert_int_equal(weight("10.0.0.1"), -1);
	check_result(&checks[0], true);
	assert_int_equal(weight("10.0.0.1"), -1);
	*list = (struct conf_list){ .head = extra.obj.next, .n = 1 };
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), -1);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

static void changed_settings_make_the_verdict_provisional(void **state)
{
	struct fixture *f = *state;

	f->check[0].retry = 5;
	pool_load(f);
	result(f, 0, true);
	stage()->is_same_settings = false;
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), 3);
	result(f, 0, false); /* decides at once, as the very first result does */
	assert_int_equal(weight("10.0.0.1"), -1);
}

static void a_successor_adopts_what_was_published(void **state)
{
	static const struct msg_check_state saved = { .kind = "TCP_CHECK",
						      .is_known = true,
						      .is_up = false };
	struct fixture *f = *state;

	f->saved = &saved;
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(weight("10.0.0.2"), 3);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pool_set_up, pool_tear_down)

static void slow_start_grows_the_weight(void **state)
{
	struct fixture *f = *state;

	f->rs[0].weight = 20;
	f->rs[0].slow_start_us = 30 * US_PER_S;
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), 20); /* at the start there is no ramp */
	result(f, 0, false);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 2);
	pass(f, 3.1);
	assert_int_equal(weight("10.0.0.1"), 4);
	pool_load(f); /* a reload goes on with it */
	assert_int_equal(weight("10.0.0.1"), 4);
	pass(f, 3);
	assert_int_equal(weight("10.0.0.1"), 6);
	result(f, 0, false);
	pass(f, 9);
	assert_int_equal(weight("10.0.0.1"), -1);
	result(f, 0, true); /* and a new return begins anew */
	assert_int_equal(weight("10.0.0.1"), 2);
	for (int i = 0; i < 9; i++)
		pass(f, 3.01);
	assert_int_equal(weight("10.0.0.1"), 20);
	stage()->edges = 0;
	pass(f, 100);
	assert_int_equal(stage()->edges, 0);
}

static void slow_start_counts_in_full_for_the_quorum(void **state)
{
	struct fixture *f = *state;

	f->rs[0].weight = 20;
	f->rs[0].slow_start_us = 30 * US_PER_S;
	f->vs.quorum = 20;
	pool_load(f);
	result(f, 0, false);
	assert_int_equal(f->lost, 1);
	result(f, 0, true);
	assert_int_equal(f->gained, 1);
	assert_int_equal(weight("10.0.0.1"), 2);
	assert_int_equal(weight("10.0.0.2"), 3);
}

static void a_respawn_keeps_ramp_and_damping(void **state)
{
	struct fixture *f = *state;
	struct msg_rs_state saved = { .is_up = true };

	f->rs[0].weight = 20;
	f->rs[0].slow_start_us = 30 * US_PER_S;
	f->rs[0].flap_damping_us = 10 * US_PER_S;
	saved.ramp_since_us = f->now.us - 10 * US_PER_S;
	f->saved_rs = &saved;
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), 8);
	pools_free(f->pools);
	f->pools = NULL;
	saved.is_held = true;
	saved.penalty = 3000;
	saved.penalty_at_us = f->now.us - 5 * US_PER_S;
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), -1);
	pass(f, 4.9);
	assert_int_equal(weight("10.0.0.1"), -1);
	pass(f, 0.2);
	assert_int_equal(weight("10.0.0.1"), 2);
}

static void a_server_that_flaps_stays_out(void **state)
{
	struct fixture *f = *state;

	f->rs[0].flap_damping_us = 10 * US_PER_S;
	pool_load(f);
	for (int i = 0; i < 3; i++) {
		result(f, 0, false);
		if (i < 2)
			result(f, 0, true);
	}
	f->servers = 0;
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(f->servers, 0);
	pool_load(f);
	pass(f, 9.9);
	assert_int_equal(weight("10.0.0.1"), -1);
	pass(f, 0.2);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(f->servers, 1);
	result(f, 0, false); /* half a limit is still on it */
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 3);
	result(f, 0, false);
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), -1);
}

static void too_few_servers_fail_open(void **state)
{
	struct fixture *f = *state;

	f->vs.fail_open = 1;
	f->rs[1].weight = 5;
	pool_load(f);
	result(f, 0, false);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(f->opened, 0);
	result(f, 1, false);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(weight("10.0.0.2"), 5);
	assert_int_equal(f->opened, 1);
	assert_int_equal(f->lost, 0);
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), 3);
	assert_int_equal(weight("10.0.0.2"), 5);
	result(f, 1, true);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(weight("10.0.0.2"), 5);
	assert_int_equal(f->opened, 2);
}

static void advice_changes_the_weight(void **state)
{
	struct fixture *f = *state;

	f->rs[0].weight = 10;
	pool_load(f);
	check_of(f, 0)->sub.advice = (struct weight_advice){ ADVICE_PERCENT, 50 };
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 5);
	assert_int_equal(f->weights, 1);
	assert_int_equal(f->advices, 1);
	result(f, 0, true);
	assert_int_equal(f->weights, 1);
	assert_int_equal(f->advices, 1);
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), 5);
	check_of(f, 0)->sub.advice.value = 0; /* drain */
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 0);
	result(f, 1, false); /* it keeps its connections although nobody serves new ones */
	assert_int_equal(f->lost, 1);
	assert_int_equal(weight("10.0.0.1"), 0);
	assert_int_equal(weight("10.0.0.2"), -1);
	check_of(f, 0)->sub.advice = (struct weight_advice){ ADVICE_NONE, 0 };
	result(f, 0, true);
	assert_int_equal(weight("10.0.0.1"), 10);
}

/* Counters of server 0 as the kernel has them. */
static void observe(struct fixture *f, uint64_t conns, uint64_t out_pkts)
{
	const struct ipvs_dest_key key = { .addr = f->rs[0].endpoint.addr, .port = 80 };
	struct ipvs_set table;
	const struct ipvs_dest *dest;

	ipvs_set_init(&table);
	ipvs_set_copy(&table, &stage()->wanted);
	dest = svc_find_dest(&table.svcs[0], &key);
	if (dest) {
		struct ipvs_dest *d = table.svcs[0].dests + (dest - table.svcs[0].dests);

		d->stats.conns = conns;
		d->stats.out_pkts = out_pkts;
	}
	pools_observe(f->pools, &table, f->now);
	ipvs_set_done(&table);
}

static void a_server_that_answers_no_connection_leaves(void **state)
{
	struct fixture *f = *state;

	f->rs[0].passive_limit = 3;
	pool_load(f);
	assert_true(pools_are_observed(f->pools));
	observe(f, 100, 0); /* what was before counts for nothing */
	observe(f, 102, 0);
	observe(f, 104, 1); /* an answer, if only one */
	observe(f, 106, 1);
	assert_int_equal(weight("10.0.0.1"), 3);
	observe(f, 107, 1);
	assert_int_equal(weight("10.0.0.1"), -1);
	pool_load(f);
	pass(f, 4.9);
	assert_int_equal(weight("10.0.0.1"), -1);
	pass(f, 0.2);
	assert_int_equal(weight("10.0.0.1"), 3);
	observe(f, 0, 0); /* a new entry of the table */
	observe(f, 3, 0);
	assert_int_equal(weight("10.0.0.1"), -1);
	pass(f, 9.9); /* twice as long */
	assert_int_equal(weight("10.0.0.1"), -1);
	pass(f, 0.2);
	assert_int_equal(weight("10.0.0.1"), 3);
	observe(f, 0, 0);
	observe(f, 1, 5);
	observe(f, 4, 5);
	pass(f, 5.1); /* it had answered: as at first */
	assert_int_equal(weight("10.0.0.1"), 3);
}

/* Its successor keeps a silent server out for what is left of its time. */
static void silence_outlives_a_respawn(void **state)
{
	struct fixture *f = *state;
	const struct msg_rs_state saved = {
		.silent_until_us = time_add(f->now, 3 * US_PER_S).us,
	};

	f->rs[0].passive_limit = 3;
	f->saved_rs = &saved;
	pool_load(f);
	assert_int_equal(weight("10.0.0.1"), -1);
	assert_int_equal(weight("10.0.0.2"), 3);
	pass(f, 2.9);
	assert_int_equal(weight("10.0.0.1"), -1);
	pass(f, 0.2);
	assert_int_equal(weight("10.0.0.1"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(servers_are_in_before_the_first_check),
		TEST(with_alpha_they_come_with_their_first_success),
		TEST(a_dead_server_leaves_and_returns),
		TEST(checks_through_the_address_keep_their_ways),
		TEST(checks_rest_and_go_on),
		TEST(the_first_known_state_is_told_once),
		TEST(inhibit_keeps_it_at_weight_zero),
		TEST(the_sorry_server_steps_in),
		TEST(an_ipv6_mask_becomes_a_prefix_length),
		TEST(a_check_that_does_not_run_counts_for_nothing),
		TEST(flags_and_the_engine_reach_the_kernel),
		TEST(a_server_known_to_be_down_stays_down_over_a_reload),
		TEST(a_verdict_goes_along_with_its_check),
		TEST(changed_settings_make_the_verdict_provisional),
		TEST(a_successor_adopts_what_was_published),
		TEST(slow_start_grows_the_weight),
		TEST(slow_start_counts_in_full_for_the_quorum),
		TEST(a_respawn_keeps_ramp_and_damping),
		TEST(a_server_that_flaps_stays_out),
		TEST(too_few_servers_fail_open),
		TEST(advice_changes_the_weight),
		TEST(a_server_that_answers_no_connection_leaves),
		TEST(silence_outlives_a_respawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
