/*
 * Addresses of names of real servers as pure logic: which of those that a name has are used, and
 * when to ask again. No I/O, clock, allocation.
 */
#ifndef DIARCH_CHECK_NAME_PICK_H
#define DIARCH_CHECK_NAME_PICK_H

#include <stdbool.h>
#include <stdint.h>

#include "check/check_conf.h"
#include "lib/addr.h"

#define NAME_ADDRESSES_MAX 64

/* Addresses of a name in one order, whatever that of an answer was: those of the preferred family
 * first, then by number. All directors of a service take the same one. */
struct name_list {
	struct addr v[NAME_ADDRESSES_MAX];
	uint32_t n;
};

/* How a name is to be asked for. */
struct name_params {
	int family; /* AF_INET, AF_INET6, AF_UNSPEC = both */
	int prefer; /* of both */
	int64_t min_us, max_us, retry_us;
};

/* What a configuration asks for, with defaults: 5 s, 3600 s, 5 s; a limit that is written moves the
 * default of the other one. */
struct name_params name_params(const struct vs_conf *vs, const struct rs_conf *rs);

/* How long an address that was left may stay; default 900 s, which is how long IPVS keeps idle TCP
 * connections. */
int64_t name_drain_us(const struct rs_conf *rs);

/* Whether a server can have that address: not 0.0.0.0, multicast, broadcast or link-local IPv6. */
bool name_is_usable(const struct addr *addr);

/* Adds an address once, at its place; the last one of a full list goes. `prefer` is a family. */
void name_list_add(struct name_list *list, const struct addr *addr, int prefer);

bool name_list_has(const struct name_list *list, const struct addr *addr);
bool name_list_is_equal(const struct name_list *a, const struct name_list *b);

/*
 * Gives the addresses of a name to its servers. A server keeps its address while the name has it;
 * others get the first ones that none of them has and `is_taken` (by index into `list`; another
 * server of the pool) does not tell of, or become unset. An empty list changes nothing.
 */
void name_assign(struct addr *servers, uint32_t n, const struct name_list *list,
		 const bool *is_taken);

/* Time until the next question: the answer's time to live within the limits. */
int64_t name_wait_us(const struct name_params *params, bool is_answered, uint32_t ttl_s);

#endif
