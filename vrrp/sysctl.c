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

/* The kernel takes the larger of the two: each interface gets what it had in effect. */
static void keep_rp_filter(struct vrrp_app *app, const char *name, const char *all)
{
	char path[SYSCTL_PATH_MAX], own[SYSCTL_VALUE_MAX];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/rp_filter", name);
	if (sysctl_read(path, own) && atoi(own) < atoi(all))
		sysctl_set(app, path, all);
}

void sysctl_split_rp_filter(struct vrrp_app *app)
{
	static const char path[] = "net/ipv4/conf/all/rp_filter";
	struct if_nameindex *names;
	char all[SYSCTL_VALUE_MAX];

	if (!sysctl_read(path, all) || atoi(all) == 0)
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
	sysctls_adopt(settings_of(app), saved->path, saved->original);
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
