/*
 * Probe engine: schedule, spread, deadline, connect, TLS, retries, sharing. Thousands of probes in one process.
 *
 * A probe is one endpoint with one protocol and its parameters. Identical probes (same kind, equal configuration
 * apart from identity) run once and fan out to all their subscribers. The plug-in ends each run exactly once
 * with probe_done(); the engine owns everything else.
 */
#ifndef DIARCH_CHECK_PROBE_H
#define DIARCH_CHECK_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "check/check_conf.h"
#include "check/health.h"
#include "lib/addr.h"
#include "lib/loop.h"

/* Why a check failed; one table (check/reason.def) has name, text, up or down; printed everywhere alike. */
enum probe_reason {
#define REASON(id, name, text, is_up) REASON_##id,
#include "check/reason.def"
#undef REASON
	REASON_N
};

const char *reason_name(enum probe_reason reason);
const char *reason_text(enum probe_reason reason);
bool reason_is_up(enum probe_reason reason);

struct probe_engine;
struct probe;

/* What to probe. Strings and conf are the configuration's, which outlives the probe. */
struct probe_spec {
	const struct checker_ops *ops;
	const struct checker_conf *conf;
	struct addr addr;	/* connect_ip or the real server's */
	uint16_t port;
	const char *virtualhost; /* from real server or virtual server, NULL = none */
};

/* One user of a probe: a check of a real server. Embedded in its owner. */
struct probe_sub {
	struct probe_sub *next;	/* private */
	struct probe *probe;	/* private */
	struct health health;
	struct health_params params;
	enum probe_reason reason; /* of the last result */
	char detail[48];
	/* After each result; edge tells whether the verdict changed. */
	void (*on_result)(struct probe_sub *sub, enum health_edge edge, void *arg);
	void *arg;
};

struct checker_ops {
	const char *name; /* "TCP_CHECK" */
	const struct conf_block *conf;
	size_t run_size;  /* bytes of private state per run, allocated by the engine */
	/* Connected (and TLS done where wanted): begin. 0, or -errno to fail with REASON_INTERNAL. */
	int (*start)(struct probe *probe);
	/* Readiness (EPOLLIN/EPOLLOUT) after start. */
	void (*io)(struct probe *probe, uint32_t ready);
	/* Cancelled or finished: release private state. May be NULL. */
	void (*stop)(struct probe *probe);
	/* Whether two configurations ask the same on the wire. NULL = conf_obj_is_equal. */
	bool (*is_same)(const struct checker_conf *a, const struct checker_conf *b);
	bool is_tls;
};

/* All checkers, in one visible array, NULL terminated. */
extern const struct checker_ops *const checkers[];

/* `seed` spreads the starts (data, so that tests repeat). */
struct probe_engine *probe_engine_new(struct loop *loop, uint64_t seed);
void probe_engine_free(struct probe_engine *engine);

/*
 * Subscribes: starts the probe within warmup, or joins an identical running one. The subscriber's health is
 * initialised unless `is_adopted` (state of a predecessor was put in). `conf` gives the schedule. 0 or -errno.
 */
int probe_subscribe(struct probe_engine *engine, const struct probe_spec *spec, struct probe_sub *sub, bool is_adopted);

/* Leaves; the last one cancels a run in flight. Safe from on_result of any subscriber. */
void probe_unsubscribe(struct probe_sub *sub);

/* Number of distinct probes and of subscribers; runs started in all; worst lateness of a start (us). */
struct probe_stats {
	uint32_t probes, subs;
	uint64_t runs;
	int64_t worst_late_us;
};
void probe_engine_stats(const struct probe_engine *engine, struct probe_stats *out);

/* ---- for the plug-ins ---- */

const struct checker_conf *probe_conf(const struct probe *probe);
const struct probe_spec *probe_spec(const struct probe *probe);
void *probe_run(struct probe *probe); /* the private state, zeroed at each start */

/* Reads or writes through TLS or the socket: bytes, 0 at end of stream (read), -EAGAIN, or -errno. Sets the
 * events to wait for by itself. */
ssize_t probe_read(struct probe *probe, void *buf, size_t len);
ssize_t probe_write(struct probe *probe, const void *buf, size_t len);

/* Ends the run with a reason and an optional detail (copied, may be NULL). Exactly once per run. */
void probe_done(struct probe *probe, enum probe_reason reason, const char *detail);

#endif
