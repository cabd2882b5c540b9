/*
 * bfd_instance: its table. The parent runs it while it loads a file.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/track_conf.h"

#define B            struct bfd_conf
#define LIVE         .apply = CONF_APPLY_LIVE
#define NAME_LEN_MAX 31
#define MSEC_MAX     (INT64_C(4294967) * US_PER_MS)
#define SLOW_US      (10000 * US_PER_MS)

/* ---- milliseconds with up to three decimals ---- */

static bool msec_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	static const char digits[] = "0123456789";
	const char *text = argv[0].text + (argv[0].text[0] == '+');
	size_t n = strspn(text, digits), n_part = 0;
	int64_t us = 0;

	(void)argc;
	if (text[n] == '.')
		n_part = strspn(text + n + 1, digits);
	if (n + n_part == 0 || n > 9 || text[n + (text[n] == '.') + n_part]) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-number",
			   "milliseconds are expected, such as 50 or 0.5",
			   "%s: \"%s\" is not a number of milliseconds", key->name, argv[0].text);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		us = us * 10 + (text[i] - '0');
	for (size_t i = 0; i < 3; i++)
		us = us * 10 + (i < n_part ? text[n + 1 + i] - '0' : 0);
	us += n_part > 3 && text[n + 4] >= '5';
	if (us < key->min || us > key->max) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "out-of-range", NULL,
			   "%s: %s is outside %" PRId64 " to %" PRId64 " milliseconds", key->name,
			   argv[0].text, key->min / US_PER_MS, key->max / US_PER_MS);
		return false;
	}
	if (n_part > 3)
		conf_warning(walk, argv[0].pos, CONF_VALUE, "adjusted", NULL,
			     "%s: only 3 decimals count, %s is rounded", key->name, argv[0].text);
	*(int64_t *)field = us;
	return true;
}

static void msec_print(const struct conf_key *key, const void *field, FILE *out)
{
	int64_t us = *(const int64_t *)field;

	(void)key;
	fprintf(out, "%" PRId64, us / US_PER_MS);
	if (us % US_PER_MS)
		fprintf(out, ".%03d", (int)(us % US_PER_MS));
}

static json_t *msec_json(const struct conf_key *key, const void *field)
{
	(void)key;
	return json_real((double)*(const int64_t *)field / US_PER_MS);
}

static bool msec_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const int64_t *)a == *(const int64_t *)b;
}

static void msec_set_default(const struct conf_key *key, void *field)
{
	*(int64_t *)field = key->dflt;
}

static const struct conf_type type_msec = {
	.name = "milliseconds",
	.min_args = 1,
	.max_args = 1,
	.parse = msec_parse,
	.print = msec_print,
	.json = msec_json,
	.is_equal = msec_is_equal,
	.set_default = msec_set_default,
	.json_type = "number",
};

#define K_MSEC(n, f, lo_ms, ...)                                                                \
	K_CUSTOM(n, &type_msec, B, f, int64_t, LIVE, .min = (lo_ms)*US_PER_MS, .max = MSEC_MAX, \
		 __VA_ARGS__)

/* ---- table ---- */

static const struct conf_key bfd_args[] = {
	K_STR("name", B, name, LIVE, .help = "Name that others refer to, at most 31 bytes."),
	K_END,
};

static const struct conf_key bfd_keys[] = {
	K_CUSTOM("neighbor_ip", &conf_type_router, B, neighbor_ip, struct addr, LIVE,
		 .flags = CONF_REQUIRED, .help = "Address of the peer."),
	K_CUSTOM("neighbour_ip", &conf_type_router, B, neighbor_ip, struct addr,
		 .alias_of = "neighbor_ip", .help = "The same as neighbor_ip."),
	K_CUSTOM("source_ip", &conf_type_router, B, source_ip, struct addr, LIVE,
		 .help = "Local address; default what the kernel chooses."),
	K_MSEC("min_rx", min_rx_us, 1, .dflt = 10 * US_PER_MS,
	       .help = "Shortest interval, in milliseconds, at which packets can be received."),
	K_MSEC("min_tx", min_tx_us, 1, .dflt = 10 * US_PER_MS,
	       .help = "Interval, in milliseconds, at which packets are sent."),
	K_MSEC("idle_tx", idle_tx_us, 1000, .dflt = 1000 * US_PER_MS,
	       .help = "Interval, in milliseconds, at which packets are sent while down."),
	K_U8("multiplier", B, multiplier, 1, 255, .dflt = 5, LIVE,
	     .help = "Lost packets that mean down."),
	K_FLAG("passive", B, passive, LIVE, .help = "Wait for the peer to begin."),
	K_U8("ttl", B, ttl, 1, 255, LIVE,
	     .help = "TTL or hop limit of packets; default 255 for IPv4 and 64 for IPv6."),
	K_U8("hoplimit", B, ttl, 1, 255, .alias_of = "ttl", .help = "The same as ttl."),
	K_I64("max_hops", B, max_hops, -1, 255, LIVE, .help = "Accepted distance; -1 accepts any."),
	K_BOOL("multihop", B, multihop, LIVE, .help = "Use the port for several hops."),
	K_CUSTOM("weight", &conf_type_weight, B, weight, struct conf_weight, .min = -253,
		 .max = 253, .dflt_text = "0", LIVE, .help = "Effect on the priority."),
	K_FLAG("vrrp", B, vrrp, LIVE, .help = "Only VRRP uses the session, or both with checker."),
	K_FLAG("checker", B, checker, LIVE,
	       .help = "Only the checkers use the session, or both with vrrp."),
	K_END,
};

static void remark(struct conf_walk *walk, const struct conf_obj *obj, const char *word,
		   const char *text)
{
	conf_warning(walk, rule_pos(obj, word), CONF_SEMANTIC, "slow-detection", NULL, "%s: %s",
		     ((const B *)obj)->name, text);
}

static bool bfd_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const B *bfd = (const B *)obj;

	if (strlen(bfd->name) > NAME_LEN_MAX)
		conf_refuse(walk, MEND_OUT(obj), CONF_VALUE, "name-too-long", NULL,
			    "the name of a bfd_instance has at most %d bytes", NAME_LEN_MAX);
	if (!addr_is_unset(&bfd->source_ip) && bfd->source_ip.family != bfd->neighbor_ip.family)
		conf_refuse(walk, MEND_RESET(obj, "source_ip"), CONF_SEMANTIC, "family-mix", NULL,
			    "source_ip and neighbor_ip are of different families");
	if (bfd->min_rx_us > SLOW_US)
		remark(walk, obj, "min_rx", "more than ten seconds between packets");
	if (bfd->min_tx_us > SLOW_US)
		remark(walk, obj, "min_tx", "more than ten seconds between packets");
	if (bfd->multiplier > 10)
		remark(walk, obj, "multiplier", "more than ten packets may be lost");
	return true;
}

static void bfd_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	B *bfd = (B *)obj;

	if (bfd->ttl == 0)
		bfd->ttl = bfd->neighbor_ip.family == AF_INET6 ? 64 : 255;
	if (bfd->max_hops > bfd->ttl)
		conf_refuse(walk, MEND_RESET(obj, "max_hops"), CONF_SEMANTIC, "hops-above-ttl",
			    NULL, "max_hops %d is above the TTL %d", (int)bfd->max_hops, bfd->ttl);
}

const struct conf_block bfd_instance_block = {
	.name = "bfd_instance",
	.size = sizeof(B),
	.list_offset = offsetof(struct root_conf, bfd_instances),
	.args = bfd_args,
	.keys = bfd_keys,
	.finish = bfd_finish,
	.resolve = bfd_resolve,
	.help = "A BFD session.",
};
