/*
 * Packets to addresses that a router does not accept are dropped: see firewall.h. VRRP child.
 */
#include "vrrp/firewall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define CHANGE_TIME_US (20 * US_PER_MS)
#define TABLE_TIME_US                                                               \
	(2 * US_PER_S) /* at start, reload and stop; a module may have to be loaded \
			*/
#define AGAIN_US      (1 * US_PER_S)
#define LOG_US        (60 * US_PER_S)
#define DEFAULT_TABLE "diarch"

/* Between two repairs of what others take away: each that comes right after the last one doubles
 * it. */
#define REPAIR_PAUSE_US     (20 * US_PER_MS)
#define REPAIR_PAUSE_MAX_US (60 * US_PER_S)

/* ---- what is wanted ---- */

/* At start the table is made before the interfaces are looked at. */
static uint32_t ifindex_of(const struct vrrp_app *app, const struct vrrp_if *vif)
{
	const struct nl_link *link = vif->ifindex ? NULL : nl_link_by_name(app->nl, vif->name);

	return link ? link->ifindex : vif->ifindex;
}

struct drop_key firewall_key(const struct vrrp_app *app, const struct vip *vip)
{
	return drop_key_of(&vip->addr.addr, ifindex_of(app, vip->vif), vip->vif->name,
			   app->firewall.conf.is_by_index);
}

/* By number an address is not bound to an interface that is not there. */
static bool is_possible(const struct vrrp_app *app, const struct drop_key *key)
{
	return !app->firewall.conf.is_by_index || !drop_key_is_link_local(key) || key->ifindex > 0;
}

static bool is_on_host(const struct vrrp_app *app, const struct vip *vip)
{
	struct nl_addr at = vip_key(vip);

	at.ifindex = ifindex_of(app, vip->vif);
	return vip_find_actual(&at, app->nl) != NULL;
}

/* Collects what the routers hold; with `is_adopting` also what is on the host, as theirs. */
static void collect(struct vrrp_app *app, bool is_adopting)
{
	struct firewall *f = &app->firewall;

	f->want.n = 0;
	for (uint32_t i = 0; i < app->n_routers; i++) {
		const struct vrouter *r = app->routers[i];
		for (uint32_t j = 0; vrrp_conf_drops(r->conf) && j < r->vips.n; j++) {
			const struct drop_key key = firewall_key(app, &r->vips.v[j]);
			if (!is_possible(app, &key))
				continue;
			if (r->holds_vips || (is_adopting && is_on_host(app, &r->vips.v[j])))
				drop_set_add(&f->want, &key);
		}
	}
}

static bool is_wanted(const struct vrrp_app *app)
{
	for (uint32_t i = 0; i < app->n_routers; i++) {
		if (vrrp_conf_drops(app->routers[i]->conf))
			return true;
	}
	return false;
}

/* Nothing is allocated later, while routers take over. */
static void reserve(struct vrrp_app *app)
{
	struct firewall *f = &app->firewall;
	uint32_t n = f->have.n + app->n_vip_refs + 1;

	f->have.v = xrealloc(f->have.v, n * sizeof(f->have.v[0]));
	f->want.v = xrealloc(f->want.v, n * sizeof(f->want.v[0]));
	f->ops = xrealloc(f->ops, 2UL * n * sizeof(f->ops[0]));
	f->have.cap = f->want.cap = n;
}

/* ---- doing it ---- */

static const char *reason(int error)
{
	if (error == -EEXIST)
		return "there is one that is not diarch's (see nftables)";
	return error == -ENOSYS ? "this build is without nftables" : strerror(-error);
}

/* The whole table is made again soon. */
static void on_error(struct vrrp_app *app, int error)
{
	struct firewall *f = &app->firewall;

	f->is_on = false;
	f->have.n = 0;
	timer_arm_in(&f->timer, AGAIN_US);
	if (!log_limit_pass(&f->limit, loop_now(app->loop), LOG_US))
		return;
	log_event(LOG_LEVEL_ERROR, "vrrp_firewall_failed",
		  log_kv("table=%s errno=%d", f->conf.table, -error),
		  "packets to addresses with no_accept are NOT dropped: nftables table inet %s: %s",
		  f->conf.table, reason(error));
}

static void on_news(struct io *io, uint32_t ready, void *arg);

/* The socket, and the other one that tells what becomes of the table. */
static bool is_open(struct vrrp_app *app)
{
	struct firewall *f = &app->firewall;
	int fd;

	if (f->nft)
		return true;
	f->nft = nft_open();
	if (!f->nft)
		return false;
	fd = nft_news_fd(f->nft);
	if (fd >= 0)
		io_add(app->loop, &f->news, fd, EPOLLIN, on_news, app);
	return true;
}

struct nft *firewall_nft(struct vrrp_app *app)
{
	return is_open(app) ? app->firewall.nft : NULL;
}

static void install(struct vrrp_app *app, bool is_adopting, int64_t timeout_us)
{
	struct firewall *f = &app->firewall;
	uint32_t n;
	int error;

	timer_cancel(&f->timer);
	if (!is_open(app)) {
		on_error(app, -errno);
		return;
	}
	collect(app, is_adopting);
	f->have.n = 0;
	n = drop_set_diff(&f->have, &f->want, f->ops);
	error = nft_install(f->nft, &f->conf, f->ops, n, timeout_us);
	if (error) {
		on_error(app, error);
		return;
	}
	memcpy(f->have.v, f->want.v, n * sizeof(f->have.v[0]));
	f->have.n = n;
	f->is_on = true;
	log_event(LOG_LEVEL_INFO, "vrrp_firewall",
		  log_kv("table=%s addresses=%u", f->conf.table, n),
		  "nftables table inet %s is in place", f->conf.table);
}

static void change(struct vrrp_app *app, uint32_t n)
{
	struct firewall *f = &app->firewall;
	int error = n ? nft_change(f->nft, f->conf.table, f->ops, n, CHANGE_TIME_US) : 0;

	for (uint32_t i = 0; i < n; i++) {
		if (f->ops[i].is_add)
			drop_set_add(&f->have, &f->ops[i].key);
		else
			drop_set_remove(&f->have, &f->ops[i].key);
	}
	/* Perhaps somebody has emptied the whole rule set. */
	if (error)
		install(app, false, CHANGE_TIME_US);
}

static void take_down(struct vrrp_app *app)
{
	struct firewall *f = &app->firewall;
	int error = 0;

	timer_cancel(&f->timer);
	if (f->nft && f->conf.table[0] != '\0')
		error = nft_remove(f->nft, f->conf.table, TABLE_TIME_US);
	if (error && f->is_on)
		log_event(LOG_LEVEL_WARNING, "vrrp_firewall_failed",
			  log_kv("table=%s errno=%d", f->conf.table, -error),
			  "cannot remove the nftables table inet %s: %s", f->conf.table,
			  strerror(-error));
	f->is_on = false;
	f->have.n = 0;
}

/* ---- what other programs do ---- */

/* A program that does not give up costs less and less. */
static void repair(struct vrrp_app *app)
{
	struct firewall *f = &app->firewall;
	time_us now = loop_now(app->loop);
	int64_t calm_us = time_sub(now, f->repair_next_at);

	if (f->repair_pause_us == 0 || calm_us > 10 * f->repair_pause_us)
		f->repair_pause_us = REPAIR_PAUSE_US;
	else if (f->repair_pause_us < REPAIR_PAUSE_MAX_US)
		f->repair_pause_us *= 2;
	f->repair_next_at = time_add(now, f->repair_pause_us);
	if (log_limit_pass(&f->repair_limit, now, LOG_US))
		log_event(LOG_LEVEL_WARNING, "vrrp_firewall_removed",
			  log_kv("table=%s", f->conf.table),
			  "another program has taken away nftables table inet %s, or something in "
			  "it: it is made again",
			  f->conf.table);
	install(app, false, CHANGE_TIME_US);
}

static void on_news(struct io *io, uint32_t ready, void *arg)
{
	struct vrrp_app *app = arg;
	struct firewall *f = &app->firewall;

	(void)io, (void)ready;
	if (!nft_read_news(f->nft, f->conf.table) || !f->is_wanted || !f->is_on)
		return;
	if (time_cmp(loop_now(app->loop), f->repair_next_at) >= 0)
		repair(app);
	else if (!timer_is_armed(&f->timer))
		timer_arm_at(&f->timer, f->repair_next_at);
}

static void on_timer(struct timer *timer, void *arg)
{
	struct vrrp_app *app = arg;

	(void)timer;
	if (!app->firewall.is_wanted)
		return;
	if (app->firewall.is_on)
		repair(app);
	else
		install(app, false, CHANGE_TIME_US);
}

/* ---- life ---- */

void firewall_init(struct vrrp_app *app)
{
	timer_init(&app->firewall.timer, app->loop, on_timer, app);
}

void firewall_done(struct vrrp_app *app)
{
	struct firewall *f = &app->firewall;

	timer_cancel(&f->timer);
	io_del(&f->news);
	nft_free(f->nft);
	free(f->have.v);
	free(f->want.v);
	free(f->ops);
}

int firewall_check_conf(const struct global_conf *global, char *why, size_t size)
{
	if (!global->nftables.name || strlen(global->nftables.name) < NFT_TABLE_MAX)
		return 0;
	snprintf(why, size, "nftables: the name of the table is longer than %d characters",
		 NFT_TABLE_MAX - 1);
	return -EINVAL;
}

static struct nft_conf nft_conf_of(const struct global_conf *global)
{
	struct nft_conf conf = {
		.priority = (int32_t)global->nftables_priority,
		.is_by_index = global->nftables_ifindex,
		.has_counters = global->nftables_counters,
	};
	const char *name = global->nftables.name;

	snprintf(conf.table, sizeof(conf.table), "%s", name && name[0] ? name : DEFAULT_TABLE);
	return conf;
}

static bool is_same_conf(const struct nft_conf *a, const struct nft_conf *b)
{
	return strcmp(a->table, b->table) == 0 && a->priority == b->priority &&
	       a->is_by_index == b->is_by_index && a->has_counters == b->has_counters;
}

void firewall_commit_begin(struct vrrp_app *app, const struct global_conf *global)
{
	struct firewall *f = &app->firewall;
	const struct nft_conf conf = nft_conf_of(global);
	bool is_same = is_same_conf(&conf, &f->conf);

	reserve(app);
	f->is_wanted = is_wanted(app);
	if (strcmp(conf.table, f->conf.table) != 0)
		take_down(app);
	f->conf = conf;
	is_open(app);
	if (f->is_wanted && (!f->is_on || !is_same))
		install(app, !app->is_committed, TABLE_TIME_US);
	else if (!f->is_wanted && (f->is_on || !app->is_committed))
		take_down(app); /* a predecessor may have left one */
}

void firewall_commit_end(struct vrrp_app *app)
{
	struct firewall *f = &app->firewall;

	if (!f->is_on)
		return;
	collect(app, false);
	change(app, drop_set_diff(&f->have, &f->want, f->ops));
}

void firewall_guard(struct vrouter *r)
{
	struct vrrp_app *app = r->app;
	struct firewall *f = &app->firewall;
	uint32_t n = 0;

	if (!f->is_on || !r->holds_vips || !vrrp_conf_drops(r->conf))
		return;
	for (uint32_t i = 0; i < r->vips.n; i++) {
		const struct drop_key key = firewall_key(app, &r->vips.v[i]);
		if (is_possible(app, &key) && !drop_set_has(&f->have, &key))
			f->ops[n++] = (struct drop_op){ key, true };
	}
	change(app, n);
}

void firewall_release(struct vrouter *r)
{
	struct vrrp_app *app = r->app;
	struct firewall *f = &app->firewall;
	uint32_t n = 0;

	if (!f->is_on || r->holds_vips)
		return;
	for (uint32_t i = 0; i < r->vips.n; i++) {
		const struct drop_key key = firewall_key(app, &r->vips.v[i]);
		if (drop_set_has(&f->have, &key) && !vrrp_app_is_dropped(app, &r->vips.v[i]))
			f->ops[n++] = (struct drop_op){ key, false };
	}
	change(app, n);
}

void firewall_stop(struct vrrp_app *app)
{
	if (app->firewall.is_wanted)
		take_down(app);
}
