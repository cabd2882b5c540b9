/*
 * How large the receive buffer of a VRRP socket is to be, by vrrp_rx_bufs_policy,
 * vrrp_rx_bufs_multiplier and kernel_rx_buf_size. Pure.
 *
 * The socket is shared by the routers of an interface and family: what each of them asks for is
 * added up.
 */
#ifndef DIARCH_VRRP_RX_BUFFER_H
#define DIARCH_VRRP_RX_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

/* Of global_defs. */
struct rx_policy {
	int64_t policy; /* bytes, GLOBAL_BUFS_MTU, GLOBAL_BUFS_ADVERT, or 0 */
	uint32_t multiplier;
};

/* One of the routers. */
struct rx_router {
	uint32_t bytes; /* kernel_rx_buf_size; 0 = by the policy */
	int family;
	uint32_t n_addresses; /* advertised */
	uint32_t mtu;
};

/* Begins as zeros. */
struct rx_sum {
	uint64_t bytes;
	bool is_estimate; /* not all that is in it was written as bytes */
};

void rx_buffer_add(struct rx_sum *sum, const struct rx_policy *policy,
		   const struct rx_router *router);

/* What to ask the kernel for. Only who writes bytes gets less than `usual`: an estimate knows only
 * what is configured here, and others send, too. */
uint32_t rx_buffer_bytes(const struct rx_sum *sum, uint32_t usual);

#endif
