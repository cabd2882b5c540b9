/*
 * Addresses, routes and rules that the host always has: see statics.h. VRRP child.
 */
#include "vrrp/statics.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

#define APPLY_TIME_US (20 * US_PER_MS)
#define STOP_TIME_US  (2 * US_PER_S)
#define RETRY_US      (1 * US_PER_S)
#define LOG_US        (60 * US_PER_S)

/* ---- what there is ---- */

bool statics_have_address(const struct statics *s, const struct nl_addr *addr)
{
	for (uint32_t i = 0; s->holds && i < s->vips.n; i++) {
		const struct vip *vip = &s->vips.v[i];
		if (vip->vif->ifindex == addr->ifindex &&
		    vip->addr.prefix_len == addr->prefix_len &&
		    addr_cmp(&vip->addr.addr, &addr->addr) == 0)
			return true;
	}
	return false;
}

bool statics_have_route(const struct statics *s, const struct nl_route *route)
{
	return s->holds && route_set_has_route(&s->routes, route);
}

bool statics_have_rule(const struct statics *s, const struct nl_rule *rule)
{
	return s->holds && route_set_has_rule(&s->routes, rule);
}

/* ---- track groups ---- */

static bool is_member(const struct root_conf *conf, const char *group, const char *instance)
{
	const struct track_group_conf *g;
	const struct member_conf *m;

	conf_list_for_each (g, &conf->track_groups) {
		if (strcmp(g->name, group) != 0)
			continue;
		conf_list_for_each (m, &g->members) {
			for (uint32_t i = 0; i < m->names.n; i++) {
				if (strcmp(m->names.v[i], instance) == 0)
					return true;
			}
		}
	}
	return false;
}

static bool address_is_missing(const struct statics *s, uint32_t i)
{
	const struct nl_addr key = vip_key(&s->vips.v[i]);
	const struct nl_addr *is = key.ifindex ? vip_find_actual(&key, s->app->nl) : NULL;

	return !is || !addr_is_usable(is);
}

bool statics_miss(const struct statics *s, const char *instance)
{
	const struct route_set *set = &s->routes;

	for (uint32_t i = 0; i < s->vips.n; i++) {
		if (s->groups[i] && address_is_missing(s, i) &&
		    is_member(s->conf, s->groups[i], instance))
			return true;
	}
	for (uint32_t i = 0; i < set->n_routes; i++) {
		const struct vroute *vr = &set->routes[i];
		if (vr->track_group && !nl_has_route(s->app->nl, &vr->built.route) &&
		    is_member(s->conf, vr->track_group, instance))
			return true;
	}
	for (uint32_t i = 0; i < set->n_rules; i++) {
		const struct vrule *vr = &set->rules[i];
		if (vr->track_group && !nl_has_rule(s->app->nl, &vr->rule) &&
		    is_member(s->conf, vr->track_group, instance))
			return true;
	}
	return false;
}

/* ---- applying ---- */

static void log_failure(struct statics *s, const struct nl_op *op)
{
	char name[128];

	if (!log_limit_pass(&s->limit, loop_now(s->app->loop), LOG_US))
		return;
	vrrp_op_name(op, s->app->nl, name, sizeof(name));
	log_event(LOG_LEVEL_WARNING, "static_failed", "", "Cannot set or remove static %s: %s",
		  name, strerror(-op->error));
}

static void apply(struct statics *s, const struct vip_list *vips, struct route_set *routes,
		  int64_t timeout_us)
{
	struct vrrp_app *app = s->app;
	unsigned n = vrrp_app_diff(app, vips, routes, false);
	unsigned failures = n > 0 ? nl_apply(app->nl, app->ops, n, timeout_us) : 0;

	route_set_note(routes, app, s->holds);
	if (failures == 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		if (app->ops[i].error)
			log_failure(s, &app->ops[i]);
	}
	if (s->holds)
		timer_arm_in(&s->timer, RETRY_US);
}

void statics_repair(struct statics *s)
{
	if (s->holds)
		apply(s, &s->vips, &s->routes, APPLY_TIME_US);
}

void statics_abandon(struct statics *s, const struct vrrp_if *vif)
{
	if (s->holds)
		vrrp_app_abandon_lists(s->app, &s->vips, &s->routes, vif);
}

static void on_timer(struct timer *timer, void *arg)
{
	struct statics *s = arg;

	(void)timer;
	statics_repair(s);
	vrrp_app_refresh_soon(s->app); /* instances may depend on it */
}

void statics_stop(struct statics *s)
{
	if (!s->holds)
		return;
	s->holds = false;
	timer_cancel(&s->timer);
	apply(s, &s->vips, &s->routes, STOP_TIME_US);
}

/* ---- configuration ---- */

static void build(struct statics *s, const struct root_conf *conf)
{
	const char *dev = root_global(&conf->obj)->default_interface;
	const struct vaddr_conf *a;

	s->conf = conf;
	vip_list_build_static(&s->vips, s->app, &conf->static_addresses, dev);
	s->groups = xcalloc(s->vips.n + 1UL, sizeof(*s->groups));
	uint32_t n = 0;
	conf_list_for_each (a, &conf->static_addresses)
		s->groups[n++] = a->track_group;
	route_set_build(&s->routes, s->app, &conf->static_routes, &conf->static_rules);
	vrrp_app_reserve(s->app, s->vips.n + s->routes.n_routes + s->routes.n_rules);
}

void statics_commit(struct statics *s, struct vrrp_app *app, const struct root_conf *conf)
{
	struct vip_list old_vips = s->vips;
	struct route_set old_routes = s->routes;

	if (!s->app) {
		s->app = app;
		timer_init(&s->timer, app->loop, on_timer, s);
	}
	free(s->groups);
	build(s, conf);
	s->holds = true;
	vrrp_if_refresh_all(app);
	apply(s, &old_vips, &old_routes, STOP_TIME_US);
	apply(s, &s->vips, &s->routes, STOP_TIME_US);
	vip_list_free(&old_vips);
	route_set_free(&old_routes);
}

void statics_done(struct statics *s)
{
	if (s->app)
		timer_cancel(&s->timer);
	vip_list_free(&s->vips);
	route_set_free(&s->routes);
	free(s->groups);
	s->groups = NULL;
}
