/*
 * The probe engine on real sockets of 127.0.0.1: outcomes, deadlines, sharing, subscribers that
 * come and go, TLS. The schedule itself runs on a clock that the test moves.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check/checkers.h"
#include "test/unit/lib_util.h"
#include "test/unit/probe_fixture.h"

#define FAKE_SECONDS(s) ((int64_t)(s)*US_PER_S)

/* ---- outcomes ---- */

static void test_tcp_up(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct counter *c = add_started(b, &check_tcp);

	(void)state;
	wait_results(b, c, 3);
	assert_int_equal(c->sub.reason, REASON_OK);
	assert_true(c->sub.health.is_up && c->sub.health.is_known);
	assert_int_equal(c->n_up + c->n_down, 0);
	assert_int_equal(stats_of(b).runs, 3);
	while (b->server.n_open > 0 || b->server.n_accepted < 3)
		loop_run_once(b->loop, 10 * US_PER_MS);
	assert_int_equal(b->server.n_reset, b->server.n_accepted); /* leaves no TIME_WAIT */
	bench_free(b);
}

static void test_refused_and_back(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(b->server.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct counter *c = add_started(b, &check_tcp);
	int fd;

	(void)state;
	wait_results(b, c, 1);
	http_server_done(&b->server);
	wait_results(b, c, c->n_results + 1);
	assert_int_equal(c->sub.reason, REASON_CONNECT_REFUSED);
	assert_int_equal(c->n_down, 1);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 16), 0);
	wait_results(b, c, c->n_results + 1);
	assert_int_equal(c->sub.reason, REASON_OK);
	assert_int_equal(c->n_up, 1);
	close(fd);
	http_server_init(&b->server, b->loop, HTTP_SILENT);
	bench_free(b);
}

/* A listener whose queue is full lets no connection come about. */
static void test_connect_timeout(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0), fillers[8];
	struct counter *c;
	time_us begin;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	for (size_t i = 0; i < N_ELEMENTS(fillers); i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fillers[i], (struct sockaddr *)&sa, len);
	}
	add_check(b, &check_tcp);
	begin = loop_update_now(b->loop);
	assert_int_equal(subscribe_at(b, 0, &check_tcp, ntohs(sa.sin_port)), 0);
	c = &b->subs[0];
	wait_results(b, c, 1);
	assert_int_equal(c->sub.reason, REASON_CONNECT_TIMEOUT);
	assert_true(time_sub(loop_now(b->loop), begin) >= TIMEOUT_US);
	for (size_t i = 0; i < N_ELEMENTS(fillers); i++)
		close(fillers[i]);
	close(fd);
	bench_free(b);
}

static void test_bind(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct counter *c[3];

	(void)state;
	add_check(b, &check_tcp)->conf.common.bindto = addr_from_bytes("\xc0\x00\x02\x01", 4);
	c[0] = start_check(b, &check_tcp);
	add_check(b, &check_tcp)->conf.common.bind_if = "no-such-if0";
	c[1] = start_check(b, &check_tcp);
	add_check(b, &check_tcp)->conf.common.bindto = addr_from_bytes("\x7f\x00\x00\x02", 4);
	c[2] = start_check(b, &check_tcp);
	assert_int_equal(stats_of(b).probes, 3);
	for (int i = 0; i < 3; i++)
		wait_results(b, c[i], 1);
	assert_int_equal(c[0]->sub.reason, REASON_BIND);
	assert_int_equal(c[1]->sub.reason, REASON_BIND);
	assert_int_equal(c[2]->sub.reason, REASON_OK);
	bench_free(b);
}

static const struct {
	const char *name;
	enum http_manner manner;
	const char *answer, *regex, *digest;
	enum probe_reason reason;
	bool is_at_deadline;
} manners[] = {
	{ "answer", HTTP_ANSWERS, NULL, "hello", NULL, REASON_OK, false },
	{ "answer of known length", HTTP_HOLDS, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	  NULL, "5d41402abc4b2a76b9719d911017c592", REASON_OK, false },
	{ "answer of known length, any", HTTP_HOLDS,
	  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", NULL, NULL, REASON_OK, false },
	{ "head alone", HTTP_HOLDS, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", NULL, NULL,
	  REASON_TIMEOUT, true },
	{ "no end of the body", HTTP_HOLDS, NULL, "hello", NULL, REASON_TIMEOUT, true },
	{ "nothing at all", HTTP_ANSWERS, "", NULL, NULL, REASON_CLOSED_EARLY, false },
	{ "unwanted", HTTP_ANSWERS, "HTTP/1.0 503 No\r\n\r\n", NULL, NULL, REASON_HTTP_STATUS,
	  false },
	{ "silence", HTTP_SILENT, NULL, NULL, NULL, REASON_TIMEOUT, true },
	{ "reset", HTTP_RESETS, NULL, NULL, NULL, REASON_RESET, false },
	{ "drip", HTTP_DRIPS, NULL, NULL, NULL, REASON_TIMEOUT, true },
	{ "endless head", HTTP_ENDLESS_HEAD, NULL, NULL, NULL, REASON_HTTP_TOO_BIG, false },
	{ "endless body", HTTP_ENDLESS_BODY, NULL, "xyz", NULL, REASON_HTTP_TOO_BIG, false },
	{ "endless body not needed", HTTP_ENDLESS_BODY, NULL, NULL, NULL, REASON_OK, false },
};

static void run_manner(size_t i, const struct checker_ops *ops)
{
	struct bench *b = bench_new(false, manners[i].manner);
	struct check *check = add_check(b, ops);
	struct counter *c;
	time_us begin;

	if (ops->is_tls)
		http_server_use_tls(&b->server);
	if (manners[i].answer)
		b->server.answer = manners[i].answer;
	/* Generous where it must not matter: machines may be slow. */
	check->conf.common.connect_timeout_us =
		manners[i].is_at_deadline ? TIMEOUT_US : 4 * US_PER_S;
	check->url.regex = manners[i].regex;
	check->url.digest = manners[i].digest;
	begin = loop_update_now(b->loop);
	c = start_check(b, ops);
	wait_results(b, c, 1);
	if (c->sub.reason != manners[i].reason)
		fail_msg("%s %s: %s", ops->name, manners[i].name, reason_name(c->sub.reason));
	assert_int_equal(c->n_down, !reason_is_up(c->sub.reason));
	if (manners[i].is_at_deadline)
		assert_true(time_sub(loop_now(b->loop), begin) >= 2 * TIMEOUT_US);
	bench_free(b);
}

static void test_http(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(manners); i++)
		run_manner(i, &check_http_get);
}

static void test_https(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(manners); i++)
		run_manner(i, &check_ssl_get);
}

static void test_tls_session(void **state)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);
	struct counter *c;
	struct check *check = add_check(b, &check_ssl_get);

	(void)state;
	http_server_use_tls(&b->server);
	check->conf.sni_name = "www.example";
	check->conf.common.connect_timeout_us = 4 * US_PER_S;
	check->url.regex = "hello"; /* reading to the end brings the session */
	c = start_check(b, &check_ssl_get);
	wait_results(b, c, 3);
	assert_int_equal(c->n_down, 0);
	assert_string_equal(b->server.sni, "www.example");
	assert_true(b->server.n_resumed >= 1);
	bench_free(b);
}

static void test_tls_refused(void **state)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);
	struct counter *c;

	(void)state;
	add_check(b, &check_ssl_get)->conf.common.connect_timeout_us = TIMEOUT_US;
	c = start_check(b, &check_ssl_get); /* the server speaks no TLS and waits for a request */
	wait_results(b, c, 1);
	assert_int_equal(c->sub.reason, REASON_TIMEOUT);
	probe_unsubscribe(&c->sub);
	b->server.manner = HTTP_RESETS;
	http_server_use_tls(&b->server);
	c = add_started(b, &check_ssl_get); /* resets after the handshake */
	wait_results(b, c, 1);
	assert_int_equal(c->sub.reason, REASON_RESET);
	bench_free(b);
}

/* ---- sharing ---- */

static void test_sharing(void **state)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);

	(void)state;
	for (int i = 0; i < 100; i++)
		add_started(b, &check_http_get);
	assert_int_equal(stats_of(b).probes, 1);
	assert_int_equal(stats_of(b).subs, 100);
	wait_results(b, &b->subs[0], 3);
	for (int i = 0; i < 100; i++)
		assert_int_equal(b->subs[i].n_results, 3);
	assert_int_equal(stats_of(b).runs, 3);
	assert_int_equal(b->server.n_accepted, 3);
	bench_free(b);
}

static void test_not_shared(void **state)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);

	(void)state;
	add_started(b, &check_http_get);
	add_started(b, &check_tcp);
	add_check(b, &check_http_get)->url.path = "/other";
	start_check(b, &check_http_get);
	add_check(b, &check_http_get)->conf.common.delay_loop_us++;
	start_check(b, &check_http_get);
	add_check(b, &check_http_get)->conf.common.retry++;
	start_check(b, &check_http_get);
	assert_int_equal(stats_of(b).probes, 5);
	add_check(b, &check_http_get);
	assert_int_equal(subscribe_at(b, b->n - 1, &check_http_get, 1), 0);
	assert_int_equal(stats_of(b).probes, 6);
	add_started(b, &check_tcp);
	assert_int_equal(stats_of(b).probes, 6);
	assert_int_equal(stats_of(b).subs, 7);
	bench_free(b);
}

/* A new generation of the configuration takes over in the middle of a run; the old one is gone
 * afterwards. */
static void test_takeover(void **state)
{
	struct bench *b = bench_new(false, HTTP_HOLDS);
	struct counter *c;
	uint32_t i;

	(void)state;
	b->server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
	add_check(b, &check_http_get)->url.regex = "hellohello";
	b->checks[0].conf.common.connect_timeout_us = 4 * TIMEOUT_US;
	c = start_check(b, &check_http_get);
	while (b->server.n_accepted == 0)
		loop_run_once(b->loop, 10 * US_PER_MS);
	i = b->n;
	add_check(b, &check_http_get)->url.regex = "hellohello";
	b->checks[i].conf.common.connect_timeout_us = 4 * TIMEOUT_US;
	assert_int_equal(subscribe_at(b, i, &check_http_get, b->server.port), 0);
	probe_unsubscribe(&c->sub);
	memset(&b->checks[0], 0xEE, sizeof(b->checks[0]));
	assert_int_equal(stats_of(b).probes, 1);
	assert_int_equal(stats_of(b).running, 1);
	wait_results(b, &b->subs[i], 1);
	assert_int_equal(b->subs[i].sub.reason, REASON_TIMEOUT);
	assert_int_equal(stats_of(b).runs, 1);
	bench_free(b);
}

/* ---- subscribers that leave ---- */

/* Of three subscribers of one probe, `who` removes `whom` at its first result. */
static void run_victim(int who, int whom)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);

	for (int i = 0; i < 3; i++)
		add_started(b, &check_http_get);
	b->subs[who].victim = &b->subs[whom];
	wait_results(b, &b->subs[whom == 0 ? 1 : 0], 2);
	assert_int_equal(stats_of(b).subs, 2);
	bench_free(b);
}

static void test_victims(void **state)
{
	(void)state;
	for (int who = 0; who < 3; who++) {
		for (int whom = 0; whom < 3; whom++)
			run_victim(who, whom);
	}
}

static void test_last_one_leaves(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct counter *c = add_started(b, &check_tcp);

	(void)state;
	c->victim = c; /* in its own result */
	wait_results(b, c, 1);
	assert_int_equal(stats_of(b).probes, 0);

	c = add_started(b, &check_http_get); /* in the middle of a run */
	while (stats_of(b).running == 0 || b->server.n_open < 1)
		loop_run_once(b->loop, 10 * US_PER_MS);
	probe_unsubscribe(&c->sub);
	probe_unsubscribe(&c->sub);
	assert_int_equal(stats_of(b).probes, 0);
	assert_int_equal(stats_of(b).running, 0);

	c = add_started(b, &check_http_get); /* the engine goes with a run in flight */
	while (stats_of(b).running == 0)
		loop_run_once(b->loop, 10 * US_PER_MS);
	bench_free(b);
}

/* ---- schedule ---- */

/* Moves the clock to `at_us` after the beginning and lets all runs finish. */
static void fake_to(struct bench *b, int64_t at_us)
{
	time_us end = time_add(clock_now(clock_system()), PATIENCE_US);

	b->fake = (time_us){ FAKE_SECONDS(1000) + at_us };
	do {
		assert_int_equal(loop_run_once(b->loop, 0), 0);
	} while (stats_of(b).running > 0 && time_cmp(clock_now(clock_system()), end) < 0);
	assert_int_equal(stats_of(b).running, 0);
}

static struct counter *add_fake(struct bench *b, double interval_s, double retry_s, double warmup_s)
{
	struct checker_conf *conf = &add_check(b, &check_tcp)->conf.common;

	conf->delay_loop_us = (int64_t)(interval_s * 1e6);
	conf->delay_before_retry_us = (int64_t)(retry_s * 1e6);
	conf->warmup_us = (int64_t)(warmup_s * 1e6);
	conf->fwmark = 0;
	conf->connect_timeout_us = FAKE_SECONDS(5) + b->n; /* makes it one of its own */
	return start_check(b, &check_tcp);
}

/* Starts of many probes fill the warmup evenly: any tenth of it has its tenth of them. */
static void test_spread(void **state)
{
	struct bench *b = bench_new(true, HTTP_SILENT);
	uint64_t before = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		add_fake(b, 10, 1, i % 2 ? 10 : -1e-6); /* -1: the same as the interval */
	for (int tenth = 1; tenth <= 10; tenth++) {
		for (int step = 1; step <= 100; step++)
			fake_to(b, FAKE_SECONDS(tenth - 1) + step * US_PER_S / 100);
		assert_in_range(stats_of(b).runs - before, 8, 12);
		before = stats_of(b).runs;
	}
	assert_int_equal(before, 100);
	assert_true(stats_of(b).worst_late_us <= US_PER_S / 100);
	bench_free(b);
}

static void test_seed(void **state)
{
	uint64_t runs[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct bench *b = bench_new(true, HTTP_SILENT);

		probe_engine_free(b->engine);
		b->engine = probe_engine_new(b->loop, i == 2 ? UINT64_C(1) << 63 : 42);
		for (int k = 0; k < 9; k++)
			add_fake(b, 10, 1, 10);
		fake_to(b, FAKE_SECONDS(5));
		runs[i] = 0;
		for (int k = 0; k < 9; k++)
			runs[i] = runs[i] * 2 + (uint64_t)b->subs[k].n_results;
		bench_free(b);
	}
	assert_int_equal(runs[0], runs[1]);
	assert_int_not_equal(runs[0], runs[2]);
}

/* Late service does not move the later starts, and missed ones are not caught up. */
static void test_phase(void **state)
{
	struct bench *b = bench_new(true, HTTP_SILENT);
	struct counter *c = add_fake(b, 1, 1, 0);

	(void)state;
	fake_to(b, 0);
	assert_int_equal(c->n_results, 1);
	fake_to(b, 1400 * US_PER_MS); /* .4 s late */
	assert_int_equal(c->n_results, 2);
	fake_to(b, 1999 * US_PER_MS);
	assert_int_equal(c->n_results, 2);
	fake_to(b, 2000 * US_PER_MS);
	assert_int_equal(c->n_results, 3);
	fake_to(b, 7300 * US_PER_MS); /* 3 to 7 are past */
	assert_int_equal(c->n_results, 4);
	fake_to(b, 7999 * US_PER_MS);
	assert_int_equal(c->n_results, 4);
	fake_to(b, 8000 * US_PER_MS);
	assert_int_equal(c->n_results, 5);
	assert_int_equal(stats_of(b).skipped, 4);
	assert_int_equal(stats_of(b).worst_late_us, 4300 * US_PER_MS);
	bench_free(b);
}

/* Retries come delay_before_retry after the failure, then the old phase goes on. */
static void test_retry(void **state)
{
	struct bench *b = bench_new(true, HTTP_SILENT);
	struct checker_conf *conf = &add_check(b, &check_tcp)->conf.common;
	struct counter *c = &b->subs[0];

	(void)state;
	conf->delay_loop_us = FAKE_SECONDS(10);
	conf->delay_before_retry_us = FAKE_SECONDS(3);
	conf->retry = 2;
	start_check(b, &check_tcp);
	fake_to(b, 0);
	assert_int_equal(c->n_results, 1);
	http_server_done(&b->server);
	fake_to(b, FAKE_SECONDS(10));
	assert_int_equal(c->n_results, 2);
	fake_to(b, FAKE_SECONDS(13) - 1);
	assert_int_equal(c->n_results, 2);
	fake_to(b, FAKE_SECONDS(13));
	assert_int_equal(c->n_results, 3);
	assert_int_equal(c->n_down, 0);
	fake_to(b, FAKE_SECONDS(16));
	assert_int_equal(c->n_results, 4);
	assert_int_equal(c->n_down, 1);
	fake_to(b, FAKE_SECONDS(20) - 1);
	assert_int_equal(c->n_results, 4);
	fake_to(b, FAKE_SECONDS(20));
	assert_int_equal(c->n_results, 5);
	http_server_init(&b->server, b->loop, HTTP_SILENT);
	bench_free(b);
}

/* Two urls take turns, an interval each; with fast_recovery the second follows at once. */
static void test_rounds(void **state)
{
	struct bench *b = bench_new(true, HTTP_ANSWERS);
	struct check *check;
	struct url_conf second[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		check = add_check(b, &check_http_get);
		second[i] = check->url;
		second[i].path = "/second";
		check->url.obj.next = &second[i].obj;
		check->conf.urls.n = 2;
		check->conf.fast_recovery = i == 1;
		check->conf.common.alpha = true;
		check->conf.common.delay_loop_us = FAKE_SECONDS(1);
		start_check(b, &check_http_get);
	}
	fake_to(b, 0);
	assert_int_equal(b->subs[0].n_up, 0);
	assert_int_equal(b->subs[0].sub.reason, REASON_PARTLY);
	fake_to(b, 1);
	assert_int_equal(b->subs[1].n_up, 1);
	assert_int_equal(b->subs[1].n_results, 2);
	fake_to(b, FAKE_SECONDS(1));
	assert_int_equal(b->subs[0].n_up, 1);
	assert_int_equal(b->subs[0].n_results, 2);
	assert_int_equal(b->subs[1].n_results, 3);
	bench_free(b);
}

/* While the server is up there is no hurry: a pass after a failure waits for its turn. */
static void test_no_haste(void **state)
{
	struct bench *b = bench_new(true, HTTP_ANSWERS);
	struct check *check = add_check(b, &check_http_get);
	struct url_conf second = check->url;
	struct counter *c;

	(void)state;
	check->url.obj.next = &second.obj;
	check->conf.urls.n = 2;
	check->conf.fast_recovery = true;
	check->conf.common.retry = 1;
	check->conf.common.delay_loop_us = FAKE_SECONDS(10);
	check->conf.common.delay_before_retry_us = FAKE_SECONDS(1);
	c = start_check(b, &check_http_get);
	fake_to(b, 0);
	fake_to(b, 1);
	assert_int_equal(c->n_results, 2);
	b->server.manner = HTTP_RESETS;
	fake_to(b, FAKE_SECONDS(10));
	assert_int_equal(c->sub.reason, REASON_RESET);
	b->server.manner = HTTP_ANSWERS;
	fake_to(b, FAKE_SECONDS(11));
	assert_int_equal(c->n_results, 4);
	assert_int_equal(c->sub.reason, REASON_PARTLY);
	fake_to(b, FAKE_SECONDS(20) - 1);
	assert_int_equal(c->n_results, 4);
	fake_to(b, FAKE_SECONDS(20));
	assert_int_equal(c->n_results, 5);
	assert_int_equal(c->n_down, 0);
	bench_free(b);
}

/* ---- sockets ---- */

/* A run takes over the socket of the one before: each connection is new, and reset at its end. */
static void test_reuse(void **state)
{
	struct bench *b = bench_new(false, HTTP_HOLDS);
	struct counter *tcp = add_started(b, &check_tcp);
	struct counter *http = add_started(b, &check_http_get);

	(void)state;
	b->server.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	wait_results(b, tcp, 20);
	wait_results(b, http, 20);
	assert_int_equal(tcp->n_down + http->n_down, 0);
	assert_true(http->sub.health.is_up);
	assert_int_equal(http->sub.reason, REASON_OK);
	probe_unsubscribe(&tcp->sub);
	probe_unsubscribe(&http->sub);
	for (time_us end = time_add(loop_now(b->loop), PATIENCE_US);
	     b->server.n_open > 0 && time_cmp(loop_now(b->loop), end) < 0;)
		loop_run_once(b->loop, 10 * US_PER_MS);
	assert_int_equal(b->server.n_open, 0);
	assert_true(b->server.n_accepted >= 40);
	bench_free(b);
}

/* ---- limits ---- */

/* With few descriptors the others wait their turn, and our own lack of them takes no server down.
 * Has to be last. */
static void test_descriptors(void **state)
{
	struct rlimit lim = { .rlim_cur = 60, .rlim_max = 80 };
	struct bench *b;
	int fds[80], n = 0;

	(void)state;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
	b = bench_new(false, HTTP_SILENT);
	getrlimit(RLIMIT_NOFILE, &lim);
	assert_int_equal(lim.rlim_cur, 80);
	for (int i = 0; i < 40; i++) {
		struct check *check = add_check(b, &check_http_get);

		check->conf.common.connect_timeout_us = TIMEOUT_US + i;
		check->conf.common.delay_loop_us = FAKE_SECONDS(60);
		start_check(b, &check_http_get);
	}
	loop_run_once(b->loop, 10 * US_PER_MS);
	assert_int_equal(stats_of(b).running, 16);
	assert_int_equal(stats_of(b).waiting, 24);
	probe_unsubscribe(&b->subs[20].sub);
	assert_int_equal(stats_of(b).waiting, 23);
	for (int i = 0; i < 40; i++)
		wait_results(b, &b->subs[i], i == 20 ? 0 : 1);
	assert_int_equal(stats_of(b).runs, 39);
	assert_int_equal(stats_of(b).waiting, 0);

	bench_free(b);

	b = bench_new(false,
		      HTTP_SILENT); /* no engine of before that could do without idle sockets */
	while (n < 80 && (fds[n] = dup(0)) >= 0)
		n++;
	add_started(b, &check_tcp);
	wait_results(b, &b->subs[0], 1);
	assert_int_equal(b->subs[0].sub.reason, REASON_RESOURCES);
	assert_true(b->subs[0].sub.health.is_up);
	while (n > 0)
		close(fds[--n]);
	wait_results(b, &b->subs[0], 3);
	assert_int_equal(b->subs[0].sub.reason, REASON_OK);
	bench_free(b);
}

/* A check either has its plug-in, or its block says that it does not run. */
static void every_check_runs_or_says_that_it_does_not(void **state)
{
	(void)state;
	for (size_t i = 0; rs_block.blocks[i]; i++) {
		bool has_ops = false;

		for (size_t k = 0; checkers[k]; k++)
			has_ops = has_ops || checkers[k]->conf == rs_block.blocks[i];
		assert_int_equal(has_ops, rs_block.blocks[i]->not_in_effect == NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tcp_up),
		cmocka_unit_test(test_refused_and_back),
		cmocka_unit_test(test_connect_timeout),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_http),
		cmocka_unit_test(test_https),
		cmocka_unit_test(test_tls_session),
		cmocka_unit_test(test_tls_refused),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_not_shared),
		cmocka_unit_test(test_takeover),
		cmocka_unit_test(test_victims),
		cmocka_unit_test(test_last_one_leaves),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_phase),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_no_haste),
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(every_check_runs_or_says_that_it_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
