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
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lvs/lvsadm_app.h"

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

bool lvsadm_open(struct lvsadm_app *app)
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

static enum lvsadm_status run_inform(const struct lvsadm_cmd *cmd)
{
	if (cmd->command == LVSADM_CMD_HELP)
		lvsadm_print_help(stdout, program_invocation_short_name);
	else
		puts("lvsadm " PACKAGE_VERSION " (" PACKAGE_NAME ")");
	return LVSADM_OK;
}

/* A listing that could not be written whole must not look like success. */
static enum lvsadm_status flush_output(enum lvsadm_status status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "cannot write: %s\n", strerror(errno));
	return status == LVSADM_OK ? LVSADM_FAILED : status;
}

static enum lvsadm_status run_words(struct lvsadm_app *app, int argc, char *argv[])
{
	struct lvsadm_error err;
	struct lvsadm_cmd cmd;

	if (!lvsadm_parse(argc, argv, &cmd, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return err.status;
	}
	if (cmd.command == LVSADM_CMD_HELP || cmd.command == LVSADM_CMD_VERSION)
		return run_inform(&cmd);
	return lvsadm_run(&cmd, app);
}

static lvsadm_subcommand_fn *find_subcommand(const char *name)
{
	static const struct {
		const char *name;
		lvsadm_subcommand_fn *run;
	} subcommands[] = {
		{ "diff", lvsadm_run_diff },
		{ "apply", lvsadm_run_apply },
		{ "watch", lvsadm_run_watch },
	};
	size_t i;

	for (i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return subcommands[i].run;
	return NULL;
}

/* As the script ipvsadm-save: -n in front or nothing that matters. */
static enum lvsadm_status run_as_save(struct lvsadm_app *app, char *option)
{
	static char save[] = "-S";
	char *argv[] = { program_invocation_name, save, option, NULL };

	if (!option || option[0] != '-')
		return run_words(app, 2, argv);
	if (strcmp(option, "-n") == 0)
		return run_words(app, 3, argv);
	printf("%s: writes the IPVS table to standard output.\n"
	       "   With -n, addresses and ports are numbers.\n",
	       program_invocation_short_name);
	return LVSADM_NOT_LISTED;
}

static bool is_named(const char *ending)
{
	size_t len = strlen(program_invocation_short_name), n = strlen(ending);

	return len >= n && strcmp(program_invocation_short_name + len - n, ending) == 0;
}

/* As the script ipvsadm-restore, which looks at no argument. Errors name ipvsadm. */
static enum lvsadm_status run_as_restore(struct lvsadm_app *app)
{
	*strrchr(program_invocation_name, '-') = '\0';
	return lvsadm_run_restore(app, LVSADM_RESTORE_FRESH);
}

int main(int argc, char *argv[])
{
	struct lvsadm_app app = { 0 };
	lvsadm_subcommand_fn *run_subcommand;
	enum lvsadm_status status;

	fill_streams();
	if (is_named("-save"))
		status = run_as_save(&app, argc > 1 ? argv[1] : NULL);
	else if (is_named("-restore"))
		status = run_as_restore(&app);
	else if (argc > 1 && (run_subcommand = find_subcommand(argv[1])))
		status = run_subcommand(&app, argc - 1, argv + 1);
	else
		status = run_words(&app, argc, argv);
	if (app.backend)
		app.backend->free(app.backend);
	return (int)flush_output(status);
}
