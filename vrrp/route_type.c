/*
 * Value types of routes and rules, as iproute2 writes them. The parent runs it while it loads a
 * file; the VRRP child when it decodes what the parent loaded.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "vrrp/route_conf.h"

/* The whole text as number in `base`, 0 = by its prefix. */
static bool read_number(const char *text, int base, uint32_t *value)
{
	unsigned long long number;
	char *end;

	if (*text == '-' || *text == '\0')
		return false;
	errno = 0;
	number = strtoull(text, &end, base);
	if (errno || *end || number > UINT32_MAX)
		return false;
	*value = (uint32_t)number;
	return true;
}

static bool refuse(struct conf_walk *walk, const struct conf_key *key,
		   const struct conf_token *word)
{
	conf_error(walk, word->pos, CONF_VALUE, "invalid-value", NULL,
		   "%s: \"%s\" is not accepted; %s is expected", key->name, word->text,
		   key->type->name);
	return false;
}

/* ---- NAME|NUMBER ---- */

static bool name_id_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			  const struct conf_token *argv, unsigned argc)
{
	struct conf_name_id value = { .is_given = true };
	const struct conf_token *word = &argv[0];

	(void)argc;
	if (!read_number(word->text, 0, &value.id)) {
		if (word->text[0] >= '0' && word->text[0] <= '9')
			return refuse(walk, key, word);
		value.name = conf_strdup(walk, word->text);
	} else if (key->max > 0 && value.id > key->max) {
		return refuse(walk, key, word);
	}
	*(struct conf_name_id *)field = value;
	return true;
}

static void name_id_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_name_id *value = field;

	(void)key;
	if (value->name)
		conf_print_word(out, value->name);
	else if (value->is_given)
		fprintf(out, "%" PRIu32, value->id);
}

static json_t *name_id_json(const struct conf_key *key, const void *field)
{
	const struct conf_name_id *value = field;

	(void)key;
	if (value->name)
		return conf_json_string(value->name);
	return value->is_given ? json_integer(value->id) : NULL;
}

static bool name_id_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_name_id *x = a, *y = b;

	(void)key;
	return x->is_given == y->is_given && x->id == y->id &&
	       conf_type_str.is_equal(key, &x->name, &y->name);
}

#define NAME_ID                                                                     \
	.min_args = 1, .max_args = 1, .print = name_id_print, .json = name_id_json, \
	.is_equal = name_id_is_equal, .json_type = "integer|string"

const struct conf_type conf_type_name_id = { .name = "a name or a number",
					     .parse = name_id_parse,
					     NAME_ID };

/* ---- [lock] VALUE ---- */

static bool is_lock(const struct conf_token *word)
{
	return strcmp(word->text, "lock") == 0;
}

static unsigned locked_count(const struct conf_key *key, const struct conf_token *argv,
			     unsigned argc)
{
	(void)key;
	return argc > 1 && is_lock(&argv[0]) ? 2 : 1;
}

static bool locked_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	struct conf_locked value = { .is_given = true, .is_locked = argc > 1 && is_lock(&argv[0]) };
	struct conf_key number = *key;

	number.size = sizeof(value.value);
	if (!conf_type_i64.parse(walk, &number, &value.value, &argv[value.is_locked], 1))
		return false;
	*(struct conf_locked *)field = value;
	return true;
}

/* The milliseconds that one of a unit is; 0 for what is none. */
static int64_t unit_ms(const char *unit)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "s", 1000 }, { "sec", 1000 }, { "secs", 1000 },
		      { "ms", 1 },   { "msec", 1 },   { "msecs", 1 } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, unit) == 0)
			return units[i].ms;
	return 0;
}

/* "20ms", "1.5s" in whole milliseconds; a number alone is in units of the kernel. */
static bool read_time(const char *text, struct conf_locked *value)
{
	static const int64_t tens[] = { 1, 10, 100, 1000 };
	size_t n_whole = strspn(text, "0123456789"), n_part = 0, n;
	int64_t unit;

	if (text[n_whole] == '.')
		n_part = 1 + strspn(text + n_whole + 1, "0123456789");
	n = n_whole + n_part;
	unit = unit_ms(text + n);
	value->is_raw = text[n] == '\0';
	if (value->is_raw)
		unit = 1;
	if (n_whole + (n_part > 1) == 0 || n_whole > 10 || n_part > 4 || unit == 0)
		return false;
	value->value = strtoll(text, NULL, 10) * unit;
	if (n_part > 1 && unit * strtoll(text + n_whole + 1, NULL, 10) % tens[n_part - 1] != 0)
		return false;
	if (n_part > 1)
		value->value += unit * strtoll(text + n_whole + 1, NULL, 10) / tens[n_part - 1];
	return value->value <= UINT32_MAX;
}

static bool locked_time_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			      const struct conf_token *argv, unsigned argc)
{
	struct conf_locked value = { .is_given = true, .is_locked = argc > 1 && is_lock(&argv[0]) };
	const struct conf_token *word = &argv[value.is_locked];

	if (!read_time(word->text, &value))
		return refuse(walk, key, word);
	*(struct conf_locked *)field = value;
	return true;
}

static void locked_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_locked *value = field;

	if (value->is_given)
		fprintf(out, "%s%" PRId64 "%s", value->is_locked ? "lock " : "", value->value,
			key->type == &conf_type_locked_time && !value->is_raw ? "ms" : "");
}

static json_t *locked_json(const struct conf_key *key, const void *field)
{
	const struct conf_locked *value = field;
	json_t *json;

	if (!value->is_given)
		return NULL;
	json = json_object();
	json_object_set_new(json, "value", json_integer(value->value));
	json_object_set_new(json, "lock", json_boolean(value->is_locked));
	if (key->type == &conf_type_locked_time)
		json_object_set_new(json, "unit", json_string(value->is_raw ? "kernel" : "ms"));
	return json;
}

static bool locked_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_locked *x = a, *y = b;

	(void)key;
	return x->is_given == y->is_given && x->value == y->value && x->is_locked == y->is_locked &&
	       x->is_raw == y->is_raw;
}

#define LOCKED                                                                    \
	.min_args = 1, .max_args = 2, .print = locked_print, .json = locked_json, \
	.is_equal = locked_is_equal, .count = locked_count, .json_type = "object"

const struct conf_type conf_type_locked = { .name = "[lock] number",
					    .parse = locked_parse,
					    LOCKED };
const struct conf_type conf_type_locked_time = { .name = "[lock] time",
						 .parse = locked_time_parse,
						 LOCKED };

static bool locked_name_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			      const struct conf_token *argv, unsigned argc)
{
	struct conf_locked_name *value = field;

	(void)key;
	value->is_locked = argc > 1 && is_lock(&argv[0]);
	value->name = conf_strdup(walk, argv[value->is_locked].text);
	return true;
}

static void locked_name_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_locked_name *value = field;

	(void)key;
	if (!value->name)
		return;
	if (value->is_locked)
		fputs("lock ", out);
	conf_print_word(out, value->name);
}

static json_t *locked_name_json(const struct conf_key *key, const void *field)
{
	const struct conf_locked_name *value = field;
	json_t *json;

	(void)key;
	if (!value->name)
		return NULL;
	json = json_object();
	json_object_set_new(json, "name", conf_json_string(value->name));
	json_object_set_new(json, "lock", json_boolean(value->is_locked));
	return json;
}

static bool locked_name_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_locked_name *x = a, *y = b;

	return x->is_locked == y->is_locked && conf_type_str.is_equal(key, &x->name, &y->name);
}

const struct conf_type conf_type_locked_name = {
	.name = "[lock] name",
	.min_args = 1,
	.max_args = 2,
	.parse = locked_name_parse,
	.print = locked_name_print,
	.json = locked_name_json,
	.is_equal = locked_name_is_equal,
	.count = locked_count,
	.json_type = "object",
};

/* ---- destinations and selectors ---- */

static const struct conf_word type_words[] = {
	{ "unicast", RTN_UNICAST },
	{ "local", RTN_LOCAL },
	{ "broadcast", RTN_BROADCAST },
	{ "multicast", RTN_MULTICAST },
	{ "throw", RTN_THROW },
	{ "unreachable", RTN_UNREACHABLE },
	{ "prohibit", RTN_PROHIBIT },
	{ "blackhole", RTN_BLACKHOLE },
	{ "nat", RTN_NAT },
	{ NULL, 0 },
};

static const struct conf_word *type_of(const char *text)
{
	const struct conf_word *w = type_words;

	while (w->name && strcmp(w->name, text) != 0)
		w++;
	return w->name ? w : NULL;
}

/* The family of a word for everything; AF_UNSPEC when it is none. */
static int any_family(const char *text)
{
	if (strcmp(text, "default6") == 0)
		return AF_INET6;
	return strcmp(text, "default") == 0 || strcmp(text, "any") == 0 || strcmp(text, "all") == 0
		       ? AF_INET
		       : AF_UNSPEC;
}

static bool dest_accepts(const struct conf_token *word)
{
	return type_of(word->text) || any_family(word->text) != AF_UNSPEC ||
	       strpbrk(word->text, ".:/") != NULL;
}

static unsigned dest_count(const struct conf_key *key, const struct conf_token *argv, unsigned argc)
{
	(void)key;
	return argc > 1 && type_of(argv[0].text) ? 2 : 1;
}

static bool dest_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	const struct conf_word *type = argc > 1 ? type_of(argv[0].text) : NULL;
	const struct conf_token *word = &argv[argc - 1];
	struct conf_dest value = { .type = type ? type->value : RTN_UNSPEC };
	int family = any_family(word->text);

	if (argc > 1 && !type)
		return refuse(walk, key, &argv[0]);
	if (family != AF_UNSPEC) {
		value.is_any = true;
		value.prefix.addr.family = (uint8_t)family;
	} else if (!conf_type_prefix.parse(walk, key, &value.prefix, word, 1)) {
		return false;
	}
	*(struct conf_dest *)field = value;
	return true;
}

static void dest_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_dest *value = field;

	for (const struct conf_word *w = type_words; w->name; w++)
		if (w->value == value->type && value->type != RTN_UNSPEC)
			fprintf(out, "%s ", w->name);
	if (value->is_any)
		fputs(key->type == &conf_type_selector        ? "all"
		      : value->prefix.addr.family == AF_INET6 ? "default6"
							      : "default",
		      out);
	else
		conf_type_prefix.print(key, &value->prefix, out);
}

static json_t *dest_json(const struct conf_key *key, const void *field)
{
	const struct conf_dest *value = field;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *json;

	if (!out)
		return NULL;
	dest_print(key, value, out);
	fclose(out);
	json = len > 0 ? conf_json_string(text) : NULL;
	free(text);
	return json;
}

static bool dest_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_dest *x = a, *y = b;

	return x->type == y->type && x->is_any == y->is_any &&
	       x->prefix.addr.family == y->prefix.addr.family &&
	       conf_type_prefix.is_equal(key, &x->prefix, &y->prefix);
}

const struct conf_type conf_type_dest = {
	.name = "[type] address[/length] or default",
	.min_args = 1,
	.max_args = 2,
	.parse = dest_parse,
	.print = dest_print,
	.json = dest_json,
	.is_equal = dest_is_equal,
	.accepts = dest_accepts,
	.count = dest_count,
	.json_type = "string",
};

const struct conf_type conf_type_selector = {
	.name = "address[/length] or all",
	.min_args = 1,
	.max_args = 1,
	.parse = dest_parse,
	.print = dest_print,
	.json = dest_json,
	.is_equal = dest_is_equal,
	.json_type = "string",
};

/* ---- [inet|inet6] IP ---- */

static unsigned via_count(const struct conf_key *key, const struct conf_token *argv, unsigned argc)
{
	(void)key;
	return argc > 1 && (strcmp(argv[0].text, "inet") == 0 ||
			    strcmp(argv[0].text, "inet6") == 0 || strcmp(argv[0].text, "to") == 0)
		       ? 2
		       : 1;
}

static bool via_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		      const struct conf_token *argv, unsigned argc)
{
	const struct conf_token *word = &argv[argc - 1];
	struct addr addr;

	if (!conf_type_addr.parse(walk, key, &addr, word, 1))
		return false;
	if (argc > 1 && strcmp(argv[0].text, "to") != 0 &&
	    addr.family != (strcmp(argv[0].text, "inet6") == 0 ? AF_INET6 : AF_INET))
		return refuse(walk, key, word);
	*(struct addr *)field = addr;
	return true;
}

static void via_print(const struct conf_key *key, const void *field, FILE *out)
{
	conf_type_addr.print(key, field, out);
}

static json_t *via_json(const struct conf_key *key, const void *field)
{
	return conf_type_addr.json(key, field);
}

static bool via_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	return conf_type_addr.is_equal(key, a, b);
}

const struct conf_type conf_type_via = {
	.name = "[inet|inet6] address",
	.min_args = 1,
	.max_args = 2,
	.parse = via_parse,
	.print = via_print,
	.json = via_json,
	.is_equal = via_is_equal,
	.count = via_count,
	.json_type = "string",
};

/* ---- A-B ---- */

static bool span_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	const char *dash = strchr(argv[0].text, '-');
	size_t n = dash ? (size_t)(dash - argv[0].text) : strlen(argv[0].text);
	struct conf_span value = { .is_given = true };
	char lo[16] = "";

	(void)argc;
	if (n < sizeof(lo))
		memcpy(lo, argv[0].text, n);
	if (!read_number(lo, 10, &value.lo) || !read_number(dash ? dash + 1 : lo, 10, &value.hi) ||
	    value.lo > value.hi || value.hi > key->max)
		return refuse(walk, key, &argv[0]);
	*(struct conf_span *)field = value;
	return true;
}

static void span_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_span *value = field;

	(void)key;
	if (value->is_given)
		fprintf(out, "%" PRIu32 "-%" PRIu32, value->lo, value->hi);
}

static json_t *span_json(const struct conf_key *key, const void *field)
{
	const struct conf_span *value = field;

	(void)key;
	return value->is_given ? json_pack("[I,I]", (json_int_t)value->lo, (json_int_t)value->hi)
			       : NULL;
}

static bool span_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_span *x = a, *y = b;

	(void)key;
	return x->is_given == y->is_given && x->lo == y->lo && x->hi == y->hi;
}

const struct conf_type conf_type_span = {
	.name = "from-to",
	.min_args = 1,
	.max_args = 1,
	.parse = span_parse,
	.print = span_print,
	.json = span_json,
	.is_equal = span_is_equal,
	.json_type = "array",
};

/* ---- MARK[/MASK] ---- */

static bool mark_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	const char *slash = strchr(argv[0].text, '/');
	size_t n = slash ? (size_t)(slash - argv[0].text) : strlen(argv[0].text);
	struct conf_mark value = { .mask = UINT32_MAX, .is_given = true };
	char mark[16] = "";

	(void)argc;
	if (n < sizeof(mark))
		memcpy(mark, argv[0].text, n);
	if (!read_number(mark, 0, &value.mark) ||
	    (slash && !read_number(slash + 1, 0, &value.mask)))
		return refuse(walk, key, &argv[0]);
	*(struct conf_mark *)field = value;
	return true;
}

static void mark_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_mark *value = field;

	(void)key;
	if (value->is_given)
		fprintf(out, "0x%" PRIx32 "/0x%" PRIx32, value->mark, value->mask);
}

static json_t *mark_json(const struct conf_key *key, const void *field)
{
	const struct conf_mark *value = field;

	(void)key;
	return value->is_given ? json_pack("{s:I,s:I}", "mark", (json_int_t)value->mark, "mask",
					   (json_int_t)value->mask)
			       : NULL;
}

static bool mark_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_mark *x = a, *y = b;

	(void)key;
	return x->is_given == y->is_given && x->mark == y->mark && x->mask == y->mask;
}

const struct conf_type conf_type_mark = {
	.name = "mark[/mask]",
	.min_args = 1,
	.max_args = 1,
	.parse = mark_parse,
	.print = mark_print,
	.json = mark_json,
	.is_equal = mark_is_equal,
	.json_type = "object",
};
