/*
 * Control socket. Parent only; owns its clients' buffers.
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "director/app.h"
#include "director/control.h"
#include "director/root_conf.h"
#include "lib/control_client.h"
#include "lib/global_conf.h"
#include "lib/log.h"

#define CLIENTS_MAX    16
#define CLIENT_TIME_US (10 * US_PER_S)
#define REST_US        (1 * US_PER_S)    /* when no descriptor is left for a client */
#define STATS_TIME_US  (2 * US_PER_S)    /* for the checker child to read its table */
#define STATS_LOOK_US  (250 * US_PER_MS) /* whether those that were asked still answer */

struct client {
	struct client *next;
	struct control *control;
	struct io io;
	struct timer timer;
	char request[CONTROL_REQUEST_MAX];
	size_t n_request;
	char *answer;
	size_t n_answer, n_sent;
	bool is_root;    /* or our own user */
	bool is_waiting; /* for counters */
};

struct control {
	struct app *app;
	struct io io;
	char *path;
	struct client *clients;
	unsigned n_clients;
	struct timer rest;        /* then the socket is looked at again */
	struct timer stats_timer; /* runs while counters are awaited */
	uint64_t stats_seq;
	unsigned stats_awaited; /* children that have not sent theirs, as a mask */
	time_us stats_until;    /* no longer than that */
};

static void client_free(struct client *c)
{
	struct client **at = &c->control->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->control->n_clients--;
	timer_cancel(&c->timer);
	io_del(&c->io);
	close(c->io.fd);
	free(c->answer);
	free(c);
}

/* The name of this node: router_id, else the host's. */
static const char *node_name(const struct app *app)
{
	static char host[HOST_NAME_MAX + 1];
	const char *router_id = root_global(conf_root(app->conf))->router_id;

	if (router_id)
		return router_id;
	if (gethostname(host, sizeof(host) - 1) < 0)
		return "";
	return host;
}

static void answer_status_json(struct app *app, FILE *out)
{
	json_t *object = json_pack("{s:s, s:s, s:I, s:I}", "version", PACKAGE_VERSION, "router_id",
				   node_name(app), "generation", (json_int_t)app->generation,
				   "now_us", (json_int_t)loop_update_now(app->loop).us);

	supervisor_json(app->supervisor, object);
	store_json(app->store, object);
	json_dumpf(object, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(object);
}

static void answer_status_text(struct app *app, FILE *out)
{
	time_us now = loop_update_now(app->loop);

	fprintf(out, "diarch %s on %s, configuration generation %llu\n\n", PACKAGE_VERSION,
		node_name(app), (unsigned long long)app->generation);
	supervisor_text(app->supervisor, now, out);
	store_text(app->store, now, out);
}

static void answer_reload(struct app *app, FILE *out)
{
	reload_begin(app->reload);
	fputs("reload started; the log tells the result\n", out);
}

static void answer_conf(struct app *app, FILE *out)
{
	conf_dump(app->conf, &diarch_schema, false, out);
}

/* Every request there is. */
static const struct command {
	const char *request;
	bool is_for_root; /* changes something or shows secrets */
	bool has_stats;   /* wants counters, which the children send when they are asked */
	void (*answer)(struct app *app, FILE *out);
} commands[] = {
	{ "status text", false, true, answer_status_text },
	{ "status json", false, true, answer_status_json },
	{ "conf", true, false, answer_conf },
	{ "reload", true, false, answer_reload },
};

static const struct command *command_of(const struct client *c)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].request, c->request))
			return &commands[i];
	return NULL;
}

/* The length is known when the answer is written. */
static void put_length(struct client *c, size_t n_head)
{
	char head[CONTROL_REQUEST_MAX];

	snprintf(head, sizeof(head), CONTROL_OK, c->n_answer - n_head);
	memcpy(c->answer, head, n_head);
}

static void client_answer(struct client *c)
{
	size_t n_head = 0;
	FILE *out = open_memstream(&c->answer, &c->n_answer);
	const struct command *command = command_of(c);

	if (!out)
		fatal(EXIT_STATUS_FATAL, "out of memory");
	c->is_waiting = false;
	if (!command) {
		fprintf(out, "error unknown request '%.*s'\n", CONTROL_REQUEST_MAX, c->request);
	} else if (command->is_for_root && !c->is_root) {
		fprintf(out, "error '%s' is for root only\n", command->request);
	} else {
		fprintf(out, CONTROL_OK, (size_t)0);
		n_head = (size_t)ftell(out);
		command->answer(c->control->app, out);
	}
	fclose(out);
	if (n_head)
		put_length(c, n_head);
	io_set_events(&c->io, EPOLLOUT);
}

/* ---- counters, for which the children are asked first ---- */

static void answer_waiting(struct control *control)
{
	timer_cancel(&control->stats_timer);
	for (struct client *c = control->clients; c; c = c->next)
		if (c->is_waiting)
			client_answer(c);
}

/* A child that hangs is not waited for: the answer has what was known before. */
static void on_stats_look(struct timer *timer, void *arg)
{
	struct control *control = arg;

	control->stats_awaited &= supervisor_answering(control->app->supervisor);
	if (control->stats_awaited &&
	    time_cmp(loop_now(control->app->loop), control->stats_until) < 0)
		timer_arm_in(timer, STATS_LOOK_US);
	else
		answer_waiting(control);
}

static void await_no_more(struct control *control, enum child_role role)
{
	control->stats_awaited &= ~(1u << role);
	if (!control->stats_awaited)
		answer_waiting(control);
}

void control_on_stats(struct control *control, enum child_role role, uint64_t seq)
{
	if (control && seq == control->stats_seq)
		await_no_more(control, role);
}

void control_on_child_lost(struct control *control, enum child_role role)
{
	if (control)
		await_no_more(control, role);
}

static void ask_children(struct control *control)
{
	struct supervisor *supervisor = control->app->supervisor;
	struct msg msg = { .kind = MSG_stats_ask, .fd = -1 };

	msg.stats_ask.seq = ++control->stats_seq;
	control->stats_until = time_add(loop_now(control->app->loop), STATS_TIME_US);
	timer_arm_in(&control->stats_timer, STATS_LOOK_US);
	supervisor_send(MSG_TO_CHECK, &msg, supervisor);
	supervisor_send(MSG_TO_VRRP, &msg, supervisor);
}

/* Whether the client has to wait for answers of the children. */
static bool ask_for_stats(struct client *c)
{
	struct control *control = c->control;
	const struct command *command = command_of(c);
	struct supervisor *supervisor = control->app->supervisor;
	unsigned answering = supervisor_answering(supervisor);

	if (!command || !command->has_stats || !answering || !supervisor_is_settled(supervisor))
		return false;
	c->is_waiting = true;
	io_set_events(&c->io, 0);
	if (timer_is_armed(&control->stats_timer))
		return true; /* asked already */
	control->stats_awaited = answering;
	ask_children(control);
	return true;
}

static void client_write(struct client *c)
{
	ssize_t n = send(c->io.fd, c->answer + c->n_sent, c->n_answer - c->n_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			client_free(c);
		return;
	}
	c->n_sent += (size_t)n;
	if (c->n_sent == c->n_answer)
		client_free(c);
}

static void client_read(struct client *c)
{
	ssize_t n = recv(c->io.fd, c->request + c->n_request, sizeof(c->request) - 1 - c->n_request,
			 MSG_DONTWAIT);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_free(c);
		return;
	}
	c->n_request += (size_t)n;
	end = memchr(c->request, '\n', c->n_request);
	if (end) {
		*end = '\0';
		if (!ask_for_stats(c))
			client_answer(c);
	} else if (c->n_request == sizeof(c->request) - 1) {
		client_free(c);
	}
}

static void on_client(struct io *io, uint32_t ready, void *arg)
{
	struct client *c = arg;

	(void)io;
	if (c->answer)
		client_write(c);
	else if (ready)
		client_read(c);
}

static void on_client_timeout(struct timer *timer, void *arg)
{
	(void)timer;
	client_free(arg);
}

static void on_connect(struct io *io, uint32_t ready, void *arg)
{
	struct control *control = arg;
	struct client *c;
	struct ucred cred = { 0 };
	socklen_t len = sizeof(cred);
	int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)ready;
	if (fd < 0) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
			io_set_events(io, 0); /* it would be ready all the time */
			timer_arm_in(&control->rest, REST_US);
		}
		return;
	}
	if (control->n_clients == CLIENTS_MAX) {
		close(fd);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	c = xcalloc(1, sizeof(*c));
	c->control = control;
	c->is_root = cred.uid == 0 || cred.uid == geteuid();
	c->next = control->clients;
	control->clients = c;
	control->n_clients++;
	timer_init(&c->timer, control->app->loop, on_client_timeout, c);
	timer_arm_in(&c->timer, CLIENT_TIME_US);
	if (io_add(control->app->loop, &c->io, fd, EPOLLIN, on_client, c) < 0) {
		c->io.fd = fd;
		client_free(c);
	}
}

static void on_rest_over(struct timer *timer, void *arg)
{
	struct control *control = arg;

	(void)timer;
	io_set_events(&control->io, EPOLLIN);
}

/* Whether somebody answers at `addr`; a dead socket file is left over from a crash. */
static bool is_served(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool served = fd >= 0 && connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0;

	if (fd >= 0)
		close(fd);
	return served;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char dir[sizeof(addr.sun_path)];
	mode_t mask;
	int fd, error;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	strcpy(addr.sun_path, path);
	strcpy(dir, path);
	mask = umask(0027);
	error = mkdir(dirname(dir), 0750) < 0 && errno != EEXIST ? -errno : 0;
	umask(mask);
	if (error)
		return error;
	if (is_served(&addr))
		return -EADDRINUSE;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	unlink(path);
	mask = umask(0117); /* 0660 from the first moment */
	error = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, CLIENTS_MAX) < 0
			? -errno
			: 0;
	umask(mask);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

struct control *control_new(struct app *app, const char *path)
{
	int fd = listen_at(path), error;
	struct control *control;

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	control = xcalloc(1, sizeof(*control));
	control->app = app;
	control->path = xstrdup(path);
	timer_init(&control->rest, app->loop, on_rest_over, control);
	timer_init(&control->stats_timer, app->loop, on_stats_look, control);
	error = io_add(app->loop, &control->io, fd, EPOLLIN, on_connect, control);
	if (error == 0)
		return control;
	control->io.fd = fd;
	control_free(control);
	errno = -error;
	return NULL;
}

void control_free(struct control *control)
{
	if (!control)
		return;
	timer_cancel(&control->rest);
	timer_cancel(&control->stats_timer);
	while (control->clients)
		client_free(control->clients);
	io_del(&control->io);
	close(control->io.fd);
	unlink(control->path);
	free(control->path);
	free(control);
}
