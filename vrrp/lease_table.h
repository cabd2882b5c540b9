/*
 * Leases shorter than the lifetime of an address can be, which has whole seconds: packets to and
 * from the addresses are dropped by nf_tables, ARP and neighbour advertisements among them, unless
 * an element says that the lease runs, and it goes by itself. VRRP child.
 */
#ifndef DIARCH_VRRP_LEASE_TABLE_H
#define DIARCH_VRRP_LEASE_TABLE_H

#include "vrrp/log_limit.h"
#include "vrrp/nft.h"

struct vrrp_app;
struct vrouter;

struct lease_table {
	bool is_on; /* the tables are in place, for `table` */
	char table[NFT_TABLE_MAX];
	struct lease_elem *elems; /* scratch for the addresses of all routers */
	struct log_limit limit;
};

/* A configuration was carried out: the tables have the addresses of its routers. */
void lease_table_commit(struct vrrp_app *app);

/* An advertisement is sent: the addresses of the router live that much longer. */
void lease_table_renew(struct vrouter *r);

/* Removes the tables; _done() leaves them, for a successor. */
void lease_table_stop(struct vrrp_app *app);
void lease_table_done(struct vrrp_app *app);

#endif
