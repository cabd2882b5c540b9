/*
 * What differs between the objects of two generations, by the tables.
 *
 * Pure; used by the children and by plans to tell what a reload touches.
 */
#include "lib/conf_private.h"

static bool rows_are_equal(const struct conf_key *key, const struct conf_obj *a,
			   const struct conf_obj *b)
{
	for (; key && key->name; key++)
		if (!key->alias_of &&
		    !key->type->is_equal(key, conf_obj_value(a, key), conf_obj_value(b, key)))
			return false;
	return true;
}

static bool lists_are_equal(const struct conf_list *a, const struct conf_list *b)
{
	const struct conf_obj *x = a->head, *y = b->head;

	while (x && y && conf_obj_is_equal(x, y)) {
		x = x->next;
		y = y->next;
	}
	return !x && !y;
}

bool conf_obj_is_equal(const struct conf_obj *a, const struct conf_obj *b)
{
	const struct conf_block *block = a->block;
	bool is_equal = block == b->block && rows_are_equal(block->args, a, b) &&
			rows_are_equal(block->keys, a, b);

	for (size_t i = 0; is_equal && block->blocks && block->blocks[i]; i++)
		if (conf_block_is_first(block->blocks, i))
			is_equal = lists_are_equal(conf_obj_list(a, block->blocks[i]),
						   conf_obj_list(b, block->blocks[i]));
	return is_equal;
}

/* ---- what differs ---- */

struct changes {
	const struct conf_obj *a, *b;
	conf_on_change on_change;
	void *ctx;
};

static void each_row(const struct changes *changes, const struct conf_key *key)
{
	const struct conf_obj *a = changes->a, *b = changes->b;

	for (; key && key->name; key++) {
		const struct conf_change change = { .key = key,
						    .name = key->name,
						    .apply = key->apply };

		if (!key->alias_of &&
		    !key->type->is_equal(key, conf_obj_value(a, key), conf_obj_value(b, key)))
			changes->on_change(changes->ctx, &change);
	}
}

static int rows_apply(const struct conf_key *key)
{
	int apply = -1;

	for (; key && key->name; key++)
		if (!key->alias_of && (int)key->apply > apply)
			apply = (int)key->apply;
	return apply;
}

/* The class of an object that comes or goes: that of its identity. */
static int obj_presence_apply(const struct conf_obj *obj)
{
	int apply = rows_apply(obj->block->args);

	return apply >= 0 ? apply : rows_apply(obj->block->keys);
}

static int obj_deep_apply(const struct conf_obj *a, const struct conf_obj *b);

/* The class of two lists that differ, and in *first the block of the first difference. */
static int lists_apply(const struct conf_list *a, const struct conf_list *b,
		       const struct conf_block **first)
{
	const struct conf_obj *x = a->head, *y = b->head;
	int apply = -1;

	while (x || y) {
		int one = -1;

		if (!x || !y || x->block != y->block)
			one = obj_presence_apply(x ? x : y);
		else if (!conf_obj_is_equal(x, y))
			one = obj_deep_apply(x, y);
		if (one >= 0 && !*first)
			*first = x ? x->block : y->block;
		apply = one > apply ? one : apply;
		x = x ? x->next : NULL;
		y = y ? y->next : NULL;
	}
	return apply;
}

static void each_list(const struct changes *changes)
{
	const struct conf_block *const *blocks = changes->a->block->blocks;

	for (size_t i = 0; blocks && blocks[i]; i++) {
		const struct conf_block *first = NULL;
		struct conf_change change = { .list_offset = blocks[i]->list_offset };
		int apply = -1;

		if (conf_block_is_first(blocks, i))
			apply = lists_apply(conf_obj_list(changes->a, blocks[i]),
					    conf_obj_list(changes->b, blocks[i]), &first);
		if (apply < 0)
			continue;
		change.name = first->name;
		change.apply = (enum conf_apply)apply;
		changes->on_change(changes->ctx, &change);
	}
}

void conf_obj_each_change(const struct conf_obj *a, const struct conf_obj *b,
			  conf_on_change on_change, void *ctx)
{
	const struct changes changes = { a, b, on_change, ctx };

	each_row(&changes, a->block->args);
	each_row(&changes, a->block->keys);
	each_list(&changes);
}

static void on_deep_change(void *ctx, const struct conf_change *change)
{
	int *apply = ctx;

	if ((int)change->apply > *apply)
		*apply = (int)change->apply;
}

static int obj_deep_apply(const struct conf_obj *a, const struct conf_obj *b)
{
	int apply = -1;

	conf_obj_each_change(a, b, on_deep_change, &apply);
	return apply;
}

int conf_obj_apply(const struct conf_obj *a, const struct conf_obj *b)
{
	int apply = -1;
	const struct changes changes = { a, b, on_deep_change, &apply };

	each_row(&changes, a->block->args);
	each_row(&changes, a->block->keys);
	return apply;
}
