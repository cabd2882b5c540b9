/*
 * What the parent watches for its children, and tells them as track_feed: numbers in files, numbers
 * of processes, quorums of virtual servers, BFD sessions. Parent only.
 *
 *	feeds.c		  what is watched, last values, who is told
 *	feed_files.c	  files, by inotify
 *	feed_procs.c	  processes, by the kernel's process events (proc_events.h) or by looking
 *	proc_match.c	  **pure**: whether a process is one that is counted
 *
 * Values are kept here, so a child that starts hears all of them before its first commit.
 */
#ifndef DIARCH_DIRECTOR_FEEDS_H
#define DIARCH_DIRECTOR_FEEDS_H

#include <stddef.h>

#include "lib/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"
#include "vrrp/track_conf.h"

struct feeds;
struct proc_events;
struct root_conf;

/* `send` sends to a child, and drops the message where that one does not run. Takes `events`, NULL
 * where there are none. */
struct feeds *feeds_new(struct loop *loop, struct proc_events *events,
			void (*send)(enum msg_role to, const struct msg *msg, void *arg),
			void *arg);
void feeds_free(struct feeds *feeds);

/* Watches what `conf` has from now on, and tells what is new. Nothing of `conf` is kept. */
void feeds_set_conf(struct feeds *feeds, const struct conf *conf);

/* Tells a child everything that is for it. */
void feeds_tell(struct feeds *feeds, enum msg_role to);

/* A state that a child published: others may follow it. */
void feeds_on_state(struct feeds *feeds, const struct msg *msg);

/* ---- between the files ---- */

enum feed_kind { FEED_FILE, FEED_PROCESS, FEED_SERVICE, FEED_BFD, FEED_KIND_N };

/* A value; sends it if it is news. */
void feeds_set(struct feeds *feeds, enum feed_kind kind, const char *name, int64_t value);

struct loop *feeds_loop(const struct feeds *feeds);

struct feed_files;
struct feed_files *feed_files_new(struct feeds *feeds);
void feed_files_free(struct feed_files *files);
void feed_files_set_conf(struct feed_files *files, const struct conf_list *track_files);

struct feed_procs;
struct feed_procs *feed_procs_new(struct feeds *feeds, struct proc_events *events);
void feed_procs_free(struct feed_procs *procs);
void feed_procs_set_conf(struct feed_procs *procs, const struct root_conf *root);

/* A process as /proc shows it: `cmdline` has n bytes, each word ends with a NUL. */
struct proc_image {
	const char *comm;
	const char *cmdline;
	size_t n;
};

/* What is to be counted. */
struct proc_pattern {
	const char *const *words; /* the process, and parameters */
	uint32_t n_words;
	int param_match; /* enum param_match */
	bool is_full;    /* full_command */
};

bool proc_match(const struct proc_pattern *pattern, const struct proc_image *image);

#endif
