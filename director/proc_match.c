/*
 * Whether a process is one that a vrrp_track_process counts. Parent only; pure.
 */
#include <string.h>

#include "director/feeds.h"

#define COMM_LEN 15 /* of a name that the kernel keeps */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The word behind `word` in the command line; NULL behind the last one. */
static const char *next_word(const struct proc_image *image, const char *word)
{
	const char *end = image->cmdline + image->n, *next;

	if (!word)
		return NULL;
	next = memchr(word, '\0', (size_t)(end - word));
	return next && next + 1 < end ? next + 1 : NULL;
}

static bool is_named(const struct proc_pattern *pattern, const struct proc_image *image)
{
	if (pattern->is_full)
		return image->n > 0 && strcmp(image->cmdline, pattern->words[0]) == 0;
	return strncmp(image->comm, base_name(pattern->words[0]), COMM_LEN) == 0;
}

/*
 * Exactly these; these first, the last of them perhaps as the beginning of a word; or these whole,
 * others behind them.
 */
static bool has_parameters(const struct proc_pattern *pattern, const struct proc_image *image)
{
	const char *word = next_word(image, image->n ? image->cmdline : NULL);

	for (uint32_t i = 1; i < pattern->n_words; i++) {
		const char *want = pattern->words[i];
		bool is_prefix = pattern->param_match == PARAM_INITIAL && i + 1 == pattern->n_words;

		if (!word)
			return false;
		if (is_prefix ? strncmp(word, want, strlen(want)) != 0 : strcmp(word, want) != 0)
			return false;
		word = next_word(image, word);
	}
	return !word || pattern->param_match == PARAM_INITIAL ||
	       pattern->param_match == PARAM_PARTIAL;
}

bool proc_match(const struct proc_pattern *pattern, const struct proc_image *image)
{
	bool has_say = pattern->n_words > 1 || pattern->param_match == PARAM_EXACT ||
		       (pattern->is_full && pattern->param_match == PARAM_NONE);

	return is_named(pattern, image) && (!has_say || has_parameters(pattern, image));
}
