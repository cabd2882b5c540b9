/*
 * Our table in nf_tables. VRRP child.
 *
 * One socket, requests with a limit of time. A transaction is carried out whole or not at all.
 * nft.c, or nft_none.c in a build without.
 */
#ifndef DIARCH_VRRP_NFT_H
#define DIARCH_VRRP_NFT_H

#include "vrrp/nft_msg.h"

struct nft;

/* NULL and errno: ENOSYS in a build without. nft_free() leaves the table as it is. */
struct nft *nft_open(void);
void nft_free(struct nft *nft);

/*
 * Puts a table with these addresses in place of the one that is there. 0, or -errno: -EEXIST when
 * that one is not ours.
 */
int nft_install(struct nft *nft, const struct nft_conf *conf, const struct drop_op *ops, uint32_t n,
		int64_t timeout_us);

/* Adds and removes addresses. 0 or -errno: then nobody knows how many were. */
int nft_change(struct nft *nft, const char *table, const struct drop_op *ops, uint32_t n,
	       int64_t timeout_us);

/*
 * A descriptor that is readable when some program has changed tables, -1 = none. nft_read_news()
 * says whether somebody else has taken away the table or something in it, or may have: news were
 * lost.
 */
int nft_news_fd(const struct nft *nft);
bool nft_read_news(struct nft *nft, const char *table);

/* Removes the table if it is there and ours. 0 or -errno. */
int nft_remove(struct nft *nft, const char *table, int64_t timeout_us);

/*
 * The tables of short leases, inet and arp, of this name (conf->table) in place of those that are
 * there: with all addresses, of which those with a time live for that long. 0 or -errno, as
 * nft_install().
 */
int nft_lease_install(struct nft *nft, const struct nft_conf *conf, const struct lease_elem *elems,
		      uint32_t n, int64_t timeout_us);

/* These addresses live anew for their time. 0 or -errno. */
int nft_lease_renew(struct nft *nft, const char *table, const struct lease_elem *elems, uint32_t n,
		    int64_t timeout_us);

/* Removes the tables if they are ours. 0 or -errno. */
int nft_lease_remove(struct nft *nft, const char *table, int64_t timeout_us);

#endif
