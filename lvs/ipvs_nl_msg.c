/*
 * Generic netlink messages of IPVS to values and back.
 *
 * Part of the kernel backend (checker child, lvsadm). Owns nothing; replies are checked against
 * policies before they are read.
 */
#include "lvs/ipvs_nl_msg.h"

#include <errno.h>
#include <linux/ip_vs.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <string.h>

/*
 * What ways of probes are known by, whoever reads the table: without persistence the kernel keeps
 * its time-out and has no use for it.
 */
#define CHECK_PATH_SIGN_S 0x7061

static const struct nla_policy cmd_policy[IPVS_CMD_ATTR_MAX + 1] = {
	[IPVS_CMD_ATTR_SERVICE] = { .type = NLA_NESTED },
	[IPVS_CMD_ATTR_DEST] = { .type = NLA_NESTED },
};

static const struct nla_policy svc_policy[IPVS_SVC_ATTR_MAX + 1] = {
	[IPVS_SVC_ATTR_AF] = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_PROTOCOL] = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_ADDR] = { .type = NLA_UNSPEC, .minlen = 4, .maxlen = 16 },
	[IPVS_SVC_ATTR_PORT] = { .type = NLA_U16 },
	[IPVS_SVC_ATTR_FWMARK] = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_SCHED_NAME] = { .type = NLA_STRING },
	[IPVS_SVC_ATTR_FLAGS] = { .type = NLA_UNSPEC, .minlen = sizeof(struct ip_vs_flags) },
	[IPVS_SVC_ATTR_TIMEOUT] = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_NETMASK] = { .type = NLA_U32 },
	[IPVS_SVC_ATTR_STATS] = { .type = NLA_NESTED },
	[IPVS_SVC_ATTR_PE_NAME] = { .type = NLA_STRING },
	[IPVS_SVC_ATTR_STATS64] = { .type = NLA_NESTED },
};

static const struct nla_policy dest_policy[IPVS_DEST_ATTR_MAX + 1] = {
	[IPVS_DEST_ATTR_ADDR] = { .type = NLA_UNSPEC, .minlen = 4, .maxlen = 16 },
	[IPVS_DEST_ATTR_PORT] = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_FWD_METHOD] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_WEIGHT] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_U_THRESH] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_L_THRESH] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_ACTIVE_CONNS] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_INACT_CONNS] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_PERSIST_CONNS] = { .type = NLA_U32 },
	[IPVS_DEST_ATTR_STATS] = { .type = NLA_NESTED },
	[IPVS_DEST_ATTR_ADDR_FAMILY] = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_STATS64] = { .type = NLA_NESTED },
	[IPVS_DEST_ATTR_TUN_TYPE] = { .type = NLA_U8 },
	[IPVS_DEST_ATTR_TUN_PORT] = { .type = NLA_U16 },
	[IPVS_DEST_ATTR_TUN_FLAGS] = { .type = NLA_U16 },
};

static const struct nla_policy info_policy[IPVS_INFO_ATTR_MAX + 1] = {
	[IPVS_INFO_ATTR_VERSION] = { .type = NLA_U32 },
	[IPVS_INFO_ATTR_CONN_TAB_SIZE] = { .type = NLA_U32 },
};

/* The kernel wants 16 bytes whatever the family. */
static int put_addr(struct nl_msg *msg, int attr, const struct addr *addr)
{
	return nla_put(msg, attr, sizeof(addr->bytes), addr->bytes);
}

static int put_key_attrs(struct nl_msg *msg, const struct ipvs_svc_key *key)
{
	int err = nla_put_u16(msg, IPVS_SVC_ATTR_AF, key->family);

	if (key->fwmark)
		return err | nla_put_u32(msg, IPVS_SVC_ATTR_FWMARK, key->fwmark);
	err |= nla_put_u16(msg, IPVS_SVC_ATTR_PROTOCOL, key->protocol);
	err |= put_addr(msg, IPVS_SVC_ATTR_ADDR, &key->addr);
	return err | nla_put_u16(msg, IPVS_SVC_ATTR_PORT, htons(key->port));
}

static int put_svc_attrs(struct nl_msg *msg, const struct ipvs_svc *svc)
{
	struct ip_vs_flags flags = { .flags = svc->flags, .mask = ~0U };
	uint32_t timeout_s = svc->flags & IPVS_F_PERSISTENT ? svc->timeout_s : 0;
	int err = nla_put_string(msg, IPVS_SVC_ATTR_SCHED_NAME, svc->sched);

	if (svc->pe_name[0])
		err |= nla_put_string(msg, IPVS_SVC_ATTR_PE_NAME, svc->pe_name);
	err |= nla_put(msg, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
	err |= nla_put_u32(msg, IPVS_SVC_ATTR_TIMEOUT,
			   svc->is_check_path ? CHECK_PATH_SIGN_S : timeout_s);
	return err | nla_put_u32(msg, IPVS_SVC_ATTR_NETMASK, svc->netmask);
}

static int put_dest_key_attrs(struct nl_msg *msg, const struct ipvs_dest_key *key)
{
	int err = put_addr(msg, IPVS_DEST_ATTR_ADDR, &key->addr);

	err |= nla_put_u16(msg, IPVS_DEST_ATTR_ADDR_FAMILY, key->addr.family);
	return err | nla_put_u16(msg, IPVS_DEST_ATTR_PORT, htons(key->port));
}

static int put_dest_attrs(struct nl_msg *msg, const struct ipvs_dest *dest)
{
	int err = nla_put_u32(msg, IPVS_DEST_ATTR_FWD_METHOD, dest->fwd);

	err |= nla_put_u32(msg, IPVS_DEST_ATTR_WEIGHT, (uint32_t)dest->weight);
	err |= nla_put_u32(msg, IPVS_DEST_ATTR_U_THRESH, dest->u_thresh);
	err |= nla_put_u32(msg, IPVS_DEST_ATTR_L_THRESH, dest->l_thresh);
	if (dest->fwd != IPVS_FWD_TUNNEL)
		return err;
	err |= nla_put_u8(msg, IPVS_DEST_ATTR_TUN_TYPE, dest->tun_type);
	err |= nla_put_u16(msg, IPVS_DEST_ATTR_TUN_PORT, htons(dest->tun_port));
	return err | nla_put_u16(msg, IPVS_DEST_ATTR_TUN_FLAGS, dest->tun_flags);
}

static int put_svc(struct nl_msg *msg, const struct ipvs_svc *svc, bool is_key_only)
{
	struct nlattr *nest = nla_nest_start(msg, IPVS_CMD_ATTR_SERVICE);

	if (!nest || put_key_attrs(msg, &svc->key) != 0 ||
	    (!is_key_only && put_svc_attrs(msg, svc) != 0))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

static int put_dest(struct nl_msg *msg, const struct ipvs_dest *dest, bool is_key_only)
{
	struct nlattr *nest = nla_nest_start(msg, IPVS_CMD_ATTR_DEST);

	if (!nest || put_dest_key_attrs(msg, &dest->key) != 0 ||
	    (!is_key_only && put_dest_attrs(msg, dest) != 0))
		return -EMSGSIZE;
	nla_nest_end(msg, nest);
	return 0;
}

int ipvs_msg_put_key(struct nl_msg *msg, const struct ipvs_svc_key *key)
{
	struct ipvs_svc svc = { .key = *key };

	return put_svc(msg, &svc, true);
}

uint8_t ipvs_msg_cmd(enum ipvs_op_kind kind)
{
	static const uint8_t cmds[IPVS_OP_N] = {
		[IPVS_OP_SVC_ADD] = IPVS_CMD_NEW_SERVICE, [IPVS_OP_SVC_EDIT] = IPVS_CMD_SET_SERVICE,
		[IPVS_OP_DEST_ADD] = IPVS_CMD_NEW_DEST,   [IPVS_OP_DEST_EDIT] = IPVS_CMD_SET_DEST,
		[IPVS_OP_DEST_DEL] = IPVS_CMD_DEL_DEST,   [IPVS_OP_SVC_DEL] = IPVS_CMD_DEL_SERVICE,
	};

	return kind < IPVS_OP_N ? cmds[kind] : IPVS_CMD_UNSPEC;
}

int ipvs_msg_put_op(struct nl_msg *msg, const struct ipvs_op *op)
{
	bool has_svc = op->kind == IPVS_OP_SVC_ADD || op->kind == IPVS_OP_SVC_EDIT;
	int err = put_svc(msg, &op->svc, !has_svc);

	if (err == 0 && ipvs_op_is_dest(op->kind))
		err = put_dest(msg, &op->dest, op->kind == IPVS_OP_DEST_DEL);
	return err;
}

/* A 32 or 64 bit number, 0 if absent: STATS and STATS64 differ only in the widths. */
static uint64_t get_number(struct nlattr *attr)
{
	if (attr && nla_len(attr) == sizeof(uint64_t))
		return nla_get_u64(attr);
	if (attr && nla_len(attr) == sizeof(uint32_t))
		return nla_get_u32(attr);
	return 0;
}

static uint32_t get_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static uint16_t get_be16(struct nlattr *attr)
{
	return attr ? ntohs(nla_get_u16(attr)) : 0;
}

static void get_stats(struct nlattr *stats64, struct nlattr *stats, struct ipvs_stats *out)
{
	struct nlattr *a[IPVS_STATS_ATTR_MAX + 1];
	struct nlattr *nest = stats64 ? stats64 : stats;

	if (!nest || nla_parse_nested(a, IPVS_STATS_ATTR_MAX, nest, NULL) != 0)
		return;
	out->conns = get_number(a[IPVS_STATS_ATTR_CONNS]);
	out->in_pkts = get_number(a[IPVS_STATS_ATTR_INPKTS]);
	out->out_pkts = get_number(a[IPVS_STATS_ATTR_OUTPKTS]);
	out->in_bytes = get_number(a[IPVS_STATS_ATTR_INBYTES]);
	out->out_bytes = get_number(a[IPVS_STATS_ATTR_OUTBYTES]);
	out->cps = get_number(a[IPVS_STATS_ATTR_CPS]);
	out->in_pps = get_number(a[IPVS_STATS_ATTR_INPPS]);
	out->out_pps = get_number(a[IPVS_STATS_ATTR_OUTPPS]);
	out->in_bps = get_number(a[IPVS_STATS_ATTR_INBPS]);
	out->out_bps = get_number(a[IPVS_STATS_ATTR_OUTBPS]);
}

/* False when there are fewer bytes than an address of the family has. */
static bool get_addr(struct nlattr *attr, int family, struct addr *out)
{
	size_t len = addr_len(family);

	if (!attr || len == 0 || (size_t)nla_len(attr) < len)
		return false;
	*out = addr_from_bytes(nla_data(attr), len);
	return true;
}

/* The attributes nested in `attr` of the message `nlh`. 0 or -EPROTO. */
static int parse_nest(struct nlmsghdr *nlh, int attr, struct nlattr **out, int max,
		      const struct nla_policy *policy)
{
	struct nlattr *cmd[IPVS_CMD_ATTR_MAX + 1];

	if (genlmsg_parse(nlh, 0, cmd, IPVS_CMD_ATTR_MAX, cmd_policy) != 0 || !cmd[attr])
		return -EPROTO;
	return nla_parse_nested(out, max, cmd[attr], policy) != 0 ? -EPROTO : 0;
}

static int get_svc_key(struct nlattr **a, struct ipvs_svc_key *key)
{
	*key = (struct ipvs_svc_key){ .fwmark = get_u32(a[IPVS_SVC_ATTR_FWMARK]) };
	if (!a[IPVS_SVC_ATTR_AF])
		return -EPROTO;
	key->family = (uint8_t)nla_get_u16(a[IPVS_SVC_ATTR_AF]);
	if (addr_len(key->family) == 0)
		return -EPROTO;
	if (key->fwmark)
		return 0;
	if (!a[IPVS_SVC_ATTR_PROTOCOL] || !get_addr(a[IPVS_SVC_ATTR_ADDR], key->family, &key->addr))
		return -EPROTO;
	key->protocol = (uint8_t)nla_get_u16(a[IPVS_SVC_ATTR_PROTOCOL]);
	key->port = get_be16(a[IPVS_SVC_ATTR_PORT]);
	return 0;
}

int ipvs_msg_get_svc(struct nlmsghdr *nlh, struct ipvs_svc *svc)
{
	struct nlattr *a[IPVS_SVC_ATTR_MAX + 1];
	struct ipvs_svc_key key;
	struct ip_vs_flags flags;
	int err = parse_nest(nlh, IPVS_CMD_ATTR_SERVICE, a, IPVS_SVC_ATTR_MAX, svc_policy);

	if (err == 0)
		err = get_svc_key(a, &key);
	if (err != 0)
		return err;
	svc_init(svc, &key);
	if (!a[IPVS_SVC_ATTR_SCHED_NAME] || !a[IPVS_SVC_ATTR_FLAGS])
		return -EPROTO;
	nla_strlcpy(svc->sched, a[IPVS_SVC_ATTR_SCHED_NAME], sizeof(svc->sched));
	if (a[IPVS_SVC_ATTR_PE_NAME])
		nla_strlcpy(svc->pe_name, a[IPVS_SVC_ATTR_PE_NAME], sizeof(svc->pe_name));
	memcpy(&flags, nla_data(a[IPVS_SVC_ATTR_FLAGS]), sizeof(flags));
	svc->flags = flags.flags & ~(uint32_t)IPVS_F_HASHED;
	svc->timeout_s = get_u32(a[IPVS_SVC_ATTR_TIMEOUT]);
	svc->is_check_path = key.fwmark && !(svc->flags & IPVS_F_PERSISTENT) &&
			     svc->timeout_s == CHECK_PATH_SIGN_S;
	if (a[IPVS_SVC_ATTR_NETMASK])
		svc->netmask = nla_get_u32(a[IPVS_SVC_ATTR_NETMASK]);
	get_stats(a[IPVS_SVC_ATTR_STATS64], a[IPVS_SVC_ATTR_STATS], &svc->stats);
	return 0;
}

int ipvs_msg_get_dest(struct nlmsghdr *nlh, uint8_t family, struct ipvs_dest *dest)
{
	struct nlattr *a[IPVS_DEST_ATTR_MAX + 1];
	int err = parse_nest(nlh, IPVS_CMD_ATTR_DEST, a, IPVS_DEST_ATTR_MAX, dest_policy);

	if (err != 0)
		return err;
	*dest = (struct ipvs_dest){ 0 };
	if (a[IPVS_DEST_ATTR_ADDR_FAMILY])
		family = (uint8_t)nla_get_u16(a[IPVS_DEST_ATTR_ADDR_FAMILY]);
	if (!get_addr(a[IPVS_DEST_ATTR_ADDR], family, &dest->key.addr))
		return -EPROTO;
	dest->key.port = get_be16(a[IPVS_DEST_ATTR_PORT]);
	dest->fwd = get_u32(a[IPVS_DEST_ATTR_FWD_METHOD]) & IP_VS_CONN_F_FWD_MASK;
	dest->weight = (int32_t)get_u32(a[IPVS_DEST_ATTR_WEIGHT]);
	dest->u_thresh = get_u32(a[IPVS_DEST_ATTR_U_THRESH]);
	dest->l_thresh = get_u32(a[IPVS_DEST_ATTR_L_THRESH]);
	dest->active = get_u32(a[IPVS_DEST_ATTR_ACTIVE_CONNS]);
	dest->inactive = get_u32(a[IPVS_DEST_ATTR_INACT_CONNS]);
	dest->persistent = get_u32(a[IPVS_DEST_ATTR_PERSIST_CONNS]);
	if (a[IPVS_DEST_ATTR_TUN_TYPE])
		dest->tun_type = nla_get_u8(a[IPVS_DEST_ATTR_TUN_TYPE]);
	dest->tun_port = get_be16(a[IPVS_DEST_ATTR_TUN_PORT]);
	if (a[IPVS_DEST_ATTR_TUN_FLAGS])
		dest->tun_flags = nla_get_u16(a[IPVS_DEST_ATTR_TUN_FLAGS]);
	get_stats(a[IPVS_DEST_ATTR_STATS64], a[IPVS_DEST_ATTR_STATS], &dest->stats);
	return 0;
}

int ipvs_msg_get_info(struct nlmsghdr *nlh, uint32_t *version, uint32_t *conn_tab_size)
{
	struct nlattr *a[IPVS_INFO_ATTR_MAX + 1];

	if (genlmsg_parse(nlh, 0, a, IPVS_INFO_ATTR_MAX, info_policy) != 0)
		return -EPROTO;
	*version = get_u32(a[IPVS_INFO_ATTR_VERSION]);
	*conn_tab_size = get_u32(a[IPVS_INFO_ATTR_CONN_TAB_SIZE]);
	return 0;
}
