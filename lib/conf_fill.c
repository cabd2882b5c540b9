/*
 * What the file leaves open: inheritance, defaults, derived values.
 *
 * Runs once per load, after the whole file is known, so that the order of blocks does not matter.
 */
#include "lib/conf_private.h"

#include <string.h>

/*
 * The nearest enclosing object with a key of that name decides: written there, or itself inherited.
 * Returns it and the row, or NULL.
 */
static const struct conf_obj *find_inherited(const struct conf *conf, const struct conf_obj *obj,
					     const struct conf_key *key,
					     const struct conf_key **row)
{
	bool goes_on = key->flags & CONF_INHERIT;

	for (obj = obj->parent; obj && goes_on; obj = obj->parent) {
		const struct conf_name *name = conf_index_find(conf->index, obj->block, key->name);

		if (!name || !name->main || name->main->type != key->type)
			continue;
		*row = name->main;
		if (conf_obj_set(obj, name->main))
			return obj;
		goes_on = name->main->flags & CONF_INHERIT;
	}
	return NULL;
}

static const struct conf_key *find_global(const struct conf *conf, const struct conf_key *key)
{
	const struct conf_name *name = NULL;

	if (key->dflt_from && conf->schema->global_block)
		name = conf_index_find(conf->index, conf->schema->global_block, key->dflt_from);
	return name && name->main && name->main->type == key->type ? name->main : NULL;
}

enum conf_origin conf_key_origin(const struct conf *conf, const struct conf_obj *obj,
				 const struct conf_key *key, const struct conf_obj **source,
				 const struct conf_key **row)
{
	*source = obj;
	*row = key;
	if (conf_obj_set(obj, key))
		return CONF_FROM_FILE;
	*source = find_inherited(conf, obj, key, row);
	if (*source)
		return CONF_FROM_PARENT;
	*source = conf_global_obj(conf);
	*row = find_global(conf, key);
	if (*source && *row)
		return CONF_FROM_GLOBAL;
	*source = obj;
	*row = key;
	return CONF_FROM_DEFAULT;
}

static void set_default(struct conf_walk *walk, struct conf_obj *obj, const struct conf_key *key)
{
	void *field = conf_obj_field(obj, key);
	const struct conf_token *argv;
	unsigned argc;

	if (key->type->set_default)
		key->type->set_default(key, field);
	if (!key->dflt_text)
		return;
	if (conf_lex_words(walk->conf->arena, key->dflt_text, strlen(key->dflt_text), &argv,
			   &argc) &&
	    argc >= key->type->min_args)
		key->type->parse(walk, key, field, argv, argc);
}

void conf_fill_key(struct conf_walk *walk, struct conf_obj *obj, const struct conf_key *key)
{
	const struct conf_obj *source;
	const struct conf_key *row;

	switch (conf_key_origin(walk->conf, obj, key, &source, &row)) {
	case CONF_FROM_FILE: break;
	case CONF_FROM_PARENT:
	case CONF_FROM_GLOBAL:
		memcpy(conf_obj_field(obj, key), conf_obj_value(source, row), key->size);
		break;
	case CONF_FROM_DEFAULT: set_default(walk, obj, key); break;
	}
}

static void fill_keys(struct conf_walk *walk, struct conf_obj *obj, const struct conf_key *key)
{
	for (; key && key->name; key++)
		if (!key->alias_of)
			conf_fill_key(walk, obj, key);
}

/* ---- the tree, parents first ---- */

struct visit {
	struct conf_walk *walk;
	void (*on_obj)(struct conf_walk *walk, struct conf_obj *obj);
};

static void visit_list(void *ctx, const struct conf_list *list);

static void visit_obj(struct visit *visit, struct conf_obj *obj)
{
	visit->on_obj(visit->walk, obj);
	conf_obj_each_list(obj, visit_list, visit);
}

static void visit_list(void *ctx, const struct conf_list *list)
{
	for (struct conf_obj *obj = list->head; obj; obj = obj->next)
		visit_obj(ctx, obj);
}

static void fill_obj(struct conf_walk *walk, struct conf_obj *obj)
{
	fill_keys(walk, obj, obj->block->args);
	fill_keys(walk, obj, obj->block->keys);
}

static void resolve_obj(struct conf_walk *walk, struct conf_obj *obj)
{
	if (obj->block->resolve)
		obj->block->resolve(walk, obj);
}

void conf_fill(struct conf_walk *walk)
{
	struct visit fill = { walk, fill_obj }, resolve = { walk, resolve_obj };
	const struct conf_block *global = walk->conf->schema->global_block;

	/* The others take values from global_defs; filling that again with the rest changes
	 * nothing. */
	if (global)
		visit_list(&fill, conf_obj_list(walk->conf->root, global));
	visit_obj(&fill, walk->conf->root);
	visit_obj(&resolve, walk->conf->root);
}
