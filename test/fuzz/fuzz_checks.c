/*
 * libFuzzer: what servers answer to checks. The plug-ins run on an engine that is played here, on
 * bytes of the input: the first one chooses the check, the second the size of the pieces in which
 * the rest comes. A stream must come to a verdict when it ends, exactly one, and to the same one in
 * pieces as in one; its text is printable.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "check/checkers.h"
#include "lib/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The run that is played. */
struct probe {
	struct probe_spec spec;
	void *run, *keep;
	const uint8_t *in;
	size_t len, at, piece;
	bool is_paused; /* -EAGAIN comes between the pieces */
	bool is_done;
	enum probe_reason reason;
	char detail[PROBE_DETAIL_MAX];
	struct weight_advice advice;
};

static void must(bool is_so)
{
	if (!is_so)
		abort();
}

/* ---- the engine ---- */

ssize_t getrandom(void *buf, size_t len, unsigned flags)
{
	(void)flags;
	memset(buf, 'A', len); /* so that answers can be right */
	return (ssize_t)len;
}

const struct checker_conf *probe_conf(const struct probe *probe)
{
	return probe->spec.conf;
}

const struct probe_spec *probe_spec(const struct probe *probe)
{
	return &probe->spec;
}

void *probe_run(struct probe *probe)
{
	return probe->run;
}

void *probe_keep(struct probe *probe)
{
	return probe->keep;
}

static bool is_stream(const struct probe *probe)
{
	return probe->spec.ops->transport == PROBE_STREAM;
}

/* A datagram begins with its length. */
static ssize_t read_datagram(struct probe *probe, void *buf, size_t len)
{
	size_t n;

	if (probe->at >= probe->len)
		return -EAGAIN;
	n = probe->in[probe->at++];
	n = n < probe->len - probe->at ? n : probe->len - probe->at;
	memcpy(buf, probe->in + probe->at, n < len ? n : len);
	probe->at += n;
	return (ssize_t)(n < len ? n : len);
}

ssize_t probe_read(struct probe *probe, void *buf, size_t len)
{
	size_t n = probe->len - probe->at;

	must(!probe->is_done);
	if (!is_stream(probe))
		return read_datagram(probe, buf, len);
	probe->is_paused = !probe->is_paused && probe->piece > 0;
	if (probe->is_paused)
		return -EAGAIN;
	n = probe->piece && probe->piece < n ? probe->piece : n;
	n = n < len ? n : len;
	memcpy(buf, probe->in + probe->at, n);
	probe->at += n;
	return (ssize_t)n;
}

ssize_t probe_write(struct probe *probe, const void *buf, size_t len)
{
	uint8_t sum = 0;

	must(!probe->is_done);
	for (size_t i = 0; i < len; i++) /* the sanitizer sees every byte that goes out */
		sum ^= ((const volatile uint8_t *)buf)[i];
	(void)sum;
	return (ssize_t)len;
}

void probe_wait_read(struct probe *probe)
{
	(void)probe;
}

enum probe_reason probe_io_reason(int err)
{
	(void)err;
	return REASON_RESET;
}

void probe_close_politely(struct probe *probe)
{
	(void)probe;
}

void probe_advise(struct probe *probe, const struct weight_advice *advice)
{
	probe->advice = *advice;
}

const struct weight_advice *probe_advice(const struct probe *probe)
{
	return &probe->advice;
}

void probe_done(struct probe *probe, enum probe_reason reason, const char *detail)
{
	must(!probe->is_done);
	must(reason < REASON_N);
	probe->is_done = true;
	probe->reason = reason;
	snprintf(probe->detail, sizeof(probe->detail), "%s", detail ? detail : "");
}

bool probe_is_done(const struct probe *probe)
{
	return probe->is_done;
}

/* ---- the checks ---- */

static const struct conf_range ok_codes[] = { { 200, 299 } };
static uint8_t pattern[] = { 'f', 'i', 'n', 'e' }, mask[] = { 255, 255, 255, 0xdf };

static struct url_conf url = {
	.path = "/",
	.status_code = { .v = ok_codes, .n = 1 },
	.regex = "fi(n|m)e",
	.regex_max_offset = UINT32_MAX,
	.digest = "d41d8cd98f00b204e9800998ecf8427e",
};
static struct http_check_conf http = { .urls = { .head = &url.obj, .n = 1 } };
static struct smtp_check_conf smtp = { .helo_name = "director" };
static struct dns_check_conf dns = { .type = 1, .name = "example.org" };
static struct udp_check_conf udp = {
	.reply = { .bytes = pattern, .mask = mask, .n = sizeof(pattern), .is_set = true },
	.max_reply_len = 100,
};
static struct ping_check_conf ping;
static struct agent_check_conf agent;

static struct kind {
	const struct checker_ops *ops;
	struct checker_conf *conf;
	const char *addr;
} kinds[] = {
	{ &check_http_get, &http.common, "127.0.0.1" }, { &check_smtp, &smtp.common, "127.0.0.1" },
	{ &check_dns, &dns.common, "127.0.0.1" },       { &check_udp, &udp.common, "127.0.0.1" },
	{ &check_ping, &ping.common, "127.0.0.1" },     { &check_ping, &ping.common, "::1" },
	{ &check_agent, &agent.common, "127.0.0.1" },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void begin(struct probe *probe, const struct kind *kind, const uint8_t *data, size_t size,
		  size_t piece)
{
	kind->conf->obj.block = kind->ops->conf;
	*probe = (struct probe){
		.spec = { .ops = kind->ops, .conf = kind->conf, .port = 80 },
		.run = xcalloc(1, kind->ops->run_size + 1),
		.keep = xcalloc(1, kind->ops->keep_size + 1),
		.in = data,
		.len = size,
		.piece = piece,
	};
	addr_parse(kind->addr, &probe->spec.addr);
}

/* Runs to its end, or until a datagram socket has nothing more. */
static void play(struct probe *probe)
{
	const struct checker_ops *ops = probe->spec.ops;
	size_t calls = 0;

	must(ops->start(probe) == 0);
	while (!probe->is_done && (is_stream(probe) || probe->at < probe->len)) {
		ops->io(probe, 1);
		must(calls++ < 2 * probe->len + 100);
	}
	if (ops->judge && probe->is_done)
		probe->reason = ops->judge(probe, probe->reason);
	for (const char *c = probe->detail; *c; c++)
		must(*c >= ' ' && *c <= '~');
	if (ops->stop)
		ops->stop(probe);
	if (ops->drop)
		ops->drop(probe->keep);
	free(probe->run);
	free(probe->keep);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kind *kind;
	struct probe whole, pieces;

	if (size < 2)
		return 0;
	url.obj.block = http_get_block.blocks[0];
	kind = &kinds[data[0] % N_KINDS];
	begin(&whole, kind, data + 2, size - 2, 0);
	play(&whole);
	if (!is_stream(&whole))
		return 0;
	begin(&pieces, kind, data + 2, size - 2, (size_t)data[1] + 1);
	play(&pieces);
	must(whole.reason == pieces.reason && strcmp(whole.detail, pieces.detail) == 0);
	must(whole.advice.kind == pieces.advice.kind && whole.advice.value == pieces.advice.value);
	return 0;
}
