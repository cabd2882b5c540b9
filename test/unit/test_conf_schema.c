/*
 * The JSON Schema of the tables: a dump fits it, and what no dump holds does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "director/root_conf.h"
#include "test/conf/json_schema.h"

static const char text[] =
	"global_defs {\nrouter_id a\n}\n"
	"vrrp_instance A {\ninterface eth0\nvirtual_router_id 51\nversion 3\nadvert_int 0.5\n"
	"virtual_ipaddress {\n10.0.0.1/24 label x\n}\nunicast_peer {\n10.0.0.3\n}\n}\n"
	"virtual_server 10.1.0.1 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method TUN type gue port "
	"6080\n"
	"real_server 10.2.0.1 80 {\nweight 3\nHTTP_GET {\nurl {\npath /\nstatus_code "
	"200-204\n}\n}\n}\n}\n";

static bool fits(const json_t *schema, const json_t *value)
{
	char why[400];
	bool is_good = json_schema_accepts(schema, value, why, sizeof(why));

	if (!is_good)
		print_message("%s\n", why);
	return is_good;
}

/* ---- tests ---- */

struct fixture {
	json_t *schema, *json;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf =
		conf_load_text(text, sizeof(text) - 1, "test", &diarch_schema, NULL, diags);

	assert_int_equal(conf_diags_errors(diags), 0);
	f.schema = conf_json_schema(&diarch_schema);
	f.json = conf_json(conf, &diarch_schema);
	conf_free(conf);
	conf_diags_free(diags);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	json_decref(f->schema);
	json_decref(f->json);
	return 0;
}

/* The first instance, or the first service. */
static json_t *first(const struct fixture *f, const char *list)
{
	return json_array_get(json_object_get(f->json, list), 0);
}

static void a_dump_fits(void **state)
{
	const struct fixture *f = *state;

	assert_string_equal(json_string_value(json_object_get(f->schema, "$schema")),
			    "https://json-schema.org/draft/2020-12/schema");
	assert_true(fits(f->schema, f->json));
}

static void an_unknown_keyword_does_not(void **state)
{
	const struct fixture *f = *state;

	json_object_set_new(first(f, "vrrp_instance"), "prioritty", json_integer(1));
	assert_false(fits(f->schema, f->json));
}

static void a_value_out_of_range_does_not(void **state)
{
	const struct fixture *f = *state;

	json_object_set_new(first(f, "vrrp_instance"), "priority", json_integer(256));
	assert_false(fits(f->schema, f->json));
}

static void an_unknown_word_does_not(void **state)
{
	const struct fixture *f = *state;

	json_object_set_new(first(f, "virtual_server"), "protocol", json_string("ICMP"));
	assert_false(fits(f->schema, f->json));
}

static void a_required_keyword_must_be_there(void **state)
{
	const struct fixture *f = *state;

	json_object_del(first(f, "vrrp_instance"), "virtual_router_id");
	assert_false(fits(f->schema, f->json));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_dump_fits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_unknown_keyword_does_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_value_out_of_range_does_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_unknown_word_does_not, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_required_keyword_must_be_there, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
