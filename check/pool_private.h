/*
 * Shared by the files of the pools, and by nothing else.
 *
 *	pool.c     pools, results, health over generations
 *	pool_rs.c  a real server: alive or not, weight, slow start, damping
 *	pool_check.c  its checks
 *	pool_name.c   its address, when it has a name
 *	pool_passive.c  what the counters of IPVS say about it
 */
#ifndef DIARCH_CHECK_POOL_PRIVATE_H
#define DIARCH_CHECK_POOL_PRIVATE_H

#include "check/pool.h"

struct pools {
	struct pools_env env;
	struct pool_run *pool;
	uint32_t n;
	bool is_running; /* they are complete; what changes comes one by one */
};

/* ---- pool.c ---- */

/* Declares what the kernel should have, and applies it. */
void pool_apply(struct pool_run *pool);

/* A result of a check of a server, to be set as its on_result. */
void pool_on_result(struct probe_sub *sub, enum health_edge edge, void *arg);

/* Brings everything up to date after a change of a server, which was up or not. */
void pool_follow(struct rs_run *rs, bool was_up);

/* ---- pool_check.c ---- */

typedef void (*checks_on_result)(struct probe_sub *sub, enum health_edge edge, void *arg);

/* All checks of a server at `addr`, unset = not known yet, not started; as many as *n. To be freed
 * with checks_free(). */
struct check_run *checks_build(struct rs_run *rs, const struct addr *addr,
			       checks_on_result on_result, uint32_t *n);

enum check_start {
	CHECK_FRESH,   /* its health is initialised */
	CHECK_ADOPTED, /* its health was put in */
	CHECK_URGENT,  /* fresh, and the first run begins at once */
};

/* Starts a check of a server that is at `addr`. */
void check_start(struct check_run *check, const struct addr *addr, enum check_start how);

void check_stop(struct check_run *check);

/* Its server is no longer where it was. */
void check_drop_path(struct check_run *check);

/* Stops and frees; NULL is fine. */
void checks_free(struct check_run *checks, uint32_t n);

/* ---- pool_name.c ---- */

/* Prepares a name of a real_server whose servers begin with `rs` and are otherwise built. */
void name_run_build(struct name_run *run, struct rs_run *rs, uint32_t n);

/* Its first subscription, when the pool has started. */
void name_run_start(struct name_run *run);

/* Unsubscribes and frees what it has, but not its servers. */
void name_run_done(struct name_run *run);

/* Takes over address and former addresses from the same server of the generation or process
 * before, if they fit. Before its checks start. */
void rs_adopt_address(struct rs_run *rs, const struct rs_run *old);
void rs_adopt_saved_address(struct rs_run *rs, const struct msg_rs_state *saved);

/* A result of its checks may decide about an address that waits. The checks may be gone then. */
void rs_move_judge(struct rs_run *rs);

/* The checks of a pool begin to rest: no address waits for them. */
void name_run_rest(struct name_run *run);

/* Adds former addresses to a service. */
void name_run_desired(const struct name_run *run, struct ipvs_svc *svc);

/* Former addresses without connections, or whose time is over, go. */
void name_run_observe(struct name_run *run, const struct ipvs_set *table, time_us now);

/* Whether there are any. */
bool name_run_is_draining(const struct name_run *run);

/* ---- pool_rs.c ---- */

/* The first of its checks failed: counts for damping. */
void rs_failed(struct rs_run *rs, time_us now);

/*
 * Brings the member up to date: held out or not, its weight, the ramp (begun when it comes up,
 * `was_up` telling how it was), the timer for the next change.
 */
void rs_settle(struct rs_run *rs, bool was_up, time_us now);

/* Takes over damping and ramp from the same server of the generation or process before. */
void rs_adopt(struct rs_run *rs, const struct rs_run *old);
void rs_adopt_saved(struct rs_run *rs, const struct msg_rs_state *saved);

#endif
