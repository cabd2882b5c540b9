/*
 * Sets of services and destinations: order, search, replacement, bulk building.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <string.h>

#include "lib/log.h"
#include "lvs/ipvs.h"
#include "lvs/ipvs_conn.h"

#define N_MANY 100000

static struct addr addr_of(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

static struct ipvs_svc svc_at(uint8_t protocol, const char *addr, uint16_t port)
{
	struct ipvs_svc_key key = { .protocol = protocol, .port = port, .addr = addr_of(addr) };
	struct ipvs_svc svc;

	key.family = key.addr.family;
	svc_init(&svc, &key);
	return svc;
}

static struct ipvs_svc svc_fwmark(uint32_t fwmark, uint8_t family)
{
	struct ipvs_svc svc;

	svc_init(&svc, &(struct ipvs_svc_key){ .family = family, .fwmark = fwmark });
	return svc;
}

static struct ipvs_dest dest_numbered(uint32_t i)
{
	uint8_t bytes[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };

	return (struct ipvs_dest){
		.key = { .addr = addr_from_bytes(bytes, 4), .port = 80 },
		.weight = (int32_t)i,
	};
}

static void test_order(void **state)
{
	/* ascending; addresses unsigned: 192.x after 10.x */
	const struct ipvs_svc svcs[] = {
		svc_at(IPPROTO_TCP, "10.0.0.1", 80),
		svc_at(IPPROTO_TCP, "10.0.0.1", 443),
		svc_at(IPPROTO_TCP, "192.168.0.1", 80),
		svc_at(IPPROTO_UDP, "10.0.0.1", 53),
		svc_at(IPPROTO_SCTP, "10.0.0.1", 53),
		svc_at(IPPROTO_TCP, "2001:db8::1", 80),
		svc_fwmark(7, AF_INET),
		svc_fwmark(7, AF_INET6),
		svc_fwmark(UINT32_MAX, AF_INET),
	};
	const size_t n = sizeof(svcs) / sizeof(svcs[0]);
	struct ipvs_set set;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			int c = svc_key_cmp(&svcs[i].key, &svcs[j].key);

			assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
		}
	ipvs_set_init(&set);
	for (size_t i = n; i > 0; i--)
		ipvs_set_add(&set, &svcs[i * 5 % n]);
	assert_int_equal(set.n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(svc_key_cmp(&set.svcs[i].key, &svcs[i].key), 0);
		assert_ptr_equal(ipvs_set_find(&set, &svcs[i].key), &set.svcs[i]);
	}
	ipvs_set_done(&set);
}

static void test_replace_keeps_destinations(void **state)
{
	struct ipvs_svc svc = svc_at(IPPROTO_TCP, "10.0.0.1", 80);
	const struct ipvs_dest dest = dest_numbered(1);
	struct ipvs_set set;
	struct ipvs_svc *in;

	(void)state;
	ipvs_set_init(&set);
	svc_add_dest(ipvs_set_add(&set, &svc), &dest);
	strcpy(svc.sched, "rr");
	in = ipvs_set_add(&set, &svc);
	assert_int_equal(set.n, 1);
	assert_string_equal(in->sched, "rr");
	assert_int_equal(in->n_dests, 1);
	assert_non_null(svc_find_dest(in, &dest.key));
	/* Adding a service to the set it is in already must not lose anything either. */
	in = ipvs_set_add(&set, in);
	assert_int_equal(in->n_dests, 1);
	ipvs_set_done(&set);
}

static void test_delete(void **state)
{
	const struct ipvs_svc svc = svc_at(IPPROTO_TCP, "10.0.0.1", 80);
	struct ipvs_set set;
	struct ipvs_svc *in;

	(void)state;
	ipvs_set_init(&set);
	assert_false(ipvs_set_del(&set, &svc.key));
	in = ipvs_set_add(&set, &svc);
	for (uint32_t i = 0; i < 9; i++) {
		const struct ipvs_dest dest = dest_numbered(i);

		svc_add_dest(in, &dest);
	}
	for (uint32_t i = 0; i < 9; i += 2) {
		const struct ipvs_dest dest = dest_numbered(i);

		assert_true(svc_del_dest(in, &dest.key));
		assert_false(svc_del_dest(in, &dest.key));
	}
	assert_int_equal(in->n_dests, 4);
	for (uint32_t i = 1; i < 9; i += 2) {
		const struct ipvs_dest dest = dest_numbered(i);

		assert_int_equal(svc_find_dest(in, &dest.key)->weight, i);
	}
	assert_true(ipvs_set_del(&set, &svc.key));
	assert_int_equal(set.n, 0);
	assert_null(ipvs_set_find(&set, &svc.key));
	ipvs_set_done(&set);
}

/* Quadratic insertion would move about 700 GB here. */
static void test_many_in_order(void **state)
{
	const struct ipvs_svc svc = svc_at(IPPROTO_TCP, "10.0.0.1", 80);
	struct ipvs_set set;
	struct ipvs_svc *in;

	(void)state;
	ipvs_set_init(&set);
	in = ipvs_set_add(&set, &svc);
	for (uint32_t i = 0; i < N_MANY; i++) {
		const struct ipvs_dest dest = dest_numbered(i);

		svc_add_dest(in, &dest);
	}
	assert_int_equal(in->n_dests, N_MANY);
	ipvs_set_done(&set);
}

/* The order in which the kernel dumps: newest first; and everything twice. */
static void test_many_sorted_afterwards(void **state)
{
	const struct ipvs_svc svc = svc_at(IPPROTO_TCP, "10.0.0.1", 80);
	struct ipvs_set set;

	(void)state;
	ipvs_set_init(&set);
	for (int round = 0; round < 2; round++) {
		struct ipvs_svc *in = ipvs_set_append(&set, &svc);

		for (uint32_t i = 2 * N_MANY; i > 0; i--) {
			const struct ipvs_dest dest = dest_numbered(i / 2);

			svc_append_dest(in, &dest);
		}
	}
	ipvs_set_sort(&set);
	assert_int_equal(set.n, 1);
	assert_int_equal(set.svcs[0].n_dests, N_MANY + 1);
	for (uint32_t i = 0; i <= N_MANY; i++)
		assert_int_equal(set.svcs[0].dests[i].weight, i);
	ipvs_set_done(&set);
}

static void test_copy(void **state)
{
	const struct ipvs_svc svcs[] = { svc_at(IPPROTO_TCP, "10.0.0.1", 80),
					 svc_fwmark(3, AF_INET) };
	const struct ipvs_dest dest = dest_numbered(4);
	struct ipvs_set set, copy;

	(void)state;
	ipvs_set_init(&set);
	ipvs_set_init(&copy);
	ipvs_set_add(&set, &svcs[0]);
	svc_add_dest(ipvs_set_add(&set, &svcs[1]), &dest);
	ipvs_set_copy(&copy, &set);
	ipvs_set_done(&set);
	assert_int_equal(copy.n, 2);
	assert_non_null(svc_find_dest(ipvs_set_find(&copy, &svcs[1].key), &dest.key));
	ipvs_set_done(&copy);
}

static void test_equal(void **state)
{
	struct ipvs_svc a = svc_at(IPPROTO_TCP, "10.0.0.1", 80), b = a;
	struct ipvs_dest x = dest_numbered(1), y = x;

	(void)state;
	b.timeout_s = 50;
	b.netmask = 24;
	b.flags = IPVS_F_HASHED;
	b.stats.conns = 5;
	assert_true(svc_is_equal(&a, &b));
	a.flags |= IPVS_F_PERSISTENT;
	b.flags |= IPVS_F_PERSISTENT;
	assert_false(svc_is_equal(&a, &b));
	b.timeout_s = a.timeout_s;
	assert_false(svc_is_equal(&a, &b));
	b.netmask = a.netmask;
	assert_true(svc_is_equal(&a, &b));
	b.pe_name[0] = 's';
	assert_false(svc_is_equal(&a, &b));

	y.active = 9;
	y.tun_type = IPVS_TUN_GUE;
	assert_true(dest_is_equal(&x, &y));
	x.fwd = y.fwd = IPVS_FWD_TUNNEL;
	assert_false(dest_is_equal(&x, &y));
	y = x;
	y.l_thresh = 1;
	assert_false(dest_is_equal(&x, &y));
}

static void test_names(void **state)
{
	const struct ipvs_svc svcs[] = { svc_at(IPPROTO_UDP, "2001:db8::1", 53),
					 svc_fwmark(UINT32_MAX, AF_INET), svc_fwmark(5, AF_INET6) };
	const struct ipvs_dest dest = dest_numbered(1);
	char str[ADDR_NAME_MAX];

	(void)state;
	assert_string_equal(svc_name(&svcs[0].key, str), "[2001:db8::1]:udp:53");
	assert_string_equal(svc_name(&svcs[1].key, str), "FWM 4294967295");
	assert_string_equal(svc_name(&svcs[2].key, str), "FWM 5 IPv6");
	assert_string_equal(dest_name(&dest.key, IPPROTO_TCP, str), "[10.0.0.1]:tcp:80");
	assert_string_equal(ipvs_fwd_name(IPVS_FWD_DROUTE), "Route");
	assert_string_equal(ipvs_fwd_name(7), "Unknown");
}

static const char conn_lines[] =
	"Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
	"TCP 0A010002 CBAA 0A010064 0050 0A020003 1F90 TIME_WAIT       101\n"
	"UDP 0A010002 0000 0A010064 13C4 0A020002 13C4 ASSURED          73 sip call-2 a@host\n"
	"TCP fd01:0000:0000:0000:0000:0000:0000:0002 A6D8 "
	"fd01:0000:0000:0000:0000:0000:0000:0100 0050 0A020002 1F90 ESTABLISHED     899\n"
	"GRE 0A010002 CBAA 0A010064 0050 0A020003 1F90 NONE            101\n"
	"TCP 0A010002 CBAA 0A010064 0050 0A020003 11F90 TIME_WAIT       101\n"
	"TCP 0A010002 CBAA 0A010064\n";

static bool on_conn(const struct ipvs_conn *conn, void *arg)
{
	static const char *const clients[] = { "10.1.0.2", "10.1.0.2", "fd01::2" };
	static const char *const dests[] = { "10.2.0.3", "10.2.0.2", "10.2.0.2" };
	char text[ADDR_STR_MAX];
	unsigned *n = arg;

	assert_true(*n < 3);
	assert_string_equal(addr_str(&conn->client, text), clients[*n]);
	assert_string_equal(addr_str(&conn->dest, text), dests[*n]);
	assert_int_equal(conn->client_port, *n == 0 ? 0xcbaa : *n == 1 ? 0 : 0xa6d8);
	assert_int_equal(conn->expires_s, *n == 0 ? 101 : *n == 1 ? 73 : 899);
	assert_string_equal(conn->pe_name, *n == 1 ? "sip" : "");
	assert_string_equal(conn->pe_data, *n == 1 ? "call-2 a@host" : "");
	++*n;
	return true;
}

static void test_connections(void **state)
{
	FILE *in = fmemopen((void *)(uintptr_t)conn_lines, sizeof(conn_lines) - 1, "r");
	unsigned n = 0;

	(void)state;
	assert_non_null(in);
	assert_int_equal(ipvs_conn_read(in, on_conn, &n), 0);
	assert_int_equal(n, 3);
	fclose(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_replace_keeps_destinations),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_many_in_order),
		cmocka_unit_test(test_many_sorted_afterwards),
		cmocka_unit_test(test_copy),
		cmocka_unit_test(test_equal),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
