/*
 * Interfaces that virtual routers use: link state, source address, socket. VRRP child; see
 * vrrp_app.h.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define SOCKET_RETRY_US (5 * US_PER_S)

struct vrrp_if *vrrp_if_get(struct vrrp_app *app, const char *name)
{
	struct vrrp_if *vif = app->ifs;

	while (vif && strcmp(vif->name, name) != 0)
		vif = vif->next;
	if (!vif) {
		vif = xcalloc(1, sizeof(*vif));
		vif->app = app;
		strncpy(vif->name, name, sizeof(vif->name) - 1);
		vif->next = app->ifs;
		app->ifs = vif;
	}
	vif->users++;
	return vif;
}

void vrrp_if_put(struct vrrp_if *vif)
{
	if (!vif || --vif->users > 0)
		return;
	struct vrrp_if **link = &vif->app->ifs;
	while (*link != vif)
		link = &(*link)->next;
	*link = vif->next;
	vio_close(&vif->vio);
	free(vif);
}

/* ---- socket ---- */

static void join_group(struct vrrp_if *vif, const struct vrouter *r)
{
	if (!vif->vio.is_open || addr_is_unset(&r->group))
		return;
	int result = vio_join(&vif->vio, &r->group);
	if (result < 0)
		log_event(LOG_LEVEL_WARNING, "vrrp_join_failed",
			  log_kv("instance=%s interface=%s", r->conf->name, vif->name),
			  "(%s) cannot join the multicast group on %s: %s", r->conf->name,
			  vif->name, strerror(-result));
}

static void open_socket(struct vrrp_if *vif)
{
	int result = vio_open(&vif->vio, vif->app->loop, vif->ifindex, vif->name, vrouter_on_packet,
			      vif);

	if (result < 0) {
		log_event(LOG_LEVEL_WARNING, "vrrp_socket_failed",
			  log_kv("interface=%s", vif->name), "Cannot open a VRRP socket on %s: %s",
			  vif->name, strerror(-result));
		timer_arm_in(&vif->app->refresh_timer, SOCKET_RETRY_US);
		return;
	}
	for (unsigned i = 0; i < 256; i++) {
		if (vif->by_vrid[i])
			join_group(vif, vif->by_vrid[i]);
	}
}

/* ---- state ---- */

static void set_up(struct vrrp_if *vif, bool is_up)
{
	bool is_news = vif->is_known && is_up != vif->is_up;

	vif->is_known = true;
	vif->is_up = is_up;
	if (!is_news)
		return;
	log_event(LOG_LEVEL_NOTICE, "link",
		  log_kv("interface=%s state=%s", vif->name, is_up ? "up" : "down"),
		  "Netlink reports %s %s", vif->name, is_up ? "up" : "down");
	if (is_up)
		vio_rejoin(&vif->vio);
}

void vrrp_if_refresh(struct vrrp_if *vif)
{
	const struct nl_link *link = nl_link_by_name(vif->app->nl, vif->name);
	const struct nl_addr *primary = NULL;
	uint32_t ifindex = link ? link->ifindex : 0;

	if (ifindex != vif->ifindex)
		vio_close(&vif->vio); /* another device by the same name, or none */
	vif->ifindex = ifindex;
	set_up(vif, link && link->is_up);
	vif->has_mac = link && link->has_mac;
	if (link) {
		memcpy(vif->mac, link->mac, sizeof(vif->mac));
		primary =
			nl_primary_addr(vif->app->nl, ifindex, AF_INET, vrrp_app_is_vip, vif->app);
	}
	vif->source = primary ? primary->addr : (struct addr){ .family = AF_UNSPEC };
	if (ifindex && vif->n_routers > 0 && !vif->vio.is_open)
		open_socket(vif);
}

void vrrp_if_attach(struct vrrp_if *vif, struct vrouter *r)
{
	vif->by_vrid[r->conf->virtual_router_id] = r;
	vif->n_routers++;
	join_group(vif, r);
}

void vrrp_if_detach(struct vrrp_if *vif, struct vrouter *r)
{
	vif->by_vrid[r->conf->virtual_router_id] = NULL;
	if (vif->vio.is_open && !addr_is_unset(&r->group))
		vio_leave(&vif->vio, &r->group);
	if (--vif->n_routers == 0)
		vio_close(&vif->vio);
}

void vrrp_if_regroup(struct vrrp_if *vif, const struct vrouter *r, const struct addr *old)
{
	if (vif->vio.is_open && !addr_is_unset(old))
		vio_leave(&vif->vio, old);
	join_group(vif, r);
}
