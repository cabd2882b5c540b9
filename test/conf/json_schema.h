/*
 * The part of JSON Schema that conf_json_schema() uses, for tests: type, enum, minimum, maximum,
 * properties, required, additionalProperties false, items, anyOf.
 */
#ifndef DIARCH_TEST_CONF_JSON_SCHEMA_H
#define DIARCH_TEST_CONF_JSON_SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Whether `value` is what `schema` allows; if not, `why` says where and what, cut to `size`. */
bool json_schema_accepts(const json_t *schema, const json_t *value, char *why, size_t size);

#endif
