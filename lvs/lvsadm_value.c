/*
 * lvsadm: numbers, endpoints, masks and scheduler flags, from text and to text.
 *
 * Only lvsadm uses it: looking up names may block. Owns nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lvs/lvsadm.h"

#define HOST_MAX 256

static const struct sched_flag {
	const char *name;
	const char *sched; /* NULL = any */
	uint32_t flag;
} sched_flags[] = {
	/* the names of a scheduler before the general ones: the first that fits is shown */
	{ "sh-fallback", "sh", IPVS_F_SCHED1 }, { "sh-port", "sh", IPVS_F_SCHED2 },
	{ "mh-fallback", "mh", IPVS_F_SCHED1 }, { "mh-port", "mh", IPVS_F_SCHED2 },
	{ "flag-1", NULL, IPVS_F_SCHED1 },      { "flag-2", NULL, IPVS_F_SCHED2 },
	{ "flag-3", NULL, IPVS_F_SCHED3 },      { NULL, NULL, 0 },
};

bool lvsadm_get_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	long long value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || value < min || value > max)
		return false;
	*out = value;
	return true;
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_SCTP: return "sctp";
	default: return NULL;
	}
}

static bool get_port(const char *text, uint8_t protocol, uint16_t *out)
{
	const struct servent *service;
	int64_t number;

	if (lvsadm_get_number(text, 0, UINT16_MAX, &number)) {
		*out = (uint16_t)number;
		return true;
	}
	service = getservbyname(text, protocol_name(protocol));
	if (!service)
		return false;
	*out = ntohs((uint16_t)service->s_port);
	return true;
}

static bool get_host(const char *text, int family, struct addr *out)
{
	const struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;

	/* A zone cannot be part of a service. */
	if (strchr(text, '%') || getaddrinfo(text, NULL, &hints, &list) != 0)
		return false;
	*out = addr_from_sockaddr(list->ai_addr, NULL);
	freeaddrinfo(list);
	return true;
}

bool lvsadm_get_endpoint(const char *text, uint8_t protocol, struct addr *addr, uint16_t *port,
			 bool *has_port)
{
	const char *host = text, *end, *port_text = NULL;
	char buf[HOST_MAX];
	int family = AF_INET;

	*port = 0;
	*has_port = false;
	if (addr_parse(text, addr) && addr->family == AF_INET6)
		return true;
	if (text[0] == '[') {
		host = text + 1;
		end = strchr(host, ']');
		family = AF_INET6;
		if (!end || end[1] != ':')
			return false;
		port_text = end + 2;
	} else {
		end = strchrnul(text, ':');
		port_text = *end ? end + 1 : NULL;
	}
	if (end == host || (size_t)(end - host) >= sizeof(buf))
		return false;
	memcpy(buf, host, (size_t)(end - host));
	buf[end - host] = '\0';
	*has_port = port_text;
	return (!port_text || get_port(port_text, protocol, port)) && get_host(buf, family, addr);
}

bool lvsadm_get_netmask(const char *text, int family, uint32_t *out)
{
	struct in_addr mask;
	int64_t prefix;

	if (family == AF_INET6) {
		if (!lvsadm_get_number(text, 1, 128, &prefix))
			return false;
		*out = (uint32_t)prefix;
		return true;
	}
	if (!inet_aton(text, &mask))
		return false;
	*out = mask.s_addr;
	return true;
}

bool lvsadm_get_sched_flags(const char *text, const char *sched, uint32_t *out, char *bad,
			    size_t size, bool *is_known)
{
	*out = 0;
	while (*text) {
		size_t len = strcspn(text, ",");
		const struct sched_flag *f = sched_flags;

		while (f->name && (strlen(f->name) != len || memcmp(f->name, text, len) != 0))
			f++;
		if (len > 0 && (!f->name || (f->sched && strcmp(f->sched, sched) != 0))) {
			snprintf(bad, size, "%.*s", (int)len, text);
			*is_known = f->name;
			return false;
		}
		*out |= len > 0 ? f->flag : 0;
		text += len + (text[len] == ',');
	}
	return true;
}

const char *lvsadm_sched_flags_str(const char *sched, uint32_t flags, char *buf, size_t size)
{
	const struct sched_flag *f;
	size_t len = 0;

	buf[0] = '\0';
	for (f = sched_flags; f->name; f++) {
		if (!(flags & f->flag) || (f->sched && strcmp(f->sched, sched) != 0))
			continue;
		if (len < size)
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "," : "",
						f->name);
		flags &= ~f->flag;
	}
	return buf;
}

static const char *host_str(const struct addr *addr, bool is_numeric, char *buf, size_t size)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(addr, 0, &sa);
	char text[ADDR_STR_MAX];

	if (is_numeric || getnameinfo((struct sockaddr *)&sa, len, buf, (socklen_t)size, NULL, 0,
				      NI_NAMEREQD) != 0)
		snprintf(buf, size, "%s", addr_str(addr, text));
	return buf;
}

static const char *port_str(uint16_t port, uint8_t protocol, bool is_numeric, char *buf,
			    size_t size)
{
	const char *name = protocol_name(protocol);
	const struct servent *service =
		is_numeric || !name || port == 0 ? NULL : getservbyport(htons(port), name);

	if (service)
		snprintf(buf, size, "%s", service->s_name);
	else
		snprintf(buf, size, "%u", port);
	return buf;
}

const char *lvsadm_endpoint_str(const struct addr *addr, uint16_t port, uint8_t protocol,
				bool is_numeric, char *buf, size_t size)
{
	char host[HOST_MAX], service[64];

	snprintf(buf, size, addr->family == AF_INET6 ? "[%s]:%s" : "%s:%s",
		 host_str(addr, is_numeric, host, sizeof(host)),
		 port_str(port, protocol, is_numeric, service, sizeof(service)));
	return buf;
}

const char *lvsadm_netmask_str(int family, uint32_t netmask, char *buf, size_t size)
{
	const struct in_addr mask = { netmask };

	if (family == AF_INET6)
		snprintf(buf, size, "%u", netmask);
	else
		inet_ntop(AF_INET, &mask, buf, (socklen_t)size);
	return buf;
}
