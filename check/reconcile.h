/*
 * Keeps kernel IPVS as it should be: desired set against actual, by ipvs_diff, through a backend.
 *
 * Checker child. A changed service is applied at once against what we last saw (edge); everything
 * is compared with a fresh dump at start, at reload, after any failure (with back-off) and
 * periodically (audit), so that changes made by hand are repaired and logged. Foreign services are
 * left alone. Without IPVS in the kernel it keeps trying.
 */
#ifndef DIARCH_CHECK_RECONCILE_H
#define DIARCH_CHECK_RECONCILE_H

#include <stdbool.h>

#include "lib/loop.h"
#include "lvs/ipvs.h"
#include "lvs/ipvs_nl.h"

struct reconcile;

/* `open` gives the backend (NULL and errno when there is none yet); called again until it works. */
struct reconcile *reconcile_new(struct loop *loop, struct ipvs_backend *(*open)(void));
void reconcile_free(struct reconcile *r);

/* Declares what a service should be (with its destinations); copied. Nothing is applied yet. */
void reconcile_want(struct reconcile *r, const struct ipvs_svc *svc);

/* Forgets all wishes; until reconcile_all() new ones come in any order. Services that were ours and
 * are not wanted again are deleted then. */
void reconcile_begin(struct reconcile *r);

/* Compares everything with a fresh dump and applies the difference. False when it did not succeed
 * (it goes on by itself). */
bool reconcile_all(struct reconcile *r);

/* Applies what changed in some wanted services, named by the keys of `svcs`, which is sorted. Falls
 * back to reconcile_all() on any surprise. */
void reconcile_edge(struct reconcile *r, const struct ipvs_set *svcs);

/* The table with its counters, read again if what is known is older than a second; NULL when it
 * cannot be read. Valid until the next call of any function here, or pass of the loop. */
const struct ipvs_set *reconcile_table(struct reconcile *r);

/* Whether the kernel has exactly this service, with exactly these destinations: by what is known of
 * its table, or by a look at this service now; that says no, too, when anything in the table had to
 * be repaired since then: it may have been this one. */
bool reconcile_has(struct reconcile *r, const struct ipvs_svc *svc);
bool reconcile_sees(struct reconcile *r, const struct ipvs_svc *svc, time_us since);

/* Whether the sync daemon that receives is running. */
bool reconcile_runs_backup(struct reconcile *r);

/* At any end: deletes the ways of probes (check/path.h), which nobody else needs. */
void reconcile_drop_paths(struct reconcile *r);

/* At stop: deletes our services, or (`all`) flushes the whole table. */
void reconcile_remove(struct reconcile *r, bool all);

/* Empties the whole table, foreign services too (lvs_flush). */
void reconcile_flush(struct reconcile *r);

#endif
