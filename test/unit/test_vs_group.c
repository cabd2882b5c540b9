/*
 * What a virtual_server of a group wants in the kernel: keys, ports, families and names, from text
 * to destinations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/pool_build.h"
#include "director/root_conf.h"
#include "lvs/ipvs_diff.h"

#define GROUP_MAX 8

static struct conf *load(const char *text)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load_text(text, strlen(text), "test", &diarch_schema, NULL, diags);

	if (conf_diags_errors(diags))
		conf_diags_print(diags, stderr);
	assert_int_equal(conf_diags_errors(diags), 0);
	conf_diags_free(diags);
	return conf;
}

static const struct vs_conf *vs_of(const struct conf *conf)
{
	return (const struct vs_conf *)((const struct root_conf *)conf_root(conf))
		->virtual_servers.head;
}

/* Everything the services want, a line for each service and its servers; the caller frees it. */
static char *wanted(const struct conf *conf, bool is_up)
{
	const struct vs_conf *vs;
	const struct pool pool = { .is_up = is_up };
	struct ipvs_svc *svc;
	const struct ipvs_dest *dest;
	char *text = NULL, name[ADDR_NAME_MAX];
	size_t len;
	FILE *out = open_memstream(&text, &len);

	conf_list_for_each (vs, &((const struct root_conf *)conf_root(conf))->virtual_servers) {
		struct pool_member members[GROUP_MAX];
		struct pool_params params;
		const struct rs_conf *rs;
		struct ipvs_set set;
		uint32_t n = 0;

		conf_list_for_each (rs, &vs->real_servers)
			pool_build_member(vs, rs, &members[n++]);
		ipvs_set_init(&set);
		pool_build_svcs(vs, &set);
		pool_build_params(vs, &params);
		ipvs_set_for_each (svc, &set) {
			pool_desired(&pool, &params, members, n, svc);
			fprintf(out, "%s:", svc_name(&svc->key, name));
			ipvs_dest_for_each (dest, svc)
				fprintf(out, " %s*%d",
					dest_name(&dest->key, (uint8_t)vs->protocol, name),
					dest->weight);
			fputc('\n', out);
		}
		ipvs_set_done(&set);
	}
	fclose(out);
	return text;
}

static void expect(const char *conf_text, bool is_up, const char *expected)
{
	struct conf *conf = load(conf_text);
	char *text = wanted(conf, is_up);

	assert_string_equal(text, expected);
	free(text);
	conf_free(conf);
}

#define VS(method, more) \
	"virtual_server group g {\nprotocol TCP\nlvs_sched rr\nlvs_method " method "\n" more "}\n"
#define GROUP(lines) "virtual_server_group g {\n" lines "}\n"

static void ranges_and_networks_are_single_services(void **state)
{
	(void)state;
	expect(VS("DR", "real_server 10.0.0.1 {\n}\n")
		       GROUP("192.0.2.254-192.0.3.1 80\n198.51.100.4/31 443\n192.0.2.10-11 80\n"),
	       true,
	       "[192.0.2.10]:tcp:80: [10.0.0.1]:tcp:80*1\n"
	       "[192.0.2.11]:tcp:80: [10.0.0.1]:tcp:80*1\n"
	       "[192.0.2.254]:tcp:80: [10.0.0.1]:tcp:80*1\n"
	       "[192.0.2.255]:tcp:80: [10.0.0.1]:tcp:80*1\n"
	       "[192.0.3.0]:tcp:80: [10.0.0.1]:tcp:80*1\n"
	       "[192.0.3.1]:tcp:80: [10.0.0.1]:tcp:80*1\n"
	       "[198.51.100.4]:tcp:443: [10.0.0.1]:tcp:443*1\n"
	       "[198.51.100.5]:tcp:443: [10.0.0.1]:tcp:443*1\n");
}

static void the_last_address_there_is_ends_a_range(void **state)
{
	(void)state;
	expect(VS("NAT", "real_server 10.0.0.1 8080 {\n}\n")
		       GROUP("255.255.255.254-255.255.255.255 80\n"),
	       true,
	       "[255.255.255.254]:tcp:80: [10.0.0.1]:tcp:8080*1\n"
	       "[255.255.255.255]:tcp:80: [10.0.0.1]:tcp:8080*1\n");
}

static void each_family_gets_its_servers_and_tunnels_both(void **state)
{
	(void)state;
	expect(VS("NAT", "real_server 10.0.0.1 80 {\n}\nreal_server 2001:db8::1 80 {\n}\n"
			 "real_server 10.0.0.2 80 {\nlvs_method TUN\n}\n")
		       GROUP("192.0.2.1 80\n2001:db8:1::fffe-ffff 443\n"),
	       true,
	       "[192.0.2.1]:tcp:80: [10.0.0.1]:tcp:80*1 [10.0.0.2]:tcp:80*1\n"
	       "[2001:db8:1::fffe]:tcp:443: [10.0.0.2]:tcp:443*1 [2001:db8::1]:tcp:80*1\n"
	       "[2001:db8:1::ffff]:tcp:443: [10.0.0.2]:tcp:443*1 [2001:db8::1]:tcp:80*1\n");
}

static void fwmarks_take_the_family_of_the_group(void **state)
{
	(void)state;
	expect(VS("TUN", "real_server 10.0.0.1 {\n}\n") GROUP("fwmark 5\n2001:db8::5 80\n"), true,
	       "[2001:db8::5]:tcp:80: [10.0.0.1]:tcp:80*1\nFWM 5 IPv6: [10.0.0.1]:tcp:0*1\n");
	expect(VS("NAT", "real_server 10.0.0.1 8080 {\n}\n") GROUP("fwmark 5\nfwmark 6 inet\n"),
	       true, "FWM 5: [10.0.0.1]:tcp:8080*1\nFWM 6: [10.0.0.1]:tcp:8080*1\n");
}

static void without_quorum_all_services_get_the_sorry_server(void **state)
{
	(void)state;
	expect(VS("DR", "sorry_server 10.0.0.9\ninhibit_on_failure\nreal_server 10.0.0.1 {\n}\n")
		       GROUP("192.0.2.1 80\n192.0.2.1 443\n"),
	       false,
	       "[192.0.2.1]:tcp:80: [10.0.0.1]:tcp:80*0 [10.0.0.9]:tcp:80*1\n"
	       "[192.0.2.1]:tcp:443: [10.0.0.1]:tcp:443*0 [10.0.0.9]:tcp:443*1\n");
}

static void names_tell_services_of_one_group_apart(void **state)
{
	struct conf *conf =
		load(VS("DR", "real_server 10.0.0.1 80 {\n}\n") "virtual_server group g "
								"{\nprotocol UDP\nreal_server "
								"10.0.0.1 80 {\n}\n}\n" GROUP(
									"192.0.2.1 80\n"));
	const struct vs_conf *vs = vs_of(conf);

	(void)state;
	assert_string_equal(vs->name, "[g]:0");
	assert_string_equal(((const struct rs_conf *)vs->real_servers.head)->name,
			    "[10.0.0.1]:tcp:80");
	vs = (const struct vs_conf *)vs->obj.next;
	assert_string_equal(vs->name, "[g]:udp:0");
	conf_free(conf);
}

static uint16_t check_port(const char *lines)
{
	char text[300];
	struct conf *conf;
	const struct rs_conf *rs;
	uint16_t port;

	snprintf(text, sizeof(text),
		 VS("DR", "real_server 10.0.0.1 {\nTCP_CHECK {\nconnect_port 81\n}\nTCP_CHECK "
			  "{\n}\n}\n") GROUP("%s"),
		 lines);
	conf = load(text);
	rs = (const struct rs_conf *)vs_of(conf)->real_servers.head;
	port = ((const struct checker_conf *)rs->checkers.head->next)->connect_port;
	conf_free(conf);
	return port;
}

static void checks_take_the_port_that_all_addresses_have(void **state)
{
	(void)state;
	assert_int_equal(check_port("192.0.2.1 80\n192.0.2.2-3 80\nfwmark 1\n"), 80);
}

static void one_line_more_touches_one_service(void **state)
{
	struct conf *before = load(VS("DR", "real_server 10.0.0.1 {\n}\n")
					   GROUP("192.0.2.1-4 80\n192.0.2.9 80\n"));
	struct conf *after = load(VS("DR", "real_server 10.0.0.1 {\n}\n")
					  GROUP("192.0.2.1-4 80\n192.0.2.8 80\n"));
	struct ipvs_set a, b;
	struct ipvs_ops ops;

	(void)state;
	ipvs_set_init(&a);
	ipvs_set_init(&b);
	ipvs_ops_init(&ops);
	pool_build_svcs(vs_of(before), &a);
	pool_build_svcs(vs_of(after), &b);
	ipvs_diff(&a, &b, NULL, NULL, &ops);
	assert_int_equal(ops.n, 2);
	assert_int_equal(ops.v[0].kind, IPVS_OP_SVC_ADD);
	assert_int_equal(ops.v[1].kind, IPVS_OP_SVC_DEL);
	ipvs_ops_done(&ops);
	ipvs_set_done(&a);
	ipvs_set_done(&b);
	conf_free(before);
	conf_free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_and_networks_are_single_services),
		cmocka_unit_test(the_last_address_there_is_ends_a_range),
		cmocka_unit_test(each_family_gets_its_servers_and_tunnels_both),
		cmocka_unit_test(fwmarks_take_the_family_of_the_group),
		cmocka_unit_test(without_quorum_all_services_get_the_sorry_server),
		cmocka_unit_test(names_tell_services_of_one_group_apart),
		cmocka_unit_test(checks_take_the_port_that_all_addresses_have),
		cmocka_unit_test(one_line_more_touches_one_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
