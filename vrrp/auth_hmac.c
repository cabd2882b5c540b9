/*
 * The HMAC trailer of keepalived 2.4 (draft-cassen-vrrp-auth-hmac). See auth.h.
 *
 *	trailer = type 1, key id, 2 zero bytes, seconds (32), fraction (16), counter (16), tag (128)
 *	tag     = HMAC-SHA256 over pseudo-header, advertisement and trailer, cut to 128 bits, where
 *checksum and tag count as zero pseudo  = 4 or 6, version, virtual router id, 0, source address in
 *16 bytes
 *
 * Runs in the VRRP child and in the tests. Owns nothing. Input is hostile: it is read through
 *struct buf.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "vrrp/auth.h"

#define TYPE_SHA256_128 1
#define PSEUDO_LEN      20
#define HEAD_LEN        12 /* of the trailer, in front of the tag */
#define TAG_LEN         16
#define SUM_OFFSET      6
#define SIGNED_MAX      (PSEUDO_LEN + VRRP_PKT_MAX + VRRP_ORIGIN_MAX + VRRP_HMAC_LEN)

static bool tag_compute(const struct vrrp_hmac_key *key, const struct vrrp_env *env,
			const uint8_t *msg, size_t len, uint8_t tag[TAG_LEN])
{
	static const uint8_t zeros[TAG_LEN];
	uint8_t data[SIGNED_MAX], digest[EVP_MAX_MD_SIZE];
	struct buf b = buf_writer(data, sizeof(data));
	unsigned n = 0;

	buf_put_u8(&b, env->src.family == AF_INET6 ? 6 : 4);
	buf_put_u8(&b, msg[0] >> 4);
	buf_put_u8(&b, msg[1]);
	buf_put_u8(&b, 0);
	buf_put_bytes(&b, env->src.bytes, sizeof(env->src.bytes));
	buf_put_bytes(&b, msg, len + HEAD_LEN);
	buf_put_bytes(&b, zeros, TAG_LEN);
	if (!buf_ok(&b))
		return false;
	buf_set_be16(&b, PSEUDO_LEN + SUM_OFFSET, 0);
	if (!HMAC(EVP_sha256(), key->bytes, key->len, data, b.len, digest, &n) || n < TAG_LEN)
		return false;
	memcpy(tag, digest, TAG_LEN);
	return true;
}

size_t vrrp_hmac_sign(const struct vrrp_hmac_key *key, const struct vrrp_env *env,
		      const struct vrrp_hmac_stamp *stamp, uint8_t *msg, size_t len)
{
	struct buf b = buf_writer(msg + len, VRRP_HMAC_LEN);
	uint8_t tag[TAG_LEN];

	buf_put_u8(&b, TYPE_SHA256_128);
	buf_put_u8(&b, key->id);
	buf_put_be16(&b, 0);
	buf_put_be32(&b, stamp->seconds);
	buf_put_be16(&b, stamp->fraction);
	buf_put_be16(&b, stamp->counter);
	if (!tag_compute(key, env, msg, len, tag))
		return 0;
	buf_put_bytes(&b, tag, sizeof(tag));
	if (env->src.family == AF_INET6)
		vrrp_pkt_resum(msg, len + VRRP_HMAC_LEN, env);
	return len + VRRP_HMAC_LEN;
}

static const struct vrrp_hmac_key *key_find(const struct vrrp_hmac_key *keys, unsigned n_keys,
					    uint8_t id)
{
	for (unsigned i = 0; i < n_keys; i++)
		if (keys[i].id == id)
			return &keys[i];
	return NULL;
}

enum vrrp_drop vrrp_hmac_check(const struct vrrp_hmac_key *keys, unsigned n_keys,
			       const struct vrrp_env *env, const struct vrrp_signed *message,
			       struct vrrp_hmac_stamp *stamp)
{
	struct buf b = buf_reader(message->msg + message->len, message->total - message->len);
	uint8_t tag[TAG_LEN];

	if (message->total == message->len)
		return VRRP_DROP_AUTH_MISSING;
	uint8_t type = buf_get_u8(&b);
	uint8_t id = buf_get_u8(&b);
	uint16_t reserved = buf_get_be16(&b);
	stamp->seconds = buf_get_be32(&b);
	stamp->fraction = buf_get_be16(&b);
	stamp->counter = buf_get_be16(&b);
	const uint8_t *theirs = buf_get_bytes(&b, TAG_LEN);
	if (!buf_ok(&b) || buf_left(&b) > 0 || type != TYPE_SHA256_128 || reserved != 0)
		return VRRP_DROP_AUTH_MALFORMED;

	const struct vrrp_hmac_key *key = key_find(keys, n_keys, id);
	if (!key)
		return VRRP_DROP_AUTH_KEY;
	if (!tag_compute(key, env, message->msg, message->len, tag))
		return VRRP_DROP_AUTH_MALFORMED;
	return CRYPTO_memcmp(tag, theirs, TAG_LEN) == 0 ? VRRP_DROP_NONE : VRRP_DROP_AUTH_HMAC;
}

uint64_t vrrp_hmac_stamp_order(const struct vrrp_hmac_stamp *stamp)
{
	return (uint64_t)stamp->seconds << 16 | stamp->fraction;
}

enum vrrp_stamp_age vrrp_stamp_age(const struct vrrp_stamp_clock *clock,
				   const struct vrrp_clocks *now, int64_t stamp_us,
				   int64_t window_us)
{
	if (llabs(stamp_us - (now->boot_us + clock->ahead_us)) <= window_us)
		return VRRP_STAMP_FRESH;
	return llabs(stamp_us - now->utc_us) <= window_us ? VRRP_STAMP_BY_WALL_CLOCK
							  : VRRP_STAMP_STALE;
}

int64_t vrrp_hmac_stamp_us(const struct vrrp_hmac_stamp *stamp)
{
	return stamp->seconds * US_PER_S + stamp->fraction * US_PER_S / 65536;
}

struct vrrp_hmac_stamp vrrp_hmac_stamp_of(int64_t utc_us, uint16_t counter)
{
	return (struct vrrp_hmac_stamp){
		.seconds = (uint32_t)(utc_us / US_PER_S),
		.fraction = (uint16_t)(utc_us % US_PER_S * 65536 / US_PER_S),
		.counter = counter,
	};
}
