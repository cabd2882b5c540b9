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

/* Whether nobody else on the link has the address, as far as the kernel found out (RFC 4862 5.4).
 */
bool addr_is_usable(const struct nl_addr *is);

/* Whether the address as it is does for the one we want; the kernel chooses what we leave open. */
bool addr_is_as_wanted(const struct nl_addr *is, const struct nl_addr *want);

/*
 * Writes to `ops` (room for 2 * n) what turns the actual addresses into the wanted ones, and
 * returns their number: first all that goes, then, in the order of `want`, what comes. An address
 * that is there otherwise than wanted, or that the kernel found to be a duplicate, is replaced.
 */
unsigned addr_diff(const struct addr_want *want, unsigned n, const struct addr_actual *actual,
		   struct nl_op *ops);

#endif
