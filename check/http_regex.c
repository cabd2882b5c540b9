/*
 * A PCRE2 pattern with bounds. Used by check_http in the checker process; owns the compiled
 * pattern.
 *
 * PCRE2 limits the work of an attempt, but begins anew at every offset: a body of n bytes can cost
 * n attempts of n steps. So the search goes by windows of offsets and looks at the processor time
 * in between.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "check/http_regex.h"

#include <pcre2.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/log.h"

#define MATCH_LIMIT    2000000 /* steps of an attempt: more than a body has bytes */
#define HEAP_LIMIT_KIB 32768
#define WINDOW         512 /* offsets tried between two looks at the clock */
#define BUDGET_US      (100 * US_PER_MS)

struct http_regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *match;
	bool is_anchored;
	bool is_first_line;
};

struct http_regex *http_regex_new(const char *pattern, uint32_t options)
{
	struct http_regex *regex = xcalloc(1, sizeof(*regex));
	uint32_t all = 0;
	PCRE2_SIZE at;
	int error;

	regex->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
				    options | PCRE2_USE_OFFSET_LIMIT, &error, &at, NULL);
	regex->limits = pcre2_match_context_create(NULL);
	if (regex->code)
		regex->match = pcre2_match_data_create(1, NULL);
	if (!regex->match || !regex->limits) {
		http_regex_free(regex);
		return NULL;
	}
	pcre2_set_match_limit(regex->limits, MATCH_LIMIT);
	pcre2_set_heap_limit(regex->limits, HEAP_LIMIT_KIB);
	pcre2_pattern_info(regex->code, PCRE2_INFO_ALLOPTIONS, &all);
	regex->is_anchored = all & PCRE2_ANCHORED;
	regex->is_first_line = all & PCRE2_FIRSTLINE;
	return regex;
}

void http_regex_free(struct http_regex *regex)
{
	if (!regex)
		return;
	pcre2_match_data_free(regex->match);
	pcre2_match_context_free(regex->limits);
	pcre2_code_free(regex->code);
	free(regex);
}

static int64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

/* The last offset where a match may begin. */
static size_t last_offset(const struct http_regex *regex, const uint8_t *body, size_t len,
			  size_t min, size_t max)
{
	const uint8_t *lf = NULL;

	if (regex->is_anchored)
		return min;
	if (regex->is_first_line)
		lf = memchr(body + min, '\n', len - min);
	if (lf)
		len = (size_t)(lf - body);
	return max < len ? max : len;
}

/* Offsets within an UTF-8 character are no offsets. Without UTF the window only grows by up to three. */
static size_t skip_continuation(const uint8_t *body, size_t len, size_t at)
{
	for (int i = 0; i < 3 && at < len && (body[at] & 0xC0) == 0x80; i++)
		at++;
	return at;
}

enum http_match http_regex_search(struct http_regex *regex, const uint8_t *body, size_t len,
				  uint32_t min, uint32_t max)
{
	const int64_t deadline_us = cpu_us() + BUDGET_US;
	uint32_t options = 0;
	size_t from = min, last;

	if (min > len || min > max)
		return HTTP_NO_MATCH;
	last = last_offset(regex, body, len, min, max);
	while (from <= last) {
		size_t to = skip_continuation(body, len, from + WINDOW);
		int rc;

		if (cpu_us() > deadline_us)
			return HTTP_MATCH_FAILED;
		pcre2_set_offset_limit(regex->limits, to - 1 < last ? to - 1 : last);
		rc = pcre2_match(regex->code, body, len, from, options, regex->match,
				 regex->limits);
		if (rc >= 0)
			return HTTP_MATCH;
		if (rc != PCRE2_ERROR_NOMATCH)
			return HTTP_MATCH_FAILED;
		options = PCRE2_NO_UTF_CHECK; /* the first call looked at all of it */
		from = to;
	}
	return HTTP_NO_MATCH;
}
