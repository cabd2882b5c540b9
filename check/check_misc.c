/*
 * MISC_CHECK: a command says whether the server works, and with misc_dynamic how much it can carry.
 * Runs in the checker process, for the probe engine; the parent runs the command.
 *
 * Exit status 0 is success. With misc_dynamic 2 to 255 are success with a weight of that less 2,
 * which holds until the next success. The next run is due one delay_loop after the last one began;
 * while one runs no other begins.
 */
#include <errno.h>
#include <stdio.h>

#include "check/checkers.h"
#include "lib/script_ask.h"

#define WEIGHT_BASE 2

struct misc_run {
	struct script_ask ask;
};

static const struct misc_check_conf *misc_conf(const struct checker_conf *conf)
{
	return (const struct misc_check_conf *)conf;
}

/* Position among all checks of the real server. */
static uint32_t index_of(const struct checker_conf *conf)
{
	const struct checker_conf *other;
	uint32_t i = 0;

	conf_list_for_each (other, &checker_server(conf)->checkers) {
		if (other == conf)
			break;
		i++;
	}
	return i;
}

static void take_status(struct probe *probe, int64_t status, const char *text)
{
	bool is_dynamic = misc_conf(probe_conf(probe))->is_dynamic;
	const struct weight_advice none = { ADVICE_NONE, 0 };
	const struct weight_advice weight = { ADVICE_WEIGHT, (int32_t)(status - WEIGHT_BASE) };

	if (status == 0) {
		probe_advise(probe, &none);
		probe_done(probe, REASON_OK, NULL);
	} else if (is_dynamic && status >= WEIGHT_BASE) {
		probe_advise(probe, &weight);
		probe_done(probe, REASON_OK, text);
	} else {
		probe_done(probe, REASON_SCRIPT_STATUS, text);
	}
}

static void on_done(struct script_ask *ask, const struct script_result *result, void *arg)
{
	struct probe *probe = arg;
	char text[PROBE_DETAIL_MAX];

	(void)ask;
	script_result_str(result, text, sizeof(text));
	switch (result->outcome) {
	case SCRIPT_EXITED: take_status(probe, result->value, text); break;
	case SCRIPT_KILLED: probe_done(probe, REASON_SCRIPT_SIGNAL, text); break;
	case SCRIPT_TIMED_OUT: probe_done(probe, REASON_SCRIPT_TIMEOUT, text); break;
	case SCRIPT_NOT_RUN: probe_done(probe, REASON_SCRIPT_NOT_RUN, text); break;
	}
}

static int misc_start(struct probe *probe)
{
	const struct checker_conf *conf = probe_conf(probe);
	const struct rs_conf *rs = checker_server(conf);
	const struct script_id id = {
		.kind = "MISC_CHECK",
		.owner = ((const struct vs_conf *)rs->obj.parent)->name,
		.member = rs->name,
		.index = index_of(conf),
	};
	struct misc_run *run = probe_run(probe);

	if (!probe_scripts(probe))
		return -ENOTSUP;
	run->ask.on_done = on_done;
	run->ask.arg = probe;
	script_ask_start(probe_scripts(probe), &run->ask, &id);
	return 0;
}

static void misc_stop(struct probe *probe)
{
	struct misc_run *run = probe_run(probe);

	script_ask_cancel(&run->ask);
}

/* The words of keepalived. */
static void misc_say(const struct check_words *words, char *line, size_t size)
{
	const struct conf_script *command = &misc_conf(words->conf)->command;
	const char *detail = words->detail[0] ? words->detail : reason_text(words->reason);
	char retries[48] = "with retry disabled";

	if (words->retries > 0)
		snprintf(retries, sizeof(retries), "after %u retries", words->retries);
	if (words->is_up)
		snprintf(line, size, "Misc check for [%s VS %s] by [%s] succeeded.", words->rs,
			 words->vs, command->argv[0]);
	else
		snprintf(line, size, "Misc check for [%s VS %s] by [%s] failed %s (%s).", words->rs,
			 words->vs, command->argv[0], retries, detail);
}

const struct checker_ops check_misc = {
	.name = "MISC_CHECK",
	.say = misc_say,
	.conf = &misc_check_block,
	.transport = PROBE_NOTHING,
	.run_size = sizeof(struct misc_run),
	.start = misc_start,
	.stop = misc_stop,
};
