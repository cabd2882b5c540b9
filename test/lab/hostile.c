/*
 * Servers that mean harm to whoever checks them: hostile PORT CERTIFICATE KEY
 *
 * Each manner of the table listens on a port of its own, from PORT on; a thread serves each
 * connection. Prints "NAME PORT" for each and "begins"; on SIGTERM, for the well-behaved one, how
 * many connections came and the longest time between two.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE 16384

static SSL_CTX *tls, *tls12;
static atomic_uint resets; /* how far the next one lets its answer come */
static _Atomic int64_t good_last_us, good_gap_us;
static atomic_uint good_n;

static int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static bool put(int fd, const void *data, size_t len)
{
	return send(fd, data, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool say(int fd, const char *text)
{
	return put(fd, text, strlen(text));
}

/* A request, or what there is of one. */
static void hear(int fd)
{
	char request[4096];

	if (recv(fd, request, sizeof(request), 0) < 0)
		return;
}

static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

/* The same again until the other side has enough, unasked. */
static void pour(int fd, const char *head, const char *piece, size_t len)
{
	char *many = malloc(PIECE + len);
	size_t n = 0;

	while (n < PIECE) {
		memcpy(many + n, piece, len);
		n += len;
	}
	if (say(fd, head))
		while (put(fd, many, n))
			;
	free(many);
}

static void flood(int fd, const char *head, const char *piece, size_t len)
{
	hear(fd);
	pour(fd, head, piece, len);
}

static void trickle(int fd, const char *text)
{
	for (size_t i = 0;; i++) {
		const char *byte = i < strlen(text) ? text + i : "a";

		if (!put(fd, byte, 1))
			return;
		usleep(i < strlen(text) / 2 ? 1000 : 200000);
	}
}

static void drip(int fd, const char *text)
{
	hear(fd);
	trickle(fd, text);
}

static void noise(int fd)
{
	unsigned seed = (unsigned)now_us();
	char bytes[PIECE];

	for (;;) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)rand_r(&seed);
		if (!put(fd, bytes, sizeof(bytes)))
			return;
	}
}

/* ---- HTTP ---- */

static void good(int fd)
{
	int64_t now = now_us(), last = atomic_exchange(&good_last_us, now);

	if (last && now - last > good_gap_us)
		good_gap_us = now - last;
	good_n++;
	hear(fd);
	say(fd, "HTTP/1.0 200 OK\r\n\r\nfine");
}

static void silent(int fd)
{
	char byte;

	while (recv(fd, &byte, 1, 0) > 0)
		;
}

static void drip_head(int fd)
{
	drip(fd, "HTTP/1.0 200 OK\r\nX-Slow: ");
}

static void drip_body(int fd)
{
	drip(fd, "HTTP/1.0 200 OK\r\n\r\n");
}

static void endless_head(int fd)
{
	flood(fd, "HTTP/1.0 200 OK\r\n", "X-More: and more\r\n", 18);
}

static void endless_field(int fd)
{
	flood(fd, "HTTP/1.0 200 OK\r\nX-Long: ", "a", 1);
}

static void endless_status(int fd)
{
	flood(fd, "HTTP/1.0 200 ", "a", 1);
}

static void endless_body(int fd)
{
	flood(fd, "HTTP/1.0 200 OK\r\n\r\n", "a", 1);
}

static void endless_continue(int fd)
{
	flood(fd, "", "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

static void endless_chunks(int fd)
{
	flood(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n", 6);
}

static void endless_chunk_size(int fd)
{
	flood(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "0", 1);
}

static void endless_trailer(int fd)
{
	flood(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", 6);
}

static void huge_chunk(int fd)
{
	hear(fd);
	say(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\na\r\n");
	silent(fd);
}

static void huge_length(int fd)
{
	hear(fd);
	say(fd, "HTTP/1.0 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\na");
	silent(fd);
}

static void negative_length(int fd)
{
	hear(fd);
	say(fd, "HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\na");
	silent(fd);
}

static void nul_bytes(int fd)
{
	hear(fd);
	put(fd, "HTTP/1.0 200 OK\r\n\0\0\0\0", 21);
	silent(fd);
}

/* Zeros that a gzip of a few KiB would become; here as they are, marked as packed. */
static void gzip_bomb(int fd)
{
	flood(fd, "HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x08", "\0", 1);
}

static void garbage(int fd)
{
	noise(fd);
}

static void reset_at_once(int fd)
{
	reset(fd);
}

/* Each connection is reset one byte later than the one before. */
static void reset_at_each(int fd)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nit is bad";
	size_t n = resets++ % (sizeof(answer) - 1);

	hear(fd);
	if (n > 0)
		put(fd, answer, n);
	reset(fd);
}

static void redirect_nowhere(int fd)
{
	hear(fd);
	say(fd, "HTTP/1.0 301 \r\nLocation: \r\n\r\n");
}

/* ---- TLS ---- */

static void tls_closes(int fd)
{
	hear(fd);
}

static void tls_resets(int fd)
{
	hear(fd);
	reset(fd);
}

static void tls_garbage(int fd)
{
	hear(fd);
	noise(fd);
}

/* A record of a handshake that says it is long, and never is. */
static void tls_stalls(int fd)
{
	hear(fd);
	put(fd, "\x16\x03\x03\x40\x00\x02\x00\x3f", 8);
	silent(fd);
}

static void tls_alerts(int fd)
{
	hear(fd);
	while (put(fd, "\x15\x03\x03\x00\x02\x01\x5a", 7)) /* warning: no matter */
		;
}

static SSL *handshake(int fd, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		return ssl;
	SSL_free(ssl);
	return NULL;
}

static void tls_endless_body(int fd)
{
	static const char head[] = "HTTP/1.0 200 OK\r\n\r\n";
	static char zeros[PIECE];
	SSL *ssl = handshake(fd, tls);

	if (!ssl)
		return;
	if (SSL_write(ssl, head, sizeof(head) - 1) > 0)
		while (SSL_write(ssl, zeros, sizeof(zeros)) > 0)
			;
	SSL_free(ssl);
}

static void tls_good(int fd)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\n\r\nfine";
	SSL *ssl = handshake(fd, tls);
	char request[4096];

	if (!ssl)
		return;
	if (SSL_read(ssl, request, sizeof(request)) > 0)
		SSL_write(ssl, answer, sizeof(answer) - 1);
	SSL_free(ssl);
}

/* Asks for a new handshake again and again. */
static void tls_renegotiates(int fd)
{
	SSL *ssl = handshake(fd, tls12);
	char byte;

	if (!ssl)
		return;
	for (int i = 0; i < 100000; i++)
		if (SSL_renegotiate(ssl) != 1 || SSL_do_handshake(ssl) != 1)
			break;
	SSL_read(ssl, &byte, 1);
	SSL_free(ssl);
}

static void tls_endless_tickets(int fd)
{
	SSL *ssl = handshake(fd, tls);

	if (!ssl)
		return;
	while (SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1)
		;
	SSL_free(ssl);
}

/* ---- lines ---- */

static void endless_line(int fd)
{
	flood(fd, "220 ", "a", 1);
}

static void drip_line(int fd)
{
	drip(fd, "75");
}

static void endless_lines(int fd)
{
	flood(fd, "", "220-and more\r\n", 14);
}

/* ---- SMTP, where the server begins ---- */

static void smtp_good(int fd)
{
	if (!say(fd, "220 mx\r\n"))
		return;
	hear(fd);
	say(fd, "250 mx\r\n");
	hear(fd);
	say(fd, "221 bye\r\n");
}

static void smtp_drip(int fd)
{
	trickle(fd, "220 m");
}

static void smtp_endless_banner(int fd)
{
	pour(fd, "220 ", "a", 1);
}

static void smtp_endless_lines(int fd)
{
	pour(fd, "", "220-and more\r\n", 14);
}

static void smtp_endless_ends(int fd)
{
	pour(fd, "220 mx", "\r\n", 2);
}

static void smtp_helo_endless(int fd)
{
	say(fd, "220 mx\r\n");
	flood(fd, "250 ", "a", 1);
}

static void smtp_helo_lines(int fd)
{
	say(fd, "220 mx\r\n");
	flood(fd, "", "250-and more\r\n", 14);
}

/* Another code each time, and none that is right. */
static void smtp_codes(int fd)
{
	static const char *const codes[] = { "999 what\r\n", "22O mx\r\n", "-220 mx\r\n",
					     "220x\r\n",     "\r\n",       "2",
					     " 220 mx\r\n",  "354\r\n",    "000\r\n" };
	static atomic_uint next;

	say(fd, codes[next++ % (sizeof(codes) / sizeof(codes[0]))]);
	say(fd, "\r\n");
	silent(fd);
}

/* All answers before any question. */
static void smtp_pipelined(int fd)
{
	say(fd, "220 mx\r\n250 mx\r\n221 bye\r\n");
	silent(fd);
}

static void smtp_surprise(int fd)
{
	say(fd, "220 mx\r\n554 I never liked you\r\n");
	silent(fd);
}

static void smtp_closes_in_helo(int fd)
{
	say(fd, "220 mx\r\n");
	hear(fd);
	say(fd, "250 ");
}

/* Each connection is reset one byte later than the one before. */
static void smtp_reset_at_each(int fd)
{
	static const char *const answers[] = { "220 mx\r\n", "250 mx\r\n", "221 bye\r" };
	static atomic_uint next;
	size_t left = next++ % 24; /* of all three; the last end of a line never comes */

	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(answers[i]);

		put(fd, answers[i], left < len ? left : len);
		if (left < len)
			break;
		left -= len;
		hear(fd);
	}
	reset(fd);
}

static const struct manner {
	const char *name;
	void (*serve)(int fd);
} manners[] = {
	{ "good", good },
	{ "silent", silent },
	{ "drip_head", drip_head },
	{ "drip_body", drip_body },
	{ "endless_head", endless_head },
	{ "endless_field", endless_field },
	{ "endless_status", endless_status },
	{ "endless_body", endless_body },
	{ "endless_continue", endless_continue },
	{ "endless_chunks", endless_chunks },
	{ "endless_chunk_size", endless_chunk_size },
	{ "endless_trailer", endless_trailer },
	{ "huge_chunk", huge_chunk },
	{ "huge_length", huge_length },
	{ "negative_length", negative_length },
	{ "nul_bytes", nul_bytes },
	{ "gzip_bomb", gzip_bomb },
	{ "garbage", garbage },
	{ "reset_at_once", reset_at_once },
	{ "reset_at_each", reset_at_each },
	{ "redirect_nowhere", redirect_nowhere },
	{ "tls_closes", tls_closes },
	{ "tls_resets", tls_resets },
	{ "tls_garbage", tls_garbage },
	{ "tls_stalls", tls_stalls },
	{ "tls_alerts", tls_alerts },
	{ "tls_endless_body", tls_endless_body },
	{ "tls_renegotiates", tls_renegotiates },
	{ "tls_endless_tickets", tls_endless_tickets },
	{ "tls_good", tls_good },
	{ "endless_line", endless_line },
	{ "drip_line", drip_line },
	{ "endless_lines", endless_lines },
	{ "smtp_good", smtp_good },
	{ "smtp_drip", smtp_drip },
	{ "smtp_endless_banner", smtp_endless_banner },
	{ "smtp_endless_lines", smtp_endless_lines },
	{ "smtp_endless_ends", smtp_endless_ends },
	{ "smtp_helo_endless", smtp_helo_endless },
	{ "smtp_helo_lines", smtp_helo_lines },
	{ "smtp_codes", smtp_codes },
	{ "smtp_pipelined", smtp_pipelined },
	{ "smtp_surprise", smtp_surprise },
	{ "smtp_closes_in_helo", smtp_closes_in_helo },
	{ "smtp_reset_at_each", smtp_reset_at_each },
};

#define N_MANNERS (sizeof(manners) / sizeof(manners[0]))

/* ---- serving ---- */

struct guest {
	const struct manner *manner;
	int fd;
};

static void *on_guest(void *arg)
{
	struct guest guest = *(struct guest *)arg;
	const struct timeval limit = { .tv_sec = 10 };

	free(arg);
	setsockopt(guest.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(guest.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	guest.manner->serve(guest.fd);
	close(guest.fd);
	return NULL;
}

static void *on_port(void *arg)
{
	struct guest *port = arg, *guest;
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	for (;;) {
		int fd = accept(port->fd, NULL, NULL);

		if (fd < 0)
			continue;
		guest = malloc(sizeof(*guest));
		*guest = (struct guest){ port->manner, fd };
		if (pthread_create(&thread, &attr, on_guest, guest)) {
			close(fd);
			free(guest);
		}
	}
	return NULL;
}

static int listen_on(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(fd, 128) < 0) {
		perror("listen");
		exit(1);
	}
	return fd;
}

static SSL_CTX *context(const char *certificate, const char *key, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx || SSL_CTX_use_certificate_file(ctx, certificate, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1) {
		fprintf(stderr, "hostile: no certificate\n");
		exit(1);
	}
	SSL_CTX_set_max_proto_version(ctx, version);
	return ctx;
}

int main(int argc, char **argv)
{
	sigset_t signals;
	int signo;

	if (argc != 4) {
		fprintf(stderr, "usage: hostile PORT CERTIFICATE KEY\n");
		return 2;
	}
	tls = context(argv[2], argv[3], TLS1_3_VERSION);
	tls12 = context(argv[2], argv[3], TLS1_2_VERSION);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	for (size_t i = 0; i < N_MANNERS; i++) {
		uint16_t port = (uint16_t)(atoi(argv[1]) + (int)i);
		struct guest *host = malloc(sizeof(*host));
		pthread_t thread;

		*host = (struct guest){ &manners[i], listen_on(port) };
		if (pthread_create(&thread, NULL, on_port, host))
			return 1;
		printf("%s %u\n", manners[i].name, port);
	}
	printf("begins\n");
	fflush(stdout);
	sigwait(&signals, &signo);
	printf("good=%u gap_ms=%.1f\n", good_n, (double)good_gap_us / 1000);
	fflush(stdout);
	_exit(0); /* the threads go with it */
}
