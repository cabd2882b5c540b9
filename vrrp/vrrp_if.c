/*
 * Interfaces that virtual routers use: link state, source address, socket. VRRP child; see
 * vrrp_app.h.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define SOCKET_RETRY_US (5 * US_PER_S)
#define MTU_UNKNOWN     1500

static void close_sockets(struct vrrp_if *vif)
{
	for (int i = 0; i < VRRP_SIDE_N; i++) {
		vio_close(&vif->sides[i].vio);
		vio_close(&vif->sides[i].ah);
	}
}

static void on_delay(struct timer *timer, void *arg)
{
	(void)timer;
	vrrp_app_refresh_soon(((struct vrrp_if *)arg)->app);
}

struct vrrp_if *vrrp_if_get(struct vrrp_app *app, const char *name)
{
	struct vrrp_if *vif = app->ifs;

	while (vif && strcmp(vif->name, name) != 0)
		vif = vif->next;
	if (!vif) {
		vif = xcalloc(1, sizeof(*vif));
		vif->app = app;
		vif->is_any = strcmp(name, VRRP_ANY_INTERFACE) == 0;
		for (int i = 0; i < VRRP_SIDE_N; i++) {
			vif->sides[i].vif = vif;
			vif->sides[i].family = i == VRRP_SIDE_V6 ? AF_INET6 : AF_INET;
		}
		for (int i = 0; i < PACER_N; i++)
			vif->pacers[i] = &vif->own_pacers[i];
		vif->linkbeat = -1;
		vif->damp.at = TIME_NEVER;
		timer_init(&vif->delay_timer, app->loop, on_delay, vif);
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
	close_sockets(vif);
	timer_cancel(&vif->delay_timer);
	free(vif);
}

/* ---- sockets ---- */

static void join_group(struct vio *vio, const struct vrouter *r)
{
	if (!vio->is_open || addr_is_unset(&r->group))
		return;
	int result = vio_join(vio, &r->group);
	if (result == 0)
		return;
	vrrp_app_refresh_in(r->app, SOCKET_RETRY_US);
	log_event(LOG_LEVEL_WARNING, "vrrp_join_failed",
		  log_kv("instance=%s interface=%s", r->conf->name, r->vif->name),
		  "(%s) cannot join the multicast group on %s: %s", r->conf->name, r->vif->name,
		  strerror(-result));
}

static void leave_group(struct vio *vio, const struct addr *group)
{
	if (vio->is_open && !addr_is_unset(group))
		vio_leave(vio, group);
}

static void open_socket(struct vrrp_side *side, struct vio *vio)
{
	struct vrrp_if *vif = side->vif;
	const struct vio_place place = { side->family, vif->ifindex, vio == &side->ah };
	int result = vio_open(vio, vif->app->loop, &place, vrouter_on_packet, side);

	if (result < 0) {
		log_event(LOG_LEVEL_WARNING, "vrrp_socket_failed",
			  log_kv("interface=%s", vif->name), "Cannot open a VRRP socket on %s: %s",
			  vif->name, strerror(-result));
		vrrp_app_refresh_in(vif->app, SOCKET_RETRY_US);
		return;
	}
	for (unsigned i = 0; i < 256; i++) {
		for (const struct vrouter *r = side->by_vrid[i]; r; r = r->next_of_vrid)
			join_group(vio, r);
	}
}

static bool has_ah(const struct vrrp_side *side)
{
	for (unsigned i = 0; i < 256 && side->family == AF_INET; i++) {
		for (const struct vrouter *r = side->by_vrid[i]; r; r = r->next_of_vrid)
			if (vrouter_uses_ah(r))
				return true;
	}
	return false;
}

/* What the routers of a socket ask for. */
static void set_rcvbuf(struct vrrp_side *side, struct vio *vio)
{
	const struct vrrp_if *vif = side->vif;
	const struct nl_link *link = nl_link_by_index(vif->app->nl, vif->ifindex);
	struct rx_sum sum = { 0 };

	for (unsigned i = 0; vio->is_open && i < 256; i++) {
		for (const struct vrouter *r = side->by_vrid[i]; r; r = r->next_of_vrid) {
			const struct rx_router router = { r->conf->kernel_rx_buf_size, side->family,
							  r->conf->addresses.n,
							  link ? link->mtu : MTU_UNKNOWN };
			if (vrouter_uses_ah(r) == vio->place.is_ah)
				rx_buffer_add(&sum, &vif->app->rx_policy, &router);
		}
	}
	vio_set_rcvbuf(vio, rx_buffer_bytes(&sum, VIO_RCVBUF));
}

/* Once in a pass of the loop, though thousands of timers may be late in it. */
void vrrp_side_drain(struct vrrp_side *side)
{
	time_us now = loop_now(side->vif->app->loop);

	if (time_cmp(side->drained_at, now) == 0)
		return;
	side->drained_at = now;
	vio_drain(&side->vio);
	vio_drain(&side->ah);
}

/* ---- state ---- */

/* The driver has the last word where it is asked and answers. */
static bool has_link(const struct vrrp_if *vif, const struct nl_link *link)
{
	bool is_up = vif->is_any || (link && link->is_up);

	return vif->linkbeat >= 0 && vif->is_beat_known ? is_up && vif->is_beating : is_up;
}

static void rejoin(struct vrrp_side *side)
{
	vio_rejoin(&side->vio);
	vio_rejoin(&side->ah);
}

/* Whether that was news, and so reported. */
static bool set_up(struct vrrp_if *vif, bool is_up)
{
	bool is_news = vif->is_known && is_up != vif->is_up;

	vif->is_known = true;
	if (is_up != vif->is_up || vif->since.us == 0)
		vif->since = loop_now(vif->app->loop);
	vif->is_up = is_up;
	if (!is_news)
		return false;
	vrrp_if_report(vif);
	log_event(LOG_LEVEL_NOTICE, "link",
		  log_kv("interface=%s state=%s", vif->name, is_up ? "up" : "down"),
		  "Netlink reports %s %s", vif->name, is_up ? "up" : "down");
	for (int i = 0; is_up && i < VRRP_SIDE_N; i++)
		rejoin(&vif->sides[i]);
	vif->is_hello_due |= is_up;
	return true;
}

void vrrp_if_on_addr_gone(struct vrrp_app *app, const struct nl_addr *addr)
{
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next) {
		for (int i = 0; vif->ifindex == addr->ifindex && i < VRRP_SIDE_N; i++) {
			struct vrrp_side *side = &vif->sides[i];
			side->is_source_lost |= addr_cmp(&side->source, &addr->addr) == 0;
		}
	}
}

/* An interface with a source again may have lost its groups in between: the kernel forgets them
 * together with the addresses where the MTU is too small for the protocol. */
static void refresh_side(struct vrrp_side *side)
{
	const struct vrrp_if *vif = side->vif;
	const struct nl_addr *primary = NULL;
	bool had_source = !addr_is_unset(&side->source) && !side->is_source_lost;

	if (vif->ifindex)
		primary = nl_primary_addr(vif->app->nl, vif->ifindex, side->family,
					  vrrp_app_is_moving, vif->app);
	side->source = primary ? primary->addr : (struct addr){ .family = AF_UNSPEC };
	side->is_source_lost = false;
	if (primary && !had_source) {
		rejoin(side);
		side->vif->is_hello_due = true;
	}
	bool is_there = vif->ifindex || vif->is_any;
	if (is_there && side->n_users > 0 && !side->vio.is_open)
		open_socket(side, &side->vio);
	if (is_there && !side->ah.is_open && has_ah(side))
		open_socket(side, &side->ah);
	if (vio_join_rest(&side->vio) < 0 || vio_join_rest(&side->ah) < 0)
		vrrp_app_refresh_in(vif->app, SOCKET_RETRY_US);
	set_rcvbuf(side, &side->vio);
	set_rcvbuf(side, &side->ah);
}

void vrrp_if_refresh(struct vrrp_if *vif)
{
	const struct nl_link *link = nl_link_by_name(vif->app->nl, vif->name);
	uint32_t ifindex = link ? link->ifindex : 0;
	bool is_told = !vif->is_known || (ifindex == 0) == (vif->ifindex == 0);

	if (ifindex != vif->ifindex) {
		close_sockets(vif); /* another device by the same name, or none */
		vif->app->is_if_replaced = true;
		if (nl_link_by_index(vif->app->nl, vif->ifindex))
			vrrp_app_abandon(vif->app, vif);
	}
	vif->is_mac_new = link && link->has_mac && vif->has_mac && ifindex == vif->ifindex &&
			  memcmp(link->mac, vif->mac, sizeof(vif->mac)) != 0;
	vif->is_hello_due |= vif->is_mac_new;
	vif->ifindex = ifindex;
	vif->has_mac = link && link->has_mac;
	if (link)
		memcpy(vif->mac, link->mac, sizeof(vif->mac));
	track_damp_step(&vif->damp, loop_now(vif->app->loop), has_link(vif, link), vif->up_delay_us,
			vif->down_delay_us);
	timer_arm_at(&vif->delay_timer, vif->damp.at);
	if (!set_up(vif, vif->damp.is_up) && !is_told)
		vrrp_if_report(vif);
	for (int i = 0; i < VRRP_SIDE_N; i++)
		refresh_side(&vif->sides[i]);
}

void vrrp_if_refresh_all(struct vrrp_app *app)
{
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next)
		vrrp_if_refresh(vif);
}

/* ---- routers ---- */

void vrrp_side_hold(struct vrrp_side *side)
{
	side->n_users++;
}

void vrrp_side_release(struct vrrp_side *side)
{
	if (--side->n_users > 0)
		return;
	vio_close(&side->vio);
	vio_close(&side->ah);
}

void vrrp_if_attach(struct vrouter *r)
{
	struct vrouter **first = &r->side->by_vrid[r->conf->virtual_router_id];

	r->next_of_vrid = *first;
	*first = r;
	r->side->is_unknown_logged[r->conf->virtual_router_id] = false;
	vrrp_side_hold(r->side);
	join_group(&r->side->vio, r);
	join_group(&r->side->ah, r);
}

void vrrp_if_detach(struct vrouter *r)
{
	struct vrouter **link = &r->side->by_vrid[r->conf->virtual_router_id];

	while (*link && *link != r)
		link = &(*link)->next_of_vrid;
	if (*link)
		*link = r->next_of_vrid;
	r->next_of_vrid = NULL;
	leave_group(&r->side->vio, &r->group);
	leave_group(&r->side->ah, &r->group);
	vrrp_side_release(r->side);
}

void vrrp_if_regroup(const struct vrouter *r, const struct addr *old)
{
	leave_group(&r->side->vio, old);
	leave_group(&r->side->ah, old);
	join_group(&r->side->vio, r);
	join_group(&r->side->ah, r);
}
