/*
 * Fuzz target: bytes to lines, definitions and generators, and words to the tree, without any
 * table. The tree must be whole: positions lie in the file, words end, blocks are closed or
 * reported.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/conf_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pos(struct conf_pos pos, uint32_t n_lines)
{
	if (pos.file != 1 || pos.line == 0 || pos.line > n_lines || pos.col == 0)
		abort();
}

static void check_words(const struct conf_stmt *stmt, uint32_t n_lines)
{
	for (unsigned i = 0; i < stmt->argc; i++) {
		const struct conf_token *word = &stmt->argv[i];

		check_pos(word->pos, n_lines);
		if (!word->is_quoted && (!*word->text || strpbrk(word->text, " \t\n\"{}")))
			abort();
		if (strchr(word->text, '\n'))
			abort();
	}
}

/* Returns how many statements there are. */
static size_t check_tree(const struct conf_stmt *stmt, uint32_t n_lines, unsigned depth)
{
	size_t n = 0;

	for (; stmt; stmt = stmt->next, n++) {
		if (depth > CONF_BLOCKS_MAX)
			abort();
		if (stmt->argc == 0 && !stmt->has_body)
			abort();
		if (stmt->body && !stmt->has_body)
			abort();
		if (stmt->has_body)
			check_pos(stmt->open, n_lines);
		check_words(stmt, n_lines);
		n += check_tree(stmt->body, n_lines, depth + 1);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct conf_options options = { .config_id = "low" };
	struct conf_diags *diags = conf_diags_new();
	struct conf_arena *arena = conf_arena_new();
	struct conf_stmt *tree =
		conf_src_text(arena, diags, &options, "fuzz", (const char *)data, size);
	uint32_t n_lines = 1;

	for (size_t i = 0; i < size; i++)
		n_lines += data[i] == '\n';
	if (check_tree(tree, n_lines, 0) > CONF_WORDS_MAX)
		abort();
	json_decref(conf_diags_json(diags));
	conf_arena_free(arena);
	conf_diags_free(diags);
	return 0;
}
