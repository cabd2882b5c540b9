/*
 * Trackers of scripts: the parent runs them, one at a time of each, and says how they ended. VRRP
 * child; see tracker.h.
 */
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/tracker.h"

static const struct script_conf *conf_of(const struct tracker *t)
{
	return (const struct script_conf *)t->conf;
}

static void log_change(const struct tracker *t, const struct script_result *result)
{
	char text[128];
	const char *kv = log_kv("script=%s", t->name);

	if (t->count.is_up)
		log_event(LOG_LEVEL_NOTICE, "vrrp_script", kv, "VRRP_Script(%s) succeeded",
			  t->name);
	else if (result->outcome == SCRIPT_TIMED_OUT)
		log_event(LOG_LEVEL_NOTICE, "vrrp_script", kv, "VRRP_Script(%s) timed_out",
			  t->name);
	else
		log_event(LOG_LEVEL_NOTICE, "vrrp_script", kv, "VRRP_Script(%s) failed (%s)",
			  t->name, script_result_str(result, text, sizeof(text)));
}

/* keepalived's words, also where rise and fall keep it from counting. */
static void log_status(struct tracker *t, const struct script_result *result)
{
	if (result->outcome != SCRIPT_EXITED || result->value == t->status)
		return;
	if (t->status >= 0)
		log_event(LOG_LEVEL_INFO, "vrrp_script",
			  log_kv("script=%s status=%d", t->name, (int)result->value),
			  "Script `%s` now returning %d", t->name, (int)result->value);
	t->status = result->value;
}

static void on_done(struct script_ask *ask, const struct script_result *result, void *arg)
{
	struct tracker *t = arg;
	bool is_success = result->outcome == SCRIPT_EXITED && result->value == 0;
	char text[sizeof(t->detail)];

	(void)ask;
	log_status(t, result);
	if (track_count_step(&t->count, conf_of(t)->rise, conf_of(t)->fall, is_success))
		log_change(t, result);
	script_result_str(result, text, sizeof(text));
	tracker_set(t,
		    &(struct track_obs){ .is_known = t->count.is_known, .is_up = t->count.is_up },
		    text);
}

/* A run that takes longer than the interval leaves out the next one. */
static void on_interval(struct timer *timer, void *arg)
{
	struct tracker *t = arg;
	const struct script_id id = { "vrrp_script", t->name, "", 0 };

	timer_arm_in(timer, conf_of(t)->interval_us);
	if (script_ask_is_open(&t->ask))
		return;
	t->ask.on_done = on_done;
	t->ask.arg = t;
	script_ask_start(trackers_asks(t->owner), &t->ask, &id);
}

void tracker_script_begin(struct tracker *t)
{
	const struct script_conf *conf = conf_of(t);
	uint32_t top = conf->rise + conf->fall - 1;

	timer_cancel(&t->timer);
	timer_init(&t->timer, trackers_loop(t->owner), on_interval, t);
	timer_arm_in(&t->timer, 0);
	if (t->count.is_known && (t->count.n > top || (t->count.n >= conf->rise) != t->count.is_up))
		t->count.n = t->count.is_up ? top : 0;
	if (t->count.is_known && t->count.is_up)
		log_event(LOG_LEVEL_INFO, "vrrp_script", log_kv("script=%s", t->name),
			  "VRRP_Script(%s) considered successful on reload", t->name);
	if (!t->count.is_known && conf->init_fail) {
		track_count_fail(&t->count);
		t->obs = (struct track_obs){ .is_known = true };
		snprintf(t->detail, sizeof(t->detail), "has not succeeded yet");
	}
}

void tracker_script_end(struct tracker *t)
{
	script_ask_cancel(&t->ask);
}
