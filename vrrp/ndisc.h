/*
 * Unsolicited neighbour advertisements, what gratuitous ARP is to IPv6; and solicitations.
 */
#ifndef DIARCH_VRRP_NDISC_H
#define DIARCH_VRRP_NDISC_H

#include <stdint.h>

#include "lib/addr.h"

#define NDISC_MSG_LEN 32

/* A socket for ndisc_send() on any interface; receives nothing. Its descriptor or -errno. */
int ndisc_open(void);

/*
 * Writes the message for `addr` (IPv6): router, override, not solicited, with our hardware address
 * as target (RFC 9568 6.4.2). The kernel fills in the checksum.
 */
void ndisc_encode(const uint8_t mac[6], const struct addr *addr, uint8_t msg[NDISC_MSG_LEN]);

/* Sends it to all nodes on the link, without waiting. 0 or -errno; -EAGAIN and -ENOBUFS: not now.
 */
int ndisc_send(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *addr);

/* Asks for the link address of `target` from the address `src` of this interface (RFC 4861 4.3) and
 * sends that without waiting; the answer is the kernel's. 0 or -errno. */
void ndisc_ask_encode(const uint8_t mac[6], const struct addr *target, uint8_t msg[NDISC_MSG_LEN]);
int ndisc_ask(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *src,
	      const struct addr *target);

#endif
