/*
 * Event FIFOs: notify_fifo, vrrp_notify_fifo and lvs_notify_fifo, and the programs that read them.
 *
 * Parent only. A FIFO is opened for reading and writing, so that a writer without reader is no
 * error and a reader sees no end of file before we stop. A line is written as a whole or waits; of
 * many that wait older ones go, but the last one of each object, which the log says. A reload
 * leaves a FIFO and its reader alone when their lines are the same.
 */
#ifndef DIARCH_DIRECTOR_FIFO_H
#define DIARCH_DIRECTOR_FIFO_H

#include "lib/conf.h"
#include "lib/loop.h"

enum fifo_kind { FIFO_ALL, FIFO_VRRP, FIFO_LVS, FIFO_N };

struct fifos;

struct fifos *fifos_new(struct loop *loop);

/* Opens, closes, starts and stops what differs in `conf`. */
void fifos_apply(struct fifos *fifos, const struct conf *conf);

/* Writes one line to the FIFO for all events and to that of `kind` (FIFO_VRRP or FIFO_LVS); a
 * newline is added. A line supersedes older ones with its `key` (see event_lines.h). */
void fifos_write(struct fifos *fifos, enum fifo_kind kind, const char *key, const char *line);

/* Ends the readers, and removes the FIFOs that we made. NULL is fine. */
void fifos_free(struct fifos *fifos);

#endif
