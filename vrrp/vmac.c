/*
 * The interface with the virtual router MAC: see vmac.h. VRRP child.
 */
#include "vrrp/vmac.h"

#include <errno.h>
#include <net/ethernet.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/buf.h"
#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define DSCP_CS6    0xc0
#define IP_HEADER   20
#define IP6_HEADER  40
#define FRAME_MAX   (ETH_HLEN + IP6_HEADER + VRRP_PKT_MAX + 64)
#define NAMES_TRIED 100

/* ---- name and MAC ---- */

static bool is_asked_for(const struct vrrp_conf *conf)
{
	return conf->use_vmac.parts.is_given;
}

bool vmac_is_same(const struct vrrp_conf *a, const struct vrrp_conf *b)
{
	const struct vmac_conf *x = &a->use_vmac, *y = &b->use_vmac;

	if (!is_asked_for(a) || !is_asked_for(b))
		return is_asked_for(a) == is_asked_for(b);
	return strcmp(x->name ? x->name : "", y->name ? y->name : "") == 0 &&
	       strcmp(x->group ? x->group : "", y->group ? y->group : "") == 0 &&
	       x->mac.n == y->mac.n &&
	       memcmp(x->mac.octets, y->mac.octets, sizeof(x->mac.octets)) == 0;
}

/* RFC 9568 7.3, or what was written: five octets get the number of the router. */
static void choose_mac(struct vmac *v, const struct vrrp_conf *conf)
{
	const uint8_t rfc[MAC_LEN] = {
		0x00, 0x00, 0x5e, 0x00, vrrp_conf_family(conf) == AF_INET6 ? 2 : 1, 0
	};

	memcpy(v->mac, conf->use_vmac.mac.n ? conf->use_vmac.mac.octets : rfc, MAC_LEN);
	if (conf->use_vmac.mac.n < MAC_LEN)
		v->mac[MAC_LEN - 1] = conf->virtual_router_id;
}

static const struct nl_link *find_link(const struct vrouter *r)
{
	return nl_link_by_name(r->app->nl, r->vmac.name);
}

/* Made by us or a predecessor: on the same interface, with the same MAC. */
static bool is_ours(const struct vrouter *r, const struct nl_link *link)
{
	return link->has_mac && memcmp(link->mac, r->vmac.mac, MAC_LEN) == 0 &&
	       (r->vif->ifindex == 0 || link->base_ifindex == r->vif->ifindex);
}

static bool is_name_free(const struct vrouter *r)
{
	const struct nl_link *link = find_link(r);

	for (const struct vmac *v = r->app->vmacs; v; v = v->next) {
		if (v != &r->vmac && strcmp(v->name, r->vmac.name) == 0)
			return false;
	}
	return !link || is_ours(r, link);
}

/* vrrp.51, for IPv6 then vrrp6.51, then vrrp1.51, vrrp2.51 ... */
static void choose_name(struct vrouter *r)
{
	const char *prefix = r->app->vmac_prefix;
	unsigned vrid = r->conf->virtual_router_id;
	char *name = r->vmac.name;

	snprintf(name, IF_NAMESIZE, "%.10s.%u", prefix, vrid);
	if (!is_name_free(r) && r->side->family == AF_INET6)
		snprintf(name, IF_NAMESIZE, "%.9s6.%u", prefix, vrid);
	for (unsigned i = 1; i < NAMES_TRIED && !is_name_free(r); i++)
		snprintf(name, IF_NAMESIZE, "%.8s%u.%u", prefix, i, vrid);
}

void vmac_init(struct vrouter *r)
{
	struct vmac *v = &r->vmac;

	v->is_on = is_asked_for(r->conf);
	if (!v->is_on)
		return;
	choose_mac(v, r->conf);
	if (r->conf->use_vmac.name)
		snprintf(v->name, sizeof(v->name), "%s", r->conf->use_vmac.name);
	else
		choose_name(r);
	if (r->conf->use_vmac.group)
		rt_group_find(&r->app->rt_dirs, r->conf->use_vmac.group, &v->group);
	v->next = r->app->vmacs;
	r->app->vmacs = v;
	v->vif = vrrp_if_get(r->app, v->name);
}

void vmac_done(struct vrouter *r)
{
	struct vmac **link = &r->app->vmacs;

	if (!r->vmac.is_on)
		return;
	while (*link != &r->vmac)
		link = &(*link)->next;
	*link = r->vmac.next;
	vrrp_if_put(r->vmac.vif);
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
static void configure(const struct vrouter *r)
{
	const char *name = r->vmac.name;

	set_for("ipv4", name, "arp_ignore", "1");
	set_for("ipv4", name, "arp_announce", "2");
	set_for("ipv4", name, "accept_local", "1");
	set_for("ipv4", name, "rp_filter", "0");
	set_for("ipv6", name, "addr_gen_mode", "1");
	set_for("ipv6", name, "accept_ra", "0");
}

/* The interface below must neither answer for our addresses nor ask in their name: hosts would
 * learn its MAC (RFC 9568 8.1.2). */
static void configure_base(const struct vrouter *r)
{
	static const struct {
		const char *key, *value;
	} keys[] = { { "arp_ignore", "1" }, { "arp_filter", "1" }, { "arp_announce", "2" } };
	char path[96];

	sysctl_split(r->app, "rp_filter");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		snprintf(path, sizeof(path), "net/ipv4/conf/%s/%s", r->vif->name, keys[i].key);
		sysctl_set(r->app, path, keys[i].value);
	}
}

/*
 * RFC 9568 8.1.3: what is answered for others is answered with the virtual MAC. One medium, so that
 * the kernel does not answer for hosts that are reached through the interface below.
 */
static void configure_proxy(const struct vrouter *r)
{
	static const char key[] = "proxy_arp";
	char path[SYSCTL_PATH_MAX], medium[16];

	if (r->side->family != AF_INET || !sysctl_was_on(r->app, r->vif->name, key))
		return;
	snprintf(medium, sizeof(medium), "%u", r->vif->ifindex);
	set_for("ipv4", r->vmac.name, "medium_id", medium);
	set_for("ipv4", r->vmac.name, key, "1");
	sysctl_split(r->app, key);
	snprintf(path, sizeof(path), "net/ipv4/conf/%s/medium_id", r->vif->name);
	sysctl_set(r->app, path, medium);
	snprintf(path, sizeof(path), "net/ipv4/conf/%s/%s", r->vif->name, key);
	sysctl_set(r->app, path, "0");
}

static void log_failure(const struct vrouter *r, int error)
{
	log_event(LOG_LEVEL_WARNING, "vmac_failed",
		  log_kv("instance=%s interface=%s", r->conf->name, r->vmac.name),
		  "(%s) cannot make interface %s: %s", r->conf->name, r->vmac.name,
		  error == -EEXIST ? "another one has this name" : strerror(-error));
}

static int make(struct vrouter *r)
{
	const struct nl_link *link = find_link(r);
	int result;

	if (link)
		return is_ours(r, link) ? 0 : -EEXIST;
	result = nl_macvlan_add(r->app->nl, r->vmac.name, r->vif->ifindex, r->vmac.group,
				r->vmac.mac);
	if (result == 0) {
		configure(r);
		configure_proxy(r);
	}
	return result;
}

void vmac_ensure(struct vrouter *r)
{
	bool had_failed = r->vmac.is_failed;

	if (!r->vmac.is_on || r->vif->ifindex == 0)
		return;
	if (!find_link(r))
		configure_base(r);
	int result = make(r);
	r->vmac.is_failed = result < 0;
	if (r->vmac.is_failed && !had_failed)
		log_failure(r, result);
	/* A predecessor that was active left it up, and whether we go on is not known yet. */
	if (result == 0 && r->holds_vips)
		vmac_set_up(r, true);
}

void vmac_set_up(struct vrouter *r, bool is_up)
{
	const struct nl_link *link = r->vmac.is_on ? find_link(r) : NULL;

	if (!link || !is_ours(r, link))
		return;
	if (((link->flags & IFF_UP) != 0) != is_up)
		nl_link_set_up(r->app->nl, link->ifindex, is_up);
	vrrp_if_refresh(r->vmac.vif);
}

void vmac_remove(struct vrouter *r)
{
	const struct nl_link *link = r->vmac.is_on ? find_link(r) : NULL;

	if (link && is_ours(r, link))
		nl_link_del(r->app->nl, link->ifindex);
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

static void put_ip4(struct buf *b, const struct vrrp_env *env, size_t len)
{
	size_t at = b->len;

	buf_put_u8(b, 0x45);
	buf_put_u8(b, DSCP_CS6);
	buf_put_be16(b, (uint16_t)(IP_HEADER + len));
	buf_put_be32(b, 0); /* never in fragments */
	buf_put_u8(b, env->ttl);
	buf_put_u8(b, VRRP_IPPROTO);
	buf_put_be16(b, 0);
	buf_put_bytes(b, env->src.bytes, 4);
	buf_put_bytes(b, env->dst.bytes, 4);
	buf_set_be16(b, at + 10, buf_sum16_fold(buf_sum16(b->data + at, IP_HEADER, 0)));
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

int vmac_send(const struct vrouter *r, const struct vrrp_env *env, const uint8_t *msg, size_t len)
{
	bool is_v6 = env->dst.family == AF_INET6;
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(is_v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP),
				  .sll_ifindex = (int)r->vif->ifindex };
	uint8_t frame[FRAME_MAX];
	struct buf b = buf_writer(frame, sizeof(frame));

	put_group_mac(&b, &env->dst);
	buf_put_bytes(&b, r->vmac.mac, MAC_LEN);
	buf_put_be16(&b, is_v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP);
	if (is_v6)
		put_ip6(&b, env, len);
	else
		put_ip4(&b, env, len);
	buf_put_bytes(&b, msg, len);
	if (!buf_ok(&b))
		return -EMSGSIZE;
	if (sendto(r->app->arp_fd, frame, b.len, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) <
	    0)
		return -errno;
	return 0;
}
