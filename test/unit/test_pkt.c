/*
 * Unit tests of vrrp/pkt.c. The ids R1..R26 are the receive rows of the conformance list: each
 * names the RFC section and the rule that its test demands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/addr.h"
#include "vrrp/fsm.h"
#include "vrrp/pkt.h"

#define IP_LEN 20

static struct addr addr_of(const char *text)
{
	struct addr a = { 0 };

	assert_true(addr_parse(text, &a));
	return a;
}

/* A sum of our own, so that a wrong one in the library is not its own witness. */
static uint16_t naive_sum(const uint8_t *data, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

/* One packet on its way from a sender to an instance that expects exactly it. */
struct fixture {
	struct addr vips[2];
	struct vrrp_pkt pkt;
	struct vrrp_env env;
	struct vrrp_expect expect;
	struct vrrp_peer peer;
	uint8_t data[VRRP_PKT_MAX];
	size_t len;
	struct vrrp_pkt got;
	struct addr got_addrs[VRRP_ADDRS_MAX];
	bool addrs_differ, interval_differs;
};

static void encode(struct fixture *f)
{
	f->len = vrrp_pkt_encode(&f->pkt, &f->env, f->data, sizeof(f->data));
	assert_true(f->len > 0);
}

static void fixture_init(struct fixture *f, uint8_t version)
{
	memset(f, 0, sizeof(*f));
	f->vips[0] = addr_of("10.99.0.100");
	f->vips[1] = addr_of("10.99.0.101");
	f->env = (struct vrrp_env){ addr_of("10.99.0.1"), addr_of("224.0.0.18"), 255 };
	f->pkt = (struct vrrp_pkt){ .version = version,
				    .vrid = 99,
				    .priority = 200,
				    .adver_cs = 100,
				    .n_addrs = 2,
				    .addrs = f->vips,
				    .sum_form = VRRP_SUM_MESSAGE };
	f->expect = (struct vrrp_expect){ .version = version,
					  .vrid = 99,
					  .adver_cs = 100,
					  .check_addrs = true,
					  .own_src = addr_of("10.99.0.2"),
					  .mcast_dst = addr_of("224.0.0.18"),
					  .addrs = f->vips,
					  .n_addrs = 2 };
	encode(f);
}

static void fixture_unicast(struct fixture *f, uint8_t version)
{
	fixture_init(f, version);
	f->env.dst = f->expect.own_src;
	f->peer = (struct vrrp_peer){ f->env.src, 255, 255 };
	f->expect.is_unicast = true;
	f->expect.check_src = true;
	f->expect.peers = &f->peer;
	f->expect.n_peers = 1;
	encode(f);
}

/* Makes the checksum of v2, or the message form of v3, right again after a byte was changed. */
static void resum(struct fixture *f)
{
	f->data[6] = f->data[7] = 0;
	uint16_t sum = naive_sum(f->data, f->len);
	f->data[6] = (uint8_t)(sum >> 8);
	f->data[7] = (uint8_t)sum;
}

static enum vrrp_drop receive(struct fixture *f)
{
	enum vrrp_drop drop = vrrp_pkt_decode(f->data, f->len, &f->env, &f->got, f->got_addrs);

	if (drop != VRRP_DROP_NONE)
		return drop;
	return vrrp_pkt_check(&f->got, &f->env, &f->expect, &f->addrs_differ, &f->interval_differs);
}

#define expect_drop(f, drop) assert_string_equal(vrrp_drop_name(receive(f)), vrrp_drop_name(drop))
#define expect_accept(f)     expect_drop(f, VRRP_DROP_NONE)

static void test_round_trip(void **state)
{
	(void)state;
	for (uint8_t version = 2; version <= 3; version++) {
		struct fixture f;
		fixture_init(&f, version);
		expect_accept(&f);
		assert_int_equal(f.got.version, version);
		assert_int_equal(f.got.vrid, 99);
		assert_int_equal(f.got.priority, 200);
		assert_int_equal(f.got.adver_cs, 100);
		assert_int_equal(f.got.n_addrs, 2);
		assert_int_equal(addr_cmp(&f.got.addrs[0], &f.vips[0]), 0);
		assert_int_equal(addr_cmp(&f.got.addrs[1], &f.vips[1]), 0);
		assert_false(f.addrs_differ);
		assert_false(f.interval_differs);
	}
}

/* Bytes worked out by hand from the packet formats of RFC 9568 5.1 and RFC 3768 5.1. */
static void test_known_answers(void **state)
{
	static const uint8_t v3_message[] = { 0x31, 0x63, 0xc8, 0x01, 0x00, 0x64,
					      0xfb, 0x6f, 0x0a, 0x63, 0x00, 0x64 };
	static const uint8_t v3_pseudo[] = { 0x31, 0x63, 0xc8, 0x01, 0x00, 0x64,
					     0x10, 0x7d, 0x0a, 0x63, 0x00, 0x64 };
	static const uint8_t v2_pass[] = { 0x21, 0x63, 0xc8, 0x01, 0x01, 0x01, 0xce,
					   0x86, 0x0a, 0x63, 0x00, 0x64, 's',  'e',
					   'c',  'r',  'e',  't',  0,    0 };
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	f.pkt.n_addrs = 1;
	encode(&f);
	assert_int_equal(f.len, sizeof(v3_message));
	assert_memory_equal(f.data, v3_message, f.len);
	f.pkt.sum_form = VRRP_SUM_PSEUDO;
	encode(&f);
	assert_memory_equal(f.data, v3_pseudo, f.len);

	fixture_init(&f, 2);
	f.pkt.n_addrs = 1;
	f.pkt.auth_type = 1;
	memcpy(f.pkt.auth_data, "secret", 6);
	encode(&f);
	assert_int_equal(f.len, sizeof(v2_pass));
	assert_memory_equal(f.data, v2_pass, f.len);
}

static void test_r1_ttl(void **state)
{
	static const uint8_t wrong[] = { 254, 1, 0 };
	struct fixture f;
	(void)state;

	for (size_t i = 0; i < sizeof(wrong); i++) {
		fixture_init(&f, 3);
		f.env.ttl = wrong[i];
		expect_drop(&f, VRRP_DROP_TTL);
		fixture_unicast(&f, 3);
		f.env.ttl = wrong[i];
		expect_drop(&f, VRRP_DROP_TTL);
	}
	fixture_unicast(&f, 3);
	f.peer.min_ttl = 250;
	f.env.ttl = 250;
	expect_accept(&f);
	f.env.ttl = 249;
	expect_drop(&f, VRRP_DROP_TTL);
	f.peer.min_ttl = f.peer.max_ttl = 0; /* no limits: the RFC's */
	f.env.ttl = 254;
	expect_drop(&f, VRRP_DROP_TTL);
}

static void test_r2_version(void **state)
{
	static const uint8_t unknown[] = { 0, 1, 4, 15 };
	struct fixture f;
	(void)state;

	for (size_t i = 0; i < sizeof(unknown); i++) {
		fixture_init(&f, 3);
		f.data[0] = (uint8_t)(unknown[i] << 4 | 1);
		resum(&f);
		expect_drop(&f, VRRP_DROP_VERSION);
	}
	fixture_init(&f, 3);
	f.expect.version = 2;
	expect_drop(&f, VRRP_DROP_VERSION);
	fixture_init(&f, 2);
	f.expect.version = 3;
	expect_drop(&f, VRRP_DROP_VERSION);
}

static void test_r3_type(void **state)
{
	struct fixture f;
	(void)state;

	for (uint8_t type = 0; type < 16; type++) {
		fixture_init(&f, 3);
		f.data[0] = (uint8_t)(0x30 | type);
		resum(&f);
		expect_drop(&f, type == 1 ? VRRP_DROP_NONE : VRRP_DROP_TYPE);
	}
}

static void test_r4_length(void **state)
{
	struct fixture f;
	(void)state;

	for (uint8_t version = 2; version <= 3; version++) {
		fixture_init(&f, version);
		for (size_t full = f.len; f.len-- > 0;) {
			expect_drop(&f, VRRP_DROP_SHORT);
			assert_int_equal(f.got.n_addrs, 0);
			assert_int_equal(f.got.vrid, f.len >= 2 ? 99 : 0);
			assert_true(f.len < full);
		}
	}
	fixture_init(&f, 3);
	f.data[3] = 5;
	resum(&f);
	expect_drop(&f, VRRP_DROP_SHORT);
	fixture_init(&f, 2); /* v2 without its authentication bytes */
	f.len -= VRRP_AUTH_LEN;
	resum(&f);
	expect_drop(&f, VRRP_DROP_SHORT);
}

static void ip_header(uint8_t *ip, size_t total)
{
	static const uint8_t from_to[] = { 10, 99, 0, 1, 224, 0, 0, 18 };

	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	ip[2] = (uint8_t)(total >> 8);
	ip[3] = (uint8_t)total;
	ip[8] = 255;
	ip[9] = VRRP_IPPROTO;
	memcpy(ip + 12, from_to, sizeof(from_to));
}

/* R4: the IP length decides; what Ethernet pads is none of ours, what the frame lacks is. */
static void test_r4_ip_header(void **state)
{
	uint8_t frame[64] = { 0 };
	const uint8_t *msg;
	size_t msg_len;
	struct vrrp_env env;
	(void)state;

	ip_header(frame, IP_LEN + 12);
	assert_int_equal(vrrp_env_decode(frame, 46, &env, &msg, &msg_len), VRRP_DROP_NONE);
	assert_int_equal(msg_len, 12);
	assert_ptr_equal(msg, frame + IP_LEN);
	assert_int_equal(env.ttl, 255);
	assert_int_equal(env.src.bytes[3], 1);
	assert_int_equal(env.dst.bytes[3], 18);
	for (size_t len = 0; len < IP_LEN + 12; len++)
		assert_int_equal(vrrp_env_decode(frame, len, &env, &msg, &msg_len),
				 VRRP_DROP_IP_HEADER);
	for (unsigned ihl = 0; ihl < 16; ihl++) { /* header length 5..15 words, within the packet */
		ip_header(frame, 60);
		frame[0] = (uint8_t)(0x40 | ihl);
		enum vrrp_drop drop = vrrp_env_decode(frame, 60, &env, &msg, &msg_len);
		assert_int_equal(drop, ihl < 5 ? VRRP_DROP_IP_HEADER : VRRP_DROP_NONE);
		assert_int_equal(msg_len, ihl < 5 ? 0 : 60 - ihl * 4);
	}
}

static void test_r4_ip_header_malformed(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = { { 0, 0x65 }, { 3, 19 }, { 6, 0x20 }, { 7, 1 }, { 9, 17 } };
	uint8_t frame[64];
	const uint8_t *msg;
	size_t msg_len;
	struct vrrp_env env;
	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ip_header(frame, 40);
		frame[bad[i].at] = bad[i].value;
		assert_int_equal(vrrp_env_decode(frame, 40, &env, &msg, &msg_len),
				 VRRP_DROP_IP_HEADER);
		assert_null(msg);
	}
}

static void test_r5_checksum(void **state)
{
	struct fixture f;
	(void)state;

	for (uint8_t version = 2; version <= 3; version++) {
		fixture_init(&f, version);
		for (size_t bit = 8; bit < f.len * 8; bit++) {
			bool is_count = bit / 8 == 3; /* another length, another reason */
			f.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!is_count)
				expect_drop(&f, VRRP_DROP_CHECKSUM);
			f.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		f.data[6] = f.data[7] = 0;
		expect_drop(&f, VRRP_DROP_CHECKSUM);
	}
	fixture_init(&f, 2); /* the pseudo-header is no form of v2 */
	struct fixture v3;
	fixture_init(&v3, 3);
	v3.pkt.sum_form = VRRP_SUM_PSEUDO;
	encode(&v3);
	memcpy(f.data + 6, v3.data + 6, 2);
	expect_drop(&f, VRRP_DROP_CHECKSUM);
}

static void test_r6_both_sum_forms(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	expect_accept(&f);
	assert_int_equal(f.got.sum_form, VRRP_SUM_MESSAGE);
	f.pkt.sum_form = VRRP_SUM_PSEUDO;
	encode(&f);
	expect_accept(&f);
	assert_int_equal(f.got.sum_form, VRRP_SUM_PSEUDO);
	f.env.src = addr_of("10.99.0.9"); /* the pseudo-header covers the source */
	expect_drop(&f, VRRP_DROP_CHECKSUM);
}

static void test_r7_count_zero(void **state)
{
	struct fixture f;
	(void)state;

	for (uint8_t version = 2; version <= 3; version++) {
		fixture_init(&f, version);
		f.data[3] = 0;
		f.len = version == 2 ? 16 : 8;
		resum(&f);
		expect_drop(&f, VRRP_DROP_NO_ADDRS);
	}
}

static void test_r8_interval_zero(void **state)
{
	struct fixture f;
	(void)state;

	for (uint8_t version = 2; version <= 3; version++) {
		fixture_init(&f, version);
		f.data[5] = 0;
		resum(&f);
		expect_drop(&f, VRRP_DROP_INTERVAL_ZERO);
	}
}

static void test_r9_reserved_nibble(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	assert_int_equal(f.data[4] >> 4, 0);
	f.data[4] |= 0xf0;
	resum(&f);
	expect_accept(&f);
	assert_int_equal(f.got.adver_cs, 100);
}

static void test_r10_vrid(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	f.expect.vrid = 98;
	expect_drop(&f, VRRP_DROP_VRID);
}

/* R11: as published the owner drops; it is the last check, so only a valid packet gets this reason.
 */
static void test_r11_owner(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	f.expect.ignores_all = true;
	expect_drop(&f, VRRP_DROP_OWNER);
	f.env.ttl = 1;
	expect_drop(&f, VRRP_DROP_TTL);
}

static void test_r12_v3_interval_differs(void **state)
{
	static const uint16_t intervals[] = { 1, 10, 4095 };
	struct fixture f;
	(void)state;

	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++) {
		fixture_init(&f, 3);
		f.pkt.adver_cs = intervals[i];
		encode(&f);
		expect_accept(&f);
		assert_true(f.interval_differs);
		assert_int_equal(f.got.adver_cs, intervals[i]);
	}
}

static void other_addrs(struct fixture *f)
{
	f->vips[1] = addr_of("10.99.0.222");
	encode(f);
	f->vips[1] = addr_of("10.99.0.101");
}

static void test_r13_v3_addrs_differ(void **state)
{
	struct addr many[VRRP_ADDRS_MAX];
	struct addr swapped[2];
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	other_addrs(&f);
	expect_accept(&f);
	assert_true(f.addrs_differ);

	fixture_init(&f, 3);
	swapped[0] = f.vips[1];
	swapped[1] = f.vips[0];
	f.expect.addrs = swapped; /* another order is no difference */
	expect_accept(&f);
	assert_false(f.addrs_differ);
	swapped[1] = swapped[0]; /* nor may a repeated address hide one */
	expect_accept(&f);
	assert_true(f.addrs_differ);

	fixture_init(&f, 3);
	for (int i = 0; i < VRRP_ADDRS_MAX; i++)
		many[i] = f.vips[0];
	f.pkt.addrs = many;
	f.pkt.n_addrs = VRRP_ADDRS_MAX;
	encode(&f);
	expect_accept(&f);
	assert_true(f.addrs_differ);
	assert_int_equal(f.got.n_addrs, VRRP_ADDRS_MAX);
}

static void test_r14_v2_addrs_differ(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 2);
	other_addrs(&f);
	expect_drop(&f, VRRP_DROP_ADDR_LIST);
	f.pkt.priority = 255; /* the owner knows better */
	other_addrs(&f);
	expect_accept(&f);
	assert_true(f.addrs_differ);
	f.pkt.priority = 200;
	other_addrs(&f);
	f.expect.check_addrs = false; /* skip_check_adv_addr: not of a sender that was compared */
	expect_drop(&f, VRRP_DROP_ADDR_LIST);
	f.expect.checked_src = f.env.src;
	expect_accept(&f);
}

static void test_r15_v2_interval_differs(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 2);
	f.pkt.adver_cs = 200;
	encode(&f);
	expect_drop(&f, VRRP_DROP_INTERVAL);
}

static void test_r16_v2_auth_type(void **state)
{
	static const uint8_t types[] = { 1, 2, 7,
					 255 }; /* 2 is R18: not supported, so it differs */
	struct fixture f;
	(void)state;

	for (size_t i = 0; i < sizeof(types); i++) {
		fixture_init(&f, 2);
		f.data[4] = types[i];
		resum(&f);
		expect_drop(&f, VRRP_DROP_AUTH_TYPE);
	}
	fixture_init(&f, 2);
	f.expect.auth_type = 1;
	expect_drop(&f, VRRP_DROP_AUTH_TYPE);
}

static void test_r17_v2_password(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 2);
	f.pkt.auth_type = f.expect.auth_type = 1;
	memcpy(f.pkt.auth_data, "secret12", VRRP_AUTH_LEN);
	memcpy(f.expect.auth_data, "secret12", VRRP_AUTH_LEN);
	encode(&f);
	expect_accept(&f);
	for (int i = 0; i < VRRP_AUTH_LEN; i++) {
		f.expect.auth_data[i] ^= 1;
		expect_drop(&f, VRRP_DROP_AUTH_DATA);
		f.expect.auth_data[i] ^= 1;
	}
	memset(f.pkt.auth_data, 0, VRRP_AUTH_LEN);
	memcpy(f.pkt.auth_data, "secret", 6); /* a shorter password is padded with zeros */
	encode(&f);
	expect_drop(&f, VRRP_DROP_AUTH_DATA);
	memcpy(f.expect.auth_data, f.pkt.auth_data, VRRP_AUTH_LEN);
	expect_accept(&f);
}

static void test_r19_v2_auth_data_ignored(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 2);
	memset(f.data + f.len - VRRP_AUTH_LEN, 0xa5, VRRP_AUTH_LEN);
	resum(&f);
	expect_accept(&f);
	memset(f.pkt.auth_data, 0xa5, VRRP_AUTH_LEN); /* and we send zeros */
	encode(&f);
	for (int i = 1; i <= VRRP_AUTH_LEN; i++)
		assert_int_equal(f.data[f.len - (size_t)i], 0);
}

static void test_r22_family(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	f.vips[1] = addr_of("fe80::1");
	assert_int_equal(vrrp_pkt_encode(&f.pkt, &f.env, f.data, sizeof(f.data)), 0);
	fixture_init(&f, 3);
	f.env.dst = addr_of("ff02::12");
	expect_drop(&f, VRRP_DROP_SHORT);
	memset(&f.env, 0, sizeof(f.env));
	expect_drop(&f, VRRP_DROP_SHORT);
}

/* R5, R20, R21 over IPv6: the pseudo-header is mandatory; source and first address are link-local.
 */
static void test_r20_r21_ipv6(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	f.vips[0] = addr_of("fe80::100");
	f.vips[1] = addr_of("2001:db8::100");
	f.env.src = addr_of("fe80::1");
	f.env.dst = f.expect.mcast_dst = addr_of("ff02::12");
	encode(&f);
	assert_int_equal(f.len, 8 + 2 * 16);
	expect_accept(&f);
	assert_int_equal(f.got.sum_form, VRRP_SUM_PSEUDO);
	assert_int_equal(addr_cmp(&f.got.addrs[1], &f.vips[1]), 0);
	f.expect.is_strict = true;
	expect_accept(&f);
	f.vips[0] = addr_of("2001:db8::99");
	encode(&f);
	expect_drop(&f, VRRP_DROP_ADDR_LIST);
	f.expect.is_strict = false; /* deployed routers do not all keep it */
	expect_accept(&f);
	f.vips[0] = addr_of("fe80::100");
	f.env.src = addr_of("2001:db8::1");
	encode(&f);
	expect_accept(&f);
	f.expect.is_strict = true;
	expect_drop(&f, VRRP_DROP_SOURCE);
	resum(&f);
	expect_drop(&f, VRRP_DROP_CHECKSUM);
	f.data[0] = 0x21; /* v2 knows no IPv6 */
	expect_drop(&f, VRRP_DROP_VERSION);
}

/* R23: every reason has a name and a text, for the counters and the log. */
static void test_r23_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < VRRP_DROP_N; i++) {
		assert_non_null(vrrp_drop_name(i));
		assert_non_null(vrrp_drop_text(i));
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(vrrp_drop_name(i), vrrp_drop_name(j));
	}
	assert_string_equal(vrrp_drop_name(VRRP_DROP_N), "unknown");
	assert_string_equal(vrrp_drop_text(VRRP_DROP_N), "unknown reason");
}

static void test_r24_unicast_and_multicast(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	f.env.dst = f.expect.own_src;
	expect_drop(&f, VRRP_DROP_SOURCE);
	fixture_unicast(&f, 3);
	expect_accept(&f);
	f.env.dst = addr_of("224.0.0.18");
	expect_drop(&f, VRRP_DROP_SOURCE);
	fixture_unicast(&f, 3);
	f.env.src = addr_of("10.99.0.7"); /* not a listed peer */
	expect_drop(&f, VRRP_DROP_SOURCE);
	f.expect.check_src = false;
	expect_accept(&f);
}

static void test_r25_own_source(void **state)
{
	struct fixture f;
	(void)state;

	fixture_init(&f, 3);
	f.env.src = f.expect.own_src;
	expect_drop(&f, VRRP_DROP_SOURCE);
	fixture_unicast(&f, 3);
	f.peer.addr = f.env.src = f.expect.own_src;
	expect_drop(&f, VRRP_DROP_SOURCE);
}

/* Several instances share a VRID: the envelope tells which one a packet is for. */
static void test_r27_fit(void **state)
{
	struct fixture f, unicast;
	(void)state;

	fixture_init(&f, 3);
	assert_int_equal(vrrp_env_fit(&f.env, &f.expect), 1);
	f.env.dst = addr_of("224.0.0.19");
	assert_int_equal(vrrp_env_fit(&f.env, &f.expect), 0);
	fixture_unicast(&unicast, 3);
	assert_int_equal(vrrp_env_fit(&unicast.env, &f.expect), 0);
	assert_int_equal(vrrp_env_fit(&f.env, &unicast.expect), 0);

	unsigned both = vrrp_env_fit(&unicast.env, &unicast.expect);
	unicast.env.dst = addr_of("10.99.0.9");
	unsigned peer = vrrp_env_fit(&unicast.env, &unicast.expect);
	unicast.env.src = addr_of("10.99.0.7");
	unsigned neither = vrrp_env_fit(&unicast.env, &unicast.expect);
	unicast.env.dst = unicast.expect.own_src;
	unsigned destination = vrrp_env_fit(&unicast.env, &unicast.expect);
	assert_true(both > peer && peer > destination && destination > neither && neither > 0);
}

/* Ten spoiled copies of the packet, as an attacker or a broken peer would send them. */
static void spoil(struct fixture *f, unsigned how)
{
	switch (how % 5) {
	case 0: f->data[6] ^= 0xff; break;
	case 1: f->env.ttl = (uint8_t)(how * 7); break;
	case 2: f->len -= 1 + how; break;
	case 3: f->data[1] ^= 1; break;
	case 4: f->data[0] = (uint8_t)(how << 4); break;
	}
}

static void run_active(struct vrrp_inst *v, bool with_bad)
{
	static const struct vrrp_params params = { .version = 3,
						   .base_priority = 100,
						   .advert_us = US_PER_S,
						   .down_adverts = 3,
						   .preempt = true };
	struct vrrp_ev ev = { .kind = VRRP_EV_START };
	struct vrrp_out out;
	struct fixture f;

	fixture_init(&f, 3);
	vrrp_inst_init(v, &params, &f.expect.own_src);
	vrrp_step(v, (time_us){ 0 }, &ev, &out);
	for (int64_t t = 1; t < 60; t++) {
		for (unsigned i = 0; with_bad && i < 10; i++) {
			fixture_init(&f, 3);
			spoil(&f, i);
			assert_int_not_equal(receive(&f), VRRP_DROP_NONE);
		}
		fixture_init(&f, 3);
		expect_accept(&f);
		ev.kind = VRRP_EV_ADVERT;
		ev.advert.src = f.env.src;
		ev.advert.priority = f.got.priority;
		ev.advert.adver_us = f.got.adver_cs * US_PER_CS;
		vrrp_step(v, (time_us){ t * US_PER_S }, &ev, &out);
	}
}

/* R26: a packet that fails a check changes nothing but counters. */
static void test_r26_discards_change_nothing(void **state)
{
	struct vrrp_inst quiet, noisy;
	(void)state;

	run_active(&quiet, false);
	run_active(&noisy, true);
	assert_memory_equal(&quiet, &noisy, sizeof(quiet));
}

static void test_encode_refuses(void **state)
{
	struct fixture f;
	(void)state;

#define refuses(setup)                                                                        \
	do {                                                                                  \
		fixture_init(&f, 3);                                                          \
		setup;                                                                        \
		assert_int_equal(vrrp_pkt_encode(&f.pkt, &f.env, f.data, sizeof(f.data)), 0); \
	} while (0)

	refuses(f.pkt.version = 4);
	refuses(f.pkt.vrid = 0);
	refuses(f.pkt.n_addrs = 0);
	refuses(f.pkt.adver_cs = 0);
	refuses(f.pkt.adver_cs = 4096);
	refuses(f.pkt.sum_form = VRRP_SUM_NONE);
	refuses(f.env.src.family = AF_UNSPEC);
	refuses((f.pkt.version = 2, f.pkt.adver_cs = 150));
	refuses((f.pkt.version = 2, f.pkt.adver_cs = 25600));
	refuses((f.pkt.version = 2, f.pkt.auth_type = 3));
	refuses((f.pkt.version = 2, f.env.src = f.env.dst = addr_of("fe80::1")));
	fixture_init(&f, 3);
	for (size_t cap = 0; cap < f.len; cap++)
		assert_int_equal(vrrp_pkt_encode(&f.pkt, &f.env, f.data, cap), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_known_answers),
		cmocka_unit_test(test_r1_ttl),
		cmocka_unit_test(test_r2_version),
		cmocka_unit_test(test_r3_type),
		cmocka_unit_test(test_r4_length),
		cmocka_unit_test(test_r4_ip_header),
		cmocka_unit_test(test_r4_ip_header_malformed),
		cmocka_unit_test(test_r5_checksum),
		cmocka_unit_test(test_r6_both_sum_forms),
		cmocka_unit_test(test_r7_count_zero),
		cmocka_unit_test(test_r8_interval_zero),
		cmocka_unit_test(test_r9_reserved_nibble),
		cmocka_unit_test(test_r10_vrid),
		cmocka_unit_test(test_r11_owner),
		cmocka_unit_test(test_r12_v3_interval_differs),
		cmocka_unit_test(test_r13_v3_addrs_differ),
		cmocka_unit_test(test_r14_v2_addrs_differ),
		cmocka_unit_test(test_r15_v2_interval_differs),
		cmocka_unit_test(test_r16_v2_auth_type),
		cmocka_unit_test(test_r17_v2_password),
		cmocka_unit_test(test_r19_v2_auth_data_ignored),
		cmocka_unit_test(test_r22_family),
		cmocka_unit_test(test_r20_r21_ipv6),
		cmocka_unit_test(test_r23_names),
		cmocka_unit_test(test_r24_unicast_and_multicast),
		cmocka_unit_test(test_r25_own_source),
		cmocka_unit_test(test_r27_fit),
		cmocka_unit_test(test_r26_discards_change_nothing),
		cmocka_unit_test(test_encode_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
