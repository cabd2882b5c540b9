/*
 * Receive buffers: how large they are to be, and what a socket gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/global_conf.h"
#include "lib/rcvbuf.h"
#include "vrrp/rx_buffer.h"

#define USUAL 100000

static uint32_t bytes_of(int64_t policy, uint32_t multiplier, const struct rx_router *routers,
			 unsigned n)
{
	const struct rx_policy p = { policy, multiplier };
	struct rx_sum sum = { 0 };

	for (unsigned i = 0; i < n; i++)
		rx_buffer_add(&sum, &p, &routers[i]);
	return rx_buffer_bytes(&sum, USUAL);
}

static void bytes_are_taken_as_written(void **state)
{
	const struct rx_router plain = { .family = AF_INET, .mtu = 1500 };
	const struct rx_router two[] = { { .bytes = 200, .mtu = 1500 },
					 { .bytes = 300, .mtu = 1500 } };

	(void)state;
	assert_int_equal(bytes_of(0, 3, two, 2), 500);
	assert_int_equal(bytes_of(7, 3, &plain, 1), 7);
	assert_int_equal(bytes_of(7, 3, two, 2), 500); /* the router's own word counts */
	assert_int_equal(bytes_of(4000000000, 3, &plain, 1), INT32_MAX / 2);
}

static void nothing_written_is_the_usual(void **state)
{
	const struct rx_router plain = { .family = AF_INET, .mtu = 1500 };
	const struct rx_router mixed[] = { { .bytes = 200 }, plain };
	const struct rx_router large[] = { { .bytes = 200000 }, plain };

	(void)state;
	assert_int_equal(bytes_of(0, 3, NULL, 0), USUAL);
	assert_int_equal(bytes_of(0, 3, &plain, 1), USUAL);
	assert_int_equal(bytes_of(0, 3, mixed, 2), USUAL);
	assert_int_equal(bytes_of(0, 3, large, 2), 200000);
}

static void estimates_only_raise(void **state)
{
	const struct rx_router v4 = { .family = AF_INET, .n_addresses = 10, .mtu = 1500 };
	const struct rx_router v6 = { .family = AF_INET6, .n_addresses = 10, .mtu = 9000 };
	uint32_t advert_v4 = bytes_of(GLOBAL_BUFS_ADVERT, 1000, &v4, 1);

	(void)state;
	assert_int_equal(bytes_of(GLOBAL_BUFS_ADVERT, 3, &v4, 1), USUAL);
	assert_int_equal(bytes_of(GLOBAL_BUFS_MTU, 3, &v4, 1), USUAL);
	assert_true(bytes_of(GLOBAL_BUFS_MTU, 100, &v4, 1) >= 150000);
	assert_true(bytes_of(GLOBAL_BUFS_MTU, 100, &v6, 1) >= 900000);
	/* At least headers and addresses, and then some. */
	assert_true(advert_v4 >= 1000 * (20 + 8 + 40) && advert_v4 <= 1000 * 1024);
	assert_true(bytes_of(GLOBAL_BUFS_ADVERT, 1000, &v6, 1) >= 1000 * (40 + 8 + 160));
	assert_int_equal(bytes_of(GLOBAL_BUFS_MTU, UINT32_MAX, &v6, 1), INT32_MAX / 2);
}

/* ---- sockets ---- */

static uint32_t system_limit(void)
{
	FILE *file = fopen("/proc/sys/net/core/rmem_max", "re");
	unsigned bytes = 0;

	if (file && fscanf(file, "%u", &bytes) != 1)
		bytes = 0;
	if (file)
		fclose(file);
	return bytes;
}

static uint32_t set(uint32_t bytes, bool is_forced, uint32_t usual)
{
	const struct rcvbuf asked = { bytes, is_forced };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t result = rcvbuf_set(fd, &asked, usual);
	int size = 0;
	socklen_t len = sizeof(size);

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len), 0);
	assert_int_equal((uint32_t)size / 2, result);
	close(fd);
	return result;
}

static void a_socket_within_the_limit(void **state)
{
	(void)state;
	if (system_limit() < 60000)
		skip();
	assert_int_equal(set(0, false, 30000), 30000);
	assert_int_equal(set(20000, false, 30000), 20000);
	assert_int_equal(set(50000, false, 30000), 50000);
	assert_int_equal(set(50000, true, 30000), 50000);
}

static void a_socket_beyond_the_limit(void **state)
{
	const uint32_t limit = system_limit();

	(void)state;
	if (!limit || geteuid() != 0 || set(0, false, limit + 1000) != limit + 1000)
		skip();
	assert_int_equal(set(limit + 1000, true, 30000), limit + 1000);
	assert_int_equal(set(limit + 1000, false, 30000), limit);
	assert_int_equal(set(limit + 2000, false, limit + 1000), limit + 1000);
	assert_int_equal(set(limit + 1000, false, limit + 2000), limit + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_taken_as_written),
		cmocka_unit_test(nothing_written_is_the_usual),
		cmocka_unit_test(estimates_only_raise),
		cmocka_unit_test(a_socket_within_the_limit),
		cmocka_unit_test(a_socket_beyond_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
