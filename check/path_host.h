/*
 * What this host has, and must have, for probes through the address of a service (check/path.h):
 * routes, a source, and the sysctls without which the kernel drops answers that come from an
 * address of its own.
 *
 * Checker child. Asks the kernel synchronously, which takes microseconds.
 */
#ifndef DIARCH_CHECK_PATH_HOST_H
#define DIARCH_CHECK_PATH_HOST_H

#include "check/check_conf.h"
#include "check/path.h"
#include "check/reconcile.h"
#include "lib/sysctl.h"

struct root_conf;
struct path_host;

/* `settings` and `reconcile` outlive it. */
struct path_host *path_host_new(struct sysctls *settings, struct reconcile *reconcile);
void path_host_free(struct path_host *host); /* NULL is fine */

/* The services whose addresses are no source of probes; `root` lives until the next call. */
void path_host_apply(struct path_host *host, const struct root_conf *root);

/* struct path_ops: arg is the struct path_host. */
void path_host_look(const struct path_key *key, struct path_view *view, void *arg);
bool path_host_is_in_kernel(const struct ipvs_svc *svc, const time_us *since, void *arg);

#endif
