/*
 * Kernel settings of the VRRP child: see sysctl.h.
 */
#include "vrrp/sysctl.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "vrrp/vrrp_app.h"

/* The parent has it before the kernel is changed. */
static void publish(const char *path, const char *original, void *arg)
{
	const struct msg msg = { .kind = MSG_vrrp_sysctl,
				 .fd = -1,
				 .vrrp_sysctl = { .path = path, .original = original } };
	struct vrrp_app *app = arg;

	role_send(app->role, &msg);
}

static struct sysctls *settings_of(struct vrrp_app *app)
{
	if (!app->sysctls)
		app->sysctls = sysctls_new(publish, app);
	return app->sysctls;
}

void sysctl_set(struct vrrp_app *app, const char *path, const char *value)
{
	sysctls_set(settings_of(app), path, value);
}

void sysctl_put_back(struct vrrp_app *app, const char *path)
{
	sysctls_put_back(settings_of(app), path);
}

static void path_of(char path[SYSCTL_PATH_MAX], const char *name, const char *key)
{
	snprintf(path, SYSCTL_PATH_MAX, "net/ipv4/conf/%s/%s", name, key);
}

bool sysctl_was_on(struct vrrp_app *app, const char *ifname, const char *key)
{
	const char *const names[] = { ifname, "all" };
	char path[SYSCTL_PATH_MAX], now[SYSCTL_VALUE_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_of(path, names[i], key);
		const char *was = sysctls_original(settings_of(app), path);
		if (!was && sysctl_read(path, now))
			was = now;
		if (was && atoi(was) > 0)
			return true;
	}
	return false;
}

/* An interface gets what it had in effect. */
static void keep(struct vrrp_app *app, const char *name, const char *key, const char *all)
{
	char path[SYSCTL_PATH_MAX], own[SYSCTL_VALUE_MAX];

	path_of(path, name, key);
	if (sysctl_read(path, own) && atoi(own) < atoi(all))
		sysctl_set(app, path, all);
}

void sysctl_split(struct vrrp_app *app, const char *key)
{
	struct if_nameindex *names;
	char path[SYSCTL_PATH_MAX], all[SYSCTL_VALUE_MAX];

	path_of(path, "all", key);
	if (!sysctl_read(path, all) || atoi(all) == 0)
		return;
	names = if_nameindex();
	for (const struct if_nameindex *i = names; i && i->if_index; i++)
		keep(app, i->if_name, key, all);
	keep(app, "default", key, all);
	if_freenameindex(names);
	sysctl_set(app, path, "0");
}

void sysctl_adopt(struct vrrp_app *app, const struct msg_vrrp_sysctl *saved)
{
	sysctls_adopt(settings_of(app), saved->path, saved->original);
}

void sysctl_report(struct vrrp_app *app)
{
	sysctls_publish(settings_of(app));
}

void sysctl_forget(struct vrrp_app *app)
{
	sysctls_free(app->sysctls);
	app->sysctls = NULL;
}

void sysctl_restore(struct vrrp_app *app)
{
	sysctls_restore(settings_of(app));
}
