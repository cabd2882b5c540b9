/*
 * What a virtual router's surroundings mean to it: reasons for FAULT, weights, source address. VRRP
 * child.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

/* ---- what to watch ---- */

static bool is_watched(const struct vrouter *r, const struct vrrp_if *vif)
{
	for (uint32_t i = 0; i < r->n_watches; i++) {
		if (r->watches[i].vif == vif)
			return true;
	}
	return false;
}

static void release_watches(struct vrouter_watch *watches, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		vrrp_if_put(watches[i].vif);
	free(watches);
}

void vrouter_watch_free(struct vrouter *r)
{
	release_watches(r->watches, r->n_watches);
	r->watches = NULL;
	r->n_watches = 0;
}

void vrouter_watch_build(struct vrouter *r)
{
	struct vrouter_watch *old = r->watches;
	uint32_t n_old = r->n_watches;
	const struct track_if_conf *track;

	r->watches = xcalloc(r->conf->track_interfaces.n + r->vips.n + 1UL, sizeof(r->watches[0]));
	r->n_watches = 0;
	conf_list_for_each (track, &r->conf->track_interfaces) {
		r->watches[r->n_watches++] =
			(struct vrouter_watch){ vrrp_if_get(r->app, track->name),
						(int)track->weight, track->is_reverse };
	}
	/* The interface of an address elsewhere counts like one listed with weight 0. */
	for (uint32_t i = 0; i < r->vips.n; i++) {
		struct vrrp_if *vif = r->vips.v[i].vif;
		if (vif == r->vif || !r->vips.v[i].is_tracked || is_watched(r, vif))
			continue;
		vif->users++;
		r->watches[r->n_watches++] = (struct vrouter_watch){ vif, 0, false };
	}
	/* Last, so that interfaces that stay are not forgotten in between. */
	release_watches(old, n_old);
}

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

	if (vif->ifindex == 0)
		add_fault(t, VROUTER_FAULT_IF_MISSING, vif);
	else if (!vif->is_up && !r->conf->dont_track_primary)
		add_fault(t, VROUTER_FAULT_IF_DOWN, vif);
	else if (!vrouter_vio(r)->is_open)
		add_fault(t, VROUTER_FAULT_NO_SOCKET, vif);
	else if (addr_is_unset(&r->source))
		add_fault(t, VROUTER_FAULT_NO_SOURCE, vif);
}

/*
 * Weight 0: FAULT while down. A positive weight is added while up, a negative one while down.
 * `reverse` exchanges up and down.
 */
static void add_watch(struct vrouter_track *t, const struct vrouter_watch *w)
{
	bool is_good = w->vif->is_up != w->is_reverse;

	if (w->weight == 0 && !is_good)
		add_fault(t, w->is_reverse ? VROUTER_FAULT_IF_UP : VROUTER_FAULT_IF_DOWN, w->vif);
	else if ((w->weight > 0) == is_good)
		t->weight += w->weight;
}

static void format_fault(const struct vrouter *r, char *text, size_t size)
{
	const char *name = r->track.vif ? r->track.vif->name : "";

	switch (r->track.fault) {
	case VROUTER_FAULT_NONE: snprintf(text, size, "interfaces are well"); break;
	case VROUTER_FAULT_IF_MISSING: snprintf(text, size, "interface %s missing", name); break;
	case VROUTER_FAULT_IF_DOWN: snprintf(text, size, "interface %s down", name); break;
	case VROUTER_FAULT_IF_UP: snprintf(text, size, "interface %s up", name); break;
	case VROUTER_FAULT_NO_SOCKET:
		snprintf(text, size, "no socket on interface %s", name);
		break;
	case VROUTER_FAULT_NO_SOURCE:
		if (!addr_is_unset(&r->conf->src_addr))
			snprintf(text, size, "src address not configured");
		else
			snprintf(text, size, "no %s address for interface",
				 r->side->family == AF_INET6 ? "IPv6" : "IPv4");
		break;
	}
}

static void log_fault(const struct vrouter *r, const char *text)
{
	/* keepalived's words have the colon in all of these but one. */
	bool has_colon = strncmp(text, "no IPv", strlen("no IPv")) != 0;

	log_event(LOG_LEVEL_NOTICE, "vrrp_fault",
		  log_kv("instance=%s faults=%d", r->conf->name, r->track.faults),
		  "(%s)%s entering FAULT state (%s)", r->conf->name, has_colon ? ":" : "", text);
}

void vrouter_track(struct vrouter *r)
{
	const struct vrouter_track was = r->track;
	const struct addr source = find_source(r);
	struct vrouter_track now = { .faults = 0 };
	char text[sizeof(r->reason)];

	set_source(r, &source);
	add_own_interface(&now, r);
	for (uint32_t i = 0; i < r->n_watches; i++)
		add_watch(&now, &r->watches[i]);
	r->track = now;
	group_note_faults(&r->member, now.faults);
	format_fault(r, text, sizeof(text));
	if (now.faults > 0 && (was.fault != now.fault || was.vif != now.vif))
		log_fault(r, text);
	if (now.weight != was.weight)
		vrouter_feed(r, &(struct vrrp_ev){ .kind = VRRP_EV_WEIGHT, .weight = now.weight },
			     "weight");
	if (now.faults != was.faults)
		vrouter_feed(r,
			     &(struct vrrp_ev){ .kind = VRRP_EV_FAULT,
						.fault_delta = now.faults - was.faults },
			     text);
}
