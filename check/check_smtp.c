/*
 * SMTP_CHECK: a mail server that greets, answers HELO and QUIT. Runs in the checker process, for
 * the probe engine.
 *
 * A line is read no further than LINE_MAX_LEN bytes. As in keepalived a greeting or an answer of
 * several lines ("220-") is none.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "check/checkers.h"

#define LINE_MAX_LEN    512 /* RFC 5321 section 4.5.3.1.5 */
#define COMMAND_MAX_LEN 512

enum smtp_step { SMTP_GREETING, SMTP_HELO, SMTP_QUIT, SMTP_STEPS };

struct smtp_run {
	enum smtp_step step; /* whose answer is waited for */
	bool is_sent;        /* the command of the step is out */
	size_t sent, len;
	char line[LINE_MAX_LEN];
};

/* What each step says, and how the answer must begin. */
static const struct {
	const char *command; /* NULL = none */
	const char *code;    /* NULL = any line will do */
	enum probe_reason reason;
} steps[SMTP_STEPS] = {
	[SMTP_GREETING] = { NULL, "220", REASON_SMTP_GREETING },
	[SMTP_HELO] = { "HELO ", "250", REASON_SMTP_HELO },
	[SMTP_QUIT] = { "QUIT", NULL, REASON_SMTP_HELO },
};

/* A host has the name of the check around it. */
static const char *helo_name(const struct checker_conf *conf)
{
	if (conf->obj.block == &smtp_host_block)
		conf = (const struct checker_conf *)conf->obj.parent;
	return ((const struct smtp_check_conf *)conf)->helo_name;
}

/* Sends the command of the step; false when it is not out yet or the run ended. */
static bool smtp_send(struct probe *probe)
{
	struct smtp_run *run = probe_run(probe);
	char command[COMMAND_MAX_LEN];
	int len = snprintf(command, sizeof(command), "%s%s\r\n", steps[run->step].command,
			   run->step == SMTP_HELO ? helo_name(probe_conf(probe)) : "");

	while (run->sent < (size_t)len) {
		ssize_t n = probe_write(probe, command + run->sent, (size_t)len - run->sent);

		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			probe_done(probe, probe_io_reason((int)n), NULL);
			return false;
		}
		run->sent += (size_t)n;
	}
	run->is_sent = true;
	return true;
}

/* "220 text" or "220" alone. */
static bool is_code(const char *line, size_t len, const char *code)
{
	return len >= 3 && memcmp(line, code, 3) == 0 &&
	       (len == 3 || line[3] == ' ' || line[3] == '\r');
}

/* The beginning of a line, as far as it can be shown. */
static void show(const char *line, size_t len, char *text, size_t size)
{
	size_t n = 0;

	while (n < len && n < size - 1 && line[n] != '\r') {
		text[n] = line[n] >= ' ' && line[n] < 127 && line[n] != '"' ? line[n] : '?';
		n++;
	}
	text[n] = '\0';
}

static void smtp_take_line(struct probe *probe, size_t len)
{
	struct smtp_run *run = probe_run(probe);
	char text[PROBE_DETAIL_MAX];

	show(run->line, len, text, sizeof(text));
	if (steps[run->step].code && !is_code(run->line, len, steps[run->step].code)) {
		probe_done(probe, steps[run->step].reason, text);
	} else if (run->step == SMTP_QUIT) {
		probe_done(probe, REASON_OK, NULL);
	} else {
		run->step++;
		run->is_sent = false;
		run->sent = 0;
	}
}

/* Takes the lines that have arrived; what follows one of them belongs to the next. */
static void smtp_take_lines(struct probe *probe)
{
	struct smtp_run *run = probe_run(probe);
	char *end;

	while (!probe_is_done(probe) && run->is_sent && (end = memchr(run->line, '\n', run->len))) {
		size_t len = (size_t)(end - run->line);

		smtp_take_line(probe, len);
		run->len -= len + 1;
		memmove(run->line, end + 1, run->len);
		if (!probe_is_done(probe) && !smtp_send(probe))
			return;
	}
	if (!probe_is_done(probe) && run->len == sizeof(run->line))
		probe_done(probe, REASON_SMTP_TOO_LONG, NULL);
}

static void smtp_receive(struct probe *probe)
{
	struct smtp_run *run = probe_run(probe);
	ssize_t n = probe_read(probe, run->line + run->len, sizeof(run->line) - run->len);

	if (n == -EAGAIN)
		return;
	if (n < 0) {
		probe_done(probe, probe_io_reason((int)n), NULL);
	} else if (n == 0) {
		probe_done(probe, REASON_CLOSED_EARLY, NULL);
	} else {
		run->len += (size_t)n;
		smtp_take_lines(probe);
	}
}

static void smtp_io(struct probe *probe, uint32_t ready)
{
	const struct smtp_run *run = probe_run(probe);

	(void)ready;
	if (!run->is_sent && smtp_send(probe))
		smtp_take_lines(probe); /* those that came before the command could go out */
	if (run->is_sent && !probe_is_done(probe))
		smtp_receive(probe);
}

static int smtp_start(struct probe *probe)
{
	struct smtp_run *run = probe_run(probe);

	run->is_sent = true; /* the server speaks first */
	return 0;
}

/* Also the name of the check around a host. */
static bool smtp_is_same(const struct checker_conf *a, const struct checker_conf *b)
{
	return strcmp(helo_name(a), helo_name(b)) == 0 && conf_obj_is_equal(&a->obj, &b->obj);
}

const struct checker_ops check_smtp = {
	.name = "SMTP_CHECK",
	.log_up_before = "Remote SMTP server",
	.log_up_after = "succeed on service.",
	.log_down_name = "SMTP_CHECK",
	.conf = &smtp_check_block,
	.run_size = sizeof(struct smtp_run),
	.start = smtp_start,
	.io = smtp_io,
	.is_same = smtp_is_same,
};
