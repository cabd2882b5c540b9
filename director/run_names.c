/*
 * Names of what a running copy of diarch has on its host. Parent, and the plan that asks a running
 * one.
 */
#include "director/run_names.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "director/cmdline.h"
#include "lib/conf.h"
#include "lib/global_conf.h"

#define NETNS_DIR "/run/netns/"

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

/* A path that an option gives, or the default one of this copy. */
static void path_fill(char *path, const char *option, const struct run_names *names,
		      const char *folder, const char *name, const char *end)
{
	if (option) {
		copy(path, PATH_MAX, option);
		return;
	}
	snprintf(path, PATH_MAX, "%s%s%s%s%s%s%s", folder, name, *names->net_namespace ? "_" : "",
		 names->net_namespace, *names->instance ? "_" : "", names->instance, end);
}

void run_names_fill(struct run_names *names, const struct cmdline *cmdline, const struct conf *conf)
{
	const struct root_conf *root = (const void *)conf_root(conf);
	const char *netns = cmdline->net_namespace ? cmdline->net_namespace : root->net_namespace;
	const char *folder = DIARCH_RUNDIR "/";
	bool is_in_dir;

	copy(names->net_namespace, sizeof(names->net_namespace), netns);
	copy(names->instance, sizeof(names->instance), root->instance);
	is_in_dir = root->use_pid_dir || *names->net_namespace || *names->instance;
	if (is_in_dir)
		folder = DIARCH_RUNDIR "/diarch/";
	path_fill(names->pid_file, cmdline->pid_file, names, folder, "diarch", ".pid");
	path_fill(names->vrrp_pid_file, cmdline->vrrp_pid_file, names, folder,
		  is_in_dir ? "vrrp" : "diarch_vrrp", ".pid");
	path_fill(names->checkers_pid_file, cmdline->checkers_pid_file, names, folder,
		  is_in_dir ? "checkers" : "diarch_checkers", ".pid");
	path_fill(names->reload_file, NULL, names, folder, "diarch", ".reload");
	path_fill(names->control_path, cmdline->control_path, names, DIARCH_RUNDIR "/diarch/",
		  "control", ".sock");
}

bool run_names_is_same(const struct run_names *a, const struct run_names *b, const char **what)
{
	*what = NULL;
	if (strcmp(a->net_namespace, b->net_namespace) != 0)
		*what = "net_namespace";
	else if (strcmp(a->instance, b->instance) != 0)
		*what = "instance";
	else if (strcmp(a->pid_file, b->pid_file) != 0)
		*what = "use_pid_dir";
	return !*what;
}

int run_names_enter(const char *net_namespace)
{
	char path[sizeof(NETNS_DIR) + NAME_MAX];
	int fd, result;

	if (strchr(net_namespace, '/'))
		return -EINVAL;
	snprintf(path, sizeof(path), NETNS_DIR "%s", net_namespace);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
	close(fd);
	return result;
}
