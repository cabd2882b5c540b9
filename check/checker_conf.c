/*
 * What all checkers share, TCP_CHECK and PING_CHECK: tables and derived values.
 * The parent runs it while it loads a file; the checker child when it decodes what the parent
 * loaded.
 */
#include "check/checker_rows.h"

const struct rs_conf *checker_server(const struct checker_conf *checker)
{
	const struct conf_obj *obj = checker->obj.parent;

	while (obj->block != &rs_block)
		obj = obj->parent;
	return (const struct rs_conf *)obj;
}

const struct conf_list *checker_hosts(const struct checker_conf *checker)
{
	if (checker->obj.block != &smtp_check_block)
		return NULL;
	return &((const struct smtp_check_conf *)checker)->hosts;
}

void checker_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	struct checker_conf *checker = (struct checker_conf *)obj;
	const struct rs_conf *rs = checker_server(checker);
	const struct vs_conf *vs = (const struct vs_conf *)rs->obj.parent;

	(void)walk;
	if (checker->warmup_us < 0)
		checker->warmup_us = checker->delay_loop_us;
	if (checker->delay_before_retry_us < 0)
		checker->delay_before_retry_us = checker->delay_loop_us;
	if (checker->connect_port == 0)
		checker->connect_port = rs->endpoint.port ? rs->endpoint.port : vs_port(vs);
}

static const struct conf_key tcp_keys[] = {
	CHECKER_KEYS(1, US_PER_S),
	CHECKER_THROUGH_VIP,
	K_FLAG("half_open", CHECKER, half_open, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	       .help = "Reset the connection before the server's program hears of it."),
	K_END,
};

static const struct conf_key ping_keys[] = {
	CHECKER_KEYS(1, US_PER_S),
	K_END,
};

const struct conf_block tcp_check_block = {
	.name = "TCP_CHECK",
	.size = sizeof(struct tcp_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = tcp_keys,
	.resolve = checker_resolve,
	.help = "The server is up when it accepts a connection.",
};

const struct conf_block ping_check_block = {
	.name = "PING_CHECK",
	.size = sizeof(struct ping_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = ping_keys,
	.resolve = checker_resolve,
	.help = "The server is up when it answers an ICMP echo request.",
};
