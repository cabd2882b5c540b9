/*
 * The tables as manual page: an mdoc list of every block's keywords.
 *
 * Used at build time, by the program that writes the reference part of diarch.conf(5).
 */
#include "lib/conf_private.h"

#include <stdlib.h>

#include "lib/log.h"

/* Text where mdoc gives no meaning to a leading dot or quote, nor to backslashes. */
static void put_text(FILE *out, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else
			fputc(*text, out);
	}
}

static void put_words(FILE *out, const struct conf_word *words)
{
	for (const struct conf_word *w = words; w->name; w++)
		fprintf(out, "%s%s", w == words ? "" : " | ", w->name);
}

/* What stands behind a keyword. */
static void put_value(FILE *out, const struct conf_key *key)
{
	if (key->type == &conf_type_flag)
		return;
	fputs(" Ar ", out);
	if (key->type->min_args == 0)
		fputs("\\&[", out);
	if (key->words)
		put_words(out, key->words);
	else
		put_text(out, key->type->name);
	if (key->type->min_args == 0)
		fputs("\\&]", out);
}

/* A number of the row in the words of its type; NULL when that type has none for it. */
static const char *row_text(struct conf_text *text, const struct conf_key *key, int64_t value)
{
	struct conf_obj *obj = xcalloc(1, sizeof(*obj) + key->offset + key->size);
	struct conf_key row = *key;
	const char *words = NULL;

	row.dflt = value;
	if (row.type->set_default) {
		row.type->set_default(&row, conf_obj_field(obj, &row));
		words = conf_text_value(text, obj, &row);
	}
	free(obj);
	return words && *words ? words : NULL;
}

static void put_range(FILE *out, struct conf_text *text, const struct conf_key *key)
{
	const char *lo = key->min < key->max ? row_text(text, key, key->min) : NULL;

	if (!lo)
		return;
	fprintf(out, "From %s", lo);
	fprintf(out, " to %s.\n", row_text(text, key, key->max));
}

static void put_default(FILE *out, struct conf_text *text, const struct conf_key *key)
{
	const char *words = key->dflt_text;

	if (key->flags & CONF_INHERIT)
		fputs("Taken from the enclosing block where that has it.\n", out);
	if (key->dflt_from) {
		fprintf(out, "Default: that of\n.Cm %s .\n", key->dflt_from);
		return;
	}
	if (!words && key->type != &conf_type_flag)
		words = row_text(text, key, key->dflt);
	if (!words)
		return;
	fputs("Default: ", out);
	put_text(out, words);
	fputs(".\n", out);
}

static void put_no_effect(FILE *out, const struct conf_key *key)
{
	const char *why = key->not_in_effect ? key->not_in_effect : key->no_use;

	fputs("Accepted, but has no effect", out);
	fputs(why ? ": " : " in this version", out);
	put_text(out, why ? why : "");
	fputs(".\n", out);
}

static void put_notes(FILE *out, const struct conf_key *key)
{
	if (key->alias_of)
		fprintf(out, "Another spelling of\n.Cm %s .\n", key->alias_of);
	if (key->flags & CONF_REQUIRED)
		fputs("Required.\n", out);
	if (key->flags & CONF_DEPRECATED)
		fputs("Deprecated.\n", out);
	if (key->flags & CONF_NO_EFFECT)
		put_no_effect(out, key);
}

static void put_key(FILE *out, struct conf_text *text, const struct conf_key *key)
{
	fprintf(out, ".It Cm %s", key->name);
	put_value(out, key);
	fputc('\n', out);
	put_text(out, key->help ? key->help : "");
	fputc('\n', out);
	put_notes(out, key);
	if (key->alias_of)
		return;
	put_range(out, text, key);
	put_default(out, text, key);
}

/* What a line of `block` is made of. */
static void put_line(FILE *out, const struct conf_block *block)
{
	fputs("A line:", out);
	for (const struct conf_key *arg = block->args; arg && arg->name; arg++)
		fprintf(out, " %s", arg->name);
	fputs(block->keys && block->keys->name ? ", then any of these.\n" : ".\n", out);
}

static void put_bare(FILE *out, const struct conf_block *const *blocks)
{
	for (; blocks && *blocks; blocks++) {
		if ((*blocks)->style != CONF_BLOCK_BARE)
			continue;
		put_line(out, *blocks);
		put_text(out, (*blocks)->help ? (*blocks)->help : "");
		fputc('\n', out);
	}
}

static void put_block(FILE *out, struct conf_text *text, const struct conf_block *block)
{
	bool is_lines = conf_block_has_lines(block);

	if (block->name) {
		fprintf(out, ".Ss %s", block->name);
		for (const struct conf_key *arg = block->args; !is_lines && arg && arg->name; arg++)
			fprintf(out, " %s", arg->name);
		fputc('\n', out);
	}
	if (block->help) {
		put_text(out, block->help);
		fputc('\n', out);
	}
	if (block->not_in_effect) {
		fputs("In this version ", out);
		put_text(out, block->not_in_effect);
		fputs(".\n", out);
	}
	put_bare(out, block->blocks);
	if (!block->keys || !block->keys->name)
		return;
	if (is_lines)
		put_line(out, block);
	fputs(".Bl -tag -width Ds\n", out);
	for (const struct conf_key *key = block->keys; key->name; key++)
		put_key(out, text, key);
	fputs(".El\n", out);
}

/* Whether a block was written already, under another parent. */
static bool is_repeated(const struct conf_index *index, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (conf_index_at(index, j)->block == conf_index_at(index, i)->block)
			return true;
	return false;
}

void conf_man(const struct conf_schema *schema, FILE *out)
{
	struct conf_arena *arena = conf_arena_new();
	const struct conf_index *index = conf_index_new(arena, schema);
	const struct conf_name *name;
	struct conf_text text;

	conf_text_init(&text);
	put_block(out, &text, schema->root);
	for (size_t i = 0; (name = conf_index_at(index, i)); i++)
		if (name->block && !is_repeated(index, i))
			put_block(out, &text, name->block);
	conf_text_done(&text);
	conf_arena_free(arena);
}
