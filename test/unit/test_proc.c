/*
 * Unit tests of lib/proc.c and lib/confine.c. The program is its own child: started with an
 * argument it does the part of that name and reports on PROC_CHANNEL_FD or by its exit status.
 */
#include "test/unit/lib_util.h"

#include <cap-ng.h>
#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/proc.h"
#include "lib/script_path.h"

#define CAP_MASK(cap)   (1ull << (cap))
#define CAP_NET_RAW_BIT 13

/* Runs a part that cannot be undone in a child; its result is the exit status. */
static int in_child(int (*part)(void))
{
	const pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(part());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* ---- re-executing ---- */

/* What the re-executed program finds wrong with its start, as text; "" when all is well. */
static void started_part(void)
{
	struct sigaction action;
	sigset_t mask;
	char text[64] = "";

	sigprocmask(SIG_SETMASK, NULL, &mask);
	if (sigismember(&mask, SIGUSR1) || sigismember(&mask, SIGTERM))
		snprintf(text, sizeof(text), "signals are blocked");
	sigaction(SIGPIPE, NULL, &action);
	if (action.sa_handler != SIG_DFL)
		snprintf(text, sizeof(text), "a signal is ignored");
	for (int fd = PROC_CHANNEL_FD + 1; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			snprintf(text, sizeof(text), "descriptor %d is open", fd);
	if (send(PROC_CHANNEL_FD, text, sizeof(text), MSG_NOSIGNAL) < 0)
		_exit(1);
	_exit(42);
}

/* `want_fd` is the number that the child's end has in the parent. */
static void check_spawn_self(int want_fd)
{
	static char name[] = "test_proc", part[] = "started";
	char *argv[] = { name, part, NULL };
	char text[64] = "nothing";
	int pair[2], leak, status;
	pid_t pid;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	if (pair[0] == want_fd) {
		pair[0] = pair[1];
		pair[1] = want_fd;
	} else if (want_fd >= 0 && pair[1] != want_fd) {
		assert_int_equal(dup3(pair[1], want_fd, O_CLOEXEC), want_fd);
		close(pair[1]);
		pair[1] = want_fd;
	}
	leak = dup(STDIN_FILENO); /* without close-on-exec */
	pid = proc_spawn_self(argv, pair[1], -1);
	close(pair[1]);
	close(leak);
	assert_true(pid > 0);
	assert_int_equal(recv(pair[0], text, sizeof(text), 0), sizeof(text));
	assert_string_equal(text, "");
	status = wait_for(pid);
	assert_int_equal(WEXITSTATUS(status), 42);
	close(pair[0]);
}

static void spawned_self_starts_clean(void **state)
{
	sigset_t block, old, now;

	(void)state;
	sigemptyset(&block);
	sigaddset(&block, SIGUSR1);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	signal(SIGPIPE, SIG_IGN);
	check_spawn_self(-1);
	if (fcntl(PROC_CHANNEL_FD, F_GETFD) < 0)
		check_spawn_self(PROC_CHANNEL_FD);
	check_spawn_self(77);
	sigprocmask(SIG_SETMASK, NULL, &now);
	assert_true(sigismember(&now, SIGUSR1) && !sigismember(&now, SIGHUP));
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGPIPE, SIG_DFL);
}

/* ---- scripts ---- */

/* A file in the current directory with `text`, executable. */
struct script_file {
	char path[32];
};

static void script_file_make(struct script_file *file, const char *text)
{
	int fd;

	snprintf(file->path, sizeof(file->path), "./test_proc.XXXXXX");
	fd = mkstemp(file->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
}

static int run_script(const char *const *argv)
{
	const struct proc_script script = { .argv = argv };

	return wait_for(proc_spawn_script(&script));
}

static void script_exit_status(void **state)
{
	const char *const status3[] = { "/bin/sh", "-c", "exit $1", "sh", "3", NULL };
	const char *const in_path[] = { "true", NULL };
	const char *const missing[] = { "/nonexistent/script", NULL };

	(void)state;
	assert_int_equal(WEXITSTATUS(run_script(status3)), 3);
	assert_int_equal(WEXITSTATUS(run_script(in_path)), 0);
	assert_int_equal(WEXITSTATUS(run_script(missing)), 127);
}

static void script_without_interpreter_line(void **state)
{
	struct script_file file;
	const char *const argv[] = { file.path, "4", NULL };

	(void)state;
	script_file_make(&file, "exit $(($1 + 1))\n");
	assert_int_equal(WEXITSTATUS(run_script(argv)), 5);
	unlink(file.path);
}

/* Every line of the script ends it with another status when that line does not hold. */
static void script_surroundings(void **state)
{
	struct script_file file;
	const char *const argv[] = { file.path, NULL };
	const struct proc_script script = { .argv = argv };
	sigset_t block, old;
	int leak, status;
	pid_t pid;

	(void)state;
	script_file_make(&file, "#!/bin/sh\n"
				"[ -z \"$LD_PRELOAD$LD_LIBRARY_PATH\" ] || exit 10\n"
				"[ \"$DIARCH_TEST\" = kept ] || exit 11\n"
				"[ -z \"$(cat)\" ] || exit 12\n"
				"[ ! -e /proc/self/fd/77 ] || exit 13\n"
				"kill -TERM $$; exit 14\n");
	setenv("LD_LIBRARY_PATH", "/nonexistent", 1);
	setenv("DIARCH_TEST", "kept", 1);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &old);
	leak = dup2(STDIN_FILENO, 77);
	pid = proc_spawn_script(&script);
	assert_int_equal(getpgid(pid), pid);
	status = wait_for(pid);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(leak);
	unsetenv("LD_LIBRARY_PATH");
	unlink(file.path);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
}

static void unknown_user_or_group(void **state)
{
	const char *const argv[] = { "true", NULL };
	const struct proc_script user = { .argv = argv, .user = "no such user" };
	const struct proc_script group = { .argv = argv, .user = "root", .group = "no such group" };

	(void)state;
	assert_int_equal(proc_spawn_script(&user), -ENOENT);
	assert_int_equal(proc_spawn_script(&group), -ENOENT);
}

static void script_as_other_user(void **state)
{
	const struct passwd *nobody = getpwnam("nobody");
	char uid[16];
	const char *const argv[] = {
		"/bin/sh",
		"-c",
		"[ $(id -u) = $1 ] && [ $(id -ru) = $1 ] && [ \"$(id -Gn)\" = daemon ]",
		"sh",
		uid,
		NULL
	};
	const struct proc_script script = { .argv = argv, .user = "nobody", .group = "daemon" };
	const gid_t ours = 4242; /* not to be passed on */
	gid_t old[64];
	const int n_old = getgroups(N_ELEMENTS(old), old);

	(void)state;
	if (geteuid() != 0 || !nobody || n_old < 0)
		skip();
	snprintf(uid, sizeof(uid), "%d", (int)nobody->pw_uid);
	assert_int_equal(setgroups(1, &ours), 0);
	assert_int_equal(wait_for(proc_spawn_script(&script)), 0);
	assert_int_equal(setgroups((size_t)n_old, old), 0);
}

/* Exits with 0 if the groups besides the main one are those. */
static int run_with_groups(unsigned ways, const char *user, const char *expected)
{
	const char *const argv[] = { "/bin/sh", "-c",     "[ \"$(id -G)\" = \"$1\" ]",
				     "sh",      expected, NULL };
	const struct proc_script script = { .argv = argv, .user = user, .ways = ways };

	return wait_for(proc_spawn_script(&script));
}

/* A user with further groups, or NULL. */
static const char *user_with_groups(char *ids, size_t size)
{
	const struct passwd *pw;
	const char *name = NULL;

	setpwent();
	while (!name && (pw = getpwent())) {
		gid_t groups[16];
		int n = N_ELEMENTS(groups), len = 0;

		if (getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) < 2)
			continue;
		name = pw->pw_name;
		for (int i = 0; i < n; i++)
			len += snprintf(ids + len, size - (size_t)len, "%s%u", i ? " " : "",
					(unsigned)groups[i]);
	}
	endpwent();
	return name;
}

static void all_groups_only_when_asked_for(void **state)
{
	char ids[256], first[16];
	const char *user = user_with_groups(ids, sizeof(ids));

	(void)state;
	if (geteuid() != 0 || !user)
		skip();
	snprintf(first, sizeof(first), "%.*s", (int)strcspn(ids, " "), ids);
	assert_int_equal(run_with_groups(0, user, first), 0);
	assert_int_equal(run_with_groups(PROC_ALL_GROUPS, user, ids), 0);
}

/* ---- paths ---- */

static void expect_path(const char *expected, const char *written)
{
	char *path = script_path(written);

	assert_string_equal(path, expected);
	free(path);
}

static void expect_path_in(const char *dir, const char *expected, const char *written)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", dir, expected);
	expect_path(path, written);
}

static int run_in(const char *dir, const char *path, unsigned ways)
{
	const char *const argv[] = { path, dir, NULL };
	const struct proc_script script = { .argv = argv, .ways = ways };

	return wait_for(proc_spawn_script(&script));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_tree(const char *dir)
{
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void paths_of_scripts(void **state)
{
	static const char *const links[][2] = { { "../real/file", "link/file" },
						{ "file", "real/other" },
						{ "../real/other", "link/chain" },
						{ "real", "dirlink" },
						{ "nothing", "dangling" } };
	const int old = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char dir[] = "/tmp/diarch-proc-XXXXXX";
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chdir(dir), 0);
	assert_int_equal(mkdir("real", 0755) + mkdir("link", 0755), 0);
	file = fopen("real/file", "w");
	assert_non_null(file);
	fputs("#!/bin/sh\n[ \"$0\" = \"$1/real/file\" ]\n", file);
	assert_int_equal(fchmod(fileno(file), 0755), 0);
	fclose(file);
	for (size_t i = 0; i < N_ELEMENTS(links); i++)
		assert_int_equal(symlink(links[i][0], links[i][1]), 0);

	expect_path("sh", "sh");
	expect_path("./dangling", "./dangling");
	expect_path("./missing", "./missing");
	expect_path_in(dir, "real/file", "real/file");
	expect_path_in(dir, "real/file", "link/file");
	expect_path_in(dir, "real/file", "dirlink/file");
	expect_path_in(dir, "real/other", "real/other"); /* a program of several names */
	expect_path_in(dir, "real/other", "dirlink/other");
	expect_path_in(dir, "real/file", "link/chain");
	assert_int_equal(run_in(dir, "link/file", 0), 0);
	assert_int_not_equal(run_in(dir, "link/file", PROC_PATH_AS_WRITTEN), 0);
	remove_tree(dir);
	assert_int_equal(fchdir(old), 0);
	close(old);
}

static int dying_parent_part(void)
{
	const char *const argv[] = { "sleep", "60", NULL };
	const struct proc_script script = { .argv = argv };
	const pid_t pid = proc_spawn_script(&script);
	struct timespec moment = { .tv_nsec = 1000000 };
	char path[64], name[32] = "";

	/* Until it is sleep: the parent-death signal is set by then. */
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	while (strcmp(name, "sleep\n") != 0) {
		FILE *comm = fopen(path, "r");

		if (!comm || !fgets(name, sizeof(name), comm))
			_exit(1);
		fclose(comm);
		nanosleep(&moment, NULL);
	}
	return 0;
}

/* The script's own death is seen by its reaper: this process, made a subreaper. */
static void script_dies_with_its_parent(void **state)
{
	int status = 0;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(in_child(dying_parent_part), 0);
	assert_true(wait(&status) > 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGTERM);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

/* ---- small things ---- */

static void status_texts(void **state)
{
	char text[64], small[8];

	(void)state;
	assert_string_equal(proc_status_str(W_EXITCODE(1, 0), text, sizeof(text)),
			    "exited with status 1");
	assert_string_equal(proc_status_str(SIGKILL, text, sizeof(text)),
			    "killed by signal 9 (KILL)");
	assert_string_equal(proc_status_str(SIGSEGV | WCOREFLAG, text, sizeof(text)),
			    "killed by signal 11 (SEGV)");
	assert_string_equal(proc_status_str(SIGKILL, small, sizeof(small)), "killed ");
}

static void process_name(void **state)
{
	char old[16], name[16] = "";

	(void)state;
	prctl(PR_GET_NAME, old);
	proc_set_name("a_name_that_is_too_long");
	prctl(PR_GET_NAME, name);
	assert_string_equal(name, "a_name_that_is_");
	proc_set_name(old);
}

static void pid_file(void **state)
{
	char path[] = "test_proc_pid.XXXXXX", text[32] = "";
	const mode_t old_mask = umask(077);
	struct stat st;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "99999999999 stale\n", 18), 18);
	close(fd);
	fd = proc_pidfile(path, 1234);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(proc_pidfile(path, 5), -EAGAIN);
	assert_int_equal(pread(fd, text, sizeof(text), 0), 5);
	assert_string_equal(text, "1234\n");
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	close(fd);
	fd = proc_pidfile(path, 5);
	assert_true(fd >= 0);
	close(fd);
	unlink(path);
	assert_int_equal(proc_pidfile("nonexistent/pid", 5), -ENOENT);
	umask(old_mask);
}

/* ---- confinement ---- */

/* A line such as "CapEff:\t00000000000003000" of this process, as a number. */
static unsigned long long status_value(const char *key)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long long value = ~0ull;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0 && line[strlen(key)] == ':')
			value = strtoull(line + strlen(key) + 1, NULL, 16);
	if (file)
		fclose(file);
	return value;
}

/* Whether exec works, in a process of its own. */
static bool can_exec(void)
{
	const pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(errno == EPERM ? 1 : 2);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status) == 0;
}

static bool has_seccomp(void)
{
	return prctl(PR_SET_SECCOMP, 2, NULL) < 0 && errno == EFAULT;
}

#define CHECK(condition)                                                        \
	do {                                                                    \
		if (!(condition)) {                                             \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition); \
			return 1;                                               \
		}                                                               \
	} while (0)

/* AddressSanitizer ignores mlockall(), for its shadow memory would not fit. */
void __asan_init(void) __attribute__((weak));

static bool locks_work(void)
{
	return !__asan_init;
}

/* Out of the effective and permitted set; without privileges there is nothing to drop. */
static void drop_capability(unsigned cap)
{
	capng_get_caps_process();
	capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
	capng_apply(CAPNG_SELECT_CAPS);
}

static int confined_child_part(void)
{
	const unsigned long long had = status_value("CapPrm");
	const unsigned long long raw = CAP_MASK(CAP_NET_RAW_BIT);

	CHECK(proc_confine(PROC_CAP_NET_RAW, false) == 0);
	CHECK(status_value("CapEff") == (had & raw));
	CHECK(status_value("CapPrm") == (had & raw));
	CHECK(status_value("CapInh") == 0);
	CHECK(status_value("CapAmb") == 0);
	CHECK(status_value("CapBnd") == 0 || geteuid() != 0);
	CHECK(status_value("NoNewPrivs") == 1);
	CHECK(can_exec() == !has_seccomp());
	/* What a director does all day still works. */
	CHECK(socket(AF_INET, SOCK_STREAM, 0) >= 0);
	return 0;
}

static void confined_child(void **state)
{
	(void)state;
	assert_int_equal(in_child(confined_child_part), 0);
}

static int confined_parent_part(void)
{
	const unsigned long long bounds = status_value("CapBnd");

	CHECK(proc_confine(PROC_CAP_SCRIPTS, true) == 0);
	CHECK((status_value("CapEff") & CAP_MASK(CAP_NET_RAW_BIT)) == 0);
	CHECK(status_value("CapBnd") == bounds);
	CHECK(status_value("NoNewPrivs") == 0);
	CHECK(can_exec());
	return 0;
}

static void confined_parent(void **state)
{
	(void)state;
	assert_int_equal(in_child(confined_parent_part), 0);
}

static int confined_unprivileged_part(void)
{
	if (geteuid() == 0)
		CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
	CHECK(proc_confine(PROC_CAP_NET_ADMIN | PROC_CAP_NET_RAW, false) == 0);
	CHECK(status_value("CapEff") == 0);
	CHECK(can_exec() == !has_seccomp());
	return 0;
}

static void confined_without_privileges(void **state)
{
	(void)state;
	assert_int_equal(in_child(confined_unprivileged_part), 0);
}

/* More than the limit, so it would fail or stay unlocked where the capability was not kept. */
static int locked_part(void)
{
	const size_t size = 1 << 20;
	const struct rlimit small = { size, size };
	const unsigned long long lock = CAP_MASK(CAP_IPC_LOCK);
	const bool may = status_value("CapEff") & lock;

	CHECK(setrlimit(RLIMIT_MEMLOCK, &small) == 0);
	drop_capability(CAP_SYS_RESOURCE);
	CHECK(proc_confine(PROC_CAP_LOCK, false) == 0);
	CHECK(status_value("CapPrm") == (may ? lock : 0));
	CHECK(status_value("CapEff") == 0);
	CHECK(proc_lock_memory(true) == (may ? 0 : -EPERM));
	CHECK(status_value("CapEff") == (may ? lock : 0));
	CHECK(mmap(NULL, 4 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	      MAP_FAILED);
	CHECK(locks_work() ? (status_value("VmLck") > 0) == may : true);
	CHECK(proc_lock_memory(false) == 0);
	CHECK(status_value("VmLck") == 0);
	CHECK(status_value("CapEff") == 0);
	return 0;
}

static void memory_is_locked_above_the_limit(void **state)
{
	(void)state;
	assert_int_equal(in_child(locked_part), 0);
}

static int limited_part(void)
{
	const struct rlimit small = { 1 << 20, 1 << 20 };

	CHECK(setrlimit(RLIMIT_MEMLOCK, &small) == 0);
	CHECK(proc_confine(PROC_CAP_NET_RAW, false) == 0);
	CHECK(proc_lock_memory(true) == -EPERM);
	CHECK(status_value("VmLck") == 0);
	CHECK(proc_lock_memory(false) == 0);
	return 0;
}

static void memory_is_not_locked_under_a_limit(void **state)
{
	(void)state;
	assert_int_equal(in_child(limited_part), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spawned_self_starts_clean),
		cmocka_unit_test(script_exit_status),
		cmocka_unit_test(script_without_interpreter_line),
		cmocka_unit_test(script_surroundings),
		cmocka_unit_test(unknown_user_or_group),
		cmocka_unit_test(script_as_other_user),
		cmocka_unit_test(all_groups_only_when_asked_for),
		cmocka_unit_test(paths_of_scripts),
		cmocka_unit_test(script_dies_with_its_parent),
		cmocka_unit_test(status_texts),
		cmocka_unit_test(process_name),
		cmocka_unit_test(pid_file),
		cmocka_unit_test(confined_child),
		cmocka_unit_test(confined_parent),
		cmocka_unit_test(confined_without_privileges),
		cmocka_unit_test(memory_is_locked_above_the_limit),
		cmocka_unit_test(memory_is_not_locked_under_a_limit),
	};

	if (argc > 1 && strcmp(argv[1], "started") == 0)
		started_part();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
