/*
 * The fixture of tests of the probe engine. Part of the test programs.
 */
#include <stdlib.h>

#include "test/unit/lib_util.h"
#include "test/unit/probe_fixture.h"

static const struct conf_range ok_codes[] = { { 200, 299 } };

static void on_result(struct probe_sub *sub, enum health_edge edge, void *arg)
{
	struct counter *counter = arg;

	assert_ptr_equal(sub, &counter->sub);
	assert_false(counter->is_gone);
	counter->n_results++;
	counter->n_up += edge == HEALTH_WENT_UP;
	counter->n_down += edge == HEALTH_WENT_DOWN;
	if (counter->victim) {
		counter->victim->is_gone = true;
		probe_unsubscribe(&counter->victim->sub);
	}
}

struct bench *bench_new(bool is_fake, enum http_manner manner)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->fake = (time_us){ 1000 * US_PER_S };
	b->fake_clock = (struct clock){ .now = fake_now, .arg = &b->fake };
	b->loop = loop_new(is_fake ? &b->fake_clock : NULL);
	b->engine = probe_engine_new(b->loop, 42);
	http_server_init(&b->server, b->loop, manner);
	return b;
}

void bench_free(struct bench *b)
{
	probe_engine_free(b->engine);
	for (uint32_t i = 0; i < b->n; i++)
		assert_null(b->subs[i].sub.probe);
	http_server_done(&b->server);
	loop_free(b->loop);
	free(b);
}

static void check_init(struct check *c, const struct checker_ops *ops)
{
	struct checker_conf *common = &c->conf.common;

	common->obj.block = ops->conf;
	common->connect_timeout_us = TIMEOUT_US;
	common->delay_loop_us = INTERVAL_US;
	common->delay_before_retry_us = INTERVAL_US;
	common->warmup_us = 0;
	if (ops == &check_tcp)
		return;
	c->url.obj.block = ops->conf->blocks[0];
	c->url.path = "/";
	c->url.status_code = (struct conf_ranges){ .v = ok_codes, .n = 1 };
	c->url.regex_max_offset = UINT32_MAX;
	c->conf.urls.head = &c->url.obj;
	c->conf.urls.n = 1;
}

int start_sub(struct bench *b, struct counter *counter, const struct probe_spec *spec)
{
	counter->sub.on_result = on_result;
	counter->sub.arg = counter;
	counter->sub.params = probe_health_params(spec->conf);
	return probe_subscribe(b->engine, spec, &counter->sub, false);
}

int subscribe_at(struct bench *b, uint32_t i, const struct checker_ops *ops, uint16_t port)
{
	struct counter *counter = &b->subs[i];
	const struct probe_spec spec = {
		.ops = ops,
		.conf = &b->checks[i].conf.common,
		.addr = addr_from_bytes((uint8_t[]){ 127, 0, 0, 1 }, 4),
		.port = port,
	};

	return start_sub(b, counter, &spec);
}

struct check *add_check(struct bench *b, const struct checker_ops *ops)
{
	check_init(&b->checks[b->n], ops);
	return &b->checks[b->n++];
}

struct counter *start_check(struct bench *b, const struct checker_ops *ops)
{
	assert_int_equal(subscribe_at(b, b->n - 1, ops, b->server.port), 0);
	return &b->subs[b->n - 1];
}

struct counter *add_started(struct bench *b, const struct checker_ops *ops)
{
	add_check(b, ops);
	return start_check(b, ops);
}

struct probe_stats stats_of(const struct bench *b)
{
	struct probe_stats stats;

	probe_engine_stats(b->engine, &stats);
	return stats;
}

void wait_results(struct bench *b, const struct counter *counter, int n)
{
	time_us end = time_add(clock_now(clock_system()), PATIENCE_US);

	while (counter->n_results < n && time_cmp(clock_now(clock_system()), end) < 0)
		assert_int_equal(loop_run_once(b->loop, 10 * US_PER_MS), 0);
	assert_true(counter->n_results >= n);
}
