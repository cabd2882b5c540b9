/*
 * Lines of routes and rules as what the kernel is asked for.
 */
#ifndef DIARCH_VRRP_ROUTE_BUILD_H
#define DIARCH_VRRP_ROUTE_BUILD_H

#include "lib/nl_route.h"
#include "lib/rt_names.h"
#include "vrrp/route_conf.h"

/* A route, but for the numbers of the interfaces and the table of its VRF, which come and go. */
struct built_route {
	struct nl_route route;
	struct nl_encap *encaps;       /* what legs[].encap points to */
	const char *devs[NL_LEGS_MAX]; /* of the legs; NULL = the kernel chooses */
	const char *vrf;               /* its table; NULL = route.table */
};

/*
 * Builds a route or a rule; names are looked up in iproute2's files. Strings belong to `conf`.
 * Returns NULL, or why it cannot be (static text, or in `text`).
 */
const char *route_build(const struct route_conf *conf, const struct rt_dirs *dirs,
			struct built_route *out, char text[128]);
const char *rule_build(const struct iprule_conf *conf, const struct rt_dirs *dirs,
		       struct nl_rule *out, char text[128]);

void built_route_done(struct built_route *built);

/* The number of a name, if any is given; `id` stays as it is otherwise. NULL or why not. */
const char *route_find_id(const struct conf_name_id *value, const struct rt_dirs *dirs,
			  enum rt_kind kind, uint32_t *id, char text[128]);

/* "FROM/TO" or "TO", may be NULL, as the kernel has it: FROM in the upper half. */
const char *route_read_realms(const char *text, const struct rt_dirs *dirs, uint32_t *out);

/* Writes what names the route or rule in logs and reports, at most `size` bytes. */
void route_name(const struct nl_route *route, char *text, size_t size);
void rule_name(const struct nl_rule *rule, char *text, size_t size);

#endif
