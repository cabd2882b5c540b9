/*
 * Unsolicited neighbour advertisements: see ndisc.h. Runs in the VRRP child; the caller owns the
 * descriptor.
 */
#include "vrrp/ndisc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"

#define HOP_LIMIT          255
#define FLAGS_AND_RESERVED 0xa0000000 /* R and O */

int ndisc_open(void)
{
	const int hops = HOP_LIMIT, off = 0, size = 4 * 1024 * 1024;
	struct icmp6_filter nothing;
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	if (fd < 0)
		return -errno;
	ICMP6_FILTER_SETBLOCKALL(&nothing);
	if (setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &nothing, sizeof(nothing)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) < 0 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, &off, sizeof(off)) < 0) {
		int error = errno;
		close(fd);
		return -error;
	}
	/* A burst for thousands of addresses should not stop half-way. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

static void encode(uint8_t type, uint32_t flags, const struct addr *target, uint8_t option,
		   const uint8_t mac[6], uint8_t msg[NDISC_MSG_LEN])
{
	struct buf b = buf_writer(msg, NDISC_MSG_LEN);

	buf_put_u8(&b, type);
	buf_put_u8(&b, 0);
	buf_put_be16(&b, 0);
	buf_put_be32(&b, flags);
	buf_put_bytes(&b, target->bytes, sizeof(target->in6));
	buf_put_u8(&b, option);
	buf_put_u8(&b, 1); /* units of 8 bytes */
	buf_put_bytes(&b, mac, ETH_ALEN);
}

void ndisc_encode(const uint8_t mac[6], const struct addr *addr, uint8_t msg[NDISC_MSG_LEN])
{
	encode(ND_NEIGHBOR_ADVERT, FLAGS_AND_RESERVED, addr, ND_OPT_TARGET_LINKADDR, mac, msg);
}

int ndisc_send(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *addr)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_scope_id = ifindex };
	uint8_t msg[NDISC_MSG_LEN];

	inet_pton(AF_INET6, "ff02::1", &to.sin6_addr);
	ndisc_encode(mac, addr, msg);
	if (sendto(fd, msg, sizeof(msg), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

void ndisc_ask_encode(const uint8_t mac[6], const struct addr *target, uint8_t msg[NDISC_MSG_LEN])
{
	encode(ND_NEIGHBOR_SOLICIT, 0, target, ND_OPT_SOURCE_LINKADDR, mac, msg);
}

/* RFC 4291 2.7.1: who has the address listens to the group made of its end. */
static void set_group(struct sockaddr_in6 *to, const struct addr *target)
{
	inet_pton(AF_INET6, "ff02::1:ff00:0", &to->sin6_addr);
	memcpy(&to->sin6_addr.s6_addr[13], &target->in6.s6_addr[13], 3);
}

int ndisc_ask(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *src,
	      const struct addr *target)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6, .sin6_scope_id = ifindex };
	const struct in6_pktinfo info = { .ipi6_ifindex = ifindex, .ipi6_addr = src->in6 };
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(info))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof(info)),
				  .cmsg_level = IPPROTO_IPV6,
				  .cmsg_type = IPV6_PKTINFO } };
	uint8_t text[NDISC_MSG_LEN];
	struct iovec iov = { text, sizeof(text) };
	const struct msghdr msg = { .msg_name = &to,
				    .msg_namelen = sizeof(to),
				    .msg_iov = &iov,
				    .msg_iovlen = 1,
				    .msg_control = &control,
				    .msg_controllen = sizeof(control) };

	set_group(&to, target);
	memcpy(CMSG_DATA(&control.header), &info, sizeof(info));
	ndisc_ask_encode(mac, target, text);
	return sendmsg(fd, &msg, MSG_DONTWAIT) < 0 ? -errno : 0;
}
