/*
 * What the unit tests of lib/ share: cmocka with what it needs, a clock that the test moves,
 * descriptors.
 */
#ifndef DIARCH_TEST_UNIT_LIB_UTIL_H
#define DIARCH_TEST_UNIT_LIB_UTIL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lib/clock.h"

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

/* A clock whose instant is `*arg`. */
static inline time_us fake_now(void *arg)
{
	return *(const time_us *)arg;
}

/* Open descriptors; with `not_cloexec`, only those that an exec() would pass on. */
static inline unsigned fds_open(bool not_cloexec)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++) {
		const int flags = fcntl(fd, F_GETFD);

		n += flags >= 0 && !(not_cloexec && flags & FD_CLOEXEC);
	}
	return n;
}

/* A reproducible 64-bit random number. */
static inline uint64_t random_u64(void)
{
	static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

#endif
