/*
 * The socket through which all virtual routers of one interface and family send and receive VRRP
 * packets, and another one for those in an AH.
 *
 * One raw socket each, bound to the interface: multicast and unicast, all groups. (Two sockets
 * would each get every packet.) Nothing here blocks, and nothing knows what is in a message.
 */
#ifndef DIARCH_VRRP_VRRP_IO_H
#define DIARCH_VRRP_VRRP_IO_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/loop.h"
#include "vrrp/auth.h"
#include "vrrp/pkt.h"

#define VIO_RCVBUF        (1024 * 1024) /* bytes, where nobody says: room for bursts */
#define VIO_READS_AT_ONCE 64 /* packets per wake-up: a flood must not keep the timers waiting */

struct vio_group {
	struct addr addr;
	unsigned users;
	bool is_joined; /* the kernel has a limit of its own (igmp_max_memberships) */
};

/* What a packet is delivered as; `drop` says that its envelope was not readable. */
struct vio_packet {
	enum vrrp_drop drop;
	struct vrrp_env env;
	const uint8_t *msg;
	size_t len;
	const struct vrrp_ah *ah; /* NULL: it came without */
};

/* What a socket is for. */
struct vio_place {
	int family; /* AF_INET or AF_INET6 */
	uint32_t ifindex;
	bool is_ah; /* datagrams with AH, IPv4 only; sent by vio_send_datagram() */
};

/* Zero-initialise; open while `is_open`. */
struct vio {
	bool is_open;
	struct io io;
	struct vio_place place;
	uint32_t rcvbuf; /* bytes that were asked for, 0 = none yet */
	struct vio_group *groups;
	unsigned n_groups;
	/* Must not close the socket. */
	void (*on_packet)(const struct vio_packet *packet, void *arg);
	void *arg;
};

/* Opens the socket on an interface and serves it from the loop. 0 or -errno. */
int vio_open(struct vio *vio, struct loop *loop, const struct vio_place *place,
	     void (*on_packet)(const struct vio_packet *packet, void *arg), void *arg);

/* Closes and forgets the groups; safe when not open. */
void vio_close(struct vio *vio);

/* Sets the receive buffer of an open socket; call it behind vio_open(). */
void vio_set_rcvbuf(struct vio *vio, uint32_t bytes);

/* Joins a group once, however many ask; vio_leave() undoes one vio_join(), also where it failed:
 * vio_join_rest() tries again. 0 or -errno. */
int vio_join(struct vio *vio, const struct addr *group);
void vio_leave(struct vio *vio, const struct addr *group);

/* Whether it is joined. */
bool vio_hears(const struct vio *vio, const struct addr *group);

/* Tries again what failed. 0 or the last -errno. */
int vio_join_rest(struct vio *vio);

/* Leaves and joins all groups, so that switches that snoop learn of us after a link came up, and
 * the kernel where it has forgotten them. */
void vio_rejoin(struct vio *vio);

/* Delivers what has arrived by now (bounded): before acting on a timer that is late. */
void vio_drain(struct vio *vio);

/*
 * Sends one message (which stays as it is) from env->src to env->dst with env->ttl, without
 * waiting. 0 or -errno.
 */
int vio_send(const struct vio *vio, const struct vrrp_env *env, uint8_t *msg, size_t len);

/* The same for a whole IPv4 datagram on a socket for AH. */
int vio_send_datagram(const struct vio *vio, const struct addr *dst, uint8_t *datagram, size_t len);

#endif
