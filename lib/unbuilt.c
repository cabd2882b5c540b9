/*
 * Words without meaning yet, and how they are refused. Part of the configuration tables: the parent
 * runs it while it loads a file.
 */
#include "lib/unbuilt.h"

#include <string.h>

static bool words_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	struct conf_words *words = field;
	const char **v;

	if (argc > key->max) {
		argc = (unsigned)key->max;
		conf_warning(walk, argv[argc].pos, CONF_SYNTAX, "extra-words", NULL,
			     "\"%s\" after %s is ignored", argv[argc].text, key->name);
	}
	v = conf_alloc(walk, (argc + 1) * sizeof(*v));
	for (unsigned i = 0; i < argc; i++)
		v[i] = conf_strdup(walk, argv[i].text);
	words->v = v;
	words->n = argc;
	return true;
}

static void words_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_words *words = field;

	(void)key;
	for (uint32_t i = 0; i < words->n; i++) {
		if (i > 0)
			fputc(' ', out);
		conf_print_word(out, words->v[i]);
	}
}

static json_t *words_json(const struct conf_key *key, const void *field)
{
	const struct conf_words *words = field;
	json_t *array = json_array();

	(void)key;
	for (uint32_t i = 0; i < words->n; i++)
		json_array_append_new(array, conf_json_string(words->v[i]));
	return array;
}

static bool words_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_words *wa = a, *wb = b;

	(void)key;
	if (wa->n != wb->n)
		return false;
	for (uint32_t i = 0; i < wa->n; i++)
		if (strcmp(wa->v[i], wb->v[i]) != 0)
			return false;
	return true;
}

#define WORDS_FUNCTIONS                                                                  \
	.max_args = 255, .parse = words_parse, .print = words_print, .json = words_json, \
	.is_equal = words_is_equal, .json_type = "array"

const struct conf_type conf_type_words = { .name = "words", .min_args = 1, WORDS_FUNCTIONS };
const struct conf_type conf_type_opt_words = { .name = "words", WORDS_FUNCTIONS };
const struct conf_type conf_type_unbuilt = { .name = "refused", WORDS_FUNCTIONS };

static void report(struct conf_walk *walk, struct conf_pos pos, const char *name)
{
	conf_error(walk, pos, CONF_SEMANTIC, "not-built-yet", NULL,
		   "keepalived knows \"%s\", but diarch does not have it yet", name);
}

bool unbuilt_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	for (const struct conf_set *set = obj->set; set; set = set->next)
		if (set->key->type == &conf_type_unbuilt)
			report(walk, set->pos, set->key->name);
	return true;
}

/* Whether an earlier line of the same block was refused: once is enough. */
static bool is_reported(const struct conf_obj *obj)
{
	const struct conf_list *list =
		(const void *)((const char *)obj->parent + obj->block->list_offset);
	const struct conf_obj *other;

	if (obj->block->style != CONF_BLOCK_LINES)
		return false;
	conf_list_for_each (other, list)
		if (other->block == obj->block)
			return true;
	return false;
}

bool unbuilt_refuse(struct conf_walk *walk, struct conf_obj *obj)
{
	if (obj->parent->block->finish != unbuilt_refuse && !is_reported(obj))
		report(walk, obj->pos, obj->block->name);
	return true;
}

const struct conf_key unbuilt_line[] = {
	K_WORDS("words", struct unbuilt_conf, words, 255, .help = "The line as written."),
	K_END,
};

const struct conf_key unbuilt_name[] = {
	K_STR("name", struct unbuilt_conf, name, .help = "Name that others refer to."),
	K_END,
};
