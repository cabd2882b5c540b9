/*
 * VRRP sockets: see vrrp_io.h. Runs in the VRRP child; each struct vio is part of a struct vrrp_if.
 */
#include "vrrp/vrrp_io.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/rcvbuf.h"

#define DRAIN_MAX    4096 /* more than the usual receive buffer holds */
#define BATCH_MAX    16
#define DATAGRAM_MAX (60 + VRRP_AH_LEN + VRRP_PKT_MAX + 64)

/* Source or destination, interface and TTL travel with each packet: the socket is shared. */
union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int))];
};

/* ---- open ---- */

struct option {
	int level, name, value;
	bool is_required; /* others only help */
};

/* Our own packets do not come back; only groups that we joined; before other traffic. */
static const struct option options_v4[] = {
	{ IPPROTO_IP, IP_HDRINCL, 1, true }, /* what is sent has its IP header with it */
	{ IPPROTO_IP, IP_MULTICAST_LOOP, 0, true },
	{ IPPROTO_IP, IP_MULTICAST_ALL, 0, true },
	{ IPPROTO_IP, IP_TOS, IPTOS_CLASS_CS6, true },
	{ IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT, false },
	{ SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL, false },
};

static const struct option options_v6[] = {
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0, true },
	{ IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0, false }, /* since Linux 4.20 */
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, true },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, true },
	{ IPPROTO_IPV6, IPV6_TCLASS, IPTOS_CLASS_CS6, true },
	{ SOL_SOCKET, SO_PRIORITY, TC_PRIO_CONTROL, false },
};

static int set_options(int fd, const struct option *options, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct option *o = &options[i];
		if (setsockopt(fd, o->level, o->name, &o->value, sizeof(o->value)) < 0 &&
		    o->is_required)
			return -errno;
	}
	return 0;
}

static int configure(int fd, const struct vio_place *place)
{
	const int index = (int)place->ifindex;
	if (index && setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof(index)) < 0)
		return -errno;
	if (place->family == AF_INET6)
		return set_options(fd, options_v6, sizeof(options_v6) / sizeof(options_v6[0]));
	return set_options(fd, options_v4, sizeof(options_v4) / sizeof(options_v4[0]));
}

/* ---- receive ---- */

/* IPv6 comes without its header: the envelope is in the control messages. */
static void read_envelope_v6(struct msghdr *msg, const struct sockaddr_storage *from,
			     struct vrrp_env *env)
{
	env->src = addr_from_sockaddr((const struct sockaddr *)from, NULL);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		struct in6_pktinfo info;
		int ttl;
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			env->dst = addr_from_bytes(&info.ipi6_addr, sizeof(info.ipi6_addr));
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT) {
			memcpy(&ttl, CMSG_DATA(c), sizeof(ttl));
			env->ttl = (uint8_t)ttl;
		}
	}
}

static void deliver_ah(struct vio *vio, const uint8_t *data, size_t len)
{
	struct vrrp_ah ah;
	struct vio_packet packet = { .ah = &ah };

	packet.drop = vrrp_ah_decode(data, len, &packet.env, &ah);
	packet.msg = ah.msg;
	packet.len = ah.msg_len;
	vio->on_packet(&packet, vio->arg);
}

static void deliver(struct vio *vio, struct msghdr *msg, const uint8_t *data, size_t len)
{
	struct vio_packet packet = { .msg = data, .len = len };

	if (vio->place.family == AF_INET6)
		read_envelope_v6(msg, msg->msg_name, &packet.env);
	else
		packet.drop = vrrp_env_decode(data, len, &packet.env, &packet.msg, &packet.len);
	vio->on_packet(&packet, vio->arg);
}

/* Room for what one system call may bring. */
struct batch {
	struct mmsghdr msgs[BATCH_MAX];
	struct iovec iovs[BATCH_MAX];
	struct sockaddr_storage from[BATCH_MAX];
	union control control[BATCH_MAX];
	uint8_t data[BATCH_MAX][DATAGRAM_MAX];
};

static void batch_prepare(struct batch *b, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		b->iovs[i] = (struct iovec){ b->data[i], sizeof(b->data[i]) };
		b->msgs[i].msg_hdr = (struct msghdr){ .msg_name = &b->from[i],
						      .msg_namelen = sizeof(b->from[i]),
						      .msg_iov = &b->iovs[i],
						      .msg_iovlen = 1,
						      .msg_control = &b->control[i],
						      .msg_controllen = sizeof(b->control[i]) };
	}
}

static void batch_deliver(struct vio *vio, struct batch *b, unsigned n)
{
	for (unsigned i = 0; i < n && vio->is_open; i++) {
		size_t len = b->msgs[i].msg_len;
		if (vio->place.is_ah)
			deliver_ah(vio, b->data[i], len);
		else
			deliver(vio, &b->msgs[i].msg_hdr, b->data[i], len);
	}
}

/* Delivers at most `max` datagrams. A short batch says that there are no more; an error that the
 * socket had to tell does not. */
static void read_packets(struct vio *vio, unsigned max)
{
	struct batch batch;

	while (max > 0 && vio->is_open) {
		unsigned want = max < BATCH_MAX ? max : BATCH_MAX;

		batch_prepare(&batch, want);
		int n = recvmmsg(vio->io.fd, batch.msgs, want, MSG_DONTWAIT, NULL);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n >= 0)
			batch_deliver(vio, &batch, (unsigned)n);
		if (n >= 0 && n < (int)want)
			return;
		max -= n > 0 ? (unsigned)n : 1;
	}
}

static void on_ready(struct io *io, uint32_t ready, void *arg)
{
	(void)io;
	(void)ready;
	read_packets(arg, VIO_READS_AT_ONCE);
}

int vio_open(struct vio *vio, struct loop *loop, const struct vio_place *place,
	     void (*on_packet)(const struct vio_packet *packet, void *arg), void *arg)
{
	int fd = socket(place->family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			place->is_ah ? VRRP_IPPROTO_AH : VRRP_IPPROTO);

	if (fd < 0)
		return -errno;
	memset(vio, 0, sizeof(*vio));
	vio->place = *place;
	vio->on_packet = on_packet;
	vio->arg = arg;
	int result = configure(fd, place);
	if (result == 0)
		result = io_add(loop, &vio->io, fd, EPOLLIN, on_ready, vio);
	if (result < 0)
		close(fd);
	vio->is_open = result == 0;
	return result;
}

void vio_set_rcvbuf(struct vio *vio, uint32_t bytes)
{
	const struct rcvbuf asked = { bytes, true };

	if (!vio->is_open || vio->rcvbuf == bytes)
		return;
	vio->rcvbuf = bytes;
	rcvbuf_set(vio->io.fd, &asked, VIO_RCVBUF);
}

void vio_close(struct vio *vio)
{
	if (!vio->is_open)
		return;
	io_del(&vio->io);
	close(vio->io.fd);
	free(vio->groups);
	memset(vio, 0, sizeof(*vio));
}

void vio_drain(struct vio *vio)
{
	if (vio->is_open)
		read_packets(vio, DRAIN_MAX);
}

/* ---- groups ---- */

enum membership { MEMBERSHIP_JOIN, MEMBERSHIP_LEAVE };

static int change_membership(const struct vio *vio, enum membership change,
			     const struct addr *group)
{
	struct group_req request = { .gr_interface = vio->place.ifindex };
	int level = vio->place.family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int name = change == MEMBERSHIP_JOIN ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP;

	addr_to_sockaddr(group, 0, &request.gr_group);
	return setsockopt(vio->io.fd, level, name, &request, sizeof(request)) < 0 ? -errno : 0;
}

static struct vio_group *find_group(const struct vio *vio, const struct addr *group)
{
	for (unsigned i = 0; i < vio->n_groups; i++) {
		if (addr_cmp(&vio->groups[i].addr, group) == 0)
			return &vio->groups[i];
	}
	return NULL;
}

static int join(const struct vio *vio, struct vio_group *g)
{
	int result = g->is_joined ? 0 : change_membership(vio, MEMBERSHIP_JOIN, &g->addr);

	g->is_joined = result == 0;
	return result;
}

int vio_join(struct vio *vio, const struct addr *group)
{
	struct vio_group *g = find_group(vio, group);

	if (!g) {
		vio->groups = xrealloc(vio->groups, (vio->n_groups + 1UL) * sizeof(vio->groups[0]));
		g = &vio->groups[vio->n_groups++];
		*g = (struct vio_group){ .addr = *group };
	}
	g->users++;
	return join(vio, g);
}

void vio_leave(struct vio *vio, const struct addr *group)
{
	struct vio_group *g = find_group(vio, group);

	if (!g || --g->users > 0)
		return;
	change_membership(vio, MEMBERSHIP_LEAVE, group);
	*g = vio->groups[--vio->n_groups];
}

bool vio_hears(const struct vio *vio, const struct addr *group)
{
	const struct vio_group *g = find_group(vio, group);

	return g && g->is_joined;
}

int vio_join_rest(struct vio *vio)
{
	int result = 0;

	for (unsigned i = 0; i < vio->n_groups; i++) {
		int one = join(vio, &vio->groups[i]);
		result = one < 0 ? one : result;
	}
	return result;
}

void vio_rejoin(struct vio *vio)
{
	for (unsigned i = 0; i < vio->n_groups; i++) {
		change_membership(vio, MEMBERSHIP_LEAVE, &vio->groups[i].addr);
		vio->groups[i].is_joined = false;
	}
	vio_join_rest(vio);
}

/* ---- send ---- */

static void put_cmsg(struct msghdr *msg, int level, int type, const void *data, size_t len)
{
	struct cmsghdr *c = (void *)((char *)msg->msg_control + msg->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	msg->msg_controllen += CMSG_SPACE(len);
}

/* The source is in the header, but routes and rules want to know it, too. */
static void put_source_v4(struct msghdr *msg, uint32_t ifindex, const struct vrrp_env *env)
{
	const struct in_pktinfo info = { .ipi_ifindex = (int)ifindex, .ipi_spec_dst = env->src.in };

	put_cmsg(msg, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
}

static void put_control_v6(struct msghdr *msg, uint32_t ifindex, const struct vrrp_env *env)
{
	const struct in6_pktinfo info = { .ipi6_ifindex = ifindex, .ipi6_addr = env->src.in6 };
	const int ttl = env->ttl;

	put_cmsg(msg, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	put_cmsg(msg, IPPROTO_IPV6, IPV6_HOPLIMIT, &ttl, sizeof(ttl));
}

/* A message longer than a frame: the kernel makes fragments of what it puts the header on itself.
 */
static int send_long(const struct vio *vio, const struct vrrp_env *env, struct msghdr *out)
{
	const int off = 0, on = 1, ttl = env->ttl;
	int result;

	out->msg_controllen = 0;
	put_source_v4(out, vio->place.ifindex, env);
	put_cmsg(out, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	out->msg_iov++;
	out->msg_iovlen--;
	if (setsockopt(vio->io.fd, IPPROTO_IP, IP_HDRINCL, &off, sizeof(off)) < 0)
		return -errno;
	result = sendmsg(vio->io.fd, out, MSG_DONTWAIT) < 0 ? -errno : 0;
	if (setsockopt(vio->io.fd, IPPROTO_IP, IP_HDRINCL, &on, sizeof(on)) < 0 && result == 0)
		result = -errno;
	return result;
}

static bool is_group(const struct addr *addr)
{
	return addr->bytes[0] >> 4 == 0xe;
}

/* With our own header the kernel has a third less to do, and to a group on a bound socket it need
 * not look for the source among all addresses of the host. */
static int send_v4(const struct vio *vio, const struct vrrp_env *env, struct msghdr *out)
{
	uint8_t header[VRRP_IP4_HEADER];
	struct buf b = buf_writer(header, sizeof(header));
	struct iovec iov[] = { { header, sizeof(header) }, *out->msg_iov };

	vrrp_ip4_put(&b, env, VRRP_IPPROTO, 0, iov[1].iov_len);
	out->msg_iov = iov;
	out->msg_iovlen = 2;
	if (!is_group(&env->dst) || vio->place.ifindex == 0)
		put_source_v4(out, vio->place.ifindex, env);
	if (sendmsg(vio->io.fd, out, MSG_DONTWAIT) >= 0)
		return 0;
	return errno == EMSGSIZE ? send_long(vio, env, out) : -errno;
}

int vio_send(const struct vio *vio, const struct vrrp_env *env, uint8_t *msg, size_t len)
{
	struct sockaddr_storage to;
	struct iovec iov = { msg, len };
	union control control;
	struct msghdr out = {
		.msg_name = &to, .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control
	};

	if (!vio->is_open)
		return -ENODEV;
	memset(&control, 0, sizeof(control));
	out.msg_namelen = addr_to_sockaddr(&env->dst, 0, &to);
	if (vio->place.family == AF_INET)
		return send_v4(vio, env, &out);
	put_control_v6(&out, vio->place.ifindex, env);
	return sendmsg(vio->io.fd, &out, MSG_DONTWAIT) < 0 ? -errno : 0;
}

int vio_send_datagram(const struct vio *vio, const struct addr *dst, uint8_t *datagram, size_t len)
{
	struct sockaddr_storage to;

	if (!vio->is_open)
		return -ENODEV;
	socklen_t to_len = addr_to_sockaddr(dst, 0, &to);
	if (sendto(vio->io.fd, datagram, len, MSG_DONTWAIT, (const struct sockaddr *)&to, to_len) <
	    0)
		return -errno;
	return 0;
}
