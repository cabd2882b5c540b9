/*
 * lvsadm: an ipvsadm for kernel IPVS.
 *
 * A program of its own. Parses, opens the kernel backend when the command needs it, carries out,
 * prints.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lvs/ipvs_nl.h"
#include "lvs/lvsadm.h"

#define TIMEOUT_US 30000000

/* A closed standard stream would become the netlink socket's descriptor. */
static void fill_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

struct app {
	struct ipvs_backend *backend; /* NULL until a command needs it */
};

/* Kernels before 5.9 do not load the module by themselves. Its absence shows when opening again. */
static void load_module(void)
{
	static char program[] = "modprobe", quiet[] = "-q", module[] = "ip_vs";
	char *const argv[] = { program, quiet, module, NULL };
	pid_t pid;

	if (posix_spawnp(&pid, program, NULL, NULL, argv, environ) != 0)
		return;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static bool open_backend(struct app *app)
{
	const char *why;

	if (app->backend)
		return true;
	app->backend = ipvs_nl_open(TIMEOUT_US);
	if (!app->backend && errno == ENOENT) {
		load_module();
		app->backend = ipvs_nl_open(TIMEOUT_US);
	}
	if (app->backend)
		return true;
	why = errno == ENOENT  ? "Protocol not available"
	      : errno == EPERM ? "Permission denied (you must be root)"
			       : strerror(errno);
	fprintf(stderr,
		"Can't initialize ipvs: %s\n"
		"Are you sure that IP Virtual Server is built in the kernel or as module?\n",
		why);
	return false;
}

static enum lvsadm_status report(enum ipvs_op_kind kind, int error, enum lvsadm_status status)
{
	if (error == 0)
		return LVSADM_OK;
	fprintf(stderr, "%s\n", ipvs_strerror(kind, error));
	return status;
}

static enum lvsadm_status run_list(struct app *app, const struct lvsadm_cmd *cmd)
{
	bool is_one = lvsadm_has(cmd, LVSADM_OPT_SERVICE);
	uint32_t version, size;
	struct ipvs_set set;
	int err;

	ipvs_set_init(&set);
	err = ipvs_nl_info(app->backend, &version, &size);
	if (err == 0)
		err = ipvs_nl_read(app->backend, is_one ? &cmd->svc.key : NULL, &set);
	if (err != 0)
		return report(IPVS_OP_SVC_EDIT, err, is_one ? LVSADM_NOT_LISTED : LVSADM_FAILED);
	if (!lvsadm_has(cmd, LVSADM_OPT_NOSORT))
		ipvs_set_sort(&set);
	if (!is_one)
		printf("IP Virtual Server version %u.%u.%u (size=%u)\n", version >> 16 & 0xff,
		       version >> 8 & 0xff, version & 0xff, size);
	lvsadm_print_head(stdout, cmd);
	lvsadm_print_set(stdout, cmd, &set);
	ipvs_set_done(&set);
	return LVSADM_OK;
}

static enum lvsadm_status run_save(struct app *app, const struct lvsadm_cmd *cmd)
{
	struct ipvs_set set;
	int err;

	ipvs_set_init(&set);
	err = app->backend->dump(app->backend, &set);
	lvsadm_save_set(stdout, &set, lvsadm_has(cmd, LVSADM_OPT_NUMERIC));
	ipvs_set_done(&set);
	return report(IPVS_OP_SVC_EDIT, err, LVSADM_FAILED);
}

static enum lvsadm_status run_one(const struct lvsadm_cmd *cmd, void *arg);

static enum lvsadm_status run_restore(struct app *app)
{
	struct lvsadm_error err;
	enum lvsadm_status status = lvsadm_read(stdin, run_one, app, &err);

	if (err.text[0])
		fprintf(stderr, "%s\n", err.text);
	return status;
}

static enum lvsadm_status run_change(struct app *app, const struct lvsadm_cmd *cmd)
{
	struct ipvs_op op;

	if (lvsadm_op(cmd, &op))
		app->backend->apply(app->backend, &op, 1);
	return report(op.kind, op.error, LVSADM_FAILED);
}

static enum lvsadm_status run_zero(struct app *app, const struct lvsadm_cmd *cmd)
{
	bool is_one = lvsadm_has(cmd, LVSADM_OPT_SERVICE);

	return report(IPVS_OP_SVC_EDIT, ipvs_nl_zero(app->backend, is_one ? &cmd->svc.key : NULL),
		      LVSADM_FAILED);
}

static enum lvsadm_status run_inform(const struct lvsadm_cmd *cmd)
{
	if (cmd->command == LVSADM_CMD_HELP)
		lvsadm_print_help(stdout, program_invocation_short_name);
	else
		puts("lvsadm " PACKAGE_VERSION " (" PACKAGE_NAME ")");
	return LVSADM_OK;
}

static enum lvsadm_status run_one(const struct lvsadm_cmd *cmd, void *arg)
{
	struct app *app = arg;

	if (!open_backend(app))
		return LVSADM_USAGE;
	switch (cmd->command) {
	case LVSADM_CMD_ADD_SERVICE:
	case LVSADM_CMD_EDIT_SERVICE:
	case LVSADM_CMD_DELETE_SERVICE:
	case LVSADM_CMD_ADD_SERVER:
	case LVSADM_CMD_EDIT_SERVER:
	case LVSADM_CMD_DELETE_SERVER: return run_change(app, cmd);
	case LVSADM_CMD_FLUSH:
		return report(IPVS_OP_SVC_DEL, ipvs_nl_flush(app->backend), LVSADM_FAILED);
	case LVSADM_CMD_RESTORE: return run_restore(app);
	case LVSADM_CMD_SAVE: return run_save(app, cmd);
	case LVSADM_CMD_LIST: return run_list(app, cmd);
	case LVSADM_CMD_ZERO: return run_zero(app, cmd);
	case LVSADM_CMD_HELP:
	case LVSADM_CMD_VERSION:
	case LVSADM_CMD_NONE:
	case LVSADM_CMD_N: break;
	}
	return LVSADM_USAGE;
}

/* A listing that could not be written whole must not look like success. */
static enum lvsadm_status flush_output(enum lvsadm_status status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "cannot write: %s\n", strerror(errno));
	return status == LVSADM_OK ? LVSADM_FAILED : status;
}

int main(int argc, char *argv[])
{
	struct app app = { NULL };
	struct lvsadm_error err;
	struct lvsadm_cmd cmd;
	enum lvsadm_status status;

	fill_streams();
	if (!lvsadm_parse(argc, argv, &cmd, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return (int)err.status;
	}
	if (cmd.command == LVSADM_CMD_HELP || cmd.command == LVSADM_CMD_VERSION)
		status = run_inform(&cmd);
	else
		status = run_one(&cmd, &app);
	if (app.backend)
		app.backend->free(app.backend);
	return (int)flush_output(status);
}
