/*
 * The value types: what they accept, refuse, print and compare.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct conf *conf;
static struct conf_diags *diags;

/* Loads an instance with that line. */
static const struct fix_instance *instance(const char *line)
{
	char text[512];

	snprintf(text, sizeof(text), "vrrp_instance A {\nvrid 1\n%s\n}\n", line);
	conf = fix_load(text, &diags);
	return fix_at(&fix_root_of(conf)->instances, 0);
}

static void done(void)
{
	conf_free(conf);
	conf_diags_free(diags);
}

#define ACCEPTS(line, field, value)                             \
	do {                                                    \
		const struct fix_instance *a_ = instance(line); \
		FIX_EXPECT(diags, NULL);                        \
		assert_true(a_->field == (value));              \
		done();                                         \
	} while (0)

/* The value is refused with that code, and the default stands. */
#define REFUSES(line, code, field, dflt)                        \
	do {                                                    \
		const struct fix_instance *a_ = instance(line); \
		FIX_EXPECT(diags, code);                        \
		assert_true(a_->field == (dflt));               \
		done();                                         \
	} while (0)

static void test_integers(void **state)
{
	(void)state;
	ACCEPTS("priority 1", priority, 1);
	ACCEPTS("priority 255", priority, 255);
	ACCEPTS("priority 010", priority, 10);
	ACCEPTS("priority +7", priority, 7);
	ACCEPTS("priority \"7\"", priority, 7);
	ACCEPTS("priority \" 7\"", priority, 7);
	ACCEPTS("weight -253", weight, -253);
	ACCEPTS("port 65535", port, 65535);
	ACCEPTS("", priority, 100);
	REFUSES("priority 0", "out-of-range", priority, 100);
	REFUSES("priority 256", "out-of-range", priority, 100);
	REFUSES("priority -1", "out-of-range", priority, 100);
	REFUSES("priority 99999999999999999999", "out-of-range", priority, 100);
	REFUSES("weight -99999999999999999999", "out-of-range", weight, 0);
	REFUSES("priority 0x10", "invalid-number", priority, 100);
	REFUSES("priority 5x", "invalid-number", priority, 100);
	REFUSES("priority \"7 \"", "invalid-number", priority, 100);
	REFUSES("priority \"\"", "invalid-number", priority, 100);
	REFUSES("priority +", "invalid-number", priority, 100);
	REFUSES("priority --1", "invalid-number", priority, 100);
	REFUSES("priority", "missing-value", priority, 100);
}

static void test_seconds(void **state)
{
	(void)state;
	ACCEPTS("advert_int 1", advert_int_us, 1000000);
	ACCEPTS("advert_int 0.25", advert_int_us, 250000);
	ACCEPTS("advert_int .5", advert_int_us, 500000);
	ACCEPTS("advert_int 1.", advert_int_us, 1000000);
	ACCEPTS("advert_int 1.234567", advert_int_us, 1234567);
	ACCEPTS("advert_int 40.95", advert_int_us, 40950000);
	ACCEPTS("advert_int 0.01", advert_int_us, 10000);
	REFUSES("advert_int 40.950001", "out-of-range", advert_int_us, 1000000);
	REFUSES("advert_int 0.009999", "out-of-range", advert_int_us, 1000000);
	REFUSES("advert_int -1", "out-of-range", advert_int_us, 1000000);
	REFUSES("advert_int 99999999999999999999", "out-of-range", advert_int_us, 1000000);
	REFUSES("advert_int 9223372036854775807", "out-of-range", advert_int_us, 1000000);
	{
		const struct fix_instance *a = instance("advert_int 1.0000005");

		FIX_EXPECT(diags, "adjusted");
		assert_int_equal(a->advert_int_us, 1000001);
		done();
	}
	REFUSES("advert_int .", "invalid-number", advert_int_us, 1000000);
	REFUSES("advert_int 1s", "invalid-number", advert_int_us, 1000000);
	REFUSES("advert_int 1..2", "invalid-number", advert_int_us, 1000000);
	REFUSES("advert_int \"\"", "invalid-number", advert_int_us, 1000000);
}

static void test_booleans(void **state)
{
	(void)state;
	ACCEPTS("", accept, true);
	ACCEPTS("accept", accept, true);
	ACCEPTS("accept off", accept, false);
	ACCEPTS("accept no", accept, false);
	ACCEPTS("accept false", accept, false);
	ACCEPTS("accept yes", accept, true);
	REFUSES("accept YES", "invalid-boolean", accept, true);
	REFUSES("accept 0", "invalid-boolean", accept, true);
}

static void test_flags(void **state)
{
	(void)state;
	ACCEPTS("", nopreempt, false);
	ACCEPTS("nopreempt", nopreempt, true);
	ACCEPTS("nopreempt on", nopreempt, true);
	ACCEPTS("nopreempt off", nopreempt, false);
	ACCEPTS("", preempt, true);
	ACCEPTS("no_preempt", preempt, false);
	ACCEPTS("no_preempt off", preempt, true);
	REFUSES("nopreempt zork", "extra-words", nopreempt, true);
}

static void test_words(void **state)
{
	(void)state;
	ACCEPTS("state MASTER", state, 1);
	REFUSES("state master", "invalid-word", state, 0);
	instance("state zork");
	assert_string_equal(conf_diags_at(diags, 0)->hint, "expected is MASTER or BACKUP");
	done();
}

static void expect_addr(const struct addr *addr, const char *text)
{
	char buf[ADDR_STR_MAX];

	assert_string_equal(addr_str(addr, buf), text);
}

static void test_addresses(void **state)
{
	const struct fix_instance *a;

	(void)state;
	a = instance("source fe80::1\nsorry 10.0.0.1 80");
	FIX_EXPECT(diags, NULL);
	expect_addr(&a->source, "fe80::1");
	expect_addr(&a->sorry.addr, "10.0.0.1");
	assert_int_equal(a->sorry.port, 80);
	done();

	a = instance("");
	expect_addr(&a->source, "10.0.0.9");
	assert_true(addr_is_unset(&a->sorry.addr));
	done();

	REFUSES("source 10.1.1", "invalid-address", source.family, AF_INET);
	REFUSES("source 10.1.1.1/24", "invalid-address", source.family, AF_INET);
	REFUSES("source host.example", "invalid-address", source.family, AF_INET);
	REFUSES("sorry 10.1.1.1 http", "invalid-port", sorry.addr.family, AF_UNSPEC);
	REFUSES("sorry 10.1.1.1 65536", "invalid-port", sorry.addr.family, AF_UNSPEC);
	ACCEPTS("sorry 10.1.1.1 0", sorry.port, 0);
	ACCEPTS("sorry 10.1.1.1", sorry.port, 0);
}

/* Loads an instance with that line of virtual_ipaddress. */
static const struct fix_addr *address(const char *line)
{
	char text[300];

	snprintf(text, sizeof(text), "virtual_ipaddress {\n%s\n}", line);
	return fix_at(&instance(text)->addrs, 0);
}

static void test_prefixes(void **state)
{
	(void)state;
	assert_int_equal(address("10.0.0.1/24")->prefix.len, 24);
	done();
	assert_int_equal(address("10.0.0.1/0")->prefix.len, 0);
	done();
	assert_int_equal(address("10.0.0.1")->prefix.len, 32);
	done();
	assert_int_equal(address("fe80::1")->prefix.len, 128);
	done();
	assert_null(address("10.0.0.1/33"));
	FIX_EXPECT(diags, "invalid-prefix");
	done();
	assert_null(address("10.0.0.1/"));
	FIX_EXPECT(diags, "invalid-prefix");
	done();
	assert_null(address("/24"));
	FIX_EXPECT(diags, "invalid-address");
	done();
	assert_null(address("0000000000000000000000000000000000000000000000000000000000000000/1"));
	FIX_EXPECT(diags, "invalid-address");
	done();
}

static void expect_command(const char *line, const char *joined)
{
	const struct fix_instance *a = instance(line);
	char text[300] = "";

	FIX_EXPECT(diags, NULL);
	for (uint32_t i = 0; i < a->notify.argc; i++) {
		strcat(text, a->notify.argv[i]);
		strcat(text, "|");
	}
	assert_null(a->notify.argv[a->notify.argc]);
	assert_string_equal(text, joined);
	done();
}

static void test_commands(void **state)
{
	const struct fix_instance *a;

	(void)state;
	expect_command("notify /bin/x", "/bin/x|");
	expect_command("notify \"/bin/x a  b \"", "/bin/x|a|b|");
	expect_command("notify \"/bin/x 'a b'c ''\"", "/bin/x|a bc||");
	/* Escapes are read twice. */
	expect_command("notify \"x a\\\\ b \\\\x41\\\\102\\\\cA\\\\t\\\\E\\\\q\"",
		       "x|a b|AB\001\t\033q|");
	expect_command("notify \"x a\\ b \\x41\\102\\q \\\"c d\\\"\"", "x|a|b|ABq|c d|");
	expect_command("notify \"x \\x4g \\x414\"", "x|\004g|A4|");
	expect_command("notify '/bin/x \"a b\" c'", "/bin/x|a b|c|");

	a = instance("notify \"/bin/x a\" joe :users");
	assert_string_equal(a->notify.user, "joe");
	assert_string_equal(a->notify.group, "users");
	done();
	a = instance("notify /bin/x joe");
	assert_int_equal(a->notify.argc, 1);
	assert_string_equal(a->notify.user, "joe");
	assert_null(a->notify.group);
	done();

	REFUSES("notify \"\"", "invalid-command", notify.argc, 0);
	REFUSES("notify \"  \"", "invalid-command", notify.argc, 0);
	REFUSES("notify \"'' a\"", "invalid-command", notify.argc, 0);
	REFUSES("notify \"x 'a\"", "invalid-command", notify.argc, 0);
	REFUSES("notify \"x \\\"", "invalid-command", notify.argc, 0);
	REFUSES("notify \"x \\x00\"", "invalid-command", notify.argc, 0);
	REFUSES("notify \"x \\0\"", "invalid-command", notify.argc, 0);
}

/* The ranges of a line of status_code as text. */
static void expect_ranges(const char *words, const char *expected)
{
	char text[300], got[200] = "";
	const struct fix_check *check;
	const struct fix_server *server;

	snprintf(text, sizeof(text),
		 "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 {\nHTTP_GET {\n%s\n}\n}\n}\n",
		 words);
	conf = fix_load_clean(text);
	server = fix_at(
		&((const struct fix_service *)fix_at(&fix_root_of(conf)->services, 0))->servers, 0);
	check = fix_at(&server->checks, 0);
	for (uint32_t i = 0; i < check->status.n; i++)
		sprintf(got + strlen(got), "%u-%u ", check->status.v[i].lo, check->status.v[i].hi);
	assert_string_equal(got, expected);
	conf_free(conf);
}

static void test_ranges(void **state)
{
	(void)state;
	expect_ranges("", "200-299 ");
	expect_ranges("status_code 404", "404-404 ");
	expect_ranges("status_code 500-510 200 201-299 250", "200-299 500-510 ");
	expect_ranges("status_code 599 100", "100-100 599-599 ");
	FIX_TEXT_EXPECT("virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 {\nHTTP_GET {\n"
			"status_code 99\n}\nHTTP_GET {\nstatus_code 300-200\n}\nHTTP_GET {\n"
			"status_code 200-\n}\nHTTP_GET {\nstatus_code 200 600\n}\n}\n}\n",
			"invalid-range", "invalid-range", "invalid-range", "invalid-range");
}

/* ---- comparing ---- */

static void test_equal(void **state)
{
	static const char *const lines[] = {
		"priority 5",
		"advert_int 5",
		"accept off",
		"nopreempt",
		"state MASTER",
		"source fe80::1",
		"sorry 10.0.0.1 5",
		"sorry 10.0.0.1 6",
		"note x",
		"note y",
		"notify x",
		"notify \"x a\"",
		"notify x joe",
		"virtual_ipaddress {\n10.0.0.1\n}",
		"virtual_ipaddress {\n10.0.0.1/24\n}",
		"unicast_peer {\n10.0.0.1 ports 5\n}",
		"unicast_peer {\n10.0.0.1 ports 5-6\n}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (size_t j = 0; j < sizeof(lines) / sizeof(lines[0]); j++) {
			const struct fix_instance *a = instance(lines[i]), *b;
			struct conf *other = conf;

			conf_diags_free(diags);
			b = instance(lines[j]);
			assert_int_equal(conf_obj_is_equal(&a->obj, &b->obj), i == j);
			conf_free(other);
			done();
		}
	}
}

static void test_apply(void **state)
{
	static const struct {
		const char *line;
		int apply;
	} cases[] = {
		{ "priority 100", -1 },
		{ "priority 5", CONF_APPLY_LIVE },
		{ "priority 5\nadvert_int 3", CONF_APPLY_CHILD },
		{ "virtual_ipaddress {\n10.0.0.1\n}", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fix_instance *a = instance(""), *b;
		struct conf *other = conf;

		conf_diags_free(diags);
		b = instance(cases[i].line);
		assert_int_equal(conf_obj_apply(&a->obj, &b->obj), cases[i].apply);
		conf_free(other);
		done();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers), cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_booleans), cmocka_unit_test(test_flags),
		cmocka_unit_test(test_words),    cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_prefixes), cmocka_unit_test(test_commands),
		cmocka_unit_test(test_ranges),   cmocka_unit_test(test_equal),
		cmocka_unit_test(test_apply),
	};

	return cmocka_run_group_tests_name("conf_type", tests, NULL, NULL);
}
