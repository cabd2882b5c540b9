/*
 * The log of one process.
 *
 * Every process, process-level code only. Owns the one set of log targets of the process: the only
 * state of the program that is not passed down, because there is one log and everybody writes to
 * it. Lines are bounded, control characters are replaced, and a reader that does not read (a full
 * pipe, a stopped syslog daemon) loses lines instead of holding up the process.
 */
#include "lib/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/sd.h"

#define LOG_HUMAN_MAX     768  /* the text alone, so that the event code always fits */
#define LOG_TEXT_MAX      1024 /* text and pairs */
#define LOG_LINE_MAX      (LOG_TEXT_MAX + 128) /* with time, ident and pid; below PIPE_BUF */
#define LOG_OUT_OF_MEMORY 204                  /* exit status, as keepalived */

static struct {
	const char *ident;
	unsigned targets;
	int facility;
	enum log_level level;
	int syslog_fd;
	int fd; /* of LOG_TARGET_FD */
} log_state = {
	.ident = "diarch",
	.targets = LOG_TARGET_STDERR,
	.facility = LOG_DAEMON,
	.level = LOG_LEVEL_INFO,
	.syslog_fd = -1,
	.fd = -1,
};

void log_set_fd(int fd)
{
	log_state.fd = fd;
}

void log_open(const char *ident, unsigned targets, int facility, enum log_level level)
{
	log_close();
	log_state.ident = ident;
	log_state.targets = targets;
	log_state.facility = facility;
	log_state.level = level;
}

void log_close(void)
{
	if (log_state.syslog_fd >= 0)
		close(log_state.syslog_fd);
	log_state.syslog_fd = -1;
	log_state.targets = 0;
}

bool log_is_on(enum log_level level)
{
	return log_state.targets != 0 && level <= log_state.level;
}

static int datagram_open(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	close(fd);
	return -1;
}

bool log_datagram(int *fd, const char *path, const void *data, size_t len)
{
	/* The second try is for a daemon that was restarted and made a new socket. */
	for (int try = 0; try < 2; try++) {
		if (*fd < 0)
			*fd = datagram_open(path);
		if (*fd < 0)
			return false;
		if (send(*fd, data, len, MSG_NOSIGNAL) >= 0)
			return true;
		if (errno == EAGAIN)
			return false;
		close(*fd);
		*fd = -1;
	}
	return false;
}

static int syslog_priority(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR: return LOG_ERR;
	case LOG_LEVEL_WARNING: return LOG_WARNING;
	case LOG_LEVEL_NOTICE: return LOG_NOTICE;
	case LOG_LEVEL_INFO: return LOG_INFO;
	case LOG_LEVEL_DEBUG: return LOG_DEBUG;
	}
	return LOG_ERR;
}

/* snprintf() for a bounded line: the bytes really there. */
static size_t line_format(char *line, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static size_t line_format(char *line, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, size, fmt, ap);
	va_end(ap);
	if (n < 0)
		return 0;
	return (size_t)n < size ? (size_t)n : size - 1;
}

static void write_fd(int fd, const char *text)
{
	struct pollfd out = { .fd = fd, .events = POLLOUT };
	char line[LOG_LINE_MAX], day[32];
	struct timespec now;
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	strftime(day, sizeof(day), "%a %b %e %H:%M:%S", &tm);
	n = line_format(line, sizeof(line), "%s.%03ld %d: %s[%d]: %s\n", day, now.tv_nsec / 1000000,
			tm.tm_year + 1900, log_state.ident, (int)getpid(), text);
	line[n - 1] = '\n';
	if (poll(&out, 1, 0) == 1 && write(fd, line, n) < 0)
		return; /* there is no place left to complain to */
}

/* syslog(3) would do, if it did not wait for a daemon that has stopped reading. */
static void write_syslog(int priority, const char *text)
{
	char line[LOG_LINE_MAX], stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	size_t n;

	localtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%h %e %T", &tm);
	n = line_format(line, sizeof(line), "<%d>%s %s[%d]: %s", log_state.facility | priority,
			stamp, log_state.ident, (int)getpid(), text);
	log_datagram(&log_state.syslog_fd, "/dev/log", line, n);
}

static void replace_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

/* Formats, appends the pairs and writes to every target. `error` is an errno value to add, or 0. */
static void write_line(enum log_level level, const char *event, const char *kv, int error,
		       const char *fmt, va_list ap)
{
	const int priority = syslog_priority(level);
	unsigned targets = log_state.targets;
	char text[LOG_TEXT_MAX];
	size_t n;

	vsnprintf(text, LOG_HUMAN_MAX, fmt, ap);
	n = strlen(text);
	if (error)
		n += line_format(text + n, sizeof(text) - n, ": %s", strerror(error));
	line_format(text + n, sizeof(text) - n, " | event=%s%s%s", event, kv ? " " : "",
		    kv ? kv : "");
	replace_controls(text);
	if (targets & LOG_TARGET_JOURNAL && !sd_journal(priority, log_state.ident, event, kv, text))
		targets |= LOG_TARGET_SYSLOG;
	if (targets & LOG_TARGET_SYSLOG)
		write_syslog(priority, text);
	if (targets & LOG_TARGET_STDERR)
		write_fd(STDERR_FILENO, text);
	if (targets & LOG_TARGET_FD && log_state.fd >= 0)
		write_fd(log_state.fd, text);
}

void log_event(enum log_level level, const char *event, const char *kv, const char *fmt, ...)
{
	va_list ap;

	if (!log_is_on(level))
		return;
	va_start(ap, fmt);
	write_line(level, event, kv, 0, fmt, ap);
	va_end(ap);
}

const char *log_kv(const char *fmt, ...)
{
	static char pairs[LOG_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(pairs, sizeof(pairs), fmt, ap);
	va_end(ap);
	return pairs;
}

void log_warn(const char *event, const char *fmt, ...)
{
	const int error = errno;
	char pair[32];
	va_list ap;

	if (!log_is_on(LOG_LEVEL_WARNING))
		return;
	snprintf(pair, sizeof(pair), "errno=%d", error);
	va_start(ap, fmt);
	write_line(LOG_LEVEL_WARNING, event, pair, error, fmt, ap);
	va_end(ap);
}

void log_warnx(const char *event, const char *fmt, ...)
{
	va_list ap;

	if (!log_is_on(LOG_LEVEL_WARNING))
		return;
	va_start(ap, fmt);
	write_line(LOG_LEVEL_WARNING, event, NULL, 0, fmt, ap);
	va_end(ap);
}

void fatal(int status, const char *fmt, ...)
{
	char pair[32];
	va_list ap;

	snprintf(pair, sizeof(pair), "status=%d", status);
	va_start(ap, fmt);
	write_line(LOG_LEVEL_ERROR, "fatal", pair, 0, fmt, ap);
	va_end(ap);
	exit(status);
}

void *xcalloc(unsigned long n, unsigned long size)
{
	void *p = calloc(n, size);

	if (!p)
		fatal(LOG_OUT_OF_MEMORY, "Out of memory for %lu times %lu bytes", n, size);
	return p;
}

void *xrealloc(void *p, unsigned long size)
{
	void *grown = realloc(p, size);

	if (!grown)
		fatal(LOG_OUT_OF_MEMORY, "Out of memory for %lu bytes", size);
	return grown;
}

char *xstrdup(const char *s)
{
	const size_t size = strlen(s) + 1;

	return memcpy(xcalloc(1, size), s, size);
}
