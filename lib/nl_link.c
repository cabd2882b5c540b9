/*
 * Messages that make, change and remove interfaces: see nl_req.h. Used by nl.c in the VRRP child.
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "lib/nl_req.h"

static struct ifinfomsg *begin(struct nl_req *req, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(req->buffer);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = flags;
	return mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
}

/* What both kinds have; the caller adds its data and ends the nest that is returned. */
static struct nlattr *begin_upper(struct nl_req *req, const struct nl_upper *upper,
				  const char *kind)
{
	struct nlmsghdr *nlh = (void *)req->buffer;

	begin(req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, upper->name);
	mnl_attr_put_u32(nlh, IFLA_LINK, upper->base);
	mnl_attr_put_u32(nlh, IFLA_GROUP, upper->group);
	if (upper->master)
		mnl_attr_put_u32(nlh, IFLA_MASTER, upper->master);
	if (upper->mac)
		mnl_attr_put(nlh, IFLA_ADDRESS, 6, upper->mac);
	struct nlattr *info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	return info;
}

void nl_req_put_macvlan(struct nl_req *req, const struct nl_upper *upper)
{
	struct nlmsghdr *nlh = (void *)req->buffer;
	struct nlattr *info = begin_upper(req, upper, "macvlan");
	struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);

	mnl_attr_put_u32(nlh, IFLA_MACVLAN_MODE, upper->mode);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

void nl_req_put_ipvlan(struct nl_req *req, const struct nl_upper *upper)
{
	struct nlmsghdr *nlh = (void *)req->buffer;
	struct nlattr *info = begin_upper(req, upper, "ipvlan");
	struct nlattr *data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);

	mnl_attr_put_u16(nlh, IFLA_IPVLAN_MODE, IPVLAN_MODE_L2);
	mnl_attr_put_u16(nlh, IFLA_IPVLAN_FLAGS, upper->mode);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

void nl_req_put_link_master(struct nl_req *req, uint32_t ifindex, uint32_t master)
{
	begin(req, RTM_NEWLINK, 0)->ifi_index = (int)ifindex;
	mnl_attr_put_u32((void *)req->buffer, IFLA_MASTER, master);
}

void nl_req_put_link_flag(struct nl_req *req, uint32_t ifindex, uint32_t flag, bool is_set)
{
	struct ifinfomsg *info = begin(req, RTM_NEWLINK, 0);

	info->ifi_index = (int)ifindex;
	info->ifi_change = flag;
	info->ifi_flags = is_set ? flag : 0;
}

void nl_req_put_link_del(struct nl_req *req, uint32_t ifindex)
{
	begin(req, RTM_DELLINK, 0)->ifi_index = (int)ifindex;
}
