/*
 * lvsadm: what each option does with its argument.
 *
 * Only lvsadm uses it. The texts of errors are ipvsadm's, which scripts rely on.
 */
#include <string.h>

#include "lvs/lvsadm_parse.h"

#define PERSISTENT_DEFAULT "360"

bool lvsadm_take_service(struct lvsadm_parse *p, int protocol, const char *text)
{
	struct ipvs_svc_key *key = &p->cmd->svc.key;
	bool has_port;

	key->protocol = (uint8_t)protocol;
	if (!lvsadm_get_endpoint(text, key->protocol, &key->addr, &key->port, &has_port))
		return lvsadm_fail(p->err, LVSADM_USAGE,
				   "illegal virtual server address[:port] specified");
	key->family = key->addr.family;
	return true;
}

bool lvsadm_take_fwmark(struct lvsadm_parse *p, int value, const char *text)
{
	int64_t fwmark;

	(void)value;
	if (!lvsadm_get_number(text, 1, UINT32_MAX, &fwmark))
		return lvsadm_fail(p->err, LVSADM_USAGE, "invalid fwmark value `%s' specified",
				   text);
	p->cmd->svc.key.fwmark = (uint32_t)fwmark;
	return true;
}

bool lvsadm_take_ipv6(struct lvsadm_parse *p, int value, const char *text)
{
	(void)value;
	(void)text;
	if (!p->cmd->svc.key.fwmark)
		return lvsadm_fail(p->err, LVSADM_USAGE, "-6 used before -f\n");
	p->cmd->svc.key.family = AF_INET6;
	return true;
}

bool lvsadm_take_scheduler(struct lvsadm_parse *p, int value, const char *text)
{
	struct ipvs_svc *svc = &p->cmd->svc;

	(void)value;
	if (text[0])
		snprintf(svc->sched, sizeof(svc->sched), "%s", text);
	return true;
}

bool lvsadm_take_persistent(struct lvsadm_parse *p, int value, const char *text)
{
	int64_t timeout;

	(void)value;
	if (!text)
		text = PERSISTENT_DEFAULT;
	if (!lvsadm_get_number(text, 1, IPVS_TIMEOUT_MAX_S, &timeout))
		return lvsadm_fail(p->err, LVSADM_USAGE, "invalid timeout value `%s' specified",
				   text);
	p->cmd->svc.flags |= IPVS_F_PERSISTENT;
	p->cmd->svc.timeout_s = (uint32_t)timeout;
	return true;
}

bool lvsadm_take_netmask(struct lvsadm_parse *p, int value, const char *text)
{
	(void)value;
	p->netmask = text;
	return true;
}

bool lvsadm_take_sched_flags(struct lvsadm_parse *p, int value, const char *text)
{
	(void)value;
	p->sched_flags = text;
	return true;
}

bool lvsadm_take_ops(struct lvsadm_parse *p, int value, const char *text)
{
	(void)value;
	(void)text;
	p->cmd->svc.flags |= IPVS_F_ONEPACKET;
	return true;
}

bool lvsadm_take_pe(struct lvsadm_parse *p, int value, const char *text)
{
	struct ipvs_svc *svc = &p->cmd->svc;

	(void)value;
	snprintf(svc->pe_name, sizeof(svc->pe_name), "%s", text);
	return true;
}

bool lvsadm_take_server(struct lvsadm_parse *p, int value, const char *text)
{
	struct ipvs_dest_key *key = &p->cmd->dest.key;

	(void)value;
	if (!lvsadm_get_endpoint(text, p->cmd->svc.key.protocol, &key->addr, &key->port,
				 &p->has_server_port))
		return lvsadm_fail(p->err, LVSADM_USAGE,
				   "illegal real server address[:port] specified");
	return true;
}

bool lvsadm_take_forward(struct lvsadm_parse *p, int fwd, const char *text)
{
	(void)text;
	p->cmd->dest.fwd = (uint8_t)fwd;
	return true;
}

bool lvsadm_take_weight(struct lvsadm_parse *p, int value, const char *text)
{
	int64_t weight;

	(void)value;
	if (!lvsadm_get_number(text, 0, INT32_MAX, &weight))
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal weight specified");
	p->cmd->dest.weight = (int32_t)weight;
	return true;
}

bool lvsadm_take_threshold(struct lvsadm_parse *p, int letter, const char *text)
{
	struct ipvs_dest *dest = &p->cmd->dest;
	int64_t threshold;

	if (!lvsadm_get_number(text, 0, INT32_MAX, &threshold))
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal %c_threshold specified", letter);
	*(letter == 'u' ? &dest->u_thresh : &dest->l_thresh) = (uint32_t)threshold;
	return true;
}

bool lvsadm_take_tun_type(struct lvsadm_parse *p, int value, const char *text)
{
	int type = lvsadm_tunnel_type(text);

	(void)value;
	if (type < 0)
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal tunnel type specified");
	p->cmd->dest.tun_type = (uint8_t)type;
	return true;
}

bool lvsadm_take_tun_port(struct lvsadm_parse *p, int value, const char *text)
{
	int64_t port;

	(void)value;
	if (!lvsadm_get_number(text, 1, UINT16_MAX, &port))
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal tunnel port specified");
	p->cmd->dest.tun_port = (uint16_t)port;
	return true;
}

bool lvsadm_take_checksum(struct lvsadm_parse *p, int flags, const char *text)
{
	(void)text;
	p->cmd->dest.tun_flags = (uint16_t)flags;
	return true;
}

bool lvsadm_take_sync_role(struct lvsadm_parse *p, int letter, const char *text)
{
	if (strcmp(text, "master") == 0)
		p->cmd->sync.role = IPVS_SYNC_MASTER;
	else if (strcmp(text, "backup") == 0)
		p->cmd->sync.role = IPVS_SYNC_BACKUP;
	else
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal %s specified",
				   letter == 's' ? "start-daemon parameter" : "start_daemon");
	return true;
}

/* A number of a sync daemon; `name` is for the error. */
static bool take_sync_number(struct lvsadm_parse *p, const char *text, const char *name,
			     const int64_t bounds[2], int64_t *out)
{
	if (!lvsadm_get_number(text, bounds[0], bounds[1], out))
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal %s specified", name);
	return true;
}

bool lvsadm_take_syncid(struct lvsadm_parse *p, int value, const char *text)
{
	static const int64_t bounds[] = { 0, IPVS_SYNC_ID_MAX };
	int64_t id = 0;

	(void)value;
	if (!take_sync_number(p, text, "syncid", bounds, &id))
		return false;
	p->cmd->sync.id = (uint8_t)id;
	return true;
}

bool lvsadm_take_sync_maxlen(struct lvsadm_parse *p, int value, const char *text)
{
	static const int64_t bounds[] = { 1, IPVS_SYNC_MAXLEN_MAX };
	int64_t maxlen = 0;

	(void)value;
	if (!take_sync_number(p, text, "sync-maxlen", bounds, &maxlen))
		return false;
	p->cmd->sync.maxlen = (uint16_t)maxlen;
	return true;
}

bool lvsadm_take_mcast_interface(struct lvsadm_parse *p, int value, const char *text)
{
	struct ipvs_sync *sync = &p->cmd->sync;

	(void)value;
	snprintf(sync->ifname, sizeof(sync->ifname), "%s", text);
	return true;
}

bool lvsadm_take_mcast_group(struct lvsadm_parse *p, int value, const char *text)
{
	struct addr group;
	bool is_ipv6 = strchr(text, ':');

	(void)value;
	if (!addr_parse(text, &group) ||
	    (is_ipv6 ? group.bytes[0] != 0xff : (group.bytes[0] & 0xf0) != 0xe0))
		return lvsadm_fail(p->err, LVSADM_USAGE, "invalid IPv%c mcast-group `%s'",
				   is_ipv6 ? '6' : '4', text);
	p->cmd->sync.group = group;
	return true;
}

bool lvsadm_take_mcast_port(struct lvsadm_parse *p, int value, const char *text)
{
	static const int64_t bounds[] = { 1, UINT16_MAX };
	int64_t port = 0;

	(void)value;
	if (!take_sync_number(p, text, "mcast-port", bounds, &port))
		return false;
	p->cmd->sync.port = (uint16_t)port;
	return true;
}

bool lvsadm_take_mcast_ttl(struct lvsadm_parse *p, int value, const char *text)
{
	static const int64_t bounds[] = { 1, UINT8_MAX };
	int64_t ttl = 0;

	(void)value;
	if (!take_sync_number(p, text, "mcast-ttl", bounds, &ttl))
		return false;
	p->cmd->sync.ttl = (uint8_t)ttl;
	return true;
}
