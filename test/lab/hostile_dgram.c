/*
 * Servers of datagrams that mean harm to whoever checks them: hostile_dgram PORT NAME ADDRESS [NAME
 * ADDRESS]...
 *
 * Each has an address of its own: those for UDP listen on PORT, those for ICMP answer echo requests
 * in the kernel's place (icmp_echo_ignore_all). Prints "begins".
 */
#include <arpa/inet.h>
#include <err.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLOOD     3000 /* datagrams for one request */
#define HUGE      60000
#define HEADER    12 /* of DNS */
#define ADDRS_MAX 64

/* Who asked, and what. `msg` has room for what a manner makes of it. */
struct request {
	int fd; /* where the answer goes out */
	struct sockaddr_in from;
	uint8_t msg[65536];
	size_t len;
};

static void put(const struct request *r, size_t len)
{
	sendto(r->fd, r->msg, len, MSG_DONTWAIT, (const struct sockaddr *)&r->from,
	       sizeof(r->from));
}

/* From a socket that was not asked. */
static void put_from_elsewhere(struct request *r)
{
	const int fd = r->fd;

	r->fd = socket(AF_INET, SOCK_DGRAM, 0);
	put(r, r->len);
	close(r->fd);
	r->fd = fd;
}

static void nothing(struct request *r)
{
	(void)r;
}

/* ---- DNS ---- */

/* The query becomes a good answer. */
static void dns_make(struct request *r)
{
	r->msg[2] = 0x81;
	r->msg[3] = 0x80;
}

static void dns_good(struct request *r)
{
	dns_make(r);
	put(r, r->len);
}

static void dns_echo(struct request *r)
{
	put(r, r->len);
}

static void dns_wrong_id(struct request *r)
{
	dns_make(r);
	r->msg[0] ^= 0x55;
	put(r, r->len);
}

/* All ids but the right one, as who wants to hit it would send; then the right one. */
static void dns_id_flood(struct request *r)
{
	dns_make(r);
	for (unsigned i = 1; i < FLOOD; i++) {
		r->msg[1] ^= (uint8_t)i | 1;
		put(r, r->len);
		r->msg[1] ^= (uint8_t)i | 1;
	}
}

static void dns_flood(struct request *r)
{
	dns_make(r);
	for (unsigned i = 0; i < FLOOD; i++)
		put(r, r->len);
}

static void dns_wrong_question(struct request *r)
{
	dns_make(r);
	r->msg[HEADER + 1] ^= 1;
	put(r, r->len);
}

static void dns_wrong_type(struct request *r)
{
	dns_make(r);
	r->msg[r->len - 3] ^= 1;
	put(r, r->len);
}

/* In the question, and whole of it nowhere. */
static void dns_truncated(struct request *r)
{
	dns_make(r);
	for (size_t len = 0; len < r->len; len++)
		put(r, len);
}

/* A name that points at itself. */
static void dns_loop(struct request *r)
{
	dns_make(r);
	memcpy(r->msg + HEADER, "\xc0\x0c\x00\x06\x00\x01", 6);
	put(r, HEADER + 6);
}

/* The right question, and an answer whose name never ends. */
static void dns_loop_in_answer(struct request *r)
{
	const uint8_t record[] = { 0xc0, (uint8_t)r->len, 0, 6, 0, 1, 0, 0, 0, 0, 0xff, 0xff };

	dns_make(r);
	r->msg[7] = 0xff; /* so many answers */
	memcpy(r->msg + r->len, record, sizeof(record));
	put(r, r->len + sizeof(record));
}

static void dns_oversized(struct request *r)
{
	dns_make(r);
	memset(r->msg + r->len, 0xc0, HUGE - r->len);
	put(r, HUGE);
}

static void dns_many_questions(struct request *r)
{
	dns_make(r);
	r->msg[4] = r->msg[5] = 0xff;
	put(r, r->len);
}

static void dns_elsewhere(struct request *r)
{
	dns_make(r);
	put_from_elsewhere(r);
}

static void dns_refuses(struct request *r)
{
	dns_make(r);
	r->msg[3] = 0x85;
	put(r, r->len);
}

/* ---- UDP ---- */

static void udp_good(struct request *r)
{
	memcpy(r->msg, "fine", 4);
	put(r, 4);
}

static void udp_flood(struct request *r)
{
	memset(r->msg, 'x', HUGE);
	for (unsigned i = 0; i < FLOOD; i++)
		put(r, i % 2 ? 1 : 1400);
}

static void udp_good_flood(struct request *r)
{
	memcpy(r->msg, "fine", 4);
	for (unsigned i = 0; i < FLOOD; i++)
		put(r, 4);
}

static void udp_oversized(struct request *r)
{
	memcpy(r->msg, "fine", 4);
	put(r, HUGE);
}

static void udp_empty(struct request *r)
{
	put(r, 0);
}

static void udp_elsewhere(struct request *r)
{
	memcpy(r->msg, "fine", 4);
	r->len = 4;
	put_from_elsewhere(r);
}

/* ---- ICMP ---- */

static void icmp_put(struct request *r, size_t len)
{
	struct icmphdr *head = (struct icmphdr *)r->msg;
	uint32_t sum = 0;

	head->checksum = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)r->msg[i] << 8 | r->msg[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	head->checksum = htons((uint16_t)~sum);
	put(r, len);
}

static void icmp_good(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	icmp_put(r, r->len);
}

static void icmp_wrong_id(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	r->msg[4] ^= 0x55;
	icmp_put(r, r->len);
}

static void icmp_wrong_sequence(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	r->msg[7] ^= 0x55;
	icmp_put(r, r->len);
}

static void icmp_wrong_bytes(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	r->msg[sizeof(struct icmphdr)] ^= 0x55;
	icmp_put(r, r->len);
}

static void icmp_flood(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	for (unsigned i = 0; i < FLOOD; i++) {
		r->msg[sizeof(struct icmphdr) + i % 16] ^= 0x55;
		icmp_put(r, i % 2 ? 1400 : r->len);
		r->msg[sizeof(struct icmphdr) + i % 16] ^= 0x55;
	}
}

static void icmp_good_flood(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	for (unsigned i = 0; i < FLOOD; i++)
		icmp_put(r, r->len);
}

static void icmp_oversized(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	memset(r->msg + r->len, 0, HUGE - r->len);
	icmp_put(r, HUGE);
}

static void icmp_short(struct request *r)
{
	r->msg[0] = ICMP_ECHOREPLY;
	for (size_t len = sizeof(struct icmphdr); len < r->len; len += 2)
		icmp_put(r, len);
}

/* The request comes back as it was, and as other messages. */
static void icmp_other_types(struct request *r)
{
	for (unsigned type = 1; type < 256; type++) {
		if (type == ICMP_ECHO) /* would be asked again */
			continue;
		r->msg[0] = (uint8_t)type;
		icmp_put(r, r->len);
	}
}

/* ---- serving ---- */

static const struct manner {
	const char *name;
	void (*serve)(struct request *r);
	bool is_icmp;
} manners[] = {
	{ "dns_silent", nothing, false },
	{ "dns_good", dns_good, false },
	{ "dns_echo", dns_echo, false },
	{ "dns_wrong_id", dns_wrong_id, false },
	{ "dns_id_flood", dns_id_flood, false },
	{ "dns_flood", dns_flood, false },
	{ "dns_wrong_question", dns_wrong_question, false },
	{ "dns_wrong_type", dns_wrong_type, false },
	{ "dns_truncated", dns_truncated, false },
	{ "dns_loop", dns_loop, false },
	{ "dns_loop_in_answer", dns_loop_in_answer, false },
	{ "dns_oversized", dns_oversized, false },
	{ "dns_many_questions", dns_many_questions, false },
	{ "dns_elsewhere", dns_elsewhere, false },
	{ "dns_refuses", dns_refuses, false },
	{ "udp_good", udp_good, false },
	{ "udp_flood", udp_flood, false },
	{ "udp_good_flood", udp_good_flood, false },
	{ "udp_oversized", udp_oversized, false },
	{ "udp_empty", udp_empty, false },
	{ "udp_elsewhere", udp_elsewhere, false },
	{ "icmp_silent", nothing, true },
	{ "icmp_good", icmp_good, true },
	{ "icmp_wrong_id", icmp_wrong_id, true },
	{ "icmp_wrong_sequence", icmp_wrong_sequence, true },
	{ "icmp_wrong_bytes", icmp_wrong_bytes, true },
	{ "icmp_flood", icmp_flood, true },
	{ "icmp_good_flood", icmp_good_flood, true },
	{ "icmp_oversized", icmp_oversized, true },
	{ "icmp_short", icmp_short, true },
	{ "icmp_other_types", icmp_other_types, true },
};

#define N_MANNERS (sizeof(manners) / sizeof(manners[0]))

static struct request request;

/* Hears what comes to that address only, and answers from it. */
static int open_address(bool is_icmp, const char *address, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = is_icmp ? socket(AF_INET, SOCK_RAW, IPPROTO_ICMP) : socket(AF_INET, SOCK_DGRAM, 0);

	if (inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		errx(1, "bad address %s", address);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		err(1, "%s", address);
	return fd;
}

static const struct manner *find(const char *name)
{
	for (size_t i = 0; i < N_MANNERS; i++)
		if (strcmp(manners[i].name, name) == 0)
			return &manners[i];
	errx(1, "no manner %s", name);
}

static void serve(int fd, const struct manner *manner)
{
	struct request *r = &request;
	socklen_t size = sizeof(r->from);
	ssize_t len = recvfrom(fd, r->msg, sizeof(r->msg), MSG_DONTWAIT,
			       (struct sockaddr *)&r->from, &size);
	size_t head = manner->is_icmp ? (size_t)(r->msg[0] & 0x0f) * 4 : 0;

	if (len < (ssize_t)(head + HEADER + 1) || len > HUGE)
		return;
	r->fd = fd;
	r->len = (size_t)len - head;
	memmove(r->msg, r->msg + head, r->len);
	if (!manner->is_icmp || r->msg[0] == ICMP_ECHO)
		manner->serve(r);
}

int main(int argc, char **argv)
{
	static struct pollfd fds[ADDRS_MAX];
	static const struct manner *who[ADDRS_MAX];
	nfds_t n = 0;

	if (argc < 4 || argc % 2 != 0 || argc > 2 * ADDRS_MAX)
		errx(2, "usage: hostile_dgram PORT NAME ADDRESS [NAME ADDRESS]...");
	for (char **arg = argv + 2; *arg; arg += 2, n++) {
		who[n] = find(arg[0]);
		fds[n] = (struct pollfd){
			.fd = open_address(who[n]->is_icmp, arg[1], (uint16_t)atoi(argv[1])),
			.events = POLLIN,
		};
	}
	printf("begins\n");
	fflush(stdout);
	while (poll(fds, n, -1) > 0)
		for (nfds_t i = 0; i < n; i++)
			if (fds[i].revents)
				serve(fds[i].fd, who[i]);
	return 0;
}
