/*
 * Routes and rules of a virtual router or of the host: see route_set.h. VRRP child.
 */
#include "vrrp/route_set.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

static void add_route(struct vroute *vr, struct vrrp_app *app, const struct route_conf *conf)
{
	char text[128];
	const char *why = route_build(conf, &app->rt_dirs, &vr->built, text);

	/* The parent judged it, but a file of names may have changed since. */
	if (why)
		log_event(LOG_LEVEL_WARNING, "vrrp_route_failed", "", "A route is left out: %s",
			  why);
	vr->is_possible = !why;
	vr->is_tracked = !conf->no_track;
	vr->track_group = conf->track_group;
	for (uint32_t i = 0; i < vr->built.route.n_legs; i++) {
		if (vr->built.devs[i])
			vr->vifs[i] = vrrp_if_get(app, vr->built.devs[i]);
	}
	nl_watch_routes(app->nl, vr->built.route.protocol);
}

static void add_rule(struct vrule *vr, struct vrrp_app *app, const struct iprule_conf *conf)
{
	char text[128];
	const char *why = rule_build(conf, &app->rt_dirs, &vr->rule, text);

	if (why)
		log_event(LOG_LEVEL_WARNING, "vrrp_route_failed", "", "A rule is left out: %s",
			  why);
	vr->is_tracked = !conf->no_track;
	vr->track_group = conf->track_group;
	vr->iif = conf->iif ? vrrp_if_get(app, conf->iif) : NULL;
	vr->oif = conf->oif ? vrrp_if_get(app, conf->oif) : NULL;
	nl_watch_routes(app->nl, vr->rule.protocol);
}

void route_set_build(struct route_set *set, struct vrrp_app *app, const struct conf_list *routes,
		     const struct conf_list *rules)
{
	const struct route_conf *route;
	const struct iprule_conf *rule;

	*set = (struct route_set){ .routes = xcalloc(routes->n + 1UL, sizeof(*set->routes)),
				   .rules = xcalloc(rules->n + 1UL, sizeof(*set->rules)) };
	conf_list_for_each (route, routes)
		add_route(&set->routes[set->n_routes++], app, route);
	conf_list_for_each (rule, rules)
		add_rule(&set->rules[set->n_rules++], app, rule);
	route_set_resolve(set, app);
}

void route_set_free(struct route_set *set)
{
	for (uint32_t i = 0; i < set->n_routes; i++) {
		for (uint32_t j = 0; j < NL_LEGS_MAX; j++)
			vrrp_if_put(set->routes[i].vifs[j]);
		built_route_done(&set->routes[i].built);
	}
	for (uint32_t i = 0; i < set->n_rules; i++) {
		vrrp_if_put(set->rules[i].iif);
		vrrp_if_put(set->rules[i].oif);
	}
	free(set->routes);
	free(set->rules);
	*set = (struct route_set){ 0 };
}

/* ---- comparing ---- */

static bool route_is_equal(const struct nl_route *a, const struct nl_route *b)
{
	return nl_route_is_wanted(a, b) && nl_route_is_wanted(b, a) &&
	       a->expires_s == b->expires_s && a->place == b->place &&
	       a->ttl_propagate == b->ttl_propagate;
}

bool route_set_is_equal(const struct route_set *a, const struct route_set *b)
{
	if (a->n_routes != b->n_routes || a->n_rules != b->n_rules)
		return false;
	for (uint32_t i = 0; i < a->n_routes; i++) {
		if (!route_is_equal(&a->routes[i].built.route, &b->routes[i].built.route) ||
		    a->routes[i].is_tracked != b->routes[i].is_tracked)
			return false;
	}
	for (uint32_t i = 0; i < a->n_rules; i++) {
		if (!nl_rule_is_equal(&a->rules[i].rule, &b->rules[i].rule) ||
		    a->rules[i].is_tracked != b->rules[i].is_tracked)
			return false;
	}
	return true;
}

bool route_set_has_route(const struct route_set *set, const struct nl_route *route)
{
	for (uint32_t i = 0; i < set->n_routes; i++) {
		if (nl_route_is_wanted(route, &set->routes[i].built.route))
			return true;
	}
	return false;
}

bool route_set_has_rule(const struct route_set *set, const struct nl_rule *rule)
{
	for (uint32_t i = 0; i < set->n_rules; i++) {
		if (nl_rule_is_equal(&set->rules[i].rule, rule))
			return true;
	}
	return false;
}

/* ---- interfaces ---- */

static void resolve(struct vroute *vr, const struct vrrp_app *app)
{
	struct nl_route *route = &vr->built.route;
	const struct nl_link *vrf = vr->built.vrf ? nl_link_by_name(app->nl, vr->built.vrf) : NULL;

	vr->is_possible = !vr->built.vrf || (vrf && vrf->vrf_table);
	if (vrf)
		route->table = vrf->vrf_table;
	for (uint32_t i = 0; i < route->n_legs; i++) {
		const struct vrrp_if *vif = vr->vifs[i];
		route->legs[i].ifindex = vif ? vif->ifindex : 0;
		vr->is_possible &= !vif || vif->ifindex != 0;
	}
}

void route_set_resolve(struct route_set *set, const struct vrrp_app *app)
{
	for (uint32_t i = 0; i < set->n_routes; i++)
		resolve(&set->routes[i], app);
}

void route_set_note(struct route_set *set, const struct vrrp_app *app, bool is_held)
{
	for (uint32_t i = 0; i < set->n_routes; i++) {
		struct vroute *vr = &set->routes[i];
		vr->is_seen = is_held && (vr->is_seen || nl_has_route(app->nl, &vr->built.route));
	}
}
