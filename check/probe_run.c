/*
 * One run of a probe: connect, TLS, plug-in, deadline, end. Part of the probe engine, in the
 * checker process.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "check/probe_private.h"
#include "lib/log.h"

#define EXPIRY_WORD_EVERY_S 86400

/* ---- end ---- */

static void turn_take(struct probe_engine *engine, struct probe_run *run)
{
	if (!run->has_turn)
		return;
	run->has_turn = false;
	engine->n_turns--;
	TAILQ_REMOVE(&engine->turns, run, turn);
}

static void run_release(struct probe *probe, enum probe_reason reason)
{
	struct probe_run *run = probe->run;

	if (run->is_begun && probe->spec.ops->stop)
		probe->spec.ops->stop(probe);
	timer_cancel(&probe->timer);
	turn_take(probe->engine, run);
	probe_tls_close(run->ssl, run->is_polite && !run->is_broken);
	run->is_eof |= run->ssl && run->is_polite; /* a reset would overtake the close_notify */
	if (reason == REASON_TLS_HANDSHAKE || reason == REASON_TLS || reason == REASON_TLS_CERT)
		probe_tls_forget(&probe->tls);
	probe->run = NULL;
	probe->engine->stats.running--;
	probe_pool_put(probe, run, run->phase != RUN_CONNECT && !run->is_broken && !run->is_eof);
}

static bool is_slow(const struct probe *probe, int64_t took_us)
{
	const int64_t limit_us = probe->spec.conf->response_time_limit_us;

	return limit_us && took_us > limit_us;
}

/* Whether a result is other than what somebody knows. */
static bool is_news(const struct probe *probe, enum probe_reason reason)
{
	const struct probe_sub *sub;

	LIST_FOREACH(sub, &probe->subs, link)
	{
		if (!sub->health.is_known || sub->health.is_up != reason_is_up(reason))
			return true;
	}
	return false;
}

/* When a way is taken away under a probe, another server answers, or none. */
static bool is_lost_on_the_way(const struct probe *probe, enum probe_reason reason)
{
	return probe->spec.path && is_news(probe, reason) &&
	       !path_is_sound(probe->spec.path, probe->run->begun_at);
}

static void run_end(struct probe *probe, enum probe_reason reason, const char *text)
{
	const struct probe_run *run = probe->run;
	int64_t took_us = time_sub(loop_now(probe->engine->loop), run->begun_at);
	struct probe_result result = { .is_advised = run->is_advised, .advice = run->advice };

	snprintf(result.detail, sizeof(result.detail), "%s", text ? text : "");
	if (reason_is_up(reason) && is_slow(probe, took_us)) {
		reason = REASON_SLOW;
		snprintf(result.detail, sizeof(result.detail), "%" PRId64 " ms",
			 took_us / US_PER_MS);
	}
	if (is_lost_on_the_way(probe, reason))
		reason = REASON_PATH;
	result.reason = probe->spec.ops->judge ? probe->spec.ops->judge(probe, reason) : reason;
	run_release(probe, result.reason);
	probe_deliver(probe, &result);
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

void probe_advise(struct probe *probe, const struct weight_advice *advice)
{
	probe->run->is_advised = true;
	probe->run->advice = *advice;
}

const struct weight_advice *probe_advice(const struct probe *probe)
{
	static const struct weight_advice none;
	const struct probe_sub *sub = LIST_FIRST(&probe->subs);

	return sub ? &sub->advice : &none;
}

bool probe_is_done(const struct probe *probe)
{
	return probe->run->is_done;
}

/* ---- progress ---- */

/* Readiness is told once: a plug-in that stopped before -EAGAIN goes on in the next pass. */
static void turn_later(struct probe *probe)
{
	struct probe_engine *engine = probe->engine;
	struct probe_run *run = probe->run;

	if (run->has_turn || !probe->spec.ops->io)
		return;
	run->has_turn = true;
	engine->n_turns++;
	TAILQ_INSERT_TAIL(&engine->turns, run, turn);
	if (!timer_is_armed(&engine->turn_timer))
		timer_arm_in(&engine->turn_timer, 0);
}

/* A callback of the plug-in has returned. */
static void talk_goes_on(struct probe *probe)
{
	struct probe_run *run = probe->run;

	run->is_calling = false;
	if (run->is_done)
		run_end(probe, run->reason, run->detail);
	else if (!run->is_blocked)
		turn_later(probe);
}

static void talk_begin(struct probe *probe)
{
	struct probe_run *run = probe->run;
	int err;

	run->phase = RUN_TALK;
	run->is_begun = true;
	run->is_calling = true;
	run->is_blocked = false;
	err = probe->spec.ops->start(probe);
	if (err == 0) {
		talk_goes_on(probe);
		return;
	}
	run->is_calling = false;
	run_end(probe, REASON_INTERNAL, strerror(-err));
}

static void talk_ready(struct probe *probe, uint32_t ready)
{
	struct probe_run *run = probe->run;

	run->is_calling = true;
	run->is_blocked = false;
	probe->spec.ops->io(probe, ready);
	talk_goes_on(probe);
}

void probe_run_turns(struct probe_engine *engine)
{
	uint32_t n = engine->n_turns; /* those who come back in this pass wait for the next */

	while (n-- > 0 && !TAILQ_EMPTY(&engine->turns)) {
		struct probe_run *run = TAILQ_FIRST(&engine->turns);

		turn_take(engine, run);
		probe_run_ready(&run->io, EPOLLIN | EPOLLOUT, run->io.arg);
	}
}

/* ---- TLS ---- */

/* `addr` has room for an address, which is the name where the server has no other. */
static struct probe_tls_want tls_want(struct probe *probe, char *addr)
{
	const struct tls_check_conf *conf = &probe->spec.conf->tls;
	struct probe_tls_want want = {
		.sni = probe->spec.ops->sni ? probe->spec.ops->sni(probe) : NULL,
		.is_verified = conf->is_verified,
		.ca_file = conf->ca_file ? conf->ca_file : probe->engine->identity.ca_file,
		.name = conf->name,
		.is_expiry_asked = conf->expiry_warning > 0,
	};

	if (!want.name)
		want.name = want.sni ? want.sni : probe->spec.host;
	if (!want.name)
		want.name = addr_str(&probe->spec.addr, addr);
	return want;
}

static void warn_expiry(struct probe *probe, int64_t days, int64_t now_s)
{
	char addr[ADDR_STR_MAX];

	if (days >= (int64_t)probe->spec.conf->tls.expiry_warning ||
	    now_s - probe->tls.warned_at_s < EXPIRY_WORD_EVERY_S)
		return;
	probe->tls.warned_at_s = now_s;
	addr_str(&probe->spec.addr, addr);
	log_event(LOG_LEVEL_WARNING, "tls_expiry",
		  log_kv("address=%s port=%u days=%" PRId64, addr, probe->spec.port, days),
		  "The certificate of [%s]:%u expires in %" PRId64 " days", addr, probe->spec.port,
		  days);
}

/* The handshake is complete: the certificate, then the plug-in. */
static void handshake_done(struct probe *probe)
{
	const int64_t now_s = (int64_t)time(NULL);
	char addr[ADDR_STR_MAX];
	const struct probe_tls_want want = tls_want(probe, addr);
	int64_t days;
	const char *fault = probe_tls_judge(probe->run->ssl, &want, &probe->tls, now_s, &days);

	if (fault) {
		run_end(probe, REASON_TLS_CERT, fault);
		return;
	}
	if (want.is_expiry_asked)
		warn_expiry(probe, days, now_s);
	talk_begin(probe);
}

static void handshake_ready(struct probe *probe)
{
	int err = probe_tls_handshake(probe->run->ssl);

	if (err == 0)
		handshake_done(probe);
	else if (err == -EINTR)
		turn_later(probe);
	else if (err != -EAGAIN)
		run_end(probe, REASON_TLS_HANDSHAKE, err == -EPROTO ? NULL : strerror(-err));
}

static void handshake_begin(struct probe *probe)
{
	struct probe_run *run = probe->run;
	char addr[ADDR_STR_MAX];
	const struct probe_tls_want want = tls_want(probe, addr);
	int err = probe_tls_open(probe->engine->tls, run->fd, &want, &probe->tls,
				 (int64_t)time(NULL), &run->ssl);

	run->phase = RUN_HANDSHAKE;
	if (err == 0)
		handshake_ready(probe);
	else
		run_end(probe, err == -ENOMEM ? REASON_RESOURCES : REASON_TLS_CA, NULL);
}

/* ---- connection ---- */

static time_us run_deadline(const struct probe *probe)
{
	const struct checker_conf *conf = probe->spec.conf;

	int64_t limit_us = conf->connect_timeout_us;

	if (probe->spec.ops->transport == PROBE_STREAM)
		limit_us *= 2;
	return time_add(probe->run->begun_at, conf->deadline_us ? conf->deadline_us : limit_us);
}

/* When a connection must be there. */
static time_us connect_deadline(const struct probe *probe)
{
	const struct checker_conf *conf = probe->spec.conf;
	int64_t limit_us = conf->connect_timeout_us;

	if (conf->deadline_us && conf->deadline_us < limit_us)
		limit_us = conf->deadline_us;
	return time_add(probe->run->begun_at, limit_us);
}

static void connect_ready(struct probe *probe, uint32_t ready)
{
	struct probe_run *run = probe->run;
	int err = ready & (EPOLLERR | EPOLLHUP) ? probe_conn_error(run->fd) : 0;

	if (err < 0) {
		run_end(probe, probe_conn_reason(-err), NULL);
		return;
	}
	if (!(ready & EPOLLOUT))
		return;
	if (probe->spec.ops->io)
		timer_arm_at(&probe->timer, run_deadline(probe));
	if (probe->spec.ops->is_tls)
		handshake_begin(probe);
	else
		talk_begin(probe);
}

void probe_run_ready(struct io *io, uint32_t ready, void *arg)
{
	struct probe *probe = arg;

	(void)io;
	if (!probe)
		return; /* the end of the run before */
	switch (probe->run->phase) {
	case RUN_CONNECT: connect_ready(probe, ready); break;
	case RUN_HANDSHAKE: handshake_ready(probe); break;
	case RUN_TALK: talk_ready(probe, ready); break;
	}
}

/* The first event is never before the connection: a socket that is not connected is watched later.
 */
static int run_connect(struct probe *probe, enum probe_reason *reason)
{
	const uint32_t events = EPOLLIN | EPOLLOUT | EPOLLET;
	struct probe_run *run = probe->run;

	if (run->fd < 0)
		run->fd = probe_conn_open(&probe->spec, reason);
	if (run->fd < 0 || probe_conn_connect(run->fd, &probe->spec, reason) < 0)
		return -1;
	if (run->io.events)
		return 0;
	*reason = REASON_RESOURCES;
	return io_add(probe->engine->loop, &run->io, run->fd, events, probe_run_ready, probe);
}

void probe_run_begin(struct probe *probe)
{
	struct probe_engine *engine = probe->engine;
	struct probe_run *run = probe_pool_get(probe);
	enum probe_reason reason = REASON_RESOURCES;
	const char *trouble;

	probe->run = run;
	engine->stats.running++;
	engine->stats.runs++;
	run->begun_at = loop_now(engine->loop);
	if (probe->spec.ops->transport == PROBE_NOTHING) {
		talk_begin(probe);
		return;
	}
	trouble = probe->spec.path ? path_trouble(probe->spec.path) : NULL;
	if (trouble) {
		run_end(probe, REASON_PATH, trouble);
		return;
	}
	run->is_plain = probe_conn_is_plain(&probe->spec);
	if (run_connect(probe, &reason) < 0) {
		run_end(probe, reason, NULL);
		return;
	}
	timer_arm_at(&probe->timer, connect_deadline(probe));
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

void probe_close_politely(struct probe *probe)
{
	probe->run->is_polite = true;
}

struct script_asks *probe_scripts(struct probe *probe)
{
	return probe->engine->scripts;
}

void *probe_run(struct probe *probe)
{
	return probe->run->state;
}

void *probe_keep(struct probe *probe)
{
	return probe->keep;
}

void probe_wait_read(struct probe *probe)
{
	probe->run->is_blocked = true;
}

/* What reading or writing brought. */
static ssize_t run_io_result(struct probe_run *run, ssize_t n)
{
	if (n == -EINTR)
		return -EAGAIN; /* goes on in the next pass */
	if (n == -EAGAIN)
		run->is_blocked = true;
	else if (n < 0)
		run->is_broken = true;
	return n;
}

ssize_t probe_read(struct probe *probe, void *buf, size_t len)
{
	struct probe_run *run = probe->run;
	ssize_t n =
		run->ssl ? probe_tls_read(run->ssl, buf, len) : probe_conn_read(run->fd, buf, len);

	if (n > 0 && probe->engine->tap)
		probe->engine->tap(buf, (size_t)n, probe->engine->tap_arg);
	run->is_eof |= n == 0 && probe->spec.ops->transport == PROBE_STREAM;
	return run_io_result(run, n);
}

ssize_t probe_write(struct probe *probe, const void *buf, size_t len)
{
	struct probe_run *run = probe->run;

	return run_io_result(run, run->ssl ? probe_tls_write(run->ssl, buf, len)
					   : probe_conn_write(run->fd, buf, len));
}
