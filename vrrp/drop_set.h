/*
 * Addresses whose packets are dropped: what the filter has, what it should have, and the
 * difference. Pure.
 */
#ifndef DIARCH_VRRP_DROP_SET_H
#define DIARCH_VRRP_DROP_SET_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/* Link-local addresses are dropped on their interface only: by number, or by name if that is 0. */
struct drop_key {
	struct addr addr;
	uint32_t ifindex;
	char ifname[IF_NAMESIZE]; /* padded with zeros */
};

/* Sorted, without duplicates; the storage is the caller's. */
struct drop_set {
	struct drop_key *v;
	uint32_t n, cap;
};

struct drop_op {
	struct drop_key key;
	bool is_add;
};

/* The key of an address on an interface; `is_by_index` chooses what a link-local one is bound to.
 */
struct drop_key drop_key_of(const struct addr *addr, uint32_t ifindex, const char *ifname,
			    bool is_by_index);
bool drop_key_is_link_local(const struct drop_key *key);

bool drop_set_has(const struct drop_set *set, const struct drop_key *key);

/* Adds or removes one. False when it was there or was not there, or when there is no room. */
bool drop_set_add(struct drop_set *set, const struct drop_key *key);
bool drop_set_remove(struct drop_set *set, const struct drop_key *key);

/*
 * What makes `have` the same as `want`, removals and additions in the order of the keys; `ops` has
 * room for both together. Returns their number.
 */
uint32_t drop_set_diff(const struct drop_set *have, const struct drop_set *want,
		       struct drop_op *ops);

#endif
