/*
 * Value types of virtual and real servers with a syntax of their own. The parent runs it while it
 * loads a file; the checker child when it decodes what the parent loaded.
 */
#include "check/service_type.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "lib/conf_like.h"

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
		if (argc < 2) {
			conf_error(walk, argv[0].pos, CONF_SYNTAX, "missing-value", NULL,
				   "group needs a name");
			return false;
		}
		addr.group = conf_strdup(walk, argv[1].text);
	} else if (strcmp(word, "fwmark") == 0) {
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

	if (addr->group) {
		fputs("group ", out);
		conf_print_word(out, addr->group);
	} else if (addr->fwmark) {
		fprintf(out, "fwmark %" PRIu32, addr->fwmark);
	} else {
		conf_type_endpoint.print(key, &endpoint, out);
	}
}

static json_t *vs_addr_json(const struct conf_key *key, const void *field)
{
	const struct vs_addr *addr = field;
	struct conf_endpoint endpoint = { addr->addr, addr->port };
	json_t *object;

	if (!addr->fwmark && !addr->group)
		return conf_type_endpoint.json(key, &endpoint);
	object = json_object();
	if (addr->group)
		json_object_set_new(object, "group", conf_json_string(addr->group));
	else
		json_object_set_new(object, "fwmark", json_integer(addr->fwmark));
	return object;
}

static bool vs_addr_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct vs_addr *va = a, *vb = b;

	if (va->group || vb->group)
		return conf_type_str.is_equal(key, &va->group, &vb->group);
	return va->fwmark == vb->fwmark && va->port == vb->port &&
	       addr_cmp(&va->addr, &vb->addr) == 0;
}

const struct conf_type service_type_address = {
	.name = "address and port, fwmark and number, or group and name",
	.min_args = 1,
	.max_args = 2,
	.parse = vs_addr_parse,
	.print = vs_addr_print,
	.json = vs_addr_json,
	.is_equal = vs_addr_is_equal,
	.json_type = "object",
};

/* ---- IP [PORT] | HOST [PORT] ---- */

enum { HOST_LABEL_MAX = 63, HOST_NAME_MAX = 253 };

#define DIGITS     "0123456789"
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_" DIGITS

/* What is wrong with a label of `len` bytes of a host name (RFC 1123 2.1), or NULL. Underscores are
 * no part of it and yet in use. */
static const char *label_fault(const char *label, size_t len)
{
	if (len == 0)
		return "has an empty label";
	if (len > HOST_LABEL_MAX)
		return "has a label of more than 63 characters";
	if (strspn(label, HOST_CHARS) < len)
		return "has a character that is not a letter, digit or hyphen";
	if (label[0] == '-' || label[len - 1] == '-')
		return "has a label that begins or ends with a hyphen";
	return NULL;
}

/* What is wrong with a host name, or NULL. A dot at its end keeps search domains away. */
static const char *host_fault(const char *host)
{
	const char *fault;
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len > HOST_NAME_MAX)
		return "is longer than 253 characters";
	do {
		len = strcspn(host, ".");
		fault = label_fault(host, len);
		host += len + (host[len] == '.');
	} while (!fault && *host);
	return fault;
}

/* Whether somebody meant an address: nothing but a wrong one begins with three numbers, or ends
 * with a number (RFC 1123 2.1), or has a slash or several colons. */
static bool is_like_address(const char *text)
{
	const char *last = strrchr(text, '.');
	unsigned numbers = 0;
	size_t len;

	if (strchr(text, '/') || strchr(text, ':') != strrchr(text, ':'))
		return true;
	last = last ? last + 1 : text;
	if (*last && last[strspn(last, DIGITS)] == '\0')
		return true;
	while ((len = strspn(text, DIGITS)) > 0 && text[len] == '.') {
		text += len + 1;
		numbers++;
	}
	return numbers >= 3;
}

static bool server_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	struct conf_token words[2] = { argv[0], argv[argc > 1] };
	struct conf_endpoint endpoint;
	const char *host = argv[0].text, *fault;
	struct addr addr;

	if (addr_parse(host, &addr) || is_like_address(host)) {
		host = NULL;
	} else {
		fault = host_fault(host);
		if (fault) {
			conf_error(walk, argv[0].pos, CONF_VALUE, "bad-host-name",
				   strchr(host, ':') ? "the port stands behind a blank, not a colon"
						     : "an IPv4 or IPv6 address or the name of a "
						       "host is expected",
				   "%s: \"%s\" %s", key->name, host, fault);
			return false;
		}
		words[0].text = "0.0.0.0"; /* for the port */
	}
	if (!conf_type_endpoint.parse(walk, key, &endpoint, words, argc))
		return false;
	*(struct server_addr *)field = (struct server_addr){ .port = endpoint.port };
	if (host)
		((struct server_addr *)field)->host = conf_strdup(walk, host);
	else
		((struct server_addr *)field)->addr = endpoint.addr;
	return true;
}

static void server_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct server_addr *server = field;
	const struct conf_endpoint endpoint = { server->addr, server->port };

	if (!server->host) {
		conf_type_endpoint.print(key, &endpoint, out);
		return;
	}
	fputs(server->host, out);
	if (server->port)
		fprintf(out, " %u", server->port);
}

static json_t *server_json(const struct conf_key *key, const void *field)
{
	const struct server_addr *server = field;
	const struct conf_endpoint endpoint = { server->addr, server->port };
	json_t *object;

	if (!server->host)
		return conf_type_endpoint.json(key, &endpoint);
	object = json_object();
	json_object_set_new(object, "host", json_string(server->host));
	if (server->port)
		json_object_set_new(object, "port", json_integer(server->port));
	return object;
}

static bool server_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct server_addr *x = a, *y = b;

	return addr_cmp(&x->addr, &y->addr) == 0 && x->port == y->port &&
	       conf_type_str.is_equal(key, &x->host, &y->host);
}

const struct conf_type service_type_server = {
	.name = "address or host name, and port",
	.min_args = 1,
	.max_args = 2,
	.parse = server_parse,
	.print = server_print,
	.json = server_json,
	.is_equal = server_is_equal,
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
		return method_error(walk, argv[0].pos,
				    "unknown forwarding method; the names are in capital letters");
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

const struct conf_type service_type_method = {
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

const struct conf_word service_protocols[] = {
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

const struct conf_type service_type_protocol = {
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

const struct conf_type service_type_scheduler = {
	.name = "scheduler",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(scheduler),
	.json_type = "string",
};

/* ---- persistence ---- */

/* Longer names are cut, as keepalived does; the kernel has none. */
static bool engine_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	enum { LEN_MAX = IPVS_PE_MAX - 1 };
	struct conf_token token = argv[0];
	char name[IPVS_PE_MAX] = "";

	if (strlen(token.text) > LEN_MAX) {
		memcpy(name, token.text, LEN_MAX);
		conf_warning(walk, token.pos, CONF_VALUE, "name-cut", NULL,
			     "%s: a name has at most %d bytes; \"%s\" is used", key->name, LEN_MAX,
			     name);
		token.text = name;
	}
	return conf_type_str.parse(walk, key, field, &token, argc);
}

CONF_LIKE(engine, conf_type_str)

const struct conf_type service_type_engine = {
	.name = "name",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(engine),
	.json_type = "string",
};

static bool persistence_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			      const struct conf_token *argv, unsigned argc)
{
	if (argc > 0)
		return conf_type_u32.parse(walk, key, field, argv, argc);
	*(uint32_t *)field = SERVICE_PERSISTENCE_S;
	return true;
}

CONF_LIKE(persistence, conf_type_u32)

const struct conf_type service_type_persistence = {
	.name = "seconds",
	.max_args = 1,
	CONF_LIKE_MEMBERS(persistence),
	.json_type = "integer",
};

struct addr service_mask(int family, unsigned bits)
{
	struct addr mask = { .family = (uint8_t)family };

	for (unsigned i = 0; i < bits; i++)
		mask.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return mask;
}

unsigned service_mask_len(const struct addr *mask)
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
	*(struct addr *)field = service_mask(bits <= 32 ? AF_INET : AF_INET6, bits);
	return true;
}

static void granularity_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct addr *mask = field;

	if (mask->family == AF_INET6)
		fprintf(out, "%u", service_mask_len(mask));
	else
		conf_type_addr.print(key, field, out);
}

static json_t *granularity_json(const struct conf_key *key, const void *field)
{
	const struct addr *mask = field;

	return mask->family == AF_INET6 ? json_integer(service_mask_len(mask))
					: conf_type_addr.json(key, field);
}

static bool granularity_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	return conf_type_addr.is_equal(key, a, b);
}

const struct conf_type service_type_granularity = {
	.name = "netmask or prefix length",
	.min_args = 1,
	.max_args = 1,
	.parse = granularity_parse,
	.print = granularity_print,
	.json = granularity_json,
	.is_equal = granularity_is_equal,
	.json_type = "integer|string",
};

const char *service_method_name(const struct lvs_method *method)
{
	return name_of(fwd_names, method->fwd);
}
