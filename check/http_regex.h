/*
 * A pattern that a body is searched for, with bounds: neither the pattern nor a hostile body can
 * hold up the process.
 */
#ifndef DIARCH_CHECK_HTTP_REGEX_H
#define DIARCH_CHECK_HTTP_REGEX_H

#include <stddef.h>
#include <stdint.h>

struct http_regex;

enum http_match {
	HTTP_MATCH,
	HTTP_NO_MATCH,
	HTTP_MATCH_FAILED, /* invalid UTF, or too costly to tell */
};

/* Compiles `pattern` with PCRE2_* `options`; NULL when it is invalid. */
struct http_regex *http_regex_new(const char *pattern, uint32_t options, uint32_t memory);

/* NULL is fine. */
void http_regex_free(struct http_regex *regex);

/* Searches for a match that begins at an offset within min..max. */
enum http_match http_regex_search(struct http_regex *regex, const uint8_t *body, size_t len,
				  uint32_t min, uint32_t max);

#endif
