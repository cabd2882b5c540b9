/*
 * Passive observation as pure logic: connections that IPVS sent to a server and that nothing came
 * back from. No I/O, clock or allocation.
 */
#ifndef DIARCH_CHECK_PASSIVE_H
#define DIARCH_CHECK_PASSIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"

#define PASSIVE_HOLD_US     (5 * US_PER_S)    /* unless configured */
#define PASSIVE_HOLD_MAX_US (3600 * US_PER_S) /* it doubles up to this */

struct passive_params {
	uint32_t limit;  /* connections without any packet back; 0 = off */
	int64_t hold_us; /* how long the server stays out at first; 0 = PASSIVE_HOLD_US */
};

struct passive {
	bool is_seen; /* the counters below are those of the last look */
	bool is_held;
	uint64_t conns, out_pkts;
	uint64_t silent;      /* connections since the last packet back */
	int64_t next_hold_us; /* 0 = that of the configuration */
	time_us until;        /* held out */
};

/*
 * A look at the counters of the server's entries in the table; smaller ones than before are those
 * of a new entry. True when the limit is reached: the server is held out from `now` on, twice as
 * long as the last time unless it has answered since.
 */
bool passive_look(struct passive *p, const struct passive_params *params, uint64_t conns,
		  uint64_t out_pkts, time_us now);

/* Lets the server in again when its time is over. Time until then in microseconds, 0 = it is not
 * held. */
int64_t passive_settle(struct passive *p, time_us now);

#endif
