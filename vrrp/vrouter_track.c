/*
 * What a virtual router's surroundings mean to it: reasons for FAULT, weights, source address. VRRP
 * child.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

/* ---- source address ---- */

static bool is_local(const struct vrouter *r, const struct addr *addr)
{
	const struct nl *nl = r->app->nl;

	if (r->vif->ifindex && nl_addr_find(nl, r->vif->ifindex, addr))
		return true;
	for (uint32_t i = 0; i < nl_addr_count(nl); i++) {
		if (addr_cmp(&nl_addr_at(nl, i)->addr, addr) == 0)
			return true;
	}
	return false;
}

/* The address our packets come from now; unset if there is none. */
static struct addr find_source(const struct vrouter *r)
{
	const struct addr *wish = &r->conf->src_addr;

	if (addr_is_unset(wish))
		return r->side->source;
	return is_local(r, wish) ? *wish : (struct addr){ .family = AF_UNSPEC };
}

/* Without a source we are in FAULT; the last one stays, for the last words. */
static void set_source(struct vrouter *r, const struct addr *source)
{
	r->source = *source;
	if (addr_is_unset(source) || addr_cmp(&r->fsm.own_addr, source) == 0)
		return;
	r->fsm.own_addr = *source;
	r->expect.own_src = *source;
	r->is_record_stale = true; /* an active router is known by it */
}

/* ---- evaluation ---- */

static void add_fault(struct vrouter_track *t, enum vrouter_fault fault, const struct vrrp_if *vif)
{
	if (t->faults++ > 0)
		return;
	t->fault = fault;
	t->vif = vif;
}

static void add_own_interface(struct vrouter_track *t, const struct vrouter *r)
{
	const struct vrrp_if *vif = r->vif;
	const struct vmac *vmac = vmac_failed(r);

	if (vif->ifindex == 0 && !vif->is_any)
		add_fault(t, VROUTER_FAULT_IF_MISSING, vif);
	else if (!vif->is_up && !r->conf->dont_track_primary)
		add_fault(t, VROUTER_FAULT_IF_DOWN, vif);
	else if (!vrouter_vio(r)->is_open)
		add_fault(t, VROUTER_FAULT_NO_SOCKET, vif);
	else if (addr_is_unset(&r->source))
		add_fault(t, VROUTER_FAULT_NO_SOURCE, vif);
	else if (!addr_is_unset(&r->group) && !vio_hears(vrouter_vio(r), &r->group))
		add_fault(t, VROUTER_FAULT_NO_GROUP, vif);
	if (vmac)
		add_fault(t, VROUTER_FAULT_NO_SOCKET, vmac->vif);
	if (vrrp_conf_is_unicast(r->conf) && r->conf->peers.n == 0)
		add_fault(t, VROUTER_FAULT_NO_PEER, vif);
	if (r->is_unable)
		add_fault(t, VROUTER_FAULT_UNABLE, vif);
	if (statics_miss(&r->app->statics, r->conf->name))
		add_fault(t, VROUTER_FAULT_STATIC, vif);
}

static void add_watch(struct vrouter_track *t, const struct vrouter_watch *w)
{
	const struct track_use use = { .weight = w->weight, .is_reverse = w->is_reverse };
	const struct track_obs obs = { .is_known = true, .is_up = w->vif->is_up };
	const struct track_effect effect = track_effect(&use, &obs);

	t->weight += effect.weight;
	if (effect.is_fault)
		add_fault(t, w->is_reverse ? VROUTER_FAULT_IF_UP : VROUTER_FAULT_IF_DOWN, w->vif);
}

static void add_use(struct vrouter_track *t, const struct vrouter_use *u)
{
	const struct track_effect effect = track_effect(&u->use, &u->tracker->obs);

	t->weight += effect.weight;
	/* A service may never answer: then the checker does not run. */
	t->awaited += effect.is_awaited && u->tracker->kind == TRACKER_SCRIPT;
	if (!effect.is_fault)
		return;
	add_fault(t, VROUTER_FAULT_TRACKER, NULL);
	if (!t->tracker && t->fault == VROUTER_FAULT_TRACKER)
		t->tracker = u->tracker;
}

static void format_tracker(const struct tracker *t, char *text, size_t size)
{
	switch (t->kind) {
	case TRACKER_SCRIPT: snprintf(text, size, "script %s", t->name); break;
	case TRACKER_FILE:
		snprintf(text, size, "tracked file %s has status %" PRId64, t->name, t->obs.value);
		break;
	case TRACKER_PROCESS:
		snprintf(text, size, "tracked process %s quorum not achieved", t->name);
		break;
	case TRACKER_BFD: snprintf(text, size, "BFD instance %s", t->name); break;
	case TRACKER_SERVICE: snprintf(text, size, "virtual server %s", t->name); break;
	case TRACKER_KIND_N: break;
	}
}

static void format_fault(const struct vrouter *r, char *text, size_t size)
{
	const char *name = r->track.vif ? r->track.vif->name : "";

	switch (r->track.fault) {
	case VROUTER_FAULT_NONE: snprintf(text, size, "all that is tracked is well"); break;
	case VROUTER_FAULT_IF_MISSING: snprintf(text, size, "interface %s missing", name); break;
	case VROUTER_FAULT_IF_DOWN: snprintf(text, size, "interface %s down", name); break;
	case VROUTER_FAULT_IF_UP: snprintf(text, size, "interface %s up", name); break;
	case VROUTER_FAULT_NO_PEER: snprintf(text, size, "no unicast peer"); break;
	case VROUTER_FAULT_UNABLE: snprintf(text, size, "cannot set %.48s", r->unable_what); break;
	case VROUTER_FAULT_STATIC:
		snprintf(text, size, "an address, route or rule of its track_group is missing");
		break;
	case VROUTER_FAULT_NO_SOCKET:
		snprintf(text, size, "no socket on interface %s", name);
		break;
	case VROUTER_FAULT_NO_GROUP:
		snprintf(text, size, "multicast group not joined on interface %s", name);
		break;
	case VROUTER_FAULT_NO_SOURCE:
		if (!addr_is_unset(&r->conf->src_addr))
			snprintf(text, size, "src address not configured");
		else
			snprintf(text, size, "no %s address for interface",
				 r->side->family == AF_INET6 ? "IPv6" : "IPv4");
		break;
	case VROUTER_FAULT_TRACKER: format_tracker(r->track.tracker, text, size); break;
	}
}

/* keepalived's words, which differ a little from one reason to the other. */
static void log_fault(const struct vrouter *r, const char *text)
{
	const char *kv = log_kv("instance=%s faults=%d", r->conf->name, r->track.faults);
	const struct tracker *t = r->track.tracker;
	bool has_colon = strncmp(text, "no IPv", strlen("no IPv")) != 0 &&
			 !(t && t->kind == TRACKER_PROCESS);

	if (t && t->kind != TRACKER_FILE && t->kind != TRACKER_PROCESS)
		log_event(LOG_LEVEL_NOTICE, "vrrp_fault", kv,
			  "(%s): entering FAULT state due to %s", r->conf->name, text);
	else
		log_event(LOG_LEVEL_NOTICE, "vrrp_fault", kv, "(%s)%s entering FAULT state (%s)",
			  r->conf->name, has_colon ? ":" : "", text);
}

void vrouter_renew_reason(struct vrouter *r)
{
	char text[sizeof(r->reason)] = "";

	if (vrrp_inst_notify_state(&r->fsm) != VRRP_NOTIFY_FAULT)
		return;
	if (r->track.faults > 0)
		format_fault(r, text, sizeof(text));
	else if (r->group_of)
		snprintf(text, sizeof(text), "sync group %s", r->group_of->conf->name);
	if (text[0] == '\0' || strcmp(text, r->reason) == 0)
		return;
	snprintf(r->reason, sizeof(r->reason), "%s", text);
	vrouter_report_state(r, false);
}

void vrouter_on_tracker(struct vrouter *r, const struct tracker *t)
{
	for (uint32_t i = 0; i < r->n_uses; i++) {
		if (r->uses[i].tracker != t)
			continue;
		if (t->kind == TRACKER_BFD)
			log_event(LOG_LEVEL_NOTICE, "track_bfd",
				  log_kv("instance=%s bfd=%s", r->conf->name, t->name),
				  "VRRP_Instance(%s) Tracked BFD instance %s is %s", r->conf->name,
				  t->name, t->obs.is_up ? "UP" : "DOWN");
		vrouter_track(r);
		return;
	}
}

void vrouter_track(struct vrouter *r)
{
	const struct vrouter_track was = r->track;
	const struct addr source = find_source(r);
	struct vrouter_track now = { .faults = 0 };
	char text[sizeof(r->reason)];

	set_source(r, &source);
	second_path_refresh(r);
	add_own_interface(&now, r);
	for (uint32_t i = 0; i < r->n_watches; i++)
		add_watch(&now, &r->watches[i]);
	for (uint32_t i = 0; i < r->n_uses; i++)
		add_use(&now, &r->uses[i]);
	r->track = now;
	group_note_faults(&r->member, now.faults);
	format_fault(r, text, sizeof(text));
	if (now.faults > 0 &&
	    (was.fault != now.fault || was.vif != now.vif || was.tracker != now.tracker))
		log_fault(r, text);
	if (now.weight != was.weight)
		vrouter_feed(r, &(struct vrrp_ev){ .kind = VRRP_EV_WEIGHT, .weight = now.weight },
			     "weight");
	if (now.faults != was.faults)
		vrouter_feed(r,
			     &(struct vrrp_ev){ .kind = VRRP_EV_FAULT,
						.fault_delta = now.faults - was.faults },
			     text);
	vrouter_try_start(r);
	vrouter_renew_reason(r);
}
