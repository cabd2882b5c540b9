/*
 * Addresses that a virtual router, or the host, is to have. VRRP child.
 */
#ifndef DIARCH_VRRP_VIP_LIST_H
#define DIARCH_VRRP_VIP_LIST_H

#include "lib/nl.h"
#include "vrrp/vrrp_conf.h"

struct vrouter;
struct vrrp_app;
struct vrrp_if;

struct vip {
	struct nl_addr addr; /* ifindex is taken from `vif` when it is used */
	struct vrrp_if *vif;
	bool is_tracked;
	bool is_foreign; /* the owner's own: was there before us and stays */
	bool is_missing; /* while it is being put back */
};

struct vip_list {
	struct vip *v;
	uint32_t n;
};

/*
 * Builds the list of a router by its configuration, advertised addresses first, where vmac_dev()
 * says; or of lines (struct vaddr_conf), which name their interface or mean `default_dev`.
 * Interfaces get a user more; vip_list_free() releases it.
 */
void vip_list_build(struct vip_list *list, struct vrouter *r);
void vip_list_build_static(struct vip_list *list, struct vrrp_app *app,
			   const struct conf_list *addresses, const char *default_dev);
void vip_list_free(struct vip_list *list);
bool vip_list_is_equal(const struct vip_list *a, const struct vip_list *b);

/* An address of the list as the kernel has to have it, and as it has it now (`arg` = struct nl). */
struct nl_addr vip_key(const struct vip *vip);
const struct nl_addr *vip_find_actual(const struct nl_addr *key, const void *arg);

#endif
