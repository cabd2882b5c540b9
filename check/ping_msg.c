/*
 * ICMP echo messages. Checker process; pure.
 */
#include "check/ping_msg.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <string.h>

#include "lib/buf.h"

#define HEADER       8
#define IP_HEADER    20
#define CHECKSUM_OFF 2

void ping_request(uint8_t *msg, int family, const uint8_t *cookie)
{
	struct buf b = buf_writer(msg, PING_SIZE);
	uint8_t filler = 0;

	buf_put_u8(&b, family == AF_INET6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO);
	buf_put_u8(&b, 0);
	buf_put_be16(&b, 0);
	buf_put_bytes(&b, cookie, 2); /* identifier; the system's echo sockets have their own */
	buf_put_be16(&b, 1);          /* sequence number */
	buf_put_bytes(&b, cookie, PING_COOKIE);
	while (b.len < PING_SIZE)
		buf_put_u8(&b, filler++);
	/* Of ICMPv6 the kernel computes it, over addresses that only the kernel knows. */
	if (family != AF_INET6)
		buf_set_be16(&b, CHECKSUM_OFF, buf_sum16_fold(buf_sum16(msg, PING_SIZE, 0)));
}

/* Length of the IPv4 header that a raw socket puts in front; 0 = there is none. An echo reply
 * begins with a zero, which no IP header does. */
static size_t ip_header(const uint8_t *msg, size_t len)
{
	size_t head = 0;

	if (len >= IP_HEADER && msg[0] >> 4 == 4)
		head = (size_t)(msg[0] & 0x0f) * 4;
	return head < len ? head : len;
}

bool ping_is_answer(const uint8_t *msg, size_t len, int family, const uint8_t *cookie)
{
	const size_t head = family == AF_INET6 ? 0 : ip_header(msg, len);
	struct buf b = buf_reader(msg + head, len - head);
	const uint8_t type = buf_get_u8(&b), code = buf_get_u8(&b);
	const uint8_t *id, *got;

	buf_get_be16(&b); /* checksum */
	id = buf_get_bytes(&b, 2);
	if (buf_get_be16(&b) != 1 || buf_left(&b) != PING_SIZE - HEADER)
		return false;
	got = buf_get_bytes(&b, PING_COOKIE);
	if (!buf_ok(&b) || type != (family == AF_INET6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) ||
	    code != 0)
		return false;
	/* Elsewhere the system has put an identifier of its own, and seen to it. */
	return (head == 0 || memcmp(id, cookie, 2) == 0) && memcmp(got, cookie, PING_COOKIE) == 0;
}
