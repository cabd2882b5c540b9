/*
 * By which path a command is run.
 */
#ifndef DIARCH_LIB_SCRIPT_PATH_H
#define DIARCH_LIB_SCRIPT_PATH_H

/*
 * Where a path with a slash leads, so that a script finds what lies beside it. The last part stays
 * when the file is in the same directory by another name, by which programs of many names know what
 * to do. As keepalived. Looks at files; returns a string of the caller's, the path itself when it
 * cannot be followed.
 */
char *script_path(const char *written);

#endif
