/*
 * Counters of IPVS by virtual and real server, for whoever asks for the status. Checker child.
 */
#ifndef DIARCH_CHECK_CHECK_STATS_H
#define DIARCH_CHECK_CHECK_STATS_H

#include "check/pool.h"
#include "lib/role.h"

/* Sends the counters of all pools that `table` has. */
void check_stats_send(struct role *role, struct pools *pools, const struct ipvs_set *table);

#endif
