/*
 * One check's rise and fall, a pool's quorum, and the destinations that follow, from tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check/health.h"

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

/* ---- one check ---- */

/*
 * Results '+' and '-'; after each: 'u'/'d' the verdict, upper case when it just changed, 'r' after
 * it for a retry.
 */
static const struct check_case {
	const char *name;
	struct health_params params;
	const char *results;
	const char *expected;
} check_cases[] = {
	{ "first success", { 1, 2, false }, "+", "u" },
	{ "first failure decides at once", { 1, 4, false }, "-", "D" },
	{ "no retry", { 1, 1, false }, "+-", "uD" },
	{ "one retry", { 1, 2, false }, "+--", "uurD" },
	{ "three retries", { 1, 4, false }, "+----", "uurururD" },
	{ "a success ends the streak", { 1, 2, false }, "+-+-+--", "uuruuruurD" },
	{ "down stays down without retries", { 1, 3, false }, "---", "Ddd" },
	{ "one success brings it back", { 1, 3, false }, "--+", "DdU" },
	{ "and the streak begins anew", { 1, 2, false }, "-+--+", "DUurDU" },
	{ "alpha starts down", { 1, 2, true }, "-", "d" },
	{ "alpha comes up", { 1, 2, true }, "+", "U" },
	{ "alpha, first failures", { 1, 2, true }, "--+", "ddU" },
	{ "rise", { 3, 1, false }, "-+++", "DddU" },
	{ "rise is broken by a failure", { 3, 1, false }, "-++-+++", "DdddddU" },
	{ "first success with rise decides", { 3, 1, true }, "+", "U" },
	{ "zero counts as one", { 0, 0, false }, "-+-", "DUD" },
};

static void run_check(const struct check_case *c, char *out)
{
	struct health h;
	bool is_retry;

	health_init(&h, &c->params);
	assert_int_equal(h.is_up, !c->params.alpha);
	assert_false(h.is_known);
	for (const char *r = c->results; *r; r++) {
		enum health_edge edge = health_step(&h, &c->params, *r == '+', &is_retry);

		assert_true(h.is_known);
		assert_int_equal(edge == HEALTH_SAME ? h.is_up : edge == HEALTH_WENT_UP, h.is_up);
		*out = h.is_up ? 'u' : 'd';
		if (edge != HEALTH_SAME)
			*out = h.is_up ? 'U' : 'D';
		out++;
		if (is_retry)
			*out++ = 'r';
	}
	*out = '\0';
}

static void test_check(void **state)
{
	char out[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_N(check_cases); i++) {
		run_check(&check_cases[i], out);
		if (strcmp(out, check_cases[i].expected) != 0)
			fail_msg("%s: %s, not %s", check_cases[i].name, out,
				 check_cases[i].expected);
	}
}

/* ---- a pool ---- */

#define N_MEMBERS 4

/* Steps are sets of members: a letter per member that is alive. Weights 1, 2, 3, 0 of a, b, c, z.
 */
static const struct pool_case {
	const char *name;
	int64_t quorum, hysteresis;
	const char *alive[6];
	const char *expected; /* first: u/d; then '=', 'G'ained, 'L'ost */
} pool_cases[] = {
	{ "plain", 1, 0, { "abc", "a", "", "c" }, "u=LG" },
	{ "starts without quorum", 4, 0, { "c", "bc" }, "dG" },
	{ "starts empty", 1, 0, { "", "a" }, "dG" },
	{ "at the quorum is enough", 3, 0, { "c", "ab", "b" }, "u=L" },
	{ "below the quorum is lost", 3, 0, { "abc", "b", "ab" }, "uLG" },
	{ "hysteresis keeps it", 4, 1, { "abc", "c", "b" }, "u=L" },
	{ "hysteresis delays the gain", 4, 1, { "b", "ac", "bc" }, "d=G" },
	{ "hysteresis does not matter at the start", 4, 2, { "ac" }, "u" },
	{ "weight 0 does not count", 1, 0, { "z", "az", "z" }, "dGL" },
	{ "no weight is lost even within hysteresis", 2, 2, { "b", "z", "" }, "uL=" },
	{ "quorum 0 still needs weight", 0, 0, { "z", "a", "" }, "dGL" },
};

static void member_set(struct pool_member *m, const char *alive)
{
	static const char letters[] = "abcz";
	static const int32_t weights[] = { 1, 2, 3, 0 };

	for (uint32_t i = 0; i < N_MEMBERS; i++) {
		m[i].dest.weight = weights[i];
		m[i].dest.key.addr = addr_from_bytes((uint8_t[]){ 10, 0, 0, (uint8_t)(i + 1) }, 4);
		m[i].dest.key.port = 80;
		m[i].n_failed = strchr(alive, letters[i]) ? 0 : 1;
	}
}

static void run_pool(const struct pool_case *c, char *out)
{
	const struct pool_params params = { .quorum = c->quorum, .hysteresis = c->hysteresis };
	struct pool_member m[N_MEMBERS] = { 0 };
	struct pool pool;

	member_set(m, c->alive[0]);
	pool_init(&pool, &params, m, N_MEMBERS);
	*out++ = pool.is_up ? 'u' : 'd';
	for (size_t i = 1; i < ARRAY_N(c->alive) && c->alive[i]; i++) {
		enum pool_edge edge;

		member_set(m, c->alive[i]);
		edge = pool_step(&pool, &params, m, N_MEMBERS);
		assert_int_equal(pool.alive, strlen(c->alive[i]));
		*out++ = "=GL"[edge];
		if (edge != POOL_SAME)
			assert_int_equal(pool.is_up, edge == POOL_QUORUM_GAINED);
	}
	*out = '\0';
}

static void test_pool(void **state)
{
	char out[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_N(pool_cases); i++) {
		run_pool(&pool_cases[i], out);
		if (strcmp(out, pool_cases[i].expected) != 0)
			fail_msg("%s: %s, not %s", pool_cases[i].name, out, pool_cases[i].expected);
	}
}

/* ---- destinations ---- */

/* Destinations are written as letter and weight; s is the sorry server. Capital:
 * inhibit_on_failure. */
static const struct desired_case {
	const char *name;
	bool has_sorry, sorry_inhibit, is_up;
	const char *inhibited; /* members with inhibit_on_failure */
	const char *alive;
	const char *expected;
} desired_cases[] = {
	{ "all alive", false, false, true, "", "abcz", "a1b2c3z0" },
	{ "failed ones are gone", false, false, true, "", "ac", "a1c3" },
	{ "failed ones stay at 0", false, false, true, "b", "ac", "a1b0c3" },
	{ "quorum lost, no sorry server", false, false, false, "", "a", "" },
	{ "quorum lost, inhibited", false, false, false, "ab", "a", "a0b0" },
	{ "quorum lost, sorry server", true, false, false, "", "a", "s7" },
	{ "quorum lost, sorry server and inhibited", true, false, false, "ab", "a", "a0b0s7" },
	{ "quorum held, no sorry server in sight", true, false, true, "", "abc", "a1b2c3" },
	{ "quorum held, sorry server quiesced", true, true, true, "", "abc", "a1b2c3s0" },
	{ "quorum lost, sorry server raised", true, true, false, "", "", "s7" },
};

static void write_dests(const struct ipvs_svc *svc, char *out)
{
	const struct ipvs_dest *d;

	ipvs_dest_for_each (d, svc) {
		*out++ = "?abczs"[d->key.addr.bytes[3]];
		*out++ = (char)('0' + d->weight);
	}
	*out = '\0';
}

static void run_desired(const struct desired_case *c, char *out)
{
	const struct ipvs_svc_key key = { .family = AF_INET, .protocol = IPPROTO_TCP, .port = 80 };
	struct pool_params params = { .has_sorry = c->has_sorry,
				      .sorry_inhibit = c->sorry_inhibit };
	struct pool pool = { .is_up = c->is_up };
	struct pool_member m[N_MEMBERS] = { 0 };
	struct ipvs_svc svc;
	struct ipvs_set set;

	params.sorry.key.addr = addr_from_bytes((uint8_t[]){ 10, 0, 0, 5 }, 4);
	params.sorry.key.port = 80;
	params.sorry.weight = 7;
	member_set(m, c->alive);
	for (uint32_t i = 0; i < N_MEMBERS; i++)
		m[i].inhibit_on_failure = strchr(c->inhibited, "abcz"[i]);
	ipvs_set_init(&set);
	svc_init(&svc, &key);
	pool_desired(&pool, &params, m, N_MEMBERS, ipvs_set_add(&set, &svc));
	write_dests(&set.svcs[0], out);
	ipvs_set_done(&set);
}

static void test_desired(void **state)
{
	char out[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_N(desired_cases); i++) {
		run_desired(&desired_cases[i], out);
		if (strcmp(out, desired_cases[i].expected) != 0)
			fail_msg("%s: %s, not %s", desired_cases[i].name, out,
				 desired_cases[i].expected);
	}
}

/* A sorry server that is also a member keeps the weight that its role at the moment asks for. */
static void test_sorry_is_member(void **state)
{
	const struct ipvs_svc_key key = { .family = AF_INET, .protocol = IPPROTO_TCP, .port = 80 };
	struct pool_params params = { .has_sorry = true, .sorry_inhibit = true };
	struct pool_member m[N_MEMBERS] = { 0 };
	struct pool pool = { .is_up = true };
	struct ipvs_svc svc;
	struct ipvs_set set;

	(void)state;
	member_set(m, "a");
	m[0].inhibit_on_failure = true;
	params.sorry = m[0].dest;
	params.sorry.weight = 9;
	ipvs_set_init(&set);
	svc_init(&svc, &key);
	pool_desired(&pool, &params, m, 1, ipvs_set_add(&set, &svc));
	assert_int_equal(set.svcs[0].n_dests, 1);
	assert_int_equal(set.svcs[0].dests[0].weight, 1);
	pool.is_up = false;
	pool_desired(&pool, &params, m, 1, &set.svcs[0]);
	assert_int_equal(set.svcs[0].n_dests, 1);
	assert_int_equal(set.svcs[0].dests[0].weight, 9);
	ipvs_set_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_desired),
		cmocka_unit_test(test_sorry_is_member),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
