/*
 * A configuration against the host it is to run on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "director/host_check.h"
#include "director/root_conf.h"

/* How often `code` is reported for a configuration. */
static unsigned reported_in(const char *code, const char *text)
{
	struct conf_diags *diags = conf_diags_new(), *found = conf_diags_new();
	struct conf *conf = conf_load_text(text, strlen(text), "test", &diarch_schema, NULL, diags);
	unsigned n = 0;

	assert_non_null(conf);
	host_check(conf_root(conf), found);
	for (size_t i = 0; i < conf_diags_count(found); i++)
		n += strcmp(conf_diags_at(found, i)->code, code) == 0;
	assert_int_equal(conf_diags_errors(found), 0);
	conf_free(conf);
	conf_diags_free(diags);
	conf_diags_free(found);
	return n;
}

/* The same for an instance of this priority and address. */
static unsigned reported(const char *code, int priority, const char *address)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "vrrp_instance V {\n interface lo\n virtual_router_id 1\n priority %d\n"
		 " virtual_ipaddress {\n  %s\n }\n}\n",
		 priority, address);
	return reported_in(code, text);
}

static void an_owner_has_its_addresses(void **state)
{
	(void)state;
	assert_int_equal(reported("owner-without-address", 255, "127.0.0.1/8"), 0);
	assert_int_equal(reported("owner-without-address", 255, "192.0.2.1/24"), 1);
	assert_int_equal(reported("owner-without-address", 255, "192.0.2.1/24\n 192.0.2.2/24"), 1);
	assert_int_equal(reported("owner-without-address", 254, "192.0.2.1/24"), 0);
}

#define INSTANCE                                                                        \
	"vrrp_instance V {\n interface none0\n virtual_router_id 1\n use_vmac mine.1\n" \
	"track_interface {\n lo\n none0\n none1\n }\n"                                  \
	"virtual_ipaddress {\n 192.0.2.1 dev none2\n 192.0.2.2 dev mine.1\n }\n}\n"

static void missing_interfaces_are_told_once(void **state)
{
	(void)state;
	assert_int_equal(reported_in("interface-missing", INSTANCE), 3);
	assert_int_equal(reported_in("interface-missing",
				     "global_defs {\n dynamic_interfaces\n}\n" INSTANCE),
			 0);
	assert_int_equal(reported_in("interface-missing", "net_namespace other\n" INSTANCE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_owner_has_its_addresses),
					    cmocka_unit_test(missing_interfaces_are_told_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
