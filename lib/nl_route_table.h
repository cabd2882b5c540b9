/*
 * The routes and rules of the protocols we watch, as notifications tell: plain data without I/O,
 * behind nl.c.
 */
#ifndef DIARCH_LIB_NL_ROUTE_TABLE_H
#define DIARCH_LIB_NL_ROUTE_TABLE_H

#include "lib/nl_route.h"

/* Zero-initialise. */
struct nl_route_table {
	bool is_watched[256]; /* protocols: others are skipped, however many routes they have */
	struct nl_route *routes;
	uint32_t n_routes, cap_routes;
	struct nl_rule *rules;
	uint32_t n_rules, cap_rules;
};

/* What a message meant for the table. */
enum nl_route_effect {
	NL_ROUTE_NOTHING,
	NL_ROUTE_CHANGED,
	NL_ROUTE_LOST, /* it does not fit what is in the table: read it all again */
};

void nl_route_table_done(struct nl_route_table *t);

/* Takes one RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE or RTM_DELRULE, also of a dump. */
enum nl_route_effect nl_route_table_take(struct nl_route_table *t, const struct nlmsghdr *nlh);

/* Whether one that is as wanted is there. */
bool nl_route_table_has(const struct nl_route_table *t, const struct nl_route *want);
bool nl_route_table_has_rule(const struct nl_route_table *t, const struct nl_rule *want);

#endif
