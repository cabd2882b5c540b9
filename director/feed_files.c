/*
 * Numbers in files, for track_file. Parent only; owns the inotify descriptor.
 *
 * The directory is watched, so that files that are replaced or come later are noticed; where the
 * name is a symbolic link, that of the file behind it as well. What was written counts when it is
 * closed. A directory that is not there, or what a link leads to, is looked for every second.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "director/feeds.h"
#include "lib/log.h"

#define RETRY_US (1 * US_PER_S)
#define EVENTS                                                                       \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | \
	 IN_MOVE_SELF | IN_ONLYDIR)

struct file {
	struct file *next;
	char *name; /* of the track_file */
	char *path, *folder;
	int watch;        /* -1 = the folder is not there */
	int error;        /* why it could not be read, 0 = it could */
	int target_watch; /* on the folder of what `path` leads to; -1 = nothing is there */
	bool is_kept;
};

struct feed_files {
	struct feeds *feeds;
	struct file *head;
	int fd;
	struct io io;
	struct timer retry;
};

/* A file that is not there is nothing wrong. */
static void note_error(struct file *file, int error)
{
	if (error != 0 && error != ENOENT && error != file->error) {
		errno = error;
		log_warn("track_file", "cannot read %s, which counts as 0", file->path);
	}
	file->error = error;
}

/* 0 where there is no number. */
static int64_t read_value(struct file *file)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[64];
	ssize_t n = -1;
	long value;

	if (fd >= 0)
		n = read(fd, text, sizeof(text) - 1);
	note_error(file, n < 0 ? errno : 0);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	value = strtol(text, NULL, 0); /* also 0x10 and 010, as keepalived */
	if (value > INT32_MAX)
		return INT32_MAX;
	return value < INT32_MIN ? INT32_MIN : value;
}

static bool is_watched(const struct feed_files *files, int watch)
{
	const struct file *file = files->head;

	while (file && file->watch != watch && file->target_watch != watch)
		file = file->next;
	return file != NULL;
}

/* Looks where the path leads now. False when it is a link that leads nowhere. */
static bool watch_target(struct feed_files *files, struct file *file)
{
	char real[PATH_MAX];
	int old = file->target_watch;
	struct stat st;

	file->target_watch = -1;
	if (realpath(file->path, real))
		file->target_watch = inotify_add_watch(files->fd, dirname(real), EVENTS);
	if (old >= 0 && !is_watched(files, old))
		inotify_rm_watch(files->fd, old);
	return file->target_watch >= 0 || lstat(file->path, &st) < 0;
}

/* False when it must be looked at again. */
static bool watch(struct feed_files *files, struct file *file)
{
	bool is_complete = files->fd >= 0;

	if (is_complete && file->watch < 0)
		file->watch = inotify_add_watch(files->fd, file->folder, EVENTS);
	is_complete = is_complete && watch_target(files, file) && file->watch >= 0;
	feeds_set(files->feeds, FEED_FILE, file->name, read_value(file));
	return is_complete;
}

static void watch_all(struct feed_files *files)
{
	bool is_complete = true;

	for (struct file *file = files->head; file; file = file->next)
		is_complete &= watch(files, file);
	if (is_complete)
		timer_cancel(&files->retry);
	else
		timer_arm_in(&files->retry, RETRY_US);
}

static void on_retry(struct timer *timer, void *arg)
{
	(void)timer;
	watch_all(arg);
}

/* Which file it was about does not matter: all in that folder are read again, at most once. */
static void on_events(struct io *io, uint32_t ready, void *arg)
{
	struct feed_files *files = arg;
	char data[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n = read(files->fd, data, sizeof(data));

	(void)io;
	(void)ready;
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(data + at);

		at += (ssize_t)(sizeof(*event) + event->len);
		if (!(event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF)))
			continue;
		if (event->mask & IN_MOVE_SELF)
			inotify_rm_watch(files->fd, event->wd);
		for (struct file *file = files->head; file; file = file->next) {
			if (file->watch == event->wd)
				file->watch = -1;
			if (file->target_watch == event->wd)
				file->target_watch = -1;
		}
	}
	if (n > 0)
		watch_all(files);
}

/* ---- configuration ---- */

static void init_file(const struct file_conf *conf)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
		    (conf->init_file.overwrite ? O_TRUNC : O_EXCL);
	int fd = open(conf->file, flags, 0644);

	if (fd < 0) {
		if (errno != EEXIST)
			log_warn("track_file", "cannot create %s", conf->file);
		return;
	}
	if (dprintf(fd, "%lld\n", (long long)conf->init_file.value) < 0)
		log_warn("track_file", "cannot write %s", conf->file);
	close(fd);
}

static void file_free(struct file *file)
{
	free(file->name);
	free(file->path);
	free(file->folder);
	free(file);
}

static void keep_or_add(struct feed_files *files, const struct file_conf *conf)
{
	struct file *file = files->head;
	char *copy;

	while (file && (strcmp(file->name, conf->name) != 0 || strcmp(file->path, conf->file) != 0))
		file = file->next;
	if (!file) {
		if (conf->init_file.parts.is_given)
			init_file(conf);
		file = xcalloc(1, sizeof(*file));
		copy = xstrdup(conf->file);
		file->name = xstrdup(conf->name);
		file->path = xstrdup(conf->file);
		file->folder = xstrdup(dirname(copy));
		file->watch = -1;
		file->target_watch = -1;
		free(copy);
		file->next = files->head;
		files->head = file;
	}
	file->is_kept = true;
}

static void drop_others(struct feed_files *files)
{
	for (struct file **link = &files->head; *link;) {
		struct file *file = *link;

		if (file->is_kept) {
			link = &file->next;
			continue;
		}
		*link = file->next;
		file_free(file);
	}
}

void feed_files_set_conf(struct feed_files *files, const struct conf_list *track_files)
{
	const struct file_conf *conf;

	for (struct file *file = files->head; file; file = file->next)
		file->is_kept = false;
	conf_list_for_each (conf, track_files)
		keep_or_add(files, conf);
	drop_others(files);
	watch_all(files);
}

struct feed_files *feed_files_new(struct feeds *feeds)
{
	struct feed_files *files = xcalloc(1, sizeof(*files));

	files->feeds = feeds;
	timer_init(&files->retry, feeds_loop(feeds), on_retry, files);
	files->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (files->fd < 0)
		log_warn("track_file", "no inotify, files are looked at every second");
	else
		io_add(feeds_loop(feeds), &files->io, files->fd, EPOLLIN, on_events, files);
	return files;
}

void feed_files_free(struct feed_files *files)
{
	timer_cancel(&files->retry);
	if (files->fd >= 0) {
		io_del(&files->io);
		close(files->fd);
	}
	for (struct file *file = files->head; file; file = file->next)
		file->is_kept = false;
	drop_others(files);
	free(files);
}
