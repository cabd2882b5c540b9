/*
 * Kernel settings that the VRRP child changes while it runs: lib/sysctl, with the parent as their
 * memory.
 */
#ifndef DIARCH_VRRP_SYSCTL_H
#define DIARCH_VRRP_SYSCTL_H

#include "lib/ipc.h"
#include "lib/sysctl.h"

struct vrrp_app;

/* Sets what lies below /proc/sys; the parent keeps what it was, for a successor. */
void sysctl_set(struct vrrp_app *app, const char *path, const char *value);

/* Gives back what it was before we changed it, if we did. */
void sysctl_put_back(struct vrrp_app *app, const char *path);

/* Whether an IPv4 setting of an interface was on before we came, by itself or for all of them. */
bool sysctl_was_on(struct vrrp_app *app, const char *ifname, const char *key);

/* A number of which the kernel takes the larger of the interface's and that of all interfaces, such
 * as "rp_filter": 0 for all at once, and each has what was in effect, so that one of them can do
 * without. */
void sysctl_split(struct vrrp_app *app, const char *key);

/* Takes over what a predecessor changed. */
void sysctl_adopt(struct vrrp_app *app, const struct msg_vrrp_sysctl *saved);

/* Tells the parent of all again, which forgets at a reload what it does not hear of. */
void sysctl_report(struct vrrp_app *app);

/* Puts everything back, or only forgets it. */
void sysctl_restore(struct vrrp_app *app);
void sysctl_forget(struct vrrp_app *app);

#endif
