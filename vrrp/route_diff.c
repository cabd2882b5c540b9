/*
 * Desired against actual routes and rules: see route_diff.h. Pure; used by the VRRP child.
 */
#include "vrrp/route_diff.h"

static struct nl_op op_for(const struct route_want *want)
{
	if (want->route)
		return (struct nl_op){ .kind = want->is_wanted ? NL_OP_ROUTE_ADD : NL_OP_ROUTE_DEL,
				       .route = want->route };
	return (struct nl_op){ .kind = want->is_wanted ? NL_OP_RULE_ADD : NL_OP_RULE_DEL,
			       .rule = want->rule };
}

unsigned route_diff(const struct route_want *want, unsigned n, const struct route_actual *actual,
		    enum route_pass pass, struct nl_op *ops)
{
	bool is_add = pass == ROUTE_PASS_ADD;
	unsigned n_ops = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct route_want *w = &want[is_add ? i : n - 1 - i];
		bool is_there;
		if (w->is_wanted != is_add)
			continue;
		is_there = actual->has(w, actual->arg) || (!is_add && w->may_hide);
		if (is_there != is_add)
			ops[n_ops++] = op_for(w);
	}
	return n_ops;
}
