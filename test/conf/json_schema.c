/*
 * Checks a JSON value against a schema, as far as our own schema goes. A keyword it does not know
 * is an error, so that a new one cannot go unchecked.
 */
#include "test/conf/json_schema.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_LEN = 400 };

struct check {
	char path[PATH_MAX_LEN];
	char *why;
	size_t size;
};

static bool accepts(struct check *check, const json_t *schema, const json_t *value);

static bool refuse(const struct check *check, const char *what, const char *detail)
{
	snprintf(check->why, check->size, "%s: %s %s", check->path, what, detail ? detail : "");
	return false;
}

static bool has_type(const char *type, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT: return strcmp(type, "object") == 0;
	case JSON_ARRAY: return strcmp(type, "array") == 0;
	case JSON_STRING: return strcmp(type, "string") == 0;
	case JSON_INTEGER: return strcmp(type, "integer") == 0 || strcmp(type, "number") == 0;
	case JSON_REAL: return strcmp(type, "number") == 0;
	case JSON_TRUE:
	case JSON_FALSE: return strcmp(type, "boolean") == 0;
	case JSON_NULL: return strcmp(type, "null") == 0;
	}
	return false;
}

static bool accepts_type(const struct check *check, const json_t *type, const json_t *value)
{
	const json_t *one;
	size_t i;

	if (json_is_string(type) && has_type(json_string_value(type), value))
		return true;
	json_array_foreach(type, i, one) if (has_type(json_string_value(one), value)) return true;
	return refuse(check, "wrong type, expected is",
		      json_is_string(type) ? json_string_value(type) : "another of the listed");
}

static bool accepts_word(const struct check *check, const json_t *words, const json_t *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach(words, i, one) if (json_equal(one, value)) return true;
	return refuse(check, "is not in enum:", json_string_value(value));
}

static bool accepts_items(struct check *check, const json_t *items, const json_t *value)
{
	size_t len = strlen(check->path), i;
	const json_t *one;
	bool is_good = true;

	json_array_foreach(value, i, one)
	{
		if (!is_good)
			break;
		snprintf(check->path + len, sizeof(check->path) - len, "[%zu]", i);
		is_good = accepts(check, items, one);
	}
	check->path[len] = '\0';
	return is_good;
}

static bool accepts_member(struct check *check, const json_t *schema, const char *name,
			   const json_t *value)
{
	const json_t *member = json_object_get(json_object_get(schema, "properties"), name);
	size_t len = strlen(check->path);
	bool is_good;

	if (!member)
		return refuse(check, "has the unknown member", name);
	snprintf(check->path + len, sizeof(check->path) - len, ".%s", name);
	is_good = accepts(check, member, value);
	if (is_good)
		check->path[len] = '\0';
	return is_good;
}

static bool accepts_members(struct check *check, const json_t *schema, json_t *value)
{
	const json_t *required = json_object_get(schema, "required"), *one;
	json_t *member;
	const char *name;
	size_t i;

	json_array_foreach(
		required, i,
		one) if (!json_object_get(value,
					  json_string_value(one))) return refuse(check, "lacks",
										 json_string_value(
											 one));
	json_object_foreach(value, name,
			    member) if (!accepts_member(check, schema, name, member)) return false;
	return true;
}

static bool accepts_any(struct check *check, const json_t *list, const json_t *value)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (accepts(check, one, value)) return true;
	return false;
}

/* One keyword of a schema. */
static bool accepts_keyword(struct check *check, const json_t *schema, const char *name,
			    const json_t *value)
{
	static const char *const remarks[] = { "$schema",    "title",    "description",
					       "$comment",   "default",  "deprecated",
					       "properties", "required", NULL };
	const json_t *rule = json_object_get(schema, name);

	for (const char *const *remark = remarks; *remark; remark++)
		if (strcmp(name, *remark) == 0)
			return true;
	if (strcmp(name, "type") == 0)
		return accepts_type(check, rule, value);
	if (strcmp(name, "enum") == 0)
		return accepts_word(check, rule, value);
	if (strcmp(name, "anyOf") == 0)
		return accepts_any(check, rule, value);
	if (strcmp(name, "minimum") == 0)
		return !json_is_number(value) ||
		       json_number_value(value) >= json_number_value(rule) ||
		       refuse(check, "is below the minimum", NULL);
	if (strcmp(name, "maximum") == 0)
		return !json_is_number(value) ||
		       json_number_value(value) <= json_number_value(rule) ||
		       refuse(check, "is above the maximum", NULL);
	if (strcmp(name, "items") == 0)
		return !json_is_array(value) || accepts_items(check, rule, value);
	if (strcmp(name, "additionalProperties") == 0 && json_is_false(rule))
		return true; /* accepts_members() refuses them always */
	return refuse(check, "the schema has an unknown keyword,", name);
}

static bool accepts(struct check *check, const json_t *schema, const json_t *value)
{
	json_t *rules = (json_t *)(uintptr_t)schema, *rule;
	const char *name;

	json_object_foreach(rules, name,
			    rule) if (!accepts_keyword(check, schema, name, value)) return false;
	return !json_is_object(value) || !json_object_get(schema, "properties") ||
	       accepts_members(check, schema, (json_t *)(uintptr_t)value);
}

bool json_schema_accepts(const json_t *schema, const json_t *value, char *why, size_t size)
{
	struct check check = { .path = "root", .why = why, .size = size };

	*why = '\0';
	return accepts(&check, schema, value);
}
