/*
 * Asking for names in a forked process, which has nothing of ours but a pipe. Parent only.
 */
#include "director/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

/* In the child: the answer as an array of struct addr. */
static _Noreturn void ask(const char *host, int fd)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addr addrs[RESOLVE_MAX];
	struct addrinfo *list = NULL;
	size_t n = 0;

	memset(addrs, 0, sizeof(addrs));
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		_exit(1);
	for (const struct addrinfo *ai = list; ai && n < RESOLVE_MAX; ai = ai->ai_next)
		addrs[n++] = addr_from_sockaddr(ai->ai_addr, NULL);
	_exit(write(fd, addrs, n * sizeof(*addrs)) == (ssize_t)(n * sizeof(*addrs)) ? 0 : 1);
}

static void child_setup(int *fd)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	*fd = dup2(*fd, STDERR_FILENO + 1);
	if (*fd < 0)
		_exit(1);
	close_range((unsigned)*fd + 1, ~0u, 0);
}

static void finish(struct resolve *r)
{
	void (*on_done)(const struct addr *addrs, unsigned n, void *arg) = r->on_done;
	unsigned n = (unsigned)(r->n_read / sizeof(r->addrs[0]));

	resolve_cancel(r);
	on_done(r->addrs, n, r->arg);
}

static void on_readable(struct io *io, uint32_t ready, void *arg)
{
	struct resolve *r = arg;
	ssize_t n = read(io->fd, (char *)r->addrs + r->n_read, sizeof(r->addrs) - r->n_read);

	(void)ready;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		r->n_read += (size_t)n;
	if (n <= 0 || r->n_read == sizeof(r->addrs))
		io_set_events(io, 0); /* the end of the process says that all is there */
}

static void on_exit_of_child(struct child *watch, int wait_status, void *arg)
{
	struct resolve *r = arg;

	(void)watch;
	(void)wait_status;
	r->pid = 0;
	if (r->io.events)
		on_readable(&r->io, EPOLLIN, r);
	finish(r);
}

static void on_timeout(struct timer *timer, void *arg)
{
	struct resolve *r = arg;

	(void)timer;
	kill(r->pid, SIGKILL); /* its end follows */
}

int resolve_start(struct loop *loop, struct resolve *r, const char *host, int64_t timeout_us,
		  void (*on_done)(const struct addr *addrs, unsigned n, void *arg), void *arg)
{
	int pair[2], error;

	if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	r->pid = fork();
	if (r->pid == 0) {
		child_setup(&pair[1]);
		ask(host, pair[1]);
	}
	error = r->pid < 0 ? -errno : 0;
	close(pair[1]);
	if (error) {
		close(pair[0]);
		r->pid = 0;
		return error;
	}
	r->n_read = 0;
	memset(r->addrs, 0, sizeof(r->addrs));
	r->on_done = on_done;
	r->arg = arg;
	timer_init(&r->timer, loop, on_timeout, r);
	timer_arm_in(&r->timer, timeout_us);
	io_add(loop, &r->io, pair[0], EPOLLIN, on_readable, r);
	child_watch(loop, &r->watch, r->pid, on_exit_of_child, r);
	return 0;
}

void resolve_cancel(struct resolve *r)
{
	if (!r->on_done)
		return;
	r->on_done = NULL;
	timer_cancel(&r->timer);
	if (r->pid) {
		child_unwatch(&r->watch);
		kill(r->pid, SIGKILL);
	}
	r->pid = 0;
	io_del(&r->io);
	close(r->io.fd);
}
