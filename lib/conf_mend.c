/*
 * What --tolerant makes of errors that keepalived runs on with: the report becomes a warning, and
 * when all rules have run what it was about is taken out, put elsewhere or set to its default.
 *
 * Used while a configuration is loaded. Reports name the mend (conf_diag.h); an error without one
 * stays an error. Nothing happens here without --tolerant.
 */
#include "lib/conf_private.h"

#include <string.h>

/* An object that goes has this index, which no list is long enough for. */
#define INDEX_GONE UINT32_MAX

static struct conf_list *list_of(struct conf_obj *obj, const struct conf_block *block)
{
	return (void *)((char *)obj + block->list_offset);
}

static void list_append(struct conf_list *list, struct conf_obj *obj)
{
	if (!list->tail)
		list->tail = &list->head;
	obj->next = NULL;
	obj->index = list->n++;
	*list->tail = obj;
	list->tail = &obj->next;
}

/* ---- what goes ---- */

static void obj_purge(struct conf_obj *obj);

static void list_purge(struct conf_list *list)
{
	struct conf_obj *obj = list->head, *next;

	*list = (struct conf_list){ 0 };
	for (; obj; obj = next) {
		next = obj->next;
		if (obj->index == INDEX_GONE)
			continue;
		list_append(list, obj);
		obj_purge(obj);
	}
}

/* Takes out all that is marked below `obj`; as deep as the schema. */
static void obj_purge(struct conf_obj *obj)
{
	const struct conf_block *const *blocks = obj->block->blocks;

	for (size_t i = 0; blocks && blocks[i]; i++)
		if (conf_block_is_first(blocks, i))
			list_purge(list_of(obj, blocks[i]));
}

/* ---- what changes ---- */

static const struct conf_key *find_key(const struct conf_key *key, const char *name)
{
	while (key && key->name && (strcmp(key->name, name) != 0 || key->alias_of))
		key++;
	return key && key->name ? key : NULL;
}

/* The default holds, as if the keyword had not been written. */
static void reset_key(struct conf_walk *walk, struct conf_obj *obj, const char *name)
{
	const struct conf_key *key = find_key(obj->block->keys, name);
	struct conf_set **at = &obj->set;

	if (!key)
		return;
	while (*at && (*at)->key != key)
		at = &(*at)->next;
	if (*at)
		*at = (*at)->next;
	memset(conf_obj_field(obj, key), 0, key->size);
	conf_fill_key(walk, obj, key);
}

/* Puts a copy of `obj` into the block `name` beside its own, and marks `obj`. */
static void move_obj(struct conf_walk *walk, struct conf_obj *obj, const char *name)
{
	const struct conf_block *const *blocks = obj->parent->block->blocks;
	struct conf_obj *copy;

	while (*blocks && strcmp((*blocks)->name, name) != 0)
		blocks++;
	if (!*blocks || (*blocks)->size != obj->block->size)
		return;
	copy = conf_alloc(walk, obj->block->size);
	memcpy(copy, obj, obj->block->size);
	copy->block = *blocks;
	list_append(list_of(obj->parent, *blocks), copy);
	obj->index = INDEX_GONE;
}

void conf_mend(struct conf_walk *walk)
{
	const struct conf_mending *mending;
	bool is_purged = false;

	for (size_t i = 0; (mending = conf_diags_mending(walk->diags, i)); i++) {
		/* Rules get the objects const, as they only report. */
		struct conf_obj *obj = (struct conf_obj *)(uintptr_t)mending->obj;

		switch (mending->mend) {
		case CONF_MEND_NONE:
		case CONF_MEND_KEEP: break;
		case CONF_MEND_RESET: reset_key(walk, obj, mending->name); break;
		case CONF_MEND_MOVE: move_obj(walk, obj, mending->name); break;
		case CONF_MEND_LEAVE_OUT: obj->index = INDEX_GONE; break;
		}
		is_purged |= obj->index == INDEX_GONE;
	}
	if (is_purged)
		obj_purge(walk->conf->root);
}
