/*
 * lvsadm: save files read, line by line.
 *
 * Only lvsadm uses it. Owns the buffer of one file at a time.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lvs/lvsadm.h"

#define WORDS_MAX 128
#define BUF_SIZE  (8 * LVSADM_LINE_MAX)

/* A word that stands for the program itself in front of the command. */
static bool is_program(const char *word)
{
	return strcmp(word, "ipvsadm") == 0 || strcmp(word, "lvsadm") == 0;
}

/*
 * Cuts a line into words after `argv[0]`. Their number with `argv[0]`, or -1 when there are too
 * many.
 */
static int split_words(char *line, char *argv[WORDS_MAX])
{
	char *save, *word = strtok_r(line, " \t\r\n", &save);
	int argc = 1;

	for (; word; word = strtok_r(NULL, " \t\r\n", &save)) {
		if (argc == 1 && is_program(word))
			continue;
		if (argc == WORDS_MAX - 1)
			return -1;
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

/* One line into a command, LVSADM_CMD_NONE when it is empty; false with `err` filled. */
static bool parse_line(char *line, struct lvsadm_cmd *cmd, struct lvsadm_error *err)
{
	char *argv[WORDS_MAX] = { program_invocation_short_name };
	int argc;

	cmd->command = LVSADM_CMD_NONE;
	argc = split_words(line, argv);
	if (argc < 0)
		return lvsadm_fail(err, LVSADM_USAGE, "more than %d words in a line",
				   WORDS_MAX - 2);
	if (argc > 1 && !lvsadm_parse(argc, argv, cmd, err))
		return false;
	if (cmd->command == LVSADM_CMD_RESTORE || cmd->command == LVSADM_CMD_HELP ||
	    cmd->command == LVSADM_CMD_VERSION)
		return lvsadm_fail_try(err);
	return true;
}

struct input {
	int fd;
	const struct lvsadm_reader *reader;
	struct lvsadm_error *err;
	size_t len; /* bytes in `buf` */
	char buf[BUF_SIZE + 1];
};

/* Takes one line, which ends with NUL. */
static bool take_line(struct input *in, char *line)
{
	struct lvsadm_cmd cmd;

	in->err->line++;
	if (in->reader->has_comments && line[0] == '#')
		return true;
	if (!parse_line(line, &cmd, in->err))
		return false;
	return cmd.command == LVSADM_CMD_NONE || in->reader->on_cmd(&cmd, in->err, in->reader->arg);
}

/* Takes the whole lines and keeps the beginning of the next one. */
static bool take_lines(struct input *in)
{
	char *line = in->buf, *end;

	while ((end = memchr(line, '\n', (size_t)(in->buf + in->len - line)))) {
		*end = '\0';
		if (!take_line(in, line))
			return false;
		line = end + 1;
	}
	in->len -= (size_t)(line - in->buf);
	memmove(in->buf, line, in->len);
	if (in->len >= LVSADM_LINE_MAX)
		return lvsadm_fail(in->err, LVSADM_USAGE, "line longer than %d bytes",
				   LVSADM_LINE_MAX - 1);
	return true;
}

static bool read_all(struct input *in)
{
	ssize_t n;

	for (;;) {
		n = read(in->fd, in->buf + in->len, BUF_SIZE - in->len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return lvsadm_fail(in->err, LVSADM_USAGE, "cannot read: %s",
					   strerror(errno));
		if (n == 0)
			break;
		in->len += (size_t)n;
		if (!take_lines(in))
			return false;
		if (in->reader->on_pause)
			in->reader->on_pause(in->reader->arg);
	}
	in->buf[in->len] = '\0';
	return take_line(in, in->buf);
}

bool lvsadm_read(int fd, const struct lvsadm_reader *reader, struct lvsadm_error *err)
{
	struct input *in = xcalloc(1, sizeof(*in));
	bool is_whole;

	in->fd = fd;
	in->reader = reader;
	in->err = err;
	err->line = 0;
	is_whole = read_all(in);
	free(in);
	return is_whole;
}
