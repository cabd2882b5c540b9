/*
 * A small SMTP server for labs: takes mail and appends it to a file, a line "---" after each.
 *
 *	mailbox ADDRESS PORT FILE [REFUSED]
 *
 * Refuses recipients whose address contains REFUSED for good, like a real one that does not know
 * them. One session at a time.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_LEN 2048

static bool begins(const char *line, const char *word)
{
	return strncasecmp(line, word, strlen(word)) == 0;
}

/* Behind DATA, up to the line with the single dot. False at the end of the connection. */
static bool take_text(FILE *in, FILE *box)
{
	char line[LINE_MAX_LEN];

	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strcmp(line, ".") == 0) {
			fputs("---\n", box);
			return fflush(box) == 0;
		}
		fprintf(box, "%s\n", *line == '.' ? line + 1 : line);
	}
	return false;
}

static const char *answer(const char *line, FILE *box, const char *refused)
{
	if (begins(line, "EHLO") || begins(line, "HELO"))
		return "250-mailbox\r\n250 8BITMIME";
	if (begins(line, "RCPT") && refused && strstr(line, refused))
		return "550 no such user";
	if (begins(line, "MAIL") || begins(line, "RCPT"))
		fprintf(box, "%s", line);
	if (begins(line, "MAIL") || begins(line, "RCPT") || begins(line, "RSET"))
		return "250 fine";
	if (begins(line, "DATA"))
		return "354 go on";
	return begins(line, "QUIT") ? "221 bye" : "502 what";
}

static void serve(FILE *in, FILE *out, FILE *box, const char *refused)
{
	char line[LINE_MAX_LEN];

	fputs("220-mailbox\r\n220 ready\r\n", out);
	fflush(out);
	while (fgets(line, sizeof(line), in)) {
		fprintf(out, "%s\r\n", answer(line, box, refused));
		fflush(out);
		if (begins(line, "QUIT"))
			return;
		if (!begins(line, "DATA"))
			continue;
		if (!take_text(in, box))
			return;
		fputs("250 taken\r\n", out);
		fflush(out);
	}
}

static int listen_at(const char *address, const char *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (inet_pton(AF_INET, address, &sa.sin_addr) == 1 &&
	    bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0 && listen(fd, 16) == 0)
		return fd;
	perror("mailbox");
	exit(1);
}

int main(int argc, char **argv)
{
	FILE *box;
	int listen_fd;

	if (argc < 4) {
		fprintf(stderr, "usage: mailbox ADDRESS PORT FILE [REFUSED]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	box = fopen(argv[3], "a");
	if (!box) {
		perror(argv[3]);
		return 1;
	}
	listen_fd = listen_at(argv[1], argv[2]);
	for (;;) {
		int fd = accept(listen_fd, NULL, NULL);
		FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

		serve(in, out, box, argc > 4 ? argv[4] : NULL);
		fclose(in);
		fclose(out);
	}
}
