/*
 * The second path of a virtual router: see second_path.h. VRRP child.
 *
 * Each is owned by its router and found by VRID through struct vrrp_app. It uses the socket of an
 * interface like a router does, whether one runs there or not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

/* One of the two paths, as the packets heard on it tell. */
struct way {
	uint64_t rcvd;
	time_us heard_at;   /* us 0 = never */
	time_us quiet_from; /* since when nothing was heard, as far as we listened */
	uint32_t missed;    /* heard on the other path since then */
	bool is_heard;
	bool is_silent; /* for a down interval, while the other one is heard */
};

struct second_path {
	struct second_path *next; /* with this VRID and family */
	struct vrouter *router;
	struct vrrp_side *side; /* of an interface of its own, or of all */
	struct vrrp_expect expect;
	struct vrrp_peer *peers;
	uint8_t ttl;
	struct way ways[VRRP_PATH_N];
	enum vrrp_path last;
	bool is_any_heard; /* `last` says on which */
	uint64_t sent;
	int trouble; /* errno of the last advertisement, 0 = it went out */
	bool is_dirty;
};

static const char *const path_names[] = {
	[VRRP_PATH_FIRST] = "first",
	[VRRP_PATH_SECOND] = "second",
};

/* ---- configuration ---- */

static int side_of(const struct vrouter *r)
{
	return r->side->family == AF_INET6 ? VRRP_SIDE_V6 : VRRP_SIDE_V4;
}

static struct second_path **list_of(const struct vrouter *r)
{
	return &r->app->second_paths[side_of(r)][r->conf->virtual_router_id];
}

static const char *place_of(const struct second_path_conf *conf)
{
	return conf->interface ? conf->interface : VRRP_ANY_INTERFACE;
}

static void take_place(struct second_path *path, const struct second_path_conf *conf)
{
	struct vrouter *r = path->router;
	struct vrrp_side *old = path->side;

	path->side = &vrrp_if_get(r->app, place_of(conf))->sides[side_of(r)];
	vrrp_side_hold(path->side);
	if (!old)
		return;
	vrrp_side_release(old);
	vrrp_if_put(old->vif);
}

static void set_peers(struct second_path *path, const struct second_path_conf *conf)
{
	const struct second_peer_conf *p;
	uint32_t n = 0;

	free(path->peers);
	path->peers = xcalloc(conf->peers.n + 1UL, sizeof(path->peers[0]));
	conf_list_for_each (p, &conf->peers)
		path->peers[n++] = (struct vrrp_peer){ p->addr, p->min_ttl, UINT8_MAX };
	path->expect = path->router->expect;
	path->expect.is_unicast = true;
	path->expect.check_src = true;
	path->expect.peers = path->peers;
	path->expect.n_peers = n;
	path->expect.checked_src = (struct addr){ .family = AF_UNSPEC };
}

static struct second_path *path_new(struct vrouter *r)
{
	struct second_path *path = xcalloc(1, sizeof(*path));
	struct second_path **list = list_of(r);

	path->router = r;
	path->next = *list;
	*list = path;
	r->second = path;
	second_path_begin(r);
	return path;
}

void second_path_set_conf(struct vrouter *r)
{
	const struct second_path_conf *conf = vrrp_conf_second_path(r->conf);

	if (!conf) {
		second_path_free(r);
		return;
	}
	struct second_path *path = r->second ? r->second : path_new(r);
	take_place(path, conf);
	set_peers(path, conf);
	path->ttl = conf->unicast_ttl;
	path->is_dirty = true;
	second_path_refresh(r);
}

void second_path_free(struct vrouter *r)
{
	struct second_path *path = r->second;

	if (!path)
		return;
	struct second_path **link = list_of(r);
	while (*link != path)
		link = &(*link)->next;
	*link = path->next;
	vrrp_side_release(path->side);
	vrrp_if_put(path->side->vif);
	free(path->peers);
	free(path);
	r->second = NULL;
}

void second_path_refresh(struct vrouter *r)
{
	struct second_path *path = r->second;

	if (!path)
		return;
	const struct addr *wish = &vrrp_conf_second_path(r->conf)->unicast_src_ip;
	const struct addr source = addr_is_unset(wish) ? path->side->source : *wish;
	if (addr_cmp(&source, &path->expect.own_src) == 0)
		return;
	path->expect.own_src = source;
	path->is_dirty = true;
	second_path_report(r, false);
}

/* ---- sending ---- */

static int send_to(const struct second_path *path, const struct vrrp_pkt *pkt,
		   const struct addr *dst)
{
	const struct vrouter *r = path->router;
	const struct vrrp_env env = { .src = path->expect.own_src, .dst = *dst, .ttl = path->ttl };
	uint8_t data[VRRP_PKT_MAX + VRRP_ORIGIN_MAX + VRRP_HMAC_LEN];

	if (addr_is_unset(&env.src))
		return -EADDRNOTAVAIL;
	size_t len = vrrp_pkt_encode(pkt, &env, data, VRRP_PKT_MAX);
	if (len == 0)
		return -EINVAL;
	len = vrouter_auth_sign(r, &env, data,
				len + vrrp_origin_encode(&r->fsm.own_addr, data + len));
	return len == 0 ? -EINVAL : vio_send(&path->side->vio, &env, data, len);
}

/* Once when it begins, once when it is over: the path may be out of order for days. */
static void note_sent(struct second_path *path, int result)
{
	const struct vrouter *r = path->router;
	const char *name = path->side->vif->name;
	bool was_well = path->trouble == 0;

	path->is_dirty |= path->trouble != -result;
	path->trouble = -result;
	if (result < 0 && was_well)
		log_event(LOG_LEVEL_WARNING, "vrrp_second_path_failed",
			  log_kv("instance=%s interface=%s errno=%d", r->conf->name, name, -result),
			  "(%s) cannot send over the second path (%s): %s; it changes nothing else",
			  r->conf->name, name, strerror(-result));
	else if (result == 0 && !was_well)
		log_event(LOG_LEVEL_NOTICE, "vrrp_second_path_works",
			  log_kv("instance=%s interface=%s", r->conf->name, name),
			  "(%s) the second path (%s) can be sent over again", r->conf->name, name);
}

void second_path_send(struct vrouter *r, const struct vrrp_pkt *pkt)
{
	struct second_path *path = r->second;
	int result = 0;

	if (!path)
		return;
	for (uint32_t i = 0; i < path->expect.n_peers; i++) {
		int one = send_to(path, pkt, &path->peers[i].addr);

		path->sent += one == 0;
		peer_finder_sent(r->app, &path->expect.own_src, &path->peers[i].addr);
		result = result < 0 ? result : one;
	}
	note_sent(path, result);
	second_path_report(r, false);
}

/* ---- receiving ---- */

void second_path_drain(struct vrouter *r)
{
	if (r->second)
		vrrp_side_drain(r->second->side);
}

bool second_path_is_on(const struct second_path *path, const struct vrrp_side *side)
{
	return path->side == side;
}

bool second_path_runs_on(const struct second_path *path, const struct vrrp_if *vif)
{
	return path->side->vif == vif;
}

const struct vrrp_peer *second_path_peers(const struct vrouter *r, uint32_t *n)
{
	*n = r->second ? r->second->expect.n_peers : 0;
	return r->second ? r->second->peers : NULL;
}

struct vrouter *second_path_router(const struct second_path *path)
{
	return path->router;
}

struct vrrp_expect *second_path_expect(struct second_path *path)
{
	return &path->expect;
}

static bool has_peer(const struct second_path *path, const struct addr *addr)
{
	for (uint32_t i = 0; i < path->expect.n_peers; i++) {
		if (addr_cmp(&path->peers[i].addr, addr) == 0)
			return true;
	}
	return false;
}

/* A socket that is bound to no interface hears what others hear. */
static bool may_be_heard_by(const struct second_path *path, const struct vrrp_side *side)
{
	return path->side == side || path->side->vif->is_any || side->vif->is_any;
}

static bool is_first_path_of_some(const struct vrrp_side *side, uint8_t vrid,
				  const struct vrrp_env *env)
{
	for (const struct vrouter *r = side->by_vrid[vrid]; r; r = r->next_of_vrid) {
		if (r->expect.is_unicast && addr_cmp(&env->dst, &r->expect.own_src) == 0)
			return true;
	}
	return false;
}

/* A packet for our address there; a sender that is no peer is a stranger on the second path, unless
 * a first one has the same address. */
struct second_path *second_path_find(const struct vrrp_side *side, uint8_t vrid,
				     const struct vrrp_env *env)
{
	int at = side->family == AF_INET6 ? VRRP_SIDE_V6 : VRRP_SIDE_V4;
	struct second_path *of_stranger = NULL;

	for (struct second_path *path = side->vif->app->second_paths[at][vrid]; path;
	     path = path->next) {
		if (addr_is_unset(&path->expect.own_src) ||
		    addr_cmp(&env->dst, &path->expect.own_src) != 0 || !may_be_heard_by(path, side))
			continue;
		if (has_peer(path, &env->src))
			return path;
		of_stranger = path;
	}
	return of_stranger && !is_first_path_of_some(side, vrid, env) ? of_stranger : NULL;
}

enum vrrp_drop second_path_origin(const struct vrouter *r, const struct vio_packet *packet,
				  struct vrrp_pkt *pkt, struct addr *origin)
{
	size_t len;
	enum vrrp_drop drop = vrrp_origin_decode(packet->msg + pkt->len, packet->len - pkt->len,
						 r->side->family, origin, &len);

	if (drop != VRRP_DROP_NONE)
		return drop;
	if (addr_cmp(origin, &r->fsm.own_addr) == 0)
		return VRRP_DROP_ORIGIN;
	pkt->len += len;
	return VRRP_DROP_NONE;
}

/* ---- what is known of both paths ---- */

void second_path_begin(struct vrouter *r)
{
	struct second_path *path = r->second;

	if (!path)
		return;
	for (int i = 0; i < VRRP_PATH_N; i++) {
		path->ways[i].quiet_from = loop_now(r->app->loop);
		path->ways[i].missed = 0;
		path->ways[i].is_heard = false;
		path->ways[i].is_silent = false;
	}
	path->is_dirty = true;
}

static const char *interface_of(const struct second_path *path, enum vrrp_path which)
{
	return which == VRRP_PATH_FIRST ? path->router->vif->name : path->side->vif->name;
}

static void log_silent(const struct second_path *path, enum vrrp_path which, int64_t for_us)
{
	const char *name = path->router->conf->name, *vif = interface_of(path, which);
	const char *kv = log_kv("instance=%s path=%s interface=%s for_s=%.1f", name,
				path_names[which], vif, (double)for_us / US_PER_S);

	if (which == VRRP_PATH_FIRST)
		log_event(LOG_LEVEL_WARNING, "vrrp_path_silent", kv,
			  "(%s) nothing was heard on the first path (%s) for %.1f s; but for the "
			  "second path (%s) there would be two masters",
			  name, vif, (double)for_us / US_PER_S,
			  interface_of(path, VRRP_PATH_SECOND));
	else
		log_event(
			LOG_LEVEL_WARNING, "vrrp_path_silent", kv,
			"(%s) nothing was heard on the second path (%s) for %.1f s; the first one "
			"(%s) is in order",
			name, vif, (double)for_us / US_PER_S, interface_of(path, VRRP_PATH_FIRST));
}

static void log_heard(const struct second_path *path, enum vrrp_path which, int64_t after_us)
{
	const char *name = path->router->conf->name, *vif = interface_of(path, which);

	log_event(LOG_LEVEL_NOTICE, "vrrp_path_heard",
		  log_kv("instance=%s path=%s interface=%s after_s=%.1f", name, path_names[which],
			 vif, (double)after_us / US_PER_S),
		  "(%s) the %s path (%s) is heard again, after %.1f s", name, path_names[which],
		  vif, (double)after_us / US_PER_S);
}

/* Not by time alone: after a silence the first advertisement comes on one path before the other. */
static bool is_silent(const struct second_path *path, const struct way *way, int64_t quiet_us)
{
	const struct vrrp_inst *v = &path->router->fsm;

	return way->missed >= v->params.down_adverts && quiet_us >= vrrp_down_us(v);
}

void second_path_note(struct vrouter *r, enum vrrp_path which)
{
	struct second_path *path = r->second;
	time_us now = loop_now(r->app->loop);

	if (!path)
		return;
	struct way *way = &path->ways[which], *other = &path->ways[!which];
	int64_t quiet_us = time_sub(now, way->quiet_from);
	int64_t other_us = time_sub(now, other->quiet_from);

	if (way->is_silent)
		log_heard(path, which, quiet_us);
	path->is_dirty |= way->is_silent || !way->is_heard;
	way->rcvd++;
	way->heard_at = way->quiet_from = now;
	way->missed = 0;
	way->is_heard = true;
	way->is_silent = false;
	path->last = which;
	path->is_any_heard = true;
	other->missed++;
	if (!other->is_silent && is_silent(path, other, other_us)) {
		other->is_silent = true;
		other->is_heard = false;
		path->is_dirty = true;
		log_silent(path, !which, other_us);
	}
	second_path_report(r, false);
}

static const char *heard_on(const struct second_path *path)
{
	bool first = path->ways[VRRP_PATH_FIRST].is_heard;
	bool second = path->ways[VRRP_PATH_SECOND].is_heard;

	if (first && second)
		return "both";
	return first ? path_names[VRRP_PATH_FIRST] : second ? path_names[VRRP_PATH_SECOND] : "";
}

static const struct way *silent_of(const struct second_path *path)
{
	for (int i = 0; i < VRRP_PATH_N; i++) {
		if (path->ways[i].is_silent)
			return &path->ways[i];
	}
	return NULL;
}

void second_path_report(struct vrouter *r, bool with_counters)
{
	struct second_path *path = r->second;
	struct msg msg = { .kind = MSG_vrrp_paths, .fd = -1 };
	char source[ADDR_STR_MAX];

	if (!path || r->is_deleted || !r->app->is_committed || !(path->is_dirty || with_counters))
		return;
	path->is_dirty = false;
	const struct way *first = &path->ways[VRRP_PATH_FIRST];
	const struct way *second = &path->ways[VRRP_PATH_SECOND], *silent = silent_of(path);
	msg.vrrp_paths = (struct msg_vrrp_paths){
		.instance = r->conf->name,
		.interface = path->side->vif->name,
		.source = addr_is_unset(&path->expect.own_src)
				  ? ""
				  : addr_str(&path->expect.own_src, source),
		.heard_on = heard_on(path),
		.silent = silent ? path_names[silent - path->ways] : "",
		.silent_since_us = silent ? silent->quiet_from.us : 0,
		.last_heard_on = path->is_any_heard ? path_names[path->last] : "",
		.trouble = path->trouble ? strerror(path->trouble) : "",
		.first_rcvd = first->rcvd,
		.second_rcvd = second->rcvd,
		.second_sent = path->sent,
		.first_heard_us = first->heard_at.us,
		.second_heard_us = second->heard_at.us,
	};
	role_send(r->app->role, &msg);
}

/* Counters go on; a path that was silent is no news to the log. */
void second_path_adopt(struct vrouter *r, const struct msg_vrrp_paths *saved)
{
	struct second_path *path = r->second;

	if (!path)
		return;
	struct way *first = &path->ways[VRRP_PATH_FIRST], *second = &path->ways[VRRP_PATH_SECOND];
	first->rcvd = saved->first_rcvd;
	second->rcvd = saved->second_rcvd;
	path->sent = saved->second_sent;
	first->heard_at = (time_us){ saved->first_heard_us };
	second->heard_at = (time_us){ saved->second_heard_us };
	for (int i = 0; i < VRRP_PATH_N; i++) {
		bool is_silent = strcmp(saved->silent, path_names[i]) == 0;

		if (is_silent && r->fsm.state == VRRP_STATE_BACKUP) {
			path->ways[i].is_silent = true;
			path->ways[i].quiet_from = (time_us){ saved->silent_since_us };
		}
		if (strcmp(saved->last_heard_on, path_names[i]) == 0) {
			path->last = (enum vrrp_path)i;
			path->is_any_heard = true;
		}
	}
}
