/*
 * second_path of a vrrp_instance: its table and its rules. The parent runs it while it loads a
 * file; the VRRP child when it decodes what the parent loaded.
 */
#include <string.h>

#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

#define S        struct second_path_conf
#define P        struct second_peer_conf
#define LIVE     .apply = CONF_APPLY_LIVE
#define TTL_SENT 255

/* ---- unicast_peer ---- */

static const struct conf_key peer_args[] = {
	K_CUSTOM("address", &conf_type_router, P, addr, struct addr, LIVE,
		 .help = "Address of the other router on this path."),
	K_END,
};

static const struct conf_key peer_keys[] = {
	K_U8("min_ttl", P, min_ttl, 0, 255, .dflt = TTL_SENT, LIVE,
	     .help = "Lowest TTL accepted from this router; the default takes packets from the "
		     "same link only, which nobody further away can forge. For a path over n "
		     "routers write 255 - n."),
	K_END,
};

static int peer_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return addr_cmp(&((const P *)a)->addr, &((const P *)b)->addr);
}

static bool peer_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const S *path = (const S *)obj->parent;

	return rule_keep_first(walk, &path->peers, obj, peer_cmp, "this peer");
}

static const struct conf_block peer_block = {
	.name = "unicast_peer",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(P),
	.list_offset = offsetof(S, peers),
	.args = peer_args,
	.keys = peer_keys,
	.finish = peer_finish,
	.help = "The other routers of the instance, by their addresses on the second path, one a "
		"line. What comes from others is dropped.",
};

/* ---- second_path ---- */

static const struct conf_key path_rows[] = {
	K_CUSTOM("interface", &conf_type_ifname, S, interface, const char *, LIVE,
		 .help = "Interface of the path. It may be left out when unicast_src_ip is given: "
			 "then packets take the way that the kernel has for them, and come from "
			 "any interface."),
	K_CUSTOM("unicast_src_ip", &conf_type_router, S, unicast_src_ip, struct addr, LIVE,
		 .help = "Our address on the path, of the family of the instance; default the "
			 "first address of the interface."),
	K_U8("unicast_ttl", S, unicast_ttl, 1, 255, .dflt = TTL_SENT, LIVE,
	     .help = "TTL of what is sent; the others expect 255 unless their min_ttl says else."),
	K_END,
};

static const struct conf_block *const path_blocks[] = { &peer_block, NULL };

static bool path_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const S *path = (const S *)obj;

	if (path->peers.n == 0)
		conf_error(walk, obj->pos, CONF_SEMANTIC, "no-peer",
			   "add \"unicast_peer { ADDRESS }\" with the address of the other router "
			   "there",
			   "second_path has no unicast_peer");
	if (!path->interface && addr_is_unset(&path->unicast_src_ip))
		conf_error(walk, obj->pos, CONF_SEMANTIC, "missing-keyword",
			   "write \"interface\", or \"unicast_src_ip\", or both",
			   "second_path says neither its interface nor its source address");
	return true;
}

const struct conf_block second_path_block = {
	.name = "second_path",
	.size = sizeof(S),
	.list_offset = offsetof(struct vrrp_conf, second_path),
	.is_single = true,
	.keys = path_rows,
	.blocks = path_blocks,
	.finish = path_finish,
	.help = "Send each advertisement by unicast over another way as well, and let one that "
		"is heard there count as one heard on the interface. A backup takes over only when "
		"it hears nothing on either, so that a switch which loses multicast does not make "
		"two masters; a master whose interface fails says so there at once. All routers of "
		"the instance need the block, and to be diarch. The price: a master that has lost "
		"its network but not its link is still heard, and keeps the addresses. Let it "
		"track what tells it, such as a track_script that asks the gateway: then it gives "
		"the addresses away through the second path at once. Without auth_hmac whoever can "
		"send with the address of a peer there is believed, as on the first path.",
};

/* ---- rules ---- */

const S *vrrp_conf_second_path(const struct vrrp_conf *vi)
{
	return (const S *)vi->second_path.head;
}

static const char *family_name(int family)
{
	return family == AF_INET6 ? "IPv6" : "IPv4";
}

static void refuse(struct conf_diags *diags, struct conf_pos pos, const char *code,
		   const struct vrrp_conf *vi, const char *hint, const char *text)
{
	conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, code, pos, hint,
		      "instance %s: second_path: %s", vi->name, text);
}

/* Advertisements list the addresses of the instance: they travel in packets of their family. */
static void check_family(const struct vrrp_conf *vi, const struct addr *addr, struct conf_pos pos,
			 const char *what, struct conf_diags *diags)
{
	int family = vrrp_conf_family(vi);

	if (addr_is_unset(addr) || addr->family == family)
		return;
	conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "family-mix", pos,
		      "an advertisement travels in packets of the family of its addresses",
		      "instance %s: second_path: %s is %s, the instance %s", vi->name, what,
		      family_name(addr->family), family_name(family));
}

static void check_peers(const struct vrrp_conf *vi, const S *path, struct conf_diags *diags)
{
	const P *peer;

	conf_list_for_each (peer, &path->peers) {
		if (!path->interface && peer->addr.family == AF_INET6 &&
		    IN6_IS_ADDR_LINKLOCAL(&peer->addr.in6))
			refuse(diags, peer->obj.pos, "link-local-peer", vi, "write \"interface\"",
			       "a link-local address says nothing without an interface");
		check_family(vi, &peer->addr, peer->obj.pos, "the peer", diags);
		if (addr_is_multicast(&peer->addr))
			refuse(diags, peer->obj.pos, "peer-is-group", vi, NULL,
			       "the peer is a multicast address");
		if (addr_cmp(&peer->addr, &path->unicast_src_ip) == 0)
			refuse(diags, peer->obj.pos, "peer-is-self", vi,
			       "write the address of the other router",
			       "the peer is our own source address");
	}
}

/* Virtual addresses move, and with them the source would. */
static void check_source(const struct vrrp_conf *vi, const S *path, struct conf_diags *diags)
{
	const struct conf_list *const lists[] = { &vi->addresses, &vi->excluded };
	const struct vaddr_conf *va;

	check_family(vi, &path->unicast_src_ip, rule_pos(&path->obj, "unicast_src_ip"),
		     "unicast_src_ip", diags);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		conf_list_for_each (va, lists[i])
			if (vi->priority != 255 &&
			    addr_cmp(&va->prefix.addr, &path->unicast_src_ip) == 0)
				refuse(diags, rule_pos(&path->obj, "unicast_src_ip"),
				       "source-moves", vi, "write an address that stays",
				       "unicast_src_ip is a virtual address of the instance");
}

static void check_interface(const struct vrrp_conf *vi, const S *path, struct conf_diags *diags)
{
	struct conf_pos pos = rule_pos(&path->obj, "interface");

	if (path->interface && strcmp(path->interface, "lo") == 0)
		refuse(diags, pos, "loopback-interface", vi, NULL,
		       "nobody is reached by the loopback interface");
	if (path->interface && vi->interface && strcmp(path->interface, vi->interface) == 0)
		conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "same-interface", pos,
			      "take another interface, with another switch behind it",
			      "instance %s: second_path is on the interface of the instance: it "
			      "helps when multicast is lost, and only then",
			      vi->name);
}

void second_path_check(const struct vrrp_conf *vi, struct conf_diags *diags)
{
	const S *path = vrrp_conf_second_path(vi);
	const struct auth_conf *auth = (const struct auth_conf *)vi->auth.head;

	if (!path)
		return;
	check_interface(vi, path, diags);
	check_source(vi, path, diags);
	check_peers(vi, path, diags);
	if (auth && auth->auth_type == VRRP_AUTH_AH)
		refuse(diags, path->obj.pos, "second-path-ah", vi, "use auth_hmac",
		       "it does not work with auth_type AH");
	if (vi->strict_mode)
		refuse(diags, path->obj.pos, "strict-second-path", vi,
		       "remove the block, or strict_mode", "strict_mode: VRRP has none");
}

/* ---- two instances with one number ---- */

/* Where a packet by unicast may come in, from whom, and for which address of ours. */
struct lane {
	const char *interface; /* NULL = any */
	struct addr source;    /* unset = the first of the interface */
	const struct conf_list *peers;
	bool is_second; /* `peers` has struct second_peer_conf */
};

static struct lane second_lane(const struct vrrp_conf *vi)
{
	const S *path = vrrp_conf_second_path(vi);

	return (struct lane){ path->interface, path->unicast_src_ip, &path->peers, true };
}

static struct lane first_lane(const struct vrrp_conf *vi)
{
	return (struct lane){ vi->interface, vi->src_addr, &vi->peers, false };
}

static const struct addr *peer_addr(const struct lane *lane, const struct conf_obj *peer)
{
	return lane->is_second ? &((const P *)peer)->addr : &((const struct peer_conf *)peer)->addr;
}

static bool lanes_are_one(const struct lane *a, const struct lane *b)
{
	if (a->interface && b->interface && strcmp(a->interface, b->interface) != 0)
		return false;
	if (!addr_is_unset(&a->source) && !addr_is_unset(&b->source) &&
	    addr_cmp(&a->source, &b->source) != 0)
		return false;
	for (const struct conf_obj *p = a->peers->head; p; p = p->next)
		for (const struct conf_obj *q = b->peers->head; q; q = q->next)
			if (addr_cmp(peer_addr(a, p), peer_addr(b, q)) == 0)
				return true;
	return false;
}

bool second_path_clashes(const struct vrrp_conf *a, const struct vrrp_conf *b)
{
	const struct lane second = second_lane(a), first = first_lane(b);

	if (a->virtual_router_id != b->virtual_router_id ||
	    vrrp_conf_family(a) != vrrp_conf_family(b))
		return false;
	if (lanes_are_one(&second, &first))
		return true;
	if (a == b || !vrrp_conf_second_path(b))
		return false;
	const struct lane other = second_lane(b);
	return lanes_are_one(&second, &other);
}
