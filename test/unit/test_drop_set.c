/*
 * Which addresses are dropped, and what nf_tables is told.
 */
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>

#include "vrrp/nft_msg.h"

#define N_MAX 3000

static struct drop_key key(const char *text, uint32_t ifindex, bool is_by_index)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return drop_key_of(&addr, ifindex, "eth0", is_by_index);
}

static struct drop_set new_set(uint32_t cap)
{
	return (struct drop_set){ calloc(cap, sizeof(struct drop_key)), 0, cap };
}

static void keys_are_bound_when_link_local(void **state)
{
	const struct drop_key global = key("2001:db8::1", 3, false);
	const struct drop_key by_name = key("fe80::1", 3, false),
			      by_index = key("fe80::1", 3, true);

	(void)state;
	assert_false(drop_key_is_link_local(&global));
	assert_int_equal(global.ifindex, 0);
	assert_int_equal(global.ifname[0], 0);
	assert_true(drop_key_is_link_local(&by_name));
	assert_string_equal(by_name.ifname, "eth0");
	assert_int_equal(by_index.ifindex, 3);
	assert_int_equal(by_index.ifname[0], 0);
}

static void set_has_each_once(void **state)
{
	struct drop_set set = new_set(2);
	const struct drop_key a = key("192.0.2.2", 0, false), b = key("192.0.2.1", 0, false),
			      c = key("192.0.2.3", 0, false);

	(void)state;
	assert_true(drop_set_add(&set, &a));
	assert_true(drop_set_add(&set, &b));
	assert_false(drop_set_add(&set, &a));
	assert_false(drop_set_add(&set, &c)); /* no room */
	assert_true(drop_set_has(&set, &a) && drop_set_has(&set, &b));
	assert_memory_equal(&set.v[0], &b, sizeof(b));
	assert_true(drop_set_remove(&set, &b));
	assert_false(drop_set_remove(&set, &b));
	assert_int_equal(set.n, 1);
	free(set.v);
}

/* Random pairs of sets: carried out, the difference makes one the other. */
static void difference_leads_there(void **state)
{
	struct drop_op ops[128];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 500; round++) {
		struct drop_set have = new_set(64), want = new_set(64);
		uint32_t n;
		for (int i = 0; i < 32; i++) {
			struct addr addr = { .family = AF_INET };
			struct drop_key k;
			addr.in.s_addr = (uint32_t)rand_r(&seed) % 64;
			k = drop_key_of(&addr, 0, "", false);
			drop_set_add(i % 2 ? &have : &want, &k);
		}
		n = drop_set_diff(&have, &want, ops);
		for (uint32_t i = 0; i < n; i++)
			assert_true(ops[i].is_add ? drop_set_add(&have, &ops[i].key)
						  : drop_set_remove(&have, &ops[i].key));
		assert_int_equal(have.n, want.n);
		assert_memory_equal(have.v, want.v, have.n * sizeof(have.v[0]));
		assert_int_equal(drop_set_diff(&have, &want, ops), 0);
		free(have.v);
		free(want.v);
	}
}

struct seen {
	unsigned by_type[32]; /* NFT_MSG_* */
	unsigned begins, ends, acks, elements;
};

static int count_element(struct nftnl_set_elem *e, void *arg)
{
	struct seen *seen = arg;

	(void)e;
	seen->elements++;
	return 0;
}

static void see(const struct nlmsghdr *nlh, struct seen *seen)
{
	const unsigned type = nlh->nlmsg_type & 0xff;

	seen->begins += nlh->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
	seen->ends += nlh->nlmsg_type == NFNL_MSG_BATCH_END;
	seen->acks += (nlh->nlmsg_flags & NLM_F_ACK) != 0;
	if (nlh->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return;
	assert_true(type < 32);
	seen->by_type[type]++;
	if (type != NFT_MSG_NEWSETELEM && type != NFT_MSG_DELSETELEM)
		return;
	struct nftnl_set *set = nftnl_set_alloc();
	assert_int_equal(nftnl_set_elems_nlmsg_parse(nlh, set), 0);
	assert_string_equal(nftnl_set_get_str(set, NFTNL_SET_TABLE), "ours");
	nftnl_set_elem_foreach(set, count_element, seen);
	nftnl_set_free(set);
}

static struct seen look_at(const struct nft_msg *m)
{
	const struct nlmsghdr *nlh = (const void *)m->buffer;
	struct seen seen = { 0 };
	int left = (int)m->len;

	assert_int_equal(m->error, 0);
	assert_true(m->len <= m->size);
	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		see(nlh, &seen);
	assert_int_equal(left, 0);
	assert_int_equal(seen.begins, 1);
	assert_int_equal(seen.ends, 1);
	assert_int_equal(seen.acks, 1);
	return seen;
}

/* T10: sets, and chains whose rules let neighbour discovery pass before they drop. */
static void test_t10_table(void **state)
{
	const struct nft_conf conf = { .table = "ours", .priority = -1, .has_counters = true };
	char *buffer = calloc(1, 32768);
	struct nft_msg m;
	struct seen seen;

	(void)state;
	nft_msg_begin(&m, buffer, 32768, 7);
	nft_msg_table(&m, &conf);
	nft_msg_end(&m);
	seen = look_at(&m);
	assert_int_equal(seen.by_type[NFT_MSG_NEWTABLE], 2);
	assert_int_equal(seen.by_type[NFT_MSG_DELTABLE], 1);
	assert_int_equal(seen.by_type[NFT_MSG_NEWSET], 3);
	assert_int_equal(seen.by_type[NFT_MSG_NEWCHAIN], 2);
	assert_int_equal(seen.by_type[NFT_MSG_NEWRULE], 8);
	free(buffer);
}

/* Many addresses go in several transactions, each within its buffer, and none is forgotten. */
static void transactions_are_bounded(void **state)
{
	static struct drop_op ops[N_MAX];
	char *buffer = calloc(1, 8192);
	unsigned transactions = 0, elements = 0;

	(void)state;
	for (uint32_t i = 0; i < N_MAX; i++) {
		struct addr addr = { .family = i % 3 ? AF_INET6 : AF_INET };
		if (i % 3)
			addr_parse(i % 3 == 1 ? "2001:db8::1" : "fe80::1", &addr);
		ops[i] = (struct drop_op){ drop_key_of(&addr, 0, "eth0", false), i % 2 };
	}
	for (uint32_t done = 0; done < N_MAX; transactions++) {
		struct nft_msg m;
		nft_msg_begin(&m, buffer, 8192, 1);
		uint32_t n = nft_msg_ops(&m, "ours", ops + done, N_MAX - done);
		assert_true(n > 0);
		done += n;
		nft_msg_end(&m);
		elements += look_at(&m).elements;
	}
	assert_int_equal(elements, N_MAX);
	assert_true(transactions > 10);
	free(buffer);
}

static void table_that_does_not_fit_is_an_error(void **state)
{
	const struct nft_conf conf = { .table = "ours" };
	char buffer[2200];
	struct nft_msg m;

	(void)state;
	nft_msg_begin(&m, buffer, sizeof(buffer), 0);
	nft_msg_table(&m, &conf);
	assert_int_equal(m.error, -EMSGSIZE);
}

/* Two tables; a renewal replaces each element, one that is over is left out. */
static void leases_are_elements_with_a_time(void **state)
{
	const struct nft_conf conf = { .table = "ours" };
	const struct lease_elem elems[] = { { key("192.0.2.1", 0, false), 250 },
					    { key("192.0.2.2", 0, false), 0 },
					    { key("2001:db8::1", 0, false), 250 },
					    { key("fe80::1", 0, false), 250 } };
	char *buffer = calloc(1, 65536);
	struct nft_msg m;
	struct seen seen;

	(void)state;
	nft_msg_begin(&m, buffer, 65536, 7);
	nft_msg_lease_tables(&m, &conf);
	nft_msg_lease_addrs(&m, conf.table, elems, 4);
	nft_msg_end(&m);
	seen = look_at(&m);
	assert_int_equal(seen.by_type[NFT_MSG_NEWTABLE], 4);
	assert_int_equal(seen.by_type[NFT_MSG_DELTABLE], 2);
	assert_int_equal(seen.by_type[NFT_MSG_NEWSET], 8);
	assert_int_equal(seen.by_type[NFT_MSG_NEWCHAIN], 3);
	assert_int_equal(seen.by_type[NFT_MSG_NEWRULE], 7);
	assert_int_equal(seen.elements, 4 + 2);

	nft_msg_begin(&m, buffer, 65536, 7);
	nft_msg_lease_alive(&m, conf.table, elems, 4, true);
	nft_msg_end(&m);
	seen = look_at(&m);
	assert_int_equal(seen.by_type[NFT_MSG_DELSETELEM], 4);
	assert_int_equal(seen.by_type[NFT_MSG_NEWSETELEM], 4);
	assert_int_equal(seen.elements, 2 * (3 + 1));
	free(buffer);
}

static bool is_removal(uint16_t type, uint8_t family, const char *table)
{
	char buffer[256] = "";
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));

	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	nfg->nfgen_family = family;
	if (table)
		mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	return nft_msg_is_removal(nlh, "ours");
}

static void removals_are_told_from_the_rest(void **state)
{
	(void)state;
	assert_true(is_removal(NFT_MSG_DELTABLE, NFPROTO_INET, "ours"));
	assert_true(is_removal(NFT_MSG_DELRULE, NFPROTO_INET, "ours"));
	assert_true(is_removal(NFT_MSG_DELSETELEM, NFPROTO_INET, "ours"));
	assert_false(is_removal(NFT_MSG_NEWRULE, NFPROTO_INET, "ours"));
	assert_false(is_removal(NFT_MSG_DELTABLE, NFPROTO_IPV4, "ours"));
	assert_false(is_removal(NFT_MSG_DELTABLE, NFPROTO_INET, "others"));
	assert_false(is_removal(NFT_MSG_DELTABLE, NFPROTO_INET, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_bound_when_link_local),
		cmocka_unit_test(set_has_each_once),
		cmocka_unit_test(difference_leads_there),
		cmocka_unit_test(test_t10_table),
		cmocka_unit_test(transactions_are_bounded),
		cmocka_unit_test(table_that_does_not_fit_is_an_error),
		cmocka_unit_test(leases_are_elements_with_a_time),
		cmocka_unit_test(removals_are_told_from_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
