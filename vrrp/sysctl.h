/*
 * Kernel settings that are changed while we run, and put back at the end. VRRP child.
 */
#ifndef DIARCH_VRRP_SYSCTL_H
#define DIARCH_VRRP_SYSCTL_H

#include "lib/ipc.h"

struct vrrp_app;
struct sysctl_saved;

/* Sets what lies below /proc/sys; the parent keeps what it was, for a successor. Unchanged when it
 * has the value already, or does not exist. */
void sysctl_set(struct vrrp_app *app, const char *path, const char *value);

/* The same for an interface that is ours and goes with us: nothing to put back. */
void sysctl_set_own(const char *path, const char *value);

/* Strict reverse path filtering is switched off for all interfaces at once, and stays for each but
 * the one that has to do without. */
void sysctl_split_rp_filter(struct vrrp_app *app);

/* Takes over what a predecessor changed. */
void sysctl_adopt(struct vrrp_app *app, const struct msg_vrrp_sysctl *saved);

/* Puts everything back, or only forgets it. */
void sysctl_restore(struct vrrp_app *app);
void sysctl_forget(struct vrrp_app *app);

#endif
