/*
 * Virtual servers on addresses whose packets are dropped: rules over both blocks. The parent runs
 * it while it loads a file.
 */
#include "check/check_conf.h"
#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/vrrp_conf.h"

/* IPVS takes its packets at 98 and 99 of the same hook. */
#define AFTER_IPVS 100

static bool is_in_range(const struct vs_range *range, const struct addr *addr)
{
	return range->fwmark == 0 && range->first.family == addr->family &&
	       addr_cmp(&range->first, addr) <= 0 && addr_cmp(addr, &range->last) <= 0;
}

static bool is_reached_by(const struct vs_conf *vs, const struct addr *addr)
{
	const struct vs_group_line_conf *line;

	if (!vs->addr.group)
		return vs->addr.fwmark == 0 && addr_cmp(&vs->addr.addr, addr) == 0;
	if (vs->group)
		conf_list_for_each (line, &vs->group->lines)
			if (is_in_range(&line->range, addr))
				return true;
	return false;
}

static void check_list(const struct root_conf *conf, const struct vrrp_conf *vi,
		       const struct conf_list *list, struct conf_diags *diags)
{
	const struct vaddr_conf *a;
	const struct vs_conf *vs;
	char text[ADDR_STR_MAX];

	conf_list_for_each (a, list)
		conf_list_for_each (vs, &conf->virtual_servers)
			if (is_reached_by(vs, &a->prefix.addr))
				conf_diag_add(
					diags, CONF_WARNING, CONF_SEMANTIC, "no-accept-and-service",
					vs->obj.pos,
					"let the instance accept, or write nftables_priority 100: "
					"IPVS takes its packets before",
					"instance %s does not accept packets to %s: they are "
					"dropped before this virtual server gets them",
					vi->name, addr_str(&a->prefix.addr, text));
}

void vrrp_accept_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	const struct vrrp_conf *vi;

	if (root_global(root)->nftables_priority >= AFTER_IPVS || conf->virtual_servers.n == 0)
		return;
	conf_list_for_each (vi, &conf->vrrp_instances) {
		if (!vrrp_conf_drops(vi))
			continue;
		check_list(conf, vi, &vi->addresses, diags);
		check_list(conf, vi, &vi->excluded, diags);
	}
}
