/*
 * The real servers of test/bench/check: respond PORT tcp|http
 *
 * Listens on a port of all addresses, accepts, answers one request with HTTP, closes. SIGUSR1
 * forgets what was counted; SIGTERM prints connections and the intervals between those to one
 * address, in ms, and ends.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ADDRESSES (1u << 20) /* by their low bits */
#define SLOT_US   100
#define SLOTS     300000

static int64_t last_us[ADDRESSES];
static uint32_t slots[SLOTS];
static uint64_t accepted, intervals;
static volatile sig_atomic_t is_reset, is_over;

static void on_signal(int signo)
{
	if (signo == SIGUSR1)
		is_reset = 1;
	else
		is_over = 1;
}

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static int listen_any(uint16_t port, bool is_http)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (is_http) /* accepted when the request is there */
		setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 65535) < 0) {
		perror("listen");
		exit(1);
	}
	return fd;
}

static void count(int conn)
{
	struct sockaddr_in sa;
	socklen_t len = sizeof(sa);
	int64_t now = now_us(), *last;

	accepted++;
	if (getsockname(conn, (struct sockaddr *)&sa, &len) < 0)
		return;
	last = &last_us[ntohl(sa.sin_addr.s_addr) % ADDRESSES];
	if (*last) {
		int64_t slot = (now - *last) / SLOT_US;

		slots[slot < SLOTS ? slot : SLOTS - 1]++;
		intervals++;
	}
	*last = now;
}

static void forget(void)
{
	is_reset = 0;
	accepted = intervals = 0;
	memset(slots, 0, sizeof(slots));
}

/* The interval below which a share of all lies, in ms. */
static double percentile(double share)
{
	uint64_t below = 0, wanted = (uint64_t)(share * (double)intervals);
	int i = 0;

	while (i < SLOTS - 1 && (below += slots[i]) < wanted)
		i++;
	return (i + 1) * SLOT_US / 1000.0;
}

static void serve(int fd, bool is_http)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello";
	char request[4096];
	int conn = accept(fd, NULL, NULL);

	if (conn < 0)
		return;
	count(conn);
	if (is_http && recv(conn, request, sizeof(request), 0) > 0)
		send(conn, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
	close(conn);
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal };
	bool is_http = argc > 2 && strcmp(argv[2], "http") == 0;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: respond PORT tcp|http\n");
		return 2;
	}
	fd = listen_any((uint16_t)atoi(argv[1]), is_http);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	while (!is_over) {
		serve(fd, is_http);
		if (is_reset)
			forget();
	}
	printf("%lu %.1f %.1f %.1f\n", accepted, percentile(0.5), percentile(0.99), percentile(1));
	return 0;
}
