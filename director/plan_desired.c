/*
 * What a director wants in the kernel, by its configuration and the health that is known. Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "check/pool_build.h"
#include "director/plan.h"
#include "lib/log.h"

/* One verdict that the running director published. Strings belong to the status. */
struct verdict {
	const char *section; /* array of the status */
	const char *name;    /* service or instance */
	const char *rs;
	const char *kind;
	json_int_t index;
	const char *address; /* of a server with a name, "" = none */
	bool is_good;
};

struct plan_health {
	json_t *status;
	struct verdict *v; /* sorted */
	size_t n;
};

static int verdict_cmp(const void *a, const void *b)
{
	const struct verdict *x = a, *y = b;
	int order = strcmp(x->section, y->section);

	if (order == 0)
		order = strcmp(x->name, y->name);
	if (order == 0)
		order = strcmp(x->rs, y->rs);
	return order ? order : (x->index > y->index) - (x->index < y->index);
}

static const char *string_at(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

static struct verdict verdict_of(const char *section, const json_t *record)
{
	const char *instance = string_at(record, "instance");

	return (struct verdict){
		.section = section,
		.name = *instance ? instance : string_at(record, "vs"),
		.rs = string_at(record, "rs"),
		.kind = string_at(record, "kind"),
		.address = string_at(record, "address"),
		.index = json_integer_value(json_object_get(record, "index")),
		.is_good = json_is_true(json_object_get(record, "is_up")) ||
			   strcmp(string_at(record, "state"), "MASTER") == 0,
	};
}

static const char *const sections[] = { "vrrp", "virtual_servers", "real_servers", "checks" };

struct plan_health *plan_health_new(json_t *status)
{
	struct plan_health *health = xcalloc(1, sizeof(*health));
	const json_t *record;
	size_t n = 0, i;

	health->status = json_incref(status);
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++)
		n += json_array_size(json_object_get(status, sections[s]));
	health->v = xcalloc(n + 1, sizeof(*health->v));
	for (size_t s = 0; s < sizeof(sections) / sizeof(sections[0]); s++) {
		json_array_foreach(json_object_get(status, sections[s]), i, record)
			health->v[health->n++] = verdict_of(sections[s], record);
	}
	qsort(health->v, health->n, sizeof(*health->v), verdict_cmp);
	return health;
}

void plan_health_free(struct plan_health *health)
{
	if (!health)
		return;
	json_decref(health->status);
	free(health->v);
	free(health);
}

static const struct verdict *find(const struct plan_health *health, const struct verdict *key)
{
	return health ? bsearch(key, health->v, health->n, sizeof(*key), verdict_cmp) : NULL;
}

bool plan_health_is_master(const struct plan_health *health, const char *instance)
{
	const struct verdict key = { .section = "vrrp", .name = instance, .rs = "" };
	const struct verdict *found = find(health, &key);

	return found && found->is_good;
}

/* Whether the check that `key` names counts as failed; `kind` is its block. */
static bool has_failed(const struct plan_health *health, const struct verdict *key,
		       const struct checker_conf *conf, const char *kind)
{
	const struct health_params params = { .alpha = conf->alpha };
	const struct verdict *found = find(health, key);
	struct health fresh;

	health_init(&fresh, &params);
	if (found && strcmp(found->kind, kind) == 0)
		fresh.is_up = found->is_good;
	return !fresh.is_up;
}

static uint32_t count_failed(const struct plan_health *health, const char *vs,
			     const struct rs_conf *rs, const char *name)
{
	struct verdict key = { .section = "checks", .name = vs, .rs = name };
	const struct checker_conf *conf, *host;
	uint32_t n_failed = 0;

	conf_list_for_each (conf, &rs->checkers) {
		const char *kind = conf->obj.block->name;

		n_failed += has_failed(health, &key, conf, kind);
		key.index++;
		if (!checker_hosts(conf))
			continue;
		conf_list_for_each (host, checker_hosts(conf)) {
			n_failed += has_failed(health, &key, host, kind);
			key.index++;
		}
	}
	return n_failed;
}

/* What the pool wants for each of its addresses. */
static void add_services(const struct vs_conf *vs, const struct pool *pool,
			 const struct pool_member *members, uint32_t n, struct ipvs_set *set)
{
	struct pool_params params;
	struct ipvs_set svcs;
	const struct ipvs_svc *svc;

	ipvs_set_init(&svcs);
	pool_build_svcs(vs, &svcs);
	pool_build_params(vs, &params);
	ipvs_set_for_each (svc, &svcs)
		pool_desired(pool, &params, members, n, ipvs_set_append(set, svc));
	ipvs_set_done(&svcs);
}

/* The n-th server of a name is where it is known to be. */
static void place(const struct plan_health *health, const struct vs_conf *vs, const char *name,
		  struct pool_member *member)
{
	const struct verdict key = { .section = "real_servers", .name = vs->name, .rs = name };
	const struct verdict *known = find(health, &key);

	if (member->is_absent && known && addr_parse(known->address, &member->dest.key.addr))
		member->is_absent = false;
}

static void add_members(const struct vs_conf *vs, const struct rs_conf *rs,
			const struct plan_health *health, struct pool_member *members)
{
	const size_t size = rs_server_name(rs, RS_SERVERS_MAX, NULL, 0) + 1;
	char *name = xcalloc(size, 1);

	for (uint32_t i = 0; i < rs_count(rs); i++) {
		rs_server_name(rs, i, name, size);
		pool_build_member(vs, rs, &members[i]);
		members[i].n_failed = count_failed(health, vs->name, rs, name);
		place(health, vs, name, &members[i]);
	}
	free(name);
}

static uint32_t count_members(const struct vs_conf *vs)
{
	const struct rs_conf *rs;
	uint32_t n = 0;

	conf_list_for_each (rs, &vs->real_servers)
		n += rs_count(rs);
	return n;
}

static void add_pool(const struct vs_conf *vs, const struct plan_health *health,
		     struct ipvs_set *set)
{
	struct pool_member *members = xcalloc(count_members(vs) + 1UL, sizeof(*members));
	const struct verdict pool_key = { .section = "virtual_servers",
					  .name = vs->name,
					  .rs = "" };
	const struct verdict *former;
	const struct rs_conf *rs;
	struct pool_params params;
	struct pool pool = { 0 };
	uint32_t n = 0;

	pool_build_params(vs, &params);
	conf_list_for_each (rs, &vs->real_servers) {
		add_members(vs, rs, health, &members[n]);
		n += rs_count(rs);
	}
	pool_init(&pool, &params, members, n);
	former = find(health, &pool_key);
	if (former) { /* within the hysteresis band the former verdict holds */
		pool.is_up = former->is_good;
		pool_step(&pool, &params, members, n);
	}
	add_services(vs, &pool, members, n, set);
	free(members);
}

void plan_desired(const struct root_conf *root, const struct plan_health *health,
		  struct ipvs_set *set)
{
	const struct vs_conf *vs;

	conf_list_for_each (vs, &root->virtual_servers)
		add_pool(vs, health, set);
	ipvs_set_sort(set);
}
