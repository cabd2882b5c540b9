/*
 * rtnetlink messages of links and addresses to plain values. Pure.
 */
#ifndef DIARCH_LIB_NL_PARSE_H
#define DIARCH_LIB_NL_PARSE_H

#include <linux/netlink.h>
#include <stdbool.h>

#include "lib/nl.h"

/*
 * Reads an RTM_NEWLINK or RTM_DELLINK. False for malformed messages and for those that do not speak
 * of the link itself (a bridge reports its ports as links of family AF_BRIDGE).
 */
bool nl_parse_link(const struct nlmsghdr *nlh, struct nl_link *out);

/* Reads an RTM_NEWADDR or RTM_DELADDR; false for malformed messages and families other than IPv4
 * and IPv6. */
bool nl_parse_addr(const struct nlmsghdr *nlh, struct nl_addr *out);

#endif
