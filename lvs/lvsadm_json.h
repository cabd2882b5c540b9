/*
 * lvsadm: tables, connections, time-outs and sync daemons as JSON values.
 *
 * Every value is a new reference.
 */
#ifndef DIARCH_LVS_LVSADM_JSON_H
#define DIARCH_LVS_LVSADM_JSON_H

#include <jansson.h>

#include "lvs/ipvs.h"
#include "lvs/ipvs_conn.h"
#include "lvs/ipvs_diff.h"
#include "lvs/ipvs_global.h"
#include "lvs/lvsadm_state.h"

/*
 * All services with their servers, counters and rates, and what the running director says of them
 * (`state`, NULL = there is none): an object with the arrays "services" and, apart from them, what
 * directors' probes take, "check_paths".
 */
json_t *lvsadm_json_set(const struct ipvs_set *set, const struct lvsadm_state *state);

json_t *lvsadm_json_conn(const struct ipvs_conn *conn);
json_t *lvsadm_json_timeouts(const struct ipvs_timeouts *timeouts);
json_t *lvsadm_json_sync(const struct ipvs_sync *sync);

/* An operation of `lvsadm diff`: what is done, to which service and server. */
json_t *lvsadm_json_op(const struct ipvs_op *op);

/* Writes `value`, one document with a line end, and releases it. */
void lvsadm_json_print(FILE *out, json_t *value);

#endif
