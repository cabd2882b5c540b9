/*
 * rtnetlink messages to routes, and routes compared: see nl_route.h. Pure; used by nl.c in the VRRP
 * child.
 *
 * libmnl's iterators check that attributes lie inside their message; the length of each payload is
 * checked here.
 */
#include <string.h>

#include "lib/nl_route.h"

/* ---- parsing ---- */

static void read_u32(const struct nlattr *attr, uint32_t *out)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		*out = mnl_attr_get_u32(attr);
}

static void read_addr(const struct nlattr *attr, uint8_t family, struct addr *out)
{
	if (mnl_attr_get_payload_len(attr) == addr_len(family))
		*out = addr_from_bytes(mnl_attr_get_payload(attr), addr_len(family));
}

/* A gateway of the other family: the family, then the address. */
static void read_via(const struct nlattr *attr, struct addr *out)
{
	uint16_t family, len = mnl_attr_get_payload_len(attr);
	const uint8_t *data = mnl_attr_get_payload(attr);

	if (len <= sizeof(family))
		return;
	memcpy(&family, data, sizeof(family));
	if (addr_len(family) == len - sizeof(family))
		*out = addr_from_bytes(data + sizeof(family), addr_len(family));
}

static void read_leg_attr(const struct nlattr *attr, uint8_t family, struct nl_leg *leg)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF: read_u32(attr, &leg->ifindex); break;
	case RTA_GATEWAY: read_addr(attr, family, &leg->via); break;
	case RTA_VIA: read_via(attr, &leg->via); break;
	case RTA_FLOW: read_u32(attr, &leg->realms); break;
	case RTA_ENCAP_TYPE:
		if (mnl_attr_validate(attr, MNL_TYPE_U16) == 0)
			leg->encap_type = mnl_attr_get_u16(attr);
		break;
	}
}

static void read_legs(const struct nlattr *attr, struct nl_route *out)
{
	const uint8_t *at = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);
	struct rtnexthop hop;

	out->n_legs = 0;
	while (left >= sizeof(hop) && out->n_legs < NL_LEGS_MAX) {
		struct nl_leg *leg = &out->legs[out->n_legs];
		memcpy(&hop, at, sizeof(hop));
		if (hop.rtnh_len < sizeof(hop) || hop.rtnh_len > left)
			return;
		*leg = (struct nl_leg){ .ifindex = (uint32_t)hop.rtnh_ifindex,
					.weight = hop.rtnh_hops + 1U };
		const struct nlattr *sub = (const void *)(at + MNL_ALIGN(sizeof(hop)));
		const char *end = (const char *)at + hop.rtnh_len;
		for (; mnl_attr_ok(sub, (int)(end - (const char *)sub)); sub = mnl_attr_next(sub))
			read_leg_attr(sub, out->family, leg);
		out->n_legs++;
		size_t step = MNL_ALIGN(hop.rtnh_len);
		at += step;
		left -= step < left ? step : left;
	}
}

static void read_metrics(const struct nlattr *nest, struct nl_route *out)
{
	struct nlattr *attr; /* libmnl's iterator casts const away */

	mnl_attr_for_each_nested(attr, nest)
	{
		uint16_t type = mnl_attr_get_type(attr);
		if (type == RTAX_CC_ALGO) {
			if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 &&
			    mnl_attr_get_payload_len(attr) <= sizeof(out->congctl))
				strcpy(out->congctl, mnl_attr_get_str(attr));
		} else if (type > 0 && type <= RTAX_MAX) {
			read_u32(attr, &out->metrics[type]);
		}
	}
}

static void read_route_attr(const struct nlattr *attr, struct nl_route *out)
{
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST: read_addr(attr, out->family, &out->dst); break;
	case RTA_SRC: read_addr(attr, out->family, &out->src); break;
	case RTA_PREFSRC: read_addr(attr, out->family, &out->prefsrc); break;
	case RTA_TABLE: read_u32(attr, &out->table); break;
	case RTA_PRIORITY: read_u32(attr, &out->metric); break;
	case RTA_PREF:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			out->pref = mnl_attr_get_u8(attr);
		break;
	case RTA_TTL_PROPAGATE:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			out->ttl_propagate = mnl_attr_get_u8(attr) ? 1 : 2;
		break;
	case RTA_METRICS: read_metrics(attr, out); break;
	case RTA_MULTIPATH: read_legs(attr, out); break;
	default: read_leg_attr(attr, out->family, &out->legs[0]); break;
	}
}

static bool has_legs(uint8_t type)
{
	return type != RTN_BLACKHOLE && type != RTN_UNREACHABLE && type != RTN_PROHIBIT &&
	       type != RTN_THROW;
}

bool nl_route_parse(const struct nlmsghdr *nlh, struct nl_route *out)
{
	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtmsg))
		return false;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	if (addr_len(rtm->rtm_family) == 0 || rtm->rtm_flags & RTM_F_CLONED ||
	    rtm->rtm_dst_len > 8 * addr_len(rtm->rtm_family) ||
	    rtm->rtm_src_len > 8 * addr_len(rtm->rtm_family))
		return false;
	out->family = rtm->rtm_family;
	out->type = rtm->rtm_type;
	out->scope = rtm->rtm_scope;
	out->protocol = rtm->rtm_protocol;
	out->tos = rtm->rtm_tos;
	out->dst_len = rtm->rtm_dst_len;
	out->src_len = rtm->rtm_src_len;
	out->table = rtm->rtm_table;
	out->n_legs = 1;
	out->legs[0].weight = 1;

	struct nlattr *attr; /* libmnl's iterator casts const away */
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) read_route_attr(attr, out);
	if (!has_legs(out->type))
		out->n_legs = 0;
	if (out->n_legs == 1)
		out->realms = out->legs[0].realms;
	return true;
}

/* ---- comparing ---- */

bool nl_route_is_same_place(const struct nl_route *a, const struct nl_route *b)
{
	return a->family == b->family && a->table == b->table && a->dst_len == b->dst_len &&
	       a->src_len == b->src_len && a->tos == b->tos && a->metric == b->metric &&
	       addr_cmp(&a->dst, &b->dst) == 0 && addr_cmp(&a->src, &b->src) == 0;
}

/* The kernel's are not read; two configurations have both. */
static bool encaps_differ(const struct nl_encap *a, const struct nl_encap *b)
{
	if (!a || !b)
		return false;
	return a->type != b->type || a->n_labels != b->n_labels || a->id != b->id ||
	       a->tos != b->tos || a->ttl != b->ttl || a->flags != b->flags ||
	       memcmp(a->labels, b->labels, sizeof(a->labels)) != 0 ||
	       addr_cmp(&a->src, &b->src) != 0 || addr_cmp(&a->dst, &b->dst) != 0;
}

static bool leg_is_wanted(const struct nl_leg *is, const struct nl_leg *want)
{
	return addr_cmp(&is->via, &want->via) == 0 && is->weight == want->weight &&
	       (want->ifindex == 0 || is->ifindex == want->ifindex) &&
	       is->encap_type == want->encap_type && !encaps_differ(is->encap, want->encap);
}

/* The kernel may keep legs in another order. */
static bool legs_are_wanted(const struct nl_route *is, const struct nl_route *want)
{
	/* The kernel makes one of several over IPv6 that are appended to each other. */
	bool may_have_more = want->family == AF_INET6 && want->place == NL_ROUTE_APPEND;
	uint32_t taken = 0;

	if (is->n_legs < want->n_legs || (is->n_legs > want->n_legs && !may_have_more))
		return false;
	for (uint32_t i = 0; i < want->n_legs; i++) {
		uint32_t j = 0;
		while (j < is->n_legs &&
		       (taken >> j & 1 || !leg_is_wanted(&is->legs[j], &want->legs[i])))
			j++;
		if (j == is->n_legs)
			return false;
		taken |= UINT32_C(1) << j;
	}
	return true;
}

bool nl_route_is_wanted(const struct nl_route *is, const struct nl_route *want)
{
	_Static_assert(NL_LEGS_MAX <= 32, "a bit for each leg");
	return nl_route_is_same_place(is, want) && is->type == want->type &&
	       is->protocol == want->protocol &&
	       (is->family == AF_INET6 || is->scope == want->scope) && is->pref == want->pref &&
	       addr_cmp(&is->prefsrc, &want->prefsrc) == 0 &&
	       memcmp(is->metrics, want->metrics, sizeof(is->metrics)) == 0 &&
	       strcmp(is->congctl, want->congctl) == 0 && legs_are_wanted(is, want);
}
