/*
 * What a virtual router holds - addresses, routes, rules - and what the kernel has, made to agree.
 * VRRP child.
 *
 * The kernel is asked in one go, in this order: rules and routes that go, addresses that go,
 * addresses that come, routes and rules that come. What fails is tried again; an active router that
 * cannot have what it needs gives way (FAULT) and comes back later, each time after a longer pause.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

/* The loop must not wait long for the kernel: what is left then goes on in the next pass, if there
 * is one. */
#define APPLY_TIME_US      (20 * US_PER_MS)
#define APPLY_TIME_LAST_US (2 * US_PER_S)
#define REPAIR_LOG_US      (1 * US_PER_S)
#define APPLY_LOG_US       (60 * US_PER_S)

/* First tries that fail, soon after each other; then FAULT. */
#define TRIES           3
#define TRY_AGAIN_US    (30 * US_PER_MS)
#define APPLY_RETRY_US  (5 * US_PER_S)
#define REPAIR_PAUSE_US (20 * US_PER_MS)
#define UNABLE_FIRST_US (5 * US_PER_S)
#define UNABLE_MOST_US  (300 * US_PER_S)

/* ---- what is wanted ---- */

/* Applying a list must not allocate: the scratch is as long as the longest list. */
void vrrp_app_reserve(struct vrrp_app *app, uint32_t n)
{
	if (n <= app->n_scratch)
		return;
	app->n_scratch = n;
	app->wants = xrealloc(app->wants, n * sizeof(app->wants[0]));
	app->route_wants = xrealloc(app->route_wants, n * sizeof(app->route_wants[0]));
	app->ops = xrealloc(app->ops, 2UL * n * sizeof(app->ops[0]));
}

/* What the list needs done; an owner's own addresses are left alone. */
static unsigned diff_addresses(const struct vrrp_app *app, const struct vip_list *list,
			       struct nl_op *ops)
{
	const struct addr_actual actual = { vip_find_actual, app->nl };
	unsigned n = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct nl_addr key = vip_key(&list->v[i]);
		bool is_wanted = vrrp_app_is_held(app, &key);
		if (is_wanted || !list->v[i].is_foreign)
			app->wants[n++] = (struct addr_want){ key, is_wanted };
	}
	return addr_diff(app->wants, n, &actual, ops);
}

static bool has_actual(const struct route_want *want, const void *arg)
{
	return want->route ? nl_has_route(arg, want->route) : nl_has_rule(arg, want->rule);
}

/* A way of a route that was there before: whether it is missing cannot be seen. */
static bool is_hidden(const struct vroute *vr)
{
	return vr->built.route.family == AF_INET6 && !vr->is_seen && !vr->is_cleared;
}

static unsigned collect_route_wants(const struct vrrp_app *app, const struct route_set *set,
				    bool is_repair)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < set->n_routes; i++) {
		const struct vroute *vr = &set->routes[i];
		const struct nl_route *route = &vr->built.route;
		if (vr->is_possible && (!is_repair || (vr->is_tracked && !is_hidden(vr))))
			app->route_wants[n++] =
				(struct route_want){ .route = route,
						     .is_wanted = vrrp_app_holds_route(app, route),
						     .may_hide = !is_repair &&
								 route->family == AF_INET6 &&
								 !vr->is_cleared };
	}
	for (uint32_t i = 0; i < set->n_rules; i++) {
		const struct nl_rule *rule = &set->rules[i].rule;
		if (set->rules[i].is_tracked || !is_repair)
			app->route_wants[n++] =
				(struct route_want){ .rule = rule,
						     .is_wanted = vrrp_app_holds_rule(app, rule) };
	}
	return n;
}

/*
 * A route over IPv4 goes before others of its place in the table. Over IPv6 it would be one more
 * way beside them, so where somebody replaced ours, or gave it another way, that goes. What was
 * there before us stays, and what is to be appended.
 */
static void note_op(struct vroute *vr, struct nl_op *op)
{
	vr->is_cleared = op->kind == NL_OP_ROUTE_DEL;
	op->is_replacing =
		op->kind == NL_OP_ROUTE_ADD && vr->is_seen && op->route->place != NL_ROUTE_APPEND;
}

static void note_ops6(const struct route_set *set, struct nl_op *ops, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct nl_op *op = &ops[i];
		if ((op->kind != NL_OP_ROUTE_ADD && op->kind != NL_OP_ROUTE_DEL) ||
		    op->route->family != AF_INET6)
			continue;
		for (uint32_t k = 0; k < set->n_routes; k++) {
			if (op->route == &set->routes[k].built.route)
				note_op(&set->routes[k], op);
		}
	}
}

unsigned vrrp_app_diff(struct vrrp_app *app, const struct vip_list *vips, struct route_set *set,
		       bool is_repair)
{
	const struct route_actual actual = { has_actual, app->nl };
	unsigned n = 0, n_wants;

	route_set_resolve(set, app);
	n_wants = collect_route_wants(app, set, is_repair);
	n += route_diff(app->route_wants, n_wants, &actual, ROUTE_PASS_REMOVE, app->ops);
	n += diff_addresses(app, vips, app->ops + n);
	n += route_diff(app->route_wants, n_wants, &actual, ROUTE_PASS_ADD, app->ops + n);
	note_ops6(set, app->ops, n);
	return n;
}

/* ---- failures ---- */

static bool is_add(const struct nl_op *op)
{
	return op->kind == NL_OP_ADDR_ADD || op->kind == NL_OP_ADDR_SET ||
	       op->kind == NL_OP_ROUTE_ADD || op->kind == NL_OP_RULE_ADD;
}

void vrrp_op_name(const struct nl_op *op, const struct nl *nl, char *text, size_t size)
{
	const struct nl_link *link;
	char addr[ADDR_STR_MAX], name[96];

	switch (op->kind) {
	case NL_OP_ADDR_ADD:
	case NL_OP_ADDR_SET:
	case NL_OP_ADDR_DEL:
		link = nl_link_by_index(nl, op->addr.ifindex);
		snprintf(text, size, "address %s on %s", addr_str(&op->addr.addr, addr),
			 link ? link->name : "?");
		break;
	case NL_OP_ROUTE_ADD:
	case NL_OP_ROUTE_DEL:
		route_name(op->route, name, sizeof(name));
		snprintf(text, size, "route %s", name);
		break;
	case NL_OP_RULE_ADD:
	case NL_OP_RULE_DEL: rule_name(op->rule, text, size); break;
	}
}

static void log_failure(struct vrouter *r, const struct nl_op *op)
{
	char name[128];

	if (!log_limit_pass(&r->vip_limit, loop_now(r->app->loop), APPLY_LOG_US))
		return;
	vrrp_op_name(op, r->app->nl, name, sizeof(name));
	log_event(LOG_LEVEL_WARNING, "vrrp_address_failed", log_kv("instance=%s", r->conf->name),
		  "(%s) cannot %s %s: %s", r->conf->name, is_add(op) ? "add" : "remove", name,
		  strerror(-op->error));
}

static bool is_tracked(const struct vrouter *r, const struct nl_op *op)
{
	for (uint32_t i = 0; op->kind == NL_OP_ADDR_ADD && i < r->vips.n; i++) {
		if (addr_cmp(&r->vips.v[i].addr.addr, &op->addr.addr) == 0)
			return r->vips.v[i].is_tracked;
	}
	for (uint32_t i = 0; op->kind == NL_OP_ROUTE_ADD && i < r->routes.n_routes; i++) {
		if (op->route == &r->routes.routes[i].built.route)
			return r->routes.routes[i].is_tracked;
	}
	for (uint32_t i = 0; op->kind == NL_OP_RULE_ADD && i < r->routes.n_rules; i++) {
		if (op->rule == &r->routes.rules[i].rule)
			return r->routes.rules[i].is_tracked;
	}
	return false;
}

/* A route may have to wait until its source address is known to be no duplicate. */
static bool is_dad_running(const struct vrouter *r)
{
	for (uint32_t i = 0; i < r->vips.n; i++) {
		const struct nl_addr key = vip_key(&r->vips.v[i]);
		const struct nl_addr *is = vip_find_actual(&key, r->app->nl);
		if (is && is->flags & IFA_F_TENTATIVE)
			return true;
	}
	return false;
}

void vrouter_become_unable(struct vrouter *r, const char *what)
{
	int64_t wait_us = r->unable_us ? 2 * r->unable_us : UNABLE_FIRST_US;

	if (r->is_unable)
		return;
	r->unable_us = wait_us < UNABLE_MOST_US ? wait_us : UNABLE_MOST_US;
	r->is_unable = true;
	snprintf(r->unable_what, sizeof(r->unable_what), "%s", what);
	timer_arm_in(&r->vip_timer, r->unable_us);
	vrrp_app_refresh_soon(r->app);
}

static void on_failure(struct vrouter *r, const struct nl_op *tracked)
{
	bool is_serious = tracked && r->holds_vips && !r->is_leaving && !is_dad_running(r);
	char what[sizeof(r->unable_what)];

	if (is_serious && ++r->n_tries >= TRIES) {
		vrrp_op_name(tracked, r->app->nl, what, sizeof(what));
		vrouter_become_unable(r, what);
	} else {
		timer_arm_in(&r->vip_timer,
			     is_serious || is_dad_running(r) ? TRY_AGAIN_US : APPLY_RETRY_US);
	}
}

/* Applies the first `n` of the scratch operations; later again if that failed or took too long. */
static void apply_ops(struct vrouter *r, unsigned n, int64_t timeout_us)
{
	const struct vrrp_app *app = r->app;
	const struct nl_op *failed = NULL, *tracked = NULL;

	if (n == 0 || nl_apply(app->nl, app->ops, n, timeout_us) == 0) {
		r->n_tries = 0;
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct nl_op *op = &app->ops[i];
		if (op->error == 0 || op->error == -ETIMEDOUT)
			continue;
		failed = failed ? failed : op;
		if (!tracked && is_tracked(r, op))
			tracked = op;
	}
	if (!failed) {
		timer_arm_in(&r->vip_timer, 0);
		return;
	}
	log_failure(r, tracked ? tracked : failed);
	on_failure(r, tracked);
}

/* ---- doing it ---- */

void vrouter_note_routes(struct vrouter *r)
{
	route_set_note(&r->routes, r->app, r->holds_vips);
}

static void make_agree(struct vrouter *r, bool is_repair)
{
	unsigned n;

	timer_cancel(&r->vip_timer);
	firewall_guard(r);
	n = vrrp_app_diff(r->app, &r->vips, &r->routes, is_repair);
	apply_ops(r, n, r->is_leaving ? APPLY_TIME_LAST_US : APPLY_TIME_US);
	firewall_release(r);
	vrouter_note_routes(r);
	if (r->is_unable && !r->is_leaving && !timer_is_armed(&r->vip_timer))
		timer_arm_in(&r->vip_timer, r->unable_us);
}

void vrouter_sync_vips(struct vrouter *r)
{
	make_agree(r, false);
}

void vrouter_renew_lease(struct vrouter *r)
{
	unsigned n = 0;

	if (vrrp_conf_has_short_lease(r->conf)) {
		lease_table_renew(r);
		return;
	}
	for (uint32_t i = 0; i < r->vips.n && r->holds_vips; i++) {
		const struct vip *vip = &r->vips.v[i];
		if (vip->vif->ifindex > 0 && !vip->is_foreign)
			r->app->ops[n++] =
				(struct nl_op){ .kind = NL_OP_ADDR_SET, .addr = vip_key(vip) };
	}
	apply_ops(r, n, APPLY_TIME_US);
}

static void log_repairs(struct vrouter *r, unsigned n)
{
	char name[128];

	for (unsigned i = 0; i < n; i++) {
		const struct nl_op *op = &r->app->ops[i];
		if ((op->kind != NL_OP_ROUTE_ADD && op->kind != NL_OP_RULE_ADD) ||
		    !log_limit_pass(&r->repair_limit, loop_now(r->app->loop), REPAIR_LOG_US))
			continue;
		vrrp_op_name(op, r->app->nl, name, sizeof(name));
		log_event(LOG_LEVEL_WARNING, "vrrp_route_removed",
			  log_kv("instance=%s", r->conf->name),
			  "(%s) %s was removed: it is set again", r->conf->name, name);
	}
}

/* Our own repairs come back as changes, too: pauses, so that a kernel that does not do as it was
 * asked, or another program that does not give up, costs little. */
void vrouter_repair(struct vrouter *r)
{
	time_us now = loop_now(r->app->loop);
	unsigned n = vrrp_app_diff(r->app, &r->vips, &r->routes, true);

	if (n == 0)
		return;
	if (time_cmp(now, r->repair_next_at) < 0) {
		if (!timer_is_armed(&r->vip_timer))
			timer_arm_at(&r->vip_timer, r->repair_next_at);
		return;
	}
	r->repair_next_at = time_add(now, REPAIR_PAUSE_US);
	log_repairs(r, n);
	make_agree(r, true);
}

void vrouter_on_vip_timer(struct timer *timer, void *arg)
{
	struct vrouter *r = arg;

	(void)timer;
	if (!r->is_unable) {
		vrouter_sync_vips(r);
		return;
	}
	/* Another try, as an ordinary router. */
	r->is_unable = false;
	r->n_tries = 0;
	vrrp_app_refresh_soon(r->app);
}

void vrouter_drop_old_vips(struct vrouter *r)
{
	apply_ops(r, vrrp_app_diff(r->app, &r->old_vips, &r->old_routes, false),
		  APPLY_TIME_LAST_US);
	vip_list_free(&r->old_vips);
	route_set_free(&r->old_routes);
}

/* ---- an interface that took another name ---- */

static bool has_leg_on(const struct vroute *vr, const struct vrrp_if *vif)
{
	for (uint32_t i = 0; i < vr->built.route.n_legs; i++) {
		if (vr->vifs[i] == vif)
			return true;
	}
	return false;
}

void vrrp_app_abandon_lists(struct vrrp_app *app, const struct vip_list *vips,
			    const struct route_set *set, const struct vrrp_if *vif)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < set->n_routes; i++) {
		const struct nl_route *route = &set->routes[i].built.route;
		if (has_leg_on(&set->routes[i], vif) && nl_has_route(app->nl, route))
			app->ops[n++] = (struct nl_op){ .kind = NL_OP_ROUTE_DEL, .route = route };
	}
	for (uint32_t i = 0; i < vips->n; i++) {
		const struct vip *vip = &vips->v[i];
		const struct nl_addr key = vip_key(vip);
		const struct nl_addr *is = vip->vif == vif ? vip_find_actual(&key, app->nl) : NULL;
		if (is && !vip->is_foreign)
			app->ops[n++] = (struct nl_op){ .kind = NL_OP_ADDR_DEL, .addr = *is };
	}
	nl_apply(app->nl, app->ops, n, APPLY_TIME_LAST_US);
}

void vrrp_app_abandon(struct vrrp_app *app, const struct vrrp_if *vif)
{
	for (uint32_t i = 0; i < app->n_routers; i++) {
		const struct vrouter *r = app->routers[i];
		if (r->holds_vips)
			vrrp_app_abandon_lists(app, &r->vips, &r->routes, vif);
	}
	statics_abandon(&app->statics, vif);
}
