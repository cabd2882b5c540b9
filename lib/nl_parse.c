/*
 * rtnetlink messages to values: see nl_parse.h. Pure; used by nl.c in the VRRP child.
 *
 * libmnl's iterators check that attributes lie inside their message; the length of each payload is
 * checked here.
 */
#include "lib/nl_parse.h"

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <string.h>

/* Copies a name of at most IF_NAMESIZE - 1 bytes; others are left out. */
static void read_name(const struct nlattr *attr, char *name)
{
	if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0 &&
	    mnl_attr_get_payload_len(attr) <= IF_NAMESIZE)
		strcpy(name, mnl_attr_get_str(attr));
}

static bool read_u32(const struct nlattr *attr, uint32_t *out)
{
	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return false;
	*out = mnl_attr_get_u32(attr);
	return true;
}

/* An address of exactly the message's family, or nothing. */
static void read_addr(const struct nlattr *attr, uint8_t family, struct addr *out)
{
	if (mnl_attr_get_payload_len(attr) == addr_len(family))
		*out = addr_from_bytes(mnl_attr_get_payload(attr), addr_len(family));
}

static void read_mac(const struct nlattr *attr, uint16_t hardware, struct nl_link *link)
{
	if (hardware != ARPHRD_ETHER || mnl_attr_get_payload_len(attr) != sizeof(link->mac))
		return;
	memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
	link->has_mac = true;
}

/* What a kind of interface tells of itself. */
static void read_link_data(const struct nlattr *nest, const char *kind, struct nl_link *link)
{
	struct nlattr *attr; /* libmnl's iterator casts const away */
	bool is_vrf = strcmp(kind, "vrf") == 0;

	mnl_attr_for_each_nested(attr, nest)
	{
		if (is_vrf && mnl_attr_get_type(attr) == IFLA_VRF_TABLE)
			read_u32(attr, &link->vrf_table);
		if (link->is_macvlan && mnl_attr_get_type(attr) == IFLA_MACVLAN_MODE)
			read_u32(attr, &link->macvlan_mode);
	}
}

/* Inside IFLA_LINKINFO: the kind comes before its data. */
static void read_link_info(const struct nlattr *nest, struct nl_link *link)
{
	const char *kind = "";
	struct nlattr *attr; /* libmnl's iterator casts const away */

	mnl_attr_for_each_nested(attr, nest)
	{
		uint16_t type = mnl_attr_get_type(attr);
		if (type == IFLA_INFO_KIND && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			kind = mnl_attr_get_str(attr);
		link->is_macvlan = strcmp(kind, "macvlan") == 0 || strcmp(kind, "macvtap") == 0;
		link->is_ipvlan = strcmp(kind, "ipvlan") == 0 || strcmp(kind, "ipvtap") == 0;
		if (type == IFLA_INFO_DATA)
			read_link_data(attr, kind, link);
	}
}

bool nl_parse_link(const struct nlmsghdr *nlh, struct nl_link *out)
{
	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return false;
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(nlh);
	if (info->ifi_family != AF_UNSPEC || info->ifi_index <= 0)
		return false;
	out->ifindex = (uint32_t)info->ifi_index;
	out->flags = info->ifi_flags;
	uint32_t running = info->ifi_flags & IFF_LOOPBACK ? IFF_UP : IFF_UP | IFF_RUNNING;
	out->is_up = (info->ifi_flags & running) == running;

	struct nlattr *attr; /* libmnl's iterator casts const away */
	mnl_attr_for_each(attr, nlh, sizeof(*info))
	{
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME: read_name(attr, out->name); break;
		case IFLA_MASTER: read_u32(attr, &out->master_ifindex); break;
		case IFLA_LINK: read_u32(attr, &out->base_ifindex); break;
		case IFLA_LINK_NETNSID: out->is_base_elsewhere = true; break;
		case IFLA_MTU: read_u32(attr, &out->mtu); break;
		case IFLA_ADDRESS: read_mac(attr, info->ifi_type, out); break;
		case IFLA_LINKINFO: read_link_info(attr, out); break;
		}
	}
	return out->name[0] != '\0';
}

static void read_lifetimes(const struct nlattr *attr, struct nl_addr *out)
{
	struct ifa_cacheinfo cache;

	if (mnl_attr_get_payload_len(attr) < sizeof(cache))
		return;
	memcpy(&cache, mnl_attr_get_payload(attr), sizeof(cache));
	out->preferred_s = cache.ifa_prefered;
	out->valid_s = cache.ifa_valid;
}

static void read_addr_attr(const struct nlattr *attr, uint8_t family, struct nl_addr *out)
{
	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL: read_addr(attr, family, &out->addr); break;
	case IFA_ADDRESS: read_addr(attr, family, &out->peer); break;
	case IFA_BROADCAST: read_addr(attr, family, &out->broadcast); break;
	case IFA_LABEL: read_name(attr, out->label); break;
	case IFA_FLAGS: read_u32(attr, &out->flags); break;
	case IFA_CACHEINFO: read_lifetimes(attr, out); break;
	case IFA_PROTO:
		if (mnl_attr_validate(attr, MNL_TYPE_U8) == 0)
			out->protocol = mnl_attr_get_u8(attr);
		break;
	}
}

/* IFA_ADDRESS is the address itself, unless IFA_LOCAL is there and differs: then it is the far end.
 */
static void settle_peer(struct nl_addr *a)
{
	if (addr_is_unset(&a->addr))
		a->addr = a->peer;
	if (addr_cmp(&a->addr, &a->peer) == 0)
		memset(&a->peer, 0, sizeof(a->peer));
}

bool nl_parse_addr(const struct nlmsghdr *nlh, struct nl_addr *out)
{
	memset(out, 0, sizeof(*out));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifaddrmsg))
		return false;
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(nlh);
	if (addr_len(info->ifa_family) == 0 || info->ifa_index == 0 ||
	    info->ifa_prefixlen > 8 * addr_len(info->ifa_family))
		return false;
	out->ifindex = info->ifa_index;
	out->prefix_len = info->ifa_prefixlen;
	out->scope = info->ifa_scope;
	out->flags = info->ifa_flags;
	out->preferred_s = NL_FOREVER;
	out->valid_s = NL_FOREVER;

	struct nlattr *attr; /* libmnl's iterator casts const away */
	mnl_attr_for_each(attr, nlh, sizeof(*info)) read_addr_attr(attr, info->ifa_family, out);
	settle_peer(out);
	return !addr_is_unset(&out->addr);
}
