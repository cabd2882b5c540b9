/*
 * Log files. Parent only; owns the files and the reading ends of the children's pipes.
 */
#include "director/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/log.h"

#define CHUNK      16384
#define CHUNKS_MAX 16 /* for each pass of the loop */

struct log_pipe {
	struct io io;
	int read_fd, write_fd, file_fd;
	char *path, *suffix;
};

int log_file_open(const char *path, const char *suffix)
{
	const char *base = strrchr(path, '/'), *dot = strrchr(base ? base : path, '.');
	const int stem = dot ? (int)(dot - path) : (int)strlen(path);
	char name[PATH_MAX];
	int fd;

	if (snprintf(name, sizeof(name), "%.*s%s%s", stem, path, suffix, path + stem) >=
	    (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0640);
	return fd < 0 ? -errno : fd;
}

int log_file_reopen(int fd, const char *path, const char *suffix)
{
	const int next = log_file_open(path, suffix);
	int error = 0;

	if (next < 0)
		return next;
	if (dup3(next, fd, O_CLOEXEC) < 0)
		error = -errno;
	close(next);
	return error;
}

/* Moves at most CHUNKS_MAX chunks to the file; a full disk loses them. */
static void pipe_move(struct log_pipe *p)
{
	char chunk[CHUNK];

	for (int i = 0; i < CHUNKS_MAX; i++) {
		ssize_t n = read(p->read_fd, chunk, sizeof(chunk));

		if (n <= 0 || write(p->file_fd, chunk, (size_t)n) < 0)
			return;
	}
}

static void on_ready(struct io *io, uint32_t ready, void *arg)
{
	(void)io;
	(void)ready;
	pipe_move(arg);
}

struct log_pipe *log_pipe_new(struct loop *loop, const char *path, const char *suffix)
{
	struct log_pipe *p = xcalloc(1, sizeof(*p));
	int fd[2] = { -1, -1 }, error;

	p->file_fd = log_file_open(path, suffix);
	error = p->file_fd < 0 ? -p->file_fd : 0;
	if (!error && pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		error = errno;
	p->read_fd = fd[0];
	p->write_fd = fd[1];
	if (!error)
		error = -io_add(loop, &p->io, p->read_fd, EPOLLIN, on_ready, p);
	p->path = xstrdup(path);
	p->suffix = xstrdup(suffix);
	if (!error)
		return p;
	if (p->file_fd >= 0)
		close(p->file_fd);
	if (p->read_fd >= 0) {
		close(p->read_fd);
		close(p->write_fd);
	}
	free(p->path);
	free(p->suffix);
	free(p);
	errno = error;
	return NULL;
}

void log_pipe_reopen(struct log_pipe *pipe)
{
	int error;

	if (!pipe)
		return;
	pipe_move(pipe);
	error = log_file_reopen(pipe->file_fd, pipe->path, pipe->suffix);
	if (!error)
		return;
	errno = -error;
	log_warn("log_file", "cannot open the log file of %s again", pipe->suffix);
}

void log_pipe_free(struct log_pipe *pipe)
{
	if (!pipe)
		return;
	pipe_move(pipe);
	io_del(&pipe->io);
	close(pipe->read_fd);
	close(pipe->write_fd);
	close(pipe->file_fd);
	free(pipe->path);
	free(pipe->suffix);
	free(pipe);
}

int log_pipe_fd(const struct log_pipe *pipe)
{
	return pipe ? pipe->write_fd : -1;
}
