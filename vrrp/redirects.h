/*
 * ICMP redirects of a router that forwards for an address it holds. VRRP child.
 *
 * The kernel sends them from the first address of the interface, which is not the one that the host
 * used as its gateway: RFC 9568 8.1.1 wants the one or none at all. They are off on an interface
 * while a router holds IPv4 addresses there, and as before otherwise.
 */
#ifndef DIARCH_VRRP_REDIRECTS_H
#define DIARCH_VRRP_REDIRECTS_H

struct vrouter;
struct vrrp_app;

/* Before the addresses of a router come; after they have gone. */
void redirects_stop(struct vrouter *r);
void redirects_resume(struct vrouter *r);

/* A configuration was carried out: routers, addresses or the setting may be others. */
void redirects_commit(struct vrrp_app *app);

#endif
