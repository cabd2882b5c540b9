/*
 * What a virtual server is reached by: families, ports, IPVS keys and names. Pure; any process.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/check_conf.h"

/* What a service that is not of a group is reached by. */
static struct vs_range own_range(const struct vs_conf *vs)
{
	return (struct vs_range){
		.first = vs->addr.addr,
		.last = vs->addr.addr,
		.port = vs->addr.port,
		.fwmark = vs->addr.fwmark,
		.family = vs_family(vs),
	};
}

bool vs_some_range(const struct vs_conf *vs, bool (*is_so)(const struct vs_range *range))
{
	const struct vs_range own = own_range(vs);
	const struct vs_group_line_conf *line;

	if (!vs->addr.group)
		return is_so(&own);
	if (vs->group)
		conf_list_for_each (line, &vs->group->lines)
			if (is_so(&line->range))
				return true;
	return false;
}

bool vs_range_has_no_port(const struct vs_range *range)
{
	return range->fwmark == 0 && range->port == 0;
}

bool vs_range_has_address(const struct vs_range *range)
{
	return range->fwmark == 0;
}

bool vs_range_has_fwmark(const struct vs_range *range)
{
	return range->fwmark != 0;
}

/* ---- families ---- */

/* That of the first server with an address; of names that a name prefers, else IPv4. */
static int family_of_servers(const struct vs_conf *vs)
{
	const struct rs_conf *first = (const struct rs_conf *)vs->real_servers.head, *rs;

	conf_list_for_each (rs, &vs->real_servers)
		if (!rs->endpoint.host)
			return rs->endpoint.addr.family;
	return first && first->resolve.prefer ? first->resolve.prefer : AF_INET;
}

int vs_family(const struct vs_conf *vs)
{
	if (!addr_is_unset(&vs->addr.addr))
		return vs->addr.addr.family;
	if (vs->ip_family != 0)
		return vs->ip_family;
	return family_of_servers(vs);
}

bool vs_has_family(const struct vs_conf *vs, int family)
{
	const struct vs_group_line_conf *line;
	bool is_free = true; /* no member decides */

	if (!vs->group)
		return vs_family(vs) == family;
	conf_list_for_each (line, &vs->group->lines) {
		if (line->range.family == family)
			return true;
		is_free = is_free && line->range.family == AF_UNSPEC;
	}
	return is_free && vs_family(vs) == family;
}

int vs_range_family(const struct vs_conf *vs, const struct vs_range *range)
{
	const struct vs_group_line_conf *line;

	if (range->family != AF_UNSPEC)
		return range->family;
	if (vs->group)
		conf_list_for_each (line, &vs->group->lines)
			if (line->range.family != AF_UNSPEC)
				return line->range.family;
	return vs_family(vs);
}

/* ---- names of servers ---- */

uint32_t rs_count(const struct rs_conf *rs)
{
	return rs->endpoint.host && rs->resolve_servers ? rs->resolve_servers : 1;
}

bool rs_may_have_family(const struct vs_conf *vs, const struct rs_conf *rs, int family)
{
	if (!rs->endpoint.host)
		return rs->endpoint.addr.family == family;
	return rs->lvs_method.fwd == IPVS_FWD_TUNNEL || vs_has_family(vs, family);
}

int rs_resolve_family(const struct vs_conf *vs, const struct rs_conf *rs, int *prefer)
{
	const bool is_inet = rs_may_have_family(vs, rs, AF_INET);

	*prefer = rs->resolve.prefer ? rs->resolve.prefer : vs_family(vs);
	if (is_inet && rs_may_have_family(vs, rs, AF_INET6))
		return AF_UNSPEC;
	return is_inet ? AF_INET : AF_INET6;
}

size_t rs_server_name(const struct rs_conf *rs, uint32_t n, char *str, size_t size)
{
	const char *end = strchr(rs->name, ']');
	int len;

	if (n == 0 || !end)
		len = snprintf(str, size, "%s", rs->name);
	else
		len = snprintf(str, size, "%.*s#%" PRIu32 "%s", (int)(end - rs->name), rs->name,
			       n + 1, end);
	return len > 0 ? (size_t)len : 0;
}

/* Whether `name` is that of one of the servers, "[host#2]:tcp:80". */
static bool is_server_name(const struct rs_conf *rs, const char *name)
{
	size_t head = strcspn(rs->name, "]");

	if (strcmp(rs->name, name) == 0)
		return true;
	if (rs_count(rs) == 1 || strncmp(rs->name, name, head) != 0 || name[head] != '#')
		return false;
	return strcmp(name + strcspn(name, "]"), rs->name + head) == 0;
}

const struct rs_conf *rs_by_name(const struct vs_conf *vs, const char *name)
{
	const struct rs_conf *rs;

	conf_list_for_each (rs, &vs->real_servers)
		if (is_server_name(rs, name))
			return rs;
	return NULL;
}

/* ---- ports ---- */

uint16_t vs_port(const struct vs_conf *vs)
{
	const struct vs_group_line_conf *line;
	const struct vs_range *found = NULL;

	if (!vs->group)
		return vs->addr.port;
	conf_list_for_each (line, &vs->group->lines) {
		if (line->range.fwmark)
			continue;
		if (found && found->port != line->range.port)
			return 0;
		found = &line->range;
	}
	return found ? found->port : 0;
}

uint16_t rs_port(const struct vs_conf *vs, const struct rs_conf *rs)
{
	if (rs->lvs_method.fwd != IPVS_FWD_MASQ || rs->endpoint.port == 0)
		return vs->addr.port;
	return rs->endpoint.port;
}

/* ---- keys ---- */

bool vs_key(const struct vs_conf *vs, struct ipvs_svc_key *key)
{
	if (vs->addr.group)
		return false;
	*key = (struct ipvs_svc_key){
		.family = (uint8_t)vs_family(vs),
		.protocol = vs->addr.fwmark ? 0 : (uint8_t)vs->protocol,
		.port = vs->addr.port,
		.fwmark = vs->addr.fwmark,
		.addr = vs->addr.addr,
	};
	return true;
}

/* The address behind `addr`; false behind the last one there is. */
static bool next_addr(struct addr *addr)
{
	for (size_t i = addr_len(addr->family); i-- > 0;)
		if (++addr->bytes[i] != 0)
			return true;
	return false;
}

static void each_key_of_range(const struct vs_conf *vs, const struct vs_range *range,
			      void (*each)(const struct ipvs_svc_key *key, void *arg), void *arg)
{
	struct ipvs_svc_key key = {
		.family = (uint8_t)vs_range_family(vs, range),
		.protocol = range->fwmark ? 0 : (uint8_t)vs->protocol,
		.port = range->port,
		.fwmark = range->fwmark,
		.addr = range->first,
	};

	do {
		each(&key, arg);
	} while (addr_cmp(&key.addr, &range->last) < 0 && next_addr(&key.addr));
}

void vs_each_key(const struct vs_conf *vs, void (*each)(const struct ipvs_svc_key *key, void *arg),
		 void *arg)
{
	const struct vs_group_line_conf *line;
	struct ipvs_svc_key key;

	if (vs_key(vs, &key))
		each(&key, arg);
	else if (vs->group)
		conf_list_for_each (line, &vs->group->lines)
			each_key_of_range(vs, &line->range, each, arg);
}

/* Addresses of one line, at most UINT32_MAX. */
static uint32_t range_size(const struct vs_range *range)
{
	uint64_t size = 0;

	if (range->fwmark)
		return 1;
	for (size_t i = 0; i < addr_len(range->first.family); i++) {
		size = size * 256 + range->last.bytes[i] - range->first.bytes[i];
		if (size > UINT32_MAX)
			return UINT32_MAX;
	}
	return size < UINT32_MAX ? (uint32_t)size + 1 : UINT32_MAX;
}

uint32_t vs_group_size(const struct vs_group_conf *group)
{
	const struct vs_group_line_conf *line;
	uint64_t size = 0;

	conf_list_for_each (line, &group->lines)
		size += range_size(&line->range);
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

/* ---- names ---- */

const char *vs_protocol_name(const struct vs_conf *vs)
{
	return vs->protocol == IPPROTO_TCP ? "tcp" : vs->protocol == IPPROTO_SCTP ? "sctp" : "udp";
}

size_t vs_name(const struct vs_conf *vs, char *str, size_t size)
{
	char text[ADDR_NAME_MAX];
	struct ipvs_svc_key key;
	int len;

	if (vs_key(vs, &key))
		len = snprintf(str, size, "%s", svc_name(&key, text));
	else
		len = snprintf(str, size, "[%s]:%s%s0", vs->addr.group,
			       vs->is_group_again ? vs_protocol_name(vs) : "",
			       vs->is_group_again ? ":" : "");
	return len > 0 ? (size_t)len : 0;
}
