/*
 * Kernel IPVS through generic netlink (libnl-genl).
 *
 * Requests are synchronous with a timeout; many operations go in one send, replies are matched by
 * sequence number. A dump that may have lost entries (the kernel gives no sign) is confirmed before
 * absence is believed.
 */
#ifndef DIARCH_LVS_IPVS_NL_H
#define DIARCH_LVS_IPVS_NL_H

#include "lvs/ipvs.h"
#include "lvs/ipvs_diff.h"
#include "lvs/ipvs_global.h"

struct ipvs_nl;

/* A backend: the kernel, or a fake for tests. */
struct ipvs_backend {
	/*
	 * Fills `out` (initialised, empty) with everything there is. 0 or -errno; -EAGAIN: it kept
	 * changing.
	 */
	int (*dump)(struct ipvs_backend *backend, struct ipvs_set *out);
	/*
	 * Carries out all in order, each with its own .error; goes on after failures. Number
	 * failed.
	 */
	unsigned (*apply)(struct ipvs_backend *backend, struct ipvs_op *ops, unsigned n);
	/* As the ipvs_nl_ functions of these names. */
	int (*read)(struct ipvs_backend *backend, const struct ipvs_svc_key *only,
		    struct ipvs_set *out);
	int (*flush)(struct ipvs_backend *backend);
	int (*get_sync)(struct ipvs_backend *backend, struct ipvs_sync *out, unsigned *n);
	int (*set_timeouts)(struct ipvs_backend *backend, const struct ipvs_timeouts *timeouts);
	int (*start_sync)(struct ipvs_backend *backend, const struct ipvs_sync *sync);
	int (*stop_sync)(struct ipvs_backend *backend, enum ipvs_sync_role role);
	void (*free)(struct ipvs_backend *backend);
};

/*
 * The kernel's IPVS. NULL and errno: ENOENT = not in this kernel (or its module is not loaded),
 * EPERM. `timeout_us` per request; after a request timed out the next one starts with a fresh
 * socket.
 */
struct ipvs_backend *ipvs_nl_open(int64_t timeout_us);

/*
 * Reads once, in the kernel's order, without confirmation: everything, or with `only` that service
 * (-ESRCH if absent). `out` is initialised and empty; ipvs_set_sort() before any lookup. For
 * listings, and a look at one service.
 */
int ipvs_nl_read(struct ipvs_backend *backend, const struct ipvs_svc_key *only,
		 struct ipvs_set *out);

/* Deletes every service, foreign ones too (lvs_flush, lvsadm -C). 0 or -errno. */
int ipvs_nl_flush(struct ipvs_backend *backend);

/* Zeroes the counters of one service, or with NULL of all. 0 or -errno. */
int ipvs_nl_zero(struct ipvs_backend *backend, const struct ipvs_svc_key *key);

/* Version (e.g. 0x10201) and connection table size. 0 or -errno. */
int ipvs_nl_info(struct ipvs_backend *backend, uint32_t *version, uint32_t *conn_tab_size);

/*
 * Time-outs of connections; setting leaves those that are 0 as they are. 0 or -errno; -EINVAL: too
 * long to be counted in ticks (24 days at 1000 ticks a second).
 */
int ipvs_nl_get_timeouts(struct ipvs_backend *backend, struct ipvs_timeouts *out);
int ipvs_nl_set_timeouts(struct ipvs_backend *backend, const struct ipvs_timeouts *timeouts);

/*
 * The sync daemons that run: fills `out` (IPVS_SYNC_MAX places) and `n`. 0 or -errno.
 */
int ipvs_nl_get_sync(struct ipvs_backend *backend, struct ipvs_sync *out, unsigned *n);

/*
 * Starts a sync daemon; what is 0 or unset gets the kernel's default. -EEXIST: one of this role
 * runs, -ENODEV: no such interface, -EINVAL: a value, or servers of another family than their
 * service exist.
 */
int ipvs_nl_start_sync(struct ipvs_backend *backend, const struct ipvs_sync *sync);

/* Stops it; -ESRCH: none of this role runs. */
int ipvs_nl_stop_sync(struct ipvs_backend *backend, enum ipvs_sync_role role);

#endif
