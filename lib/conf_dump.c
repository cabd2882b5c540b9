/*
 * A configuration as canonical text and as JSON, by the tables.
 *
 * Used by the parent and by tools. Reading the text again gives the same objects.
 */
#include "lib/conf_private.h"

#include <ctype.h>
#include <string.h>

struct dump {
	const struct conf *conf;
	FILE *out;
	struct conf_text text;
	bool with_origin;
	bool is_begun; /* something was written */
	int depth;
};

/* ---- text ---- */

static void put_indent(struct dump *dump)
{
	dump->is_begun = true;
	for (int i = 0; i < dump->depth; i++)
		fputc('\t', dump->out);
}

/* File and line, as far as they are known: what came over a channel has none. */
static void put_pos(const struct dump *dump, struct conf_pos pos)
{
	if (pos.file == 0 || pos.file > dump->conf->n_paths) {
		fputs("set", dump->out);
		return;
	}
	for (const char *p = dump->conf->paths[pos.file - 1]; *p; p++)
		fputc(iscntrl((unsigned char)*p) ? '?' : *p, dump->out);
	fprintf(dump->out, ":%u", pos.line);
}

static void put_origin(const struct dump *dump, const struct conf_obj *obj,
		       const struct conf_key *key)
{
	const struct conf_obj *source;
	const struct conf_key *row;
	const struct conf_set *set;

	if (!dump->with_origin)
		return;
	conf_key_origin(dump->conf, obj, key, &source, &row);
	set = conf_obj_set(source, row);
	fputs("  # ", dump->out);
	if (set)
		put_pos(dump, set->pos);
	else
		fputs("default", dump->out);
	if (source != obj)
		fprintf(dump->out, " (%s in %s)", row->name, source->block->name);
}

static void put_value(const struct dump *dump, const char *name, const char *value)
{
	fprintf(dump->out, "%s%s%s", name, *name && *value ? " " : "", value);
}

static void dump_keys(struct dump *dump, const struct conf_obj *obj)
{
	for (const struct conf_key *key = obj->block->keys; key && key->name; key++) {
		const char *value = conf_text_value(&dump->text, obj, key);

		if (!value || !conf_key_is_shown(obj, key))
			continue;
		put_indent(dump);
		put_value(dump, key->name, value);
		put_origin(dump, obj, key);
		fputc('\n', dump->out);
	}
}

/* The words behind a block's name or at the start of a line, the first behind `before`; returns
 * what comes before the next word. */
static const char *dump_args(struct dump *dump, const struct conf_obj *obj, const char *before)
{
	for (const struct conf_key *key = obj->block->args; key && key->name; key++) {
		const char *value = conf_text_value(&dump->text, obj, key);

		if (!value || !*value)
			continue;
		fprintf(dump->out, "%s%s", before, value);
		before = " ";
	}
	return before;
}

static void dump_line(struct dump *dump, const struct conf_obj *obj)
{
	const char *before;

	put_indent(dump);
	before = dump_args(dump, obj, "");
	for (const struct conf_key *key = obj->block->keys; key && key->name; key++) {
		const char *value = conf_text_value(&dump->text, obj, key);

		if (!value || !conf_key_is_shown(obj, key))
			continue;
		fputs(before, dump->out);
		put_value(dump, key->flags & CONF_BARE ? "" : key->name, value);
		before = " ";
	}
	if (dump->with_origin) {
		fputs("  # ", dump->out);
		put_pos(dump, obj->pos);
	}
	fputc('\n', dump->out);
}

static void dump_list(void *ctx, const struct conf_list *list);

static void dump_open(struct dump *dump, const struct conf_obj *obj)
{
	if (dump->depth == 0 && dump->is_begun)
		fputc('\n', dump->out);
	put_indent(dump);
	fputs(obj->block->name, dump->out);
	if (obj->block->style == CONF_BLOCK_KEYS)
		dump_args(dump, obj, " ");
	fputs(" {\n", dump->out);
	dump->depth++;
}

static void dump_close(struct dump *dump)
{
	dump->depth--;
	put_indent(dump);
	fputs("}\n", dump->out);
}

/* Lines that follow each other share one block. */
static const struct conf_obj *dump_lines(struct dump *dump, const struct conf_obj *obj)
{
	const struct conf_block *block = obj->block;
	bool is_bare = block->style == CONF_BLOCK_BARE;

	if (!is_bare)
		dump_open(dump, obj);
	for (; obj && obj->block == block; obj = obj->next)
		dump_line(dump, obj);
	if (!is_bare)
		dump_close(dump);
	return obj;
}

static void dump_list(void *ctx, const struct conf_list *list)
{
	const struct conf_obj *obj = list->head;
	struct dump *dump = ctx;

	while (obj) {
		if (conf_block_has_lines(obj->block)) {
			obj = dump_lines(dump, obj);
			continue;
		}
		dump_open(dump, obj);
		dump_keys(dump, obj);
		conf_obj_each_list(obj, dump_list, dump);
		dump_close(dump);
		obj = obj->next;
	}
}

void conf_dump(const struct conf *conf, const struct conf_schema *schema, bool with_origin,
	       FILE *out)
{
	struct dump dump = { .conf = conf, .out = out, .with_origin = with_origin };

	(void)schema;
	conf_text_init(&dump.text);
	dump_keys(&dump, conf->root);
	conf_obj_each_list(conf->root, dump_list, &dump);
	conf_text_done(&dump.text);
}

/* ---- JSON ---- */

static void json_rows(json_t *json, const struct conf_obj *obj, const struct conf_key *key)
{
	for (; key && key->name; key++)
		if (conf_key_is_shown(obj, key))
			json_object_set_new(json, key->name,
					    key->type->json(key, conf_obj_value(obj, key)));
}

static void json_list(void *ctx, const struct conf_list *list);

static json_t *json_obj(const struct conf_obj *obj)
{
	json_t *json = json_object();

	json_rows(json, obj, obj->block->args);
	json_rows(json, obj, obj->block->keys);
	conf_obj_each_list(obj, json_list, json);
	return json;
}

/* Adds the objects of a list to their parent, by the names of their blocks. */
static void json_list(void *ctx, const struct conf_list *list)
{
	json_t *json = ctx;

	for (const struct conf_obj *obj = list->head; obj; obj = obj->next) {
		const char *name = obj->block->name;

		if (obj->block->is_single) {
			json_object_set_new(json, name, json_obj(obj));
			continue;
		}
		if (!json_object_get(json, name))
			json_object_set_new(json, name, json_array());
		json_array_append_new(json_object_get(json, name), json_obj(obj));
	}
}

json_t *conf_json(const struct conf *conf, const struct conf_schema *schema)
{
	(void)schema;
	return json_obj(conf->root);
}
