/*
 * AGENT_CHECK: words of the protocol, and an agent whose answers change on a real socket.
 */
#include <stdio.h>
#include <string.h>

#include "check/agent_parse.h"
#include "test/unit/lib_util.h"
#include "test/unit/probe_fixture.h"

static const struct {
	const char *line;
	bool is_known;
	enum agent_state state;
	enum agent_opinion opinion;
	int32_t percent;
	const char *text;
} rows[] = {
	{ "75%", true, AGENT_NO_STATE, AGENT_NO_OPINION, 75, "" },
	{ "up 100%", true, AGENT_NO_STATE, AGENT_UP, 100, "" },
	{ "UP,Ready\t5%", true, AGENT_READY, AGENT_UP, 5, "" },
	{ "drain", true, AGENT_DRAIN, AGENT_NO_OPINION, -1, "" },
	{ "maint # upgrade", true, AGENT_MAINT, AGENT_NO_OPINION, -1, "upgrade" },
	{ "down", true, AGENT_NO_STATE, AGENT_DOWN, -1, "down" },
	{ "failed#no disk", true, AGENT_NO_STATE, AGENT_DOWN, -1, "no disk" },
	{ "stopped 0%", true, AGENT_NO_STATE, AGENT_DOWN, 0, "stopped" },
	{ "fail", true, AGENT_NO_STATE, AGENT_DOWN, -1, "fail" },
	{ "up maxconn:30 whatever", true, AGENT_NO_STATE, AGENT_UP, -1, "" },
	{ "", false, AGENT_NO_STATE, AGENT_NO_OPINION, -1, "" },
	{ "# up", false, AGENT_NO_STATE, AGENT_NO_OPINION, -1, "" },
	{ "maxconn:30", false, AGENT_NO_STATE, AGENT_NO_OPINION, -1, "" },
	{ "% -5% 5%% 10001% 1e3% upp", false, AGENT_NO_STATE, AGENT_NO_OPINION, -1, "" },
	{ "up # a\"b\033", true, AGENT_NO_STATE, AGENT_UP, -1, "a?b?" },
};

static void test_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct agent_parser parser = { 0 };
		struct agent_reply reply;
		char line[128];

		snprintf(line, sizeof(line), "%s\nrest", rows[i].line);
		assert_int_equal(agent_take(&parser, (uint8_t *)line, strlen(line)), AGENT_LINE);
		assert_int_equal(agent_parse(&parser, &reply), rows[i].is_known);
		assert_int_equal(reply.state, rows[i].state);
		assert_int_equal(reply.opinion, rows[i].opinion);
		assert_int_equal(reply.percent, rows[i].percent);
		assert_string_equal(reply.text, rows[i].text);
	}
}

static void test_long(void **state)
{
	struct agent_parser parser = { 0 };
	uint8_t line[AGENT_LINE_MAX + 1];

	(void)state;
	memset(line, 'a', sizeof(line));
	assert_int_equal(agent_take(&parser, line, sizeof(line) - 1), AGENT_MORE);
	assert_int_equal(agent_take(&parser, line, 1), AGENT_BIG);
}

static const struct checker_ops *const ops = &check_agent;

/* The agent answers this, and the check has heard it. */
static void say(struct bench *b, struct counter *c, const char *answer)
{
	b->server.answer = answer;
	wait_results(b, c, c->n_results + 3);
}

/* A new child goes on with what a former one has published. */
static void respawn(struct bench *b, struct counter *c, const struct probe_spec *spec)
{
	probe_unsubscribe(&c->sub);
	assert_int_equal(probe_subscribe(b->engine, spec, &c->sub, true), 0);
}

static void test_states(void **state)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);
	struct agent_check_conf conf = { .send = "hello\r\n\r" }; /* ends like a request */
	const struct probe_spec spec = {
		.ops = ops,
		.conf = &conf.common,
		.addr = addr_from_bytes((uint8_t[]){ 127, 0, 0, 1 }, 4),
		.port = b->server.port,
	};
	struct counter *c = &b->subs[0];

	(void)state;
	conf.common.obj.block = ops->conf;
	conf.common.connect_timeout_us = PATIENCE_US;
	conf.common.delay_loop_us = INTERVAL_US;
	conf.common.delay_before_retry_us = INTERVAL_US;
	b->server.answer = "up 50%\n";
	start_sub(b, c, &spec);
	wait_results(b, c, 1);
	assert_int_equal(c->sub.reason, REASON_OK);
	assert_int_equal(c->sub.advice.kind, ADVICE_PERCENT);
	assert_int_equal(c->sub.advice.value, 50);
	say(b, c, "100%\n");
	assert_int_equal(c->sub.advice.kind, ADVICE_NONE);
	say(b, c, "drain\n");
	assert_int_equal(weight_advised(10, &c->sub.advice), 0);
	assert_true(c->sub.health.is_up);
	say(b, c, "30%\n"); /* still draining */
	assert_int_equal(weight_advised(10, &c->sub.advice), 0);
	say(b, c, "ready\n");
	assert_int_equal(c->sub.advice.value, 30);
	say(b, c, "down # disk full"); /* without an end of line */
	assert_int_equal(c->sub.reason, REASON_AGENT_DOWN);
	assert_string_equal(c->sub.detail, "disk full");
	assert_false(c->sub.health.is_up);
	say(b, c, "60%\n"); /* still down */
	assert_false(c->sub.health.is_up);
	say(b, c, "what?\n");
	assert_int_equal(c->sub.reason, REASON_AGENT_MALFORMED);
	assert_false(c->sub.health.is_up);
	say(b, c, "up\n");
	assert_true(c->sub.health.is_up);
	assert_int_equal(c->sub.advice.value, 60);
	say(b, c, "maint\n");
	assert_int_equal(c->sub.reason, REASON_AGENT_MAINT);
	assert_false(c->sub.health.is_up);
	respawn(b, c, &spec);
	say(b, c, "up\n"); /* still in maintenance */
	assert_int_equal(c->sub.reason, REASON_AGENT_MAINT);
	say(b, c, "up drain 50%\n");
	assert_true(c->sub.health.is_up);
	respawn(b, c, &spec);
	say(b, c, "up\n"); /* still draining */
	assert_int_equal(weight_advised(10, &c->sub.advice), 0);
	say(b, c, "ready\n");
	assert_int_equal(weight_advised(10, &c->sub.advice), 5);
	respawn(b, c, &spec);
	say(b, c, "up ready\n");
	assert_int_equal(c->sub.advice.value, 50);
	say(b, c, "60%\n");
	assert_true(c->sub.health.is_up);
	http_server_done(&b->server); /* silence changes nothing */
	wait_results(b, c, c->n_results + 3);
	assert_int_equal(c->sub.reason, REASON_AGENT_SILENT);
	assert_true(c->sub.health.is_up);
	assert_int_equal(c->sub.advice.value, 60);
	http_server_init(&b->server, b->loop, HTTP_SILENT);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
