/*
 * The interface with the virtual router MAC (use_vmac). VRRP child.
 *
 * It carries the addresses; it is up while the router is active and down otherwise, so that a
 * backup drops every frame to the virtual MAC (RFC 9568 6.4.2). Advertisements are received on the
 * interface below, and sent through it as frames from the virtual MAC.
 */
#ifndef DIARCH_VRRP_VMAC_H
#define DIARCH_VRRP_VMAC_H

#include <net/if.h>

#include "vrrp/pkt.h"
#include "vrrp/vrrp_conf.h"

struct vrouter;
struct vrrp_app;
struct vrrp_if;

struct vmac {
	struct vmac *next; /* of the process */
	bool is_on;        /* the router uses one */
	bool is_failed;    /* it could not be made */
	char name[IF_NAMESIZE];
	uint8_t mac[MAC_LEN];
	uint32_t group; /* of interfaces */
	struct vrrp_if *vif;
};

/* Whether both configurations ask for the same. */
bool vmac_is_same(const struct vrrp_conf *a, const struct vrrp_conf *b);

/* Chooses name and MAC for a new router; vmac_done() releases them. */
void vmac_init(struct vrouter *r);
void vmac_done(struct vrouter *r);

/* The interface is there if the one below is, made now or by a predecessor, as up as it has to be.
 */
void vmac_ensure(struct vrouter *r);

/* Up before addresses come; down when they are gone. */
void vmac_set_up(struct vrouter *r, bool is_up);

/* Removes it from the kernel. */
void vmac_remove(struct vrouter *r);

/* Sends an advertisement from the virtual MAC to a group. 0 or -errno. */
int vmac_send(const struct vrouter *r, const struct vrrp_env *env, const uint8_t *msg, size_t len);

#endif
