/*
 * systemd by libsystemd, and the journal. Twin: sd_none.c.
 *
 * Every process (sd_journal) and the parent (the rest). Owns the socket to the journal.
 */
#include "lib/sd.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "lib/log.h"

#define JOURNAL_SOCKET    "/run/systemd/journal/socket"
#define JOURNAL_FIELD_MAX 64
#define JOURNAL_PREFIX    "DIARCH_"

void sd_tell(const char *state)
{
	sd_notify(0, state);
}

int64_t sd_watchdog_us(void)
{
	uint64_t us = 0;

	if (sd_watchdog_enabled(0, &us) <= 0 || us > INT64_MAX)
		return 0;
	return (int64_t)us;
}

/* Writes one pair as a field "DIARCH_KEY=value\n"; returns the rest of the pairs. */
static const char *put_pair(FILE *out, const char *pair)
{
	const size_t len = strcspn(pair, " ");
	const char *eq = memchr(pair, '=', len);

	if (eq) {
		fputs(JOURNAL_PREFIX, out);
		for (const char *c = pair; c < eq; c++)
			fputc(isalnum((unsigned char)*c) ? toupper((unsigned char)*c) : '_', out);
		for (const char *c = eq; c < pair + len; c++)
			fputc((unsigned char)*c < ' ' ? '?' : *c, out);
		fputc('\n', out);
	}
	pair += len;
	return pair + strspn(pair, " ");
}

/*
 * The journal's native protocol (documented and stable): one datagram of FIELD=value lines.
 * libsystemd's sd_journal_sendv() does the same but waits for a journal that has stopped reading,
 * and a log line must not hold up an advertisement.
 */
bool sd_journal(int priority, const char *ident, const char *event, const char *kv,
		const char *text)
{
	static int fd = -1;
	char entry[4096];
	FILE *out = fmemopen(entry, sizeof(entry), "w");
	long len;
	bool is_sent = false;

	if (!out)
		return false;
	fprintf(out, "PRIORITY=%d\nSYSLOG_IDENTIFIER=%s\n" JOURNAL_PREFIX "EVENT=%s\nMESSAGE=%s\n",
		priority, ident, event, text);
	for (const char *pair = kv ? kv : ""; *pair;)
		pair = put_pair(out, pair);
	len = ftell(out);
	if (fflush(out) == 0 && len > 0)
		is_sent = log_datagram(&fd, JOURNAL_SOCKET, entry, (size_t)len);
	fclose(out);
	return is_sent;
}
