/*
 * How many bytes a socket keeps until they are read; what comes when it is full is lost.
 */
#ifndef DIARCH_LIB_RCVBUF_H
#define DIARCH_LIB_RCVBUF_H

#include <stdbool.h>
#include <stdint.h>

/* What a configuration asks for. */
struct rcvbuf {
	uint32_t bytes; /* 0 = nothing */
	bool is_forced; /* also beyond what the system allows for all (net.core.rmem_max) */
};

/*
 * Sets the receive buffer of a socket: as asked, or `usual` bytes where nothing is. The kernel
 * reserves twice as much, for what it keeps with each packet. What is asked for without force and
 * not allowed does not end below `usual`, which needs no permission but CAP_NET_ADMIN. Returns the
 * bytes that there are now: less than asked where the kernel did not allow it.
 */
uint32_t rcvbuf_set(int fd, const struct rcvbuf *asked, uint32_t usual);

/* The same for what the row `keyword` and its "_force" ask for: the log says when they do not get
 * it. */
void rcvbuf_set_as(int fd, const struct rcvbuf *asked, uint32_t usual, const char *keyword);

#endif
