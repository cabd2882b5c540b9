/*
 * The second path of a virtual router: its advertisements by unicast over another way as well, so
 * that the loss of the first one does not make two masters. VRRP child.
 *
 * The state machine does not know of it: an advertisement that is heard there is fed like one heard
 * on the interface, in the name that its sender has on the first path (the origin trailer of
 * pkt.h). So equal priorities are always told apart by addresses of the first path, on both sides,
 * and whoever is active has one name. A router has one struct second_path or none; counters and
 * what is known of the paths are for log and status only.
 */
#ifndef DIARCH_VRRP_SECOND_PATH_H
#define DIARCH_VRRP_SECOND_PATH_H

#include "lib/ipc.h"
#include "vrrp/pkt.h"
#include "vrrp/vrrp_io.h"

struct second_path;
struct vrouter;
struct vrrp_if;
struct vrrp_side;

enum vrrp_path { VRRP_PATH_FIRST, VRRP_PATH_SECOND, VRRP_PATH_N };

/* Follows the configuration: the path begins, changes or ends. What the router expects of packets
 * must be up to date. */
void second_path_set_conf(struct vrouter *r);
void second_path_free(struct vrouter *r);

/* After the start of a router: goes on where a predecessor was. */
void second_path_adopt(struct vrouter *r, const struct msg_vrrp_paths *saved);

/* Interfaces or addresses may have changed. */
void second_path_refresh(struct vrouter *r);

/* ---- packets ---- */

/* Sends an advertisement to all peers. */
void second_path_send(struct vrouter *r, const struct vrrp_pkt *pkt);

/* Delivers what has arrived by now. */
void second_path_drain(struct vrouter *r);

/* The second path that a packet heard on `side` is for; NULL = it is for none. */
struct second_path *second_path_find(const struct vrrp_side *side, uint8_t vrid,
				     const struct vrrp_env *env);

/* Whether the path runs on this side, and not on another one that hears the packet as well. */
bool second_path_is_on(const struct second_path *path, const struct vrrp_side *side);

/* Whether it runs on this interface. */
bool second_path_runs_on(const struct second_path *path, const struct vrrp_if *vif);

/* Its peers; none for a router without second path. */
const struct vrrp_peer *second_path_peers(const struct vrouter *r, uint32_t *n);

struct vrouter *second_path_router(const struct second_path *path);
struct vrrp_expect *second_path_expect(struct second_path *path);

/* Reads who sent a packet into *origin and counts the trailer to the advertisement (pkt->len), for
 * it is signed with it. VRRP_DROP_NONE or _ORIGIN. */
enum vrrp_drop second_path_origin(const struct vrouter *r, const struct vio_packet *packet,
				  struct vrrp_pkt *pkt, struct addr *origin);

/* ---- what is known of both paths ---- */

/* The router changed its state: nothing is. */
void second_path_begin(struct vrouter *r);

/* An advertisement was accepted. Does nothing for a router without second path. */
void second_path_note(struct vrouter *r, enum vrrp_path path);

/* Tells the parent if more than counters changed, or (`with_counters`) anyway. */
void second_path_report(struct vrouter *r, bool with_counters);

#endif
