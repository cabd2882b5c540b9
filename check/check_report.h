/*
 * What the checker child says about changes: log lines in keepalived's words, messages to the
 * parent.
 */
#ifndef DIARCH_CHECK_CHECK_REPORT_H
#define DIARCH_CHECK_CHECK_REPORT_H

#include "check/pool.h"
#include "lib/role.h"

/* After each result of a check; says something when the verdict changed, its advice did or
 * log_all_failures is set. */
void report_check(struct role *role, const struct check_run *check, enum health_edge edge,
		  bool is_server_change, bool is_advised);

/* A real server came up or went down. */
void report_rs(struct role *role, const struct rs_run *rs);

/* Only its weight, or what damping makes of it, changed. */
void report_weight(struct role *role, const struct rs_run *rs);

/* The pool began or ceased to fail open. */
void report_open(struct role *role, const struct pool_run *pool);

/* The first known state of a server, for those who want to be told (rs_init_notifies). */
void report_rs_known(struct role *role, const struct rs_run *rs);

/* A server with a name: what happened to its address. */
void report_address(struct role *role, const struct rs_run *rs, enum address_event event);

/* What is known of a name; `is_change`: it was not before, so that the log tells. */
void report_name(struct role *role, const struct name_answer *answer, bool is_change);

/* Where a server with a name is, "" = nowhere, or it has no name. Returns `str` (ADDR_STR_MAX
 * bytes). */
const char *report_place(const struct rs_run *rs, char *str);

/* All state of a server and its checks. */
void report_server(struct role *role, const struct rs_run *rs);

/* A pool that is new with this configuration: with quorum it is told as a change. */
void report_pool_start(struct role *role, const struct pool_run *pool);

/* Its pool after that; edge tells whether the quorum was gained or lost. */
void report_pool(struct role *role, const struct pool_run *pool, enum pool_edge edge);

/* All state of a pool (after a commit). */
void report_publish(struct role *role, const struct pool_run *pool);

/* A pool at a clean stop: words, and with omega the events of servers and quorum that go. */
void report_shutdown(struct role *role, const struct pool_run *pool);

#endif
