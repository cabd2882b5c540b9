/*
 * Pools at run time in a test: one service, two servers with one check each; the probe engine, the
 * reconciler and the name servers are played.
 */
#ifndef DIARCH_TEST_POOL_FIXTURE_H
#define DIARCH_TEST_POOL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "check/pool.h"

/* What is played. */
struct pool_stage {
	struct ipvs_set wanted;     /* by the reconciler */
	unsigned edges, subscribed; /* changes applied; subscribers of probes */
	bool is_same_settings;      /* what conf_obj_is_equal() says */
	struct name_answer name;    /* what is known of the one name */
};

struct pool_stage *stage(void);

struct fixture {
	struct root_conf root;
	struct vs_conf vs;
	struct rs_conf rs[2];
	struct checker_conf check[2];
	struct loop *loop;
	struct pools *pools;
	struct pools_env env;
	time_us now;
	struct clock clock;
	unsigned checks, advices, servers, server_changes, known, weights, opened, gained, lost;
	unsigned events[ADDRESS_DRAINED + 1];
	const struct msg_rs_state *saved_rs; /* of server 0 */
	const struct msg_check_state *saved; /* of server 0 */
};

int pool_set_up(void **state);
int pool_tear_down(void **state);

/* A (re)load. */
void pool_load(struct fixture *f);

void attach(struct conf_list *list, struct conf_obj *obj);
struct pool_run *pool_of(struct fixture *f);
struct check_run *check_of(struct fixture *f, unsigned server);

/* One result of a server's check, or of any check, as the engine would deliver it. */
void result(struct fixture *f, unsigned server, bool is_ok);
void check_result(struct check_run *check, bool is_ok);

/* What a question about the name brought: addresses with blanks between, or a failure. */
void name_says(enum probe_reason reason, const char *words);

/* Weight wanted in the kernel; -1 = not there. */
int32_t weight(const char *rip);

/* Time passes, and timers fire. */
void pass(struct fixture *f, double s);

#endif
