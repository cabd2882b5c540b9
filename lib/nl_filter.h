/*
 * A filter in the kernel for the monitor of rtnetlink: routes of protocols that nobody watches do
 * not wake us and take no room in the queue. A full table of a routing daemon is 900,000 of them.
 */
#ifndef DIARCH_LIB_NL_FILTER_H
#define DIARCH_LIB_NL_FILTER_H

#include <stdbool.h>

/*
 * Lets pass what is no route, routes of the protocols that are `is_watched`, and routes that
 * replace another one, which may be ours. Replaces an earlier filter of the socket. 0 or -errno.
 */
int nl_filter_routes(int fd, const bool is_watched[256]);

#endif
