/*
 * Logs every address that comes or goes (-a), whoever did it.
 */
#ifndef DIARCH_DIRECTOR_ADDRESS_LOG_H
#define DIARCH_DIRECTOR_ADDRESS_LOG_H

#include "lib/loop.h"

struct address_log;

/* Watches from now on. NULL and errno on failure. */
struct address_log *address_log_new(struct loop *loop);
void address_log_free(struct address_log *log);

#endif
