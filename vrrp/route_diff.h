/*
 * Routes and rules, desired against actual: the operations that make them agree. Pure.
 */
#ifndef DIARCH_VRRP_ROUTE_DIFF_H
#define DIARCH_VRRP_ROUTE_DIFF_H

#include "lib/nl.h"

/* A route or a rule that is ours to set and to remove; others are never touched. */
struct route_want {
	const struct nl_route *route; /* or */
	const struct nl_rule *rule;
	bool is_wanted;
	bool may_hide; /* perhaps it is there although the kernel shows another one: remove it */
};

/* What the kernel has now. */
struct route_actual {
	bool (*has)(const struct route_want *want, const void *arg);
	const void *arg;
};

enum route_pass { ROUTE_PASS_REMOVE, ROUTE_PASS_ADD };

/*
 * Writes to `ops` (room for `n`) one of two passes and returns the number of operations: what goes,
 * in the reverse order of `want`, before addresses are changed; or what comes, in its order, after
 * that.
 */
unsigned route_diff(const struct route_want *want, unsigned n, const struct route_actual *actual,
		    enum route_pass pass, struct nl_op *ops);

#endif
