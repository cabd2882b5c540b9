/*
 * Servers that say what a file tells them, for labs of checks.
 *
 *	canned FILE
 *
 * Each line of FILE is a server: `tcp ADDRESS PORT STEP...` or `udp ADDRESS PORT STEP...`.
 *
 *	say=TEXT    sends TEXT, with \r \n \t \s (blank) \xHH; of a udp server each is one answer
 *	id=TEXT     the same behind the first two bytes that came (udp)
 *	fill=N      sends N bytes of the letter x
 *	line, head  waits for a line, for an empty line (tcp)
 *	wait=MS     pauses (tcp)
 *	loop        begins again with the first step
 *	hold        stays silent; without it a connection is closed at the end (tcp)
 *	reset       closes with a reset (tcp)
 *	tell        prints who asked, as "ADDRESS:PORT from ADDRESS:PORT"
 *
 * One process serves them all, as many connections as come.
 */
#include <arpa/inet.h>
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SERVERS_MAX 256
#define CONNS_MAX   1024
#define STEPS_MAX   24
#define TEXT_MAX    4096
#define FILL_MAX    (1 << 20)

struct step {
	enum { SAY, ID, FILL, LINE, HEAD, WAIT, LOOP, HOLD, RESET, TELL } kind;
	char *text;
	size_t len;
};

struct server {
	int fd;
	const char *address;
	uint16_t port;
	bool is_udp;
	struct step steps[STEPS_MAX];
	size_t n;
};

struct conn {
	int fd; /* -1 = unused */
	const struct server *server;
	struct sockaddr_in from;
	size_t step, sent;
	int64_t until_ms; /* of a pause; 0 = none */
	char last[4];     /* bytes that came last */
};

static struct server servers[SERVERS_MAX];
static struct conn conns[CONNS_MAX];
static size_t n_servers;
static char fill[FILL_MAX];

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- the file ---- */

static unsigned hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

/* Into memory of its own. */
static void unescape(const char *from, struct step *step)
{
	char *to = step->text = malloc(strlen(from) + 1);

	if (!to)
		err(1, "malloc");
	for (; *from; from++) {
		if (*from != '\\' || !from[1]) {
			*to++ = *from;
			continue;
		}
		switch (*++from) {
		case 'r': *to++ = '\r'; break;
		case 'n': *to++ = '\n'; break;
		case 't': *to++ = '\t'; break;
		case 's': *to++ = ' '; break;
		case 'x':
			*to++ = (char)(hex(from[1]) << 4 | hex(from[2]));
			from += 2;
			break;
		default: *to++ = *from;
		}
	}
	step->len = (size_t)(to - step->text);
}

static void parse_step(struct server *server, const char *word)
{
	static const char *const names[] = { "say",  "id",   "fill", "line",  "head",
					     "wait", "loop", "hold", "reset", "tell" };
	const size_t len = strcspn(word, "=");
	struct step *step = &server->steps[server->n++];

	if (server->n == STEPS_MAX)
		errx(1, "too many steps");
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) != len || strncmp(names[i], word, len) != 0)
			continue;
		step->kind = i;
		if (word[len] != '=')
			return;
		if (step->kind == SAY || step->kind == ID)
			unescape(word + len + 1, step);
		else
			step->len = strtoul(word + len + 1, NULL, 10);
		return;
	}
	errx(1, "unknown step %s", word);
}

static int open_server(bool is_udp, const char *address, uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	const int on = 1, fd = socket(AF_INET, is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);

	if (inet_pton(AF_INET, address, &sa.sin_addr) != 1)
		errx(1, "bad address %s", address);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || (!is_udp && listen(fd, 64) < 0))
		err(1, "%s port %u", address, port);
	return fd;
}

static void parse_line(char *line)
{
	struct server *server = &servers[n_servers];
	const char *kind = strtok(line, " \t\n"), *address, *port, *word;

	if (!kind)
		return;
	if (n_servers == SERVERS_MAX)
		errx(1, "too many servers");
	address = strtok(NULL, " \t\n");
	port = strtok(NULL, " \t\n");
	if (!address || !port)
		errx(1, "a line has too few words");
	n_servers++;
	server->is_udp = strcmp(kind, "udp") == 0;
	while ((word = strtok(NULL, " \t\n")))
		parse_step(server, word);
	server->address = strdup(address);
	server->port = (uint16_t)atoi(port);
	server->fd = open_server(server->is_udp, address, server->port);
}

/* ---- serving ---- */

static void tell(const struct server *server, const struct sockaddr_in *from)
{
	char address[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &from->sin_addr, address, sizeof(address));
	printf("%s:%u from %s:%u\n", server->address, server->port, address, ntohs(from->sin_port));
	fflush(stdout);
}

static void serve_udp(const struct server *server)
{
	char buf[TEXT_MAX], reply[TEXT_MAX];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(server->fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

	for (size_t i = 0; n >= 0 && i < server->n; i++) {
		const struct step *step = &server->steps[i];
		size_t skip = step->kind == ID && n >= 2 ? 2 : 0;

		if (step->kind == TELL)
			tell(server, &from);
		memcpy(reply, buf, skip);
		if (step->kind == FILL)
			memcpy(reply, fill, step->len);
		else if (step->kind == SAY || step->kind == ID)
			memcpy(reply + skip, step->text, step->len);
		else
			continue;
		if (sendto(server->fd, reply, skip + step->len, 0, (struct sockaddr *)&from, len) <
		    0)
			warn("sendto");
	}
}

static void conn_close(struct conn *c, bool is_reset)
{
	const struct linger linger = { .l_onoff = 1 };

	if (is_reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	else
		shutdown(c->fd, SHUT_WR);
	close(c->fd);
	c->fd = -1;
}

/* Sends what is left of a step; false when it has to wait or the connection has gone. */
static bool conn_send(struct conn *c, const char *text, size_t len)
{
	while (c->sent < len) {
		ssize_t n = send(c->fd, text + c->sent, len - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return false;
		c->sent += (size_t)n;
	}
	c->sent = 0;
	return true;
}

/* One step; false when it is not done yet. */
static bool conn_step(struct conn *c)
{
	const struct step *step = &c->server->steps[c->step];

	switch (step->kind) {
	case SAY:
	case ID: return conn_send(c, step->text, step->len);
	case FILL: return conn_send(c, fill, step->len);
	case LINE: return c->last[3] == '\n';
	case HEAD: return memcmp(c->last, "\r\n\r\n", 4) == 0;
	case WAIT:
		if (!c->until_ms)
			c->until_ms = now_ms() + (int64_t)step->len;
		if (now_ms() < c->until_ms)
			return false;
		c->until_ms = 0;
		return true;
	case LOOP:
		c->step = (size_t)-1; /* the caller adds one */
		return true;
	case HOLD: return false;
	case RESET: conn_close(c, true); return false;
	case TELL: tell(c->server, &c->from); return true;
	}
	return false;
}

static void conn_go_on(struct conn *c)
{
	while (c->fd >= 0 && c->step < c->server->n) {
		const struct step *step = &c->server->steps[c->step];

		if (!conn_step(c))
			return;
		if (step->kind == LINE || step->kind == HEAD)
			memset(c->last, 0, sizeof(c->last));
		c->step++;
	}
	if (c->fd >= 0)
		conn_close(c, false);
}

static void conn_read(struct conn *c)
{
	char buf[TEXT_MAX];
	ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);

	if (n <= 0) {
		conn_close(c, false);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		memmove(c->last, c->last + 1, 3);
		c->last[3] = buf[i];
	}
}

static void serve_tcp(const struct server *server)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd = accept(server->fd, (struct sockaddr *)&from, &len);

	for (size_t i = 0; fd >= 0 && i < CONNS_MAX; i++) {
		if (conns[i].fd >= 0)
			continue;
		conns[i] = (struct conn){ .fd = fd, .server = server, .from = from };
		conn_go_on(&conns[i]);
		return;
	}
	close(fd);
}

static void serve(void)
{
	static struct pollfd polls[SERVERS_MAX + CONNS_MAX];
	static struct conn *who[CONNS_MAX];
	size_t n = n_servers, n_conns = 0;

	for (size_t i = 0; i < n_servers; i++)
		polls[i] = (struct pollfd){ .fd = servers[i].fd, .events = POLLIN };
	for (size_t i = 0; i < CONNS_MAX; i++) {
		if (conns[i].fd < 0)
			continue;
		polls[n++] = (struct pollfd){ .fd = conns[i].fd, .events = POLLIN };
		who[n_conns++] = &conns[i];
	}
	poll(polls, n, n_conns ? 20 : -1);
	for (size_t i = 0; i < n_conns; i++) {
		if (polls[n_servers + i].revents)
			conn_read(who[i]);
		if (who[i]->fd >= 0)
			conn_go_on(who[i]);
	}
	for (size_t i = 0; i < n_servers; i++) {
		if (!(polls[i].revents & POLLIN))
			continue;
		if (servers[i].is_udp)
			serve_udp(&servers[i]);
		else
			serve_tcp(&servers[i]);
	}
}

int main(int argc, char **argv)
{
	static char line[TEXT_MAX];
	FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;

	if (!file)
		err(1, "usage: canned FILE");
	memset(fill, 'x', sizeof(fill));
	for (size_t i = 0; i < CONNS_MAX; i++)
		conns[i].fd = -1;
	while (fgets(line, sizeof(line), file))
		parse_line(line);
	fclose(file);
	puts("begins");
	fflush(stdout);
	for (;;)
		serve();
}
