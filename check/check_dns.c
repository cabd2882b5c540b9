/*
 * DNS_CHECK: a query over UDP that is answered without error. Runs in the checker process, for the
 * probe engine.
 *
 * Anything that is no answer to the query, such as one with another id or to another question, is
 * passed over: the right one may still come until the run has used up its time.
 */
#include <errno.h>
#include <stdio.h>

#include "check/checkers.h"
#include "check/datagram.h"
#include "check/dns_msg.h"

struct dns_run {
	bool is_sent;
	size_t len;
	uint8_t query[DNS_QUERY_MAX];
};

static void dns_take(struct probe *probe, const uint8_t *msg, size_t len)
{
	const struct dns_run *run = probe_run(probe);
	const char *name;
	char number[16];
	unsigned rcode;

	switch (dns_judge(msg, len, run->query, run->len, &rcode)) {
	case DNS_ANSWER_OK: probe_done(probe, REASON_OK, NULL); break;
	case DNS_ANSWER_ERROR:
		name = dns_rcode_name(rcode);
		snprintf(number, sizeof(number), "rcode %u", rcode);
		probe_done(probe, REASON_DNS_RCODE, name ? name : number);
		break;
	case DNS_ANSWER_OTHER: break;
	}
}

static void dns_io(struct probe *probe, uint32_t ready)
{
	struct dns_run *run = probe_run(probe);

	(void)ready;
	if (datagram_send(probe, &run->is_sent, run->query, run->len))
		datagram_receive(probe, dns_take);
}

static int dns_start(struct probe *probe)
{
	const struct dns_check_conf *conf = (const struct dns_check_conf *)probe_conf(probe);
	struct dns_run *run = probe_run(probe);
	uint16_t id;
	int err = datagram_random(&id, sizeof(id));

	if (err < 0)
		return err;
	run->len = dns_query(run->query, id, conf->name, (uint16_t)conf->type);
	if (run->len == 0)
		return -EINVAL;
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
