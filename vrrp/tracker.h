/*
 * What routers depend on besides interfaces: scripts, files, processes, BFD sessions and the
 * quorum of virtual servers. VRRP child.
 *
 *	tracker.c	  which there are, what is known of each, who is told
 *	tracker_script.c  asks the parent to run scripts
 *	tracker_feed.c	  what the parent watches: files, processes, virtual servers
 *
 * A tracker exists while a router uses it. One whose definition stays the same keeps its state over
 * a reload; a respawned child gets the last state from the parent.
 */
#ifndef DIARCH_VRRP_TRACKER_H
#define DIARCH_VRRP_TRACKER_H

#include "lib/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"
#include "lib/script_ask.h"
#include "vrrp/track.h"
#include "vrrp/track_conf.h"

enum tracker_kind {
	TRACKER_SCRIPT,
	TRACKER_FILE,
	TRACKER_PROCESS,
	TRACKER_BFD,
	TRACKER_SERVICE,
	TRACKER_KIND_N
};

/* Weights at instances in words, of as many as there is room for. */
#define TRACK_WEIGHTS_MAX 192

struct tracker {
	struct tracker *next;
	struct trackers *owner;
	enum tracker_kind kind;
	char *name;
	const struct conf_obj *conf; /* its block; of a service the first line that names it */
	struct conf_weight weight;   /* where a line names none */
	unsigned users;
	char weights[TRACK_WEIGHTS_MAX]; /* at the instances that use it, for people */
	struct track_obs obs;
	char detail[80]; /* what was seen last, for people */
	time_us since;   /* of the state */
	struct timer timer;
	struct script_ask ask;    /* of a script ... */
	struct track_count count; /* ... and its results so far */
	int64_t status;           /* its last exit status, -1 = none */
	struct track_damp damp;   /* of processes and services */
	int64_t fed; /* what the parent said last: value, number of processes, 0 or 1 */
	bool is_fed;
};

struct trackers;

/* `on_change` is called when what a tracker means to its users may have changed. */
struct trackers *trackers_new(struct loop *loop, void (*send)(const struct msg *msg, void *arg),
			      void (*on_change)(struct tracker *t, void *arg), void *arg);
void trackers_free(struct trackers *ts);

/*
 * A commit: first trackers_begin(), then one tracker_get() for each line, then trackers_end().
 * `saved` are messages of a predecessor.
 */
void trackers_begin(struct trackers *ts, const struct root_conf *root, struct msg *const *saved,
		    uint32_t n_saved);
void trackers_end(struct trackers *ts);

/* The tracker that a line refers to, made if it is not there yet; NULL if it is not defined. */
struct tracker *tracker_get(struct trackers *ts, enum tracker_kind kind,
			    const struct track_conf *line);
void tracker_put(struct tracker *t);

/* track_feed and script_result, at any time; what belongs to no tracker yet is kept. */
void trackers_on_msg(struct trackers *ts, const struct msg *msg);

/* Tells the parent of every tracker. */
void trackers_report(struct trackers *ts);

/* A new observation. `detail` is copied. */
void tracker_set(struct tracker *t, const struct track_obs *obs, const char *detail);

/* A BFD session of this name went up or down. */
void trackers_set_bfd(struct trackers *ts, const char *name, bool is_up);

const char *tracker_kind_name(enum tracker_kind kind);

/* ---- between the files ---- */

struct loop *trackers_loop(const struct trackers *ts);
struct script_asks *trackers_asks(const struct trackers *ts);

void tracker_script_begin(struct tracker *t);
void tracker_script_end(struct tracker *t);

/* Weighs what the parent said last, t->fed. */
void tracker_feed_step(struct tracker *t);

#endif
