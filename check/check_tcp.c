/*
 * TCP_CHECK: a connection that comes about is the answer. Runs in the checker process, for the
 * probe engine.
 */
#include "check/checkers.h"

static int tcp_start(struct probe *probe)
{
	probe_done(probe, REASON_OK, NULL);
	return 0;
}

const struct checker_ops check_tcp = {
	.name = "TCP_CHECK",
	.log_up_before = "TCP connection to",
	.log_up_after = "success.",
	.log_down_name = "TCP_CHECK",
	.conf = &tcp_check_block,
	.start = tcp_start,
};
