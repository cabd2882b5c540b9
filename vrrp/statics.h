/*
 * Addresses, routes and rules that the host always has: static_ipaddress, static_routes,
 * static_rules. VRRP child.
 */
#ifndef DIARCH_VRRP_STATICS_H
#define DIARCH_VRRP_STATICS_H

#include "lib/global_conf.h"
#include "lib/loop.h"
#include "vrrp/log_limit.h"
#include "vrrp/route_set.h"
#include "vrrp/vip_list.h"

struct statics {
	struct vrrp_app *app;
	const struct root_conf *conf;
	struct vip_list vips;
	const char **groups; /* of vips: their track_group, or NULL */
	struct route_set routes;
	bool holds;         /* false while stopping */
	struct timer timer; /* something could not be set */
	struct log_limit limit;
};

/* Takes over what the configuration has, sets it, and removes what only the last one had. */
void statics_commit(struct statics *s, struct vrrp_app *app, const struct root_conf *conf);

/* Puts back what somebody took away. */
void statics_repair(struct statics *s);

/* See vrrp_app_abandon(). */
void statics_abandon(struct statics *s, const struct vrrp_if *vif);

/* Removes everything from the kernel. */
void statics_stop(struct statics *s);

/* Releases the memory. Zeroed is fine. */
void statics_done(struct statics *s);

/* Whether the host always has these; addresses are compared as vrrp_app_is_held() does. */
bool statics_have_address(const struct statics *s, const struct nl_addr *addr);
bool statics_have_route(const struct statics *s, const struct nl_route *route);
bool statics_have_rule(const struct statics *s, const struct nl_rule *rule);

/* Whether one of a track group that the instance belongs to is missing now. */
bool statics_miss(const struct statics *s, const char *instance);

#endif
