/*
 * AGENT_CHECK: a program on the server says how much traffic it should get, in the protocol of
 * HAProxy's agent-check. Runs in the checker process, for the probe engine.
 *
 * What the agent says holds until it says otherwise: a server that drains or is in maintenance
 * stays so until "ready", one that is down until "up". An agent that does not answer changes
 * nothing. All of it is in the advice, so that a respawned child knows it from the start.
 */
#include <errno.h>
#include <string.h>

#include "check/agent_parse.h"
#include "check/checkers.h"

/* Of a run. */
struct agent_run {
	struct agent_parser parser;
	size_t sent;
	bool is_sent;
};

/* Of a probe. */
struct agent_keep {
	bool is_recalled; /* from the advice of a former child, if there was one */
	bool is_draining, is_in_maint, is_down;
	int32_t percent; /* plus one; 0 = never said */
};

static const struct agent_check_conf *agent_conf(const struct probe *probe)
{
	return (const struct agent_check_conf *)probe_conf(probe);
}

/* The text of the configuration and an end of line; false when it is not out yet or the run ended.
 */
static bool send_request(struct probe *probe)
{
	const char *text = agent_conf(probe)->send;
	struct agent_run *run = probe_run(probe);
	size_t text_len = text ? strlen(text) : 0, len = text ? text_len + 1 : 0;

	while (run->sent < len) {
		bool is_text = run->sent < text_len;
		ssize_t n = is_text ? probe_write(probe, text + run->sent, text_len - run->sent)
				    : probe_write(probe, "\n", 1);

		if (n == -EAGAIN)
			return false;
		if (n < 0) {
			probe_done(probe, probe_io_reason((int)n), NULL);
			return false;
		}
		run->sent += (size_t)n;
	}
	run->is_sent = true;
	return true;
}

/* ---- answer ---- */

static void keep_reply(struct agent_keep *keep, const struct agent_reply *reply)
{
	if (reply->percent >= 0)
		keep->percent = reply->percent + 1;
	switch (reply->state) {
	case AGENT_NO_STATE: break;
	case AGENT_READY: keep->is_draining = keep->is_in_maint = false; break;
	case AGENT_DRAIN:
		keep->is_draining = true;
		keep->is_in_maint = false;
		break;
	case AGENT_MAINT:
		keep->is_in_maint = true;
		keep->is_draining = false;
		break;
	}
	if (reply->opinion != AGENT_NO_OPINION)
		keep->is_down = reply->opinion == AGENT_DOWN;
}

static void recall(struct agent_keep *keep, const struct weight_advice *advice)
{
	if (keep->is_recalled)
		return;
	keep->is_recalled = true;
	if (advice->kind == ADVICE_PERCENT)
		keep->percent = advice->value + 1;
	if (advice->kind != ADVICE_AGENT)
		return;
	keep->percent = (advice->value & AGENT_ADVICE_PERCENT) + 1;
	keep->is_draining = advice->value & AGENT_ADVICE_DRAIN;
	keep->is_in_maint = advice->value & AGENT_ADVICE_MAINT;
	keep->is_down = advice->value & AGENT_ADVICE_DOWN;
}

static struct weight_advice advice_of(const struct agent_keep *keep)
{
	const int32_t percent = keep->percent ? keep->percent - 1 : 100;
	const int32_t bits = (keep->is_draining ? AGENT_ADVICE_DRAIN : 0) |
			     (keep->is_in_maint ? AGENT_ADVICE_MAINT : 0) |
			     (keep->is_down ? AGENT_ADVICE_DOWN : 0);

	if (bits)
		return (struct weight_advice){ ADVICE_AGENT, percent | bits };
	if (percent != 100)
		return (struct weight_advice){ ADVICE_PERCENT, percent };
	return (struct weight_advice){ ADVICE_NONE, 0 };
}

static void judge_line(struct probe *probe)
{
	struct agent_run *run = probe_run(probe);
	struct agent_keep *keep = probe_keep(probe);
	struct weight_advice advice;
	struct agent_reply reply;

	if (!agent_parse(&run->parser, &reply)) {
		probe_done(probe, REASON_AGENT_MALFORMED, NULL);
		return;
	}
	recall(keep, probe_advice(probe));
	keep_reply(keep, &reply);
	advice = advice_of(keep);
	probe_advise(probe, &advice);
	if (keep->is_in_maint)
		probe_done(probe, REASON_AGENT_MAINT, reply.text);
	else if (keep->is_down)
		probe_done(probe, REASON_AGENT_DOWN, reply.text);
	else
		probe_done(probe, REASON_OK, reply.text);
}

static void receive_line(struct probe *probe)
{
	struct agent_run *run = probe_run(probe);
	uint8_t buf[AGENT_LINE_MAX];
	enum agent_event event = AGENT_MORE;
	ssize_t n;

	while (event == AGENT_MORE) {
		n = probe_read(probe, buf, sizeof(buf));
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			probe_done(probe, probe_io_reason((int)n), NULL);
			return;
		}
		event = n == 0 ? AGENT_LINE : agent_take(&run->parser, buf, (size_t)n);
	}
	if (event == AGENT_BIG)
		probe_done(probe, REASON_AGENT_MALFORMED, "line too long");
	else
		judge_line(probe);
}

/* ---- the plug-in ---- */

static void agent_io(struct probe *probe, uint32_t ready)
{
	const struct agent_run *run = probe_run(probe);

	(void)ready;
	if (run->is_sent || send_request(probe))
		receive_line(probe);
}

static int agent_start(struct probe *probe)
{
	agent_io(probe, 0);
	return 0;
}

/* What prevents an answer says nothing about the server. */
static enum probe_reason agent_judge(struct probe *probe, enum probe_reason reason)
{
	bool is_said = reason == REASON_AGENT_DOWN || reason == REASON_AGENT_MAINT;

	(void)probe;
	return reason_verdict(reason) == VERDICT_DOWN && !is_said ? REASON_AGENT_SILENT : reason;
}

const struct checker_ops check_agent = {
	.name = "AGENT_CHECK",
	.log_up_before = "Agent of",
	.log_up_after = "says up.",
	.log_down_name = "AGENT_CHECK",
	.conf = &agent_check_block,
	.run_size = sizeof(struct agent_run),
	.keep_size = sizeof(struct agent_keep),
	.start = agent_start,
	.io = agent_io,
	.judge = agent_judge,
};
