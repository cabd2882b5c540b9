/*
 * diarch --plan: read the configuration, ask the running director, say what a reload would do,
 * exit. Touches nothing.
 */
#ifndef DIARCH_DIRECTOR_PLAN_RUN_H
#define DIARCH_DIRECTOR_PLAN_RUN_H

#include "director/cmdline.h"

/* Returns the exit status: 0 no change, 3 change, 5 refused, 6 no configuration, 1 cannot tell. */
int plan_run_main(const struct cmdline *cmdline);

#endif
