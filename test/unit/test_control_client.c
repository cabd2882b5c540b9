/*
 * Unit tests of lib/control_client.c: an answer comes whole, to a slow reader too, or not at all.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/control_client.h"

static char dir[] = "/tmp/diarch-control-XXXXXX";
static char path[64];

/* A director that answers one request with `text` and is gone then. */
static pid_t serve(const char *text, size_t n)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client;
	char request[CONTROL_REQUEST_MAX];
	pid_t pid;

	strcpy(addr.sun_path, path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60); /* a failing test leaves nothing behind */
		client = accept(fd, NULL, NULL);
		if (read(client, request, sizeof(request)) > 0)
			while (n > 0) {
				ssize_t sent = send(client, text, n, MSG_NOSIGNAL);

				if (sent <= 0)
					break;
				text += sent;
				n -= (size_t)sent;
			}
		_exit(0);
	}
	close(fd);
	return pid;
}

static FILE *ask(const char *text, size_t n, char *why)
{
	const pid_t pid = serve(text, n);
	FILE *in = control_ask(path, "status text", why);
	const int error = errno;

	assert_int_equal(waitpid(pid, NULL, 0), pid); /* whoever reads now reads alone */
	errno = error;
	return in;
}

static void the_answer_is_whole(void **state)
{
	const size_t size = 4UL * 1024 * 1024; /* more than a socket holds */
	char why[CONTROL_WHY_MAX], *text = malloc(size + 64), *got = malloc(size + 64);
	const int n_head = snprintf(text, 64, CONTROL_OK, size);
	FILE *in;

	(void)state;
	memset(text + n_head, 'x', size);
	in = ask(text, (size_t)n_head + size, why);
	assert_non_null(in);
	assert_int_equal(fread(got, 1, size + 64, in), size);
	assert_memory_equal(got, text + n_head, size);
	fclose(in);
	free(text);
	free(got);
}

static void an_empty_answer_is_one(void **state)
{
	char why[CONTROL_WHY_MAX];
	FILE *in = ask("ok 0000000000\n", 14, why);

	(void)state;
	assert_non_null(in);
	assert_int_equal(fgetc(in), EOF);
	fclose(in);
}

static void an_answer_that_breaks_off_is_none(void **state)
{
	char why[CONTROL_WHY_MAX];

	(void)state;
	assert_null(ask("ok 0000000010\nabc", 17, why));
	assert_int_equal(errno, ETIMEDOUT);
	assert_string_equal(why, "the answer ends after 3 of 10 bytes");
	assert_null(ask("", 0, why));
	assert_string_equal(why, "no answer");
	assert_null(ask("error go away\n", 14, why));
	assert_int_equal(errno, EPROTO);
	assert_string_equal(why, "error go away");
}

static int make_dir(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_whole),
		cmocka_unit_test(an_empty_answer_is_one),
		cmocka_unit_test(an_answer_that_breaks_off_is_none),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
