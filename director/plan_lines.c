/*
 * Plans of what the tables say all of: routes, rules and static addresses, a line each, and named
 * blocks that others refer to. Pure.
 */
#include "director/plan_private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

static const struct conf_list no_list;

static const struct conf_list *list_in(const struct conf_obj *obj, const struct conf_block *block)
{
	return obj ? (const void *)((const char *)obj + block->list_offset) : &no_list;
}

/* ---- names ---- */

static void put_words(FILE *out, const struct conf_key *key, const struct conf_obj *obj,
		      bool is_arg)
{
	if (ftell(out) > 0)
		fputc(' ', out);
	if (!is_arg && !(key->flags & CONF_BARE))
		fprintf(out, "%s ", key->name);
	key->type->print(key, (const char *)obj + key->offset, out);
}

static void name_of(const struct conf_obj *obj, char *name, bool with_keys)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		fatal(1, "out of memory");
	for (const struct conf_key *key = obj->block->args; key && key->name; key++)
		put_words(out, key, obj, true);
	for (const struct conf_key *key = with_keys ? obj->block->keys : NULL; key && key->name;
	     key++)
		if (!key->alias_of && conf_is_set(obj, key->name, NULL))
			put_words(out, key, obj, false);
	fclose(out);
	snprintf(name, PLAN_NAME_MAX, "%s", text);
	free(text);
}

/* All of a line: one that differs in anything is another to the kernel. */
static void line_name(const struct conf_obj *obj, char *name)
{
	name_of(obj, name, true);
}

/* By its words, so that the rest can change; without any it is what is in it. */
static void block_name(const struct conf_obj *obj, char *name)
{
	name_of(obj, name, obj->block->args == NULL);
}

/* ---- lines ---- */

struct lines {
	struct plan *plan;
	enum plan_kind kind;
	const char *before, *after; /* around the line in the subject */
};

static void on_line(void *ctx, const struct conf_obj *a, const struct conf_obj *b, const char *name)
{
	const struct lines *lines = ctx;
	char subject[2 * PLAN_NAME_MAX];

	/* What can be there once is there always, also when the file does not have it. */
	if (!a && b->block->is_single && !b->set)
		return;
	snprintf(subject, sizeof(subject), "%s%s%s", lines->before, name, lines->after);
	plan_add_pair(lines->plan, lines->kind, a, b, subject);
}

/* "virtual_rules" and "static_rules" against routes. */
static const char *line_word(const struct conf_block *block)
{
	return strstr(block->name, "_rules") ? "rule " : "";
}

static bool has_virtual_lines(const struct conf_block *block)
{
	return strcmp(block->name, "virtual_routes") == 0 ||
	       strcmp(block->name, "virtual_rules") == 0;
}

void plan_lines_of(struct plan *plan, const struct conf_obj *a, const struct conf_obj *b,
		   const char *owner)
{
	const struct conf_block *const *blocks = (a ? a : b)->block->blocks;
	char after[PLAN_NAME_MAX];

	snprintf(after, sizeof(after), " of %s", owner);
	for (; blocks && *blocks; blocks++) {
		struct lines lines = { plan, PLAN_ROUTE, line_word(*blocks), after };
		const struct plan_pairing how = { line_name, on_line, &lines, NULL };

		if (has_virtual_lines(*blocks))
			plan_each_pair(list_in(a, *blocks), list_in(b, *blocks), &how);
	}
}

void plan_lines_offsets(const struct conf_obj *instance, uint32_t *offsets)
{
	const struct conf_block *const *blocks = instance->block->blocks;
	unsigned n = 0;

	for (; blocks && *blocks && n < PLAN_LINES_MAX; blocks++)
		if (has_virtual_lines(*blocks))
			offsets[n++] = (*blocks)->list_offset;
	offsets[n] = 0;
}

/* ---- blocks of the top level ---- */

static bool is_static(const struct conf_block *block, const char *what)
{
	return strncmp(block->name, "static_", strlen("static_")) == 0 &&
	       strcmp(block->name + strlen("static_"), what) == 0;
}

static bool is_planned_elsewhere(const struct conf_block *block)
{
	return strcmp(block->name, "vrrp_instance") == 0 ||
	       strcmp(block->name, "virtual_server") == 0 ||
	       strcmp(block->name, "global_defs") == 0;
}

static enum plan_kind kind_of(const struct conf_block *block)
{
	if (is_static(block, "ipaddress"))
		return PLAN_ADDRESS;
	if (is_static(block, "routes") || is_static(block, "rules"))
		return PLAN_ROUTE;
	return is_planned_elsewhere(block) ? PLAN_KIND_N : PLAN_TRACKER;
}

static bool is_first_of_list(const struct conf_block *const *blocks, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (blocks[j]->list_offset == blocks[i]->list_offset)
			return false;
	return true;
}

static void plan_block(const struct plan_input *in, const struct conf_block *block,
		       struct lines *lines)
{
	bool has_lines = conf_block_has_lines(block);
	const struct plan_pairing how = { has_lines ? line_name : block_name, on_line, lines,
					  NULL };
	const struct conf_obj *running = in->running ? &in->running->obj : NULL;
	char before[PLAN_NAME_MAX];

	lines->before = before;
	if (lines->kind == PLAN_TRACKER) {
		snprintf(before, sizeof(before), "%s ", block->name);
		lines->after = "";
	} else {
		snprintf(before, sizeof(before), "%s", line_word(block));
		lines->after = " (static)";
	}
	plan_each_pair(list_in(running, block), list_in(&in->next->obj, block), &how);
}

void plan_blocks(const struct plan_input *in, struct plan *plan, enum plan_kind kind)
{
	const struct conf_block *const *blocks = in->next->obj.block->blocks;
	struct lines lines = { .plan = plan, .kind = kind };

	for (size_t i = 0; blocks[i]; i++)
		if (kind_of(blocks[i]) == kind && is_first_of_list(blocks, i))
			plan_block(in, blocks[i], &lines);
}
