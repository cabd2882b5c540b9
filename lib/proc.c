/*
 * Starting processes: children in their roles, and scripts; pid files.
 *
 * The parent. Owns nothing: pids and descriptors go to the caller. Everything a new process needs
 * is made before fork(), so that between fork() and exec() only async-signal-safe functions run.
 */
#include "lib/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/script_path.h"

#define PROC_EXEC_FAILED 127
#define PROC_GROUPS_MAX  256
#define PIDFILE_TRIES    10

void proc_set_name(const char *name)
{
	prctl(PR_SET_NAME, name);
}

/* fork() with all signals blocked in the child, so that no handler of ours runs there. */
static pid_t fork_quiet(void)
{
	sigset_t all, old;
	pid_t pid;
	int error;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	error = errno;
	if (pid != 0)
		sigprocmask(SIG_SETMASK, &old, NULL);
	return pid < 0 ? -error : pid;
}

/* In the child: everything to its default, then unblocked. */
static void signals_reset(void)
{
	const struct sigaction dflt = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		sigaction(signo, &dflt, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t proc_spawn_self(char *const argv[], int fd, int log_fd)
{
	const pid_t pid = fork_quiet();

	if (pid != 0)
		return pid;
	/* Out of the way of each other first; the copies close with exec, their copies do not. */
	fd = fcntl(fd, F_DUPFD_CLOEXEC, PROC_LOG_FD + 1);
	if (log_fd >= 0)
		log_fd = fcntl(log_fd, F_DUPFD_CLOEXEC, PROC_LOG_FD + 1);
	if (fd < 0 || dup2(fd, PROC_CHANNEL_FD) < 0)
		_exit(PROC_EXEC_FAILED);
	close(PROC_LOG_FD);
	if (log_fd >= 0)
		dup2(log_fd, PROC_LOG_FD);
	close_range(PROC_LOG_FD + 1, ~0u, 0);
	signals_reset();
	execv("/proc/self/exe", argv);
	_exit(PROC_EXEC_FAILED);
}

/* ---- scripts ---- */

/* Who a script runs as. */
struct identity {
	bool is_set;
	uid_t uid;
	gid_t gid;
	gid_t groups[PROC_GROUPS_MAX];
	int n_groups;
};

static int identity_find(const struct proc_script *script, struct identity *id)
{
	const struct passwd *pw;
	const struct group *gr = NULL;

	id->is_set = script->user != NULL;
	if (!id->is_set)
		return 0;
	pw = getpwnam(script->user);
	if (!pw)
		return -ENOENT;
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	if (script->group) {
		gr = getgrnam(script->group);
		if (!gr)
			return -ENOENT;
		id->gid = gr->gr_gid;
	}
	if (!(script->ways & PROC_ALL_GROUPS))
		return 0;
	id->n_groups = PROC_GROUPS_MAX;
	if (getgrouplist(script->user, id->gid, id->groups, &id->n_groups) < 0)
		id->n_groups = PROC_GROUPS_MAX;
	return 0;
}

static bool identity_assume(const struct identity *id)
{
	/* Without privilege there is one identity that can be had: the present one. */
	if (!id->is_set || (geteuid() != 0 && geteuid() == id->uid && getegid() == id->gid))
		return true;
	return setgroups((size_t)id->n_groups, id->groups) == 0 &&
	       setresgid(id->gid, id->gid, id->gid) == 0 &&
	       setresuid(id->uid, id->uid, id->uid) == 0;
}

static bool env_is_unsafe(const char *entry)
{
	static const char *const names[] = { "IFS=", "LD_PRELOAD=", "LD_LIBRARY_PATH=" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(entry, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/* A copy of the array, not of the strings. */
static char **env_cleaned(void)
{
	size_t n = 0;
	char **env;

	while (environ && environ[n])
		n++;
	env = xcalloc(n + 1, sizeof(*env));
	n = 0;
	for (char **entry = environ; entry && *entry; entry++)
		if (!env_is_unsafe(*entry))
			env[n++] = *entry;
	return env;
}

/* What a new script needs. */
struct start {
	const char **argv;
	struct identity id;
	char **env;
	int out_fd; /* -1 = stdout and stderr stay */
	pid_t parent;
};

/* In the child. execvpe() searches PATH and runs files that are no executable by /bin/sh. */
static _Noreturn void script_exec(const struct start *start)
{
	const int null_fd = open("/dev/null", O_RDWR), out_fd = start->out_fd;

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0)
		_exit(PROC_EXEC_FAILED);
	if (out_fd >= 0 && (dup2(out_fd, STDOUT_FILENO) < 0 || dup2(out_fd, STDERR_FILENO) < 0))
		_exit(PROC_EXEC_FAILED);
	if (!identity_assume(&start->id))
		_exit(PROC_EXEC_FAILED);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	setpgid(0, 0);
	/* After the change of identity, which clears it; a parent that died before that is noticed
	 * too. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != start->parent)
		_exit(PROC_EXEC_FAILED);
	signals_reset();
	execvpe(start->argv[0], (char *const *)(uintptr_t)start->argv, start->env);
	_exit(PROC_EXEC_FAILED);
}

/* The words with the path to run; a copy of the array, not of the words. */
static const char **argv_with(const char *const *argv, const char *path)
{
	const char **copy;
	size_t n = 0;

	while (argv[n])
		n++;
	copy = xcalloc(n + 1, sizeof(*copy));
	memcpy(copy, argv, n * sizeof(*copy));
	copy[0] = path;
	return copy;
}

pid_t proc_spawn_script_to(const struct proc_script *script, int out_fd)
{
	struct start start = { .out_fd = out_fd, .parent = getpid() };
	const int error = identity_find(script, &start.id);
	char *path;
	pid_t pid;

	if (error)
		return error;
	path = script->ways & PROC_PATH_AS_WRITTEN ? xstrdup(script->argv[0])
						   : script_path(script->argv[0]);
	start.argv = argv_with(script->argv, path);
	start.env = env_cleaned();
	pid = fork_quiet();
	if (pid == 0)
		script_exec(&start);
	free(start.env);
	free(start.argv);
	free(path);
	if (pid > 0)
		setpgid(pid, pid); /* here as well: the caller may kill the group at once */
	return pid;
}

pid_t proc_spawn_script(const struct proc_script *script)
{
	return proc_spawn_script_to(script, -1);
}

const char *proc_status_str(int wait_status, char *buf, size_t size)
{
	if (WIFSIGNALED(wait_status)) {
		const char *name = sigabbrev_np(WTERMSIG(wait_status));

		snprintf(buf, size, "killed by signal %d (%s)", WTERMSIG(wait_status),
			 name ? name : "?");
	} else {
		snprintf(buf, size, "exited with status %d", WEXITSTATUS(wait_status));
	}
	return buf;
}

/* ---- pid files ---- */

/* Opens and locks; -ESTALE if the file was replaced meanwhile by one that a stopping owner had
 * removed. */
static int pidfile_lock(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat ours, there;
	int error;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	if (fcntl(fd, F_OFD_SETLK, &lock) < 0)
		error = errno == EACCES ? -EAGAIN : -errno;
	else if (fstat(fd, &ours) < 0)
		error = -errno;
	else if (stat(path, &there) < 0 || ours.st_ino != there.st_ino ||
		 ours.st_dev != there.st_dev)
		error = -ESTALE;
	else
		return fd;
	close(fd);
	return error;
}

int proc_pidfile_set(int fd, pid_t pid)
{
	char text[16];
	const int len = snprintf(text, sizeof(text), "%d\n", (int)pid);

	errno = EIO;
	return ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len ? 0 : -errno;
}

int proc_pidfile(const char *path, pid_t pid)
{
	int fd = -ESTALE, error;

	for (int i = 0; fd == -ESTALE && i < PIDFILE_TRIES; i++)
		fd = pidfile_lock(path);
	if (fd < 0)
		return fd;
	error = fchmod(fd, 0644) < 0 ? -errno : proc_pidfile_set(fd, pid);
	if (error == 0)
		return fd;
	close(fd);
	return error;
}
