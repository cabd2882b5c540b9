/*
 * Objects to bytes and back, and what malformed bytes give.
 */
#include "test/unit/conf_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "wait 8\nglobal_defs {\nvrrp_repeat 7\nrouter_id \"a b\"\n}\n"
			   "vrrp_instance A {\nvrid 1\nprio 7\nnopreempt\nno_preempt off\n"
			   "notify \"/bin/x 'a b'\" joe users\nsource fe80::1\n"
			   "virtual_ipaddress {\n10.0.0.1 dev x no_track\nfe80::1/64\n}\n"
			   "authentication {\npass \"\"\n}\n}\n"
			   "vrrp_instance B {\nvrid 2\n}\n"
			   "virtual_server 10.0.0.1 80 {\nretry 9\nreal_server 10.0.0.2 {\n"
			   "HTTP_GET {\nstatus_code 404 200\n}\nTCP_CHECK {\n}\n}\n}\n";

static const char *const all[] = { "global_defs", "vrrp_instance", "virtual_server", "server_group",
				   NULL };

static void encode(const struct conf *conf, const char *const *only, uint8_t **data, size_t *len)
{
	assert_int_equal(conf_encode(conf, &fix_schema, only, data, len), 0);
}

static void test_round_trip(void **state)
{
	struct conf *conf = fix_load_clean(text), *again;
	char *first = fix_dump(conf, false), *second;
	uint8_t *data;
	size_t len;

	(void)state;
	encode(conf, all, &data, &len);
	assert_true(len < sizeof(text) + 200);
	again = conf_decode(data, len, &fix_schema);
	assert_non_null(again);
	second = fix_dump(again, false);
	assert_string_equal(first, second);
	assert_true(conf_obj_is_equal(conf_root(conf), conf_root(again)));
	/* What was set stays told apart from what was not. */
	assert_true(conf_is_set(fix_at(&fix_root_of(again)->instances, 0), "priority", NULL));
	assert_false(conf_is_set(fix_at(&fix_root_of(again)->instances, 1), "priority", NULL));
	free(second);
	free(first);
	free(data);
	conf_free(again);
	conf_free(conf);
}

static void test_only(void **state)
{
	static const char *const only[] = { "vrrp_instance", NULL };
	struct conf *conf = fix_load_clean(text), *again;
	uint8_t *data;
	size_t len;

	(void)state;
	encode(conf, only, &data, &len);
	again = conf_decode(data, len, &fix_schema);
	assert_non_null(again);
	assert_int_equal(fix_root_of(again)->instances.n, 2);
	assert_int_equal(fix_root_of(again)->services.n, 0);
	/* global_defs always goes along: defaults come from it. */
	assert_int_equal(
		((const struct fix_instance *)fix_at(&fix_root_of(again)->instances, 1))->repeat,
		7);
	free(data);
	conf_free(again);
	conf_free(conf);
}

static void test_empty(void **state)
{
	static const char *const none[] = { NULL };
	struct conf *conf = fix_load_clean(""), *again;
	uint8_t *data;
	size_t len;

	(void)state;
	encode(conf, none, &data, &len);
	again = conf_decode(data, len, &fix_schema);
	assert_non_null(again);
	assert_int_equal(fix_global_of(again)->vrrp_repeat, 5);
	free(data);
	conf_free(again);
	conf_free(conf);
	assert_null(conf_decode(NULL, 0, &fix_schema));
}

static void test_truncated(void **state)
{
	struct conf *conf = fix_load_clean(text);
	uint8_t *data;
	size_t len;

	(void)state;
	encode(conf, all, &data, &len);
	for (size_t n = 0; n < len; n++)
		assert_null(conf_decode(data, n, &fix_schema));
	free(data);
	conf_free(conf);
}

static void test_trailing_bytes(void **state)
{
	struct conf *conf = fix_load_clean(text);
	uint8_t *data;
	size_t len;

	(void)state;
	encode(conf, all, &data, &len);
	data = realloc(data, len + 1);
	data[len] = 0;
	assert_null(conf_decode(data, len + 1, &fix_schema));
	free(data);
	conf_free(conf);
}

/* Every byte in turn is damaged: no crash, and what still decodes is a valid configuration. */
static void test_damaged(void **state)
{
	struct conf *conf = fix_load_clean(text), *again;
	uint8_t *data;
	size_t len;

	(void)state;
	encode(conf, all, &data, &len);
	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			data[i] ^= (uint8_t)(1 << bit);
			again = conf_decode(data, len, &fix_schema);
			if (i < 12)
				assert_null(again);
			conf_free(again);
			data[i] ^= (uint8_t)(1 << bit);
		}
	}
	free(data);
	conf_free(conf);
}

static void test_bare_lines(void **state)
{
	struct conf_diags *diags;
	struct conf *conf = fix_load("server_group g {\n10.0.0.1 80\n10.0.0.2\n}\n", &diags),
		    *again;
	const struct fix_group *group;
	uint8_t *data;
	size_t len;

	(void)state;
	encode(conf, all, &data, &len);
	again = conf_decode(data, len, &fix_schema);
	assert_non_null(again);
	group = fix_at(&fix_root_of(again)->groups, 0);
	assert_int_equal(group->lines.n, 2);
	assert_true(conf_obj_is_equal(&group->obj, fix_at(&fix_root_of(conf)->groups, 0)));
	conf_free(again);
	conf_free(conf);
	conf_diags_free(diags);
	free(data);
}

static void test_values_are_checked(void **state)
{
	struct conf *conf = fix_load_clean("vrrp_instance A {\nvrid 1\npriority 200\n}\n");
	uint8_t *data, *value;
	size_t len;

	(void)state;
	encode(conf, all, &data, &len);
	value = memmem(data, len, "200", 3);
	assert_non_null(value);
	memcpy(value, "300", 3);
	assert_null(conf_decode(data, len, &fix_schema));
	free(data);
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_only),
		cmocka_unit_test(test_empty),      cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),    cmocka_unit_test(test_trailing_bytes),
		cmocka_unit_test(test_bare_lines), cmocka_unit_test(test_values_are_checked),
	};

	return cmocka_run_group_tests_name("conf_wire", tests, NULL, NULL);
}
