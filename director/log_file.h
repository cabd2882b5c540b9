/*
 * Log files (-g): one for each process, written by the parent alone.
 *
 * A child writes its lines into a pipe and never waits: what does not fit is lost. So a slow disk
 * holds up the parent at most, never the VRRP loop.
 */
#ifndef DIARCH_DIRECTOR_LOG_FILE_H
#define DIARCH_DIRECTOR_LOG_FILE_H

#include "lib/loop.h"

/*
 * Opens the log file of the process `suffix` ("" = the parent, "_vrrp" ...): the suffix goes before
 * the extension of `path`. Created 0640 less the umask; a symbolic link is refused. Returns a
 * descriptor for appending or -errno.
 */
int log_file_open(const char *path, const char *suffix);

/* Goes on in the file that has this name now, behind the same descriptor, so that logs can be
 * rotated; where it cannot be opened the old one stays. Returns 0 or -errno. */
int log_file_reopen(int fd, const char *path, const char *suffix);

struct log_pipe;

/* A pipe whose lines go to the file of `suffix`. NULL and errno on failure. */
struct log_pipe *log_pipe_new(struct loop *loop, const char *path, const char *suffix);

/* The same for its file, after all that was said before. NULL is fine. */
void log_pipe_reopen(struct log_pipe *pipe);

/* Writes what is still in the pipe and closes everything. NULL is fine. */
void log_pipe_free(struct log_pipe *pipe);

/* The end for the child; stays ours. -1 for NULL. */
int log_pipe_fd(const struct log_pipe *pipe);

#endif
