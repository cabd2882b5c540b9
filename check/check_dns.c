/*
 * DNS_CHECK: a query over UDP that is answered without error. Runs in the checker process, for the
 * probe engine.
 *
 * Anything that is no answer to the query, such as one with another id, is passed over: the right
 * one may still come until the run has used up its time.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

#include "check/checkers.h"
#include "check/dns_msg.h"

#define READS_AT_ONCE 16 /* then the others have their turn */
#define HEAD_SIZE     512

struct dns_run {
	uint16_t id;
	bool is_sent;
};

static void dns_send(struct probe *probe)
{
	const struct dns_check_conf *conf = (const struct dns_check_conf *)probe_conf(probe);
	struct dns_run *run = probe_run(probe);
	uint8_t msg[DNS_QUERY_MAX];
	size_t len = dns_query(msg, run->id, conf->name, (uint16_t)conf->type);
	ssize_t n = len ? probe_write(probe, msg, len) : -EINVAL;

	if (n >= 0)
		run->is_sent = true;
	else if (n == -EINVAL)
		probe_done(probe, REASON_INTERNAL, "name");
	else if (n != -EAGAIN)
		probe_done(probe, probe_io_reason((int)n), NULL);
}

static void dns_take(struct probe *probe, const uint8_t *msg, size_t len)
{
	const struct dns_run *run = probe_run(probe);
	const char *name;
	char number[16];
	unsigned rcode;

	switch (dns_judge(msg, len, run->id, &rcode)) {
	case DNS_ANSWER_OK: probe_done(probe, REASON_OK, NULL); break;
	case DNS_ANSWER_ERROR:
		name = dns_rcode_name(rcode);
		snprintf(number, sizeof(number), "rcode %u", rcode);
		probe_done(probe, REASON_DNS_RCODE, name ? name : number);
		break;
	case DNS_ANSWER_OTHER: break;
	}
}

static void dns_receive(struct probe *probe)
{
	uint8_t buf[HEAD_SIZE]; /* the header counts; the rest may be cut */

	for (int i = 0; i < READS_AT_ONCE && !probe_is_done(probe); i++) {
		ssize_t n = probe_read(probe, buf, sizeof(buf));

		if (n == -EAGAIN)
			return;
		if (n < 0)
			probe_done(probe, probe_io_reason((int)n), NULL);
		else
			dns_take(probe, buf, (size_t)n);
	}
}

static void dns_io(struct probe *probe, uint32_t ready)
{
	const struct dns_run *run = probe_run(probe);

	(void)ready;
	if (!run->is_sent)
		dns_send(probe);
	if (run->is_sent)
		dns_receive(probe);
}

static int dns_start(struct probe *probe)
{
	struct dns_run *run = probe_run(probe);

	if (getrandom(&run->id, sizeof(run->id), GRND_NONBLOCK) != sizeof(run->id))
		return -EAGAIN;
	dns_io(probe, 0);
	return 0;
}

const struct checker_ops check_dns = {
	.name = "DNS_CHECK",
	.log_up_before = "DNS_CHECK on service",
	.log_up_after = "success.",
	.log_down_name = "DNS_CHECK",
	.conf = &dns_check_block,
	.transport = PROBE_DATAGRAM,
	.run_size = sizeof(struct dns_run),
	.start = dns_start,
	.io = dns_io,
};
