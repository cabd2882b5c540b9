/*
 * What differs between the objects of two generations, by the tables.
 *
 * Pure; used by the parent and the children to tell what a reload touches.
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

static int rows_apply(const struct conf_key *key, const struct conf_obj *a,
		      const struct conf_obj *b)
{
	int apply = -1;

	for (; key && key->name; key++)
		if (!key->alias_of && (int)key->apply > apply &&
		    !key->type->is_equal(key, conf_obj_value(a, key), conf_obj_value(b, key)))
			apply = (int)key->apply;
	return apply;
}

int conf_obj_apply(const struct conf_obj *a, const struct conf_obj *b)
{
	int args = rows_apply(a->block->args, a, b), keys = rows_apply(a->block->keys, a, b);

	return args > keys ? args : keys;
}
