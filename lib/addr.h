/*
 * IP addresses, IPv4 or IPv6, as plain values.
 */
#ifndef DIARCH_LIB_ADDR_H
#define DIARCH_LIB_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* All zero = unset. Unused bytes are zero, so values compare with addr_cmp() or field by field. */
struct addr {
	uint8_t family; /* AF_UNSPEC, AF_INET or AF_INET6 */
	union {
		uint8_t bytes[16]; /* network byte order; IPv4 in the first four */
		struct in_addr in;
		struct in6_addr in6;
	};
};

#define ADDR_STR_MAX 48 /* longest text of addr_str() with its NUL */

/* Bytes of an address of `family`: 4, 16 or 0. */
size_t addr_len(int family);

/* True when no address is stored. */
static inline bool addr_is_unset(const struct addr *a)
{
	return a->family == AF_UNSPEC;
}

/* Whether it is the address of a group, of either family. */
static inline bool addr_is_multicast(const struct addr *a)
{
	return a->family == AF_INET6 ? a->bytes[0] == 0xff : a->bytes[0] >> 4 == 0xe;
}

/* Orders by family, then unsigned in network byte order (RFC 9568 6.4.3 tie-break). */
int addr_cmp(const struct addr *a, const struct addr *b);

/* Builds an address from `len` (4 or 16) bytes in network order; other lengths give an unset
 * address. */
struct addr addr_from_bytes(const void *bytes, size_t len);

/* Parses dotted quad or IPv6 text exactly; false leaves `out` untouched. */
bool addr_parse(const char *text, struct addr *out);

/* Text of `a` into `str` (ADDR_STR_MAX bytes); returns `str`. Unset gives "(none)". */
const char *addr_str(const struct addr *a, char *str);

/* Fills a socket address; returns its length, 0 for an unset address. `port` in host order. */
socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port, struct sockaddr_storage *out);

/* Reads address and port (host order, may be NULL) from a socket address. */
struct addr addr_from_sockaddr(const struct sockaddr *sa, uint16_t *port);

/* Names as keepalived prints them in logs: "[10.2.2.2]:tcp:80"; proto is IPPROTO_*. Returns `str`
 * (ADDR_NAME_MAX bytes). */
#define ADDR_NAME_MAX 72
const char *addr_service_name(const struct addr *a, int proto, uint16_t port, char *str);

#endif
