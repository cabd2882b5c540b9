/*
 * Sync groups at run time: which routers belong together, and what group.c says is carried out.
 * VRRP child.
 *
 * Owns the arrays of members; the routers belong to the role.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

/* ---- who belongs together ---- */

static struct vrouter *find_router(const struct vrrp_app *app, const char *name)
{
	for (uint32_t i = 0; i < app->n_routers; i++) {
		if (strcmp(app->routers[i]->conf->name, name) == 0)
			return app->routers[i];
	}
	return NULL;
}

static uint32_t count_names(const struct sync_group_conf *conf)
{
	const struct member_conf *line;
	uint32_t n = 0;

	conf_list_for_each (line, &conf->members)
		n += line->names.n;
	return n;
}

/* Its first group counts; an instance that does not run has none. */
static unsigned take_members(struct sync_group *group, const struct member_conf *line, unsigned n)
{
	for (uint32_t i = 0; i < line->names.n; i++) {
		struct vrouter *r = find_router(group->app, line->names.v[i]);

		if (!r || r->group_of)
			continue;
		r->group_of = group;
		group->routers[n] = r;
		group->members[n++] = &r->member;
	}
	return n;
}

/* What the group of this name was before this commit: here, or in a process that died. */
static void find_past(const struct vrrp_app *app, const struct sync_group *old, uint32_t n_old,
		      struct sync_group *group)
{
	const char *name = group->conf->name;

	for (uint32_t i = 0; i < n_old; i++) {
		if (strcmp(old[i].conf->name, name) == 0) {
			group->g.told = old[i].g.told;
			group->g.since = old[i].g.since;
			group->g.transitions = old[i].g.transitions;
		}
	}
	for (uint32_t i = 0; i < app->n_saved; i++) {
		const struct msg_group_state *saved = &app->saved[i]->group_state;

		if (app->saved[i]->kind != MSG_group_state || strcmp(saved->group, name) != 0)
			continue;
		vrrp_notify_parse(saved->state, &group->g.told);
		group->g.since = (time_us){ saved->since_us };
		group->g.transitions = saved->transitions;
	}
}

static void build_one(struct sync_group *group, const struct sync_group_conf *conf)
{
	uint32_t n_names = count_names(conf);
	const struct member_conf *line;
	unsigned n = 0;

	group->conf = conf;
	group->members = xcalloc(n_names + 1UL, sizeof(struct group_member *));
	group->routers = xcalloc(n_names + 1UL, sizeof(struct vrouter *));
	conf_list_for_each (line, &conf->members)
		n = take_members(group, line, n);
	group_init(&group->g, group->members, n, VRRP_NOTIFY_INIT);
}

static void free_groups(struct sync_group *groups, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		free(groups[i].members);
		free(groups[i].routers);
	}
	free(groups);
}

void sync_groups_build(struct vrrp_app *app, const struct root_conf *root)
{
	struct sync_group *old = app->groups;
	uint32_t n_old = app->n_groups, n = 0;
	const struct sync_group_conf *conf;

	for (uint32_t i = 0; i < app->n_routers; i++)
		app->routers[i]->group_of = NULL;
	app->groups = xcalloc(root->sync_groups.n + 1UL, sizeof(app->groups[0]));
	conf_list_for_each (conf, &root->sync_groups) {
		struct sync_group *group = &app->groups[n++];

		group->app = app;
		build_one(group, conf);
		find_past(app, old, n_old, group);
	}
	app->n_groups = n;
	free_groups(old, n_old);
}

void sync_groups_free(struct vrrp_app *app)
{
	free_groups(app->groups, app->n_groups);
	app->groups = NULL;
	app->n_groups = 0;
}

/* ---- reports ---- */

static void report(struct sync_group *group)
{
	struct msg msg = { .kind = MSG_group_state, .fd = -1 };
	struct msg_group_state *m = &msg.group_state;

	m->group = group->conf->name;
	m->state = vrrp_notify_name(group->g.told);
	m->members = group->g.n;
	for (unsigned i = 0; i < group->g.n; i++)
		m->faulty += group->members[i]->faults > 0;
	m->since_us = group->g.since.us;
	m->transitions = group->g.transitions;
	/* The names are constants, or those of this configuration. */
	if (memcmp(m, &group->published, sizeof(*m)) == 0)
		return;
	group->published = *m;
	role_send(group->app->role, &msg);
}

void sync_groups_report(struct vrrp_app *app)
{
	for (uint32_t i = 0; i < app->n_groups; i++)
		report(&app->groups[i]);
}

static void on_sync(const struct sync_group *group, enum vrrp_notify_state state)
{
	log_event(LOG_LEVEL_NOTICE, "vrrp_sync",
		  log_kv("group=%s state=%s", group->conf->name, vrrp_notify_name(state)),
		  "VRRP_Group(%s) Syncing instances to %s state", group->conf->name,
		  vrrp_notify_name(state));
}

static void on_notify(const struct sync_group *group, enum vrrp_notify_state state)
{
	const struct msg msg = { .kind = MSG_notify_group,
				 .fd = -1,
				 .notify_group = { .group = group->conf->name,
						   .state = vrrp_notify_name(state) } };

	log_event(LOG_LEVEL_INFO, "vrrp_group_state",
		  log_kv("group=%s state=%s members=%u", group->conf->name, vrrp_notify_name(state),
			 group->g.n),
		  "VRRP_Group(%s) All instances are in %s state", group->conf->name,
		  vrrp_notify_name(state));
	role_send(group->app->role, &msg);
}

/* ---- following ---- */

bool sync_group_holds_back(const struct vrouter *r, const struct vrrp_ev *ev)
{
	return r->group_of && group_holds_back(&r->group_of->g, ev);
}

static void drain(struct vrouter *r)
{
	vrrp_side_drain(r->side);
	second_path_drain(r);
}

void sync_group_drain(struct vrouter *r)
{
	struct sync_group *group = r->group_of;

	if (!group)
		drain(r);
	for (unsigned i = 0; group && i < group->g.n; i++)
		drain(group->routers[i]);
}

void sync_group_settle(struct vrouter *r)
{
	struct sync_group *group = r->group_of;
	time_us now = loop_now(r->app->loop);
	struct group_act act;
	char cause[sizeof(r->reason)];

	if (!group) {
		if (group_release(&r->member, &act.ev))
			vrouter_step(r, &act.ev, "left its sync group");
		return;
	}
	snprintf(cause, sizeof(cause), "sync group %s", group->conf->name);
	for (group_next(&group->g, now, &act); act.kind != GROUP_ACT_NONE;
	     group_next(&group->g, now, &act)) {
		switch (act.kind) {
		case GROUP_ACT_FEED:
			vrouter_step(group->routers[act.member], &act.ev, cause);
			break;
		case GROUP_ACT_SYNC: on_sync(group, act.state); break;
		case GROUP_ACT_NOTIFY: on_notify(group, act.state); break;
		case GROUP_ACT_NONE: break;
		}
	}
	report(group);
}
