/*
 * Unit tests of lib/buf.c: byte order, bounds, the sticky error, checksums.
 */
#include "test/unit/lib_util.h"

#include <string.h>

#include "lib/buf.h"

static void big_endian_round_trip(void **state)
{
	static const uint8_t wire[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc, 'x' };
	uint8_t data[sizeof(wire)];
	struct buf w = buf_writer(data, sizeof(data)), r;

	(void)state;
	buf_put_u8(&w, 0x01);
	buf_put_be16(&w, 0x2345);
	buf_put_be32(&w, 0x6789abcd);
	buf_put_be64(&w, UINT64_C(0xef1032547698badc));
	buf_put_bytes(&w, "x", 1);
	assert_true(buf_ok(&w));
	assert_int_equal(w.len, sizeof(wire));
	assert_memory_equal(data, wire, sizeof(wire));

	r = buf_reader(wire, sizeof(wire));
	assert_int_equal(buf_get_u8(&r), 0x01);
	assert_int_equal(buf_get_be16(&r), 0x2345);
	assert_int_equal(buf_get_be32(&r), 0x6789abcd);
	assert_true(buf_get_be64(&r) == UINT64_C(0xef1032547698badc));
	assert_int_equal(buf_left(&r), 1);
	assert_memory_equal(buf_get_bytes(&r, 1), "x", 1);
	assert_true(buf_ok(&r));
	assert_int_equal(buf_left(&r), 0);
}

static void short_read_is_sticky(void **state)
{
	struct buf r = buf_reader("\1\2\3", 3);

	(void)state;
	assert_int_equal(buf_get_be32(&r), 0);
	assert_false(buf_ok(&r));
	assert_int_equal(buf_left(&r), 3);
	assert_int_equal(buf_get_u8(&r), 0);
	assert_null(buf_get_bytes(&r, 0));
	assert_null(buf_get_bytes(&r, SIZE_MAX));
	assert_int_equal(buf_left(&r), 3);
}

static void full_writer_is_sticky(void **state)
{
	uint8_t data[4] = { 0 };
	struct buf w = buf_writer(data, 3);

	(void)state;
	buf_put_be16(&w, 0x0102);
	buf_put_be16(&w, 0x0304);
	assert_false(buf_ok(&w));
	buf_put_u8(&w, 5);
	assert_int_equal(w.len, 2);
	assert_memory_equal(data, "\1\2\0\0", 4);
}

static void reader_is_never_written(void **state)
{
	const uint8_t data[2] = { 7, 7 };
	struct buf r = buf_reader(data, sizeof(data)), other = r;

	(void)state;
	buf_put_u8(&r, 1);
	buf_set_be16(&other, 0, 1);
	assert_false(buf_ok(&r));
	assert_false(buf_ok(&other));
	assert_memory_equal(data, "\7\7", 2);
}

static void set_needs_written_bytes(void **state)
{
	uint8_t data[8] = { 0 };
	struct buf w = buf_writer(data, sizeof(data));

	(void)state;
	buf_put_be32(&w, 0);
	buf_set_be16(&w, 2, 0xabcd);
	assert_true(buf_ok(&w));
	assert_memory_equal(data, "\0\0\xab\xcd", 4);
	buf_set_be16(&w, 3, 1);
	assert_false(buf_ok(&w));
	assert_memory_equal(data + 4, "\0\0\0\0", 4);
}

/* The example of RFC 1071 section 3, an odd byte, and continuation at an even offset. */
static void checksums(void **state)
{
	static const uint8_t rfc[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	const uint32_t sum = buf_sum16(rfc, sizeof(rfc), 0);
	uint8_t big[4096];

	(void)state;
	assert_int_equal(buf_sum16_fold(sum), (uint16_t)~0xddf2);
	assert_int_equal(buf_sum16(rfc + 4, 4, buf_sum16(rfc, 4, 0)), sum);
	assert_int_equal(buf_sum16("\x12", 1, 0), 0x1200);
	assert_int_equal(buf_sum16_fold(0), 0xffff);
	memset(big, 0xff, sizeof(big));
	assert_int_equal(buf_sum16_fold(buf_sum16(big, sizeof(big), UINT32_MAX)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(big_endian_round_trip),
		cmocka_unit_test(short_read_is_sticky),
		cmocka_unit_test(full_writer_is_sticky),
		cmocka_unit_test(reader_is_never_written),
		cmocka_unit_test(set_needs_written_bytes),
		cmocka_unit_test(checksums),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
