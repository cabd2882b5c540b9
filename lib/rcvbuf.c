/*
 * Receive buffers: see rcvbuf.h. Any process.
 */
#include "lib/rcvbuf.h"

#include <stddef.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "lib/log.h"

static uint32_t get_bytes(int fd)
{
	int size = 0;
	socklen_t len = sizeof(size);

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len) < 0)
		return 0;
	return (uint32_t)size / 2;
}

static bool set(int fd, int option, uint32_t bytes)
{
	const int size = bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (int)bytes;

	return setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size)) == 0;
}

static void force(int fd, uint32_t bytes)
{
	if (!set(fd, SO_RCVBUFFORCE, bytes))
		set(fd, SO_RCVBUF, bytes);
}

uint32_t rcvbuf_set(int fd, const struct rcvbuf *asked, uint32_t usual)
{
	const uint32_t at_least = asked->bytes && asked->bytes < usual ? asked->bytes : usual;

	if (asked->is_forced && asked->bytes)
		force(fd, asked->bytes);
	else if (!asked->bytes || !set(fd, SO_RCVBUF, asked->bytes) || get_bytes(fd) < at_least)
		force(fd, at_least);
	return get_bytes(fd);
}

void rcvbuf_set_as(int fd, const struct rcvbuf *asked, uint32_t usual, const char *keyword)
{
	const uint32_t bytes = rcvbuf_set(fd, asked, usual);

	if (bytes < asked->bytes)
		log_event(LOG_LEVEL_WARNING, "rcvbuf", log_kv("bytes=%" PRIu32, bytes),
			  "%s: the kernel allows %" PRIu32 " bytes of %" PRIu32 "%s%s%s", keyword,
			  bytes, asked->bytes, asked->is_forced ? "" : ", ",
			  asked->is_forced ? "" : keyword,
			  asked->is_forced ? "" : "_force asks for more");
}
