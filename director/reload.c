/*
 * Transactional reload. Parent only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "director/app.h"
#include "director/reload.h"
#include "director/host_check.h"
#include "director/root_conf.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/sd.h"

#define ACK_TIMEOUT_US (10 * US_PER_S)
#define RETRY_US \
	(200 * US_PER_MS) /* while a child is starting, or after one was lost in the middle */

struct reload {
	struct app *app;
	struct conf *offered; /* NULL = no reload under way */
	uint64_t generation;
	unsigned waiting; /* acknowledgements still to come */
	bool is_again;    /* asked for during a reload */
	struct timer timer;
	char *mark; /* path of reload_file while it exists */
};

static void log_diags(const struct conf_diags *diags)
{
	char line[1024];

	for (size_t i = 0; i < conf_diags_count(diags); i++) {
		const struct conf_diag *diag = conf_diags_at(diags, i);

		conf_diag_line(diags, diag, line, sizeof(line));
		log_event(diag->severity == CONF_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
			  "conf_diag", log_kv("code=%s", diag->code), "%s", line);
	}
}

struct conf *reload_read(const struct cmdline *cmdline, int *status)
{
	const struct conf_options options = cmdline_conf_options(cmdline);
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(cmdline->conf_file, &diarch_schema, &options, diags);

	if (conf)
		host_check(conf_root(conf), diags);
	log_diags(diags);
	*status = EXIT_STATUS_OK;
	if (!conf)
		*status = EXIT_STATUS_NO_CONFIG;
	else if (conf_diags_errors(diags))
		*status = EXIT_STATUS_CONFIG;
	conf_diags_free(diags);
	if (*status == EXIT_STATUS_OK)
		return conf;
	conf_free(conf);
	return NULL;
}

/* reload_file: tells others that a reload is in progress. */
static void mark_set(struct reload *r)
{
	const struct app *app = r->app;
	const struct opt_name_conf *conf = &root_global(conf_root(app->conf))->reload_file;
	const char *path = conf->name ? conf->name : app->names.reload_file;
	int fd;

	if (r->mark || !conf->parts.is_given)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (fd < 0) {
		log_warn("reload_file", "cannot make %s", path);
		return;
	}
	close(fd);
	r->mark = xstrdup(path);
}

static void mark_remove(struct reload *r)
{
	if (r->mark && unlink(r->mark) < 0)
		log_warn("reload_file", "cannot remove %s", r->mark);
	free(r->mark);
	r->mark = NULL;
}

static void reload_end(struct reload *r)
{
	mark_remove(r);
	timer_cancel(&r->timer);
	r->offered = NULL;
	r->waiting = 0;
	sd_tell("READY=1");
	if (r->is_again) {
		r->is_again = false;
		reload_begin(r);
	}
}

static void reload_refuse(struct reload *r, const char *reason)
{
	log_event(LOG_LEVEL_ERROR, "reload_refused", NULL,
		  "Reload refused: %s; the running configuration stays in force", reason);
	if (r->offered) {
		supervisor_decide(r->app->supervisor, r->generation, false);
		conf_free(r->offered);
	}
	reload_end(r);
}

void reload_forget_former(struct app *app)
{
	conf_free(app->former_conf);
	app->former_conf = NULL;
}

static void reload_commit(struct reload *r)
{
	struct app *app = r->app;
	unsigned needed = supervisor_needed(app, r->offered),
		 running = supervisor_running(app->supervisor);

	reload_forget_former(app);
	if (running & 1u << CHILD_VRRP)
		app->former_conf = app->conf;
	else
		conf_free(app->conf);
	app->conf = r->offered;
	app->generation = r->generation;
	parent_take_name(app);
	notify_apply(app->notify, app->conf);
	feeds_set_conf(app->feeds, app->conf);
	supervisor_decide(app->supervisor, r->generation, true);
	supervisor_stop(app->supervisor, running & ~needed, "no longer configured");
	supervisor_start(app->supervisor, needed & ~running);
	log_event(LOG_LEVEL_INFO, "reload_complete",
		  log_kv("generation=%llu", (unsigned long long)r->generation), "Reload complete");
	reload_end(r);
}

static unsigned count_bits(unsigned mask)
{
	return (unsigned)__builtin_popcount(mask);
}

void reload_begin(struct reload *r)
{
	struct app *app = r->app;
	struct run_names names;
	const char *what;
	char why[64];
	struct conf *conf;
	int status;

	if (app->is_stopping)
		return;
	if (r->offered) {
		r->is_again = true;
		return;
	}
	if (!app->is_begun || !supervisor_is_settled(app->supervisor)) {
		timer_arm_in(&r->timer, RETRY_US);
		return;
	}
	parent_reopen_logs(app);
	log_event(LOG_LEVEL_INFO, "reload", NULL, "Reloading ...");
	sd_tell("RELOADING=1");
	mark_set(r);
	conf = reload_read(app->cmdline, &status);
	if (!conf) {
		reload_refuse(r, status == EXIT_STATUS_NO_CONFIG ? "no configuration could be read"
								 : "it has errors");
		return;
	}
	/* An empty or cut-off file is more likely an accident than the wish to drop every service
	 * and address. */
	if (!supervisor_needed(app, conf) && supervisor_needed(app, app->conf)) {
		conf_free(conf);
		reload_refuse(
			r,
			"the file configures nothing any more (stop diarch to release everything)");
		return;
	}
	run_names_fill(&names, app->cmdline, conf);
	if (!run_names_is_same(&app->names, &names, &what)) {
		conf_free(conf);
		snprintf(why, sizeof(why), "%s cannot change while diarch runs", what);
		reload_refuse(r, why);
		return;
	}
	r->offered = conf;
	r->generation++; /* never reused: a late answer to a withdrawn offer must not count */
	r->waiting = count_bits(supervisor_running(app->supervisor));
	timer_arm_in(&r->timer, ACK_TIMEOUT_US);
	if (supervisor_offer(app->supervisor, conf, r->generation) < 0)
		reload_refuse(r, "it could not be handed to the children");
	else if (r->waiting == 0)
		reload_commit(r);
}

void reload_on_ack(struct reload *r, uint64_t generation, bool is_ok, const char *reason)
{
	if (!r->offered || generation != r->generation)
		return;
	if (!is_ok)
		reload_refuse(r, reason);
	else if (r->waiting && --r->waiting == 0)
		reload_commit(r);
}

void reload_on_child_lost(struct reload *r)
{
	if (!r->offered)
		return;
	supervisor_decide(r->app->supervisor, r->generation, false);
	conf_free(r->offered);
	r->offered = NULL;
	r->waiting = 0;
	timer_arm_in(&r->timer, RETRY_US);
}

/* No answer in time, or time to try again. */
static void on_timer(struct timer *timer, void *arg)
{
	struct reload *r = arg;

	(void)timer;
	if (r->offered)
		reload_refuse(r, "a child did not answer in time");
	else
		reload_begin(r);
}

struct reload *reload_new(struct app *app)
{
	struct reload *r = xcalloc(1, sizeof(*r));

	r->app = app;
	r->generation = app->generation;
	timer_init(&r->timer, app->loop, on_timer, r);
	return r;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	timer_cancel(&r->timer);
	mark_remove(r);
	conf_free(r->offered);
	free(r);
}
