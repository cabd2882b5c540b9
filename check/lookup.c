/*
 * Questions through c-ares, each with a channel of its own: that is what lets one be given up, and
 * what reads resolv.conf anew. Checker child.
 *
 * c-ares calls back from within its functions; results are handed on in the next pass of the loop.
 */
#include "check/lookup.h"

#include <ares.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include "lib/log.h"

#define TRY_MS      2000 /* doubled with each further try */
#define TRIES       3
#define QUESTION_US (20 * US_PER_S)
#define SOCKETS_MAX 32 /* of a question: UDP and TCP to each name server */

struct lookup {
	TAILQ_ENTRY(lookup) link; /* among the running or the waiting */
	struct lookups *lookups;
	const char *host;
	struct name_params params;
	void (*on_answer)(const struct lookup_answer *answer, void *arg);
	void *arg;
	bool is_running;
	bool is_begun; /* there is a channel */
	bool is_done;  /* the answer is in */
	bool is_given_up;
	ares_channel channel;
	struct io io[SOCKETS_MAX];
	struct timer timer;    /* of c-ares; start and end of the question */
	struct timer deadline; /* of the whole question */
	struct lookup_answer answer;
};

TAILQ_HEAD(lookup_list, lookup);

struct lookups {
	struct loop *loop;
	struct lookup_list running, waiting;
	uint32_t n_running;
};

struct lookups *lookups_new(struct loop *loop)
{
	struct lookups *lookups;

	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		errno = ENOMEM;
		return NULL;
	}
	lookups = xcalloc(1, sizeof(*lookups));
	lookups->loop = loop;
	TAILQ_INIT(&lookups->running);
	TAILQ_INIT(&lookups->waiting);
	return lookups;
}

static enum probe_reason reason_of(int status)
{
	switch (status) {
	case ARES_SUCCESS: return REASON_OK;
	case ARES_ENOTFOUND: return REASON_NAME_NOT_FOUND;
	case ARES_ENODATA: return REASON_NAME_NO_ADDRESS;
	case ARES_EFORMERR:
	case ARES_ESERVFAIL:
	case ARES_ENOTIMP:
	case ARES_EREFUSED:
	case ARES_ECONNREFUSED: return REASON_NAME_SERVER; /* also after errors of all servers */
	case ARES_EBADRESP: return REASON_NAME_MALFORMED;
	case ARES_ECANCELLED:
	case ARES_ETIMEOUT: return REASON_NAME_TIMEOUT;
	case ARES_ENOMEM: return REASON_RESOURCES;
	default: return REASON_INTERNAL;
	}
}

/* ---- life of a question ---- */

static void lookup_free(struct lookup *lookup)
{
	struct lookups *lookups = lookup->lookups;

	timer_cancel(&lookup->timer);
	timer_cancel(&lookup->deadline);
	if (lookup->is_begun)
		ares_destroy(lookup->channel);
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		io_del(&lookup->io[i]);
	TAILQ_REMOVE(lookup->is_running ? &lookups->running : &lookups->waiting, lookup, link);
	lookups->n_running -= lookup->is_running;
	free(lookup);
}

static void run_more(struct lookups *lookups)
{
	struct lookup *lookup;

	while (lookups->n_running < LOOKUPS_MAX && (lookup = TAILQ_FIRST(&lookups->waiting))) {
		TAILQ_REMOVE(&lookups->waiting, lookup, link);
		TAILQ_INSERT_TAIL(&lookups->running, lookup, link);
		lookup->is_running = true;
		lookups->n_running++;
		timer_arm_in(&lookup->timer, 0);
	}
}

static void finish(struct lookup *lookup)
{
	const struct lookup_answer answer = lookup->answer;
	void (*on_answer)(const struct lookup_answer *, void *) = lookup->on_answer;
	struct lookups *lookups = lookup->lookups;
	void *arg = lookup->arg;

	lookup_free(lookup);
	run_more(lookups);
	on_answer(&answer, arg);
}

/* ---- c-ares ---- */

/* When c-ares wants to look again. */
static void arm(struct lookup *lookup)
{
	struct timeval wait;

	if (lookup->is_done)
		timer_arm_in(&lookup->timer, 0);
	else if (ares_timeout(lookup->channel, NULL, &wait))
		timer_arm_in(&lookup->timer, wait.tv_sec * US_PER_S + wait.tv_usec);
}

static void on_socket(struct io *io, uint32_t ready, void *arg)
{
	struct lookup *lookup = arg;
	const uint32_t failed = ready & (EPOLLERR | EPOLLHUP);

	ares_process_fd(lookup->channel, ready & EPOLLIN || failed ? io->fd : ARES_SOCKET_BAD,
			ready & EPOLLOUT ? io->fd : ARES_SOCKET_BAD);
	arm(lookup);
}

static struct io *io_of(struct lookup *lookup, int fd)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		if (lookup->io[i].events && lookup->io[i].fd == fd)
			return &lookup->io[i];
	return NULL;
}

static struct io *free_io(struct lookup *lookup)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		if (!lookup->io[i].events)
			return &lookup->io[i];
	return NULL;
}

/* Without room for a socket its name server is not heard, which c-ares takes for silence. */
static void on_socket_state(void *arg, ares_socket_t fd, int is_read, int is_written)
{
	const uint32_t events = (is_read ? EPOLLIN : 0u) | (is_written ? EPOLLOUT : 0u);
	struct lookup *lookup = arg;
	struct io *io = io_of(lookup, fd);

	if (!events) {
		if (io)
			io_del(io);
	} else if (io) {
		io_set_events(io, events);
	} else {
		io = free_io(lookup);
		if (io)
			io_add(lookup->lookups->loop, io, fd, events, on_socket, lookup);
	}
}

static void take(struct lookup_answer *answer, const struct ares_addrinfo *info, int prefer)
{
	const struct ares_addrinfo_cname *alias;
	const struct ares_addrinfo_node *node;
	int ttl_s = INT32_MAX;
	struct addr addr;

	for (node = info->nodes; node; node = node->ai_next) {
		addr = addr_from_sockaddr(node->ai_addr, NULL);
		if (name_is_usable(&addr))
			name_list_add(&answer->list, &addr, prefer);
		if (node->ai_ttl < ttl_s)
			ttl_s = node->ai_ttl;
	}
	for (alias = info->cnames; alias; alias = alias->next)
		if (alias->ttl < ttl_s)
			ttl_s = alias->ttl;
	answer->ttl_s = ttl_s > 0 ? (uint32_t)ttl_s : 0;
	if (answer->list.n == 0)
		answer->reason = REASON_NAME_NO_ADDRESS;
}

static void on_addrinfo(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct lookup *lookup = arg;

	(void)timeouts;
	if (!lookup->is_given_up) {
		lookup->answer.reason = reason_of(status);
		if (status == ARES_SUCCESS)
			take(&lookup->answer, info, lookup->params.prefer);
		lookup->is_done = true;
	}
	if (info)
		ares_freeaddrinfo(info);
}

static void begin(struct lookup *lookup)
{
	const struct ares_addrinfo_hints hints = { .ai_flags = ARES_AI_NOSORT,
						   .ai_family = lookup->params.family,
						   .ai_socktype = SOCK_STREAM };
	struct ares_options options = { .timeout = TRY_MS,
					.tries = TRIES,
					.sock_state_cb = on_socket_state,
					.sock_state_cb_data = lookup };
	int status =
		ares_init_options(&lookup->channel, &options,
				  ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);

	if (status != ARES_SUCCESS) {
		lookup->answer.reason = reason_of(status);
		finish(lookup);
		return;
	}
	lookup->is_begun = true;
	timer_arm_in(&lookup->deadline, QUESTION_US);
	ares_getaddrinfo(lookup->channel, lookup->host, NULL, &hints, on_addrinfo, lookup);
	arm(lookup);
}

static void on_timer(struct timer *timer, void *arg)
{
	struct lookup *lookup = arg;

	(void)timer;
	if (lookup->is_done) {
		finish(lookup);
	} else if (!lookup->is_begun) {
		begin(lookup);
	} else {
		ares_process_fd(lookup->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		arm(lookup);
	}
}

static void on_deadline(struct timer *timer, void *arg)
{
	struct lookup *lookup = arg;

	(void)timer;
	ares_cancel(lookup->channel);
	arm(lookup);
}

/* ---- questions ---- */

struct lookup *lookup_start(struct lookups *lookups, const char *host,
			    const struct name_params *params,
			    void (*on_answer)(const struct lookup_answer *answer, void *arg),
			    void *arg)
{
	struct lookup *lookup = xcalloc(1, sizeof(*lookup));

	lookup->lookups = lookups;
	lookup->host = host;
	lookup->params = *params;
	lookup->on_answer = on_answer;
	lookup->arg = arg;
	timer_init(&lookup->timer, lookups->loop, on_timer, lookup);
	timer_init(&lookup->deadline, lookups->loop, on_deadline, lookup);
	TAILQ_INSERT_TAIL(&lookups->waiting, lookup, link);
	run_more(lookups);
	return lookup;
}

void lookup_cancel(struct lookup *lookup)
{
	struct lookups *lookups = lookup->lookups;

	lookup->is_given_up = true;
	lookup_free(lookup);
	run_more(lookups);
}

void lookups_free(struct lookups *lookups)
{
	if (!lookups)
		return;
	while (!TAILQ_EMPTY(&lookups->waiting))
		lookup_free(TAILQ_FIRST(&lookups->waiting));
	while (!TAILQ_EMPTY(&lookups->running)) {
		TAILQ_FIRST(&lookups->running)->is_given_up = true;
		lookup_free(TAILQ_FIRST(&lookups->running));
	}
	ares_library_cleanup();
	free(lookups);
}
