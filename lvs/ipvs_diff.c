/*
 * Difference of two IPVS sets as ordered operations.
 *
 * Pure but for the memory of the list. Used by the parent (plans), the checker child and lvsadm.
 */
#include "lvs/ipvs_diff.h"

/* Capacity comes before it goes; one pass over both sets collects the operations of one phase. */
enum diff_phase {
	PHASE_SVC_ADD,
	PHASE_DEST_UP, /* additions and raised weights */
	PHASE_SVC_EDIT,
	PHASE_DEST_EDIT, /* same weight */
	PHASE_DEST_DOWN, /* lowered weights */
	PHASE_DEST_DEL,
	PHASE_SVC_DEL,
	PHASE_N
};

struct diff {
	const struct ipvs_set *actual, *desired;
	bool (*is_owned)(const struct ipvs_svc_key *key, void *arg);
	void *arg;
	struct ipvs_ops *ops;
	enum diff_phase phase;
};

static enum diff_phase edit_phase(const struct ipvs_dest *from, const struct ipvs_dest *to)
{
	if (to->weight > from->weight)
		return PHASE_DEST_UP;
	return to->weight < from->weight ? PHASE_DEST_DOWN : PHASE_DEST_EDIT;
}

/*
 * One destination of a desired service: `from` in the kernel, `to` as wanted, either may be NULL.
 */
static void diff_dest(const struct diff *d, const struct ipvs_svc *svc,
		      const struct ipvs_dest *from, const struct ipvs_dest *to)
{
	if (!from) {
		if (d->phase == PHASE_DEST_UP)
			ipvs_ops_add(d->ops, IPVS_OP_DEST_ADD, svc, to);
	} else if (!to) {
		if (d->phase == PHASE_DEST_DEL)
			ipvs_ops_add(d->ops, IPVS_OP_DEST_DEL, svc, from);
	} else if (d->phase == edit_phase(from, to) && !dest_is_equal(from, to)) {
		ipvs_ops_add(d->ops, IPVS_OP_DEST_EDIT, svc, to);
	}
}

static void diff_dests(const struct diff *d, const struct ipvs_svc *from, const struct ipvs_svc *to)
{
	uint32_t i = 0, j = 0, n = from ? from->n_dests : 0;

	while (i < n || j < to->n_dests) {
		int c = i == n             ? 1
			: j == to->n_dests ? -1
					   : dest_key_cmp(&from->dests[i].key, &to->dests[j].key);

		diff_dest(d, to, c <= 0 ? &from->dests[i] : NULL, c >= 0 ? &to->dests[j] : NULL);
		i += c <= 0;
		j += c >= 0;
	}
}

/* One service: `from` in the kernel, `to` as wanted, either may be NULL. */
static void diff_svc(const struct diff *d, const struct ipvs_svc *from, const struct ipvs_svc *to)
{
	if (!to) {
		if (d->phase == PHASE_SVC_DEL && (!d->is_owned || d->is_owned(&from->key, d->arg)))
			ipvs_ops_add(d->ops, IPVS_OP_SVC_DEL, from, NULL);
		return;
	}
	if (!from && d->phase == PHASE_SVC_ADD)
		ipvs_ops_add(d->ops, IPVS_OP_SVC_ADD, to, NULL);
	if (from && d->phase == PHASE_SVC_EDIT && !svc_is_equal(from, to))
		ipvs_ops_add(d->ops, IPVS_OP_SVC_EDIT, to, NULL);
	diff_dests(d, from, to);
}

void ipvs_diff(const struct ipvs_set *actual, const struct ipvs_set *desired,
	       bool (*is_owned)(const struct ipvs_svc_key *key, void *arg), void *arg,
	       struct ipvs_ops *ops)
{
	struct diff d = { actual, desired, is_owned, arg, ops, PHASE_SVC_ADD };

	for (; d.phase < PHASE_N; d.phase++) {
		uint32_t i = 0, j = 0, k = ops->n;

		while (i < actual->n || j < desired->n) {
			int c = i == actual->n ? 1
				: j == desired->n
					? -1
					: svc_key_cmp(&actual->svcs[i].key, &desired->svcs[j].key);

			diff_svc(&d, c <= 0 ? &actual->svcs[i] : NULL,
				 c >= 0 ? &desired->svcs[j] : NULL);
			i += c <= 0;
			j += c >= 0;
		}
		for (; k < ops->n; k++)
			ops->v[k].is_reducing = d.phase >= PHASE_DEST_DOWN;
	}
}
