/*
 * Values that are a list of words: names of instances or interfaces, a process with its parameters,
 * and what has no meaning of its own yet (such rows have CONF_NO_EFFECT).
 */
#ifndef DIARCH_LIB_CONF_WORDS_H
#define DIARCH_LIB_CONF_WORDS_H

#include "lib/conf.h"

/* Words as written. Unset when n is 0. */
struct conf_words {
	const char *const *v;
	uint32_t n;
};

/* One to .max words, or none to .max words, unchecked. */
extern const struct conf_type conf_type_words, conf_type_opt_words;

#define K_WORDS(n, s, f, hi, ...)                                                         \
	{                                                                                 \
		.name = n, .type = &conf_type_words, CONF_FIELD(s, f, struct conf_words), \
		.max = hi, __VA_ARGS__                                                    \
	}
#define K_OPT_WORDS(n, s, f, hi, ...)                                                         \
	{                                                                                     \
		.name = n, .type = &conf_type_opt_words, CONF_FIELD(s, f, struct conf_words), \
		.max = hi, __VA_ARGS__                                                        \
	}

#endif
