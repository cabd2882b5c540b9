/*
 * Shared by the files of the probe engine, and by nothing else.
 *
 *	probe.c       engine, sharing, subscribers, schedule
 *	probe_run.c   one run: connect, TLS, plug-in, deadline, end
 *	probe_pool.c  memory and sockets of runs, used again and again
 *	probe_conn.c  the socket of a run
 *	probe_tls.c   TLS client, with a header of its own
 */
#ifndef DIARCH_CHECK_PROBE_PRIVATE_H
#define DIARCH_CHECK_PROBE_PRIVATE_H

#include <stdalign.h>

#include "check/probe.h"
#include "check/probe_tls.h"

enum run_phase { RUN_CONNECT, RUN_HANDSHAKE, RUN_TALK };

/*
 * What a probe needs only while it runs. A run that is not in use may keep a socket, disconnected
 * and watched (edge-triggered), for the next one.
 */
struct probe_run {
	SLIST_ENTRY(probe_run) link; /* among its kind's unused runs */
	struct io io;                /* io.arg is the probe; NULL = not in use */
	int fd;
	/* All that follows is zeroed for each use. */
	bool is_plain;               /* the socket has no options of one configuration */
	TAILQ_ENTRY(probe_run) turn; /* among those whose plug-in goes on in the next pass */
	bool has_turn;
	struct ssl_st *ssl;
	time_us begun_at;
	enum run_phase phase;
	bool is_blocked; /* reading or writing found nothing to do */
	bool is_broken;  /* reading or writing failed */
	bool is_begun;   /* the plug-in's start was called */
	bool is_calling; /* a callback of the plug-in is on the stack */
	bool is_done;    /* reason and detail are in */
	bool is_polite;  /* a close_notify ends TLS */
	bool is_eof;     /* the peer closed its side */
	bool is_advised; /* the plug-in said something about the weight */
	struct weight_advice advice;
	enum probe_reason reason;
	char detail[PROBE_DETAIL_MAX];
	alignas(max_align_t) unsigned char state[];
};

SLIST_HEAD(probe_run_list, probe_run);

/* A protocol in use, with its unused runs. */
struct probe_kind {
	LIST_ENTRY(probe_kind) link;
	const struct checker_ops *ops;
	struct probe_run_list bare;         /* without socket */
	struct probe_run_list idle4, idle6; /* with one of IPv4, IPv6 */
	uint32_t n_bare;
};

struct probe {
	struct probe_engine *engine;
	struct probe_spec spec;
	struct probe_kind *kind;
	LIST_ENTRY(probe) link; /* in its hash bucket */
	uint32_t hash;
	LIST_HEAD(, probe_sub) subs;
	struct probe_sub *cursor; /* next one to get the result */
	bool is_delivering;
	bool is_waiting;            /* in the queue */
	TAILQ_ENTRY(probe) waiting; /* in the queue */
	struct timer timer;         /* idle: next start; running: deadline */
	time_us due;                /* of the latest regular start; retries leave it alone */
	struct probe_run *run;      /* NULL = idle */
	struct probe_tls_keep tls;  /* of TLS */
	alignas(max_align_t) unsigned char keep[];
};

LIST_HEAD(probe_bucket, probe);

struct probe_engine {
	struct loop *loop;
	uint64_t seed;
	uint64_t n_spread;     /* probes that were given a first start */
	struct probe_tls *tls; /* NULL until a probe needs it */
	struct script_asks *scripts;
	struct probe_tls_identity identity;
	void (*tap)(const void *data, size_t len, void *arg); /* NULL = nobody looks */
	void *tap_arg;
	LIST_HEAD(, probe_kind) kinds;
	struct probe_bucket *buckets;
	uint32_t n_buckets; /* a power of two */
	TAILQ_HEAD(, probe) waiting;
	struct timer serve_timer; /* a descriptor is free and somebody waits */
	TAILQ_HEAD(probe_turns, probe_run) turns;
	struct timer turn_timer;
	uint32_t n_turns;
	uint32_t n_idle;      /* sockets kept for the next run */
	uint32_t max_running; /* descriptors for runs, idle ones included */
	struct probe_stats stats;
};

/* ---- probe.c ---- */

/* How a run ended. */
struct probe_result {
	enum probe_reason reason;
	char detail[PROBE_DETAIL_MAX];
	bool is_advised;
	struct weight_advice advice;
};

/* A run ended and is released: tells the subscribers and arms the next start. The probe may be gone
 * afterwards. */
void probe_deliver(struct probe *probe, const struct probe_result *result);

/* ---- probe_run.c ---- */

/* The runs whose plug-in used up its share of the pass before. */
void probe_run_turns(struct probe_engine *engine);

/* Starts a run, or ends it at once. */
void probe_run_begin(struct probe *probe);

/* The deadline of a run has come. */
void probe_run_expire(struct probe *probe);

/* Ends the run, if there is one, without a result. */
void probe_run_cancel(struct probe *probe);

/* Readiness of a run's socket. */
void probe_run_ready(struct io *io, uint32_t ready, void *arg);

/* ---- probe_pool.c ---- */

/* A zeroed run for `probe`, with a watched socket when a suitable one is idle; fd -1 otherwise. */
struct probe_run *probe_pool_get(struct probe *probe);

/* Takes it back; `is_clean`: the connection is up and can be taken down for the next one. */
void probe_pool_put(struct probe *probe, struct probe_run *run, bool is_clean);

/* Frees a kind and its unused runs. */
void probe_kind_free(struct probe_engine *engine, struct probe_kind *kind);

/* ---- probe_conn.c ---- */

/* A socket as `spec` wants it, not connected, or -1 with the reason. */
int probe_conn_open(const struct probe_spec *spec, enum probe_reason *reason);

/* Whether such a socket has nothing of this configuration and serves others too. */
bool probe_conn_is_plain(const struct probe_spec *spec);

/* Connects: 0 when it is on its way or there, or -1 with the reason. */
int probe_conn_connect(int fd, const struct probe_spec *spec, enum probe_reason *reason);

/* Ends a connection with a reset and keeps the socket for another one; false when that fails. */
bool probe_conn_reset(int fd);

/* The outcome of connecting: 0 or -errno. */
int probe_conn_error(int fd);

/* The reason for an errno before the connection is there. */
enum probe_reason probe_conn_reason(int err);

/* Closes; with a reset unless the peer closed first, so that no TIME_WAIT stays behind. */
void probe_conn_close(int fd, bool is_eof);

/* Bytes, 0 at the end of the stream (read), or -errno. */
ssize_t probe_conn_read(int fd, void *buf, size_t len);
ssize_t probe_conn_write(int fd, const void *buf, size_t len);

#endif
