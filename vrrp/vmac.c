/*
 * Interfaces with the virtual router MAC: see vmac.h. VRRP child.
 */
#include "vrrp/vmac.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "vrrp/fragment.h"
#include "vrrp/vrrp_app.h"

#define DSCP_CS6    0xc0
#define IP6_HEADER  40
#define FRAME_MAX   (ETH_HLEN + IP6_HEADER + VRRP_AH_LEN + VRRP_PKT_MAX + 64)
#define NAMES_TRIED 100

#define ADDRESS_TIME_US (20 * US_PER_MS)

/* ---- name and MAC ---- */

static bool is_asked_for(const struct vrrp_conf *conf)
{
	return conf->use_vmac.parts.is_given;
}

static bool is_same_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Modes have no numbers of their own: bridge is what the others are not. */
static uint16_t mode_of(const struct ipvlan_conf *conf)
{
	return conf->private ? IPVLAN_F_PRIVATE : conf->vepa ? IPVLAN_F_VEPA : 0;
}

static bool is_same_ipvlan(const struct ipvlan_conf *x, const struct ipvlan_conf *y)
{
	if (!x->parts.is_given || !y->parts.is_given)
		return x->parts.is_given == y->parts.is_given;
	return is_same_text(x->name, y->name) && is_same_text(x->group, y->group) &&
	       mode_of(x) == mode_of(y) && x->addr.len == y->addr.len &&
	       addr_cmp(&x->addr.addr, &y->addr.addr) == 0;
}

bool vmac_is_same(const struct vrrp_conf *a, const struct vrrp_conf *b)
{
	const struct vmac_conf *x = &a->use_vmac, *y = &b->use_vmac;

	if (!is_same_ipvlan(&a->use_ipvlan, &b->use_ipvlan))
		return false;
	if (!is_asked_for(a) || !is_asked_for(b))
		return is_asked_for(a) == is_asked_for(b);
	return is_same_text(x->name, y->name) && is_same_text(x->group, y->group) &&
	       x->mac.n == y->mac.n &&
	       memcmp(x->mac.octets, y->mac.octets, sizeof(x->mac.octets)) == 0;
}

static const struct nl *nl_of(const struct vmac *v)
{
	return v->router->app->nl;
}

static const struct nl_link *find_link(const struct vmac *v)
{
	return nl_link_by_name(nl_of(v), v->name);
}

/* Where the kernel puts it: what is on a macvlan or ipvlan gets beside that, onto the one below. */
static uint32_t lower_of(const struct vmac *v, const struct nl_link *base)
{
	bool is_like = v->is_ipvlan ? base->is_ipvlan : base->is_macvlan;

	return is_like ? base->base_ifindex : base->ifindex;
}

/* Made by us or a predecessor: on the same interface, with the same MAC, which for an ipvlan is
 * that of the one below. */
static bool is_ours(const struct vmac *v, const struct nl_link *link)
{
	const struct nl_link *base = nl_link_by_name(nl_of(v), v->base->name);
	const uint8_t *mac = v->mac;

	if (v->is_ipvlan)
		mac = base ? base->mac : link->mac;
	return link->has_mac && memcmp(link->mac, mac, MAC_LEN) == 0 &&
	       (!base || link->base_ifindex == lower_of(v, base));
}

static bool is_name_free(const struct vmac *v)
{
	const struct nl_link *link = find_link(v);

	for (const struct vmac *other = v->router->app->vmacs; other; other = other->next) {
		if (other != v && strcmp(other->name, v->name) == 0)
			return false;
	}
	return !link || is_ours(v, link);
}

/* vrrp.51, for IPv6 then vrrp6.51, then vrrp1.51, vrrp2.51 ... */
static void choose_name(struct vmac *v, const char *prefix)
{
	unsigned vrid = v->router->conf->virtual_router_id;
	char *name = v->name;

	snprintf(name, IF_NAMESIZE, "%.10s.%u", prefix, vrid);
	if (!is_name_free(v) && vrrp_conf_family(v->router->conf) == AF_INET6)
		snprintf(name, IF_NAMESIZE, "%.9s6.%u", prefix, vrid);
	for (unsigned i = 1; i < NAMES_TRIED && !is_name_free(v); i++)
		snprintf(name, IF_NAMESIZE, "%.8s%u.%u", prefix, i, vrid);
}

/* One more of the router's, on this interface; without name its name is chosen. */
static struct vmac *add(struct vrouter *r, const char *base, const char *name, const char *prefix,
			bool is_ipvlan)
{
	struct vmac *v = xcalloc(1, sizeof(*v));

	v->router = r;
	v->base = vrrp_if_get(r->app, base);
	v->is_ipvlan = is_ipvlan;
	vmac_conf_mac(r->conf, v->mac);
	if (name)
		snprintf(v->name, sizeof(v->name), "%s", name);
	else
		choose_name(v, prefix);
	v->vif = vrrp_if_get(r->app, v->name);
	v->next = r->app->vmacs;
	r->app->vmacs = v;
	v->next_of_router = r->vmacs;
	r->vmacs = v;
	return v;
}

static void free_one(struct vmac *v)
{
	struct vmac **link = &v->router->app->vmacs;

	while (*link != v)
		link = &(*link)->next;
	*link = v->next;
	vrrp_if_put(v->vif);
	vrrp_if_put(v->base);
	free(v);
}

void vmac_init(struct vrouter *r)
{
	const struct vmac_conf *conf = &r->conf->use_vmac;
	const struct ipvlan_conf *ipvlan = &r->conf->use_ipvlan;
	const char *group = NULL;

	if (ipvlan->parts.is_given) {
		r->vmac = add(r, vrrp_conf_place(r->conf), ipvlan->name, r->app->vmac_prefix, true);
		r->vmac->mode = mode_of(ipvlan);
		group = ipvlan->group;
	} else if (is_asked_for(r->conf)) {
		r->vmac = add(r, vrrp_conf_place(r->conf), conf->name, r->app->vmac_prefix, false);
		group = conf->group;
	}
	if (group)
		rt_group_find(&r->app->rt_dirs, group, &r->vmac->group);
}

struct vrrp_if *vmac_runs_on(struct vrouter *r)
{
	bool is_own = r->vmac && r->vmac->is_ipvlan;

	return vrrp_if_get(r->app, is_own ? r->vmac->name : vrrp_conf_place(r->conf));
}

void vmac_done(struct vrouter *r)
{
	while (r->vmacs) {
		struct vmac *v = r->vmacs;
		r->vmacs = v->next_of_router;
		free_one(v);
	}
	r->vmac = NULL;
}

/* ---- of single addresses ---- */

struct vmac *vmac_of(const struct vrouter *r, const struct vrrp_if *vif)
{
	struct vmac *v = r->vmacs;

	while (v && v->vif != vif)
		v = v->next_of_router;
	return v;
}

static struct vmac *find_on(const struct vrouter *r, const char *base)
{
	struct vmac *v = r->vmacs;

	while (v && (v->is_ipvlan || strcmp(v->base->name, base) != 0))
		v = v->next_of_router;
	return v;
}

const char *vmac_dev(struct vrouter *r, const struct vaddr_conf *a)
{
	const char *dev = a->dev ? a->dev : vrrp_conf_place(r->conf);
	const struct vmac *v;

	if (!vmac_conf_has(r->conf, a))
		return !a->dev && r->vmac ? r->vmac->name : dev;
	v = find_on(r, dev);
	if (!v)
		v = add(r, dev, NULL, r->app->vmac_addr_prefix, false);
	return v->name;
}

static bool is_in_use(const struct vmac *v)
{
	const struct vip_list *vips = &v->router->vips;

	for (uint32_t i = 0; i < vips->n; i++) {
		if (vips->v[i].vif == v->vif)
			return true;
	}
	return v == v->router->vmac;
}

/* ---- the interface ---- */

static void set_for(const char *family, const char *name, const char *key, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), "net/%s/conf/%s/%s", family, name, key);
	sysctl_write(path, value);
}

/* Answers for its own addresses only, accepts what comes the other way round, and gets no address
 * by itself, which would tell the MAC (RFC 9568 7.4). */
static void configure(const struct vmac *v)
{
	set_for("ipv4", v->name, "rp_filter", "0");
	if (v->is_ipvlan)
		return;
	set_for("ipv4", v->name, "arp_ignore", "1");
	set_for("ipv4", v->name, "arp_announce", "2");
	set_for("ipv4", v->name, "accept_local", "1");
	set_for("ipv6", v->name, "addr_gen_mode", "1");
	set_for("ipv6", v->name, "accept_ra", "0");
}

/*
 * The interface below must neither answer for our addresses nor ask in their name: hosts would
 * learn its MAC (RFC 9568 8.1.2), and the answer to an address of an ipvlan goes to that.
 */
static void configure_below(struct vrrp_app *app, const char *name)
{
	static const struct {
		const char *key, *value;
	} keys[] = { { "arp_ignore", "1" }, { "arp_filter", "1" }, { "arp_announce", "2" } };
	char path[96];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(path, sizeof(path), "net/ipv4/conf/%s/%s", name, keys[i].key);
		sysctl_set(app, path, keys[i].value);
	}
}

static void configure_base(const struct vmac *v)
{
	const struct nl_link *base = nl_link_by_name(nl_of(v), v->base->name);
	const struct nl_link *lower = NULL;

	sysctl_split(v->router->app, "rp_filter");
	configure_below(v->router->app, v->base->name);
	if (base && !base->is_base_elsewhere && lower_of(v, base) != base->ifindex)
		lower = nl_link_by_index(nl_of(v), base->base_ifindex);
	if (lower)
		configure_below(v->router->app, lower->name);
}

/*
 * RFC 9568 8.1.3: what is answered for others is answered with the virtual MAC. One medium, so that
 * the kernel does not answer for hosts that are reached through the interface below.
 */
static void configure_proxy(const struct vmac *v)
{
	static const char key[] = "proxy_arp";
	struct vrrp_app *app = v->router->app;
	char path[SYSCTL_PATH_MAX], medium[16];

	if (v->router->side->family != AF_INET || !sysctl_was_on(app, v->base->name, key))
		return;
	snprintf(medium, sizeof(medium), "%u", v->base->ifindex);
	set_for("ipv4", v->name, "medium_id", medium);
	set_for("ipv4", v->name, key, "1");
	sysctl_split(app, key);
	snprintf(path, sizeof(path), "net/ipv4/conf/%s/medium_id", v->base->name);
	sysctl_set(app, path, medium);
	snprintf(path, sizeof(path), "net/ipv4/conf/%s/%s", v->base->name, key);
	sysctl_set(app, path, "0");
}

static const char *failure_text(int error)
{
	switch (error) {
	case -EEXIST: return "another one has this name";
	case -EADDRINUSE: return "another one there has this MAC and is up";
	default: return strerror(-error);
	}
}

static void log_failure(const struct vmac *v, const char *what, const char *why)
{
	const char *instance = v->router->conf->name;

	log_event(LOG_LEVEL_WARNING, "vmac_failed",
		  log_kv("instance=%s interface=%s", instance, v->name),
		  "(%s) cannot %s interface %s: %s", instance, what, v->name, why);
}

/* The VRF of the interface below, 0 = none. */
static uint32_t vrf_of(const struct vmac *v)
{
	const struct nl_link *base = nl_link_by_index(nl_of(v), v->base->ifindex);
	const struct nl_link *master =
		base ? nl_link_by_index(nl_of(v), base->master_ifindex) : NULL;

	return master && master->vrf_table ? master->ifindex : 0;
}

/* The interface below may have gone into a VRF, or out of it, since it was made. */
static int adopt(const struct vmac *v, const struct nl_link *link)
{
	uint32_t vrf = vrf_of(v);

	if (!is_ours(v, link))
		return -EEXIST;
	return link->master_ifindex == vrf
		       ? 0
		       : nl_link_set_master(v->router->app->nl, link->ifindex, vrf);
}

/* What nothing can be put on, in words; NULL = the interface below will do. */
static const char *trouble_below(const struct vmac *v)
{
	const struct nl_link *base = nl_link_by_index(nl_of(v), v->base->ifindex);

	if (!base || v->is_ipvlan)
		return NULL;
	if (base->is_ipvlan)
		return "on an ipvlan no frame to another MAC arrives; write use_ipvlan";
	if (base->is_macvlan && base->macvlan_mode != MACVLAN_MODE_BRIDGE &&
	    base->macvlan_mode != MACVLAN_MODE_VEPA)
		return "a macvlan must be in bridge or vepa mode to hear a peer with that MAC";
	return NULL;
}

/*
 * In bridge mode frames of others with its own address still reach the interface below; on a
 * macvlan, that is the one beside it, they do in vepa mode.
 */
static uint16_t mode_for(const struct vmac *v)
{
	const struct nl_link *base = nl_link_by_index(nl_of(v), v->base->ifindex);

	if (v->is_ipvlan)
		return v->mode;
	return base && base->is_macvlan ? MACVLAN_MODE_VEPA : MACVLAN_MODE_BRIDGE;
}

static int make(struct vmac *v)
{
	const struct nl_link *link = find_link(v);
	const struct nl_upper upper = { .name = v->name,
					.base = v->base->ifindex,
					.group = v->group,
					.master = vrf_of(v),
					.mac = v->is_ipvlan ? NULL : v->mac,
					.mode = mode_for(v) };
	struct nl *nl = v->router->app->nl;
	int result;

	if (link)
		return adopt(v, link);
	result = v->is_ipvlan ? nl_ipvlan_add(nl, &upper) : nl_macvlan_add(nl, &upper);
	if (result == 0)
		configure(v);
	if (result == 0 && !v->is_ipvlan)
		configure_proxy(v);
	return result;
}

/* An active router that cannot have its interface up is of no use: somebody else may be. */
static void give_way(const struct vmac *v)
{
	char what[IF_NAMESIZE + 20];

	if (!v->router->holds_vips)
		return;
	snprintf(what, sizeof(what), "interface %s up", v->name);
	vrouter_become_unable(v->router, what);
}

static void set_up(struct vmac *v, bool is_up)
{
	const struct nl_link *link = find_link(v);
	int result = 0;

	if (!link || !is_ours(v, link))
		return;
	if (((link->flags & IFF_UP) != 0) != is_up)
		result = nl_link_set_up(v->router->app->nl, link->ifindex, is_up);
	if (result < 0)
		log_failure(v, is_up ? "set up" : "set down", failure_text(result));
	if (result < 0 && result != -ENODEV && is_up) /* one that is just gone is made again */
		give_way(v);
	vrrp_if_refresh(v->vif);
}

/* The address that advertisements come from: the one of use_ipvlan, else the source. */
static void give_address(const struct vmac *v)
{
	const struct vrrp_conf *conf = v->router->conf;
	struct nl_op op = { .kind = NL_OP_ADDR_ADD };
	struct nl_addr *a = &op.addr;

	a->addr = conf->use_ipvlan.addr.addr;
	a->prefix_len = conf->use_ipvlan.addr.len;
	if (addr_is_unset(&a->addr)) {
		a->addr = conf->src_addr;
		a->prefix_len = a->addr.family == AF_INET6 ? 128 : 32;
	}
	a->ifindex = v->vif->ifindex;
	a->valid_s = a->preferred_s = NL_FOREVER;
	if (addr_is_unset(&a->addr) || a->ifindex == 0 ||
	    nl_addr_find(nl_of(v), a->ifindex, &a->addr))
		return;
	if (a->addr.family == AF_INET6)
		a->flags = IFA_F_NODAD;
	if (nl_apply(v->router->app->nl, &op, 1, ADDRESS_TIME_US) > 0)
		log_failure(v, "give an address to", failure_text(op.error));
	vrrp_if_refresh(v->vif);
}

static void ensure(struct vmac *v)
{
	bool had_failed = v->is_failed;
	const char *trouble;
	int result;

	if (v->base->ifindex == 0)
		return;
	if (!find_link(v))
		configure_base(v);
	trouble = trouble_below(v);
	result = trouble ? -EOPNOTSUPP : make(v);
	v->is_failed = result < 0;
	if (v->is_failed && !had_failed)
		log_failure(v, "make", trouble ? trouble : failure_text(result));
	/* A predecessor that was active left it up, and whether we go on is not known yet. */
	if (result == 0 && (v->router->holds_vips || v->is_ipvlan))
		set_up(v, true);
	if (result == 0 && v->is_ipvlan)
		give_address(v);
}

static void remove_one(const struct vmac *v)
{
	const struct nl_link *link = find_link(v);

	if (link && is_ours(v, link))
		nl_link_del(v->router->app->nl, link->ifindex);
}

void vmac_ensure(struct vrouter *r)
{
	for (struct vmac *v = r->vmacs; v; v = v->next_of_router)
		ensure(v);
}

const struct vmac *vmac_failed(const struct vrouter *r)
{
	const struct vmac *v = r->vmacs;

	while (v && !v->is_failed)
		v = v->next_of_router;
	return v;
}

void vmac_set_up(struct vrouter *r, bool is_up)
{
	for (struct vmac *v = r->vmacs; v; v = v->next_of_router)
		set_up(v, is_up || v->is_ipvlan);
}

void vmac_sweep(struct vrouter *r)
{
	struct vmac **link = &r->vmacs;

	while (*link) {
		struct vmac *v = *link;
		if (is_in_use(v)) {
			link = &v->next_of_router;
			continue;
		}
		*link = v->next_of_router;
		remove_one(v);
		free_one(v);
	}
}

void vmac_remove(struct vrouter *r)
{
	for (const struct vmac *v = r->vmacs; v; v = v->next_of_router)
		remove_one(v);
}

/* ---- sending ---- */

/* The Ethernet address of a group: RFC 1112 6.4, RFC 2464 7. */
static void put_group_mac(struct buf *b, const struct addr *group)
{
	if (group->family == AF_INET6) {
		buf_put_be16(b, 0x3333);
		buf_put_bytes(b, group->bytes + 12, 4);
		return;
	}
	const uint8_t prefix[] = { 0x01, 0x00, 0x5e, group->bytes[1] & 0x7f };
	buf_put_bytes(b, prefix, sizeof(prefix));
	buf_put_bytes(b, group->bytes + 2, 2);
}

static void put_ip6(struct buf *b, const struct vrrp_env *env, size_t len)
{
	buf_put_be32(b, 6U << 28 | (uint32_t)DSCP_CS6 << 20);
	buf_put_be16(b, (uint16_t)len);
	buf_put_u8(b, VRRP_IPPROTO);
	buf_put_u8(b, env->ttl);
	buf_put_bytes(b, env->src.bytes, 16);
	buf_put_bytes(b, env->dst.bytes, 16);
}

/* The header of a frame from the virtual MAC to a group. */
static void put_ethernet(struct buf *b, const struct vrouter *r, const struct addr *group)
{
	put_group_mac(b, group);
	buf_put_bytes(b, r->vmac->mac, MAC_LEN);
	buf_put_be16(b, group->family == AF_INET6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
}

static int send_frame(const struct vrouter *r, int family, const struct buf *b)
{
	const struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(family == AF_INET6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP),
		.sll_ifindex = (int)r->vmac->base->ifindex,
	};

	if (!buf_ok(b))
		return -EMSGSIZE;
	if (sendto(r->app->arp_fd, b->data, b->len, MSG_DONTWAIT, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return -errno;
	return 0;
}

/* What is too long for a frame goes in several: of a frame of ours the kernel makes none. */
static int send_frames(const struct vrouter *r, int family, const struct buf *b)
{
	const struct nl_link *base = nl_link_by_index(r->app->nl, r->vmac->base->ifindex);
	struct fragments f = { .datagram = b->data + ETH_HLEN };
	uint8_t frame[FRAME_MAX];
	int result = send_frame(r, family, b);

	if (result != -EMSGSIZE || !buf_ok(b) || !base || base->mtu >= b->len - ETH_HLEN)
		return result;
	f.len = b->len - ETH_HLEN;
	f.mtu = base->mtu;
	f.id = ++r->app->fragment_id;
	for (;;) {
		struct buf part = buf_writer(frame, sizeof(frame));

		buf_put_bytes(&part, b->data, ETH_HLEN);
		if (!fragments_next(&f, &part))
			return f.at == 0 ? result : 0;
		int one = send_frame(r, family, &part);
		if (one < 0)
			return one;
	}
}

int vmac_send(const struct vrouter *r, const struct vrrp_env *env, const uint8_t *msg, size_t len)
{
	uint8_t frame[FRAME_MAX];
	struct buf b = buf_writer(frame, sizeof(frame));

	put_ethernet(&b, r, &env->dst);
	if (env->dst.family == AF_INET6)
		put_ip6(&b, env, len);
	else
		vrrp_ip4_put(&b, env, VRRP_IPPROTO, 0, len);
	buf_put_bytes(&b, msg, len);
	return send_frames(r, env->dst.family, &b);
}

int vmac_send_datagram(const struct vrouter *r, const struct addr *group, const uint8_t *datagram,
		       size_t len)
{
	uint8_t frame[FRAME_MAX];
	struct buf b = buf_writer(frame, sizeof(frame));

	put_ethernet(&b, r, group);
	buf_put_bytes(&b, datagram, len);
	return send_frames(r, group->family, &b);
}
