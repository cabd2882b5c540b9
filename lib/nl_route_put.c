/*
 * Routes to rtnetlink messages: see nl_route.h. Pure; used by nl_req.c in the VRRP child.
 */
#include <endian.h>
#include <linux/ila.h>
#include <linux/lwtunnel.h>
#include <linux/mpls.h>
#include <linux/mpls_iptunnel.h>
#include <string.h>

#include "lib/nl_route.h"

#define ROUTE_SIZE_MAX 512 /* without its legs: 20 metrics and a dozen attributes */
#define LEG_SIZE_MAX   192

size_t nl_route_size_max(const struct nl_route *route)
{
	return ROUTE_SIZE_MAX + route->n_legs * (size_t)LEG_SIZE_MAX;
}

static void put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a)
{
	if (!addr_is_unset(a))
		mnl_attr_put(nlh, type, addr_len(a->family), a->bytes);
}

/* ---- encapsulation ---- */

static void put_labels(struct nlmsghdr *nlh, const struct nl_encap *e)
{
	uint32_t stack[NL_LABELS_MAX];

	for (unsigned i = 0; i < e->n_labels; i++) {
		uint32_t bottom = i + 1U == e->n_labels ? MPLS_LS_S_MASK : 0;
		stack[i] = htobe32(e->labels[i] << MPLS_LS_LABEL_SHIFT | bottom);
	}
	mnl_attr_put(nlh, MPLS_IPTUNNEL_DST, e->n_labels * sizeof(stack[0]), stack);
	if (e->ttl)
		mnl_attr_put_u8(nlh, MPLS_IPTUNNEL_TTL, e->ttl);
}

/* The numbers of LWTUNNEL_IP_* and LWTUNNEL_IP6_* agree. */
static void put_tunnel(struct nlmsghdr *nlh, const struct nl_encap *e)
{
	_Static_assert((int)LWTUNNEL_IP_FLAGS == (int)LWTUNNEL_IP6_FLAGS, "one numbering");
	if (e->id)
		mnl_attr_put_u64(nlh, LWTUNNEL_IP_ID, htobe64(e->id));
	put_addr(nlh, LWTUNNEL_IP_DST, &e->dst);
	put_addr(nlh, LWTUNNEL_IP_SRC, &e->src);
	if (e->ttl)
		mnl_attr_put_u8(nlh, LWTUNNEL_IP_TTL, e->ttl);
	if (e->tos)
		mnl_attr_put_u8(nlh, LWTUNNEL_IP_TOS, e->tos);
	if (e->flags)
		mnl_attr_put_u16(nlh, LWTUNNEL_IP_FLAGS, htobe16(e->flags));
}

static void put_encap(struct nlmsghdr *nlh, const struct nl_encap *e)
{
	if (!e)
		return;
	mnl_attr_put_u16(nlh, RTA_ENCAP_TYPE, e->type);
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_ENCAP);
	switch (e->type) {
	case LWTUNNEL_ENCAP_MPLS: put_labels(nlh, e); break;
	case LWTUNNEL_ENCAP_ILA: mnl_attr_put_u64(nlh, ILA_ATTR_LOCATOR, htobe64(e->id)); break;
	case LWTUNNEL_ENCAP_IP:
	case LWTUNNEL_ENCAP_IP6: put_tunnel(nlh, e); break;
	}
	mnl_attr_nest_end(nlh, nest);
}

/* ---- legs ---- */

static void put_gateway(struct nlmsghdr *nlh, uint8_t family, const struct addr *via)
{
	struct {
		uint16_t family;
		uint8_t bytes[16];
	} other = { .family = via->family };

	if (addr_is_unset(via))
		return;
	if (via->family == family) {
		put_addr(nlh, RTA_GATEWAY, via);
		return;
	}
	memcpy(other.bytes, via->bytes, addr_len(via->family));
	mnl_attr_put(nlh, RTA_VIA, sizeof(other.family) + addr_len(via->family), &other);
}

static void put_leg_attrs(struct nlmsghdr *nlh, const struct nl_route *route,
			  const struct nl_leg *leg)
{
	put_gateway(nlh, route->family, &leg->via);
	if (leg->realms)
		mnl_attr_put_u32(nlh, RTA_FLOW, leg->realms);
	put_encap(nlh, leg->encap);
}

static void put_legs(struct nlmsghdr *nlh, const struct nl_route *route)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_MULTIPATH);

	for (uint32_t i = 0; i < route->n_legs; i++) {
		const struct nl_leg *leg = &route->legs[i];
		uint32_t begin = nlh->nlmsg_len;
		struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(nlh);
		*hop = (struct rtnexthop){ .rtnh_flags = leg->is_onlink ? RTNH_F_ONLINK : 0,
					   .rtnh_hops = (uint8_t)(leg->weight - 1),
					   .rtnh_ifindex = (int)leg->ifindex };
		nlh->nlmsg_len += MNL_ALIGN(sizeof(*hop));
		put_leg_attrs(nlh, route, leg);
		hop->rtnh_len = (uint16_t)(nlh->nlmsg_len - begin);
	}
	mnl_attr_nest_end(nlh, nest);
}

static void put_ways(struct nlmsghdr *nlh, struct rtmsg *rtm, const struct nl_route *route)
{
	if (route->n_legs > 1) {
		put_legs(nlh, route);
	} else if (route->n_legs == 1) {
		const struct nl_leg *leg = &route->legs[0];
		rtm->rtm_flags |= leg->is_onlink ? RTNH_F_ONLINK : 0;
		if (leg->ifindex)
			mnl_attr_put_u32(nlh, RTA_OIF, leg->ifindex);
		put_leg_attrs(nlh, route, leg);
	}
}

/* ---- the whole ---- */

static void put_metrics(struct nlmsghdr *nlh, const struct nl_route *route)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, RTA_METRICS);

	for (uint16_t i = 1; i <= RTAX_MAX; i++) {
		if (i != RTAX_CC_ALGO && route->metrics[i])
			mnl_attr_put_u32(nlh, i, route->metrics[i]);
	}
	if (route->congctl[0] != '\0')
		mnl_attr_put_strz(nlh, RTAX_CC_ALGO, route->congctl);
	if (mnl_nlmsg_get_payload_tail(nlh) == (void *)((char *)nest + MNL_ATTR_HDRLEN))
		mnl_attr_nest_cancel(nlh, nest);
	else
		mnl_attr_nest_end(nlh, nest);
}

/* What only a new route needs. */
static void put_new(struct nlmsghdr *nlh, const struct nl_route *route)
{
	put_addr(nlh, RTA_PREFSRC, &route->prefsrc);
	if (route->realms)
		mnl_attr_put_u32(nlh, RTA_FLOW, route->realms);
	if (route->pref)
		mnl_attr_put_u8(nlh, RTA_PREF, route->pref);
	if (route->expires_s)
		mnl_attr_put_u32(nlh, RTA_EXPIRES, route->expires_s);
	if (route->ttl_propagate)
		mnl_attr_put_u8(nlh, RTA_TTL_PROPAGATE, route->ttl_propagate == 1);
	put_metrics(nlh, route);
}

void nl_route_put(struct nlmsghdr *nlh, const struct nl_route *route)
{
	bool is_new = nlh->nlmsg_type == RTM_NEWROUTE;
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	*rtm = (struct rtmsg){
		.rtm_family = route->family,
		.rtm_dst_len = route->dst_len,
		.rtm_src_len = route->src_len,
		.rtm_tos = route->tos,
		.rtm_table = route->table < 256 ? (uint8_t)route->table : RT_TABLE_UNSPEC,
		.rtm_protocol = route->protocol,
		.rtm_scope = route->scope,
		.rtm_type = route->type,
	};
	put_addr(nlh, RTA_DST, &route->dst);
	put_addr(nlh, RTA_SRC, &route->src);
	mnl_attr_put_u32(nlh, RTA_TABLE, route->table);
	if (route->metric)
		mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	put_ways(nlh, rtm, route);
	if (is_new)
		put_new(nlh, route);
}
