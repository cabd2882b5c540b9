/*
 * lvsadm diff and apply: a save file as the state that should be.
 *
 * Only lvsadm uses it. Owns the desired state while it runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <unistd.h>

#include "lvs/ipvs_apply.h"
#include "lvs/lvsadm_app.h"
#include "lvs/lvsadm_json.h"

#define ROUNDS_MAX 3 /* when others change the table meanwhile */

/* What a file asks for. */
struct desired {
	struct ipvs_set set;
	struct ipvs_timeouts timeouts;        /* 0: as it is */
	struct ipvs_sync sync[IPVS_SYNC_MAX]; /* by role - 1; role 0: as it is */
};

struct options {
	bool is_only_listed, is_json, is_verbose;
	const char *file;
};

static bool on_line(const struct lvsadm_cmd *cmd, struct lvsadm_error *err, void *arg)
{
	struct desired *desired = arg;
	struct ipvs_op op;

	if (cmd->command == LVSADM_CMD_SET) {
		desired->timeouts = cmd->timeouts;
		return true;
	}
	if (cmd->command == LVSADM_CMD_START_DAEMON) {
		desired->sync[cmd->sync.role - 1] = cmd->sync;
		return true;
	}
	if (!lvsadm_op(cmd, &op))
		return lvsadm_fail(err, LVSADM_USAGE, "not a command that describes a state");
	op.error = ipvs_op_check(&op);
	if (op.error == 0)
		op.error = ipvs_op_apply(&desired->set, &op);
	if (op.error != 0)
		return lvsadm_fail(err, LVSADM_USAGE, "%s", ipvs_strerror(op.kind, op.error));
	return true;
}

static bool read_file(const char *path, struct desired *desired)
{
	const struct lvsadm_reader reader = { .on_cmd = on_line,
					      .arg = desired,
					      .has_comments = true };
	bool is_stdin = strcmp(path, "-") == 0, is_whole;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct lvsadm_error err;

	if (fd < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return false;
	}
	is_whole = lvsadm_read(fd, &reader, &err);
	if (!is_whole)
		fprintf(stderr, "%s:%u: %s\n", path, err.line, err.text);
	if (!is_stdin)
		close(fd);
	return is_whole;
}

static bool get_options(int argc, char *argv[], struct options *out)
{
	static const struct option rows[] = {
		{ "only-listed", no_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int key;

	*out = (struct options){ 0 };
	while ((key = getopt_long(argc, argv, "v", rows, NULL)) != -1) {
		switch (key) {
		case 'o': out->is_only_listed = true; break;
		case 'j': out->is_json = true; break;
		case 'v': out->is_verbose = true; break;
		default: return false;
		}
	}
	if (argc - optind != 1) {
		fprintf(stderr, "Usage: lvsadm %s [--only-listed] [%s] FILE\n", argv[0],
			strcmp(argv[0], "diff") == 0 ? "--json" : "--verbose");
		return false;
	}
	out->file = argv[optind];
	return true;
}

/* With --only-listed no service is ours that the file does not name. */
static bool is_nobodys(const struct ipvs_svc_key *key, void *arg)
{
	(void)key;
	(void)arg;
	return false;
}

/* What leads from the kernel's table to the desired one; ways of probes are the director's. 0 or
 * -errno. */
static int find_ops(struct lvsadm_app *app, const struct desired *desired,
		    const struct options *options, struct ipvs_ops *ops)
{
	struct ipvs_set actual;
	int err;

	ipvs_set_init(&actual);
	err = app->backend->dump(app->backend, &actual);
	ipvs_set_drop_paths(&actual);
	if (err == 0)
		ipvs_diff(&actual, &desired->set, options->is_only_listed ? is_nobodys : NULL, NULL,
			  ops);
	ipvs_set_done(&actual);
	return err;
}

/* ---- what there is once ---- */

/* Keeps of the wanted time-outs those that differ. Whether any does. */
static bool diff_timeouts(const struct ipvs_timeouts *now, struct ipvs_timeouts *wanted)
{
	if (wanted->tcp_s == now->tcp_s)
		wanted->tcp_s = 0;
	if (wanted->tcp_fin_s == now->tcp_fin_s)
		wanted->tcp_fin_s = 0;
	if (wanted->udp_s == now->udp_s)
		wanted->udp_s = 0;
	return wanted->tcp_s || wanted->tcp_fin_s || wanted->udp_s;
}

/* Whether a daemon is as wanted; what was not given may be anything. */
static bool is_same_sync(const struct ipvs_sync *now, const struct ipvs_sync *wanted)
{
	return strcmp(now->ifname, wanted->ifname) == 0 && now->id == wanted->id &&
	       (!wanted->maxlen || now->maxlen == wanted->maxlen) &&
	       (addr_is_unset(&wanted->group) || addr_cmp(&now->group, &wanted->group) == 0) &&
	       (!wanted->port || now->port == wanted->port) &&
	       (!wanted->ttl || now->ttl == wanted->ttl);
}

/* Differences of time-outs and sync daemons, which a file need not name. */
struct globals {
	struct ipvs_timeouts timeouts;
	bool has_timeouts;
	bool is_stopped[IPVS_SYNC_MAX], is_started[IPVS_SYNC_MAX]; /* by role - 1 */
};

static int find_globals(struct lvsadm_app *app, const struct desired *desired, struct globals *out)
{
	struct ipvs_timeouts now;
	struct ipvs_sync sync[IPVS_SYNC_MAX];
	unsigned i, n;
	int err = ipvs_nl_get_timeouts(app->backend, &now);

	if (err == 0)
		err = ipvs_nl_get_sync(app->backend, sync, &n);
	if (err != 0)
		return err;
	*out = (struct globals){ .timeouts = desired->timeouts };
	out->has_timeouts = diff_timeouts(&now, &out->timeouts);
	for (i = 0; i < IPVS_SYNC_MAX; i++)
		out->is_started[i] = desired->sync[i].role != 0;
	for (i = 0; i < n; i++) {
		const struct ipvs_sync *wanted = &desired->sync[sync[i].role - 1];
		bool is_same = wanted->role && is_same_sync(&sync[i], wanted);

		out->is_started[sync[i].role - 1] = wanted->role && !is_same;
		out->is_stopped[sync[i].role - 1] = wanted->role && !is_same;
	}
	return 0;
}

static bool has_globals(const struct globals *g)
{
	return g->has_timeouts || g->is_started[0] || g->is_started[1];
}

static const char *role_name(unsigned i)
{
	return i + 1 == IPVS_SYNC_MASTER ? "master" : "backup";
}

static void print_globals(const struct desired *desired, const struct globals *g)
{
	unsigned i;

	if (g->has_timeouts)
		lvsadm_save_timeouts(stdout, &g->timeouts);
	for (i = 0; i < IPVS_SYNC_MAX; i++) {
		if (g->is_stopped[i])
			printf("--stop-daemon %s\n", role_name(i));
		if (g->is_started[i])
			lvsadm_save_sync(stdout, &desired->sync[i]);
	}
}

static unsigned tell_global(const char *what, int err)
{
	if (err != 0)
		fprintf(stderr, "cannot %s: %s\n", what, strerror(-err));
	return err != 0;
}

static unsigned apply_globals(struct lvsadm_app *app, const struct desired *desired,
			      const struct globals *g)
{
	unsigned i, n_failed = 0;

	if (g->has_timeouts)
		n_failed += tell_global("set time-outs",
					ipvs_nl_set_timeouts(app->backend, &g->timeouts));
	for (i = 0; i < IPVS_SYNC_MAX; i++) {
		if (g->is_stopped[i])
			n_failed += tell_global("stop the sync daemon",
						ipvs_nl_stop_sync(app->backend, i + 1));
		if (g->is_started[i])
			n_failed +=
				tell_global("start the sync daemon",
					    ipvs_nl_start_sync(app->backend, &desired->sync[i]));
	}
	return n_failed;
}

/* ---- the two commands ---- */

static void print_ops(const struct ipvs_ops *ops)
{
	uint32_t i;

	for (i = 0; i < ops->n; i++)
		lvsadm_save_op(stdout, &ops->v[i], true);
}

static void print_json(const struct ipvs_ops *ops, const struct desired *desired,
		       const struct globals *g)
{
	json_t *changes = json_array(), *stopped = json_array(), *started = json_array();
	uint32_t i;

	for (i = 0; i < ops->n; i++)
		json_array_append_new(changes, lvsadm_json_op(&ops->v[i]));
	for (i = 0; i < IPVS_SYNC_MAX; i++) {
		if (g->is_stopped[i])
			json_array_append_new(stopped, json_string(role_name(i)));
		if (g->is_started[i])
			json_array_append_new(started, lvsadm_json_sync(&desired->sync[i]));
	}
	lvsadm_json_print(
		stdout,
		json_pack("{s:o, s:o, s:o, s:o}", "changes", changes, "timeouts",
			  g->has_timeouts ? lvsadm_json_timeouts(&g->timeouts) : json_null(),
			  "sync_daemons_stopped", stopped, "sync_daemons_started", started));
}

/* As diff(1): 0 the same, 1 different, 2 trouble. */
static enum lvsadm_status diff(struct lvsadm_app *app, const struct desired *desired,
			       const struct options *options)
{
	struct globals globals;
	struct ipvs_ops ops;
	int err;
	bool is_same;

	ipvs_ops_init(&ops);
	err = find_globals(app, desired, &globals);
	if (err == 0)
		err = find_ops(app, desired, options, &ops);
	if (err == 0 && options->is_json) {
		print_json(&ops, desired, &globals);
	} else if (err == 0) {
		print_globals(desired, &globals);
		print_ops(&ops);
	}
	is_same = ops.n == 0 && (err != 0 || !has_globals(&globals));
	ipvs_ops_done(&ops);
	if (err != 0)
		return lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_USAGE);
	return is_same ? LVSADM_OK : LVSADM_NOT_LISTED;
}

/* Whether it failed only because somebody else changed the table. */
static bool is_race(const struct ipvs_ops *ops)
{
	bool has_race = false;
	uint32_t i;

	for (i = 0; i < ops->n; i++) {
		const struct ipvs_op *op = &ops->v[i];
		bool is_lost = op->error == -EEXIST || op->error == -ESRCH ||
			       (op->error == -ENOENT && ipvs_op_is_dest(op->kind));

		if (op->error != 0 && op->error != -ECANCELED && !is_lost)
			return false;
		has_race |= is_lost;
	}
	return has_race;
}

static void tell_failures(const struct ipvs_ops *ops)
{
	char text[256], cause[256];
	uint32_t i;

	for (i = 0; i < ops->n; i++)
		if (ops->v[i].error != 0)
			fprintf(stderr, "cannot %s: %s\n",
				ipvs_op_str(&ops->v[i], text, sizeof(text)),
				ipvs_op_cause(&ops->v[i], cause, sizeof(cause)));
}

/* One look and its repairs; true when another round may help. */
static bool apply_round(struct lvsadm_app *app, const struct desired *desired,
			const struct options *options, enum lvsadm_status *status)
{
	struct ipvs_ops ops;
	unsigned n_failed = 0;
	bool is_again;
	int err;

	ipvs_ops_init(&ops);
	err = find_ops(app, desired, options, &ops);
	if (err == 0 && options->is_verbose)
		print_ops(&ops);
	if (err == 0)
		n_failed = ipvs_apply(app->backend, &ops);
	is_again = n_failed > 0 && is_race(&ops);
	if (!is_again)
		tell_failures(&ops);
	*status = lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
	if (n_failed > 0)
		*status = LVSADM_FAILED;
	ipvs_ops_done(&ops);
	return is_again;
}

static enum lvsadm_status apply(struct lvsadm_app *app, const struct desired *desired,
				const struct options *options)
{
	enum lvsadm_status status;
	struct globals globals;
	unsigned n_failed, i = 0;
	int err = find_globals(app, desired, &globals);

	if (err != 0)
		return lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
	if (options->is_verbose)
		print_globals(desired, &globals);
	n_failed = apply_globals(app, desired, &globals);
	while (apply_round(app, desired, options, &status) && ++i < ROUNDS_MAX)
		;
	if (i == ROUNDS_MAX)
		fputs("somebody else keeps changing the table\n", stderr);
	return n_failed > 0 ? LVSADM_FAILED : status;
}

typedef enum lvsadm_status work_fn(struct lvsadm_app *app, const struct desired *desired,
				   const struct options *options);

static enum lvsadm_status run(struct lvsadm_app *app, int argc, char *argv[], work_fn *work)
{
	enum lvsadm_status status = LVSADM_USAGE;
	struct desired desired = { 0 };
	struct options options;

	ipvs_set_init(&desired.set);
	if (get_options(argc, argv, &options) && read_file(options.file, &desired) &&
	    lvsadm_open(app))
		status = work(app, &desired, &options);
	ipvs_set_done(&desired.set);
	return status;
}

enum lvsadm_status lvsadm_run_diff(struct lvsadm_app *app, int argc, char *argv[])
{
	return run(app, argc, argv, diff);
}

enum lvsadm_status lvsadm_run_apply(struct lvsadm_app *app, int argc, char *argv[])
{
	return run(app, argc, argv, apply);
}
