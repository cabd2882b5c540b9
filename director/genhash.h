/*
 * genhash: the MD5 sum of a page, as `digest` of HTTP_GET and SSL_GET wants it.
 */
#ifndef DIARCH_DIRECTOR_GENHASH_H
#define DIARCH_DIRECTOR_GENHASH_H

#include <stdbool.h>

/*
 * Fetches a page as a check would and prints its sum. `argv` is genhash's command line, argv[0] the
 * name to call ourselves. Exit status: 0 done, 1 no page or wrong usage.
 */
int genhash_main(int argc, char **argv);

/* Whether a program that is called `argv0` is genhash. */
bool genhash_is_name(const char *argv0);

#endif
