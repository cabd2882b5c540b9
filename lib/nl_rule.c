/*
 * Routing rules: see nl_route.h. Pure; used by nl.c and nl_req.c in the VRRP child.
 */
#include <endian.h>
#include <linux/fib_rules.h>
#include <string.h>

#include "lib/nl_route.h"

/* ---- writing ---- */

static void put_addr(struct nlmsghdr *nlh, uint16_t type, const struct addr *a)
{
	if (!addr_is_unset(a))
		mnl_attr_put(nlh, type, addr_len(a->family), a->bytes);
}

static void put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t value, uint32_t unset)
{
	if (value != unset)
		mnl_attr_put_u32(nlh, type, value);
}

static void put_name(struct nlmsghdr *nlh, uint16_t type, const char *name)
{
	if (name[0] != '\0')
		mnl_attr_put_strz(nlh, type, name);
}

static void put_ports(struct nlmsghdr *nlh, uint16_t type, uint16_t lo, uint16_t hi)
{
	const struct fib_rule_port_range range = { lo, hi };

	if (hi)
		mnl_attr_put(nlh, type, sizeof(range), &range);
}

static void put_selectors(struct nlmsghdr *nlh, const struct nl_rule *rule)
{
	const struct fib_rule_uid_range uids = { rule->uid_lo, rule->uid_hi };

	put_addr(nlh, FRA_DST, &rule->dst);
	put_addr(nlh, FRA_SRC, &rule->src);
	put_name(nlh, FRA_IIFNAME, rule->iif);
	put_name(nlh, FRA_OIFNAME, rule->oif);
	if (rule->fwmask) {
		mnl_attr_put_u32(nlh, FRA_FWMARK, rule->fwmark);
		mnl_attr_put_u32(nlh, FRA_FWMASK, rule->fwmask);
	}
	if (rule->has_uids)
		mnl_attr_put(nlh, FRA_UID_RANGE, sizeof(uids), &uids);
	if (rule->tunnel_id)
		mnl_attr_put_u64(nlh, FRA_TUN_ID, htobe64(rule->tunnel_id));
	if (rule->ip_proto)
		mnl_attr_put_u8(nlh, FRA_IP_PROTO, rule->ip_proto);
	put_ports(nlh, FRA_SPORT_RANGE, rule->sport_lo, rule->sport_hi);
	put_ports(nlh, FRA_DPORT_RANGE, rule->dport_lo, rule->dport_hi);
}

void nl_rule_put(struct nlmsghdr *nlh, const struct nl_rule *rule)
{
	struct fib_rule_hdr *hdr = mnl_nlmsg_put_extra_header(nlh, sizeof(*hdr));

	*hdr = (struct fib_rule_hdr){
		.family = rule->family,
		.dst_len = rule->dst_len,
		.src_len = rule->src_len,
		.tos = rule->tos,
		.table = rule->table < 256 ? (uint8_t)rule->table : RT_TABLE_UNSPEC,
		.action = rule->action,
		.flags = rule->is_inverted ? FIB_RULE_INVERT : 0,
	};
	put_selectors(nlh, rule);
	mnl_attr_put_u32(nlh, FRA_PRIORITY, rule->priority);
	put_u32(nlh, FRA_TABLE, rule->table, 0);
	put_u32(nlh, FRA_GOTO, rule->goto_priority, 0);
	put_u32(nlh, FRA_FLOW, rule->realms, 0);
	put_u32(nlh, FRA_SUPPRESS_PREFIXLEN, rule->suppress_prefix_len, UINT32_MAX);
	put_u32(nlh, FRA_SUPPRESS_IFGROUP, rule->suppress_ifgroup, UINT32_MAX);
	if (rule->is_l3mdev)
		mnl_attr_put_u8(nlh, FRA_L3MDEV, 1);
	mnl_attr_put_u8(nlh, FRA_PROTOCOL, rule->protocol);
}

/* ---- parsing ---- */

static void read_u32(const struct nlattr *attr, uint32_t *out)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) == 0)
		*out = mnl_attr_get_u32(attr);
}

static uint8_t read_u8(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U8) == 0 ? mnl_attr_get_u8(attr) : 0;
}

static void read_addr(const struct nlattr *attr, uint8_t family, struct addr *out)
{
	if (mnl_attr_get_payload_len(attr) == addr_len(family))
		*out = addr_from_bytes(mnl_attr_get_payload(attr), addr_len(family));
}

static void read_name(const struct nlattr *attr, char *name)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 &&
	    mnl_attr_get_payload_len(attr) <= IF_NAMESIZE)
		strcpy(name, mnl_attr_get_str(attr));
}

static void read_ports(const struct nlattr *attr, uint16_t *lo, uint16_t *hi)
{
	struct fib_rule_port_range range;

	if (mnl_attr_get_payload_len(attr) < sizeof(range))
		return;
	memcpy(&range, mnl_attr_get_payload(attr), sizeof(range));
	*lo = range.start;
	*hi = range.end;
}

static void read_uids(const struct nlattr *attr, struct nl_rule *out)
{
	struct fib_rule_uid_range range;

	if (mnl_attr_get_payload_len(attr) < sizeof(range))
		return;
	memcpy(&range, mnl_attr_get_payload(attr), sizeof(range));
	out->has_uids = true;
	out->uid_lo = range.start;
	out->uid_hi = range.end;
}

static void read_selector(const struct nlattr *attr, struct nl_rule *out)
{
	switch (mnl_attr_get_type(attr)) {
	case FRA_DST: read_addr(attr, out->family, &out->dst); break;
	case FRA_SRC: read_addr(attr, out->family, &out->src); break;
	case FRA_IIFNAME: read_name(attr, out->iif); break;
	case FRA_OIFNAME: read_name(attr, out->oif); break;
	case FRA_FWMARK: read_u32(attr, &out->fwmark); break;
	case FRA_FWMASK: read_u32(attr, &out->fwmask); break;
	case FRA_UID_RANGE: read_uids(attr, out); break;
	case FRA_TUN_ID:
		if (mnl_attr_validate(attr, MNL_TYPE_U64) == 0)
			out->tunnel_id = be64toh(mnl_attr_get_u64(attr));
		break;
	case FRA_IP_PROTO: out->ip_proto = read_u8(attr); break;
	case FRA_SPORT_RANGE: read_ports(attr, &out->sport_lo, &out->sport_hi); break;
	case FRA_DPORT_RANGE: read_ports(attr, &out->dport_lo, &out->dport_hi); break;
	}
}

static void read_action(const struct nlattr *attr, struct nl_rule *out)
{
	switch (mnl_attr_get_type(attr)) {
	case FRA_PRIORITY: read_u32(attr, &out->priority); break;
	case FRA_TABLE: read_u32(attr, &out->table); break;
	case FRA_GOTO: read_u32(attr, &out->goto_priority); break;
	case FRA_FLOW: read_u32(attr, &out->realms); break;
	case FRA_SUPPRESS_PREFIXLEN: read_u32(attr, &out->suppress_prefix_len); break;
	case FRA_SUPPRESS_IFGROUP: read_u32(attr, &out->suppress_ifgroup); break;
	case FRA_L3MDEV: out->is_l3mdev = read_u8(attr) != 0; break;
	case FRA_PROTOCOL: out->protocol = read_u8(attr); break;
	}
}

bool nl_rule_parse(const struct nlmsghdr *nlh, struct nl_rule *out)
{
	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct fib_rule_hdr))
		return false;
	const struct fib_rule_hdr *hdr = mnl_nlmsg_get_payload(nlh);
	if (addr_len(hdr->family) == 0)
		return false;
	out->family = hdr->family;
	out->dst_len = hdr->dst_len;
	out->src_len = hdr->src_len;
	out->tos = hdr->tos;
	out->table = hdr->table;
	out->action = hdr->action;
	out->is_inverted = hdr->flags & FIB_RULE_INVERT;
	out->suppress_prefix_len = UINT32_MAX;
	out->suppress_ifgroup = UINT32_MAX;

	struct nlattr *attr; /* libmnl's iterator casts const away */
	mnl_attr_for_each(attr, nlh, sizeof(*hdr))
	{
		read_selector(attr, out);
		read_action(attr, out);
	}
	return true;
}

/* ---- comparing ---- */

static bool selectors_are_equal(const struct nl_rule *a, const struct nl_rule *b)
{
	return a->tos == b->tos && a->dst_len == b->dst_len && a->src_len == b->src_len &&
	       a->is_inverted == b->is_inverted && addr_cmp(&a->dst, &b->dst) == 0 &&
	       addr_cmp(&a->src, &b->src) == 0 && a->fwmark == b->fwmark &&
	       a->fwmask == b->fwmask && a->tunnel_id == b->tunnel_id &&
	       a->ip_proto == b->ip_proto && a->has_uids == b->has_uids && a->uid_lo == b->uid_lo &&
	       a->uid_hi == b->uid_hi && a->sport_lo == b->sport_lo && a->sport_hi == b->sport_hi &&
	       a->dport_lo == b->dport_lo && a->dport_hi == b->dport_hi &&
	       strcmp(a->iif, b->iif) == 0 && strcmp(a->oif, b->oif) == 0;
}

bool nl_rule_is_equal(const struct nl_rule *a, const struct nl_rule *b)
{
	return a->family == b->family && a->priority == b->priority && a->action == b->action &&
	       a->table == b->table && a->protocol == b->protocol &&
	       a->goto_priority == b->goto_priority && a->realms == b->realms &&
	       a->suppress_prefix_len == b->suppress_prefix_len &&
	       a->suppress_ifgroup == b->suppress_ifgroup && a->is_l3mdev == b->is_l3mdev &&
	       selectors_are_equal(a, b);
}
