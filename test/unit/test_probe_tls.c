/*
 * What a check over TLS asks of the certificate, against a server of the same process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "test/unit/lib_util.h"
#include "test/unit/probe_fixture.h"

static char ca_path[] = "/tmp/diarch-test-ca-XXXXXX";
static char other_path[] = "/tmp/diarch-test-other-XXXXXX";

static int set_up(void **state)
{
	(void)state;
	close(mkstemp(ca_path));
	close(mkstemp(other_path));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(ca_path);
	unlink(other_path);
	return 0;
}

/* One check of a server whose certificate is for `names` and lasts `days`. */
static struct bench *tls_bench(const char *names, int days, struct tls_check_conf **conf)
{
	struct bench *b = bench_new(false, HTTP_ANSWERS);

	http_server_use_cert(&b->server, names, days, ca_path);
	*conf = &add_check(b, &check_ssl_get)->conf.common.tls;
	b->checks[0].conf.common.connect_timeout_us = PATIENCE_US;
	(*conf)->is_verified = true;
	(*conf)->ca_file = ca_path;
	return b;
}

static void expect(struct bench *b, enum probe_reason reason, const char *detail)
{
	struct counter *c = start_check(b, &check_ssl_get);

	wait_results(b, c, 2);
	if (c->sub.reason != reason || !strstr(c->sub.detail, detail))
		fail_msg("%s (%s), not %s (%s)", reason_name(c->sub.reason), c->sub.detail,
			 reason_name(reason), detail);
	assert_int_equal(c->sub.health.is_up, reason_verdict(reason) != VERDICT_DOWN);
	bench_free(b);
}

static void test_good(void **state)
{
	struct tls_check_conf *conf;
	struct bench *b;

	(void)state;
	expect(tls_bench("IP:127.0.0.1", 10, &conf), REASON_OK, "200");
	b = tls_bench("DNS:www.example.org", 10, &conf);
	conf->name = "www.example.org";
	expect(b, REASON_OK, "200");
	b = tls_bench("DNS:*.example.org", 10, &conf);
	conf->name = "a.example.org";
	expect(b, REASON_OK, "200");
	b = tls_bench("DNS:sni.example.org", 10, &conf); /* the name that was asked for */
	b->checks[0].conf.enable_sni = true;
	b->checks[0].conf.sni_name = "sni.example.org";
	expect(b, REASON_OK, "200");
}

static void test_bad(void **state)
{
	struct tls_check_conf *conf;
	struct bench *b;

	(void)state;
	expect(tls_bench("IP:127.0.0.2", 10, &conf), REASON_TLS_CERT, "IP address mismatch");
	expect(tls_bench("DNS:x", 10, &conf), REASON_TLS_CERT, "IP address mismatch");
	b = tls_bench("DNS:www.example.org", 10, &conf);
	conf->name = "www.example.com";
	expect(b, REASON_TLS_CERT, "hostname mismatch");
	expect(tls_bench("IP:127.0.0.1", -1, &conf), REASON_TLS_CERT, "expired");
	b = tls_bench("IP:127.0.0.1", 10, &conf);
	http_server_use_cert(&b->server, "IP:127.0.0.1", 10, NULL); /* of another key */
	expect(b, REASON_TLS_CERT, "");
	b = tls_bench("IP:127.0.0.1", 10, &conf);
	conf->ca_file = NULL; /* the system does not know it */
	expect(b, REASON_TLS_CERT, "self-signed");
	b = tls_bench("IP:127.0.0.1", -1, &conf);
	conf->is_verified = false; /* as in keepalived */
	expect(b, REASON_OK, "200");
}

/* Our own trouble takes no server down; once the file is there, or another one, it counts. */
static void test_ca_file(void **state)
{
	struct tls_check_conf *conf;
	struct bench *b = tls_bench("IP:127.0.0.1", 10, &conf);
	struct counter *c;

	(void)state;
	unlink(ca_path);
	c = start_check(b, &check_ssl_get);
	wait_results(b, c, 2);
	assert_int_equal(c->sub.reason, REASON_TLS_CA);
	assert_true(c->sub.health.is_up);
	http_server_use_cert(&b->server, "IP:127.0.0.1", 10, ca_path);
	wait_results(b, c, c->n_results + 3);
	assert_int_equal(c->sub.reason, REASON_OK);
	http_server_use_cert(&b->server, "IP:127.0.0.1", 10, other_path);
	assert_int_equal(rename(other_path, ca_path), 0);
	wait_results(b, c, c->n_results + 3);
	assert_int_equal(c->sub.reason, REASON_OK);
	http_server_use_cert(&b->server, "IP:127.0.0.1", 10, other_path);
	wait_results(b, c, c->n_results + 3);
	assert_int_equal(c->sub.reason, REASON_TLS_CERT);
	assert_int_equal(c->n_down, 1);
	bench_free(b);
}

/* With a certificate that counts sessions are resumed, too. */
static void test_resumed(void **state)
{
	struct tls_check_conf *conf;
	struct bench *b = tls_bench("IP:127.0.0.1", 10, &conf);
	struct counter *c = start_check(b, &check_ssl_get);

	(void)state;
	conf->expiry_warning = 30;
	wait_results(b, c, 10);
	assert_int_equal(c->sub.reason, REASON_OK);
	assert_true(b->server.n_resumed >= 8);
	bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_ca_file),
		cmocka_unit_test(test_resumed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
