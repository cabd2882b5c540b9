/*
 * The addresses of a virtual router: on the interfaces while it is active. VRRP child.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

/* The loop must not wait long for the kernel: what is left then goes on in the next pass, if there
 * is one. */
#define APPLY_TIME_US      (20 * US_PER_MS)
#define APPLY_TIME_LAST_US (2 * US_PER_S)
#define APPLY_RETRY_US     (5 * US_PER_S)
#define APPLY_LOG_US       (60 * US_PER_S)
#define REPAIR_US          (50 * US_PER_MS)
#define DUPLICATE_LOG_US   (10 * US_PER_S)

/* ---- list ---- */

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

static void vip_fill(struct vip *vip, struct vrrp_app *app, const struct vrrp_conf *router,
		     const struct vaddr_conf *conf)
{
	struct nl_addr *a = &vip->addr;

	vip->vif = vrrp_if_get(app, conf->dev ? conf->dev : router->interface);
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
	if (router->lease)
		bind_to_lease(a, (uint32_t)vrrp_conf_lease_s(router));
}

/* Scratch space for the longest list there is: applying a list must not allocate. */
static void reserve_scratch(struct vrrp_app *app, uint32_t n)
{
	if (n <= app->n_scratch)
		return;
	app->n_scratch = n;
	app->wants = xrealloc(app->wants, n * sizeof(app->wants[0]));
	app->ops = xrealloc(app->ops, 2UL * n * sizeof(app->ops[0]));
}

void vip_list_build(struct vip_list *list, struct vrrp_app *app, const struct vrrp_conf *conf)
{
	const struct vaddr_conf *a;

	reserve_scratch(app, conf->addresses.n + conf->excluded.n);
	list->v = xcalloc(conf->addresses.n + conf->excluded.n + 1UL, sizeof(list->v[0]));
	list->n = 0;
	conf_list_for_each (a, &conf->addresses)
		vip_fill(&list->v[list->n++], app, conf, a);
	conf_list_for_each (a, &conf->excluded)
		vip_fill(&list->v[list->n++], app, conf, a);
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

/* ---- on the interfaces ---- */

static const struct nl_addr *find_actual(const struct nl_addr *key, const void *arg)
{
	return nl_addr_find_prefix(arg, key->ifindex, &key->addr, key->prefix_len);
}

static struct nl_addr vip_key(const struct vip *vip)
{
	struct nl_addr a = vip->addr;

	a.ifindex = vip->vif->ifindex;
	return a;
}

/* What the list needs done, into the scratch arrays; an owner's own addresses are left alone. */
static unsigned diff_list(const struct vrrp_app *app, const struct vip_list *list)
{
	const struct addr_actual actual = { find_actual, app->nl };
	unsigned n = 0;

	for (uint32_t i = 0; i < list->n; i++) {
		const struct nl_addr key = vip_key(&list->v[i]);
		bool is_wanted = vrrp_app_is_held(app, &key);
		if (is_wanted || !list->v[i].is_foreign)
			app->wants[n++] = (struct addr_want){ key, is_wanted };
	}
	return addr_diff(app->wants, n, &actual, app->ops);
}

static void log_failure(struct vrouter *r, const struct nl_op *op)
{
	const struct nl_link *link = nl_link_by_index(r->app->nl, op->addr.ifindex);
	const char *verb = op->kind == NL_OP_ADDR_DEL ? "remove" : "add";
	char text[ADDR_STR_MAX];

	if (!log_limit_pass(&r->vip_limit, loop_now(r->app->loop), APPLY_LOG_US))
		return;
	log_event(LOG_LEVEL_WARNING, "vrrp_address_failed",
		  log_kv("instance=%s address=%s", r->conf->name, addr_str(&op->addr.addr, text)),
		  "(%s) cannot %s address %s on %s: %s", r->conf->name, verb, text,
		  link ? link->name : "?", strerror(-op->error));
}

/* Applies the first `n` of the scratch operations; later again if that failed or took too long. */
static void apply_ops(struct vrouter *r, unsigned n, int64_t timeout_us)
{
	const struct vrrp_app *app = r->app;
	int64_t retry_us = 0;

	if (n == 0 || nl_apply(app->nl, app->ops, n, timeout_us) == 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		if (app->ops[i].error == 0 || app->ops[i].error == -ETIMEDOUT)
			continue;
		log_failure(r, &app->ops[i]);
		retry_us = APPLY_RETRY_US;
	}
	timer_arm_in(&r->vip_timer, retry_us);
}

void vrouter_sync_vips(struct vrouter *r)
{
	timer_cancel(&r->vip_timer);
	apply_ops(r, diff_list(r->app, &r->vips),
		  r->is_leaving ? APPLY_TIME_LAST_US : APPLY_TIME_US);
}

void vrouter_on_vip_timer(struct timer *timer, void *arg)
{
	(void)timer;
	vrouter_sync_vips(arg);
}

void vrouter_drop_old_vips(struct vrouter *r)
{
	apply_ops(r, diff_list(r->app, &r->old_vips), APPLY_TIME_LAST_US);
	vip_list_free(&r->old_vips);
}

void vrouter_mark_foreign(struct vrouter *r)
{
	if (r->conf->priority != 255)
		return;
	for (uint32_t i = 0; i < r->vips.n; i++) {
		const struct nl_addr key = vip_key(&r->vips.v[i]);
		const struct nl_addr *is = find_actual(&key, r->app->nl);
		r->vips.v[i].is_foreign = is && is->protocol != NL_PROTO_DIARCH;
	}
}

void vrouter_claim_vips(struct vrouter *r)
{
	log_event(LOG_LEVEL_DEBUG, "vrrp_vips",
		  log_kv("instance=%s vips=%u", r->conf->name, r->vips.n), "(%s) setting VIPs.",
		  r->conf->name);
	vrouter_mark_foreign(r);
	r->holds_vips = true;
	vrouter_sync_vips(r);
}

void vrouter_release_vips(struct vrouter *r)
{
	log_event(LOG_LEVEL_DEBUG, "vrrp_vips",
		  log_kv("instance=%s vips=%u", r->conf->name, r->vips.n), "(%s) removing VIPs.",
		  r->conf->name);
	r->holds_vips = false;
	r->is_vip_lost = false;
	if (!r->is_leaving)
		vrouter_sync_vips(r);
}

void vrouter_renew_lease(struct vrouter *r)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < r->vips.n && r->holds_vips; i++) {
		const struct vip *vip = &r->vips.v[i];
		if (vip->vif->ifindex > 0 && !vip->is_foreign)
			r->app->ops[n++] = (struct nl_op){ NL_OP_ADDR_SET, vip_key(vip), 0 };
	}
	apply_ops(r, n, APPLY_TIME_US);
}

/* ---- addresses that somebody took away ---- */

void vrouter_restore_vips(struct vrouter *r)
{
	const struct nl *nl = r->app->nl;

	if (!r->is_vip_lost || !r->holds_vips)
		return;
	r->is_vip_lost = false;
	/* The hosts still know us, if nobody else announced it meanwhile: one packet each. */
	for (uint32_t i = 0; i < r->vips.n; i++) {
		const struct nl_addr key = vip_key(&r->vips.v[i]);
		r->vips.v[i].is_missing = key.ifindex && !find_actual(&key, nl);
	}
	vrouter_sync_vips(r);
	for (uint32_t i = 0; i < r->vips.n; i++) {
		if (r->vips.v[i].is_missing)
			vrouter_announce_vip(r, &r->vips.v[i]);
	}
}

/* Our own repairs come back as changes, too: a pause, so that a kernel that does not do as it was
 * asked costs little. */
void vrouter_on_vip_changed(struct vrouter *r, uint32_t at, const struct nl_addr *is)
{
	const struct vip *vip = &r->vips.v[at];
	bool has_dad = is->addr.family == AF_INET6 && !(vip->addr.flags & IFA_F_NODAD);
	char text[ADDR_STR_MAX];

	if (!addr_is_usable(is) &&
	    log_limit_pass(&r->duplicate_limit, loop_now(r->app->loop), DUPLICATE_LOG_US))
		log_event(LOG_LEVEL_WARNING, "vrrp_address_duplicate",
			  log_kv("instance=%s interface=%s address=%s", r->conf->name,
				 vip->vif->name, addr_str(&is->addr, text)),
			  "(%s) another host on %s has address %s: trying again", r->conf->name,
			  vip->vif->name, text);
	if (!addr_is_as_wanted(is, &vip->addr)) {
		if (!timer_is_armed(&r->vip_timer))
			timer_arm_in(&r->vip_timer, REPAIR_US);
	} else if (has_dad && !(is->flags & IFA_F_TENTATIVE)) {
		vrouter_announce_vip(r, vip); /* what was sent before was too early */
	}
}
