/*
 * Authentication of advertisements: IPsec AH of VRRPv2 (RFC 2338 5.3.6.2, RFC 2402, RFC 2403), the
 * HMAC trailer of keepalived 2.4 (auth_hmac), and replays of both. Pure apart from OpenSSL's
 * scratch memory: no clock, no I/O, no state but what is passed.
 */
#ifndef DIARCH_VRRP_AUTH_H
#define DIARCH_VRRP_AUTH_H

#include "lib/clock.h"
#include "vrrp/pkt.h"

/* ---- replays of signed packets ---- */

#define VRRP_REPLAY_MARKS 16

/* How far one sender has come. */
struct vrrp_replay_mark {
	struct addr src; /* unset = free */
	time_us at;      /* when it was last heard */
	uint64_t stamp;  /* greatest time stamp, 0 where there are none */
	uint16_t counter;
};

/* The senders heard last; the one silent for longest makes room. Zero-initialise. */
struct vrrp_replay {
	struct vrrp_replay_mark marks[VRRP_REPLAY_MARKS];
};

/* A packet's place in the sequence of its sender. */
struct vrrp_sequence {
	struct addr src;
	uint64_t stamp;   /* 0: there is none */
	uint16_t counter; /* compared in serial arithmetic (RFC 1982) */
};

/*
 * Whether a packet heard `now` is newer than everything accepted from its sender: by its counter,
 * or by its time stamp, which a restarted sender still has. A sender that was silent for
 * `forget_us` may begin anew. Changes nothing.
 */
bool vrrp_replay_is_new(const struct vrrp_replay *replay, const struct vrrp_sequence *sequence,
			time_us now, int64_t forget_us);

/* Moves the mark of the sender, once a packet has passed every check. */
void vrrp_replay_accept(struct vrrp_replay *replay, const struct vrrp_sequence *sequence,
			time_us now);

/* ---- AH ---- */

#define VRRP_IPPROTO_AH   51
#define VRRP_AH_LEN       24
#define VRRP_AH_HEAD      (20 + VRRP_AH_LEN)
#define VRRP_DATAGRAM_MAX (VRRP_AH_HEAD + VRRP_PKT_MAX)

/* A datagram with AH, taken apart; points into it. */
struct vrrp_ah {
	const uint8_t *datagram;
	size_t header_len; /* of IP */
	size_t len;        /* of everything */
	uint32_t sequence;
	const uint8_t *msg;
	size_t msg_len;
};

/* Takes an IPv4 datagram apart that an AH socket delivered. VRRP_DROP_NONE, _IP_HEADER or
 * _AUTH_MALFORMED. */
enum vrrp_drop vrrp_ah_decode(const uint8_t *data, size_t len, struct vrrp_env *env,
			      struct vrrp_ah *ah);

/*
 * Whether a sequence number comes after another (RFC 2402 3.4.3, RFC 1982). Routers of one VRID
 * share the sequence: who hears a greater number goes on from there. So one number is enough for
 * all senders, and a restarted one is heard as soon as it has heard somebody.
 */
bool vrrp_ah_is_newer(uint32_t sequence, uint32_t than);

/* Whether the ICV is right, in constant time. With and without the TTL, see vrrp_ah_wrap(). */
bool vrrp_ah_is_right(const struct vrrp_ah *ah, const uint8_t secret[VRRP_AUTH_LEN]);

/*
 * Builds the IPv4 datagram around a message: header, AH with `sequence`, ICV under `secret`. As
 * keepalived has it, the SPI is the source address, and the TTL counts in the ICV of multicast but
 * is taken for zero in that of unicast (RFC 2402 3.3.3.1.1). `data` has VRRP_DATAGRAM_MAX bytes.
 * Returns the length, 0 when it does not fit or is not IPv4.
 */
size_t vrrp_ah_wrap(const struct vrrp_env *env, uint32_t sequence,
		    const uint8_t secret[VRRP_AUTH_LEN], const uint8_t *msg, size_t msg_len,
		    uint8_t *data);

/* ---- HMAC trailer ---- */

#define VRRP_HMAC_LEN      28
#define VRRP_HMAC_KEY_MIN  32
#define VRRP_HMAC_KEY_MAX  64
#define VRRP_HMAC_KEYS_MAX 255

struct vrrp_hmac_key {
	uint8_t id, len;
	uint8_t bytes[VRRP_HMAC_KEY_MAX];
};

/* When a packet was signed (UTC), and the how manieth it was. */
struct vrrp_hmac_stamp {
	uint32_t seconds;
	uint16_t fraction; /* 1/65536 s */
	uint16_t counter;
};

/*
 * Appends the trailer to a message of `len` bytes with room for VRRP_HMAC_LEN more, and returns the
 * new length; 0 when OpenSSL fails. Over IPv6 the checksum then covers the trailer too, as a kernel
 * that fills it in does.
 */
size_t vrrp_hmac_sign(const struct vrrp_hmac_key *key, const struct vrrp_env *env,
		      const struct vrrp_hmac_stamp *stamp, uint8_t *msg, size_t len);

/* A received message: the advertisement proper and what follows it. */
struct vrrp_signed {
	const uint8_t *msg;
	size_t len;   /* of the advertisement proper */
	size_t total; /* with the trailer */
};

/*
 * Looks at the trailer. VRRP_DROP_NONE with *stamp, _AUTH_MISSING without trailer, _AUTH_MALFORMED,
 * _AUTH_KEY when the key is none of the `n_keys`, _AUTH_HMAC when the signature is wrong. Constant
 * time as to the signature.
 */
enum vrrp_drop vrrp_hmac_check(const struct vrrp_hmac_key *keys, unsigned n_keys,
			       const struct vrrp_env *env, const struct vrrp_signed *message,
			       struct vrrp_hmac_stamp *stamp);

/* The stamp as a number to compare, and as microseconds since 1970. */
uint64_t vrrp_hmac_stamp_order(const struct vrrp_hmac_stamp *stamp);
int64_t vrrp_hmac_stamp_us(const struct vrrp_hmac_stamp *stamp);

/* The stamp of an instant in microseconds since 1970. */
struct vrrp_hmac_stamp vrrp_hmac_stamp_of(int64_t utc_us, uint16_t counter);

/* ---- the clock of stamps ---- */

/*
 * Counts on from the wall clock of the start with the time since boot, so that a wall clock that is
 * set changes nothing. It is set like the wall clock only when a packet proves that its sender
 * agrees with that one, and no longer with us: clocks were set right, or a sender has restarted.
 */
struct vrrp_stamp_clock {
	int64_t ahead_us; /* of the time since boot */
};

/* Both clocks at one instant: microseconds since 1970, and since boot. */
struct vrrp_clocks {
	int64_t utc_us, boot_us;
};

/* Which clock the stamp of a signed packet is right by, within `window_us`. */
enum vrrp_stamp_age { VRRP_STAMP_FRESH, VRRP_STAMP_BY_WALL_CLOCK, VRRP_STAMP_STALE };
enum vrrp_stamp_age vrrp_stamp_age(const struct vrrp_stamp_clock *clock,
				   const struct vrrp_clocks *now, int64_t stamp_us,
				   int64_t window_us);

#endif
