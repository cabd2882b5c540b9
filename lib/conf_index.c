/*
 * Every name of a schema in one hash table, so that reading is linear in the file.
 *
 * Belongs to a generation (struct conf), in whose arena it lives.
 */
#include "lib/conf_private.h"

#include <string.h>

struct conf_index {
	struct conf_name *names; /* in table order */
	size_t n;
	uint32_t *slots; /* index into names + 1; 0 = free */
	uint32_t mask;
};

static uint32_t hash(const struct conf_block *in, const char *name)
{
	uint64_t h = 14695981039346656037u ^ (uintptr_t)in;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211u;
	return (uint32_t)(h ^ h >> 32);
}

/* Names that block and the blocks in it define; an upper bound. */
static size_t count_names(const struct conf_block *block, unsigned depth)
{
	size_t n = 0;

	if (depth == CONF_DEPTH_MAX)
		return 0;
	for (const struct conf_key *key = block->keys; key && key->name; key++)
		n++;
	for (size_t i = 0; block->blocks && block->blocks[i]; i++)
		n += 1 + count_names(block->blocks[i], depth + 1);
	return n;
}

static uint32_t *find_slot(const struct conf_index *index, const struct conf_block *in,
			   const char *name)
{
	uint32_t at = hash(in, name) & index->mask;

	while (index->slots[at]) {
		const struct conf_name *n = &index->names[index->slots[at] - 1];

		if (n->in == in && strcmp(n->name, name) == 0)
			break;
		at = (at + 1) & index->mask;
	}
	return &index->slots[at];
}

static struct conf_name *name_add(struct conf_index *index, const struct conf_block *in,
				  const char *name)
{
	uint32_t *slot = find_slot(index, in, name);

	if (!*slot) {
		index->names[index->n] = (struct conf_name){ .in = in, .name = name };
		*slot = (uint32_t)++index->n;
	}
	return &index->names[*slot - 1];
}

static const struct conf_key *main_row(const struct conf_block *block, const struct conf_key *key)
{
	for (const struct conf_key *k = block->keys; key->alias_of && k->name; k++)
		if (strcmp(k->name, key->alias_of) == 0)
			return k;
	return key;
}

static void add_names(struct conf_index *index, const struct conf_block *block, unsigned depth)
{
	if (depth == CONF_DEPTH_MAX)
		return;
	for (const struct conf_key *key = block->keys; key && key->name; key++) {
		struct conf_name *name = name_add(index, block, key->name);

		name->key = key;
		name->main = main_row(block, key);
	}
	for (size_t i = 0; block->blocks && block->blocks[i]; i++) {
		if (block->blocks[i]->style != CONF_BLOCK_BARE)
			name_add(index, block, block->blocks[i]->name)->block = block->blocks[i];
		add_names(index, block->blocks[i], depth + 1);
	}
}

struct conf_index *conf_index_new(struct conf_arena *arena, const struct conf_schema *schema)
{
	struct conf_index *index = conf_arena_alloc(arena, sizeof(*index));
	size_t n = count_names(schema->root, 0), cap = 16;

	while (cap < 2 * n)
		cap *= 2;
	index->mask = (uint32_t)cap - 1;
	index->slots = conf_arena_alloc(arena, cap * sizeof(*index->slots));
	index->names = conf_arena_alloc(arena, (n + 1) * sizeof(*index->names));
	add_names(index, schema->root, 0);
	return index;
}

struct conf_name *conf_index_find(const struct conf_index *index, const struct conf_block *in,
				  const char *name)
{
	uint32_t slot = *find_slot(index, in, name);

	return slot ? &index->names[slot - 1] : NULL;
}

const struct conf_name *conf_index_at(const struct conf_index *index, size_t i)
{
	return i < index->n ? &index->names[i] : NULL;
}

uint32_t conf_index_number(const struct conf_index *index, const struct conf_block *in,
			   const char *name)
{
	return *find_slot(index, in, name) - 1;
}
