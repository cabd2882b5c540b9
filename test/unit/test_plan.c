/*
 * Plans: from two configurations, health and a kernel table to the items that a reload would carry
 * out. What runs is read back from its canonical dump, as --plan gets it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "director/plan.h"
#include "director/root_conf.h"

#define INSTANCE(name, interface, priority, addresses)                                     \
	"vrrp_instance " name                                                              \
	" {\ninterface " interface "\nvirtual_router_id 51\nversion 3\npriority " priority \
	"\nvirtual_ipaddress {\n" addresses "\n}\n}\n"
#define SERVER(address, more) "real_server " address " 80 {\n" more "TCP_CHECK {\n}\n}\n"
#define SERVICE(servers)                                                             \
	"virtual_server 10.1.0.1 80 {\nprotocol TCP\nlvs_sched rr\nlvs_method NAT\n" \
	"delay_loop 3\n" servers "}\n"

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

/* The configuration as the control socket gives it. */
static struct conf *load_dumped(const char *text)
{
	struct conf *conf = load(text), *again;
	char *dump = NULL;
	size_t len;
	FILE *out = open_memstream(&dump, &len);

	conf_dump(conf, &diarch_schema, false, out);
	fclose(out);
	again = load(dump);
	conf_free(conf);
	free(dump);
	return again;
}

/* What the test knows beside the two configurations. */
struct context {
	const char *status; /* JSON of the running director */
	const struct ipvs_set *kernel;
};

/* The plan as text; `running` may be NULL. The caller frees it. */
static char *plan_with(const struct context *context, const char *running, const char *next)
{
	struct conf *before = running ? load_dumped(running) : NULL, *after = load(next);
	json_t *status = context->status ? json_loads(context->status, 0, NULL) : NULL;
	struct plan_health *health = plan_health_new(status);
	const struct plan_input input = {
		.running = before ? (const struct root_conf *)conf_root(before) : NULL,
		.next = (const struct root_conf *)conf_root(after),
		.health = health,
		.kernel = context->kernel,
		.with_vrrp = true,
		.with_checkers = true,
	};
	struct plan plan = { 0 };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_false(plan_is_refused(&input));
	plan_make(&input, &plan);
	plan_print(&plan, out);
	fclose(out);
	plan_done(&plan);
	plan_health_free(health);
	json_decref(status);
	conf_free(before);
	conf_free(after);
	return text;
}

static void expect(const struct context *context, const char *running, const char *next,
		   const char *expected)
{
	char *text = plan_with(context, running, next);

	assert_string_equal(text, expected);
	free(text);
}

static const struct context nothing_known;

/* ---- VRRP ---- */

static void the_same_file_changes_nothing(void **state)
{
	static const char text[] = INSTANCE("A", "eth0", "100", "10.0.0.1/24")
		SERVICE(SERVER("10.2.0.1", "") SERVER("10.2.0.2", "inhibit_on_failure\n"));

	(void)state;
	expect(&nothing_known, text, text, "No change.\n");
}

static void a_changed_keyword_names_both_values(void **state)
{
	(void)state;
	expect(&nothing_known, INSTANCE("A", "eth0", "100", "10.0.0.1/24"),
	       INSTANCE("A", "eth0", "150", "10.0.0.1/24"),
	       "VRRP instances\n  ~ A: priority 100 -> 150\n");
}

#define WITH(more)                                                             \
	"vrrp_instance A {\ninterface eth0\nvirtual_router_id 51\nversion 3\n" \
	"virtual_ipaddress {\n10.0.0.1\n}\n" more "}\n"
#define BLOCK(name, lines) name " {\n" lines "}\n"

static void routes_and_rules_are_lines(void **state)
{
	static const char before[] =
		WITH(BLOCK("virtual_routes", "10.1.0.0/16 via 10.0.0.9\n10.2.0.0/16 dev eth0\n"))
			BLOCK("static_routes", "10.3.0.0/16 dev eth1\n");
	static const char after[] = WITH(
		BLOCK("virtual_routes", "10.1.0.0/16 via 10.0.0.9 metric 5\n10.2.0.0/16 dev eth0\n")
			BLOCK("virtual_rules", "from 10.0.0.1 table 5 preference 9\n"))
		BLOCK("static_ipaddress", "10.4.0.1/24 dev eth1\n");

	(void)state;
	expect(&nothing_known, before, after,
	       "Addresses\n"
	       "  + 10.4.0.1/24 dev eth1 (static)\n\n"
	       "Routes and rules\n"
	       "  - 10.1.0.0/16 via 10.0.0.9 of A\n"
	       "  + 10.1.0.0/16 via 10.0.0.9 metric 5 of A\n"
	       "  + rule from 10.0.0.1/32 preference 9 table 5 of A\n"
	       "  - 10.3.0.0/16 dev eth1 (static)\n");
}

static void trackers_change_by_name(void **state)
{
	static const char before[] = WITH(BLOCK("track_file", "f\n"))
		BLOCK("track_file f", "file /a\nweight 1\n") BLOCK("track_file g", "file /b\n");
	static const char after[] =
		WITH(BLOCK("track_file", "f\n")) BLOCK("track_file f", "file /a\nweight 2\n")
			BLOCK("garp_group", "interface eth0\ngarp_interval 1\n");

	(void)state;
	expect(&nothing_known, before, after,
	       "Trackers and groups\n"
	       "  - track_file g\n"
	       "  ~ track_file f: weight 1 -> 2\n"
	       "  + garp_group garp_interval 1 interface eth0\n");
}

static void addresses_come_go_and_change(void **state)
{
	const struct context master = {
		.status = "{\"vrrp\": [{\"instance\": \"A\", \"state\": \"MASTER\"}]}"
	};

	(void)state;
	expect(&master, INSTANCE("A", "eth0", "100", "10.0.0.1/24\n10.0.0.2/24"),
	       INSTANCE("A", "eth0", "100", "10.0.0.1/24 label eth0:1\n10.0.0.3/24"),
	       "Addresses\n"
	       "  - 10.0.0.2/24 dev eth0 of A (active now)\n"
	       "  ~ 10.0.0.1/24 dev eth0 of A (active now): label unset -> eth0:1\n"
	       "  + 10.0.0.3/24 dev eth0 of A (active now)\n");
}

static void another_interface_restarts_an_instance(void **state)
{
	(void)state;
	expect(&nothing_known, INSTANCE("A", "eth0", "100", "10.0.0.1/24 dev lan"),
	       INSTANCE("A", "eth1", "100", "10.0.0.1/24 dev lan"),
	       "Addresses\n"
	       "  - 10.0.0.1/24 dev lan of A\n"
	       "  + 10.0.0.1/24 dev lan of A\n\n"
	       "VRRP instances\n"
	       "  ! A: eth0 vrid 51 IPv4 -> eth1 vrid 51 IPv4 [the whole instance]\n");
}

/* One VRID for two: their names tell which one goes. */
static void instances_that_share_a_vrid(void **state)
{
#define GROUPED(name, group)                                                                  \
	"vrrp_instance " name " {\ninterface eth0\nvirtual_router_id 51\nmcast_dst_ip " group \
	"\nvirtual_ipaddress {\n10.0.0.1/24 dev " name "\n}\n}\n"
	static const char one[] = GROUPED("B", "224.0.0.19"),
			  both[] = GROUPED("A", "224.0.0.18") GROUPED("B", "224.0.0.19");

	(void)state;
	expect(&nothing_known, both, one,
	       "Addresses\n"
	       "  - 10.0.0.1/24 dev A of A\n\n"
	       "VRRP instances\n"
	       "  - A: eth0 vrid 51 IPv4 A\n");
	expect(&nothing_known, one, both,
	       "Addresses\n"
	       "  + 10.0.0.1/24 dev A of A\n\n"
	       "VRRP instances\n"
	       "  + A: eth0 vrid 51 IPv4 A\n");
}

static void instances_come_and_go_with_their_child(void **state)
{
	static const char vrrp[] = INSTANCE("A", "eth0", "100", "10.0.0.1/24");
	static const char service[] = SERVICE(SERVER("10.2.0.1", ""));

	(void)state;
	expect(&nothing_known, vrrp, service,
	       "Processes\n"
	       "  - VRRP child\n"
	       "  + checker child\n\n"
	       "IPVS\n"
	       "  + add service [10.1.0.1]:tcp:80 scheduler rr\n"
	       "  + add server [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80 Masq weight 1\n\n"
	       "Addresses\n"
	       "  - 10.0.0.1/24 dev eth0 of A\n\n"
	       "VRRP instances\n"
	       "  - A: eth0 vrid 51 IPv4\n\n"
	       "Virtual and real servers\n"
	       "  + [10.1.0.1]:tcp:80\n"
	       "  + [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80\n\n"
	       "Checks\n"
	       "  + TCP_CHECK 1 of [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80\n");
}

/* ---- IPVS ---- */

#define CHECK(rs, is_up)                                 \
	"{\"vs\": \"[10.1.0.1]:tcp:80\", \"rs\": \"[" rs \
	"]:tcp:80\", \"index\": 0, \"kind\": \"TCP_CHECK\", \"is_up\": " is_up "}"

static void a_server_that_is_down_stays_out(void **state)
{
	const struct context one_down = { .status = "{\"checks\": [" CHECK(
						  "10.2.0.2", "false") ", " CHECK("10.2.0.1",
										  "true") "]}" };

	(void)state;
	expect(&one_down, SERVICE(SERVER("10.2.0.1", "") SERVER("10.2.0.2", "")),
	       SERVICE(SERVER("10.2.0.1", "weight 5\n") SERVER("10.2.0.2", "weight 5\n")),
	       "IPVS\n"
	       "  ~ edit server [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80 Masq weight 5\n\n"
	       "Virtual and real servers\n"
	       "  ~ [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80: weight 1 -> 5\n"
	       "  ~ [10.2.0.2]:tcp:80 of [10.1.0.1]:tcp:80: weight 1 -> 5\n");
}

/* A verdict of another kind of check at the same place does not count. */
static void a_check_of_another_kind_begins_anew(void **state)
{
	const struct context down = {
		.status = "{\"checks\": [{\"vs\": \"[10.1.0.1]:tcp:80\", \"rs\": "
			  "\"[10.2.0.1]:tcp:80\", \"index\": 0, \"kind\": \"HTTP_GET\", "
			  "\"is_up\": false}]}"
	};
	char *text;

	(void)state;
	text = plan_with(&down, NULL, SERVICE(SERVER("10.2.0.1", "")));
	assert_non_null(strstr(text, "+ add server [10.2.0.1]:tcp:80"));
	free(text);
}

static void alpha_keeps_a_new_server_out(void **state)
{
	char *text;

	(void)state;
	text = plan_with(&nothing_known, NULL, SERVICE("alpha\n" SERVER("10.2.0.1", "")));
	assert_non_null(strstr(text, "+ add service [10.1.0.1]:tcp:80"));
	assert_null(strstr(text, "+ add server"));
	free(text);
}

static void within_the_hysteresis_the_verdict_holds(void **state)
{
	static const char three[] =
		SERVICE("quorum 2\nhysteresis 1\n" SERVER("10.2.0.1", "weight 2\n"));
	const struct context lost = {
		.status = "{\"virtual_servers\": [{\"vs\": \"[10.1.0.1]:tcp:80\", \"is_up\": "
			  "false}]}"
	};
	char *text = plan_with(&lost, NULL, three);

	(void)state;
	assert_null(strstr(text, "+ add server"));
	free(text);
	text = plan_with(&nothing_known, NULL, three);
	assert_non_null(strstr(text, "+ add server"));
	free(text);
}

/* A service with one server in a kernel. */
static void kernel_add(struct ipvs_set *kernel, const char *vip, const char *rip)
{
	struct ipvs_svc_key key = { .family = AF_INET, .protocol = IPPROTO_TCP, .port = 80 };
	struct ipvs_dest dest = { .key.port = 80, .weight = 1 };
	struct ipvs_svc svc;

	addr_parse(vip, &key.addr);
	addr_parse(rip, &dest.key.addr);
	svc_init(&svc, &key);
	strcpy(svc.sched, "rr");
	svc_add_dest(ipvs_set_add(kernel, &svc), &dest);
}

static void the_kernel_counts_and_services_of_others_stay(void **state)
{
	static const char text[] = SERVICE(SERVER("10.2.0.1", ""));
	struct ipvs_set kernel;
	const struct context context = { .kernel = &kernel };

	(void)state;
	ipvs_set_init(&kernel);
	kernel_add(&kernel, "10.1.0.1", "10.2.0.9");
	kernel_add(&kernel, "10.1.0.7", "10.2.0.7");
	expect(&context, text, text,
	       "IPVS\n"
	       "  + add server [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80 Masq weight 1\n"
	       "  - delete server [10.2.0.9]:tcp:80 of [10.1.0.1]:tcp:80\n");
	ipvs_set_done(&kernel);
}

static void a_first_start_may_flush(void **state)
{
	static const char flush[] = "global_defs {\nlvs_flush\n}\n" SERVICE(SERVER("10.2.0.1", ""));
	struct ipvs_set kernel;
	const struct context context = { .kernel = &kernel };
	char *text;

	(void)state;
	ipvs_set_init(&kernel);
	kernel_add(&kernel, "10.1.0.7", "10.2.0.7");
	text = plan_with(&context, NULL, flush);
	assert_non_null(strstr(text, "- delete service [10.1.0.7]:tcp:80"));
	free(text);
	text = plan_with(&context, flush, flush);
	assert_null(strstr(text, "- delete"));
	free(text);
	ipvs_set_done(&kernel);
}

/* ---- checks and globals ---- */

static void a_changed_check_is_named(void **state)
{
	static const char before[] =
		SERVICE("real_server 10.2.0.1 80 {\nTCP_CHECK {\nretry 1\n}\n}\n");
	static const char after[] = SERVICE("real_server 10.2.0.1 80 {\nTCP_CHECK {\nretry 2\n}\n"
					    "TCP_CHECK {\nconnect_port 81\n}\n}\n");

	(void)state;
	expect(&nothing_known, before, after,
	       "Checks\n"
	       "  ~ TCP_CHECK 1 of [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80: retry 1 -> 2\n"
	       "  + TCP_CHECK 2 of [10.2.0.1]:tcp:80 of [10.1.0.1]:tcp:80\n");
}

static void globals_say_when_they_count(void **state)
{
	static const char service[] = SERVICE(SERVER("10.2.0.1", ""));
	static const char changed[] =
		"child_wait_time 7\nglobal_defs {\nrouter_id b\nlvs_flush\n}\n" SERVICE(
			SERVER("10.2.0.1", ""));

	(void)state;
	expect(&nothing_known, service, changed,
	       "Global settings\n"
	       "  ~ child_wait_time: 5 -> 7\n"
	       "  ~ router_id: unset -> b\n"
	       "  ~ lvs_flush: off -> on [from the next start of the child]\n");
}

static void a_file_that_empties_everything_is_refused(void **state)
{
	struct conf *before = load(SERVICE(SERVER("10.2.0.1", ""))), *after = load("");
	struct plan_input input = {
		.running = (const struct root_conf *)conf_root(before),
		.next = (const struct root_conf *)conf_root(after),
		.with_vrrp = true,
		.with_checkers = true,
	};

	(void)state;
	assert_true(plan_is_refused(&input));
	input.running = input.next;
	assert_false(plan_is_refused(&input));
	input.running = NULL;
	assert_false(plan_is_refused(&input));
	conf_free(before);
	conf_free(after);
}

static void json_has_every_item(void **state)
{
	struct conf *conf = load(SERVICE(SERVER("10.2.0.1", "")));
	const struct plan_input input = { .next = (const struct root_conf *)conf_root(conf),
					  .with_checkers = true };
	struct plan plan = { 0 };
	json_t *array, *item;

	(void)state;
	plan_make(&input, &plan);
	array = plan_json(&plan);
	assert_int_equal(json_array_size(array), plan.n);
	item = json_array_get(array, 1);
	assert_string_equal(json_string_value(json_object_get(item, "kind")), "ipvs");
	assert_string_equal(json_string_value(json_object_get(item, "verb")), "add");
	assert_string_equal(json_string_value(json_object_get(item, "apply")), "live");
	json_decref(array);
	plan_done(&plan);
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_file_changes_nothing),
		cmocka_unit_test(a_changed_keyword_names_both_values),
		cmocka_unit_test(routes_and_rules_are_lines),
		cmocka_unit_test(trackers_change_by_name),
		cmocka_unit_test(addresses_come_go_and_change),
		cmocka_unit_test(another_interface_restarts_an_instance),
		cmocka_unit_test(instances_that_share_a_vrid),
		cmocka_unit_test(instances_come_and_go_with_their_child),
		cmocka_unit_test(a_server_that_is_down_stays_out),
		cmocka_unit_test(a_check_of_another_kind_begins_anew),
		cmocka_unit_test(alpha_keeps_a_new_server_out),
		cmocka_unit_test(within_the_hysteresis_the_verdict_holds),
		cmocka_unit_test(the_kernel_counts_and_services_of_others_stay),
		cmocka_unit_test(a_first_start_may_flush),
		cmocka_unit_test(a_changed_check_is_named),
		cmocka_unit_test(globals_say_when_they_count),
		cmocka_unit_test(a_file_that_empties_everything_is_refused),
		cmocka_unit_test(json_has_every_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
