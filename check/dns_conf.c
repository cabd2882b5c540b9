/*
 * DNS_CHECK: table, and the type of names.
 * The parent runs it while it loads a file; the checker child when it decodes what the parent
 * loaded.
 */
#include "check/checker_rows.h"

#include <string.h>
#include <strings.h>

#include "lib/conf_like.h"

#define DNS struct dns_check_conf

enum { LABEL_MAX = 63, NAME_MAX_LEN = 253 };

/* ---- types of queries ---- */

static const struct conf_word type_words[] = {
	{ "A", 1 },    { "NS", 2 },    { "CNAME", 5 },  { "SOA", 6 },     { "MX", 15 },
	{ "TXT", 16 }, { "AAAA", 28 }, { "RRSIG", 46 }, { "DNSKEY", 48 }, { NULL, 0 },
};

/* In any case, as keepalived takes it. */
static bool query_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	struct conf_token token = argv[0];

	for (const struct conf_word *w = key->words; w->name; w++)
		if (strcasecmp(token.text, w->name) == 0)
			token.text = w->name;
	return conf_type_word.parse(walk, key, field, &token, argc);
}

CONF_LIKE(query, conf_type_word)

static const struct conf_type type_query = {
	.name = "type of query",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(query),
	.json_type = "string",
};

/* ---- names ---- */

/* What is wrong with a name, or NULL. */
static const char *name_fault(const char *name)
{
	size_t len = strlen(name);

	if (strcmp(name, ".") == 0)
		return NULL;
	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0)
		return "is empty";
	if (len > NAME_MAX_LEN)
		return "is too long";
	while (len > 0) {
		size_t label = strcspn(name, ".");

		if (label == 0)
			return "has an empty label";
		if (label > LABEL_MAX)
			return "has a label that is too long";
		if (label >= len)
			break;
		name += label + 1;
		len -= label + 1;
		if (len == 0)
			return "has an empty label";
	}
	return NULL;
}

static bool name_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	const char *fault = name_fault(argv[0].text);

	if (!fault)
		return conf_type_str.parse(walk, key, field, argv, argc);
	conf_error(walk, argv[0].pos, CONF_VALUE, "bad-domain-name", NULL, "%s: \"%s\" %s",
		   key->name, argv[0].text, fault);
	return false;
}

CONF_LIKE(name, conf_type_str)

static const struct conf_type type_name = {
	.name = "domain name",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(name),
	.json_type = "string",
};

/* ---- table ---- */

static const struct conf_key dns_keys[] = {
	CHECKER_KEYS(3, -1),
	CHECKER_THROUGH_VIP,
	K_CUSTOM("type", &type_query, DNS, type, int, .words = type_words, .dflt = 6, LIVE,
		 .help = "Type of the query: A, NS, CNAME, SOA, MX, TXT, AAAA, RRSIG or DNSKEY."),
	K_CUSTOM("name", &type_name, DNS, name, const char *, .dflt_text = ".", LIVE,
		 .help = "Name to ask for; the default is the root."),
	K_END,
};

const struct conf_block dns_check_block = {
	.name = "DNS_CHECK",
	.size = sizeof(struct dns_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = dns_keys,
	.resolve = checker_resolve,
	.help = "The server is up when it answers a query over UDP without error.",
};
