/*
 * Gratuitous ARP: see garp.h. Runs in the VRRP child; the caller owns the descriptor.
 */
#include "vrrp/garp.h"

#include <errno.h>
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/buf.h"

int garp_open(void)
{
	const int size = 4 * 1024 * 1024;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* A burst for thousands of addresses should not stop half-way. */
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	return fd;
}

static const uint8_t everyone[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void encode(const uint8_t mac[6], const struct addr *src, const uint8_t target_mac[6],
		   const struct addr *target, uint8_t frame[GARP_FRAME_LEN])
{
	struct buf b = buf_writer(frame, GARP_FRAME_LEN);

	buf_put_bytes(&b, everyone, ETH_ALEN);
	buf_put_bytes(&b, mac, ETH_ALEN);
	buf_put_be16(&b, ETHERTYPE_ARP);
	buf_put_be16(&b, ARPHRD_ETHER);
	buf_put_be16(&b, ETHERTYPE_IP);
	buf_put_u8(&b, ETH_ALEN);
	buf_put_u8(&b, sizeof(src->in));
	buf_put_be16(&b, ARPOP_REQUEST);
	buf_put_bytes(&b, mac, ETH_ALEN);
	buf_put_bytes(&b, src->bytes, sizeof(src->in));
	buf_put_bytes(&b, target_mac, ETH_ALEN);
	buf_put_bytes(&b, target->bytes, sizeof(target->in));
}

static int send_frame(int fd, uint32_t ifindex, const uint8_t frame[GARP_FRAME_LEN])
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETHERTYPE_ARP),
				  .sll_ifindex = (int)ifindex };

	if (sendto(fd, frame, GARP_FRAME_LEN, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return 0;
}

void garp_encode(const uint8_t mac[6], const struct addr *addr, uint8_t frame[GARP_FRAME_LEN])
{
	encode(mac, addr, everyone, addr, frame);
}

int garp_send(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *addr)
{
	uint8_t frame[GARP_FRAME_LEN];

	garp_encode(mac, addr, frame);
	return send_frame(fd, ifindex, frame);
}

void garp_ask_encode(const uint8_t mac[6], const struct addr *src, const struct addr *target,
		     uint8_t frame[GARP_FRAME_LEN])
{
	static const uint8_t unknown[ETH_ALEN];

	encode(mac, src, unknown, target, frame);
}

int garp_ask(int fd, uint32_t ifindex, const uint8_t mac[6], const struct addr *src,
	     const struct addr *target)
{
	uint8_t frame[GARP_FRAME_LEN];

	garp_ask_encode(mac, src, target, frame);
	return send_frame(fd, ifindex, frame);
}
