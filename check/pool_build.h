/*
 * Pools as configured: what a virtual server means for IPVS and for the verdict on its pool.
 *
 * Pure. Used by the checker child, which runs the pools, and by plans, which only compare them.
 */
#ifndef DIARCH_CHECK_POOL_BUILD_H
#define DIARCH_CHECK_POOL_BUILD_H

#include "check/check_conf.h"
#include "check/health.h"

/* Adds the services of all addresses of a virtual server to `set`, initialised and empty, without
 * destinations; sorted. */
void pool_build_svcs(const struct vs_conf *vs, struct ipvs_set *set);

/* Quorum and sorry server. */
void pool_build_params(const struct vs_conf *vs, struct pool_params *params);

/* A real server, none of whose checks fails. */
void pool_build_member(const struct vs_conf *vs, const struct rs_conf *rs,
		       struct pool_member *member);

#endif
