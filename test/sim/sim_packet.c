/*
 * Advertisements of the simulated world: frames as a raw socket takes and gives them. See sim.h.
 */
#include <string.h>

#include "test/sim/sim.h"

#define VRID         51
#define ETHERNET_MIN 46

static const uint8_t group[4] = { 224, 0, 0, 18 };
static const uint8_t auth_data[VRRP_AUTH_LEN] = "secret";

static uint16_t interval_cs(const struct vrrp_params *params)
{
	return (uint16_t)(params->advert_us / US_PER_CS);
}

void sim_frame_build(const struct sim_router *r, uint8_t priority, struct sim_frame *frame)
{
	struct addr vip = addr_from_bytes((const uint8_t[]){ 10, 0, 0, 100 }, 4);
	struct vrrp_env env = { r->addr, addr_from_bytes(group, 4), VRRP_TTL };
	struct vrrp_pkt pkt = { .version = r->v.params.version,
				.vrid = VRID,
				.priority = priority,
				.auth_type = r->v.params.version == 2,
				.adver_cs = interval_cs(&r->v.params),
				.n_addrs = 1,
				.addrs = &vip,
				.sum_form = r->sum_form };
	uint8_t *ip = frame->data;

	memset(frame, 0, sizeof(*frame));
	memcpy(pkt.auth_data, auth_data, VRRP_AUTH_LEN);
	size_t len = vrrp_pkt_encode(&pkt, &env, ip + SIM_IP_HEADER_LEN,
				     SIM_FRAME_MAX - SIM_IP_HEADER_LEN);
	ip[0] = 0x45;
	ip[3] = (uint8_t)(SIM_IP_HEADER_LEN + len);
	ip[8] = VRRP_TTL;
	ip[9] = VRRP_IPPROTO;
	memcpy(ip + 12, env.src.bytes, 4);
	memcpy(ip + 16, env.dst.bytes, 4);
	frame->len = ETHERNET_MIN;
}

bool sim_frame_decode(const struct sim_router *r, const struct sim_frame *frame, struct vrrp_ev *ev)
{
	struct addr vip = addr_from_bytes((const uint8_t[]){ 10, 0, 0, 100 }, 4);
	struct vrrp_expect expect = { .version = r->v.params.version,
				      .vrid = VRID,
				      .auth_type = r->v.params.version == 2,
				      .adver_cs = interval_cs(&r->v.params),
				      .check_addrs = true,
				      .own_src = r->addr,
				      .mcast_dst = addr_from_bytes(group, 4),
				      .addrs = &vip,
				      .n_addrs = 1 };
	struct addr addrs[VRRP_ADDRS_MAX];
	struct vrrp_env env;
	struct vrrp_pkt pkt;
	const uint8_t *msg;
	size_t msg_len;
	bool addrs_differ, interval_differs;

	memcpy(expect.auth_data, auth_data, VRRP_AUTH_LEN);
	if (vrrp_env_decode(frame->data, frame->len, &env, &msg, &msg_len) != VRRP_DROP_NONE ||
	    vrrp_pkt_decode(msg, msg_len, &env, &pkt, addrs) != VRRP_DROP_NONE ||
	    vrrp_pkt_check(&pkt, &env, &expect, &addrs_differ, &interval_differs) != VRRP_DROP_NONE)
		return false;
	*ev = (struct vrrp_ev){ .kind = VRRP_EV_ADVERT };
	ev->advert.src = env.src;
	ev->advert.priority = pkt.priority;
	ev->advert.adver_us = pkt.adver_cs * US_PER_CS;
	return true;
}
