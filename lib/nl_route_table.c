/*
 * Routes and rules of the protocols we watch: see nl_route_table.h. Used by nl.c only; no I/O.
 */
#include "lib/nl_route_table.h"

#include <stdlib.h>
#include <string.h>

void nl_route_table_done(struct nl_route_table *t)
{
	free(t->routes);
	free(t->rules);
	memset(t, 0, sizeof(*t));
}

/* Room for one more element of `size` bytes. */
static bool grow(void **array, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : 8;

	if (n < *cap)
		return true;
	void *p = reallocarray(*array, want, size);
	if (!p)
		return false;
	*array = p;
	*cap = want;
	return true;
}

/* ---- routes ---- */

bool nl_route_table_has(const struct nl_route_table *t, const struct nl_route *want)
{
	for (uint32_t i = 0; i < t->n_routes; i++) {
		if (nl_route_is_wanted(&t->routes[i], want))
			return true;
	}
	return false;
}

/* Nothing of what the kernel told first is open in what it tells now. */
static uint32_t find_route(const struct nl_route_table *t, const struct nl_route *route)
{
	uint32_t i = 0;

	while (i < t->n_routes && !nl_route_is_wanted(&t->routes[i], route))
		i++;
	return i;
}

static bool drop_place(struct nl_route_table *t, const struct nl_route *route)
{
	uint32_t kept = 0, n = t->n_routes;

	for (uint32_t i = 0; i < n; i++) {
		if (!nl_route_is_same_place(&t->routes[i], route))
			t->routes[kept++] = t->routes[i];
	}
	t->n_routes = kept;
	return kept != n;
}

static bool has_place(const struct nl_route_table *t, const struct nl_route *route)
{
	for (uint32_t i = 0; i < t->n_routes; i++) {
		if (nl_route_is_same_place(&t->routes[i], route))
			return true;
	}
	return false;
}

static enum nl_route_effect add_route(struct nl_route_table *t, const struct nl_route *route)
{
	void *routes = t->routes;

	if (find_route(t, route) < t->n_routes)
		return NL_ROUTE_NOTHING;
	if (!grow(&routes, t->n_routes, &t->cap_routes, sizeof(*route)))
		return NL_ROUTE_LOST;
	t->routes = routes;
	t->routes[t->n_routes++] = *route;
	return NL_ROUTE_CHANGED;
}

/* IPv6 tells of the legs of a route one by one, or together, as it likes: then we ask. */
static enum nl_route_effect del_route(struct nl_route_table *t, const struct nl_route *route)
{
	uint32_t at = find_route(t, route);

	if (at == t->n_routes)
		return has_place(t, route) ? NL_ROUTE_LOST : NL_ROUTE_NOTHING;
	t->routes[at] = t->routes[--t->n_routes];
	return NL_ROUTE_CHANGED;
}

static enum nl_route_effect take_route(struct nl_route_table *t, const struct nlmsghdr *nlh)
{
	struct nl_route route;
	bool is_new = nlh->nlmsg_type == RTM_NEWROUTE, is_replaced;

	if (!nl_route_parse(nlh, &route))
		return NL_ROUTE_NOTHING;
	/* A route of another protocol may take the place of one of ours. */
	is_replaced = is_new && nlh->nlmsg_flags & NLM_F_REPLACE && drop_place(t, &route);
	if (!t->is_watched[route.protocol]) {
		/* Over IPv6 what comes beside ours becomes a way of the same route: then we ask. */
		if (is_new && route.family == AF_INET6 && has_place(t, &route))
			return NL_ROUTE_LOST;
		return is_replaced ? NL_ROUTE_CHANGED : NL_ROUTE_NOTHING;
	}
	enum nl_route_effect effect = is_new ? add_route(t, &route) : del_route(t, &route);
	return effect == NL_ROUTE_NOTHING && is_replaced ? NL_ROUTE_CHANGED : effect;
}

/* ---- rules ---- */

static uint32_t find_rule(const struct nl_route_table *t, const struct nl_rule *rule)
{
	uint32_t i = 0;

	while (i < t->n_rules && !nl_rule_is_equal(&t->rules[i], rule))
		i++;
	return i;
}

bool nl_route_table_has_rule(const struct nl_route_table *t, const struct nl_rule *want)
{
	return find_rule(t, want) < t->n_rules;
}

static enum nl_route_effect take_rule(struct nl_route_table *t, const struct nlmsghdr *nlh)
{
	struct nl_rule rule;
	void *rules = t->rules;

	if (!nl_rule_parse(nlh, &rule) || !t->is_watched[rule.protocol])
		return NL_ROUTE_NOTHING;
	uint32_t at = find_rule(t, &rule);
	if (nlh->nlmsg_type == RTM_DELRULE) {
		if (at == t->n_rules)
			return NL_ROUTE_NOTHING;
		t->rules[at] = t->rules[--t->n_rules];
		return NL_ROUTE_CHANGED;
	}
	if (at < t->n_rules)
		return NL_ROUTE_NOTHING;
	if (!grow(&rules, t->n_rules, &t->cap_rules, sizeof(rule)))
		return NL_ROUTE_LOST;
	t->rules = rules;
	t->rules[t->n_rules++] = rule;
	return NL_ROUTE_CHANGED;
}

enum nl_route_effect nl_route_table_take(struct nl_route_table *t, const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE: return take_route(t, nlh);
	case RTM_NEWRULE:
	case RTM_DELRULE: return take_rule(t, nlh);
	}
	return NL_ROUTE_NOTHING;
}
