/*
 * The client's side of the control socket. Processes that the user starts: diarchctl, plans,
 * lvsadm.
 */
#ifndef DIARCH_LIB_CONTROL_CLIENT_H
#define DIARCH_LIB_CONTROL_CLIENT_H

#include <stdio.h>

#define CONTROL_REQUEST_MAX 256 /* bytes of a request line */
#define CONTROL_WHY_MAX     512
/* First line of an answer that follows, with the number of its bytes; always as long. */
#define CONTROL_OK          "ok %010zu\n"

/*
 * Asks at `path`; the stream gives the answer behind its first line, whole and from memory, so that
 * whoever reads it may be slow. The caller closes it. NULL, errno and words in `why`
 * (CONTROL_WHY_MAX bytes) on failure: EPROTO = refused, ENOENT and ECONNREFUSED = nobody is there.
 */
FILE *control_ask(const char *path, const char *request, char *why);

#endif
