/*
 * Fuzz target: whatever a raw socket may deliver, through every step that reads it.
 *
 * The first byte chooses the instance, the rest is an IPv4 datagram, or an IPv6 message behind its
 * addresses. A packet that decodes is encoded again and must decode to the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "vrrp/pkt.h"

#define FLAG_UNICAST 0x01
#define FLAG_OWNER   0x02
#define FLAG_V3      0x04
#define FLAG_IPV6    0x08
#define FLAG_AUTH    0x10

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const struct vrrp_pkt *pkt, const struct vrrp_env *env)
{
	uint8_t again[VRRP_PKT_MAX];
	struct vrrp_pkt got;
	struct addr addrs[VRRP_ADDRS_MAX];
	size_t len = vrrp_pkt_encode(pkt, env, again, sizeof(again));

	if (len ==
	    0) /* decodes, but is nothing we would send: an unknown authentication type, vrid 0 */
		return;
	assert(vrrp_pkt_decode(again, len, env, &got, addrs) == VRRP_DROP_NONE);
	assert(got.priority == pkt->priority && got.n_addrs == pkt->n_addrs);
	assert(got.adver_cs == pkt->adver_cs);
}

static void check_expect(const struct vrrp_pkt *pkt, const struct vrrp_env *env, uint8_t flags)
{
	const struct vrrp_peer peer = { env->src, 1, 255 };
	struct vrrp_expect expect = { .version = flags & FLAG_V3 ? 3 : 2,
				      .vrid = pkt->vrid,
				      .auth_type = flags & FLAG_AUTH ? 1 : 0,
				      .adver_cs = 100,
				      .ignores_all = flags & FLAG_OWNER,
				      .is_unicast = flags & FLAG_UNICAST,
				      .check_src = true,
				      .check_addrs = true,
				      .mcast_dst = env->dst,
				      .addrs = pkt->addrs,
				      .n_addrs = pkt->n_addrs / 2,
				      .peers = &peer,
				      .n_peers = 1 };
	bool addrs_differ, interval_differs;
	enum vrrp_drop drop = vrrp_pkt_check(pkt, env, &expect, &addrs_differ, &interval_differs);

	assert(drop < VRRP_DROP_N);
	assert(drop != VRRP_DROP_NONE || pkt->version == expect.version);
}

/* What is behind an advertisement of a second path. */
static void check_origin(const uint8_t *data, size_t size, int family)
{
	uint8_t again[VRRP_ORIGIN_MAX];
	struct addr origin;
	size_t len;

	if (vrrp_origin_decode(data, size, family, &origin, &len) != VRRP_DROP_NONE)
		return;
	assert(len <= size && vrrp_origin_encode(&origin, again) == len);
}

/* Source and destination in front, as recvmsg() tells them for IPv6. */
static enum vrrp_drop env_ipv6(const uint8_t *data, size_t size, struct vrrp_env *env,
			       const uint8_t **msg, size_t *msg_len)
{
	if (size < 32)
		return VRRP_DROP_IP_HEADER;
	*env = (struct vrrp_env){ addr_from_bytes(data, 16), addr_from_bytes(data + 16, 16),
				  VRRP_TTL };
	*msg = data + 32;
	*msg_len = size - 32;
	return VRRP_DROP_NONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vrrp_env env;
	struct vrrp_pkt pkt;
	struct addr addrs[VRRP_ADDRS_MAX];
	const uint8_t *msg;
	size_t msg_len;

	if (size < 1)
		return 0;
	enum vrrp_drop drop = data[0] & FLAG_IPV6
				      ? env_ipv6(data + 1, size - 1, &env, &msg, &msg_len)
				      : vrrp_env_decode(data + 1, size - 1, &env, &msg, &msg_len);
	if (drop != VRRP_DROP_NONE)
		return 0;
	if (vrrp_pkt_decode(msg, msg_len, &env, &pkt, addrs) != VRRP_DROP_NONE)
		return 0;
	check_round_trip(&pkt, &env);
	check_expect(&pkt, &env, data[0]);
	check_origin(msg + pkt.len, msg_len - pkt.len, env.src.family);
	return 0;
}
