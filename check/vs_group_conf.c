/*
 * virtual_server_group: table, and the type of its lines.
 * The parent runs it while it loads a file; the checker child when it decodes what the parent
 * loaded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "lib/rule.h"
#include "lib/global_conf.h"

enum { TEXT_MAX = 2 * ADDR_STR_MAX, LAST_OCTET_MAX = 255, LAST_GROUP_MAX = 0xffff };

/* ---- IP[-END | /LEN] [PORT] | fwmark N [inet | inet6] ---- */

static bool range_error(struct conf_walk *walk, const struct conf_token *word, const char *what)
{
	conf_error(walk, word->pos, CONF_VALUE, "invalid-range",
		   "an address, a.b.c.d-e, ADDRESS-ADDRESS or ADDRESS/LENGTH", "\"%s\" %s",
		   word->text, what);
	return false;
}

/* The address whose last octet, or last group of an IPv6 address, is `text`. */
static const char *read_short_end(const struct addr *first, const char *text, struct addr *last)
{
	bool is_v6 = first->family == AF_INET6;
	char *end;
	unsigned long value = strtoul(text, &end, is_v6 ? 16 : 10);

	if (*end || strspn(text, is_v6 ? "0123456789abcdefABCDEF" : "0123456789") != strlen(text))
		return "has an end that is neither an address nor a number";
	if (value > (is_v6 ? LAST_GROUP_MAX : LAST_OCTET_MAX))
		return "has an end that is too large";
	*last = *first;
	if (is_v6) {
		last->bytes[14] = (uint8_t)(value >> 8);
		last->bytes[15] = (uint8_t)value;
	} else {
		last->bytes[3] = (uint8_t)value;
	}
	return NULL;
}

static const char *read_end(const char *text, struct vs_range *range)
{
	const char *fault = NULL;

	if (!*text)
		return "has no end";
	if (!addr_parse(text, &range->last))
		fault = read_short_end(&range->first, text, &range->last);
	if (fault)
		return fault;
	if (range->last.family != range->first.family)
		return "begins and ends in different families";
	return addr_cmp(&range->first, &range->last) < 0 ? NULL : "ends before it begins";
}

static const char *read_length(const char *text, struct vs_range *range)
{
	unsigned bits = (unsigned)addr_len(range->first.family) * 8;
	char *end;
	unsigned long len = strtoul(text, &end, 10);

	if (!*text || strspn(text, "0123456789") != strlen(text) || *end || len == 0 || len > bits)
		return "has a length that does not fit";
	range->len = (uint8_t)len;
	range->last = range->first;
	for (unsigned i = (unsigned)len; i < bits; i++) {
		uint8_t bit = (uint8_t)(0x80 >> i % 8);

		if (range->first.bytes[i / 8] & bit)
			return "has bits behind its length";
		range->last.bytes[i / 8] |= bit;
	}
	return NULL;
}

static bool read_addresses(struct conf_walk *walk, const struct conf_token *word,
			   struct vs_range *range)
{
	size_t len = strcspn(word->text, "-/");
	const char *rest = word->text + len, *fault = NULL;
	char first[TEXT_MAX];

	if (len >= sizeof(first))
		return range_error(walk, word, "is not an address");
	memcpy(first, word->text, len);
	first[len] = '\0';
	if (!addr_parse(first, &range->first))
		return range_error(walk, word, "is not an address");
	range->last = range->first;
	if (*rest == '-')
		fault = read_end(rest + 1, range);
	else if (*rest == '/')
		fault = read_length(rest + 1, range);
	return fault ? range_error(walk, word, fault) : true;
}

static bool read_family(struct conf_walk *walk, const struct conf_token *word, int *family)
{
	if (strcmp(word->text, "inet") == 0)
		*family = AF_INET;
	else if (strcmp(word->text, "inet6") == 0)
		*family = AF_INET6;
	else
		conf_error(walk, word->pos, CONF_VALUE, "unknown-word", "inet or inet6",
			   "\"%s\" is not a family", word->text);
	return *family != AF_UNSPEC;
}

static bool read_fwmark(struct conf_walk *walk, const struct conf_token *argv, unsigned argc,
			struct vs_range *range)
{
	const struct conf_key number = {
		.name = "fwmark", .size = sizeof(range->fwmark), .min = 1, .max = UINT32_MAX
	};

	if (argc < 2) {
		conf_error(walk, argv[0].pos, CONF_SYNTAX, "missing-value", NULL,
			   "fwmark needs a number");
		return false;
	}
	return conf_type_u32.parse(walk, &number, &range->fwmark, &argv[1], 1) &&
	       (argc < 3 || read_family(walk, &argv[2], &range->family));
}

static bool range_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	const struct conf_key port = { .name = "port",
				       .size = sizeof(uint16_t),
				       .max = UINT16_MAX };
	struct vs_range range = { 0 };
	bool is_fwmark = strcmp(argv[0].text, "fwmark") == 0;
	unsigned max = is_fwmark ? 3 : 2;

	if (is_fwmark) {
		if (!read_fwmark(walk, argv, argc, &range))
			return false;
	} else {
		if (!read_addresses(walk, &argv[0], &range) ||
		    (argc > 1 && !conf_type_u16.parse(walk, &port, &range.port, &argv[1], 1)))
			return false;
		range.family = range.first.family;
	}
	if (argc > max)
		conf_warning(walk, argv[max].pos, CONF_SYNTAX, "extra-words", NULL,
			     "\"%s\" after %s is ignored", argv[max].text, key->name);
	*(struct vs_range *)field = range;
	return true;
}

/* The words for the addresses. */
static void put_addresses(const struct vs_range *range, char *text)
{
	char first[ADDR_STR_MAX], last[ADDR_STR_MAX];

	addr_str(&range->first, first);
	if (range->len)
		snprintf(text, TEXT_MAX, "%s/%u", first, range->len);
	else if (addr_cmp(&range->first, &range->last) != 0)
		snprintf(text, TEXT_MAX, "%s-%s", first, addr_str(&range->last, last));
	else
		snprintf(text, TEXT_MAX, "%s", first);
}

static const char *family_word(const struct vs_range *range)
{
	return range->family == AF_INET6 ? "inet6" : "inet";
}

static void range_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct vs_range *range = field;
	char text[TEXT_MAX];

	(void)key;
	if (range->fwmark) {
		fprintf(out, "fwmark %" PRIu32, range->fwmark);
		if (range->family)
			fprintf(out, " %s", family_word(range));
		return;
	}
	put_addresses(range, text);
	fputs(text, out);
	if (range->port)
		fprintf(out, " %u", range->port);
}

static json_t *range_json(const struct conf_key *key, const void *field)
{
	const struct vs_range *range = field;
	json_t *object = json_object();
	char text[TEXT_MAX];

	(void)key;
	if (range->fwmark) {
		json_object_set_new(object, "fwmark", json_integer(range->fwmark));
		if (range->family)
			json_object_set_new(object, "family", json_string(family_word(range)));
		return object;
	}
	put_addresses(range, text);
	json_object_set_new(object, "addresses", json_string(text));
	if (range->port)
		json_object_set_new(object, "port", json_integer(range->port));
	return object;
}

static bool range_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct vs_range *ra = a, *rb = b;

	(void)key;
	return addr_cmp(&ra->first, &rb->first) == 0 && addr_cmp(&ra->last, &rb->last) == 0 &&
	       ra->len == rb->len && ra->port == rb->port && ra->fwmark == rb->fwmark &&
	       ra->family == rb->family;
}

static const struct conf_type type_range = {
	.name = "addresses and port, or fwmark and number",
	.min_args = 1,
	.max_args = 255,
	.parse = range_parse,
	.print = range_print,
	.json = range_json,
	.is_equal = range_is_equal,
	.json_type = "object",
};

/* ---- tables ---- */

static const struct conf_key line_args[] = {
	K_CUSTOM("address", &type_range, struct vs_group_line_conf, range, struct vs_range,
		 .apply = CONF_APPLY_INSTANCE,
		 .help = "Address, range or network with port, or fwmark and number."),
	K_END,
};

static const struct conf_block line_block = {
	.name = "member",
	.style = CONF_BLOCK_BARE,
	.size = sizeof(struct vs_group_line_conf),
	.list_offset = offsetof(struct vs_group_conf, lines),
	.args = line_args,
	.help = "Addresses, a.b.c.d-e, IP-IP or IP/LEN among them, with a port; or fwmark, number "
		"and inet or inet6.",
};

static const struct conf_key group_args[] = {
	K_STR("name", struct vs_group_conf, name, .apply = CONF_APPLY_INSTANCE,
	      .help = "Name that a virtual_server refers to."),
	K_END,
};

static bool group_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vs_group_conf *group = (const struct vs_group_conf *)obj;

	if (group->lines.n == 0)
		conf_refuse(walk, MEND_KEEP(obj), CONF_SEMANTIC, "empty-group", NULL,
			    "virtual_server_group %s has no addresses", group->name);
	return true;
}

const struct conf_block virtual_server_group_block = {
	.name = "virtual_server_group",
	.is_alone = true,
	.size = sizeof(struct vs_group_conf),
	.list_offset = offsetof(struct root_conf, virtual_server_groups),
	.args = group_args,
	.blocks = (const struct conf_block *const[]){ &line_block, NULL },
	.finish = group_finish,
	.help = "Addresses that share the pool of a virtual_server.",
};

/* ---- finding ---- */

static int group_cmp(const void *a, const void *b)
{
	const struct vs_group_conf *ga = *(const struct vs_group_conf *const *)a;
	const struct vs_group_conf *gb = *(const struct vs_group_conf *const *)b;
	int order = strcmp(ga->name, gb->name);

	return order ? order : (ga->obj.index > gb->obj.index) - (ga->obj.index < gb->obj.index);
}

static void index_groups(struct conf_walk *walk, struct root_conf *root)
{
	const struct vs_group_conf *group;
	size_t n = 0;

	root->groups_by_name = conf_alloc(walk, root->virtual_server_groups.n * sizeof(group));
	conf_list_for_each (group, &root->virtual_server_groups)
		root->groups_by_name[n++] = group;
	qsort(root->groups_by_name, n, sizeof(group), group_cmp);
}

const struct vs_group_conf *vs_group_find(struct conf_walk *walk, struct root_conf *root,
					  const char *name)
{
	size_t lo = 0, hi = root->virtual_server_groups.n;

	if (hi > 0 && !root->groups_by_name)
		index_groups(walk, root);
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (strcmp(root->groups_by_name[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == root->virtual_server_groups.n ||
	    strcmp(root->groups_by_name[lo]->name, name) != 0)
		return NULL;
	return root->groups_by_name[lo];
}
