/*
 * Virtual addresses, desired against actual: the operations that make them agree. Pure.
 */
#ifndef DIARCH_VRRP_ADDR_DIFF_H
#define DIARCH_VRRP_ADDR_DIFF_H

#include <stdbool.h>

#include "lib/nl.h"

/* An address that is ours to add and to remove; others are never touched. */
struct addr_want {
	struct nl_addr addr; /* ifindex 0: its interface does not exist, nothing to do */
	bool is_wanted;
};

/* What is on the interfaces now. */
struct addr_actual {
	/* The address with the ifindex, address and prefix length of `key`, or NULL. */
	const struct nl_addr *(*find)(const struct nl_addr *key, const void *arg);
	const void *arg;
};

/*
 * Writes to `ops` (room for 2 * n) what turns the actual addresses into the wanted ones, and
 * returns their number: first all that goes, then, in the order of `want`, what comes. An address
 * that is there with another label, scope or broadcast address is replaced.
 */
unsigned addr_diff(const struct addr_want *want, unsigned n, const struct addr_actual *actual,
		   struct nl_op *ops);

#endif
