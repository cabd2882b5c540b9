/*
 * What a virtual router depends on: its lines, those of its group, and where the group lets
 * trackers have weights, the weighted lines of the other members. VRRP child.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

/* The lines of an instance or of a group. */
struct lines {
	const char *own; /* interface of the instance, whose line has no effect; NULL = none */
	const struct conf_list *interfaces;
	const struct conf_list *of[TRACKER_KIND_N]; /* struct track_conf */
};

static struct lines lines_of_router(const struct vrouter *r)
{
	const struct vrrp_conf *c = r->conf;

	return (struct lines){ c->interface,
			       &c->track_interfaces,
			       { [TRACKER_SCRIPT] = &c->track_scripts,
				 [TRACKER_FILE] = &c->track_files,
				 [TRACKER_PROCESS] = &c->track_processes,
				 [TRACKER_BFD] = &c->track_bfds,
				 [TRACKER_SERVICE] = &c->track_services } };
}

static struct lines lines_of_group(const struct sync_group *group)
{
	const struct sync_group_conf *c = group->conf;

	return (struct lines){ NULL,
			       &c->track_interfaces,
			       { [TRACKER_SCRIPT] = &c->track_scripts,
				 [TRACKER_FILE] = &c->track_files,
				 [TRACKER_PROCESS] = &c->track_processes,
				 [TRACKER_BFD] = &c->track_bfds,
				 [TRACKER_SERVICE] = &c->track_services } };
}

static void release_watches(struct vrouter_watch *watches, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		vrrp_if_put(watches[i].vif);
	free(watches);
}

static void release_uses(struct vrouter_use *uses, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		tracker_put(uses[i].tracker);
	free(uses);
}

void vrouter_uses_free(struct vrouter *r)
{
	release_watches(r->watches, r->n_watches);
	release_uses(r->uses, r->n_uses);
	r->watches = NULL;
	r->uses = NULL;
	r->n_watches = r->n_uses = 0;
}

/* ---- in words ---- */

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* What has no room is not left out without a sign. */
static void note_weight(char text[static TRACK_WEIGHTS_MAX], const struct vrouter *r,
			int64_t weight, bool is_reverse)
{
	static const char more[] = ", ...";
	size_t at = strlen(text), room = TRACK_WEIGHTS_MAX - strlen(more) - at;

	if (ends_with(text, more))
		return;
	int len = snprintf(text + at, room, "%s%s %" PRId64 "%s", at > 0 ? ", " : "", r->conf->name,
			   weight, is_reverse ? " reverse" : "");
	if (len < 0 || (size_t)len >= room)
		memcpy(text + at, more, sizeof(more));
}

void vrouter_uses_tell(const struct vrouter *r)
{
	for (uint32_t i = 0; i < r->n_watches; i++) {
		const struct vrouter_watch *w = &r->watches[i];
		note_weight(w->vif->weights, r, w->weight, w->is_reverse);
	}
	for (uint32_t i = 0; i < r->n_uses; i++) {
		const struct vrouter_use *u = &r->uses[i];
		note_weight(u->tracker->weights, r, u->use.weight, u->use.is_reverse);
	}
}

/* ---- interfaces ---- */

static bool is_watched(const struct vrouter *r, const struct vrrp_if *vif)
{
	for (uint32_t i = 0; i < r->n_watches; i++) {
		if (r->watches[i].vif == vif)
			return true;
	}
	return false;
}

/* Takes over the caller's use of the interface. */
static void add_watch(struct vrouter *r, struct vrrp_if *vif, int64_t weight, bool is_reverse)
{
	if (is_watched(r, vif)) {
		vrrp_if_put(vif);
		return;
	}
	r->watches = xrealloc(r->watches, (r->n_watches + 1UL) * sizeof(r->watches[0]));
	r->watches[r->n_watches++] = (struct vrouter_watch){ vif, (int)weight, is_reverse };
}

static void add_interfaces(struct vrouter *r, const struct lines *lines, bool is_weighted_only)
{
	const struct track_if_conf *line;

	conf_list_for_each (line, lines->interfaces) {
		bool is_own = lines->own && strcmp(lines->own, line->name) == 0;
		if (!is_own && (!is_weighted_only || line->weight != 0))
			add_watch(r, vrrp_if_get(r->app, line->name), line->weight,
				  line->is_reverse);
	}
}

/* An interface elsewhere counts like one listed with weight 0; instead of one that the router made
 * the one below, for it is down while the router is not active. */
static void watch_elsewhere(struct vrouter *r, struct vrrp_if *vif)
{
	const struct vmac *vmac = vmac_of(r, vif);

	if (vmac && vif != r->vif)
		vif = vmac->base;
	if (!vif || vif == r->vif)
		return;
	vif->users++;
	add_watch(r, vif, 0, false);
}

/* Those of addresses, routes and rules. */
static void add_vip_interfaces(struct vrouter *r)
{
	for (uint32_t i = 0; i < r->vips.n; i++) {
		if (r->vips.v[i].is_tracked)
			watch_elsewhere(r, r->vips.v[i].vif);
	}
	for (uint32_t i = 0; i < r->routes.n_routes; i++) {
		const struct vroute *vr = &r->routes.routes[i];
		for (uint32_t j = 0; vr->is_tracked && j < vr->built.route.n_legs; j++)
			watch_elsewhere(r, vr->vifs[j]);
	}
	for (uint32_t i = 0; i < r->routes.n_rules; i++) {
		const struct vrule *vr = &r->routes.rules[i];
		if (!vr->is_tracked)
			continue;
		watch_elsewhere(r, vr->iif);
		watch_elsewhere(r, vr->oif);
	}
}

/* ---- trackers ---- */

static bool is_used(const struct vrouter *r, const struct tracker *t)
{
	for (uint32_t i = 0; i < r->n_uses; i++) {
		if (r->uses[i].tracker == t)
			return true;
	}
	return false;
}

static void add_use(struct vrouter *r, enum tracker_kind kind, const struct track_conf *line,
		    bool is_weighted_only)
{
	struct tracker *t = tracker_get(r->app->trackers, kind, line);

	if (!t)
		return;
	const struct conf_weight *weight = line->weight.is_given ? &line->weight : &t->weight;
	if (is_used(r, t) || (is_weighted_only && weight->weight == 0)) {
		tracker_put(t);
		return;
	}
	r->uses = xrealloc(r->uses, (r->n_uses + 1UL) * sizeof(r->uses[0]));
	r->uses[r->n_uses++] = (struct vrouter_use){ t,
						     { .weight = weight->weight,
						       .is_reverse = weight->is_reverse,
						       .is_factor = kind == TRACKER_FILE } };
}

static void add_lines(struct vrouter *r, const struct lines *lines, bool is_weighted_only)
{
	const struct track_conf *line;

	add_interfaces(r, lines, is_weighted_only);
	for (int kind = 0; kind < TRACKER_KIND_N; kind++) {
		conf_list_for_each (line, lines->of[kind])
			add_use(r, (enum tracker_kind)kind, line, is_weighted_only);
	}
}

/* The members keep one distance to their peers: what moves the priority of one moves all. */
static void add_members(struct vrouter *r, const struct sync_group *group)
{
	for (unsigned i = 0; i < group->g.n; i++) {
		const struct lines lines = lines_of_router(group->routers[i]);

		if (group->routers[i] != r)
			add_lines(r, &lines, true);
	}
}

void vrouter_uses_build(struct vrouter *r)
{
	struct vrouter_watch *old_watches = r->watches;
	struct vrouter_use *old_uses = r->uses;
	uint32_t n_old_watches = r->n_watches, n_old_uses = r->n_uses;
	const struct lines own = lines_of_router(r);

	r->watches = NULL;
	r->uses = NULL;
	r->n_watches = r->n_uses = 0;
	add_lines(r, &own, false);
	add_vip_interfaces(r);
	if (r->group_of) {
		const struct lines shared = lines_of_group(r->group_of);

		add_lines(r, &shared, false);
		if (r->group_of->conf->sync_group_tracking_weight)
			add_members(r, r->group_of);
	}
	/* Last, so that what stays is not forgotten in between. */
	release_watches(old_watches, n_old_watches);
	release_uses(old_uses, n_old_uses);
}
