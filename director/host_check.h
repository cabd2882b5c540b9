/*
 * What a configuration says about this host, held against the host: scripts, and addresses that it
 * is said to own. For -t, --plan, start and reload alike.
 */
#ifndef DIARCH_DIRECTOR_HOST_CHECK_H
#define DIARCH_DIRECTOR_HOST_CHECK_H

#include "lib/conf.h"

/* Reports into `diags`: script-*, and owner-without-address. Reads files and interfaces. */
void host_check(const struct conf_obj *root, struct conf_diags *diags);

#endif
