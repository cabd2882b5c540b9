/*
 * Packets to addresses that a router holds and does not accept (no_accept, strict_mode) are
 * dropped. VRRP child. RFC 9568 6.1 Accept_Mode.
 *
 * An address is in the filter before it is on the interface, and leaves it afterwards. A table that
 * another program takes away is made again at once, less and less often where that one goes on.
 */
#ifndef DIARCH_VRRP_FIREWALL_H
#define DIARCH_VRRP_FIREWALL_H

#include "lib/global_conf.h"
#include "lib/loop.h"
#include "vrrp/log_limit.h"
#include "vrrp/nft.h"

struct vip;
struct vrrp_app;
struct vrouter;

struct firewall {
	struct nft *nft;
	struct nft_conf conf;
	bool is_wanted, is_on; /* is_on: the table is in place, with what `have` says */
	struct drop_set have, want;
	struct drop_op *ops; /* scratch */
	struct timer timer;  /* something failed, or was taken away */
	struct io news;      /* what other programs change */
	time_us repair_next_at;
	int64_t repair_pause_us;
	struct log_limit limit, repair_limit;
};

void firewall_init(struct vrrp_app *app);

/* Frees the memory; the table stays. */
void firewall_done(struct vrrp_app *app);

/* Why this configuration cannot be carried out, as role_ops.prepare. 0 or -errno. */
int firewall_check_conf(const struct global_conf *global, char *why, size_t size);

/*
 * Takes a configuration, its routers are in place: the table with what they hold, and with what the
 * host has from a predecessor. _end() when they have followed it: what nobody holds leaves.
 */
void firewall_commit_begin(struct vrrp_app *app, const struct global_conf *global);
void firewall_commit_end(struct vrrp_app *app);

/* Before the addresses of a router come; after they have gone. */
void firewall_guard(struct vrouter *r);
void firewall_release(struct vrouter *r);

/* Removes the table. */
void firewall_stop(struct vrrp_app *app);

/* The socket to nf_tables, opened when it is not yet; NULL: there is none. */
struct nft *firewall_nft(struct vrrp_app *app);

/* What packets to an address of a router are recognized by. */
struct drop_key firewall_key(const struct vrrp_app *app, const struct vip *vip);

#endif
