/*
 * Unit tests of lib/role.c: a child runs role_run() with a role that reports every call to the
 * test, which plays the parent at the other end of the channel. Configurations are texts; the
 * machinery behind them is stubbed.
 */
#include "config.h"

#include "test/unit/lib_util.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/proc.h"
#include "lib/role.h"

#define STATUS_CLEAN  30 /* exit status after a clean stop */
#define STATUS_ORPHAN 40
#define PATIENCE_US   (10 * US_PER_S)
#define SEALS         (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* ---- stub of the configuration machinery ---- */

struct conf {
	char text[32];
};

struct conf *conf_decode(const uint8_t *data, size_t len, const struct conf_schema *schema)
{
	struct conf *conf;

	(void)schema;
	if (len >= sizeof(conf->text) || memcmp(data, "bad", 3) == 0)
		return NULL;
	conf = calloc(1, sizeof(*conf));
	assert_non_null(conf);
	memcpy(conf->text, data, len);
	return conf;
}

void conf_free(struct conf *conf)
{
	free(conf);
}

/* ---- the role, in the child ---- */

struct role_run_state {
	bool is_slow; /* stops only when the test sends SIGWINCH */
	int status;
};

/* How the next child behaves; set before it is forked. */
static int init_result;
static bool is_slow_to_stop;

/* Tells the test what was called, in the one message that has text and may be sent in any phase. */
static void report(struct role *role, const char *call, const char *detail)
{
	const struct msg msg = { .kind = MSG_vrrp_state,
				 .fd = -1,
				 .vrrp_state = { .instance = call, .reason = detail } };

	role_send(role, &msg);
}

static void on_finish(int signo, void *arg)
{
	const struct role_run_state *run = role_state(arg);

	(void)signo;
	role_stopped(arg, run->status);
}

static int fake_init(struct role *role)
{
	struct role_run_state *run;

	if (init_result)
		return init_result;
	run = calloc(1, sizeof(*run));
	if (!run)
		return -ENOMEM;
	run->is_slow = is_slow_to_stop;
	role_set_state(role, run);
	return loop_on_signal(role_loop(role), SIGWINCH, on_finish, role);
}

static int fake_prepare(struct role *role, const struct conf *conf, char *why, size_t size)
{
	report(role, "prepare", conf->text);
	if (strcmp(conf->text, "refuse with text") == 0)
		snprintf(why, size, "not this one");
	return strncmp(conf->text, "refuse", 6) == 0 ? -EADDRINUSE : 0;
}

/* Reports "OLD>NEW"; reading the old one after it was freed is an error that a sanitizer sees. */
static void fake_commit(struct role *role, const struct conf *conf)
{
	const struct conf *old = role_conf(role);
	char detail[80];

	snprintf(detail, sizeof(detail), "%s>%s", old ? old->text : "", conf->text);
	report(role, "commit", detail);
}

static void fake_settings(const struct conf *conf, struct role_settings *out)
{
	out->tell_us = strcmp(conf->text, "talkative") == 0;
}

static void fake_on_msg(struct role *role, const struct msg *msg)
{
	report(role, "msg", msg_name(msg->kind));
}

static void fake_stop(struct role *role, enum role_stop kind)
{
	struct role_run_state *run = role_state(role);

	report(role, "stop", kind == ROLE_STOP_CLEAN ? "clean" : "orphan");
	run->status = kind == ROLE_STOP_CLEAN ? STATUS_CLEAN : STATUS_ORPHAN;
	if (!run->is_slow)
		role_stopped(role, run->status);
}

static void fake_done(struct role *role)
{
	report(role, "done", "");
	free(role_state(role));
}

static const struct role_ops fake_role = {
	.name = "vrrp",
	.self = MSG_FROM_VRRP,
	.caps = PROC_CAP_NET_RAW,
	.init = fake_init,
	.prepare = fake_prepare,
	.commit = fake_commit,
	.settings = fake_settings,
	.on_msg = fake_on_msg,
	.stop = fake_stop,
	.done = fake_done,
};

/* ---- the parent ---- */

struct parent {
	struct loop *loop;
	struct ipc_chan *chan;
	struct child watch;
	struct msg *got[64];
	unsigned n_got, n_taken;
	bool is_closed;
	bool has_exited;
	int exit_status;
};

static void on_parent_msg(struct ipc_chan *chan, const struct msg *msg, void *arg)
{
	struct parent *p = arg;

	(void)chan;
	assert_true(p->n_got < N_ELEMENTS(p->got));
	p->got[p->n_got++] = msg_dup(msg);
}

static void on_parent_close(struct ipc_chan *chan, const char *why, void *arg)
{
	struct parent *p = arg;

	(void)why;
	ipc_free(chan);
	p->chan = NULL;
	p->is_closed = true;
}

static void on_parent_exit(struct child *child, int wait_status, void *arg)
{
	struct parent *p = arg;

	(void)child;
	p->has_exited = true;
	p->exit_status = wait_status;
}

/* In the child; `fd` < 0 starts it without a channel. */
static _Noreturn void child_main(int fd)
{
	log_close();
	alarm(60);
	if (fd < 0)
		close(PROC_CHANNEL_FD);
	else if (fd != PROC_CHANNEL_FD)
		dup2(fd, PROC_CHANNEL_FD);
	close_range(PROC_CHANNEL_FD + 1, ~0u, 0);
	exit(role_run(&fake_role, NULL));
}

static void parent_start(struct parent *p)
{
	const struct ipc_handlers handlers = { on_parent_msg, on_parent_close, p };
	int pair[2];
	pid_t pid;

	memset(p, 0, sizeof(*p));
	p->loop = loop_new(NULL);
	assert_non_null(p->loop);
	assert_int_equal(ipc_pair(pair), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		child_main(pair[1]);
	close(pair[1]);
	p->chan = ipc_new(p->loop, pair[0], MSG_FROM_PARENT, MSG_FROM_VRRP, &handlers);
	assert_non_null(p->chan);
	assert_int_equal(child_watch(p->loop, &p->watch, pid, on_parent_exit, p), 0);
}

static void pass(struct parent *p)
{
	const time_us before = clock_now(clock_system());

	assert_int_equal(loop_run_once(p->loop, PATIENCE_US), 0);
	if (time_sub(clock_now(clock_system()), before) >= PATIENCE_US)
		fail_msg("the child says nothing");
}

static const struct msg *next_msg(struct parent *p)
{
	while (p->n_taken == p->n_got)
		pass(p);
	return p->got[p->n_taken++];
}

/* The next message, which has to be of `kind`. */
static const struct msg *expect(struct parent *p, enum msg_kind kind)
{
	const struct msg *msg = next_msg(p);

	assert_string_equal(msg_name(msg->kind), msg_name(kind));
	return msg;
}

static void expect_call(struct parent *p, const char *call, const char *detail)
{
	const struct msg *msg = expect(p, MSG_vrrp_state);

	assert_string_equal(msg->vrrp_state.instance, call);
	assert_string_equal(msg->vrrp_state.reason, detail);
}

static void expect_ack(struct parent *p, uint64_t generation, const char *reason)
{
	const struct msg *msg = expect(p, MSG_conf_ack);

	assert_int_equal(msg->conf_ack.generation, generation);
	assert_int_equal(msg->conf_ack.is_ok, reason == NULL);
	assert_string_equal(msg->conf_ack.reason, reason ? reason : "");
}

static void expect_exit(struct parent *p, int status)
{
	while (!p->has_exited)
		pass(p);
	assert_true(WIFEXITED(p->exit_status));
	assert_int_equal(WEXITSTATUS(p->exit_status), status);
	assert_int_equal(p->n_taken, p->n_got);
	for (unsigned i = 0; i < p->n_got; i++)
		msg_free(p->got[i]);
	ipc_free(p->chan);
	loop_free(p->loop);
}

static void send_msg(struct parent *p, const struct msg *msg)
{
	assert_int_equal(ipc_send(p->chan, msg), 0);
}

/* A configuration as the parent sends it, with one thing about it chosen. */
static void send_conf_odd(struct parent *p, uint64_t generation, const char *text, int seals,
			  int64_t add)
{
	struct msg msg = { .kind = MSG_conf,
			   .fd = memfd_create("conf", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
	const size_t len = strlen(text);

	assert_true(msg.fd >= 0);
	assert_int_equal(write(msg.fd, text, len), len);
	assert_int_equal(fcntl(msg.fd, F_ADD_SEALS, seals), 0);
	msg.conf.generation = generation;
	msg.conf.size = (uint64_t)((int64_t)len + add);
	send_msg(p, &msg);
	close(msg.fd);
}

static void send_conf(struct parent *p, uint64_t generation, const char *text)
{
	send_conf_odd(p, generation, text, SEALS, 0);
}

static void send_commit(struct parent *p, uint64_t generation)
{
	const struct msg msg = { .kind = MSG_conf_commit, .fd = -1, .conf_commit = { generation } };

	ipc_set_phase(p->chan, MSG_PHASE_RUN);
	send_msg(p, &msg);
}

static void send_abort(struct parent *p, uint64_t generation)
{
	const struct msg msg = { .kind = MSG_conf_abort, .fd = -1, .conf_abort = { generation } };

	send_msg(p, &msg);
}

static void send_stop(struct parent *p)
{
	const struct msg msg = { .kind = MSG_stop, .fd = -1, .stop = { .reason = "test" } };

	send_msg(p, &msg);
}

/* Ping and pong: all that was sent before has been served. */
static void sync_child(struct parent *p)
{
	const struct msg ping = { .kind = MSG_ping, .fd = -1, .ping = { random_u64() } };
	const struct msg *pong;

	send_msg(p, &ping);
	pong = expect(p, MSG_pong);
	assert_true(pong->pong.seq == ping.ping.seq);
	assert_true(pong->pong.worst_lateness_us >= 0);
}

static void stop_and_expect_exit(struct parent *p)
{
	send_stop(p);
	expect_call(p, "stop", "clean");
	expect_call(p, "done", "");
	expect_exit(p, STATUS_CLEAN);
}

static void run_generation(struct parent *p, uint64_t generation, const char *text,
			   const char *commit)
{
	const struct msg *ready;

	send_conf(p, generation, text);
	expect_call(p, "prepare", text);
	expect_ack(p, generation, NULL);
	send_commit(p, generation);
	expect_call(p, "commit", commit);
	ready = expect(p, MSG_ready);
	assert_int_equal(ready->ready.generation, generation);
}

/* ---- tests ---- */

static void whole_life(void **state)
{
	const struct msg saved = { .kind = MSG_vrrp_stats,
				   .fd = -1,
				   .vrrp_stats = { .instance = "VI_1" } };
	const struct msg *hello;
	struct parent p;

	(void)state;
	parent_start(&p);
	hello = expect(&p, MSG_hello);
	assert_string_equal(hello->hello.version, PACKAGE_VERSION);
	assert_int_equal(hello->hello.pid, p.watch.pid);
	send_msg(&p, &saved);
	expect_call(&p, "msg", "vrrp_stats");
	run_generation(&p, 1, "first", ">first");
	run_generation(&p, 2, "second", "first>second");
	send_conf(&p, 3, "third");
	expect_call(&p, "prepare", "third");
	expect_ack(&p, 3, NULL);
	send_abort(&p, 3);
	run_generation(&p, 4, "fourth", "second>fourth");
	sync_child(&p);
	stop_and_expect_exit(&p);
}

/* Says that it is well whenever it runs, but not for ever to a parent that says nothing. */
static void an_awake_child_tells_by_itself(void **state)
{
	const struct msg any = { .kind = MSG_vrrp_stats,
				 .fd = -1,
				 .vrrp_stats = { .instance = "VI_1" } };
	struct parent p;
	bool is_told = false;

	(void)state;
	parent_start(&p);
	expect(&p, MSG_hello);
	run_generation(&p, 1, "talkative", ">talkative");
	for (int i = 0; i < 8; i++) { /* at the end of each pass, which the pong tells of */
		assert_int_equal(expect(&p, MSG_pong)->pong.seq, 0);
		send_msg(&p, &any);
		expect_call(&p, "msg", "vrrp_stats");
	}
	assert_int_equal(loop_run_once(p.loop, 100 * US_PER_MS), 0);
	assert_int_equal(p.n_got, p.n_taken); /* it has spoken often enough */
	sync_child(&p);
	for (int i = 0; i < 30 && !is_told; i++) {
		send_msg(&p, &any);
		expect_call(&p, "msg", "vrrp_stats");
		assert_int_equal(loop_run_once(p.loop, 100 * US_PER_MS), 0); /* its pass ends */
		is_told = p.n_got > p.n_taken && next_msg(&p)->kind == MSG_pong;
	}
	assert_true(is_told);
	send_stop(&p);
	while (!p.has_exited)
		pass(&p);
	p.n_taken = p.n_got;
	expect_exit(&p, STATUS_CLEAN);
}

/* What a predecessor left can be taken back only by whoever has taken it over. */
static void a_stop_before_the_first_commit_takes_over_first(void **state)
{
	struct parent p;

	(void)state;
	parent_start(&p);
	expect(&p, MSG_hello);
	send_conf(&p, 1, "first");
	expect_call(&p, "prepare", "first");
	expect_ack(&p, 1, NULL);
	send_stop(&p);
	expect_call(&p, "commit", ">first");
	expect_call(&p, "stop", "clean");
	expect_call(&p, "done", "");
	expect_exit(&p, STATUS_CLEAN);
}

static void refused_configurations(void **state)
{
	struct parent p;

	(void)state;
	parent_start(&p);
	expect(&p, MSG_hello);
	run_generation(&p, 1, "first", ">first");
	send_conf_odd(&p, 2, "unsealed", F_SEAL_SHRINK | F_SEAL_GROW, 0);
	expect_ack(&p, 2, "configuration is not a sealed memfd");
	send_conf_odd(&p, 3, "shorter", SEALS, 1);
	expect_ack(&p, 3, "configuration has not the announced size");
	send_conf_odd(&p, 4, "longer", SEALS, -1);
	expect_ack(&p, 4, "configuration has not the announced size");
	send_conf(&p, 5, "");
	expect_ack(&p, 5, "configuration has not the announced size");
	send_conf(&p, 6, "bad");
	expect_ack(&p, 6, "configuration is malformed");
	send_conf(&p, 7, "refuse with text");
	expect_call(&p, "prepare", "refuse with text");
	expect_ack(&p, 7, "not this one");
	send_conf(&p, 8, "refuse");
	expect_call(&p, "prepare", "refuse");
	expect_ack(&p, 8, strerror(EADDRINUSE));
	send_abort(&p, 8);
	run_generation(&p, 9, "ninth", "first>ninth");
	stop_and_expect_exit(&p);
}

static void newer_offer_replaces_the_waiting_one(void **state)
{
	struct parent p;

	(void)state;
	parent_start(&p);
	expect(&p, MSG_hello);
	send_conf(&p, 1, "first");
	expect_call(&p, "prepare", "first");
	expect_ack(&p, 1, NULL);
	run_generation(&p, 2, "second", ">second");
	send_conf(&p, 3, "left waiting at the end");
	expect_call(&p, "prepare", "left waiting at the end");
	expect_ack(&p, 3, NULL);
	stop_and_expect_exit(&p);
}

static void death_of_the_parent(void **state)
{
	struct parent p;

	(void)state;
	parent_start(&p);
	expect(&p, MSG_hello);
	run_generation(&p, 1, "first", ">first");
	ipc_free(p.chan);
	p.chan = NULL;
	expect_exit(&p, STATUS_ORPHAN);
}

static void commit_of_nothing_is_a_violation(void **state)
{
	struct parent p;

	(void)state;
	for (int is_aborted = 0; is_aborted < 2; is_aborted++) {
		parent_start(&p);
		expect(&p, MSG_hello);
		if (is_aborted) {
			send_conf(&p, 5, "first");
			expect_call(&p, "prepare", "first");
			expect_ack(&p, 5, NULL);
			send_abort(&p, 5);
		}
		send_commit(&p, 5);
		expect_exit(&p, STATUS_ORPHAN);
	}
}

static void signals(void **state)
{
	static const int ignored[] = { SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2 };
	struct parent p;

	(void)state;
	parent_start(&p);
	expect(&p, MSG_hello);
	for (size_t i = 0; i < N_ELEMENTS(ignored); i++)
		kill(p.watch.pid, ignored[i]);
	sync_child(&p);
	kill(p.watch.pid, SIGTERM);
	expect_call(&p, "stop", "clean");
	expect_call(&p, "done", "");
	expect_exit(&p, STATUS_CLEAN);
}

/* A role that needs time to stop is told once, still answers the heartbeat, and takes no more
 * orders. */
static void slow_stop(void **state)
{
	struct parent p;

	(void)state;
	is_slow_to_stop = true;
	parent_start(&p);
	is_slow_to_stop = false;
	expect(&p, MSG_hello);
	send_stop(&p);
	expect_call(&p, "stop", "clean");
	send_stop(&p);
	send_conf(&p, 1, "too late");
	sync_child(&p);
	kill(p.watch.pid, SIGTERM);
	kill(p.watch.pid, SIGWINCH);
	expect_call(&p, "done", "");
	expect_exit(&p, STATUS_CLEAN);
}

static void parent_dies_while_stopping(void **state)
{
	struct parent p;

	(void)state;
	is_slow_to_stop = true;
	parent_start(&p);
	is_slow_to_stop = false;
	expect(&p, MSG_hello);
	send_stop(&p);
	expect_call(&p, "stop", "clean");
	ipc_free(p.chan);
	p.chan = NULL;
	kill(p.watch.pid, SIGWINCH);
	expect_exit(&p, STATUS_CLEAN);
}

static void failing_init(void **state)
{
	struct parent p;

	(void)state;
	init_result = -EPERM;
	parent_start(&p);
	init_result = 0;
	expect_exit(&p, EXIT_FAILURE);
}

static void started_by_hand(void **state)
{
	const pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		child_main(-1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), EXIT_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_life),
		cmocka_unit_test(an_awake_child_tells_by_itself),
		cmocka_unit_test(a_stop_before_the_first_commit_takes_over_first),
		cmocka_unit_test(refused_configurations),
		cmocka_unit_test(newer_offer_replaces_the_waiting_one),
		cmocka_unit_test(death_of_the_parent),
		cmocka_unit_test(commit_of_nothing_is_a_violation),
		cmocka_unit_test(signals),
		cmocka_unit_test(slow_stop),
		cmocka_unit_test(parent_dies_while_stopping),
		cmocka_unit_test(failing_init),
		cmocka_unit_test(started_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
