/*
 * How the probe engine carries many checks: check_bench [probes [seconds [tcp|http [interval_ms]]]]
 *
 * A forked responder listens on one port of all 127/8 addresses, so that every probe has an
 * endpoint of its own. After a warm-up of one interval the starts are counted: none may be missing
 * or skipped. Prints the lateness of the starts, how evenly they are spread, the time from start to
 * result, processor time per check and memory per probe.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/checkers.h"

#define SLOTS 50 /* of an interval, to measure the spread */

struct bench {
	struct loop *loop;
	struct probe_engine *engine;
	int64_t interval_us;
	time_us begin;
	uint64_t results, failures;
	uint64_t slots[SLOTS]; /* results per part of the interval */
};

struct unit {
	struct http_check_conf conf;
	struct probe_sub sub;
};

static const struct conf_range ok_codes[] = { { 200, 299 } };

static struct url_conf url = {
	.path = "/",
	.status_code = { .v = ok_codes, .n = 1 },
	.regex_max_offset = UINT32_MAX,
};

/* ---- responder ---- */

static int listen_any(uint16_t *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 4096) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
		perror("listen");
		exit(1);
	}
	*port = ntohs(sa.sin_port);
	return fd;
}

_Noreturn static void respond(int fd, bool is_http)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	char request[1024];

	for (;;) {
		int conn = accept(fd, NULL, NULL);

		if (conn < 0)
			continue;
		if (is_http && recv(conn, request, sizeof(request), 0) > 0)
			send(conn, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
		close(conn);
	}
}

/* ---- probes ---- */

static void on_result(struct probe_sub *sub, enum health_edge edge, void *arg)
{
	struct bench *b = arg;
	int64_t at_us = time_sub(loop_now(b->loop), b->begin);

	(void)edge;
	if (!reason_is_up(sub->reason)) {
		b->failures++;
		fprintf(stderr, "%s %s\n", reason_name(sub->reason), sub->detail);
	}
	if (at_us < 0)
		return;
	b->results++;
	b->slots[at_us % b->interval_us * SLOTS / b->interval_us]++;
}

static void start_unit(struct bench *b, struct unit *unit, uint32_t i, uint16_t port, bool is_http)
{
	const struct checker_ops *ops = is_http ? &check_http_get : &check_tcp;
	struct probe_spec spec = { .ops = ops, .conf = &unit->conf.common, .port = port };
	uint32_t ip = htonl((127u << 24) + 256 + i);

	unit->conf.common = (struct checker_conf){
		.obj.block = ops->conf,
		.connect_timeout_us = 2 * US_PER_S,
		.delay_loop_us = b->interval_us,
		.warmup_us = -1,
	};
	unit->conf.urls = (struct conf_list){ .head = &url.obj, .n = 1 };
	spec.addr = addr_from_bytes(&ip, sizeof(ip));
	unit->sub.on_result = on_result;
	unit->sub.arg = b;
	unit->sub.params = probe_health_params(spec.conf);
	if (probe_subscribe(b->engine, &spec, &unit->sub, false) < 0)
		exit(1);
}

static void run_until(struct bench *b, time_us end)
{
	while (time_cmp(loop_now(b->loop), end) < 0)
		loop_run_once(b->loop, time_sub(end, loop_now(b->loop)));
}

/* ---- measures ---- */

static double cpu_s(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static long rss_kib(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%*s %ld", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void print_spread(const struct bench *b)
{
	uint64_t min = UINT64_MAX, max = 0;

	for (int i = 0; i < SLOTS; i++) {
		min = b->slots[i] < min ? b->slots[i] : min;
		max = b->slots[i] > max ? b->slots[i] : max;
	}
	printf("spread: %lu to %lu results per %.1f ms of the interval, %.1f on average\n", min,
	       max, (double)b->interval_us / SLOTS / 1000, (double)b->results / SLOTS);
}

static int measure(struct bench *b, uint32_t n, int64_t run_us)
{
	struct probe_stats before, after;
	uint64_t wanted = (uint64_t)n * (uint64_t)(run_us / b->interval_us), started;
	double cpu;

	probe_engine_stats(b->engine, &before);
	cpu = cpu_s();
	run_until(b, time_add(b->begin, run_us));
	cpu = cpu_s() - cpu;
	probe_engine_stats(b->engine, &after);
	started = after.runs - before.runs;
	printf("starts: %lu, wanted %lu, skipped %lu; failures %lu\n", started, wanted,
	       after.skipped - before.skipped, b->failures);
	printf("lateness of starts: worst %.3f ms; %.3f %% within %d ms\n",
	       (double)after.worst_late_us / 1000,
	       100.0 - 100.0 * (double)(after.late - before.late) / (double)started,
	       PROBE_LATE_US / 1000);
	print_spread(b);
	printf("processor: %.1f us per check, %.1f %% of a core\n", cpu * 1e6 / (double)started,
	       cpu * 1e8 / (double)run_us);
	/* A start at either end may fall on the other side of it. */
	return after.skipped == before.skipped && b->failures == 0 &&
			       started + n / 100 + 1 >= wanted
		       ? 0
		       : 1;
}

int main(int argc, char **argv)
{
	const uint32_t n = argc > 1 ? (uint32_t)atoi(argv[1]) : 2000;
	const int64_t seconds = argc > 2 ? atoi(argv[2]) : 3;
	const bool is_http = argc > 3 && strcmp(argv[3], "http") == 0;
	struct bench b = { .interval_us = argc > 4 ? atoi(argv[4]) * US_PER_MS : US_PER_S };
	struct unit *units = calloc(n, sizeof(*units));
	uint16_t port;
	int fd = listen_any(&port), status;
	pid_t pid = fork();
	long rss;

	if (pid == 0)
		respond(fd, is_http);
	close(fd);
	url.obj.block = http_get_block.blocks[0];
	b.loop = loop_new(NULL);
	b.engine = probe_engine_new(b.loop, 1);
	b.begin = time_add(loop_now(b.loop), b.interval_us);
	memset(units, 0, n * sizeof(*units));
	rss = rss_kib();
	for (uint32_t i = 0; i < n; i++)
		start_unit(&b, &units[i], i, port, is_http);
	printf("%u %s probes every %.0f ms; %.2f KiB each\n", n, is_http ? "HTTP" : "TCP",
	       (double)b.interval_us / 1000, (double)(rss_kib() - rss) / n);
	run_until(&b, b.begin);
	status = measure(&b, n, seconds * US_PER_S);
	printf("memory: %ld KiB after all, %.2f KiB per probe above the start\n", rss_kib(),
	       (double)(rss_kib() - rss) / n);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	probe_engine_free(b.engine);
	loop_free(b.loop);
	free(units);
	return status;
}
