/*
 * Sockets of BFD. See bfd_io.h. VRRP child; never blocks.
 */
#include "vrrp/bfd_io.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_FIRST    49152 /* RFC 5881 4: of the sender */
#define PORT_COUNT    16384
#define PORT_TRIES    64
#define DATAGRAMS_MAX 64 /* at once, then the others have a turn */

struct option {
	int level, name, value;
};

static const struct option receive_v4[] = {
	{ IPPROTO_IP, IP_RECVTTL, 1 },
	{ IPPROTO_IP, IP_PKTINFO, 1 },
};
static const struct option receive_v6[] = {
	{ IPPROTO_IPV6, IPV6_V6ONLY, 1 },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
};

static int set_options(int fd, const struct option *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct option *o = &options[i];
		if (setsockopt(fd, o->level, o->name, &o->value, sizeof(o->value)) < 0)
			return -errno;
	}
	return 0;
}

/* ---- receive ---- */

static void read_control(struct msghdr *msg, struct bfd_datagram *d)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct in6_pktinfo info6;
		struct in_pktinfo info4;
		int ttl;

		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)) {
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
			d->ttl = (uint8_t)ttl;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info4, CMSG_DATA(c), sizeof(info4));
			d->dst = addr_from_bytes(&info4.ipi_addr, sizeof(info4.ipi_addr));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof(info6));
			d->dst = addr_from_bytes(&info6.ipi6_addr, sizeof(info6.ipi6_addr));
		}
	}
}

static void on_ready(struct io *io, uint32_t ready, void *arg)
{
	struct bfd_port *port = arg;

	(void)io;
	(void)ready;
	for (int i = 0; i < DATAGRAMS_MAX && port->fd >= 0; i++) {
		uint8_t data[256];
		char control[256] __attribute__((aligned(__alignof__(struct cmsghdr))));
		struct sockaddr_storage from;
		struct iovec iov = { data, sizeof(data) };
		struct msghdr msg = { .msg_name = &from,
				      .msg_namelen = sizeof(from),
				      .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = control,
				      .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(port->fd, &msg, 0);
		struct bfd_datagram d = { .is_multihop = port->is_multihop, .data = data };

		if (n < 0)
			return;
		d.len = (size_t)n;
		d.src = addr_from_sockaddr((const struct sockaddr *)&from, NULL);
		read_control(&msg, &d);
		port->on_datagram(&d, port->arg);
	}
}

static int bind_port(int fd, int family, uint16_t number)
{
	struct sockaddr_storage sa = { 0 };
	socklen_t len;

	if (family == AF_INET6) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(number);
		len = sizeof(*in6);
	} else {
		struct sockaddr_in *in4 = (struct sockaddr_in *)&sa;

		in4->sin_family = AF_INET;
		in4->sin_port = htons(number);
		len = sizeof(*in4);
	}
	return bind(fd, (const struct sockaddr *)&sa, len) < 0 ? -errno : 0;
}

int bfd_port_open(struct bfd_port *port, struct loop *loop, int family, bool is_multihop)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), result;

	if (fd < 0)
		return -errno;
	result = family == AF_INET6
			 ? set_options(fd, receive_v6, sizeof(receive_v6) / sizeof(receive_v6[0]))
			 : set_options(fd, receive_v4, sizeof(receive_v4) / sizeof(receive_v4[0]));
	if (result == 0)
		result = bind_port(fd, family, is_multihop ? BFD_PORT_MULTIHOP : BFD_PORT);
	if (result == 0)
		result = io_add(loop, &port->io, fd, EPOLLIN, on_ready, port);
	if (result < 0) {
		close(fd);
		return result;
	}
	port->fd = fd;
	port->family = family;
	port->is_multihop = is_multihop;
	return 0;
}

void bfd_port_close(struct bfd_port *port)
{
	if (port->fd < 0)
		return;
	io_del(&port->io);
	close(port->fd);
	port->fd = -1;
}

/* ---- send ---- */

/* Each session has a port of its own (RFC 5881 4). */
static int bind_own(int fd, int family, const struct addr *source, uint32_t seed)
{
	int result = -EADDRINUSE;

	for (uint32_t i = 0; i < PORT_TRIES && result == -EADDRINUSE; i++) {
		uint16_t number = (uint16_t)(PORT_FIRST + (seed + i * 7919) % PORT_COUNT);
		struct sockaddr_storage sa;
		socklen_t len;

		if (addr_is_unset(source)) {
			result = bind_port(fd, family, number);
			continue;
		}
		len = addr_to_sockaddr(source, number, &sa);
		result = bind(fd, (const struct sockaddr *)&sa, len) < 0 ? -errno : 0;
	}
	return result;
}

int bfd_open_sender(const struct addr *source, const struct addr *peer, uint16_t port, uint8_t ttl,
		    uint32_t seed)
{
	int fd = socket(peer->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const struct option v4[] = { { IPPROTO_IP, IP_TTL, ttl },
				     { IPPROTO_IP, IP_TOS, IPTOS_CLASS_CS6 },
				     { SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL } };
	const struct option v6[] = { { IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl },
				     { IPPROTO_IPV6, IPV6_TCLASS, IPTOS_CLASS_CS6 },
				     { SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL } };
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(peer, port, &sa);
	int result;

	if (fd < 0)
		return -errno;
	result = set_options(fd, peer->family == AF_INET6 ? v6 : v4, 3);
	if (result == 0)
		result = bind_own(fd, peer->family, source, seed);
	if (result == 0 && connect(fd, (const struct sockaddr *)&sa, len) < 0)
		result = -errno;
	if (result == 0)
		return fd;
	close(fd);
	return result;
}
