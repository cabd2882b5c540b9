/*
 * UDP_CHECK: a datagram that does not come back as unreachable, or that is answered. Runs in the
 * checker process, for the probe engine.
 *
 * Without require_reply silence is success, so such a run takes all its time. With a pattern the
 * answer must have a length within the bounds and match; an answer that is shorter than the pattern
 * and equals its beginning matches, as in keepalived.
 */
#include <stdio.h>

#include "check/checkers.h"
#include "check/datagram.h"

#define FILLER_SIZE 32

struct udp_run {
	bool is_sent;
};

static const struct udp_check_conf *udp_conf(const struct probe *probe)
{
	return (const struct udp_check_conf *)probe_conf(probe);
}

static bool is_match(const struct udp_pattern *pattern, const uint8_t *reply, size_t len)
{
	for (size_t i = 0; i < len && i < pattern->n; i++)
		if ((reply[i] ^ pattern->bytes[i]) & pattern->mask[i])
			return false;
	return true;
}

static void udp_take(struct probe *probe, const uint8_t *reply, size_t len)
{
	const struct udp_check_conf *conf = udp_conf(probe);
	char detail[PROBE_DETAIL_MAX];

	snprintf(detail, sizeof(detail), "%zu bytes", len);
	if (conf->reply.n == 0)
		probe_done(probe, REASON_OK, NULL);
	else if (len < conf->min_reply_len || len > conf->max_reply_len)
		probe_done(probe, REASON_UDP_LENGTH, detail);
	else if (!is_match(&conf->reply, reply, len))
		probe_done(probe, REASON_UDP_REPLY, detail);
	else
		probe_done(probe, REASON_OK, NULL);
}

static void udp_io(struct probe *probe, uint32_t ready)
{
	static const uint8_t filler[FILLER_SIZE] = "diarch UDP_CHECK, please ignore";
	const struct udp_pattern *payload = &udp_conf(probe)->payload;
	struct udp_run *run = probe_run(probe);

	(void)ready;
	if (datagram_send(probe, &run->is_sent, payload->is_set ? payload->bytes : filler,
			  payload->is_set ? payload->n : sizeof(filler)))
		datagram_receive(probe, udp_take);
}

static int udp_start(struct probe *probe)
{
	udp_io(probe, 0);
	return 0;
}

/* Nobody said no. */
static enum probe_reason udp_judge(struct probe *probe, enum probe_reason reason)
{
	if (reason == REASON_TIMEOUT && !udp_conf(probe)->reply.is_set)
		return REASON_OK;
	return reason;
}

const struct checker_ops check_udp = {
	.name = "UDP_CHECK",
	.log_up_before = "UDP_CHECK on service",
	.log_up_after = "success.",
	.log_down_name = "UDP_CHECK",
	.conf = &udp_check_block,
	.transport = PROBE_DATAGRAM,
	.run_size = sizeof(struct udp_run),
	.start = udp_start,
	.io = udp_io,
	.judge = udp_judge,
};
