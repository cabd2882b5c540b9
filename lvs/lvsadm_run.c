/*
 * lvsadm: carries commands out, one by one or from a save file.
 *
 * Only lvsadm uses it. Owns nothing.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lvs/lvsadm_app.h"

enum lvsadm_status lvsadm_report(enum ipvs_op_kind kind, int error, enum lvsadm_status status)
{
	if (error == 0)
		return LVSADM_OK;
	fprintf(stderr, "%s\n", ipvs_strerror(kind, error));
	return status;
}

static enum lvsadm_status run_change(struct lvsadm_app *app, const struct lvsadm_cmd *cmd)
{
	struct ipvs_op op;

	if (lvsadm_op(cmd, &op))
		app->backend->apply(app->backend, &op, 1);
	return lvsadm_report(op.kind, op.error, LVSADM_FAILED);
}

static enum lvsadm_status run_zero(struct lvsadm_app *app, const struct lvsadm_cmd *cmd)
{
	bool is_one = lvsadm_has(cmd, LVSADM_OPT_SERVICE);

	return lvsadm_report(IPVS_OP_SVC_EDIT,
			     ipvs_nl_zero(app->backend, is_one ? &cmd->svc.key : NULL),
			     LVSADM_FAILED);
}

static int save_globals(struct ipvs_backend *backend)
{
	struct ipvs_timeouts timeouts;
	struct ipvs_sync sync[IPVS_SYNC_MAX];
	unsigned i, n = 0;
	int err = ipvs_nl_get_timeouts(backend, &timeouts);

	if (err == 0)
		err = ipvs_nl_get_sync(backend, sync, &n);
	if (err != 0)
		return err;
	lvsadm_save_timeouts(stdout, &timeouts);
	for (i = 0; i < n; i++)
		lvsadm_save_sync(stdout, &sync[i]);
	return 0;
}

static enum lvsadm_status run_save(struct lvsadm_app *app, const struct lvsadm_cmd *cmd)
{
	struct ipvs_set set;
	int err = 0;

	if (lvsadm_has(cmd, LVSADM_OPT_ALL))
		err = save_globals(app->backend);
	ipvs_set_init(&set);
	if (err == 0)
		err = app->backend->dump(app->backend, &set);
	ipvs_set_drop_paths(&set);
	lvsadm_save_set(stdout, &set, lvsadm_has(cmd, LVSADM_OPT_NUMERIC));
	ipvs_set_done(&set);
	return lvsadm_report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
}

/* ipvsadm's words for errors of sync daemons. */
static enum lvsadm_status report_sync(int error)
{
	if (error == 0)
		return LVSADM_OK;
	fprintf(stderr, "%s\n",
		error == -EEXIST  ? "Daemon has already run"
		: error == -ESRCH ? "No daemon is running"
				  : ipvs_strerror(IPVS_OP_SVC_EDIT, error));
	return LVSADM_FAILED;
}

enum lvsadm_status lvsadm_run(const struct lvsadm_cmd *cmd, struct lvsadm_app *app)
{
	if (!lvsadm_open(app))
		return LVSADM_USAGE;
	switch (cmd->command) {
	case LVSADM_CMD_ADD_SERVICE:
	case LVSADM_CMD_EDIT_SERVICE:
	case LVSADM_CMD_DELETE_SERVICE:
	case LVSADM_CMD_ADD_SERVER:
	case LVSADM_CMD_EDIT_SERVER:
	case LVSADM_CMD_DELETE_SERVER: return run_change(app, cmd);
	case LVSADM_CMD_FLUSH:
		return lvsadm_report(IPVS_OP_SVC_DEL, ipvs_nl_flush(app->backend), LVSADM_FAILED);
	case LVSADM_CMD_RESTORE: return lvsadm_run_restore(app, LVSADM_RESTORE_ADD);
	case LVSADM_CMD_SAVE: return run_save(app, cmd);
	case LVSADM_CMD_LIST: return lvsadm_run_list(app, cmd);
	case LVSADM_CMD_ZERO: return run_zero(app, cmd);
	case LVSADM_CMD_SET:
		return lvsadm_report(IPVS_OP_SVC_EDIT,
				     ipvs_nl_set_timeouts(app->backend, &cmd->timeouts),
				     LVSADM_FAILED);
	case LVSADM_CMD_START_DAEMON:
		return report_sync(ipvs_nl_start_sync(app->backend, &cmd->sync));
	case LVSADM_CMD_STOP_DAEMON:
		return report_sync(ipvs_nl_stop_sync(app->backend, cmd->sync.role));
	case LVSADM_CMD_HELP:
	case LVSADM_CMD_VERSION:
	case LVSADM_CMD_NONE:
	case LVSADM_CMD_N: break;
	}
	return LVSADM_USAGE;
}

/* ---- save files ---- */

/* Carries out what has gathered, and tells each error in its turn. */
static void flush_batch(void *arg)
{
	struct lvsadm_app *app = arg;
	struct ipvs_ops *batch = &app->batch;
	uint32_t i;

	if (batch->n == 0)
		return;
	if (!lvsadm_open(app)) {
		app->status = LVSADM_USAGE;
	} else {
		app->backend->apply(app->backend, batch->v, batch->n);
		for (i = 0; i < batch->n; i++)
			app->status =
				lvsadm_report(batch->v[i].kind, batch->v[i].error, LVSADM_FAILED);
	}
	batch->n = 0;
}

/* Changes gather; what else there is comes in its turn. */
static bool on_line(const struct lvsadm_cmd *cmd, struct lvsadm_error *err, void *arg)
{
	struct lvsadm_app *app = arg;
	struct ipvs_op op;

	(void)err;
	if (lvsadm_op(cmd, &op)) {
		ipvs_ops_add(&app->batch, op.kind, &op.svc, &op.dest);
		return true;
	}
	flush_batch(app);
	app->status = lvsadm_run(cmd, app);
	return true;
}

enum lvsadm_status lvsadm_run_restore(struct lvsadm_app *app, enum lvsadm_restore how)
{
	const struct lvsadm_cmd clear = { .command = LVSADM_CMD_FLUSH };
	const struct lvsadm_reader reader = {
		.on_cmd = on_line,
		.on_pause = flush_batch,
		.arg = app,
		.has_comments = how == LVSADM_RESTORE_FRESH,
	};
	struct lvsadm_error err;
	bool is_whole;

	if (how == LVSADM_RESTORE_FRESH && lvsadm_run(&clear, app) == LVSADM_USAGE)
		return LVSADM_USAGE;
	app->status = LVSADM_OK;
	ipvs_ops_init(&app->batch);
	is_whole = lvsadm_read(STDIN_FILENO, &reader, &err);
	flush_batch(app);
	ipvs_ops_done(&app->batch);
	if (is_whole)
		return app->status;
	fprintf(stderr, "%s\n", err.text);
	return err.status;
}
