/*
 * Filters in the kernel for the monitors of rtnetlink: routes of protocols that nobody watches, and
 * neighbours that nobody asks for, do not wake us and take no room in the queue. A full table of a
 * routing daemon is 900,000 routes.
 */
#ifndef DIARCH_LIB_NL_FILTER_H
#define DIARCH_LIB_NL_FILTER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

/*
 * Lets pass what is no route, routes of the protocols that are `is_watched`, and routes that
 * replace another one, which may be ours. Replaces an earlier filter of the socket. 0 or -errno.
 */
int nl_filter_routes(int fd, const bool is_watched[256]);

/*
 * Lets pass new states of neighbours whose address ends like one of these (at most NL_NEIGH_MAX),
 * and nothing else. Replaces an earlier filter of the socket. 0 or -errno.
 */
int nl_filter_neighbours(int fd, const struct addr *addrs, uint32_t n);

#endif
