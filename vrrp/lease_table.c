/*
 * Leases that nf_tables enforces: see lease_table.h. VRRP child.
 */
#include "vrrp/lease_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define RENEW_TIME_US  (20 * US_PER_MS)
#define COMMIT_TIME_US (2 * US_PER_S)
#define LOG_US         (60 * US_PER_S)
#define SUFFIX         "-lease"

static bool is_short(const struct vrouter *r)
{
	return vrrp_conf_has_short_lease(r->conf);
}

static void name_table(const struct vrrp_app *app, char table[NFT_TABLE_MAX])
{
	const int max = NFT_TABLE_MAX - (int)sizeof(SUFFIX);

	snprintf(table, NFT_TABLE_MAX, "%.*s" SUFFIX, max, app->firewall.conf.table);
}

/* Appends the addresses of a router; those that are not held have no time to live. */
static uint32_t add_elems(const struct vrouter *r, struct lease_elem *elems, bool is_alive)
{
	const int64_t lease_us = vrrp_conf_lease_us(r->conf);

	for (uint32_t i = 0; i < r->vips.n; i++)
		elems[i] = (struct lease_elem){
			.key = firewall_key(r->app, &r->vips.v[i]),
			.alive_ms = is_alive ? (uint32_t)(lease_us / US_PER_MS) : 0,
		};
	return r->vips.n;
}

static void log_failure(struct vrrp_app *app, int error)
{
	struct lease_table *t = &app->leases;

	if (error == 0 || !log_limit_pass(&t->limit, loop_now(app->loop), LOG_US))
		return;
	log_event(LOG_LEVEL_ERROR, "vrrp_lease_failed",
		  log_kv("table=%s errno=%d", t->table, -error),
		  "short leases are NOT enforced: nftables tables inet and arp %s: %s", t->table,
		  strerror(-error));
}

static int install(struct vrrp_app *app, int64_t timeout_us)
{
	struct lease_table *t = &app->leases;
	struct nft *nft = firewall_nft(app);
	struct nft_conf conf = app->firewall.conf;
	uint32_t n = 0;
	int error;

	snprintf(conf.table, sizeof(conf.table), "%s", t->table);
	for (uint32_t i = 0; i < app->n_routers; i++) {
		const struct vrouter *r = app->routers[i];
		if (is_short(r))
			n += add_elems(r, t->elems + n, r->holds_vips);
	}
	error = nft ? nft_lease_install(nft, &conf, t->elems, n, timeout_us) : -ENOSYS;
	t->is_on = error == 0;
	log_failure(app, error);
	return error;
}

static void remove_tables(struct vrrp_app *app)
{
	struct lease_table *t = &app->leases;
	struct nft *nft = firewall_nft(app);

	if (nft && t->table[0])
		nft_lease_remove(nft, t->table, COMMIT_TIME_US);
	t->is_on = false;
}

void lease_table_commit(struct vrrp_app *app)
{
	struct lease_table *t = &app->leases;
	char table[NFT_TABLE_MAX];
	uint32_t n = 0;

	name_table(app, table);
	for (uint32_t i = 0; i < app->n_routers; i++)
		n += is_short(app->routers[i]) ? app->routers[i]->vips.n : 0;
	if (t->is_on && (n == 0 || strcmp(table, t->table) != 0))
		remove_tables(app);
	memcpy(t->table, table, sizeof(table));
	if (n == 0 && app->is_committed)
		return;
	if (n == 0) { /* a predecessor may have left them */
		remove_tables(app);
		return;
	}
	t->elems = xrealloc(t->elems, n * sizeof(t->elems[0]));
	install(app, COMMIT_TIME_US);
}

void lease_table_renew(struct vrouter *r)
{
	struct vrrp_app *app = r->app;
	struct lease_table *t = &app->leases;
	uint32_t n;

	if (!t->is_on)
		return; /* the end of the commit does it */
	n = add_elems(r, t->elems, true);
	/* Another program may have removed the tables. */
	if (nft_lease_renew(firewall_nft(app), t->table, t->elems, n, RENEW_TIME_US) < 0)
		install(app, RENEW_TIME_US);
}

void lease_table_stop(struct vrrp_app *app)
{
	if (app->leases.is_on)
		remove_tables(app);
}

void lease_table_done(struct vrrp_app *app)
{
	free(app->leases.elems);
}
