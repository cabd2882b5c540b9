/*
 * VRRP packets: VRRPv2 (RFC 3768) and VRRPv3 (RFC 9568, RFC 5798), IPv4 and IPv6. Pure: no I/O,
 * clock or allocation.
 */
#ifndef DIARCH_VRRP_PKT_H
#define DIARCH_VRRP_PKT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/buf.h"

#define VRRP_IPPROTO   112
#define VRRP_TTL       255
#define VRRP_ADDRS_MAX 255
#define VRRP_PKT_MAX   (8 + VRRP_ADDRS_MAX * 16 + 8)
#define VRRP_AUTH_LEN  8

/* Which sum an IPv4 v3 packet carries: RFC 9568 5.2.8 covers the message, RFC 5798 adds a
 * pseudo-header. Up to keepalived 1.3.6 that of a unicast packet has the multicast group as
 * destination. */
enum vrrp_sum_form { VRRP_SUM_NONE, VRRP_SUM_MESSAGE, VRRP_SUM_PSEUDO, VRRP_SUM_GROUP };

/* A decoded or to-be-encoded advertisement. */
struct vrrp_pkt {
	uint8_t version; /* 2 or 3 */
	uint8_t vrid;
	uint8_t priority;
	uint8_t auth_type; /* v2: 0, 1 (password) or 2 (AH) */
	uint16_t adver_cs; /* advertisement interval in centiseconds (v2: multiples of 100) */
	uint8_t n_addrs;
	const struct addr *addrs; /* encode: in; decode: the caller's array of VRRP_ADDRS_MAX */
	uint8_t auth_data[VRRP_AUTH_LEN]; /* v2 */
	enum vrrp_sum_form sum_form;
	size_t len; /* decode: of the advertisement proper; a trailer may follow */
};

/* Why a packet was dropped; each has a counter. One table gives name and text. */
enum vrrp_drop {
	VRRP_DROP_NONE,
	VRRP_DROP_IP_HEADER, /* truncated or malformed IP header */
	VRRP_DROP_TTL,       /* RFC 9568 7.1: TTL is not 255 (or outside the peer's limits) */
	VRRP_DROP_SHORT,     /* shorter than its header and count say */
	VRRP_DROP_VERSION,
	VRRP_DROP_TYPE,
	VRRP_DROP_CHECKSUM,
	VRRP_DROP_NO_ADDRS,      /* RFC 9568 erratum 8299: count 0 */
	VRRP_DROP_INTERVAL_ZERO, /* RFC 9568 erratum 8301 */
	VRRP_DROP_VRID,          /* not ours */
	VRRP_DROP_AUTH_TYPE,
	VRRP_DROP_AUTH_DATA,
	VRRP_DROP_INTERVAL,  /* v2: differs from ours (RFC 3768 7.1) */
	VRRP_DROP_ADDR_LIST, /* v2: differs and the sender is not the owner (RFC 3768 7.1) */
	VRRP_DROP_SOURCE, /* no peer, one of our own addresses, unicast on a multicast instance */
	VRRP_DROP_OWNER,  /* we own the addresses; the last check: the packet is valid otherwise */
	VRRP_DROP_REPLAY, /* AH: the sequence number is not new (RFC 2402 3.4.3) */
	VRRP_DROP_AUTH_MISSING, /* auth_hmac: there is no trailer */
	VRRP_DROP_AUTH_MALFORMED,
	VRRP_DROP_AUTH_KEY,    /* a key that we do not have */
	VRRP_DROP_AUTH_HMAC,   /* wrong signature */
	VRRP_DROP_AUTH_STALE,  /* the clocks differ by more than time_window */
	VRRP_DROP_AUTH_REPLAY, /* signed before something that was accepted */
	VRRP_DROP_ORIGIN,      /* second path: it does not say who sends it, or it is our own */
	VRRP_DROP_N
};

/* "checksum" / "wrong checksum". */
const char *vrrp_drop_name(enum vrrp_drop drop);
const char *vrrp_drop_text(enum vrrp_drop drop);

/* Envelope of a received packet: what the IP layer said. */
struct vrrp_env {
	struct addr src, dst;
	uint8_t ttl;
};

#define VRRP_IP4_HEADER 20

/*
 * Puts an IPv4 header of VRRP_IP4_HEADER bytes, its checksum included: class selector 6, not
 * fragmented. `id` 0 leaves the identification to the kernel, `len` is what follows in bytes.
 */
void vrrp_ip4_put(struct buf *b, const struct vrrp_env *env, uint8_t protocol, uint16_t id,
		  size_t len);

/*
 * Splits a raw IPv4 datagram as a raw socket delivers it into envelope and VRRP message (*msg
 * points into `data`). Ethernet padding after the IP total length is tolerated. Returns
 * VRRP_DROP_NONE or _IP_HEADER.
 */
enum vrrp_drop vrrp_env_decode(const uint8_t *data, size_t len, struct vrrp_env *env,
			       const uint8_t **msg, size_t *msg_len);

/* The same for another protocol around the message; *payload is what follows the IP header. */
enum vrrp_drop vrrp_ip_decode(const uint8_t *data, size_t len, uint8_t protocol,
			      struct vrrp_env *env, const uint8_t **payload, size_t *payload_len);

/*
 * Decodes a message of `len` bytes: version, type, length, checksum (both v3 forms; the one found
 * is stored), count and interval. `addrs` has room for VRRP_ADDRS_MAX. On a drop *pkt has what was
 * read so far (vrid when at least 2 bytes), for counters only.
 */
enum vrrp_drop vrrp_pkt_decode(const uint8_t *data, size_t len, const struct vrrp_env *env,
			       struct vrrp_pkt *pkt, struct addr *addrs);

/* The envelope under which VRRP_SUM_PSEUDO is the sum of a unicast packet up to keepalived 1.3.6,
 * of an instance whose multicast group is `group`. */
struct vrrp_env vrrp_env_old_sum(const struct vrrp_env *env, const struct addr *group);

/* Decodes an IPv4 v3 message with that sum (VRRP_SUM_GROUP) as vrrp_pkt_decode() does; any other is
 * dropped with VRRP_DROP_CHECKSUM. */
enum vrrp_drop vrrp_pkt_decode_old(const uint8_t *data, size_t len, const struct vrrp_env *env,
				   const struct addr *group, struct vrrp_pkt *pkt,
				   struct addr *addrs);

/*
 * Encodes with the checksum form VRRP_SUM_MESSAGE or _PSEUDO in pkt->sum_form (v2: ignored). `env`
 * gives source and destination for the pseudo-header. Returns the length, 0 if `cap` is too small
 * or the fields are impossible.
 */
size_t vrrp_pkt_encode(const struct vrrp_pkt *pkt, const struct vrrp_env *env, uint8_t *data,
		       size_t cap);

/* Puts the checksum with pseudo-header over `len` bytes in, whatever they are. */
void vrrp_pkt_resum(uint8_t *data, size_t len, const struct vrrp_env *env);

/*
 * The trailer of advertisements on a second path: who sends, by its address on the first path, so
 * that a router is the same one wherever it is heard. Behind the advertisement proper and in front
 * of what signs it:
 *
 *	type (0xd2), 4 or 6, checksum over these (RFC 1071), address
 */
#define VRRP_ORIGIN_MAX (4 + 16)

/* Writes it (VRRP_ORIGIN_MAX bytes are enough). Its length, 0 for an unset address. */
size_t vrrp_origin_encode(const struct addr *origin, uint8_t *data);

/* Reads it from the beginning of what follows an advertisement. VRRP_DROP_NONE with its length, or
 * _ORIGIN. */
enum vrrp_drop vrrp_origin_decode(const uint8_t *data, size_t size, int family, struct addr *origin,
				  size_t *len);

/* What an instance expects of a packet. */
struct vrrp_expect {
	uint8_t version, vrid, auth_type;
	uint8_t auth_data[VRRP_AUTH_LEN];
	uint16_t adver_cs;
	bool ignores_all; /* an owner with owner_ignore_adverts */
	bool is_strict;   /* v3 IPv6 multicast: source and first address must be link-local */
	bool is_unicast;  /* has unicast peers */
	bool check_src;   /* only listed peers */
	bool check_addrs; /* v2: compare the address list ... */
	struct addr
		checked_src; /* ... but not that of this sender, whose list was compared before */
	struct addr own_src;
	struct addr mcast_dst;
	const struct addr *addrs; /* ours */
	uint8_t n_addrs;
	const struct vrrp_peer {
		struct addr addr;
		uint8_t min_ttl, max_ttl;
	} * peers;
	uint32_t n_peers;
};

/*
 * The receive checks of RFC 9568 7.1 and RFC 3768 7.1 that need the instance: TTL, vrid, version,
 * auth (constant time), interval (v2), addresses (v2), source. VRRP_DROP_NONE = accept.
 * *addrs_differ and *interval_differs tell what is only worth a log line (v3).
 */
enum vrrp_drop vrrp_pkt_check(const struct vrrp_pkt *pkt, const struct vrrp_env *env,
			      const struct vrrp_expect *expect, bool *addrs_differ,
			      bool *interval_differs);

/*
 * How well an envelope fits an instance, where several on an interface share a VRID: 0 = it is for
 * another group or transport, else the more the better. The group decides for multicast; for
 * unicast a peer that sent it counts more than our own address as the destination.
 */
unsigned vrrp_env_fit(const struct vrrp_env *env, const struct vrrp_expect *expect);

#endif
