/*
 * diarchctl: the control tool. Asks the parent over its control socket and prints the answer.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "director/control.h"

#define ANSWER_TIME_S 10

static int usage(FILE *out, int status)
{
	fputs("Usage: diarchctl [--control=SOCKET] COMMAND\n"
	      "  status [--json]   state of the processes, VRRP instances, virtual and real "
	      "servers\n"
	      "  reload            read the configuration again (as SIGHUP)\n"
	      "  --version, --help\n",
	      out);
	return status;
}

static int open_socket(const char *path)
{
	const struct timeval timeout = { .tv_sec = ANSWER_TIME_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Prints the answer less its first line, which tells success. Exit status: 0 ok, 1 refused, 3 no
 * answer. */
static int print_answer(FILE *in)
{
	char line[CONTROL_REQUEST_MAX + 64], block[16384];
	size_t n;

	if (!fgets(line, sizeof(line), in)) {
		fputs("diarchctl: no answer\n", stderr);
		return 3;
	}
	if (strcmp(line, "ok\n") != 0) {
		fprintf(stderr, "diarchctl: %s", line);
		return 1;
	}
	while ((n = fread(block, 1, sizeof(block), in)) > 0)
		fwrite(block, 1, n, stdout);
	return 0;
}

static int ask(const char *path, const char *request)
{
	int fd = open_socket(path), status;
	FILE *in;

	if (fd < 0) {
		fprintf(stderr, "diarchctl: %s: %s%s\n", path, strerror(errno),
			errno == ENOENT || errno == ECONNREFUSED ? " (is diarch running?)" : "");
		return 3;
	}
	if (dprintf(fd, "%s\n", request) < 0 || !(in = fdopen(fd, "r"))) {
		perror("diarchctl");
		close(fd);
		return 3;
	}
	status = print_answer(in);
	fclose(in);
	return status;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "control", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'j' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = DIARCH_RUNDIR "/diarch/control.sock";
	bool json = false;
	int key;

	while ((key = getopt_long(argc, argv, "c:jvh", options, NULL)) != -1) {
		switch (key) {
		case 'c': path = optarg; break;
		case 'j': json = true; break;
		case 'v': printf("diarchctl v%s\n", PACKAGE_VERSION); return 0;
		case 'h': return usage(stdout, 0);
		default: return usage(stderr, 2);
		}
	}
	if (argc - optind != 1)
		return usage(stderr, 2);
	if (!strcmp(argv[optind], "status"))
		return ask(path, json ? "status json" : "status text");
	if (!strcmp(argv[optind], "reload"))
		return ask(path, "reload");
	fprintf(stderr, "diarchctl: unknown command '%s'\n", argv[optind]);
	return usage(stderr, 2);
}
