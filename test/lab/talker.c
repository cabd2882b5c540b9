/*
 * talker: keeps many connections talking and counts which of them suffer. A lab tool.
 *
 *	talker -l PORT NAME                           the server, both families
 *	talker -c CONNECTIONS [-i MS] ADDRESS PORT ...  the client, connections spread over the
 *targets
 *
 * The server sends back what comes; to "GET" it answers "server NAME" and closes. The client sends
 * eight bytes over each connection every MS and wants them back; it says "begins" when all are
 * connected and answered once, and on SIGTERM or SIGINT prints
 * "connections=200 lost=0 exchanges=12345 slowest_ms=12 stalled=0".
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1000, BLOCK = 8, CONNECT_MS = 20000 };

static volatile sig_atomic_t is_stopped;

static void on_signal(int signo)
{
	(void)signo;
	is_stopped = 1;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- server ---- */

static int listen_at(const char *port)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6,
				     .sin6_port = htons((uint16_t)atoi(port)) };
	const int on = 1;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 512) < 0)
		die("listen");
	return fd;
}

/* Sends back what came; false when the connection is to be closed. */
static bool answer(int fd, const char *name)
{
	char data[1024], text[128];
	ssize_t n = recv(fd, data, sizeof(data), 0);

	if (n <= 0)
		return false;
	if (n >= 4 && memcmp(data, "GET ", 4) == 0) {
		n = snprintf(text, sizeof(text), "HTTP/1.0 200 OK\r\n\r\nserver %s \n", name);
		send(fd, text, (size_t)n, MSG_NOSIGNAL);
		return false;
	}
	return send(fd, data, (size_t)n, MSG_NOSIGNAL) == n;
}

static int serve(const char *port, const char *name)
{
	static struct pollfd fds[CONNECTIONS_MAX + 1];
	nfds_t i, n = 1;

	fds[0] = (struct pollfd){ .fd = listen_at(port), .events = POLLIN };
	while (!is_stopped && poll(fds, n, -1) >= 0) {
		for (i = n - 1; i > 0; i--) {
			if (!fds[i].revents || answer(fds[i].fd, name))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--n];
		}
		if (fds[0].revents && n <= CONNECTIONS_MAX) {
			int fd = accept(fds[0].fd, NULL, NULL);

			if (fd >= 0)
				fds[n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
		}
	}
	return 0;
}

/* ---- client ---- */

struct connection {
	int64_t sent_ms; /* 0: nothing is under way */
	size_t got;      /* bytes of the block */
	bool has_answered;
};

struct client {
	struct pollfd fds[CONNECTIONS_MAX];
	struct connection c[CONNECTIONS_MAX];
	unsigned n, lost, exchanges, stalled;
	int64_t slowest_ms;
};

static struct client client;

static int connect_to(const char *address, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct addrinfo *list;
	int64_t end = now_ms() + CONNECT_MS;
	int fd = -1;

	if (getaddrinfo(address, port, &hints, &list) != 0)
		die(address);
	while (fd < 0 && now_ms() < end) {
		fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) < 0) {
			close(fd);
			fd = -1;
			poll(NULL, 0, 50);
		}
	}
	freeaddrinfo(list);
	if (fd < 0)
		die("connect");
	return fd;
}

static void lose(unsigned i, const char *why)
{
	printf("connection %u lost: %s\n", i, why);
	close(client.fds[i].fd);
	client.fds[i].fd = -1;
	client.lost++;
}

static void say(unsigned i)
{
	if (client.fds[i].fd < 0 || client.c[i].sent_ms)
		return;
	if (send(client.fds[i].fd, "12345678", BLOCK, MSG_NOSIGNAL) != BLOCK) {
		lose(i, strerror(errno));
		return;
	}
	client.c[i].sent_ms = now_ms();
	client.c[i].got = 0;
}

static void hear(unsigned i)
{
	struct connection *c = &client.c[i];
	char data[BLOCK];
	ssize_t n = recv(client.fds[i].fd, data, sizeof(data), 0);

	if (n <= 0) {
		lose(i, n == 0 ? "closed" : strerror(errno));
		return;
	}
	c->got += (size_t)n;
	if (c->got < BLOCK)
		return;
	if (now_ms() - c->sent_ms > client.slowest_ms)
		client.slowest_ms = now_ms() - c->sent_ms;
	c->sent_ms = 0;
	c->has_answered = true;
	client.exchanges++;
}

static bool have_all_answered(void)
{
	unsigned i;

	for (i = 0; i < client.n; i++)
		if (client.fds[i].fd >= 0 && !client.c[i].has_answered)
			return false;
	return true;
}

/* Hears answers until the next round, in which all that are idle speak. */
static void play_round(int interval_ms)
{
	int64_t end = now_ms() + interval_ms;
	unsigned i;

	for (i = 0; i < client.n; i++)
		say(i);
	while (!is_stopped && now_ms() < end) {
		int64_t wait = end - now_ms();

		if (poll(client.fds, client.n, wait > 0 ? (int)wait : 0) <= 0)
			continue;
		for (i = 0; i < client.n; i++)
			if (client.fds[i].fd >= 0 && client.fds[i].revents)
				hear(i);
	}
}

/* What is still under way when it ends has a little time. */
static void finish(void)
{
	unsigned i;

	is_stopped = 0;
	for (i = 0; i < client.n; i++)
		client.fds[i].revents = 0;
	play_round(3000);
	for (i = 0; i < client.n; i++)
		client.stalled += client.fds[i].fd >= 0 && client.c[i].sent_ms &&
				  now_ms() - client.c[i].sent_ms > 2900;
	printf("connections=%u lost=%u exchanges=%u slowest_ms=%lld stalled=%u\n", client.n,
	       client.lost, client.exchanges, (long long)client.slowest_ms, client.stalled);
}

static int talk(unsigned n, int interval_ms, int n_targets, char *targets[])
{
	bool has_begun = false;

	if (n > CONNECTIONS_MAX || n_targets < 1)
		return 2;
	for (client.n = 0; client.n < n; client.n++) {
		int t = (int)client.n % n_targets;

		client.fds[client.n] =
			(struct pollfd){ .fd = connect_to(targets[2 * t], targets[2 * t + 1]),
					 .events = POLLIN };
	}
	while (!is_stopped) {
		play_round(interval_ms);
		if (!has_begun && have_all_answered()) {
			has_begun = true;
			puts("begins");
		}
	}
	finish();
	return 0;
}

int main(int argc, char *argv[])
{
	const struct sigaction action = { .sa_handler = on_signal };
	const char *port = NULL;
	unsigned n = 1;
	int key, interval_ms = 1000;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((key = getopt(argc, argv, "l:c:i:")) != -1) {
		switch (key) {
		case 'l': port = optarg; break;
		case 'c': n = (unsigned)atoi(optarg); break;
		case 'i': interval_ms = atoi(optarg); break;
		default: return 2;
		}
	}
	if (port)
		return serve(port, optind < argc ? argv[optind] : "?");
	return talk(n, interval_ms, (argc - optind) / 2, argv + optind);
}
