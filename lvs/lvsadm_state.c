/*
 * lvsadm: the director's status, indexed by service and server.
 *
 * Only lvsadm uses it. Owns the document.
 */
#include "lvs/lvsadm_state.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/control_client.h"
#include "lib/log.h"

#define KEY_MAX (2 * ADDR_NAME_MAX + 2)

struct lvsadm_state {
	json_t *root;
	json_t *index; /* "VS" and "VS RS" to their records, "VS RS !" to the check that fails */
};

static const char *get_string(const json_t *record, const char *name)
{
	const char *text = json_string_value(json_object_get(record, name));

	return text ? text : "";
}

static bool is_set(const json_t *record, const char *name)
{
	return json_is_true(json_object_get(record, name));
}

static json_int_t get_number(const json_t *record, const char *name)
{
	return json_integer_value(json_object_get(record, name));
}

static void index_services(struct lvsadm_state *state)
{
	json_t *record;
	size_t i;

	json_array_foreach(json_object_get(state->root, "virtual_servers"), i, record)
		json_object_set(state->index, get_string(record, "vs"), record);
}

static void index_servers(struct lvsadm_state *state)
{
	char key[KEY_MAX];
	json_t *record;
	size_t i;

	json_array_foreach(json_object_get(state->root, "real_servers"), i, record)
	{
		snprintf(key, sizeof(key), "%s %s", get_string(record, "vs"),
			 get_string(record, "rs"));
		json_object_set(state->index, key, record);
	}
}

/* The first check that fails tells why a server is down. */
static void index_checks(struct lvsadm_state *state)
{
	char key[KEY_MAX];
	json_t *record;
	size_t i;

	json_array_foreach(json_object_get(state->root, "checks"), i, record)
	{
		snprintf(key, sizeof(key), "%s %s !", get_string(record, "vs"),
			 get_string(record, "rs"));
		if (!is_set(record, "is_up") && !json_object_get(state->index, key))
			json_object_set(state->index, key, record);
	}
}

static struct lvsadm_state *state_new(json_t *root)
{
	struct lvsadm_state *state;

	if (!json_is_object(root)) {
		json_decref(root);
		return NULL;
	}
	state = xcalloc(1, sizeof(*state));
	state->root = root;
	state->index = json_object();
	index_services(state);
	index_servers(state);
	index_checks(state);
	return state;
}

struct lvsadm_state *lvsadm_state_parse(const char *text)
{
	return state_new(json_loads(text, 0, NULL));
}

struct lvsadm_state *lvsadm_state_load(const char *path)
{
	char why[CONTROL_WHY_MAX];
	FILE *in = control_ask(path, "status json", why);
	json_t *root;

	if (!in)
		return NULL;
	root = json_loadf(in, 0, NULL);
	fclose(in);
	return state_new(root);
}

void lvsadm_state_free(struct lvsadm_state *state)
{
	if (!state)
		return;
	json_decref(state->index);
	json_decref(state->root);
	free(state);
}

static const json_t *find_svc(const struct lvsadm_state *state, const struct ipvs_svc_key *key)
{
	char name[ADDR_NAME_MAX];

	return state ? json_object_get(state->index, svc_name(key, name)) : NULL;
}

const char *lvsadm_state_name(const struct lvsadm_state *state, const struct ipvs_svc_key *key)
{
	return get_string(find_svc(state, key), "name");
}

const char *lvsadm_state_svc(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
			     char *buf, size_t size)
{
	const json_t *record = find_svc(state, key);

	buf[0] = '\0';
	if (record)
		snprintf(buf, size, "%s %lld/%lld%s", is_set(record, "is_up") ? "up" : "down",
			 (long long)get_number(record, "alive"),
			 (long long)get_number(record, "total"),
			 is_set(record, "is_sorry") ? " sorry" : "");
	return buf;
}

const char *lvsadm_state_dest(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
			      const struct ipvs_dest_key *dest, char *buf, size_t size)
{
	char vs[ADDR_NAME_MAX], rs[ADDR_NAME_MAX], text[KEY_MAX];
	const json_t *record, *check;

	buf[0] = '\0';
	if (!state)
		return buf;
	snprintf(text, sizeof(text), "%s %s !", svc_name(key, vs),
		 dest_name(dest, key->protocol, rs));
	check = json_object_get(state->index, text);
	text[strlen(text) - 2] = '\0';
	record = json_object_get(state->index, text);
	if (!record)
		return buf;
	if (is_set(record, "is_up") || !check)
		snprintf(buf, size, "%s", is_set(record, "is_up") ? "up" : "down");
	else
		snprintf(buf, size, "down %s %s", get_string(check, "kind"),
			 get_string(check, "reason"));
	return buf;
}
