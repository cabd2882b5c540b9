/*
 * Addresses that a virtual router, or the host, is to have: see vip_list.h. VRRP child.
 */
#include "vrrp/vip_list.h"

#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

const struct nl_addr *vip_find_actual(const struct nl_addr *key, const void *arg)
{
	return nl_addr_find_prefix(arg, key->ifindex, &key->addr, key->prefix_len);
}

struct nl_addr vip_key(const struct vip *vip)
{
	struct nl_addr a = vip->addr;

	a.ifindex = vip->vif->ifindex;
	return a;
}

/* "+" sets, "-" clears the host bits. */
static struct addr find_broadcast(const struct vaddr_conf *conf)
{
	struct addr a = conf->prefix.addr, given = { .family = AF_UNSPEC };
	uint32_t host = conf->prefix.len < 32 ? UINT32_MAX >> conf->prefix.len : 0;

	if (!conf->broadcast || a.family != AF_INET)
		return given;
	if (strcmp(conf->broadcast, "+") == 0)
		a.in.s_addr |= htonl(host);
	else if (strcmp(conf->broadcast, "-") == 0)
		a.in.s_addr &= ~htonl(host);
	else
		return addr_parse(conf->broadcast, &given) ? given
							   : (struct addr){ .family = AF_UNSPEC };
	return a;
}

/* Usable at once (RFC 9568 8.2.2), and a host address never chosen as source by itself. */
static void fill_v6(struct nl_addr *a, const struct vaddr_conf *conf)
{
	a->flags |= conf->nodad_off ? 0 : IFA_F_NODAD;
	a->flags |= conf->home ? IFA_F_HOMEADDRESS : 0;
	a->flags |= conf->mngtmpaddr ? IFA_F_MANAGETEMPADDR : 0;
	if (a->prefix_len == 128 && !conf_is_set(&conf->obj, "preferred_lft", NULL))
		a->preferred_s = 0;
}

/* The route of an IPv6 prefix may be another address's, and would get our lifetime. */
static void bind_to_lease(struct nl_addr *a, uint32_t lease_s)
{
	a->valid_s = lease_s;
	if (a->preferred_s > lease_s)
		a->preferred_s = lease_s;
	if (a->addr.family == AF_INET6 && a->prefix_len < 128)
		a->flags |= IFA_F_NOPREFIXROUTE;
}

static void vip_fill(struct vip *vip, struct vrrp_app *app, const struct vaddr_conf *conf,
		     const char *dev)
{
	struct nl_addr *a = &vip->addr;

	vip->vif = vrrp_if_get(app, dev);
	vip->is_tracked = !conf->no_track;
	a->addr = conf->prefix.addr;
	a->prefix_len = conf->prefix.len;
	a->scope = (uint8_t)conf->scope;
	a->broadcast = find_broadcast(conf);
	a->valid_s = NL_FOREVER;
	if (conf->label)
		strncpy(a->label, conf->label, sizeof(a->label) - 1);
	a->peer = conf->peer;
	a->preferred_s = conf->preferred_lft_s;
	a->flags = conf->noprefixroute ? IFA_F_NOPREFIXROUTE : 0;
	if (conf->autojoin)
		a->flags |= IFA_F_MCAUTOJOIN;
	if (a->addr.family == AF_INET6)
		fill_v6(a, conf);
}

void vip_list_build(struct vip_list *list, struct vrouter *r)
{
	const struct vrrp_conf *conf = r->conf;
	const struct vaddr_conf *a;

	list->v = xcalloc(conf->addresses.n + conf->excluded.n + 1UL, sizeof(list->v[0]));
	list->n = 0;
	conf_list_for_each (a, &conf->addresses)
		vip_fill(&list->v[list->n++], r->app, a, vmac_dev(r, a));
	conf_list_for_each (a, &conf->excluded)
		vip_fill(&list->v[list->n++], r->app, a, vmac_dev(r, a));
	for (uint32_t i = 0; vrrp_conf_lease_s(conf) > 0 && i < list->n; i++)
		bind_to_lease(&list->v[i].addr, (uint32_t)vrrp_conf_lease_s(conf));
}

void vip_list_build_static(struct vip_list *list, struct vrrp_app *app,
			   const struct conf_list *addresses, const char *default_dev)
{
	const struct vaddr_conf *a;

	list->v = xcalloc(addresses->n + 1UL, sizeof(list->v[0]));
	list->n = 0;
	conf_list_for_each (a, addresses)
		vip_fill(&list->v[list->n++], app, a, a->dev ? a->dev : default_dev);
}

void vip_list_free(struct vip_list *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		vrrp_if_put(list->v[i].vif);
	free(list->v);
	list->v = NULL;
	list->n = 0;
}

static bool vip_is_equal(const struct vip *a, const struct vip *b)
{
	return a->vif == b->vif && a->is_tracked == b->is_tracked &&
	       addr_cmp(&a->addr.addr, &b->addr.addr) == 0 &&
	       a->addr.prefix_len == b->addr.prefix_len && a->addr.flags == b->addr.flags &&
	       addr_is_as_wanted(&a->addr, &b->addr) && addr_is_as_wanted(&b->addr, &a->addr);
}

bool vip_list_is_equal(const struct vip_list *a, const struct vip_list *b)
{
	uint32_t same = 0;

	while (same < a->n && same < b->n && vip_is_equal(&a->v[same], &b->v[same]))
		same++;
	return same == a->n && same == b->n;
}
