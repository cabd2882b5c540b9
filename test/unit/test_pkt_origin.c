/*
 * Unit tests of vrrp/pkt.c: who sends, on a second path.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/auth.h"
#include "vrrp/pkt.h"

static struct addr addr_of(const char *text)
{
	struct addr a = { 0 };

	assert_true(addr_parse(text, &a));
	return a;
}

/* What goes over the wire, byte by byte. */
static void test_bytes(void **state)
{
	static const uint8_t v4[] = { 0xd2, 4, 0x6b, 0xc8, 192, 0, 2, 50 };
	const struct addr origin = addr_of("192.0.2.50");
	uint8_t data[VRRP_ORIGIN_MAX];

	(void)state;
	assert_int_equal(vrrp_origin_encode(&origin, data), sizeof(v4));
	assert_memory_equal(data, v4, sizeof(v4));
	assert_int_equal(vrrp_origin_encode(&(struct addr){ .family = AF_UNSPEC }, data), 0);
}

static void round_trip(const char *text, size_t wanted)
{
	const struct addr origin = addr_of(text);
	uint8_t data[VRRP_ORIGIN_MAX + 5] = { 0 };
	struct addr found;
	size_t len = 0;

	assert_int_equal(vrrp_origin_encode(&origin, data), wanted);
	/* A signature may follow. */
	assert_int_equal(vrrp_origin_decode(data, sizeof(data), origin.family, &found, &len),
			 VRRP_DROP_NONE);
	assert_int_equal(len, wanted);
	assert_int_equal(addr_cmp(&found, &origin), 0);
	for (size_t n = 0; n < wanted; n++)
		assert_int_equal(vrrp_origin_decode(data, n, origin.family, &found, &len),
				 VRRP_DROP_ORIGIN);
	for (size_t bit = 0; bit < 8 * wanted; bit++) {
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(vrrp_origin_decode(data, wanted, origin.family, &found, &len),
				 VRRP_DROP_ORIGIN);
		data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

static void test_round_trip(void **state)
{
	(void)state;
	round_trip("192.0.2.1", 8);
	round_trip("255.255.255.255", 8);
	round_trip("fe80::1", 20);
}

static void test_other_family(void **state)
{
	const struct addr origin = addr_of("fe80::1");
	uint8_t data[VRRP_ORIGIN_MAX];
	struct addr found;
	size_t len;

	(void)state;
	assert_int_equal(vrrp_origin_encode(&origin, data), sizeof(data));
	assert_int_equal(vrrp_origin_decode(data, sizeof(data), AF_INET, &found, &len),
			 VRRP_DROP_ORIGIN);
}

/* It is part of what is signed, behind the greatest advertisement, too. */
static void test_signed(void **state)
{
	static struct addr addrs[VRRP_ADDRS_MAX];
	static uint8_t data[VRRP_PKT_MAX + VRRP_ORIGIN_MAX + VRRP_HMAC_LEN];
	const struct vrrp_hmac_key key = { .id = 1, .len = 32 };
	const struct vrrp_hmac_stamp stamp = { .seconds = 1 };
	const struct vrrp_env env = { addr_of("fd00::1"), addr_of("fd00::2"), VRRP_TTL };
	const struct addr origin = addr_of("fe80::1");
	struct vrrp_pkt pkt = { .version = 3,
				.vrid = 1,
				.priority = 100,
				.adver_cs = 100,
				.n_addrs = VRRP_ADDRS_MAX,
				.addrs = addrs };
	struct vrrp_hmac_stamp seen;

	(void)state;
	for (unsigned i = 0; i < VRRP_ADDRS_MAX; i++)
		addrs[i] = addr_of("fd00::100");
	size_t len = vrrp_pkt_encode(&pkt, &env, data, VRRP_PKT_MAX);
	assert_true(len > 0);
	len += vrrp_origin_encode(&origin, data + len);
	size_t total = vrrp_hmac_sign(&key, &env, &stamp, data, len);
	assert_int_equal(total, len + VRRP_HMAC_LEN);
	const struct vrrp_signed message = { data, len, total };
	assert_int_equal(vrrp_hmac_check(&key, 1, &env, &message, &seen), VRRP_DROP_NONE);
	data[len - 1] ^= 1;
	assert_int_equal(vrrp_hmac_check(&key, 1, &env, &message, &seen), VRRP_DROP_AUTH_HMAC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_other_family),
		cmocka_unit_test(test_signed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
