/*
 * The value types that hold addresses: address, address with port, address with prefix length.
 *
 * Pure apart from diagnostics; used wherever tables are.
 */
#include "lib/conf_private.h"

#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535, NUMBER_TEXT_MAX = 8 };

/* What comes closest to an address is one with a port behind a colon. */
static const char *address_hint(const char *text)
{
	const char *colon = strrchr(text, ':');
	char before[ADDR_STR_MAX];
	struct addr addr;

	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(before))
		return "an IPv4 or IPv6 address is expected";
	snprintf(before, sizeof(before), "%.*s", (int)(colon - text), text);
	if (*text == '[' && before[strlen(before) - 1] == ']')
		return "an address without brackets, a blank and the port are expected";
	return addr_parse(before, &addr) && addr.family == AF_INET
		       ? "the port stands behind a blank, not a colon"
		       : "an IPv4 or IPv6 address is expected";
}

static bool read_addr(struct conf_walk *walk, const struct conf_key *key,
		      const struct conf_token *word, const char *text, struct addr *addr)
{
	if (addr_parse(text, addr))
		return true;
	conf_error(walk, word->pos, CONF_VALUE, "invalid-address", address_hint(text),
		   "%s: \"%s\" is not an address", key->name, text);
	return false;
}

/* Decimal number of 0..max that is all of `text`; -1 when it is not. */
static int read_small(const char *text, int max)
{
	size_t len = strspn(text, "0123456789");
	long value;

	if (len == 0 || len >= NUMBER_TEXT_MAX || text[len])
		return -1;
	value = strtol(text, NULL, 10);
	return value <= max ? (int)value : -1;
}

static void put_addr(const struct addr *addr, FILE *out)
{
	char text[ADDR_STR_MAX];

	fputs(addr_str(addr, text), out);
}

static json_t *addr_to_json(const struct addr *addr)
{
	char text[ADDR_STR_MAX];

	return json_string(addr_str(addr, text));
}

/* ---- address ---- */

static bool parse_addr(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	(void)argc;
	return read_addr(walk, key, &argv[0], argv[0].text, field);
}

static void print_addr(const struct conf_key *key, const void *field, FILE *out)
{
	(void)key;
	if (!addr_is_unset(field))
		put_addr(field, out);
}

static json_t *json_addr(const struct conf_key *key, const void *field)
{
	(void)key;
	return addr_is_unset(field) ? NULL : addr_to_json(field);
}

static bool equal_addr(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return addr_cmp(a, b) == 0;
}

const struct conf_type conf_type_addr = {
	.name = "address",
	.min_args = 1,
	.max_args = 1,
	.parse = parse_addr,
	.print = print_addr,
	.json = json_addr,
	.is_equal = equal_addr,
	.json_type = "string",
};

/* ---- address and port ---- */

static bool parse_endpoint(struct conf_walk *walk, const struct conf_key *key, void *field,
			   const struct conf_token *argv, unsigned argc)
{
	struct conf_endpoint value = { 0 };
	int port = argc > 1 ? read_small(argv[1].text, PORT_MAX) : 0;

	if (!read_addr(walk, key, &argv[0], argv[0].text, &value.addr))
		return false;
	if (port < 0) {
		conf_error(walk, argv[1].pos, CONF_VALUE, "invalid-port",
			   "a number of 1 to 65535 is expected; names of services are not",
			   "%s: \"%s\" is not a port", key->name, argv[1].text);
		return false;
	}
	value.port = (uint16_t)port;
	*(struct conf_endpoint *)field = value;
	return true;
}

static void print_endpoint(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_endpoint *value = field;

	print_addr(key, &value->addr, out);
	if (!addr_is_unset(&value->addr) && value->port)
		fprintf(out, " %u", value->port);
}

static json_t *json_endpoint(const struct conf_key *key, const void *field)
{
	const struct conf_endpoint *value = field;
	json_t *json;

	(void)key;
	if (addr_is_unset(&value->addr))
		return NULL;
	json = json_object();
	json_object_set_new(json, "address", addr_to_json(&value->addr));
	if (value->port)
		json_object_set_new(json, "port", json_integer(value->port));
	return json;
}

static bool equal_endpoint(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_endpoint *x = a, *y = b;

	(void)key;
	return addr_cmp(&x->addr, &y->addr) == 0 && x->port == y->port;
}

static bool accepts_port(const struct conf_token *word)
{
	return word->text[0] >= '0' && word->text[0] <= '9';
}

const struct conf_type conf_type_endpoint = {
	.name = "address [port]",
	.min_args = 1,
	.max_args = 2,
	.parse = parse_endpoint,
	.print = print_endpoint,
	.json = json_endpoint,
	.is_equal = equal_endpoint,
	.accepts = accepts_port,
	.json_type = "object",
};

/* ---- address and prefix length ---- */

static bool parse_prefix(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	const char *slash = strchr(argv[0].text, '/');
	size_t n = slash ? (size_t)(slash - argv[0].text) : strlen(argv[0].text);
	char text[ADDR_STR_MAX] = "";
	struct conf_prefix value;
	int len, max;

	(void)argc;
	/* A text that does not fit is no address; it is then named as it stands in the file. */
	if (slash && n < sizeof(text))
		memcpy(text, argv[0].text, n);
	if (!read_addr(walk, key, &argv[0], text[0] ? text : argv[0].text, &value.addr))
		return false;
	max = 8 * (int)addr_len(value.addr.family);
	len = slash ? read_small(slash + 1, max) : max;
	if (len < 0) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-prefix", NULL,
			   "%s: the prefix length \"%s\" is not a number of 0 to %d", key->name,
			   slash + 1, max);
		return false;
	}
	value.len = (uint8_t)len;
	*(struct conf_prefix *)field = value;
	return true;
}

static void print_prefix(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_prefix *value = field;

	print_addr(key, &value->addr, out);
	if (!addr_is_unset(&value->addr))
		fprintf(out, "/%u", value->len);
}

static json_t *json_prefix(const struct conf_key *key, const void *field)
{
	const struct conf_prefix *value = field;
	char text[ADDR_STR_MAX];

	(void)key;
	if (addr_is_unset(&value->addr))
		return NULL;
	return json_sprintf("%s/%u", addr_str(&value->addr, text), value->len);
}

static bool equal_prefix(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_prefix *x = a, *y = b;

	(void)key;
	return addr_cmp(&x->addr, &y->addr) == 0 && x->len == y->len;
}

const struct conf_type conf_type_prefix = {
	.name = "address[/length]",
	.min_args = 1,
	.max_args = 1,
	.parse = parse_prefix,
	.print = print_prefix,
	.json = json_prefix,
	.is_equal = equal_prefix,
	.json_type = "string",
};
