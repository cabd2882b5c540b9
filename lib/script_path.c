/*
 * Paths of commands: see script_path.h. Parent only.
 */
#include "lib/script_path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

/* "DIR/NAME" if `there`, where the file really is, is in DIR, the real directory of the path. */
static char *in_same_directory(const char *there, const char *dir, const char *name)
{
	const size_t len = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
	char *path = NULL;

	if (strncmp(there, dir, len) != 0 || strrchr(there, '/') != there + len)
		return NULL;
	if (asprintf(&path, "%.*s/%s", (int)len, dir, name) < 0)
		fatal(EXIT_FAILURE, "out of memory");
	return path;
}

char *script_path(const char *written)
{
	const char *slash = strrchr(written, '/');
	char *there = slash ? realpath(written, NULL) : NULL;
	char *part = there ? strndup(written, (size_t)(slash - written) + 1) : NULL;
	char *dir = part ? realpath(part, NULL) : NULL;
	char *path = dir ? in_same_directory(there, dir, slash + 1) : NULL;

	free(part);
	free(dir);
	if (path) {
		free(there);
		return path;
	}
	return there ? there : xstrdup(written);
}
