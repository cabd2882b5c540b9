/*
 * Processes: the children in their roles, confinement, and scripts.
 *
 * Children are re-executed from /proc/self/exe with their role as argument and the channel on fd 3,
 * so that each starts with a clean address space.
 */
#ifndef DIARCH_LIB_PROC_H
#define DIARCH_LIB_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define PROC_CHANNEL_FD 3
#define PROC_LOG_FD     4

/*
 * Re-executes this program with `argv` (NULL terminated, argv[0] first); `fd` becomes
 * PROC_CHANNEL_FD and `log_fd` (-1 = none) PROC_LOG_FD, all other descriptors above 2 are closed,
 * signals are unblocked and reset, the parent-death signal is NOT set (an orphan must hand over in
 * order). Returns the pid or -errno.
 */
pid_t proc_spawn_self(char *const argv[], int fd, int log_fd);

enum proc_cap {
	PROC_CAP_NET_ADMIN = 1,
	PROC_CAP_NET_RAW = 2,
	PROC_CAP_SCRIPTS = 4, /* SETUID, SETGID, KILL: run scripts as other users and end them */
	PROC_CAP_NET_BIND = 8,
	PROC_CAP_CHOWN = 16,  /* give FIFOs to their readers */
	PROC_CAP_SCHED = 32,  /* SYS_NICE, SYS_RESOURCE: scheduling of the children */
	PROC_CAP_LOCK = 64,   /* IPC_LOCK, see proc_lock_memory(); permitted, not effective */
	PROC_CAP_FILES = 128, /* DAC_OVERRIDE: files and FIFOs in folders of others */
};

/*
 * Keeps only `caps` (effective, permitted; empty inheritable, ambient and, unless PROC_CAP_SCRIPTS,
 * bounding set), sets no_new_privs unless PROC_CAP_SCRIPTS, and with `may_exec` false installs a
 * seccomp filter that refuses exec, ptrace, mounting, module loading and the like with EPERM.
 * Returns 0 or -errno; when not privileged in the first place, missing capabilities are not an
 * error here (the feature that needs one reports it), and neither is a kernel built without seccomp
 * filters, such as User-Mode Linux.
 */
int proc_confine(unsigned caps, bool may_exec);

/* The names of those of `caps` that the process does not have, "" for none (static). */
const char *proc_caps_missing(unsigned caps);

/*
 * Locks all memory of the process, present and future, or unlocks it. Without CAP_IPC_LOCK a limit
 * of locked memory (RLIMIT_MEMLOCK) would let later allocations and the growth of the stack fail,
 * so nothing is locked where a limit holds and PROC_CAP_LOCK was not kept. The capability is
 * effective only while memory is locked. Returns 0 or -errno: -EPERM when a limit is in the way.
 */
int proc_lock_memory(bool is_locked);

/* Sets the name shown by ps and top (comm, at most 15 bytes). */
void proc_set_name(const char *name);

enum proc_way {
	PROC_ALL_GROUPS = 1,      /* also the further groups that the user is in, not only one */
	PROC_PATH_AS_WRITTEN = 2, /* not the one of script_path() */
};

struct proc_script {
	const char *const *argv;
	const char *user;  /* NULL = stay as we are */
	const char *group; /* NULL = the user's group */
	unsigned ways;     /* enum proc_way */
};

/*
 * Starts a script without a shell (files without #! and ELF header: /bin/sh FILE, as keepalived):
 * own process group, stdin from /dev/null, descriptors above 2 closed, signals reset, parent-death
 * signal TERM, one group unless told otherwise, environment inherited less IFS, LD_PRELOAD and
 * LD_LIBRARY_PATH. A bare name is searched in PATH. Returns the pid or -errno
 * (-ENOENT: no such user or group; exec failures are seen as exit status 127).
 */
pid_t proc_spawn_script(const struct proc_script *script);

/* The same with `out_fd` as stdout and stderr; -1 = those of the caller. */
pid_t proc_spawn_script_to(const struct proc_script *script, int out_fd);

/* "exited with status 1", "killed by signal 9 (KILL)" for a wait status; returns `buf`. */
const char *proc_status_str(int wait_status, char *buf, size_t size);

/* Writes and locks a pid file (0644, OFD write lock held while the returned fd is open). Returns
 * the fd; -EAGAIN if locked by another process, -errno otherwise. */
int proc_pidfile(const char *path, pid_t pid);

/* Writes another pid into a file locked by proc_pidfile(). 0 or -errno. */
int proc_pidfile_set(int fd, pid_t pid);

#endif
