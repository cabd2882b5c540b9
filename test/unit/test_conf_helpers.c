/*
 * What others ask of a loaded configuration: keys and ports as IPVS sees them, families, the one
 * global_conf.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "check/check_conf.h"
#include "director/root_conf.h"
#include "vrrp/vrrp_conf.h"

static struct conf *load(const char *text)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load_text(text, strlen(text), "test", &diarch_schema, NULL, diags);

	assert_int_equal(conf_diags_errors(diags), 0);
	conf_diags_free(diags);
	return conf;
}

static const struct root_conf *root_of(const struct conf *conf)
{
	return (const struct root_conf *)conf_root(conf);
}

static const struct vs_conf *first_vs(const struct conf *conf)
{
	return (const struct vs_conf *)root_of(conf)->virtual_servers.head;
}

/* Port of the first real server when the service is `address` and forwards by `method`. */
static uint16_t port_for(const char *address, const char *method, const char *real_server)
{
	char text[300];
	struct conf *conf;
	const struct vs_conf *vs;
	uint16_t port;

	snprintf(text, sizeof(text),
		 "virtual_server %s {\nprotocol TCP\nlvs_sched rr\nlvs_method %s\nreal_server %s "
		 "{\n}\n}\n",
		 address, method, real_server);
	conf = load(text);
	vs = first_vs(conf);
	port = rs_port(vs, (const struct rs_conf *)vs->real_servers.head);
	conf_free(conf);
	return port;
}

static void test_rs_port(void **state)
{
	(void)state;
	assert_int_equal(port_for("192.0.2.1 80", "NAT", "10.0.0.1 8080"), 8080);
	assert_int_equal(port_for("192.0.2.1 80", "NAT", "10.0.0.1"), 80);
	assert_int_equal(port_for("192.0.2.1 80", "DR", "10.0.0.1 8080"), 80);
	assert_int_equal(port_for("192.0.2.1 80", "TUN", "10.0.0.1 8080"), 80);
	assert_int_equal(port_for("fwmark 3", "NAT", "10.0.0.1 8080"), 8080);
	assert_int_equal(port_for("fwmark 3", "DR", "10.0.0.1 8080"), 0);
}

static void test_vs_key(void **state)
{
	struct conf *conf = load(
		"virtual_server 192.0.2.1 80 {\nprotocol TCP\nreal_server 10.0.0.1 80 {\n}\n}\n");
	struct ipvs_svc_key key;

	(void)state;
	assert_true(vs_key(first_vs(conf), &key));
	assert_int_equal(key.family, AF_INET);
	assert_int_equal(key.protocol, IPPROTO_TCP);
	assert_int_equal(key.port, 80);
	assert_int_equal(key.fwmark, 0);
	assert_int_equal(key.addr.bytes[3], 1);
	conf_free(conf);
}

static void test_groups(void **state)
{
	struct conf *conf =
		load("virtual_server group b {\nprotocol TCP\nreal_server 10.0.0.1 80 {\n}\n}\n"
		     "virtual_server group v6 {\nprotocol TCP\nlvs_method TUN\n"
		     "real_server 10.0.0.1 80 {\n}\n}\n"
		     "virtual_server_group c {\n192.0.2.3 80\n}\n"
		     "virtual_server_group b {\n192.0.2.16/28 80\n2001:db8::1-a 80\n}\n"
		     "virtual_server_group v6 {\n2001:db8::20 80\n}\n");
	const struct vs_conf *vs = first_vs(conf), *v6 = (const struct vs_conf *)vs->obj.next;
	const struct vs_group_line_conf *line;
	struct ipvs_svc_key key;

	(void)state;
	assert_false(vs_key(vs, &key));
	assert_string_equal(vs->group->name, "b");
	line = (const struct vs_group_line_conf *)vs->group->lines.head;
	assert_int_equal(line->range.first.bytes[3], 16);
	assert_int_equal(line->range.last.bytes[3], 31);
	line = (const struct vs_group_line_conf *)line->obj.next;
	assert_int_equal(line->range.last.bytes[15], 10);
	assert_true(vs_has_family(vs, AF_INET));
	assert_true(vs_has_family(vs, AF_INET6));
	assert_false(vs_has_family(v6, AF_INET));
	conf_free(conf);
}

static void test_udp_patterns(void **state)
{
	struct conf *conf =
		load("virtual_server 192.0.2.1 80 {\nprotocol UDP\nreal_server 10.0.0.1 80 {\n"
		     "UDP_CHECK {\npayload 0a \"b cD\"\nrequire_reply x1 2X xx\n}\n}\n}\n");
	const struct rs_conf *rs = (const struct rs_conf *)first_vs(conf)->real_servers.head;
	const struct udp_check_conf *udp = (const struct udp_check_conf *)rs->checkers.head;

	(void)state;
	assert_int_equal(udp->payload.n, 3);
	assert_memory_equal(udp->payload.bytes, "\x0a\x0b\xcd", 3);
	assert_memory_equal(udp->payload.mask, "\xff\xff\xff", 3);
	assert_int_equal(udp->reply.n, 3);
	assert_memory_equal(udp->reply.bytes, "\x01\x20\x00", 3);
	assert_memory_equal(udp->reply.mask, "\x0f\xf0\x00", 3);
	conf_free(conf);
}

/* Whether mail goes out for the service and for its server, as two bits. */
static int alerts_with(const char *globals, const char *service)
{
	char text[300];
	struct conf *conf;
	const struct vs_conf *vs;
	int alerts;

	snprintf(text, sizeof(text),
		 "global_defs {\n%s\n}\nvirtual_server 192.0.2.1 80 {\nprotocol TCP\n%s\n"
		 "real_server 10.0.0.1 80 {\n}\n}\n",
		 globals, service);
	conf = load(text);
	vs = first_vs(conf);
	alerts = vs->smtp_alert << 1 | ((const struct rs_conf *)vs->real_servers.head)->smtp_alert;
	conf_free(conf);
	return alerts;
}

static void test_alerts(void **state)
{
	(void)state;
	assert_int_equal(alerts_with("", ""), 1);
	assert_int_equal(alerts_with("", "smtp_alert"), 3);
	assert_int_equal(alerts_with("smtp_alert on", ""), 3);
	assert_int_equal(alerts_with("smtp_alert off", ""), 0);
	assert_int_equal(alerts_with("smtp_alert on\nsmtp_alert_checker off", ""), 0);
	assert_int_equal(alerts_with("smtp_alert_checker on", "smtp_alert off"), 1);
}

static int fwmark_family(const char *line, const char *real_server)
{
	struct ipvs_svc_key key;
	struct conf *conf;
	char text[300];

	snprintf(text, sizeof(text),
		 "virtual_server fwmark 3 {\nlvs_method TUN\n%s\nreal_server %s {\n}\n}\n", line,
		 real_server);
	conf = load(text);
	assert_true(vs_key(first_vs(conf), &key));
	assert_int_equal(key.fwmark, 3);
	assert_int_equal(key.protocol, 0);
	conf_free(conf);
	return key.family;
}

static void test_fwmark_family(void **state)
{
	(void)state;
	assert_int_equal(fwmark_family("", "10.0.0.1"), AF_INET);
	assert_int_equal(fwmark_family("", "2001:db8::1"), AF_INET6);
	assert_int_equal(fwmark_family("ip_family inet6", "10.0.0.1"), AF_INET6);
}

static void test_global(void **state)
{
	struct conf *conf = load("");

	(void)state;
	assert_int_equal(root_of(conf)->globals.n, 1);
	assert_int_equal(root_global(conf_root(conf))->vrrp_version, 2);
	assert_int_equal(root_global(conf_root(conf))->vrrp_garp_lower_prio_repeat, 5);
	conf_free(conf);
}

static void test_vrrp_family(void **state)
{
	struct conf *conf = load("vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\n"
				 "virtual_ipaddress_excluded {\n2001:db8::1\n}\nvirtual_ipaddress "
				 "{\n192.0.2.1\n}\n}\n");
	const struct vrrp_conf *vi = (const struct vrrp_conf *)root_of(conf)->vrrp_instances.head;

	(void)state;
	assert_int_equal(vrrp_conf_family(vi), AF_INET);
	assert_int_equal(vi->version, 2);
	assert_true(addr_is_unset(&vi->src_addr));
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rs_port),      cmocka_unit_test(test_vs_key),
		cmocka_unit_test(test_alerts),       cmocka_unit_test(test_groups),
		cmocka_unit_test(test_udp_patterns), cmocka_unit_test(test_fwmark_family),
		cmocka_unit_test(test_global),       cmocka_unit_test(test_vrrp_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
