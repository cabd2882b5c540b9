/*
 * SMTP_CHECK on an engine that is played here: what comes in which pieces, and writes that would
 * block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "check/checkers.h"

const struct conf_block smtp_check_block = { .name = "SMTP_CHECK" };
const struct conf_block smtp_host_block = { .name = "host" };

bool conf_obj_is_equal(const struct conf_obj *a, const struct conf_obj *b)
{
	return a == b;
}

/* ---- the engine ---- */

struct probe {
	struct smtp_check_conf conf;
	void *run;
	const char *in; /* what the server says; then it closes, or is silent */
	size_t piece;   /* at most so much at once */
	bool is_open;
	int blocked; /* writes that would block before one byte goes out */
	char out[128];
	size_t n_out;
	bool is_done;
	enum probe_reason reason;
};

const struct checker_conf *probe_conf(const struct probe *probe)
{
	return &probe->conf.common;
}

void *probe_run(struct probe *probe)
{
	return probe->run;
}

ssize_t probe_read(struct probe *probe, void *buf, size_t len)
{
	size_t n = strnlen(probe->in, probe->piece < len ? probe->piece : len);

	assert_true(len > 0);
	if (n == 0)
		return probe->is_open ? -EAGAIN : 0;
	memcpy(buf, probe->in, n);
	probe->in += n;
	return (ssize_t)n;
}

/* A byte at a time, and before each of them so many refusals. */
ssize_t probe_write(struct probe *probe, const void *buf, size_t len)
{
	static int refused;

	assert_true(len > 0);
	if (refused++ < probe->blocked)
		return -EAGAIN;
	refused = 0;
	probe->out[probe->n_out++] = *(const char *)buf;
	return 1;
}

void probe_done(struct probe *probe, enum probe_reason reason, const char *detail)
{
	(void)detail;
	assert_false(probe->is_done);
	probe->is_done = true;
	probe->reason = reason;
}

bool probe_is_done(const struct probe *probe)
{
	return probe->is_done;
}

enum probe_reason probe_io_reason(int err)
{
	(void)err;
	return REASON_RESET;
}

/* A whole run; REASON_TIMEOUT when it comes to no end. */
static enum probe_reason play(struct probe *probe)
{
	probe->conf.common.obj.block = &smtp_check_block;
	probe->conf.helo_name = "me";
	probe->run = calloc(1, check_smtp.run_size);
	assert_int_equal(check_smtp.start(probe), 0);
	for (int i = 0; i < 1000 && !probe->is_done; i++)
		check_smtp.io(probe, EPOLLIN | EPOLLOUT);
	free(probe->run);
	return probe->is_done ? probe->reason : REASON_TIMEOUT;
}

/* ---- tests ---- */

#define GOOD "220 mx\r\n250 mx\r\n221 bye\r\n"

static void commands_go_out(void **state)
{
	struct probe probe = { .in = GOOD, .piece = 1 };

	(void)state;
	assert_int_equal(play(&probe), REASON_OK);
	assert_string_equal(probe.out, "HELO me\r\nQUIT\r\n");
}

/* All answers came at once, and no command can be sent yet: the answers are not lost. */
static void lines_wait_for_a_send_that_blocks(void **state)
{
	(void)state;
	for (int blocked = 0; blocked < 3; blocked++)
		for (size_t piece = 1; piece <= sizeof(GOOD); piece++) {
			struct probe probe = { .in = GOOD, .piece = piece, .blocked = blocked };

			assert_int_equal(play(&probe), REASON_OK);
			assert_string_equal(probe.out, "HELO me\r\nQUIT\r\n");
		}
}

static void refusals_are_told_apart(void **state)
{
	static const struct {
		const char *in;
		bool is_open;
		enum probe_reason reason;
	} rows[] = {
		{ "554 no\r\n", true, REASON_SMTP_GREETING },
		{ "220-mx\r\n220 mx\r\n", true, REASON_SMTP_GREETING },
		{ "220 mx\r\n554 no\r\n", true, REASON_SMTP_HELO },
		{ "220 mx\r\n250-mx\r\n", true, REASON_SMTP_HELO },
		{ "220 mx\r\n250 mx\r\n500 no\r\n", true, REASON_OK },
		{ "220 mx\r\n250 mx\r\n", true, REASON_TIMEOUT },
		{ "220 mx\r\n250 mx\r\n", false, REASON_CLOSED_EARLY },
		{ "220 m", false, REASON_CLOSED_EARLY },
		{ "", false, REASON_CLOSED_EARLY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t piece = 1; piece < 32; piece++) {
			struct probe probe = { .in = rows[i].in,
					       .is_open = rows[i].is_open,
					       .piece = piece,
					       .blocked = (int)piece % 3 };

			assert_int_equal(play(&probe), rows[i].reason);
		}
}

/* A line has an end; while a command waits no more is read than there is room for. */
static void lines_are_bounded(void **state)
{
	char flood[4096];
	struct probe probe = { .in = flood, .piece = sizeof(flood) };

	(void)state;
	memset(flood, 'a', sizeof(flood) - 1);
	flood[sizeof(flood) - 1] = '\0';
	assert_int_equal(play(&probe), REASON_SMTP_TOO_LONG);
	memcpy(flood, "220 mx\r\n", 8);
	probe = (struct probe){ .in = flood, .piece = sizeof(flood), .blocked = 2 };
	assert_int_equal(play(&probe), REASON_SMTP_TOO_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_go_out),
		cmocka_unit_test(lines_wait_for_a_send_that_blocks),
		cmocka_unit_test(refusals_are_told_apart),
		cmocka_unit_test(lines_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
