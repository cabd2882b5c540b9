/*
 * Values that are a list of words. Part of the configuration tables: the parent runs it while it
 * loads a file, a child while it decodes one.
 */
#include "lib/conf_words.h"

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
