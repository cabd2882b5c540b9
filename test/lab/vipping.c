/*
 * vipping: probes an address every few milliseconds and tells how long it was silent. A lab tool.
 *
 *	vipping [-i MS] [-t SECONDS] [-w MS] [-u PORT | -T PORT] ADDRESS
 *
 * Probes are ICMP echoes, with -u datagrams that the other side sends back, with -T TCP
 * connections. It says "begins", ends after SECONDS or on SIGINT or SIGTERM, waits for the answers
 * still due and prints one line per gap (from sending the first lost probe to sending the next
 * answered one) and a summary. An answer later than -w counts as lost. Exits with 1 when nothing
 * was answered.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PROBES_MAX = 2000000, OPEN_MAX_TCP = 1024, GAPS_PRINTED = 20, EVENTS = 64 };

struct probe {
	int64_t sent_us;
	int64_t answer_us; /* 0 = none yet */
};

/* What travels in ICMP and UDP probes. */
struct mark {
	uint32_t owner;
	uint32_t index;
};

struct pinger {
	struct sockaddr_storage peer;
	socklen_t peer_len;
	int64_t interval_us;
	int64_t length_us; /* 0 = until a signal */
	int64_t wait_us;
	uint32_t owner;
	uint32_t n;
	struct probe *probes;
	int epoll_fd;
	int fd;                    /* ICMP and UDP */
	int tcp_fds[OPEN_MAX_TCP]; /* by index modulo; -1 = free */
	void (*send)(struct pinger *);
	void (*receive)(struct pinger *, uint32_t index);
};

struct summary {
	uint32_t lost;
	uint32_t gaps;
	int64_t longest_us;
	int64_t slowest_us;
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int signo)
{
	(void)signo;
	is_stopped = 1;
}

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "vipping: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void answered(struct pinger *p, uint32_t index)
{
	if (index < p->n && p->probes[index].answer_us == 0)
		p->probes[index].answer_us = now_us();
}

static uint16_t icmp_checksum(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

static void send_icmp(struct pinger *p)
{
	bool is_v6 = p->peer.ss_family == AF_INET6;
	struct {
		struct icmphdr head;
		struct mark mark;
	} packet = { .head.type = is_v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		     .mark = { p->owner, p->n } };

	packet.head.un.echo.id = htons((uint16_t)p->owner);
	packet.head.un.echo.sequence = htons((uint16_t)p->n);
	if (!is_v6)
		packet.head.checksum = icmp_checksum(&packet, sizeof(packet));
	/* A refused probe is a lost one. */
	(void)!sendto(p->fd, &packet, sizeof(packet), MSG_DONTWAIT, (struct sockaddr *)&p->peer,
		      p->peer_len);
}

static void receive_icmp(struct pinger *p, uint32_t index)
{
	bool is_v6 = p->peer.ss_family == AF_INET6;
	uint8_t packet[256];
	struct icmphdr head;
	struct mark mark;
	ssize_t len;

	(void)index;
	while ((len = recv(p->fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
		size_t start = is_v6 ? 0 : (size_t)(packet[0] & 0xf) * 4;

		if ((size_t)len < start + sizeof(head) + sizeof(mark))
			continue;
		memcpy(&head, packet + start, sizeof(head));
		memcpy(&mark, packet + start + sizeof(head), sizeof(mark));
		if (head.type == (is_v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
		    mark.owner == p->owner)
			answered(p, mark.index);
	}
}

static void send_udp(struct pinger *p)
{
	struct mark mark = { p->owner, p->n };

	(void)!send(p->fd, &mark, sizeof(mark), MSG_DONTWAIT);
}

static void receive_udp(struct pinger *p, uint32_t index)
{
	struct mark mark;
	ssize_t len;

	(void)index;
	do {
		len = recv(p->fd, &mark, sizeof(mark), MSG_DONTWAIT);
		if (len == (ssize_t)sizeof(mark) && mark.owner == p->owner)
			answered(p, mark.index);
	} while (len >= 0 || errno == ECONNREFUSED);
}

static void close_tcp(struct pinger *p, uint32_t index)
{
	const struct linger reset = { .l_onoff = 1, .l_linger = 0 };
	int *fd = &p->tcp_fds[index % OPEN_MAX_TCP];

	if (*fd < 0)
		return;
	setsockopt(*fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(*fd);
	*fd = -1;
}

static void send_tcp(struct pinger *p)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.u32 = p->n };
	int fd;

	close_tcp(p, p->n);
	fd = socket(p->peer.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	p->tcp_fds[p->n % OPEN_MAX_TCP] = fd;
	if (connect(fd, (struct sockaddr *)&p->peer, p->peer_len) < 0 && errno != EINPROGRESS)
		close_tcp(p, p->n);
	else if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		die("epoll_ctl");
}

static void receive_tcp(struct pinger *p, uint32_t index)
{
	int error = 0;
	socklen_t len = sizeof(error);
	int fd = p->tcp_fds[index % OPEN_MAX_TCP];

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
		answered(p, index);
	close_tcp(p, index);
}

static void open_shared_socket(struct pinger *p, int type, int protocol)
{
	struct epoll_event event = { .events = EPOLLIN };

	p->fd = socket(p->peer.ss_family, type | SOCK_CLOEXEC, protocol);
	if (p->fd < 0)
		die("socket");
	if (type == SOCK_DGRAM && connect(p->fd, (struct sockaddr *)&p->peer, p->peer_len) < 0)
		die("connect");
	if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->fd, &event) < 0)
		die("epoll_ctl");
}

/* Also takes what is there already when the time is over. */
static void receive_until(struct pinger *p, int64_t until_us)
{
	struct epoll_event events[EVENTS];
	int64_t left_us;

	do {
		left_us = until_us > now_us() ? until_us - now_us() : 0;
		struct timespec left = { left_us / 1000000, left_us % 1000000 * 1000 };
		int n = epoll_pwait2(p->epoll_fd, events, EVENTS, &left, NULL);

		for (int i = 0; i < n; i++)
			p->receive(p, events[i].data.u32);
		if (n < 0)
			return; /* a signal */
	} while (left_us > 0);
}

static void run(struct pinger *p)
{
	int64_t start_us = now_us();
	int64_t next_us = start_us;

	while (!is_stopped && p->n < PROBES_MAX &&
	       (p->length_us == 0 || next_us < start_us + p->length_us)) {
		p->probes[p->n] = (struct probe){ .sent_us = now_us() };
		p->send(p);
		p->n++;
		next_us += p->interval_us;
		if (next_us < now_us())
			next_us = now_us(); /* we were held up: no burst to catch up */
		receive_until(p, next_us);
	}
	for (int64_t end_us = now_us() + p->wait_us; now_us() < end_us;)
		receive_until(p, end_us);
}

static bool is_lost(const struct pinger *p, uint32_t i)
{
	const struct probe *probe = &p->probes[i];

	return probe->answer_us == 0 || probe->answer_us - probe->sent_us > p->wait_us;
}

static void add_gap(const struct pinger *p, struct summary *sum, uint32_t first, uint32_t end)
{
	bool is_open = end == p->n;
	int64_t length_us = p->probes[is_open ? end - 1 : end].sent_us - p->probes[first].sent_us;

	if (length_us > sum->longest_us)
		sum->longest_us = length_us;
	if (++sum->gaps <= GAPS_PRINTED)
		printf("gap at %.3f s: %.1f ms, %u lost%s\n",
		       (double)(p->probes[first].sent_us - p->probes[0].sent_us) / 1e6,
		       (double)length_us / 1e3, end - first, is_open ? ", not over" : "");
}

/* Returns whether anything was answered. */
static bool report(const struct pinger *p)
{
	struct summary sum = { 0 };
	uint32_t first = 0;

	for (uint32_t i = 0; i < p->n; i++) {
		if (is_lost(p, i)) {
			sum.lost++;
			continue;
		}
		if (p->probes[i].answer_us - p->probes[i].sent_us > sum.slowest_us)
			sum.slowest_us = p->probes[i].answer_us - p->probes[i].sent_us;
		if (first < i)
			add_gap(p, &sum, first, i);
		first = i + 1;
	}
	if (first < p->n)
		add_gap(p, &sum, first, p->n);
	printf("sent=%u lost=%u gaps=%u gap_ms=%.1f slowest_ms=%.1f\n", p->n, sum.lost, sum.gaps,
	       (double)sum.longest_us / 1e3, (double)sum.slowest_us / 1e3);
	return sum.lost < p->n;
}

static void resolve(struct pinger *p, const char *address, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_DGRAM };
	struct addrinfo *info;
	int rc = getaddrinfo(address, port, &hints, &info);

	if (rc != 0) {
		fprintf(stderr, "vipping: %s: %s\n", address, gai_strerror(rc));
		exit(2);
	}
	memcpy(&p->peer, info->ai_addr, info->ai_addrlen);
	p->peer_len = info->ai_addrlen;
	freeaddrinfo(info);
}

/* Returns -1 when the command line is wrong. */
static int parse_args(struct pinger *p, int argc, char **argv)
{
	const char *port = NULL;
	int c;

	while ((c = getopt(argc, argv, "i:t:w:u:T:")) != -1) {
		if (c == 'i')
			p->interval_us = (int64_t)(atof(optarg) * 1e3);
		else if (c == 't')
			p->length_us = (int64_t)(atof(optarg) * 1e6);
		else if (c == 'w')
			p->wait_us = (int64_t)(atof(optarg) * 1e3);
		else if (c == 'u' || c == 'T')
			port = optarg;
		else
			return -1;
		if (c == 'u') {
			p->send = send_udp;
			p->receive = receive_udp;
		} else if (c == 'T') {
			p->send = send_tcp;
			p->receive = receive_tcp;
		}
	}
	if (optind + 1 != argc || p->interval_us < 100)
		return -1;
	resolve(p, argv[optind], port);
	return 0;
}

int main(int argc, char **argv)
{
	static struct pinger p = {
		.interval_us = 2000, .wait_us = 250000, .send = send_icmp, .receive = receive_icmp
	};
	struct sigaction action = { .sa_handler = on_signal };
	bool is_answered;

	if (parse_args(&p, argc, argv) < 0) {
		fprintf(stderr, "usage: vipping [-i MS] [-t SECONDS] [-w MS] [-u PORT | -T PORT] "
				"ADDRESS\n");
		return 2;
	}
	p.owner = (uint32_t)getpid();
	p.probes = calloc(PROBES_MAX, sizeof(*p.probes));
	p.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!p.probes || p.epoll_fd < 0)
		die("start");
	memset(p.tcp_fds, -1, sizeof(p.tcp_fds));
	if (p.send == send_icmp)
		open_shared_socket(&p, SOCK_RAW,
				   p.peer.ss_family == AF_INET6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	else if (p.send == send_udp)
		open_shared_socket(&p, SOCK_DGRAM, 0);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	printf("begins\n");
	fflush(stdout);
	run(&p);
	is_answered = report(&p);
	free(p.probes);
	return is_answered ? 0 : 1;
}
