/*
 * When VRRP begins after a start: vrrp_startup_delay and vrrp_delay_after_boot, of which the one
 * that ends later counts. Pure.
 */
#ifndef DIARCH_VRRP_START_DELAY_H
#define DIARCH_VRRP_START_DELAY_H

#include "lib/clock.h"

struct start_delay {
	time_us began_at;  /* the start, perhaps that of a process that died */
	time_us booted_at; /* of the host, by the clock of the others: before 0 where it slept */
	int64_t after_start_us, after_boot_us; /* 0 = none */
};

/* When it ends; an instant that is past where there is nothing to wait for. */
time_us start_delay_end(const struct start_delay *delay);

/* When the start was, as seen `now` by a process that goes on for one that wanted to wait until
 * `its_end`: what is left of the delay since then is not more than before. */
time_us start_delay_began(time_us now, time_us its_end, int64_t after_start_us);

#endif
