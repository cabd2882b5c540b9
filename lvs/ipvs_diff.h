/*
 * The ordered operations that turn one IPVS set into another. Pure.
 *
 * Order over all services: add service, add or raise destinations, edit, lower weight, delete
 * destinations, delete service: capacity comes before it goes. Stopping after any prefix leaves a
 * state from which diffing again still reaches the goal.
 */
#ifndef DIARCH_LVS_IPVS_DIFF_H
#define DIARCH_LVS_IPVS_DIFF_H

#include "lvs/ipvs.h"

enum ipvs_op_kind {
	IPVS_OP_SVC_ADD,
	IPVS_OP_SVC_EDIT,
	IPVS_OP_DEST_ADD,
	IPVS_OP_DEST_EDIT,
	IPVS_OP_DEST_DEL,
	IPVS_OP_SVC_DEL,
	IPVS_OP_N
};

struct ipvs_op {
	enum ipvs_op_kind kind;
	struct ipvs_svc svc;   /* value; dests is NULL. For DEST ops only the key matters */
	struct ipvs_dest dest; /* for DEST ops */
	bool is_reducing;      /* lowers a weight or deletes */
	int error;             /* set by the backend: 0 or -errno */
};

struct ipvs_ops {
	struct ipvs_op *v;
	uint32_t n, cap;
};

void ipvs_ops_init(struct ipvs_ops *ops);
void ipvs_ops_done(struct ipvs_ops *ops);

/*
 * Appends one operation; copies the values. `dest` is NULL for services. Fatal when out of memory.
 */
void ipvs_ops_add(struct ipvs_ops *ops, enum ipvs_op_kind kind, const struct ipvs_svc *svc,
		  const struct ipvs_dest *dest);

/*
 * Appends to `ops` what leads from `actual` to `desired`. A service of `actual` that is not in
 * `desired` is deleted only when `is_owned(key, arg)` says so (NULL: every one is ours); foreign
 * ones are left alone. All destinations of a desired service are ours.
 */
void ipvs_diff(const struct ipvs_set *actual, const struct ipvs_set *desired,
	       bool (*is_owned)(const struct ipvs_svc_key *key, void *arg), void *arg,
	       struct ipvs_ops *ops);

/* Whether `kind` is about a destination. */
bool ipvs_op_is_dest(enum ipvs_op_kind kind);

/* Refuses what makes no sense although the kernel would take it: 0 or -EINVAL. */
int ipvs_op_check(const struct ipvs_op *op);

/*
 * Carries one operation out on a set, with the kernel's rules: 0, -EEXIST, -ESRCH, -ENOENT. For
 * tests, plans.
 */
int ipvs_op_apply(struct ipvs_set *set, const struct ipvs_op *op);

/* "add service", "edit server", ... and one line of text for logs and plans. Returns `buf`. */
const char *ipvs_op_name(enum ipvs_op_kind kind);
const char *ipvs_op_str(const struct ipvs_op *op, char *buf, size_t size);

/* Words for an error (-errno or errno) of an operation, ipvsadm's. */
const char *ipvs_strerror(enum ipvs_op_kind kind, int error);

/*
 * The error of an operation that failed (`op->error`) with what most likely caused it: "No such
 * destination: deleted by another program". Returns `buf`.
 */
const char *ipvs_op_cause(const struct ipvs_op *op, char *buf, size_t size);

#endif
