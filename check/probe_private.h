/*
 * Shared by the files of the probe engine, and by nothing else.
 *
 *	probe.c       engine, sharing, subscribers, schedule
 *	probe_run.c   one run: connect, TLS, plug-in, deadline, end
 *	probe_conn.c  the socket of a run
 *	probe_tls.c   TLS client, with a header of its own
 */
#ifndef DIARCH_CHECK_PROBE_PRIVATE_H
#define DIARCH_CHECK_PROBE_PRIVATE_H

#include <stdalign.h>

#include "check/probe.h"
#include "check/probe_tls.h"

enum run_phase { RUN_CONNECT, RUN_HANDSHAKE, RUN_TALK };

/* What a probe needs only while it runs. */
struct probe_run {
	SLIST_ENTRY(probe_run) link; /* in its kind's free list */
	struct io io;
	int fd;
	struct ssl_st *ssl;
	time_us begun_at;
	enum run_phase phase;
	bool is_begun;   /* the plug-in's start was called */
	bool is_calling; /* a callback of the plug-in is on the stack */
	bool is_done;    /* reason and detail are in */
	bool is_eof;     /* the peer closed its side */
	enum probe_reason reason;
	char detail[PROBE_DETAIL_MAX];
	alignas(max_align_t) unsigned char state[];
};

/* A protocol in use, with its unused runs. */
struct probe_kind {
	LIST_ENTRY(probe_kind) link;
	const struct checker_ops *ops;
	SLIST_HEAD(, probe_run) free_runs;
	uint32_t n_free;
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
	bool is_waiting;                /* in the queue */
	TAILQ_ENTRY(probe) waiting;     /* in the queue */
	struct timer timer;             /* idle: next start; running: deadline */
	time_us due;                    /* of the latest regular start; retries leave it alone */
	struct probe_run *run;          /* NULL = idle */
	struct ssl_session_st *session; /* to resume */
	alignas(max_align_t) unsigned char keep[];
};

LIST_HEAD(probe_bucket, probe);

struct probe_engine {
	struct loop *loop;
	uint64_t seed;
	uint64_t n_spread;      /* probes that were given a first start */
	struct ssl_ctx_st *tls; /* NULL until a probe needs it */
	LIST_HEAD(, probe_kind) kinds;
	struct probe_bucket *buckets;
	uint32_t n_buckets; /* a power of two */
	TAILQ_HEAD(, probe) waiting;
	struct timer serve_timer; /* a descriptor is free and somebody waits */
	uint32_t max_running;
	struct probe_stats stats;
};

/* ---- probe.c ---- */

/* A run ended and is released: tells the subscribers and arms the next start. The probe may be gone
 * afterwards. */
void probe_deliver(struct probe *probe, enum probe_reason reason, const char *detail);

/* ---- probe_run.c ---- */

/* Starts a run, or ends it at once. */
void probe_run_begin(struct probe *probe);

/* The deadline of a run has come. */
void probe_run_expire(struct probe *probe);

/* Ends the run, if there is one, without a result. */
void probe_run_cancel(struct probe *probe);

/* Frees unused runs. */
void probe_kind_free(struct probe_kind *kind);

/* ---- probe_conn.c ---- */

/* A connecting socket as `spec` wants it, or -1 with the reason. */
int probe_conn_open(const struct probe_spec *spec, enum probe_reason *reason);

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
