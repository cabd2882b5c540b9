/*
 * Where this copy of diarch runs and what its files are called: network namespace, pid files,
 * control socket.
 */
#ifndef DIARCH_DIRECTOR_RUN_NAMES_H
#define DIARCH_DIRECTOR_RUN_NAMES_H

#include <limits.h>
#include <stdbool.h>

struct cmdline;
struct conf;

struct run_names {
	char net_namespace[NAME_MAX + 1]; /* "" = the one we were started in */
	char instance[NAME_MAX + 1];      /* "" = none */
	char pid_file[PATH_MAX], vrrp_pid_file[PATH_MAX], checkers_pid_file[PATH_MAX];
	char control_path[PATH_MAX];
	char reload_file[PATH_MAX]; /* where reload_file names none */
};

/*
 * From the options and, where they leave it open, the configuration: copies of diarch with another
 * net_namespace or instance have other files, in a folder of their own as with use_pid_dir.
 */
void run_names_fill(struct run_names *names, const struct cmdline *cmdline,
		    const struct conf *conf);

/* Whether a running director can go on under `b`; else what differs, a keyword, in *what. */
bool run_names_is_same(const struct run_names *a, const struct run_names *b, const char **what);

/* Enters the network namespace of that name, made by ip-netns(8). 0 or -errno. */
int run_names_enter(const char *net_namespace);

#endif
