/*
 * Keeper of the children's published state. Parent only.
 */
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "director/store.h"
#include "lib/log.h"

#define COLUMNS_MAX 9
#define CELL_MAX    72

/* What is kept, and how it is shown. */
static const struct section {
	enum msg_kind kind;
	unsigned n_key;   /* leading fields that identify a record */
	const char *name; /* JSON key */
	const char *title;
	const char *columns[COLUMNS_MAX]; /* fields of the text table */
} sections[] = {
	{ MSG_vrrp_state,
	  1,
	  "vrrp",
	  "VRRP instances",
	  { "instance", "interface", "vrid", "state", "priority", "active", "since_us",
	    "reason" } },
	{ MSG_group_state,
	  1,
	  "sync_groups",
	  "Sync groups",
	  { "group", "state", "members", "faulty", "transitions", "since_us" } },
	{ MSG_track_state,
	  2,
	  "trackers",
	  "Trackers",
	  { "kind", "name", "state", "value", "weights", "detail", "since_us" } },
	{ MSG_bfd_state,
	  1,
	  "bfd",
	  "BFD sessions",
	  { "bfd", "neighbour", "state", "remote_state", "diag", "since_us" } },
	{ MSG_vrrp_stats,
	  1,
	  "vrrp_stats",
	  "VRRP counters",
	  { "instance", "advert_sent", "advert_rcvd", "become_master", "release_master",
	    "garp_sent", "checksum_err", "ip_ttl_err" } },
	{ MSG_vrrp_foreign,
	  2,
	  "vrrp_foreign",
	  "Senders whose packets are dropped",
	  { "instance", "src", "reason", "packets", "last_us" } },
	{ MSG_vrrp_paths,
	  1,
	  "second_paths",
	  "Second paths",
	  { "instance", "interface", "heard_on", "silent", "silent_since_us", "first_rcvd",
	    "second_rcvd", "second_sent", "trouble" } },
	{ MSG_vrrp_sysctl,
	  1,
	  "kernel_settings",
	  "Kernel settings while we run",
	  { "path", "original" } },
	{ MSG_check_sysctl,
	  1,
	  "check_settings",
	  "Kernel settings for checks",
	  { "path", "original" } },
	{ MSG_vs_state,
	  1,
	  "virtual_servers",
	  "Virtual servers",
	  { "vs", "is_up", "alive", "total", "weight", "quorum", "is_sorry", "is_open",
	    "since_us" } },
	{ MSG_vs_address,
	  2,
	  "service_addresses",
	  "Addresses of groups",
	  { "vs", "protocol", "first", "last", "port", "fwmark" } },
	{ MSG_rs_state,
	  2,
	  "real_servers",
	  "Real servers",
	  { "vs", "rs", "address", "is_up", "weight", "failed", "checks", "is_held", "since_us" } },
	{ MSG_name_state,
	  2,
	  "names",
	  "Names of real servers",
	  { "name", "family", "addresses", "reason", "since_us" } },
	{ MSG_sync_state,
	  1,
	  "sync_daemons",
	  "IPVS sync daemons",
	  { "roles", "interface", "id", "instance", "backup_since_us" } },
	{ MSG_vs_stats,
	  1,
	  "service_counters",
	  "Counters of virtual servers",
	  { "vs", "connections", "in_packets", "out_packets", "in_bytes", "out_bytes",
	    "connections_per_s" } },
	{ MSG_rs_stats,
	  2,
	  "server_counters",
	  "Counters of real servers",
	  { "vs", "rs", "active", "inactive", "connections", "in_bytes", "out_bytes",
	    "connections_per_s" } },
	{ MSG_check_state,
	  3,
	  "checks",
	  "Checks",
	  { "vs", "rs", "kind", "is_up", "reason", "detail", "since_us" } },
};

#define N_SECTIONS (sizeof(sections) / sizeof(sections[0]))

struct record {
	struct record *next_hash;
	struct record *next; /* in order of arrival */
	const struct section *section;
	struct msg *msg;
	uint32_t hash;
	bool is_stale;
};

struct store {
	struct record **buckets;
	uint32_t n_buckets, n;
	struct record *head, **tail;
};

static const struct section *section_of(enum msg_kind kind)
{
	for (size_t i = 0; i < N_SECTIONS; i++)
		if (sections[i].kind == kind)
			return &sections[i];
	return NULL;
}

static uint32_t hash_bytes(uint32_t hash, const void *data, size_t n)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < n; i++) /* FNV-1a */
		hash = (hash ^ p[i]) * 16777619u;
	return hash;
}

static int64_t number_of(const struct msg *msg, const struct msg_field *field)
{
	const void *p = msg_field_ptr(msg, field);

	switch (field->type) {
	case MSG_U8: return *(const uint8_t *)p;
	case MSG_U16: return *(const uint16_t *)p;
	case MSG_U32: return *(const uint32_t *)p;
	case MSG_U64: return (int64_t) * (const uint64_t *)p;
	case MSG_I64: return *(const int64_t *)p;
	case MSG_BOOL: return *(const bool *)p;
	case MSG_STR: break;
	}
	return 0;
}

static const char *string_of(const struct msg *msg, const struct msg_field *field)
{
	const char *s = *(const char *const *)msg_field_ptr(msg, field);

	return s ? s : "";
}

static uint32_t key_hash(const struct section *section, const struct msg *msg)
{
	const struct msg_desc *desc = msg_desc(msg->kind);
	uint32_t hash = hash_bytes(2166136261u, &msg->kind, sizeof(msg->kind));

	for (unsigned i = 0; i < section->n_key; i++) {
		const struct msg_field *field = &desc->fields[i];
		int64_t number = number_of(msg, field);

		if (field->type == MSG_STR)
			hash = hash_bytes(hash, string_of(msg, field),
					  strlen(string_of(msg, field)) + 1);
		else
			hash = hash_bytes(hash, &number, sizeof(number));
	}
	return hash;
}

static bool key_is_equal(const struct section *section, const struct msg *a, const struct msg *b)
{
	const struct msg_desc *desc = msg_desc(a->kind);

	for (unsigned i = 0; i < section->n_key; i++) {
		const struct msg_field *field = &desc->fields[i];

		if (field->type == MSG_STR ? strcmp(string_of(a, field), string_of(b, field)) != 0
					   : number_of(a, field) != number_of(b, field))
			return false;
	}
	return true;
}

struct store *store_new(void)
{
	struct store *store = xcalloc(1, sizeof(*store));

	store->n_buckets = 64;
	store->buckets = xcalloc(store->n_buckets, sizeof(struct record *));
	store->tail = &store->head;
	return store;
}

static void record_free(struct record *record)
{
	msg_free(record->msg);
	free(record);
}

void store_free(struct store *store)
{
	struct record *next;

	if (!store)
		return;
	for (struct record *r = store->head; r; r = next) {
		next = r->next;
		record_free(r);
	}
	free(store->buckets);
	free(store);
}

/* Rebuilds the hash chains over `n_buckets` from the list of all records. */
static void rehash(struct store *store, uint32_t n_buckets)
{
	free(store->buckets);
	store->buckets = xcalloc(n_buckets, sizeof(struct record *));
	store->n_buckets = n_buckets;
	for (struct record *r = store->head; r; r = r->next) {
		struct record **bucket = &store->buckets[r->hash & (n_buckets - 1)];

		r->next_hash = *bucket;
		*bucket = r;
	}
}

bool store_put(struct store *store, const struct msg *msg)
{
	const struct section *section = section_of(msg->kind);
	struct record *r;
	uint32_t hash;

	if (!section)
		return false;
	hash = key_hash(section, msg);
	for (r = store->buckets[hash & (store->n_buckets - 1)]; r; r = r->next_hash)
		if (r->hash == hash && r->section == section && key_is_equal(section, r->msg, msg))
			break;
	if (r) {
		msg_free(r->msg);
	} else {
		r = xcalloc(1, sizeof(*r));
		r->section = section;
		r->hash = hash;
		*store->tail = r;
		store->tail = &r->next;
		r->next_hash = store->buckets[hash & (store->n_buckets - 1)];
		store->buckets[hash & (store->n_buckets - 1)] = r;
		store->n++;
	}
	r->msg = msg_dup(msg);
	r->is_stale = false;
	if (store->n > store->n_buckets)
		rehash(store, store->n_buckets * 2);
	return true;
}

static bool is_from(const struct record *record, enum msg_role role)
{
	return msg_desc(record->msg->kind)->from & role;
}

void store_mark(struct store *store, enum msg_role role)
{
	for (struct record *r = store->head; r; r = r->next)
		if (is_from(r, role))
			r->is_stale = true;
}

void store_sweep(struct store *store, enum msg_role role)
{
	struct record **at = &store->head;

	while (*at) {
		struct record *r = *at;

		if (!r->is_stale || !is_from(r, role)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		record_free(r);
		store->n--;
	}
	store->tail = at;
	rehash(store, store->n_buckets);
}

void store_each(const struct store *store, enum msg_role role,
		void (*each)(const struct msg *msg, void *arg), void *arg)
{
	for (const struct record *r = store->head; r; r = r->next)
		if (is_from(r, role))
			each(r->msg, arg);
}

static json_t *field_json(const struct msg *msg, const struct msg_field *field)
{
	if (field->type == MSG_STR)
		return json_string(string_of(msg, field));
	if (field->type == MSG_BOOL)
		return json_boolean(number_of(msg, field));
	return json_integer(number_of(msg, field));
}

static json_t *record_json(const struct msg *msg)
{
	const struct msg_desc *desc = msg_desc(msg->kind);
	json_t *object = json_object();

	for (unsigned i = 0; i < desc->n_fields; i++)
		json_object_set_new(object, desc->fields[i].name,
				    field_json(msg, &desc->fields[i]));
	return object;
}

void store_json(const struct store *store, json_t *object)
{
	json_t *arrays[N_SECTIONS];

	for (size_t i = 0; i < N_SECTIONS; i++) {
		arrays[i] = json_array();
		json_object_set_new(object, sections[i].name, arrays[i]);
	}
	for (const struct record *r = store->head; r; r = r->next)
		json_array_append_new(arrays[r->section - sections], record_json(r->msg));
}

static const struct msg_field *field_named(enum msg_kind kind, const char *name)
{
	const struct msg_desc *desc = msg_desc(kind);

	for (unsigned i = 0; i < desc->n_fields; i++)
		if (!strcmp(desc->fields[i].name, name))
			return &desc->fields[i];
	return NULL;
}

static bool is_instant(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && !strcmp(name + len - 3, "_us");
}

/* "12.3s", "5m07s", "3h05m", "2d04h" since an instant. */
static void age_text(int64_t age_us, char *cell)
{
	int64_t s = age_us / US_PER_S;

	if (age_us < 0)
		snprintf(cell, CELL_MAX, "-");
	else if (s < 60)
		snprintf(cell, CELL_MAX, "%" PRId64 ".%" PRId64 "s", s,
			 age_us / (US_PER_S / 10) % 10);
	else if (s < 3600)
		snprintf(cell, CELL_MAX, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(cell, CELL_MAX, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(cell, CELL_MAX, "%" PRId64 "d%02" PRId64 "h", s / 86400, s / 3600 % 24);
}

static void cell_text(const struct msg *msg, const char *column, time_us now, char *cell)
{
	const struct msg_field *field = field_named(msg->kind, column);

	assert(field); /* the table above names fields of msg.def; a unit test walks it */
	if (field->type == MSG_STR)
		snprintf(cell, CELL_MAX, "%s",
			 *string_of(msg, field) ? string_of(msg, field) : "-");
	else if (field->type == MSG_BOOL)
		snprintf(cell, CELL_MAX, "%s", number_of(msg, field) ? "yes" : "no");
	else if (is_instant(column)) /* 0 = there is none */
		age_text(number_of(msg, field) ? now.us - number_of(msg, field) : -1, cell);
	else
		snprintf(cell, CELL_MAX, "%" PRId64, number_of(msg, field));
}

/* "is_up" -> "UP", "since_us" -> "SINCE". */
static void head_text(const char *column, char *cell)
{
	size_t len;

	if (!strncmp(column, "is_", 3))
		column += 3;
	len = strlen(column) - (is_instant(column) ? 3 : 0);
	for (size_t i = 0; i < len; i++)
		cell[i] = (char)(column[i] == '_' ? ' ' : toupper((unsigned char)column[i]));
	cell[len] = '\0';
}

/* Widths of the columns of a section; returns how many records it has. */
static unsigned section_measure(const struct store *store, const struct section *section,
				time_us now, int *width)
{
	char cell[CELL_MAX];
	unsigned rows = 0;

	for (unsigned c = 0; c < COLUMNS_MAX && section->columns[c]; c++) {
		head_text(section->columns[c], cell);
		width[c] = (int)strlen(cell);
	}
	for (const struct record *r = store->head; r; r = r->next) {
		if (r->section != section)
			continue;
		rows++;
		for (unsigned c = 0; c < COLUMNS_MAX && section->columns[c]; c++) {
			cell_text(r->msg, section->columns[c], now, cell);
			if ((int)strlen(cell) > width[c])
				width[c] = (int)strlen(cell);
		}
	}
	return rows;
}

/* One line: the heading when `msg` is NULL. */
static void section_line(const struct section *section, const struct msg *msg, time_us now,
			 const int *width, FILE *out)
{
	char cell[CELL_MAX];

	for (unsigned c = 0; c < COLUMNS_MAX && section->columns[c]; c++) {
		bool is_last = c + 1 == COLUMNS_MAX || !section->columns[c + 1];

		if (msg)
			cell_text(msg, section->columns[c], now, cell);
		else
			head_text(section->columns[c], cell);
		fprintf(out, "  %-*s", is_last ? 0 : width[c], cell);
	}
	fputc('\n', out);
}

static void section_text(const struct store *store, const struct section *section, time_us now,
			 FILE *out)
{
	int width[COLUMNS_MAX];

	if (!section_measure(store, section, now, width))
		return;
	fprintf(out, "%s\n", section->title);
	section_line(section, NULL, now, width, out);
	for (const struct record *r = store->head; r; r = r->next)
		if (r->section == section)
			section_line(section, r->msg, now, width, out);
	fputc('\n', out);
}

void store_text(const struct store *store, time_us now, FILE *out)
{
	for (size_t i = 0; i < N_SECTIONS; i++)
		section_text(store, &sections[i], now, out);
}
