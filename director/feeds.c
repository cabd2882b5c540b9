/*
 * What is watched for the children. See feeds.h. Parent only; owns the last values.
 */
#include "director/feeds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "check/service_type.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "vrrp/vrrp_conf.h"

struct value {
	struct value *next;
	enum feed_kind kind;
	char *name;
	int64_t value;
};

/* A virtual server that a router follows, under the name it has in the line. */
struct followed {
	struct followed *next;
	char *vs;   /* as the checker calls it */
	char *name; /* as the line does */
	bool is_known, is_up;
};

struct feeds {
	struct loop *loop;
	void (*send)(enum msg_role to, const struct msg *msg, void *arg);
	void *arg;
	struct value *values;
	struct followed *followed;
	struct feed_files *files;
	struct feed_procs *procs;
};

static const struct {
	const char *name;
	enum msg_role to;
} kinds[FEED_KIND_N] = {
	[FEED_FILE] = { "file", MSG_TO_CHILD },
	[FEED_PROCESS] = { "process", MSG_TO_VRRP },
	[FEED_SERVICE] = { "virtual_server", MSG_TO_VRRP },
	[FEED_BFD] = { "bfd", MSG_TO_CHECK },
};

struct loop *feeds_loop(const struct feeds *feeds)
{
	return feeds->loop;
}

/* ---- values ---- */

static void tell(struct feeds *feeds, const struct value *v, enum msg_role to)
{
	const struct msg msg = {
		.kind = MSG_track_feed,
		.fd = -1,
		.track_feed = { .kind = kinds[v->kind].name, .name = v->name, .value = v->value }
	};

	if (to & kinds[v->kind].to & MSG_TO_VRRP)
		feeds->send(MSG_TO_VRRP, &msg, feeds->arg);
	if (to & kinds[v->kind].to & MSG_TO_CHECK)
		feeds->send(MSG_TO_CHECK, &msg, feeds->arg);
}

void feeds_tell(struct feeds *feeds, enum msg_role to)
{
	for (const struct value *v = feeds->values; v; v = v->next)
		tell(feeds, v, to);
}

void feeds_set(struct feeds *feeds, enum feed_kind kind, const char *name, int64_t value)
{
	struct value *v = feeds->values;

	while (v && (v->kind != kind || strcmp(v->name, name) != 0))
		v = v->next;
	if (v && v->value == value)
		return;
	if (!v) {
		v = xcalloc(1, sizeof(*v));
		v->kind = kind;
		v->name = xstrdup(name);
		v->next = feeds->values;
		feeds->values = v;
	}
	v->value = value;
	tell(feeds, v, MSG_TO_CHILD);
}

/* ---- virtual servers ---- */

static void followed_free(struct followed *f)
{
	struct followed *next;

	for (; f; f = next) {
		next = f->next;
		free(f->vs);
		free(f->name);
		free(f);
	}
}

/* Services of one address, such as TCP and UDP, count as one: up when all are. */
static void weigh_followed(struct feeds *feeds, const char *name)
{
	bool is_known = false, is_up = true;

	for (const struct followed *f = feeds->followed; f; f = f->next) {
		if (strcmp(f->name, name) != 0 || !f->is_known)
			continue;
		is_known = true;
		is_up &= f->is_up;
	}
	if (is_known)
		feeds_set(feeds, FEED_SERVICE, name, is_up);
}

static void on_service(struct feeds *feeds, const struct msg_vs_state *m)
{
	for (struct followed *f = feeds->followed; f; f = f->next) {
		if (strcmp(f->vs, m->vs) != 0)
			continue;
		f->is_known = true;
		f->is_up = m->is_up;
		weigh_followed(feeds, f->name);
	}
}

static void follow(struct feeds *feeds, const struct followed *old, const char *vs,
		   const char *name)
{
	struct followed *f = feeds->followed;

	while (f && (strcmp(f->vs, vs) != 0 || strcmp(f->name, name) != 0))
		f = f->next;
	if (f)
		return;
	f = xcalloc(1, sizeof(*f));
	f->vs = xstrdup(vs);
	f->name = xstrdup(name);
	for (; old; old = old->next) {
		if (strcmp(old->vs, vs) == 0) {
			f->is_known = old->is_known;
			f->is_up = old->is_up;
		}
	}
	f->next = feeds->followed;
	feeds->followed = f;
}

static void follow_lines(struct feeds *feeds, const struct followed *old,
			 const struct root_conf *root, const struct conf_list *lines)
{
	const struct track_vs_conf *line;
	const struct vs_conf *vs;

	conf_list_for_each (line, lines) {
		conf_list_for_each (vs, &root->virtual_servers)
			if (service_type_address.is_equal(track_vs_args, &vs->addr, &line->addr))
				follow(feeds, old, vs->name, line->name);
	}
}

static void set_followed(struct feeds *feeds, const struct root_conf *root)
{
	struct followed *old = feeds->followed;
	const struct vrrp_conf *vi;
	const struct sync_group_conf *group;

	feeds->followed = NULL;
	conf_list_for_each (vi, &root->vrrp_instances)
		follow_lines(feeds, old, root, &vi->track_services);
	conf_list_for_each (group, &root->sync_groups)
		follow_lines(feeds, old, root, &group->track_services);
	followed_free(old);
}

/* ---- life ---- */

void feeds_on_state(struct feeds *feeds, const struct msg *msg)
{
	if (msg->kind == MSG_vs_state)
		on_service(feeds, &msg->vs_state);
	else if (msg->kind == MSG_bfd_state)
		feeds_set(feeds, FEED_BFD, msg->bfd_state.bfd,
			  strcmp(msg->bfd_state.state, "Up") == 0);
}

void feeds_set_conf(struct feeds *feeds, const struct conf *conf)
{
	const struct root_conf *root = (const struct root_conf *)conf_root(conf);

	set_followed(feeds, root);
	feed_files_set_conf(feeds->files, &root->track_files);
	feed_procs_set_conf(feeds->procs, root);
}

struct feeds *feeds_new(struct loop *loop, struct proc_events *events,
			void (*send)(enum msg_role to, const struct msg *msg, void *arg), void *arg)
{
	struct feeds *feeds = xcalloc(1, sizeof(*feeds));

	feeds->loop = loop;
	feeds->send = send;
	feeds->arg = arg;
	feeds->files = feed_files_new(feeds);
	feeds->procs = feed_procs_new(feeds, events);
	return feeds;
}

void feeds_free(struct feeds *feeds)
{
	struct value *v, *next;

	if (!feeds)
		return;
	feed_files_free(feeds->files);
	feed_procs_free(feeds->procs);
	followed_free(feeds->followed);
	for (v = feeds->values; v; v = next) {
		next = v->next;
		free(v->name);
		free(v);
	}
	free(feeds);
}
