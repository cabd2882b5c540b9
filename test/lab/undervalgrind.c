/*
 * undervalgrind: preloaded into diarch, makes its checker child run under valgrind.
 *
 * The parent starts its children from /proc/self/exe, which under valgrind is valgrind itself; and
 * valgrind 3.19 knows neither pidfd_open(2), which only the parent needs, nor epoll_pwait2(2). So
 * the parent runs as it is, and here the start of the checker child becomes one of valgrind with
 * the options of VALGRIND_ARGS, words with blanks between them; in the child waits are rounded to
 * milliseconds.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define ARGS_MAX 64

static int (*libc_execv)(const char *path, char *const argv[]);

/* Before anything runs: between fork and exec no symbol may be looked up. */
__attribute__((constructor)) static void find_execv(void)
{
	void *symbol = dlsym(RTLD_NEXT, "execv");

	memcpy(&libc_execv, &symbol, sizeof(symbol));
}

static bool is_checker(char *const argv[])
{
	while (*argv && strcmp(*argv, "--role=check") != 0)
		argv++;
	return *argv;
}

int execv(const char *path, char *const argv[])
{
	static char words[4096], valgrind[] = "valgrind";
	static char exe[4096];
	char *args[ARGS_MAX] = { valgrind }, *word, *rest = words;
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int n = 1;

	if (len <= 0 || strcmp(path, "/proc/self/exe") != 0 || !is_checker(argv) ||
	    !getenv("VALGRIND_ARGS"))
		return libc_execv(path, argv);
	strncpy(words, getenv("VALGRIND_ARGS"), sizeof(words) - 1);
	while (n < ARGS_MAX / 2 && (word = strsep(&rest, " ")))
		args[n++] = word;
	args[n++] = exe;
	for (int i = 1; argv[i] && n < ARGS_MAX - 1; i++)
		args[n++] = argv[i];
	return libc_execv("/usr/bin/valgrind", args);
}

int epoll_pwait2(int fd, struct epoll_event *events, int max, const struct timespec *timeout,
		 const sigset_t *signals)
{
	int ms = timeout ? (int)(timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000)
			 : -1;

	return epoll_pwait(fd, events, max, ms, signals);
}
