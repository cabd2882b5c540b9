/*
 * The HTTP checks against recorded answers in every split, with an engine that only hands out
 * bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <stdalign.h>

#include "check/checkers.h"

#define ARRAY_N(a) (sizeof(a) / sizeof((a)[0]))

#define HELLO_MD5 "5d41402abc4b2a76b9719d911017c592"

/* ---- the engine: a recorded peer ---- */

struct probe {
	struct probe_spec spec;
	alignas(max_align_t) unsigned char run[4096];
	alignas(max_align_t) unsigned char keep[256];
	const char *in;
	size_t len, at;
	size_t cut; /* -EAGAIN once when `at` gets there; SIZE_MAX: after every byte */
	bool is_paused;
	int ending;    /* after the bytes: 0, -EAGAIN or -errno */
	size_t window; /* bytes a write takes; 0 = all */
	bool is_full;  /* the next write gives -EAGAIN */
	char out[1024];
	size_t out_len;
	bool is_done;
	enum probe_reason reason;
	char detail[PROBE_DETAIL_MAX];
};

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
	return probe->run;
}

void *probe_keep(struct probe *probe)
{
	return probe->keep;
}

bool probe_is_done(const struct probe *probe)
{
	return probe->is_done;
}

enum probe_reason probe_io_reason(int err)
{
	return err == -ECONNRESET ? REASON_RESET : REASON_INTERNAL;
}

ssize_t probe_read(struct probe *probe, void *buf, size_t len)
{
	size_t n = probe->len - probe->at;

	if (n == 0)
		return probe->ending;
	if (!probe->is_paused && (probe->cut == SIZE_MAX || probe->at == probe->cut)) {
		probe->is_paused = true;
		return -EAGAIN;
	}
	probe->is_paused = false;
	if (probe->cut == SIZE_MAX)
		n = 1;
	else if (probe->at < probe->cut && probe->cut - probe->at < n)
		n = probe->cut - probe->at;
	n = n < len ? n : len;
	memcpy(buf, probe->in + probe->at, n);
	probe->at += n;
	return (ssize_t)n;
}

void probe_close_politely(struct probe *probe)
{
	(void)probe;
}

void probe_wait_read(struct probe *probe)
{
	(void)probe;
}

ssize_t probe_write(struct probe *probe, const void *buf, size_t len)
{
	if (probe->is_full) {
		probe->is_full = false;
		return -EAGAIN;
	}
	if (probe->window) {
		len = len < probe->window ? len : probe->window;
		probe->is_full = true;
	}
	assert_true(probe->out_len + len < sizeof(probe->out));
	memcpy(probe->out + probe->out_len, buf, len);
	probe->out_len += len;
	probe->out[probe->out_len] = '\0';
	return (ssize_t)len;
}

void probe_done(struct probe *probe, enum probe_reason reason, const char *detail)
{
	assert_false(probe->is_done);
	probe->is_done = true;
	probe->reason = reason;
	snprintf(probe->detail, sizeof(probe->detail), "%s", detail ? detail : "");
}

/* ---- configuration ---- */

const struct conf_block tcp_check_block, http_get_block, ssl_get_block;

static const struct conf_range ok_codes[] = { { 200, 299 } };

#define MAX_URLS 4

struct fixture {
	struct http_check_conf conf;
	struct url_conf urls[MAX_URLS];
	struct probe probe;
};

static struct url_conf *add_url(struct fixture *f, const char *path)
{
	uint32_t i = f->conf.urls.n++;
	struct url_conf *url = &f->urls[i];

	url->path = path;
	url->status_code = (struct conf_ranges){ .v = ok_codes, .n = 1 };
	url->regex_max_offset = UINT32_MAX;
	url->obj.index = i;
	if (i == 0)
		f->conf.urls.head = &url->obj;
	else
		f->urls[i - 1].obj.next = &url->obj;
	return url;
}

static void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->probe.spec = (struct probe_spec){
		.ops = &check_http_get,
		.conf = &f->conf.common,
		.addr = addr_from_bytes((uint8_t[]){ 192, 0, 2, 7 }, 4),
		.port = 8080,
	};
}

static void fixture_done(struct fixture *f)
{
	check_http_get.drop(f->probe.keep);
}

/* One whole run with the answer `in`. */
static enum probe_reason run_probe(struct probe *probe, const char *in, size_t len, int ending)
{
	const struct checker_ops *ops = probe->spec.ops;

	assert_true(ops->run_size <= sizeof(probe->run) && ops->keep_size <= sizeof(probe->keep));
	memset(probe->run, 0, sizeof(probe->run));
	probe->in = in;
	probe->len = len;
	probe->ending = ending;
	probe->at = probe->out_len = 0;
	probe->is_paused = probe->is_done = false;
	assert_int_equal(ops->start(probe), 0);
	for (size_t i = 0; i < 10 * len + 1000 && !probe->is_done; i++)
		ops->io(probe, 0);
	if (!probe->is_done)
		probe->reason = REASON_TIMEOUT; /* as the engine would say */
	probe->reason = ops->judge(probe, probe->reason);
	ops->stop(probe);
	return probe->reason;
}

/* ---- requests ---- */

static void test_requests(void **state)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n\r\n";
	static const struct {
		int protocol;
		const char *url_host, *check_host, *rs_host, *vs_host;
		const char *expected;
	} cases[] = {
		{ HTTP_PROTOCOL_1_0, NULL, NULL, NULL, NULL,
		  "GET /p HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: "
		  "192.0.2.7:8080\r\n\r\n" },
		{ HTTP_PROTOCOL_1_0C, "u", "c", "r", "v",
		  "GET /p HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n"
		  "Host: u\r\n\r\n" },
		{ HTTP_PROTOCOL_1_1, NULL, "c", "r", "v",
		  "GET /p HTTP/1.1\r\nUser-Agent: KeepAliveClient\r\nConnection: close\r\n"
		  "Host: c\r\n\r\n" },
		{ HTTP_PROTOCOL_1_0, NULL, NULL, "r", "v",
		  "GET /p HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: r\r\n\r\n" },
		{ HTTP_PROTOCOL_1_0, NULL, NULL, NULL, "v",
		  "GET /p HTTP/1.0\r\nUser-Agent: KeepAliveClient\r\nHost: v\r\n\r\n" },
	};
	struct fixture f;

	(void)state;
	for (size_t i = 0; i < ARRAY_N(cases); i++) {
		fixture_init(&f);
		add_url(&f, "/p")->virtualhost = cases[i].url_host;
		f.conf.virtualhost = cases[i].check_host;
		f.conf.http_protocol = cases[i].protocol;
		f.probe.spec.virtualhost = cases[i].rs_host;
		f.probe.spec.vs_virtualhost = cases[i].vs_host;
		for (f.probe.window = 0; f.probe.window < 9; f.probe.window += 4) {
			run_probe(&f.probe, answer, strlen(answer), 0);
			assert_string_equal(f.probe.out, cases[i].expected);
		}
		fixture_done(&f);
	}
}

static void test_request_ipv6(void **state)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n\r\n";
	struct fixture f;

	(void)state;
	fixture_init(&f);
	add_url(&f, "/");
	assert_true(addr_parse("2001:db8::1", &f.probe.spec.addr));
	run_probe(&f.probe, answer, strlen(answer), 0);
	assert_non_null(strstr(f.probe.out, "\r\nHost: [2001:db8::1]:8080\r\n\r\n"));
	fixture_done(&f);
}

static void test_request_host_name(void **state)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n\r\n";
	struct fixture f;

	(void)state;
	fixture_init(&f);
	add_url(&f, "/");
	f.probe.spec.host = "www.example.net";
	run_probe(&f.probe, answer, strlen(answer), 0);
	assert_non_null(strstr(f.probe.out, "\r\nHost: www.example.net:8080\r\n\r\n"));
	f.conf.enable_sni = true;
	assert_string_equal(check_ssl_get.sni(&f.probe), "www.example.net");
	fixture_done(&f);
}

static void test_request_too_long(void **state)
{
	struct fixture f;
	char *path = malloc(10000);

	(void)state;
	fixture_init(&f);
	memset(path, 'a', 9999);
	path[9999] = '\0';
	add_url(&f, path);
	assert_true(check_http_get.start(&f.probe) < 0);
	check_http_get.stop(&f.probe);
	fixture_done(&f);
	free(path);
}

static void test_sni(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	f.probe.spec.ops = &check_ssl_get;
	f.probe.spec.virtualhost = "rs.example";
	f.probe.spec.vs_virtualhost = "vs.example";
	add_url(&f, "/");
	assert_null(check_ssl_get.sni(&f.probe));
	f.conf.enable_sni = true;
	assert_string_equal(check_ssl_get.sni(&f.probe), "vs.example");
	f.conf.virtualhost = "check.example";
	assert_string_equal(check_ssl_get.sni(&f.probe), "check.example");
	f.urls[0].virtualhost = "url.example";
	assert_string_equal(check_ssl_get.sni(&f.probe), "url.example");
	f.conf.enable_sni = false;
	f.conf.sni_name = "sni.example";
	assert_string_equal(check_ssl_get.sni(&f.probe), "sni.example");
	f.conf.sni_name = "192.0.2.1";
	assert_null(check_ssl_get.sni(&f.probe));
	fixture_done(&f);
}

/* ---- answers ---- */

static const struct {
	const char *name;
	const char *digest, *regex;
	bool regex_no_match;
	uint32_t min, max; /* max 0 = none */
	const char *answer;
	int ending;
	enum probe_reason reason;
	const char *detail;
} answers[] = {
	{ "status", .answer = "HTTP/1.0 200 OK\r\n\r\n", .detail = "200" },
	{ "no body", .answer = "HTTP/1.1 204 Empty\r\n\r\n", .ending = -EAGAIN, .detail = "204" },
	{ "a whole body", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	  .ending = -EAGAIN, .detail = "200" },
	{ "a body that does not come", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
	  .ending = -EAGAIN, .reason = REASON_TIMEOUT },
	{ "half a body", .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel",
	  .ending = -EAGAIN, .reason = REASON_TIMEOUT },
	{ "half a body and a reset", .answer = "HTTP/1.1 200 OK\r\n\r\nhel", .ending = -ECONNRESET,
	  .reason = REASON_RESET },
	{ "half a chunk", .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
	  .ending = -EAGAIN, .reason = REASON_TIMEOUT },
	{ "a body without end", .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .ending = -EAGAIN,
	  .reason = REASON_TIMEOUT },
	{ "other status", .answer = "HTTP/1.0 404 Gone\r\n\r\n", .ending = -EAGAIN,
	  .reason = REASON_HTTP_STATUS, .detail = "404" },
	{ "the status comes before the digest", .digest = HELLO_MD5,
	  .answer = "HTTP/1.0 500 X\r\n\r\nhello", .reason = REASON_HTTP_STATUS, .detail = "500" },
	{ "nothing", .answer = "", .reason = REASON_CLOSED_EARLY },
	{ "cut off head", .answer = "HTTP/1.0 200 OK\r\nX: y\r\n", .reason = REASON_CLOSED_EARLY },
	{ "reset", .answer = "HTTP/1.0 200 OK\r\nX: y\r\n", .ending = -ECONNRESET,
	  .reason = REASON_RESET },
	{ "silence", .answer = "HTTP/1.0 200 OK\r\nX: y\r\n", .ending = -EAGAIN,
	  .reason = REASON_TIMEOUT },
	{ "other protocol", .answer = "220 mail ESMTP\r\n", .ending = -EAGAIN,
	  .reason = REASON_HTTP_MALFORMED },
	{ "digest", .digest = HELLO_MD5, .answer = "HTTP/1.0 200 OK\r\n\r\nhello",
	  .detail = HELLO_MD5 },
	{ "digest in capitals", .digest = "5D41402ABC4B2A76B9719D911017C592",
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .detail = HELLO_MD5 },
	{ "digest over a length", .digest = HELLO_MD5,
	  .answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", .ending = -EAGAIN,
	  .detail = HELLO_MD5 },
	{ "digest over chunks", .digest = HELLO_MD5,
	  .answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
	  .ending = -EAGAIN, .detail = HELLO_MD5 },
	{ "other digest", .digest = HELLO_MD5, .answer = "HTTP/1.0 200 OK\r\n\r\nhallo",
	  .reason = REASON_HTTP_DIGEST, .detail = "598d4c200461b81522a3328565c25f7c" },
	{ "regex", .regex = "l+o$", .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .detail = "200" },
	{ "regex not found", .regex = "world", .answer = "HTTP/1.0 200 OK\r\n\r\nhello",
	  .reason = REASON_HTTP_REGEX, .detail = "200" },
	{ "regex sees the head", .regex = "^HTTP.*200", .answer = "HTTP/1.0 200 OK\r\n\r\nhello",
	  .detail = "200" },
	{ "regex with an empty body", .regex = "OK\r\n\r\n$", .answer = "HTTP/1.0 200 OK\r\n\r\n",
	  .detail = "200" },
	{ "regex must not match", .regex = "error", .regex_no_match = true,
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .detail = "200" },
	{ "but does", .regex = "hell", .regex_no_match = true,
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .reason = REASON_HTTP_REGEX, .detail = "200" },
	{ "regex at its lowest offset", .regex = "l", .min = 22,
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .detail = "200" },
	{ "regex before its lowest offset", .regex = "he", .min = 20,
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .reason = REASON_HTTP_REGEX, .detail = "200" },
	{ "regex behind the end", .regex = "h", .min = 25, .answer = "HTTP/1.0 200 OK\r\n\r\nhello",
	  .reason = REASON_HTTP_REGEX, .detail = "200" },
	{ "regex at its highest offset", .regex = "lo", .max = 22,
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .detail = "200" },
	{ "regex behind its highest offset", .regex = "lo", .max = 21,
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .reason = REASON_HTTP_REGEX, .detail = "200" },
	{ "digest and regex", .digest = HELLO_MD5, .regex = "ell",
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .detail = HELLO_MD5 },
	{ "digest but not regex", .digest = HELLO_MD5, .regex = "all",
	  .answer = "HTTP/1.0 200 OK\r\n\r\nhello", .reason = REASON_HTTP_REGEX,
	  .detail = HELLO_MD5 },
};

static void run_answer(size_t i, size_t cut)
{
	struct fixture f;
	struct url_conf *url;

	fixture_init(&f);
	url = add_url(&f, "/");
	url->digest = answers[i].digest;
	url->regex = answers[i].regex;
	url->regex_no_match = answers[i].regex_no_match;
	url->regex_min_offset = answers[i].min;
	if (answers[i].max)
		url->regex_max_offset = answers[i].max;
	f.probe.cut = cut;
	run_probe(&f.probe, answers[i].answer, strlen(answers[i].answer), answers[i].ending);
	if (f.probe.reason != answers[i].reason ||
	    strcmp(f.probe.detail, answers[i].detail ? answers[i].detail : "") != 0)
		fail_msg("%s, cut %zu: %s (%s)", answers[i].name, cut, reason_name(f.probe.reason),
			 f.probe.detail);
	fixture_done(&f);
}

static void test_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_N(answers); i++) {
		for (size_t cut = 0; cut <= strlen(answers[i].answer); cut++)
			run_answer(i, cut);
		run_answer(i, SIZE_MAX);
	}
}

/* ---- limits ---- */

/* A body of `len` times `c` with `text` at its beginning. */
static char *big_answer(size_t len, char c, const char *text, size_t *total)
{
	static const char head[] = "HTTP/1.0 200 OK\r\n\r\n";
	const size_t head_len = sizeof(head) - 1;
	char *answer = malloc(head_len + len);

	memcpy(answer, head, head_len);
	memset(answer + head_len, c, len);
	memcpy(answer + head_len, text, strlen(text));
	*total = head_len + len;
	return answer;
}

static enum probe_reason run_big(size_t len, char c, const char *regex, const char *digest,
				 size_t *taken)
{
	struct fixture f;
	struct url_conf *url;
	enum probe_reason reason;
	size_t total;
	char *answer = big_answer(len, c, "hello", &total);

	fixture_init(&f);
	url = add_url(&f, "/");
	url->regex = regex;
	url->digest = digest;
	f.probe.cut = total;
	reason = run_probe(&f.probe, answer, total, -EAGAIN);
	*taken = f.probe.at;
	fixture_done(&f);
	free(answer);
	return reason;
}

static void test_endless_body(void **state)
{
	const size_t mib = 1024 * 1024;
	size_t taken;

	(void)state;
	assert_int_equal(run_big(3 * mib, 'a', "world", NULL, &taken), REASON_HTTP_TOO_BIG);
	assert_in_range(taken, mib, mib + 2 * PROBE_READ_SIZE);
	assert_int_equal(run_big(3 * mib, 'a', "hello", NULL, &taken), REASON_OK);
	assert_in_range(taken, mib, mib + 2 * PROBE_READ_SIZE);
	assert_int_equal(run_big(20 * mib, 'a', NULL, HELLO_MD5, &taken), REASON_HTTP_TOO_BIG);
	assert_in_range(taken, 16 * mib, 16 * mib + 2 * PROBE_READ_SIZE);
	assert_int_equal(run_big(mib, 'a', "world", NULL, &taken), REASON_TIMEOUT);
	assert_int_equal(run_big(3 * mib, 'a', NULL, NULL, &taken), REASON_OK);
	assert_in_range(taken, mib, mib + 2 * PROBE_READ_SIZE);
}

/* Patterns that would take minutes on a hostile body fail instead. */
static void test_hostile_body(void **state)
{
	const size_t len = 1024 * 1024 + 1;
	size_t taken;

	(void)state;
	assert_int_equal(run_big(len, 'a', "(a+)+[bc]$", NULL, &taken), REASON_HTTP_REGEX);
	assert_int_equal(run_big(len, 'a', "a*[bc]", NULL, &taken), REASON_HTTP_REGEX);
	assert_int_equal(run_big(len, 'a', "(a|b)*?[xy]", NULL, &taken), REASON_HTTP_REGEX);
}

static void test_bad_pattern(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	add_url(&f, "/")->regex = "(";
	assert_true(check_http_get.start(&f.probe) < 0);
	check_http_get.stop(&f.probe);
	fixture_done(&f);
}

/* ---- rounds ---- */

/* Answers '+' and '-' in turn; the paths asked for, and 'P'artly, 'O'k or 'x' after each. */
static void run_round(uint32_t n_urls, const char *answers_in_turn, const char *expected)
{
	static const char good[] = "HTTP/1.0 200 OK\r\n\r\n", bad[] = "HTTP/1.0 503 X\r\n\r\n";
	static const char *const paths[] = { "0", "1", "2" };
	char out[64] = "", *to = out;
	struct fixture f;

	fixture_init(&f);
	for (uint32_t i = 0; i < n_urls; i++)
		add_url(&f, paths[i]);
	for (const char *a = answers_in_turn; *a; a++) {
		enum probe_reason reason = run_probe(&f.probe, *a == '+' ? good : bad,
						     strlen(*a == '+' ? good : bad), 0);

		*to++ = f.probe.out[4];
		*to++ = reason == REASON_OK ? 'O' : reason == REASON_PARTLY ? 'P' : 'x';
	}
	*to = '\0';
	assert_string_equal(out, expected);
	fixture_done(&f);
}

static void test_rounds(void **state)
{
	(void)state;
	run_round(1, "++-+", "0O0O0x0O");
	run_round(3, "++++", "0P1P2O0O");
	run_round(3, "+++-+++", "0P1P2O0x0P1P2O");
	run_round(3, "++++--++++", "0P1P2O0O1x1x1P2P0O1O");
	run_round(2, "-++", "0x0P1O");
}

/* Failures that the plug-in does not see end the round, too; our own trouble does not. */
static void test_foreign_failures(void **state)
{
	static const char good[] = "HTTP/1.0 200 OK\r\n\r\n";
	struct fixture f;

	(void)state;
	fixture_init(&f);
	add_url(&f, "0");
	add_url(&f, "1");
	run_probe(&f.probe, good, strlen(good), 0);
	assert_int_equal(run_probe(&f.probe, good, strlen(good), 0), REASON_OK);
	assert_int_equal(check_http_get.judge(&f.probe, REASON_RESOURCES), REASON_RESOURCES);
	assert_int_equal(run_probe(&f.probe, good, strlen(good), 0), REASON_OK);
	assert_int_equal(check_http_get.judge(&f.probe, REASON_CONNECT_REFUSED),
			 REASON_CONNECT_REFUSED);
	assert_int_equal(run_probe(&f.probe, good, strlen(good), 0), REASON_PARTLY);
	fixture_done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_request_ipv6),
		cmocka_unit_test(test_request_host_name),
		cmocka_unit_test(test_request_too_long),
		cmocka_unit_test(test_sni),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_endless_body),
		cmocka_unit_test(test_hostile_body),
		cmocka_unit_test(test_bad_pattern),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_foreign_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
