/*
 * Unit tests of lib/loop.c: timers on a fake clock, descriptors, signals, children, quitting.
 */
#include "test/unit/lib_util.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/loop.h"

#define MANY_TIMERS 100000
#define FEW_TIMERS  2000

/* A loop on a clock of its own. */
struct fixture {
	time_us now;
	struct clock clock;
	struct loop *loop;
};

static void fixture_init(struct fixture *f)
{
	f->now = (time_us){ 1000 };
	f->clock = (struct clock){ .now = fake_now, .arg = &f->now };
	f->loop = loop_new(&f->clock);
	assert_non_null(f->loop);
}

static void pass(struct fixture *f)
{
	assert_int_equal(loop_run_once(f->loop, 0), 0);
}

/* ---- timers ---- */

/* Timers that note that they fired; `last` is the deadline of the one before. */
struct fired {
	unsigned n;
	time_us last;
};

static void on_fire_in_order(struct timer *timer, void *arg)
{
	struct fired *fired = arg;

	assert_true(time_cmp(timer->at, fired->last) >= 0);
	assert_true(time_cmp(timer->at, loop_now(timer->loop)) <= 0);
	assert_false(timer_is_armed(timer));
	fired->last = timer->at;
	fired->n++;
}

static void many_timers_fire_in_order(void **state)
{
	struct timer *timers = calloc(MANY_TIMERS, sizeof(*timers));
	struct fired fired = { 0 };
	unsigned expected = 0;
	struct fixture f;

	(void)state;
	assert_non_null(timers);
	fixture_init(&f);
	for (unsigned i = 0; i < MANY_TIMERS; i++) {
		timer_init(&timers[i], f.loop, on_fire_in_order, &fired);
		timer_arm_at(&timers[i], (time_us){ 2000 + (int64_t)(random_u64() % 1000000) });
	}
	/* A third is moved, a third cancelled. */
	for (unsigned i = 0; i < MANY_TIMERS; i += 3) {
		timer_arm_at(&timers[i], (time_us){ 2000 + (int64_t)(random_u64() % 1000000) });
		timer_cancel(&timers[i + (i + 1 < MANY_TIMERS)]);
	}
	for (unsigned i = 0; i < MANY_TIMERS; i++)
		expected += timer_is_armed(&timers[i]);
	pass(&f);
	assert_int_equal(fired.n, 0);
	while (f.now.us < 1002000) {
		unsigned due = 0;

		f.now.us += (int64_t)(random_u64() % 300000);
		for (unsigned i = 0; i < MANY_TIMERS; i++)
			due += timer_is_armed(&timers[i]) && time_cmp(timers[i].at, f.now) <= 0;
		expected -= due;
		due += fired.n;
		while (fired.n < due) {
			const unsigned before = fired.n, left = due - before;

			pass(&f);
			assert_int_equal(fired.n - before,
					 left < LOOP_MAX_TIMERS ? left : LOOP_MAX_TIMERS);
		}
	}
	assert_int_equal(expected, 0);
	loop_free(f.loop);
	free(timers);
}

/* The heap against the simplest thing that does the same: an array of flags and deadlines. */
struct model {
	struct timer timers[FEW_TIMERS];
	bool is_armed[FEW_TIMERS];
	int64_t at_us[FEW_TIMERS];
	unsigned n_fired;
};

static void on_fire_model(struct timer *timer, void *arg)
{
	struct model *m = arg;
	const size_t i = (size_t)(timer - m->timers);

	assert_true(m->is_armed[i]);
	assert_true(m->at_us[i] <= loop_now(timer->loop).us);
	m->is_armed[i] = false;
	m->n_fired++;
}

static void model_step(struct model *m, int64_t now_us)
{
	const size_t i = random_u64() % FEW_TIMERS;

	m->is_armed[i] = random_u64() % 4 != 0;
	m->at_us[i] = now_us + (int64_t)(random_u64() % 50);
	if (m->is_armed[i])
		timer_arm_at(&m->timers[i], (time_us){ m->at_us[i] });
	else
		timer_cancel(&m->timers[i]);
}

static void random_timers_match_a_model(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	struct fixture f;

	(void)state;
	assert_non_null(m);
	fixture_init(&f);
	for (size_t i = 0; i < FEW_TIMERS; i++)
		timer_init(&m->timers[i], f.loop, on_fire_model, m);
	for (int round = 0; round < 1000; round++) {
		for (int k = 0; k < 50; k++)
			model_step(m, f.now.us);
		f.now.us += (int64_t)(random_u64() % 20);
		pass(&f);
		for (size_t i = 0; i < FEW_TIMERS; i++) {
			assert_int_equal(m->is_armed[i], timer_is_armed(&m->timers[i]));
			assert_false(m->is_armed[i] && m->at_us[i] <= f.now.us);
		}
	}
	assert_true(m->n_fired > 1000);
	loop_free(f.loop);
	free(m);
}

/* Timers on the heap of the program, so that a loop that touches a freed one is caught. */
struct pair {
	struct timer *self, *other;
	unsigned n;
	int64_t rearm_us; /* from now; for on_fire_rearm_* */
};

static void on_fire_free_both(struct timer *timer, void *arg)
{
	struct pair *pair = arg;

	assert_ptr_equal(timer, pair->self);
	timer_cancel(pair->other);
	free(pair->other);
	free(pair->self);
	pair->n++;
}

/* Hundreds that share their instants keep their turns, round for round. */
struct rhythm {
	struct timer timers[200];
	unsigned turn;
};

static void on_fire_rhythm(struct timer *timer, void *arg)
{
	struct rhythm *r = arg;

	assert_int_equal(timer - r->timers, r->turn % 200);
	r->turn++;
	timer_arm_at(timer, time_add(timer->at, 1000));
}

static void timers_of_one_instant_keep_their_order(void **state)
{
	struct rhythm r = { 0 };
	struct timer other = { 0 };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	timer_init(&other, f.loop, on_fire_rhythm, &r);
	for (unsigned i = 0; i < 200; i++) {
		timer_init(&r.timers[i], f.loop, on_fire_rhythm, &r);
		timer_arm_at(&r.timers[i], (time_us){ 2000 });
	}
	for (unsigned round = 1; round <= 20; round++) {
		timer_arm_at(&other, (time_us){ 1000000 + (int64_t)(random_u64() % 1000) });
		f.now.us = 1000 + 1000 * (int64_t)round;
		while (r.turn < 200 * round)
			pass(&f);
	}
	loop_free(f.loop);
}

static void timers_freed_in_callbacks(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (int64_t gap_us = 0; gap_us < 20; gap_us += 10) {
		struct pair pair = { malloc(sizeof(struct timer)), malloc(sizeof(struct timer)), 0,
				     0 };

		timer_init(pair.self, f.loop, on_fire_free_both, &pair);
		timer_init(pair.other, f.loop, on_fire_free_both, NULL);
		timer_arm_in(pair.self, 1);
		timer_arm_in(pair.other, 2 + gap_us); /* in the same pass, or after it */
		f.now.us += 5;
		pass(&f);
		f.now.us += 50;
		pass(&f);
		assert_int_equal(pair.n, 1);
	}
	loop_free(f.loop);
}

static void on_fire_rearm_self(struct timer *timer, void *arg)
{
	struct pair *pair = arg;

	pair->n++;
	timer_arm_in(timer, pair->rearm_us);
}

static void overdue_timer_runs_once_a_pass(void **state)
{
	struct pair pair = { .rearm_us = -5 };
	struct timer timer;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	timer_init(&timer, f.loop, on_fire_rearm_self, &pair);
	timer_arm_in(&timer, 10);
	f.now.us += 1000000;
	for (unsigned i = 1; i <= 3; i++) {
		pass(&f);
		assert_int_equal(pair.n, i);
	}
	loop_free(f.loop);
}

static void on_fire_rearm_other(struct timer *timer, void *arg)
{
	struct pair *pair = arg;

	(void)timer;
	timer_arm_in(pair->other, pair->rearm_us);
}

static void due_timer_can_be_moved(void **state)
{
	struct fired fired = { 0 };
	struct timer first, second;
	struct pair pair = { .other = &second, .rearm_us = 100 };
	struct fixture f;

	(void)state;
	fixture_init(&f);
	timer_init(&first, f.loop, on_fire_rearm_other, &pair);
	timer_init(&second, f.loop, on_fire_in_order, &fired);
	timer_arm_in(&first, 1);
	timer_arm_in(&second, 2);
	f.now.us += 10;
	pass(&f);
	assert_int_equal(fired.n, 0);
	assert_true(timer_is_armed(&second));
	f.now.us += 100;
	pass(&f);
	assert_int_equal(fired.n, 1);
	loop_free(f.loop);
}

static void never_and_zeroed(void **state)
{
	struct fired fired = { 0 };
	struct timer timer = { 0 };
	struct fixture f;

	(void)state;
	timer_cancel(&timer);
	fixture_init(&f);
	timer_init(&timer, f.loop, on_fire_in_order, &fired);
	timer_arm_in(&timer, 5);
	timer_arm_at(&timer, TIME_NEVER);
	assert_false(timer_is_armed(&timer));
	timer_cancel(&timer);
	f.now.us += 100;
	pass(&f);
	assert_int_equal(fired.n, 0);
	loop_free(f.loop);
}

static void lateness_is_measured(void **state)
{
	struct fired fired = { 0 };
	struct timer timers[2];
	int64_t last_us, worst_us;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (int i = 0; i < 2; i++) {
		timer_init(&timers[i], f.loop, on_fire_in_order, &fired);
		timer_arm_in(&timers[i], 10 + i);
	}
	f.now.us += 40;
	pass(&f);
	loop_lateness(f.loop, &last_us, &worst_us);
	assert_int_equal(last_us, 29);
	assert_int_equal(worst_us, 30);
	loop_lateness(f.loop, &last_us, &worst_us);
	assert_int_equal(last_us, 29);
	assert_int_equal(worst_us, 0);
	loop_free(f.loop);
}

static void late_timers_are_counted(void **state)
{
	const int64_t late_us[] = { 9999, 10000, 100000, 5000000 };
	struct fired fired = { 0 };
	uint64_t counts[LOOP_LATE_N];
	struct timer timer;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	timer_init(&timer, f.loop, on_fire_in_order, &fired);
	for (size_t i = 0; i < sizeof(late_us) / sizeof(late_us[0]); i++) {
		timer_arm_in(&timer, 10);
		f.now.us += 10 + late_us[i];
		pass(&f);
	}
	loop_late_counts(f.loop, counts);
	assert_int_equal(counts[LOOP_LATE_10MS], 3);
	assert_int_equal(counts[LOOP_LATE_100MS], 2);
	assert_int_equal(counts[LOOP_LATE_1S], 1);
	loop_free(f.loop);
}

static void wait_ends_with_the_timer(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct fired fired = { 0 };
	struct timer timer;
	const time_us begin = clock_now(clock_system());
	int passes = 0;

	(void)state;
	timer_init(&timer, loop, on_fire_in_order, &fired);
	timer_arm_in(&timer, 2500);
	while (fired.n == 0 && passes++ < 10)
		assert_int_equal(loop_run_once(loop, -1), 0);
	assert_int_equal(fired.n, 1);
	assert_int_equal(passes, 1);
	assert_true(time_sub(clock_now(clock_system()), begin) >= 2500);
	loop_free(loop);
}

/* ---- descriptors ---- */

/* A readable eventfd with its io. */
struct watch {
	struct io io;
	struct watch **both; /* for on_ready_free_other() */
	unsigned n;
};

static struct watch *watch_new(struct loop *loop, void (*on_ready)(struct io *, uint32_t, void *))
{
	struct watch *w = calloc(1, sizeof(*w));
	const int fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_non_null(w);
	assert_true(fd >= 0);
	assert_int_equal(io_add(loop, &w->io, fd, EPOLLIN, on_ready, w), 0);
	return w;
}

static void watch_free(struct watch *w)
{
	io_del(&w->io);
	io_del(&w->io);
	close(w->io.fd);
	free(w);
}

static void on_ready_count(struct io *io, uint32_t ready, void *arg)
{
	struct watch *w = arg;

	assert_ptr_equal(io, &w->io);
	assert_int_equal(ready, EPOLLIN);
	w->n++;
}

/* Of two watches, the one that is served first frees the other, which is ready as well. */
static void on_ready_free_other(struct io *io, uint32_t ready, void *arg)
{
	struct watch *self = arg, **both = self->both;
	const int other = both[0] == self;

	on_ready_count(io, ready, arg);
	if (both[other])
		watch_free(both[other]);
	both[other] = NULL;
}

static void on_burst(struct io *io, uint32_t ready, void *arg)
{
	uint64_t value;

	(void)ready;
	assert_int_equal(read(io->fd, &value, sizeof(value)), (ssize_t)sizeof(value));
	*(unsigned *)arg += (unsigned)value;
}

/* How long a pass takes that finds something ready; the loop's own clock stands still. */
static int64_t ready_pass_us(struct fixture *f, int fd)
{
	const time_us begin = clock_now(clock_system());

	assert_int_equal(eventfd_write(fd, 1), 0);
	assert_int_equal(loop_run_once(f->loop, -1), 0);
	return time_sub(clock_now(clock_system()), begin);
}

/* After two looks in quick succession the third waits, but no longer than a timer allows. */
static void bursts_are_gathered(void **state)
{
	struct fixture f;
	struct fired fired = { 0 };
	struct io io = { 0 };
	struct timer timer = { 0 };
	unsigned n_ready = 0;
	int fd = eventfd(0, EFD_NONBLOCK);

	(void)state;
	fixture_init(&f);
	f.now.us = US_PER_S;
	assert_int_equal(io_add(f.loop, &io, fd, EPOLLIN, on_burst, &n_ready), 0);
	loop_set_gap(f.loop, 20 * US_PER_MS);
	ready_pass_us(&f, fd);
	ready_pass_us(&f, fd);
	assert_in_range(ready_pass_us(&f, fd), 20 * US_PER_MS, US_PER_S);
	f.now.us += 20 * US_PER_MS; /* no burst any more */
	loop_set_gap(f.loop, 3600 * US_PER_S);
	ready_pass_us(&f, fd);
	timer_init(&timer, f.loop, on_fire_in_order, &fired);
	timer_arm_in(&timer, 2 * US_PER_MS);
	assert_in_range(ready_pass_us(&f, fd), 2 * US_PER_MS, US_PER_S);
	f.now.us += 2 * US_PER_MS;
	pass(&f);
	assert_int_equal(fired.n, 1);
	assert_int_equal(n_ready, 5);
	loop_free(f.loop);
	close(fd);
}

static void pending_object_freed_by_another(void **state)
{
	struct watch *both[2], *left;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (int i = 0; i < 2; i++) {
		both[i] = watch_new(f.loop, on_ready_free_other);
		both[i]->both = both;
	}
	pass(&f);
	assert_true(!both[0] != !both[1]);
	left = both[0] ? both[0] : both[1];
	assert_int_equal(left->n, 1);
	pass(&f);
	assert_int_equal(left->n, 2);
	watch_free(left);
	loop_free(f.loop);
}

static void at_most_so_many_a_pass_and_all_in_turn(void **state)
{
	struct watch *watches[LOOP_MAX_EVENTS + 40];
	unsigned served = 0;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	for (size_t i = 0; i < N_ELEMENTS(watches); i++)
		watches[i] = watch_new(f.loop, on_ready_count);
	pass(&f);
	for (size_t i = 0; i < N_ELEMENTS(watches); i++)
		served += watches[i]->n;
	assert_int_equal(served, LOOP_MAX_EVENTS);
	pass(&f);
	for (size_t i = 0; i < N_ELEMENTS(watches); i++) {
		assert_true(watches[i]->n > 0);
		watch_free(watches[i]);
	}
	loop_free(f.loop);
}

static void events_change_and_pause(void **state)
{
	struct watch *w;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	w = watch_new(f.loop, on_ready_count);
	assert_int_equal(io_set_events(&w->io, 0), 0);
	pass(&f);
	assert_int_equal(w->n, 0);
	assert_int_equal(io_set_events(&w->io, EPOLLIN), 0);
	pass(&f);
	assert_int_equal(w->n, 1);
	assert_int_equal(io_add(f.loop, &(struct io){ 0 }, -1, EPOLLIN, on_ready_count, w), -EBADF);
	watch_free(w);
	loop_free(f.loop);
}

static void on_ready_cancel_timer(struct io *io, uint32_t ready, void *arg)
{
	(void)ready;
	timer_cancel(arg);
	io_del(io);
}

static void descriptors_come_before_timers(void **state)
{
	const int fd = eventfd(1, EFD_CLOEXEC);
	struct fired fired = { 0 };
	struct io io = { 0 };
	struct timer timer;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	timer_init(&timer, f.loop, on_fire_in_order, &fired);
	timer_arm_in(&timer, 1);
	assert_int_equal(io_add(f.loop, &io, fd, EPOLLIN, on_ready_cancel_timer, &timer), 0);
	f.now.us += 1000;
	pass(&f);
	pass(&f);
	assert_int_equal(fired.n, 0);
	close(fd);
	loop_free(f.loop);
}

/* ---- quitting ---- */

static void on_fire_quit(struct timer *timer, void *arg)
{
	(void)arg;
	loop_quit(timer->loop, 7);
}

static void quit_holds_the_rest_back(void **state)
{
	struct fired fired = { 0 };
	struct timer quits, next;
	struct fixture f;

	(void)state;
	fixture_init(&f);
	timer_init(&quits, f.loop, on_fire_quit, NULL);
	timer_init(&next, f.loop, on_fire_in_order, &fired);
	timer_arm_in(&quits, 1);
	timer_arm_in(&next, 2);
	f.now.us += 10;
	assert_int_equal(loop_run(f.loop), 7);
	assert_int_equal(fired.n, 0);
	assert_true(timer_is_armed(&next));
	loop_quit(f.loop, 3);
	assert_int_equal(loop_run(f.loop), 3);
	pass(&f);
	assert_int_equal(fired.n, 1);
	loop_free(f.loop);
}

/* ---- signals and children ---- */

static void on_signal_count(int signo, void *arg)
{
	unsigned *counts = arg;

	counts[signo]++;
}

static void on_signal_other(int signo, void *arg)
{
	unsigned *counts = arg;

	counts[signo] += 100;
}

static void signals_reach_their_callback(void **state)
{
	unsigned counts[NSIG] = { 0 };
	struct fixture f;
	sigset_t old;

	(void)state;
	sigprocmask(SIG_SETMASK, NULL, &old);
	fixture_init(&f);
	assert_int_equal(loop_on_signal(f.loop, SIGUSR1, on_signal_count, counts), 0);
	assert_int_equal(loop_on_signal(f.loop, SIGTERM, on_signal_count, counts), 0);
	assert_int_equal(loop_on_signal(f.loop, 0, on_signal_count, counts), -EINVAL);
	assert_int_equal(loop_on_signal(f.loop, NSIG, on_signal_count, counts), -EINVAL);
	raise(SIGUSR1);
	raise(SIGTERM);
	pass(&f);
	assert_int_equal(counts[SIGUSR1], 1);
	assert_int_equal(counts[SIGTERM], 1);
	assert_int_equal(loop_on_signal(f.loop, SIGUSR1, on_signal_other, counts), 0);
	raise(SIGUSR1);
	pass(&f);
	pass(&f);
	assert_int_equal(counts[SIGUSR1], 101);
	loop_free(f.loop);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

struct exits {
	struct loop *loop;
	unsigned n, wanted;
	int status[3];
};

/* Children are watched in structs that go away in the callback. */
struct kid {
	struct child child;
	struct exits *exits;
	int index;
};

static void on_exit_note(struct child *child, int wait_status, void *arg)
{
	struct kid *kid = arg;
	struct exits *exits = kid->exits;

	assert_int_equal(waitpid(child->pid, NULL, WNOHANG), -1); /* reaped before */
	exits->status[kid->index] = wait_status;
	free(kid);
	if (++exits->n == exits->wanted)
		loop_quit(exits->loop, 0);
}

static pid_t fork_exit(int status)
{
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(status);
	return pid;
}

static pid_t fork_pause(void)
{
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60); /* a failing test leaves nothing behind */
		pause();
		_exit(0);
	}
	return pid;
}

static void reap_three(bool has_descriptors)
{
	struct rlimit before, few;
	struct exits exits = { .loop = loop_new(NULL), .wanted = 3 };
	const pid_t pids[3] = { fork_exit(0), fork_exit(7), fork_pause() };
	const unsigned fds = fds_open(false);

	getrlimit(RLIMIT_NOFILE, &before);
	few = (struct rlimit){ has_descriptors ? before.rlim_cur : 0, before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	for (int i = 0; i < 3; i++) {
		struct kid *kid = calloc(1, sizeof(*kid));

		assert_non_null(kid);
		kid->exits = &exits;
		kid->index = i;
		assert_int_equal(child_watch(exits.loop, &kid->child, pids[i], on_exit_note, kid),
				 0);
	}
	setrlimit(RLIMIT_NOFILE, &before);
	kill(pids[2], SIGKILL);
	assert_int_equal(loop_run(exits.loop), 0);
	assert_true(WIFEXITED(exits.status[0]) && WEXITSTATUS(exits.status[0]) == 0);
	assert_true(WIFEXITED(exits.status[1]) && WEXITSTATUS(exits.status[1]) == 7);
	assert_true(WIFSIGNALED(exits.status[2]) && WTERMSIG(exits.status[2]) == SIGKILL);
	assert_int_equal(fds_open(false), fds);
	loop_free(exits.loop);
}

static void children_are_reaped(void **state)
{
	(void)state;
	reap_three(true);
	reap_three(false);
}

static void unwatched_child_is_left_alone(void **state)
{
	const pid_t pid = fork_exit(5);
	struct child child = { 0 };
	struct fixture f;
	int status = 0;

	(void)state;
	fixture_init(&f);
	child_unwatch(&child);
	assert_int_equal(child_watch(f.loop, &child, pid, on_exit_note, NULL), 0);
	child_unwatch(&child);
	child_unwatch(&child);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 5);
	pass(&f);
	assert_int_equal(child_watch(f.loop, &child, pid, on_exit_note, NULL), -ESRCH);
	loop_free(f.loop);
}

static void nothing_is_left_for_an_exec(void **state)
{
	const unsigned all = fds_open(false), inheritable = fds_open(true);
	const pid_t pid = fork_pause();
	struct child child = { 0 };
	unsigned counts[NSIG];
	struct fixture f;
	sigset_t old;

	(void)state;
	sigprocmask(SIG_SETMASK, NULL, &old);
	fixture_init(&f);
	assert_int_equal(loop_on_signal(f.loop, SIGUSR1, on_signal_count, counts), 0);
	assert_int_equal(child_watch(f.loop, &child, pid, on_exit_note, NULL), 0);
	assert_int_equal(fds_open(false), all + 3);
	assert_int_equal(fds_open(true), inheritable);
	child_unwatch(&child);
	loop_free(f.loop);
	loop_free(NULL);
	assert_int_equal(fds_open(false), all);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_timers_fire_in_order),
		cmocka_unit_test(random_timers_match_a_model),
		cmocka_unit_test(timers_of_one_instant_keep_their_order),
		cmocka_unit_test(timers_freed_in_callbacks),
		cmocka_unit_test(overdue_timer_runs_once_a_pass),
		cmocka_unit_test(due_timer_can_be_moved),
		cmocka_unit_test(never_and_zeroed),
		cmocka_unit_test(lateness_is_measured),
		cmocka_unit_test(late_timers_are_counted),
		cmocka_unit_test(wait_ends_with_the_timer),
		cmocka_unit_test(bursts_are_gathered),
		cmocka_unit_test(pending_object_freed_by_another),
		cmocka_unit_test(at_most_so_many_a_pass_and_all_in_turn),
		cmocka_unit_test(events_change_and_pause),
		cmocka_unit_test(descriptors_come_before_timers),
		cmocka_unit_test(quit_holds_the_rest_back),
		cmocka_unit_test(signals_reach_their_callback),
		cmocka_unit_test(children_are_reaped),
		cmocka_unit_test(unwatched_child_is_left_alone),
		cmocka_unit_test(nothing_is_left_for_an_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
