/*
 * diarch -t and --dump-config: read the configuration, say everything about it, exit. Touches
 * nothing.
 */
#ifndef DIARCH_DIRECTOR_CONF_TEST_H
#define DIARCH_DIRECTOR_CONF_TEST_H

#include <stdio.h>

#include "director/cmdline.h"

/* Returns the exit status: 0 clean (warnings allowed), 5 errors, 6 no configuration, 1 cannot write
 * the output. */
int conf_test_main(const struct cmdline *cmdline);

/* diarch --json-schema. Returns the exit status. */
int conf_test_print_schema(void);

/* Where diagnostics go: the file of -t, opened to append, or stderr. NULL when it cannot be opened
 * (said on stderr). */
FILE *conf_test_output(const struct cmdline *cmdline);

#endif
