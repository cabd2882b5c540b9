/*
 * For value types with odd syntax whose value is that of a common type: they parse by themselves
 * and do the rest as that type does.
 */
#ifndef DIARCH_LIB_CONF_LIKE_H
#define DIARCH_LIB_CONF_LIKE_H

#include "lib/conf.h"

/* Defines static PREFIX_print(), PREFIX_json(), PREFIX_is_equal() and PREFIX_set_default(), as
 * `base` has them. */
#define CONF_LIKE(prefix, base)                                                                 \
	static void prefix##_print(const struct conf_key *key, const void *field, FILE *out)    \
	{                                                                                       \
		(base).print(key, field, out);                                                  \
	}                                                                                       \
	static json_t *prefix##_json(const struct conf_key *key, const void *field)             \
	{                                                                                       \
		return (base).json(key, field);                                                 \
	}                                                                                       \
	static bool prefix##_is_equal(const struct conf_key *key, const void *a, const void *b) \
	{                                                                                       \
		return (base).is_equal(key, a, b);                                              \
	}                                                                                       \
	static void prefix##_set_default(const struct conf_key *key, void *field)               \
	{                                                                                       \
		if ((base).set_default)                                                         \
			(base).set_default(key, field);                                         \
	}

/* The members of a struct conf_type that CONF_LIKE made, and PREFIX_parse(). */
#define CONF_LIKE_MEMBERS(prefix)                                                \
	.parse = prefix##_parse, .print = prefix##_print, .json = prefix##_json, \
	.is_equal = prefix##_is_equal, .set_default = prefix##_set_default

#endif
