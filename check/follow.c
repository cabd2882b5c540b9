/*
 * Checks that follow what the parent watches. Checker child; owns the last values.
 */
#include "check/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

LIST_HEAD(follow_list, follow);

struct value {
	struct value *next;
	char *kind, *name;
	int64_t value;
};

struct follows {
	struct loop *loop;
	struct value *values;
	struct follow_list list;
	struct timer timer; /* tells new subscribers what is known */
	struct follow *cursor;
};

bool follow_is_for(const struct checker_ops *ops)
{
	return ops->feed != NULL;
}

static struct value *value_find(const struct follows *follows, const char *kind, const char *name)
{
	struct value *v = follows->values;

	while (v && (strcmp(v->kind, kind) != 0 || strcmp(v->name, name) != 0))
		v = v->next;
	return v;
}

/* Whether a value only changes what is said: it speaks against the verdict, as the last look did.
 */
static bool is_between_looks(const struct follow *f, bool is_ok)
{
	return timer_is_armed(&f->again) && is_ok != f->sub->health.is_up;
}

/* One more result; what it advises counts with it. */
static enum health_edge look(struct follow *f, bool is_ok, const struct weight_advice *advice)
{
	struct probe_sub *sub = f->sub;
	bool is_retry;
	enum health_edge edge = health_step(&sub->health, &sub->params, is_ok, &is_retry);

	if (is_ok == sub->health.is_up)
		sub->advice = *advice;
	if (sub->health.streak > 0)
		timer_arm_in(&f->again,
			     is_retry ? f->conf->delay_before_retry_us : f->conf->delay_loop_us);
	else
		timer_cancel(&f->again);
	return edge;
}

/* A value for one subscriber, which may unsubscribe any. */
static void follow_step(struct follow *f, int64_t value)
{
	struct probe_sub *sub = f->sub;
	struct weight_advice advice = sub->advice;
	enum health_edge edge = HEALTH_SAME;
	bool is_ok;

	f->is_new = false;
	f->value = value;
	sub->reason = f->ops->feed_judge(f->conf, value, &advice);
	snprintf(sub->detail, sizeof(sub->detail), "value %lld", (long long)value);
	is_ok = reason_is_up(sub->reason);
	if (!is_between_looks(f, is_ok))
		edge = look(f, is_ok, &advice);
	sub->on_result(sub, edge, sub->arg);
}

static void on_again(struct timer *timer, void *arg)
{
	struct follow *f = arg;

	(void)timer;
	follow_step(f, f->value);
}

static bool is_of(const struct follow *f, const struct value *v)
{
	return strcmp(f->ops->feed, v->kind) == 0 &&
	       strcmp(f->ops->feed_name(f->conf), v->name) == 0;
}

static void tell(struct follows *follows, const struct value *v, bool is_only_new)
{
	struct follow *f;

	follows->cursor = LIST_FIRST(&follows->list);
	while ((f = follows->cursor)) {
		follows->cursor = LIST_NEXT(f, link);
		if (is_of(f, v) && (f->is_new || !is_only_new))
			follow_step(f, v->value);
	}
}

static void on_timer(struct timer *timer, void *arg)
{
	struct follows *follows = arg;

	(void)timer;
	for (const struct value *v = follows->values; v; v = v->next)
		tell(follows, v, true);
}

static bool is_followed_kind(const char *kind)
{
	for (const struct checker_ops *const *ops = checkers; *ops; ops++)
		if ((*ops)->feed && strcmp((*ops)->feed, kind) == 0)
			return true;
	return false;
}

void follows_set(struct follows *follows, const struct msg_track_feed *feed)
{
	struct value *v = value_find(follows, feed->kind, feed->name);

	if (!is_followed_kind(feed->kind))
		return;
	if (!v) {
		v = xcalloc(1, sizeof(*v));
		v->kind = xstrdup(feed->kind);
		v->name = xstrdup(feed->name);
		v->next = follows->values;
		follows->values = v;
	}
	v->value = feed->value;
	tell(follows, v, false);
}

void follow_subscribe(struct follows *follows, struct follow *f, const struct checker_ops *ops,
		      const struct checker_conf *conf, struct probe_sub *sub, bool is_adopted)
{
	*f = (struct follow){
		.follows = follows, .ops = ops, .conf = conf, .sub = sub, .is_new = true
	};
	LIST_INSERT_HEAD(&follows->list, f, link);
	timer_init(&f->again, follows->loop, on_again, f);
	timer_arm_in(&follows->timer, 0);
	sub->health.streak = 0; /* counts anew from the first look */
	if (is_adopted)
		return;
	health_init(&sub->health, &sub->params);
	sub->reason = REASON_OK;
	sub->detail[0] = '\0';
}

void follow_unsubscribe(struct follow *f)
{
	if (!f->follows)
		return;
	if (f->follows->cursor == f)
		f->follows->cursor = LIST_NEXT(f, link);
	LIST_REMOVE(f, link);
	timer_cancel(&f->again);
	f->follows = NULL;
}

struct follows *follows_new(struct loop *loop)
{
	struct follows *follows = xcalloc(1, sizeof(*follows));

	follows->loop = loop;
	LIST_INIT(&follows->list);
	timer_init(&follows->timer, loop, on_timer, follows);
	return follows;
}

void follows_free(struct follows *follows)
{
	struct value *v, *next;

	if (!follows)
		return;
	while (!LIST_EMPTY(&follows->list))
		follow_unsubscribe(LIST_FIRST(&follows->list));
	for (v = follows->values; v; v = next) {
		next = v->next;
		free(v->kind);
		free(v->name);
		free(v);
	}
	timer_cancel(&follows->timer);
	free(follows);
}
