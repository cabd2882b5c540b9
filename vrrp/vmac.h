/*
 * Interfaces that a router makes on top of others: macvlan with the virtual router MAC, or ipvlan.
 * VRRP child.
 *
 * A router has one of its own (use_vmac), which carries its addresses, and one for each interface
 * on which single addresses want one (use_vmac of a line, use_vmac_addr). They are up while the
 * router is active and down otherwise, so that a backup drops every frame to the virtual MAC (RFC
 * 9568 6.4.2). Advertisements are received on the interface below, and sent through it as frames
 * from the virtual MAC where the router has an interface of its own.
 *
 * With use_ipvlan the router has such an interface instead, and runs on it: the source of its
 * advertisements is an address of that interface.
 *
 * All of them are in the VRF of the interface below.
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
	struct vmac *next_of_router;
	struct vrouter *router;
	bool is_failed; /* it could not be made */
	bool is_ipvlan; /* has the MAC of the one below and an address of its own, and is always up
			 */
	uint16_t mode;  /* of an ipvlan */
	char name[IF_NAMESIZE];
	uint8_t mac[MAC_LEN];
	uint32_t group; /* of interfaces */
	struct vrrp_if *base, *vif;
};

/* Whether both configurations ask for the same interface of the router's own. */
bool vmac_is_same(const struct vrrp_conf *a, const struct vrrp_conf *b);

/* Chooses name and MAC of a new router's own interface, if it wants one; vmac_done() releases all
 * that the router has. */
void vmac_init(struct vrouter *r);
void vmac_done(struct vrouter *r);

/* The interface that the router runs on; one user more. */
struct vrrp_if *vmac_runs_on(struct vrouter *r);

/* The name of the interface that an address of the router goes on: the one its line says, or one
 * with the virtual MAC, which the router has from now on. */
const char *vmac_dev(struct vrouter *r, const struct vaddr_conf *a);

/* The router's with this interface, NULL when it is none of them. */
struct vmac *vmac_of(const struct vrouter *r, const struct vrrp_if *vif);

/* The interfaces are there if those below are, made now or by a predecessor, as up as they have to
 * be. */
void vmac_ensure(struct vrouter *r);

/* The first that could not be made, or NULL. */
const struct vmac *vmac_failed(const struct vrouter *r);

/* Up before addresses come; down when they are gone. */
void vmac_set_up(struct vrouter *r, bool is_up);

/* Removes those that no address of the present list is on. */
void vmac_sweep(struct vrouter *r);

/* Removes all from the kernel. */
void vmac_remove(struct vrouter *r);

/* Sends an advertisement from the virtual MAC to a group: a message, or a datagram (IPv4) whose
 * header lacks its checksum only. 0 or -errno. */
int vmac_send(const struct vrouter *r, const struct vrrp_env *env, const uint8_t *msg, size_t len);
int vmac_send_datagram(const struct vrouter *r, const struct addr *group, const uint8_t *datagram,
		       size_t len);

#endif
