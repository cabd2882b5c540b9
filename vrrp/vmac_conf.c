/*
 * The words of use_vmac and use_ipvlan. The parent runs it while it loads a file; the VRRP child
 * when it decodes what the parent loaded.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/conf_like.h"
#include "vrrp/vrrp_conf.h"

/* ---- MAC address ---- */

/* The octets of a text, -1 when it is none. */
static int read_mac(const char *text, uint8_t *octets)
{
	for (int n = 0; n < MAC_LEN; n++) {
		size_t len = strspn(text, "0123456789abcdefABCDEF");

		if (len < 1 || len > 2 || (text[len] && text[len] != ':'))
			return -1;
		octets[n] = (uint8_t)strtoul(text, NULL, 16);
		if (!text[len])
			return n + 1;
		text += len + 1;
	}
	return -1;
}

static bool mac_accepts(const struct conf_token *word)
{
	return strchr(word->text, ':') != NULL;
}

static bool mac_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		      const struct conf_token *argv, unsigned argc)
{
	static const uint8_t rfc[] = { 0x00, 0x00, 0x5e, 0x00 };
	struct conf_mac value = { 0 };
	int n = read_mac(argv[0].text, value.octets);

	(void)argc;
	if (n < MAC_LEN - 1) {
		conf_error(
			walk, argv[0].pos, CONF_VALUE, "invalid-mac",
			"five octets, to which the number of the virtual router is added, or six",
			"%s: \"%s\" is not a MAC address", key->name, argv[0].text);
		return false;
	}
	if (value.octets[0] & 1 || memcmp(value.octets, rfc, sizeof(rfc)) == 0) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-mac", NULL,
			   "%s: \"%s\" is a multicast address or one of the RFC", key->name,
			   argv[0].text);
		return false;
	}
	value.n = (uint8_t)n;
	*(struct conf_mac *)field = value;
	return true;
}

static void mac_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_mac *value = field;

	(void)key;
	for (int i = 0; i < value->n; i++)
		fprintf(out, "%s%02x", i > 0 ? ":" : "", value->octets[i]);
}

static json_t *mac_json(const struct conf_key *key, const void *field)
{
	const struct conf_mac *value = field;
	char text[3 * MAC_LEN] = "";

	(void)key;
	for (int i = 0; i < value->n; i++)
		snprintf(text + (i > 0 ? 3 * i - 1 : 0), 4, "%s%02x", i > 0 ? ":" : "",
			 value->octets[i]);
	return value->n > 0 ? json_string(text) : NULL;
}

static bool mac_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_mac *x = a, *y = b;

	(void)key;
	return x->n == y->n && memcmp(x->octets, y->octets, sizeof(x->octets)) == 0;
}

static const struct conf_type type_mac = {
	.name = "MAC address",
	.min_args = 1,
	.max_args = 1,
	.parse = mac_parse,
	.print = mac_print,
	.json = mac_json,
	.is_equal = mac_is_equal,
	.accepts = mac_accepts,
	.json_type = "string",
};

/* ---- words that may stand without keyword are told apart by their look ---- */

static bool addr_accepts(const struct conf_token *word)
{
	return strpbrk(word->text, ".:") &&
	       word->text[strspn(word->text, "0123456789abcdefABCDEF.:/")] == '\0';
}

static bool name_accepts(const struct conf_token *word)
{
	return !mac_accepts(word) && !addr_accepts(word);
}

static bool name_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	return conf_type_ifname.parse(walk, key, field, argv, argc);
}

CONF_LIKE(name, conf_type_ifname)

static const struct conf_type type_name = {
	.name = "interface",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(name),
	.accepts = name_accepts,
	.json_type = "string",
};

static bool ip_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		     const struct conf_token *argv, unsigned argc)
{
	return conf_type_prefix.parse(walk, key, field, argv, argc);
}

CONF_LIKE(ip, conf_type_prefix)

static const struct conf_type type_ip = {
	.name = "address[/length]",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(ip),
	.accepts = addr_accepts,
	.json_type = "string",
};

/* ---- the words ---- */

#define M struct vmac_conf

const struct conf_key vmac_parts[] = {
	K_CUSTOM("name", &type_name, M, name, const char *, .flags = CONF_BARE,
		 .help = "Name of the interface."),
	K_CUSTOM("mac", &type_mac, M, mac, struct conf_mac, .flags = CONF_BARE,
		 .help = "MAC address to use."),
	K_STR("group", M, group, .help = "Group of interfaces to put it in."),
	K_FLAG("netlink_notify_msg", M, netlink_notify_msg,
	       .help = "Announce the interface when it is made, which the kernel always does."),
	K_END,
};

#define P struct ipvlan_conf

const struct conf_key ipvlan_parts[] = {
	K_FLAG("bridge", P, bridge, .help = "Bridge mode."),
	K_FLAG("private", P, private, .help = "Private mode."),
	K_FLAG("vepa", P, vepa, .help = "VEPA mode."),
	K_STR("group", P, group, .help = "Group of interfaces to put it in."),
	K_CUSTOM("name", &type_name, P, name, const char *, .flags = CONF_BARE,
		 .help = "Name of the interface."),
	K_CUSTOM("address", &type_ip, P, addr, struct conf_prefix, .flags = CONF_BARE,
		 .help = "Address of the interface."),
	K_END,
};

/* ---- single addresses ---- */

bool vmac_conf_has(const struct vrrp_conf *vi, const struct vaddr_conf *a)
{
	bool is_elsewhere =
		a->dev && strcmp(a->dev, vrrp_conf_place(vi)) != 0 && strcmp(a->dev, "lo") != 0;

	return a->use_vmac || (vi->use_vmac_addr && is_elsewhere);
}

/* ---- MAC addresses ---- */

void vmac_conf_mac(const struct vrrp_conf *vi, uint8_t mac[MAC_LEN])
{
	const uint8_t rfc[MAC_LEN] = {
		0x00, 0x00, 0x5e, 0x00, vrrp_conf_family(vi) == AF_INET6 ? 2 : 1, 0
	};

	memcpy(mac, vi->use_vmac.mac.n ? vi->use_vmac.mac.octets : rfc, MAC_LEN);
	if (vi->use_vmac.mac.n < MAC_LEN)
		mac[MAC_LEN - 1] = vi->virtual_router_id;
}
