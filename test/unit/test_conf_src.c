/*
 * Lines, words, braces and files: everything before the tables.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- words ---- */

/* The value of `note` in an instance with that line. */
static void expect_note(const char *line, const char *note)
{
	char text[512];
	struct conf_diags *diags;
	struct conf *conf;
	const struct fix_instance *instance;

	snprintf(text, sizeof(text), "vrrp_instance A {\nvrid 1\n%s\n}\n", line);
	conf = fix_load(text, &diags);
	instance = fix_at(&fix_root_of(conf)->instances, 0);
	assert_non_null(instance);
	assert_non_null(instance->note);
	assert_string_equal(instance->note, note);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_words(void **state)
{
	(void)state;
	expect_note("note plain", "plain");
	expect_note("\t note\ttab\t ", "tab");
	expect_note("note \"two words\"", "two words");
	expect_note("note \"\"", "");
	expect_note("note \"a { b } # c ! d\"", "a { b } # c ! d");
	expect_note("note x#comment", "x");
	expect_note("note x!comment", "x");
	expect_note("note x\\#y\\!z", "x#y!z");
	expect_note("note \"x\\#y\"", "x\\#y");
	expect_note("note a\"b c\"d", "a");
	expect_note("note 'a b'", "'a");
	expect_note("note x\\", "x\\");
	expect_note("note \xc3\xa4", "\xc3\xa4");
	expect_note("note x\r", "x");
}

static void test_long_line(void **state)
{
	enum { LEN = 200000 };
	char *text = malloc(LEN + 64);
	size_t n = (size_t)sprintf(text, "vrrp_instance A { # ");
	struct conf *conf;

	(void)state;
	memset(text + n, 'x', LEN);
	strcpy(text + n + LEN, "\nvrid 7 }\n");
	conf = fix_load_clean(text);
	assert_int_equal(fix_root_of(conf)->instances.n, 1);
	conf_free(conf);
	free(text);
}

static void test_byte_order_mark(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT("\xef\xbb\xbfwait 3\r\n", NULL);
}

static void test_unterminated_quote(void **state)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load("vrrp_instance \"A {\nvrid 1\n}\n", &diags);

	(void)state;
	/* The brace at the end of the line still opens the block. */
	FIX_EXPECT(diags, "unterminated-quote");
	assert_int_equal(conf_diags_at(diags, 0)->pos.line, 1);
	assert_int_equal(conf_diags_at(diags, 0)->pos.col, 15);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_nul_byte(void **state)
{
	static const char text[] = "wait 3\nwait\0 4\n";
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load_text(text, sizeof(text) - 1, "t", &fix_schema, NULL, diags);

	(void)state;
	FIX_EXPECT(diags, "nul-byte");
	assert_int_equal(conf_diags_at(diags, 0)->pos.line, 2);
	conf_free(conf);
	conf_diags_free(diags);
}

/* ---- braces ---- */

static void test_brace_places(void **state)
{
	static const char *const texts[] = {
		"vrrp_instance A {\nvrid 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n",
		"vrrp_instance A{\nvrid 1\nvirtual_ipaddress{ 10.0.0.1 }}",
		"vrrp_instance A\n\n# comment\n{ vrid 1\nvirtual_ipaddress\n{10.0.0.1}\n}",
		"vrrp_instance A { vrid 1\n virtual_ipaddress { 10.0.0.1\n} }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct conf *conf = fix_load_clean(texts[i]);
		const struct fix_instance *a = fix_at(&fix_root_of(conf)->instances, 0);

		assert_non_null(a);
		assert_int_equal(a->vrid, 1);
		assert_int_equal(a->addrs.n, 1);
		conf_free(conf);
	}
}

static void test_one_record_per_line(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT("vrrp_instance A { vrid 1 priority 5 }", "extra-words");
}

static void test_missing_brace_end(void **state)
{
	struct conf_diags *diags;
	struct conf *conf;

	(void)state;
	conf = fix_load("vrrp_instance A {\nvrid 1\nvirtual_ipaddress {\n10.0.0.1\n}\n", &diags);
	FIX_EXPECT(diags, "missing-brace");
	assert_int_equal(conf_diags_at(diags, 0)->pos.line, 1);
	assert_int_equal(conf_diags_at(diags, 0)->pos.col, 17);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_extra_braces(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT("wait 3\n}\n", "extra-brace");
	FIX_TEXT_EXPECT("{\nzork\n}\nwait 3\n", "unexpected-brace");
	FIX_TEXT_EXPECT("wait 3 {\nzork\n}\n", "unexpected-brace");
}

static void test_missing_brace_start(void **state)
{
	(void)state;
	/* One error, not one for every line that follows; the closing brace then closes the wrong
	 * block. */
	FIX_TEXT_EXPECT("vrrp_instance A {\nvrid 1\nvirtual_ipaddress\n10.0.0.1\n10.0.0.2\n}\n}\n",
			"missing-brace", "extra-brace");
}

static void test_too_deep(void **state)
{
	char text[2 * 100 + 1] = "";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(text, "a{");
	FIX_TEXT_EXPECT(text, "too-large");
}

static void test_unknown_block_is_skipped_as_a_unit(void **state)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load(
		"vrrp_instance A {\nvrid 1\nzork {\na {\nb\n}\n}\npriority 7\n}\n", &diags);
	const struct fix_instance *a = fix_at(&fix_root_of(conf)->instances, 0);

	(void)state;
	FIX_EXPECT(diags, "unknown-keyword");
	assert_int_equal(a->priority, 7);
	conf_free(conf);
	conf_diags_free(diags);
}

/* ---- files ---- */

static char *dir;

static int setup_dir(void **state)
{
	static char name[64];

	(void)state;
	strcpy(name, "/tmp/diarch-conf-XXXXXX");
	dir = mkdtemp(name);
	return dir ? chdir(dir) : -1;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return chdir("/") || system(command);
}

static void put_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Loads main.conf with that text; NULL codes accept what comes. */
static struct conf *load_main(const char *text, const char *const *codes)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf;

	put_file("main.conf", text);
	conf = conf_load("main.conf", &fix_schema, NULL, diags);
	fix_expect_codes(diags, codes);
	conf_diags_free(diags);
	return conf;
}

#define MAIN_EXPECT(text, ...) \
	conf_free(load_main(text, (const char *const[]){ __VA_ARGS__, NULL }))

static void test_include(void **state)
{
	struct conf *conf;
	const struct fix_instance *a;

	(void)state;
	assert_int_equal(mkdir("sub", 0755), 0);
	put_file("sub/b.inc", "priority 20\ninclude c.inc\n");
	put_file("sub/c.inc", "advert_int 3\n");
	put_file("sub/open.inc", "virtual_ipaddress {\n10.0.0.1\n");
	conf = load_main("vrrp_instance A {\nvrid 1\ninclude sub/b.inc # comment\n"
			 "include sub/open.inc\n10.0.0.2 }\n}\n",
			 (const char *const[]){ NULL });
	a = fix_at(&fix_root_of(conf)->instances, 0);
	assert_int_equal(a->priority, 20);
	assert_int_equal(a->advert_int_us, 3000000);
	assert_int_equal(a->addrs.n, 2);
	conf_free(conf);
}

static void test_include_order(void **state)
{
	struct conf *conf;
	const struct fix_instance *a;
	const char *const names[] = { "3", "1", "2" };

	(void)state;
	put_file("x1.inc", "vrrp_instance 1 { vrid 1\n}\n");
	put_file("x2.inc", "vrrp_instance 2 { vrid 2\n}\n");
	put_file("y3.inc", "vrrp_instance 3 { vrid 3\n}\n");
	conf = load_main("includea {y,x}*.inc\n", (const char *const[]){ NULL });
	for (unsigned i = 0; i < 3; i++) {
		a = fix_at(&fix_root_of(conf)->instances, i);
		assert_string_equal(a->name, names[i]);
	}
	conf_free(conf);
}

static void test_include_on_one_line(void **state)
{
	struct conf *conf;

	(void)state;
	put_file("addrs.inc", "10.0.0.1\n10.0.0.2\n");
	conf = load_main("vrrp_instance A { vrid 1\nvirtual_ipaddress { include addrs.inc }\n}\n",
			 (const char *const[]){ NULL });
	assert_int_equal(
		((const struct fix_instance *)fix_at(&fix_root_of(conf)->instances, 0))->addrs.n,
		2);
	conf_free(conf);
}

static unsigned errors_with(const char *line, bool needs_all)
{
	const struct conf_options options = { .needs_all_includes = needs_all };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf;
	unsigned n;

	put_file("main.conf", line);
	conf = conf_load("main.conf", &fix_schema, &options, diags);
	n = conf_diags_errors(diags) * 10 + conf_diags_warnings(diags);
	conf_free(conf);
	conf_diags_free(diags);
	return n;
}

static unsigned errors_of(const char *line)
{
	return errors_with(line, false);
}

/* Tens: errors; ones: warnings. */
static void test_include_strictness(void **state)
{
	(void)state;
	put_file("there.inc", "wait 3\n");
	put_file("exec.inc", "wait 3\n");
	assert_int_equal(chmod("exec.inc", 0755), 0);
	assert_int_equal(mkdir("d.inc", 0755), 0);

	assert_int_equal(errors_of("include there.inc"), 0);
	assert_int_equal(errors_of("include \"there.inc\""), 0);
	assert_int_equal(errors_of("include missing"), 1);
	assert_int_equal(errors_of("include missing*"), 0);
	assert_int_equal(errors_of("include exec.inc"), 1);
	assert_int_equal(errors_of("include d.inc"), 1);
	assert_int_equal(errors_of("includer exec.inc"), 10);
	assert_int_equal(errors_of("includer d.inc"), 10);
	assert_int_equal(errors_of("includer missing"), 1);
	assert_int_equal(errors_of("includem missing"), 10);
	assert_int_equal(errors_of("includem missing*"), 0);
	assert_int_equal(errors_of("includew missing*"), 10);
	assert_int_equal(errors_of("includeb {there,missing}.inc"), 10);
	assert_int_equal(errors_of("includem {there,missing}.inc"), 0);
	assert_int_equal(errors_of("includea {there,missing}.inc"), 10);
	assert_int_equal(errors_of("includea missing*"), 10);
	assert_int_equal(errors_of("include"), 10);
	assert_int_equal(errors_with("include missing*", true), 10);
	assert_int_equal(errors_with("include missing", true), 10);
	assert_int_equal(errors_with("include there.inc", true), 0);
	assert_int_equal(errors_of("includez there.inc"), 10);
}

static void test_include_loop(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf;

	(void)state;
	put_file("loop.conf", "include other.conf\nwait 3\n");
	put_file("other.conf", "include loop.conf\n");
	conf = conf_load("loop.conf", &fix_schema, NULL, diags);
	FIX_EXPECT(diags, "include-loop");
	assert_string_equal(conf_diags_at(diags, 0)->message,
			    "the file includes itself: loop.conf -> other.conf -> loop.conf");
	assert_int_equal(fix_root_of(conf)->wait_s, 3);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_include_depth(void **state)
{
	char name[32], text[64];

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "deep%d.inc", i);
		snprintf(text, sizeof(text), "include deep%d.inc\n", i + 1);
		put_file(name, text);
	}
	MAIN_EXPECT("include deep0.inc\n", "include-file");
}

static void test_main_file(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf;

	(void)state;
	assert_null(conf_load("nowhere.conf", &fix_schema, NULL, diags));
	assert_null(conf_load("/dev/zero", &fix_schema, NULL, diags));
	assert_null(conf_load(".", &fix_schema, NULL, diags));
	assert_int_equal(mkfifo("fifo", 0644), 0);
	assert_null(conf_load("fifo", &fix_schema, NULL, diags));
	put_file("exec.conf", "wait 3\n");
	assert_int_equal(chmod("exec.conf", 0755), 0);
	assert_null(conf_load("exec.conf", &fix_schema, NULL, diags));
	assert_int_equal(conf_diags_errors(diags), 5);
	conf_diags_free(diags);

	diags = conf_diags_new();
	put_file("m1.conf", "wait 3\n");
	put_file("m2.conf", "vrrp_instance A { vrid 1\n}\n");
	conf = conf_load("m?.conf", &fix_schema, NULL, diags);
	FIX_EXPECT(diags, "several-files");
	assert_int_equal(fix_root_of(conf)->wait_s, 3);
	assert_int_equal(fix_root_of(conf)->instances.n, 1);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_file_too_large(void **state)
{
	struct conf_diags *diags = conf_diags_new();

	(void)state;
	put_file("large.conf", "");
	assert_int_equal(truncate("large.conf", (64 << 20) + 1), 0);
	assert_null(conf_load("large.conf", &fix_schema, NULL, diags));
	FIX_EXPECT(diags, "include-file");
	conf_diags_free(diags);
}

static void test_no_include_from_text(void **state)
{
	(void)state;
	FIX_TEXT_EXPECT("include /etc/passwd\n", "include-file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_byte_order_mark),
		cmocka_unit_test(test_unterminated_quote),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_brace_places),
		cmocka_unit_test(test_one_record_per_line),
		cmocka_unit_test(test_missing_brace_end),
		cmocka_unit_test(test_extra_braces),
		cmocka_unit_test(test_missing_brace_start),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_unknown_block_is_skipped_as_a_unit),
		cmocka_unit_test_setup_teardown(test_include, setup_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_include_order, setup_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_include_on_one_line, setup_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_include_strictness, setup_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_include_loop, setup_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_include_depth, setup_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_main_file, setup_dir, remove_dir),
		cmocka_unit_test_setup_teardown(test_file_too_large, setup_dir, remove_dir),
		cmocka_unit_test(test_no_include_from_text),
	};

	return cmocka_run_group_tests_name("conf_src", tests, NULL, NULL);
}
