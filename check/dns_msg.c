/*
 * DNS messages. Checker process; pure.
 */
#include "check/dns_msg.h"

#include <ctype.h>
#include <string.h>

#include "lib/buf.h"

#define FLAG_QR   0x8000
#define FLAG_RD   0x0100
#define RCODE     0x000f
#define CLASS_IN  1
#define LABEL_MAX 63
#define NAME_MAX  255 /* on the wire */
#define HEADER    12

#define TYPE_AND_CLASS 4

static void put_name(struct buf *b, const char *name)
{
	const size_t begin = b->len;

	while (*name && strcmp(name, ".") != 0) {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > LABEL_MAX)
			b->is_bad = true;
		buf_put_u8(b, (uint8_t)len);
		buf_put_bytes(b, name, len);
		name += len;
		name += *name == '.';
		if (b->is_bad)
			return;
	}
	buf_put_u8(b, 0);
	if (b->len - begin > NAME_MAX)
		b->is_bad = true;
}

size_t dns_query(uint8_t *msg, uint16_t id, const char *name, uint16_t type)
{
	struct buf b = buf_writer(msg, DNS_QUERY_MAX);

	buf_put_be16(&b, id);
	buf_put_be16(&b, FLAG_RD);
	buf_put_be16(&b, 1); /* one question, and nothing else */
	buf_put_be16(&b, 0);
	buf_put_be16(&b, 0);
	buf_put_be16(&b, 0);
	put_name(&b, name);
	buf_put_be16(&b, type);
	buf_put_be16(&b, CLASS_IN);
	return buf_ok(&b) ? b.len : 0;
}

/* A name is the same in capitals. A question cannot be compressed: nothing is in front of it. */
static bool is_question(struct buf *b, const uint8_t *question, size_t len)
{
	const uint8_t *got = buf_get_bytes(b, len);

	if (!buf_ok(b))
		return false;
	for (size_t i = 0; i < len - TYPE_AND_CLASS; i++)
		if (tolower(got[i]) != tolower(question[i]))
			return false;
	return memcmp(got + len - TYPE_AND_CLASS, question + len - TYPE_AND_CLASS,
		      TYPE_AND_CLASS) == 0;
}

enum dns_answer dns_judge(const uint8_t *msg, size_t len, const uint8_t *query, size_t query_len,
			  unsigned *rcode)
{
	struct buf b = buf_reader(msg, len), q = buf_reader(query, query_len);
	const uint16_t id = buf_get_be16(&b), flags = buf_get_be16(&b),
		       questions = buf_get_be16(&b);

	buf_get_bytes(&b, HEADER - 6); /* the other counts */
	*rcode = flags & RCODE;
	if (!buf_ok(&b) || id != buf_get_be16(&q) || !(flags & FLAG_QR) || questions > 1)
		return DNS_ANSWER_OTHER;
	if (questions == 1 && !is_question(&b, query + HEADER, query_len - HEADER))
		return DNS_ANSWER_OTHER;
	return *rcode ? DNS_ANSWER_ERROR : DNS_ANSWER_OK;
}

const char *dns_rcode_name(unsigned rcode)
{
	static const char *const names[] = { "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
					     "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
					     "NXRRSET", "NOTAUTH", "NOTZONE" };

	return rcode < sizeof(names) / sizeof(names[0]) ? names[rcode] : NULL;
}
