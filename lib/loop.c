/*
 * The event loop: descriptors, timers, signals and children on one epoll instance.
 *
 * Every process has one. Owns the epoll descriptor, the signalfd, the pidfds and the arrays of the
 * timer heaps; the registrations belong to their owners. Called from everywhere in the process,
 * never from two threads.
 *
 * A timer waits in one of two places: in the heap of its kind, or, while the due timers of a pass
 * are being served, in the `due` list. The place of its handle tells which, so that it can be
 * cancelled at any time, and a timer that a callback arms for an instant already past goes to the
 * heap and so waits for the next pass.
 */
#include "lib/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"

#define HEAP_ARITY      4u
#define DUE_BIT         0x80000000u
#define SIGNALS_AT_ONCE 16
#define CHILD_LOOK_US   (100 * US_PER_MS) /* at a child for which no descriptor was left */

/* What is compared and moved stands close together: the timers themselves are far apart in memory.
 */
struct timer_entry {
	time_us at;
	uint32_t order;  /* among timers of one instant: a rhythm of many keeps its distances */
	uint32_t handle; /* of the timer, in timers.place */
};

enum timer_kind { TIMERS_URGENT, TIMERS_OTHER, TIMERS_N };

/* Where the armed timers of a kind are. A timer knows its handle, and that stands for its place. */
struct timers {
	struct timer_entry *heap;
	uint32_t *place;      /* by handle: index in the heap, or DUE_BIT and one of due; of a free
				 handle the next free one */
	struct timer **timer; /* by handle */
	uint32_t n, cap, free;
};

struct due {
	struct timer *timer; /* NULL: cancelled meanwhile */
	uint32_t order;
};

struct loop_signal {
	void (*on_signal)(int signo, void *arg);
	void *arg;
};

struct loop {
	const struct clock *clock;
	time_us now;
	int epoll_fd;
	struct timers timers[TIMERS_N];
	struct due due[LOOP_MAX_TIMERS]; /* of one kind, in this pass */
	uint32_t n_due;
	uint32_t n_armed; /* in all */
	struct io *pending;
	void (*on_pass)(void *arg);
	void *on_pass_arg;
	int64_t gap_us;
	time_us ready_at; /* the last pass that found descriptors ready */
	bool is_burst;    /* it came soon after the one before */
	struct io signal_io;
	sigset_t signal_mask;
	struct loop_signal signals[NSIG];
	int64_t last_late_us, worst_late_us;
	uint64_t n_late[LOOP_LATE_N];
	bool is_quit;
	int result;
};

struct loop *loop_new(const struct clock *clock)
{
	struct loop *loop = xcalloc(1, sizeof(*loop));

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0) {
		free(loop);
		return NULL;
	}
	loop->clock = clock ? clock : clock_system();
	loop->signal_io.fd = -1;
	sigemptyset(&loop->signal_mask);
	loop_update_now(loop);
	return loop;
}

void loop_on_pass(struct loop *loop, void (*on_pass)(void *arg), void *arg)
{
	loop->on_pass = on_pass;
	loop->on_pass_arg = arg;
}

void loop_set_gap(struct loop *loop, int64_t gap_us)
{
	loop->gap_us = gap_us;
	loop->is_burst = false;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->signal_io.fd >= 0)
		close(loop->signal_io.fd);
	close(loop->epoll_fd);
	for (int kind = 0; kind < TIMERS_N; kind++) {
		free(loop->timers[kind].heap);
		free(loop->timers[kind].place);
		free(loop->timers[kind].timer);
	}
	free(loop);
}

time_us loop_now(const struct loop *loop)
{
	return loop->now;
}

time_us loop_update_now(struct loop *loop)
{
	loop->now = clock_now(loop->clock);
	return loop->now;
}

void loop_quit(struct loop *loop, int result)
{
	loop->is_quit = true;
	loop->result = result;
}

void loop_lateness(struct loop *loop, int64_t *last_us, int64_t *worst_us)
{
	*last_us = loop->last_late_us;
	*worst_us = loop->worst_late_us;
	loop->worst_late_us = 0;
}

void loop_late_counts(const struct loop *loop, uint64_t counts[LOOP_LATE_N])
{
	memcpy(counts, loop->n_late, sizeof(loop->n_late));
}

static time_us first_of(const struct timers *t)
{
	return t->n > 0 ? t->heap[0].at : TIME_NEVER;
}

static time_us first_due(const struct loop *loop)
{
	const time_us urgent = first_of(&loop->timers[TIMERS_URGENT]);
	const time_us other = first_of(&loop->timers[TIMERS_OTHER]);

	return time_cmp(urgent, other) < 0 ? urgent : other;
}

/* Before descriptors are served: what came meanwhile may move the timer that is late. */
static void count_lateness(struct loop *loop)
{
	static const int64_t limits_us[LOOP_LATE_N] = { 10 * US_PER_MS, 100 * US_PER_MS, US_PER_S };
	const time_us due = first_due(loop);
	int64_t late_us = time_is_never(due) ? 0 : time_sub(loop->now, due);

	for (int i = 0; i < LOOP_LATE_N && late_us >= limits_us[i]; i++)
		loop->n_late[i]++;
}

/* ---- descriptors ---- */

static void pending_drop(struct io *io)
{
	struct io **link;

	if (!io->pending)
		return;
	for (link = &io->loop->pending; *link != io; link = &(*link)->pending_next)
		;
	*link = io->pending_next;
	io->pending = 0;
}

int io_set_events(struct io *io, uint32_t events)
{
	struct epoll_event change = { .events = events, .data.ptr = io };
	int op = EPOLL_CTL_MOD;

	if (events == io->events)
		return 0;
	if (!io->events)
		op = EPOLL_CTL_ADD;
	else if (!events)
		op = EPOLL_CTL_DEL;
	if (epoll_ctl(io->loop->epoll_fd, op, io->fd, &change) < 0 && op != EPOLL_CTL_DEL)
		return -errno;
	io->events = events;
	if (!events)
		pending_drop(io);
	return 0;
}

int io_add(struct loop *loop, struct io *io, int fd, uint32_t events,
	   void (*on_ready)(struct io *io, uint32_t ready, void *arg), void *arg)
{
	assert(io->events == 0);
	io->loop = loop;
	io->fd = fd;
	io->on_ready = on_ready;
	io->arg = arg;
	return io_set_events(io, events);
}

void io_drop_ready(struct io *io)
{
	pending_drop(io);
}

void io_forget(struct io *io)
{
	pending_drop(io);
	io->events = 0;
}

void io_del(struct io *io)
{
	if (io->events)
		io_set_events(io, 0);
}

/* ---- timers ---- */

static void timers_grow(struct timers *t)
{
	const uint32_t cap = t->cap ? t->cap * 2 : 64;

	t->heap = xrealloc(t->heap, cap * sizeof(t->heap[0]));
	t->place = xrealloc(t->place, cap * sizeof(t->place[0]));
	t->timer = xrealloc(t->timer, cap * sizeof(struct timer *));
	for (uint32_t i = t->cap; i < cap; i++)
		t->place[i] = i + 1;
	t->free = t->cap;
	t->cap = cap;
}

static uint32_t handle_take(struct timers *t, struct timer *timer)
{
	if (t->free == t->cap)
		timers_grow(t);
	const uint32_t handle = t->free;
	t->free = t->place[handle];
	t->timer[handle] = timer;
	timer->slot = handle + 1;
	return handle;
}

static void handle_give(struct timers *t, struct timer *timer)
{
	const uint32_t handle = timer->slot - 1;

	t->place[handle] = t->free;
	t->free = handle;
	timer->slot = 0;
}

static bool is_before(const struct timer_entry *a, const struct timer_entry *b)
{
	int order = time_cmp(a->at, b->at);

	return order ? order < 0 : (int32_t)(a->order - b->order) < 0;
}

static void heap_put(struct timers *t, uint32_t at, struct timer_entry entry)
{
	t->heap[at] = entry;
	t->place[entry.handle] = at;
}

/* Moves `entry`, which fills the hole at `at`, towards the root as far as it belongs. */
static void heap_rise(struct timers *t, uint32_t at, struct timer_entry entry)
{
	while (at > 0) {
		const uint32_t parent = (at - 1) / HEAP_ARITY;

		if (!is_before(&entry, &t->heap[parent]))
			break;
		heap_put(t, at, t->heap[parent]);
		at = parent;
	}
	heap_put(t, at, entry);
}

static uint32_t heap_first_child(const struct timers *t, uint32_t at)
{
	const uint32_t begin = at * HEAP_ARITY + 1;
	uint32_t first = begin;

	for (uint32_t i = begin + 1; i < begin + HEAP_ARITY && i < t->n; i++)
		if (is_before(&t->heap[i], &t->heap[first]))
			first = i;
	return first;
}

/* The same towards the leaves. */
static void heap_sink(struct timers *t, uint32_t at, struct timer_entry entry)
{
	while (at * HEAP_ARITY + 1 < t->n) {
		const uint32_t child = heap_first_child(t, at);

		if (!is_before(&t->heap[child], &entry))
			break;
		heap_put(t, at, t->heap[child]);
		at = child;
	}
	heap_put(t, at, entry);
}

static void heap_remove(struct timers *t, uint32_t at)
{
	const struct timer_entry last = t->heap[--t->n];

	if (at == t->n)
		return;
	if (at > 0 && is_before(&last, &t->heap[(at - 1) / HEAP_ARITY]))
		heap_rise(t, at, last);
	else
		heap_sink(t, at, last);
}

void timer_init(struct timer *timer, struct loop *loop, void (*on_fire)(struct timer *, void *),
		void *arg)
{
	*timer = (struct timer){ .at = TIME_NEVER, .on_fire = on_fire, .arg = arg, .loop = loop };
}

static struct timers *timers_of(const struct timer *timer)
{
	return &timer->loop->timers[timer->is_urgent ? TIMERS_URGENT : TIMERS_OTHER];
}

static bool is_in_heap(const struct timer *timer)
{
	return timer->slot && !(timers_of(timer)->place[timer->slot - 1] & DUE_BIT);
}

void timer_cancel(struct timer *timer)
{
	if (!timer->slot)
		return;
	struct timers *t = timers_of(timer);
	const uint32_t place = t->place[timer->slot - 1];

	if (place & DUE_BIT)
		timer->loop->due[place & ~DUE_BIT].timer = NULL;
	else
		heap_remove(t, place);
	handle_give(t, timer);
}

void timer_arm_at(struct timer *timer, time_us at)
{
	struct timers *t = timers_of(timer);
	bool is_later = time_cmp(at, timer->at) >= 0;

	if (!is_in_heap(timer) || time_is_never(at))
		timer_cancel(timer);
	timer->at = at;
	if (time_is_never(at))
		return;
	const uint32_t order = timer->loop->n_armed++;
	if (!timer->slot) {
		const uint32_t handle = handle_take(t, timer);
		heap_rise(t, t->n++, (struct timer_entry){ at, order, handle });
		return;
	}
	const struct timer_entry entry = { at, order, timer->slot - 1 };
	if (is_later)
		heap_sink(t, t->place[entry.handle], entry);
	else
		heap_rise(t, t->place[entry.handle], entry);
}

void timer_arm_in(struct timer *timer, int64_t delta_us)
{
	timer_arm_at(timer, time_add(timer->loop->now, delta_us));
}

bool timer_is_armed(const struct timer *timer)
{
	return timer->slot != 0;
}

/* A slice of what is due: when thousands are, descriptors get their turn in between. */
static void timers_collect_due(struct loop *loop, struct timers *t)
{
	while (loop->n_due < LOOP_MAX_TIMERS && time_cmp(first_of(t), loop->now) <= 0) {
		const struct timer_entry first = t->heap[0];

		heap_remove(t, 0);
		t->place[first.handle] = DUE_BIT | loop->n_due;
		loop->due[loop->n_due++] = (struct due){ t->timer[first.handle], first.order };
	}
}

/* It fires in a later pass, as if it had not been taken out. */
static void put_back(struct timers *t, const struct due *due)
{
	const struct timer_entry entry = { due->timer->at, due->order, due->timer->slot - 1 };

	heap_rise(t, t->n++, entry);
}

static void timer_fire(struct loop *loop, struct timer *timer)
{
	handle_give(timers_of(timer), timer);
	loop->last_late_us = time_sub(loop->now, timer->at);
	if (loop->last_late_us > loop->worst_late_us)
		loop->worst_late_us = loop->last_late_us;
	timer->on_fire(timer, timer->arg);
}

/* The slice is used up, and an urgent timer waits for its end. */
static bool must_make_way(const struct loop *loop, time_us began)
{
	const time_us urgent = first_of(&loop->timers[TIMERS_URGENT]);

	if (time_is_never(urgent))
		return false;
	const time_us now = clock_now(loop->clock);
	return time_sub(now, began) >= LOOP_SLICE_US && time_cmp(urgent, now) <= 0;
}

static void timers_serve(struct loop *loop, enum timer_kind kind)
{
	struct timers *t = &loop->timers[kind];
	const time_us began = clock_now(loop->clock);
	bool is_over = false;

	timers_collect_due(loop, t);
	for (uint32_t i = 0; i < loop->n_due; i++) {
		const struct due *due = &loop->due[i];

		if (!due->timer)
			continue;
		if (loop->is_quit || is_over) {
			put_back(t, due);
			continue;
		}
		timer_fire(loop, due->timer);
		is_over = kind == TIMERS_OTHER && must_make_way(loop, began);
	}
	loop->n_due = 0;
}

/* ---- a pass ---- */

static struct timespec timespec_of(int64_t us)
{
	return (struct timespec){ .tv_sec = us / US_PER_S, .tv_nsec = us % US_PER_S * 1000 };
}

/* What is left until the first timer, at most `wait_us` (-1 = no other limit). */
static int64_t time_left_us(const struct loop *loop, int64_t wait_us)
{
	const time_us due = first_due(loop);

	if (time_is_never(due))
		return wait_us;
	int64_t due_us = time_sub(due, clock_now(loop->clock));
	if (due_us < 0)
		due_us = 0;
	return wait_us < 0 || due_us < wait_us ? due_us : wait_us;
}

/* In a burst: what is on its way may arrive until the next look is due, but no timer waits. */
static void let_gather(struct loop *loop, int64_t limit_us)
{
	int64_t pause_us = loop->gap_us - time_sub(clock_now(loop->clock), loop->ready_at);

	loop->is_burst = false;
	if (limit_us >= 0 && pause_us > limit_us)
		pause_us = limit_us;
	if (pause_us <= 0)
		return;
	const struct timespec pause = timespec_of(pause_us);
	clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static void note_ready(struct loop *loop)
{
	loop->is_burst = time_sub(loop->now, loop->ready_at) < loop->gap_us;
	loop->ready_at = loop->now;
}

static int wait_events(struct loop *loop, int64_t wait_us, struct epoll_event *events)
{
	struct timespec ts, *timeout = NULL;

	if (loop->is_burst)
		let_gather(loop, time_left_us(loop, wait_us));
	wait_us = time_left_us(loop, wait_us);
	if (wait_us >= 0) {
		ts = timespec_of(wait_us);
		timeout = &ts;
	}
	return epoll_pwait2(loop->epoll_fd, events, LOOP_MAX_EVENTS, timeout, NULL);
}

static void events_serve(struct loop *loop, const struct epoll_event *events, int n)
{
	while (n-- > 0) {
		struct io *io = events[n].data.ptr;

		io->pending = events[n].events;
		io->pending_next = loop->pending;
		loop->pending = io;
	}
	while (loop->pending) {
		struct io *io = loop->pending;
		const uint32_t ready = io->pending & (io->events | EPOLLERR | EPOLLHUP);

		pending_drop(io);
		if (ready && !loop->is_quit)
			io->on_ready(io, ready, io->arg);
	}
}

int loop_run_once(struct loop *loop, int64_t wait_us)
{
	struct epoll_event events[LOOP_MAX_EVENTS];
	int n;

	assert(!loop->pending && loop->n_due == 0); /* not from a callback */
	n = wait_events(loop, wait_us, events);
	if (n < 0 && errno != EINTR)
		return -errno;
	loop_update_now(loop);
	count_lateness(loop);
	if (n > 0)
		note_ready(loop);
	events_serve(loop, events, n);
	timers_serve(loop, TIMERS_URGENT);
	timers_serve(loop, TIMERS_OTHER);
	if (loop->on_pass)
		loop->on_pass(loop->on_pass_arg);
	return 0;
}

int loop_run(struct loop *loop)
{
	int error = 0;

	while (!loop->is_quit && error == 0)
		error = loop_run_once(loop, -1);
	if (error)
		return error;
	loop->is_quit = false;
	return loop->result;
}

/* ---- signals ---- */

static void on_signal_ready(struct io *io, uint32_t ready, void *arg)
{
	struct signalfd_siginfo info[SIGNALS_AT_ONCE];
	struct loop *loop = arg;
	ssize_t n;

	(void)ready;
	n = read(io->fd, info, sizeof(info));
	for (ssize_t i = 0; i < n / (ssize_t)sizeof(info[0]); i++) {
		const struct loop_signal *entry = &loop->signals[info[i].ssi_signo];

		entry->on_signal((int)info[i].ssi_signo, entry->arg);
	}
}

int loop_on_signal(struct loop *loop, int signo, void (*on_signal)(int signo, void *arg), void *arg)
{
	sigset_t mask = loop->signal_mask;
	int fd;

	if (signo <= 0 || signo >= NSIG || sigaddset(&mask, signo) < 0)
		return -EINVAL;
	if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
		return -errno;
	fd = signalfd(loop->signal_io.fd, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	loop->signal_mask = mask;
	loop->signals[signo] = (struct loop_signal){ .on_signal = on_signal, .arg = arg };
	if (loop->signal_io.events)
		return 0;
	return io_add(loop, &loop->signal_io, fd, EPOLLIN, on_signal_ready, loop);
}

/* ---- children ---- */

/* The wait status, as from waitpid(), that a siginfo describes. */
static int status_from_siginfo(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return W_EXITCODE(info->si_status & 0xff, 0);
	return info->si_status | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* Reaps the child and tells its owner; false when it still runs. */
static bool child_reap(struct child *child, idtype_t type, id_t id)
{
	siginfo_t info = { .si_pid = 0 };
	int status = W_EXITCODE(255, 0); /* somebody else reaped it */

	if (waitid(type, id, &info, WEXITED | WNOHANG) == 0) {
		if (info.si_pid == 0)
			return false;
		status = status_from_siginfo(&info);
	}
	child_unwatch(child);
	child->on_exit(child, status, child->arg);
	return true;
}

static void on_pidfd_ready(struct io *io, uint32_t ready, void *arg)
{
	(void)ready;
	child_reap(arg, P_PIDFD, (id_t)io->fd);
}

static void on_child_look(struct timer *timer, void *arg)
{
	struct child *child = arg;

	if (!child_reap(child, P_PID, (id_t)child->pid))
		timer_arm_in(timer, CHILD_LOOK_US);
}

int child_watch(struct loop *loop, struct child *child, pid_t pid,
		void (*on_exit)(struct child *child, int wait_status, void *arg), void *arg)
{
	int fd = pidfd_open(pid, 0);

	if (fd < 0 && errno == ESRCH)
		return -ESRCH;
	child->pid = pid;
	child->on_exit = on_exit;
	child->arg = arg;
	timer_init(&child->look, loop, on_child_look, child);
	if (fd >= 0 && io_add(loop, &child->io, fd, EPOLLIN, on_pidfd_ready, child) == 0)
		return 0;
	if (fd >= 0)
		close(fd);
	timer_arm_in(&child->look, CHILD_LOOK_US);
	return 0;
}

void child_unwatch(struct child *child)
{
	timer_cancel(&child->look);
	if (!child->io.events)
		return;
	io_del(&child->io);
	close(child->io.fd);
}
