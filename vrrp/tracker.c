/*
 * Trackers. See tracker.h. VRRP child; owns them, and what the parent fed for trackers that may
 * come.
 */
#include "vrrp/tracker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/global_conf.h"
#include "lib/log.h"

#define FEEDS_MAX 65536

/* The last word of the parent about an object. */
struct feed {
	struct feed *next;
	enum tracker_kind kind;
	char *name;
	int64_t value;
};

struct trackers {
	struct loop *loop;
	void (*send)(const struct msg *msg, void *arg);
	void (*on_change)(struct tracker *t, void *arg);
	void *arg;
	struct script_asks *asks;
	struct tracker *head;
	struct feed *feeds;
	uint32_t n_feeds;
	const struct root_conf *root; /* during a commit, as the next two */
	struct msg *const *saved;
	uint32_t n_saved;
};

static const char *const kind_names[TRACKER_KIND_N] = {
	[TRACKER_SCRIPT] = "script",          [TRACKER_FILE] = "file",
	[TRACKER_PROCESS] = "process",        [TRACKER_BFD] = "bfd",
	[TRACKER_SERVICE] = "virtual_server",
};

const char *tracker_kind_name(enum tracker_kind kind)
{
	return kind_names[kind];
}

static enum tracker_kind kind_of(const char *name)
{
	int kind = 0;

	while (kind < TRACKER_KIND_N && strcmp(kind_names[kind], name) != 0)
		kind++;
	return (enum tracker_kind)kind;
}

struct loop *trackers_loop(const struct trackers *ts)
{
	return ts->loop;
}

struct script_asks *trackers_asks(const struct trackers *ts)
{
	return ts->asks;
}

/* ---- definitions ---- */

/* Blocks with a name keep it first; track_rules.c asserts that. */
struct named_conf {
	struct conf_obj obj;
	const char *name;
};

static const struct conf_list *definitions(const struct root_conf *root, enum tracker_kind kind)
{
	switch (kind) {
	case TRACKER_SCRIPT: return &root->vrrp_scripts;
	case TRACKER_FILE: return &root->track_files;
	case TRACKER_PROCESS: return &root->track_processes;
	case TRACKER_BFD: return &root->bfd_instances;
	case TRACKER_SERVICE:
	case TRACKER_KIND_N: break;
	}
	return NULL;
}

static const struct conf_obj *find_definition(const struct root_conf *root, enum tracker_kind kind,
					      const char *name)
{
	const struct conf_list *list = definitions(root, kind);
	const struct named_conf *obj;

	if (!list)
		return NULL;
	conf_list_for_each (obj, list)
		if (strcmp(obj->name, name) == 0)
			break;
	return obj ? &obj->obj : NULL;
}

static struct conf_weight weight_of(enum tracker_kind kind, const struct conf_obj *conf)
{
	switch (kind) {
	case TRACKER_SCRIPT: return ((const struct script_conf *)conf)->weight;
	case TRACKER_FILE: return ((const struct file_conf *)conf)->weight;
	case TRACKER_PROCESS: return ((const struct process_conf *)conf)->weight;
	case TRACKER_BFD: return ((const struct bfd_conf *)conf)->weight;
	case TRACKER_SERVICE: return ((const struct track_vs_conf *)conf)->weight;
	case TRACKER_KIND_N: break;
	}
	return (struct conf_weight){ 0 };
}

static bool is_same_words(const struct conf_words *a, const struct conf_words *b)
{
	uint32_t same = 0;

	while (same < a->n && same < b->n && strcmp(a->v[same], b->v[same]) == 0)
		same++;
	return same == a->n && same == b->n;
}

static bool is_same_process(const struct process_conf *a, const struct process_conf *b)
{
	return is_same_words(&a->process, &b->process) && a->param_match == b->param_match &&
	       a->full_command == b->full_command;
}

/* Whether what is known of `a` still tells something about `b`. */
static bool is_same_object(enum tracker_kind kind, const struct conf_obj *a,
			   const struct conf_obj *b)
{
	switch (kind) {
	case TRACKER_SCRIPT:
		return conf_type_script.is_equal(NULL, &((const struct script_conf *)a)->script,
						 &((const struct script_conf *)b)->script);
	case TRACKER_FILE:
		return strcmp(((const struct file_conf *)a)->file,
			      ((const struct file_conf *)b)->file) == 0;
	case TRACKER_PROCESS:
		return is_same_process((const struct process_conf *)a,
				       (const struct process_conf *)b);
	case TRACKER_BFD:
	case TRACKER_SERVICE:
	case TRACKER_KIND_N: break;
	}
	return true;
}

/* ---- what is known ---- */

static void report(struct tracker *t)
{
	struct msg msg = { .kind = MSG_track_state, .fd = -1 };
	struct msg_track_state *m = &msg.track_state;

	m->kind = kind_names[t->kind];
	m->name = t->name;
	m->state = !t->obs.is_known ? "unknown" : t->obs.is_up ? "up" : "down";
	m->value = t->kind == TRACKER_SCRIPT ? t->status : t->fed;
	m->weight = t->weight.weight;
	m->is_reverse = t->weight.is_reverse;
	m->weights = t->weights;
	m->count = t->count.n;
	m->detail = t->detail;
	m->since_us = t->since.us;
	t->owner->send(&msg, t->owner->arg);
}

void trackers_report(struct trackers *ts)
{
	for (struct tracker *t = ts->head; t; t = t->next)
		report(t);
}

void tracker_set(struct tracker *t, const struct track_obs *obs, const char *detail)
{
	bool is_news = obs->is_known != t->obs.is_known || obs->is_up != t->obs.is_up;
	bool is_changed = is_news || obs->value != t->obs.value;

	if (is_news)
		t->since = loop_now(t->owner->loop);
	t->obs = *obs;
	snprintf(t->detail, sizeof(t->detail), "%s", detail);
	report(t);
	if (is_changed && !t->owner->root) /* a commit looks at all anyway */
		t->owner->on_change(t, t->owner->arg);
}

static void adopt(struct tracker *t, const struct msg_track_state *saved)
{
	bool is_up = strcmp(saved->state, "up") == 0;
	bool is_known = is_up || strcmp(saved->state, "down") == 0;

	t->obs.is_known = is_known;
	t->obs.is_up = is_up;
	t->count = (struct track_count){ is_known, is_up, saved->count };
	t->damp = (struct track_damp){ is_known, is_up, is_up, TIME_NEVER };
	t->since = (time_us){ saved->since_us };
	if (t->kind == TRACKER_SCRIPT)
		t->status = saved->value;
	else if (t->kind == TRACKER_FILE)
		t->obs.value = saved->value;
	snprintf(t->detail, sizeof(t->detail), "%s", saved->detail);
}

/* Of a predecessor, or nothing. */
static void take_past(struct tracker *t)
{
	struct trackers *ts = t->owner;

	for (uint32_t i = 0; i < ts->n_saved; i++) {
		const struct msg_track_state *saved = &ts->saved[i]->track_state;

		if (ts->saved[i]->kind == MSG_track_state && kind_of(saved->kind) == t->kind &&
		    strcmp(saved->name, t->name) == 0)
			adopt(t, saved);
	}
	for (const struct feed *feed = ts->feeds; feed; feed = feed->next) {
		if (feed->kind == t->kind && strcmp(feed->name, t->name) == 0) {
			t->fed = feed->value;
			t->is_fed = true;
		}
	}
}

/* ---- life ---- */

static void on_feed_timer(struct timer *timer, void *arg)
{
	(void)timer;
	tracker_feed_step(arg);
}

static struct tracker *tracker_new(struct trackers *ts, enum tracker_kind kind, const char *name,
				   const struct conf_obj *conf)
{
	struct tracker *t = xcalloc(1, sizeof(*t));

	t->owner = ts;
	t->kind = kind;
	t->name = xstrdup(name);
	t->conf = conf;
	t->weight = weight_of(kind, conf);
	t->since = loop_now(ts->loop);
	t->status = -1;
	t->damp.at = TIME_NEVER;
	timer_init(&t->timer, ts->loop, on_feed_timer, t);
	t->next = ts->head;
	ts->head = t;
	take_past(t);
	if (kind == TRACKER_SCRIPT)
		tracker_script_begin(t);
	else if (t->is_fed)
		tracker_feed_step(t);
	return t;
}

static void tracker_free(struct tracker *t)
{
	timer_cancel(&t->timer);
	if (t->kind == TRACKER_SCRIPT)
		tracker_script_end(t);
	free(t->name);
	free(t);
}

struct tracker *tracker_get(struct trackers *ts, enum tracker_kind kind,
			    const struct track_conf *line)
{
	const struct conf_obj *conf =
		kind == TRACKER_SERVICE ? &line->obj : find_definition(ts->root, kind, line->name);
	struct tracker *t = ts->head;

	if (!conf)
		return NULL;
	while (t && (t->kind != kind || strcmp(t->name, line->name) != 0))
		t = t->next;
	if (!t)
		t = tracker_new(ts, kind, line->name, conf);
	if (!t->conf)
		t->conf = conf;
	t->users++;
	return t;
}

void tracker_put(struct tracker *t)
{
	t->users--;
}

/* A definition that changed begins anew. */
static void redefine(struct tracker *t, const struct conf_obj *conf)
{
	const struct conf_obj *old = t->conf;

	t->conf = conf;
	if (!conf)
		return;
	t->weight = weight_of(t->kind, conf);
	if (!is_same_object(t->kind, old, conf)) {
		t->obs = (struct track_obs){ 0 };
		t->count = (struct track_count){ 0 };
		t->damp = (struct track_damp){ .at = TIME_NEVER };
		t->is_fed = false;
		if (t->kind == TRACKER_SCRIPT)
			tracker_script_end(t); /* what the former one says does not count */
		take_past(t);
	}
	if (t->kind == TRACKER_SCRIPT)
		tracker_script_begin(t);
	else if (t->is_fed)
		tracker_feed_step(t);
}

void trackers_begin(struct trackers *ts, const struct root_conf *root, struct msg *const *saved,
		    uint32_t n_saved)
{
	ts->root = root;
	ts->saved = saved;
	ts->n_saved = n_saved;
	for (struct tracker *t = ts->head; t; t = t->next) {
		t->weights[0] = '\0';
		redefine(t, find_definition(root, t->kind, t->name));
	}
}

void trackers_end(struct trackers *ts)
{
	for (struct tracker **link = &ts->head; *link;) {
		struct tracker *t = *link;

		if (t->users > 0) {
			link = &t->next;
			continue;
		}
		*link = t->next;
		tracker_free(t);
	}
	ts->root = NULL;
	ts->saved = NULL;
	ts->n_saved = 0;
}

struct trackers *trackers_new(struct loop *loop, void (*send)(const struct msg *msg, void *arg),
			      void (*on_change)(struct tracker *t, void *arg), void *arg)
{
	struct trackers *ts = xcalloc(1, sizeof(*ts));

	ts->loop = loop;
	ts->send = send;
	ts->on_change = on_change;
	ts->arg = arg;
	ts->asks = script_asks_new(send, arg);
	return ts;
}

void trackers_free(struct trackers *ts)
{
	struct tracker *t, *next;
	struct feed *feed, *next_feed;

	if (!ts)
		return;
	for (t = ts->head; t; t = next) {
		next = t->next;
		tracker_free(t);
	}
	for (feed = ts->feeds; feed; feed = next_feed) {
		next_feed = feed->next;
		free(feed->name);
		free(feed);
	}
	script_asks_free(ts->asks);
	free(ts);
}

/* ---- from the parent ---- */

static void keep_feed(struct trackers *ts, enum tracker_kind kind, const struct msg_track_feed *m)
{
	struct feed *feed = ts->feeds;

	while (feed && (feed->kind != kind || strcmp(feed->name, m->name) != 0))
		feed = feed->next;
	if (!feed && ts->n_feeds < FEEDS_MAX) {
		feed = xcalloc(1, sizeof(*feed));
		feed->kind = kind;
		feed->name = xstrdup(m->name);
		feed->next = ts->feeds;
		ts->feeds = feed;
		ts->n_feeds++;
	}
	if (feed)
		feed->value = m->value;
}

void trackers_on_msg(struct trackers *ts, const struct msg *msg)
{
	const struct msg_track_feed *m = &msg->track_feed;

	if (msg->kind == MSG_script_result) {
		script_asks_on_result(ts->asks, &msg->script_result);
		return;
	}
	if (msg->kind != MSG_track_feed)
		return;
	enum tracker_kind kind = kind_of(m->kind);
	keep_feed(ts, kind, m);
	for (struct tracker *t = ts->head; t; t = t->next) {
		if (t->kind != kind || strcmp(t->name, m->name) != 0)
			continue;
		t->fed = m->value;
		t->is_fed = true;
		tracker_feed_step(t);
	}
}

void trackers_set_bfd(struct trackers *ts, const char *name, bool is_up)
{
	const struct track_obs obs = { .is_known = true, .is_up = is_up };

	for (struct tracker *t = ts->head; t; t = t->next) {
		if (t->kind == TRACKER_BFD && strcmp(t->name, name) == 0)
			tracker_set(t, &obs, is_up ? "session is up" : "session is down");
	}
}
