/*
 * vrrpstorm: sends one kind of packet that a virtual router must drop, as fast as it is told. A lab
 *tool.
 *
 *	vrrpstorm KIND SOURCE DESTINATION VRID VIP RATE SECONDS
 *
 * KIND is one of the table below. SOURCE may be anybody's. Prints `sent=N` at the end. The
 *passwords and keys of the lab are known to it: "s3cret" of AH, and key 1 of auth_hmac, 32 times
 *the letter k.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/clock.h"
#include "vrrp/auth.h"

#define BATCH_US     1000
#define IP_LEN       20
#define PRIORITY     200
#define CARP_LEN     36
#define STALE_US     (3600 * US_PER_S)
#define DATAGRAM_MAX (VRRP_DATAGRAM_MAX + VRRP_HMAC_LEN)

struct storm {
	struct addr vip;
	struct vrrp_pkt pkt;
	struct vrrp_env env;
	uint8_t msg[VRRP_PKT_MAX + VRRP_HMAC_LEN];
	size_t len;
	uint8_t datagram[DATAGRAM_MAX];
	size_t datagram_len; /* 0: not built yet */
};

static const uint8_t secret[VRRP_AUTH_LEN] = "s3cret";

static int64_t utc_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

static void encode(struct storm *s, uint8_t version)
{
	s->pkt.version = version;
	s->len = vrrp_pkt_encode(&s->pkt, &s->env, s->msg, VRRP_PKT_MAX);
}

/* A field that no encoder writes: the checksum is made right again. */
static void set_byte(struct storm *s, size_t at, uint8_t value)
{
	s->msg[at] = value;
	s->msg[6] = s->msg[7] = 0;
	uint16_t sum = buf_sum16_fold(buf_sum16(s->msg, s->len, 0));
	s->msg[6] = (uint8_t)(sum >> 8);
	s->msg[7] = (uint8_t)sum;
}

/* ---- the kinds ---- */

static void checksum(struct storm *s)
{
	encode(s, 3);
	s->msg[6] ^= 0x55;
}

static void ttl(struct storm *s)
{
	encode(s, 3);
	s->env.ttl = 254;
}

static void version(struct storm *s)
{
	encode(s, s->pkt.version == 3 ? 2 : 3);
}

static void type(struct storm *s)
{
	encode(s, 3);
	set_byte(s, 0, 0x32);
}

static void truncated(struct storm *s)
{
	encode(s, 3);
	set_byte(s, 3, 5);
}

static void no_address(struct storm *s)
{
	encode(s, 3);
	s->len = 8;
	set_byte(s, 3, 0);
}

static void interval_zero(struct storm *s)
{
	encode(s, 3);
	set_byte(s, 5, 0);
}

/* The same protocol number, group and kind of MAC address; version 2, type 1, seven words of
 * digest. */
static void carp(struct storm *s)
{
	static const uint8_t head[] = { 0x21, 0, 0, 7, 0, 1 };

	memcpy(s->msg, head, sizeof(head));
	s->msg[1] = s->pkt.vrid;
	for (size_t i = 8; i < CARP_LEN; i++)
		s->msg[i] = (uint8_t)(i * 37);
	s->len = CARP_LEN;
	set_byte(s, 2, 0);
}

static void password(struct storm *s)
{
	s->pkt.auth_type = 1;
	memcpy(s->pkt.auth_data, "guessed", 8);
	encode(s, 2);
}

static void ah_wrap(struct storm *s, const char *key, uint32_t sequence)
{
	uint8_t bytes[VRRP_AUTH_LEN] = "";

	memcpy(bytes, key, strlen(key));
	s->pkt.auth_type = 2;
	encode(s, 2);
	s->datagram_len = vrrp_ah_wrap(&s->env, sequence, bytes, s->msg, s->len, s->datagram);
}

static void ah_secret(struct storm *s)
{
	ah_wrap(s, "guessed", UINT32_MAX / 2);
}

static void ah_replay(struct storm *s)
{
	ah_wrap(s, (const char *)secret, (uint32_t)(utc_us() / US_PER_S) - 1000);
}

static void hmac_sign(struct storm *s, uint8_t id, char letter, int64_t ago_us)
{
	struct vrrp_hmac_key key = { .id = id, .len = VRRP_HMAC_KEY_MIN };
	const struct vrrp_hmac_stamp stamp = vrrp_hmac_stamp_of(utc_us() - ago_us, 0);

	memset(key.bytes, letter, key.len);
	encode(s, 3);
	s->len = vrrp_hmac_sign(&key, &s->env, &stamp, s->msg, s->len);
}

static void unsigned_(struct storm *s)
{
	encode(s, 3);
}

static void hmac_key(struct storm *s)
{
	hmac_sign(s, 9, 'k', 0);
}

static void hmac_wrong(struct storm *s)
{
	hmac_sign(s, 1, 'x', 0);
}

static void hmac_stale(struct storm *s)
{
	hmac_sign(s, 1, 'k', STALE_US);
}

static void hmac_malformed(struct storm *s)
{
	hmac_sign(s, 1, 'k', 0);
	s->len -= 3;
}

static const struct {
	const char *name;
	void (*build)(struct storm *s);
} kinds[] = {
	{ "checksum", checksum },
	{ "ttl", ttl },
	{ "version", version },
	{ "type", type },
	{ "truncated", truncated },
	{ "no_address", no_address },
	{ "interval_zero", interval_zero },
	{ "carp", carp },
	{ "password", password },
	{ "ah_secret", ah_secret },
	{ "ah_replay", ah_replay },
	{ "unsigned", unsigned_ },
	{ "hmac_key", hmac_key },
	{ "hmac_wrong", hmac_wrong },
	{ "hmac_stale", hmac_stale },
	{ "hmac_malformed", hmac_malformed },
};

/* ---- sending ---- */

static void datagram_build(struct storm *s)
{
	uint8_t *ip = s->datagram;

	if (s->datagram_len > 0)
		return;
	memset(ip, 0, IP_LEN);
	ip[0] = 0x45;
	ip[8] = s->env.ttl;
	ip[9] = VRRP_IPPROTO;
	memcpy(ip + 12, s->env.src.bytes, 4);
	memcpy(ip + 16, s->env.dst.bytes, 4);
	memcpy(ip + IP_LEN, s->msg, s->len);
	s->datagram_len = IP_LEN + s->len;
}

static int64_t monotonic_us(void)
{
	return clock_now(clock_system()).us;
}

static unsigned long storm_run(const struct storm *s, int fd, long rate, int64_t for_us)
{
	struct sockaddr_storage to;
	socklen_t to_len = addr_to_sockaddr(&s->env.dst, 0, &to);
	int64_t begin_us = monotonic_us(), now_us;
	unsigned long sent = 0;

	while ((now_us = monotonic_us()) - begin_us < for_us) {
		unsigned long due = (unsigned long)((now_us - begin_us) * rate / US_PER_S);
		for (; sent < due; sent++)
			if (sendto(fd, s->datagram, s->datagram_len, 0, (void *)&to, to_len) < 0)
				return sent;
		usleep(BATCH_US);
	}
	return sent;
}

int main(int argc, char **argv)
{
	struct storm s = { .pkt = { .version = 3,
				    .priority = PRIORITY,
				    .adver_cs = 100,
				    .n_addrs = 1,
				    .sum_form = VRRP_SUM_MESSAGE },
			   .env = { .ttl = VRRP_TTL } };
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	size_t kind = 0;

	while (argc == 8 && kind < sizeof(kinds) / sizeof(kinds[0]) &&
	       strcmp(kinds[kind].name, argv[1]) != 0)
		kind++;
	if (argc != 8 || kind == sizeof(kinds) / sizeof(kinds[0]) ||
	    !addr_parse(argv[2], &s.env.src) || !addr_parse(argv[3], &s.env.dst) ||
	    !addr_parse(argv[5], &s.vip)) {
		fprintf(stderr, "usage: vrrpstorm KIND SOURCE DESTINATION VRID VIP RATE SECONDS\n");
		return 2;
	}
	if (fd < 0) {
		fprintf(stderr, "vrrpstorm: %s\n", strerror(errno));
		return 1;
	}
	s.pkt.vrid = (uint8_t)atoi(argv[4]);
	s.pkt.addrs = &s.vip;
	kinds[kind].build(&s);
	datagram_build(&s);
	printf("sent=%lu\n", storm_run(&s, fd, atol(argv[6]), (int64_t)(atof(argv[7]) * US_PER_S)));
	return 0;
}
