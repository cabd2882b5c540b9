/*
 * Kernel IPVS through generic netlink: time-outs of connections and sync daemons.
 *
 * Part of the kernel backend (both children, lvsadm). Owns nothing.
 */
#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>

#include "lvs/ipvs_nl.h"
#include "lvs/ipvs_nl_request.h"

static const struct nla_policy cmd_policy[IPVS_CMD_ATTR_MAX + 1] = {
	[IPVS_CMD_ATTR_DAEMON] = { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_TIMEOUT_TCP] = { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN] = { .type = NLA_U32 },
	[IPVS_CMD_ATTR_TIMEOUT_UDP] = { .type = NLA_U32 },
};

static const struct nla_policy sync_policy[IPVS_DAEMON_ATTR_MAX + 1] = {
	[IPVS_DAEMON_ATTR_STATE] = { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_IFN] = { .type = NLA_STRING },
	[IPVS_DAEMON_ATTR_SYNC_ID] = { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_SYNC_MAXLEN] = { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP] = { .type = NLA_U32 },
	[IPVS_DAEMON_ATTR_MCAST_GROUP6] = { .type = NLA_UNSPEC, .minlen = 16, .maxlen = 16 },
	[IPVS_DAEMON_ATTR_MCAST_PORT] = { .type = NLA_U16 },
	[IPVS_DAEMON_ATTR_MCAST_TTL] = { .type = NLA_U8 },
};

static uint32_t get_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static int on_timeouts(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *a[IPVS_CMD_ATTR_MAX + 1];
	struct ipvs_timeouts *out = arg;

	if (genlmsg_parse(nlh, 0, a, IPVS_CMD_ATTR_MAX, cmd_policy) != 0)
		return -EPROTO;
	*out = (struct ipvs_timeouts){
		.tcp_s = get_u32(a[IPVS_CMD_ATTR_TIMEOUT_TCP]),
		.tcp_fin_s = get_u32(a[IPVS_CMD_ATTR_TIMEOUT_TCP_FIN]),
		.udp_s = get_u32(a[IPVS_CMD_ATTR_TIMEOUT_UDP]),
	};
	return 0;
}

int ipvs_nl_get_timeouts(struct ipvs_backend *backend, struct ipvs_timeouts *out)
{
	const struct ipvs_request what = {
		.cmd = IPVS_CMD_GET_CONFIG,
		.flags = NLM_F_ACK,
		.on_reply = on_timeouts,
		.arg = out,
	};

	*out = (struct ipvs_timeouts){ 0 };
	return ipvs_nl_request(backend, &what);
}

static int put_timeouts(struct nl_msg *msg, const void *value)
{
	const struct ipvs_timeouts *t = value;
	int err = 0;

	if (t->tcp_s)
		err |= nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP, t->tcp_s);
	if (t->tcp_fin_s)
		err |= nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, t->tcp_fin_s);
	if (t->udp_s)
		err |= nla_put_u32(msg, IPVS_CMD_ATTR_TIMEOUT_UDP, t->udp_s);
	return err != 0 ? -EMSGSIZE : 0;
}

int ipvs_nl_set_timeouts(struct ipvs_backend *backend, const struct ipvs_timeouts *timeouts)
{
	const struct ipvs_request what = {
		.cmd = IPVS_CMD_SET_CONFIG,
		.flags = NLM_F_ACK,
		.put = put_timeouts,
		.value = timeouts,
	};

	return ipvs_nl_request(backend, &what);
}

/* The group of a daemon; false when it has none or it is damaged. */
static bool get_group(struct nlattr **a, struct addr *out)
{
	struct nlattr *v4 = a[IPVS_DAEMON_ATTR_MCAST_GROUP];
	struct nlattr *v6 = a[IPVS_DAEMON_ATTR_MCAST_GROUP6];

	if (!v4 && !v6)
		return false;
	*out = v6 ? addr_from_bytes(nla_data(v6), 16) : addr_from_bytes(nla_data(v4), 4);
	return true;
}

struct sync_list {
	struct ipvs_sync *v;
	unsigned n;
};

static int on_sync(struct nlmsghdr *nlh, void *arg)
{
	struct nlattr *cmd[IPVS_CMD_ATTR_MAX + 1], *a[IPVS_DAEMON_ATTR_MAX + 1];
	struct sync_list *list = arg;
	struct ipvs_sync sync = { 0 };

	if (genlmsg_parse(nlh, 0, cmd, IPVS_CMD_ATTR_MAX, cmd_policy) != 0 ||
	    !cmd[IPVS_CMD_ATTR_DAEMON] ||
	    nla_parse_nested(a, IPVS_DAEMON_ATTR_MAX, cmd[IPVS_CMD_ATTR_DAEMON], sync_policy) != 0)
		return -EPROTO;
	sync.role = get_u32(a[IPVS_DAEMON_ATTR_STATE]);
	if (!a[IPVS_DAEMON_ATTR_MCAST_IFN] || list->n == IPVS_SYNC_MAX ||
	    (sync.role != IPVS_SYNC_MASTER && sync.role != IPVS_SYNC_BACKUP))
		return -EPROTO;
	nla_strlcpy(sync.ifname, a[IPVS_DAEMON_ATTR_MCAST_IFN], sizeof(sync.ifname));
	sync.id = (uint8_t)get_u32(a[IPVS_DAEMON_ATTR_SYNC_ID]);
	/* Kernels before 4.3 do not tell the rest, which is fixed there. */
	if (a[IPVS_DAEMON_ATTR_SYNC_MAXLEN])
		sync.maxlen = nla_get_u16(a[IPVS_DAEMON_ATTR_SYNC_MAXLEN]);
	if (a[IPVS_DAEMON_ATTR_MCAST_PORT])
		sync.port = nla_get_u16(a[IPVS_DAEMON_ATTR_MCAST_PORT]);
	if (a[IPVS_DAEMON_ATTR_MCAST_TTL])
		sync.ttl = nla_get_u8(a[IPVS_DAEMON_ATTR_MCAST_TTL]);
	get_group(a, &sync.group);
	list->v[list->n++] = sync;
	return 0;
}

int ipvs_nl_get_sync(struct ipvs_backend *backend, struct ipvs_sync *out, unsigned *n)
{
	struct sync_list list = { out, 0 };
	const struct ipvs_request what = {
		.cmd = IPVS_CMD_GET_DAEMON,
		.flags = NLM_F_DUMP,
		.on_reply = on_sync,
		.arg = &list,
	};
	int err = ipvs_nl_request(backend, &what);

	*n = err == 0 ? list.n : 0;
	return err;
}

static int put_sync_options(struct nl_msg *msg, const struct ipvs_sync *sync)
{
	int err = 0;

	if (sync->maxlen)
		err |= nla_put_u16(msg, IPVS_DAEMON_ATTR_SYNC_MAXLEN, sync->maxlen);
	if (sync->group.family == AF_INET)
		err |= nla_put(msg, IPVS_DAEMON_ATTR_MCAST_GROUP, 4, sync->group.bytes);
	if (sync->group.family == AF_INET6)
		err |= nla_put(msg, IPVS_DAEMON_ATTR_MCAST_GROUP6, 16, sync->group.bytes);
	/* Unlike every other port, in host order. */
	if (sync->port)
		err |= nla_put_u16(msg, IPVS_DAEMON_ATTR_MCAST_PORT, sync->port);
	if (sync->ttl)
		err |= nla_put_u8(msg, IPVS_DAEMON_ATTR_MCAST_TTL, sync->ttl);
	return err;
}

static int put_sync(struct nl_msg *msg, const void *value)
{
	const struct ipvs_sync *sync = value;
	struct nlattr *nest = nla_nest_start(msg, IPVS_CMD_ATTR_DAEMON);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u32(msg, IPVS_DAEMON_ATTR_STATE, sync->role);
	err |= nla_put_string(msg, IPVS_DAEMON_ATTR_MCAST_IFN, sync->ifname);
	err |= nla_put_u32(msg, IPVS_DAEMON_ATTR_SYNC_ID, sync->id);
	err |= put_sync_options(msg, sync);
	nla_nest_end(msg, nest);
	return err != 0 ? -EMSGSIZE : 0;
}

int ipvs_nl_start_sync(struct ipvs_backend *backend, const struct ipvs_sync *sync)
{
	const struct ipvs_request what = {
		.cmd = IPVS_CMD_NEW_DAEMON,
		.flags = NLM_F_ACK,
		.put = put_sync,
		.value = sync,
	};

	return ipvs_nl_request(backend, &what);
}

int ipvs_nl_stop_sync(struct ipvs_backend *backend, enum ipvs_sync_role role)
{
	const struct ipvs_sync sync = { .role = role };
	const struct ipvs_request what = {
		.cmd = IPVS_CMD_DEL_DAEMON,
		.flags = NLM_F_ACK,
		.put = put_sync,
		.value = &sync,
		/* A daemon that was stopped before it first ran: the kernel forgets to answer. */
		.may_be_silent = true,
	};

	return ipvs_nl_request(backend, &what);
}
