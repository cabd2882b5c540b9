/*
 * What checks by datagrams have in common: one request, and what comes back. Checker process; for
 * plug-ins of the probe engine.
 */
#ifndef DIARCH_CHECK_DATAGRAM_H
#define DIARCH_CHECK_DATAGRAM_H

#include "check/probe.h"

/*
 * Sends the request unless *is_sent, which is the caller's and then set; ends the run when it
 * cannot go out at all. Whether it is out.
 */
bool datagram_send(struct probe *probe, bool *is_sent, const void *msg, size_t len);

/* Shows `take` what has come until it ends the run; a few datagrams, then the others have their
 * turn. Ends the run with an error of the socket. */
void datagram_receive(struct probe *probe,
		      void (*take)(struct probe *probe, const uint8_t *msg, size_t len));

/* Fills `bytes` so that nobody can guess them: 0, or -EAGAIN while the system has none. */
int datagram_random(void *bytes, size_t len);

#endif
