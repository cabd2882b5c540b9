/*
 * Canonical text, JSON and manual page from the tables.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "vrrp_instance \"A {x}\" {\n"
			   "vrid 1\nprio 7\nnopreempt\nidle 3\nno_preempt off\n"
			   "note \"#1 \\\"\nnotify \"/bin/x 'a b' '' \\\\x22\\\\n\\$\" joe\n"
			   "virtual_ipaddress {\n10.0.0.1 dev include\nfe80::1/64 scope link\n}\n"
			   "authentication {\npass $1x\n}\n"
			   "}\n"
			   "virtual_server 10.0.0.1 80 {\nretry 9\n"
			   "real_server 10.0.0.2 {\nweight 0\n"
			   "HTTP_GET {\nstatus_code 404 200 201\n}\nTCP_CHECK {\n}\n}\n}\n";

static struct conf *load(void)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load(text, &diags);

	FIX_EXPECT(diags, "no-effect");
	conf_diags_free(diags);
	return conf;
}

static void test_canonical(void **state)
{
	struct conf *conf = load();
	char *dump = fix_dump(conf, false);

	(void)state;
	assert_string_equal(dump, "wait 5\n"
				  "\n"
				  "global_defs {\n"
				  "\tvrrp_repeat 5\n"
				  "}\n"
				  "\n"
				  "vrrp_instance \"A {x}\" {\n"
				  "\tvrid 1\n"
				  "\tpriority 7\n"
				  "\tadvert_int 1\n"
				  "\tweight 0\n"
				  "\tnopreempt\n"
				  "\tno_preempt off\n"
				  "\taccept on\n"
				  "\tstate BACKUP\n"
				  "\trepeat 5\n"
				  "\tsource 10.0.0.9\n"
				  "\tnote \"#1 \\\"\n"
				  "\tnotify \"/bin/x a\\\\ b '' \\\\x22\\\\x0a\\\\x24\" joe\n"
				  "\tidle 3\n"
				  "\tvirtual_ipaddress {\n"
				  "\t\t10.0.0.1/32 dev \"include\" scope global no_track off\n"
				  "\t\tfe80::1/64 scope link no_track off\n"
				  "\t}\n"
				  "\tauthentication {\n"
				  "\t\tpass \"$1x\"\n"
				  "\t\tstrength 0\n"
				  "\t}\n"
				  "}\n"
				  "\n"
				  "virtual_server 10.0.0.1 80 {\n"
				  "\tretry 9\n"
				  "\tdelay_loop 60\n"
				  "\treal_server 10.0.0.2 {\n"
				  "\t\tretry 9\n"
				  "\t\tweight 0\n"
				  "\t\tHTTP_GET {\n"
				  "\t\t\tretry 9\n"
				  "\t\t\tdelay_loop 7\n"
				  "\t\t\tstatus_code 200-201 404\n"
				  "\t\t}\n"
				  "\t\tTCP_CHECK {\n"
				  "\t\t\tretry 9\n"
				  "\t\t\tdelay_loop 7\n"
				  "\t\t\tstatus_code 200-299\n"
				  "\t\t}\n"
				  "\t}\n"
				  "}\n");
	free(dump);
	conf_free(conf);
}

static void test_stable(void **state)
{
	struct conf *conf = load(), *again;
	char *first = fix_dump(conf, false), *origin = fix_dump(conf, true), *second;
	struct conf_diags *diags;

	(void)state;
	again = fix_load(first, &diags);
	FIX_EXPECT(diags, "no-effect");
	conf_diags_free(diags);
	second = fix_dump(again, false);
	assert_string_equal(first, second);
	conf_free(again);
	free(second);

	again = fix_load(origin, &diags);
	FIX_EXPECT(diags, "no-effect");
	conf_diags_free(diags);
	second = fix_dump(again, false);
	assert_string_equal(first, second);
	conf_free(again);
	free(second);
	free(origin);
	free(first);
	conf_free(conf);
}

static void test_origin(void **state)
{
	static const char *const lines[] = {
		"\tpriority 7  # t.conf:3\n",
		"\tadvert_int 1  # default\n",
		"\trepeat 5  # default (vrrp_repeat in global_defs)\n",
		"\t\tretry 9  # t.conf:18 (retry in virtual_server)\n",
		"\t\t10.0.0.1/32 dev \"include\" scope global no_track off  # t.conf:10\n",
	};
	struct conf *conf = load();
	char *dump = fix_dump(conf, true);

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!strstr(dump, lines[i]))
			fail_msg("\"%s\" is not in\n%s", lines[i], dump);
	}
	free(dump);
	conf_free(conf);
}

static json_t *at(json_t *json, const char *name, size_t i)
{
	json_t *list = json_object_get(json, name);

	return json_is_array(list) ? json_array_get(list, i) : list;
}

static void test_json(void **state)
{
	struct conf *conf = load();
	json_t *json = conf_json(conf, &fix_schema), *a, *check, *expected;

	(void)state;
	assert_int_equal(json_integer_value(at(json, "wait", 0)), 5);
	assert_int_equal(json_integer_value(at(at(json, "global_defs", 0), "vrrp_repeat", 0)), 5);
	a = at(json, "vrrp_instance", 0);
	assert_string_equal(json_string_value(at(a, "name", 0)), "A {x}");
	assert_int_equal(json_integer_value(at(a, "priority", 0)), 7);
	assert_null(at(a, "port", 0));
	assert_null(at(a, "prio", 0));
	assert_true(json_is_true(at(a, "nopreempt", 0)));
	assert_true(json_real_value(at(a, "advert_int", 0)) == 1.0);
	expected =
		json_pack("{s:[s,s,s,s],s:s}", "argv", "/bin/x", "a b", "", "\"\n$", "user", "joe");
	assert_true(json_equal(at(a, "notify", 0), expected));
	json_decref(expected);
	assert_string_equal(json_string_value(at(at(a, "virtual_ipaddress", 1), "address", 0)),
			    "fe80::1/64");
	check = at(at(at(json, "virtual_server", 0), "real_server", 0), "HTTP_GET", 0);
	expected = json_pack("[[i,i],[i,i]]", 200, 201, 404, 404);
	assert_true(json_equal(json_object_get(check, "status_code"), expected));
	json_decref(expected);
	json_decref(json);
	conf_free(conf);
}

static void test_man(void **state)
{
	static const char *const parts[] = {
		".Ss vrrp_instance name\n",
		".It Cm priority Ar number\nPriority.\nFrom 1 to 255.\nDefault: 100.\n",
		".It Cm advert_int Ar seconds\nInterval.\nFrom 0.01 to 40.95.\nDefault: 1.\n",
		".It Cm oldprio Ar number\nAlias.\nAnother spelling of\n.Cm priority "
		".\nDeprecated.\n",
		".It Cm state Ar MASTER | BACKUP\n",
		".It Cm repeat Ar number\nNumber from global_defs.\nFrom 1 to 100.\n"
		"Default: that of\n.Cm vrrp_repeat .\n",
		"Accepted, but has no effect: why not.\n",
		"Required.\n",
		"A line: address, then any of these.\n",
	};
	char *page = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&page, &len);

	(void)state;
	conf_man(&fix_schema, out);
	fclose(out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strstr(page, parts[i]))
			fail_msg("\"%s\" is not in\n%s", parts[i], page);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical), cmocka_unit_test(test_stable),
		cmocka_unit_test(test_origin),    cmocka_unit_test(test_json),
		cmocka_unit_test(test_man),
	};

	return cmocka_run_group_tests_name("conf_dump", tests, NULL, NULL);
}
