/*
 * Completeness of all tables: every row can be parsed, printed and explained, fits its struct,
 * refers to rows that exist, and stands in a golden case of test/conf.
 */
#include <errno.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "director/root_conf.h"

enum { USED_MAX = 4096, PATH_LEN = 4096 };

static unsigned n_faults;

#define FAULT(block, row, ...)                                                         \
	do {                                                                           \
		n_faults++;                                                            \
		print_error("%s/%s: ", (block)->name ? (block)->name : "(root)", row); \
		print_error(__VA_ARGS__);                                              \
		print_error("\n");                                                     \
	} while (0)

/* ---- walking the schema ---- */

typedef void (*on_block)(const struct conf_block *block);

static void each_block(const struct conf_block *block, on_block visit)
{
	visit(block);
	for (size_t i = 0; block->blocks && block->blocks[i]; i++)
		each_block(block->blocks[i], visit);
}

static void check_all(on_block visit)
{
	n_faults = 0;
	each_block(diarch_schema.root, visit);
	assert_int_equal(n_faults, 0);
}

static const struct conf_key *find_row(const struct conf_key *keys, const char *name)
{
	while (keys && keys->name && strcmp(keys->name, name) != 0)
		keys++;
	return keys && keys->name ? keys : NULL;
}

/* ---- rows by themselves ---- */

static bool is_sentence(const char *help)
{
	size_t len = help ? strlen(help) : 0;

	return len > 1 && help[len - 1] == '.' && !strchr(help, '\n');
}

static void check_type(const struct conf_block *block, const struct conf_key *key)
{
	const struct conf_type *type = key->type;

	if (!type || !type->name || !type->parse || !type->print || !type->json ||
	    !type->is_equal || !type->json_type)
		FAULT(block, key->name, "type is not complete");
	else if (type->max_args < type->min_args)
		FAULT(block, key->name, "type takes fewer words than it needs");
}

static void check_row(const struct conf_block *block, const struct conf_key *key)
{
	check_type(block, key);
	if (!is_sentence(key->help))
		FAULT(block, key->name, "help is not a sentence");
	if (key->size == 0 || key->offset < sizeof(struct conf_obj) ||
	    key->offset + key->size > block->size)
		FAULT(block, key->name, "field is outside the struct");
	if (key->min > key->max)
		FAULT(block, key->name, "limits are reversed");
	if (!(key->flags & CONF_NO_EFFECT) != !(key->not_in_effect || key->no_use) &&
	    !key->alias_of)
		FAULT(block, key->name,
		      "has no effect and does not say why, or the other way round");
	if (key->dflt != 0 && key->dflt != -1 && key->max != 0 &&
	    (key->dflt < key->min || key->dflt > key->max))
		FAULT(block, key->name, "default is outside the limits");
}

static void on_rows(const struct conf_block *block)
{
	for (const struct conf_key *key = block->args; key && key->name; key++)
		check_row(block, key);
	for (const struct conf_key *key = block->keys; key && key->name; key++)
		check_row(block, key);
}

static void test_rows(void **state)
{
	(void)state;
	check_all(on_rows);
}

/* ---- references between rows ---- */

static void check_alias(const struct conf_block *block, const struct conf_key *key)
{
	const struct conf_key *of = find_row(block->keys, key->alias_of);

	if (!of || of->alias_of)
		FAULT(block, key->name, "is an alias of nothing");
	else if (of->offset != key->offset || of->size != key->size || of->type != key->type ||
		 of->words != key->words)
		FAULT(block, key->name, "differs from %s", of->name);
	else if ((of->flags ^ key->flags) & CONF_NO_EFFECT)
		FAULT(block, key->name, "has an effect, or none, unlike %s", of->name);
}

static void check_source(const struct conf_block *block, const struct conf_key *key)
{
	const struct conf_key *from = find_row(diarch_schema.global_keys, key->dflt_from);

	if (!from || from->type != key->type || from->size != key->size)
		FAULT(block, key->name, "%s is not a global key of the same type", key->dflt_from);
	if (key->dflt || key->dflt_text)
		FAULT(block, key->name, "has two defaults");
}

static void on_references(const struct conf_block *block)
{
	for (const struct conf_key *key = block->keys; key && key->name; key++) {
		if (key->alias_of)
			check_alias(block, key);
		else if (key->flags & CONF_DEPRECATED)
			FAULT(block, key->name, "is deprecated without a better word");
		if (key->dflt_from)
			check_source(block, key);
	}
}

static void test_references(void **state)
{
	(void)state;
	check_all(on_references);
}

/* ---- names and fields that meet ---- */

static void on_names(const struct conf_block *block)
{
	for (const struct conf_key *key = block->keys; key && key->name; key++)
		if (find_row(block->keys, key->name) != key)
			FAULT(block, key->name, "stands twice in the table");
	for (size_t i = 0; block->blocks && block->blocks[i]; i++) {
		const char *name = block->blocks[i]->name;

		if (find_row(block->keys, name))
			FAULT(block, name, "is a keyword and a block");
		for (size_t k = 0; k < i; k++)
			if (strcmp(block->blocks[k]->name, name) == 0)
				FAULT(block, name, "is two blocks");
	}
}

/* Rows share a field only as spellings of one thing. */
static bool is_shared(const struct conf_key *a, const struct conf_key *b)
{
	bool is_same = a->offset == b->offset && a->size == b->size;

	if (a->offset + a->size <= b->offset || b->offset + b->size <= a->offset)
		return true;
	return is_same && (a->alias_of || b->alias_of || (a->flags & CONF_REPEAT));
}

static void on_fields(const struct conf_block *block)
{
	for (const struct conf_key *a = block->keys; a && a->name; a++)
		for (const struct conf_key *b = a + 1; b->name; b++)
			if (!is_shared(a, b))
				FAULT(block, a->name, "has its field where %s has one", b->name);
}

static void test_names(void **state)
{
	(void)state;
	check_all(on_names);
}

static void test_fields(void **state)
{
	(void)state;
	check_all(on_fields);
}

/* ---- blocks ---- */

static void on_blocks(const struct conf_block *block)
{
	if (!is_sentence(block->help))
		FAULT(block, "help", "is not a sentence");
	if (block->size < sizeof(struct conf_obj))
		FAULT(block, "size", "has no room for the head");
	for (size_t i = 0; block->blocks && block->blocks[i]; i++)
		if (block->blocks[i]->list_offset < sizeof(struct conf_obj) ||
		    block->blocks[i]->list_offset + sizeof(struct conf_list) > block->size)
			FAULT(block, block->blocks[i]->name, "has its list outside the struct");
	if (conf_block_has_lines(block) && !block->args && !block->keys)
		FAULT(block, "args", "are missing: lines begin with something");
}

static void test_blocks(void **state)
{
	(void)state;
	check_all(on_blocks);
}

/* ---- golden cases ---- */

static const struct conf_key *used[USED_MAX];
static size_t n_used;
static char *all_text; /* of all cases, with blanks around each line */

static bool is_used(const struct conf_key *key)
{
	for (size_t i = 0; i < n_used; i++)
		if (used[i] == key)
			return true;
	return false;
}

static void mark_used(const struct conf_obj *obj)
{
	const struct conf_block *const *blocks = obj->block->blocks;

	for (const struct conf_set *set = obj->set; set; set = set->next)
		if (!is_used(set->key) && n_used < USED_MAX)
			used[n_used++] = set->key;
	for (size_t i = 0; blocks && blocks[i]; i++) {
		const struct conf_list *list =
			(const void *)((const char *)obj + blocks[i]->list_offset);
		const struct conf_obj *sub;

		conf_list_for_each (sub, list)
			if (sub->block == blocks[i])
				mark_used(sub);
	}
}

/* Whether a line of a case begins with `word`. */
static bool is_written(const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(all_text, word); at; at = strstr(at + 1, word))
		if ((at == all_text || strchr(" \t\n", at[-1])) && strchr(" \t\n", at[len]))
			return true;
	return false;
}

static void on_coverage(const struct conf_block *block)
{
	for (const struct conf_key *key = block->keys; key && key->name; key++)
		if (key->alias_of ? !is_written(key->name) : !is_used(key))
			FAULT(block, key->name, "stands in no case of test/conf");
}

static void read_case(const char *path, FILE *out)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(path, &diarch_schema, NULL, diags);
	FILE *file = fopen(path, "r");
	int c;

	assert_non_null(conf);
	assert_non_null(file);
	mark_used(conf_root(conf));
	while ((c = fgetc(file)) != EOF)
		fputc(c, out);
	fclose(file);
	conf_free(conf);
	conf_diags_free(diags);
}

static void test_coverage(void **state)
{
	const char *srcdir = getenv("srcdir");
	char pattern[PATH_LEN];
	glob_t found = { 0 };
	size_t len;
	FILE *out = open_memstream(&all_text, &len);

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/test/conf/*.in", srcdir ? srcdir : ".");
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= 25);
	for (size_t i = 0; i < found.gl_pathc; i++)
		read_case(found.gl_pathv[i], out);
	fclose(out);
	globfree(&found);
	check_all(on_coverage);
	free(all_text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),   cmocka_unit_test(test_references),
		cmocka_unit_test(test_names),  cmocka_unit_test(test_fields),
		cmocka_unit_test(test_blocks), cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
