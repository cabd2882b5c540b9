/*
 * Carries a difference out so that an error never ends worse than before: capacity first, and what
 * takes capacity away only where nothing failed.
 */
#ifndef DIARCH_LVS_IPVS_APPLY_H
#define DIARCH_LVS_IPVS_APPLY_H

#include "lvs/ipvs_nl.h"

/*
 * Applies `ops` of ipvs_diff() on `backend`, each with its own .error. Operations that reduce a
 * service (lower a weight, delete a server) are left out with -ECANCELED when one that adds to it
 * failed; so is the deletion of a service when a service of the same address, or a mark on either
 * side, could not be added in its place.
 *
 * So whatever fails: every service that was there and is wanted stays, the sum of its weights is
 * not below the lower one of before and wanted, and no server that was there and is wanted has less
 * than the lower weight of the two. Number of operations that failed or were left out.
 */
unsigned ipvs_apply(struct ipvs_backend *backend, struct ipvs_ops *ops);

#endif
