/*
 * Talking to systemd and the journal. Two twins implement it: sd_libsystemd.c and sd_none.c.
 */
#ifndef DIARCH_LIB_SD_H
#define DIARCH_LIB_SD_H

#include <stdbool.h>
#include <stdint.h>

/* READY=1, RELOADING=1, STOPPING=1, STATUS=...; ignored when not started by systemd. */
void sd_tell(const char *state);

/* Microseconds between WATCHDOG=1 pings asked for, 0 = none. */
int64_t sd_watchdog_us(void);

/* Writes a structured line to the journal; false when there is none. */
bool sd_journal(int priority, const char *ident, const char *event, const char *kv,
		const char *text);

#endif
