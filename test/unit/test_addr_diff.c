/*
 * Virtual addresses, desired against actual; and what announces them.
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/addr_diff.h"
#include "vrrp/garp.h"
#include "vrrp/ndisc.h"

#define N_MAX 16

/* A kernel of arrays. */
struct fake {
	struct nl_addr v[N_MAX];
	unsigned n;
};

static struct nl_addr address(uint32_t ifindex, const char *text, uint8_t prefix_len)
{
	struct nl_addr a = { .ifindex = ifindex, .prefix_len = prefix_len };

	assert_true(addr_parse(text, &a.addr));
	return a;
}

static bool is_key(const struct nl_addr *a, const struct nl_addr *b)
{
	return a->ifindex == b->ifindex && a->prefix_len == b->prefix_len &&
	       addr_cmp(&a->addr, &b->addr) == 0;
}

static const struct nl_addr *fake_find(const struct nl_addr *key, const void *arg)
{
	const struct fake *fake = arg;

	for (unsigned i = 0; i < fake->n; i++) {
		if (is_key(&fake->v[i], key))
			return &fake->v[i];
	}
	return NULL;
}

static void fake_apply(struct fake *fake, const struct nl_op *op)
{
	struct nl_addr *is = (struct nl_addr *)(uintptr_t)fake_find(&op->addr, fake);

	if (op->kind == NL_OP_ADDR_ADD) {
		assert_null(is);
		assert_true(fake->n < N_MAX);
		fake->v[fake->n++] = op->addr;
	} else {
		assert_non_null(is);
		*is = fake->v[--fake->n];
	}
}

static unsigned diff(const struct fake *fake, const struct addr_want *want, unsigned n,
		     struct nl_op *ops)
{
	return addr_diff(want, n, &(struct addr_actual){ fake_find, fake }, ops);
}

static void test_adds_what_is_wanted_in_order(void **state)
{
	const struct fake fake = { .v = { address(1, "10.0.0.2", 24) }, .n = 1 };
	const struct addr_want want[] = {
		{ address(1, "10.0.0.9", 24), true },
		{ address(1, "10.0.0.2", 24), true },
		{ address(1, "10.0.0.1", 24), true },
	};
	struct nl_op ops[2 * 3];

	(void)state;
	assert_int_equal(diff(&fake, want, 3, ops), 2);
	assert_int_equal(ops[0].kind, NL_OP_ADDR_ADD);
	assert_true(is_key(&ops[0].addr, &want[0].addr));
	assert_true(is_key(&ops[1].addr, &want[2].addr));
}

static void test_removes_only_ours(void **state)
{
	const struct fake fake = { .v = { address(1, "10.0.0.1", 24), address(1, "10.0.0.2", 24),
					  address(2, "10.0.0.1", 24) },
				   .n = 3 };
	const struct addr_want want[] = { { address(1, "10.0.0.1", 24), false },
					  { address(1, "10.0.0.3", 24), false } };
	struct nl_op ops[2 * 2];

	(void)state;
	assert_int_equal(diff(&fake, want, 2, ops), 1);
	assert_int_equal(ops[0].kind, NL_OP_ADDR_DEL);
	assert_true(is_key(&ops[0].addr, &want[0].addr));
}

static void test_other_prefix_is_another_address(void **state)
{
	const struct fake fake = { .v = { address(1, "10.0.0.1", 24) }, .n = 1 };
	const struct addr_want add = { address(1, "10.0.0.1", 32), true };
	const struct addr_want del = { address(1, "10.0.0.1", 32), false };
	struct nl_op ops[2];

	(void)state;
	assert_int_equal(diff(&fake, &add, 1, ops), 1);
	assert_int_equal(diff(&fake, &del, 1, ops), 0);
}

static void test_missing_interface_is_left_alone(void **state)
{
	const struct fake fake = { .n = 0 };
	const struct addr_want want[] = { { address(0, "10.0.0.1", 24), true },
					  { address(0, "10.0.0.2", 24), false } };
	struct nl_op ops[2 * 2];

	(void)state;
	assert_int_equal(diff(&fake, want, 2, ops), 0);
}

static void test_changed_attributes_replace(void **state)
{
	struct fake fake = { .v = { address(1, "10.0.0.1", 24), address(1, "10.0.0.2", 24) },
			     .n = 2 };
	struct addr_want want[] = { { address(1, "10.0.0.1", 24), true },
				    { address(1, "10.0.0.2", 24), true } };
	struct nl_op ops[2 * 2];

	(void)state;
	strcpy(fake.v[0].label, "eth0"); /* the kernel's choice where we have none */
	strcpy(fake.v[1].label, "eth0");
	assert_int_equal(diff(&fake, want, 2, ops), 0);
	strcpy(want[1].addr.label, "eth0:1");
	assert_int_equal(diff(&fake, want, 2, ops), 2);
	assert_int_equal(ops[0].kind, NL_OP_ADDR_DEL);
	assert_int_equal(ops[1].kind, NL_OP_ADDR_ADD);
	assert_string_equal(ops[1].addr.label, "eth0:1");
	want[1].addr.label[0] = '\0';
	want[1].addr.scope = RT_SCOPE_LINK;
	assert_int_equal(diff(&fake, want, 2, ops), 2);
	want[1].addr.scope = RT_SCOPE_UNIVERSE;
	assert_true(addr_parse("10.0.0.255", &want[1].addr.broadcast));
	assert_int_equal(diff(&fake, want, 2, ops), 2);
	fake.v[1].broadcast = want[1].addr.broadcast;
	assert_int_equal(diff(&fake, want, 2, ops), 0);
}

/* From any state, cut short at any operation: the next difference leads on, and ends in what is
 * wanted. */
static void test_converges_from_everywhere(void **state)
{
	enum { N = 4 };
	struct nl_addr all[N];

	(void)state;
	for (unsigned i = 0; i < N; i++) {
		all[i] = address(1, "10.0.0.1", 24);
		all[i].addr.bytes[3] = (uint8_t)(i + 1);
	}
	for (unsigned bits = 0; bits < 1U << (2 * N); bits++) {
		struct fake fake = { .n = 0 };
		struct addr_want want[N];
		struct nl_op ops[2 * N];
		for (unsigned i = 0; i < N; i++) {
			want[i] = (struct addr_want){ all[i], bits >> i & 1 };
			if (bits >> (N + i) & 1)
				fake.v[fake.n++] = all[i];
		}
		for (unsigned n; (n = diff(&fake, want, N, ops)) > 0;)
			fake_apply(&fake, &ops[0]);
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(fake_find(&all[i], &fake) != NULL, want[i].is_wanted);
	}
}

static void test_garp_frame(void **state)
{
	static const uint8_t expected[GARP_FRAME_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0,   0, 7, 0x08, 0x06, /* Ethernet */
		0,    1,    0x08, 0,    6,    4,    0,  1,         /* Ethernet, IPv4, request */
		2,    0,    0,    0,    0,    7,    10, 0, 0, 100, /* sender */
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 0, 0, 100, /* target */
	};
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	const struct nl_addr a = address(1, "10.0.0.100", 32);
	uint8_t frame[GARP_FRAME_LEN];

	(void)state;
	garp_encode(mac, &a.addr, frame);
	assert_memory_equal(frame, expected, sizeof(frame));
}

static void test_neighbour_advertisement(void **state)
{
	static const uint8_t expected[NDISC_MSG_LEN] = {
		136,  0,    0, 0, 0xa0, 0, 0, 0,                               /* R, O */
		0xfd, 0x09, 0, 0, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x00, /* target */
		2,    1,    2, 0, 0,    0, 0, 7, /* its hardware address */
	};
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	const struct nl_addr a = address(1, "fd09::200", 64);
	uint8_t msg[NDISC_MSG_LEN];

	(void)state;
	ndisc_encode(mac, &a.addr, msg);
	assert_memory_equal(msg, expected, sizeof(msg));
}

static void test_question_for_a_neighbour(void **state)
{
	static const uint8_t arp[GARP_FRAME_LEN] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,  0, 0, 0, 0, 7, 0x08, 0x06, /* Ethernet */
		0,    1,    0x08, 0,    6,    4,    0,  1,       /* Ethernet, IPv4, request */
		2,    0,    0,    0,    0,    7,    10, 0, 0, 1, /* sender */
		0,    0,    0,    0,    0,    0,    10, 0, 0, 2, /* target */
	};
	static const uint8_t ndisc[NDISC_MSG_LEN] = {
		135,  0,    0, 0, 0, 0, 0, 0,                               /* solicitation */
		0xfd, 0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x00, /* target */
		1,    1,    2, 0, 0, 0, 0, 7, /* our hardware address */
	};
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	const struct nl_addr src = address(1, "10.0.0.1", 32), v4 = address(1, "10.0.0.2", 32),
			     v6 = address(1, "fd09::200", 64);
	uint8_t frame[GARP_FRAME_LEN], msg[NDISC_MSG_LEN];

	(void)state;
	garp_ask_encode(mac, &src.addr, &v4.addr, frame);
	assert_memory_equal(frame, arp, sizeof(frame));
	ndisc_ask_encode(mac, &v6.addr, msg);
	assert_memory_equal(msg, ndisc, sizeof(msg));
}

/* One wanted address against one that is there: how many operations. */
static unsigned ops_for(const struct nl_addr *is, const struct nl_addr *want)
{
	const struct fake fake = { .v = { *is }, .n = 1 };
	const struct addr_want wants[] = { { *want, true } };
	struct nl_op ops[2];

	return diff(&fake, wants, 1, ops);
}

static void test_attributes_that_differ_replace(void **state)
{
	const struct nl_addr want = address(1, "2001:db8::1", 64);
	struct nl_addr is = want;

	(void)state;
	is.flags = IFA_F_NOPREFIXROUTE;
	assert_int_equal(ops_for(&is, &want), 2);
	is.flags = IFA_F_PERMANENT | IFA_F_NODAD; /* the kernel's own */
	assert_int_equal(ops_for(&is, &want), 0);
	is.flags = IFA_F_DADFAILED;
	assert_int_equal(ops_for(&is, &want), 2);
	is = want;
	assert_true(addr_parse("2001:db8::9", &is.peer));
	assert_int_equal(ops_for(&is, &want), 2);
}

static void test_lifetimes_run_down(void **state)
{
	struct nl_addr want = address(1, "10.0.0.1", 24), is = want;

	(void)state;
	want.preferred_s = 60;
	is.preferred_s = 7;
	assert_int_equal(ops_for(&is, &want), 0);
	is.preferred_s = 61;
	assert_int_equal(ops_for(&is, &want), 2);
	is.flags = IFA_F_PERMANENT; /* IPv4 shows no lifetimes then */
	is.preferred_s = NL_FOREVER;
	assert_int_equal(ops_for(&is, &want), 0);
	want.preferred_s = NL_FOREVER;
	is.flags = IFA_F_PERMANENT | IFA_F_DEPRECATED;
	assert_int_equal(ops_for(&is, &want), 2);
	want.preferred_s = 0;
	assert_int_equal(ops_for(&is, &want), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_adds_what_is_wanted_in_order),
		cmocka_unit_test(test_removes_only_ours),
		cmocka_unit_test(test_other_prefix_is_another_address),
		cmocka_unit_test(test_missing_interface_is_left_alone),
		cmocka_unit_test(test_changed_attributes_replace),
		cmocka_unit_test(test_converges_from_everywhere),
		cmocka_unit_test(test_garp_frame),
		cmocka_unit_test(test_neighbour_advertisement),
		cmocka_unit_test(test_question_for_a_neighbour),
		cmocka_unit_test(test_attributes_that_differ_replace),
		cmocka_unit_test(test_lifetimes_run_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
