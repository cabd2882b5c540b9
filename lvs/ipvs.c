/*
 * IPVS model: keys, comparison and sorted sets.
 *
 * Used by the parent (plans), the checker child and lvsadm. Owns only the memory of the sets it is
 * given.
 */
#include "lvs/ipvs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#define SVC_CAP_MIN  8
#define DEST_CAP_MIN 4

static int cmp_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int svc_key_cmp(const struct ipvs_svc_key *a, const struct ipvs_svc_key *b)
{
	int c = cmp_u32(a->fwmark, b->fwmark);

	if (c == 0)
		c = cmp_u32(a->family, b->family);
	if (c == 0)
		c = cmp_u32(a->protocol, b->protocol);
	if (c == 0)
		c = addr_cmp(&a->addr, &b->addr);
	if (c == 0)
		c = cmp_u32(a->port, b->port);
	return c;
}

int dest_key_cmp(const struct ipvs_dest_key *a, const struct ipvs_dest_key *b)
{
	int c = addr_cmp(&a->addr, &b->addr);

	return c != 0 ? c : cmp_u32(a->port, b->port);
}

bool svc_is_equal(const struct ipvs_svc *a, const struct ipvs_svc *b)
{
	uint32_t flags = a->flags & ~(uint32_t)IPVS_F_HASHED;

	if (flags != (b->flags & ~(uint32_t)IPVS_F_HASHED) || svc_key_cmp(&a->key, &b->key) != 0)
		return false;
	if (strcmp(a->sched, b->sched) != 0 || strcmp(a->pe_name, b->pe_name) != 0 ||
	    a->is_check_path != b->is_check_path)
		return false;
	/* Without persistence the kernel stores both but never uses them. */
	return !(flags & IPVS_F_PERSISTENT) ||
	       (a->timeout_s == b->timeout_s && a->netmask == b->netmask);
}

bool dest_is_equal(const struct ipvs_dest *a, const struct ipvs_dest *b)
{
	if (dest_key_cmp(&a->key, &b->key) != 0 || a->fwd != b->fwd || a->weight != b->weight)
		return false;
	if (a->u_thresh != b->u_thresh || a->l_thresh != b->l_thresh)
		return false;
	return a->fwd != IPVS_FWD_TUNNEL ||
	       (a->tun_type == b->tun_type && a->tun_port == b->tun_port &&
		a->tun_flags == b->tun_flags);
}

void svc_init(struct ipvs_svc *svc, const struct ipvs_svc_key *key)
{
	*svc = (struct ipvs_svc){
		.key = *key,
		.sched = "wlc",
		.netmask = key->family == AF_INET6 ? 128 : UINT32_MAX,
	};
}

void ipvs_set_init(struct ipvs_set *set)
{
	*set = (struct ipvs_set){ 0 };
}

void ipvs_set_done(struct ipvs_set *set)
{
	struct ipvs_svc *svc;

	ipvs_set_for_each (svc, set)
		free(svc->dests);
	free(set->svcs);
	ipvs_set_init(set);
}

/*
 * First position whose key is not less than `key`; the end at once when `key` is beyond the last
 * one.
 */
static uint32_t svc_position(const struct ipvs_set *set, const struct ipvs_svc_key *key)
{
	uint32_t lo = 0, hi = set->n;

	if (hi > 0 && svc_key_cmp(&set->svcs[hi - 1].key, key) < 0)
		return hi;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (svc_key_cmp(&set->svcs[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t dest_position(const struct ipvs_svc *svc, const struct ipvs_dest_key *key)
{
	uint32_t lo = 0, hi = svc->n_dests;

	if (hi > 0 && dest_key_cmp(&svc->dests[hi - 1].key, key) < 0)
		return hi;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (dest_key_cmp(&svc->dests[mid].key, key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct ipvs_svc *ipvs_set_find(const struct ipvs_set *set, const struct ipvs_svc_key *key)
{
	uint32_t i = svc_position(set, key);

	return i < set->n && svc_key_cmp(&set->svcs[i].key, key) == 0 ? &set->svcs[i] : NULL;
}

struct ipvs_dest *svc_find_dest(const struct ipvs_svc *svc, const struct ipvs_dest_key *key)
{
	uint32_t i = dest_position(svc, key);

	return i < svc->n_dests && dest_key_cmp(&svc->dests[i].key, key) == 0 ? &svc->dests[i]
									      : NULL;
}

/* Makes room for one more service at `i`. */
static struct ipvs_svc *set_open_gap(struct ipvs_set *set, uint32_t i)
{
	if (set->n == set->cap) {
		set->cap = set->cap ? set->cap * 2 : SVC_CAP_MIN;
		set->svcs = xrealloc(set->svcs, set->cap * sizeof(*set->svcs));
	}
	memmove(&set->svcs[i + 1], &set->svcs[i], (set->n - i) * sizeof(*set->svcs));
	set->n++;
	return &set->svcs[i];
}

static struct ipvs_dest *svc_open_gap(struct ipvs_svc *svc, uint32_t i)
{
	if (svc->n_dests == svc->cap_dests) {
		svc->cap_dests = svc->cap_dests ? svc->cap_dests * 2 : DEST_CAP_MIN;
		svc->dests = xrealloc(svc->dests, svc->cap_dests * sizeof(*svc->dests));
	}
	memmove(&svc->dests[i + 1], &svc->dests[i], (svc->n_dests - i) * sizeof(*svc->dests));
	svc->n_dests++;
	return &svc->dests[i];
}

/* The value of `svc` without the destinations of wherever it comes from. */
static struct ipvs_svc svc_without_dests(const struct ipvs_svc *svc)
{
	struct ipvs_svc copy = *svc;

	copy.dests = NULL;
	copy.n_dests = copy.cap_dests = 0;
	return copy;
}

struct ipvs_svc *ipvs_set_append(struct ipvs_set *set, const struct ipvs_svc *svc)
{
	struct ipvs_svc copy = svc_without_dests(svc), *to = set_open_gap(set, set->n);

	*to = copy;
	return to;
}

struct ipvs_dest *svc_append_dest(struct ipvs_svc *svc, const struct ipvs_dest *dest)
{
	struct ipvs_dest copy = *dest, *to = svc_open_gap(svc, svc->n_dests);

	*to = copy;
	return to;
}

struct ipvs_svc *ipvs_set_add(struct ipvs_set *set, const struct ipvs_svc *svc)
{
	struct ipvs_svc copy = svc_without_dests(svc), *to;
	uint32_t i = svc_position(set, &svc->key);

	if (i < set->n && svc_key_cmp(&set->svcs[i].key, &copy.key) == 0) {
		to = &set->svcs[i];
		copy.dests = to->dests;
		copy.n_dests = to->n_dests;
		copy.cap_dests = to->cap_dests;
	} else {
		to = set_open_gap(set, i);
	}
	*to = copy;
	return to;
}

struct ipvs_dest *svc_add_dest(struct ipvs_svc *svc, const struct ipvs_dest *dest)
{
	struct ipvs_dest copy = *dest, *to;
	uint32_t i = dest_position(svc, &dest->key);

	if (i < svc->n_dests && dest_key_cmp(&svc->dests[i].key, &copy.key) == 0)
		to = &svc->dests[i];
	else
		to = svc_open_gap(svc, i);
	*to = copy;
	return to;
}

bool ipvs_set_del(struct ipvs_set *set, const struct ipvs_svc_key *key)
{
	struct ipvs_svc *svc = ipvs_set_find(set, key);

	if (!svc)
		return false;
	free(svc->dests);
	set->n--;
	memmove(svc, svc + 1, (size_t)(set->svcs + set->n - svc) * sizeof(*svc));
	return true;
}

void ipvs_set_drop_paths(struct ipvs_set *set)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < set->n; i++) {
		if (set->svcs[i].is_check_path)
			free(set->svcs[i].dests);
		else
			set->svcs[kept++] = set->svcs[i];
	}
	set->n = kept;
}

bool svc_del_dest(struct ipvs_svc *svc, const struct ipvs_dest_key *key)
{
	struct ipvs_dest *dest = svc_find_dest(svc, key);

	if (!dest)
		return false;
	svc->n_dests--;
	memmove(dest, dest + 1, (size_t)(svc->dests + svc->n_dests - dest) * sizeof(*dest));
	return true;
}

void ipvs_set_copy(struct ipvs_set *to, const struct ipvs_set *from)
{
	const struct ipvs_svc *svc;
	const struct ipvs_dest *dest;

	ipvs_set_for_each (svc, from) {
		struct ipvs_svc *copy = ipvs_set_append(to, svc);

		ipvs_dest_for_each (dest, svc)
			svc_append_dest(copy, dest);
	}
}

static int svc_sort_cmp(const void *a, const void *b)
{
	const struct ipvs_svc *x = a, *y = b;

	return svc_key_cmp(&x->key, &y->key);
}

static int dest_sort_cmp(const void *a, const void *b)
{
	const struct ipvs_dest *x = a, *y = b;

	return dest_key_cmp(&x->key, &y->key);
}

static void svc_sort_dests(struct ipvs_svc *svc)
{
	uint32_t i, kept = 0;

	if (svc->n_dests < 2)
		return;
	qsort(svc->dests, svc->n_dests, sizeof(*svc->dests), dest_sort_cmp);
	for (i = 1; i < svc->n_dests; i++)
		if (dest_key_cmp(&svc->dests[kept].key, &svc->dests[i].key) != 0)
			svc->dests[++kept] = svc->dests[i];
	svc->n_dests = kept + 1;
}

void ipvs_set_sort(struct ipvs_set *set)
{
	struct ipvs_svc *svc;
	uint32_t i, kept = 0;

	ipvs_set_for_each (svc, set)
		svc_sort_dests(svc);
	if (set->n < 2)
		return;
	qsort(set->svcs, set->n, sizeof(*set->svcs), svc_sort_cmp);
	for (i = 1; i < set->n; i++) {
		if (svc_key_cmp(&set->svcs[kept].key, &set->svcs[i].key) != 0)
			set->svcs[++kept] = set->svcs[i];
		else
			free(set->svcs[i].dests);
	}
	set->n = kept + 1;
}

const char *ipvs_fwd_name(uint8_t fwd)
{
	static const char *const names[] = { "Masq", "Local", "Tunnel", "Route", "Bypass" };

	return fwd <= IPVS_FWD_BYPASS ? names[fwd] : "Unknown";
}

const char *svc_name(const struct ipvs_svc_key *key, char *str)
{
	if (!key->fwmark)
		return addr_service_name(&key->addr, key->protocol, key->port, str);
	snprintf(str, ADDR_NAME_MAX, "FWM %u%s", key->fwmark,
		 key->family == AF_INET6 ? " IPv6" : "");
	return str;
}

const char *dest_name(const struct ipvs_dest_key *key, uint8_t protocol, char *str)
{
	return addr_service_name(&key->addr, protocol, key->port, str);
}
