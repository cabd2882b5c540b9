/*
 * The configuration against the host. The process that reads files: the parent, -t, --plan.
 */
#include "director/host_check.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/global_conf.h"
#include "lib/rule.h"
#include "lib/script_check.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

#define OWNER_PRIORITY 255
#define NAMES_MAX      64

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

/* ---- interfaces ---- */

struct interfaces {
	const struct root_conf *root;
	struct conf_diags *diags;
	const char *said[NAMES_MAX]; /* names that were reported */
	size_t n_said;
};

static bool begins(const char *name, const char *prefix)
{
	return prefix && strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Whether the interface is one that we make ourselves. */
static bool is_ours(const struct interfaces *all, const char *name)
{
	const struct global_conf *global = root_global(&all->root->obj);
	const struct vrrp_conf *vi;

	conf_list_for_each (vi, &all->root->vrrp_instances)
		if ((vi->use_vmac.name && strcmp(vi->use_vmac.name, name) == 0) ||
		    (vi->use_ipvlan.name && strcmp(vi->use_ipvlan.name, name) == 0))
			return true;
	return begins(name, "vrrp") || begins(name, global->vmac_prefix) ||
	       begins(name, global->vmac_addr_prefix);
}

/* Says once of each name that the host has no such interface. */
static void check_name(struct interfaces *all, const char *name, struct conf_pos pos)
{
	if (!name || if_nametoindex(name) != 0 || is_ours(all, name))
		return;
	for (size_t i = 0; i < all->n_said; i++)
		if (strcmp(all->said[i], name) == 0)
			return;
	if (all->n_said < NAMES_MAX)
		all->said[all->n_said++] = name;
	conf_diag_add(all->diags, CONF_WARNING, CONF_ENVIRONMENT, "interface-missing", pos, NULL,
		      "interface \"%s\" is not on this host; what needs it waits for it", name);
}

static void check_vaddr_names(struct interfaces *all, const struct conf_list *addresses)
{
	const struct vaddr_conf *vaddr;

	conf_list_for_each (vaddr, addresses)
		check_name(all, vaddr->dev, vaddr->obj.pos);
}

static void check_track_names(struct interfaces *all, const struct conf_list *lines)
{
	const struct track_if_conf *line;

	conf_list_for_each (line, lines)
		check_name(all, line->name, line->obj.pos);
}

/* In another network namespace, or with dynamic_interfaces, nothing can be said. */
static void check_interfaces(const struct root_conf *root, struct conf_diags *diags)
{
	struct interfaces all = { .root = root, .diags = diags };
	const struct sync_group_conf *group;
	const struct vrrp_conf *vi;

	if (root->net_namespace ||
	    conf_is_set(&root_global(&root->obj)->obj, "dynamic_interfaces", NULL))
		return;
	conf_list_for_each (vi, &root->vrrp_instances) {
		check_name(&all, vi->interface, rule_pos(&vi->obj, "interface"));
		check_track_names(&all, &vi->track_interfaces);
		check_vaddr_names(&all, &vi->addresses);
		check_vaddr_names(&all, &vi->excluded);
	}
	conf_list_for_each (group, &root->sync_groups)
		check_track_names(&all, &group->track_interfaces);
	check_vaddr_names(&all, &root->static_addresses);
}

void host_check(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct conf_list *list = &((const struct root_conf *)root)->vrrp_instances;
	const struct vrrp_conf *vrrp;
	struct ifaddrs *all;

	script_check(root, diags);
	check_interfaces((const struct root_conf *)root, diags);
	if (getifaddrs(&all) < 0)
		return;
	conf_list_for_each (vrrp, list)
		if (vrrp->priority == OWNER_PRIORITY)
			check_owner(vrrp, all, diags);
	freeifaddrs(all);
}
