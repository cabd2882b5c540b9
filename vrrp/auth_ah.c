/*
 * Replays, and IPsec AH of VRRPv2. See auth.h.
 *
 * Runs in the VRRP child and in the tests. Owns nothing. Input is hostile: it is read through
 * struct buf.
 */
#include "vrrp/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "lib/buf.h"

#define IPV4_TOS        1
#define IPV4_FRAGMENT   6
#define IPV4_TTL        8
#define IPV4_CHECKSUM   10
#define IPV4_HEADER_MAX 60
#define AH_WORDS        (VRRP_AH_LEN / 4 - 2)
#define AH_ICV          12 /* where it begins */
#define ICV_LEN         12

/* ---- replays ---- */

static const struct vrrp_replay_mark *mark_find(const struct vrrp_replay *replay,
						const struct addr *src)
{
	for (unsigned i = 0; i < VRRP_REPLAY_MARKS; i++)
		if (addr_cmp(&replay->marks[i].src, src) == 0)
			return &replay->marks[i];
	return NULL;
}

/* RFC 1982: newer by less than half of the numbers there are. */
static bool counter_is_newer(const struct vrrp_sequence *s, uint16_t than)
{
	return (int16_t)(uint16_t)(s->counter - than) > 0;
}

bool vrrp_replay_is_new(const struct vrrp_replay *replay, const struct vrrp_sequence *sequence,
			time_us now, int64_t forget_us)
{
	const struct vrrp_replay_mark *mark = mark_find(replay, &sequence->src);

	if (!mark || time_sub(now, mark->at) > forget_us)
		return true;
	return sequence->stamp > mark->stamp || counter_is_newer(sequence, mark->counter);
}

void vrrp_replay_accept(struct vrrp_replay *replay, const struct vrrp_sequence *sequence,
			time_us now)
{
	const struct vrrp_replay_mark *known = mark_find(replay, &sequence->src);
	struct vrrp_replay_mark *mark = &replay->marks[0];

	if (known) {
		mark = &replay->marks[known - replay->marks];
	} else {
		for (unsigned i = 1; i < VRRP_REPLAY_MARKS; i++)
			if (time_cmp(replay->marks[i].at, mark->at) < 0)
				mark = &replay->marks[i];
		memset(mark, 0, sizeof(*mark));
	}
	mark->src = sequence->src;
	mark->at = now;
	if (sequence->stamp > mark->stamp)
		mark->stamp = sequence->stamp; /* stays when a clock is set back */
	mark->counter = sequence->counter;
}

/* ---- AH ---- */

enum vrrp_drop vrrp_ah_decode(const uint8_t *data, size_t len, struct vrrp_env *env,
			      struct vrrp_ah *ah)
{
	const uint8_t *payload;
	size_t payload_len;
	enum vrrp_drop drop =
		vrrp_ip_decode(data, len, VRRP_IPPROTO_AH, env, &payload, &payload_len);

	memset(ah, 0, sizeof(*ah));
	if (drop != VRRP_DROP_NONE)
		return drop;
	struct buf b = buf_reader(payload, payload_len);
	uint8_t next = buf_get_u8(&b);
	uint8_t words = buf_get_u8(&b);

	(void)buf_get_be16(&b); /* reserved */
	(void)buf_get_be32(&b); /* security parameters index: there is one key */
	ah->sequence = buf_get_be32(&b);
	(void)buf_get_bytes(&b, ICV_LEN);
	if (!buf_ok(&b) || next != VRRP_IPPROTO || words != AH_WORDS)
		return VRRP_DROP_AUTH_MALFORMED;
	ah->datagram = data;
	ah->header_len = (size_t)(payload - data);
	ah->len = ah->header_len + payload_len;
	ah->msg = payload + VRRP_AH_LEN;
	ah->msg_len = payload_len - VRRP_AH_LEN;
	return VRRP_DROP_NONE;
}

bool vrrp_ah_is_newer(uint32_t sequence, uint32_t than)
{
	return (int32_t)(sequence - than) > 0;
}

/* RFC 2402 3.3.3.1.1: what changes on the way counts as zero; RFC 2403 truncates to 96 bits. */
static bool icv_compute(const struct vrrp_ah *ah, const uint8_t secret[VRRP_AUTH_LEN],
			bool with_ttl, uint8_t icv[ICV_LEN])
{
	uint8_t data[IPV4_HEADER_MAX + VRRP_AH_LEN + VRRP_PKT_MAX], digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (ah->len > sizeof(data))
		return false;
	memcpy(data, ah->datagram, ah->len);
	data[IPV4_TOS] = 0;
	memset(data + IPV4_FRAGMENT, 0, 2);
	if (!with_ttl)
		data[IPV4_TTL] = 0;
	memset(data + IPV4_CHECKSUM, 0, 2);
	memset(data + ah->header_len + AH_ICV, 0, ICV_LEN);
	if (!HMAC(EVP_md5(), secret, VRRP_AUTH_LEN, data, ah->len, digest, &n) || n < ICV_LEN)
		return false;
	memcpy(icv, digest, ICV_LEN);
	return true;
}

static bool is_right_with(const struct vrrp_ah *ah, const uint8_t secret[VRRP_AUTH_LEN],
			  bool with_ttl)
{
	uint8_t icv[ICV_LEN];

	return icv_compute(ah, secret, with_ttl, icv) &&
	       CRYPTO_memcmp(icv, ah->datagram + ah->header_len + AH_ICV, ICV_LEN) == 0;
}

bool vrrp_ah_is_right(const struct vrrp_ah *ah, const uint8_t secret[VRRP_AUTH_LEN])
{
	return is_right_with(ah, secret, true) || is_right_with(ah, secret, false);
}

size_t vrrp_ah_wrap(const struct vrrp_env *env, uint32_t sequence,
		    const uint8_t secret[VRRP_AUTH_LEN], const uint8_t *msg, size_t msg_len,
		    uint8_t *data)
{
	static const uint8_t no_icv[ICV_LEN];
	struct buf b = buf_writer(data, VRRP_DATAGRAM_MAX);
	size_t total = VRRP_AH_HEAD + msg_len;

	if (env->src.family != AF_INET || env->dst.family != AF_INET || total > VRRP_DATAGRAM_MAX)
		return 0;
	/* The kernel would fill in an identification of 0, which the ICV covers. */
	vrrp_ip4_put(&b, env, VRRP_IPPROTO_AH, (uint16_t)(sequence & 0xffff ? sequence : 1),
		     total - VRRP_IP4_HEADER);
	buf_put_u8(&b, VRRP_IPPROTO);
	buf_put_u8(&b, AH_WORDS);
	buf_put_be16(&b, 0);
	buf_put_bytes(&b, env->src.bytes, 4);
	buf_put_be32(&b, sequence);
	buf_put_bytes(&b, no_icv, ICV_LEN);
	buf_put_bytes(&b, msg, msg_len);

	const struct vrrp_ah ah = { .datagram = data, .header_len = VRRP_IP4_HEADER, .len = total };
	bool is_group = env->dst.bytes[0] >> 4 == 0xe;
	bool is_done = icv_compute(&ah, secret, is_group, data + VRRP_IP4_HEADER + AH_ICV);
	return buf_ok(&b) && is_done ? total : 0;
}
