/*
 * PING_CHECK: an ICMP echo request that is answered. Runs in the checker process, for the probe
 * engine.
 *
 * The answer must carry the random bytes of the request: on a raw socket everything that the server
 * sends by ICMP comes by, also answers to others.
 */
#include <errno.h>
#include <sys/random.h>

#include "check/checkers.h"
#include "check/ping_msg.h"

#define READS_AT_ONCE 16 /* then the others have their turn */

struct ping_run {
	uint8_t cookie[PING_COOKIE];
	bool is_sent;
};

static void ping_send(struct probe *probe)
{
	struct ping_run *run = probe_run(probe);
	uint8_t msg[PING_SIZE];
	ssize_t n;

	ping_request(msg, probe_spec(probe)->addr.family, run->cookie);
	n = probe_write(probe, msg, sizeof(msg));
	if (n >= 0)
		run->is_sent = true;
	else if (n != -EAGAIN)
		probe_done(probe, probe_io_reason((int)n), NULL);
}

static void ping_receive(struct probe *probe)
{
	const struct ping_run *run = probe_run(probe);
	uint8_t buf[2 * PING_SIZE];

	for (int i = 0; i < READS_AT_ONCE && !probe_is_done(probe); i++) {
		ssize_t n = probe_read(probe, buf, sizeof(buf));

		if (n == -EAGAIN)
			return;
		if (n < 0)
			probe_done(probe, probe_io_reason((int)n), NULL);
		else if (ping_is_answer(buf, (size_t)n, probe_spec(probe)->addr.family,
					run->cookie))
			probe_done(probe, REASON_OK, NULL);
	}
}

static void ping_io(struct probe *probe, uint32_t ready)
{
	const struct ping_run *run = probe_run(probe);

	(void)ready;
	if (!run->is_sent)
		ping_send(probe);
	if (run->is_sent)
		ping_receive(probe);
}

static int ping_start(struct probe *probe)
{
	struct ping_run *run = probe_run(probe);

	if (getrandom(run->cookie, sizeof(run->cookie), GRND_NONBLOCK) != sizeof(run->cookie))
		return -EAGAIN;
	ping_io(probe, 0);
	return 0;
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
