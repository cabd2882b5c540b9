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

/* Strict reverse path filtering is switched off for all interfaces at once, and stays for each but
 * the one that has to do without. */
void sysctl_split_rp_filter(struct vrrp_app *app);

/* Takes over what a predecessor changed. */
void sysctl_adopt(struct vrrp_app *app, const struct msg_vrrp_sysctl *saved);

/* Puts everything back, or only forgets it. */
void sysctl_restore(struct vrrp_app *app);
void sysctl_forget(struct vrrp_app *app);

#endif
