/*
 * ICMP redirects of a router that forwards for an address it holds: see redirects.h. VRRP child.
 */
#include "vrrp/redirects.h"

#include <stdio.h>

#include "vrrp/vrrp_app.h"

#define SEND_REDIRECTS "send_redirects"

static void path_of(const struct vrrp_if *vif, char path[SYSCTL_PATH_MAX])
{
	snprintf(path, SYSCTL_PATH_MAX, "net/ipv4/conf/%s/" SEND_REDIRECTS, vif->name);
}

static void follow(struct vrrp_if *vif)
{
	struct vrrp_app *app = vif->app;
	char path[SYSCTL_PATH_MAX];

	if (vif->ifindex == 0)
		return;
	path_of(vif, path);
	if (vif->n_gateways == 0 || app->sends_redirects) {
		sysctl_put_back(app, path);
		return;
	}
	/* The kernel sends them where either setting says so. */
	sysctl_split(app, SEND_REDIRECTS);
	sysctl_set(app, path, "0");
}

/* Neighbours in the list mostly share an interface. */
static void count(struct vrouter *r, int by)
{
	struct vrrp_if *last = NULL;

	for (uint32_t i = 0; i < r->vips.n; i++) {
		struct vrrp_if *vif = r->vips.v[i].vif;
		if (vif == last || r->vips.v[i].addr.addr.family != AF_INET)
			continue;
		last = vif;
		vif->n_gateways += by;
		if (vif->n_gateways == (by > 0 ? 1 : 0))
			follow(vif);
	}
	r->is_gateway = by > 0;
}

void redirects_stop(struct vrouter *r)
{
	if (!r->is_gateway)
		count(r, 1);
}

void redirects_resume(struct vrouter *r)
{
	if (r->is_gateway)
		count(r, -1);
}

void redirects_commit(struct vrrp_app *app)
{
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next)
		vif->n_gateways = 0;
	for (uint32_t i = 0; i < app->n_routers; i++) {
		app->routers[i]->is_gateway = false;
		if (app->routers[i]->holds_vips)
			redirects_stop(app->routers[i]);
	}
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next)
		follow(vif);
}
