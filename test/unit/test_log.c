/*
 * Unit tests of lib/log.c: the form of a line, its bounds, levels, and that nobody can hold it up.
 */
#include "test/unit/lib_util.h"

#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "lib/log.h"

#define STAMP                                                                             \
	"^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} " \
	"[0-9]{4}: "

/* Standard error led into a pipe; what a log call wrote there. */
static int err_pipe[2];
static int err_saved;
static char line[8192];

static int capture_begin(void **state)
{
	(void)state;
	err_saved = dup(STDERR_FILENO);
	if (err_saved < 0 || pipe2(err_pipe, O_CLOEXEC) < 0)
		return -1;
	fcntl(err_pipe[0], F_SETFL, O_NONBLOCK);
	log_open("tester", LOG_TARGET_STDERR, LOG_DAEMON, LOG_LEVEL_INFO);
	return dup2(err_pipe[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int capture_end(void **state)
{
	(void)state;
	log_close();
	dup2(err_saved, STDERR_FILENO);
	close(err_saved);
	close(err_pipe[0]);
	close(err_pipe[1]);
	return 0;
}

static const char *captured(void)
{
	const ssize_t n = read(err_pipe[0], line, sizeof(line) - 1);

	line[n > 0 ? n : 0] = '\0';
	return line;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	if (regexec(&re, text, 0, NULL, 0) != 0)
		fail_msg("\"%s\" does not match \"%s\"", text, pattern);
	regfree(&re);
}

static void form_of_a_line(void **state)
{
	char pattern[256];

	(void)state;
	snprintf(pattern, sizeof(pattern),
		 STAMP "tester\\[%d\\]: \\(VI_1\\) up 5 \\| event=vrrp_state instance=VI_1\n$",
		 (int)getpid());
	log_event(LOG_LEVEL_NOTICE, "vrrp_state", log_kv("instance=%s", "VI_1"), "(VI_1) up %d", 5);
	assert_matches(captured(), pattern);
	log_event(LOG_LEVEL_NOTICE, "bare", NULL, "text");
	assert_matches(captured(), ": text \\| event=bare\n$");
}

static void warnings(void **state)
{
	(void)state;
	errno = ENOENT;
	log_warn("file", "cannot read %s", "x");
	assert_matches(captured(),
		       ": cannot read x: No such file or directory \\| event=file errno=2\n$");
	log_warnx("file", "odd %s", "y");
	assert_matches(captured(), ": odd y \\| event=file\n$");
}

static void levels(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_DEBUG, "detail", NULL, "hidden");
	assert_string_equal(captured(), "");
	assert_false(log_is_on(LOG_LEVEL_DEBUG));
	assert_true(log_is_on(LOG_LEVEL_INFO));
	log_open("tester", LOG_TARGET_STDERR, LOG_DAEMON, LOG_LEVEL_ERROR);
	log_warnx("w", "hidden");
	log_warn("w", "hidden");
	assert_string_equal(captured(), "");
	log_open("tester", LOG_TARGET_STDERR, LOG_DAEMON, LOG_LEVEL_DEBUG);
	log_event(LOG_LEVEL_DEBUG, "detail", NULL, "seen");
	assert_matches(captured(), "seen");
	log_close();
	assert_false(log_is_on(LOG_LEVEL_ERROR));
	log_event(LOG_LEVEL_ERROR, "late", NULL, "hidden");
	assert_string_equal(captured(), "");
}

/* Text from the network or a file cannot forge a second line. */
static void control_characters(void **state)
{
	(void)state;
	log_event(LOG_LEVEL_ERROR, "e", "k=a\nb", "one\ntwo\tthree\x1b[31m\x7f \xc3\xa9");
	assert_matches(captured(),
		       ": one\\?two\\?three\\?\\[31m\\? \xc3\xa9 \\| event=e k=a\\?b\n$");
}

static void bounded_and_event_kept(void **state)
{
	char text[4000], pairs[4000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	memset(pairs, 'y', sizeof(pairs) - 1);
	text[sizeof(text) - 1] = pairs[sizeof(pairs) - 1] = '\0';
	log_event(LOG_LEVEL_ERROR, "long_one", pairs, "%s", text);
	assert_matches(captured(), "xxx \\| event=long_one yyyy*\n$");
	assert_true(strlen(line) < 1200);
	assert_true(strlen(log_kv("%s", text)) < sizeof(text) - 1);
}

/* A reader that has stopped costs lines, not time: this test would hang. */
static void full_pipe_does_not_block(void **state)
{
	char junk[4096];

	(void)state;
	memset(junk, 'j', sizeof(junk));
	fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK);
	while (write(STDERR_FILENO, junk, sizeof(junk)) > 0)
		;
	fcntl(STDERR_FILENO, F_SETFL, 0);
	log_event(LOG_LEVEL_ERROR, "lost", NULL, "lost");
	while (*captured())
		assert_null(strstr(line, "lost"));
	log_event(LOG_LEVEL_ERROR, "found", NULL, "found");
	assert_matches(captured(), "found");
}

static int datagram_server(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static void datagrams(void **state)
{
	char path[] = "test_log.XXXXXX", got[16];
	const int reserved = mkstemp(path);
	int fd = -1, server, n = 0;

	(void)state;
	assert_true(reserved >= 0);
	close(reserved);
	unlink(path);
	assert_false(log_datagram(&fd, path, "none", 4));
	server = datagram_server(path);
	assert_true(log_datagram(&fd, path, "one", 3));
	assert_int_equal(recv(server, got, sizeof(got), 0), 3);
	while (n < 100000 && log_datagram(&fd, path, "fill", 4))
		n++;
	assert_true(n > 0 && n < 100000); /* full, and not waited for */
	close(server);
	server = datagram_server(path);
	assert_true(log_datagram(&fd, path, "again", 5)); /* restarted */
	assert_int_equal(recv(server, got, sizeof(got), 0), 5);
	assert_memory_equal(got, "again", 5);
	close(server);
	close(fd);
	unlink(path);
}

static void fatal_exits(void **state)
{
	const pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		fatal(204, "no %s", "memory");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 204);
	assert_matches(captured(), ": no memory \\| event=fatal status=204\n$");
}

static void memory(void **state)
{
	char *p = xcalloc(4, 4);
	char *s = xstrdup("text");

	(void)state;
	for (int i = 0; i < 16; i++)
		assert_int_equal(p[i], 0);
	p = xrealloc(p, 1000);
	memset(p, 1, 1000);
	assert_string_equal(s, "text");
	free(p);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(form_of_a_line, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(warnings, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(levels, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(control_characters, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(bounded_and_event_kept, capture_begin, capture_end),
		cmocka_unit_test_setup_teardown(full_pipe_does_not_block, capture_begin,
						capture_end),
		cmocka_unit_test_setup_teardown(fatal_exits, capture_begin, capture_end),
		cmocka_unit_test(datagrams),
		cmocka_unit_test(memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
