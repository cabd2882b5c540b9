/*
 * IP addresses as plain values.
 *
 * Pure, any process. Owns nothing.
 */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

size_t addr_len(int family)
{
	if (family == AF_INET)
		return sizeof(struct in_addr);
	return family == AF_INET6 ? sizeof(struct in6_addr) : 0;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, addr_len(a->family));
}

struct addr addr_from_bytes(const void *bytes, size_t len)
{
	struct addr a = { .family = AF_UNSPEC };

	if (len != sizeof(a.in) && len != sizeof(a.in6))
		return a;
	a.family = len == sizeof(a.in) ? AF_INET : AF_INET6;
	memcpy(a.bytes, bytes, len);
	return a;
}

bool addr_parse(const char *text, struct addr *out)
{
	const int family = strchr(text, ':') ? AF_INET6 : AF_INET;
	struct addr a = { .family = (uint8_t)family };

	if (inet_pton(family, text, a.bytes) != 1)
		return false;
	*out = a;
	return true;
}

const char *addr_str(const struct addr *a, char *str)
{
	if (addr_is_unset(a) || !inet_ntop(a->family, a->bytes, str, ADDR_STR_MAX))
		strcpy(str, "(none)");
	return str;
}

socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *out)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)out;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	out->ss_family = a->family;
	if (a->family == AF_INET) {
		sin->sin_port = htons(port);
		sin->sin_addr = a->in;
		return sizeof(*sin);
	}
	if (a->family != AF_INET6)
		return 0;
	sin6->sin6_port = htons(port);
	sin6->sin6_addr = a->in6;
	return sizeof(*sin6);
}

struct addr addr_from_sockaddr(const struct sockaddr *sa, uint16_t *port)
{
	const struct sockaddr_in *sin = (const void *)sa;
	const struct sockaddr_in6 *sin6 = (const void *)sa;
	struct addr a = { .family = AF_UNSPEC };
	uint16_t net_port = 0;

	if (sa->sa_family == AF_INET) {
		a = addr_from_bytes(&sin->sin_addr, sizeof(sin->sin_addr));
		net_port = sin->sin_port;
	} else if (sa->sa_family == AF_INET6) {
		a = addr_from_bytes(&sin6->sin6_addr, sizeof(sin6->sin6_addr));
		net_port = sin6->sin6_port;
	}
	if (port)
		*port = ntohs(net_port);
	return a;
}

static const char *proto_name(int proto)
{
	switch (proto) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_SCTP: return "sctp";
	default: return "none";
	}
}

const char *addr_service_name(const struct addr *a, int proto, uint16_t port, char *str)
{
	char text[ADDR_STR_MAX];

	snprintf(str, ADDR_NAME_MAX, "[%s]:%s:%u", addr_str(a, text), proto_name(proto), port);
	return str;
}
