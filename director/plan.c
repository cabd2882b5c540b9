/*
 * From two configurations to the items of a plan. Pure.
 */
#include "director/plan_private.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "lib/log.h"
#include "lvs/ipvs_diff.h"
#include "vrrp/vrrp_conf.h"

/* ---- items ---- */

struct plan_item *plan_add(struct plan *plan, enum plan_kind kind, enum plan_verb verb,
			   const char *subject)
{
	if (plan->n == plan->cap) {
		plan->cap = plan->cap ? 2 * plan->cap : 64;
		plan->v = xrealloc(plan->v, plan->cap * sizeof(*plan->v));
	}
	plan->v[plan->n] = (struct plan_item){
		.kind = kind,
		.verb = verb,
		.apply = CONF_APPLY_LIVE,
		.subject = xstrdup(subject),
		.detail = xstrdup(""),
	};
	return &plan->v[plan->n++];
}

static void set_detail(struct plan_item *item, const char *text)
{
	free(item->detail);
	item->detail = xstrdup(text);
}

void plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		free(plan->v[i].subject);
		free(plan->v[i].detail);
	}
	free(plan->v);
	*plan = (struct plan){ 0 };
}

/* ---- matching ---- */

struct entry {
	char *name;
	const struct conf_obj *obj;
};

static int entry_cmp(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/* Some objects by name, in order of their names. */
struct index {
	struct entry *v;
	uint32_t n;
};

static bool index_has(const struct index *index, const char *name)
{
	const struct entry key = { .name = (char *)(uintptr_t)name };

	return index->n > 0 && bsearch(&key, index->v, index->n, sizeof(key), entry_cmp);
}

/* The name, with more of it where several objects have the same. */
static void full_name(const struct plan_pairing *how, const struct index *shared,
		      const struct conf_obj *obj, char *name)
{
	how->name_of(obj, name);
	if (shared && index_has(shared, name))
		how->full_name_of(obj, name);
}

static struct index index_list(const struct conf_list *list, const struct plan_pairing *how,
			       const struct index *shared)
{
	struct index index = { xcalloc(list->n + 1UL, sizeof(*index.v)), 0 };
	char name[PLAN_NAME_MAX];
	struct conf_obj *obj;

	conf_list_for_each (obj, list) {
		full_name(how, shared, obj, name);
		index.v[index.n++] = (struct entry){ .name = xstrdup(name), .obj = obj };
	}
	qsort(index.v, index.n, sizeof(*index.v), entry_cmp);
	return index;
}

static void index_done(struct index *index)
{
	for (uint32_t i = 0; i < index->n; i++)
		free(index->v[i].name);
	free(index->v);
}

/* Adds the names that two objects of a list have. */
static void add_shared(struct index *shared, const struct conf_list *list,
		       const struct plan_pairing *how)
{
	struct index all = index_list(list, how, NULL);

	for (uint32_t i = 1; i < all.n; i++)
		if (entry_cmp(&all.v[i - 1], &all.v[i]) == 0)
			shared->v[shared->n++] = (struct entry){ .name = xstrdup(all.v[i].name) };
	index_done(&all);
}

static struct index find_shared(const struct conf_list *old, const struct conf_list *next,
				const struct plan_pairing *how)
{
	struct index shared = { xcalloc(old->n + next->n + 1UL, sizeof(*shared.v)), 0 };

	if (!how->full_name_of)
		return shared;
	add_shared(&shared, old, how);
	add_shared(&shared, next, how);
	qsort(shared.v, shared.n, sizeof(*shared.v), entry_cmp);
	return shared;
}

void plan_each_pair(const struct conf_list *old, const struct conf_list *next,
		    const struct plan_pairing *how)
{
	struct index shared = find_shared(old, next, how);
	struct index was = index_list(old, how, &shared), is = index_list(next, how, &shared);
	char name[PLAN_NAME_MAX];
	struct conf_obj *obj;

	for (uint32_t i = 0; i < was.n; i++)
		if (!index_has(&is, was.v[i].name))
			how->on_pair(how->ctx, was.v[i].obj, NULL, was.v[i].name);
	conf_list_for_each (obj, next) {
		const struct entry key = { .name = name };
		const struct entry *match;

		full_name(how, &shared, obj, name);
		match = bsearch(&key, was.v, was.n, sizeof(key), entry_cmp);
		how->on_pair(how->ctx, match ? match->obj : NULL, obj, name);
	}
	index_done(&was);
	index_done(&is);
	index_done(&shared);
}

/* ---- what differs inside an object ---- */

struct detail {
	const struct conf_obj *a, *b;
	const uint32_t *skipped; /* offsets of lists with items of their own; ends with 0 */
	FILE *out;
	char *text;
	size_t len;
	int apply; /* -1 = nothing differs */
};

static void print_value(const struct conf_key *key, const struct conf_obj *obj, FILE *out)
{
	const void *field = (const char *)obj + key->offset;
	json_t *json = key->type->json(key, field);
	char *text = NULL;
	size_t len;
	FILE *words = open_memstream(&text, &len);

	if (!words)
		fatal(1, "out of memory");
	key->type->print(key, field, words);
	fclose(words);
	if (*text)
		fputs(text, out);
	else
		fputs(json_is_true(json) ? "on" : json_is_false(json) ? "off" : "unset", out);
	free(text);
	json_decref(json);
}

static void print_change(const struct conf_key *key, const struct conf_obj *a,
			 const struct conf_obj *b, FILE *out)
{
	print_value(key, a, out);
	fputs(" -> ", out);
	print_value(key, b, out);
}

static void on_change(void *ctx, const struct conf_change *change)
{
	struct detail *detail = ctx;

	for (const uint32_t *skip = detail->skipped; !change->key && *skip; skip++)
		if (*skip == change->list_offset)
			return;
	fprintf(detail->out, "%s%s", detail->apply < 0 ? "" : ", ", change->name);
	if ((int)change->apply > detail->apply)
		detail->apply = (int)change->apply;
	if (!change->key)
		return;
	fputc(' ', detail->out);
	print_change(change->key, detail->a, detail->b, detail->out);
}

/* Adds an item when the objects differ outside the lists that are skipped. */
static struct plan_item *add_change(struct plan *plan, enum plan_kind kind, const char *subject,
				    struct detail *detail)
{
	struct plan_item *item = NULL;

	detail->apply = -1;
	detail->out = open_memstream(&detail->text, &detail->len);
	if (!detail->out)
		fatal(1, "out of memory");
	conf_obj_each_change(detail->a, detail->b, on_change, detail);
	fclose(detail->out);
	if (detail->apply >= 0) {
		item = plan_add(plan, kind, PLAN_CHANGE, subject);
		item->apply = (enum conf_apply)detail->apply;
		set_detail(item, detail->text);
	}
	free(detail->text);
	return item;
}

static const uint32_t skip_none[] = { 0 };

/* What the pairs of a list become: one item for each that comes, goes or differs. */
struct work {
	const struct plan_input *in;
	struct plan *plan;
	enum plan_kind kind; /* which items are wanted now */
	const char *owner;   /* instance, virtual server or real server that the list is in */
};

void plan_add_pair(struct plan *plan, enum plan_kind kind, const struct conf_obj *a,
		   const struct conf_obj *b, const char *subject)
{
	struct detail detail = { .a = a, .b = b, .skipped = skip_none };

	if (a && b)
		add_change(plan, kind, subject, &detail);
	else
		plan_add(plan, kind, a ? PLAN_REMOVE : PLAN_ADD, subject);
}

static const struct conf_list no_list;

/* ---- VRRP ---- */

static void address_name(const struct conf_obj *obj, char *name)
{
	const struct vaddr_conf *address = (const void *)obj;
	const struct vrrp_conf *vi = (const void *)obj->parent;
	char text[ADDR_STR_MAX];

	snprintf(name, PLAN_NAME_MAX, "%s/%u dev %s", addr_str(&address->prefix.addr, text),
		 address->prefix.len, address->dev ? address->dev : vrrp_conf_place(vi));
}

static void on_address(void *ctx, const struct conf_obj *a, const struct conf_obj *b,
		       const char *name)
{
	const struct work *work = ctx;
	bool is_held = plan_health_is_master(work->in->health, work->owner);
	char subject[2 * PLAN_NAME_MAX];

	snprintf(subject, sizeof(subject), "%s of %s%s", name, work->owner,
		 is_held ? " (active now)" : "");
	plan_add_pair(work->plan, work->kind, a, b, subject);
}

static void each_address(struct work *work, const struct vrrp_conf *a, const struct vrrp_conf *b)
{
	const struct plan_pairing how = { address_name, on_address, work, NULL };

	work->owner = a ? a->name : b->name;
	plan_each_pair(a ? &a->addresses : &no_list, b ? &b->addresses : &no_list, &how);
	plan_each_pair(a ? &a->excluded : &no_list, b ? &b->excluded : &no_list, &how);
}

/* What the VRRP child knows an instance by. */
static void instance_name(const struct conf_obj *obj, char *name)
{
	const struct vrrp_conf *vi = (const void *)obj;

	snprintf(name, PLAN_NAME_MAX, "%s vrid %u %s", vrrp_conf_place(vi), vi->virtual_router_id,
		 vrrp_conf_family(vi) == AF_INET6 ? "IPv6" : "IPv4");
}

/* Where instances share a VRID, their names tell them apart, for the child as well. */
static void instance_full_name(const struct conf_obj *obj, char *name)
{
	size_t len = strlen(name);

	snprintf(name + len, PLAN_NAME_MAX - len, " %s", ((const struct vrrp_conf *)obj)->name);
}

static const struct vrrp_conf *instance_named(const struct conf_list *list, const char *name)
{
	const struct vrrp_conf *vi;

	conf_list_for_each (vi, list)
		if (strcmp(vi->name, name) == 0)
			return vi;
	return NULL;
}

static const struct conf_list *instances_of(const struct root_conf *root)
{
	return root ? &root->vrrp_instances : &no_list;
}

/* One that keeps its name while the child knows it by something else is stopped and started. */
static void on_gone(const struct work *work, const struct vrrp_conf *vi, const char *identity)
{
	if (!instance_named(instances_of(work->in->next), vi->name))
		set_detail(plan_add(work->plan, PLAN_INSTANCE, PLAN_REMOVE, vi->name), identity);
}

static void on_new(const struct work *work, const struct vrrp_conf *vi, const char *identity)
{
	const struct vrrp_conf *former = instance_named(instances_of(work->in->running), vi->name);
	char before[PLAN_NAME_MAX], text[2 * PLAN_NAME_MAX];
	struct plan_item *item =
		plan_add(work->plan, PLAN_INSTANCE, former ? PLAN_RESTART : PLAN_ADD, vi->name);

	set_detail(item, identity);
	if (!former)
		return;
	instance_name(&former->obj, before);
	snprintf(text, sizeof(text), "%s -> %s", before, identity);
	set_detail(item, text);
	item->apply = CONF_APPLY_INSTANCE;
}

static void on_instance(void *ctx, const struct conf_obj *a, const struct conf_obj *b,
			const char *name)
{
	uint32_t skipped[PLAN_LINES_MAX + 3] = { offsetof(struct vrrp_conf, addresses),
						 offsetof(struct vrrp_conf, excluded) };
	struct work *work = ctx;
	struct detail detail = { .a = a, .b = b, .skipped = skipped };

	plan_lines_offsets(a ? a : b, skipped + 2);
	if (work->kind == PLAN_ADDRESS)
		each_address(work, (const void *)a, (const void *)b);
	else if (work->kind == PLAN_ROUTE)
		plan_lines_of(work->plan, a, b, ((const struct vrrp_conf *)(b ? b : a))->name);
	else if (!b)
		on_gone(work, (const void *)a, name);
	else if (!a)
		on_new(work, (const void *)b, name);
	else
		add_change(work->plan, PLAN_INSTANCE, ((const struct vrrp_conf *)b)->name, &detail);
}

/* ---- virtual servers ---- */

static void service_name(const struct conf_obj *obj, char *name)
{
	const struct vs_conf *vs = (const void *)obj;

	snprintf(name, PLAN_NAME_MAX, "%s", vs->name);
}

static void server_name(const struct conf_obj *obj, char *name)
{
	const struct rs_conf *rs = (const void *)obj;

	snprintf(name, PLAN_NAME_MAX, "%s", rs->name);
}

static void check_name(const struct conf_obj *obj, char *name)
{
	snprintf(name, PLAN_NAME_MAX, "%s %u", obj->block->name, obj->index + 1);
}

static void on_check(void *ctx, const struct conf_obj *a, const struct conf_obj *b,
		     const char *name)
{
	const struct work *work = ctx;
	char subject[3 * PLAN_NAME_MAX];

	snprintf(subject, sizeof(subject), "%s of %s", name, work->owner);
	plan_add_pair(work->plan, work->kind, a, b, subject);
}

static void on_server(void *ctx, const struct conf_obj *a, const struct conf_obj *b,
		      const char *name)
{
	static const uint32_t skipped[] = { offsetof(struct rs_conf, checkers), 0 };
	const struct work *work = ctx;
	const struct rs_conf *x = (const void *)a, *y = (const void *)b;
	struct detail detail = { .a = a, .b = b, .skipped = skipped };
	char subject[2 * PLAN_NAME_MAX];
	struct work checks = *work;
	const struct plan_pairing how = { check_name, on_check, &checks, NULL };

	snprintf(subject, sizeof(subject), "%s of %s", name, work->owner);
	checks.owner = subject;
	if (work->kind == PLAN_CHECK)
		plan_each_pair(x ? &x->checkers : &no_list, y ? &y->checkers : &no_list, &how);
	else if (a && b)
		add_change(work->plan, PLAN_SERVER, subject, &detail);
	else
		plan_add(work->plan, PLAN_SERVER, a ? PLAN_REMOVE : PLAN_ADD, subject);
}

static void on_service(void *ctx, const struct conf_obj *a, const struct conf_obj *b,
		       const char *name)
{
	static const uint32_t skipped[] = { offsetof(struct vs_conf, real_servers), 0 };
	const struct work *work = ctx;
	const struct vs_conf *x = (const void *)a, *y = (const void *)b;
	struct detail detail = { .a = a, .b = b, .skipped = skipped };
	struct work servers = *work;
	const struct plan_pairing how = { server_name, on_server, &servers, NULL };

	servers.owner = name;
	if (work->kind == PLAN_SERVER && a && b)
		add_change(work->plan, PLAN_SERVER, name, &detail);
	else if (work->kind == PLAN_SERVER)
		plan_add(work->plan, PLAN_SERVER, a ? PLAN_REMOVE : PLAN_ADD, name);
	plan_each_pair(x ? &x->real_servers : &no_list, y ? &y->real_servers : &no_list, &how);
}

static const struct conf_list *services_of(const struct root_conf *root)
{
	return root ? &root->virtual_servers : &no_list;
}

/* ---- IPVS ---- */

static bool is_owned(const struct ipvs_svc_key *key, void *arg)
{
	return ipvs_set_find(arg, key) != NULL;
}

/* A first start may be told to empty the table; else services of others stay. */
static bool is_flush(const struct plan_input *in)
{
	return !in->running && root_global(&in->next->obj)->lvs_flush;
}

static void add_ops(struct plan *plan, const struct ipvs_ops *ops)
{
	static const enum plan_verb verbs[IPVS_OP_N] = {
		[IPVS_OP_SVC_ADD] = PLAN_ADD,     [IPVS_OP_SVC_EDIT] = PLAN_CHANGE,
		[IPVS_OP_DEST_ADD] = PLAN_ADD,    [IPVS_OP_DEST_EDIT] = PLAN_CHANGE,
		[IPVS_OP_DEST_DEL] = PLAN_REMOVE, [IPVS_OP_SVC_DEL] = PLAN_REMOVE,
	};
	char text[PLAN_NAME_MAX];

	for (uint32_t i = 0; i < ops->n; i++)
		plan_add(plan, PLAN_IPVS, verbs[ops->v[i].kind],
			 ipvs_op_str(&ops->v[i], text, sizeof(text)));
}

static void plan_ipvs(const struct plan_input *in, struct plan *plan)
{
	struct ipvs_set before, after;
	struct ipvs_ops ops;

	ipvs_set_init(&before);
	ipvs_set_init(&after);
	ipvs_ops_init(&ops);
	if (in->running)
		plan_desired(in->running, in->health, &before);
	plan_desired(in->next, in->health, &after);
	ipvs_diff(in->kernel ? in->kernel : &before, &after, is_flush(in) ? NULL : is_owned,
		  &before, &ops);
	add_ops(plan, &ops);
	ipvs_ops_done(&ops);
	ipvs_set_done(&before);
	ipvs_set_done(&after);
}

/* ---- all together ---- */

static void plan_process(struct plan *plan, const char *name, bool before, bool after)
{
	if (before != after)
		plan_add(plan, PLAN_PROCESS, after ? PLAN_ADD : PLAN_REMOVE, name);
}

static bool needs_vrrp(const struct root_conf *root)
{
	return instances_of(root)->n > 0;
}

static bool needs_checkers(const struct root_conf *root)
{
	return services_of(root)->n > 0 || (root && root_uses_ipvs(&root->obj));
}

static void plan_vrrp(struct work *work)
{
	const struct plan_pairing how = { instance_name, on_instance, work, instance_full_name };

	work->kind = PLAN_ADDRESS;
	plan_each_pair(instances_of(work->in->running), instances_of(work->in->next), &how);
	plan_blocks(work->in, work->plan, PLAN_ADDRESS);
	work->kind = PLAN_ROUTE;
	plan_each_pair(instances_of(work->in->running), instances_of(work->in->next), &how);
	plan_blocks(work->in, work->plan, PLAN_ROUTE);
	work->kind = PLAN_INSTANCE;
	plan_each_pair(instances_of(work->in->running), instances_of(work->in->next), &how);
}

static void plan_services(struct work *work)
{
	const struct plan_pairing how = { service_name, on_service, work, NULL };

	work->kind = PLAN_SERVER;
	plan_each_pair(services_of(work->in->running), services_of(work->in->next), &how);
	work->kind = PLAN_CHECK;
	plan_each_pair(services_of(work->in->running), services_of(work->in->next), &how);
}

/* One item a keyword: each may begin to count at another time. */
struct globals {
	struct plan *plan;
	const struct conf_obj *a, *b;
};

static void on_global(void *ctx, const struct conf_change *change)
{
	const struct globals *globals = ctx;
	char *text = NULL;
	size_t len;
	FILE *out;
	struct plan_item *item;

	if (!change->key)
		return;
	item = plan_add(globals->plan, PLAN_GLOBAL, PLAN_CHANGE, change->name);
	item->apply = change->apply;
	out = open_memstream(&text, &len);
	if (!out)
		fatal(1, "out of memory");
	print_change(change->key, globals->a, globals->b, out);
	fclose(out);
	set_detail(item, text);
	free(text);
}

static void plan_globals(const struct plan_input *in, struct plan *plan)
{
	struct globals root = { plan, &in->running->obj, &in->next->obj };
	struct globals defs = { plan, &root_global(root.a)->obj, &root_global(root.b)->obj };

	conf_obj_each_change(root.a, root.b, on_global, &root);
	conf_obj_each_change(defs.a, defs.b, on_global, &defs);
}

static bool is_empty(const struct plan_input *in, const struct root_conf *root)
{
	return !(in->with_vrrp && needs_vrrp(root)) && !(in->with_checkers && needs_checkers(root));
}

bool plan_is_refused(const struct plan_input *in)
{
	return is_empty(in, in->next) && !is_empty(in, in->running);
}

void plan_make(const struct plan_input *in, struct plan *plan)
{
	struct work work = { .in = in, .plan = plan };

	if (in->with_vrrp)
		plan_process(plan, "VRRP child", needs_vrrp(in->running), needs_vrrp(in->next));
	if (in->with_checkers)
		plan_process(plan, "checker child", needs_checkers(in->running),
			     needs_checkers(in->next));
	if (in->with_checkers)
		plan_ipvs(in, plan);
	if (in->with_vrrp)
		plan_vrrp(&work);
	plan_blocks(in, plan, PLAN_TRACKER);
	if (in->with_checkers)
		plan_services(&work);
	if (in->running)
		plan_globals(in, plan);
}
