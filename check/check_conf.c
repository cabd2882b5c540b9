/*
 * virtual_server and real_server: tables, odd value types and derived values. The parent runs it
 * while it loads a file; the checker child when it decodes what the parent loaded.
 */
#include "check/check_conf.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "lib/conf_like.h"
#include "lib/global_conf.h"
#include "lib/rule.h"

#define PERSISTENCE_DFLT_S 360
#define CONNECT_MAX_US     (4294 * US_PER_S)
#define TIME_MAX_US        (UINT32_MAX * US_PER_S)

/* A number behind a word of its own, as in "fwmark 5"; `name` stands in messages. */
static bool parse_number(struct conf_walk *walk, const char *name, uint32_t max, uint32_t *out,
			 const struct conf_token *word)
{
	const struct conf_key key = { .name = name, .size = sizeof(*out), .min = 1, .max = max };

	return conf_type_u32.parse(walk, &key, out, word, 1);
}

/* ---- IP [PORT] | fwmark N | group NAME ---- */

static bool vs_addr_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			  const struct conf_token *argv, unsigned argc)
{
	struct vs_addr addr = { 0 };
	struct conf_endpoint endpoint;
	const char *word = argv[0].text;

	if (strcmp(word, "group") == 0) {
		conf_error(walk, argv[0].pos, CONF_SEMANTIC, "not-built-yet",
			   "write a virtual_server for each address",
			   "keepalived knows virtual server groups, but diarch does not have them "
			   "yet");
		return false;
	}
	if (strcmp(word, "fwmark") == 0) {
		if (argc < 2) {
			conf_error(walk, argv[0].pos, CONF_SYNTAX, "missing-value", NULL,
				   "fwmark needs a number");
			return false;
		}
		if (!parse_number(walk, "fwmark", UINT32_MAX, &addr.fwmark, &argv[1]))
			return false;
	} else {
		if (!conf_type_endpoint.parse(walk, key, &endpoint, argv, argc))
			return false;
		addr.addr = endpoint.addr;
		addr.port = endpoint.port;
	}
	*(struct vs_addr *)field = addr;
	return true;
}

static void vs_addr_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct vs_addr *addr = field;
	struct conf_endpoint endpoint = { addr->addr, addr->port };

	if (addr->fwmark)
		fprintf(out, "fwmark %" PRIu32, addr->fwmark);
	else
		conf_type_endpoint.print(key, &endpoint, out);
}

static json_t *vs_addr_json(const struct conf_key *key, const void *field)
{
	const struct vs_addr *addr = field;
	struct conf_endpoint endpoint = { addr->addr, addr->port };
	json_t *object;

	if (!addr->fwmark)
		return conf_type_endpoint.json(key, &endpoint);
	object = json_object();
	json_object_set_new(object, "fwmark", json_integer(addr->fwmark));
	return object;
}

static bool vs_addr_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct vs_addr *va = a, *vb = b;

	(void)key;
	return va->fwmark == vb->fwmark && va->port == vb->port &&
	       addr_cmp(&va->addr, &vb->addr) == 0;
}

static const struct conf_type type_vs_addr = {
	.name = "address and port, or fwmark and number",
	.min_args = 1,
	.max_args = 2,
	.parse = vs_addr_parse,
	.print = vs_addr_print,
	.json = vs_addr_json,
	.is_equal = vs_addr_is_equal,
	.json_type = "object",
};

/* ---- NAT | DR | TUN [type T] [port N] [nocsum | csum | remcsum] ---- */

struct name_value {
	const char *name;
	uint8_t value;
};

static const struct name_value fwd_names[] = {
	{ "NAT", IPVS_FWD_MASQ },
	{ "DR", IPVS_FWD_DROUTE },
	{ "TUN", IPVS_FWD_TUNNEL },
	{ NULL, 0 },
};

static const struct name_value tun_names[] = {
	{ "ipip", IPVS_TUN_IPIP },
	{ "gue", IPVS_TUN_GUE },
	{ "gre", IPVS_TUN_GRE },
	{ NULL, 0 },
};

static const struct name_value csum_names[] = {
	{ "nocsum", 0 },
	{ "csum", IPVS_TUN_F_CSUM },
	{ "remcsum", IPVS_TUN_F_REMCSUM },
	{ NULL, 0 },
};

static const struct name_value *find_name(const struct name_value *names, const char *name)
{
	while (names->name && strcmp(names->name, name) != 0)
		names++;
	return names->name ? names : NULL;
}

static const char *name_of(const struct name_value *names, unsigned value)
{
	while (names->name && names->value != value)
		names++;
	return names->name;
}

static bool method_error(struct conf_walk *walk, struct conf_pos pos, const char *text)
{
	conf_error(walk, pos, CONF_VALUE, "bad-lvs-method",
		   "NAT, DR or TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]", "%s", text);
	return false;
}

/* One option of TUN at argv[0]; returns how many words it has, 0 when it is wrong (reported). */
static unsigned parse_tun_option(struct conf_walk *walk, struct lvs_method *method,
				 const struct conf_token *argv, unsigned argc)
{
	const struct name_value *found = find_name(csum_names, argv[0].text);
	uint32_t port;

	if (found) {
		method->tun_flags = found->value;
		return 1;
	}
	if (argc > 1 && strcmp(argv[0].text, "type") == 0) {
		found = find_name(tun_names, argv[1].text);
		if (found) {
			method->tun_type = found->value;
			return 2;
		}
	} else if (argc > 1 && strcmp(argv[0].text, "port") == 0) {
		if (!parse_number(walk, "port", UINT16_MAX, &port, &argv[1]))
			return 0;
		method->tun_port = (uint16_t)port;
		return 2;
	}
	method_error(walk, argv[0].pos, "unknown option of TUN");
	return 0;
}

static bool method_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	const struct name_value *fwd = find_name(fwd_names, argv[0].text);
	struct lvs_method method = { .is_set = true };
	unsigned n;

	(void)key;
	if (!fwd)
		return method_error(walk, argv[0].pos, "unknown forwarding method");
	method.fwd = fwd->value;
	if (argc > 1 && method.fwd != IPVS_FWD_TUNNEL)
		return method_error(walk, argv[1].pos, "only TUN has options");
	for (unsigned i = 1; i < argc; i += n) {
		n = parse_tun_option(walk, &method, &argv[i], argc - i);
		if (n == 0)
			return false;
	}
	if ((method.tun_type == IPVS_TUN_GUE) != (method.tun_port != 0))
		return method_error(walk, argv[0].pos,
				    "type gue needs a port, and only gue has one");
	if (method.tun_type == IPVS_TUN_IPIP && method.tun_flags)
		return method_error(walk, argv[0].pos, "type ipip has no checksum");
	if (method.tun_type == IPVS_TUN_GRE && method.tun_flags == IPVS_TUN_F_REMCSUM)
		return method_error(walk, argv[0].pos, "type gre has no remcsum");
	*(struct lvs_method *)field = method;
	return true;
}

static void method_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct lvs_method *method = field;

	(void)key;
	if (!method->is_set)
		return;
	fputs(name_of(fwd_names, method->fwd), out);
	if (method->tun_type != IPVS_TUN_IPIP)
		fprintf(out, " type %s", name_of(tun_names, method->tun_type));
	if (method->tun_port)
		fprintf(out, " port %u", method->tun_port);
	if (method->tun_flags)
		fprintf(out, " %s", name_of(csum_names, method->tun_flags));
}

static json_t *method_json(const struct conf_key *key, const void *field)
{
	const struct lvs_method *method = field;
	json_t *object;

	(void)key;
	if (!method->is_set)
		return NULL;
	object = json_object();
	json_object_set_new(object, "method", json_string(name_of(fwd_names, method->fwd)));
	if (method->fwd != IPVS_FWD_TUNNEL)
		return object;
	json_object_set_new(object, "type", json_string(name_of(tun_names, method->tun_type)));
	if (method->tun_port)
		json_object_set_new(object, "port", json_integer(method->tun_port));
	json_object_set_new(object, "checksum",
			    json_string(name_of(csum_names, method->tun_flags)));
	return object;
}

static bool method_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct lvs_method *ma = a, *mb = b;

	(void)key;
	return ma->is_set == mb->is_set && ma->fwd == mb->fwd && ma->tun_type == mb->tun_type &&
	       ma->tun_port == mb->tun_port && ma->tun_flags == mb->tun_flags;
}

static const struct conf_type type_method = {
	.name = "forwarding method",
	.min_args = 1,
	.max_args = 255,
	.parse = method_parse,
	.print = method_print,
	.json = method_json,
	.is_equal = method_is_equal,
	.json_type = "object",
};

/* ---- words ---- */

static const struct conf_word protocol_words[] = {
	{ "TCP", IPPROTO_TCP },
	{ "UDP", IPPROTO_UDP },
	{ "SCTP", IPPROTO_SCTP },
	{ NULL, 0 },
};

/* In any case, as keepalived takes it. */
static bool protocol_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			   const struct conf_token *argv, unsigned argc)
{
	struct conf_token token = argv[0];

	for (const struct conf_word *w = key->words; w->name; w++)
		if (strcasecmp(token.text, w->name) == 0)
			token.text = w->name;
	return conf_type_word.parse(walk, key, field, &token, argc);
}

CONF_LIKE(protocol, conf_type_word)

static const struct conf_type type_protocol = {
	.name = "protocol",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(protocol),
	.json_type = "string",
};

static const char *const schedulers[] = { "rr", "wrr", "lc",  "wlc", "lblc", "lblcr", "sh", "mh",
					  "dh", "fo",  "ovf", "sed", "nq",   "twos",  NULL };

static bool scheduler_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			    const struct conf_token *argv, unsigned argc)
{
	for (size_t i = 0; schedulers[i]; i++)
		if (strcmp(argv[0].text, schedulers[i]) == 0)
			return conf_type_str.parse(walk, key, field, argv, argc);
	conf_error(walk, argv[0].pos, CONF_VALUE, "unknown-scheduler",
		   "one of rr wrr lc wlc lblc lblcr sh mh dh fo ovf sed nq twos",
		   "%s: \"%s\" is not a scheduler", key->name, argv[0].text);
	return false;
}

CONF_LIKE(scheduler, conf_type_str)

static const struct conf_type type_scheduler = {
	.name = "scheduler",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(scheduler),
	.json_type = "string",
};

/* ---- persistence ---- */

static bool persistence_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			      const struct conf_token *argv, unsigned argc)
{
	if (argc > 0)
		return conf_type_u32.parse(walk, key, field, argv, argc);
	*(uint32_t *)field = PERSISTENCE_DFLT_S;
	return true;
}

CONF_LIKE(persistence, conf_type_u32)

static const struct conf_type type_persistence = {
	.name = "seconds",
	.max_args = 1,
	CONF_LIKE_MEMBERS(persistence),
	.json_type = "integer",
};

/* A mask of `bits` ones. */
static struct addr mask_make(int family, unsigned bits)
{
	struct addr mask = { .family = (uint8_t)family };

	for (unsigned i = 0; i < bits; i++)
		mask.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return mask;
}

static unsigned mask_bits(const struct addr *mask)
{
	unsigned bits = 0;

	while (bits < addr_len(mask->family) * 8 && (mask->bytes[bits / 8] & (0x80 >> bits % 8)))
		bits++;
	return bits;
}

/* A dotted mask or a prefix length; up to 32 it is an IPv4 mask until vs_resolve() knows better. */
static bool granularity_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			      const struct conf_token *argv, unsigned argc)
{
	uint32_t bits;
	struct addr mask;

	if (strpbrk(argv[0].text, ".:")) {
		if (!conf_type_addr.parse(walk, key, &mask, argv, argc))
			return false;
		if (mask.family == AF_INET && mask.bytes[0] != 0) {
			*(struct addr *)field = mask;
			return true;
		}
		conf_error(walk, argv[0].pos, CONF_VALUE, "bad-mask", "as in 255.255.255.0 or 24",
			   "\"%s\" is neither an IPv4 mask nor a prefix length", argv[0].text);
		return false;
	}
	if (!parse_number(walk, key->name, 128, &bits, &argv[0]))
		return false;
	*(struct addr *)field = mask_make(bits <= 32 ? AF_INET : AF_INET6, bits);
	return true;
}

static void granularity_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct addr *mask = field;

	if (mask->family == AF_INET6)
		fprintf(out, "%u", mask_bits(mask));
	else
		conf_type_addr.print(key, field, out);
}

static json_t *granularity_json(const struct conf_key *key, const void *field)
{
	const struct addr *mask = field;

	return mask->family == AF_INET6 ? json_integer(mask_bits(mask))
					: conf_type_addr.json(key, field);
}

static bool granularity_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	return conf_type_addr.is_equal(key, a, b);
}

static const struct conf_type type_granularity = {
	.name = "netmask or prefix length",
	.min_args = 1,
	.max_args = 1,
	.parse = granularity_parse,
	.print = granularity_print,
	.json = granularity_json,
	.is_equal = granularity_is_equal,
	.json_type = "string",
};

/* ---- rows that virtual and real servers share ---- */

#define LIVE      .apply = CONF_APPLY_LIVE
#define INSTANCE  .apply = CONF_APPLY_INSTANCE
#define NO_EFFECT .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT
#define INHERIT   .apply = CONF_APPLY_LIVE, .flags = CONF_INHERIT

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
		K_STR("virtualhost", s, virtualhost, INHERIT,                                      \
		      .help = "Host header of HTTP checks inside."),                               \
		K_FLAG("inhibit_on_failure", s, inhibit_on_failure, INHERIT,                       \
		       .help = "Give a failed server weight 0 instead of removing it."),           \
		K_FLAG("alpha", s, alpha, INHERIT,                                                 \
		       .help = "Count servers as failed until their checks succeed.")

/* ---- real_server ---- */

#define RS struct rs_conf

static const struct conf_key rs_args[] = {
	K_ENDPOINT("address", RS, endpoint, INSTANCE,
		   .help = "Address and port; without port, or with DR and TUN, the port of the "
			   "service."),
	K_END,
};

static const struct conf_key rs_keys[] = {
	K_I64("weight", RS, weight, 0, INT32_MAX, .dflt = 1, INHERIT,
	      .help = "Share of the traffic relative to the other servers; 0 takes no new "
		      "connections."),
	K_CUSTOM("lvs_method", &type_method, RS, lvs_method, struct lvs_method, .dflt_text = "NAT",
		 INHERIT, .help = "Forwarding method: NAT, DR or TUN with its options."),
	K_CUSTOM("lb_kind", &type_method, RS, lvs_method, struct lvs_method,
		 .alias_of = "lvs_method", .help = "The same as lvs_method."),
	K_U32("uthreshold", RS, uthreshold, 0, UINT32_MAX, LIVE,
	      .help = "Connections above which the server gets no new ones; 0 is no limit."),
	K_U32("lthreshold", RS, lthreshold, 0, UINT32_MAX, LIVE,
	      .help = "Connections below which the server gets new ones again."),
	K_SCRIPT("notify_up", RS, notify_up, LIVE,
		 .help = "Command to run when the server comes up."),
	K_SCRIPT("notify_down", RS, notify_down, LIVE,
		 .help = "Command to run when the server goes down."),
	CHECK_DEFAULTS(RS),
	K_SECS("delay_loop", RS, delay_loop_us, 1, TIME_MAX_US, .dflt = 60 * US_PER_S, INHERIT,
	       .help = "Time between runs of checks inside."),
	K_BOOL("smtp_alert", RS, smtp_alert, NO_EFFECT, .help = "Send mail on changes of state."),
	K_STR("snmp_name", RS, snmp_name, NO_EFFECT, .help = "Name shown by SNMP."),
	K_END,
};

static const struct conf_block *const rs_blocks[] = {
	&tcp_check_block,
	&http_get_block,
	&ssl_get_block,
	&misc_check_block,
	&smtp_check_block,
	&dns_check_block,
	&udp_check_block,
	&ping_check_block,
	&file_check_block,
	&bfd_check_block,
	NULL,
};

static const struct conf_block rs_block = {
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

static const struct conf_word family_words[] = { { "inet", AF_INET },
						 { "inet6", AF_INET6 },
						 { NULL, 0 } };

static const struct conf_key vs_args[] = {
	K_CUSTOM("address", &type_vs_addr, VS, addr, struct vs_addr, INSTANCE,
		 .help = "Address and port of the service, or fwmark and number."),
	K_END,
};

static const struct conf_key vs_keys[] = {
	K_CUSTOM("protocol", &type_protocol, VS, protocol, int, .words = protocol_words,
		 .dflt = IPPROTO_UDP, INSTANCE,
		 .help = "TCP, UDP or SCTP; without it UDP, which is seldom meant."),
	K_WORD("ip_family", VS, ip_family, family_words, INSTANCE,
	       .help = "Family of a fwmark service, inet or inet6; default that of its servers."),
	K_CUSTOM("lvs_sched", &type_scheduler, VS, lvs_sched, const char *, .dflt_text = "wlc",
		 LIVE,
		 .help = "Scheduler: rr, wrr, lc, wlc, lblc, lblcr, sh, mh, dh, fo, ovf, sed, nq "
			 "or twos."),
	K_CUSTOM("lb_algo", &type_scheduler, VS, lvs_sched, const char *, .alias_of = "lvs_sched",
		 .help = "The same as lvs_sched."),
	K_CUSTOM("lvs_method", &type_method, VS, lvs_method, struct lvs_method, .dflt_text = "NAT",
		 INHERIT,
		 .help = "Forwarding method of the servers: NAT, DR or TUN with its options."),
	K_CUSTOM("lb_kind", &type_method, VS, lvs_method, struct lvs_method,
		 .alias_of = "lvs_method", .help = "The same as lvs_method."),
	K_CUSTOM("persistence_timeout", &type_persistence, VS, persistence_timeout_s, uint32_t,
		 .max = IPVS_TIMEOUT_MAX_S, LIVE,
		 .help = "Seconds for which a client stays with its server; without number 360, 0 "
			 "is off."),
	K_CUSTOM("persistence_granularity", &type_granularity, VS, persistence_granularity,
		 struct addr, LIVE,
		 .help = "Clients with the same address under this mask, or of this prefix length, "
			 "count as one."),
	K_FLAG("ops", VS, ops, LIVE, .help = "Schedule each packet by itself; only UDP."),
	K_I64("quorum", VS, quorum, 1, INT32_MAX, .dflt = 1, LIVE,
	      .help = "Weight of working servers that the service needs."),
	K_I64("hysteresis", VS, hysteresis, 0, INT32_MAX, LIVE,
	      .help = "Weight above and below the quorum at which the service comes up and goes "
		      "down."),
	K_SCRIPT("quorum_up", VS, quorum_up, LIVE,
		 .help = "Command to run when the quorum is gained."),
	K_SCRIPT("quorum_down", VS, quorum_down, LIVE,
		 .help = "Command to run when the quorum is lost."),
	K_I64("weight", VS, weight, 1, INT32_MAX, .dflt = 1, LIVE,
	      .help = "Weight of servers that name none."),
	K_ENDPOINT("sorry_server", VS, sorry_server, LIVE,
		   .help = "Server for all traffic while the quorum is lost; default port that of "
			   "the service."),
	K_FLAG("sorry_server_inhibit", VS, sorry_server_inhibit, LIVE,
	       .help = "Keep the sorry server with weight 0 instead of removing it."),
	K_CUSTOM("sorry_server_lvs_method", &type_method, VS, sorry_server_lvs_method,
		 struct lvs_method, LIVE,
		 .help = "Forwarding method of the sorry server; default lvs_method."),
	K_FLAG("omega", VS, omega, NO_EFFECT,
	       .help = "Run notify_down and quorum_down when diarch stops."),
	CHECK_DEFAULTS(VS),
	K_SECS("delay_loop", VS, delay_loop_us, 1, TIME_MAX_US, .dflt = 60 * US_PER_S, LIVE,
	       .help = "Time between runs of checks inside."),

	/* no effect yet */
	K_FLAG("ha_suspend", VS, idle.ha_suspend, NO_EFFECT,
	       .help = "Check only while the address is on this host."),
	K_FLAG("hashed", VS, idle.hashed, NO_EFFECT, .help = "Means nothing in keepalived either."),
	K_FLAG("flag-1", VS, idle.flag_1, NO_EFFECT, .help = "First flag of the scheduler."),
	K_FLAG("flag-2", VS, idle.flag_2, NO_EFFECT, .help = "Second flag of the scheduler."),
	K_FLAG("flag-3", VS, idle.flag_3, NO_EFFECT, .help = "Third flag of the scheduler."),
	K_FLAG("sh-port", VS, idle.sh_port, NO_EFFECT, .help = "Let sh hash the port too."),
	K_FLAG("sh-fallback", VS, idle.sh_fallback, NO_EFFECT,
	       .help = "Let sh pass over servers that take nothing."),
	K_FLAG("mh-port", VS, idle.mh_port, NO_EFFECT, .help = "Let mh hash the port too."),
	K_FLAG("mh-fallback", VS, idle.mh_fallback, NO_EFFECT,
	       .help = "Let mh pass over servers that take nothing."),
	K_BOOL("smtp_alert", VS, idle.smtp_alert, NO_EFFECT,
	       .help = "Send mail on changes of the quorum."),
	K_STR("snmp_name", VS, idle.snmp_name, NO_EFFECT, .help = "Name shown by SNMP."),

	/* refused */
	K_UNBUILT("persistence_engine", VS,
		  .help = "Kernel module that finds the client in the packets."),
	K_END,
};

/* What keepalived assumes, too, but what is seldom meant. */
static void warn_implied(struct conf_walk *walk, const struct vs_conf *vs)
{
	const struct conf_obj *obj = &vs->obj;

	if (vs->addr.fwmark == 0 && !conf_is_set(obj, "protocol", NULL))
		conf_warning(walk, obj->pos, CONF_SEMANTIC, "implied-udp",
			     "write \"protocol TCP\" or \"protocol UDP\"",
			     "virtual_server without protocol: UDP is used");
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

	unbuilt_finish(walk, obj);
	if (vs->real_servers.n == 0) {
		conf_warning(walk, obj->pos, CONF_SEMANTIC, "no-real-server", NULL,
			     "virtual_server without real_server is left out");
		return false;
	}
	warn_implied(walk, vs);
	return true;
}

/* ---- derived values ---- */

int vs_family(const struct vs_conf *vs)
{
	const struct rs_conf *first = (const struct rs_conf *)vs->real_servers.head;

	if (vs->addr.fwmark == 0)
		return vs->addr.addr.family;
	if (vs->ip_family != 0)
		return vs->ip_family;
	return first ? first->endpoint.addr.family : AF_INET;
}

uint16_t rs_port(const struct vs_conf *vs, const struct rs_conf *rs)
{
	if (rs->lvs_method.fwd != IPVS_FWD_MASQ || rs->endpoint.port == 0)
		return vs->addr.port;
	return rs->endpoint.port;
}

bool vs_key(const struct vs_conf *vs, struct ipvs_svc_key *key)
{
	if (vs->addr.group)
		return false;
	*key = (struct ipvs_svc_key){
		.family = (uint8_t)vs_family(vs),
		.protocol = vs->addr.fwmark ? 0 : (uint8_t)vs->protocol,
		.port = vs->addr.port,
		.fwmark = vs->addr.fwmark,
		.addr = vs->addr.addr,
	};
	return true;
}

static void resolve_persistence(struct conf_walk *walk, struct vs_conf *vs)
{
	struct addr *mask = &vs->persistence_granularity;

	if (vs->persistence_timeout_s == 0 && !addr_is_unset(mask))
		vs->persistence_timeout_s = PERSISTENCE_DFLT_S;
	if (vs->persistence_timeout_s == 0 && vs->addr.fwmark == 0 && vs->addr.port == 0) {
		vs->persistence_timeout_s = PERSISTENCE_DFLT_S;
		conf_warning(walk, vs->obj.pos, CONF_SEMANTIC, "implied-persistence",
			     "write a port or a persistence_timeout",
			     "a service for all ports must be persistent; %d seconds are used",
			     PERSISTENCE_DFLT_S);
	}
	if (mask->family == AF_INET && vs_family(vs) == AF_INET6)
		*mask = mask_make(AF_INET6, mask_bits(mask));
}

/* Where packets keep their port, a server cannot listen on another one. */
static void resolve_port(struct conf_walk *walk, const struct vs_conf *vs, struct rs_conf *rs)
{
	const char *fwd = name_of(fwd_names, rs->lvs_method.fwd);

	if (rs->endpoint.port == 0 || rs->endpoint.port == rs_port(vs, rs))
		return;
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

static void resolve_quorum(struct conf_walk *walk, struct vs_conf *vs)
{
	const struct rs_conf *rs;
	int64_t weight = 0;

	conf_list_for_each (rs, &vs->real_servers)
		weight += rs->weight;
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

static void vs_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	struct vs_conf *vs = (struct vs_conf *)obj;
	struct rs_conf *rs;
	struct conf_pos pos;

	if (vs->addr.fwmark && conf_is_set(obj, "protocol", &pos))
		conf_warning(walk, pos, CONF_SEMANTIC, "fwmark-protocol", NULL,
			     "a fwmark service takes every protocol; \"protocol\" is left out");
	if (vs->ops && vs->addr.fwmark == 0 && vs->protocol != IPPROTO_UDP) {
		conf_warning(walk, rule_pos(obj, "ops"), CONF_SEMANTIC, "ops-cleared", NULL,
			     "ops works with UDP only and is left out");
		vs->ops = false;
	}
	resolve_sorry(vs);
	resolve_persistence(walk, vs);
	conf_list_for_each (rs, &vs->real_servers)
		resolve_port(walk, vs, rs);
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
