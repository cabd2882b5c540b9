/*
 * PING_CHECK: an ICMP echo request that is answered. Runs in the checker process, for the probe
 * engine.
 *
 * The answer must carry the random bytes of the request: on a raw socket everything that the server
 * sends by ICMP comes by, also answers to others.
 */
#include "check/checkers.h"
#include "check/datagram.h"
#include "check/ping_msg.h"

struct ping_run {
	bool is_sent;
	uint8_t cookie[PING_COOKIE];
};

static void ping_take(struct probe *probe, const uint8_t *msg, size_t len)
{
	const struct ping_run *run = probe_run(probe);

	if (ping_is_answer(msg, len, probe_spec(probe)->addr.family, run->cookie))
		probe_done(probe, REASON_OK, NULL);
}

static void ping_io(struct probe *probe, uint32_t ready)
{
	struct ping_run *run = probe_run(probe);
	uint8_t msg[PING_SIZE];

	(void)ready;
	ping_request(msg, probe_spec(probe)->addr.family, run->cookie);
	if (datagram_send(probe, &run->is_sent, msg, sizeof(msg)))
		datagram_receive(probe, ping_take);
}

static int ping_start(struct probe *probe)
{
	struct ping_run *run = probe_run(probe);
	int err = datagram_random(run->cookie, sizeof(run->cookie));

	if (err == 0)
		ping_io(probe, 0);
	return err;
}

const struct checker_ops check_ping = {
	.name = "PING_CHECK",
	.log_up_before = "ICMP connection to",
	.log_up_after = "success.",
	.log_down_name = "ICMP CHECK",
	.conf = &ping_check_block,
	.transport = PROBE_ECHO,
	.run_size = sizeof(struct ping_run),
	.start = ping_start,
	.io = ping_io,
};
