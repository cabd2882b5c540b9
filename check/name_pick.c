/*
 * Choice of addresses. Pure; used by the checker process.
 */
#include "check/name_pick.h"

#include <string.h>

#include "lib/clock.h"

#define MIN_INTERVAL_US   (5 * US_PER_S)
#define MAX_INTERVAL_US   (3600 * US_PER_S)
#define RETRY_INTERVAL_US (5 * US_PER_S)
#define DRAIN_US          (900 * US_PER_S)

struct name_params name_params(const struct vs_conf *vs, const struct rs_conf *rs)
{
	const struct resolve_conf *conf = &rs->resolve;
	struct name_params params = {
		.min_us = conf->min_us ? conf->min_us : MIN_INTERVAL_US,
		.max_us = conf->max_us ? conf->max_us : MAX_INTERVAL_US,
		.retry_us = conf->retry_us ? conf->retry_us : RETRY_INTERVAL_US,
	};

	params.family = rs_resolve_family(vs, rs, &params.prefer);
	if (!conf->min_us && params.min_us > params.max_us)
		params.min_us = params.max_us;
	if (params.max_us < params.min_us)
		params.max_us = params.min_us;
	return params;
}

int64_t name_drain_us(const struct rs_conf *rs)
{
	return rs->resolve.drain_us ? rs->resolve.drain_us : DRAIN_US;
}

bool name_is_usable(const struct addr *addr)
{
	uint32_t v4;

	if (addr->family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&addr->in6) && !IN6_IS_ADDR_MULTICAST(&addr->in6) &&
		       !IN6_IS_ADDR_LINKLOCAL(&addr->in6) && !IN6_IS_ADDR_V4MAPPED(&addr->in6);
	v4 = ntohl(addr->in.s_addr);
	return addr->family == AF_INET && v4 >> 24 != 0 && !IN_MULTICAST(v4) &&
	       v4 != INADDR_BROADCAST;
}

static int order_of(const struct addr *a, const struct addr *b, int prefer)
{
	int order = (b->family == prefer) - (a->family == prefer);

	return order ? order : addr_cmp(a, b);
}

void name_list_add(struct name_list *list, const struct addr *addr, int prefer)
{
	uint32_t at = 0, n_behind;

	while (at < list->n && order_of(&list->v[at], addr, prefer) < 0)
		at++;
	if (at == NAME_ADDRESSES_MAX || (at < list->n && addr_cmp(&list->v[at], addr) == 0))
		return;
	if (list->n < NAME_ADDRESSES_MAX)
		list->n++;
	n_behind = list->n - at - 1;
	memmove(&list->v[at + 1], &list->v[at], n_behind * sizeof(list->v[0]));
	list->v[at] = *addr;
}

bool name_list_has(const struct name_list *list, const struct addr *addr)
{
	for (uint32_t i = 0; i < list->n; i++)
		if (addr_cmp(&list->v[i], addr) == 0)
			return true;
	return false;
}

bool name_list_is_equal(const struct name_list *a, const struct name_list *b)
{
	for (uint32_t i = 0; i < a->n && i < b->n; i++)
		if (addr_cmp(&a->v[i], &b->v[i]) != 0)
			return false;
	return a->n == b->n;
}

static bool is_used(const struct addr *servers, uint32_t n, const struct addr *addr)
{
	for (uint32_t i = 0; i < n; i++)
		if (addr_cmp(&servers[i], addr) == 0)
			return true;
	return false;
}

void name_assign(struct addr *servers, uint32_t n, const struct name_list *list,
		 const bool *is_taken)
{
	uint32_t next = 0;

	if (list->n == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		if (!name_list_has(list, &servers[i]) || is_used(servers, i, &servers[i]))
			servers[i] = (struct addr){ 0 };
	for (uint32_t i = 0; i < n; i++) {
		if (!addr_is_unset(&servers[i]))
			continue;
		while (next < list->n && (is_taken[next] || is_used(servers, n, &list->v[next])))
			next++;
		if (next < list->n)
			servers[i] = list->v[next++];
	}
}

int64_t name_wait_us(const struct name_params *params, bool is_answered, uint32_t ttl_s)
{
	const int64_t ttl_us = ttl_s * US_PER_S;

	if (!is_answered)
		return params->retry_us;
	if (ttl_us < params->min_us)
		return params->min_us;
	return ttl_us > params->max_us ? params->max_us : ttl_us;
}
