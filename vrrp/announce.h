/*
 * Announcement schedule: which gratuitous ARP (and later NA) is due when. Pure; the daemon sends.
 *
 * Each address of an instance is announced once before any is repeated, so that 1,000 addresses are
 * all known as early as pacing allows.
 */
#ifndef DIARCH_VRRP_ANNOUNCE_H
#define DIARCH_VRRP_ANNOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"
#include "vrrp/fsm.h"

struct announce_params {
	uint32_t n_addrs;
	uint32_t repeat;    /* garp_master_repeat: packets per address at once */
	int64_t delay_us;   /* garp_master_delay: second burst, 0 = none */
	int64_t refresh_us; /* 0 = none */
	uint32_t refresh_repeat;
	uint32_t lower_prio_repeat;
	int64_t lower_prio_delay_us;
	int64_t interval_us; /* gap between packets (garp_interval); a late caller catches up a few
			      */
};

struct announce {
	struct announce_params params;
	uint32_t left;       /* packets per address left in this burst */
	uint32_t first_addr; /* where the rounds of this burst begin */
	uint32_t next_addr;  /* next index in this round */
	time_us next_at;     /* when the next packet may go */
	time_us second_at;   /* second burst */
	uint32_t second_repeat;
	time_us refresh_at;
};

void announce_init(struct announce *a, const struct announce_params *params);

/*
 * Starts the burst for an occasion; VRRP_ANNOUNCE_STOP ends everything. A burst under way is
 * replaced, but its round goes on where it was: triggers that come faster than a round takes must
 * not starve the last addresses.
 */
void announce_trigger(struct announce *a, time_us now, enum vrrp_announce occasion);

/* The address index to announce now, or -1 when nothing is due at `now`; call until -1. */
int announce_next(struct announce *a, time_us now);

/* When announce_next() will have something; TIME_NEVER if never. */
time_us announce_due(const struct announce *a);

#endif
