/*
 * Fragments of IP datagrams: put together they are what was cut.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/fragment.h"
#include "vrrp/pkt.h"

#define PAYLOAD 2000

static uint16_t be16(const uint8_t *data)
{
	return (uint16_t)(data[0] << 8 | data[1]);
}

static void fill(uint8_t *payload, size_t len)
{
	for (size_t i = 0; i < len; i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
}

/* As the receiver: where it belongs, and whether more comes. */
struct piece {
	size_t at, len;
	bool is_last;
	const uint8_t *data;
};

static struct piece read4(const uint8_t *data, size_t len, const uint8_t *whole)
{
	const uint16_t field = be16(data + 6);

	assert_int_equal(be16(data + 2), len);
	assert_int_equal(be16(data + 4), 0x2345);
	assert_int_equal(buf_sum16_fold(buf_sum16(data, 20, 0)), 0);
	assert_memory_equal(data + 8, whole + 8, 2); /* TTL and protocol */
	assert_memory_equal(data + 12, whole + 12, 8);
	return (struct piece){ (field & 0x1fffu) * 8u, len - 20, !(field & 0x2000), data + 20 };
}

static struct piece read6(const uint8_t *data, size_t len, const uint8_t *whole)
{
	const uint16_t field = be16(data + 42);

	assert_int_equal(be16(data + 4), len - 40);
	assert_int_equal(data[6], 44);
	assert_memory_equal(data + 7, whole + 7, 33); /* hop limit and addresses */
	assert_int_equal(data[40], whole[6]);
	assert_int_equal(be16(data + 44), 1);
	assert_int_equal(be16(data + 46), 0x2345);
	return (struct piece){ field & 0xfff8u, len - 48, !(field & 1), data + 48 };
}

static void check(const uint8_t *whole, size_t len, size_t header, size_t mtu, unsigned n_wanted)
{
	struct fragments f = { .datagram = whole, .len = len, .mtu = mtu, .id = 0x12345 };
	size_t at = 0;
	unsigned n = 0;
	bool is_last = false;

	for (;;) {
		uint8_t data[PAYLOAD + 100];
		struct buf b = buf_writer(data, sizeof(data));

		if (!fragments_next(&f, &b))
			break;
		assert_false(is_last);
		assert_true(b.len <= mtu);
		const struct piece p =
			header == 20 ? read4(data, b.len, whole) : read6(data, b.len, whole);
		assert_int_equal(p.at, at);
		assert_memory_equal(p.data, whole + header + at, p.len);
		at += p.len;
		is_last = p.is_last;
		n++;
	}
	assert_int_equal(n, n_wanted);
	assert_true(is_last);
	assert_int_equal(at, len - header);
}

static void ipv4(void **state)
{
	const struct vrrp_env env = { .src = { .family = AF_INET, .bytes = { 10, 0, 0, 1 } },
				      .dst = { .family = AF_INET, .bytes = { 224, 0, 0, 18 } },
				      .ttl = 255 };
	uint8_t whole[20 + PAYLOAD], payload[PAYLOAD];
	struct buf b = buf_writer(whole, sizeof(whole));

	(void)state;
	fill(payload, sizeof(payload));
	vrrp_ip4_put(&b, &env, VRRP_IPPROTO, 0, PAYLOAD);
	buf_put_bytes(&b, payload, PAYLOAD);
	assert_true(buf_ok(&b));
	check(whole, b.len, 20, 1500, 2);
	check(whole, b.len, 20, 600, 4); /* 576 each */
	check(whole, b.len, 20, 1020, 2);
}

static void ipv6(void **state)
{
	uint8_t whole[40 + PAYLOAD] = { 0x6c, 0, 0, 0, PAYLOAD >> 8, PAYLOAD & 0xff, 112, 255 };

	(void)state;
	memset(whole + 8, 0x11, 32);
	fill(whole + 40, PAYLOAD);
	check(whole, sizeof(whole), 40, 1500, 2);
	check(whole, sizeof(whole), 40, 1280, 2);
	check(whole, sizeof(whole), 40, 560, 4); /* 512 each */
}

static void where_none_can_be_made(void **state)
{
	uint8_t whole[40 + PAYLOAD] = { 0x60 };
	uint8_t data[PAYLOAD];
	struct buf b = buf_writer(data, sizeof(data));
	struct fragments f = { .datagram = whole, .len = sizeof(whole), .mtu = 55, .id = 1 };

	(void)state;
	assert_false(fragments_next(&f, &b));
	f.mtu = 1500;
	f.len = 40;
	assert_false(fragments_next(&f, &b));
	f.len = 0;
	assert_false(fragments_next(&f, &b));
	assert_int_equal(b.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv4),
		cmocka_unit_test(ipv6),
		cmocka_unit_test(where_none_can_be_made),
	};

	return cmocka_run_group_tests_name("fragment", tests, NULL, NULL);
}
