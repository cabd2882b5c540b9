/*
 * Names of real servers and when they are asked for. Checker child.
 */
#include "check/names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "check/lookup.h"
#include "lib/log.h"

#define BUCKETS 1024 /* a power of two */

struct name {
	LIST_ENTRY(name) link; /* in its bucket */
	struct names *names;
	struct name_answer answer;
	char *host;
	struct lookup *lookup; /* NULL = none in flight */
	struct timer timer;    /* next question */
	struct timer tell;     /* subscribers wait for what is known */
	LIST_HEAD(, name_sub) subs;
};

struct names {
	struct loop *loop;
	struct lookups *lookups;
	void (*on_change)(const struct name_answer *answer, void *arg);
	void *arg;
	LIST_HEAD(name_bucket, name) buckets[BUCKETS];
};

struct names *names_new(struct loop *loop,
			void (*on_change)(const struct name_answer *answer, void *arg), void *arg)
{
	struct lookups *lookups = lookups_new(loop);
	struct names *names;

	if (!lookups)
		return NULL;
	names = xcalloc(1, sizeof(*names));
	names->loop = loop;
	names->lookups = lookups;
	names->on_change = on_change;
	names->arg = arg;
	return names;
}

static void name_free(struct name *name)
{
	if (name->lookup)
		lookup_cancel(name->lookup);
	timer_cancel(&name->timer);
	timer_cancel(&name->tell);
	LIST_REMOVE(name, link);
	free(name->host);
	free(name);
}

void names_free(struct names *names)
{
	struct name_sub *sub;
	struct name *name;

	if (!names)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while ((name = LIST_FIRST(&names->buckets[i]))) {
			LIST_FOREACH(sub, &name->subs, link)
			sub->name = NULL;
			name_free(name);
		}
	}
	lookups_free(names->lookups);
	free(names);
}

static void tell(struct name *name)
{
	struct name_sub *sub;

	LIST_FOREACH(sub, &name->subs, link)
	sub->on_change(sub, sub->arg);
}

/* A failure leaves the addresses as they are. */
static void on_answer(const struct lookup_answer *news, void *arg)
{
	struct name *name = arg;
	struct name_answer *known = &name->answer;
	const time_us now = loop_now(name->names->loop);
	const bool is_good = news->reason == REASON_OK;
	bool is_change = known->reason != news->reason;

	name->lookup = NULL;
	if (is_good) {
		is_change |= !name_list_is_equal(&known->list, &news->list);
		known->list = news->list;
		known->ttl_s = news->ttl_s;
		known->answered = now;
	}
	known->reason = news->reason;
	timer_arm_in(&name->timer, name_wait_us(&known->params, is_good, news->ttl_s));
	if (!is_change)
		return;
	known->since = now;
	name->names->on_change(known, name->names->arg);
	tell(name);
}

static void on_timer(struct timer *timer, void *arg)
{
	struct name *name = arg;

	(void)timer;
	name->lookup = lookup_start(name->names->lookups, name->host, &name->answer.params,
				    on_answer, name);
}

static void on_tell(struct timer *timer, void *arg)
{
	(void)timer;
	tell(arg);
}

static struct name_bucket *bucket_of(struct names *names, const char *host)
{
	uint32_t hash = 2166136261u;

	while (*host) /* FNV-1a */
		hash = (hash ^ (unsigned)tolower((unsigned char)*host++)) * 16777619u;
	return &names->buckets[hash & (BUCKETS - 1)];
}

static bool is_same(const struct name *name, const char *host, const struct name_params *params)
{
	const struct name_params *own = &name->answer.params;

	return own->family == params->family && own->prefer == params->prefer &&
	       own->min_us == params->min_us && own->max_us == params->max_us &&
	       own->retry_us == params->retry_us && strcasecmp(name->host, host) == 0;
}

static struct name *name_find(struct names *names, const char *host,
			      const struct name_params *params)
{
	struct name *name;

	LIST_FOREACH(name, bucket_of(names, host), link)
	{
		if (is_same(name, host, params))
			return name;
	}
	return NULL;
}

static struct name *name_new(struct names *names, const char *host,
			     const struct name_params *params)
{
	struct name *name = xcalloc(1, sizeof(*name));

	name->names = names;
	name->host = xstrdup(host);
	name->answer = (struct name_answer){ .host = name->host,
					     .params = *params,
					     .reason = REASON_NAME_PENDING,
					     .since = loop_now(names->loop) };
	timer_init(&name->timer, names->loop, on_timer, name);
	timer_init(&name->tell, names->loop, on_tell, name);
	LIST_INIT(&name->subs);
	LIST_INSERT_HEAD(bucket_of(names, host), name, link);
	timer_arm_in(&name->timer, 0);
	return name;
}

void names_subscribe(struct names *names, struct name_sub *sub, const char *host,
		     const struct name_params *params)
{
	struct name *name = name_find(names, host, params);

	if (!name)
		name = name_new(names, host, params);
	LIST_INSERT_HEAD(&name->subs, sub, link);
	sub->name = name;
	name_tell_again(sub);
}

void names_unsubscribe(struct name_sub *sub)
{
	struct name *name = sub->name;

	if (!name)
		return;
	LIST_REMOVE(sub, link);
	sub->name = NULL;
	if (LIST_EMPTY(&name->subs))
		name_free(name);
}

const struct name_answer *name_answer(const struct name_sub *sub)
{
	return &sub->name->answer;
}

void name_tell_again(struct name_sub *sub)
{
	if (sub->name->answer.reason != REASON_NAME_PENDING)
		timer_arm_in(&sub->name->tell, 0);
}

void names_each(const struct names *names,
		void (*each)(const struct name_answer *answer, void *arg), void *arg)
{
	const struct name *name;

	for (unsigned i = 0; i < BUCKETS; i++)
		LIST_FOREACH(name, &names->buckets[i], link)
	each(&name->answer, arg);
}
