/*
 * Rules over groups of virtual servers, and over all addresses that services have. Pure apart from
 * diagnostics; the parent runs them after a load.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "lib/global_conf.h"
#include "lib/rule.h"

/* ---- groups by themselves ---- */

static void check_families(const struct vs_group_conf *group, struct conf_diags *diags)
{
	const struct vs_group_line_conf *line, *open = NULL;
	bool has_v4 = false, has_v6 = false;

	conf_list_for_each (line, &group->lines) {
		has_v4 = has_v4 || line->range.family == AF_INET;
		has_v6 = has_v6 || line->range.family == AF_INET6;
		if (line->range.family == AF_UNSPEC && !open)
			open = line;
	}
	if (has_v4 && has_v6 && open)
		rule_refuse(diags, MEND_OUT(&open->obj), open->obj.pos, "family-mix",
			    "write inet or inet6 behind the number",
			    "the family of this fwmark is not known in a group that has both");
}

static int name_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return strcmp(((const struct vs_group_conf *)a)->name,
		      ((const struct vs_group_conf *)b)->name);
}

static void on_same_name(const struct conf_obj *first, const struct conf_obj *again,
			 struct conf_diags *diags)
{
	char place[RULE_PLACE_MAX];

	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "duplicate-group", again->pos, NULL,
		      "virtual_server_group %s is already defined, at %s; that one is used",
		      ((const struct vs_group_conf *)again)->name,
		      rule_place(diags, first->pos, place));
}

/* Each address is a service in the kernel. */
static void check_size(const struct vs_group_conf *group, struct conf_diags *diags)
{
	uint32_t n = vs_group_size(group);

	if (n > VS_ADDRESSES_MAX)
		conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "too-many-addresses",
			      group->obj.pos, "mark the packets and use fwmark",
			      "virtual_server_group %s has %s%" PRIu32 " addresses, at most %d "
			      "are possible",
			      group->name, n == UINT32_MAX ? "more than " : "", n,
			      VS_ADDRESSES_MAX);
}

/* ---- services of groups ---- */

/* Whether a server can have packets of that family: only a tunnel carries another one. */
static bool serves_family(const struct vs_conf *vs, const struct rs_conf *rs, int family)
{
	return rs_may_have_family(vs, rs, family) || rs->lvs_method.fwd == IPVS_FWD_TUNNEL;
}

static void check_pool_family(const struct vs_conf *vs, int family, struct conf_diags *diags)
{
	const struct rs_conf *rs;

	if (!vs_has_family(vs, family))
		return;
	conf_list_for_each (rs, &vs->real_servers)
		if (serves_family(vs, rs, family))
			return;
	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "family-without-server", vs->obj.pos,
		      NULL, "no real server takes what comes to the %s addresses of group %s",
		      family == AF_INET6 ? "IPv6" : "IPv4", vs->addr.group);
}

static void check_pool(const struct vs_conf *vs, struct conf_diags *diags)
{
	check_pool_family(vs, AF_INET, diags);
	check_pool_family(vs, AF_INET6, diags);
}

static void check_services(const struct root_conf *conf, struct conf_diags *diags)
{
	const struct vs_conf *vs;

	conf_list_for_each (vs, &conf->virtual_servers)
		if (vs->addr.group && !vs->group)
			rule_refuse(diags, MEND_OUT_QUIET(&vs->obj), vs->obj.pos, "undefined-group",
				    NULL, "virtual_server_group %s is not defined", vs->addr.group);
		else if (vs->group)
			check_pool(vs, diags);
}

/* ---- addresses that two services have ---- */

/* Some addresses of a service, with what tells them apart in IPVS. */
struct claim {
	struct vs_range range;
	int family, protocol;
	const struct vs_conf *vs;
	struct conf_pos pos;
};

struct claims {
	struct claim *v;
	size_t n;
};

static struct claim claim_make(const struct vs_conf *vs, const struct vs_range *range,
			       struct conf_pos pos)
{
	return (struct claim){
		.range = *range,
		.family = vs_range_family(vs, range),
		.protocol = range->fwmark ? 0 : vs->protocol,
		.vs = vs,
		.pos = pos,
	};
}

static void claims_add(struct claims *claims, const struct vs_conf *vs)
{
	const struct vs_range own = {
		.first = vs->addr.addr,
		.last = vs->addr.addr,
		.port = vs->addr.port,
		.fwmark = vs->addr.fwmark,
	};
	const struct vs_group_line_conf *line;

	if (!vs->addr.group)
		claims->v[claims->n++] = claim_make(vs, &own, vs->obj.pos);
	if (vs->group)
		conf_list_for_each (line, &vs->group->lines)
			claims->v[claims->n++] = claim_make(vs, &line->range, vs->obj.pos);
}

static int number_cmp(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Order of what can never be the same service. */
static int kind_cmp(const struct claim *a, const struct claim *b)
{
	int order = number_cmp((unsigned)a->family, (unsigned)b->family);

	if (order == 0)
		order = number_cmp((unsigned)a->protocol, (unsigned)b->protocol);
	if (order == 0)
		order = number_cmp(a->range.port, b->range.port);
	return order ? order : number_cmp(a->range.fwmark, b->range.fwmark);
}

static int claim_cmp(const void *x, const void *y)
{
	const struct claim *a = x, *b = y;
	int order = kind_cmp(a, b);

	if (order == 0)
		order = addr_cmp(&a->range.first, &b->range.first);
	return order ? order : number_cmp(a->vs->obj.index, b->vs->obj.index);
}

static void report_same(const struct claim *a, const struct claim *b, struct conf_diags *diags)
{
	const struct claim *first = a->vs->obj.index <= b->vs->obj.index ? a : b;
	const struct claim *again = first == a ? b : a;
	const struct ipvs_svc_key key = {
		.family = (uint8_t)again->family,
		.protocol = (uint8_t)again->protocol,
		.port = again->range.port,
		.fwmark = again->range.fwmark,
		.addr = b->range.first,
	};
	char name[ADDR_NAME_MAX], place[RULE_PLACE_MAX];

	if (first->vs == again->vs)
		conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "duplicate-address", again->pos,
			      NULL, "group %s has %s more than once", again->vs->addr.group,
			      svc_name(&key, name));
	else
		rule_refuse(diags, MEND_OUT_QUIET(&again->vs->obj), again->pos,
			    "duplicate-virtual-server", NULL,
			    "virtual_server %s is already defined at %s", svc_name(&key, name),
			    rule_place(diags, first->pos, place));
}

/* Sorted by their first address, ranges meet when one begins before the furthest so far ends. */
static void claims_check(struct claims *claims, struct conf_diags *diags)
{
	const struct claim *furthest = NULL;

	if (claims->n > 0)
		qsort(claims->v, claims->n, sizeof(*claims->v), claim_cmp);
	for (size_t i = 0; i < claims->n; i++) {
		const struct claim *claim = &claims->v[i];
		bool is_near = furthest && kind_cmp(furthest, claim) == 0;

		if (is_near && addr_cmp(&claim->range.first, &furthest->range.last) <= 0)
			report_same(furthest, claim, diags);
		if (!is_near || addr_cmp(&claim->range.last, &furthest->range.last) > 0)
			furthest = claim;
	}
}

static void check_claims(const struct root_conf *conf, struct conf_diags *diags)
{
	const struct conf_pos none = { 0 };
	struct claims claims = { 0 };
	const struct vs_conf *vs;
	size_t n = 0;

	conf_list_for_each (vs, &conf->virtual_servers)
		n += vs->group ? vs->group->lines.n : 1;
	claims.v = calloc(n + 1, sizeof(*claims.v));
	if (!claims.v) {
		conf_diag_add(diags, CONF_ERROR, CONF_ENVIRONMENT, "no-memory", none, NULL,
			      "out of memory");
		return;
	}
	conf_list_for_each (vs, &conf->virtual_servers)
		claims_add(&claims, vs);
	claims_check(&claims, diags);
	free(claims.v);
}

void vs_group_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	struct rule_set set = { 0 };
	const struct vs_group_conf *group;

	conf_list_for_each (group, &conf->virtual_server_groups) {
		check_families(group, diags);
		check_size(group, diags);
		rule_set_add(&set, &group->obj, diags);
	}
	rule_each_duplicate(&set, name_cmp, on_same_name, diags);
	rule_set_done(&set);
	check_services(conf, diags);
	check_claims(conf, diags);
}
