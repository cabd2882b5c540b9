/*
 * Diagnostics: order, text with caret, JSON, limits, suggestions.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct conf_pos nowhere;

/* What is printed; valid until the next call. */
static const char *print(const struct conf_diags *diags)
{
	static char text[1 << 16];
	FILE *out = fmemopen(text, sizeof(text), "w");

	conf_diags_print(diags, out);
	fclose(out);
	return text;
}

static void expect_print(const struct conf_diags *diags, const char *expected)
{
	assert_string_equal(print(diags), expected);
}

static void test_text(void **state)
{
	static const char source[] = "one\n\tpriorty\t\xc3\xa4 5\r\nthree";
	struct conf_diags *diags = conf_diags_new();
	uint32_t main_file = conf_diags_file(diags, "main.conf", nowhere);
	uint32_t file = conf_diags_file(diags, "sub.conf", (struct conf_pos){ main_file, 4, 9 });

	(void)state;
	conf_diags_source(diags, file, source, sizeof(source) - 1);
	conf_diag_add(diags, CONF_WARNING, CONF_VALUE, "c", ((struct conf_pos){ file, 3, 6 }), NULL,
		      "at the end");
	conf_diag_add(diags, CONF_ERROR, CONF_SYNTAX, "a", ((struct conf_pos){ file, 2, 13 }),
		      "a hint", "wrong %s", "word");
	conf_diag_add(diags, CONF_ERROR, CONF_SYNTAX, "a", nowhere, NULL, "general");
	expect_print(diags, "error: general\n"
			    "sub.conf:2:13: error: wrong word\n"
			    "\t\tpriorty\t\xc3\xa4 5\n"
			    "\t\t       \t  ^\n"
			    "    hint: a hint\n"
			    "    included from main.conf:4\n"
			    "sub.conf:3:6: warning: at the end\n"
			    "\tthree\n"
			    "\t     ^\n"
			    "    included from main.conf:4\n");
	assert_int_equal(conf_diags_errors(diags), 2);
	assert_int_equal(conf_diags_warnings(diags), 1);
	conf_diags_free(diags);
}

static void test_order(void **state)
{
	static const struct conf_pos pos[] = { { 2, 1, 1 }, { 1, 9, 3 }, { 1, 9, 2 }, { 1, 2, 8 } };
	struct conf_diags *diags = conf_diags_new();

	(void)state;
	for (size_t i = 0; i < 4; i++)
		conf_diag_add(diags, CONF_ERROR, CONF_VALUE, "x", pos[i], NULL, "%zu", i);
	conf_diag_add(diags, CONF_ERROR, CONF_VALUE, "x", pos[2], NULL, "later");
	assert_string_equal(conf_diags_at(diags, 0)->message, "3");
	assert_string_equal(conf_diags_at(diags, 1)->message, "2");
	assert_string_equal(conf_diags_at(diags, 2)->message, "later");
	assert_string_equal(conf_diags_at(diags, 3)->message, "1");
	assert_string_equal(conf_diags_at(diags, 4)->message, "0");
	assert_null(conf_diags_at(diags, 5));
	conf_diags_free(diags);
}

static void test_bounds(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	char *long_word = calloc(5001, 1);

	(void)state;
	memset(long_word, 'x', 5000);
	conf_diag_add(diags, CONF_ERROR, CONF_VALUE, "x", nowhere, long_word, "%s", long_word);
	assert_true(strlen(conf_diags_at(diags, 0)->message) < 1000);
	assert_true(strlen(conf_diags_at(diags, 0)->hint) < 1000);
	for (int i = 0; i < 1500; i++)
		conf_diag_add(diags, CONF_ERROR, CONF_VALUE, "x", nowhere, NULL, "m");
	assert_int_equal(conf_diags_count(diags), 1000);
	assert_int_equal(conf_diags_errors(diags), 1501);
	assert_non_null(strstr(print(diags), "and 501 more\n"));
	free(long_word);
	conf_diags_free(diags);
}

static void test_errors_displace_warnings(void **state)
{
	struct conf_diags *diags = conf_diags_new();

	(void)state;
	for (uint32_t i = 1; i <= 1200; i++)
		conf_diag_add(diags, CONF_WARNING, CONF_VALUE, "w", ((struct conf_pos){ 1, i, 1 }),
			      NULL, "m");
	conf_diag_add(diags, CONF_ERROR, CONF_VALUE, "e", ((struct conf_pos){ 1, 500, 9 }), NULL,
		      "m");
	assert_int_equal(conf_diags_count(diags), 1000);
	assert_string_equal(conf_diags_at(diags, 500)->code, "e");
	assert_int_equal(conf_diags_at(diags, 999)->pos.line, 999);
	conf_diags_free(diags);
}

static void test_long_line_is_cut(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	const char *text, *caret, *shown;
	char line[1000];
	uint32_t file = conf_diags_file(diags, "f", nowhere);

	(void)state;
	memset(line, 'a', sizeof(line));
	line[500] = 'X';
	conf_diags_source(diags, file, line, sizeof(line));
	conf_diag_add(diags, CONF_ERROR, CONF_VALUE, "x", ((struct conf_pos){ file, 1, 501 }), NULL,
		      "m");
	text = print(diags);
	assert_true(strlen(text) < 500);
	shown = strstr(text, "\n\t") + 2;
	caret = strstr(shown, "\n\t") + 2;
	assert_int_equal(strcspn(shown, "X"), strcspn(caret, "^"));
	conf_diags_free(diags);
}

static void test_control_characters_are_hidden(void **state)
{
	struct conf_diags *diags = conf_diags_new();

	(void)state;
	conf_diag_add(diags, CONF_ERROR, CONF_VALUE, "x", nowhere, NULL, "a\033[31mb\n");
	expect_print(diags, "error: a?[31mb?\n");
	conf_diags_free(diags);
}

static void test_line(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	uint32_t file = conf_diags_file(diags, "f", nowhere);
	char buf[64];

	(void)state;
	conf_diag_add(diags, CONF_WARNING, CONF_VALUE, "x", ((struct conf_pos){ file, 7, 2 }), "do",
		      "text");
	assert_int_equal(conf_diag_line(diags, conf_diags_at(diags, 0), buf, sizeof(buf)), 25);
	assert_string_equal(buf, "f:7:2: warning: text (do)");
	conf_diags_free(diags);
}

static void test_json(void **state)
{
	struct conf_diags *diags = conf_diags_new();
	uint32_t file = conf_diags_file(diags, "f\xff", nowhere);
	json_t *json, *expected;

	(void)state;
	conf_diag_add(diags, CONF_ERROR, CONF_SECURITY, "code", ((struct conf_pos){ file, 7, 2 }),
		      "hint", "text");
	conf_diag_add(diags, CONF_WARNING, CONF_VALUE, "c2", nowhere, NULL, "bytes \xe4");
	json = conf_diags_json(diags);
	expected = json_pack("[{s:s,s:s,s:s,s:s},{s:s,s:s,s:s,s:s,s:i,s:i,s:s,s:s}]", "severity",
			     "warning", "code", "c2", "class", "value", "message", "bytes \u00e4",
			     "severity", "error", "code", "code", "class", "security", "file",
			     "f\u00ff", "line", 7, "column", 2, "message", "text", "hint", "hint");
	assert_non_null(expected);
	assert_true(json_equal(json, expected));
	json_decref(expected);
	json_decref(json);
	conf_diags_free(diags);
}

static void test_nearest(void **state)
{
	static const char *const names[] = { "priority", "advert_int", "interface", "on", NULL };

	(void)state;
	assert_string_equal(conf_nearest("priorty", names), "priority");
	assert_string_equal(conf_nearest("pirority", names), "priority");
	assert_string_equal(conf_nearest("Priority", names), "priority");
	assert_string_equal(conf_nearest("advert-int", names), "advert_int");
	assert_string_equal(conf_nearest("pirorty", names), "priority");
	assert_null(conf_nearest("prio", names));
	assert_null(conf_nearest("zork", names));
	assert_null(conf_nearest("", (const char *const[]){ NULL }));
	assert_null(conf_nearest(
		"a_word_that_is_much_longer_than_any_keyword_that_anybody_would_write", names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_errors_displace_warnings),
		cmocka_unit_test(test_long_line_is_cut),
		cmocka_unit_test(test_control_characters_are_hidden),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests_name("conf_diag", tests, NULL, NULL);
}
