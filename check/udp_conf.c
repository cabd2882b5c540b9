/*
 * UDP_CHECK: table, and the type of bytes in hexadecimal digits.
 * The parent runs it while it loads a file; the checker child when it decodes what the parent
 * loaded.
 */
#include "check/checker_rows.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/rule.h"

#define UDP         struct udp_check_conf
#define PAYLOAD_MAX 65507 /* bytes that a datagram can carry */

/* ---- bytes ---- */

/* Adds the digit to the last byte, or begins one; `is_odd` tells whether the last one has a digit.
 */
static void add_digit(struct udp_pattern *pattern, char digit, bool is_odd)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, tolower((unsigned char)digit));
	uint8_t value = at ? (uint8_t)(at - digits) : 0, mask = at ? 0x0f : 0;

	if (!is_odd) {
		pattern->bytes[pattern->n] = value;
		pattern->mask[pattern->n++] = mask | 0xf0;
		return;
	}
	pattern->bytes[pattern->n - 1] = (uint8_t)(pattern->bytes[pattern->n - 1] << 4 | value);
	pattern->mask[pattern->n - 1] = (uint8_t)(pattern->mask[pattern->n - 1] << 4 | mask);
}

/* Pairs of digits; blanks may part them, and a digit without another one is a byte by itself. */
static bool add_word(struct udp_pattern *pattern, const char *word, const char *allowed)
{
	bool is_odd = false;

	for (; *word; word++) {
		if (isspace((unsigned char)*word)) {
			is_odd = false;
			continue;
		}
		if (!strchr(allowed, *word))
			return false;
		add_digit(pattern, *word, is_odd);
		is_odd = !is_odd;
	}
	return true;
}

static bool bytes_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	bool is_pattern = key->type->min_args == 0;
	const char *allowed = is_pattern ? "0123456789abcdefABCDEFxX" : "0123456789abcdefABCDEF";
	struct udp_pattern pattern = { .is_set = true };
	size_t len = 1;

	for (unsigned i = 0; i < argc; i++)
		len += strlen(argv[i].text);
	pattern.bytes = conf_alloc(walk, len);
	pattern.mask = conf_alloc(walk, len);
	for (unsigned i = 0; i < argc; i++) {
		if (add_word(&pattern, argv[i].text, allowed))
			continue;
		conf_error(walk, argv[i].pos, CONF_VALUE, "bad-hex",
			   is_pattern ? "pairs of hexadecimal digits, where x stands for any"
				      : "pairs of hexadecimal digits",
			   "%s: \"%s\" is not hexadecimal", key->name, argv[i].text);
		return false;
	}
	if (pattern.n > PAYLOAD_MAX || (pattern.n == 0 && argc > 0)) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "out-of-range", NULL,
			   "%s: 1 to %d bytes, not %zu", key->name, PAYLOAD_MAX, pattern.n);
		return false;
	}
	*(struct udp_pattern *)field = pattern;
	return true;
}

static char digit_of(unsigned value, unsigned mask)
{
	return mask & 0x0f ? "0123456789abcdef"[value & 0x0f] : 'x';
}

static void bytes_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct udp_pattern *pattern = field;

	(void)key;
	for (size_t i = 0; i < pattern->n; i++) {
		fputc(digit_of(pattern->bytes[i] >> 4, pattern->mask[i] >> 4), out);
		fputc(digit_of(pattern->bytes[i], pattern->mask[i]), out);
	}
}

static json_t *bytes_json(const struct conf_key *key, const void *field)
{
	const struct udp_pattern *pattern = field;
	json_t *json;
	char *text;

	(void)key;
	if (!pattern->is_set)
		return NULL;
	text = xcalloc(2 * pattern->n + 1, 1);
	for (size_t i = 0; i < pattern->n; i++) {
		text[2 * i] = digit_of(pattern->bytes[i] >> 4, pattern->mask[i] >> 4);
		text[2 * i + 1] = digit_of(pattern->bytes[i], pattern->mask[i]);
	}
	json = json_string(text);
	free(text);
	return json;
}

static bool bytes_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct udp_pattern *pa = a, *pb = b;

	(void)key;
	return pa->is_set == pb->is_set && pa->n == pb->n &&
	       (pa->n == 0 || (memcmp(pa->bytes, pb->bytes, pa->n) == 0 &&
			       memcmp(pa->mask, pb->mask, pa->n) == 0));
}

#define BYTES_FUNCTIONS                                                                  \
	.max_args = 255, .parse = bytes_parse, .print = bytes_print, .json = bytes_json, \
	.is_equal = bytes_is_equal, .json_type = "string"

static const struct conf_type type_payload = { .name = "hexadecimal digits",
					       .min_args = 1,
					       BYTES_FUNCTIONS };
static const struct conf_type type_reply = { .name = "hexadecimal digits or x", BYTES_FUNCTIONS };

/* ---- table ---- */

static const struct conf_key udp_keys[] = {
	CHECKER_KEYS(1, US_PER_S),
	CHECKER_THROUGH_VIP,
	K_CUSTOM("payload", &type_payload, UDP, payload, struct udp_pattern, LIVE,
		 .help = "Bytes to send; default some filler."),
	K_CUSTOM("require_reply", &type_reply, UDP, reply, struct udp_pattern, LIVE,
		 .help = "An answer must come, and match these bytes if there are any."),
	K_U16("min_reply_length", UDP, min_reply_len, 0, 65535, LIVE,
	      .help = "Bytes that the answer must have at least."),
	K_U16("max_reply_length", UDP, max_reply_len, 0, 65535, .dflt = 255, LIVE,
	      .help = "Bytes that the answer may have at most."),
	K_END,
};

static void udp_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct udp_check_conf *udp = (const struct udp_check_conf *)obj;

	checker_resolve(walk, obj);
	if (udp->min_reply_len > udp->max_reply_len)
		conf_refuse(
			walk, MEND_RESET_QUIET(obj, "min_reply_length"), CONF_SEMANTIC,
			"length-order", NULL,
			"min_reply_length %u is above max_reply_length %u: it would always fail",
			udp->min_reply_len, udp->max_reply_len);
}

const struct conf_block udp_check_block = {
	.name = "UDP_CHECK",
	.size = sizeof(struct udp_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = udp_keys,
	.resolve = udp_resolve,
	.help = "The server is up unless a datagram comes back as unreachable, or unanswered.",
};
