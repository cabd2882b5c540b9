/*
 * Rules that look at a whole virtual_server, or at several. Pure apart from diagnostics; the parent
 * runs them after a load, when defaults and derived values are in place.
 */
#include "check/check_conf.h"
#include "lib/global_conf.h"
#include "lib/rule.h"

#include <string.h>
#include <strings.h>

static const struct vs_conf *to_vs(const struct conf_obj *obj)
{
	return (const struct vs_conf *)obj;
}

static const struct rs_conf *to_rs(const struct conf_obj *obj)
{
	return (const struct rs_conf *)obj;
}

static const char *family_name(int family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

/* ---- one checker ---- */

static bool is_link_local(const struct addr *addr)
{
	return addr->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&addr->in6);
}

static bool has_key(const struct conf_obj *obj, const char *name)
{
	for (const struct conf_key *key = obj->block->keys; key->name; key++)
		if (strcmp(key->name, name) == 0)
			return true;
	return false;
}

/* Whether what is checked can have that family; a name may have two. */
static bool may_check(const struct checker_conf *checker, const struct addr *target, int family)
{
	const struct rs_conf *rs = checker_server(checker);

	return addr_is_unset(target)
		       ? rs_may_have_family((const struct vs_conf *)rs->obj.parent, rs, family)
		       : target->family == family;
}

static void check_target(const struct checker_conf *checker, struct conf_diags *diags)
{
	const struct rs_conf *rs = checker_server(checker);
	const struct conf_obj *obj = &checker->obj;
	const struct addr *target =
		addr_is_unset(&checker->connect_ip) ? &rs->endpoint.addr : &checker->connect_ip;
	struct addr vip;

	if (checker_goes_through_vip(checker) && checker_vip(checker, &vip))
		target = &vip;

	if (checker->connect_port == 0 && obj->block != &ping_check_block)
		rule_refuse(diags, MEND_KEEP_QUIET(obj), obj->pos, "check-needs-port",
			    "add connect_port", "%s of a server without port", obj->block->name);
	if (!addr_is_unset(&checker->bindto) && !may_check(checker, target, checker->bindto.family))
		rule_refuse(diags, MEND_RESET(obj, "bindto"), rule_pos(obj, "bindto"), "family-mix",
			    NULL, "bindto has another family than the address to check");
	if (is_link_local(target) && !checker->bind_if)
		rule_refuse(diags, MEND_OUT(obj), rule_pos(obj, "connect_ip"),
			    "check-needs-interface", "add bind_if",
			    "%s of a link-local address needs an interface", obj->block->name);
}

static void check_checker(const struct checker_conf *checker, struct conf_diags *diags)
{
	const struct checker_conf *host;

	if (has_key(&checker->obj, "connect_ip"))
		check_target(checker, diags);
	if (checker->obj.block != &smtp_check_block)
		return;
	conf_list_for_each (host, &((const struct smtp_check_conf *)checker)->hosts)
		check_target(host, diags);
}

/* ---- one virtual server ---- */

/* NAT and DR keep the family of a packet; only a tunnel can carry another one. */
static void check_family(const struct vs_conf *vs, const struct addr *addr,
			 const struct lvs_method *method, const struct conf_mending *mending,
			 struct conf_diags *diags)
{
	struct conf_pos pos =
		mending->name ? rule_pos(mending->obj, mending->name) : mending->obj->pos;

	if (addr_is_unset(addr) || vs_has_family(vs, addr->family) ||
	    method->fwd == IPVS_FWD_TUNNEL)
		return;
	rule_refuse(diags, mending, pos, "family-mix", "only TUN can do that",
		    "%s server of an %s service", family_name(addr->family),
		    family_name(addr->family == AF_INET ? AF_INET6 : AF_INET));
}

static void check_resolve(const struct rs_conf *rs, struct conf_diags *diags)
{
	static const char *const words[] = { "resolve_prefer",       "resolve_min_interval",
					     "resolve_max_interval", "resolve_retry_interval",
					     "resolve_drain",        "resolve_servers" };
	const struct resolve_conf *r = &rs->resolve;

	if (r->min_us > r->max_us && r->max_us)
		rule_refuse(diags, MEND_RESET(&rs->obj, "resolve_min_interval"),
			    rule_pos(&rs->obj, "resolve_min_interval"), "interval-order", NULL,
			    "resolve_min_interval is above resolve_max_interval");
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && !rs->endpoint.host; i++)
		if (conf_is_set(&rs->obj, words[i], NULL))
			conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "without-name",
				      rule_pos(&rs->obj, words[i]), NULL,
				      "%s of a server with an address has no effect", words[i]);
}

static void check_real_server(const struct vs_conf *vs, const struct rs_conf *rs,
			      struct conf_diags *diags)
{
	const struct checker_conf *checker;

	check_family(vs, &rs->endpoint.addr, &rs->lvs_method, MEND_OUT(&rs->obj), diags);
	if (rs->lthreshold > rs->uthreshold && rs->uthreshold != 0)
		rule_refuse(diags, MEND_RESET_QUIET(&rs->obj, "lthreshold"),
			    rule_pos(&rs->obj, "lthreshold"), "threshold-order", NULL,
			    "lthreshold is above uthreshold");
	check_resolve(rs, diags);
	conf_list_for_each (checker, &rs->checkers)
		check_checker(checker, diags);
}

static void warn_no_sorry(const struct vs_conf *vs, const char *word, struct conf_diags *diags)
{
	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "without-sorry-server",
		      rule_pos(&vs->obj, word), NULL, "%s without sorry_server has no effect",
		      word);
}

static void check_sorry(const struct vs_conf *vs, struct conf_diags *diags)
{
	const struct conf_endpoint *sorry = &vs->sorry_server;
	struct conf_pos pos = rule_pos(&vs->obj, "sorry_server");
	const struct rs_conf *rs;
	char place[RULE_PLACE_MAX];

	if (addr_is_unset(&sorry->addr)) {
		if (vs->sorry_server_inhibit)
			warn_no_sorry(vs, "sorry_server_inhibit", diags);
		if (vs->sorry_server_lvs_method.is_set)
			warn_no_sorry(vs, "sorry_server_lvs_method", diags);
		return;
	}
	check_family(vs, &sorry->addr, &vs->sorry_server_lvs_method,
		     MEND_RESET(&vs->obj, "sorry_server"), diags);
	conf_list_for_each (rs, &vs->real_servers) {
		if (addr_cmp(&rs->endpoint.addr, &sorry->addr) != 0 ||
		    rs_port(vs, rs) != sorry->port)
			continue;
		conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "sorry-server-in-pool", pos, NULL,
			      "the sorry server is also a real server of the pool, at %s",
			      rule_place(diags, rs->obj.pos, place));
		if (rs->inhibit_on_failure != vs->sorry_server_inhibit)
			rule_refuse(diags, MEND_KEEP(&vs->obj), pos, "inhibit-differs",
				    "write inhibit_on_failure and sorry_server_inhibit, or none",
				    "this server stays in the table with weight 0 in one of its "
				    "roles and leaves it in the other");
	}
}

static int rs_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	const struct server_addr *x = &to_rs(a)->endpoint, *y = &to_rs(b)->endpoint;
	int order = addr_cmp(&x->addr, &y->addr);

	if (order == 0) /* names stand in any case (RFC 4343) */
		order = strcasecmp(x->host ? x->host : "", y->host ? y->host : "");
	return order != 0
		       ? order
		       : rs_port(to_vs(a->parent), to_rs(a)) - rs_port(to_vs(b->parent), to_rs(b));
}

static void on_same_rs(const struct conf_obj *first, const struct conf_obj *again,
		       struct conf_diags *diags)
{
	char place[RULE_PLACE_MAX];

	rule_refuse(diags, MEND_OUT_QUIET(again), again->pos, "duplicate-real-server", NULL,
		    "this real_server is already in the pool, at %s",
		    rule_place(diags, first->pos, place));
}

static void check_pool(const struct vs_conf *vs, struct conf_diags *diags)
{
	struct rule_set set = { 0 };
	const struct rs_conf *rs;

	conf_list_for_each (rs, &vs->real_servers) {
		check_real_server(vs, rs, diags);
		rule_set_add(&set, &rs->obj, diags);
	}
	rule_each_duplicate(&set, rs_cmp, on_same_rs, diags);
	rule_set_done(&set);
}

static void check_granularity(const struct vs_conf *vs, struct conf_diags *diags)
{
	const struct addr *mask = &vs->persistence_granularity;

	if (!addr_is_unset(mask) && !vs->addr.group && mask->family != vs_family(vs))
		rule_refuse(diags, MEND_RESET(&vs->obj, "persistence_granularity"),
			    rule_pos(&vs->obj, "persistence_granularity"), "family-mix", NULL,
			    "an IPv4 service has no prefix length above 32");
}

/* A flag that has a scheduler's name means something else, or nothing, to the others. */
static void check_sched_flags(const struct vs_conf *vs, struct conf_diags *diags)
{
	const struct {
		const char *name, *sched;
		bool is_on;
	} flags[] = {
		{ "sh-port", "sh", vs->sh_port },
		{ "sh-fallback", "sh", vs->sh_fallback },
		{ "mh-port", "mh", vs->mh_port },
		{ "mh-fallback", "mh", vs->mh_fallback },
		{ "hashed", vs->lvs_sched[0] == 'm' ? "mh" : "sh", vs->idle.hashed },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].is_on && strcmp(flags[i].sched, vs->lvs_sched) != 0)
			rule_refuse(diags, MEND_RESET(&vs->obj, flags[i].name),
				    rule_pos(&vs->obj, flags[i].name), "flag-of-other-scheduler",
				    NULL, "%s is for lvs_sched %s, this is %s", flags[i].name,
				    flags[i].sched, vs->lvs_sched);
}

static void check_persistence(const struct vs_conf *vs, struct conf_diags *diags)
{
	if (vs->persistence_engine && vs->persistence_timeout_s == 0)
		conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "without-persistence",
			      rule_pos(&vs->obj, "persistence_engine"), "add persistence_timeout",
			      "persistence_engine without persistence has no effect");
}

static void check_ip_family(const struct vs_conf *vs, struct conf_diags *diags)
{
	if (vs->ip_family != 0 && !addr_is_unset(&vs->addr.addr) &&
	    vs->ip_family != vs->addr.addr.family)
		rule_refuse(diags, MEND_RESET(&vs->obj, "ip_family"),
			    rule_pos(&vs->obj, "ip_family"), "family-mix", NULL,
			    "ip_family is not that of the address");
}

void check_conf_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	const struct vs_conf *vs;

	conf_list_for_each (vs, &conf->virtual_servers) {
		check_ip_family(vs, diags);
		check_granularity(vs, diags);
		check_persistence(vs, diags);
		check_sched_flags(vs, diags);
		check_sorry(vs, diags);
		check_pool(vs, diags);
	}
}
