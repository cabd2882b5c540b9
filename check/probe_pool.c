/*
 * Memory and sockets of runs, used again and again. Part of the probe engine, in the checker
 * process.
 *
 * A TCP socket whose connection is reset by connecting it to nowhere is as good as new, and still
 * on the list of the loop: the next run needs no system call but its connect.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/probe_private.h"
#include "lib/log.h"

#define MAX_BARE 256 /* unused runs without socket that are kept per kind */
#define MAX_IDLE 256 /* sockets kept in all */

static struct probe_run_list *idle_list(struct probe_kind *kind, int family)
{
	return family == AF_INET6 ? &kind->idle6 : &kind->idle4;
}

static struct probe_run *run_take(struct probe_run_list *list)
{
	struct probe_run *run = SLIST_FIRST(list);

	if (run)
		SLIST_REMOVE_HEAD(list, link);
	return run;
}

static void run_close(struct probe_run *run)
{
	io_forget(&run->io);
	close(run->fd);
	run->fd = -1;
}

/* Zeroed but for its socket. */
static void run_clear(struct probe_run *run, size_t state_size)
{
	const size_t kept = offsetof(struct probe_run, is_plain);

	memset((char *)run + kept, 0, sizeof(*run) + state_size - kept);
}

static struct probe_run *run_new(struct probe_kind *kind)
{
	struct probe_run *run = run_take(&kind->bare);

	if (run) {
		kind->n_bare--;
		return run;
	}
	run = xcalloc(1, sizeof(*run) + kind->ops->run_size);
	run->fd = -1;
	return run;
}

static void run_drop(struct probe_kind *kind, struct probe_run *run)
{
	if (kind->n_bare >= MAX_BARE) {
		free(run);
		return;
	}
	SLIST_INSERT_HEAD(&kind->bare, run, link);
	kind->n_bare++;
}

static bool close_one_of(struct probe_engine *engine, struct probe_kind *kind,
			 struct probe_run_list *list)
{
	struct probe_run *run = run_take(list);

	if (!run)
		return false;
	engine->n_idle--;
	run_close(run);
	run_drop(kind, run);
	return true;
}

/* Makes room for one more descriptor. */
static void close_an_idle_one(struct probe_engine *engine)
{
	struct probe_kind *kind;

	LIST_FOREACH(kind, &engine->kinds, link)
	{
		if (close_one_of(engine, kind, &kind->idle4) ||
		    close_one_of(engine, kind, &kind->idle6))
			return;
	}
}

struct probe_run *probe_pool_get(struct probe *probe)
{
	struct probe_engine *engine = probe->engine;
	struct probe_kind *kind = probe->kind;
	struct probe_run *run = NULL;

	if (probe_conn_is_plain(&probe->spec))
		run = run_take(idle_list(kind, probe->spec.addr.family));
	if (run)
		engine->n_idle--;
	else if (engine->stats.running + engine->n_idle >= engine->max_running)
		close_an_idle_one(engine);
	if (!run)
		run = run_new(kind);
	run_clear(run, kind->ops->run_size);
	run->io.arg = probe;
	return run;
}

void probe_pool_put(struct probe *probe, struct probe_run *run, bool is_clean)
{
	struct probe_engine *engine = probe->engine;
	struct probe_kind *kind = probe->kind;

	run->io.arg = NULL;
	if (is_clean && run->is_plain && engine->n_idle < MAX_IDLE && probe_conn_reset(run->fd)) {
		io_drop_ready(&run->io);
		SLIST_INSERT_HEAD(idle_list(kind, probe->spec.addr.family), run, link);
		engine->n_idle++;
		return;
	}
	if (run->fd >= 0) {
		io_forget(&run->io);
		probe_conn_close(run->fd, run->is_eof);
		run->fd = -1;
	}
	run_drop(kind, run);
}

void probe_kind_free(struct probe_engine *engine, struct probe_kind *kind)
{
	struct probe_run *run;

	while (close_one_of(engine, kind, &kind->idle4) || close_one_of(engine, kind, &kind->idle6))
		;
	while ((run = run_take(&kind->bare)))
		free(run);
	free(kind);
}
