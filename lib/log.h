/*
 * Scoped, event-coded log to stderr, syslog or the journal.
 *
 * Every line has the text that people and monitoring read first (keepalived's words where it has
 *some, see doc/COMPATIBILITY.md) and then an event code with key=value pairs: (VI_1) Entering
 *MASTER STATE | event=vrrp_state instance=VI_1 from=BACKUP to=MASTER Libraries and pure modules do
 *not log: they return codes; process-level code calls this.
 */
#ifndef DIARCH_LIB_LOG_H
#define DIARCH_LIB_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

enum log_target {
	LOG_TARGET_STDERR = 1, /* with time stamp: -l */
	LOG_TARGET_SYSLOG = 2,
	LOG_TARGET_JOURNAL =
		4,         /* structured fields; falls back to syslog when there is no journal */
	LOG_TARGET_FD = 8, /* as stderr, to the descriptor of log_set_fd(): -g */
};

/*
 * Opens the log of this process. `ident` (not copied, e.g. "diarch_vrrp") tags each line; `targets`
 * is a mask of enum log_target; `facility` a syslog facility; `level` the most verbose level
 * written. Not thread safe.
 */
void log_open(const char *ident, unsigned targets, int facility, enum log_level level);
void log_close(void);

/*
 * Where LOG_TARGET_FD goes: a file, or a pipe that somebody else writes to a file, for a process
 * that must not wait for a disk. Set before log_open(); stays the caller's. -1 = nowhere.
 */
void log_set_fd(int fd);

/* Whether lines of `level` are written, to skip costly formatting. */
bool log_is_on(enum log_level level);

/*
 * Writes one line. `event` is a short stable code ("vrrp_state"); `kv` the pairs already formatted
 * ("instance=VI_1 to=MASTER") or NULL; `fmt` the human text. Never blocks for long, never fails.
 */
void log_event(enum log_level level, const char *event, const char *kv, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Formats "key=value" pairs for log_event into the one static buffer: use at once. */
const char *log_kv(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Warning with the text of errno appended. */
void log_warn(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Warning without errno. */
void log_warnx(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Logs an error and exits with `status`; only for start-up and out of memory. */
_Noreturn void fatal(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Sends one datagram to the Unix socket at `path` without ever waiting; false when it was not
 * taken. `*fd` is the socket, -1 at first; it is opened and reopened as needed. For the writers to
 * syslog and the journal.
 */
bool log_datagram(int *fd, const char *path, const void *data, size_t len);

/* malloc family that is fatal (status 204) when out of memory: for start and commit. */
void *xcalloc(unsigned long n, unsigned long size);
void *xrealloc(void *p, unsigned long size);
char *xstrdup(const char *s);

#endif
