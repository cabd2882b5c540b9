/*
 * Addresses whose packets are dropped: see drop_set.h. Pure; used in the VRRP child.
 */
#include "vrrp/drop_set.h"

#include <string.h>

static bool is_link_local(const struct addr *addr)
{
	return addr->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&addr->in6);
}

struct drop_key drop_key_of(const struct addr *addr, uint32_t ifindex, const char *ifname,
			    bool is_by_index)
{
	struct drop_key key;

	memset(&key, 0, sizeof(key));
	key.addr = *addr;
	if (is_link_local(addr) && is_by_index)
		key.ifindex = ifindex;
	else if (is_link_local(addr))
		memcpy(key.ifname, ifname, strnlen(ifname, IF_NAMESIZE - 1));
	return key;
}

bool drop_key_is_link_local(const struct drop_key *key)
{
	return is_link_local(&key->addr);
}

static int key_cmp(const struct drop_key *a, const struct drop_key *b)
{
	int order = addr_cmp(&a->addr, &b->addr);

	if (order == 0)
		order = (a->ifindex > b->ifindex) - (a->ifindex < b->ifindex);
	return order ? order : memcmp(a->ifname, b->ifname, sizeof(a->ifname));
}

/* The first place whose key is not below `key`. */
static uint32_t place_of(const struct drop_set *set, const struct drop_key *key)
{
	uint32_t low = 0, high = set->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (key_cmp(&set->v[mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_at(const struct drop_set *set, uint32_t at, const struct drop_key *key)
{
	return at < set->n && key_cmp(&set->v[at], key) == 0;
}

bool drop_set_has(const struct drop_set *set, const struct drop_key *key)
{
	return is_at(set, place_of(set, key), key);
}

bool drop_set_add(struct drop_set *set, const struct drop_key *key)
{
	uint32_t at = place_of(set, key);

	if (is_at(set, at, key) || set->n == set->cap)
		return false;
	memmove(&set->v[at + 1], &set->v[at], (set->n - at) * sizeof(set->v[0]));
	set->v[at] = *key;
	set->n++;
	return true;
}

bool drop_set_remove(struct drop_set *set, const struct drop_key *key)
{
	uint32_t at = place_of(set, key);

	if (!is_at(set, at, key))
		return false;
	set->n--;
	memmove(&set->v[at], &set->v[at + 1], (set->n - at) * sizeof(set->v[0]));
	return true;
}

uint32_t drop_set_diff(const struct drop_set *have, const struct drop_set *want,
		       struct drop_op *ops)
{
	uint32_t i = 0, j = 0, n = 0;

	while (i < have->n || j < want->n) {
		int order = i == have->n   ? 1
			    : j == want->n ? -1
					   : key_cmp(&have->v[i], &want->v[j]);
		if (order < 0)
			ops[n++] = (struct drop_op){ have->v[i], false };
		else if (order > 0)
			ops[n++] = (struct drop_op){ want->v[j], true };
		i += order <= 0;
		j += order >= 0;
	}
	return n;
}
