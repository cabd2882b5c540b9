/*
 * Value types that only global_defs needs. The parent runs it while it loads a file; children when
 * they decode what the parent loaded.
 */
#include "lib/global_type.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/conf_like.h"
#include "lib/conf_words.h"

#define COMM_MAX  15
#define UMASK_MAX 0777

/* ---- process names ---- */

static bool comm_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	char cut[COMM_MAX + 1] = "";
	struct conf_token token = argv[0];

	if (strlen(token.text) > COMM_MAX) {
		conf_warning(walk, token.pos, CONF_VALUE, "adjusted", NULL,
			     "%s: only the first %d bytes count", key->name, COMM_MAX);
		memcpy(cut, token.text, COMM_MAX);
		token.text = cut;
	}
	return conf_type_str.parse(walk, key, field, &token, argc);
}

CONF_LIKE(comm, conf_type_str)

const struct conf_type global_type_comm = {
	.name = "name",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(comm),
	.json_type = "string",
};

/* ---- max_auto_priority [PRIORITY] ---- */

static bool auto_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	if (argc > 0)
		return conf_type_i64.parse(walk, key, field, argv, argc);
	*(int64_t *)field = key->max;
	return true;
}

CONF_LIKE(auto, conf_type_i64)

const struct conf_type global_type_auto_priority = {
	.name = "priority",
	.max_args = 1,
	CONF_LIKE_MEMBERS(auto),
	.json_type = "integer",
};

/* ---- umask NUMBER|BIT[|BIT] ---- */

/* The bits of a name such as IRGRP or IRWXO; 0 when it is none. */
static uint32_t umask_bits(const char *name, size_t len)
{
	static const struct {
		const char *name;
		uint32_t bits;
	} who[] = { { "USR", 6 }, { "U", 6 }, { "GRP", 3 }, { "G", 3 }, { "OTH", 0 }, { "O", 0 } };
	uint32_t bits = 0;
	size_t at = 1;

	if (len < 3 || name[0] != 'I')
		return 0;
	for (; at < len && strchr("RWX", name[at]); at++)
		bits |= name[at] == 'R' ? 4 : name[at] == 'W' ? 2 : 1;
	for (size_t i = 0; i < sizeof(who) / sizeof(who[0]); i++)
		if (strlen(who[i].name) == len - at &&
		    strncmp(name + at, who[i].name, len - at) == 0)
			return bits << who[i].bits;
	return 0;
}

/* UINT32_MAX when the text is malformed. */
static uint32_t umask_of(const char *text)
{
	uint32_t mask = 0, bits;
	char *end;

	if (text[0] >= '0' && text[0] <= '9') {
		unsigned long value = strtoul(text, &end, 0);

		return *end || value > UMASK_MAX ? UINT32_MAX : (uint32_t)value;
	}
	for (;; text++) {
		size_t len = strcspn(text, "|");

		bits = umask_bits(text, len);
		if (bits == 0)
			return UINT32_MAX;
		mask |= bits;
		text += len;
		if (!*text)
			return mask;
	}
}

static bool umask_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	uint32_t mask = umask_of(argv[0].text);

	(void)argc;
	if (mask == UINT32_MAX) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-value",
			   "0177, 0x7f, or names such as IRWXG|IROTH", "%s: \"%s\" is not a mask",
			   key->name, argv[0].text);
		return false;
	}
	*(uint32_t *)field = mask;
	return true;
}

static void umask_print(const struct conf_key *key, const void *field, FILE *out)
{
	(void)key;
	fprintf(out, "0%" PRIo32, *(const uint32_t *)field);
}

static json_t *umask_json(const struct conf_key *key, const void *field)
{
	(void)key;
	return json_integer(*(const uint32_t *)field);
}

static bool umask_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const uint32_t *)a == *(const uint32_t *)b;
}

static void umask_set_default(const struct conf_key *key, void *field)
{
	*(uint32_t *)field = (uint32_t)key->dflt;
}

const struct conf_type global_type_umask = {
	.name = "mask",
	.min_args = 1,
	.max_args = 1,
	.parse = umask_parse,
	.print = umask_print,
	.json = umask_json,
	.is_equal = umask_is_equal,
	.set_default = umask_set_default,
	.json_type = "integer",
};

/* ---- vrrp_rx_bufs_policy MTU|ADVERT|BYTES ---- */

static bool bufs_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	int64_t value = strcasecmp(argv[0].text, "MTU") == 0      ? GLOBAL_BUFS_MTU
			: strcasecmp(argv[0].text, "ADVERT") == 0 ? GLOBAL_BUFS_ADVERT
								  : 0;

	if (value == 0 && !strchr("0123456789+-", argv[0].text[0])) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "unknown-word", NULL,
			   "%s: MTU, ADVERT or a number of bytes is expected, not \"%s\"",
			   key->name, argv[0].text);
		return false;
	}
	if (value == 0)
		return conf_type_i64.parse(walk, key, field, argv, argc);
	*(int64_t *)field = value;
	return true;
}

static void bufs_print(const struct conf_key *key, const void *field, FILE *out)
{
	int64_t value = *(const int64_t *)field;

	(void)key;
	if (value > 0)
		fprintf(out, "%" PRId64, value);
	else if (value < 0)
		fputs(value == GLOBAL_BUFS_MTU ? "MTU" : "ADVERT", out);
}

static json_t *bufs_json(const struct conf_key *key, const void *field)
{
	int64_t value = *(const int64_t *)field;

	(void)key;
	if (value == 0)
		return NULL;
	return json_sprintf(value == GLOBAL_BUFS_MTU      ? "MTU"
			    : value == GLOBAL_BUFS_ADVERT ? "ADVERT"
							  : "%" PRId64,
			    value);
}

static bool bufs_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const int64_t *)a == *(const int64_t *)b;
}

const struct conf_type global_type_bufs = {
	.name = "MTU, ADVERT or bytes",
	.min_args = 1,
	.max_args = 1,
	.parse = bufs_parse,
	.print = bufs_print,
	.json = bufs_json,
	.is_equal = bufs_is_equal,
	.json_type = "string",
};

/* ---- include_check [[+|-]WORD]... ---- */

static bool is_include_word(const char *text)
{
	static const char *const words[] = { "read", "readable", "match", "wildcard_match",
					     "brace_match" };

	text += *text == '+' || *text == '-';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static bool include_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			  const struct conf_token *argv, unsigned argc)
{
	for (unsigned i = 0; i < argc; i++) {
		if (is_include_word(argv[i].text))
			continue;
		conf_error(walk, argv[i].pos, CONF_VALUE, "unknown-word",
			   "read, match, wildcard_match or brace_match, perhaps with + or -",
			   "%s: unknown word \"%s\"", key->name, argv[i].text);
		return false;
	}
	return conf_type_opt_words.parse(walk, key, field, argv, argc);
}

CONF_LIKE(include, conf_type_opt_words)

const struct conf_type global_type_include = {
	.name = "words",
	.max_args = 255,
	CONF_LIKE_MEMBERS(include),
	.json_type = "array",
};

/* ---- values made of rows ---- */

#define BARE .flags = CONF_BARE

const struct conf_key opt_name_parts[] = {
	K_STR("name", struct opt_name_conf, name, BARE, .help = "The name."),
	K_END,
};

#define S struct smtp_server_conf
const struct conf_key smtp_server_parts[] = {
	K_STR("host", S, host, BARE, .help = "Name or address."),
	K_U16("port", S, port, 1, UINT16_MAX, BARE, .help = "Port."),
	K_END,
};

#define F struct fifo_path_conf
const struct conf_key fifo_parts[] = {
	K_STR("path", F, path, BARE, .help = "The FIFO."),
	K_STR("user", F, user, BARE, .help = "Its owner."),
	K_STR("group", F, group, BARE, .help = "Its group."),
	K_END,
};

const struct conf_key dynamic_parts[] = {
	K_FLAG("allow_if_changes", struct dynamic_conf, allow_if_changes,
	       .help = "An interface may become another one."),
	K_END,
};

#define C struct chains_conf
const struct conf_key chains_parts[] = {
	K_STR("in", C, in, BARE, .help = "Chain for input."),
	K_STR("out", C, out, BARE, .help = "Chain for output."),
	K_END,
};

#define I struct ipsets_conf
const struct conf_key ipsets_parts[] = {
	K_STR("ipv4", I, ipv4, BARE, .help = "IPv4 addresses."),
	K_STR("ipv6", I, ipv6, BARE, .help = "IPv6 addresses."),
	K_STR("ipv6_if", I, ipv6_if, BARE, .help = "IPv6 addresses with interface."),
	K_STR("igmp", I, igmp, BARE, .help = "Interfaces without IGMP."),
	K_STR("mld", I, mld, BARE, .help = "Interfaces without MLD."),
	K_STR("nd", I, nd, BARE, .help = "Neighbour discovery."),
	K_END,
};

#define T             struct lvs_timeouts_conf
#define TIMEOUT_MAX_S 2678400
const struct conf_key lvs_timeouts_parts[] = {
	K_U32("tcp", T, tcp_s, 0, TIMEOUT_MAX_S, .help = "Of TCP."),
	K_U32("tcpfin", T, tcpfin_s, 0, TIMEOUT_MAX_S, .help = "Of TCP after FIN."),
	K_U32("udp", T, udp_s, 0, TIMEOUT_MAX_S, .help = "Of UDP."),
	K_END,
};

#define D struct sync_daemon_conf
const struct conf_key sync_daemon_parts[] = {
	K_CUSTOM("interface", &conf_type_ifname, D, interface, const char *, BARE,
		 .help = "Interface to send on."),
	K_STR("inst", D, inst, .help = "Instance whose state decides who sends."),
	K_STR("instance", D, inst, BARE, .alias_of = "inst", .help = "The same by its place."),
	K_U8("id", D, id, 0, 255, .help = "Number of the pair."),
	K_U8("number", D, id, 0, 255, BARE, .alias_of = "id", .help = "The same by its place."),
	K_U32("maxlen", D, maxlen, 1, 65507, .help = "Longest packet."),
	K_U16("port", D, port, 1, UINT16_MAX, .help = "Port."),
	K_U8("ttl", D, ttl, 1, 255, .help = "TTL."),
	K_CUSTOM("group", &conf_type_mcast, D, group, struct addr, .help = "Multicast group."),
	K_END,
};
