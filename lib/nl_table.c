/*
 * Tables of links and addresses: see nl_table.h. Used by nl.c only; no I/O.
 */
#include "lib/nl_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_MIN 64

void nl_table_done(struct nl_table *t)
{
	free(t->links);
	free(t->addrs);
	free(t->buckets);
	memset(t, 0, sizeof(*t));
}

/* Room for one more element of `size` bytes. */
static int grow(void **array, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return 0;
	uint32_t want = *cap ? *cap * 2 : 16;
	void *p = reallocarray(*array, want, size);
	if (!p)
		return -ENOMEM;
	*array = p;
	*cap = want;
	return 0;
}

/* ---- links ---- */

/* Position of the link, or where it belongs. */
static uint32_t link_position(const struct nl_table *t, uint32_t ifindex)
{
	uint32_t lo = 0, hi = t->n_links;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (t->links[mid].ifindex < ifindex)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct nl_link *nl_table_link(const struct nl_table *t, uint32_t ifindex)
{
	uint32_t at = link_position(t, ifindex);

	return at < t->n_links && t->links[at].ifindex == ifindex ? &t->links[at] : NULL;
}

static bool link_is_same(const struct nl_link *a, const struct nl_link *b)
{
	return strcmp(a->name, b->name) == 0 && a->flags == b->flags && a->mtu == b->mtu &&
	       a->vrf_table == b->vrf_table && a->master_ifindex == b->master_ifindex &&
	       a->base_ifindex == b->base_ifindex && a->macvlan_mode == b->macvlan_mode &&
	       a->has_mac == b->has_mac && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

int nl_table_put_link(struct nl_table *t, const struct nl_link *link)
{
	uint32_t at = link_position(t, link->ifindex);

	if (at < t->n_links && t->links[at].ifindex == link->ifindex) {
		if (link_is_same(&t->links[at], link))
			return 0;
	} else {
		void *links = t->links;
		if (grow(&links, t->n_links, &t->cap_links, sizeof(*link)) < 0)
			return -ENOMEM;
		t->links = links;
		memmove(&t->links[at + 1], &t->links[at], (t->n_links - at) * sizeof(*link));
		t->n_links++;
	}
	t->links[at] = *link;
	return 1;
}

bool nl_table_del_link(struct nl_table *t, uint32_t ifindex)
{
	uint32_t at = link_position(t, ifindex);

	if (at >= t->n_links || t->links[at].ifindex != ifindex)
		return false;
	t->n_links--;
	memmove(&t->links[at], &t->links[at + 1], (t->n_links - at) * sizeof(t->links[0]));
	return true;
}

/* ---- addresses ---- */

static uint32_t *bucket_of(const struct nl_table *t, uint32_t ifindex, const struct addr *addr)
{
	uint32_t h = 2166136261U ^ ifindex;

	for (size_t i = 0; i < addr_len(addr->family); i++)
		h = (h ^ addr->bytes[i]) * 16777619U;
	h ^= h >> 15;
	return &t->buckets[h & (t->n_buckets - 1)];
}

static bool is_key(const struct nl_addr *a, uint32_t ifindex, const struct addr *addr,
		   int prefix_len)
{
	return a->ifindex == ifindex && addr_cmp(&a->addr, addr) == 0 &&
	       (prefix_len < 0 || a->prefix_len == prefix_len);
}

/* The link that holds index + 1 of the address, or the 0 at the end of its bucket; NULL without
 * buckets. */
static uint32_t *find_slot(const struct nl_table *t, uint32_t ifindex, const struct addr *addr,
			   int prefix_len)
{
	if (t->n_buckets == 0)
		return NULL;
	uint32_t *slot = bucket_of(t, ifindex, addr);
	while (*slot && !is_key(&t->addrs[*slot - 1].addr, ifindex, addr, prefix_len))
		slot = &t->addrs[*slot - 1].next;
	return slot;
}

const struct nl_addr *nl_table_addr(const struct nl_table *t, uint32_t ifindex,
				    const struct addr *addr, int prefix_len)
{
	const uint32_t *slot = find_slot(t, ifindex, addr, prefix_len);

	return slot && *slot ? &t->addrs[*slot - 1].addr : NULL;
}

static int rehash(struct nl_table *t, uint32_t n_buckets)
{
	uint32_t *buckets = calloc(n_buckets, sizeof(*buckets));

	if (!buckets)
		return -ENOMEM;
	free(t->buckets);
	t->buckets = buckets;
	t->n_buckets = n_buckets;
	for (uint32_t i = 0; i < t->n_addrs; i++) {
		struct nl_table_addr *e = &t->addrs[i];
		uint32_t *bucket = bucket_of(t, e->addr.ifindex, &e->addr.addr);
		e->next = *bucket;
		*bucket = i + 1;
	}
	return 0;
}

static bool addr_is_same(const struct nl_addr *a, const struct nl_addr *b)
{
	return addr_cmp(&a->peer, &b->peer) == 0 && addr_cmp(&a->broadcast, &b->broadcast) == 0 &&
	       a->scope == b->scope && a->protocol == b->protocol && a->flags == b->flags &&
	       a->preferred_s == b->preferred_s && a->valid_s == b->valid_s &&
	       strcmp(a->label, b->label) == 0;
}

static int addr_insert(struct nl_table *t, const struct nl_addr *addr)
{
	void *addrs = t->addrs;

	if (grow(&addrs, t->n_addrs, &t->cap_addrs, sizeof(t->addrs[0])) < 0)
		return -ENOMEM;
	t->addrs = addrs;
	if (t->n_addrs >= t->n_buckets &&
	    rehash(t, t->n_buckets ? t->n_buckets * 2 : BUCKETS_MIN) < 0)
		return -ENOMEM;
	uint32_t *bucket = bucket_of(t, addr->ifindex, &addr->addr);
	t->addrs[t->n_addrs] = (struct nl_table_addr){ *addr, t->serial++, *bucket };
	*bucket = ++t->n_addrs;
	return 1;
}

int nl_table_put_addr(struct nl_table *t, const struct nl_addr *addr)
{
	const uint32_t *slot = find_slot(t, addr->ifindex, &addr->addr, addr->prefix_len);

	if (!slot || !*slot)
		return addr_insert(t, addr);
	struct nl_addr *known = &t->addrs[*slot - 1].addr;
	if (addr_is_same(known, addr))
		return 0;
	*known = *addr;
	return 1;
}

bool nl_table_del_addr(struct nl_table *t, const struct nl_addr *addr)
{
	uint32_t *slot = find_slot(t, addr->ifindex, &addr->addr, addr->prefix_len);

	if (!slot || !*slot)
		return false;
	uint32_t at = *slot - 1;
	*slot = t->addrs[at].next;

	/* The last one moves into the hole; who points to it must learn that. */
	uint32_t last = --t->n_addrs;
	if (at != last) {
		const struct nl_addr *moved = &t->addrs[last].addr;
		*find_slot(t, moved->ifindex, &moved->addr, moved->prefix_len) = at + 1;
		t->addrs[at] = t->addrs[last];
	}
	return true;
}

/* ---- differences ---- */

void nl_table_diff(const struct nl_table *old, const struct nl_table *now,
		   void (*on_change)(const struct nl_change *change, void *arg), void *arg)
{
	for (uint32_t i = 0; i < old->n_addrs; i++) {
		const struct nl_addr *a = &old->addrs[i].addr;
		if (!nl_table_addr(now, a->ifindex, &a->addr, a->prefix_len))
			on_change(&(struct nl_change){ .kind = NL_ADDR_DEL, .addr = *a }, arg);
	}
	for (uint32_t i = 0; i < old->n_links; i++) {
		if (!nl_table_link(now, old->links[i].ifindex))
			on_change(&(struct nl_change){ .kind = NL_LINK_DEL, .link = old->links[i] },
				  arg);
	}
	for (uint32_t i = 0; i < now->n_links; i++) {
		const struct nl_link *was = nl_table_link(old, now->links[i].ifindex);
		if (!was || !link_is_same(was, &now->links[i]))
			on_change(&(struct nl_change){ .kind = NL_LINK_NEW, .link = now->links[i] },
				  arg);
	}
	for (uint32_t i = 0; i < now->n_addrs; i++) {
		const struct nl_addr *a = &now->addrs[i].addr;
		const struct nl_addr *was = nl_table_addr(old, a->ifindex, &a->addr, a->prefix_len);
		if (!was || !addr_is_same(was, a))
			on_change(&(struct nl_change){ .kind = NL_ADDR_NEW, .addr = *a }, arg);
	}
}
