/*
 * Unit tests of vrrp/auth_ah.c and vrrp/auth_hmac.c: R18 (AH) and the signed trailer, with known
 * answers. The AH datagram was seen on the wire from keepalived 2.2.7; the signed ones were
 * computed by another program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/auth.h"

static const uint8_t secret[VRRP_AUTH_LEN] = "s3cret";

/* 10.9.0.1 to 224.0.0.18, VRID 51, priority 150, sequence 1, password s3cret. */
static const uint8_t ah_wire[] = {
	0x45, 0xc0, 0x00, 0x40, 0x00, 0x01, 0x00, 0x00, 0xff, 0x33, 0xd0, 0xad, 0x0a,
	0x09, 0x00, 0x01, 0xe0, 0x00, 0x00, 0x12, 0x70, 0x04, 0x00, 0x00, 0x0a, 0x09,
	0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0xea, 0xa9, 0x82, 0x0a, 0xa8, 0x4b, 0x93,
	0x98, 0x4b, 0x70, 0xf0, 0xab, 0x21, 0x33, 0x96, 0x01, 0x02, 0x01, 0x3c, 0x5d,
	0x0a, 0x09, 0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* The same to the peer 10.9.0.2, where the TTL does not count. */
static const uint8_t ah_unicast_wire[] = {
	0x45, 0xc0, 0x00, 0x40, 0x00, 0x01, 0x00, 0x00, 0xff, 0x33, 0xa6, 0xb5, 0x0a,
	0x09, 0x00, 0x01, 0x0a, 0x09, 0x00, 0x02, 0x70, 0x04, 0x00, 0x00, 0x0a, 0x09,
	0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0xfe, 0x82, 0x48, 0xe3, 0x2d, 0x91, 0xe2,
	0x1f, 0xf4, 0x3a, 0xcb, 0x55, 0x21, 0x33, 0x96, 0x01, 0x02, 0x01, 0x3c, 0x5d,
	0x0a, 0x09, 0x00, 0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};

/* VRID 99, priority 200, key 7 of 0x20, 0x21 ... 0x47, signed at 1795744189.5 as number 513. */
static const uint8_t hmac_v4[] = {
	0x31, 0x63, 0xc8, 0x01, 0x00, 0x64, 0x10, 0x7d, 0x0a, 0x63, 0x00, 0x64, 0x01, 0x07,
	0x00, 0x00, 0x6b, 0x08, 0xe1, 0xbd, 0x80, 0x00, 0x02, 0x01, 0xc0, 0x9a, 0x46, 0xfb,
	0x58, 0xdf, 0x5e, 0xad, 0xd3, 0x7d, 0x0f, 0x50, 0x5e, 0xd0, 0x2b, 0x24,
};

static const uint8_t hmac_v6[] = {
	0x31, 0x63, 0xc8, 0x01, 0x00, 0x64, 0x36, 0x66, 0xfe, 0x80, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x07,
	0x00, 0x00, 0x6b, 0x08, 0xe1, 0xbd, 0x80, 0x00, 0x02, 0x01, 0xac, 0x15, 0xa7,
	0xc0, 0x25, 0x2e, 0x73, 0xaf, 0xd1, 0xb7, 0xd2, 0xe4, 0xb3, 0x4f, 0xbd, 0xa5,
};

static struct addr addr_of(const char *text)
{
	struct addr a = { 0 };

	assert_true(addr_parse(text, &a));
	return a;
}

#define expect_drop(drop, wanted) \
	assert_string_equal(vrrp_drop_name(drop), vrrp_drop_name(VRRP_DROP_##wanted))

/* ---- AH ---- */

struct ah_fixture {
	uint8_t data[sizeof(ah_wire)];
	struct vrrp_env env;
	struct vrrp_ah ah;
};

static void ah_take(struct ah_fixture *f)
{
	expect_drop(vrrp_ah_decode(f->data, sizeof(f->data), &f->env, &f->ah), NONE);
}

static void ah_init(struct ah_fixture *f)
{
	memcpy(f->data, ah_wire, sizeof(ah_wire));
	ah_take(f);
}

static void test_r18_ah_known_answer(void **state)
{
	struct addr addrs[VRRP_ADDRS_MAX];
	struct ah_fixture f;
	struct vrrp_pkt pkt;
	(void)state;

	ah_init(&f);
	assert_int_equal(f.ah.sequence, 1);
	assert_true(vrrp_ah_is_right(&f.ah, secret));
	expect_drop(vrrp_pkt_decode(f.ah.msg, f.ah.msg_len, &f.env, &pkt, addrs), NONE);
	assert_int_equal(pkt.auth_type, 2);
	assert_int_equal(pkt.priority, 150);
}

/* What we send is, but for what the kernel fills in, what keepalived sends. */
static void test_r18_ah_wrap(void **state)
{
	uint8_t data[VRRP_DATAGRAM_MAX];
	struct ah_fixture f;
	(void)state;

	ah_init(&f);
	size_t len = vrrp_ah_wrap(&f.env, 1, secret, f.ah.msg, f.ah.msg_len, data);
	assert_int_equal(len, sizeof(ah_wire));
	memcpy(data + 10, ah_wire + 10, 2); /* the header's checksum */
	assert_memory_equal(data, ah_wire, len);
	memcpy(f.data, ah_unicast_wire, sizeof(f.data));
	ah_take(&f);
	assert_true(vrrp_ah_is_right(&f.ah, secret));
	assert_int_equal(vrrp_ah_wrap(&f.env, 1, secret, f.ah.msg, f.ah.msg_len, data), len);
	memcpy(data + 10, ah_unicast_wire + 10, 2);
	assert_memory_equal(data, ah_unicast_wire, len);
	f.env.src = addr_of("fe80::1");
	assert_int_equal(vrrp_ah_wrap(&f.env, 1, secret, f.ah.msg, f.ah.msg_len, data), 0);
}

/* Each bit that the ICV covers; type of service, fragment bits and checksum of the header may
 * change on the way. */
static void test_r18_ah_wrong(void **state)
{
	struct ah_fixture f;
	(void)state;

	ah_init(&f);
	assert_false(vrrp_ah_is_right(&f.ah, (const uint8_t *)"s3creT\0"));
	for (size_t i = 12; i < sizeof(ah_wire) * 8; i++) {
		ah_init(&f);
		f.data[i / 8] ^= (uint8_t)(1 << i % 8);
		if (vrrp_ah_decode(f.data, sizeof(f.data), &f.env, &f.ah) != VRRP_DROP_NONE)
			continue;
		bool is_mutable =
			i / 8 == 1 || i / 8 == 6 || i / 8 == 8 || i / 8 == 10 || i / 8 == 11;
		if (!is_mutable)
			assert_false(vrrp_ah_is_right(&f.ah, secret));
	}
	ah_init(&f);
	f.data[1] = 0;
	assert_true(vrrp_ah_is_right(&f.ah, secret));
}

static void test_r18_ah_malformed(void **state)
{
	struct vrrp_env env;
	struct vrrp_ah ah;
	uint8_t data[sizeof(ah_wire)];
	(void)state;

	for (size_t len = 0; len < sizeof(ah_wire); len++)
		assert_true(vrrp_ah_decode(ah_wire, len, &env, &ah) != VRRP_DROP_NONE);
	for (size_t len = 20; len < VRRP_AH_HEAD; len++) {
		memcpy(data, ah_wire, sizeof(data));
		data[3] = (uint8_t)len;
		expect_drop(vrrp_ah_decode(data, len, &env, &ah), AUTH_MALFORMED);
	}
	memcpy(data, ah_wire, sizeof(data));
	data[20] = 17; /* what follows is not VRRP */
	expect_drop(vrrp_ah_decode(data, sizeof(data), &env, &ah), AUTH_MALFORMED);
	memcpy(data, ah_wire, sizeof(data));
	data[21] = 5; /* another algorithm */
	expect_drop(vrrp_ah_decode(data, sizeof(data), &env, &ah), AUTH_MALFORMED);
	memcpy(data, ah_wire, sizeof(data));
	data[9] = VRRP_IPPROTO;
	expect_drop(vrrp_ah_decode(data, sizeof(data), &env, &ah), IP_HEADER);
}

/* ---- HMAC ---- */

struct hmac_fixture {
	struct vrrp_hmac_key key;
	struct vrrp_env env;
	struct vrrp_hmac_stamp stamp;
	uint8_t data[VRRP_PKT_MAX + VRRP_HMAC_LEN];
	size_t len;
	struct vrrp_pkt pkt;
	struct addr addrs[VRRP_ADDRS_MAX];
};

static void hmac_init(struct hmac_fixture *f, bool is_v6)
{
	memset(f, 0, sizeof(*f));
	f->key.id = 7;
	f->key.len = 40;
	for (uint8_t i = 0; i < 40; i++)
		f->key.bytes[i] = (uint8_t)(0x20 + i);
	f->env.src = addr_of(is_v6 ? "fe80::1" : "10.99.0.1");
	f->env.dst = addr_of(is_v6 ? "ff02::12" : "224.0.0.18");
	f->env.ttl = 255;
	f->len = is_v6 ? sizeof(hmac_v6) : sizeof(hmac_v4);
	memcpy(f->data, is_v6 ? hmac_v6 : hmac_v4, f->len);
}

static enum vrrp_drop hmac_check(struct hmac_fixture *f)
{
	struct vrrp_signed message = { f->data, f->pkt.len, f->len };

	return vrrp_hmac_check(&f->key, 1, &f->env, &message, &f->stamp);
}

/* Decodes what a receiver must accept before it looks at the signature. */
static void hmac_decode(struct hmac_fixture *f)
{
	expect_drop(vrrp_pkt_decode(f->data, f->len, &f->env, &f->pkt, f->addrs), NONE);
}

static void test_hmac_known_answers(void **state)
{
	struct hmac_fixture f;
	(void)state;

	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		hmac_init(&f, is_v6);
		hmac_decode(&f);
		assert_int_equal(f.pkt.len + VRRP_HMAC_LEN, f.len);
		expect_drop(hmac_check(&f), NONE);
		assert_int_equal(f.stamp.counter, 513);
		assert_int_equal(vrrp_hmac_stamp_us(&f.stamp), 1795744189500000);
	}
}

static void test_hmac_sign(void **state)
{
	struct hmac_fixture f;
	uint8_t wanted[sizeof(f.data)];
	(void)state;

	for (int is_v6 = 0; is_v6 < 2; is_v6++) {
		hmac_init(&f, is_v6);
		hmac_decode(&f);
		memcpy(wanted, f.data, f.len);
		memset(f.data + f.pkt.len, 0, VRRP_HMAC_LEN);
		f.stamp = vrrp_hmac_stamp_of(1795744189500000, 513);
		assert_int_equal(vrrp_hmac_sign(&f.key, &f.env, &f.stamp, f.data, f.pkt.len),
				 f.len);
		assert_memory_equal(f.data, wanted, f.len);
	}
}

static void test_hmac_wrong(void **state)
{
	struct hmac_fixture f;
	(void)state;

	hmac_init(&f, false);
	hmac_decode(&f);
	size_t sum = 6, trailer = f.pkt.len;
	for (size_t i = 0; i < f.len * 8; i++) {
		f.data[i / 8] ^= (uint8_t)(1 << i % 8);
		bool is_sum = i / 8 == sum || i / 8 == sum + 1;
		assert_int_equal(hmac_check(&f) == VRRP_DROP_NONE, is_sum);
		f.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	f.data[trailer + 1] = 8;
	expect_drop(hmac_check(&f), AUTH_KEY);
	f.data[trailer + 1] = 7;
	f.key.bytes[0] ^= 1;
	expect_drop(hmac_check(&f), AUTH_HMAC);
	f.key.bytes[0] ^= 1;
	f.env.src = addr_of("10.99.0.2"); /* the sender is covered */
	expect_drop(hmac_check(&f), AUTH_HMAC);
	f.env.src = addr_of("10.99.0.1");
	f.data[trailer] = 2;
	expect_drop(hmac_check(&f), AUTH_MALFORMED);
	f.data[trailer] = 1;
	f.len--;
	expect_drop(hmac_check(&f), AUTH_MALFORMED);
	f.len = trailer;
	expect_drop(hmac_check(&f), AUTH_MISSING);
	f.len = trailer + VRRP_HMAC_LEN + 1;
	expect_drop(hmac_check(&f), AUTH_MALFORMED);
}

/* ---- the clock of stamps ---- */

#define HOUR_US   (3600 * US_PER_S)
#define WINDOW_US (5 * US_PER_S)

/* A wall clock that is set makes nobody stale, neither the one who did it nor its peers. */
static void test_p4_stamp_clock(void **state)
{
	const int64_t start_us = 1795744189 * US_PER_S, boot_us = 1000 * US_PER_S;
	const struct vrrp_stamp_clock clock = { start_us - boot_us };
	struct vrrp_clocks now = { start_us + 60 * US_PER_S, boot_us + 60 * US_PER_S };
	(void)state;

	for (int hours = -2; hours <= 2; hours++) {
		struct vrrp_clocks set = { now.utc_us + hours * HOUR_US, now.boot_us };
		assert_int_equal(vrrp_stamp_age(&clock, &set, now.utc_us + WINDOW_US, WINDOW_US),
				 VRRP_STAMP_FRESH);
		assert_int_equal(vrrp_stamp_age(&clock, &set, now.utc_us - WINDOW_US, WINDOW_US),
				 VRRP_STAMP_FRESH);
		assert_int_equal(
			vrrp_stamp_age(&clock, &set, now.utc_us - WINDOW_US - 1, WINDOW_US),
			VRRP_STAMP_STALE);
		/* A sender that goes by the clock as it was set. */
		assert_int_equal(vrrp_stamp_age(&clock, &set, set.utc_us, WINDOW_US),
				 hours == 0 ? VRRP_STAMP_FRESH : VRRP_STAMP_BY_WALL_CLOCK);
	}
}

/* ---- replays ---- */

#define FORGET_US (10 * US_PER_S)

struct replay_fixture {
	struct vrrp_replay replay;
	struct vrrp_sequence next;
	time_us now;
};

static bool hear(struct replay_fixture *f, uint64_t stamp, uint16_t counter)
{
	f->next.stamp = stamp;
	f->next.counter = counter;
	if (!vrrp_replay_is_new(&f->replay, &f->next, f->now, FORGET_US))
		return false;
	vrrp_replay_accept(&f->replay, &f->next, f->now);
	return true;
}

static void replay_init(struct replay_fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->next.src = addr_of("10.99.0.1");
	f->now.us = 100 * US_PER_S;
}

static void test_r18_ah_sequence(void **state)
{
	(void)state;

	assert_true(vrrp_ah_is_newer(2, 1));
	assert_false(vrrp_ah_is_newer(1, 1));
	assert_false(vrrp_ah_is_newer(1, 2));
	assert_true(vrrp_ah_is_newer(3, 0xfffffffe)); /* it wraps */
	assert_false(vrrp_ah_is_newer(0xfffffffe, 3));
}

static void test_replay_counter(void **state)
{
	struct replay_fixture f;
	(void)state;

	replay_init(&f);
	assert_true(hear(&f, 0, 0xfffe));
	assert_false(hear(&f, 0, 0xfffe));
	assert_true(hear(&f, 0, 3)); /* it wraps */
	assert_false(hear(&f, 0, 0xffff));
	f.next.src = addr_of("10.99.0.2"); /* each sender has a mark of its own */
	assert_true(hear(&f, 0, 1));
	f.next.src = addr_of("10.99.0.1");
	f.now = time_add(f.now, FORGET_US);
	assert_false(hear(&f, 0, 2));
	f.now = time_add(f.now, 1); /* silent for long: it was restarted */
	assert_true(hear(&f, 0, 2));
}

/* A clock that is set back, or a restart that forgets the counter, locks nobody out; a replay needs
 * both. */
static void test_replay_stamp(void **state)
{
	struct replay_fixture f;
	(void)state;

	replay_init(&f);
	assert_true(hear(&f, 1000, 500));
	assert_true(hear(&f, 1001, 20)); /* restarted */
	assert_true(hear(&f, 400, 21));  /* set back by 601 */
	assert_false(hear(&f, 1000, 20));
	assert_false(hear(&f, 1001, 21));
	assert_true(hear(&f, 401, 22));
	assert_false(hear(&f, 400, 21));
	assert_true(hear(&f, 1002, 0));
}

static void test_replay_room(void **state)
{
	struct replay_fixture f;
	(void)state;

	replay_init(&f);
	for (uint8_t i = 0; i <= VRRP_REPLAY_MARKS; i++) {
		f.next.src.bytes[3] = i;
		f.now = time_add(f.now, 1);
		assert_true(hear(&f, 0, 5));
	}
	assert_false(hear(&f, 0, 5));
	f.next.src.bytes[3] = 1; /* still known */
	assert_false(hear(&f, 0, 5));
	f.next.src.bytes[3] = 0; /* the oldest made room */
	assert_true(hear(&f, 0, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_r18_ah_known_answer), cmocka_unit_test(test_r18_ah_wrap),
		cmocka_unit_test(test_r18_ah_wrong),        cmocka_unit_test(test_r18_ah_malformed),
		cmocka_unit_test(test_hmac_known_answers),  cmocka_unit_test(test_hmac_sign),
		cmocka_unit_test(test_hmac_wrong),          cmocka_unit_test(test_r18_ah_sequence),
		cmocka_unit_test(test_replay_counter),      cmocka_unit_test(test_replay_stamp),
		cmocka_unit_test(test_p4_stamp_clock),      cmocka_unit_test(test_replay_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
