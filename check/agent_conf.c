/*
 * AGENT_CHECK: table. The parent runs it while it loads a file; the checker child when it decodes
 * what the parent loaded.
 */
#include "check/checker_rows.h"
#include "lib/rule.h"

#define AGENT struct agent_check_conf

static const struct conf_key agent_keys[] = {
	CHECKER_KEYS(0, US_PER_S),
	K_STR("agent_send", AGENT, send, LIVE,
	      .help = "Line to send to the agent when it is connected."),
	K_END,
};

/* The service's own port is hardly ever the agent's. */
static bool agent_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	if (!conf_is_set(obj, "connect_port", NULL))
		conf_refuse(walk, MEND_OUT(obj), CONF_SEMANTIC, "no-agent-port", NULL,
			    "%s needs the connect_port of the agent", obj->block->name);
	return true;
}

const struct conf_block agent_check_block = {
	.name = "AGENT_CHECK",
	.size = sizeof(struct agent_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = agent_keys,
	.finish = agent_finish,
	.resolve = checker_resolve,
	.help = "An agent on the server says its state and its share of the traffic, as for "
		"HAProxy.",
};
