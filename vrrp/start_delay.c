/*
 * Delays of the start: see start_delay.h. Used by the VRRP child.
 */
#include "vrrp/start_delay.h"

time_us start_delay_end(const struct start_delay *delay)
{
	const time_us by_start = time_add(delay->began_at, delay->after_start_us);
	const time_us by_boot = time_add(delay->booted_at, delay->after_boot_us);

	return time_cmp(by_boot, by_start) > 0 ? by_boot : by_start;
}

time_us start_delay_began(time_us now, time_us its_end, int64_t after_start_us)
{
	const time_us began = time_add(its_end, -after_start_us);

	return time_cmp(began, now) < 0 ? began : now;
}
