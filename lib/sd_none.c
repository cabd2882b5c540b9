/*
 * No systemd, no journal. Twin: sd_libsystemd.c.
 *
 * Every process. Owns nothing.
 */
#include "lib/sd.h"

void sd_tell(const char *state)
{
	(void)state;
}

int64_t sd_watchdog_us(void)
{
	return 0;
}

bool sd_journal(int priority, const char *ident, const char *event, const char *kv,
		const char *text)
{
	(void)priority;
	(void)ident;
	(void)event;
	(void)kv;
	(void)text;
	return false;
}
