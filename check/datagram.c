/*
 * What checks by datagrams have in common. Checker process.
 */
#include "check/datagram.h"

#include <errno.h>
#include <sys/random.h>

#define READS_AT_ONCE 16
#define DATAGRAM_MAX  65536

bool datagram_send(struct probe *probe, bool *is_sent, const void *msg, size_t len)
{
	ssize_t n;

	if (*is_sent)
		return true;
	n = probe_write(probe, msg, len);
	*is_sent = n >= 0;
	if (n < 0 && n != -EAGAIN)
		probe_done(probe, probe_io_reason((int)n), NULL);
	return *is_sent;
}

void datagram_receive(struct probe *probe,
		      void (*take)(struct probe *probe, const uint8_t *msg, size_t len))
{
	static uint8_t msg[DATAGRAM_MAX]; /* of this call only */

	for (int i = 0; i < READS_AT_ONCE && !probe_is_done(probe); i++) {
		ssize_t n = probe_read(probe, msg, sizeof(msg));

		if (n == -EAGAIN)
			return;
		if (n < 0)
			probe_done(probe, probe_io_reason((int)n), NULL);
		else
			take(probe, msg, (size_t)n);
	}
}

int datagram_random(void *bytes, size_t len)
{
	return getrandom(bytes, len, GRND_NONBLOCK) == (ssize_t)len ? 0 : -EAGAIN;
}
