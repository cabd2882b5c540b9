/*
 * A difference carried out in two halves, the second one only where the first succeeded.
 *
 * Used by lvsadm. Owns nothing. (The checker child applies a difference as a whole: there a server
 * leaves because it is dead, and must leave whatever else fails.)
 */
#include "lvs/ipvs_apply.h"

#include <errno.h>

/* Whether a service that could not be added may have been meant in place of another one. */
static bool may_replace(const struct ipvs_svc_key *added, const struct ipvs_svc_key *deleted)
{
	if (added->family != deleted->family)
		return false;
	return added->fwmark || deleted->fwmark || addr_cmp(&added->addr, &deleted->addr) == 0;
}

/* Whether the failure of `failed` forbids `op`. */
static bool forbids(const struct ipvs_op *failed, const struct ipvs_op *op)
{
	if (svc_key_cmp(&failed->svc.key, &op->svc.key) == 0)
		return true;
	return failed->kind == IPVS_OP_SVC_ADD && op->kind == IPVS_OP_SVC_DEL &&
	       may_replace(&failed->svc.key, &op->svc.key);
}

static bool is_forbidden(const struct ipvs_ops *failed, const struct ipvs_op *op)
{
	uint32_t i;

	for (i = 0; i < failed->n; i++)
		if (forbids(&failed->v[i], op))
			return true;
	return false;
}

/* One failure for each service is enough. */
static void collect_failures(const struct ipvs_ops *ops, uint32_t n, struct ipvs_ops *failed)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct ipvs_op *op = &ops->v[i], *last = NULL;

		if (failed->n > 0)
			last = &failed->v[failed->n - 1];
		if (op->error != 0 && !(last && last->kind == op->kind &&
					svc_key_cmp(&last->svc.key, &op->svc.key) == 0))
			ipvs_ops_add(failed, op->kind, &op->svc, NULL);
	}
}

unsigned ipvs_apply(struct ipvs_backend *backend, struct ipvs_ops *ops)
{
	struct ipvs_ops failed;
	uint32_t i, end, first = 0;
	unsigned n_failed = 0;

	while (first < ops->n && !ops->v[first].is_reducing)
		first++;
	if (first > 0)
		n_failed += backend->apply(backend, ops->v, first);
	ipvs_ops_init(&failed);
	collect_failures(ops, first, &failed);
	for (i = first; i < ops->n; i = end) {
		for (end = i; end < ops->n && !is_forbidden(&failed, &ops->v[end]); end++)
			;
		if (end > i) {
			n_failed += backend->apply(backend, &ops->v[i], end - i);
			continue;
		}
		ops->v[end++].error = -ECANCELED;
		n_failed++;
	}
	ipvs_ops_done(&failed);
	return n_failed;
}
