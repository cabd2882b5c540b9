/*
 * Values that are rows themselves: keywords with values in the line of one keyword.
 *
 * Pure apart from diagnostics and arena memory; used wherever tables are.
 */
#include <string.h>

#include "lib/conf_private.h"

enum { PARTS_MAX = 64, HINT_LEN = 300 };

static const struct conf_key *part_named(const struct conf_key *parts, const char *name)
{
	while (parts->name && strcmp(parts->name, name) != 0)
		parts++;
	return parts->name ? parts : NULL;
}

/* Bit of a row, or of the row it is an alias of. */
static uint64_t part_bit(const struct conf_key *parts, const struct conf_key *part)
{
	if (part->alias_of)
		part = part_named(parts, part->alias_of);
	return UINT64_C(1) << (part - parts);
}

/* The row of a word: by its name, else the next that may stand alone; *is_named says which. */
static const struct conf_key *part_find(const struct conf_key *parts, uint64_t given,
					const struct conf_token *word, bool *is_named)
{
	const struct conf_key *part = part_named(parts, word->text);

	*is_named = part != NULL;
	if (part)
		return part;
	for (part = parts; part->name; part++)
		if ((part->flags & CONF_BARE) && !(given & part_bit(parts, part)) &&
		    (!part->type->accepts || part->type->accepts(word)))
			return part;
	return NULL;
}

/* How many of the words behind a row's name are its value. */
static unsigned part_words(const struct conf_key *parts, const struct conf_key *part,
			   const struct conf_token *argv, unsigned argc)
{
	const struct conf_type *type = part->type;
	unsigned n = type->min_args, max = type->max_args == 255 ? argc : type->max_args;

	if (argc < n)
		return argc;
	if (max > argc)
		max = argc;
	if (type->count)
		return type->count(part, argv, max);
	while (n < max &&
	       (type->accepts ? type->accepts(&argv[n]) : !part_named(parts, argv[n].text)))
		n++;
	return n;
}

/* How many words make up the value, where keywords of others follow. */
static unsigned parts_count(const struct conf_key *key, const struct conf_token *argv,
			    unsigned argc)
{
	uint64_t given = 0;
	unsigned at = 0;

	while (at < argc) {
		bool is_named;
		const struct conf_key *part = part_find(key->parts, given, &argv[at], &is_named);

		if (!part)
			break;
		given |= part_bit(key->parts, part);
		at += is_named;
		at += part_words(key->parts, part, argv + at, argc - at);
	}
	return at < key->type->min_args ? key->type->min_args : at;
}

static void report_unknown(struct conf_walk *walk, const struct conf_key *key,
			   const struct conf_token *word)
{
	const char *names[PARTS_MAX + 1], *near;
	char hint[HINT_LEN] = "";
	size_t n = 0;

	for (const struct conf_key *part = key->parts; part->name && n < PARTS_MAX; part++)
		names[n++] = part->name;
	names[n] = NULL;
	near = conf_nearest(word->text, names);
	if (near)
		snprintf(hint, sizeof(hint), "did you mean \"%s\"?", near);
	conf_error(walk, word->pos, CONF_VALUE, "unknown-word", near ? hint : NULL,
		   "unknown word \"%s\" after \"%s\"", word->text, key->name);
}

/* One row with its words at argv[0]; returns how many were taken, 0 when it was not accepted. */
static unsigned take_part(struct conf_walk *walk, const struct conf_key *key, void *value,
			  const struct conf_token *argv, unsigned argc)
{
	struct conf_parts *parts = value;
	bool is_named;
	const struct conf_key *part = part_find(key->parts, parts->given, &argv[0], &is_named);
	unsigned n, at;

	if (!part) {
		report_unknown(walk, key, &argv[0]);
		return 0;
	}
	at = is_named;
	n = part_words(key->parts, part, argv + at, argc - at);
	if (n < part->type->min_args) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "missing-value", NULL,
			   "\"%s\" needs a value: %s", part->name, part->type->name);
		return 0;
	}
	if (!part->type->parse(walk, part, (char *)value + part->offset, argv + at, n))
		return 0;
	parts->given |= part_bit(key->parts, part);
	return at + n;
}

static bool parts_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	struct conf_parts *value = conf_alloc(walk, key->size);

	for (unsigned at = 0, n; at < argc; at += n) {
		n = take_part(walk, key, value, argv + at, argc - at);
		if (n == 0)
			return false;
	}
	value->is_given = true;
	memcpy(field, value, key->size);
	return true;
}

static const void *part_field(const struct conf_key *part, const void *field)
{
	return (const char *)field + part->offset;
}

static void parts_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_parts *value = field;
	struct conf_text text;
	const char *before = "";

	conf_text_init(&text);
	for (const struct conf_key *part = key->parts; part->name; part++) {
		if (part->alias_of || !(value->given & part_bit(key->parts, part)))
			continue;
		rewind(text.out);
		part->type->print(part, part_field(part, field), text.out);
		fputc('\0', text.out);
		fflush(text.out);
		if (!(part->flags & CONF_BARE)) {
			fprintf(out, "%s%s", before, part->name);
			before = " ";
		}
		if (text.buf[0])
			fprintf(out, "%s%s", before, text.buf);
		before = " ";
	}
	conf_text_done(&text);
}

static json_t *parts_json(const struct conf_key *key, const void *field)
{
	const struct conf_parts *value = field;
	json_t *json;

	if (!value->is_given)
		return NULL;
	json = json_object();
	for (const struct conf_key *part = key->parts; part->name; part++)
		if (!part->alias_of && (value->given & part_bit(key->parts, part)))
			json_object_set_new(json, part->name,
					    part->type->json(part, part_field(part, field)));
	return json;
}

static bool parts_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_parts *x = a, *y = b;

	if (x->is_given != y->is_given || x->given != y->given)
		return false;
	for (const struct conf_key *part = key->parts; part->name; part++)
		if (!part->alias_of && (x->given & part_bit(key->parts, part)) &&
		    !part->type->is_equal(part, part_field(part, a), part_field(part, b)))
			return false;
	return true;
}

bool conf_parts_has(const struct conf_key *key, const struct conf_parts *parts, const char *name)
{
	const struct conf_key *part = part_named(key->parts, name);

	return part && (parts->given & part_bit(key->parts, part));
}

#define PARTS_FUNCTIONS                                                                  \
	.max_args = 255, .parse = parts_parse, .print = parts_print, .json = parts_json, \
	.is_equal = parts_is_equal, .count = parts_count, .json_type = "object"

const struct conf_type conf_type_parts = { .name = "words", .min_args = 1, PARTS_FUNCTIONS };
const struct conf_type conf_type_opt_parts = { .name = "words", PARTS_FUNCTIONS };
