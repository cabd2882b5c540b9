/*
 * The probe engine on real sockets of 127.0.0.1: what checks take beyond keepalived.
 */
#include <stdio.h>
#include <string.h>

#include "test/unit/lib_util.h"
#include "test/unit/probe_fixture.h"

/* A right answer that took too long. */
static void test_slow(void **state)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);
	struct counter *slow, *fast;

	(void)state;
	add_check(b, &check_http_get)->conf.common.response_time_limit_us = 1;
	slow = start_check(b, &check_http_get);
	add_check(b, &check_http_get)->conf.common.response_time_limit_us = PATIENCE_US;
	fast = start_check(b, &check_http_get);
	wait_results(b, slow, 1);
	wait_results(b, fast, 1);
	assert_int_equal(slow->sub.reason, REASON_SLOW);
	assert_false(slow->sub.health.is_up);
	assert_non_null(strstr(slow->sub.detail, " ms"));
	assert_int_equal(fast->sub.reason, REASON_OK);
	bench_free(b);
}

/* The deadline counts also where bytes go on coming in. */
static void test_deadline(void **state)
{
	struct bench *b = bench_new(false, HTTP_DRIPS);
	struct counter *c;
	time_us begin;

	(void)state;
	add_check(b, &check_http_get)->conf.common.deadline_us = 150 * US_PER_MS;
	c = start_check(b, &check_http_get);
	begin = loop_now(b->loop);
	wait_results(b, c, 1);
	assert_int_equal(c->sub.reason, REASON_TIMEOUT);
	assert_true(time_sub(loop_now(b->loop), begin) >= 150 * US_PER_MS);
	assert_true(time_sub(loop_now(b->loop), begin) < PATIENCE_US);
	bench_free(b);
}

/* The program behind the port never hears of it. */
static void test_half_open(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct counter *c;

	(void)state;
	add_check(b, &check_tcp)->conf.common.half_open = true;
	c = start_check(b, &check_tcp);
	wait_results(b, c, 10);
	assert_int_equal(c->sub.reason, REASON_OK);
	assert_true(c->sub.health.is_up && c->n_down == 0);
	for (int i = 0; i < 5; i++)
		loop_run_once(b->loop, 10 * US_PER_MS);
	assert_int_equal(b->server.n_accepted, 0);
	http_server_done(&b->server);
	wait_results(b, c, c->n_results + 2);
	assert_int_equal(c->sub.reason, REASON_CONNECT_REFUSED);
	http_server_init(&b->server, b->loop, HTTP_SILENT);
	bench_free(b);
}

/* rise and fall in place of retry. */
static void test_rise_fall(void **state)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);
	struct checker_conf *conf = &add_check(b, &check_http_get)->conf.common;
	struct counter *c;
	int first;

	(void)state;
	conf->retry = 7;
	conf->rise = 3;
	conf->fall = 2;
	conf->connect_timeout_us =
		4 * US_PER_S; /* no run takes too long, however slow the machine */
	b->server.answer = "HTTP/1.0 200 OK\r\n\r\n";
	c = start_check(b, &check_http_get);
	wait_results(b, c, 1);
	assert_true(c->sub.health.is_up);
	b->server.answer = "HTTP/1.0 500 no\r\n\r\n";
	while (c->sub.reason != REASON_HTTP_STATUS)
		wait_results(b, c, c->n_results + 1);
	assert_true(c->sub.health.is_up);
	wait_results(b, c, c->n_results + 1);
	assert_false(c->sub.health.is_up);
	b->server.answer = "HTTP/1.0 200 OK\r\n\r\n";
	while (c->sub.reason != REASON_OK)
		wait_results(b, c, c->n_results + 1);
	first = c->n_results;
	while (!c->sub.health.is_up)
		wait_results(b, c, c->n_results + 1);
	assert_int_equal(c->n_results, first + 2);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_half_open),
		cmocka_unit_test(test_rise_fall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
