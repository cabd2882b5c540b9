/*
 * The kernel's process events (proc connector, linux/cn_proc.h): who forks, executes, ends. Parent
 * only.
 *
 *	proc_events.c	  the socket
 *	proc_news.c	  **pure**: messages of the connector
 *
 * The connector is only in the first network namespace, and answers only processes in the first
 * process namespace. A socket stays in the network namespace it was made in, so it is made before
 * another one is entered. Events that somebody else asked for reach us, too, with numbers that may
 * not be those of our process namespace: nothing counts before the kernel answered our own request.
 */
#ifndef DIARCH_DIRECTOR_PROC_EVENTS_H
#define DIARCH_DIRECTOR_PROC_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/rcvbuf.h"

enum proc_news_kind {
	PROC_NEWS_ANSWER, /* to a request: error */
	PROC_NEWS_FORK,   /* pid is a new process, a child of parent */
	PROC_NEWS_EXEC,   /* pid executes something else, or calls itself so */
	PROC_NEWS_EXIT,   /* pid ended */
};

struct proc_news {
	enum proc_news_kind kind;
	pid_t pid, parent;
	uint32_t token; /* of the request that is answered */
	int error;      /* 0 or errno */
};

/* The payload of a netlink message, `n` bytes. False when it is none of these: threads, other
 * events, other connectors, too short. */
bool proc_news_parse(const void *data, size_t n, struct proc_news *out);

#define PROC_NEWS_REQUEST_MAX 64

/* Writes the request for events, or for no more of them, as a whole netlink message; the answer has
 * the same token (it comes back in the field ack, for seq counts the kernel's events). `data` has
 * PROC_NEWS_REQUEST_MAX bytes; returns the size. */
size_t proc_news_request(void *data, bool is_wanted, uint32_t token);

struct proc_events;

/* NULL where the kernel has no connector. Nothing is heard before proc_events_listen(). */
struct proc_events *proc_events_new(void);
void proc_events_free(struct proc_events *events);

/* Its receive buffer, by process_monitor_rcv_bufs. */
void proc_events_set_rcvbuf(struct proc_events *events, const struct rcvbuf *asked);

int proc_events_fd(const struct proc_events *events);

/* Asks for events; 0 or -errno. Whether the kernel agrees shows later, in proc_events_are_told().
 */
int proc_events_listen(struct proc_events *events);
void proc_events_ignore(struct proc_events *events);

/* Whether the kernel answered that it will tell. */
bool proc_events_are_told(const struct proc_events *events);

/* Reads what there is, at most `max` messages. Returns 0, or -errno: -ENOBUFS when some were lost.
 */
int proc_events_read(struct proc_events *events, int max,
		     void (*on_news)(const struct proc_news *news, void *arg), void *arg);

#endif
