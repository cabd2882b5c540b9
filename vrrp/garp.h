/*
 * Gratuitous ARP, and the question who has an address: frames out of a packet socket.
 */
#ifndef DIARCH_VRRP_GARP_H
#define DIARCH_VRRP_GARP_H

#include <stdint.h>

#include "lib/addr.h"

#define GARP_FRAME_LEN 42

/* A socket for garp_send() on any interface; receives nothing. Its descriptor or -errno. */
int garp_open(void);

/*
 * Writes the frame: an ARP request for `addr` (IPv4) from `addr` itself, as deployed hosts
 * understand best, broadcast, target hardware address all ones.
 */
void garp_encode(const uint8_t mac[6], const struct addr *addr, uint8_t frame[GARP_FRAME_LEN]);

/* Sends it without waiting. 0 or -errno; -EAGAIN and -ENOBUFS: not now. */
int garp_send(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *addr);

/* Asks for the link address of `target` from the address `src` (IPv4, RFC 826) and sends that
 * without waiting; the answer is the kernel's. 0 or -errno. */
void garp_ask_encode(const uint8_t mac[6], const struct addr *src, const struct addr *target,
		     uint8_t frame[GARP_FRAME_LEN]);
int garp_ask(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *src,
	     const struct addr *target);

#endif
