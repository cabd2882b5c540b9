/*
 * Scripts whose outcome a child waits for: the asking side. VRRP and checker child; owns the
 * numbers of the questions, not the questions.
 */
#include "lib/script_ask.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#define BUCKETS 256 /* a power of two */

LIST_HEAD(ask_list, script_ask);

struct script_asks {
	void (*send)(const struct msg *msg, void *arg);
	void *arg;
	uint64_t last_number;
	struct ask_list buckets[BUCKETS];
};

struct script_asks *script_asks_new(void (*send)(const struct msg *msg, void *arg), void *arg)
{
	struct script_asks *asks = xcalloc(1, sizeof(*asks));

	asks->send = send;
	asks->arg = arg;
	return asks;
}

static void forget(struct script_ask *ask)
{
	LIST_REMOVE(ask, link);
	ask->asks = NULL;
}

void script_asks_free(struct script_asks *asks)
{
	struct script_ask *ask;

	if (!asks)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while ((ask = LIST_FIRST(&asks->buckets[i])))
			forget(ask);
	free(asks);
}

static struct ask_list *bucket_of(struct script_asks *asks, uint64_t number)
{
	return &asks->buckets[number & (BUCKETS - 1)];
}

void script_ask_start(struct script_asks *asks, struct script_ask *ask, const struct script_id *id)
{
	struct msg msg = { .kind = MSG_script_run, .fd = -1 };

	ask->asks = asks;
	ask->number = ++asks->last_number;
	LIST_INSERT_HEAD(bucket_of(asks, ask->number), ask, link);
	msg.script_run = (struct msg_script_run){
		.ask = ask->number,
		.kind = id->kind,
		.owner = id->owner,
		.member = id->member,
		.index = id->index,
	};
	asks->send(&msg, asks->arg);
}

void script_ask_cancel(struct script_ask *ask)
{
	struct script_asks *asks = ask->asks;
	struct msg msg = { .kind = MSG_script_cancel, .fd = -1 };

	if (!asks)
		return;
	forget(ask);
	msg.script_cancel.ask = ask->number;
	asks->send(&msg, asks->arg);
}

bool script_ask_is_open(const struct script_ask *ask)
{
	return ask->asks != NULL;
}

void script_asks_on_result(struct script_asks *asks, const struct msg_script_result *msg)
{
	const struct script_result result = {
		.outcome = msg->outcome <= SCRIPT_NOT_RUN ? msg->outcome : SCRIPT_NOT_RUN,
		.value = msg->value,
		.output = msg->output,
	};
	struct script_ask *ask;

	LIST_FOREACH(ask, bucket_of(asks, msg->ask), link)
	{
		if (ask->number != msg->ask)
			continue;
		forget(ask);
		ask->on_done(ask, &result, ask->arg);
		return;
	}
}

const char *script_result_str(const struct script_result *result, char *buf, size_t size)
{
	const char *name = NULL;
	char what[64];

	switch (result->outcome) {
	case SCRIPT_EXITED:
		snprintf(what, sizeof(what), "exited with status %" PRId64, result->value);
		break;
	case SCRIPT_KILLED:
		name = sigabbrev_np((int)result->value);
		snprintf(what, sizeof(what), "killed by signal %" PRId64 " (%s)", result->value,
			 name ? name : "?");
		break;
	case SCRIPT_TIMED_OUT:
		snprintf(what, sizeof(what), "timed out after %" PRId64 " s", result->value);
		break;
	case SCRIPT_NOT_RUN:
		snprintf(what, sizeof(what), "cannot run: %s",
			 result->value ? strerror((int)result->value) : "not configured");
		break;
	}
	if (result->output[0])
		snprintf(buf, size, "%s (%s)", what, result->output);
	else
		snprintf(buf, size, "%s", what);
	return buf;
}
