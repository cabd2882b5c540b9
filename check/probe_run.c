/*
 * One run of a probe: connect, TLS, plug-in, deadline, end. Part of the probe engine, in the
 * checker process.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "check/probe_private.h"
#include "lib/log.h"

#define MAX_FREE_RUNS 256 /* unused ones kept per kind */

/* ---- memory ---- */

static struct probe_run *run_get(struct probe_kind *kind)
{
	size_t size = sizeof(struct probe_run) + kind->ops->run_size;
	struct probe_run *run = SLIST_FIRST(&kind->free_runs);

	if (!run)
		return xcalloc(1, size);
	SLIST_REMOVE_HEAD(&kind->free_runs, link);
	kind->n_free--;
	memset(run, 0, size);
	return run;
}

static void run_put(struct probe_kind *kind, struct probe_run *run)
{
	if (kind->n_free >= MAX_FREE_RUNS) {
		free(run);
		return;
	}
	SLIST_INSERT_HEAD(&kind->free_runs, run, link);
	kind->n_free++;
}

void probe_kind_free(struct probe_kind *kind)
{
	struct probe_run *run;

	while ((run = SLIST_FIRST(&kind->free_runs))) {
		SLIST_REMOVE_HEAD(&kind->free_runs, link);
		free(run);
	}
	free(kind);
}

/* ---- end ---- */

static void run_release(struct probe *probe, enum probe_reason reason)
{
	struct probe_run *run = probe->run;

	if (run->is_begun && probe->spec.ops->stop)
		probe->spec.ops->stop(probe);
	timer_cancel(&probe->timer);
	io_del(&run->io);
	probe_tls_close(run->ssl);
	if (reason == REASON_TLS_HANDSHAKE || reason == REASON_TLS)
		probe_tls_forget(&probe->session);
	if (run->fd >= 0)
		probe_conn_close(run->fd, run->is_eof);
	probe->run = NULL;
	run_put(probe->kind, run);
	probe->engine->stats.running--;
}

static void run_end(struct probe *probe, enum probe_reason reason, const char *text)
{
	char detail[PROBE_DETAIL_MAX];

	snprintf(detail, sizeof(detail), "%s", text ? text : "");
	if (probe->spec.ops->judge)
		reason = probe->spec.ops->judge(probe, reason);
	run_release(probe, reason);
	probe_deliver(probe, reason, detail);
}

void probe_run_cancel(struct probe *probe)
{
	if (probe->run)
		run_release(probe, REASON_INTERNAL);
}

void probe_run_expire(struct probe *probe)
{
	bool is_connecting = probe->run->phase == RUN_CONNECT;

	run_end(probe, is_connecting ? REASON_CONNECT_TIMEOUT : REASON_TIMEOUT, NULL);
}

void probe_done(struct probe *probe, enum probe_reason reason, const char *detail)
{
	struct probe_run *run = probe->run;

	if (!run->is_calling) {
		run_end(probe, reason, detail);
		return;
	}
	run->is_done = true;
	run->reason = reason;
	snprintf(run->detail, sizeof(run->detail), "%s", detail ? detail : "");
}

bool probe_is_done(const struct probe *probe)
{
	return probe->run->is_done;
}

/* ---- progress ---- */

static void talk_begin(struct probe *probe)
{
	struct probe_run *run = probe->run;
	int err;

	run->phase = RUN_TALK;
	run->is_begun = true;
	run->is_calling = true;
	err = probe->spec.ops->start(probe);
	run->is_calling = false;
	if (err < 0)
		run_end(probe, REASON_INTERNAL, strerror(-err));
	else if (run->is_done)
		run_end(probe, run->reason, run->detail);
}

static void talk_ready(struct probe *probe, uint32_t ready)
{
	struct probe_run *run = probe->run;

	run->is_calling = true;
	probe->spec.ops->io(probe, ready);
	run->is_calling = false;
	if (run->is_done)
		run_end(probe, run->reason, run->detail);
}

static void handshake_ready(struct probe *probe)
{
	uint32_t events = 0;
	int err = probe_tls_handshake(probe->run->ssl, &events);

	if (err == 0)
		talk_begin(probe);
	else if (err == -EAGAIN)
		io_set_events(&probe->run->io, events);
	else
		run_end(probe, REASON_TLS_HANDSHAKE, err == -EPROTO ? NULL : strerror(-err));
}

static int handshake_begin(struct probe *probe)
{
	const struct checker_ops *ops = probe->spec.ops;
	struct probe_run *run = probe->run;
	const char *sni = ops->sni ? ops->sni(probe) : NULL;

	run->phase = RUN_HANDSHAKE;
	run->ssl = probe_tls_open(probe->engine->tls, run->fd, sni, &probe->session);
	return run->ssl ? 0 : -ENOMEM;
}

static void connect_ready(struct probe *probe, uint32_t ready)
{
	struct probe_run *run = probe->run;
	int err = ready & (EPOLLERR | EPOLLHUP) ? probe_conn_error(run->fd) : 0;

	if (err < 0) {
		run_end(probe, probe_conn_reason(-err), NULL);
		return;
	}
	timer_arm_at(&probe->timer,
		     time_add(run->begun_at, 2 * probe->spec.conf->connect_timeout_us));
	if (!probe->spec.ops->is_tls) {
		talk_begin(probe);
		return;
	}
	if (handshake_begin(probe) < 0)
		run_end(probe, REASON_RESOURCES, NULL);
	else
		handshake_ready(probe);
}

static void on_ready(struct io *io, uint32_t ready, void *arg)
{
	struct probe *probe = arg;

	(void)io;
	switch (probe->run->phase) {
	case RUN_CONNECT: connect_ready(probe, ready); break;
	case RUN_HANDSHAKE: handshake_ready(probe); break;
	case RUN_TALK: talk_ready(probe, ready); break;
	}
}

void probe_run_begin(struct probe *probe)
{
	struct probe_engine *engine = probe->engine;
	struct probe_run *run = run_get(probe->kind);
	enum probe_reason reason = REASON_RESOURCES;

	probe->run = run;
	engine->stats.running++;
	engine->stats.runs++;
	run->begun_at = loop_now(engine->loop);
	run->fd = probe_conn_open(&probe->spec, &reason);
	if (run->fd < 0 || io_add(engine->loop, &run->io, run->fd, EPOLLOUT, on_ready, probe) < 0) {
		run_end(probe, reason, NULL);
		return;
	}
	timer_arm_at(&probe->timer, time_add(run->begun_at, probe->spec.conf->connect_timeout_us));
}

/* ---- for the plug-ins ---- */

const struct checker_conf *probe_conf(const struct probe *probe)
{
	return probe->spec.conf;
}

const struct probe_spec *probe_spec(const struct probe *probe)
{
	return &probe->spec;
}

void *probe_run(struct probe *probe)
{
	return probe->run->state;
}

void *probe_keep(struct probe *probe)
{
	return probe->keep;
}

ssize_t probe_read(struct probe *probe, void *buf, size_t len)
{
	struct probe_run *run = probe->run;
	uint32_t events = EPOLLIN;
	ssize_t n = run->ssl ? probe_tls_read(run->ssl, buf, len, &events)
			     : probe_conn_read(run->fd, buf, len);

	if (n == -EAGAIN)
		io_set_events(&run->io, events);
	run->is_eof |= n == 0;
	return n;
}

ssize_t probe_write(struct probe *probe, const void *buf, size_t len)
{
	struct probe_run *run = probe->run;
	uint32_t events = EPOLLOUT;
	ssize_t n = run->ssl ? probe_tls_write(run->ssl, buf, len, &events)
			     : probe_conn_write(run->fd, buf, len);

	if (n == -EAGAIN)
		io_set_events(&run->io, events);
	return n;
}
