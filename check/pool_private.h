/*
 * Shared by the files of the pools, and by nothing else.
 *
 *	pool.c     pools, results, health over generations
 *	pool_rs.c  a real server: alive or not, weight, slow start, damping
 *	pool_passive.c  what the counters of IPVS say about it
 */
#ifndef DIARCH_CHECK_POOL_PRIVATE_H
#define DIARCH_CHECK_POOL_PRIVATE_H

#include "check/pool.h"

/* Brings everything up to date after a change of a server, which was up or not. */
void pool_follow(struct rs_run *rs, bool was_up);

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
