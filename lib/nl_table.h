/*
 * The tables of links and addresses behind nl.c: plain data without I/O.
 *
 * Links are few and sorted by index; addresses may be thousands and are found by hash of (ifindex,
 * address).
 */
#ifndef DIARCH_LIB_NL_TABLE_H
#define DIARCH_LIB_NL_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/nl.h"

struct nl_table_addr {
	struct nl_addr addr;
	uint64_t serial; /* order of arrival: the kernel lists primary addresses first */
	uint32_t next;   /* in its bucket: index + 1, 0 = last */
};

/* Zero-initialise. */
struct nl_table {
	struct nl_link *links; /* sorted by ifindex */
	uint32_t n_links, cap_links;
	struct nl_table_addr *addrs; /* dense, in no order */
	uint32_t n_addrs, cap_addrs;
	uint32_t *buckets;  /* index + 1 */
	uint32_t n_buckets; /* power of two, or 0 */
	uint64_t serial;
};

void nl_table_done(struct nl_table *t);

const struct nl_link *nl_table_link(const struct nl_table *t, uint32_t ifindex);

/* An address of the interface; `prefix_len` -1 = any. */
const struct nl_addr *nl_table_addr(const struct nl_table *t, uint32_t ifindex,
				    const struct addr *addr, int prefix_len);

/* Insert or replace: 1 if that changed anything, 0 if not, -ENOMEM. */
int nl_table_put_link(struct nl_table *t, const struct nl_link *link);
int nl_table_put_addr(struct nl_table *t, const struct nl_addr *addr);

/* Remove; false if it was not there. */
bool nl_table_del_link(struct nl_table *t, uint32_t ifindex);
bool nl_table_del_addr(struct nl_table *t, const struct nl_addr *addr);

/*
 * Calls `on_change` with every difference that leads from `old` to `now`: what is gone first, then
 * what is new or different.
 */
void nl_table_diff(const struct nl_table *old, const struct nl_table *now,
		   void (*on_change)(const struct nl_change *change, void *arg), void *arg);

#endif
