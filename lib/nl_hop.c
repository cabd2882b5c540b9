/*
 * Asks the kernel where packets for an address go: see nl_req.h. Used by the checker child.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "lib/nl_req.h"

/* An attribute of the wrong length stands for none. */
static int on_attr(const struct nlattr *attr, void *arg)
{
	struct nl_hop *hop = arg;
	const uint16_t len = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) == RTA_OIF && len == sizeof(uint32_t))
		hop->ifindex = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) == RTA_PREFSRC && (len == 4 || len == 16)) {
		hop->source = (struct addr){ .family = len == 4 ? AF_INET : AF_INET6 };
		memcpy(hop->source.bytes, mnl_attr_get_payload(attr), len);
	}
	return MNL_CB_OK;
}

static void on_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct nl_hop *hop = arg;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return;
	*hop = (struct nl_hop){ .type = rtm->rtm_type };
	mnl_attr_parse(nlh, sizeof(*rtm), on_attr, hop);
}

int nl_req_hop(struct nl_req *req, const struct addr *to, bool is_entry, int64_t timeout_us,
	       struct nl_hop *hop)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(req->buffer);
	struct rtmsg *rtm;
	int error;

	nlh->nlmsg_type = RTM_GETROUTE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = to->family;
	rtm->rtm_dst_len = (uint8_t)(addr_len(to->family) * 8);
	rtm->rtm_flags = is_entry ? RTM_F_FIB_MATCH : 0;
	mnl_attr_put(nlh, RTA_DST, addr_len(to->family), to->bytes);
	*hop = (struct nl_hop){ 0 };
	error = nl_req_ask(req, timeout_us, on_route, hop);
	if (error == 0 && hop->type == RTN_UNSPEC)
		error = -EPROTO;
	return error;
}
