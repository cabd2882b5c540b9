/*
 * Lines of the log that could come too often.
 */
#ifndef DIARCH_VRRP_LOG_LIMIT_H
#define DIARCH_VRRP_LOG_LIMIT_H

#include "lib/clock.h"

/* Lets one line pass each interval. Zero-initialise. */
struct log_limit {
	time_us next_at;
};

bool log_limit_pass(struct log_limit *limit, time_us now, int64_t interval_us);

#endif
