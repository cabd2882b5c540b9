/*
 * VRRP packets: decode, encode and the receive checks. See pkt.h.
 *
 * Runs in the VRRP child, the simulator and the fuzzer. Owns nothing; anyone may call it. Input is
 * hostile: every byte is read through struct buf, and a packet that fails a check leaves nothing
 * behind but a reason.
 */
#include "vrrp/pkt.h"

#include <string.h>

#include "lib/buf.h"

#define VRRP_TYPE_ADVERT     1
#define VRRP_HEADER_LEN      8
#define VRRP_CHECKSUM_OFFSET 6
#define VRRP_ADVER_CS_MAX    0x0fff /* v3: the field has 12 bits */
#define VRRP_V2_CS_PER_UNIT  100    /* v2: the field has seconds */
#define VRRP_V2_UNITS_MAX    255
#define VRRP_AUTH_TYPE_PASS  1
#define VRRP_AUTH_TYPE_AH    2
#define IPV4_HEADER_MIN      20
#define TOS_CS6              0xc0
#define IPV4_FRAGMENT_BITS   0x3fff /* more-fragments flag and offset */

static const struct {
	const char *name, *text;
} drops[VRRP_DROP_N] = {
	[VRRP_DROP_NONE] = { "none", "accepted" },
	[VRRP_DROP_IP_HEADER] = { "ip_header", "truncated or malformed IP header" },
	[VRRP_DROP_TTL] = { "ttl", "TTL is not 255 or outside the limits of the peer" },
	[VRRP_DROP_SHORT] = { "short", "shorter than its address count says" },
	[VRRP_DROP_VERSION] = { "version", "wrong version" },
	[VRRP_DROP_TYPE] = { "type", "not an advertisement" },
	[VRRP_DROP_CHECKSUM] = { "checksum", "wrong checksum" },
	[VRRP_DROP_NO_ADDRS] = { "no_addrs", "no addresses" },
	[VRRP_DROP_INTERVAL_ZERO] = { "interval_zero", "advertisement interval 0" },
	[VRRP_DROP_VRID] = { "vrid", "virtual router id is not ours" },
	[VRRP_DROP_AUTH_TYPE] = { "auth_type", "authentication type differs from ours" },
	[VRRP_DROP_AUTH_DATA] = { "auth_data", "wrong password" },
	[VRRP_DROP_INTERVAL] = { "interval", "advertisement interval differs from ours" },
	[VRRP_DROP_ADDR_LIST] = { "addr_list", "address list differs from ours" },
	[VRRP_DROP_SOURCE] = { "source", "sender or destination does not belong to this instance" },
	[VRRP_DROP_OWNER] = { "owner", "we own the addresses" },
	[VRRP_DROP_REPLAY] = { "replay", "AH sequence number is not new" },
	[VRRP_DROP_AUTH_MISSING] = { "auth_missing", "it is not signed" },
	[VRRP_DROP_AUTH_MALFORMED] = { "auth_malformed", "malformed authentication" },
	[VRRP_DROP_AUTH_KEY] = { "auth_key", "signed with a key that is not ours" },
	[VRRP_DROP_AUTH_HMAC] = { "auth_hmac", "wrong signature" },
	[VRRP_DROP_AUTH_STALE] = { "auth_stale", "signed too long ago, or the clocks differ" },
	[VRRP_DROP_AUTH_REPLAY] = { "auth_replay", "signed before another that was accepted" },
	[VRRP_DROP_ORIGIN] = { "origin", "it does not say which other router sends it" },
};

const char *vrrp_drop_name(enum vrrp_drop drop)
{
	return drop < VRRP_DROP_N ? drops[drop].name : "unknown";
}

const char *vrrp_drop_text(enum vrrp_drop drop)
{
	return drop < VRRP_DROP_N ? drops[drop].text : "unknown reason";
}

/* RFC 791 3.1, as far as the kernel has not checked it for a raw socket. */
enum vrrp_drop vrrp_ip_decode(const uint8_t *data, size_t len, uint8_t protocol,
			      struct vrrp_env *env, const uint8_t **payload, size_t *payload_len)
{
	struct buf b = buf_reader(data, len);

	*payload = NULL;
	*payload_len = 0;
	memset(env, 0, sizeof(*env));
	if (len < IPV4_HEADER_MIN)
		return VRRP_DROP_IP_HEADER;

	uint8_t version_ihl = buf_get_u8(&b);
	(void)buf_get_u8(&b); /* type of service */
	size_t total = buf_get_be16(&b);
	(void)buf_get_be16(&b); /* identification */
	uint16_t fragment = buf_get_be16(&b) & IPV4_FRAGMENT_BITS;
	uint8_t ttl = buf_get_u8(&b);
	uint8_t found = buf_get_u8(&b);
	size_t header_len = (size_t)(version_ihl & 0x0f) * 4;

	if (version_ihl >> 4 != 4 || header_len < IPV4_HEADER_MIN || header_len > total)
		return VRRP_DROP_IP_HEADER;
	if (total > len || fragment != 0 || found != protocol)
		return VRRP_DROP_IP_HEADER;

	env->src = addr_from_bytes(data + 12, 4);
	env->dst = addr_from_bytes(data + 16, 4);
	env->ttl = ttl;
	*payload = data + header_len;
	*payload_len = total - header_len; /* what follows is Ethernet padding */
	return VRRP_DROP_NONE;
}

void vrrp_ip4_put(struct buf *b, const struct vrrp_env *env, uint8_t protocol, uint16_t id,
		  size_t len)
{
	const size_t at = b->len;

	buf_put_u8(b, 4 << 4 | VRRP_IP4_HEADER / 4);
	buf_put_u8(b, TOS_CS6);
	buf_put_be16(b, (uint16_t)(VRRP_IP4_HEADER + len));
	buf_put_be16(b, id);
	buf_put_be16(b, 0); /* no fragment */
	buf_put_u8(b, env->ttl);
	buf_put_u8(b, protocol);
	buf_put_be16(b, 0);
	buf_put_bytes(b, env->src.bytes, 4);
	buf_put_bytes(b, env->dst.bytes, 4);
	if (buf_ok(b))
		buf_set_be16(b, at + 10,
			     buf_sum16_fold(buf_sum16(b->data + at, VRRP_IP4_HEADER, 0)));
}

enum vrrp_drop vrrp_env_decode(const uint8_t *data, size_t len, struct vrrp_env *env,
			       const uint8_t **msg, size_t *msg_len)
{
	return vrrp_ip_decode(data, len, VRRP_IPPROTO, env, msg, msg_len);
}

/* RFC 9568 5.2.8 over the message alone. */
static uint32_t sum_message(const uint8_t *data, size_t len)
{
	return buf_sum16(data, len, 0);
}

/* RFC 5798 5.2.8 and RFC 8200 8.1: the 16-bit words of both pseudo-headers add up to the same sum.
 */
static uint32_t sum_pseudo(const uint8_t *data, size_t len, const struct vrrp_env *env)
{
	const uint8_t tail[4] = { 0, VRRP_IPPROTO, (uint8_t)(len >> 8), (uint8_t)len };
	uint32_t sum = sum_message(data, len);

	sum = buf_sum16(env->src.bytes, addr_len(env->src.family), sum);
	sum = buf_sum16(env->dst.bytes, addr_len(env->dst.family), sum);
	return buf_sum16(tail, sizeof(tail), sum);
}

static uint32_t sum_as(enum vrrp_sum_form form, const uint8_t *data, size_t len,
		       const struct vrrp_env *env)
{
	return form == VRRP_SUM_PSEUDO ? sum_pseudo(data, len, env) : sum_message(data, len);
}

/* Which forms a message may carry: v2 and IPv6 leave no choice, v3 over IPv4 has two in the field.
 */
static bool sum_form_is_allowed(enum vrrp_sum_form form, uint8_t version, int family)
{
	if (family == AF_INET6)
		return form == VRRP_SUM_PSEUDO;
	return form == VRRP_SUM_MESSAGE || (form == VRRP_SUM_PSEUDO && version == 3);
}

/* The form under which the checksum is right; VRRP_SUM_NONE when it is wrong in every one allowed.
 */
static enum vrrp_sum_form sum_find(const uint8_t *data, size_t len, uint8_t version,
				   const struct vrrp_env *env)
{
	static const enum vrrp_sum_form forms[] = { VRRP_SUM_MESSAGE, VRRP_SUM_PSEUDO };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (sum_form_is_allowed(forms[i], version, env->src.family) &&
		    buf_sum16_fold(sum_as(forms[i], data, len, env)) == 0)
			return forms[i];
	return VRRP_SUM_NONE;
}

/*
 * Who appends a trailer and lets the kernel fill in the checksum of IPv6 has it over the trailer
 * too.
 */
static enum vrrp_sum_form sum_find_with_trailer(const uint8_t *data, size_t len, size_t total,
						uint8_t version, const struct vrrp_env *env)
{
	enum vrrp_sum_form form = sum_find(data, len, version, env);

	if (form == VRRP_SUM_NONE && total > len && env->src.family == AF_INET6)
		form = sum_find(data, total, version, env);
	return form;
}

static size_t message_len(uint8_t version, uint8_t n_addrs, int family)
{
	return VRRP_HEADER_LEN + n_addrs * addr_len(family) + (version == 2 ? VRRP_AUTH_LEN : 0);
}

static bool version_is_known(uint8_t version, int family)
{
	return version == 3 || (version == 2 && family == AF_INET);
}

/* Reads the addresses and, in v2, the authentication data; the length was checked. */
static void body_decode(struct buf *b, struct vrrp_pkt *pkt, int family, struct addr *addrs)
{
	size_t size = addr_len(family);

	for (unsigned i = 0; i < pkt->n_addrs; i++)
		addrs[i] = addr_from_bytes(buf_get_bytes(b, size), size);
	pkt->addrs = addrs;
	if (pkt->version == 2)
		memcpy(pkt->auth_data, buf_get_bytes(b, VRRP_AUTH_LEN), VRRP_AUTH_LEN);
}

enum vrrp_drop vrrp_pkt_decode(const uint8_t *data, size_t len, const struct vrrp_env *env,
			       struct vrrp_pkt *pkt, struct addr *addrs)
{
	struct buf b = buf_reader(data, len);
	int family = env->src.family;

	memset(pkt, 0, sizeof(*pkt));
	uint8_t version_type = buf_get_u8(&b);
	pkt->vrid = buf_get_u8(&b);
	pkt->priority = buf_get_u8(&b);
	uint8_t n_addrs = buf_get_u8(&b);
	uint8_t field4 = buf_get_u8(&b); /* v2: authentication type; v3: reserved and interval */
	uint8_t field5 = buf_get_u8(&b); /* interval */
	(void)buf_get_be16(&b);          /* checksum */
	pkt->version = version_type >> 4;

	if (!buf_ok(&b) || addr_len(family) == 0 || env->dst.family != family)
		return VRRP_DROP_SHORT;
	if (!version_is_known(pkt->version, family))
		return VRRP_DROP_VERSION;
	if ((version_type & 0x0f) != VRRP_TYPE_ADVERT)
		return VRRP_DROP_TYPE;
	size_t need = message_len(pkt->version, n_addrs, family);
	if (len < need)
		return VRRP_DROP_SHORT;
	pkt->sum_form = sum_find_with_trailer(data, need, len, pkt->version, env);
	if (pkt->sum_form == VRRP_SUM_NONE)
		return VRRP_DROP_CHECKSUM;
	if (n_addrs == 0)
		return VRRP_DROP_NO_ADDRS;

	if (pkt->version == 2) {
		pkt->auth_type = field4;
		pkt->adver_cs = (uint16_t)(field5 * VRRP_V2_CS_PER_UNIT);
	} else {
		pkt->adver_cs = (uint16_t)((field4 << 8 | field5) & VRRP_ADVER_CS_MAX);
	}
	if (pkt->adver_cs == 0)
		return VRRP_DROP_INTERVAL_ZERO;
	pkt->n_addrs = n_addrs;
	pkt->len = need;
	body_decode(&b, pkt, family, addrs);
	return VRRP_DROP_NONE;
}

struct vrrp_env vrrp_env_old_sum(const struct vrrp_env *env, const struct addr *group)
{
	return (struct vrrp_env){ .src = env->src, .dst = *group, .ttl = env->ttl };
}

enum vrrp_drop vrrp_pkt_decode_old(const uint8_t *data, size_t len, const struct vrrp_env *env,
				   const struct addr *group, struct vrrp_pkt *pkt,
				   struct addr *addrs)
{
	const struct vrrp_env summed = vrrp_env_old_sum(env, group);
	enum vrrp_drop drop = vrrp_pkt_decode(data, len, &summed, pkt, addrs);

	if (drop != VRRP_DROP_NONE)
		return drop;
	if (pkt->version != 3 || env->src.family != AF_INET || pkt->sum_form != VRRP_SUM_PSEUDO)
		return VRRP_DROP_CHECKSUM;
	pkt->sum_form = VRRP_SUM_GROUP;
	return VRRP_DROP_NONE;
}

static bool interval_is_encodable(const struct vrrp_pkt *pkt)
{
	if (pkt->version == 2)
		return pkt->adver_cs % VRRP_V2_CS_PER_UNIT == 0 &&
		       pkt->adver_cs <= VRRP_V2_UNITS_MAX * VRRP_V2_CS_PER_UNIT &&
		       pkt->adver_cs > 0;
	return pkt->adver_cs > 0 && pkt->adver_cs <= VRRP_ADVER_CS_MAX;
}

static bool is_encodable(const struct vrrp_pkt *pkt, const struct vrrp_env *env)
{
	int family = env->src.family;

	if (!version_is_known(pkt->version, family) || addr_len(family) == 0)
		return false;
	if (env->dst.family != family || pkt->vrid == 0 || pkt->n_addrs == 0)
		return false;
	if (pkt->version == 2 && pkt->auth_type > VRRP_AUTH_TYPE_AH)
		return false;
	for (unsigned i = 0; i < pkt->n_addrs; i++)
		if (pkt->addrs[i].family != family)
			return false;
	return interval_is_encodable(pkt);
}

/* The checksum form to send; VRRP_SUM_NONE when the caller chose none that fits. */
static enum vrrp_sum_form sum_form_to_send(const struct vrrp_pkt *pkt, int family)
{
	if (pkt->version == 2)
		return VRRP_SUM_MESSAGE;
	if (family == AF_INET6)
		return VRRP_SUM_PSEUDO;
	return sum_form_is_allowed(pkt->sum_form, pkt->version, family) ? pkt->sum_form
									: VRRP_SUM_NONE;
}

static void body_encode(struct buf *b, const struct vrrp_pkt *pkt)
{
	static const uint8_t no_auth[VRRP_AUTH_LEN];
	bool has_auth = pkt->auth_type == VRRP_AUTH_TYPE_PASS;

	for (unsigned i = 0; i < pkt->n_addrs; i++)
		buf_put_bytes(b, pkt->addrs[i].bytes, addr_len(pkt->addrs[i].family));
	if (pkt->version == 2)
		buf_put_bytes(b, has_auth ? pkt->auth_data : no_auth, VRRP_AUTH_LEN);
}

size_t vrrp_pkt_encode(const struct vrrp_pkt *pkt, const struct vrrp_env *env, uint8_t *data,
		       size_t cap)
{
	struct buf b = buf_writer(data, cap);
	enum vrrp_sum_form form = sum_form_to_send(pkt, env->src.family);

	if (!is_encodable(pkt, env) || form == VRRP_SUM_NONE)
		return 0;
	buf_put_u8(&b, (uint8_t)(pkt->version << 4 | VRRP_TYPE_ADVERT));
	buf_put_u8(&b, pkt->vrid);
	buf_put_u8(&b, pkt->priority);
	buf_put_u8(&b, pkt->n_addrs);
	if (pkt->version == 2) {
		buf_put_u8(&b, pkt->auth_type);
		buf_put_u8(&b, (uint8_t)(pkt->adver_cs / VRRP_V2_CS_PER_UNIT));
	} else {
		buf_put_be16(&b, pkt->adver_cs);
	}
	buf_put_be16(&b, 0);
	body_encode(&b, pkt);
	if (!buf_ok(&b))
		return 0;
	uint32_t sum = sum_as(form, data, b.len, env);
	buf_set_be16(&b, VRRP_CHECKSUM_OFFSET, buf_sum16_fold(sum));
	return b.len;
}

void vrrp_pkt_resum(uint8_t *data, size_t len, const struct vrrp_env *env)
{
	struct buf b = buf_writer(data, len);

	b.len = len;
	buf_set_be16(&b, VRRP_CHECKSUM_OFFSET, 0);
	buf_set_be16(&b, VRRP_CHECKSUM_OFFSET, buf_sum16_fold(sum_pseudo(data, len, env)));
}

/* ---- who sends, on a second path ---- */

#define ORIGIN_TYPE       0xd2
#define ORIGIN_SUM_OFFSET 2

static uint8_t origin_family(int family)
{
	return family == AF_INET6 ? 6 : 4;
}

size_t vrrp_origin_encode(const struct addr *origin, uint8_t *data)
{
	struct buf b = buf_writer(data, VRRP_ORIGIN_MAX);

	if (addr_is_unset(origin))
		return 0;
	buf_put_u8(&b, ORIGIN_TYPE);
	buf_put_u8(&b, origin_family(origin->family));
	buf_put_be16(&b, 0);
	buf_put_bytes(&b, origin->bytes, addr_len(origin->family));
	buf_set_be16(&b, ORIGIN_SUM_OFFSET, buf_sum16_fold(buf_sum16(data, b.len, 0)));
	return b.len;
}

enum vrrp_drop vrrp_origin_decode(const uint8_t *data, size_t size, int family, struct addr *origin,
				  size_t *len)
{
	struct buf b = buf_reader(data, size);
	uint8_t type = buf_get_u8(&b);
	uint8_t version = buf_get_u8(&b);
	(void)buf_get_be16(&b); /* checksum */
	const uint8_t *bytes = buf_get_bytes(&b, addr_len(family));

	if (!buf_ok(&b) || type != ORIGIN_TYPE || version != origin_family(family))
		return VRRP_DROP_ORIGIN;
	*len = size - buf_left(&b);
	if (buf_sum16_fold(buf_sum16(data, *len, 0)) != 0)
		return VRRP_DROP_ORIGIN;
	*origin = addr_from_bytes(bytes, addr_len(family));
	return VRRP_DROP_NONE;
}

/* ---- the receive checks ---- */

/* No early exit: the time must not tell how many bytes of a guess are right. */
static bool secret_is_equal(const uint8_t *a, const uint8_t *b, size_t n)
{
	volatile uint8_t diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= a[i] ^ b[i];
	return diff == 0;
}

static bool list_has(const struct addr *list, unsigned n, const struct addr *a)
{
	for (unsigned i = 0; i < n; i++)
		if (addr_cmp(&list[i], a) == 0)
			return true;
	return false;
}

/* Equal as sets: routers may list the same addresses in another order. */
static bool lists_differ(const struct vrrp_pkt *pkt, const struct vrrp_expect *expect)
{
	unsigned same = 0;

	if (pkt->n_addrs != expect->n_addrs)
		return true;
	while (same < pkt->n_addrs && addr_cmp(&pkt->addrs[same], &expect->addrs[same]) == 0)
		same++;
	for (unsigned i = same; i < pkt->n_addrs; i++)
		if (!list_has(expect->addrs, expect->n_addrs, &pkt->addrs[i]) ||
		    !list_has(pkt->addrs, pkt->n_addrs, &expect->addrs[i]))
			return true;
	return false;
}

static const struct vrrp_peer *peer_find(const struct vrrp_expect *expect, const struct addr *src)
{
	for (uint32_t i = 0; i < expect->n_peers; i++)
		if (addr_cmp(&expect->peers[i].addr, src) == 0)
			return &expect->peers[i];
	return NULL;
}

/* A packet for the group on a unicast instance, or the reverse, belongs to some other instance. */
static bool source_is_ours(const struct vrrp_env *env, const struct vrrp_expect *expect,
			   const struct vrrp_peer *peer)
{
	if (addr_cmp(&env->src, &expect->own_src) == 0)
		return false;
	if (expect->is_unicast)
		return !addr_is_multicast(&env->dst) && (peer || !expect->check_src);
	return addr_cmp(&env->dst, &expect->mcast_dst) == 0;
}

/* RFC 9568 5.1.1.3; a unicast peer may be configured to be further away. */
static bool ttl_is_right(uint8_t ttl, const struct vrrp_peer *peer)
{
	if (!peer || peer->max_ttl == 0)
		return ttl == VRRP_TTL;
	return ttl >= peer->min_ttl && ttl <= peer->max_ttl;
}

/* RFC 3768 5.3.6, 5.3.10 and 7.1; type 1 is RFC 2338 5.3.6.1. */
static enum vrrp_drop check_auth(const struct vrrp_pkt *pkt, const struct vrrp_expect *expect)
{
	if (pkt->auth_type != expect->auth_type)
		return VRRP_DROP_AUTH_TYPE;
	if (pkt->auth_type == VRRP_AUTH_TYPE_PASS &&
	    !secret_is_equal(pkt->auth_data, expect->auth_data, VRRP_AUTH_LEN))
		return VRRP_DROP_AUTH_DATA;
	return VRRP_DROP_NONE;
}

/* What only VRRPv2 refuses: RFC 3768 7.1. */
static enum vrrp_drop check_v2(const struct vrrp_pkt *pkt, const struct vrrp_expect *expect,
			       bool addrs_differ, bool interval_differs)
{
	enum vrrp_drop drop = check_auth(pkt, expect);

	if (drop != VRRP_DROP_NONE)
		return drop;
	if (interval_differs)
		return VRRP_DROP_INTERVAL;
	if (addrs_differ && pkt->priority != 255)
		return VRRP_DROP_ADDR_LIST;
	return VRRP_DROP_NONE;
}

/* RFC 9568 5.1.2.1 and 5.2.9, which deployed routers do not all keep. */
static enum vrrp_drop check_strict(const struct vrrp_pkt *pkt, const struct vrrp_env *env,
				   const struct vrrp_expect *expect)
{
	if (!expect->is_strict || expect->is_unicast || env->src.family != AF_INET6)
		return VRRP_DROP_NONE;
	if (!IN6_IS_ADDR_LINKLOCAL(&env->src.in6))
		return VRRP_DROP_SOURCE;
	return IN6_IS_ADDR_LINKLOCAL(&pkt->addrs[0].in6) ? VRRP_DROP_NONE : VRRP_DROP_ADDR_LIST;
}

enum vrrp_drop vrrp_pkt_check(const struct vrrp_pkt *pkt, const struct vrrp_env *env,
			      const struct vrrp_expect *expect, bool *addrs_differ,
			      bool *interval_differs)
{
	const struct vrrp_peer *peer = expect->is_unicast ? peer_find(expect, &env->src) : NULL;

	*addrs_differ = false;
	*interval_differs = false;
	if (!ttl_is_right(env->ttl, peer))
		return VRRP_DROP_TTL;
	if (pkt->vrid != expect->vrid)
		return VRRP_DROP_VRID;
	if (pkt->version != expect->version)
		return VRRP_DROP_VERSION;
	if (!source_is_ours(env, expect, peer))
		return VRRP_DROP_SOURCE;

	enum vrrp_drop drop = check_strict(pkt, env, expect);
	if (drop != VRRP_DROP_NONE)
		return drop;
	if (expect->check_addrs || addr_cmp(&expect->checked_src, &env->src) != 0)
		*addrs_differ = lists_differ(pkt, expect);
	*interval_differs = pkt->adver_cs != expect->adver_cs;
	if (pkt->version == 2) {
		drop = check_v2(pkt, expect, *addrs_differ, *interval_differs);
		if (drop != VRRP_DROP_NONE)
			return drop;
	}
	return expect->ignores_all ? VRRP_DROP_OWNER : VRRP_DROP_NONE;
}

unsigned vrrp_env_fit(const struct vrrp_env *env, const struct vrrp_expect *expect)
{
	if (!expect->is_unicast)
		return addr_cmp(&env->dst, &expect->mcast_dst) == 0;
	if (addr_is_multicast(&env->dst))
		return 0;
	return 1 + (addr_cmp(&env->dst, &expect->own_src) == 0) +
	       (peer_find(expect, &env->src) ? 2 : 0);
}
