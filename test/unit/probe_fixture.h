/*
 * A probe engine, a web server of the same process and counters of results, for tests of the
 * engine.
 */
#ifndef DIARCH_TEST_PROBE_FIXTURE_H
#define DIARCH_TEST_PROBE_FIXTURE_H

#include "check/checkers.h"
#include "test/unit/http_server.h"

#define MAX_SUBS    128
#define PATIENCE_US (10 * US_PER_S) /* then a test fails */
#define TIMEOUT_US  (60 * US_PER_MS)
#define INTERVAL_US (20 * US_PER_MS)

/* A check of one url, or of a port. */
struct check {
	struct http_check_conf conf;
	struct url_conf url;
};

struct counter {
	struct probe_sub sub;
	int n_results, n_up, n_down; /* results, edges */
	bool is_gone;                /* was unsubscribed by another */
	struct counter *victim;      /* unsubscribed at the first result */
};

struct bench {
	time_us fake;
	struct clock fake_clock;
	struct loop *loop;
	struct probe_engine *engine;
	struct http_server server;
	struct check checks[MAX_SUBS];
	struct counter subs[MAX_SUBS];
	uint32_t n;
};

/* `is_fake`: on a clock that the test moves (b->fake). */
struct bench *bench_new(bool is_fake, enum http_manner manner);
void bench_free(struct bench *b);

/* Subscribes check i at a port of 127.0.0.1. */
int subscribe_at(struct bench *b, uint32_t i, const struct checker_ops *ops, uint16_t port);

/* Subscribes a counter of b->subs. */
int start_sub(struct bench *b, struct counter *counter, const struct probe_spec *spec);

/* One more check of the server, prepared but not started. */
struct check *add_check(struct bench *b, const struct checker_ops *ops);

/* Starts the one added last. */
struct counter *start_check(struct bench *b, const struct checker_ops *ops);
struct counter *add_started(struct bench *b, const struct checker_ops *ops);

struct probe_stats stats_of(const struct bench *b);

/* Serves events until `counter` has `n` results. */
void wait_results(struct bench *b, const struct counter *counter, int n);

#endif
