/*
 * Lines of routes and routing rules: tables, and checks inside a line. The parent runs it while it
 * loads a file; the VRRP child when it decodes what the parent loaded.
 */
#include "vrrp/route_conf.h"

#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/vrrp_conf.h"

#define LIVE .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET
#define BARE .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET | CONF_BARE

/* ---- encap ---- */

#define E struct encap_conf

static const struct conf_key encap_parts[] = {
	K_STR("mpls", E, mpls, .help = "MPLS labels, with / between."),
	K_STR("ila", E, ila, .help = "ILA locator."),
	K_FLAG("ip", E, ip, .help = "IPv4 tunnel."),
	K_FLAG("ip6", E, ip6, .help = "IPv6 tunnel."),
	K_I64("id", E, id, 0, INT64_MAX, .help = "Tunnel id."),
	K_ADDR("dst", E, dst, .help = "Other end."),
	K_ADDR("src", E, src, .help = "Own end."),
	K_U8("tos", E, tos, 0, 255, .help = "TOS."),
	K_U8("tc", E, tos, 0, 255, .alias_of = "tos", .help = "Traffic class."),
	K_U8("ttl", E, ttl, 0, 255, .help = "TTL."),
	K_U8("hoplimit", E, ttl, 0, 255, .alias_of = "ttl", .help = "Hop limit."),
	K_U32("flags", E, flags, 0, UINT32_MAX, .help = "Tunnel flags."),
	K_END,
};

#define K_ENCAP(s, ...)                                                                     \
	K_CUSTOM("encap", &conf_type_parts, s, encap, E, .parts = encap_parts, __VA_ARGS__, \
		 .help = "Encapsulation: mpls, ip, ip6 or ila with its options.")

/* ---- nexthop ---- */

#define H struct nexthop_conf

static const struct conf_key nexthop_parts[] = {
	K_CUSTOM("via", &conf_type_via, H, via, struct addr, .help = "Gateway."),
	K_CUSTOM("dev", &conf_type_ifname, H, dev, const char *, .help = "Output interface."),
	K_U32("weight", H, weight, 1, 256, .help = "Share of the traffic."),
	K_FLAG("onlink", H, onlink, .help = "The gateway is on the link."),
	K_ENCAP(H, .flags = 0),
	K_STR("realms", H, realms, .help = "Realms."),
	K_CUSTOM("as", &conf_type_via, H, as, struct addr, .help = "MPLS only."),
	K_END,
};

/* One leg, as if it were the value of a keyword. */
static const struct conf_key nexthop_leg = {
	.name = "nexthop",
	.type = &conf_type_parts,
	.size = sizeof(H),
	.parts = nexthop_parts,
};

static bool is_nexthop(const struct conf_token *word)
{
	return strcmp(word->text, "nexthop") == 0;
}

static bool nexthops_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			   const struct conf_token *argv, unsigned argc)
{
	struct nexthops_conf value = { 0 };
	H *legs;
	unsigned n = 1;

	(void)key;
	for (unsigned i = 0; i < argc; i++)
		n += is_nexthop(&argv[i]);
	legs = conf_alloc(walk, n * sizeof(*legs));
	for (unsigned at = 0, end; at < argc; at = end + 1) {
		for (end = at; end < argc && !is_nexthop(&argv[end]);)
			end++;
		if (end == at || !conf_type_parts.parse(walk, &nexthop_leg, &legs[value.n++],
							argv + at, end - at))
			return false;
	}
	value.v = legs;
	*(struct nexthops_conf *)field = value;
	return true;
}

static void nexthops_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct nexthops_conf *value = field;

	(void)key;
	for (uint32_t i = 0; i < value->n; i++) {
		fputs(i > 0 ? " nexthop " : "", out);
		conf_type_parts.print(&nexthop_leg, &value->v[i], out);
	}
}

static json_t *nexthops_json(const struct conf_key *key, const void *field)
{
	const struct nexthops_conf *value = field;
	json_t *json;

	(void)key;
	if (value->n == 0)
		return NULL;
	json = json_array();
	for (uint32_t i = 0; i < value->n; i++)
		json_array_append_new(json, conf_type_parts.json(&nexthop_leg, &value->v[i]));
	return json;
}

static bool nexthops_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct nexthops_conf *x = a, *y = b;
	bool is_equal = x->n == y->n;

	(void)key;
	for (uint32_t i = 0; is_equal && i < x->n; i++)
		is_equal = conf_type_parts.is_equal(&nexthop_leg, &x->v[i], &y->v[i]);
	return is_equal;
}

/* The legs come last. */
static unsigned nexthops_count(const struct conf_key *key, const struct conf_token *argv,
			       unsigned argc)
{
	(void)key;
	(void)argv;
	return argc;
}

static const struct conf_type type_nexthops = {
	.name = "legs",
	.min_args = 1,
	.max_args = 255,
	.parse = nexthops_parse,
	.print = nexthops_print,
	.json = nexthops_json,
	.is_equal = nexthops_is_equal,
	.count = nexthops_count,
	.json_type = "array",
};

/* ---- routes ---- */

#define R struct route_conf

static const struct conf_word feature_words[] = { { "ecn", 1 }, { NULL, 0 } };
static const struct conf_word switch_words[] = { { "0", 1 }, { "1", 2 }, { NULL, 0 } };
static const struct conf_word ttl_words[] = { { "enabled", 1 }, { "disabled", 2 }, { NULL, 0 } };

#define K_LOCKED(n, f, ...)                                                               \
	K_CUSTOM(n, &conf_type_locked, R, f, struct conf_locked, LIVE, .max = UINT32_MAX, \
		 __VA_ARGS__)
#define K_TIME(n, f, ...) \
	K_CUSTOM(n, &conf_type_locked_time, R, f, struct conf_locked, LIVE, __VA_ARGS__)
#define K_NAME_ID(n, s, f, hi, ...) \
	K_CUSTOM(n, &conf_type_name_id, s, f, struct conf_name_id, LIVE, .max = hi, __VA_ARGS__)
#define K_IFNAME(n, s, f, ...) K_CUSTOM(n, &conf_type_ifname, s, f, const char *, LIVE, __VA_ARGS__)

/* The legs come last: what follows them is theirs. */
static const struct conf_key route_keys[] = {
	K_CUSTOM("to", &conf_type_dest, R, to, struct conf_dest, BARE,
		 .help = "Destination; the keyword may be left out."),
	K_FLAG("inet", R, inet, LIVE, .help = "An IPv4 route."),
	K_FLAG("inet6", R, inet6, LIVE, .help = "An IPv6 route."),
	K_ADDR("src", R, src, LIVE, .help = "Preferred source address."),
	K_CUSTOM("from", &conf_type_selector, R, from, struct conf_dest, LIVE,
		 .help = "Source prefix of an IPv6 route."),
	K_CUSTOM("via", &conf_type_via, R, via, struct addr, LIVE, .help = "Gateway."),
	K_CUSTOM("gw", &conf_type_via, R, via, struct addr, .alias_of = "via",
		 .flags = CONF_DEPRECATED, .help = "Old name of via."),
	K_IFNAME("dev", R, dev, .help = "Output interface."),
	K_IFNAME("oif", R, dev, .alias_of = "dev", .help = "The same as dev."),
	K_NAME_ID("table", R, table, UINT32_MAX, .help = "Table."),
	K_IFNAME("vrf", R, vrf, .help = "VRF whose table it is."),
	K_NAME_ID("protocol", R, protocol, 255, .help = "Who made the route."),
	K_NAME_ID("scope", R, scope, 255, .help = "Scope."),
	K_NAME_ID("tos", R, tos, 255, .help = "TOS."),
	K_NAME_ID("dsfield", R, tos, 255, .alias_of = "tos", .help = "The same as tos."),
	K_U32("metric", R, metric, 0, UINT32_MAX, LIVE, .help = "Metric."),
	K_U32("priority", R, metric, 0, UINT32_MAX, .alias_of = "metric",
	      .help = "The same as metric."),
	K_U32("preference", R, metric, 0, UINT32_MAX, .alias_of = "metric",
	      .help = "The same as metric."),
	K_FLAG("onlink", R, onlink, LIVE, .help = "The gateway is on the link."),
	K_ENCAP(R, LIVE),
	K_U32("expires", R, expires_s, 0, UINT32_MAX, LIVE,
	      .help = "Lifetime of an IPv6 route in seconds."),
	K_LOCKED("mtu", mtu, .help = "MTU."),
	K_U32("hoplimit", R, hoplimit, 0, 255, LIVE, .help = "Hop limit."),
	K_LOCKED("advmss", advmss, .help = "MSS to advertise."),
	K_TIME("rtt", rtt_ms, .help = "First estimate of the round trip."),
	K_TIME("rttvar", rttvar_ms, .help = "First estimate of its variance."),
	K_LOCKED("reordering", reordering, .help = "Packets that may be out of order."),
	K_U32("window", R, window, 0, UINT32_MAX, LIVE, .help = "Largest window to advertise."),
	K_LOCKED("cwnd", cwnd, .help = "Largest congestion window."),
	K_LOCKED("ssthresh", ssthresh, .help = "First slow start threshold."),
	K_STR("realms", R, realms, LIVE, .help = "Realms, FROM/TO or TO."),
	K_TIME("rto_min", rto_min_ms, .help = "Shortest retransmission time."),
	K_U32("initcwnd", R, initcwnd, 0, UINT32_MAX, LIVE, .help = "First congestion window."),
	K_U32("initrwnd", R, initrwnd, 0, UINT32_MAX, LIVE, .help = "First receive window."),
	K_WORD("features", R, features, feature_words, LIVE, .help = "Features: ecn."),
	K_WORD("quickack", R, quickack, switch_words, LIVE, .help = "Quick acknowledgements."),
	K_CUSTOM("congctl", &conf_type_locked_name, R, congctl, struct conf_locked_name, LIVE,
		 .help = "Congestion control."),
	K_NAME_ID("pref", R, pref, 255, .help = "IPv6 router preference: low, medium, high."),
	K_WORD("ttl-propagate", R, ttl_propagate, ttl_words, LIVE,
	       .help = "Carry the TTL through MPLS."),
	K_WORD("fastopen_no_cookie", R, fastopen_no_cookie, switch_words, LIVE,
	       .help = "TCP fast open without cookie."),
	K_CUSTOM("as", &conf_type_via, R, as, struct addr, LIVE, .help = "MPLS only."),
	K_FLAG("add", R, add, LIVE, .help = "Fail when the route exists."),
	K_FLAG("prepend", R, prepend, LIVE, .help = "Put the route before equal ones."),
	K_FLAG("append", R, append, LIVE, .help = "Put the route behind equal ones."),
	K_CUSTOM("or", &conf_type_via, R, or_via, struct addr, LIVE,
		 .help = "Another gateway; nexthop is the word for that."),
	K_FLAG("no_track", R, no_track, LIVE, .help = "Let nothing follow when it is removed."),
	K_STR("track_group", R, track_group, LIVE,
	      .help = "Instances that go to FAULT while it is missing; of static routes only."),
	K_CUSTOM("nexthop", &type_nexthops, R, nexthops, struct nexthops_conf, LIVE,
		 .help = "Legs of a route with several, to the end of the line."),
	K_END,
};

static void need(struct conf_walk *walk, const struct conf_obj *obj, const char *code,
		 const char *text)
{
	conf_refuse(walk, MEND_OUT(obj), CONF_SEMANTIC, code, NULL, "%s: %s", obj->block->name,
		    text);
}

/* Instances have no track group, and static lines no instance. */
static void check_group(struct conf_walk *walk, const struct conf_obj *obj, bool is_static)
{
	if (!is_static && conf_is_set(obj, "track_group", NULL))
		need(walk, obj, "track-group-here", "track_group belongs to static lines");
}

static bool route_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const R *route = (const R *)obj;

	if (!conf_is_set(obj, "to", NULL))
		need(walk, obj, "no-destination", "a route needs a destination");
	if (route->dev && route->vrf && conf_is_set(obj, "table", NULL))
		need(walk, obj, "table-and-vrf", "a route has a table or a VRF, not both");
	check_group(walk, obj, obj->block == &static_routes_block);
	return true;
}

#define ROUTE_LINES \
	.style = CONF_BLOCK_LINES, .size = sizeof(R), .keys = route_keys, .finish = route_finish

const struct conf_block virtual_routes_block = {
	.name = "virtual_routes",
	ROUTE_LINES,
	.list_offset = offsetof(struct vrrp_conf, routes),
	.help = "Routes that exist while master.",
};

const struct conf_block static_routes_block = {
	.name = "static_routes",
	ROUTE_LINES,
	.list_offset = offsetof(struct root_conf, static_routes),
	.help = "Routes that this host always has.",
};

/* ---- rules ---- */

#define U struct iprule_conf

static const struct conf_word action_words[] = {
	{ "nop", IPRULE_NOP },
	{ "blackhole", IPRULE_BLACKHOLE },
	{ "unreachable", IPRULE_UNREACHABLE },
	{ "prohibit", IPRULE_PROHIBIT },
	{ "l3mdev", IPRULE_L3MDEV },
	{ NULL, 0 },
};

#define K_SPAN(n, f, hi, ...) \
	K_CUSTOM(n, &conf_type_span, U, f, struct conf_span, LIVE, .max = hi, __VA_ARGS__)

static const struct conf_key rule_keys[] = {
	K_FLAG("inet", U, inet, LIVE, .help = "An IPv4 rule."),
	K_FLAG("inet6", U, inet6, LIVE, .help = "An IPv6 rule."),
	K_CUSTOM("from", &conf_type_selector, U, from, struct conf_dest, LIVE,
		 .help = "Source prefix, or all."),
	K_CUSTOM("to", &conf_type_selector, U, to, struct conf_dest, LIVE,
		 .help = "Destination prefix, or all."),
	K_FLAG("not", U, is_not, LIVE, .help = "What does not match."),
	K_IFNAME("iif", U, iif, .help = "Input interface."),
	K_IFNAME("dev", U, iif, .alias_of = "iif", .help = "The same as iif."),
	K_IFNAME("oif", U, oif, .help = "Output interface."),
	K_NAME_ID("tos", U, tos, 255, .help = "TOS."),
	K_NAME_ID("dsfield", U, tos, 255, .alias_of = "tos", .help = "The same as tos."),
	K_CUSTOM("fwmark", &conf_type_mark, U, fwmark, struct conf_mark, LIVE, .help = "Mark."),
	K_NAME_ID("preference", U, preference, UINT32_MAX,
		  .help = "Priority of the rule, the lowest first."),
	K_NAME_ID("priority", U, preference, UINT32_MAX, .alias_of = "preference",
		  .help = "The same as preference."),
	K_NAME_ID("order", U, preference, UINT32_MAX, .alias_of = "preference",
		  .help = "The same as preference."),
	K_NAME_ID("table", U, table, UINT32_MAX, .help = "Table to look in."),
	K_NAME_ID("lookup", U, table, UINT32_MAX, .alias_of = "table",
		  .help = "The same as table."),
	K_U32("goto", U, goto_preference, 1, UINT32_MAX, LIVE, .help = "Rule to go on with."),
	K_FLAG("nop", U, nop, LIVE, .help = "Do nothing."),
	K_FLAG("blackhole", U, blackhole, LIVE, .help = "Drop."),
	K_FLAG("unreachable", U, unreachable, LIVE, .help = "Refuse as unreachable."),
	K_FLAG("prohibit", U, prohibit, LIVE, .help = "Refuse as prohibited."),
	K_WORD("type", U, type, action_words, LIVE, .help = "One of these actions."),
	K_FLAG("l3mdev", U, l3mdev, LIVE, .help = "Table of the layer 3 master device."),
	K_STR("realms", U, realms, LIVE, .help = "Realms, FROM/TO or TO."),
	K_U32("suppress_prefixlength", U, suppress_prefixlength, 0, 128, LIVE,
	      .help = "Ignore routes with prefixes of at most this length."),
	K_U32("sup_pl", U, suppress_prefixlength, 0, 128, .alias_of = "suppress_prefixlength",
	      .help = "The same as suppress_prefixlength."),
	K_NAME_ID("suppress_ifgroup", U, suppress_ifgroup, UINT32_MAX,
		  .help = "Ignore routes over interfaces of this group."),
	K_NAME_ID("sup_group", U, suppress_ifgroup, UINT32_MAX, .alias_of = "suppress_ifgroup",
		  .help = "The same as suppress_ifgroup."),
	K_I64("tunnel-id", U, tunnel_id, 0, INT64_MAX, LIVE, .help = "Tunnel id."),
	K_SPAN("uidrange", uidrange, UINT32_MAX, .help = "Numbers of users, FROM-TO."),
	K_U32("protocol", U, protocol, 0, 255, LIVE, .help = "Who made the rule."),
	K_NAME_ID("ipproto", U, ipproto, 255, .help = "IP protocol."),
	K_SPAN("sport", sport, UINT16_MAX, .help = "Source ports, FROM-TO."),
	K_SPAN("dport", dport, UINT16_MAX, .help = "Destination ports, FROM-TO."),
	K_FLAG("no_track", U, no_track, LIVE, .help = "Let nothing follow when it is removed."),
	K_STR("track_group", U, track_group, LIVE,
	      .help = "Instances that go to FAULT while it is missing; of static rules only."),
	K_END,
};

/* How many actions the rule has. */
static int count_actions(const struct conf_obj *obj)
{
	static const char *const words[] = { "table",       "goto",     "nop",  "blackhole",
					     "unreachable", "prohibit", "type", "l3mdev" };
	int n = 0;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		n += conf_is_set(obj, words[i], NULL);
	return n;
}

static bool rule_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const U *rule = (const U *)obj;

	if (count_actions(obj) > 1)
		need(walk, obj, "two-actions", "a rule has one action");
	else if (count_actions(obj) == 0)
		need(walk, obj, "no-action", "a rule needs an action, such as a table");
	if (!rule->preference.is_given)
		conf_warning(walk, obj->pos, CONF_SEMANTIC, "implied-preference",
			     "add \"preference NUMBER\"",
			     "a rule without preference gets 16384, which is seldom meant");
	if (rule->goto_preference > 0 && rule->preference.is_given &&
	    rule->goto_preference <= rule->preference.id)
		need(walk, obj, "goto-order", "goto leads to a later rule only");
	check_group(walk, obj, obj->block == &static_rules_block);
	return true;
}

#define RULE_LINES \
	.style = CONF_BLOCK_LINES, .size = sizeof(U), .keys = rule_keys, .finish = rule_finish

const struct conf_block virtual_rules_block = {
	.name = "virtual_rules",
	RULE_LINES,
	.list_offset = offsetof(struct vrrp_conf, rules),
	.help = "Routing rules that exist while master.",
};

const struct conf_block static_rules_block = {
	.name = "static_rules",
	RULE_LINES,
	.list_offset = offsetof(struct root_conf, static_rules),
	.help = "Routing rules that this host always has.",
};
