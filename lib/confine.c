/*
 * Giving up what a process does not need: capabilities and system calls; and locking its memory,
 * for which a capability may have to be kept.
 *
 * Every process, once, at start. Owns nothing; there is no way back.
 */
#include "lib/proc.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

struct confine_cap {
	unsigned mask; /* enum proc_cap */
	unsigned cap;
	const char *name;
};

#define CAP(mask, name)           \
	{                         \
		mask, name, #name \
	}

static const struct confine_cap confine_caps[] = {
	CAP(PROC_CAP_NET_ADMIN, CAP_NET_ADMIN), CAP(PROC_CAP_NET_RAW, CAP_NET_RAW),
	CAP(PROC_CAP_SCRIPTS, CAP_SETUID),      CAP(PROC_CAP_SCRIPTS, CAP_SETGID),
	CAP(PROC_CAP_SCRIPTS, CAP_KILL),        CAP(PROC_CAP_NET_BIND, CAP_NET_BIND_SERVICE),
	CAP(PROC_CAP_CHOWN, CAP_CHOWN),         CAP(PROC_CAP_SCHED, CAP_SYS_NICE),
	CAP(PROC_CAP_SCHED, CAP_SYS_RESOURCE),  CAP(PROC_CAP_FILES, CAP_DAC_OVERRIDE),
};

/* Refused: what turns a foothold in one process into more. Everything else stays allowed, so that a
 * new libc or library does not break a director. */
static const int denied_calls[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(kcmp),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(reboot),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(syslog),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(adjtimex),
};

/* Only in builds with LeakSanitizer, which looks at its own process through ptrace at exit. */
void __lsan_do_leak_check(void) __attribute__((weak));

static bool call_is_needed(int call)
{
	return call == SCMP_SYS(ptrace) && __lsan_do_leak_check;
}

/* A kernel with seccomp filters misses the filter (EFAULT); another refuses the mode (EINVAL). */
static bool has_seccomp(void)
{
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 && errno == EFAULT;
}

static int confine_calls(void)
{
	scmp_filter_ctx filter;
	int error = 0;

	if (!has_seccomp())
		return 0;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return -ENOMEM;
	for (size_t i = 0; error == 0 && i < sizeof(denied_calls) / sizeof(denied_calls[0]); i++)
		if (!call_is_needed(denied_calls[i]))
			error = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), denied_calls[i], 0);
	if (error == 0)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}

/*
 * Whether locked memory will be limited unless CAP_IPC_LOCK is kept: the limit is neither infinite
 * nor ours, or our parent's, to raise. Where it can be raised the capability is not needed.
 */
static bool lock_needs_capability(void)
{
	struct rlimit limit;

	return capng_have_capability(CAPNG_PERMITTED, CAP_IPC_LOCK) &&
	       !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_RESOURCE) &&
	       (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_max != RLIM_INFINITY);
}

static int confine_capabilities(unsigned caps)
{
	uint64_t kept = 0;
	bool may_lock;
	capng_select_t what = CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT;

	if (capng_get_caps_process() < 0)
		return -EIO;
	may_lock = caps & PROC_CAP_LOCK && lock_needs_capability();
	for (size_t i = 0; i < sizeof(confine_caps) / sizeof(confine_caps[0]); i++)
		if (caps & confine_caps[i].mask &&
		    capng_have_capability(CAPNG_PERMITTED, confine_caps[i].cap))
			kept |= UINT64_C(1) << confine_caps[i].cap;
	/* Only with SETPCAP can the bounding set be reduced; without, nothing is gained by it. */
	if (!(caps & PROC_CAP_SCRIPTS) && capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		what |= CAPNG_SELECT_BOUNDS;
	capng_clear(what);
	for (unsigned cap = 0; kept >> cap; cap++)
		if (kept >> cap & 1 &&
		    capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap) < 0)
			return -EINVAL;
	if (may_lock && capng_update(CAPNG_ADD, CAPNG_PERMITTED, CAP_IPC_LOCK) < 0)
		return -EINVAL;
	return capng_apply(what) < 0 ? -EPERM : 0;
}

const char *proc_caps_missing(unsigned caps)
{
	static char names[256];
	size_t n = 0;

	names[0] = '\0';
	if (capng_get_caps_process() < 0)
		return names;
	for (size_t i = 0; i < sizeof(confine_caps) / sizeof(confine_caps[0]); i++)
		if (caps & confine_caps[i].mask && n < sizeof(names) &&
		    !capng_have_capability(CAPNG_EFFECTIVE, confine_caps[i].cap))
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? " " : "",
					      confine_caps[i].name);
	return names;
}

int proc_confine(unsigned caps, bool may_exec)
{
	int error = confine_capabilities(caps);

	if (error)
		return error;
	if (!(caps & PROC_CAP_SCRIPTS) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return may_exec ? 0 : confine_calls();
}

/* Makes CAP_IPC_LOCK effective if it was kept, or takes it out of effect. */
static bool use_lock_capability(bool is_used)
{
	if (capng_get_caps_process() < 0 || !capng_have_capability(CAPNG_PERMITTED, CAP_IPC_LOCK))
		return false;
	return capng_update(is_used ? CAPNG_ADD : CAPNG_DROP, CAPNG_EFFECTIVE, CAP_IPC_LOCK) == 0 &&
	       capng_apply(CAPNG_SELECT_CAPS) == 0;
}

int proc_lock_memory(bool is_locked)
{
	struct rlimit limit;
	int error;

	if (!is_locked) {
		error = munlockall() < 0 ? -errno : 0;
		use_lock_capability(false);
		return error;
	}
	if (!use_lock_capability(true) &&
	    (getrlimit(RLIMIT_MEMLOCK, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY))
		return -EPERM;
	return mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;
}
