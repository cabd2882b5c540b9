/*
 * httpcount: asks an address many times and counts which server answered. A lab tool.
 *
 *	httpcount [-n REQUESTS] [-i MS] [-w MS] [-k KEY] [-u] ADDRESS PORT [PATH]
 *
 * Each request is a connection of its own: GET PATH over TCP, with -u one datagram. The word behind
 * KEY (default "server ") in the answer names the server. Without -n it says "begins" and goes on
 * until SIGINT or SIGTERM. Prints one line such as "1=5 2=5 failed=0".
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { SERVERS_MAX = 32, NAME_MAX_LEN = 16, ANSWER_MAX = 4096 };

struct count {
	char name[NAME_MAX_LEN];
	unsigned n;
};

struct client {
	const struct addrinfo *peer;
	const char *key;
	char request[512];
	struct timeval wait;
	struct count counts[SERVERS_MAX];
	unsigned failed;
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int signo)
{
	(void)signo;
	is_stopped = 1;
}

/* One request; the answer as text. Returns false when there was none in time. */
static bool ask(const struct client *client, char answer[ANSWER_MAX])
{
	int fd = socket(client->peer->ai_family, client->peer->ai_socktype | SOCK_CLOEXEC, 0);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &client->wait, sizeof(client->wait));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &client->wait, sizeof(client->wait));
	if (connect(fd, client->peer->ai_addr, client->peer->ai_addrlen) == 0 &&
	    send(fd, client->request, strlen(client->request), MSG_NOSIGNAL) > 0) {
		while (n > 0 && len < ANSWER_MAX - 1) {
			n = recv(fd, answer + len, ANSWER_MAX - 1 - len, 0);
			if (n > 0)
				len += (size_t)n;
			if (client->peer->ai_socktype == SOCK_DGRAM)
				break;
		}
	}
	close(fd);
	answer[len] = '\0';
	return len > 0;
}

static void count_answer(struct client *client, const char *answer)
{
	const char *found = strstr(answer, client->key);
	char name[NAME_MAX_LEN] = "";

	if (found)
		sscanf(found + strlen(client->key), "%15[A-Za-z0-9_-]", name);
	if (name[0] == '\0') {
		client->failed++;
		return;
	}
	for (struct count *c = client->counts; c < client->counts + SERVERS_MAX; c++) {
		if (c->n == 0)
			memcpy(c->name, name, sizeof(name));
		if (strcmp(c->name, name) == 0) {
			c->n++;
			return;
		}
	}
}

static int by_name(const void *a, const void *b)
{
	const struct count *left = a;
	const struct count *right = b;

	return strcmp(left->name, right->name);
}

static void report(struct client *client)
{
	qsort(client->counts, SERVERS_MAX, sizeof(client->counts[0]), by_name);
	for (const struct count *c = client->counts; c < client->counts + SERVERS_MAX; c++) {
		if (c->n > 0)
			printf("%s=%u ", c->name, c->n);
	}
	printf("failed=%u\n", client->failed);
}

static void run(struct client *client, unsigned long requests, int interval_ms)
{
	char answer[ANSWER_MAX];

	for (unsigned long i = 0; (requests == 0 || i < requests) && !is_stopped; i++) {
		if (i > 0 && interval_ms > 0)
			poll(NULL, 0, interval_ms);
		if (ask(client, answer))
			count_answer(client, answer);
		else if (!is_stopped) /* a request that the signal cut short says nothing */
			client->failed++;
	}
}

static int usage(void)
{
	fprintf(stderr, "usage: httpcount [-n REQUESTS] [-i MS] [-w MS] [-k KEY] [-u] ADDRESS PORT "
			"[PATH]\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				  .ai_socktype = SOCK_STREAM };
	static struct client client = { .key = "server ", .wait = { .tv_sec = 1 } };
	struct sigaction action = { .sa_handler = on_signal };
	unsigned long requests = 0;
	struct addrinfo *peer;
	int interval_ms = 0;
	int c;

	while ((c = getopt(argc, argv, "n:i:w:k:u")) != -1) {
		if (c == 'n')
			requests = strtoul(optarg, NULL, 10);
		else if (c == 'i')
			interval_ms = atoi(optarg);
		else if (c == 'w')
			client.wait =
				(struct timeval){ atoi(optarg) / 1000, atoi(optarg) % 1000 * 1000 };
		else if (c == 'k')
			client.key = optarg;
		else if (c == 'u')
			hints.ai_socktype = SOCK_DGRAM;
		else
			return usage();
	}
	if (argc - optind < 2 || argc - optind > 3 ||
	    getaddrinfo(argv[optind], argv[optind + 1], &hints, &peer) != 0)
		return usage();
	client.peer = peer;
	snprintf(client.request, sizeof(client.request), "GET %s HTTP/1.0\r\nHost: lab\r\n\r\n",
		 argc - optind == 3 ? argv[optind + 2] : "/");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (requests == 0) {
		printf("begins\n");
		fflush(stdout);
	}
	run(&client, requests, interval_ms);
	report(&client);
	freeaddrinfo(peer);
	return 0;
}
