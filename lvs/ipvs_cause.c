/*
 * Errors of IPVS operations in words: ipvsadm's text, and the likely cause.
 *
 * Pure. Used by the checker child (log) and lvsadm.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lvs/ipvs_diff.h"

const char *ipvs_strerror(enum ipvs_op_kind kind, int error)
{
	bool is_dest = ipvs_op_is_dest(kind);

	switch (error < 0 ? -error : error) {
	case EEXIST: return is_dest ? "Destination already exists" : "Service already exists";
	case ESRCH: return is_dest ? "Service not defined" : "No such service";
	case ENOENT:
		return is_dest ? "No such destination"
			       : "Scheduler or persistence engine not found";
	case EINVAL:
		return "Invalid operation.  Possibly wrong module version, address not unicast, "
		       "...";
	default: return strerror(error < 0 ? -error : error);
	}
}

static bool is_unicast(const struct addr *addr)
{
	static const struct addr any4 = { .family = AF_INET }, any6 = { .family = AF_INET6 };

	if (addr_cmp(addr, &any4) == 0 || addr_cmp(addr, &any6) == 0)
		return false;
	if (addr->family == AF_INET6)
		return addr->bytes[0] != 0xff;
	return addr->bytes[0] < 224 || (addr->bytes[0] >= 240 && addr->in.s_addr != UINT32_MAX);
}

/* Which of the things that EINVAL stands for it is for a destination. */
static const char *invalid_dest(const struct ipvs_op *op)
{
	const struct ipvs_dest *dest = &op->dest;

	if (!is_unicast(&dest->key.addr))
		return "the address is not unicast";
	if (dest->key.addr.family != op->svc.key.family)
		return dest->fwd == IPVS_FWD_TUNNEL
			       ? "servers of the other address family need Linux 3.18, and no sync "
				 "daemon may run"
			       : "a server of the other address family needs a tunnel";
	if (dest->fwd == IPVS_FWD_TUNNEL && dest->tun_type == IPVS_TUN_GUE && dest->tun_port == 0)
		return "a gue tunnel needs a port";
	if (dest->fwd == IPVS_FWD_TUNNEL && dest->tun_type != IPVS_TUN_IPIP)
		return "gue tunnels need Linux 5.2, gre tunnels 5.3";
	return "a value that this kernel does not take";
}

static const char *invalid_svc(const struct ipvs_svc *svc)
{
	if (svc->key.family == AF_INET6 && (svc->netmask < 1 || svc->netmask > 128))
		return "the prefix length of persistence must be 1 to 128";
	if (svc->key.port == 0 && !svc->key.fwmark && !(svc->flags & IPVS_F_PERSISTENT))
		return "a service without a port must be persistent";
	if ((svc->flags & IPVS_F_ONEPACKET) && !svc->key.fwmark && svc->key.protocol != IPPROTO_UDP)
		return "only UDP has one-packet scheduling";
	return "a value that this kernel does not take";
}

/* What is the same for every operation; NULL if it depends. */
static const char *general_cause(int error)
{
	switch (error) {
	case EPERM:
	case EACCES: return "CAP_NET_ADMIN is needed";
	case EAFNOSUPPORT: return "IPVS of this kernel is built without IPv6";
	case EOPNOTSUPP: return "this kernel version does not have it";
	case ERANGE: return "the lower threshold is above the upper one, or the weight is negative";
	case ETIMEDOUT: return "no answer in time";
	case ECANCELED: return "what should come in its place failed";
	default: return NULL;
	}
}

static const char *cause_of(const struct ipvs_op *op, int error)
{
	bool is_dest = ipvs_op_is_dest(op->kind);

	switch (error) {
	case EEXIST: return "added by another program";
	case ESRCH:
		return is_dest ? "the service is missing or was deleted by another program"
			       : "deleted by another program";
	case ENOENT: return is_dest ? "deleted by another program" : NULL;
	case EINVAL: return is_dest ? invalid_dest(op) : invalid_svc(&op->svc);
	default: return general_cause(error);
	}
}

const char *ipvs_op_cause(const struct ipvs_op *op, char *buf, size_t size)
{
	int error = op->error < 0 ? -op->error : op->error;
	const char *text = error == EINVAL ? "Invalid operation" : ipvs_strerror(op->kind, error);
	const char *cause = cause_of(op, error);

	if (cause)
		snprintf(buf, size, "%s: %s", text, cause);
	else if (error == ENOENT && op->svc.pe_name[0])
		snprintf(buf, size, "%s: module ip_vs_%s or ip_vs_pe_%s is missing", text,
			 op->svc.sched, op->svc.pe_name);
	else if (error == ENOENT)
		snprintf(buf, size, "%s: module ip_vs_%s is missing", text, op->svc.sched);
	else
		snprintf(buf, size, "%s", text);
	return buf;
}
