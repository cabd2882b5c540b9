/*
 * Probe engine: schedule, spread, deadline, connect, TLS, retries, sharing. Thousands of probes in
 * one process.
 *
 * A probe is one endpoint with one protocol and its parameters. Identical probes (same kind, equal
 * configuration apart from identity) run once and fan out to all their subscribers. The plug-in
 * ends each run exactly once with probe_done(); the engine owns everything else.
 *
 * Schedule: the first start lies within warmup, spread evenly over all probes; each next one is one
 * delay_loop after the time the previous one was due, whatever that run took, so nothing drifts and
 * the spread stays. A start is up to 2 ms (and 1/500 of delay_loop) late, so that one awakening
 * serves many. Starts that were missed are skipped, not caught up. A failure that did not decide
 * yet is repeated delay_before_retry later. A run has connect_timeout to connect, and in all
 * `deadline`, which is twice that unless set, however slowly bytes come in.
 */
#ifndef DIARCH_CHECK_PROBE_H
#define DIARCH_CHECK_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "check/check_conf.h"
#include "check/health.h"
#include "check/path.h"
#include "check/ramp.h"
#include "lib/addr.h"
#include "lib/loop.h"

/* Why a check failed; one table (check/reason.def) has name, text and verdict; printed everywhere
 * alike. */
enum probe_reason {
#define REASON(id, name, text, verdict) REASON_##id,
#include "check/reason.def"
#undef REASON
	REASON_N
};

/* What a reason says about the server. */
enum reason_verdict {
	VERDICT_UP,
	VERDICT_DOWN,
	VERDICT_PARTLY, /* confirms a server that is up; does not bring one up */
	VERDICT_NONE,   /* our own trouble: changes nothing */
};

const char *reason_name(enum probe_reason reason);
const char *reason_text(enum probe_reason reason);
enum reason_verdict reason_verdict(enum probe_reason reason);

/* Whether the run itself passed. */
bool reason_is_up(enum probe_reason reason);

struct probe_engine;
struct probe;
struct script_asks;

/* What to probe. Strings and conf are the configuration's; see probe_subscribe() for how long they
 * must live. */
struct probe_spec {
	const struct checker_ops *ops;
	const struct checker_conf *conf;
	struct addr addr; /* connect_ip, the real server's, or with `path` the service's */
	uint16_t port;
	struct path *path;          /* through IPVS to the real server; NULL = straight */
	const char *host;           /* the real server's name, NULL = none */
	const char *virtualhost;    /* the real server's, NULL = none */
	const char *vs_virtualhost; /* the virtual server's, NULL = none */
};

#define PROBE_DETAIL_MAX 48

/* One user of a probe: a check of a real server. Embedded in its owner, zeroed at first. */
struct probe_sub {
	LIST_ENTRY(probe_sub) link; /* private */
	struct probe *probe;        /* private; NULL = not subscribed */
	struct health health;
	struct health_params params;
	enum probe_reason reason; /* of the last result */
	char detail[PROBE_DETAIL_MAX];
	struct weight_advice advice; /* of the plug-in, if it gives any; the latest */
	/*
	 * After each result; edge tells whether the verdict changed. May subscribe, unsubscribe and
	 * free any subscriber, itself included.
	 */
	void (*on_result)(struct probe_sub *sub, enum health_edge edge, void *arg);
	void *arg;
};

/* A change of a check, for the log. */
struct check_words {
	const struct checker_conf *conf;
	const char *rs, *vs; /* names */
	bool is_up;
	enum probe_reason reason;
	const char *detail; /* "" = none */
	uint32_t retries;
};

/* What a run talks through. */
enum probe_transport {
	PROBE_STREAM,   /* a TCP connection */
	PROBE_DATAGRAM, /* a connected UDP socket; a run may take connect_timeout in all */
	PROBE_ECHO,     /* ICMP echo messages, by the system's echo socket or a raw one */
	PROBE_NOTHING,  /* no socket: the plug-in ends its run, which has no time limit */
};

/*
 * A protocol. Its callbacks may keep nothing of the configuration between calls (it may be replaced
 * by an equal one): they ask probe_conf() and probe_spec() again.
 */
struct checker_ops {
	const char *name; /* "TCP_CHECK" */
	/* keepalived's words in the log: "BEFORE server AFTER" on success, "NAME on service ..." on
	 * failure. */
	const char *log_up_before, *log_up_after, *log_down_name;
	/* A whole line of keepalived's instead. May be NULL. */
	void (*say)(const struct check_words *words, char *line, size_t size);
	const struct conf_block *conf;
	size_t run_size;  /* bytes of private state per run, allocated by the engine */
	size_t keep_size; /* bytes of private state per probe, which survive its runs */
	bool is_tls;
	/* The first bytes of a connection are ours: they carry the last acknowledgement of its
	 * handshake, which saves a packet. */
	bool talks_first;
	enum probe_transport transport;
	/* Connected (and TLS done where wanted): begin. 0, or -errno to fail with REASON_INTERNAL.
	 */
	int (*start)(struct probe *probe);
	/*
	 * Readiness (EPOLLIN/EPOLLOUT) after start: read or write until -EAGAIN or probe_done(), or
	 * up to a budget in steps of PROBE_READ_SIZE.
	 */
	void (*io)(struct probe *probe, uint32_t ready);
	/* Cancelled or finished: release private state. Called once if start was called. May be
	 * NULL. */
	void (*stop)(struct probe *probe);
	/*
	 * Every run that ended, also those that the engine ended (refused, timeout ...), before
	 * `stop`: carries state over in probe_keep(), may refine the reason. May be NULL.
	 */
	enum probe_reason (*judge)(struct probe *probe, enum probe_reason reason);
	/* After REASON_PARTLY while not up: whether the next run follows at once. NULL = no. */
	bool (*is_hasty)(const struct probe *probe);
	/* Releases what probe_keep() refers to. May be NULL. */
	void (*drop)(void *keep);
	/* Server name for TLS, NULL = none. May be NULL. */
	const char *(*sni)(struct probe *probe);
	/*
	 * Checks that follow what the parent watches (check/follow.h) have a kind of feed, and none
	 * of the above: which one, and what a value says.
	 */
	const char *feed; /* "file", "bfd"; NULL = a probe */
	const char *(*feed_name)(const struct checker_conf *conf);
	enum probe_reason (*feed_judge)(const struct checker_conf *conf, int64_t value,
					struct weight_advice *advice);
	/* Whether two configurations ask the same on the wire. NULL = conf_obj_is_equal. */
	bool (*is_same)(const struct checker_conf *a, const struct checker_conf *b);
};

/* All checkers, in one visible array, NULL terminated. */
extern const struct checker_ops *const checkers[];

/*
 * `seed` spreads the starts (data, so that tests repeat). Raises the soft limit of open files to
 * the hard one; runs beyond it wait in a queue.
 */
struct probe_engine *probe_engine_new(struct loop *loop, uint64_t seed);

/* Gives plug-ins a way to run scripts; `asks` outlives the engine. */
void probe_engine_set_scripts(struct probe_engine *engine, struct script_asks *asks);

struct ssl_conf;

/* What TLS presents, and its authorities by default; NULL = nothing. `conf` lives until it is
 * replaced. */
void probe_engine_set_identity(struct probe_engine *engine, const struct ssl_conf *conf);

/* Shows `on_bytes` everything that plug-ins read; NULL = nobody. */
void probe_engine_set_tap(struct probe_engine *engine,
			  void (*on_bytes)(const void *data, size_t len, void *arg), void *arg);

/* Cancels everything without results; subscribers are left unsubscribed. NULL is fine. */
void probe_engine_free(struct probe_engine *engine);

/* What health_params a checker's configuration asks for. */
struct health_params probe_health_params(const struct checker_conf *conf);

/*
 * Subscribes: starts the probe within warmup, or joins an identical one. The caller has set
 * on_result, arg and params; the subscriber's health is initialised unless `is_adopted` (state of a
 * predecessor was put in). 0 or -errno.
 *
 * A subscriber that is subscribed already moves, and an identical probe goes on undisturbed. This
 * is how a new configuration takes over: subscribe with its specs first, then unsubscribe what it
 * no longer has, then free the old one. A probe refers to the spec of the last one who joined.
 */
int probe_subscribe(struct probe_engine *engine, const struct probe_spec *spec,
		    struct probe_sub *sub, bool is_adopted);

/* The first run of a new probe begins at once; the next ones keep their place in the spread. One
 * that runs, or waits for it, goes on. */
void probe_hasten(struct probe_sub *sub);

/* Leaves; the last one cancels a run in flight. Safe from on_result of any subscriber, and when not
 * subscribed. */
void probe_unsubscribe(struct probe_sub *sub);

#define PROBE_LATE_US 10000

/* Counters, and what goes on now. */
struct probe_stats {
	uint32_t probes, subs;     /* distinct probes, subscribers */
	uint32_t running, waiting; /* runs in flight; starts that wait for a descriptor */
	uint64_t runs;             /* started in all */
	uint64_t skipped;          /* starts missed by more than an interval */
	uint64_t late;             /* starts more than PROBE_LATE_US after they were due */
	int64_t worst_late_us;     /* worst lateness of a start */
};
void probe_engine_stats(const struct probe_engine *engine, struct probe_stats *out);

/* ---- for the plug-ins ---- */

#define PROBE_READ_SIZE 16384 /* a read of this size leaves nothing behind in the TLS layer */

const struct checker_conf *probe_conf(const struct probe *probe);
const struct probe_spec *probe_spec(const struct probe *probe);
struct script_asks *probe_scripts(struct probe *probe); /* NULL = scripts cannot be run */
void *probe_run(struct probe *probe);  /* the private state, zeroed at each start */
void *probe_keep(struct probe *probe); /* the lasting state, zeroed when the probe is created */

/*
 * Reads or writes through TLS or the socket: bytes, 0 at end of stream (read), -EAGAIN, or -errno.
 * Sets the events to wait for by itself.
 */
ssize_t probe_read(struct probe *probe, void *buf, size_t len);
ssize_t probe_write(struct probe *probe, const void *buf, size_t len);

/* In a callback: there is nothing to read before the next readiness, as after -EAGAIN. */
void probe_wait_read(struct probe *probe);

/* The reason for a -errno of probe_read() or probe_write(). */
enum probe_reason probe_io_reason(int err);

/* TLS is closed with a close_notify this time. */
void probe_close_politely(struct probe *probe);

/* What the answer says about the weight of the server; counts when the run ends. */
void probe_advise(struct probe *probe, const struct weight_advice *advice);

/* What it said before, to the subscriber that came last; a former child may have. */
const struct weight_advice *probe_advice(const struct probe *probe);

/*
 * Ends the run with a reason and an optional detail (copied, may be NULL). Exactly once per run;
 * from a callback of the plug-in it takes effect when that returns.
 */
void probe_done(struct probe *probe, enum probe_reason reason, const char *detail);

/* Whether the plug-in, in a callback, has already ended its run. */
bool probe_is_done(const struct probe *probe);

#endif
