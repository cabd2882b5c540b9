/*
 * Lines of routes to what the kernel is asked for: see route_build.h. The parent while it judges a
 * file, the VRRP child while it prepares a configuration.
 */
#include "vrrp/route_build.h"

#include <errno.h>
#include <linux/icmpv6.h>
#include <linux/lwtunnel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/nl.h"

#define DEFAULT_METRIC_V6 1024
#define MPLS_LABEL_MAX    0xfffff

/* Conf's words for a switch: 0 = not given, 1 = off, 2 = on. */
enum { SWITCH_ON = 2 };

/* ---- small values ---- */

const char *route_find_id(const struct conf_name_id *value, const struct rt_dirs *dirs,
			  enum rt_kind kind, uint32_t *id, char text[128])
{
	if (!value->is_given)
		return NULL;
	*id = value->id;
	if (!value->name || rt_name_find(dirs, kind, value->name, id))
		return NULL;
	snprintf(text, 128, "\"%.80s\" is in none of the name tables of iproute2", value->name);
	return text;
}

static bool read_realm(const char *text, size_t len, const struct rt_dirs *dirs, uint32_t *out)
{
	char word[64], *end;

	if (len == 0 || len >= sizeof(word))
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	unsigned long number = strtoul(word, &end, 0);
	if (*end == '\0' && number <= UINT16_MAX) {
		*out = (uint32_t)number;
		return true;
	}
	return rt_name_find(dirs, RT_KIND_REALM, word, out) && *out <= UINT16_MAX;
}

/* "FROM/TO" or "TO" */
const char *route_read_realms(const char *text, const struct rt_dirs *dirs, uint32_t *out)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	const char *to = slash ? slash + 1 : text;
	uint32_t from = 0, realm = 0;

	if (!text)
		return NULL;
	if ((slash && !read_realm(text, (size_t)(slash - text), dirs, &from)) ||
	    !read_realm(to, strlen(to), dirs, &realm))
		return "realms: FROM/TO or TO, each a number or a name of rt_realms, are expected";
	*out = from << 16 | realm;
	return NULL;
}

/* ---- encapsulation ---- */

static const char *read_labels(const char *text, struct nl_encap *out)
{
	char *end;

	for (const char *at = text;; at = end + 1) {
		errno = 0;
		unsigned long label = strtoul(at, &end, 10);
		if (end == at || errno || label > MPLS_LABEL_MAX || out->n_labels == NL_LABELS_MAX)
			break;
		out->labels[out->n_labels++] = (uint32_t)label;
		if (*end == '\0')
			return NULL;
		if (*end != '/')
			break;
	}
	return "encap mpls: at most 8 labels up to 1048575, with / between, are expected";
}

/* A locator is 64 bits, as a number or four groups as in an IPv6 address. */
static const char *read_locator(const char *text, struct nl_encap *out)
{
	char padded[64];
	struct addr addr;
	char *end;

	errno = 0;
	out->id = strtoull(text, &end, 0);
	if (*end == '\0' && !errno)
		return NULL;
	snprintf(padded, sizeof(padded), "%.40s::", text);
	if (!addr_parse(padded, &addr))
		return "encap ila: a locator of 64 bits is expected";
	out->id = 0;
	for (int i = 0; i < 8; i++)
		out->id = out->id << 8 | addr.bytes[i];
	return NULL;
}

static const char *build_encap(const struct encap_conf *conf, struct nl_encap *out)
{
	int n_kinds = (conf->mpls != NULL) + (conf->ila != NULL) + conf->ip + conf->ip6;

	if (n_kinds != 1)
		return "encap needs one of mpls, ip, ip6 and ila";
	out->ttl = conf->ttl;
	if (conf->mpls) {
		out->type = LWTUNNEL_ENCAP_MPLS;
		return read_labels(conf->mpls, out);
	}
	if (conf->ila) {
		out->type = LWTUNNEL_ENCAP_ILA;
		return read_locator(conf->ila, out);
	}
	uint8_t family = conf->ip6 ? AF_INET6 : AF_INET;
	if ((!addr_is_unset(&conf->dst) && conf->dst.family != family) ||
	    (!addr_is_unset(&conf->src) && conf->src.family != family))
		return "encap: its addresses are of another family";
	out->type = conf->ip6 ? LWTUNNEL_ENCAP_IP6 : LWTUNNEL_ENCAP_IP;
	out->id = (uint64_t)conf->id;
	out->dst = conf->dst;
	out->src = conf->src;
	out->tos = conf->tos;
	out->flags = (uint16_t)conf->flags;
	return NULL;
}

static bool has_encap(const struct encap_conf *conf)
{
	return conf->mpls || conf->ila || conf->ip || conf->ip6;
}

/* Memory for the encapsulations, which legs point to. */
static const char *add_encap(struct built_route *out, struct nl_leg *leg,
			     const struct encap_conf *conf)
{
	if (!has_encap(conf))
		return NULL;
	if (!out->encaps)
		out->encaps = xcalloc(NL_LEGS_MAX, sizeof(*out->encaps));
	struct nl_encap *encap = &out->encaps[leg - out->route.legs];
	leg->encap = encap;
	const char *why = build_encap(conf, encap);
	leg->encap_type = encap->type;
	return why;
}

/* ---- legs ---- */

static struct nl_leg *add_leg(struct built_route *out, const struct addr *via, const char *dev)
{
	struct nl_route *route = &out->route;
	struct nl_leg *leg = &route->legs[route->n_legs];

	out->devs[route->n_legs++] = dev;
	leg->via = *via;
	leg->weight = 1;
	return leg;
}

static const char *build_nexthops(const struct route_conf *conf, const struct rt_dirs *dirs,
				  struct built_route *out)
{
	const char *why = NULL;

	if (conf->nexthops.n > NL_LEGS_MAX)
		return "more than 32 legs";
	for (uint32_t i = 0; i < conf->nexthops.n && !why; i++) {
		const struct nexthop_conf *hop = &conf->nexthops.v[i];
		struct nl_leg *leg = add_leg(out, &hop->via, hop->dev);
		leg->weight = hop->weight ? (uint16_t)hop->weight : 1;
		leg->is_onlink = hop->onlink;
		why = route_read_realms(hop->realms, dirs, &leg->realms);
		if (!why)
			why = add_encap(out, leg, &hop->encap);
	}
	if (conf->nexthops.n == 1)
		out->route.legs[0].weight = 1; /* of itself */
	return why;
}

static bool goes_nowhere(uint8_t type)
{
	return type == RTN_BLACKHOLE || type == RTN_UNREACHABLE || type == RTN_PROHIBIT ||
	       type == RTN_THROW;
}

static const char *build_legs(const struct route_conf *conf, const struct rt_dirs *dirs,
			      struct built_route *out)
{
	bool has_way = !addr_is_unset(&conf->via) || conf->dev || has_encap(&conf->encap);

	if (goes_nowhere(out->route.type))
		return has_way || conf->nexthops.n > 0 ? "a route of this type leads nowhere"
						       : NULL;
	if (conf->nexthops.n > 0)
		return has_way ? "a route has one way, or legs with nexthop"
			       : build_nexthops(conf, dirs, out);
	if (!has_way && addr_is_unset(&conf->or_via))
		return "a route needs via, dev or nexthop";
	struct nl_leg *leg = add_leg(out, &conf->via, conf->dev);
	leg->is_onlink = conf->onlink;
	if (!addr_is_unset(&conf->or_via)) {
		if (addr_is_unset(&conf->via))
			leg->via = conf->or_via;
		else
			add_leg(out, &conf->or_via, conf->dev)->is_onlink = conf->onlink;
	}
	return add_encap(out, leg, &conf->encap);
}

/* ---- the rest of a route ---- */

static void put_metric(struct nl_route *route, unsigned which, const struct conf_locked *value,
		       uint32_t unit)
{
	if (!value->is_given)
		return;
	route->metrics[which] = (uint32_t)value->value * (value->is_raw ? 1 : unit);
	if (value->is_locked)
		route->metrics[RTAX_LOCK] |= UINT32_C(1) << which;
}

/* Times are in milliseconds, or raw; the kernel has the round trip in eighths, its variance in
 * quarters. */
static void build_metrics(const struct route_conf *conf, struct nl_route *route)
{
	put_metric(route, RTAX_MTU, &conf->mtu, 1);
	put_metric(route, RTAX_ADVMSS, &conf->advmss, 1);
	put_metric(route, RTAX_RTT, &conf->rtt_ms, 8);
	put_metric(route, RTAX_RTTVAR, &conf->rttvar_ms, 4);
	put_metric(route, RTAX_REORDERING, &conf->reordering, 1);
	put_metric(route, RTAX_CWND, &conf->cwnd, 1);
	put_metric(route, RTAX_SSTHRESH, &conf->ssthresh, 1);
	put_metric(route, RTAX_RTO_MIN, &conf->rto_min_ms, 1);
	route->metrics[RTAX_HOPLIMIT] = conf->hoplimit;
	route->metrics[RTAX_WINDOW] = conf->window;
	route->metrics[RTAX_INITCWND] = conf->initcwnd;
	route->metrics[RTAX_INITRWND] = conf->initrwnd;
	route->metrics[RTAX_FEATURES] = conf->features ? RTAX_FEATURE_ECN : 0;
	route->metrics[RTAX_QUICKACK] = conf->quickack == SWITCH_ON;
	route->metrics[RTAX_FASTOPEN_NO_COOKIE] = conf->fastopen_no_cookie == SWITCH_ON;
	if (conf->congctl.name) {
		snprintf(route->congctl, sizeof(route->congctl), "%s", conf->congctl.name);
		if (conf->congctl.is_locked)
			route->metrics[RTAX_LOCK] |= UINT32_C(1) << RTAX_CC_ALGO;
	}
}

static const char *find_pref(const struct conf_name_id *value, uint8_t *out)
{
	static const struct {
		const char *name;
		uint8_t pref;
	} words[] = { { "low", ICMPV6_ROUTER_PREF_LOW },
		      { "medium", ICMPV6_ROUTER_PREF_MEDIUM },
		      { "high", ICMPV6_ROUTER_PREF_HIGH } };

	*out = (uint8_t)value->id;
	if (!value->name)
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		*out = words[i].pref;
		if (strcmp(words[i].name, value->name) == 0)
			return NULL;
	}
	return "pref: low, medium, high or a number is expected";
}

/* As iproute2 chooses where nothing is said. */
static uint8_t default_scope(const struct nl_route *route)
{
	bool has_gateway = false;

	if (route->family == AF_INET6)
		return RT_SCOPE_UNIVERSE;
	if (route->type == RTN_LOCAL || route->type == RTN_NAT)
		return RT_SCOPE_HOST;
	if (route->type == RTN_BROADCAST || route->type == RTN_MULTICAST ||
	    route->type == RTN_ANYCAST)
		return RT_SCOPE_LINK;
	for (uint32_t i = 0; i < route->n_legs; i++)
		has_gateway |= !addr_is_unset(&route->legs[i].via);
	return has_gateway || goes_nowhere(route->type) || route->n_legs > 1 ? RT_SCOPE_UNIVERSE
									     : RT_SCOPE_LINK;
}

static uint32_t default_table(const struct nl_route *route)
{
	return route->type == RTN_LOCAL || route->type == RTN_BROADCAST || route->type == RTN_NAT ||
			       route->type == RTN_ANYCAST
		       ? RT_TABLE_LOCAL
		       : RT_TABLE_MAIN;
}

/* "default" has no family of its own: what it goes through decides. */
static uint8_t route_family(const struct route_conf *conf)
{
	const struct addr *via = &conf->via;

	if (conf->inet6 || conf->inet)
		return conf->inet6 ? AF_INET6 : AF_INET;
	if (addr_is_unset(via) && conf->nexthops.n > 0)
		via = &conf->nexthops.v[0].via;
	if (conf->to.is_any && via->family == AF_INET6)
		return AF_INET6;
	return conf->to.prefix.addr.family;
}

static const char *set_prefix(const struct conf_dest *dest, uint8_t family, struct addr *addr,
			      uint8_t *len)
{
	if (dest->prefix.addr.family == AF_UNSPEC || dest->is_any)
		return NULL;
	if (dest->prefix.addr.family != family)
		return "addresses of both families";
	*len = dest->prefix.len;
	if (*len > 0)
		*addr = dest->prefix.addr;
	for (unsigned bit = *len; bit < 8 * addr_len(family); bit++)
		addr->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	if (*len == 0)
		*addr = (struct addr){ .family = AF_UNSPEC };
	return NULL;
}

static const char *build_names(const struct route_conf *conf, const struct rt_dirs *dirs,
			       struct nl_route *route, char text[128])
{
	uint32_t tos = 0, scope = default_scope(route), protocol = NL_PROTO_DIARCH;
	const char *why = route_find_id(&conf->table, dirs, RT_KIND_TABLE, &route->table, text);

	if (!why)
		why = route_find_id(&conf->tos, dirs, RT_KIND_DSFIELD, &tos, text);
	if (!why)
		why = route_find_id(&conf->scope, dirs, RT_KIND_SCOPE, &scope, text);
	if (!why)
		why = route_find_id(&conf->protocol, dirs, RT_KIND_PROTOCOL, &protocol, text);
	if (!why)
		why = route_read_realms(conf->realms, dirs, &route->realms);
	if (!why)
		why = find_pref(&conf->pref, &route->pref);
	route->tos = (uint8_t)tos;
	route->scope = (uint8_t)scope;
	/* What is watched is told apart by its protocol. */
	route->protocol = conf->no_track ? (uint8_t)protocol : NL_PROTO_DIARCH;
	return why;
}

const char *route_build(const struct route_conf *conf, const struct rt_dirs *dirs,
			struct built_route *out, char text[128])
{
	struct nl_route *route = &out->route;
	const char *why;

	memset(out, 0, sizeof(*out));
	route->family = route_family(conf);
	route->type = conf->to.type ? (uint8_t)conf->to.type : RTN_UNICAST;
	why = set_prefix(&conf->to, route->family, &route->dst, &route->dst_len);
	if (!why)
		why = set_prefix(&conf->from, route->family, &route->src, &route->src_len);
	if (!why && !addr_is_unset(&conf->src) && conf->src.family != route->family)
		why = "src is of another family";
	if (!why)
		why = build_legs(conf, dirs, out);
	route->table = default_table(route);
	if (!why)
		why = build_names(conf, dirs, route, text);
	route->prefsrc = conf->src;
	route->metric = conf->metric || route->family == AF_INET ? conf->metric : DEFAULT_METRIC_V6;
	route->expires_s = conf->expires_s;
	route->ttl_propagate = (uint8_t)conf->ttl_propagate;
	route->place = conf->add ? NL_ROUTE_ADD : conf->append ? NL_ROUTE_APPEND : NL_ROUTE_PREPEND;
	build_metrics(conf, route);
	out->vrf = conf->vrf;
	return why;
}

void built_route_done(struct built_route *built)
{
	free(built->encaps);
	built->encaps = NULL;
}

void route_name(const struct nl_route *route, char *text, size_t size)
{
	char dst[ADDR_STR_MAX];
	int n;

	if (route->dst_len == 0)
		n = snprintf(text, size, route->family == AF_INET6 ? "default6" : "default");
	else
		n = snprintf(text, size, "%s/%u", addr_str(&route->dst, dst), route->dst_len);
	if (route->table != RT_TABLE_MAIN && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " table %u", route->table);
}
