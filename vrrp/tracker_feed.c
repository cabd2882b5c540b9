/*
 * Trackers of what the parent watches for us: the value of a file, the number of processes, whether
 * a virtual server has its quorum. VRRP child; see tracker.h.
 */
#include <inttypes.h>
#include <stdio.h>

#include "lib/log.h"
#include "vrrp/tracker.h"

static void step_file(struct tracker *t)
{
	const struct track_obs obs = { .is_known = true, .is_up = true, .value = t->fed };
	char text[sizeof(t->detail)];

	if (t->obs.is_known && t->obs.value == t->fed)
		return;
	snprintf(text, sizeof(text), "value %" PRId64, t->fed);
	log_event(LOG_LEVEL_INFO, "track_file", log_kv("file=%s value=%" PRId64, t->name, t->fed),
		  "Tracked file %s has status %" PRId64, t->name, t->fed);
	tracker_set(t, &obs, text);
}

/* What lasts long enough; otherwise looks again when it has. */
static bool step_damp(struct tracker *t, bool raw, int64_t up_us, int64_t down_us)
{
	bool is_changed =
		track_damp_step(&t->damp, loop_now(trackers_loop(t->owner)), raw, up_us, down_us);

	if (time_is_never(t->damp.at))
		timer_cancel(&t->timer);
	else
		timer_arm_at(&t->timer, t->damp.at);
	return is_changed;
}

static void step_process(struct tracker *t)
{
	const struct process_conf *conf = (const struct process_conf *)t->conf;
	bool raw = t->fed >= conf->quorum && t->fed <= conf->quorum_max;
	char text[sizeof(t->detail)];

	/* With quorum_max 0 the process must not run: quorum says nothing then. */
	if (conf->quorum_max == 0)
		raw = t->fed == 0;
	bool is_changed = step_damp(t, raw, conf->fork_delay_us, conf->terminate_delay_us);
	if (is_changed && t->obs.is_known)
		log_event(LOG_LEVEL_NOTICE, "track_process",
			  log_kv("process=%s count=%" PRId64, t->name, t->fed),
			  "Quorum %s for tracked process %s", t->damp.is_up ? "gained" : "lost",
			  t->name);
	snprintf(text, sizeof(text), "%" PRId64 " run", t->fed);
	tracker_set(t, &(struct track_obs){ .is_known = true, .is_up = t->damp.is_up }, text);
}

static void step_service(struct tracker *t)
{
	const struct track_vs_conf *conf = (const struct track_vs_conf *)t->conf;
	bool is_changed = step_damp(t, t->fed != 0, conf->up_delay_us, conf->down_delay_us);

	if (is_changed && t->obs.is_known)
		log_event(LOG_LEVEL_NOTICE, "track_service",
			  log_kv("service=\"%s\" state=%s", t->name, t->damp.is_up ? "up" : "down"),
			  "Tracked virtual server %s has %s its quorum", t->name,
			  t->damp.is_up ? "gained" : "lost");
	tracker_set(t, &(struct track_obs){ .is_known = true, .is_up = t->damp.is_up },
		    t->fed ? "quorum" : "no quorum");
}

void tracker_feed_step(struct tracker *t)
{
	switch (t->kind) {
	case TRACKER_FILE: step_file(t); break;
	case TRACKER_PROCESS: step_process(t); break;
	case TRACKER_SERVICE: step_service(t); break;
	case TRACKER_SCRIPT:
	case TRACKER_BFD:
	case TRACKER_KIND_N: break;
	}
}
