/*
 * Routes and rules: written and read again, compared, kept in their table; desired against actual.
 */
#include <linux/fib_rules.h>
#include <linux/lwtunnel.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/nl_route_table.h"
#include "vrrp/route_diff.h"

#define PROTOCOL 18
#define ROUNDS   20000

static uint8_t buffer[8192];

static struct nlmsghdr *route_msg(uint16_t type, const struct nl_route *route)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = type;
	nl_route_put(nlh, route);
	assert_true(nlh->nlmsg_len <= nl_route_size_max(route));
	return nlh;
}

static struct nlmsghdr *rule_msg(uint16_t type, const struct nl_rule *rule)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = type;
	nl_rule_put(nlh, rule);
	assert_true(nlh->nlmsg_len <= NL_RULE_SIZE_MAX);
	return nlh;
}

static struct nl_route route_to(const char *dst, uint8_t len, const char *via)
{
	struct nl_route r = { .type = RTN_UNICAST,
			      .protocol = PROTOCOL,
			      .dst_len = len,
			      .table = RT_TABLE_MAIN,
			      .n_legs = 1 };

	assert_true(addr_parse(dst, &r.dst));
	assert_true(addr_parse(via, &r.legs[0].via));
	r.legs[0].weight = 1;
	r.family = r.dst.family;
	return r;
}

static struct addr random_addr(uint8_t family)
{
	struct addr a = { .family = family };

	for (unsigned i = 0; i < addr_len(family); i++)
		a.bytes[i] = (uint8_t)(1 + rand() % 255);
	return a;
}

static struct nl_route random_route(const struct nl_encap *encap)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct nl_route r = { .family = families[rand() % 2],
			      .type = RTN_UNICAST,
			      .protocol = PROTOCOL,
			      .table = 1U << rand() % 20,
			      .metric = (uint32_t)rand() % 3,
			      .tos = (uint8_t)(rand() % 4 * 4) };

	if (rand() % 8) {
		r.dst = random_addr(r.family);
		r.dst_len = (uint8_t)(1 + rand() % 32);
	}
	r.n_legs = (uint32_t)rand() % 4 ? 1 : 1 + (uint32_t)rand() % NL_LEGS_MAX;
	for (uint32_t i = 0; i < r.n_legs; i++) {
		r.legs[i].via = random_addr(families[rand() % 2]);
		r.legs[i].ifindex = (uint32_t)rand() % 4;
		r.legs[i].weight = r.n_legs == 1 ? 1 : (uint16_t)(1 + rand() % 256);
		r.legs[i].encap = rand() % 8 ? NULL : encap;
		r.legs[i].encap_type = r.legs[i].encap ? encap->type : 0;
	}
	for (unsigned i = 1; i <= RTAX_MAX; i++)
		r.metrics[i] = rand() % 4 || i == RTAX_CC_ALGO ? 0 : (uint32_t)rand();
	if (rand() % 4 == 0)
		strcpy(r.congctl, "cubic");
	return r;
}

static void test_routes_come_back(void **state)
{
	const struct nl_encap encap = { .type = LWTUNNEL_ENCAP_MPLS, .n_labels = 8, .ttl = 3 };
	struct nl_route is;

	(void)state;
	srand(1);
	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct nl_route want = random_route(&encap);
		assert_true(nl_route_parse(route_msg(RTM_NEWROUTE, &want), &is));
		assert_true(nl_route_is_wanted(&is, &want));
		assert_true(nl_route_is_wanted(&want, &want));
		assert_true(nl_route_is_wanted(&is, &is));
		is.metric++;
		assert_false(nl_route_is_wanted(&is, &want));
	}
}

static void test_encapsulations_differ(void **state)
{
	const struct nl_encap a = { .type = LWTUNNEL_ENCAP_MPLS,
				    .n_labels = 2,
				    .labels = { 1, 2 } },
			      b = { .type = LWTUNNEL_ENCAP_MPLS,
				    .n_labels = 2,
				    .labels = { 1, 3 } };
	struct nl_route want = route_to("10.0.0.0", 8, "10.1.0.1"), is;

	(void)state;
	want.legs[0].encap_type = LWTUNNEL_ENCAP_MPLS;
	want.legs[0].encap = &a;
	is = want;
	is.legs[0].encap = NULL; /* as the kernel tells it */
	assert_true(nl_route_is_wanted(&is, &want));
	is.legs[0].encap = &b;
	assert_false(nl_route_is_wanted(&is, &want));
	is = want;
	is.legs[0].encap_type = 0;
	assert_false(nl_route_is_wanted(&is, &want));
}

static void test_legs_in_any_order(void **state)
{
	struct nl_route want = route_to("10.0.0.0", 8, "10.1.0.1"), is;

	(void)state;
	want.n_legs = 2;
	want.legs[1] = want.legs[0];
	want.legs[1].weight = 7;
	is = want;
	is.legs[0].weight = 7;
	is.legs[1].weight = 1;
	assert_true(nl_route_is_wanted(&is, &want));
	is.legs[1].weight = 7;
	assert_false(nl_route_is_wanted(&is, &want));
}

static void test_broken_messages_are_read_within_bounds(void **state)
{
	const struct nl_encap encap = { .type = LWTUNNEL_ENCAP_IP6 };
	struct nl_route route, is;
	struct nl_rule rule;

	(void)state;
	srand(2);
	for (unsigned i = 0; i < ROUNDS; i++) {
		route = random_route(&encap);
		struct nlmsghdr *nlh = route_msg(RTM_NEWROUTE, &route);
		uint32_t len = nlh->nlmsg_len;
		for (unsigned j = 0; j < 4; j++)
			buffer[sizeof(*nlh) + (unsigned)rand() % (len - sizeof(*nlh))] =
				(uint8_t)rand();
		/* In memory of its own length: the sanitizers see what goes beyond. */
		nlh->nlmsg_len = rand() % 4 ? len : sizeof(*nlh) + (unsigned)rand() % 40;
		/* Messages are padded to four bytes, which libmnl counts as theirs. */
		struct nlmsghdr *copy = malloc(MNL_ALIGN(nlh->nlmsg_len));
		memcpy(copy, nlh, MNL_ALIGN(nlh->nlmsg_len));
		nl_route_parse(copy, &is);
		nl_rule_parse(copy, &rule);
		free(copy);
	}
}

static void test_rules_come_back(void **state)
{
	struct nl_rule want = { .family = AF_INET,
				.action = FR_ACT_TO_TBL,
				.protocol = PROTOCOL,
				.priority = 5,
				.table = 1000,
				.suppress_prefix_len = UINT32_MAX,
				.suppress_ifgroup = 3,
				.fwmark = 5,
				.fwmask = 7,
				.tos = 8,
				.is_inverted = true,
				.iif = "eth0",
				.oif = "eth1",
				.ip_proto = 6,
				.dport_lo = 80,
				.dport_hi = 90,
				.has_uids = true,
				.uid_hi = 99,
				.tunnel_id = 77,
				.realms = 0x10002,
				.src_len = 24 };
	struct nl_rule is;

	(void)state;
	assert_true(addr_parse("192.0.2.0", &want.src));
	assert_true(nl_rule_parse(rule_msg(RTM_NEWRULE, &want), &is));
	assert_true(nl_rule_is_equal(&is, &want));
	is.dport_hi++;
	assert_false(nl_rule_is_equal(&is, &want));
}

static void test_table_follows(void **state)
{
	struct nl_route_table t = { .is_watched = { [PROTOCOL] = true } };
	struct nl_route a = route_to("10.0.0.0", 8, "10.1.0.1"), other = a;
	struct nlmsghdr *nlh;

	(void)state;
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &a)), NL_ROUTE_CHANGED);
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &a)), NL_ROUTE_NOTHING);
	assert_true(nl_route_table_has(&t, &a));
	/* Somebody else's beside it does not matter, in its place it does. */
	other.protocol = RTPROT_STATIC;
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &other)),
			 NL_ROUTE_NOTHING);
	nlh = route_msg(RTM_NEWROUTE, &other);
	nlh->nlmsg_flags = NLM_F_REPLACE;
	assert_int_equal(nl_route_table_take(&t, nlh), NL_ROUTE_CHANGED);
	assert_false(nl_route_table_has(&t, &a));
	/* One leg of several. */
	a.n_legs = 2;
	a.legs[1] = a.legs[0];
	a.legs[1].weight = 9;
	nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &a));
	other = a;
	other.n_legs = 1;
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_DELROUTE, &other)), NL_ROUTE_LOST);
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_DELROUTE, &a)), NL_ROUTE_CHANGED);
	assert_int_equal(t.n_routes, 0);
	nl_route_table_done(&t);
}

/* Over IPv6 somebody else's of the same place is one more way of ours. */
static void test_another_way_makes_us_ask(void **state)
{
	struct nl_route_table t = { .is_watched = { [PROTOCOL] = true } };
	struct nl_route ours = route_to("2001:db8::", 32, "fe80::1"), other = ours;

	(void)state;
	other.protocol = RTPROT_STATIC;
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &other)),
			 NL_ROUTE_NOTHING);
	nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &ours));
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &other)), NL_ROUTE_LOST);
	other.metric++;
	assert_int_equal(nl_route_table_take(&t, route_msg(RTM_NEWROUTE, &other)),
			 NL_ROUTE_NOTHING);
	nl_route_table_done(&t);
}

/* ---- desired against actual ---- */

static bool has_bit(const struct route_want *want, const void *arg)
{
	return *(const uint32_t *)arg >> want->route->metric & 1;
}

/* What the kernel may have made part of another route goes, too. */
static void test_diff_removes_what_may_hide(void **state)
{
	struct nl_route route = { .metric = 0 };
	const uint32_t has = 0;
	const struct route_actual actual = { has_bit, &has };
	struct route_want want = { &route, NULL, false, true };
	struct nl_op op;

	(void)state;
	assert_int_equal(route_diff(&want, 1, &actual, ROUTE_PASS_REMOVE, &op), 1);
	assert_int_equal(op.kind, NL_OP_ROUTE_DEL);
	want.may_hide = false;
	assert_int_equal(route_diff(&want, 1, &actual, ROUTE_PASS_REMOVE, &op), 0);
	want = (struct route_want){ &route, NULL, true, true };
	assert_int_equal(route_diff(&want, 1, &actual, ROUTE_PASS_REMOVE, &op), 0);
	assert_int_equal(route_diff(&want, 1, &actual, ROUTE_PASS_ADD, &op), 1);
}

/* For every pair of a wanted and an actual set: applying both passes leads from one to the other,
 * what is there already is not touched. */
static void test_diff_reaches_what_is_wanted(void **state)
{
	enum { N = 5 };
	struct nl_route routes[N];
	struct route_want want[N];
	struct nl_op ops[N];

	(void)state;
	for (uint32_t pair = 0; pair < 1U << 2 * N; pair++) {
		uint32_t wanted = pair >> N, has = pair & ((1U << N) - 1), old = has;
		const struct route_actual actual = { has_bit, &has };
		unsigned n_ops = 0;
		for (uint32_t i = 0; i < N; i++) {
			routes[i].metric = i;
			want[i] = (struct route_want){ &routes[i], NULL, wanted >> i & 1, false };
		}
		for (enum route_pass pass = ROUTE_PASS_REMOVE; pass <= ROUTE_PASS_ADD; pass++) {
			unsigned n = route_diff(want, N, &actual, pass, ops);
			for (unsigned i = 0; i < n; i++)
				has ^= 1U << ops[i].route->metric;
			n_ops += n;
		}
		assert_int_equal(has, wanted);
		assert_int_equal(n_ops, __builtin_popcount(old ^ wanted));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes_come_back),
		cmocka_unit_test(test_encapsulations_differ),
		cmocka_unit_test(test_legs_in_any_order),
		cmocka_unit_test(test_broken_messages_are_read_within_bounds),
		cmocka_unit_test(test_rules_come_back),
		cmocka_unit_test(test_table_follows),
		cmocka_unit_test(test_another_way_makes_us_ask),
		cmocka_unit_test(test_diff_removes_what_may_hide),
		cmocka_unit_test(test_diff_reaches_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
