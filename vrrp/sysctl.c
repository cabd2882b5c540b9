/*
 * Kernel settings: see sysctl.h. VRRP child. Owns the list of what was changed.
 */
#include "vrrp/sysctl.h"

#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define PATH_LEN  96
#define VALUE_LEN 24

struct sysctl_saved {
	struct sysctl_saved *next;
	char path[PATH_LEN];
	char original[VALUE_LEN];
};

static int open_path(const char *path, int flags)
{
	char full[PATH_LEN + 16];

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	return open(full, flags | O_CLOEXEC);
}

static bool read_value(const char *path, char value[VALUE_LEN])
{
	int fd = open_path(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, value, VALUE_LEN - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	value[n] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return true;
}

void sysctl_set_own(const char *path, const char *value)
{
	int fd = open_path(path, O_WRONLY);
	ssize_t n = fd < 0 ? -1 : write(fd, value, strlen(value));

	if (fd >= 0)
		close(fd);
	if (n < 0)
		log_event(LOG_LEVEL_WARNING, "sysctl_failed", log_kv("path=%s", path),
			  "Cannot set %s to %s", path, value);
}

static struct sysctl_saved *find(const struct vrrp_app *app, const char *path)
{
	struct sysctl_saved *s = app->sysctls;

	while (s && strcmp(s->path, path) != 0)
		s = s->next;
	return s;
}

static void remember(struct vrrp_app *app, const char *path, const char *original)
{
	struct sysctl_saved *s = xcalloc(1, sizeof(*s));

	snprintf(s->path, sizeof(s->path), "%s", path);
	snprintf(s->original, sizeof(s->original), "%s", original);
	s->next = app->sysctls;
	app->sysctls = s;
}

/* The parent has it before the kernel is changed. */
static void publish(struct vrrp_app *app, const char *path, const char *original)
{
	const struct msg msg = { .kind = MSG_vrrp_sysctl,
				 .fd = -1,
				 .vrrp_sysctl = { .path = path, .original = original } };

	role_send(app->role, &msg);
}

void sysctl_set(struct vrrp_app *app, const char *path, const char *value)
{
	char now[VALUE_LEN];

	if (!read_value(path, now))
		return;
	if (!find(app, path)) {
		if (strcmp(now, value) == 0)
			return;
		remember(app, path, now);
	}
	publish(app, path, find(app, path)->original);
	if (strcmp(now, value) != 0)
		sysctl_set_own(path, value);
}

/* The kernel takes the larger of the two: each interface gets what it had in effect. */
static void keep_rp_filter(struct vrrp_app *app, const char *name, const char *all)
{
	char path[PATH_LEN], own[VALUE_LEN];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/rp_filter", name);
	if (read_value(path, own) && atoi(own) < atoi(all))
		sysctl_set(app, path, all);
}

void sysctl_split_rp_filter(struct vrrp_app *app)
{
	static const char path[] = "net/ipv4/conf/all/rp_filter";
	struct if_nameindex *names;
	char all[VALUE_LEN];

	if (!read_value(path, all) || atoi(all) == 0)
		return;
	names = if_nameindex();
	for (const struct if_nameindex *i = names; i && i->if_index; i++)
		keep_rp_filter(app, i->if_name, all);
	keep_rp_filter(app, "default", all);
	if_freenameindex(names);
	sysctl_set(app, path, "0");
}

void sysctl_adopt(struct vrrp_app *app, const struct msg_vrrp_sysctl *saved)
{
	if (find(app, saved->path))
		return;
	remember(app, saved->path, saved->original);
	publish(app, saved->path, saved->original);
}

void sysctl_forget(struct vrrp_app *app)
{
	while (app->sysctls) {
		struct sysctl_saved *s = app->sysctls;
		app->sysctls = s->next;
		free(s);
	}
}

void sysctl_restore(struct vrrp_app *app)
{
	char now[VALUE_LEN];

	/* The last change first. An interface may have gone meanwhile. */
	for (const struct sysctl_saved *s = app->sysctls; s; s = s->next) {
		if (read_value(s->path, now) && strcmp(now, s->original) != 0)
			sysctl_set_own(s->path, s->original);
	}
	sysctl_forget(app);
}
