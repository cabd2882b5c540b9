/*
 * A PCRE2 pattern with bounds. Used by check_http in the checker process; owns the compiled
 * pattern.
 *
 * PCRE2 limits the work of one attempt, but begins anew at every offset: a body of n bytes can cost
 * n attempts of n steps. Callouts between the items of the pattern let us look at the processor
 * time used; between two of them lies one pass over the body at most.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "check/http_regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/log.h"

#define HEAP_LIMIT_KIB 32768
#define BUDGET_US      (50 * US_PER_MS)
#define CLOCK_EVERY    16 /* callouts */

struct http_regex {
	pcre2_code *code;
	pcre2_match_context *limits;
	pcre2_match_data *match;
};

/* A search under way. */
struct search {
	int64_t deadline_us;
	uint32_t callouts;
};

struct http_regex *http_regex_new(const char *pattern, uint32_t options, uint32_t memory)
{
	struct http_regex *regex = xcalloc(1, sizeof(*regex));
	PCRE2_SIZE at;
	int error;

	regex->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
				    options | PCRE2_USE_OFFSET_LIMIT | PCRE2_AUTO_CALLOUT, &error,
				    &at, NULL);
	regex->limits = pcre2_match_context_create(NULL);
	regex->match = pcre2_match_data_create(1, NULL);
	if (!regex->code || !regex->limits || !regex->match) {
		http_regex_free(regex);
		return NULL;
	}
	pcre2_set_heap_limit(regex->limits, memory ? memory / 1024 + 1 : HEAP_LIMIT_KIB);
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

static int on_callout(pcre2_callout_block *block, void *arg)
{
	struct search *search = arg;

	(void)block;
	if (++search->callouts % CLOCK_EVERY != 0 || cpu_us() <= search->deadline_us)
		return 0;
	return PCRE2_ERROR_CALLOUT;
}

enum http_match http_regex_search(struct http_regex *regex, const uint8_t *body, size_t len,
				  uint32_t min, uint32_t max)
{
	struct search search = { .deadline_us = cpu_us() + BUDGET_US };
	int rc;

	if (min > len || min > max)
		return HTTP_NO_MATCH;
	pcre2_set_offset_limit(regex->limits, max);
	pcre2_set_callout(regex->limits, on_callout, &search);
	rc = pcre2_match(regex->code, len ? body : (const uint8_t *)"", len, min, 0, regex->match,
			 regex->limits);
	if (rc >= 0)
		return HTTP_MATCH;
	return rc == PCRE2_ERROR_NOMATCH ? HTTP_NO_MATCH : HTTP_MATCH_FAILED;
}
