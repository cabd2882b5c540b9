/*
 * A configuration generation: its memory, and the stages of a load in their order.
 *
 * Loaded by the parent, rebuilt in the children by conf_wire. Everything lives in one arena and is
 * read-only once loaded.
 */
#include "lib/conf_private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

/* ---- memory ---- */

enum {
	CHUNK_FIRST = 16 << 10,
	CHUNK_LARGEST = 1 << 20,
};

struct chunk {
	struct chunk *next;
	size_t cap, used;
	_Alignas(max_align_t) char data[];
};

struct conf_arena {
	struct chunk *chunks; /* the first is the one in use */
	size_t next_cap;
};

struct conf_arena *conf_arena_new(void)
{
	struct conf_arena *arena = xcalloc(1, sizeof(*arena));

	arena->next_cap = CHUNK_FIRST;
	return arena;
}

void conf_arena_free(struct conf_arena *arena)
{
	if (!arena)
		return;
	while (arena->chunks) {
		struct chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	free(arena);
}

static struct chunk *chunk_add(struct conf_arena *arena, size_t size)
{
	size_t cap = size > arena->next_cap / 4 ? size : arena->next_cap;
	struct chunk *chunk = xcalloc(1, sizeof(*chunk) + cap);

	chunk->cap = cap;
	if (cap == size && arena->chunks) {
		/* A large piece gets a chunk of its own; the one in use stays in use. */
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
		return chunk;
	}
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	if (arena->next_cap < CHUNK_LARGEST)
		arena->next_cap *= 2;
	return chunk;
}

static void *arena_take(struct conf_arena *arena, size_t size, size_t align)
{
	struct chunk *chunk = arena->chunks;
	size_t at = chunk ? (chunk->used + align - 1) & ~(align - 1) : 0;

	if (!chunk || at > chunk->cap || size > chunk->cap - at) {
		chunk = chunk_add(arena, size);
		at = 0;
	}
	chunk->used = at + size;
	return chunk->data + at;
}

void *conf_arena_alloc(struct conf_arena *arena, size_t size)
{
	return arena_take(arena, size, _Alignof(max_align_t));
}

char *conf_arena_strndup(struct conf_arena *arena, const char *s, size_t len)
{
	char *copy = arena_take(arena, len + 1, 1);

	memcpy(copy, s, len);
	return copy;
}

/* ---- the generation ---- */

struct conf *conf_new(const struct conf_schema *schema)
{
	struct conf_arena *arena = conf_arena_new();
	struct conf *conf = conf_arena_alloc(arena, sizeof(*conf));

	conf->arena = arena;
	conf->schema = schema;
	conf->index = conf_index_new(arena, schema);
	conf->root = conf_arena_alloc(arena, schema->root->size);
	conf->root->block = schema->root;
	return conf;
}

void conf_free(struct conf *conf)
{
	if (conf)
		conf_arena_free(conf->arena);
}

const struct conf_obj *conf_root(const struct conf *conf)
{
	return conf->root;
}

struct conf_set *conf_obj_set(const struct conf_obj *obj, const struct conf_key *key)
{
	struct conf_set *set = obj->set;

	while (set && set->key != key)
		set = set->next;
	return set;
}

bool conf_is_set(const struct conf_obj *obj, const char *name, struct conf_pos *pos)
{
	for (const struct conf_set *set = obj->set; set; set = set->next) {
		if (strcmp(set->key->name, name) != 0)
			continue;
		if (pos)
			*pos = set->pos;
		return true;
	}
	return false;
}

const struct conf_obj *conf_global_obj(const struct conf *conf)
{
	const struct conf_block *block = conf->schema->global_block;

	return block ? conf_obj_list(conf->root, block)->head : NULL;
}

bool conf_block_is_first(const struct conf_block *const *blocks, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (blocks[j]->list_offset == blocks[i]->list_offset)
			return false;
	return true;
}

void conf_obj_each_list(const struct conf_obj *obj, conf_on_list on_list, void *ctx)
{
	const struct conf_block *const *blocks = obj->block->blocks;

	for (size_t i = 0; blocks && blocks[i]; i++)
		if (conf_block_is_first(blocks, i))
			on_list(ctx, conf_obj_list(obj, blocks[i]));
}

/* ---- for types and finish functions ---- */

void *conf_alloc(struct conf_walk *walk, size_t size)
{
	return conf_arena_alloc(walk->conf->arena, size);
}

const char *conf_strdup(struct conf_walk *walk, const char *s)
{
	return conf_arena_strndup(walk->conf->arena, s, strlen(s));
}

void conf_error(struct conf_walk *walk, struct conf_pos pos, enum conf_class class,
		const char *code, const char *hint, const char *fmt, ...)
{
	struct conf_report report = { CONF_ERROR, class, code, pos, hint, { 0 }, false };
	va_list ap;

	report.is_tolerated = walk->is_tolerant && walk->can_go_on && class == CONF_VALUE;
	if (report.is_tolerated)
		report.severity = CONF_WARNING;
	va_start(ap, fmt);
	conf_diag_vreport(walk->diags, &report, fmt, ap);
	va_end(ap);
}

void conf_refuse(struct conf_walk *walk, const struct conf_mending *mending, enum conf_class class,
		 const char *code, const char *hint, const char *fmt, ...)
{
	struct conf_report report = { CONF_ERROR, class,    code, mending->obj->pos,
				      hint,       *mending, false };
	va_list ap;

	if (mending->name)
		conf_is_set(mending->obj, mending->name, &report.pos);
	va_start(ap, fmt);
	conf_diag_vreport(walk->diags, &report, fmt, ap);
	va_end(ap);
}

void conf_warning(struct conf_walk *walk, struct conf_pos pos, enum conf_class class,
		  const char *code, const char *hint, const char *fmt, ...)
{
	struct conf_report report = { CONF_WARNING, class, code, pos, hint, { 0 }, false };
	va_list ap;

	va_start(ap, fmt);
	conf_diag_vreport(walk->diags, &report, fmt, ap);
	va_end(ap);
}

/* ---- loading ---- */

/* The tree to a complete generation; frees the tree's memory. */
static struct conf *load_tree(struct conf_arena *tree_arena, struct conf_stmt *tree,
			      const struct conf_schema *schema, const struct conf_options *options,
			      struct conf_diags *diags)
{
	struct conf *conf = conf_new(schema);
	struct conf_walk walk = { .conf = conf, .diags = diags };

	walk.is_tolerant = options && options->is_tolerant;
	conf_walk_tree(&walk, tree);
	conf_arena_free(tree_arena);
	conf_fill(&walk);
	for (const conf_rule *rule = schema->rules; rule && *rule; rule++)
		(*rule)(conf->root, diags);
	conf_mend(&walk);

	conf->n_paths = conf_diags_n_files(diags);
	conf->paths = conf_arena_alloc(conf->arena, conf->n_paths * sizeof(*conf->paths));
	for (uint32_t i = 0; i < conf->n_paths; i++) {
		const char *path = conf_diags_path(diags, i + 1);

		conf->paths[i] = conf_arena_strndup(conf->arena, path, strlen(path));
	}
	return conf;
}

struct conf *conf_load(const char *path, const struct conf_schema *schema,
		       const struct conf_options *options, struct conf_diags *diags)
{
	struct conf_arena *arena = conf_arena_new();
	struct conf_stmt *tree;

	if (options && options->is_tolerant)
		conf_diags_tolerate(diags);
	if (!conf_src_files(arena, diags, options, path, &tree)) {
		conf_arena_free(arena);
		return NULL;
	}
	return load_tree(arena, tree, schema, options, diags);
}

struct conf *conf_load_text(const char *text, size_t len, const char *name,
			    const struct conf_schema *schema, const struct conf_options *options,
			    struct conf_diags *diags)
{
	struct conf_arena *arena = conf_arena_new();
	struct conf_stmt *tree;

	if (options && options->is_tolerant)
		conf_diags_tolerate(diags);
	tree = conf_src_text(arena, diags, options, name, text, len);
	return load_tree(arena, tree, schema, options, diags);
}
