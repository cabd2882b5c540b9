/*
 * Asking the parent over its control socket.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/control_client.h"

#define ANSWER_TIME_S 10

static int open_socket(const char *path)
{
	const struct timeval timeout = { .tv_sec = ANSWER_TIME_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

/* Reads the first line, which tells success and how long the rest is. 0 or -errno. */
static int read_verdict(FILE *in, size_t *n, char *why)
{
	char line[CONTROL_REQUEST_MAX + 64];

	if (!fgets(line, sizeof(line), in)) {
		snprintf(why, CONTROL_WHY_MAX, "no answer");
		return -ETIMEDOUT;
	}
	if (sscanf(line, "ok %zu\n", n) == 1)
		return 0;
	line[strcspn(line, "\n")] = '\0';
	snprintf(why, CONTROL_WHY_MAX, "%s", line);
	return -EPROTO;
}

/* The rest, as a stream; NULL and words in `why` when it is not whole. */
static FILE *read_answer(FILE *in, size_t n, char *why)
{
	FILE *answer = fmemopen(NULL, n + 1, "w+");
	char block[16384];
	size_t done = 0, got;

	while (answer && (got = fread(block, 1, sizeof(block), in)) > 0)
		done += fwrite(block, 1, got, answer);
	if (answer && done == n) {
		rewind(answer);
		return answer;
	}
	snprintf(why, CONTROL_WHY_MAX, "the answer ends after %zu of %zu bytes", done, n);
	if (answer)
		fclose(answer);
	return NULL;
}

FILE *control_ask(const char *path, const char *request, char *why)
{
	int fd = open_socket(path), error = fd < 0 ? fd : 0;
	FILE *in = NULL, *answer = NULL;
	size_t n = 0;

	if (!error && (dprintf(fd, "%s\n", request) < 0 || !(in = fdopen(fd, "r")))) {
		error = -errno;
		close(fd);
	}
	if (error)
		snprintf(why, CONTROL_WHY_MAX, "%s: %s%s", path, strerror(-error),
			 error == -ENOENT || error == -ECONNREFUSED ? " (is diarch running?)" : "");
	else
		error = read_verdict(in, &n, why);
	if (!error && !(answer = read_answer(in, n, why)))
		error = -ETIMEDOUT;
	if (in)
		fclose(in);
	errno = -error;
	return answer;
}
