/*
 * rtnetlink: messages to values, the tables, and the request socket as far as it goes without
 * privilege.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/nl.h"
#include "lib/nl_filter.h"
#include "lib/nl_neigh.h"
#include "lib/nl_parse.h"
#include "lib/nl_req.h"
#include "lib/nl_table.h"

#define NO_SUCH_INDEX 0x7ffffff0

static uint8_t buffer[1024] __attribute__((aligned(8)));

static struct addr ip(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

/* ---- messages ---- */

static struct nlmsghdr *neighbour_message(const char *text, uint16_t nud_state, size_t len)
{
	const struct addr a = ip(text);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = RTM_NEWNEIGH;
	struct ndmsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ndm_family = a.family;
	info->ndm_ifindex = 7;
	info->ndm_state = nud_state;
	mnl_attr_put(nlh, NDA_DST, len, a.bytes);
	return nlh;
}

static void test_neighbour_message(void **state)
{
	static const uint16_t known[] = { NUD_REACHABLE, NUD_STALE, NUD_DELAY,
					  NUD_PROBE,     NUD_NOARP, NUD_PERMANENT };
	const struct addr v4 = ip("10.0.0.2"), v6 = ip("fd00::2");
	struct nl_neigh_state seen;

	(void)state;
	assert_true(nl_neigh_parse(neighbour_message("10.0.0.2", NUD_FAILED, 4), &seen));
	assert_true(seen.is_lost);
	assert_int_equal(seen.ifindex, 7);
	assert_int_equal(addr_cmp(&seen.addr, &v4), 0);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_true(nl_neigh_parse(neighbour_message("fd00::2", known[i], 16), &seen));
		assert_false(seen.is_lost);
		assert_int_equal(addr_cmp(&seen.addr, &v6), 0);
	}
	assert_false(nl_neigh_parse(neighbour_message("fd00::2", NUD_INCOMPLETE, 16), &seen));
	assert_false(nl_neigh_parse(neighbour_message("fd00::2", NUD_FAILED, 4), &seen));
	struct nlmsghdr *nlh = neighbour_message("10.0.0.2", NUD_FAILED, 4);
	nlh->nlmsg_type = RTM_DELNEIGH;
	assert_false(nl_neigh_parse(nlh, &seen));
	nlh->nlmsg_type = RTM_NEWNEIGH;
	nlh->nlmsg_len = NLMSG_HDRLEN + 4;
	assert_false(nl_neigh_parse(nlh, &seen));
}

static struct nlmsghdr *link_message(uint8_t family, const char *name)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 7 };
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = RTM_NEWLINK;
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ifi_family = family;
	info->ifi_type = ARPHRD_ETHER;
	info->ifi_index = 7;
	info->ifi_flags = IFF_UP | IFF_RUNNING;
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(mac), mac);
	mnl_attr_put_u32(nlh, IFLA_MTU, 1500);
	return nlh;
}

static struct nlmsghdr *addr_message(const char *local, const char *address, uint8_t prefix_len)
{
	const struct addr l = ip(local), a = ip(address);
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = RTM_NEWADDR;
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(nlh, sizeof(*info));
	info->ifa_family = l.family;
	info->ifa_prefixlen = prefix_len;
	info->ifa_index = 7;
	mnl_attr_put(nlh, IFA_LOCAL, addr_len(l.family), l.bytes);
	mnl_attr_put(nlh, IFA_ADDRESS, addr_len(a.family), a.bytes);
	return nlh;
}

/* Whether the kernel lets it through to a socket with the filter. */
static bool passes(const int pair[2], const struct nlmsghdr *nlh)
{
	uint8_t seen[sizeof(buffer)];

	assert_int_equal(send(pair[0], nlh, nlh->nlmsg_len, 0), nlh->nlmsg_len);
	return recv(pair[1], seen, sizeof(seen), MSG_DONTWAIT) == nlh->nlmsg_len;
}

static void test_filter_of_neighbours(void **state)
{
	const struct addr watched[] = { ip("10.0.0.2"), ip("fd00::2"), ip("10.0.0.3") };
	struct nlmsghdr *nlh;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(nl_filter_neighbours(pair[1], watched, 3), 0);
	assert_true(passes(pair, neighbour_message("10.0.0.2", NUD_FAILED, 4)));
	assert_true(passes(pair, neighbour_message("10.0.0.3", NUD_REACHABLE, 4)));
	assert_true(passes(pair, neighbour_message("fd00::2", NUD_STALE, 16)));
	assert_false(passes(pair, neighbour_message("10.0.0.4", NUD_FAILED, 4)));
	assert_false(passes(pair, neighbour_message("fd00::3", NUD_FAILED, 16)));
	nlh = neighbour_message("10.0.0.2", NUD_FAILED, 4);
	nlh->nlmsg_type = RTM_DELNEIGH;
	assert_false(passes(pair, nlh));
	assert_int_equal(nl_filter_neighbours(pair[1], NULL, 0), 0);
	assert_false(passes(pair, neighbour_message("10.0.0.2", NUD_FAILED, 4)));
	close(pair[0]);
	close(pair[1]);
}

/* As many as there may be. */
static void test_filter_of_many_neighbours(void **state)
{
	struct addr watched[NL_NEIGH_MAX];
	int pair[2];

	(void)state;
	for (unsigned i = 0; i < NL_NEIGH_MAX; i++) {
		watched[i] = ip("10.0.0.0");
		watched[i].bytes[3] = (uint8_t)i;
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(nl_filter_neighbours(pair[1], watched, NL_NEIGH_MAX), 0);
	assert_true(passes(pair, neighbour_message("10.0.0.249", NUD_FAILED, 4)));
	assert_false(passes(pair, neighbour_message("10.0.0.250", NUD_FAILED, 4)));
	close(pair[0]);
	close(pair[1]);
}

static void test_link_message(void **state)
{
	struct nl_link link;

	(void)state;
	assert_true(nl_parse_link(link_message(AF_UNSPEC, "eth0"), &link));
	assert_int_equal(link.ifindex, 7);
	assert_string_equal(link.name, "eth0");
	assert_true(link.is_up);
	assert_true(link.has_mac);
	assert_int_equal(link.mac[5], 7);
	assert_int_equal(link.mtu, 1500);
}

static void test_link_without_carrier_is_down(void **state)
{
	struct nlmsghdr *nlh = link_message(AF_UNSPEC, "eth0");
	struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	struct nl_link link;

	(void)state;
	info->ifi_flags = IFF_UP;
	assert_true(nl_parse_link(nlh, &link));
	assert_false(link.is_up);
	info->ifi_flags = IFF_UP | IFF_LOOPBACK;
	assert_true(nl_parse_link(nlh, &link));
	assert_true(link.is_up);
}

static void test_bridge_port_is_no_link(void **state)
{
	struct nl_link link;

	(void)state;
	assert_false(nl_parse_link(link_message(AF_BRIDGE, "eth0"), &link));
}

static void test_link_name_is_bounded(void **state)
{
	struct nl_link link;

	(void)state;
	assert_false(nl_parse_link(link_message(AF_UNSPEC, "a-name-of-16-byt"), &link));
	assert_true(nl_parse_link(link_message(AF_UNSPEC, "a-name-of-15-by"), &link));
}

/* What is asked for is what is read back, by the same attributes. */
static void test_upper_messages(void **state)
{
	const uint8_t mac[6] = { 0, 0, 0x5e, 0, 1, 51 };
	const struct nl_upper macvlan = { "vrrp.51", 3, 5, 9, mac, MACVLAN_MODE_VEPA };
	const struct nl_upper ipvlan = { "ipv51", 3, 0, 0, NULL, 1 };
	struct nl_req req = { .buffer = buffer };
	struct ifinfomsg *info;
	struct nl_link link;

	(void)state;
	nl_req_put_macvlan(&req, &macvlan);
	info = mnl_nlmsg_get_payload((void *)buffer);
	info->ifi_index = 7; /* the kernel's answer has one */
	info->ifi_type = ARPHRD_ETHER;
	assert_true(nl_parse_link((void *)buffer, &link));
	assert_string_equal(link.name, "vrrp.51");
	assert_int_equal(link.base_ifindex, 3);
	assert_int_equal(link.master_ifindex, 9);
	assert_memory_equal(link.mac, mac, sizeof(mac));
	assert_true(link.is_macvlan && !link.is_ipvlan && !link.is_base_elsewhere);
	assert_int_equal(link.macvlan_mode, MACVLAN_MODE_VEPA);
	mnl_attr_put_u32((void *)buffer, IFLA_LINK_NETNSID, 0);
	assert_true(nl_parse_link((void *)buffer, &link));
	assert_true(link.is_base_elsewhere);

	nl_req_put_ipvlan(&req, &ipvlan);
	info = mnl_nlmsg_get_payload((void *)buffer);
	info->ifi_index = 8;
	assert_true(nl_parse_link((void *)buffer, &link));
	assert_string_equal(link.name, "ipv51");
	assert_int_equal(link.base_ifindex, 3);
	assert_int_equal(link.master_ifindex, 0);
	assert_false(link.has_mac);
	assert_true(link.is_ipvlan && !link.is_macvlan);
}

static void test_addr_message(void **state)
{
	const struct ifa_cacheinfo cache = { .ifa_prefered = 5, .ifa_valid = 10 };
	struct nlmsghdr *nlh = addr_message("10.0.0.5", "10.0.0.5", 24);
	const struct addr brd = ip("10.0.0.255"), own = ip("10.0.0.5");
	struct nl_addr a;

	(void)state;
	mnl_attr_put(nlh, IFA_BROADCAST, 4, brd.bytes);
	mnl_attr_put_strz(nlh, IFA_LABEL, "eth0:v");
	mnl_attr_put_u32(nlh, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
	mnl_attr_put_u8(nlh, IFA_PROTO, NL_PROTO_DIARCH);
	mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(cache), &cache);
	assert_true(nl_parse_addr(nlh, &a));
	assert_int_equal(addr_cmp(&a.addr, &own), 0);
	assert_int_equal(a.prefix_len, 24);
	assert_true(addr_is_unset(&a.peer));
	assert_int_equal(addr_cmp(&a.broadcast, &brd), 0);
	assert_string_equal(a.label, "eth0:v");
	assert_int_equal(a.flags, IFA_F_NODAD | IFA_F_NOPREFIXROUTE);
	assert_int_equal(a.protocol, NL_PROTO_DIARCH);
	assert_int_equal(a.preferred_s, 5);
	assert_int_equal(a.valid_s, 10);
}

static void test_point_to_point_has_peer(void **state)
{
	const struct addr peer = ip("10.0.0.6"), own = ip("10.0.0.5");
	struct nl_addr a;

	(void)state;
	assert_true(nl_parse_addr(addr_message("10.0.0.5", "10.0.0.6", 32), &a));
	assert_int_equal(addr_cmp(&a.addr, &own), 0);
	assert_int_equal(addr_cmp(&a.peer, &peer), 0);
	assert_int_equal(a.valid_s, NL_FOREVER);
}

static void test_malformed_addr(void **state)
{
	struct nl_addr a;
	struct nlmsghdr *nlh = addr_message("10.0.0.5", "10.0.0.5", 33);

	(void)state;
	assert_false(nl_parse_addr(nlh, &a)); /* longer than the address */

	nlh = addr_message("10.0.0.5", "10.0.0.5", 24);
	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg) - 1);
	assert_false(nl_parse_addr(nlh, &a));

	nlh = addr_message("10.0.0.5", "10.0.0.5", 24);
	nlh->nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)); /* no attributes */
	assert_false(nl_parse_addr(nlh, &a));

	nlh = addr_message("fd00::5", "fd00::5", 64);
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh))->ifa_family = AF_INET;
	((struct ifaddrmsg *)mnl_nlmsg_get_payload(nlh))->ifa_prefixlen = 24;
	assert_false(nl_parse_addr(nlh, &a)); /* 16 bytes in an IPv4 message */
}

/* No byte of a message may lead outside of it. Sees more with sanitizers. */
static void test_damaged_messages(void **state)
{
	uint32_t random = 1;
	struct nl_link link;
	struct nl_addr a;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct nlmsghdr *nlh = i % 2 ? link_message(AF_UNSPEC, "eth0")
					     : addr_message("10.0.0.5", "10.0.0.6", 24);
		size_t len = nlh->nlmsg_len;
		for (unsigned j = 0; j < 3; j++) {
			random = random * 1664525 + 1013904223;
			buffer[sizeof(*nlh) + (random >> 8) % (len - sizeof(*nlh))] =
				(uint8_t)(random >> 24);
		}
		uint8_t *copy = malloc(len); /* exactly as long */
		memcpy(copy, buffer, len);
		nlh = (void *)copy;
		nlh->nlmsg_len = (uint32_t)(len - (random >> 4) % 8);
		(void)nl_parse_link(nlh, &link);
		(void)nl_parse_addr(nlh, &a);
		free(copy);
	}
}

/* ---- tables ---- */

static struct nl_addr address(uint32_t ifindex, const char *text, uint8_t prefix_len)
{
	return (struct nl_addr){ .ifindex = ifindex, .addr = ip(text), .prefix_len = prefix_len };
}

static struct nl_addr nth(uint32_t i)
{
	uint32_t host = htonl(0x0a000000 + i);

	return (struct nl_addr){ .ifindex = 1 + i % 3,
				 .addr = addr_from_bytes(&host, sizeof(host)),
				 .prefix_len = 32 };
}

static void test_table_links(void **state)
{
	static const uint32_t order[] = { 5, 1, 9, 3 };
	struct nl_table t = { .n_links = 0 };
	struct nl_link link = { .name = "x" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		link.ifindex = order[i];
		assert_int_equal(nl_table_put_link(&t, &link), 1);
		assert_int_equal(nl_table_put_link(&t, &link), 0);
	}
	link.flags = IFF_UP;
	assert_int_equal(nl_table_put_link(&t, &link), 1);
	assert_int_equal(t.n_links, 4);
	assert_true(nl_table_del_link(&t, 5));
	assert_false(nl_table_del_link(&t, 5));
	assert_null(nl_table_link(&t, 5));
	assert_int_equal(nl_table_link(&t, 3)->flags, IFF_UP);
	assert_int_equal(nl_table_link(&t, 9)->ifindex, 9);
	nl_table_done(&t);
}

static void test_table_many_addrs(void **state)
{
	const uint32_t n = 5000;
	struct nl_table t = { .n_links = 0 };

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		const struct nl_addr a = nth(i);
		assert_int_equal(nl_table_put_addr(&t, &a), 1);
	}
	for (uint32_t i = 0; i < n; i += 2) {
		const struct nl_addr a = nth(i);
		assert_true(nl_table_del_addr(&t, &a));
		assert_false(nl_table_del_addr(&t, &a));
	}
	assert_int_equal(t.n_addrs, n / 2);
	/* New ones take the places of those that moved. */
	for (uint32_t i = n; i < n + n / 4; i++) {
		const struct nl_addr a = nth(i);
		assert_int_equal(nl_table_put_addr(&t, &a), 1);
	}
	for (uint32_t i = 0; i < n; i++) {
		const struct nl_addr a = nth(i);
		const struct nl_addr *found = nl_table_addr(&t, a.ifindex, &a.addr, 32);
		assert_int_equal(found != NULL, i % 2);
		assert_true(!found || addr_cmp(&found->addr, &a.addr) == 0);
	}
	nl_table_done(&t);
}

static void test_table_prefixes_differ(void **state)
{
	struct nl_table t = { .n_links = 0 };
	const struct nl_addr a = address(1, "10.0.0.1", 24), b = address(1, "10.0.0.1", 32);

	(void)state;
	assert_int_equal(nl_table_put_addr(&t, &a), 1);
	assert_int_equal(nl_table_put_addr(&t, &b), 1);
	assert_true(nl_table_del_addr(&t, &a));
	assert_null(nl_table_addr(&t, 1, &a.addr, 24));
	assert_non_null(nl_table_addr(&t, 1, &a.addr, 32));
	assert_non_null(nl_table_addr(&t, 1, &a.addr, -1));
	assert_null(nl_table_addr(&t, 2, &a.addr, -1));
	nl_table_done(&t);
}

struct seen {
	unsigned n[4]; /* of each kind */
};

static void count_change(const struct nl_change *change, void *arg)
{
	struct seen *seen = arg;

	seen->n[change->kind]++;
}

/* What an overrun of the monitor is made good with. */
static void test_table_diff(void **state)
{
	struct nl_table old = { .n_links = 0 }, now = { .n_links = 0 };
	struct nl_link l1 = { .ifindex = 1, .name = "a" }, l2 = { .ifindex = 2, .name = "b" };
	struct nl_addr stays = address(1, "10.0.0.1", 24), goes = address(1, "10.0.0.2", 24);
	struct nl_addr comes = address(1, "10.0.0.3", 24), turns = address(1, "10.0.0.4", 24);
	struct seen seen = { { 0 } };

	(void)state;
	nl_table_put_link(&old, &l1);
	nl_table_put_link(&old, &l2);
	nl_table_put_addr(&old, &stays);
	nl_table_put_addr(&old, &goes);
	nl_table_put_addr(&old, &turns);
	l1.flags = IFF_UP;
	turns.flags = IFA_F_DEPRECATED;
	nl_table_put_link(&now, &l1);
	nl_table_put_addr(&now, &comes);
	nl_table_put_addr(&now, &turns);
	nl_table_put_addr(&now, &stays);
	nl_table_diff(&old, &now, count_change, &seen);
	assert_int_equal(seen.n[NL_LINK_NEW], 1);
	assert_int_equal(seen.n[NL_LINK_DEL], 1);
	assert_int_equal(seen.n[NL_ADDR_NEW], 2);
	assert_int_equal(seen.n[NL_ADDR_DEL], 1);
	memset(&seen, 0, sizeof(seen));
	nl_table_diff(&now, &now, count_change, &seen);
	assert_int_equal(seen.n[0] + seen.n[1] + seen.n[2] + seen.n[3], 0);
	nl_table_done(&old);
	nl_table_done(&now);
}

/* ---- the kernel ---- */

static void test_kernel_answers_each_operation(void **state)
{
	const unsigned n = 2 * NL_BATCH_OPS + 44;
	struct loop *loop = loop_new(NULL);
	struct seen seen = { { 0 } };
	struct nl *nl = nl_open(loop, count_change, &seen);

	(void)state;
	if (!nl) {
		loop_free(loop);
		skip();
	}
	assert_non_null(nl_link_by_name(nl, "lo"));
	struct nl_op *ops = calloc(n, sizeof(*ops));
	for (unsigned i = 0; i < n; i++) {
		ops[i].addr = nth(i);
		ops[i].addr.ifindex = NO_SUCH_INDEX;
		ops[i].addr.valid_s = ops[i].addr.preferred_s = NL_FOREVER;
	}
	assert_int_equal(nl_apply(nl, ops, n, 5 * US_PER_S), n);
	for (unsigned i = 0; i < n; i++)
		assert_true(ops[i].error == -ENODEV || ops[i].error == -EPERM);
	/* No time: nothing is begun, and all is still open. */
	assert_int_equal(nl_apply(nl, ops, n, 0), n);
	assert_int_equal(ops[0].error, -ETIMEDOUT);
	free(ops);
	nl_free(nl);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbour_message),
		cmocka_unit_test(test_filter_of_neighbours),
		cmocka_unit_test(test_filter_of_many_neighbours),
		cmocka_unit_test(test_link_message),
		cmocka_unit_test(test_link_without_carrier_is_down),
		cmocka_unit_test(test_bridge_port_is_no_link),
		cmocka_unit_test(test_link_name_is_bounded),
		cmocka_unit_test(test_upper_messages),
		cmocka_unit_test(test_addr_message),
		cmocka_unit_test(test_point_to_point_has_peer),
		cmocka_unit_test(test_malformed_addr),
		cmocka_unit_test(test_damaged_messages),
		cmocka_unit_test(test_table_links),
		cmocka_unit_test(test_table_many_addrs),
		cmocka_unit_test(test_table_prefixes_differ),
		cmocka_unit_test(test_table_diff),
		cmocka_unit_test(test_kernel_answers_each_operation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
