/*
 * SMTP_CHECK, DNS_CHECK, UDP_CHECK, PING_CHECK and MISC_CHECK over the real engine, against servers
 * of the same process that say what was recorded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "check/checkers.h"
#include "lib/log.h"
#include "lib/script_ask.h"

#define TIMEOUT_US  (150 * US_PER_MS)
#define PATIENCE_US (10 * US_PER_S)

/* ---- servers ---- */

struct piece {
	const char *bytes; /* NULL = close */
	size_t len;
};

#define TEXT(s)                    \
	{                          \
		(s), sizeof(s) - 1 \
	}
#define HANG_UP()       \
	{               \
		NULL, 0 \
	}

struct server {
	struct loop *loop;
	int fd, conn;
	struct io io, conn_io;
	uint16_t port;
	const struct piece *script; /* a stream: one for each line, the first unasked */
	size_t n_script, next;
	char heard[1024]; /* all that was received */
	size_t n_heard;
	unsigned copies;   /* a datagram: answers to each */
	uint8_t reply[64]; /* 0xff 0xff at the start: the id of the query goes there */
	size_t n_reply;
	bool is_mute;
};

static void say_next(struct server *s)
{
	if (s->next >= s->n_script)
		return;
	if (!s->script[s->next].bytes) {
		io_del(&s->conn_io);
		close(s->conn);
		s->conn = -1;
		return;
	}
	if (send(s->conn, s->script[s->next].bytes, s->script[s->next].len, MSG_NOSIGNAL) < 0)
		return;
	s->next++;
}

static void on_conn(struct io *io, uint32_t ready, void *arg)
{
	struct server *s = arg;
	ssize_t n = recv(s->conn, s->heard + s->n_heard, sizeof(s->heard) - s->n_heard - 1, 0);

	(void)ready;
	if (n <= 0) {
		io_del(io);
		return;
	}
	s->n_heard += (size_t)n;
	say_next(s);
}

static void on_accept(struct io *io, uint32_t ready, void *arg)
{
	struct server *s = arg;

	(void)ready;
	s->conn = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(s->conn >= 0);
	io_add(s->loop, &s->conn_io, s->conn, EPOLLIN, on_conn, s);
	say_next(s);
}

static void on_datagram(struct io *io, uint32_t ready, void *arg)
{
	struct server *s = arg;
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(io->fd, s->heard, sizeof(s->heard), 0, (struct sockaddr *)&from, &len);

	(void)ready;
	if (n < 0 || s->is_mute)
		return;
	s->n_heard = (size_t)n;
	for (unsigned i = 0; i < s->copies; i++) {
		if (i == s->copies - 1 && s->n_reply >= 2 && s->reply[0] == 0xff)
			memcpy(s->reply, s->heard, 2);
		assert_int_equal(
			sendto(io->fd, s->reply, s->n_reply, 0, (struct sockaddr *)&from, len),
			s->n_reply);
	}
}

static void server_open(struct server *s, struct loop *loop, int type)
{
	struct addr any;
	struct sockaddr_storage sa;
	socklen_t len;

	s->loop = loop;
	s->conn = -1;
	assert_true(addr_parse("127.0.0.1", &any));
	len = addr_to_sockaddr(&any, 0, &sa);
	s->fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&sa, len), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&sa, &len), 0);
	s->port = ntohs(((struct sockaddr_in *)&sa)->sin_port);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(s->fd, 8), 0);
	io_add(loop, &s->io, s->fd, EPOLLIN, type == SOCK_STREAM ? on_accept : on_datagram, s);
}

static void server_close(struct server *s)
{
	io_del(&s->io);
	close(s->fd);
	if (s->conn < 0)
		return;
	io_del(&s->conn_io);
	close(s->conn);
}

/* ---- one run ---- */

struct outcome {
	struct probe_sub sub;
	unsigned results;
};

static struct loop *loop;
static struct probe_engine *engine;
static struct outcome outcome;

static void on_result(struct probe_sub *sub, enum health_edge edge, void *arg)
{
	(void)edge;
	(void)sub;
	((struct outcome *)arg)->results++;
}

static int set_up(void **state)
{
	(void)state;
	loop = loop_new(NULL);
	engine = probe_engine_new(loop, 1);
	memset(&outcome, 0, sizeof(outcome));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	probe_engine_free(engine);
	loop_free(loop);
	return 0;
}

static void common_init(struct checker_conf *conf, const struct conf_block *block)
{
	conf->obj.block = block;
	conf->connect_timeout_us = TIMEOUT_US;
	conf->delay_loop_us = 3600 * US_PER_S;
	conf->delay_before_retry_us = 3600 * US_PER_S;
	conf->rise = 1;
}

/* The reason of one run; `outcome` has more. */
static enum probe_reason run(const struct checker_ops *ops, const struct checker_conf *conf,
			     const char *address, uint16_t port)
{
	struct probe_spec spec = { .ops = ops, .conf = conf, .port = port };
	time_us end = time_add(loop_update_now(loop), PATIENCE_US);

	assert_true(addr_parse(address, &spec.addr));
	memset(&outcome, 0, sizeof(outcome));
	outcome.sub.on_result = on_result;
	outcome.sub.arg = &outcome;
	outcome.sub.params = probe_health_params(conf);
	assert_int_equal(probe_subscribe(engine, &spec, &outcome.sub, false), 0);
	while (outcome.results == 0 && time_sub(end, loop_update_now(loop)) > 0)
		loop_run_once(loop, 100 * US_PER_MS);
	assert_int_equal(outcome.results, 1);
	probe_unsubscribe(&outcome.sub);
	return outcome.sub.reason;
}

/* ---- SMTP_CHECK ---- */

static struct server server;

static enum probe_reason smtp(const struct piece *script, size_t n)
{
	static struct smtp_check_conf conf;
	enum probe_reason reason;

	memset(&conf, 0, sizeof(conf));
	common_init(&conf.common, &smtp_check_block);
	conf.helo_name = "probe.example";
	memset(&server, 0, sizeof(server));
	server.script = script;
	server.n_script = n;
	server_open(&server, loop, SOCK_STREAM);
	reason = run(&check_smtp, &conf.common, "127.0.0.1", server.port);
	server_close(&server);
	return reason;
}

#define SMTP(...)                                   \
	smtp((const struct piece[]){ __VA_ARGS__ }, \
	     sizeof((const struct piece[]){ __VA_ARGS__ }) / sizeof(struct piece))

static void smtp_verdicts(void **state)
{
	static char endless[5000];

	(void)state;
	assert_int_equal(SMTP(TEXT("220 mx.example ESMTP Postfix (Debian/GNU)\r\n"),
			      TEXT("250 mx.example\r\n"), TEXT("221 2.0.0 Bye\r\n")),
			 REASON_OK);
	assert_string_equal(server.heard, "HELO probe.example\r\nQUIT\r\n");
	assert_int_equal(SMTP(TEXT("220\r\n"), TEXT("250 ok\n"), TEXT("221\r\n")), REASON_OK);
	assert_int_equal(SMTP(TEXT("220 a\r\n"), TEXT("250 ok\n"), TEXT("500 what?\r\n")),
			 REASON_OK);
	assert_int_equal(SMTP(TEXT("554 no SMTP service here\r\n")), REASON_SMTP_GREETING);
	assert_string_equal(outcome.sub.detail, "554 no SMTP service here");
	assert_int_equal(SMTP(TEXT("220-mx.example\r\n220 ready\r\n")), REASON_SMTP_GREETING);
	assert_int_equal(SMTP(TEXT("2200 mx\r\n")), REASON_SMTP_GREETING);
	assert_int_equal(SMTP(TEXT("220 mx\r\n"), TEXT("501 syntax\r\n")), REASON_SMTP_HELO);
	assert_int_equal(SMTP(TEXT("220 mx\r\n"), TEXT("250-mx\r\n250 HELP\r\n")),
			 REASON_SMTP_HELO);
	assert_int_equal(SMTP(TEXT("220 mx\r\n"), TEXT("250 mx\r\n"), HANG_UP()),
			 REASON_CLOSED_EARLY);
	assert_int_equal(SMTP(HANG_UP()), REASON_CLOSED_EARLY);
	assert_int_equal(SMTP(TEXT("220 mx")), REASON_TIMEOUT);
	memset(endless, '2', sizeof(endless));
	assert_int_equal(SMTP({ endless, sizeof(endless) }), REASON_SMTP_TOO_LONG);
}

/* ---- DNS_CHECK ---- */

static enum probe_reason dns(const char *reply, size_t n, unsigned copies)
{
	static struct dns_check_conf conf;
	enum probe_reason reason;

	memset(&conf, 0, sizeof(conf));
	common_init(&conf.common, &dns_check_block);
	conf.type = 28;
	conf.name = "www.example.";
	memset(&server, 0, sizeof(server));
	memcpy(server.reply, reply, n);
	server.n_reply = n;
	server.copies = copies;
	server_open(&server, loop, SOCK_DGRAM);
	reason = run(&check_dns, &conf.common, "127.0.0.1", server.port);
	server_close(&server);
	return reason;
}

#define QUESTION            "\3www\7example\0\0\34\0\1"
#define ONE                 "\0\1\0\0\0\0\0\0"
#define REPLY(text, copies) dns("\xff\xff" text, sizeof(text) + 1, copies)
#define DNS(flags, copies)  REPLY(flags ONE QUESTION, copies)

static void dns_verdicts(void **state)
{
	static const uint8_t question[] = "\1\0" ONE QUESTION;

	(void)state;
	assert_int_equal(DNS("\x81\x80", 1), REASON_OK);
	assert_int_equal(server.n_heard, 2 + sizeof(question) - 1);
	assert_memory_equal(server.heard + 2, question, sizeof(question) - 1);
	assert_int_equal(DNS("\x81\x82", 1), REASON_DNS_RCODE);
	assert_string_equal(outcome.sub.detail, "SERVFAIL");
	assert_int_equal(DNS("\x81\x83", 1), REASON_DNS_RCODE);
	assert_string_equal(outcome.sub.detail, "NXDOMAIN");
	/* Wrong ids are passed over, the right one counts; a query is no answer. */
	assert_int_equal(DNS("\x81\x80", 40), REASON_OK);
	assert_int_equal(DNS("\x01\x00", 1), REASON_TIMEOUT);
	assert_int_equal(dns("\xff\xff\x81\x80", 4, 1), REASON_TIMEOUT);
	assert_int_equal(dns("", 0, 1), REASON_TIMEOUT);
}

/* An answer is to the question that was asked, in whatever case, or repeats none. */
static void dns_questions(void **state)
{
	(void)state;
	assert_int_equal(REPLY("\x81\x80" ONE "\3wWw\7EXAMPLE\0\0\34\0\1", 1), REASON_OK);
	assert_int_equal(REPLY("\x81\x80\0\0\0\0\0\0\0\0", 1), REASON_OK);
	assert_int_equal(REPLY("\x81\x85\0\0\0\0\0\0\0\0", 1), REASON_DNS_RCODE);
	assert_int_equal(REPLY("\x81\x80" ONE "\3ww2\7example\0\0\34\0\1", 1), REASON_TIMEOUT);
	assert_int_equal(REPLY("\x81\x80" ONE "\3www\7example\0\0\1\0\1", 1), REASON_TIMEOUT);
	assert_int_equal(REPLY("\x81\x82" ONE "\xc0\x0c\0\34\0\1", 1), REASON_TIMEOUT);
	assert_int_equal(REPLY("\x81\x80" ONE "\3www\7exa", 1), REASON_TIMEOUT);
	assert_int_equal(REPLY("\x81\x80\0\2\0\0\0\0\0\0" QUESTION, 1), REASON_TIMEOUT);
}

/* Nobody listens there. */
static uint16_t closed_port(int type)
{
	struct server s = { 0 };

	server_open(&s, loop, type);
	server_close(&s);
	return s.port;
}

static void an_unreachable_port_is_down(void **state)
{
	struct dns_check_conf dns_conf = { .type = 6, .name = "." };
	struct udp_check_conf udp_conf = { .max_reply_len = 255 };

	(void)state;
	common_init(&dns_conf.common, &dns_check_block);
	common_init(&udp_conf.common, &udp_check_block);
	assert_int_equal(run(&check_dns, &dns_conf.common, "127.0.0.1", closed_port(SOCK_DGRAM)),
			 REASON_CONNECT_REFUSED);
	assert_int_equal(run(&check_udp, &udp_conf.common, "127.0.0.1", closed_port(SOCK_DGRAM)),
			 REASON_CONNECT_REFUSED);
}

/* ---- UDP_CHECK ---- */

static struct udp_check_conf udp_conf;

static enum probe_reason udp(const char *reply)
{
	enum probe_reason reason;

	common_init(&udp_conf.common, &udp_check_block);
	memset(&server, 0, sizeof(server));
	server.is_mute = reply == NULL;
	server.n_reply = reply ? strlen(reply) : 0;
	server.copies = 1;
	if (reply)
		memcpy(server.reply, reply, server.n_reply);
	server_open(&server, loop, SOCK_DGRAM);
	reason = run(&check_udp, &udp_conf.common, "127.0.0.1", server.port);
	server_close(&server);
	return reason;
}

static void udp_verdicts(void **state)
{
	static uint8_t payload[] = "ping", pattern[] = "pong", mask[] = "\xff\x0f\xff\xff";

	(void)state;
	udp_conf = (struct udp_check_conf){ .max_reply_len = 255 };
	assert_int_equal(udp(NULL), REASON_OK);
	assert_int_equal(udp("anything"), REASON_OK);
	assert_int_equal(server.n_heard, 32);
	udp_conf.payload = (struct udp_pattern){ payload, payload, 4, true };
	udp_conf.reply.is_set = true;
	assert_int_equal(udp(NULL), REASON_TIMEOUT);
	assert_int_equal(udp(""), REASON_OK);
	assert_memory_equal(server.heard, "ping", 4);
	assert_int_equal(server.n_heard, 4);
	udp_conf.reply = (struct udp_pattern){ pattern, mask, 4, true };
	assert_int_equal(udp("pong"), REASON_OK);
	assert_int_equal(udp("p/ng and more"), REASON_OK);
	assert_int_equal(udp("po"), REASON_OK);
	assert_int_equal(udp("pang"), REASON_UDP_REPLY);
	udp_conf.min_reply_len = 3;
	udp_conf.max_reply_len = 6;
	assert_int_equal(udp("po"), REASON_UDP_LENGTH);
	assert_int_equal(udp("pongpong"), REASON_UDP_LENGTH);
	assert_string_equal(outcome.sub.detail, "8 bytes");
	assert_int_equal(udp("pongpo"), REASON_OK);
}

/* ---- PING_CHECK ---- */

static bool can_ping(int family, int protocol)
{
	int fd = socket(family, SOCK_DGRAM, protocol);

	if (fd < 0)
		fd = socket(family, SOCK_RAW, protocol);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void ping_verdicts(void **state)
{
	struct ping_check_conf conf = { 0 };

	(void)state;
	if (!can_ping(AF_INET, IPPROTO_ICMP))
		skip();
	common_init(&conf.common, &ping_check_block);
	assert_int_equal(run(&check_ping, &conf.common, "127.0.0.1", 0), REASON_OK);
	if (can_ping(AF_INET6, IPPROTO_ICMPV6))
		assert_int_equal(run(&check_ping, &conf.common, "::1", 0), REASON_OK);
}

/* ---- MISC_CHECK ---- */

static struct script_asks *asks;
static struct msg_script_run asked;
static unsigned n_asked, n_cancelled;

static void to_parent(const struct msg *msg, void *arg)
{
	(void)arg;
	if (msg->kind == MSG_script_cancel) {
		n_cancelled++;
		return;
	}
	asked = msg->script_run;
	n_asked++;
}

struct misc_case {
	struct vs_conf vs;
	struct rs_conf rs;
	struct checker_conf other;
	struct misc_check_conf misc;
	struct probe_spec spec;
};

static void misc_begin(struct misc_case *c, bool is_dynamic)
{
	memset(c, 0, sizeof(*c));
	asks = script_asks_new(to_parent, NULL);
	probe_engine_set_scripts(engine, asks);
	n_asked = n_cancelled = 0;
	c->vs.name = "[10.0.0.1]:tcp:80";
	c->rs.name = "[10.0.0.2]:tcp:80";
	c->rs.obj.block = &rs_block;
	c->rs.obj.parent = &c->vs.obj;
	common_init(&c->misc.common, &misc_check_block);
	c->misc.common.obj.parent = &c->rs.obj;
	c->misc.is_dynamic = is_dynamic;
	c->other.obj.next = &c->misc.common.obj;
	c->rs.checkers.head = &c->other.obj;
	c->spec = (struct probe_spec){ .ops = &check_misc, .conf = &c->misc.common };
	memset(&outcome, 0, sizeof(outcome));
	outcome.sub.on_result = on_result;
	outcome.sub.arg = &outcome;
	outcome.sub.params = probe_health_params(&c->misc.common);
	assert_true(addr_parse("10.0.0.2", &c->spec.addr));
	probe_subscribe(engine, &c->spec, &outcome.sub, false);
	while (n_asked == 0)
		loop_run_once(loop, -1);
}

static void misc_end(void)
{
	probe_unsubscribe(&outcome.sub);
	script_asks_free(asks);
}

static enum probe_reason misc(enum script_outcome what, int64_t value, bool is_dynamic)
{
	struct misc_case c;

	misc_begin(&c, is_dynamic);
	assert_string_equal(asked.kind, "MISC_CHECK");
	assert_string_equal(asked.owner, "[10.0.0.1]:tcp:80");
	assert_string_equal(asked.member, "[10.0.0.2]:tcp:80");
	assert_int_equal(asked.index, 1);
	script_asks_on_result(asks, &(struct msg_script_result){ .ask = asked.ask,
								 .outcome = (uint8_t)what,
								 .value = value,
								 .output = "why" });
	assert_int_equal(outcome.results, 1);
	misc_end();
	return outcome.sub.reason;
}

static void misc_verdicts(void **state)
{
	(void)state;
	assert_int_equal(misc(SCRIPT_EXITED, 0, false), REASON_OK);
	assert_int_equal(misc(SCRIPT_EXITED, 1, false), REASON_SCRIPT_STATUS);
	assert_string_equal(outcome.sub.detail, "exited with status 1 (why)");
	assert_int_equal(misc(SCRIPT_EXITED, 5, false), REASON_SCRIPT_STATUS);
	assert_int_equal(misc(SCRIPT_EXITED, 1, true), REASON_SCRIPT_STATUS);
	assert_int_equal(outcome.sub.advice.kind, ADVICE_NONE);
	assert_int_equal(misc(SCRIPT_EXITED, 2, true), REASON_OK);
	assert_int_equal(outcome.sub.advice.kind, ADVICE_WEIGHT);
	assert_int_equal(outcome.sub.advice.value, 0);
	assert_int_equal(misc(SCRIPT_EXITED, 255, true), REASON_OK);
	assert_int_equal(outcome.sub.advice.value, 253);
	assert_int_equal(misc(SCRIPT_KILLED, 9, true), REASON_SCRIPT_SIGNAL);
	assert_int_equal(misc(SCRIPT_TIMED_OUT, 3, false), REASON_SCRIPT_TIMEOUT);
	assert_int_equal(misc(SCRIPT_NOT_RUN, 12, false), REASON_SCRIPT_NOT_RUN);
	assert_true(outcome.sub.health.is_up); /* our own trouble says nothing about the server */
}

static void misc_is_cancelled_with_its_check(void **state)
{
	struct misc_case c;

	(void)state;
	misc_begin(&c, false);
	misc_end();
	assert_int_equal(n_cancelled, 1);
	assert_int_equal(outcome.results, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(smtp_verdicts), TEST(dns_verdicts),
		TEST(dns_questions), TEST(an_unreachable_port_is_down),
		TEST(udp_verdicts),  TEST(ping_verdicts),
		TEST(misc_verdicts), TEST(misc_is_cancelled_with_its_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
