/*
 * What the file system says about configured commands. Looks at files, so it is no rule of the
 * schema: only the process that validates a file the user named calls it, never a child.
 */
#ifndef DIARCH_LIB_SCRIPT_CHECK_H
#define DIARCH_LIB_SCRIPT_CHECK_H

#include "lib/conf.h"

/*
 * Reports commands below `root` that are missing or not executable (environment), and those that
 * run as root while somebody else can change them or a directory on their way (security): a
 * warning, or an error with enable_script_security. Each command is reported once.
 */
void script_check(const struct conf_obj *root, struct conf_diags *diags);

#endif
