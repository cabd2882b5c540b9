/*
 * The tables as JSON Schema (draft 2020-12) of what conf_json() gives.
 *
 * Used by the process that the user started.
 */
#include "lib/conf_private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"

static void put_limits(json_t *json, const struct conf_key *key)
{
	if (key->min >= key->max)
		return;
	if (key->type == &conf_type_secs) {
		json_object_set_new(json, "minimum", json_real((double)key->min / US_PER_S));
		json_object_set_new(json, "maximum", json_real((double)key->max / US_PER_S));
	} else if (strcmp(key->type->json_type, "integer") == 0) {
		json_object_set_new(json, "minimum", json_integer(key->min));
		json_object_set_new(json, "maximum", json_integer(key->max));
	}
}

static void put_words(json_t *json, const struct conf_key *key)
{
	json_t *names;

	if (!key->words || strcmp(key->type->json_type, "string") != 0)
		return;
	names = json_array();
	for (const struct conf_word *w = key->words; w->name; w++)
		json_array_append_new(names, json_string(w->name));
	json_object_set_new(json, "enum", names);
}

/* The default that stands in the row itself; not one that comes from elsewhere. */
static void put_default(json_t *json, const struct conf_key *key)
{
	void *field;

	if (!key->type->set_default || key->dflt_from ||
	    key->flags & (CONF_INHERIT | CONF_REQUIRED))
		return;
	field = xcalloc(1, key->size);
	key->type->set_default(key, field);
	json_object_set_new(json, "default", key->type->json(key, field));
	free(field);
}

/* That a feature is not built; `what` is what this means, or `no_use` why, or both are NULL. */
static void put_not_in_effect(json_t *json, const char *what, const char *no_use)
{
	json_t *text;

	if (what)
		text = json_sprintf("Not in effect in this version: %s.", what);
	else if (no_use)
		text = json_sprintf("Accepted, but has no effect: %s.", no_use);
	else
		text = json_string("Accepted, but has no effect in this version.");
	json_object_set_new(json, "$comment", text);
}

/* "integer", or a list when a value may be one of several: "integer|string". */
static json_t *type_schema(const char *types)
{
	const char *bar = strchr(types, '|');
	json_t *list;

	if (!bar)
		return json_string(types);
	list = json_array();
	for (; bar; types = bar + 1, bar = strchr(types, '|'))
		json_array_append_new(list, json_stringn(types, (size_t)(bar - types)));
	json_array_append_new(list, json_string(types));
	return list;
}

static json_t *row_schema(const struct conf_key *key)
{
	json_t *json = json_object();

	json_object_set_new(json, "type", type_schema(key->type->json_type));
	json_object_set_new(json, "description", json_string(key->help));
	put_limits(json, key);
	put_words(json, key);
	put_default(json, key);
	if (key->flags & CONF_DEPRECATED)
		json_object_set_new(json, "deprecated", json_true());
	if (key->flags & CONF_NO_EFFECT)
		put_not_in_effect(json, key->not_in_effect, key->no_use);
	return json;
}

static void put_rows(json_t *properties, json_t *required, const struct conf_key *key, bool is_args)
{
	for (; key && key->name; key++) {
		if (key->alias_of)
			continue;
		json_object_set_new(properties, key->name, row_schema(key));
		if (key->flags & CONF_REQUIRED || (is_args && key->type->min_args > 0))
			json_array_append_new(required, json_string(key->name));
	}
}

static json_t *block_schema(const struct conf_block *block)
{
	json_t *json = json_object(), *properties = json_object(), *required = json_array();

	put_rows(properties, required, block->args, true);
	put_rows(properties, required, block->keys, false);
	for (size_t i = 0; block->blocks && block->blocks[i]; i++) {
		const struct conf_block *inner = block->blocks[i];

		json_object_set_new(properties, inner->name,
				    inner->is_single ? block_schema(inner)
						     : json_pack("{s:s, s:o}", "type", "array",
								 "items", block_schema(inner)));
	}
	json_object_set_new(json, "type", json_string("object"));
	if (block->help)
		json_object_set_new(json, "description", json_string(block->help));
	if (block->not_in_effect)
		put_not_in_effect(json, block->not_in_effect, NULL);
	json_object_set_new(json, "properties", properties);
	json_object_set_new(json, "required", required);
	json_object_set_new(json, "additionalProperties", json_false());
	return json;
}

json_t *conf_json_schema(const struct conf_schema *schema)
{
	json_t *json = json_object();

	json_object_set_new(json, "$schema",
			    json_string("https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(json, "title", json_string("Configuration of diarch"));
	json_object_update_new(json, block_schema(schema->root));
	return json;
}
