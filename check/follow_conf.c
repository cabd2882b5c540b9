/*
 * FILE_CHECK and BFD_CHECK, which follow something that is tracked elsewhere: tables.
 * The parent runs it while it loads a file; the checker child when it decodes what the parent
 * loaded.
 */
#include "check/checker_rows.h"

#include <inttypes.h>
#include <string.h>

/* ---- N [reverse | noreverse] ---- */

static bool weight_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	struct conf_key row = *key;
	struct file_weight weight = { .is_set = true };

	row.size = sizeof(weight.factor);
	if (!conf_type_i64.parse(walk, &row, &weight.factor, argv, 1))
		return false;
	if (argc > 1 && strcmp(argv[1].text, "reverse") != 0 &&
	    strcmp(argv[1].text, "noreverse") != 0) {
		conf_error(walk, argv[1].pos, CONF_VALUE, "unknown-word", "reverse or noreverse",
			   "%s: \"%s\" is not known", key->name, argv[1].text);
		return false;
	}
	weight.is_reversed = argc > 1 && argv[1].text[0] == 'r';
	*(struct file_weight *)field = weight;
	return true;
}

static void weight_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct file_weight *weight = field;

	(void)key;
	if (weight->is_set)
		fprintf(out, "%" PRId64 "%s", weight->factor,
			weight->is_reversed ? " reverse" : "");
}

static json_t *weight_json(const struct conf_key *key, const void *field)
{
	const struct file_weight *weight = field;

	(void)key;
	if (!weight->is_set)
		return NULL;
	return json_pack("{sI sb}", "factor", (json_int_t)weight->factor, "reverse",
			 (int)weight->is_reversed);
}

static bool weight_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct file_weight *wa = a, *wb = b;

	(void)key;
	return wa->is_set == wb->is_set && wa->factor == wb->factor &&
	       wa->is_reversed == wb->is_reversed;
}

static const struct conf_type type_weight = {
	.name = "factor, and reverse or noreverse",
	.min_args = 1,
	.max_args = 2,
	.parse = weight_parse,
	.print = weight_print,
	.json = weight_json,
	.is_equal = weight_is_equal,
	.json_type = "object",
};

/* ---- tables ---- */

#define FILE_CONF struct file_check_conf
#define BFD_CONF  struct bfd_check_conf

static const struct conf_key file_keys[] = {
	K_STR("track_file", FILE_CONF, track_file, .apply = CONF_APPLY_LIVE, .flags = CONF_REQUIRED,
	      .help = "The track_file to follow."),
	K_CUSTOM("weight", &type_weight, FILE_CONF, weight, struct file_weight, .min = -INT32_MAX,
		 .max = INT32_MAX, LIVE,
		 .help = "Factor for the number in the file; default that of the track_file."),
	CHECKER_LOOK_KEYS,
	K_END,
};

const struct conf_block file_check_block = {
	.name = "FILE_CHECK",
	.size = sizeof(struct file_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = file_keys,
	.help = "The number in a file changes the weight of the server.",
};

static const struct conf_key bfd_keys[] = {
	K_STR("name", BFD_CONF, name, .apply = CONF_APPLY_LIVE, .flags = CONF_REQUIRED,
	      .help = "The bfd_instance to follow."),
	CHECKER_ALPHA,
	CHECKER_LOOK_KEYS,
	K_END,
};

const struct conf_block bfd_check_block = {
	.name = "BFD_CHECK",
	.size = sizeof(struct bfd_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = bfd_keys,
	.help = "The server is up while a BFD session is.",
};
