/*
 * The link of an interface, asked of its driver: for drivers that do not tell the kernel. VRRP
 * child.
 */
#ifndef DIARCH_VRRP_LINKBEAT_H
#define DIARCH_VRRP_LINKBEAT_H

/*
 * 1 = there is a link, 0 = there is none, -errno = the driver does not say. `method` is an enum
 * linkbeat; LINKBEAT_AUTO takes the first that answers. `fd` is any socket.
 */
int linkbeat_ask(int fd, const char *interface, int method);

#endif
