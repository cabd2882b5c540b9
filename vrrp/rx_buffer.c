/*
 * Sizes of receive buffers: see rx_buffer.h. Used by the VRRP child.
 */
#include "vrrp/rx_buffer.h"

#include <sys/socket.h>

#include "lib/global_conf.h"

/* Headers of IP, AH and VRRP, and what authentication appends. */
#define AROUND_V4 (20 + 24 + 8 + 28)
#define AROUND_V6 (40 + 8 + 28)

/* The kernel counts more for a packet than its bytes, of which the doubling of a size that is asked
 * for does not cover all when packets are small. */
#define OVERHEAD 512

static uint64_t advert_bytes(const struct rx_router *router)
{
	if (router->family == AF_INET6)
		return AROUND_V6 + 16ULL * router->n_addresses;
	return AROUND_V4 + 4ULL * router->n_addresses;
}

void rx_buffer_add(struct rx_sum *sum, const struct rx_policy *policy,
		   const struct rx_router *router)
{
	if (router->bytes) {
		sum->bytes += router->bytes;
	} else if (policy->policy > 0) {
		sum->bytes += (uint64_t)policy->policy;
	} else {
		sum->is_estimate = true;
		if (policy->policy == GLOBAL_BUFS_MTU)
			sum->bytes += (uint64_t)policy->multiplier * (OVERHEAD + router->mtu);
		else if (policy->policy == GLOBAL_BUFS_ADVERT)
			sum->bytes += policy->multiplier * (OVERHEAD + advert_bytes(router));
	}
}

uint32_t rx_buffer_bytes(const struct rx_sum *sum, uint32_t usual)
{
	if (sum->bytes == 0 || (sum->is_estimate && sum->bytes < usual))
		return usual;
	return sum->bytes > INT32_MAX / 2 ? INT32_MAX / 2 : (uint32_t)sum->bytes;
}
