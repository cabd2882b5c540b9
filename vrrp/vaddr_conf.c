/*
 * Lines of virtual_ipaddress, virtual_ipaddress_excluded and static_ipaddress. The parent runs it
 * while it loads a file; the VRRP child when it decodes what the parent loaded.
 */
#include <inttypes.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf_like.h"
#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

/* ---- value types ---- */

static const struct conf_word scope_words[] = {
	{ "global", RT_SCOPE_UNIVERSE },
	{ "universe", RT_SCOPE_UNIVERSE },
	{ "site", RT_SCOPE_SITE },
	{ "link", RT_SCOPE_LINK },
	{ "host", RT_SCOPE_HOST },
	{ "nowhere", RT_SCOPE_NOWHERE },
	{ NULL, 0 },
};

static bool scope_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	bool is_number = argv[0].text[0] >= '0' && argv[0].text[0] <= '9';

	return (is_number ? conf_type_u32.parse : conf_type_word.parse)(walk, key, field, argv,
									argc);
}

static const char *scope_name(int scope)
{
	for (const struct conf_word *w = scope_words; w->name; w++)
		if (w->value == scope)
			return w->name;
	return NULL;
}

static void scope_print(const struct conf_key *key, const void *field, FILE *out)
{
	int scope = *(const int *)field;
	const char *name = scope_name(scope);

	(void)key;
	if (name)
		fputs(name, out);
	else
		fprintf(out, "%d", scope);
}

static json_t *scope_json(const struct conf_key *key, const void *field)
{
	int scope = *(const int *)field;
	const char *name = scope_name(scope);

	(void)key;
	return name ? json_string(name) : json_integer(scope);
}

static bool scope_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const int *)a == *(const int *)b;
}

const struct conf_type conf_type_scope = {
	.name = "scope",
	.min_args = 1,
	.max_args = 1,
	.parse = scope_parse,
	.print = scope_print,
	.json = scope_json,
	.is_equal = scope_is_equal,
	.json_type = "integer|string",
};

static bool broadcast_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			    const struct conf_token *argv, unsigned argc)
{
	struct addr addr;
	const char *text = argv[0].text;

	if (strcmp(text, "+") != 0 && strcmp(text, "-") != 0 &&
	    (!addr_parse(text, &addr) || addr.family != AF_INET)) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "bad-broadcast", NULL,
			   "\"%s\" is not a broadcast address: an IPv4 address, + or -", text);
		return false;
	}
	return conf_type_str.parse(walk, key, field, argv, argc);
}

CONF_LIKE(broadcast, conf_type_str)

static const struct conf_type type_broadcast = {
	.name = "broadcast",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(broadcast),
	.json_type = "string",
};

/* A lifetime in seconds; the longest is "forever". */
static bool lifetime_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			   const struct conf_token *argv, unsigned argc)
{
	if (strcmp(argv[0].text, "forever") != 0)
		return conf_type_u32.parse(walk, key, field, argv, argc);
	*(uint32_t *)field = VADDR_FOREVER;
	return true;
}

static void lifetime_print(const struct conf_key *key, const void *field, FILE *out)
{
	uint32_t s = *(const uint32_t *)field;

	(void)key;
	if (s == VADDR_FOREVER)
		fputs("forever", out);
	else
		fprintf(out, "%" PRIu32, s);
}

static json_t *lifetime_json(const struct conf_key *key, const void *field)
{
	uint32_t s = *(const uint32_t *)field;

	(void)key;
	return s == VADDR_FOREVER ? json_string("forever") : json_integer(s);
}

static bool lifetime_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const uint32_t *)a == *(const uint32_t *)b;
}

static void lifetime_set_default(const struct conf_key *key, void *field)
{
	(void)key;
	*(uint32_t *)field = VADDR_FOREVER;
}

static const struct conf_type type_lifetime = {
	.name = "seconds or forever",
	.min_args = 1,
	.max_args = 1,
	.parse = lifetime_parse,
	.print = lifetime_print,
	.json = lifetime_json,
	.is_equal = lifetime_is_equal,
	.set_default = lifetime_set_default,
	.json_type = "integer|string",
};

/* ---- virtual_ipaddress, virtual_ipaddress_excluded ---- */

#define A struct vaddr_conf

static const struct conf_key vaddr_args[] = {
	K_PREFIX("address", A, prefix, .apply = CONF_APPLY_LIVE,
		 .help = "The address; without length a host address."),
	K_END,
};

/* Words of all three. */
#define VADDR_ROWS                                                                               \
	K_CUSTOM("dev", &conf_type_ifname, A, dev, const char *, .apply = CONF_APPLY_LIVE,       \
		 .help = "Interface that gets the address; default the interface of the "        \
			 "instance."),                                                           \
		K_CUSTOM("scope", &conf_type_scope, A, scope, int, .words = scope_words,         \
			 .max = 255, .apply = CONF_APPLY_LIVE,                                   \
			 .help = "Scope of the address: global, site, link, host, nowhere or a " \
				 "number."),                                                     \
		K_CUSTOM("broadcast", &type_broadcast, A, broadcast, const char *,               \
			 .apply = CONF_APPLY_LIVE,                                               \
			 .help = "IPv4 broadcast address; + and - set or clear the host bits."), \
		K_CUSTOM("brd", &type_broadcast, A, broadcast, const char *,                     \
			 .alias_of = "broadcast", .help = "The same as broadcast."),             \
		K_STR("label", A, label, .apply = CONF_APPLY_LIVE,                               \
		      .help = "Label of an IPv4 address, at most 15 bytes."),                    \
		K_FLAG("no_track", A, no_track, .apply = CONF_APPLY_LIVE,                        \
		       .help = "Do not put the instance in FAULT when the interface of this "    \
			       "address is "                                                     \
			       "down."),                                                         \
		K_FLAG("home", A, home, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,          \
		       .help = "Mobile IPv6 home address."),                                     \
		K_FLAG("-nodad", A, nodad_off, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,   \
		       .help = "Detect duplicates of an IPv6 address."),                         \
		K_FLAG("mngtmpaddr", A, mngtmpaddr, .apply = CONF_APPLY_LIVE,                    \
		       .flags = CONF_IF_SET,                                                     \
		       .help = "Let the kernel make temporary IPv6 addresses from this one."),   \
		K_FLAG("noprefixroute", A, noprefixroute, .apply = CONF_APPLY_LIVE,              \
		       .flags = CONF_IF_SET, .help = "Make no route for the prefix."),           \
		K_FLAG("autojoin", A, autojoin, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,  \
		       .help = "Join the multicast group of the address."),                      \
		K_CUSTOM("preferred_lft", &type_lifetime, A, preferred_lft_s, uint32_t,          \
			 .max = UINT32_MAX, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,      \
			 .help = "Preferred lifetime in seconds, or forever."),                  \
		K_ADDR("peer", A, peer, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,          \
		       .help = "Other end of a point-to-point address."),

static const struct conf_key vaddr_keys[] = {
	VADDR_ROWS K_FLAG("use_vmac", A, use_vmac, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
			  .help = "Put the address on an interface with the virtual router MAC."),
	K_END,
};

static const struct conf_key static_keys[] = {
	VADDR_ROWS K_STR("track_group", A, track_group, .apply = CONF_APPLY_LIVE,
			 .help = "Instances that go to FAULT while the address is missing."),
	K_END,
};

static int vaddr_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	const struct vaddr_conf *va = (const struct vaddr_conf *)a,
				*vb = (const struct vaddr_conf *)b;
	int order = addr_cmp(&va->prefix.addr, &vb->prefix.addr);

	return order != 0 ? order : strcmp(va->dev ? va->dev : "", vb->dev ? vb->dev : "");
}

static void check_vaddr(struct conf_walk *walk, const struct vaddr_conf *va)
{
	bool is_host_bits = va->broadcast && strlen(va->broadcast) == 1;

	if (va->broadcast && va->prefix.addr.family != AF_INET)
		conf_refuse(walk, MEND_RESET(&va->obj, "broadcast"), CONF_SEMANTIC, "bad-broadcast",
			    NULL, "only IPv4 has broadcast addresses");
	else if (is_host_bits && va->prefix.len > 30)
		conf_warning(walk, rule_pos(&va->obj, "broadcast"), CONF_SEMANTIC, "no-broadcast",
			     "remove it, or give the address a prefix length",
			     "broadcast %s has no effect with a prefix length above 30",
			     va->broadcast);
	if (va->peer.family != AF_UNSPEC && va->peer.family != va->prefix.addr.family)
		conf_refuse(walk, MEND_RESET(&va->obj, "peer"), CONF_SEMANTIC, "family-mix", NULL,
			    "address and peer are of different families");
	if (va->mngtmpaddr && (va->prefix.addr.family != AF_INET6 || va->prefix.len != 64))
		conf_refuse(walk, MEND_RESET(&va->obj, "mngtmpaddr"), CONF_SEMANTIC, "bad-length",
			    NULL, "mngtmpaddr needs an IPv6 address with prefix length 64");
	if (va->autojoin && !addr_is_multicast(&va->prefix.addr))
		conf_refuse(walk, MEND_RESET(&va->obj, "autojoin"), CONF_SEMANTIC, "bad-autojoin",
			    NULL, "autojoin needs a multicast address: the kernel takes no other");
	if (va->label && strlen(va->label) >= IFNAMSIZ)
		conf_refuse(walk, MEND_RESET(&va->obj, "label"), CONF_VALUE, "label-too-long", NULL,
			    "label \"%s\" is longer than %d bytes", va->label, IFNAMSIZ - 1);
}

static bool vaddr_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vrrp_conf *vi = (const struct vrrp_conf *)obj->parent;

	check_vaddr(walk, (const struct vaddr_conf *)obj);
	return rule_keep_first(walk, &vi->addresses, obj, vaddr_cmp, "this address") &&
	       rule_keep_first(walk, &vi->excluded, obj, vaddr_cmp, "this address");
}

const struct conf_block vaddr_block = {
	.name = "virtual_ipaddress",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct vaddr_conf),
	.list_offset = offsetof(struct vrrp_conf, addresses),
	.args = vaddr_args,
	.keys = vaddr_keys,
	.finish = vaddr_finish,
	.help = "Addresses that this host has while master, announced in advertisements.",
};

const struct conf_block excluded_block = {
	.name = "virtual_ipaddress_excluded",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct vaddr_conf),
	.list_offset = offsetof(struct vrrp_conf, excluded),
	.args = vaddr_args,
	.keys = vaddr_keys,
	.finish = vaddr_finish,
	.help = "Addresses that this host has while master, not announced in advertisements.",
};

static bool static_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct root_conf *root = (const struct root_conf *)obj->parent;

	check_vaddr(walk, (const struct vaddr_conf *)obj);
	return rule_keep_first(walk, &root->static_addresses, obj, vaddr_cmp, "this address");
}

const struct conf_block static_ipaddress_block = {
	.name = "static_ipaddress",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct vaddr_conf),
	.list_offset = offsetof(struct root_conf, static_addresses),
	.args = vaddr_args,
	.keys = static_keys,
	.finish = static_finish,
	.help = "Addresses that this host always has.",
};
