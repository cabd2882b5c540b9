/*
 * Event FIFOs. Parent only; owns the FIFOs it made and the processes that read them.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "director/event_lines.h"
#include "director/fifo.h"
#include "director/scripts.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/proc.h"

#define FIFO_MODE         0644            /* less the umask */
#define WAITING_MAX       (512 * 1024)    /* bytes; beyond it older lines of an object go */
#define READER_MIN_US     (1 * US_PER_S)  /* until a reader that ended is started again */
#define READER_MAX_US     (60 * US_PER_S) /* doubles up to this */
#define READER_HEALTHY_US (60 * US_PER_S) /* after so long the delay begins anew */
#define READER_KILL_US    (2 * US_PER_S)  /* from TERM to KILL */

struct fifo {
	struct fifos *owner;
	char *path; /* NULL = none */
	char *user, *group;
	struct io io; /* fd -1 = not open */
	bool is_made; /* by us: removed at the end */
	struct event_lines *waiting;
	uint64_t superseded; /* lines, since nothing waited */
	/* its reader */
	char **argv; /* NULL = none; the path is its last word */
	char *script_user, *script_group;
	unsigned ways; /* enum proc_way */
	pid_t pid;
	bool is_ending; /* it was told to go; only then the next one starts: two would share lines
			 */
	struct child watch;
	struct timer timer;
	time_us started_at;
	int64_t delay_us;
};

struct fifos {
	struct loop *loop;
	struct fifo fifo[FIFO_N];
};

static void on_reader_timer(struct timer *timer, void *arg);

struct fifos *fifos_new(struct loop *loop)
{
	struct fifos *fifos = xcalloc(1, sizeof(*fifos));

	fifos->loop = loop;
	for (int i = 0; i < FIFO_N; i++) {
		fifos->fifo[i].owner = fifos;
		fifos->fifo[i].io.fd = -1;
		timer_init(&fifos->fifo[i].timer, loop, on_reader_timer, &fifos->fifo[i]);
	}
	return fifos;
}

/* ---- lines ---- */

/* Everything was read. */
static void caught_up(struct fifo *f)
{
	if (f->superseded > 0)
		log_event(LOG_LEVEL_WARNING, "fifo_superseded",
			  log_kv("fifo=%s count=%llu", f->path, (unsigned long long)f->superseded),
			  "%llu events for %s were superseded by younger ones before they were "
			  "read",
			  (unsigned long long)f->superseded, f->path);
	f->superseded = 0;
}

/* Writes what waits, whole lines as far as possible. */
static void flush(struct fifo *f)
{
	const char *text;
	size_t len;

	while ((text = event_lines_first(f->waiting, &len))) {
		ssize_t n = write(f->io.fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		event_lines_taken(f->waiting, (size_t)n);
	}
	io_set_events(&f->io, text ? EPOLLOUT : 0);
	if (!text)
		caught_up(f);
}

static void on_writable(struct io *io, uint32_t ready, void *arg)
{
	(void)io;
	(void)ready;
	flush(arg);
}

static void put_line(struct fifo *f, const char *key, const char *line)
{
	uint64_t gone;

	if (f->io.fd < 0)
		return;
	gone = event_lines_add(f->waiting, key, line);
	if (gone > 0 && f->superseded == 0)
		log_event(LOG_LEVEL_WARNING, "fifo_full", log_kv("fifo=%s", f->path),
			  "nobody reads %s: of each object only the last event waits on", f->path);
	f->superseded += gone;
	flush(f);
}

void fifos_write(struct fifos *fifos, enum fifo_kind kind, const char *key, const char *line)
{
	put_line(&fifos->fifo[FIFO_ALL], key, line);
	put_line(&fifos->fifo[kind], key, line);
}

/* ---- the reader ---- */

static void reader_start(struct fifo *f);

static int64_t reader_delay_us(struct fifo *f)
{
	time_us now = loop_update_now(f->owner->loop);

	if (time_sub(now, f->started_at) >= READER_HEALTHY_US)
		f->delay_us = 0;
	f->delay_us = f->delay_us ? f->delay_us * 2 : READER_MIN_US;
	if (f->delay_us > READER_MAX_US)
		f->delay_us = READER_MAX_US;
	return f->delay_us;
}

static void on_reader_exit(struct child *watch, int wait_status, void *arg)
{
	struct fifo *f = arg;
	char text[64];

	(void)watch;
	f->pid = 0;
	timer_cancel(&f->timer);
	if (f->is_ending) {
		f->is_ending = false;
		reader_start(f);
		return;
	}
	log_event(LOG_LEVEL_WARNING, "fifo_reader", log_kv("fifo=%s", f->path), "reader of %s %s",
		  f->path, proc_status_str(wait_status, text, sizeof(text)));
	timer_arm_in(&f->timer, reader_delay_us(f));
}

static void reader_start(struct fifo *f)
{
	const struct proc_script script = { (const char *const *)f->argv, f->script_user,
					    f->script_group, f->ways };
	pid_t pid;

	if (!f->argv || f->pid || f->io.fd < 0)
		return;
	pid = proc_spawn_script(&script);
	if (pid < 0) {
		errno = (int)-pid;
		log_warn("fifo_reader", "cannot run %s for %s", f->argv[0], f->path);
		return;
	}
	f->pid = pid;
	f->started_at = loop_update_now(f->owner->loop);
	child_watch(f->owner->loop, &f->watch, pid, on_reader_exit, f);
}

static void on_reader_timer(struct timer *timer, void *arg)
{
	struct fifo *f = arg;

	(void)timer;
	if (f->is_ending)
		kill(-f->pid, SIGKILL);
	else
		reader_start(f);
}

static void words_free(char **words)
{
	for (char **word = words; word && *word; word++)
		free(*word);
	free(words);
}

/* Forgets the command, and ends what runs. */
static void reader_stop(struct fifo *f)
{
	words_free(f->argv);
	free(f->script_user);
	free(f->script_group);
	f->argv = NULL;
	f->script_user = f->script_group = NULL;
	f->delay_us = 0;
	if (!f->pid) {
		timer_cancel(&f->timer);
	} else if (!f->is_ending) {
		kill(-f->pid, SIGTERM);
		f->is_ending = true;
		timer_arm_in(&f->timer, READER_KILL_US);
	}
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_reader(const struct fifo *f, const struct conf_script *script, const char *user,
			   const char *group, unsigned ways)
{
	uint32_t n = 0;

	if (!f->argv || !script->argc)
		return !f->argv && !script->argc;
	if (f->ways != ways || !is_same_text(f->script_user, user) ||
	    !is_same_text(f->script_group, group))
		return false;
	while (n < script->argc && is_same_text(f->argv[n], script->argv[n]))
		n++;
	return n == script->argc && f->argv[n] && !f->argv[n + 1];
}

static char *text_copy(const char *text)
{
	return text ? xstrdup(text) : NULL;
}

static void reader_apply(struct fifo *f, const struct conf *conf, const struct conf_script *script)
{
	const char *user = script->user, *group = script->group;
	const unsigned ways = scripts_ways(conf);

	if (!user)
		user = scripts_default_user(conf, &group);
	if (is_same_reader(f, script, user, group, ways))
		return;
	reader_stop(f);
	if (!script->argc)
		return;
	f->argv = xcalloc(script->argc + 2UL, sizeof(*f->argv));
	for (uint32_t i = 0; i < script->argc; i++)
		f->argv[i] = xstrdup(script->argv[i]);
	f->argv[script->argc] = xstrdup(f->path);
	f->script_user = text_copy(user);
	f->script_group = text_copy(group);
	f->ways = ways;
	reader_start(f);
}

/* ---- the FIFO ---- */

static int open_there(const char *path)
{
	return open(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

/* With the rights of its owner when ours do not suffice: we have dropped the one to ignore them. */
static int open_as(const char *path, const struct passwd *pw)
{
	int fd = open_there(path), error;

	if (fd >= 0 || errno != EACCES || !pw)
		return fd;
	setfsgid(pw->pw_gid);
	setfsuid(pw->pw_uid);
	fd = open_there(path);
	error = errno;
	setfsuid(geteuid());
	setfsgid(getegid());
	errno = error;
	return fd;
}

/* Gives a FIFO that we made to the user it is for. */
static void give(const struct fifo *f, const struct passwd *pw)
{
	gid_t gid = pw ? pw->pw_gid : (gid_t)-1;
	const struct group *gr = f->group ? getgrnam(f->group) : NULL;

	if (gr)
		gid = gr->gr_gid;
	else if (f->group)
		log_warnx("fifo", "%s: no such group %s", f->path, f->group);
	if ((pw || gr) && fchown(f->io.fd, pw ? pw->pw_uid : (uid_t)-1, gid) < 0)
		log_warn("fifo", "cannot give %s to %s", f->path, f->user);
}

/* The descriptor, or -1 with errno: EEXIST when there is something else at that path. */
static int open_fifo(struct fifo *f, const struct passwd *pw)
{
	struct stat st;
	int fd;

	if (mkfifo(f->path, FIFO_MODE) == 0)
		f->is_made = true;
	else if (errno != EEXIST)
		return -1;
	fd = open_as(f->path, pw);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

static void fifo_open(struct fifo *f)
{
	const struct passwd *pw = f->user ? getpwnam(f->user) : NULL;
	int fd;

	if (f->user && !pw)
		log_warnx("fifo", "%s: no such user %s", f->path, f->user);
	fd = open_fifo(f, pw);
	if (fd >= 0 && io_add(f->owner->loop, &f->io, fd, 0, on_writable, f) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0) {
		log_warn("fifo", "cannot open the FIFO %s", f->path);
		f->io.fd = -1;
		return;
	}
	f->io.fd = fd;
	f->waiting = event_lines_new(WAITING_MAX);
	if (f->is_made)
		give(f, pw);
}

/* Whether the path still leads to what is open. */
static bool is_in_place(const struct fifo *f)
{
	struct stat ours, there;

	return f->io.fd >= 0 && fstat(f->io.fd, &ours) == 0 && lstat(f->path, &there) == 0 &&
	       ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static void fifo_close(struct fifo *f)
{
	const bool is_ours = f->is_made && is_in_place(f);

	reader_stop(f);
	if (f->io.fd >= 0) {
		io_del(&f->io);
		close(f->io.fd);
	}
	if (is_ours)
		unlink(f->path);
	free(f->path);
	free(f->user);
	free(f->group);
	event_lines_free(f->waiting);
	f->path = f->user = f->group = NULL;
	f->waiting = NULL;
	f->superseded = 0;
	f->is_made = false;
	f->io.fd = -1;
}

static void fifo_apply(struct fifo *f, const struct conf *conf, const struct fifo_conf *wanted)
{
	if (!is_same_text(f->path, wanted->path.path) ||
	    !is_same_text(f->user, wanted->path.user) ||
	    !is_same_text(f->group, wanted->path.group) || (f->path && !is_in_place(f))) {
		fifo_close(f);
		f->path = text_copy(wanted->path.path);
		f->user = text_copy(wanted->path.user);
		f->group = text_copy(wanted->path.group);
		if (f->path)
			fifo_open(f);
	}
	if (f->path)
		reader_apply(f, conf, &wanted->script);
}

void fifos_apply(struct fifos *fifos, const struct conf *conf)
{
	const struct global_conf *global = root_global(conf_root(conf));
	const struct fifo_conf *const wanted[FIFO_N] = {
		[FIFO_ALL] = &global->notify_fifo,
		[FIFO_VRRP] = &global->vrrp_notify_fifo,
		[FIFO_LVS] = &global->lvs_notify_fifo,
	};
	static const struct fifo_conf none;

	for (int i = 0; i < FIFO_N; i++)
		fifo_apply(&fifos->fifo[i], conf,
			   i != FIFO_ALL && fifo_is_same(wanted[i], wanted[FIFO_ALL]) ? &none
										      : wanted[i]);
}

void fifos_free(struct fifos *fifos)
{
	if (!fifos)
		return;
	for (int i = 0; i < FIFO_N; i++) {
		struct fifo *f = &fifos->fifo[i];

		fifo_close(f);
		timer_cancel(&f->timer);
		if (f->pid)
			child_unwatch(&f->watch);
	}
	free(fifos);
}
