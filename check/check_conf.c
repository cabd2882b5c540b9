/*
 * virtual_server and real_server: tables and derived values. The parent runs it
 * while it loads a file; the checker child when it decodes what the parent loaded.
 */
#include "check/check_conf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/service_type.h"
#include "lib/clock.h"
#include "lib/global_conf.h"
#include "lib/rule.h"

#define CONNECT_MAX_US (4294 * US_PER_S)
#define TIME_MAX_US    (UINT32_MAX * US_PER_S)
#define RESOLVE_MAX_US (7 * 86400 * US_PER_S)

/* ---- rows that virtual and real servers share ---- */

static const struct conf_word family_words[] = { { "inet", AF_INET },
						 { "inet6", AF_INET6 },
						 { NULL, 0 } };

#define LIVE           .apply = CONF_APPLY_LIVE
#define INSTANCE       .apply = CONF_APPLY_INSTANCE
#define NO_USE(why)    .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT, .no_use = why
#define INHERIT        .apply = CONF_APPLY_LIVE, .flags = CONF_INHERIT
#define INHERIT_IF_SET .apply = CONF_APPLY_LIVE, .flags = CONF_INHERIT | CONF_IF_SET

/* Defaults for the checkers inside; outside their limits means unset. */
#define CHECK_DEFAULTS(s)                                                                          \
	K_U32("retry", s, retry, 1, UINT32_MAX, INHERIT,                                           \
	      .help = "Further attempts before a check inside has failed."),                       \
		K_SECS("delay_before_retry", s, delay_before_retry_us, 0, TIME_MAX_US, .dflt = -1, \
		       INHERIT, .help = "Time between attempts of checks inside."),                \
		K_SECS("warmup", s, warmup_us, 0, TIME_MAX_US, .dflt = -1, INHERIT,                \
		       .help = "Time over which the first runs of checks inside are spread."),     \
		K_SECS("connect_timeout", s, connect_timeout_us, 1, CONNECT_MAX_US, .dflt = -1,    \
		       INHERIT, .help = "Time that checks inside may take to connect."),           \
		K_U32("rise", s, rise, 1, UINT32_MAX, INHERIT_IF_SET,                              \
		      .help = "Successes in a row after which a check inside is up."),             \
		K_U32("fall", s, fall, 1, UINT32_MAX, INHERIT_IF_SET,                              \
		      .help = "Failures in a row after which a check inside is down."),            \
		K_SECS("deadline", s, deadline_us, 1, TIME_MAX_US, INHERIT_IF_SET,                 \
		       .help = "Time that a run of a check inside may take in all."),              \
		K_SECS("response_time_limit", s, response_time_limit_us, 1, TIME_MAX_US,           \
		       INHERIT_IF_SET,                                                             \
		       .help = "Time after which a run of a check inside counts as failed."),      \
		K_STR("virtualhost", s, virtualhost, INHERIT,                                      \
		      .help = "Host header of HTTP checks inside."),                               \
		K_FLAG("inhibit_on_failure", s, inhibit_on_failure, INHERIT,                       \
		       .help = "Give a failed server weight 0 instead of removing it."),           \
		K_FLAG("alpha", s, alpha, INHERIT,                                                 \
		       .help = "Count servers as failed until their checks succeed."),             \
		K_FLAG("through_vip", s, through_vip, INHERIT_IF_SET,                              \
		       .help = "Checks inside that connect go to the service's address, by the "   \
			       "way that IPVS takes to the server; see in the check.")

/* What a server's weight and its return depend on. */
#define RETURN_KEYS(s)                                                                           \
	K_SECS("slow_start", s, slow_start_us, 1, TIME_MAX_US, INHERIT_IF_SET,                   \
	       .help = "Time in which the weight of a server that comes back grows to the "      \
		       "full one."),                                                             \
		K_SECS("flap_damping", s, flap_damping_us, 1, TIME_MAX_US, INHERIT_IF_SET,       \
		       .help = "Each failure of a server is a penalty of 1, which halves in "    \
			       "this time; near flap_limit the server stays out until the "      \
			       "penalty is half of that."),                                      \
		K_U32("flap_limit", s, flap_limit, 1, 1000, INHERIT_IF_SET,                      \
		      .help = "Penalty at which a server is kept out; default 3."),              \
		K_U32("passive_limit", s, passive_limit, 1, UINT32_MAX, INHERIT_IF_SET,          \
		      .help = "Connections without any packet back after which a server is out " \
			      "for a while; with NAT."),                                         \
		K_SECS("passive_hold", s, passive_hold_us, 1, TIME_MAX_US, INHERIT_IF_SET,       \
		       .help = "How long it is out at first, doubled each time; default 5.")

/* How names of servers are looked up. */
#define RESOLVE_KEYS(s)                                                                            \
	K_WORD("resolve_prefer", s, resolve.prefer, family_words, INHERIT_IF_SET,                  \
	       .help = "Family, inet or inet6, to take of a name's addresses where the service "   \
		       "can have both; default its own."),                                         \
		K_SECS("resolve_min_interval", s, resolve.min_us, US_PER_S / 10, RESOLVE_MAX_US,   \
		       INHERIT_IF_SET,                                                             \
		       .help = "A name is asked for again when the time to live of its answer is " \
			       "over, yet not before this time; default 5."),                      \
		K_SECS("resolve_max_interval", s, resolve.max_us, US_PER_S / 10, RESOLVE_MAX_US,   \
		       INHERIT_IF_SET,                                                             \
		       .help = "... and after this time at the latest; default 3600."),            \
		K_SECS("resolve_retry_interval", s, resolve.retry_us, US_PER_S / 10,               \
		       RESOLVE_MAX_US, INHERIT_IF_SET,                                             \
		       .help = "Time until a name is asked for again when there was no answer, "   \
			       "or an empty one; default 5. The addresses known stay in use."),    \
		K_SECS("resolve_drain", s, resolve.drain_us, US_PER_S / 10, RESOLVE_MAX_US,        \
		       INHERIT_IF_SET,                                                             \
		       .help = "Time for which an address that a name has left stays with weight " \
			       "0 while it has connections; default 900.")

/* ---- real_server ---- */

#define RS struct rs_conf

static const struct conf_key rs_args[] = {
	K_CUSTOM("address", &service_type_server, RS, endpoint, struct server_addr, INSTANCE,
		 .help = "Address or host name, and port; without port, or with DR and TUN, the "
			 "port of the service. A name is looked up while the director runs, in "
			 "/etc/hosts and by the name servers of resolv.conf; the server is down "
			 "until it has an address, and follows the name to another one as soon "
			 "as the checks pass there."),
	K_END,
};

static const struct conf_key rs_keys[] = {
	K_I64("weight", RS, weight, 0, INT32_MAX, .dflt = 1, INHERIT,
	      .help = "Share of the traffic relative to the other servers; 0 takes no new "
		      "connections."),
	K_CUSTOM("lvs_method", &service_type_method, RS, lvs_method, struct lvs_method,
		 .dflt_text = "NAT", INHERIT,
		 .help = "Forwarding method: NAT, DR or TUN with its options."),
	K_CUSTOM("lb_kind", &service_type_method, RS, lvs_method, struct lvs_method,
		 .alias_of = "lvs_method", .help = "The same as lvs_method."),
	K_U32("uthreshold", RS, uthreshold, 0, UINT32_MAX, LIVE,
	      .help = "Connections above which the server gets no new ones; 0 is no limit."),
	K_U32("lthreshold", RS, lthreshold, 0, UINT32_MAX, LIVE,
	      .help = "Connections below which the server gets new ones again."),
	K_SCRIPT("notify_up", RS, notify_up, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run when the server comes up."),
	K_SCRIPT("notify_down", RS, notify_down, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run when the server goes down."),
	CHECK_DEFAULTS(RS),
	RETURN_KEYS(RS),
	RESOLVE_KEYS(RS),
	K_U32("resolve_servers", RS, resolve_servers, 1, RS_SERVERS_MAX, INSTANCE,
	      .flags = CONF_IF_SET,
	      .help = "Make each address of the name a server of its own, up to so many; without "
		      "it one address is used, and kept while the name has it."),
	K_SECS("delay_loop", RS, delay_loop_us, 1, TIME_MAX_US, .dflt = 60 * US_PER_S, INHERIT,
	       .help = "Time between runs of checks inside."),
	K_BOOL("smtp_alert", RS, smtp_alert, LIVE, .help = "Send mail on changes of state."),
	K_STR("snmp_name", RS, snmp_name, NO_USE("SNMP is not served"),
	      .help = "Name shown by SNMP."),
	K_END,
};

static const struct conf_block *const rs_blocks[] = {
	&tcp_check_block,  &http_get_block,  &ssl_get_block,     &misc_check_block,
	&smtp_check_block, &dns_check_block, &udp_check_block,   &ping_check_block,
	&file_check_block, &bfd_check_block, &agent_check_block, NULL,
};

const struct conf_block rs_block = {
	.name = "real_server",
	.size = sizeof(struct rs_conf),
	.list_offset = offsetof(struct vs_conf, real_servers),
	.args = rs_args,
	.keys = rs_keys,
	.blocks = rs_blocks,
	.help = "A server of the pool, with its checks.",
};

/* ---- virtual_server ---- */

#define VS struct vs_conf

static const struct conf_key vs_args[] = {
	K_CUSTOM("address", &service_type_address, VS, addr, struct vs_addr, INSTANCE,
		 .help = "Address and port of the service, fwmark and number, or group and name."),
	K_END,
};

static const struct conf_key vs_keys[] = {
	K_CUSTOM("protocol", &service_type_protocol, VS, protocol, int, .words = service_protocols,
		 .dflt = IPPROTO_UDP, INSTANCE,
		 .help = "TCP, UDP or SCTP; without it UDP, which is seldom meant."),
	K_WORD("ip_family", VS, ip_family, family_words, INSTANCE,
	       .help = "Family of a fwmark service, inet or inet6; default that of its servers."),
	K_CUSTOM("lvs_sched", &service_type_scheduler, VS, lvs_sched, const char *,
		 .dflt_text = "wlc", LIVE,
		 .help = "Scheduler: rr, wrr, lc, wlc, lblc, lblcr, sh, mh, dh, fo, ovf, sed, nq "
			 "or twos."),
	K_CUSTOM("lb_algo", &service_type_scheduler, VS, lvs_sched, const char *,
		 .alias_of = "lvs_sched", .help = "The same as lvs_sched."),
	K_CUSTOM("lvs_method", &service_type_method, VS, lvs_method, struct lvs_method,
		 .dflt_text = "NAT", INHERIT,
		 .help = "Forwarding method of the servers: NAT, DR or TUN with its options."),
	K_CUSTOM("lb_kind", &service_type_method, VS, lvs_method, struct lvs_method,
		 .alias_of = "lvs_method", .help = "The same as lvs_method."),
	K_CUSTOM("persistence_timeout", &service_type_persistence, VS, persistence_timeout_s,
		 uint32_t, .max = IPVS_TIMEOUT_MAX_S, LIVE,
		 .help = "Seconds for which a client stays with its server; without number 360, 0 "
			 "is off."),
	K_CUSTOM("persistence_granularity", &service_type_granularity, VS, persistence_granularity,
		 struct addr, LIVE,
		 .help = "Clients with the same address under this mask, or of this prefix length, "
			 "count as one."),
	K_CUSTOM("persistence_engine", &service_type_engine, VS, persistence_engine, const char *,
		 LIVE, .help = "Kernel module that finds the client in the packets, such as sip."),
	K_FLAG("flag-1", VS, flag_1, LIVE, .help = "First flag of the scheduler."),
	K_FLAG("flag-2", VS, flag_2, LIVE, .help = "Second flag of the scheduler."),
	K_FLAG("flag-3", VS, flag_3, LIVE, .help = "Third flag of the scheduler."),
	K_FLAG("sh-port", VS, sh_port, LIVE, .help = "Let sh hash the port too."),
	K_FLAG("sh-fallback", VS, sh_fallback, LIVE,
	       .help = "Let sh pass over servers that take nothing."),
	K_FLAG("mh-port", VS, mh_port, LIVE, .help = "Let mh hash the port too."),
	K_FLAG("mh-fallback", VS, mh_fallback, LIVE,
	       .help = "Let mh pass over servers that take nothing."),
	K_FLAG("ops", VS, ops, LIVE, .help = "Schedule each packet by itself; only UDP."),
	K_I64("quorum", VS, quorum, 1, INT32_MAX, .dflt = 1, LIVE,
	      .help = "Weight of working servers that the service needs."),
	K_I64("hysteresis", VS, hysteresis, 0, INT32_MAX, LIVE,
	      .help = "Weight above and below the quorum at which the service comes up and goes "
		      "down."),
	K_SCRIPT("quorum_up", VS, quorum_up, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run when the quorum is gained."),
	K_SCRIPT("quorum_down", VS, quorum_down, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run when the quorum is lost."),
	K_I64("weight", VS, weight, 1, INT32_MAX, .dflt = 1, LIVE,
	      .help = "Weight of servers that name none."),
	K_ENDPOINT("sorry_server", VS, sorry_server, LIVE,
		   .help = "Server for all traffic while the quorum is lost; default port that of "
			   "the service."),
	K_FLAG("sorry_server_inhibit", VS, sorry_server_inhibit, LIVE,
	       .help = "Keep the sorry server with weight 0 instead of removing it."),
	K_CUSTOM("sorry_server_lvs_method", &service_type_method, VS, sorry_server_lvs_method,
		 struct lvs_method, LIVE,
		 .help = "Forwarding method of the sorry server; default lvs_method."),
	K_FLAG("omega", VS, omega, LIVE,
	       .help = "Run notify_down and quorum_down when diarch stops."),
	K_FLAG("ha_suspend", VS, ha_suspend, LIVE,
	       .help = "Check only while the address, or one of the group, is on this host."),
	K_BOOL("smtp_alert", VS, smtp_alert, LIVE, .help = "Send mail on changes of the quorum."),
	CHECK_DEFAULTS(VS),
	RETURN_KEYS(VS),
	RESOLVE_KEYS(VS),
	K_U32("fail_open", VS, fail_open, 1, UINT32_MAX, .apply = CONF_APPLY_LIVE,
	      .flags = CONF_IF_SET,
	      .help = "When fewer servers than that work, all carry traffic, as if none had "
		      "failed."),
	K_SECS("delay_loop", VS, delay_loop_us, 1, TIME_MAX_US, .dflt = 60 * US_PER_S, LIVE,
	       .help = "Time between runs of checks inside."),

	/* no effect yet */
	K_FLAG("hashed", VS, idle.hashed, NO_USE("it has none in keepalived either"),
	       .help = "Obsolete."),
	K_STR("snmp_name", VS, idle.snmp_name, NO_USE("SNMP is not served"),
	      .help = "Name shown by SNMP."),
	K_END,
};

/* What keepalived assumes, too, but what is seldom meant. */
static void warn_implied(struct conf_walk *walk, const struct vs_conf *vs)
{
	const struct conf_obj *obj = &vs->obj;

	if (!conf_is_set(obj, "lvs_sched", NULL))
		conf_warning(walk, obj->pos, CONF_SEMANTIC, "implied-scheduler", NULL,
			     "virtual_server without lvs_sched: wlc is used");
	if (!conf_is_set(obj, "lvs_method", NULL))
		conf_warning(walk, obj->pos, CONF_SEMANTIC, "implied-method", NULL,
			     "virtual_server without lvs_method: NAT is used");
}

static bool vs_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vs_conf *vs = (const struct vs_conf *)obj;

	if (vs->real_servers.n == 0) {
		conf_refuse(walk, MEND_OUT(obj), CONF_SEMANTIC, "no-real-server", NULL,
			    "a virtual_server without real_server serves nothing");
		return false;
	}
	warn_implied(walk, vs);
	return true;
}

/* ---- derived values ---- */

static void resolve_protocol(struct conf_walk *walk, const struct vs_conf *vs)
{
	bool has_fwmark = vs_some_range(vs, vs_range_has_fwmark);
	struct conf_pos pos;

	if (conf_is_set(&vs->obj, "protocol", &pos)) {
		if (has_fwmark)
			conf_warning(walk, pos, CONF_SEMANTIC, "fwmark-protocol", NULL,
				     "a fwmark service takes every protocol; \"protocol\" is left "
				     "out");
	} else if (vs_some_range(vs, vs_range_has_address)) {
		conf_warning(walk, vs->obj.pos, CONF_SEMANTIC, "implied-udp",
			     "write \"protocol TCP\" or \"protocol UDP\"",
			     "virtual_server without protocol: UDP is used");
	}
}

static void resolve_persistence(struct conf_walk *walk, struct vs_conf *vs)
{
	struct addr *mask = &vs->persistence_granularity;

	if (vs->persistence_timeout_s == 0 && !addr_is_unset(mask))
		vs->persistence_timeout_s = SERVICE_PERSISTENCE_S;
	if (vs->persistence_timeout_s == 0 && vs_some_range(vs, vs_range_has_no_port)) {
		vs->persistence_timeout_s = SERVICE_PERSISTENCE_S;
		conf_warning(walk, vs->obj.pos, CONF_SEMANTIC, "implied-persistence",
			     "write a port or a persistence_timeout",
			     "a service for all ports must be persistent; %d seconds are used",
			     SERVICE_PERSISTENCE_S);
	}
	if (mask->family == AF_INET && vs_family(vs) == AF_INET6)
		*mask = service_mask(AF_INET6, service_mask_len(mask));
}

/* Services of a group may have several ports, and a server follows each. */
static void resolve_group_port(struct conf_walk *walk, const struct vs_conf *vs,
			       const struct rs_conf *rs)
{
	const struct vs_group_line_conf *line;

	conf_list_for_each (line, &vs->group->lines) {
		if (line->range.fwmark || line->range.port == rs->endpoint.port)
			continue;
		conf_warning(walk, rs->obj.pos, CONF_SEMANTIC, "port-reset",
			     "use NAT to change ports",
			     "%s cannot change ports; port %u is used for that of group %s instead "
			     "of %u",
			     service_method_name(&rs->lvs_method), line->range.port,
			     vs->group->name, rs->endpoint.port);
		return;
	}
}

/* Where packets keep their port, a server cannot listen on another one. */
static void resolve_port(struct conf_walk *walk, const struct vs_conf *vs, struct rs_conf *rs)
{
	const char *fwd = service_method_name(&rs->lvs_method);

	if (rs->endpoint.port == 0 || rs->endpoint.port == rs_port(vs, rs))
		return;
	if (vs->addr.group) {
		if (vs->group)
			resolve_group_port(walk, vs, rs);
		return;
	}
	if (vs->addr.fwmark != 0) {
		conf_warning(
			walk, rs->obj.pos, CONF_SEMANTIC, "port-for-checks",
			"use NAT to change ports",
			"with a fwmark and %s packets keep their port; port %u is for checks only",
			fwd, rs->endpoint.port);
		return;
	}
	conf_warning(walk, rs->obj.pos, CONF_SEMANTIC, "port-reset", "use NAT to change ports",
		     "%s cannot change ports; port %u is used instead of %u", fwd, vs->addr.port,
		     rs->endpoint.port);
	rs->endpoint.port = vs->addr.port;
}

/* Answers of other methods do not come by here. */
static void resolve_passive(struct conf_walk *walk, struct rs_conf *rs)
{
	if (!rs->passive_limit || rs->lvs_method.fwd == IPVS_FWD_MASQ)
		return;
	conf_warning(walk, rs->obj.pos, CONF_SEMANTIC, "passive-cleared", NULL,
		     "passive_limit works with NAT only and is left out");
	rs->passive_limit = 0;
}

static void resolve_quorum(struct conf_walk *walk, struct vs_conf *vs)
{
	const struct rs_conf *rs;
	int64_t weight = 0;

	conf_list_for_each (rs, &vs->real_servers)
		weight += rs->weight * rs_count(rs);
	if (vs->quorum > weight && weight > 0) {
		conf_warning(walk, rule_pos(&vs->obj, "quorum"), CONF_SEMANTIC, "quorum-reduced",
			     NULL,
			     "quorum %" PRId64 " is above the weight of all servers; %" PRId64
			     " is used",
			     vs->quorum, weight);
		vs->quorum = weight;
	}
	if (vs->hysteresis >= vs->quorum) {
		conf_warning(walk, rule_pos(&vs->obj, "hysteresis"), CONF_SEMANTIC,
			     "hysteresis-reduced", NULL,
			     "hysteresis %" PRId64 " must be below the quorum; %" PRId64 " is used",
			     vs->hysteresis, vs->quorum - 1);
		vs->hysteresis = vs->quorum - 1;
	}
}

static void resolve_sorry(struct vs_conf *vs)
{
	if (addr_is_unset(&vs->sorry_server.addr))
		return;
	if (!vs->sorry_server_lvs_method.is_set)
		vs->sorry_server_lvs_method = vs->lvs_method;
	if (vs->sorry_server.port == 0)
		vs->sorry_server.port = vs->addr.port;
}

/* Mail of a server goes out unless something says no, that of a service only if something says so.
 */
static bool alert_default(const struct global_conf *global, bool dflt)
{
	if (conf_is_set(&global->obj, "smtp_alert_checker", NULL))
		return global->smtp_alert_checker;
	return conf_is_set(&global->obj, "smtp_alert", NULL) ? global->smtp_alert : dflt;
}

static void resolve_alerts(struct vs_conf *vs)
{
	const struct global_conf *global = root_global(vs->obj.parent);
	struct rs_conf *rs;

	if (!conf_is_set(&vs->obj, "smtp_alert", NULL))
		vs->smtp_alert = alert_default(global, false);
	conf_list_for_each (rs, &vs->real_servers)
		if (!conf_is_set(&rs->obj, "smtp_alert", NULL))
			rs->smtp_alert = alert_default(global, true);
}

/* Several services may share a group, one for each protocol; the first has the plain name. */
static bool vs_uses_group_again(const struct vs_conf *vs)
{
	const struct vs_conf *other;

	conf_list_for_each (other, &((const struct root_conf *)vs->obj.parent)->virtual_servers) {
		if (other == vs)
			return false;
		if (other->group == vs->group)
			return true;
	}
	return false;
}

/* As with an address: "[www1.example.net]:tcp:80". */
static void resolve_host_name(struct conf_walk *walk, const struct vs_conf *vs, struct rs_conf *rs,
			      uint16_t port)
{
	const char *host = rs->endpoint.host;
	const size_t len = strlen(host), size = len + sizeof("[]:sctp:65535");
	char *name = conf_alloc(walk, size), *bare = conf_alloc(walk, len + 1);

	snprintf(name, size, "[%s]:%s:%u", host, vs_protocol_name(vs), port);
	rs->name = name;
	memcpy(bare, host, host[len - 1] == '.' ? len - 1 : len);
	rs->host_name = bare;
}

static void resolve_names(struct conf_walk *walk, struct vs_conf *vs)
{
	char rs_name[ADDR_NAME_MAX];
	struct rs_conf *rs;
	size_t size = vs_name(vs, NULL, 0) + 1;
	char *name = conf_alloc(walk, size);

	vs_name(vs, name, size);
	vs->name = name;
	conf_list_for_each (rs, &vs->real_servers) {
		const struct ipvs_dest_key key = {
			.addr = rs->endpoint.addr,
			.port = vs->addr.group ? rs->endpoint.port : rs_port(vs, rs),
		};

		if (rs->endpoint.host)
			resolve_host_name(walk, vs, rs, key.port);
		else
			rs->name =
				conf_strdup(walk, dest_name(&key, (uint8_t)vs->protocol, rs_name));
	}
}

static void vs_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	struct vs_conf *vs = (struct vs_conf *)obj;
	struct rs_conf *rs;

	if (vs->addr.group)
		vs->group = vs_group_find(walk, (struct root_conf *)obj->parent, vs->addr.group);
	vs->is_group_again = vs->group && vs_uses_group_again(vs);
	resolve_protocol(walk, vs);
	if (vs->ops && vs->protocol != IPPROTO_UDP && vs_some_range(vs, vs_range_has_address)) {
		conf_warning(walk, rule_pos(obj, "ops"), CONF_SEMANTIC, "ops-cleared", NULL,
			     "ops works with UDP only and is left out");
		vs->ops = false;
	}
	if (vs->ha_suspend && !vs_some_range(vs, vs_range_has_address))
		conf_warning(walk, rule_pos(obj, "ha_suspend"), CONF_SEMANTIC, "without-address",
			     NULL, "a fwmark is on no host; ha_suspend is left out");
	resolve_alerts(vs);
	resolve_sorry(vs);
	resolve_persistence(walk, vs);
	conf_list_for_each (rs, &vs->real_servers) {
		resolve_port(walk, vs, rs);
		resolve_passive(walk, rs);
	}
	resolve_names(walk, vs);
	resolve_quorum(walk, vs);
}

const struct conf_block vs_block = {
	.name = "virtual_server",
	.size = sizeof(struct vs_conf),
	.list_offset = offsetof(struct root_conf, virtual_servers),
	.args = vs_args,
	.keys = vs_keys,
	.blocks = (const struct conf_block *const[]){ &rs_block, NULL },
	.finish = vs_finish,
	.resolve = vs_resolve,
	.help = "A service that IPVS distributes.",
};
