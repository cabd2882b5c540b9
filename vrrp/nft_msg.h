/*
 * Messages to nf_tables: our table, made and removed, and the addresses in its sets. No I/O.
 *
 *	table inet NAME, marked as ours
 *	  sets vips4, vips6, vips_link_local (address and interface)
 *	  chains in and out: drop what goes to or comes from an address of the sets; neighbour
 *	  solicitations and advertisements pass
 */
#ifndef DIARCH_VRRP_NFT_MSG_H
#define DIARCH_VRRP_NFT_MSG_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vrrp/drop_set.h"

/* An address with a lease. */
struct lease_elem {
	struct drop_key key;
	uint32_t alive_ms; /* from now on; 0 = it is over */
};

#define NFT_TABLE_MAX 64 /* a name, with its end */

struct nft_conf {
	char table[NFT_TABLE_MAX];
	int32_t priority; /* of the chains */
	bool is_by_index; /* interfaces by number */
	bool has_counters;
};

/* A transaction being written. It never grows beyond the buffer. */
struct nft_msg {
	char *buffer;
	size_t size, len;
	uint8_t family;        /* of the tables that it is about: NFPROTO_INET, NFPROTO_ARP */
	uint32_t seq;          /* of the last message */
	struct nlmsghdr *last; /* in the transaction: its answer ends the reading */
	int error;             /* -ENOMEM, -EMSGSIZE: it must not be sent */
};

/* Opens a transaction behind number `seq`, and closes it. */
void nft_msg_begin(struct nft_msg *m, char *buffer, size_t size, uint32_t seq);
void nft_msg_end(struct nft_msg *m);

/* Our table in place of what has its name now, with empty sets; or nothing in its place. */
void nft_msg_table(struct nft_msg *m, const struct nft_conf *conf);
void nft_msg_remove(struct nft_msg *m, const char *table);

/* As many of the operations as fit; returns how many. At least one fits into an empty transaction.
 */
uint32_t nft_msg_ops(struct nft_msg *m, const char *table, const struct drop_op *ops, uint32_t n);

/* Asks for the table of this name (outside of a transaction). Returns the length. */
size_t nft_msg_ask(char *buffer, const char *table, uint32_t seq);

/* Whether the answer is about a table that we have made. */
bool nft_msg_is_ours(const struct nlmsghdr *nlh);

/* Whether the message tells that the table of this name, or something in it, was taken away. */
bool nft_msg_is_removal(const struct nlmsghdr *nlh, const char *table);

/*
 * The tables of leases, in place of those of this name, with empty sets; or nothing in their place:
 *
 *	table inet NAME	 sets leased4, leased6 ..., alive4, alive6 ...; chains in and out: drop what
 *goes to or comes from an address that is leased and not alive table arp NAME	 sets leased4,
 *alive4; chain out: the same for the sender
 */
void nft_msg_lease_tables(struct nft_msg *m, const struct nft_conf *conf);
void nft_msg_lease_remove(struct nft_msg *m, const char *table);

/* All addresses become leased; those with a time alive, in place of what is there with `is_anew`.
 */
void nft_msg_lease_addrs(struct nft_msg *m, const char *table, const struct lease_elem *elems,
			 uint32_t n);
void nft_msg_lease_alive(struct nft_msg *m, const char *table, const struct lease_elem *elems,
			 uint32_t n, bool is_anew);

#endif
