/*
 * Unit tests of vrrp/pkt.c: the checksum that keepalived up to 1.3.6 has over unicast.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/pkt.h"

static struct addr addr_of(const char *text)
{
	struct addr a = { 0 };

	assert_true(addr_parse(text, &a));
	return a;
}

/* Captured from Debian's keepalived 2.2.7 with and without old_unicast_checksum. */
static void test_old_unicast_sum(void **state)
{
	static const uint8_t old[] = { 0x31, 0x33, 0xc8, 0x01, 0x00, 0x64,
				       0x0a, 0x21, 0xc0, 0xa8, 0x4d, 0x64 };
	static const uint8_t new[] = { 0x31, 0x33, 0xc8, 0x01, 0x00, 0x64,
				       0xdc, 0x88, 0xc0, 0xa8, 0x4d, 0x64 };
	static const uint8_t group77[] = { 0x31, 0x33, 0xc8, 0x01, 0x00, 0x64,
					   0x09, 0xe6, 0xc0, 0xa8, 0x4d, 0x64 };
	const struct vrrp_env env = { addr_of("192.168.77.1"), addr_of("192.168.77.2"), 255 };
	const struct addr group = addr_of("224.0.0.18"), other = addr_of("224.0.0.77");
	struct addr addrs[VRRP_ADDRS_MAX];
	uint8_t data[sizeof(old)];
	struct vrrp_pkt pkt;
	(void)state;

	assert_int_equal(vrrp_pkt_decode(new, sizeof(new), &env, &pkt, addrs), VRRP_DROP_NONE);
	assert_int_equal(vrrp_pkt_decode(old, sizeof(old), &env, &pkt, addrs), VRRP_DROP_CHECKSUM);
	assert_int_equal(vrrp_pkt_decode_old(new, sizeof(new), &env, &group, &pkt, addrs),
			 VRRP_DROP_CHECKSUM);
	assert_int_equal(vrrp_pkt_decode_old(group77, sizeof(group77), &env, &group, &pkt, addrs),
			 VRRP_DROP_CHECKSUM);
	assert_int_equal(vrrp_pkt_decode_old(group77, sizeof(group77), &env, &other, &pkt, addrs),
			 VRRP_DROP_NONE);
	assert_int_equal(vrrp_pkt_decode_old(old, sizeof(old), &env, &group, &pkt, addrs),
			 VRRP_DROP_NONE);
	assert_int_equal(pkt.sum_form, VRRP_SUM_GROUP);
	assert_int_equal(vrrp_pkt_encode(&pkt, &env, data, sizeof(data)), 0);
	pkt.sum_form = VRRP_SUM_PSEUDO;
	const struct vrrp_env summed = vrrp_env_old_sum(&env, &group);
	assert_int_equal(vrrp_pkt_encode(&pkt, &summed, data, sizeof(data)), sizeof(old));
	assert_memory_equal(data, old, sizeof(old));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_old_unicast_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
