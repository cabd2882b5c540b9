/*
 * The VRRP child: const struct role_ops vrrp_role.
 *
 * One process, one thread. Owns the virtual routers and the interfaces they use, the netlink tables
 * and the ARP socket. Configurations come from the parent (commit below); changes of links and
 * addresses from the kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "vrrp/garp.h"
#include "vrrp/ndisc.h"
#include "vrrp/vrrp_app.h"

#define SAVED_MAX 65536 /* records of a predecessor; more cannot be true */

/* How long packets of a burst may wait for each other, and what is not worth it. */
#define GATHER_MAX_US (1 * US_PER_MS)
#define GATHER_MIN_US 100

/* ---- addresses of all routers ---- */

static int ref_cmp(const void *a, const void *b)
{
	const struct vip_ref *x = a, *y = b;

	return addr_cmp(&x->addr, &y->addr);
}

/* The first reference to an address, and in *n how many there are. */
static const struct vip_ref *find_refs(const struct vrrp_app *app, const struct addr *addr,
				       uint32_t *n)
{
	const struct vip_ref key = { .addr = *addr };
	const struct vip_ref *first =
		app->n_vip_refs
			? bsearch(&key, app->vip_refs, app->n_vip_refs, sizeof(key), ref_cmp)
			: NULL;
	const struct vip_ref *end = app->vip_refs + app->n_vip_refs;

	*n = 0;
	while (first && first > app->vip_refs && ref_cmp(first - 1, &key) == 0)
		first--;
	for (const struct vip_ref *ref = first; ref && ref < end && ref_cmp(ref, &key) == 0; ref++)
		(*n)++;
	return first;
}

bool vrrp_app_is_moving(const struct addr *addr, void *arg)
{
	uint32_t n;
	const struct vip_ref *refs = find_refs(arg, addr, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (refs[i].router->conf->priority != 255)
			return true;
	}
	return false;
}

static bool is_at(const struct vip_ref *ref, const struct nl_addr *addr)
{
	const struct vip *vip = &ref->router->vips.v[ref->vip];

	return vip->vif->ifindex == addr->ifindex && vip->addr.prefix_len == addr->prefix_len;
}

bool vrrp_app_is_held(const struct vrrp_app *app, const struct nl_addr *addr)
{
	uint32_t n;
	const struct vip_ref *refs = find_refs(app, &addr->addr, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (refs[i].router->holds_vips && is_at(&refs[i], addr))
			return true;
	}
	return statics_have_address(&app->statics, addr);
}

bool vrrp_app_is_dropped(const struct vrrp_app *app, const struct vip *vip)
{
	uint32_t n;
	const struct vip_ref *refs = find_refs(app, &vip->addr.addr, &n);

	for (uint32_t i = 0; i < n; i++) {
		const struct vrouter *r = refs[i].router;
		if (r->holds_vips && vrrp_conf_drops(r->conf) &&
		    r->vips.v[refs[i].vip].vif == vip->vif)
			return true;
	}
	return false;
}

bool vrrp_app_holds_route(const struct vrrp_app *app, const struct nl_route *route)
{
	for (uint32_t i = 0; i < app->n_routers; i++) {
		const struct vrouter *r = app->routers[i];
		if (r->holds_vips && route_set_has_route(&r->routes, route))
			return true;
	}
	return statics_have_route(&app->statics, route);
}

bool vrrp_app_holds_rule(const struct vrrp_app *app, const struct nl_rule *rule)
{
	for (uint32_t i = 0; i < app->n_routers; i++) {
		const struct vrouter *r = app->routers[i];
		if (r->holds_vips && route_set_has_rule(&r->routes, rule))
			return true;
	}
	return statics_have_rule(&app->statics, rule);
}

static void build_refs(struct vrrp_app *app)
{
	uint32_t n = 0, at = 0;

	for (uint32_t i = 0; i < app->n_routers; i++)
		n += app->routers[i]->vips.n;
	free(app->vip_refs);
	app->vip_refs = xcalloc(n + 1UL, sizeof(app->vip_refs[0]));
	app->n_vip_refs = n;
	for (uint32_t i = 0; i < app->n_routers; i++) {
		struct vrouter *r = app->routers[i];
		for (uint32_t j = 0; j < r->vips.n; j++)
			app->vip_refs[at++] = (struct vip_ref){ r->vips.v[j].addr.addr, r, j };
	}
	qsort(app->vip_refs, n, sizeof(app->vip_refs[0]), ref_cmp);
}

/* ---- changes of links and addresses ---- */

/* One of our addresses is gone. If nobody but us did that, the table has it or its router does not
 * hold it. */
static void on_vip_gone(struct vrrp_app *app, const struct nl_addr *addr,
			const struct vip_ref *refs, uint32_t n)
{
	const struct nl_link *link = nl_link_by_index(app->nl, addr->ifindex);
	char text[ADDR_STR_MAX];

	if (nl_addr_find_prefix(app->nl, addr->ifindex, &addr->addr, addr->prefix_len))
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct vrouter *r = refs[i].router;
		if (!r->holds_vips || !r->vips.v[refs[i].vip].is_tracked || !is_at(&refs[i], addr))
			continue;
		log_event(LOG_LEVEL_WARNING, "vrrp_address_removed",
			  log_kv("instance=%s address=%s", r->conf->name,
				 addr_str(&addr->addr, text)),
			  "Netlink reflector reports IP %s removed from %s", text,
			  link ? link->name : "?");
		r->is_vip_lost = true;
		vrrp_app_refresh_soon(app);
	}
}

static void on_vip_changed(struct vrrp_app *app, const struct nl_addr *addr,
			   const struct vip_ref *refs, uint32_t n)
{
	const struct nl_addr *is =
		nl_addr_find_prefix(app->nl, addr->ifindex, &addr->addr, addr->prefix_len);

	for (uint32_t i = 0; is && i < n; i++) {
		if (refs[i].router->holds_vips && is_at(&refs[i], is))
			vrouter_on_vip_changed(refs[i].router, refs[i].vip, is);
	}
}

static void on_change(const struct nl_change *change, void *arg)
{
	struct vrrp_app *app = arg;
	uint32_t n;

	switch (change->kind) {
	case NL_LINK_NEW:
	case NL_LINK_DEL: vrrp_app_refresh_soon(app); break;
	case NL_ROUTES:
		app->are_routes_changed = true;
		vrrp_app_refresh_soon(app);
		break;
	case NL_ADDR_NEW:
	case NL_ADDR_DEL: {
		const struct vip_ref *refs = find_refs(app, &change->addr.addr, &n);
		if (!vrrp_app_is_moving(&change->addr.addr, app))
			vrrp_app_refresh_soon(app); /* perhaps a source address */
		if (change->kind == NL_ADDR_DEL) {
			vrrp_if_on_addr_gone(app, &change->addr);
			on_vip_gone(app, &change->addr, refs, n);
		} else
			on_vip_changed(app, &change->addr, refs, n);
		break;
	}
	}
}

/* ---- state of a predecessor ---- */

static void on_msg(struct role *role, const struct msg *msg)
{
	struct vrrp_app *app = role_state(role);

	if (msg->kind == MSG_sync_state) {
		vrrp_app_on_sync(app, &msg->sync_state);
		return;
	}
	if (msg->kind == MSG_stats_ask) {
		vrrp_counters_ask(app, msg->stats_ask.seq);
		return;
	}
	if (msg->kind == MSG_track_feed || msg->kind == MSG_script_result) {
		trackers_on_msg(app->trackers, msg);
		return;
	}
	if (app->is_committed || app->n_saved >= SAVED_MAX)
		return;
	app->saved = xrealloc(app->saved, (app->n_saved + 1UL) * sizeof(app->saved[0]));
	app->saved[app->n_saved++] = msg_dup(msg);
}

static bool is_name_used(const struct vrrp_app *app, const char *name)
{
	for (uint32_t i = 0; i < app->n_routers; i++) {
		if (strcmp(app->routers[i]->conf->name, name) == 0)
			return true;
	}
	return false;
}

/* That of its name; else, as another file may have renamed it, one that nobody else claims. */
static const struct msg *find_saved_state(const struct vrrp_app *app, const struct vrouter *r)
{
	const uint8_t family = r->side->family == AF_INET6 ? 6 : 4;
	const struct msg *renamed = NULL;

	for (uint32_t i = 0; i < app->n_saved; i++) {
		const struct msg *m = app->saved[i];
		const struct msg_vrrp_state *state = &m->vrrp_state;
		if (m->kind != MSG_vrrp_state || state->family != family ||
		    state->vrid != r->conf->virtual_router_id ||
		    strcmp(state->interface, vrrp_conf_place(r->conf)) != 0)
			continue;
		if (strcmp(state->instance, r->conf->name) == 0)
			return m;
		if (!is_name_used(app, state->instance))
			renamed = m;
	}
	return renamed;
}

static const struct msg *find_saved_stats(const struct vrrp_app *app, const struct vrouter *r)
{
	for (uint32_t i = 0; i < app->n_saved; i++) {
		const struct msg *m = app->saved[i];
		if (m->kind == MSG_vrrp_stats && strcmp(m->vrrp_stats.instance, r->conf->name) == 0)
			return m;
	}
	return NULL;
}

static const struct msg *find_saved_paths(const struct vrrp_app *app, const struct vrouter *r)
{
	for (uint32_t i = 0; i < app->n_saved; i++) {
		const struct msg *m = app->saved[i];
		if (m->kind == MSG_vrrp_paths && strcmp(m->vrrp_paths.instance, r->conf->name) == 0)
			return m;
	}
	return NULL;
}

static void adopt_settings(struct vrrp_app *app)
{
	for (uint32_t i = 0; i < app->n_saved; i++) {
		if (app->saved[i]->kind == MSG_vrrp_sysctl)
			sysctl_adopt(app, &app->saved[i]->vrrp_sysctl);
	}
}

static void start_router(struct vrrp_app *app, struct vrouter *r)
{
	const struct msg *state = find_saved_state(app, r);
	const struct msg *stats = find_saved_stats(app, r);
	const struct msg *paths = find_saved_paths(app, r);

	if (stats)
		r->stats = stats->vrrp_stats;
	r->stats.instance = NULL;
	vrouter_start(r, state ? &state->vrrp_state : NULL);
	if (paths)
		second_path_adopt(r, &paths->vrrp_paths);
}

static void forget_saved(struct vrrp_app *app)
{
	for (uint32_t i = 0; i < app->n_saved; i++)
		msg_free(app->saved[i]);
	free(app->saved);
	app->saved = NULL;
	app->n_saved = 0;
}

/* ---- configuration ---- */

static const struct root_conf *root_of(const struct conf *conf)
{
	return (const void *)conf_root(conf);
}

static int conf_key_cmp(const void *a, const void *b)
{
	const struct vrrp_conf *x = *(const struct vrrp_conf *const *)a,
			       *y = *(const struct vrrp_conf *const *)b;
	int order = strcmp(vrrp_conf_place(x), vrrp_conf_place(y));

	if (order == 0)
		order = x->virtual_router_id - y->virtual_router_id;
	return order ? order : vrrp_conf_family(x) - vrrp_conf_family(y);
}

/* Two routers with one VRID on one interface must differ in peers or group. */
static int check_unique(const struct conf_list *list, char *why, size_t size)
{
	const struct vrrp_conf **v = xcalloc(list->n + 1UL, sizeof(const struct vrrp_conf *));
	const struct vrrp_conf *conf;
	uint32_t n = 0;
	int result = 0;

	conf_list_for_each (conf, list)
		v[n++] = conf;
	qsort(v, n, sizeof(v[0]), conf_key_cmp);
	for (uint32_t i = 1; i < n && result == 0; i++) {
		uint32_t k = i;
		while (k > 0 && conf_key_cmp(&v[k - 1], &v[i]) == 0 &&
		       !vrrp_conf_clashes(v[k - 1], v[i]))
			k--;
		if (k == 0 || conf_key_cmp(&v[k - 1], &v[i]) != 0)
			continue;
		snprintf(why, size, "vrrp_instance %s and %s: same interface and virtual_router_id",
			 v[k - 1]->name, v[i]->name);
		result = -EINVAL;
	}
	free(v);
	return result;
}

static int prepare(struct role *role, const struct conf *conf, char *why, size_t size)
{
	const struct conf_list *list = &root_of(conf)->vrrp_instances;
	const struct vrrp_conf *instance;
	int error = firewall_check_conf(root_global(conf_root(conf)), why, size);

	(void)role;
	if (error)
		return error;
	conf_list_for_each (instance, list) {
		int result = vrouter_check_conf(instance, why, size);
		if (result < 0)
			return result;
	}
	return check_unique(list, why, size);
}

/* Takes the old router for `conf` out of the list: the one of that name, else one that it could not
 * run beside. The order rarely changes: look where the last one was. */
static struct vrouter *take_match(struct vrouter **old, uint32_t n, uint32_t *cursor,
				  const struct vrrp_conf *conf)
{
	struct vrouter *found = NULL;
	uint32_t found_at = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = (*cursor + i) % n;
		struct vrouter *r = old[at];
		bool is_same = r && strcmp(r->conf->name, conf->name) == 0;
		if (!r || !vrouter_is_match(r, conf) ||
		    (!is_same && (found || !vrrp_conf_clashes(r->conf, conf))))
			continue;
		found = r;
		found_at = at;
		if (is_same)
			break;
	}
	if (!found)
		return NULL;
	old[found_at] = NULL;
	*cursor = found_at + 1;
	return found;
}

static void stop_vanished(struct vrouter **old, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!old[i])
			continue;
		old[i]->is_deleted = true;
		old[i]->group_of = NULL;
		vrouter_stop(old[i], "removed from the configuration", false);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (old[i]) {
			vrouter_sync_vips(old[i]);
			vmac_remove(old[i]);
		}
		vrouter_free(old[i]);
	}
	free(old);
}

static bool is_started(const struct vrouter *r)
{
	return r->fsm.is_started || r->is_waiting;
}

/* All routers have their new configuration and are in the list: carry it out. */
static void apply_configuration(struct vrrp_app *app)
{
	vrrp_if_refresh_all(app);
	/* Before the first one starts its group knows what keeps the others from it. */
	for (uint32_t i = 0; i < app->n_routers; i++) {
		if (!is_started(app->routers[i]))
			vrouter_track(app->routers[i]);
	}
	for (uint32_t i = 0; i < app->n_routers; i++) {
		struct vrouter *r = app->routers[i];
		if (is_started(r)) {
			vrouter_apply_conf(r);
			vrouter_track(r);
		} else {
			start_router(app, r);
		}
	}
}

/* Interfaces and trackers, which the groups have a say in. */
static void build_uses(struct vrrp_app *app, const struct root_conf *root)
{
	trackers_begin(app->trackers, root, app->saved, app->n_saved);
	for (uint32_t i = 0; i < app->n_routers; i++)
		vrouter_uses_build(app->routers[i]);
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next)
		vif->weights[0] = '\0';
	for (uint32_t i = 0; i < app->n_routers; i++)
		vrouter_uses_tell(app->routers[i]);
}

static void on_start_time(struct timer *timer, void *arg)
{
	struct vrrp_app *app = arg;

	(void)timer;
	app->start_at = TIME_NEVER;
	for (uint32_t i = 0; i < app->n_routers; i++) {
		vrouter_try_start(app->routers[i]);
		vrouter_report_state(app->routers[i], false); /* may wait for a tracker still */
	}
}

/* When a process that died wanted to begin; an instant that is past if it had, TIME_NEVER if there
 * was none. */
static time_us saved_start_at(const struct vrrp_app *app)
{
	time_us at = TIME_NEVER;

	for (uint32_t i = 0; i < app->n_saved; i++) {
		const struct msg *m = app->saved[i];

		if (m->kind == MSG_vrrp_state &&
		    (time_is_never(at) || m->vrrp_state.start_at_us > at.us))
			at.us = m->vrrp_state.start_at_us;
	}
	return at;
}

/* Whether there is a delay at all. */
static bool begin_startup_delay(struct vrrp_app *app)
{
	struct start_delay *delay = &app->start_delay;
	const time_us now = loop_now(app->loop), its_end = saved_start_at(app);

	delay->booted_at = time_add(now, -clock_since_boot_us());
	delay->began_at = now;
	if (!time_is_never(its_end)) {
		if (time_cmp(its_end, now) <= 0)
			return false;
		delay->began_at = start_delay_began(now, its_end, delay->after_start_us);
	}
	return time_cmp(start_delay_end(delay), now) > 0;
}

/* The delay counts from start and boot, also where a reload changes it while it runs. */
static void set_startup_delay(struct vrrp_app *app, const struct global_conf *global)
{
	const time_us now = loop_now(app->loop);
	time_us end;

	app->start_delay.after_start_us = global->vrrp_startup_delay_us;
	app->start_delay.after_boot_us = global->vrrp_delay_after_boot_us;
	if (app->is_committed ? time_is_never(app->start_at) : !begin_startup_delay(app))
		return;
	end = start_delay_end(&app->start_delay);
	if (time_cmp(end, app->start_at) == 0)
		return;
	if (time_cmp(end, now) > 0)
		log_event(LOG_LEVEL_INFO, "vrrp_delay", NULL, "Delaying startup for %.3f seconds",
			  (double)time_sub(end, now) / US_PER_S);
	else
		log_event(LOG_LEVEL_INFO, "vrrp_delay", NULL, "Startup is delayed no longer");
	app->start_at = end;
	timer_arm_at(&app->start_timer, end);
}

static void on_tracker(struct tracker *t, void *arg)
{
	struct vrrp_app *app = arg;

	for (uint32_t i = 0; i < app->n_routers; i++)
		vrouter_on_tracker(app->routers[i], t);
}

static void on_bfd(const char *name, bool is_up, void *arg)
{
	struct vrrp_app *app = arg;

	trackers_set_bfd(app->trackers, name, is_up);
}

static void to_parent(const struct msg *msg, void *arg)
{
	struct vrrp_app *app = arg;

	role_send(app->role, msg);
}

/*
 * Packets of hundreds of routers are read in bursts. What waits for that is nothing beside the
 * intervals that it counts for: a 400th of the shortest, and a 20th for BFD, whose are short.
 */
static int64_t gather_us(const struct root_conf *root)
{
	const struct vrrp_conf *instance;
	const struct bfd_conf *bfd;
	int64_t us = GATHER_MAX_US;

	conf_list_for_each (instance, &root->vrrp_instances) {
		if (instance->advert_int_us / 400 < us)
			us = instance->advert_int_us / 400;
	}
	conf_list_for_each (bfd, &root->bfd_instances) {
		if (bfd->min_rx_us / 20 < us)
			us = bfd->min_rx_us / 20;
	}
	return us >= GATHER_MIN_US ? us : 0;
}

static void commit(struct role *role, const struct conf *conf)
{
	struct vrrp_app *app = role_state(role);
	const struct root_conf *root = root_of(conf);
	struct vrouter **old = app->routers;
	uint32_t n_old = app->n_routers, cursor = 0;
	const struct vrrp_conf *instance;
	const struct global_conf *global = root_global(conf_root(conf));

	app->vmac_prefix = global->vmac_prefix;
	app->vmac_addr_prefix = global->vmac_addr_prefix;
	app->logs_unknown = global->log_unknown_vrids;
	app->rx_policy =
		(struct rx_policy){ global->vrrp_rx_bufs_policy, global->vrrp_rx_bufs_multiplier };
	nl_set_rcvbuf(app->nl, &global->vrrp_monitor, "vrrp_netlink_monitor_rcv_bufs");
	adopt_settings(app);
	if (global->disable_local_igmp)
		sysctl_set(app, "net/ipv4/igmp_link_local_mcast_reports", "0");
	app->sends_redirects = global->vrrp_send_redirects;
	app->is_min_garp = global->vrrp_min_garp;
	app->is_repeat_set = conf_is_set(&global->obj, "vrrp_garp_master_repeat", NULL);
	app->is_delay_set = conf_is_set(&global->obj, "vrrp_garp_master_delay", NULL);
	app->is_refresh_set = conf_is_set(&global->obj, "vrrp_garp_master_refresh", NULL);
	app->rt_dirs = (struct rt_dirs){ global->iproute_etc_dir, global->iproute_usr_dir };
	app->routers = xcalloc(root->vrrp_instances.n + 1UL, sizeof(struct vrouter *));
	app->n_routers = 0;
	conf_list_for_each (instance, &root->vrrp_instances) {
		struct vrouter *r = take_match(old, n_old, &cursor, instance);

		if (r)
			vrouter_set_conf(r, instance);
		else
			r = vrouter_new(app, instance);
		app->routers[app->n_routers++] = r;
	}
	vrrp_refresh_restart(app);
	build_refs(app);
	firewall_commit_begin(app, global);
	sync_groups_build(app, root);
	build_uses(app, root);
	stop_vanished(old, n_old);
	vrrp_ifs_set_conf(app, root);
	bfd_sessions_set_conf(app->bfd, root, app->saved, app->n_saved);
	trackers_end(app->trackers);
	statics_commit(&app->statics, app, root);
	pacers_assign(app, root);
	loop_set_gap(app->loop, gather_us(root));
	set_startup_delay(app, global);
	apply_configuration(app);
	peer_finder_commit(app);
	firewall_commit_end(app);
	redirects_commit(app);
	lease_table_commit(app);
	sync_groups_report(app);
	trackers_report(app->trackers);
	sysctl_report(app);
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next)
		vrrp_if_report(vif);
	forget_saved(app);
	app->is_committed = true;
	for (uint32_t i = 0; i < app->n_routers; i++) {
		vrouter_report_state(app->routers[i], true);
		vrouter_report_stats(app->routers[i]);
	}
}

/* ---- life ---- */

static void done(struct role *role)
{
	struct vrrp_app *app = role_state(role);

	for (uint32_t i = 0; i < app->n_routers; i++)
		vrouter_free(app->routers[i]);
	sync_groups_free(app);
	statics_done(&app->statics);
	lease_table_done(app);
	firewall_done(app);
	sysctl_forget(app);
	forget_saved(app);
	bfd_sessions_free(app->bfd);
	trackers_free(app->trackers);
	timer_cancel(&app->start_timer);
	timer_cancel(&app->beat_timer);
	vrrp_refresh_done(app);
	vrrp_counters_done(app);
	peer_finder_done(app);
	nl_free(app->nl);
	if (app->arp_fd >= 0)
		close(app->arp_fd);
	if (app->ndisc_fd >= 0)
		close(app->ndisc_fd);
	free(app->routers);
	free(app->vip_refs);
	free(app->wants);
	free(app->route_wants);
	free(app->group_pacers);
	free(app->ops);
	free(app);
}

static int init(struct role *role)
{
	struct vrrp_app *app = xcalloc(1, sizeof(*app));
	int error;

	role_set_state(role, app);
	app->role = role;
	app->loop = role_loop(role);
	app->start_at = TIME_NEVER;
	firewall_init(app);
	vrrp_refresh_init(app);
	vrrp_counters_init(app);
	timer_init(&app->start_timer, app->loop, on_start_time, app);
	timer_init(&app->beat_timer, app->loop, vrrp_on_beat, app);
	app->bfd = bfd_sessions_new(app->loop, to_parent, on_bfd, app);
	app->trackers = trackers_new(app->loop, to_parent, on_tracker, app);
	app->ndisc_fd = ndisc_open();
	app->arp_fd = garp_open();
	error = app->arp_fd < 0 ? -app->arp_fd : 0;
	if (!error) {
		app->nl = nl_open(app->loop, on_change, app);
		error = app->nl ? 0 : errno;
	}
	if (error)
		done(role);
	return -error;
}

/* Every router clears its interface before the parent hears of it. */
void vrrp_app_leave(struct vrrp_app *app)
{
	if (!app->is_stopping)
		return;
	for (uint32_t i = 0; i < app->n_routers; i++) {
		if (vrouter_is_handing_over(app->routers[i]))
			return;
	}
	app->is_stopping = false;
	for (uint32_t i = 0; i < app->n_routers; i++) {
		app->routers[i]->is_leaving = true;
		vrouter_sync_vips(app->routers[i]);
		vmac_remove(app->routers[i]);
	}
	firewall_stop(app);
	lease_table_stop(app);
	sysctl_restore(app);
	statics_stop(&app->statics);
	role_stopped(app->role, 0);
}

/* Every router resigns before the first of them waits for its successor. */
static void stop(struct role *role, enum role_stop kind)
{
	struct vrrp_app *app = role_state(role);

	if (kind == ROLE_STOP_KEEP) { /* without a word to the peer: the next start goes on */
		role_stopped(role, 0);
		return;
	}
	bfd_sessions_stop(app->bfd);
	for (uint32_t i = 0; i < app->n_routers; i++)
		vrouter_stop(app->routers[i], "stop", true);
	app->is_stopping = true;
	vrrp_app_leave(app);
}

static void settings(const struct conf *conf, struct role_settings *out)
{
	const struct global_conf *global = root_global(conf_root(conf));

	out->name = global_child_name(global, &global->vrrp, "diarch_vrrp");
	out->tell_us = vrrp_conf_tell_us(root_of(conf));
	out->is_locked =
		global->vrrp.no_swap || (root_of(conf)->bfd_instances.n > 0 && global->bfd.no_swap);
}

const struct role_ops vrrp_role = {
	.name = "vrrp",
	.self = MSG_FROM_VRRP,
	.caps = PROC_CAP_NET_ADMIN | PROC_CAP_NET_RAW,
	.init = init,
	.prepare = prepare,
	.commit = commit,
	.settings = settings,
	.on_msg = on_msg,
	.stop = stop,
	.done = done,
};
