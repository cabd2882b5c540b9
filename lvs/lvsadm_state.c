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

#define KEY_MAX (512 + 2 * ADDR_NAME_MAX) /* longer names of groups are not told apart */

/* Keys of a group's services, which have one record; without addresses of a fwmark. */
struct range {
	struct ipvs_svc_key first;
	struct addr last;
	const char *vs;
	const struct range *widest; /* among those up to it that differ in the address alone */
};

struct lvsadm_state {
	json_t *root;
	/* "VS" and "VS RS" to their records, "VS RS !" to the check that fails; "VS @ADDRESS" to
	 * the first server there: IPVS has it with the port of each service of a group. */
	json_t *index;
	json_t *left;         /* the same of addresses that a server with a name has left */
	struct range *ranges; /* sorted by their first keys */
	size_t n_ranges;
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

/* Adds a server as IPVS knows it: with `address` (of `len` bytes) in place of a host name. */
static void add_server(json_t *index, json_t *record, const char *address, size_t len)
{
	const char *vs = get_string(record, "vs"), *rs = get_string(record, "rs");
	char key[KEY_MAX];

	snprintf(key, sizeof(key), "%s [%.*s%s", vs, (int)len, address, rs + strcspn(rs, "]"));
	json_object_set(index, key, record);
	snprintf(key, sizeof(key), "%s @%.*s", vs, (int)len, address);
	if (!json_object_get(index, key))
		json_object_set(index, key, record);
}

static void index_servers(struct lvsadm_state *state)
{
	const char *address;
	json_t *record;
	size_t i;

	json_array_foreach(json_object_get(state->root, "real_servers"), i, record)
	{
		address = get_string(record, "address");
		if (!*address) { /* no name: "[ADDRESS]:..." */
			address = get_string(record, "rs");
			address += *address == '[';
		}
		add_server(state->index, record, address, strcspn(address, "]"));
		address = get_string(record, "drained");
		for (size_t len; *address; address += len + (address[len] == ' ')) {
			len = strcspn(address, " ");
			add_server(state->left, record, address, len);
		}
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

/* ---- groups ---- */

static uint8_t protocol_of(const char *name)
{
	return strcmp(name, "tcp") == 0    ? IPPROTO_TCP
	       : strcmp(name, "udp") == 0  ? IPPROTO_UDP
	       : strcmp(name, "sctp") == 0 ? IPPROTO_SCTP
					   : 0;
}

static bool read_range(const json_t *record, struct range *range)
{
	const json_int_t family = get_number(record, "family");

	*range = (struct range){
		.first.family = family == 6 ? AF_INET6 : AF_INET,
		.first.protocol = protocol_of(get_string(record, "protocol")),
		.first.port = (uint16_t)get_number(record, "port"),
		.first.fwmark = (uint32_t)get_number(record, "fwmark"),
		.vs = get_string(record, "vs"),
	};
	return range->first.fwmark ||
	       (addr_parse(get_string(record, "first"), &range->first.addr) &&
		addr_parse(get_string(record, "last"), &range->last));
}

/* All but the address, which comes last. */
static int kind_cmp(const struct ipvs_svc_key *a, const struct ipvs_svc_key *b)
{
	struct ipvs_svc_key x = *a, y = *b;

	x.addr = y.addr = (struct addr){ 0 };
	return svc_key_cmp(&x, &y);
}

static int range_cmp(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	int order = kind_cmp(&x->first, &y->first);

	return order ? order : addr_cmp(&x->first.addr, &y->first.addr);
}

static void index_ranges(struct lvsadm_state *state)
{
	const json_t *records = json_object_get(state->root, "service_addresses");
	const struct range *before = NULL;
	json_t *record;
	size_t i;

	state->ranges = xcalloc(json_array_size(records) + 1, sizeof(*state->ranges));
	json_array_foreach(records, i, record)
	{
		if (read_range(record, &state->ranges[state->n_ranges]))
			state->n_ranges++;
	}
	qsort(state->ranges, state->n_ranges, sizeof(*state->ranges), range_cmp);
	for (i = 0; i < state->n_ranges; i++) {
		struct range *range = &state->ranges[i];
		bool is_inside = before && kind_cmp(&before->first, &range->first) == 0 &&
				 addr_cmp(&before->last, &range->last) > 0;

		range->widest = is_inside ? before : range;
		before = range->widest;
	}
}

/* The virtual server that has this key by its group; NULL = none. */
static const char *find_group(const struct lvsadm_state *state, const struct ipvs_svc_key *key)
{
	const struct range wanted = { .first = *key };
	const struct range *found;
	size_t lo = 0, hi = state->n_ranges;

	while (lo < hi) { /* behind the last one that does not begin after it */
		size_t mid = lo + (hi - lo) / 2;

		if (range_cmp(&state->ranges[mid], &wanted) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	found = lo > 0 ? state->ranges[lo - 1].widest : NULL;
	if (!found || kind_cmp(&found->first, key) != 0)
		return NULL;
	return key->fwmark || addr_cmp(&key->addr, &found->last) <= 0 ? found->vs : NULL;
}

/* ---- documents ---- */

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
	state->left = json_object();
	index_services(state);
	index_servers(state);
	index_checks(state);
	index_ranges(state);
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
	free(state->ranges);
	json_decref(state->index);
	json_decref(state->left);
	json_decref(state->root);
	free(state);
}

/* ---- questions ---- */

static const json_t *find_svc(const struct lvsadm_state *state, const struct ipvs_svc_key *key)
{
	char name[ADDR_NAME_MAX];
	const json_t *record;
	const char *vs;

	if (!state)
		return NULL;
	record = json_object_get(state->index, svc_name(key, name));
	if (record)
		return record;
	vs = find_group(state, key);
	return vs ? json_object_get(state->index, vs) : NULL;
}

const char *lvsadm_state_name(const struct lvsadm_state *state, const struct ipvs_svc_key *key)
{
	const json_t *record = find_svc(state, key);
	const char *name = get_string(record, "name");

	return !name[0] && record && find_group(state, key) ? get_string(record, "vs") : name;
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

/* By address and port, or else by address. */
static const json_t *find_dest(const json_t *index, const char *vs, uint8_t protocol,
			       const struct ipvs_dest_key *dest)
{
	char name[ADDR_NAME_MAX], key[KEY_MAX];
	const json_t *record;

	snprintf(key, sizeof(key), "%s %s", vs, dest_name(dest, protocol, name));
	record = json_object_get(index, key);
	if (record)
		return record;
	snprintf(key, sizeof(key), "%s @%s", vs, addr_str(&dest->addr, name));
	return json_object_get(index, key);
}

/* The record of the server behind a destination; *is_left: it has left that address. */
static const json_t *find_server(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
				 const struct ipvs_dest_key *dest, bool *is_left)
{
	const json_t *svc = find_svc(state, key), *record;
	const char *vs = get_string(svc, "vs");

	*is_left = false;
	if (!svc)
		return NULL;
	record = find_dest(state->index, vs, key->protocol, dest);
	if (record)
		return record;
	record = find_dest(state->left, vs, key->protocol, dest);
	*is_left = record != NULL;
	return record;
}

const char *lvsadm_state_host(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
			      const struct ipvs_dest_key *dest, char *buf, size_t size)
{
	bool is_left;
	const json_t *record = find_server(state, key, dest, &is_left);
	const char *rs = get_string(record, "rs");

	buf[0] = '\0';
	rs += *rs == '[';
	if (is_left || *get_string(record, "address"))
		snprintf(buf, size, "%.*s", (int)strcspn(rs, "]"), rs);
	return buf;
}

const char *lvsadm_state_dest(const struct lvsadm_state *state, const struct ipvs_svc_key *key,
			      const struct ipvs_dest_key *dest, char *buf, size_t size)
{
	bool is_left;
	const json_t *record = find_server(state, key, dest, &is_left), *check;
	char text[KEY_MAX];

	buf[0] = '\0';
	if (!record)
		return buf;
	snprintf(text, sizeof(text), "%s %s !", get_string(record, "vs"), get_string(record, "rs"));
	check = json_object_get(state->index, text);
	if (is_left)
		snprintf(buf, size, "left");
	else if (is_set(record, "is_up") || !check)
		snprintf(buf, size, "%s", is_set(record, "is_up") ? "up" : "down");
	else
		snprintf(buf, size, "down %s %s", get_string(check, "kind"),
			 get_string(check, "reason"));
	return buf;
}
