/*
 * Rules that look at a whole vrrp_instance, or at several. Pure apart from diagnostics; the parent
 * runs them after a load, when defaults and derived values are in place.
 */
#include <netinet/in.h>
#include <string.h>

#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

#define ADDRS_MAX 255 /* the count in an advertisement is a byte */

/* What does not fit into advertisements is put where keepalived puts it. */
#define MEND_EXCLUDED(o) \
	(&(const struct conf_mending){ CONF_MEND_MOVE, o, "virtual_ipaddress_excluded", true })

static const struct vrrp_conf *to_vrrp(const struct conf_obj *obj)
{
	return (const struct vrrp_conf *)obj;
}

static const struct vaddr_conf *to_vaddr(const struct conf_obj *obj)
{
	return (const struct vaddr_conf *)obj;
}

static const char *family_name(int family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

static void error_at(struct conf_diags *diags, struct conf_pos pos, const char *code,
		     const struct vrrp_conf *vi, const char *text)
{
	conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, code, pos, NULL, "instance %s: %s",
		      vi->name, text);
}

static void warning_at(struct conf_diags *diags, struct conf_pos pos, const char *code,
		       const struct vrrp_conf *vi, const char *text)
{
	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, code, pos, NULL, "instance %s: %s",
		      vi->name, text);
}

/* ---- one instance ---- */

/* What goes on the interface of the instance has nowhere to go where it has none. */
static void check_no_interface(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	static const char *const words[] = { "use_vmac", "use_ipvlan", "promote_secondaries",
					     "linkbeat_use_polling" };
	const struct conf_list *const lists[] = { &vi->addresses, &vi->excluded };
	const struct vaddr_conf *va;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (conf_is_set(&vi->obj, words[i], NULL))
			rule_refuse(diags, MEND_RESET(&vi->obj, words[i]),
				    rule_pos(&vi->obj, words[i]), "no-interface", NULL,
				    "instance %s: %s without \"interface\"", vi->name, words[i]);
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		conf_list_for_each (va, lists[i])
			if (!va->dev)
				rule_refuse(
					diags, MEND_OUT(&va->obj), va->obj.pos, "no-interface",
					"write \"dev\" and the name of one",
					"instance %s has no interface, and the address names none",
					vi->name);
	}
}

static void check_interface(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	const struct track_if_conf *track;

	if (!vi->interface && vi->peers.n > 0)
		check_no_interface(vi, diags);
	if (!vi->interface)
		return;
	if (strcmp(vi->interface, "lo") == 0)
		error_at(diags, rule_pos(&vi->obj, "interface"), "loopback-interface", vi,
			 "VRRP does not work on the loopback interface");
	conf_list_for_each (track, &vi->track_interfaces)
		if (strcmp(track->name, vi->interface) == 0)
			warning_at(diags, track->obj.pos, "own-interface-tracked", vi,
				   "its own interface is tracked anyway: this line is left out");
}

static void check_addresses(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	int family = vrrp_conf_family(vi);
	const struct vaddr_conf *va;

	if (vi->addresses.n == 0 && vi->no_virtual_ipaddress)
		warning_at(diags, rule_pos(&vi->obj, "no_virtual_ipaddress"), "no-address", vi,
			   "other routers drop advertisements without address");
	else if (vi->addresses.n == 0)
		rule_refuse(diags, MEND_KEEP_QUIET(&vi->obj), vi->obj.pos, "no-address",
			    "peers drop an advertisement without address (RFC 9568 erratum 8299)",
			    "instance %s: it has no virtual_ipaddress", vi->name);
	if (vi->addresses.n > ADDRS_MAX)
		rule_refuse(diags, MEND_KEEP_QUIET(&vi->obj), vi->obj.pos, "too-many-addresses",
			    "put the others into virtual_ipaddress_excluded",
			    "instance %s: %u addresses do not fit into an advertisement, which "
			    "holds %u",
			    vi->name, vi->addresses.n, ADDRS_MAX);
	conf_list_for_each (va, &vi->addresses) {
		if (va->obj.index >= ADDRS_MAX)
			conf_diags_mend(diags, MEND_EXCLUDED(&va->obj));
		if (va->prefix.addr.family != family)
			rule_refuse(diags, MEND_OUT(&va->obj), va->obj.pos, "family-mix",
				    "put it into virtual_ipaddress_excluded, or into an instance "
				    "of its own",
				    "instance %s: %s address in an %s instance", vi->name,
				    family_name(va->prefix.addr.family), family_name(family));
	}
}

/* The kernel decides the scope of an IPv6 address by itself, and has no labels for them. */
static void check_scopes(const struct conf_list *addresses, struct conf_diags *diags)
{
	const struct vaddr_conf *va;

	conf_list_for_each (va, addresses) {
		if (va->prefix.addr.family != AF_INET6)
			continue;
		if (conf_is_set(&va->obj, "scope", NULL))
			conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "scope-ignored",
				      rule_pos(&va->obj, "scope"), NULL,
				      "the scope of an IPv6 address follows from the address");
		if (conf_is_set(&va->obj, "label", NULL))
			conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "label-ignored",
				      rule_pos(&va->obj, "label"), NULL,
				      "an IPv6 address has no label");
	}
}

/* RFC 9568 5.2.9. Routers that hold to it take the others for wrong. */
static void check_link_local(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	const struct vaddr_conf *first = (const struct vaddr_conf *)vi->addresses.head;

	if (first && first->prefix.addr.family == AF_INET6 &&
	    !IN6_IS_ADDR_LINKLOCAL(&first->prefix.addr.in6))
		warning_at(diags, first->obj.pos, "not-link-local", vi,
			   "the first IPv6 address should be link-local");
}

static void check_version(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	if (vi->version == 2 && vrrp_conf_family(vi) == AF_INET6)
		error_at(diags, rule_pos(&vi->obj, "version"), "v2-ipv6", vi,
			 "VRRP version 2 has no IPv6; write \"version 3\"");
}

static void refuse_family(const struct vrrp_conf *vi, const char *word, const char *what,
			  struct conf_diags *diags)
{
	rule_refuse(diags, MEND_RESET(&vi->obj, word), rule_pos(&vi->obj, word), "family-mix", NULL,
		    "instance %s: the %s has another family than the addresses", vi->name, what);
}

static void check_families(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	int family = vrrp_conf_family(vi);
	const struct peer_conf *peer;

	conf_list_for_each (peer, &vi->peers) {
		if (peer->addr.family != family)
			rule_refuse(diags, MEND_OUT(&peer->obj), peer->obj.pos, "family-mix", NULL,
				    "instance %s: the peer has another family than the "
				    "addresses",
				    vi->name);
		if (peer->min_ttl > peer->max_ttl)
			error_at(diags, peer->obj.pos, "ttl-order", vi, "min_ttl is above max_ttl");
		if (addr_cmp(&peer->addr, &vi->src_addr) == 0)
			warning_at(diags, peer->obj.pos, "peer-is-self", vi,
				   "the peer is our own source address; what it sends is "
				   "dropped");
	}
	if (!addr_is_unset(&vi->mcast_src_ip) && vi->mcast_src_ip.family != family)
		refuse_family(vi, "mcast_src_ip", "source", diags);
	if (!addr_is_unset(&vi->unicast_src_ip) && vi->unicast_src_ip.family != family)
		refuse_family(vi, "unicast_src_ip", "source", diags);
	if (conf_is_set(&vi->obj, "mcast_dst_ip", NULL) && vi->mcast_dst_ip.family != family)
		refuse_family(vi, "mcast_dst_ip", "multicast group", diags);
}

/* An ipvlan has no address but what is given to it; those of IPv6 links come by themselves. */
static void check_ipvlan(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	const struct addr *own = &vi->use_ipvlan.addr.addr;
	int family = vrrp_conf_family(vi);

	if (!addr_is_unset(own) && own->family != family)
		refuse_family(vi, "use_ipvlan", "address of the ipvlan", diags);
	if (vi->use_ipvlan.parts.is_given && addr_is_unset(own) && addr_is_unset(&vi->src_addr) &&
	    family == AF_INET)
		rule_refuse(diags, MEND_KEEP_QUIET(&vi->obj), rule_pos(&vi->obj, "use_ipvlan"),
			    "ipvlan-without-address",
			    "write the address behind use_ipvlan, or mcast_src_ip",
			    "instance %s: without an address of its own the ipvlan has no source "
			    "for advertisements",
			    vi->name);
}

static void check_intervals(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	if (vi->learn_min_us > 0 && vi->learn_max_us > 0 && vi->learn_min_us > vi->learn_max_us)
		error_at(diags, rule_pos(&vi->obj, "learn_interval_max"), "interval-order", vi,
			 "learn_interval_min is above learn_interval_max");
	if ((vi->learn_min_us > vi->advert_int_us) ||
	    (vi->learn_max_us > 0 && vi->learn_max_us < vi->advert_int_us))
		error_at(diags, rule_pos(&vi->obj, "advert_int"), "interval-order", vi,
			 "its own advert_int is outside learn_interval_min and learn_interval_max");
	if (vi->lease && vrrp_conf_lease_us(vi) == 0)
		conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "lease-too-short",
			      rule_pos(&vi->obj, "lease"),
			      "an advert_int of 0.04 seconds or more, and three of them",
			      "instance %s: the down interval leaves no time for a lease",
			      vi->name);
}

static void warn_no_peer(const struct vrrp_conf *vi, const char *word, struct conf_diags *diags)
{
	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "unicast-without-peer",
		      rule_pos(&vi->obj, word), "add a unicast_peer block",
		      "instance %s: %s without peers; %s", vi->name, word,
		      vi->unicast_fault_no_peer ? "it stays in FAULT" : "multicast is used");
}

/* Version 2 has no pseudo-header, and over IPv6 old versions left the sum to the kernel. */
static void check_old_checksum(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	const char *word = "old_unicast_checksum";

	if (vi->old_unicast_checksum != OLD_CHECKSUM_USE)
		return;
	if (vi->version != 3 || vrrp_conf_family(vi) != AF_INET)
		conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "old-checksum-unused",
			      rule_pos(&vi->obj, word), NULL,
			      "instance %s: %s is about version 3 over IPv4 only", vi->name, word);
	else if (vi->peers.n == 0)
		warn_no_peer(vi, word, diags);
}

static void check_unicast(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	check_old_checksum(vi, diags);
	if (vi->peers.n > 0)
		return;
	if (vi->unicast_fault_no_peer)
		warn_no_peer(vi, "unicast_fault_no_peer", diags);
	if (!addr_is_unset(&vi->unicast_src_ip))
		warn_no_peer(vi, "unicast_src_ip", diags);
	if (vi->unicast_ttl != 255)
		warn_no_peer(vi, "unicast_ttl", diags);
	if (vi->check_unicast_src && conf_is_set(&vi->obj, "check_unicast_src", NULL))
		warn_no_peer(vi, "check_unicast_src", diags);
}

/* ---- several instances ---- */

static int name_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return strcmp(to_vrrp(a)->name, to_vrrp(b)->name);
}

static void on_same_name(const struct conf_obj *first, const struct conf_obj *again,
			 struct conf_diags *diags)
{
	char place[RULE_PLACE_MAX];

	rule_refuse(diags, MEND_OUT(again), again->pos, "duplicate-instance", NULL,
		    "vrrp_instance %s is already defined at %s", to_vrrp(again)->name,
		    rule_place(diags, first->pos, place));
}

static int vrid_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	const struct vrrp_conf *va = to_vrrp(a), *vb = to_vrrp(b);
	int order = strcmp(vrrp_conf_place(va), vrrp_conf_place(vb));

	if (order == 0)
		order = va->virtual_router_id - vb->virtual_router_id;
	return order != 0 ? order : vrrp_conf_family(va) - vrrp_conf_family(vb);
}

/* `first` or an instance behind it that leaves no room for `again`. NULL: there is none. */
static const struct conf_obj *find_clash(const struct conf_obj *first, const struct conf_obj *again)
{
	for (const struct conf_obj *o = first; o && o != again; o = o->next)
		if (vrid_cmp(o, again) == 0 && vrrp_conf_clashes(to_vrrp(o), to_vrrp(again)))
			return o;
	return NULL;
}

static void on_same_vrid(const struct conf_obj *first, const struct conf_obj *again,
			 struct conf_diags *diags)
{
	const struct vrrp_conf *vi = to_vrrp(again);
	char place[RULE_PLACE_MAX];

	first = find_clash(first, again);
	if (!first)
		return;
	conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "duplicate-vrid",
		      rule_pos(again, "virtual_router_id"), NULL,
		      "instance %s: virtual_router_id %u on %s is already used by instance "
		      "%s at %s",
		      vi->name, vi->virtual_router_id, vrrp_conf_place(vi), to_vrrp(first)->name,
		      rule_place(diags, rule_pos(first, "virtual_router_id"), place));
}

/* The name that was written for the instance's own interface; NULL = none. */
static const char *own_name(const struct conf_obj *obj)
{
	const struct vrrp_conf *vi = to_vrrp(obj);

	return vi->use_vmac.name ? vi->use_vmac.name : vi->use_ipvlan.name;
}

static struct conf_pos own_name_pos(const struct conf_obj *obj)
{
	return rule_pos(obj, to_vrrp(obj)->use_vmac.name ? "use_vmac" : "use_ipvlan");
}

static int vmac_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return strcmp(own_name(a), own_name(b));
}

static void on_same_vmac(const struct conf_obj *first, const struct conf_obj *again,
			 struct conf_diags *diags)
{
	char place[RULE_PLACE_MAX];

	rule_refuse(diags, MEND_KEEP(again), own_name_pos(again), "duplicate-vmac", NULL,
		    "instance %s: the interface %s is already that of instance %s at %s",
		    to_vrrp(again)->name, own_name(again), to_vrrp(first)->name,
		    rule_place(diags, own_name_pos(first), place));
}

/* Instances, and addresses that are on a virtual MAC of another interface. */
static bool is_instance(const struct conf_obj *obj)
{
	return obj->block == &vrrp_block;
}

static const struct vrrp_conf *instance_of(const struct conf_obj *obj)
{
	return to_vrrp(is_instance(obj) ? obj : obj->parent);
}

/* The interface below the virtual MAC. */
static const char *mac_base(const struct conf_obj *obj)
{
	const char *dev = is_instance(obj) ? NULL : to_vaddr(obj)->dev;

	return dev ? dev : vrrp_conf_place(instance_of(obj));
}

static int mac_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	uint8_t x[MAC_LEN], y[MAC_LEN];
	int order = strcmp(mac_base(a), mac_base(b));

	vmac_conf_mac(instance_of(a), x);
	vmac_conf_mac(instance_of(b), y);
	return order ? order : memcmp(x, y, MAC_LEN);
}

static struct conf_pos mac_pos(const struct conf_obj *obj)
{
	return is_instance(obj) ? rule_pos(obj, "use_vmac") : obj->pos;
}

/* The kernel has room for one of them: traffic to the other would be lost. */
static void on_same_mac(const struct conf_obj *first, const struct conf_obj *again,
			struct conf_diags *diags)
{
	const struct vrrp_conf *vi = instance_of(again), *other = instance_of(first);
	char place[RULE_PLACE_MAX];
	uint8_t mac[MAC_LEN];

	if (is_instance(first) && is_instance(again) && vrid_cmp(first, again) == 0)
		return; /* duplicate-vrid */
	vmac_conf_mac(vi, mac);
	rule_refuse(diags, MEND_KEEP_QUIET(again), mac_pos(again), "duplicate-mac",
		    "use another virtual_router_id, or another MAC behind use_vmac",
		    "instance %s: the virtual MAC %02x:%02x:%02x:%02x:%02x:%02x on %s is already "
		    "that of instance %s at %s",
		    vi->name, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac_base(again),
		    other->name, rule_place(diags, mac_pos(first), place));
}

/* Adds those of `list` that are the first of their instance on that interface. */
static void add_macs(struct rule_set *macs, const struct vrrp_conf *vi,
		     const struct conf_list *list, struct conf_diags *diags)
{
	const struct vaddr_conf *va;

	conf_list_for_each (va, list) {
		bool is_known = !vmac_conf_has(vi, va);

		for (size_t i = macs->n; i > 0 && !is_known; i--) {
			const struct conf_obj *o = macs->v[i - 1];
			if (instance_of(o) != vi)
				break;
			is_known = strcmp(mac_base(o), mac_base(&va->obj)) == 0;
		}
		if (!is_known)
			rule_set_add(macs, &va->obj, diags);
	}
}

static void check_macs(const struct root_conf *conf, struct conf_diags *diags)
{
	struct rule_set macs = { 0 };
	const struct vrrp_conf *vi;

	conf_list_for_each (vi, &conf->vrrp_instances) {
		if (vi->use_vmac.parts.is_given)
			rule_set_add(&macs, &vi->obj, diags);
		add_macs(&macs, vi, &vi->addresses, diags);
		add_macs(&macs, vi, &vi->excluded, diags);
	}
	rule_each_duplicate(&macs, mac_cmp, on_same_mac, diags);
	rule_set_done(&macs);
}

/* The interface an address goes to. */
static const char *vaddr_dev(const struct vaddr_conf *va)
{
	return va->dev ? va->dev : vrrp_conf_place(to_vrrp(va->obj.parent));
}

/* The same link-local address may live on many links. */
static int vaddr_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	const struct addr *addr = &to_vaddr(a)->prefix.addr;
	int order = addr_cmp(addr, &to_vaddr(b)->prefix.addr);

	if (order != 0 || addr->family == AF_INET || !IN6_IS_ADDR_LINKLOCAL(&addr->in6))
		return order;
	return strcmp(vaddr_dev(to_vaddr(a)), vaddr_dev(to_vaddr(b)));
}

static void on_same_address(const struct conf_obj *first, const struct conf_obj *again,
			    struct conf_diags *diags)
{
	char text[ADDR_STR_MAX], place[RULE_PLACE_MAX];

	if (first->parent == again->parent)
		return;
	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "address-in-two-instances", again->pos,
		      NULL, "instance %s: address %s also belongs to instance %s at %s",
		      to_vrrp(again->parent)->name, addr_str(&to_vaddr(again)->prefix.addr, text),
		      to_vrrp(first->parent)->name, rule_place(diags, first->pos, place));
}

/* A packet by unicast must belong to one path of one instance. */
static void check_second_paths(const struct root_conf *conf, const struct vrrp_conf *vi,
			       struct conf_diags *diags)
{
	const struct second_path_conf *path = vrrp_conf_second_path(vi);
	const struct vrrp_conf *other;

	if (!path)
		return;
	conf_list_for_each (other, &conf->vrrp_instances) {
		bool is_said = other->obj.index < vi->obj.index && vrrp_conf_second_path(other);

		if (is_said || !second_path_clashes(vi, other))
			continue;
		conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "duplicate-vrid", path->obj.pos,
			      "give it another source or peer address",
			      "instance %s: packets of its second_path could not be told from "
			      "those of %s %s, for VRID, peer and source address are the same",
			      vi->name, other == vi ? "the first path of" : "instance",
			      other->name);
	}
}

void vrrp_conf_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	struct rule_set instances = { 0 }, named = { 0 }, addresses = { 0 }, vmacs = { 0 };
	const struct vrrp_conf *vi;

	conf_list_for_each (vi, &conf->vrrp_instances) {
		check_interface(vi, diags);
		check_addresses(vi, diags);
		check_scopes(&vi->addresses, diags);
		check_scopes(&vi->excluded, diags);
		check_link_local(vi, diags);
		check_version(vi, diags);
		check_families(vi, diags);
		check_unicast(vi, diags);
		check_ipvlan(vi, diags);
		check_intervals(vi, diags);
		second_path_check(vi, diags);
		check_second_paths(conf, vi, diags);
		rule_set_add(&named, &vi->obj, diags);
		rule_set_add(&instances, &vi->obj, diags);
		if (own_name(&vi->obj))
			rule_set_add(&vmacs, &vi->obj, diags);
		rule_set_add_list(&addresses, &vi->addresses, diags);
		rule_set_add_list(&addresses, &vi->excluded, diags);
	}
	rule_each_duplicate(&named, name_cmp, on_same_name, diags);
	rule_each_duplicate(&instances, vrid_cmp, on_same_vrid, diags);
	rule_each_duplicate(&vmacs, vmac_cmp, on_same_vmac, diags);
	check_macs(conf, diags);
	rule_each_duplicate(&addresses, vaddr_cmp, on_same_address, diags);
	rule_set_done(&named);
	rule_set_done(&instances);
	rule_set_done(&addresses);
	rule_set_done(&vmacs);
}
