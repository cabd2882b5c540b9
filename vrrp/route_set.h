/*
 * The routes and rules that a virtual router, or the host, is to have. VRRP child.
 */
#ifndef DIARCH_VRRP_ROUTE_SET_H
#define DIARCH_VRRP_ROUTE_SET_H

#include "vrrp/route_build.h"
#include "vrrp/route_diff.h"

struct vrrp_app;
struct vrrp_if;

struct vroute {
	struct built_route built;
	struct vrrp_if *vifs[NL_LEGS_MAX]; /* of built.devs */
	const char *track_group;           /* of static ones; NULL = none */
	bool is_tracked;
	bool is_possible; /* its interfaces and its VRF exist */
	bool is_seen;     /* it was there: what is in its place now came after it */
	bool is_cleared;  /* it was removed, also as a way of another one, and not set since */
};

struct vrule {
	struct nl_rule rule;
	struct vrrp_if *iif, *oif; /* NULL = any */
	const char *track_group;
	bool is_tracked;
};

struct route_set {
	struct vroute *routes;
	uint32_t n_routes;
	struct vrule *rules;
	uint32_t n_rules;
};

/*
 * Builds the set of two lists (struct route_conf, struct iprule_conf), which were checked;
 * interfaces get a user more. route_set_free() releases it.
 */
void route_set_build(struct route_set *set, struct vrrp_app *app, const struct conf_list *routes,
		     const struct conf_list *rules);
void route_set_free(struct route_set *set);
bool route_set_is_equal(const struct route_set *a, const struct route_set *b);

/* Asks for the numbers of interfaces and VRFs as they are now. */
void route_set_resolve(struct route_set *set, const struct vrrp_app *app);

/* Remembers which of them are there while they are held: what takes their place then may go. */
void route_set_note(struct route_set *set, const struct vrrp_app *app, bool is_held);

bool route_set_has_route(const struct route_set *set, const struct nl_route *route);
bool route_set_has_rule(const struct route_set *set, const struct nl_rule *rule);

#endif
