/*
 * The table of reasons. Pure; used by the checker process and by everything that prints its
 * results.
 */
#include "check/probe.h"

static const struct {
	const char *name;
	const char *text;
	enum reason_verdict verdict;
} reasons[REASON_N] = {
#define REASON(id, name, text, verdict) [REASON_##id] = { name, text, VERDICT_##verdict },
#include "check/reason.def"
#undef REASON
};

const char *reason_name(enum probe_reason reason)
{
	return reasons[reason].name;
}

const char *reason_text(enum probe_reason reason)
{
	return reasons[reason].text;
}

enum reason_verdict reason_verdict(enum probe_reason reason)
{
	return reasons[reason].verdict;
}

bool reason_is_up(enum probe_reason reason)
{
	return reasons[reason].verdict == VERDICT_UP || reasons[reason].verdict == VERDICT_PARTLY;
}
