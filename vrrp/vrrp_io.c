/*
 * VRRP sockets: see vrrp_io.h. Runs in the VRRP child; each struct vio is part of a struct vrrp_if.
 */
#include "vrrp/vrrp_io.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BUFFER (1024 * 1024)
#define DRAIN_MAX      4096 /* more than the receive buffer holds */
#define DATAGRAM_MAX   (60 + VRRP_PKT_MAX + 64)

/* ---- open ---- */

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int configure(int fd, const char *name)
{
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, (socklen_t)strlen(name) + 1) < 0)
		return -errno;
	int result = set_int(fd, IPPROTO_IP, IP_MULTICAST_LOOP, 0);
	if (result == 0)
		result = set_int(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	if (result == 0)
		result = set_int(fd, IPPROTO_IP, IP_TOS, IPTOS_CLASS_CS6);
	if (result < 0)
		return result;
	/* Better with these, but possible without: no "don't fragment", before other traffic, room
	 * for bursts. */
	set_int(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
	set_int(fd, SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL);
	set_int(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
	return 0;
}

/* Delivers at most `max` datagrams. */
static void read_packets(struct vio *vio, unsigned max)
{
	uint8_t data[DATAGRAM_MAX];

	for (unsigned i = 0; i < max; i++) {
		ssize_t len = recv(vio->io.fd, data, sizeof(data), MSG_DONTWAIT);
		if (len < 0 && errno == EAGAIN)
			return;
		if (len >= 0)
			vio->on_packet(vio, data, (size_t)len, vio->arg);
	}
}

static void on_ready(struct io *io, uint32_t ready, void *arg)
{
	(void)io;
	(void)ready;
	read_packets(arg, VIO_READS_AT_ONCE);
}

int vio_open(struct vio *vio, struct loop *loop, uint32_t ifindex, const char *name,
	     void (*on_packet)(struct vio *vio, const uint8_t *data, size_t len, void *arg),
	     void *arg)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, VRRP_IPPROTO);

	if (fd < 0)
		return -errno;
	memset(vio, 0, sizeof(*vio));
	vio->ifindex = ifindex;
	vio->on_packet = on_packet;
	vio->arg = arg;
	int result = configure(fd, name);
	if (result == 0)
		result = io_add(loop, &vio->io, fd, EPOLLIN, on_ready, vio);
	if (result < 0)
		close(fd);
	vio->is_open = result == 0;
	return result;
}

void vio_close(struct vio *vio)
{
	if (!vio->is_open)
		return;
	io_del(&vio->io);
	close(vio->io.fd);
	memset(vio, 0, sizeof(*vio));
}

void vio_drain(struct vio *vio)
{
	if (vio->is_open)
		read_packets(vio, DRAIN_MAX);
}

/* ---- groups ---- */

static int change_membership(const struct vio *vio, int change, const struct addr *group)
{
	struct ip_mreqn request = { .imr_multiaddr = group->in, .imr_ifindex = (int)vio->ifindex };

	if (setsockopt(vio->io.fd, IPPROTO_IP, change, &request, sizeof(request)) < 0)
		return -errno;
	return 0;
}

static struct vio_group *find_group(struct vio *vio, const struct addr *group)
{
	for (unsigned i = 0; i < VIO_GROUPS_MAX; i++) {
		if (addr_cmp(&vio->groups[i].addr, group) == 0)
			return &vio->groups[i];
	}
	return NULL;
}

int vio_join(struct vio *vio, const struct addr *group)
{
	const struct addr unset = { .family = AF_UNSPEC };
	struct vio_group *g = find_group(vio, group);

	if (g) {
		g->users++;
		return 0;
	}
	g = find_group(vio, &unset);
	if (!g)
		return -ENOSPC;
	int result = change_membership(vio, IP_ADD_MEMBERSHIP, group);
	if (result == 0)
		*g = (struct vio_group){ *group, 1 };
	return result;
}

void vio_leave(struct vio *vio, const struct addr *group)
{
	struct vio_group *g = find_group(vio, group);

	if (!g || --g->users > 0)
		return;
	change_membership(vio, IP_DROP_MEMBERSHIP, group);
	memset(g, 0, sizeof(*g));
}

void vio_rejoin(struct vio *vio)
{
	for (unsigned i = 0; i < VIO_GROUPS_MAX; i++) {
		if (vio->groups[i].users == 0)
			continue;
		change_membership(vio, IP_DROP_MEMBERSHIP, &vio->groups[i].addr);
		change_membership(vio, IP_ADD_MEMBERSHIP, &vio->groups[i].addr);
	}
}

/* ---- send ---- */

/* Source address, interface and TTL go with each packet: the socket is shared. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

static void put_control(struct msghdr *msg, union control *control, uint32_t ifindex,
			const struct vrrp_env *env)
{
	const struct in_pktinfo info = { .ipi_ifindex = (int)ifindex, .ipi_spec_dst = env->src.in };
	const int ttl = env->ttl;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = sizeof(*control);
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	c = CMSG_NXTHDR(msg, c);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_TTL;
	c->cmsg_len = CMSG_LEN(sizeof(ttl));
	memcpy(CMSG_DATA(c), &ttl, sizeof(ttl));
}

int vio_send(const struct vio *vio, const struct vrrp_env *env, uint8_t *msg, size_t len)
{
	struct sockaddr_storage to;
	struct iovec iov = { msg, len };
	union control control;
	struct msghdr out = { .msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1 };

	if (!vio->is_open)
		return -ENODEV;
	out.msg_namelen = addr_to_sockaddr(&env->dst, 0, &to);
	put_control(&out, &control, vio->ifindex, env);
	return sendmsg(vio->io.fd, &out, MSG_DONTWAIT) < 0 ? -errno : 0;
}
