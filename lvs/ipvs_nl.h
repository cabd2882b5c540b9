/*
 * Kernel IPVS through generic netlink (libnl-genl).
 *
 * Requests are synchronous with a timeout; many operations go in one send, replies are matched by sequence
 * number. A dump that may have lost entries (the kernel gives no sign) is confirmed before absence is believed.
 */
#ifndef DIARCH_LVS_IPVS_NL_H
#define DIARCH_LVS_IPVS_NL_H

#include "lvs/ipvs.h"
#include "lvs/ipvs_diff.h"

struct ipvs_nl;

/* A backend: the kernel, or a fake for tests. */
struct ipvs_backend {
	/* Fills `out` (initialised, empty) with everything there is. 0 or -errno. */
	int (*dump)(struct ipvs_backend *backend, struct ipvs_set *out);
	/* Carries out all operations in order, each with its own .error; goes on after failures. Number failed. */
	unsigned (*apply)(struct ipvs_backend *backend, struct ipvs_op *ops, unsigned n);
	void (*free)(struct ipvs_backend *backend);
};

/* The kernel's IPVS. NULL and errno: ENOENT/ENOPROTOOPT = not in this kernel, EPERM. `timeout_us` per request. */
struct ipvs_backend *ipvs_nl_open(int64_t timeout_us);

/* Deletes every service, foreign ones too (lvs_flush, lvsadm -C). 0 or -errno. */
int ipvs_nl_flush(struct ipvs_backend *backend);

/* Version (e.g. 0x10201) and connection table size. 0 or -errno. */
int ipvs_nl_info(struct ipvs_backend *backend, uint32_t *version, uint32_t *conn_tab_size);

/* Words for a kernel error of an operation: what was refused and the likely cause. */
const char *ipvs_strerror(enum ipvs_op_kind kind, int error);

#endif
