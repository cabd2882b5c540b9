/*
 * The tree against the tables: unknown words, missing and repeated ones, objects, inheritance,
 * defaults.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* ---- words ---- */

static void expect_hint(const char *text, const char *hint)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load(text, &diags);

	FIX_EXPECT(diags, "unknown-keyword");
	if (hint)
		assert_string_equal(conf_diags_at(diags, 0)->hint, hint);
	else
		assert_null(conf_diags_at(diags, 0)->hint);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_unknown(void **state)
{
	(void)state;
	expect_hint("vrrp_instance A {\nvrid 1\npriorty 3\n}\n", "did you mean \"priority\"?");
	expect_hint("vrrp_instance A {\nvrid 1\nrouter_id x\n}\n",
		    "\"router_id\" belongs in global_defs");
	expect_hint("vrrp_instance A {\nvrid 1\nvirtual_server 1 {\na\n}\n}\n",
		    "\"virtual_server\" belongs to the top level; is a \"}\" missing above?");
	expect_hint("vrrp_instance A {\nvrid 1\nzork\n}\n", NULL);
	expect_hint("zork {\na {\n}\n}\n", NULL);
	expect_hint("vrrp_instance A {\nvrid 1\nvirtual_ipaddress {\n10.0.0.1 dve eth0\n}\n}\n",
		    "did you mean \"dev\"?");
}

static void test_every_error_is_reported(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT("zork\n"
			"vrrp_instance A {\n"
			"vrid 999\n"
			"priority\n"
			"advert_int x y\n"
			"virtual_ipaddress {\n10.0.0.300\n10.0.0.1 zork\n10.0.0.2 dev\n}\n"
			"}\n"
			"wait 0\n",
			"unknown-keyword", "out-of-range", "missing-value", "invalid-number",
			"extra-words", "invalid-address", "unknown-keyword", "missing-value",
			"out-of-range");
}

static void test_extra_words(void **state)
{
	struct conf_diags *diags;
	struct conf *conf =
		fix_load("vrrp_instance A B {\nvrid 1 2 3\n}\nglobal_defs x {\n}\n", &diags);

	(void)state;
	FIX_EXPECT(diags, "extra-words", "extra-words", "extra-words");
	assert_int_equal(conf_diags_errors(diags), 0);
	assert_int_equal(conf_diags_at(diags, 1)->pos.col, 8);
	assert_int_equal(fix_root_of(conf)->instances.n, 1);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_repeats(void **state)
{
	struct conf_diags *diags;
	struct conf *conf;
	const struct fix_instance *a;
	struct conf_pos pos;

	(void)state;
	conf = fix_load("vrrp_instance A {\nvrid 1\npriority 3\nprio 4\nweight 1\nweight 2\n}\n",
			&diags);
	a = fix_at(&fix_root_of(conf)->instances, 0);
	FIX_EXPECT(diags, "duplicate-keyword");
	assert_int_equal(conf_diags_at(diags, 0)->pos.line, 4);
	assert_int_equal(a->priority, 4);
	assert_int_equal(a->weight, 2);
	assert_true(conf_is_set(&a->obj, "priority", &pos));
	assert_int_equal(pos.line, 4);
	assert_false(conf_is_set(&a->obj, "prio", NULL));
	assert_false(conf_is_set(&a->obj, "advert_int", NULL));
	assert_true(conf_is_set(&a->obj, "name", NULL));
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_remarks(void **state)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load("vrrp_instance A {\nvrid 1\noldprio 3\nidle 3\n}\n"
				     "vrrp_instance B {\nvrid 2\nidle 10\nidle 4\n}\n",
				     &diags);

	(void)state;
	/* That a keyword has no effect is said once; its value is checked each time. */
	FIX_EXPECT(diags, "deprecated", "no-effect", "out-of-range", "duplicate-keyword");
	assert_string_equal(conf_diags_at(diags, 0)->hint, "use \"priority\"");
	assert_string_equal(conf_diags_at(diags, 1)->message, "\"idle\" has no effect: why not");
	conf_free(conf);
	conf_diags_free(diags);
}

/* ---- objects ---- */

static void test_dropped_objects(void **state)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load("vrrp_instance A {\npriority 3\n}\n"
				     "vrrp_instance {\nvrid 1\n}\n"
				     "vrrp_instance bad {\nvrid 2\n}\n"
				     "vrrp_instance B {\nvrid 300\n}\n"
				     "vrrp_instance C {\nvrid 4\n}\n",
				     &diags);
	const struct fix_root *root = fix_root_of(conf);

	(void)state;
	FIX_EXPECT(diags, "missing-keyword", "missing-value", "bad-name", "out-of-range");
	assert_int_equal(root->instances.n, 1);
	assert_string_equal(((const struct fix_instance *)fix_at(&root->instances, 0))->name, "C");
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_lines(void **state)
{
	struct conf *conf = fix_load_clean("vrrp_instance A {\nvrid 1\nvirtual_ipaddress {\n"
					   "10.0.0.1/24 no_track scope link dev eth0\n"
					   "10.0.0.2 dev dev no_track off scope universe\n}\n"
					   "virtual_ipaddress {\n10.0.0.3\n}\n"
					   "unicast_peer {\n10.1.0.1 min_ttl 3\n10.1.0.2 80 on no\n"
					   "10.1.0.3 ports 1 2-3 on min_ttl 9\n}\n}\n");
	const struct fix_instance *a = fix_at(&fix_root_of(conf)->instances, 0);
	const struct fix_addr *addr;
	const struct fix_peer *peer;

	(void)state;
	assert_int_equal(a->addrs.n, 3);
	addr = fix_at(&a->addrs, 0);
	assert_string_equal(addr->dev, "eth0");
	assert_true(addr->no_track);
	assert_int_equal(addr->scope, 253);
	addr = fix_at(&a->addrs, 1);
	assert_string_equal(addr->dev, "dev");
	assert_false(addr->no_track);
	assert_int_equal(addr->obj.index, 1);
	assert_ptr_equal(addr->obj.parent, a);
	peer = fix_at(&a->peers, 0);
	assert_int_equal(peer->endpoint.port, 0);
	assert_int_equal(peer->min_ttl, 3);
	peer = fix_at(&a->peers, 1);
	assert_int_equal(peer->endpoint.port, 80);
	assert_false(peer->is_on);
	peer = fix_at(&a->peers, 2);
	assert_true(peer->is_on);
	assert_int_equal(peer->ports.n, 1);
	assert_int_equal(peer->min_ttl, 9);
	conf_free(conf);
}

static void test_lines_have_no_blocks(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT(
		"vrrp_instance A {\nvrid 1\nvirtual_ipaddress {\n10.0.0.1 {\nzork\n}\n}\n}\n",
		"unexpected-brace");
}

static void test_single_blocks(void **state)
{
	struct conf *conf = fix_load_clean("wait 9\n");
	const struct fix_instance *a;

	(void)state;
	assert_int_equal(fix_root_of(conf)->globals.n, 1);
	assert_int_equal(fix_global_of(conf)->vrrp_repeat, 5);
	conf_free(conf);

	conf = fix_load_clean("global_defs {\nrouter_id a\n}\nvrrp_instance A {\nvrid 1\n"
			      "authentication {\npass x\n}\nauthentication {\nstrength 4\n}\n}\n"
			      "global_defs {\nvrrp_repeat 7\n}\n");
	assert_int_equal(fix_root_of(conf)->globals.n, 1);
	assert_string_equal(fix_global_of(conf)->router_id, "a");
	assert_int_equal(fix_global_of(conf)->vrrp_repeat, 7);
	a = fix_at(&fix_root_of(conf)->instances, 0);
	assert_int_equal(a->auth.n, 1);
	assert_string_equal(((const struct fix_auth *)fix_at(&a->auth, 0))->pass, "x");
	assert_int_equal(((const struct fix_auth *)fix_at(&a->auth, 0))->strength, 4);
	/* Global values apply wherever they stand in the file. */
	assert_int_equal(a->repeat, 7);
	conf_free(conf);
}

static void test_shared_list(void **state)
{
	struct conf *conf = fix_load_clean("virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 {\n"
					   "HTTP_GET {\n}\nTCP_CHECK {\n}\nHTTP_GET {\n}\n}\n}\n");
	const struct fix_service *service = fix_at(&fix_root_of(conf)->services, 0);
	const struct fix_server *server = fix_at(&service->servers, 0);
	const struct fix_check *check;
	unsigned n = 0;

	(void)state;
	conf_list_for_each (check, &server->checks) {
		assert_ptr_equal(check->obj.block, n == 1 ? &fix_tcp_block : &fix_http_block);
		n++;
	}
	assert_int_equal(n, 3);
	conf_free(conf);
}

/* ---- values that the file leaves open ---- */

static const struct fix_check *first_check(const struct conf *conf)
{
	const struct fix_service *service = fix_at(&fix_root_of(conf)->services, 0);
	const struct fix_server *server = fix_at(&service->servers, 0);

	return fix_at(&server->checks, 0);
}

static void expect_retry(const char *service, const char *server, const char *check,
			 const unsigned retries[3])
{
	char text[300];
	struct conf *conf;
	const struct fix_check *c;

	snprintf(text, sizeof(text),
		 "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 {\nTCP_CHECK {\n%s\n}\n%s\n}\n"
		 "%s\n}\n",
		 check, server, service);
	conf = fix_load_clean(text);
	c = first_check(conf);
	assert_int_equal(
		((const struct fix_service *)fix_at(&fix_root_of(conf)->services, 0))->retry,
		retries[0]);
	assert_int_equal(((const struct fix_server *)(const void *)c->obj.parent)->retry,
			 retries[1]);
	assert_int_equal(c->retry, retries[2]);
	conf_free(conf);
}

static void test_inheritance(void **state)
{
	(void)state;
	expect_retry("", "", "", (const unsigned[]){ 1, 2, 3 });
	expect_retry("retry 9", "", "", (const unsigned[]){ 9, 9, 9 });
	expect_retry("retry 9", "retry 8", "", (const unsigned[]){ 9, 8, 8 });
	expect_retry("retry 9", "retry 8", "retry 7", (const unsigned[]){ 9, 8, 7 });
	expect_retry("", "retry 8", "", (const unsigned[]){ 1, 8, 8 });
	expect_retry("", "", "retry 7", (const unsigned[]){ 1, 2, 7 });
}

static void test_inheritance_skips_levels_without_the_key(void **state)
{
	struct conf *conf = fix_load_clean("virtual_server 10.0.0.1 80 {\ndelay_loop 5\n"
					   "real_server 10.0.0.2 {\nTCP_CHECK {\n}\n}\n}\n");

	(void)state;
	assert_int_equal(first_check(conf)->delay_us, 5000000);
	conf_free(conf);
	conf = fix_load_clean("virtual_server 10.0.0.1 80 {\n"
			      "real_server 10.0.0.2 {\nTCP_CHECK {\n}\n}\n}\n");
	assert_int_equal(first_check(conf)->delay_us, 7000000);
	conf_free(conf);
}

static void test_inheritance_ends_at_a_key_that_does_not_inherit(void **state)
{
	struct conf *conf = fix_load_clean("retry 50\nvirtual_server 10.0.0.1 80 {\n"
					   "real_server 10.0.0.2 {\nTCP_CHECK {\n}\n}\n}\n");

	(void)state;
	assert_int_equal(first_check(conf)->retry, 3);
	conf_free(conf);
}

static void test_global_defaults(void **state)
{
	struct conf *conf = fix_load_clean("vrrp_instance A {\nvrid 1\n}\n"
					   "vrrp_instance B {\nvrid 2\nrepeat 4\n}\n");
	const struct fix_instance *a = fix_at(&fix_root_of(conf)->instances, 0);
	const struct fix_instance *b = fix_at(&fix_root_of(conf)->instances, 1);

	(void)state;
	assert_int_equal(a->repeat, 5);
	assert_int_equal(b->repeat, 4);
	/* resolve ran once, with the defaults in place. */
	assert_int_equal(a->n_resolved, 5);
	assert_int_equal(b->n_resolved, 4);
	conf_free(conf);
}

static void test_rules(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT("vrrp_instance A {\nvrid 1\n}\nvrrp_instance B {\nvrid 1\n}\n",
			"duplicate-vrid");
}

static void test_tolerant(void **state)
{
	static const char text[] = "vrrp_instance A {\nvrid 1\npriority 300\nadvert_int x\nzork\n"
				   "virtual_ipaddress {\n10.0.0.300\n}\n}\n";
	const struct conf_options options = { .is_tolerant = true };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf =
		conf_load_text(text, sizeof(text) - 1, "t", &fix_schema, &options, diags);
	const struct fix_instance *a = fix_at(&fix_root_of(conf)->instances, 0);

	(void)state;
	/* Values have a default to fall back to; unknown words and objects without an address are
	 * left out. */
	FIX_EXPECT(diags, "out-of-range", "invalid-number", "unknown-keyword", "invalid-address");
	assert_int_equal(conf_diags_errors(diags), 0);
	assert_int_equal(a->addrs.n, 0);
	assert_int_equal(a->priority, 100);
	assert_int_equal(a->advert_int_us, 1000000);
	conf_free(conf);
	conf_diags_free(diags);
}

/* ---- lines without a block of their own ---- */

static void test_bare_lines(void **state)
{
	const char *codes[] = { "not-in-effect", NULL };
	struct conf_diags *diags;
	struct conf *conf = fix_load("server_group g {\n10.0.0.1 80\nretry 4\n10.0.0.2\n}\n"
				     "server_group h {\n10.0.0.3\n}\n",
				     &diags),
		    *again;
	const struct fix_group *group = fix_at(&fix_root_of(conf)->groups, 0);
	const struct fix_group_line *line = fix_at(&group->lines, 0);
	char *text = fix_dump(conf, false), *text_again;

	(void)state;
	fix_expect_codes(diags, codes); /* once for both groups */
	assert_string_equal(conf_diags_at(diags, 0)->message, "server_group: groups do nothing");
	assert_int_equal(group->lines.n, 2);
	assert_int_equal(group->retry, 4);
	assert_int_equal(line->endpoint.port, 80);
	assert_ptr_equal(line->obj.parent, group);
	conf_diags_free(diags);

	assert_non_null(
		strstr(text, "server_group g {\n\tretry 4\n\t10.0.0.1 80\n\t10.0.0.2\n}\n"));
	again = fix_load(text, &diags);
	text_again = fix_dump(again, false);
	assert_string_equal(text, text_again);
	conf_diags_free(diags);
	conf_free(again);
	conf_free(conf);
	free(text);
	free(text_again);
}

static void test_bad_bare_lines(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT("server_group g {\n10.0.0.1 80 x\nbogus\n}\n", "not-in-effect",
			"unknown-keyword", "invalid-address");
	FIX_TEXT_EXPECT("server_group g {\nmember {\n}\n}\n", "not-in-effect", "invalid-address",
			"unexpected-brace");
}

/* What has no default, or would leave a block open, stays an error. */
static void test_tolerance_ends(void **state)
{
	static const char *const texts[] = {
		"vrrp_instance A {\npriority 5\n}\n",
		"vrrp_instance A {\nvrid 1\npriority\n}\n",
		"vrrp_instance A {\nvrid 1\n",
		"vrrp_instance A {\nvrid 1\n}\nvrrp_instance B {\nvrid 1\n}\n",
	};
	const struct conf_options options = { .is_tolerant = true };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct conf_diags *diags = conf_diags_new();
		struct conf *conf = conf_load_text(texts[i], strlen(texts[i]), "t", &fix_schema,
						   &options, diags);

		assert_int_equal(conf_diags_errors(diags), 1);
		conf_free(conf);
		conf_diags_free(diags);
	}
}

/* A required keyword that was rejected takes its object with it: there is no default to run on. */
static void test_tolerant_required(void **state)
{
	static const char text[] = "vrrp_instance A {\nvrid 300\n}\n";
	const struct conf_options options = { .is_tolerant = true };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf =
		conf_load_text(text, sizeof(text) - 1, "t", &fix_schema, &options, diags);

	(void)state;
	FIX_EXPECT(diags, "out-of-range");
	assert_int_equal(conf_diags_errors(diags), 0);
	assert_int_equal(fix_root_of(conf)->instances.n, 0);
	conf_free(conf);
	conf_diags_free(diags);
}

/* ---- size ---- */

static double load_seconds(unsigned n)
{
	char *text = malloc(n * 80 + 100);
	struct timespec from, to;
	struct conf *conf;
	size_t len;

	len = (size_t)sprintf(text, "virtual_server 10.0.0.1 80 {\n");
	for (unsigned i = 0; i < n; i++)
		len += (size_t)sprintf(
			text + len, "real_server 10.%u.%u.%u 80 {\nweight 1\nTCP_CHECK {\n}\n}\n",
			i >> 16, i >> 8 & 255, i & 255);
	strcpy(text + len, "}\n");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	conf = fix_load_clean(text);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	assert_int_equal(
		((const struct fix_service *)fix_at(&fix_root_of(conf)->services, 0))->servers.n,
		n);
	conf_free(conf);
	free(text);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

static void test_linear(void **state)
{
	double small = load_seconds(4000), large = load_seconds(40000);

	(void)state;
	/* Ten times as large; a quadratic step anywhere would make it a hundred times as slow. */
	assert_true(large < 40 * small + 0.1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_every_error_is_reported),
		cmocka_unit_test(test_extra_words),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_remarks),
		cmocka_unit_test(test_dropped_objects),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_have_no_blocks),
		cmocka_unit_test(test_single_blocks),
		cmocka_unit_test(test_shared_list),
		cmocka_unit_test(test_inheritance),
		cmocka_unit_test(test_inheritance_skips_levels_without_the_key),
		cmocka_unit_test(test_inheritance_ends_at_a_key_that_does_not_inherit),
		cmocka_unit_test(test_global_defaults),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_tolerant),
		cmocka_unit_test(test_tolerance_ends),
		cmocka_unit_test(test_tolerant_required),
		cmocka_unit_test(test_bare_lines),
		cmocka_unit_test(test_bad_bare_lines),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests_name("conf_walk", tests, NULL, NULL);
}
