/*
 * Operations on IPVS as values: the list, their check, their effect on a set and their text.
 *
 * Pure but for the memory of the list. Used by the parent (plans), the checker child and lvsadm.
 */
#include "lvs/ipvs_diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#define OPS_CAP_MIN 16

void ipvs_ops_init(struct ipvs_ops *ops)
{
	*ops = (struct ipvs_ops){ 0 };
}

void ipvs_ops_done(struct ipvs_ops *ops)
{
	free(ops->v);
	ipvs_ops_init(ops);
}

void ipvs_ops_add(struct ipvs_ops *ops, enum ipvs_op_kind kind, const struct ipvs_svc *svc,
		  const struct ipvs_dest *dest)
{
	struct ipvs_op *op;

	if (ops->n == ops->cap) {
		ops->cap = ops->cap ? ops->cap * 2 : OPS_CAP_MIN;
		ops->v = xrealloc(ops->v, ops->cap * sizeof(*ops->v));
	}
	op = &ops->v[ops->n++];
	*op = (struct ipvs_op){ .kind = kind, .svc = *svc };
	op->svc.dests = NULL;
	op->svc.n_dests = op->svc.cap_dests = 0;
	if (dest)
		op->dest = *dest;
}

static int apply_svc(struct ipvs_set *set, const struct ipvs_op *op)
{
	bool is_there = ipvs_set_find(set, &op->svc.key) != NULL;

	if (op->kind == IPVS_OP_SVC_ADD && is_there)
		return -EEXIST;
	if (op->kind != IPVS_OP_SVC_ADD && !is_there)
		return -ESRCH;
	if (op->kind == IPVS_OP_SVC_DEL)
		ipvs_set_del(set, &op->svc.key);
	else
		ipvs_set_add(set, &op->svc);
	return 0;
}

/* An edit leaves connections and counters alone. */
static void dest_edit(struct ipvs_dest *to, const struct ipvs_dest *from)
{
	struct ipvs_dest old = *to;

	*to = *from;
	to->active = old.active;
	to->inactive = old.inactive;
	to->persistent = old.persistent;
	to->stats = old.stats;
}

static int apply_dest(struct ipvs_set *set, const struct ipvs_op *op)
{
	struct ipvs_svc *svc = ipvs_set_find(set, &op->svc.key);
	bool is_there = svc && svc_find_dest(svc, &op->dest.key);

	if (!svc)
		return -ESRCH;
	if (op->kind == IPVS_OP_DEST_ADD && is_there)
		return -EEXIST;
	if (op->kind != IPVS_OP_DEST_ADD && !is_there)
		return -ENOENT;
	if (op->kind == IPVS_OP_DEST_DEL)
		svc_del_dest(svc, &op->dest.key);
	else if (op->kind == IPVS_OP_DEST_ADD)
		svc_add_dest(svc, &op->dest);
	else
		dest_edit(svc_find_dest(svc, &op->dest.key), &op->dest);
	return 0;
}

int ipvs_op_apply(struct ipvs_set *set, const struct ipvs_op *op)
{
	return ipvs_op_is_dest(op->kind) ? apply_dest(set, op) : apply_svc(set, op);
}

static bool is_protocol(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static bool svc_is_valid(const struct ipvs_svc *svc)
{
	const uint32_t known = IPVS_F_PERSISTENT | IPVS_F_HASHED | IPVS_F_ONEPACKET |
			       IPVS_F_SCHED1 | IPVS_F_SCHED2 | IPVS_F_SCHED3;
	bool is_persistent = svc->flags & IPVS_F_PERSISTENT;

	if (!svc->key.fwmark) {
		if (!is_protocol(svc->key.protocol) || (svc->key.port == 0 && !is_persistent))
			return false;
		if ((svc->flags & IPVS_F_ONEPACKET) && svc->key.protocol != IPPROTO_UDP)
			return false;
		if (svc->key.addr.family != svc->key.family)
			return false;
	}
	if ((svc->flags & ~known) || svc->sched[0] == '\0' || addr_len(svc->key.family) == 0)
		return false;
	return !is_persistent || (svc->timeout_s > 0 && svc->timeout_s <= IPVS_TIMEOUT_MAX_S);
}

static bool dest_is_valid(const struct ipvs_dest *dest)
{
	if (addr_is_unset(&dest->key.addr) || dest->fwd > IPVS_FWD_BYPASS)
		return false;
	return dest->fwd != IPVS_FWD_TUNNEL ||
	       (dest->tun_type <= IPVS_TUN_GRE &&
		!(dest->tun_flags & ~(IPVS_TUN_F_CSUM | IPVS_TUN_F_REMCSUM)));
}

int ipvs_op_check(const struct ipvs_op *op)
{
	bool is_ok = true;

	switch (op->kind) {
	case IPVS_OP_SVC_ADD:
	case IPVS_OP_SVC_EDIT: is_ok = svc_is_valid(&op->svc); break;
	case IPVS_OP_DEST_ADD:
	case IPVS_OP_DEST_EDIT: is_ok = dest_is_valid(&op->dest); break;
	case IPVS_OP_DEST_DEL: is_ok = !addr_is_unset(&op->dest.key.addr); break;
	case IPVS_OP_SVC_DEL:
	case IPVS_OP_N: break;
	}
	return is_ok ? 0 : -EINVAL;
}

bool ipvs_op_is_dest(enum ipvs_op_kind kind)
{
	return kind == IPVS_OP_DEST_ADD || kind == IPVS_OP_DEST_EDIT || kind == IPVS_OP_DEST_DEL;
}

const char *ipvs_op_name(enum ipvs_op_kind kind)
{
	static const char *const names[IPVS_OP_N] = {
		[IPVS_OP_SVC_ADD] = "add service",    [IPVS_OP_SVC_EDIT] = "edit service",
		[IPVS_OP_DEST_ADD] = "add server",    [IPVS_OP_DEST_EDIT] = "edit server",
		[IPVS_OP_DEST_DEL] = "delete server", [IPVS_OP_SVC_DEL] = "delete service",
	};

	return kind < IPVS_OP_N ? names[kind] : "unknown";
}

const char *ipvs_op_str(const struct ipvs_op *op, char *buf, size_t size)
{
	char svc[ADDR_NAME_MAX], dest[ADDR_NAME_MAX];
	const char *name = ipvs_op_name(op->kind);

	svc_name(&op->svc.key, svc);
	dest_name(&op->dest.key, op->svc.key.protocol, dest);
	switch (op->kind) {
	case IPVS_OP_SVC_ADD:
	case IPVS_OP_SVC_EDIT:
		snprintf(buf, size, "%s %s scheduler %s", name, svc, op->svc.sched);
		break;
	case IPVS_OP_DEST_ADD:
	case IPVS_OP_DEST_EDIT:
		snprintf(buf, size, "%s %s of %s %s weight %d", name, dest, svc,
			 ipvs_fwd_name(op->dest.fwd), op->dest.weight);
		break;
	case IPVS_OP_DEST_DEL: snprintf(buf, size, "%s %s of %s", name, dest, svc); break;
	case IPVS_OP_SVC_DEL:
	case IPVS_OP_N: snprintf(buf, size, "%s %s", name, svc); break;
	}
	return buf;
}
