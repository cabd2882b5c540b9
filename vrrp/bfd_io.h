/*
 * Sockets of BFD (RFC 5881 4, RFC 5883 5): one to receive for each family and port, one to send for
 * each session. VRRP child.
 */
#ifndef DIARCH_VRRP_BFD_IO_H
#define DIARCH_VRRP_BFD_IO_H

#include "lib/addr.h"
#include "lib/loop.h"
#include "vrrp/bfd.h"

#define BFD_PORT          3784
#define BFD_PORT_MULTIHOP 4784

/* A datagram as it came. */
struct bfd_datagram {
	struct addr src, dst;
	uint8_t ttl;
	bool is_multihop;
	const uint8_t *data;
	size_t len;
};

struct bfd_port {
	int fd; /* -1 = closed */
	int family;
	bool is_multihop;
	struct io io;
	void (*on_datagram)(const struct bfd_datagram *d, void *arg);
	void *arg;
};

/* Listens. 0 or -errno; on an error it stays closed. */
int bfd_port_open(struct bfd_port *port, struct loop *loop, int family, bool is_multihop);
void bfd_port_close(struct bfd_port *port);

/*
 * A socket that sends from `source` (unset = as the kernel chooses) and a port of its own to
 * `peer`. `seed` chooses the port. A descriptor or -errno.
 */
int bfd_open_sender(const struct addr *source, const struct addr *peer, uint16_t port, uint8_t ttl,
		    uint32_t seed);

#endif
