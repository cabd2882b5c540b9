/*
 * Event loop: epoll, timers, signals, children. One per process, single threaded.
 *
 * Registrations are persistent and embedded in their owner: `struct io` and `struct timer` are
 * members of the object they serve and die with it (io_del/timer_cancel before freeing; both are
 * safe on a zeroed or already removed object). Time is read once per pass: all callbacks of one
 * pass see the same loop_now(). Per pass at most LOOP_MAX_EVENTS descriptors and LOOP_MAX_TIMERS
 * due timers of each kind are served; an overdue timer runs once. Descriptors come first: after a
 * stall the packets that wait are seen before the timers they would have stopped. Urgent timers
 * come before the others, and a pass that has spent LOOP_SLICE_US on those ends when an urgent one
 * is due: thousands of timers with much to do delay no advertisement.
 */
#ifndef DIARCH_LIB_LOOP_H
#define DIARCH_LIB_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/clock.h"

#define LOOP_MAX_EVENTS 256
#define LOOP_MAX_TIMERS 128
#define LOOP_SLICE_US   2000

struct loop;

/* A descriptor being watched. Zero-initialise before first use. The loop never closes the
 * descriptor. */
struct io {
	int fd;
	uint32_t events; /* EPOLLIN | EPOLLOUT as registered; 0 = not registered */
	void (*on_ready)(struct io *io, uint32_t ready, void *arg);
	void *arg;
	struct loop *loop;
	struct io *pending_next; /* private: the next one ready in this pass */
	uint32_t pending;        /* private: ready mask of this pass */
};

/* A one-shot timer. Zero-initialise, then timer_init(). */
struct timer {
	time_us at; /* when it fires; meaningful while armed */
	void (*on_fire)(struct timer *timer, void *arg);
	void *arg;
	struct loop *loop;
	bool is_urgent; /* set behind timer_init(), before it is armed */
	uint32_t slot;  /* private: its handle, plus one; 0 = not armed */
};

/* A child process being watched through its pidfd. */
struct child {
	pid_t pid;
	/* `wait_status` as from waitpid(), see proc_status_str(). The child is reaped before. */
	void (*on_exit)(struct child *child, int wait_status, void *arg);
	void *arg;
	struct io io;      /* private: the pidfd */
	struct timer look; /* private: runs where none was to be had */
};

/* A new loop reading time from `clock` (NULL = clock_system()). NULL and errno on failure. */
struct loop *loop_new(const struct clock *clock);

/* Frees the loop; registered objects are forgotten, not freed, and not to be used afterwards.
 * Accepts NULL. */
void loop_free(struct loop *loop);

/* The instant of the current pass. */
time_us loop_now(const struct loop *loop);

/* Re-reads the clock now (after a long computation or when precise stamping is needed). */
time_us loop_update_now(struct loop *loop);

/* Serves events until loop_quit(); returns the value given there, or -errno. */
int loop_run(struct loop *loop);

/* Serves at most one pass, waiting up to `wait_us` (-1 = until something happens). Returns 0 or
 * -errno. */
int loop_run_once(struct loop *loop, int64_t wait_us);

/* Makes loop_run() return `result` after the current callback; until then no further callback is
 * called. */
void loop_quit(struct loop *loop, int result);

/* Calls `on_pass` at the end of each pass; there is one. NULL = none, as at the beginning. */
void loop_on_pass(struct loop *loop, void (*on_pass)(void *arg), void *arg);

/*
 * Moderates descriptors: once two passes found some ready within `gap_us`, the next look at them
 * waits until `gap_us` after the last, so that a burst of packets is read in few passes, as a
 * network card gathers interrupts. Timers stay on time. 0, as at the beginning: every look at once.
 */
void loop_set_gap(struct loop *loop, int64_t gap_us);

/* How late the most recent timer ran, and the worst since the last call of this function, in
 * microseconds. */
void loop_lateness(struct loop *loop, int64_t *last_us, int64_t *worst_us);

/* Passes that began 10 ms, 100 ms and 1 s late for a timer, or later, since the loop began: each is
 * in all the numbers that it reaches. */
enum { LOOP_LATE_10MS, LOOP_LATE_100MS, LOOP_LATE_1S, LOOP_LATE_N };
void loop_late_counts(const struct loop *loop, uint64_t counts[LOOP_LATE_N]);

/*
 * Watches `fd` for `events` (EPOLLIN|EPOLLOUT). With EPOLLET each change is told once: the owner
 * goes on until -EAGAIN, or comes back by itself. Returns 0 or -errno.
 */
int io_add(struct loop *loop, struct io *io, int fd, uint32_t events,
	   void (*on_ready)(struct io *io, uint32_t ready, void *arg), void *arg);

/* Changes the events of an io; no system call if they are the same. 0 pauses watching until the
 * next change. */
int io_set_events(struct io *io, uint32_t events);

/* Drops readiness of this pass that was not served yet; watching goes on. */
void io_drop_ready(struct io *io);

/* Stops watching a descriptor that is about to be closed, which nobody else shares: closing it is
 * what takes it off the kernel's list. */
void io_forget(struct io *io);

/* Stops watching. Pending readiness of this pass is dropped. Safe to call twice and from any
 * callback. */
void io_del(struct io *io);

/* Prepares a timer; it is not armed. */
void timer_init(struct timer *timer, struct loop *loop, void (*on_fire)(struct timer *, void *),
		void *arg);

/* (Re)arms at an instant; one already past fires in the next pass. Timers of one kind and instant
 * fire in the order in which they were armed. TIME_NEVER cancels. O(log n). */
void timer_arm_at(struct timer *timer, time_us at);

/* (Re)arms `delta_us` after loop_now(). */
void timer_arm_in(struct timer *timer, int64_t delta_us);

void timer_cancel(struct timer *timer);
bool timer_is_armed(const struct timer *timer);

/*
 * Routes a signal to a callback through signalfd (blocked for normal delivery). One callback per
 * signal; a second registration replaces it. Returns 0 or -errno.
 */
int loop_on_signal(struct loop *loop, int signo, void (*on_signal)(int signo, void *arg),
		   void *arg);

/* Watches child `pid`, which works when no descriptor is left, too. Returns 0, or -ESRCH. */
int child_watch(struct loop *loop, struct child *child, pid_t pid,
		void (*on_exit)(struct child *child, int wait_status, void *arg), void *arg);

/* Stops watching without reaping. */
void child_unwatch(struct child *child);

#endif
