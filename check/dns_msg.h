/*
 * DNS messages, as far as a check needs them. Pure: no I/O, clock or allocation.
 */
#ifndef DIARCH_CHECK_DNS_MSG_H
#define DIARCH_CHECK_DNS_MSG_H

#include <stddef.h>
#include <stdint.h>

#define DNS_QUERY_MAX (12 + 255 + 4)

enum dns_answer {
	DNS_ANSWER_OK,
	DNS_ANSWER_ERROR, /* an rcode other than 0 */
	DNS_ANSWER_OTHER, /* no answer to this query */
};

/*
 * Writes a query with recursion for `name` ("." is the root; a dot at the end may be missing), at
 * most DNS_QUERY_MAX bytes (RFC 1035 section 4.1). Its length, or 0 when no query can carry the
 * name.
 */
size_t dns_query(uint8_t *msg, uint16_t id, const char *name, uint16_t type);

/*
 * Judges an answer to `query`, which dns_query() wrote, by id, direction, question (RFC 5452
 * section 9.1) and rcode; *rcode gets the latter. An answer may leave the question out.
 */
enum dns_answer dns_judge(const uint8_t *msg, size_t len, const uint8_t *query, size_t query_len,
			  unsigned *rcode);

/* "NXDOMAIN" and the like; NULL = has no name. */
const char *dns_rcode_name(unsigned rcode);

#endif
