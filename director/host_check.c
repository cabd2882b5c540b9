/*
 * The configuration against the host. The process that reads files: the parent, -t, --plan.
 */
#include "director/host_check.h"

#include <ifaddrs.h>
#include <sys/socket.h>

#include "lib/global_conf.h"
#include "lib/script_check.h"
#include "vrrp/vrrp_conf.h"

#define OWNER_PRIORITY 255

static bool addr_is_on(const struct addr *addr, const struct ifaddrs *all)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct addr there;

		if (!i->ifa_addr || i->ifa_addr->sa_family != addr->family)
			continue;
		there = addr_from_sockaddr(i->ifa_addr, NULL);
		if (addr_cmp(&there, addr) == 0)
			return true;
	}
	return false;
}

/* RFC 9568 5.2.4: 255 is for the router that has the addresses as its own. */
static void check_owner(const struct vrrp_conf *vrrp, const struct ifaddrs *all,
			struct conf_diags *diags)
{
	const struct vaddr_conf *vaddr;
	char text[ADDR_STR_MAX];

	conf_list_for_each (vaddr, &vrrp->addresses) {
		if (addr_is_on(&vaddr->prefix.addr, all))
			continue;
		conf_diag_add(diags, CONF_WARNING, CONF_ENVIRONMENT, "owner-without-address",
			      vaddr->obj.pos,
			      "use at most 254, or give the interface the address for good",
			      "instance %s: priority 255 says that this host owns %s, but no "
			      "interface has it",
			      vrrp->name, addr_str(&vaddr->prefix.addr, text));
		return; /* one for each instance says it */
	}
}

void host_check(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct conf_list *list = &((const struct root_conf *)root)->vrrp_instances;
	const struct vrrp_conf *vrrp;
	struct ifaddrs *all;

	script_check(root, diags);
	if (getifaddrs(&all) < 0)
		return;
	conf_list_for_each (vrrp, list)
		if (vrrp->priority == OWNER_PRIORITY)
			check_owner(vrrp, all, diags);
	freeifaddrs(all);
}
