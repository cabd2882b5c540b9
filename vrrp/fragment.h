/*
 * IP datagrams cut into fragments, for frames that we build ourselves. Pure. RFC 791 3.2, RFC 8200
 * 4.5.
 */
#ifndef DIARCH_VRRP_FRAGMENT_H
#define DIARCH_VRRP_FRAGMENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* A datagram whose header has no options or extensions, and how far it was cut. */
struct fragments {
	const uint8_t *datagram;
	size_t len;
	size_t mtu;
	uint32_t id; /* another one for each datagram */
	size_t at;   /* payload cut by now; begins at 0 */
};

/* Appends the next fragment. false when there was none left, or none can be made. */
bool fragments_next(struct fragments *f, struct buf *out);

#endif
