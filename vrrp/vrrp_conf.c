/*
 * vrrp_instance: tables, odd value types and derived values. The parent runs it while it loads a
 * file; the VRRP child when it decodes what the parent loaded.
 */
#include "vrrp/vrrp_conf.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/conf_like.h"
#include "lib/global_conf.h"
#include "lib/rule.h"

#define AUTH_PASS_MAX 8
#define V2_ADVERT_MAX (255 * US_PER_S)
#define V3_ADVERT_MAX (4095 * US_PER_CS)

enum { STATE_BACKUP = 0, STATE_MASTER = 1 };

/* ---- value types ---- */

static const struct conf_word state_words[] = {
	{ "BACKUP", STATE_BACKUP },
	{ "MASTER", STATE_MASTER },
	{ NULL, 0 },
};

static bool state_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	(void)argc;
	for (const struct conf_word *w = key->words; w->name; w++) {
		if (strcmp(argv[0].text, w->name) == 0) {
			*(int *)field = w->value;
			return true;
		}
	}
	conf_warning(walk, argv[0].pos, CONF_VALUE, "unknown-state", "write MASTER or BACKUP",
		     "\"%s\" is not a state; BACKUP is used", argv[0].text);
	*(int *)field = STATE_BACKUP;
	return true;
}

CONF_LIKE(state, conf_type_word)

static const struct conf_type type_state = {
	.name = "state",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(state),
	.json_type = "string",
};

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

static const struct conf_type type_scope = {
	.name = "scope",
	.min_args = 1,
	.max_args = 1,
	.parse = scope_parse,
	.print = scope_print,
	.json = scope_json,
	.is_equal = scope_is_equal,
	.json_type = "string",
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

static bool pass_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	char cut[AUTH_PASS_MAX + 1] = "";
	struct conf_token token = argv[0];

	if (strlen(token.text) > AUTH_PASS_MAX) {
		conf_warning(walk, token.pos, CONF_SECURITY, "auth-pass-cut", NULL,
			     "only the first %d bytes of auth_pass count", AUTH_PASS_MAX);
		memcpy(cut, token.text, AUTH_PASS_MAX);
		token.text = cut;
	}
	return conf_type_str.parse(walk, key, field, &token, argc);
}

CONF_LIKE(pass, conf_type_str)

static const struct conf_type type_pass = {
	.name = "password",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(pass),
	.json_type = "string",
};

/* ---- authentication ---- */

static const struct conf_word auth_words[] = {
	{ "PASS", VRRP_AUTH_PASS },
	{ "AH", VRRP_AUTH_AH },
	{ NULL, 0 },
};

static const struct conf_key auth_keys[] = {
	K_WORD("auth_type", struct auth_conf, auth_type, auth_words, .apply = CONF_APPLY_INSTANCE,
	       .help = "PASS sends the password in clear text, which protects against mistakes "
		       "only; AH is not built yet."),
	K_CUSTOM("auth_pass", &type_pass, struct auth_conf, auth_pass, const char *,
		 .apply = CONF_APPLY_INSTANCE,
		 .help = "Password, of which the first 8 bytes count."),
	K_END,
};

static bool auth_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	struct auth_conf *auth = (struct auth_conf *)obj;

	if (auth->auth_type == VRRP_AUTH_AH) {
		conf_error(
			walk, rule_pos(obj, "auth_type"), CONF_SECURITY, "not-built-yet", NULL,
			"keepalived knows authentication by AH, but diarch does not have it yet");
	} else if (auth->auth_type == VRRP_AUTH_PASS && !auth->auth_pass) {
		conf_error(walk, rule_pos(obj, "auth_type"), CONF_SECURITY, "auth-without-pass",
			   NULL, "auth_type PASS needs an auth_pass");
	} else if (auth->auth_type == VRRP_AUTH_NONE && auth->auth_pass) {
		conf_warning(walk, rule_pos(obj, "auth_pass"), CONF_SECURITY, "auth-without-type",
			     "add \"auth_type PASS\"", "auth_pass without auth_type has no effect");
	}
	return true;
}

static const struct conf_block auth_block = {
	.name = "authentication",
	.size = sizeof(struct auth_conf),
	.list_offset = offsetof(struct vrrp_conf, auth),
	.is_single = true,
	.keys = auth_keys,
	.finish = auth_finish,
	.help = "Authentication of VRRP version 2.",
};

/* ---- unicast_peer ---- */

static const struct conf_key peer_args[] = {
	K_ADDR("address", struct peer_conf, addr, .apply = CONF_APPLY_INSTANCE,
	       .help = "Address of the other router."),
	K_END,
};

static const struct conf_key peer_keys[] = {
	K_U8("min_ttl", struct peer_conf, min_ttl, 0, 255, .apply = CONF_APPLY_LIVE,
	     .help = "Lowest TTL accepted from this peer."),
	K_U8("max_ttl", struct peer_conf, max_ttl, 0, 255, .dflt = 255, .apply = CONF_APPLY_LIVE,
	     .help = "Highest TTL accepted from this peer."),
	K_END,
};

/* Drops a line that says what an earlier line of `list` said. */
static bool keep_first(struct conf_walk *walk, const struct conf_list *list,
		       const struct conf_obj *obj, rule_cmp cmp, const char *what)
{
	const struct conf_obj *other;

	conf_list_for_each (other, list) {
		if (other != obj && cmp(other, obj) == 0) {
			conf_warning(walk, obj->pos, CONF_SEMANTIC, "duplicate-line", NULL,
				     "%s already stands in line %u; this line is left out", what,
				     other->pos.line);
			return false;
		}
	}
	return true;
}

static int peer_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return addr_cmp(&((const struct peer_conf *)a)->addr, &((const struct peer_conf *)b)->addr);
}

static bool peer_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vrrp_conf *vi = (const struct vrrp_conf *)obj->parent;

	return keep_first(walk, &vi->peers, obj, peer_cmp, "this peer");
}

static const struct conf_block peer_block = {
	.name = "unicast_peer",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct peer_conf),
	.list_offset = offsetof(struct vrrp_conf, peers),
	.args = peer_args,
	.keys = peer_keys,
	.finish = peer_finish,
	.help = "Send advertisements to these routers instead of the multicast group.",
};

/* ---- virtual_ipaddress, virtual_ipaddress_excluded ---- */

#define A struct vaddr_conf

static const struct conf_key vaddr_args[] = {
	K_PREFIX("address", A, prefix, .apply = CONF_APPLY_LIVE,
		 .help = "The address; without length a host address."),
	K_END,
};

static const struct conf_key vaddr_keys[] = {
	K_CUSTOM("dev", &conf_type_ifname, A, dev, const char *, .apply = CONF_APPLY_LIVE,
		 .help = "Interface that gets the address; default the interface of the instance."),
	K_CUSTOM("scope", &type_scope, A, scope, int, .words = scope_words, .max = 255,
		 .apply = CONF_APPLY_LIVE,
		 .help = "Scope of the address: global, site, link, host, nowhere or a number."),
	K_CUSTOM("broadcast", &type_broadcast, A, broadcast, const char *, .apply = CONF_APPLY_LIVE,
		 .help = "IPv4 broadcast address; + and - set or clear the host bits."),
	K_CUSTOM("brd", &type_broadcast, A, broadcast, const char *, .alias_of = "broadcast",
		 .help = "The same as broadcast."),
	K_STR("label", A, label, .apply = CONF_APPLY_LIVE,
	      .help = "Label of an IPv4 address, at most 15 bytes."),
	K_FLAG("no_track", A, no_track, .apply = CONF_APPLY_LIVE,
	       .help = "Do not put the instance in FAULT when the interface of this address is "
		       "down."),
	K_FLAG("home", A, home, .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT,
	       .help = "Mobile IPv6 home address."),
	K_FLAG("-nodad", A, nodad_off, .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT,
	       .help = "Detect duplicates of an IPv6 address."),
	K_FLAG("mngtmpaddr", A, mngtmpaddr, .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT,
	       .help = "Let the kernel make temporary IPv6 addresses from this one."),
	K_FLAG("noprefixroute", A, noprefixroute, .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT,
	       .help = "Make no route for the prefix."),
	K_FLAG("autojoin", A, autojoin, .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT,
	       .help = "Join the multicast group of the address."),
	K_WORDS("preferred_lft", A, preferred_lft, 1, .apply = CONF_APPLY_LIVE,
		.flags = CONF_NO_EFFECT, .help = "Preferred lifetime in seconds, or forever."),
	K_UNBUILT("peer", A, .help = "Other end of a point-to-point address."),
	K_UNBUILT("use_vmac", A,
		  .help = "Put the address on an interface with the virtual router MAC."),
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
		conf_error(walk, rule_pos(&va->obj, "broadcast"), CONF_SEMANTIC, "bad-broadcast",
			   NULL, "only IPv4 has broadcast addresses");
	else if (is_host_bits && va->prefix.len > 30)
		conf_error(walk, rule_pos(&va->obj, "broadcast"), CONF_SEMANTIC, "bad-broadcast",
			   NULL, "broadcast %s needs a prefix length of at most 30", va->broadcast);
	if (va->label && strlen(va->label) >= IFNAMSIZ)
		conf_error(walk, rule_pos(&va->obj, "label"), CONF_VALUE, "label-too-long", NULL,
			   "label \"%s\" is longer than %d bytes", va->label, IFNAMSIZ - 1);
}

static bool vaddr_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vrrp_conf *vi = (const struct vrrp_conf *)obj->parent;

	check_vaddr(walk, (const struct vaddr_conf *)obj);
	return unbuilt_finish(walk, obj) &&
	       keep_first(walk, &vi->addresses, obj, vaddr_cmp, "this address") &&
	       keep_first(walk, &vi->excluded, obj, vaddr_cmp, "this address");
}

static const struct conf_block vaddr_block = {
	.name = "virtual_ipaddress",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct vaddr_conf),
	.list_offset = offsetof(struct vrrp_conf, addresses),
	.args = vaddr_args,
	.keys = vaddr_keys,
	.finish = vaddr_finish,
	.help = "Addresses that this host has while master, announced in advertisements.",
};

static const struct conf_block excluded_block = {
	.name = "virtual_ipaddress_excluded",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct vaddr_conf),
	.list_offset = offsetof(struct vrrp_conf, excluded),
	.args = vaddr_args,
	.keys = vaddr_keys,
	.finish = vaddr_finish,
	.help = "Addresses that this host has while master, not announced in advertisements.",
};

/* ---- track_interface ---- */

static const struct conf_key track_if_args[] = {
	K_CUSTOM("interface", &conf_type_ifname, struct track_if_conf, name, const char *,
		 .apply = CONF_APPLY_LIVE, .help = "The interface to watch."),
	K_END,
};

static const struct conf_key track_if_keys[] = {
	K_I64("weight", struct track_if_conf, weight, -253, 253, .apply = CONF_APPLY_LIVE,
	      .help = "Added to the priority while the link is up, or if negative while it is "
		      "down; 0 means FAULT while it "
		      "is down."),
	K_FLAG("reverse", struct track_if_conf, is_reverse, .apply = CONF_APPLY_LIVE,
	       .help = "Exchange the meaning of up and down."),
	K_END,
};

static int track_if_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return strcmp(((const struct track_if_conf *)a)->name,
		      ((const struct track_if_conf *)b)->name);
}

static bool track_if_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vrrp_conf *vi = (const struct vrrp_conf *)obj->parent;

	if (conf_is_set(obj, "reverse", NULL) && !conf_is_set(obj, "weight", NULL))
		conf_error(walk, rule_pos(obj, "reverse"), CONF_SYNTAX, "reverse-without-weight",
			   NULL, "\"reverse\" follows a weight");
	return keep_first(walk, &vi->track_interfaces, obj, track_if_cmp, "this interface");
}

static const struct conf_block track_if_block = {
	.name = "track_interface",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct track_if_conf),
	.list_offset = offsetof(struct vrrp_conf, track_interfaces),
	.args = track_if_args,
	.keys = track_if_keys,
	.finish = track_if_finish,
	.help = "Interfaces whose link decides about FAULT or the priority.",
};

/* ---- vrrp_instance ---- */

#define V          struct vrrp_conf
#define LIVE       .apply = CONF_APPLY_LIVE
#define INSTANCE   .apply = CONF_APPLY_INSTANCE
#define NO_EFFECT  .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT
#define FROM(name) .dflt_from = name, .apply = CONF_APPLY_LIVE

static const struct conf_word version_words[] = { { "2", 2 }, { "3", 3 }, { NULL, 0 } };

static const struct conf_key vrrp_args[] = {
	K_STR("name", V, name, INSTANCE, .help = "Name in logs, status and scripts."),
	K_END,
};

static const struct conf_key vrrp_keys[] = {
	K_CUSTOM("interface", &conf_type_ifname, V, interface, const char *, INSTANCE,
		 .flags = CONF_REQUIRED,
		 .help = "Interface to send and receive advertisements on."),
	K_U8("virtual_router_id", V, virtual_router_id, 1, 255, INSTANCE, .flags = CONF_REQUIRED,
	     .help = "Number of the virtual router, the same on all its hosts."),
	K_U8("priority", V, priority, 1, 255, .dflt = 100, LIVE,
	     .help = "Election priority, the highest wins; 255 is the owner of the addresses."),
	K_WORD("version", V, version, version_words, .dflt_from = "vrrp_version", INSTANCE,
	       .help = "Protocol version; IPv6 instances always use 3."),
	K_CUSTOM("state", &type_state, V, state, int, .words = state_words, LIVE,
		 .help = "State wished at start; MASTER without a priority means priority 255."),
	K_SECS("advert_int", V, advert_int_us, US_PER_CS, V2_ADVERT_MAX, .dflt = US_PER_S, LIVE,
	       .help = "Advertisement interval: whole seconds in version 2, 0.01 to 40.95 seconds "
		       "in version 3."),
	K_FLAG("nopreempt", V, nopreempt, LIVE,
	       .help = "Do not take over from a master of lower priority."),
	K_FLAG("preempt", V, nopreempt, .dflt = 1, .alias_of = "nopreempt",
	       .help = "Take over from a master of lower priority, which is the default."),
	K_SECS("preempt_delay", V, preempt_delay_us, 0, 1000 * US_PER_S, LIVE,
	       .help = "Time to wait before taking over from a master of lower priority."),
	K_FLAG("dont_track_primary", V, dont_track_primary, LIVE,
	       .help = "Do not go to FAULT when the link of the interface is down."),
	K_FLAG("native_ipv6", V, native_ipv6, INSTANCE,
	       .help = "Make this an IPv6 instance, whatever its addresses are."),
	K_BOOL("accept", V, accept, .dflt = 1, LIVE,
	       .help = "Accept packets to the addresses also when not their owner, which is the "
		       "default."),
	K_ADDR("mcast_src_ip", V, mcast_src_ip, INSTANCE,
	       .help = "Source address of advertisements; default the first address of the "
		       "interface."),
	K_ADDR("unicast_src_ip", V, unicast_src_ip, INSTANCE,
	       .help = "Source address of advertisements to peers."),
	K_CUSTOM("mcast_dst_ip", &conf_type_mcast, V, mcast_dst_ip, struct addr,
		 .dflt_from = "vrrp_mcast_group4", INSTANCE,
		 .help = "Multicast group for advertisements."),
	K_U8("unicast_ttl", V, unicast_ttl, 0, 255, .dflt = 255, INSTANCE,
	     .help = "TTL of advertisements to peers."),
	K_FLAG("check_unicast_src", V, check_unicast_src, FROM("vrrp_check_unicast_src"),
	       .help = "Accept advertisements only from configured peers."),
	K_BOOL("skip_check_adv_addr", V, skip_check_adv_addr, FROM("vrrp_skip_check_adv_addr"),
	       .help = "Do not compare the address list of a sender that was compared before."),
	K_U32("garp_master_delay", V, garp_master_delay_s, 0, UINT32_MAX,
	      FROM("vrrp_garp_master_delay"),
	      .help = "Seconds between the first and the second burst of gratuitous ARP; 0 leaves "
		      "the second out."),
	K_U32("garp_master_repeat", V, garp_master_repeat, 1, UINT32_MAX,
	      FROM("vrrp_garp_master_repeat"),
	      .help = "Gratuitous ARP packets for each address in a burst."),
	K_U32("garp_master_refresh", V, garp_master_refresh_s, 0, UINT32_MAX,
	      FROM("vrrp_garp_master_refresh"),
	      .help = "Seconds between repeated gratuitous ARP while master; 0 sends none."),
	K_U32("garp_master_refresh_repeat", V, garp_master_refresh_repeat, 1, UINT32_MAX,
	      FROM("vrrp_garp_master_refresh_repeat"),
	      .help = "Gratuitous ARP packets for each address in a refresh."),
	K_U32("garp_lower_prio_delay", V, garp_lower_prio_delay_s, 0, UINT32_MAX,
	      FROM("vrrp_garp_lower_prio_delay"),
	      .help = "Seconds before the second burst after an advertisement of lower priority "
		      "was heard."),
	K_U32("garp_lower_prio_repeat", V, garp_lower_prio_repeat, 0, UINT32_MAX,
	      FROM("vrrp_garp_lower_prio_repeat"),
	      .help = "Gratuitous ARP packets for each address after an advertisement of lower "
		      "priority."),
	K_U32("down_timer_adverts", V, down_timer_adverts, 1, 100, FROM("vrrp_down_timer_adverts"),
	      .help = "Advertisement intervals without advertisement after which the master counts "
		      "as down."),
	K_BOOL("lower_prio_no_advert", V, lower_prio_no_advert, FROM("vrrp_lower_prio_no_advert"),
	       .help = "As master do not answer an advertisement of lower priority with one of our "
		       "own."),
	K_BOOL("higher_prio_send_advert", V, higher_prio_send_advert,
	       FROM("vrrp_higher_prio_send_advert"),
	       .help = "When giving way to a higher priority send one last advertisement first."),
	K_SCRIPT("notify_master", V, notify_master, LIVE,
		 .help = "Command to run on becoming master."),
	K_SCRIPT("notify_backup", V, notify_backup, LIVE,
		 .help = "Command to run on becoming backup."),
	K_SCRIPT("notify_fault", V, notify_fault, LIVE,
		 .help = "Command to run on going to FAULT."),
	K_SCRIPT("notify_stop", V, notify_stop, LIVE,
		 .help = "Command to run when the instance stops."),
	K_SCRIPT("notify", V, notify, LIVE,
		 .help = "Command to run on every change, with INSTANCE, name, state and priority "
			 "as further words."),

	/* no effect yet */
	K_FLAG("no_virtual_ipaddress", V, idle.no_virtual_ipaddress, NO_EFFECT,
	       .help = "Run without an address; diarch needs one, since peers drop an "
		       "advertisement without."),
	K_FLAG("promote_secondaries", V, idle.promote_secondaries, NO_EFFECT,
	       .help = "Set the sysctl promote_secondaries of the interface."),
	K_BOOL("strict_mode", V, idle.strict_mode, NO_EFFECT,
	       .help = "Hold the instance to the letter of the RFC."),
	K_U8("debug", V, idle.debug, 0, 4, NO_EFFECT, .help = "Level of debugging output."),
	K_BOOL("smtp_alert", V, idle.smtp_alert, NO_EFFECT,
	       .help = "Send mail on changes of state."),
	K_BOOL("notify_priority_changes", V, idle.notify_priority_changes, NO_EFFECT,
	       .help = "Report changes of effective priority as events."),
	K_OPT_WORDS("notify_deleted", V, idle.notify_deleted, 3, NO_EFFECT,
		    .help = "Report removal by a reload as DELETED, and the command to run then."),
	K_SCRIPT("notify_master_rx_lower_pri", V, idle.notify_master_rx_lower_pri, NO_EFFECT,
		 .help = "Command to run when a master of lower priority is heard."),
	K_CUSTOM("lvs_sync_daemon_interface", &conf_type_ifname, V, idle.lvs_sync_daemon_interface,
		 const char *, NO_EFFECT,
		 .help = "Interface for the synchronisation of IPVS connections."),
	K_OPT_WORDS("timer_expired_backup", V, idle.timer_expired_backup, 1, NO_EFFECT,
		    .help = "Go to BACKUP first after a timer ran very late."),
	K_OPT_WORDS("thread_timer_expired", V, idle.timer_expired_backup, 1,
		    .alias_of = "timer_expired_backup", .flags = CONF_DEPRECATED | CONF_NO_EFFECT,
		    .help = "Old name of timer_expired_backup."),
	K_WORDS("garp_extra_if", V, idle.garp_extra_if, 2, NO_EFFECT,
		.help = "Repeat gratuitous ARP on further interfaces."),
	K_WORDS("vmac_garp_intvl", V, idle.garp_extra_if, 2, .alias_of = "garp_extra_if",
		.flags = CONF_DEPRECATED | CONF_NO_EFFECT, .help = "Old name of garp_extra_if."),
	K_U32("kernel_rx_buf_size", V, idle.kernel_rx_buf_size, 1, UINT32_MAX, NO_EFFECT,
	      .help = "Receive buffer for advertisements, in bytes."),

	/* refused */
	K_UNBUILT("use_vmac", V, .help = "Use an interface with the virtual router MAC."),
	K_UNBUILT("use_vmac_addr", V,
		  .help = "Use interfaces with the virtual router MAC for addresses elsewhere."),
	K_UNBUILT("vmac_xmit_base", V, .help = "Send advertisements on the interface below."),
	K_UNBUILT("use_ipvlan", V, .help = "Use an ipvlan interface."),
	K_UNBUILT("vrf", V, .help = "Routing domain of an instance without interface."),
	K_UNBUILT("unicast_fault_no_peer", V, .help = "Stay in FAULT without peers."),
	K_UNBUILT("old_unicast_checksum", V,
		  .help = "Use the unicast checksum of very old versions."),
	K_UNBUILT("track_src_ip", V, .help = "Go to FAULT while the source address is missing."),
	K_UNBUILT("linkbeat_use_polling", V, .help = "Poll the link state."),
	K_UNBUILT("v3_checksum_as_v2", V, .help = "Leave the pseudo-header out of the checksum."),
	K_UNBUILT("no_accept", V, .help = "Drop packets to the addresses when not their owner."),
	K_UNBUILT("owner_ignore_adverts", V, .help = "Ignore all advertisements as address owner."),
	K_END,
};

static const struct conf_block *const vrrp_blocks[] = {
	&auth_block,
	&peer_block,
	&vaddr_block,
	&excluded_block,
	&track_if_block,
	&vrrp_track_script_block,
	&vrrp_track_file_lines_block,
	&vrrp_track_process_lines_block,
	&vrrp_track_bfd_block,
	&virtual_routes_block,
	&virtual_rules_block,
	&auth_hmac_block,
	NULL,
};

/* ---- derived values ---- */

int vrrp_conf_family(const struct vrrp_conf *vi)
{
	if (vi->native_ipv6)
		return AF_INET6;
	if (vi->addresses.head)
		return ((const struct vaddr_conf *)vi->addresses.head)->prefix.addr.family;
	if (vi->peers.head)
		return ((const struct peer_conf *)vi->peers.head)->addr.family;
	return vi->src_addr.family == AF_INET6 ? AF_INET6 : AF_INET;
}

/* The address owner of RFC 9568: priority 255, MASTER from the start. */
static void resolve_owner(struct conf_walk *walk, struct vrrp_conf *vi)
{
	struct conf_pos pos = rule_pos(&vi->obj, "state");

	if (vi->state == STATE_MASTER && !conf_is_set(&vi->obj, "priority", NULL)) {
		vi->priority = 255;
		conf_warning(walk, pos, CONF_SEMANTIC, "implied-owner",
			     "give a priority below 255 unless it does",
			     "state MASTER without a priority means priority 255: this host owns "
			     "the addresses");
	} else if (vi->state == STATE_BACKUP && vi->priority == 255) {
		vi->state = STATE_MASTER;
		if (conf_is_set(&vi->obj, "state", NULL))
			conf_warning(walk, pos, CONF_SEMANTIC, "owner-state",
				     "give a priority below 255",
				     "priority 255 is the owner of the addresses, which starts as "
				     "MASTER");
	}
}

static void resolve_preempt(struct conf_walk *walk, struct vrrp_conf *vi)
{
	if (vi->nopreempt && vi->state == STATE_MASTER) {
		vi->nopreempt = false;
		conf_warning(walk, rule_pos(&vi->obj, "nopreempt"), CONF_SEMANTIC,
			     "nopreempt-cleared", "write \"state BACKUP\" and a priority below 255",
			     "nopreempt does not work with state MASTER and is left out");
	}
	if (vi->preempt_delay_us > 0 && (vi->nopreempt || vi->state == STATE_MASTER)) {
		vi->preempt_delay_us = 0;
		conf_warning(walk, rule_pos(&vi->obj, "preempt_delay"), CONF_SEMANTIC,
			     "preempt-delay-cleared", NULL,
			     "preempt_delay does not work with %s and is left out",
			     vi->nopreempt ? "nopreempt" : "state MASTER");
	}
}

/* Intervals that a packet of the version cannot carry. */
static void resolve_advert_int(struct conf_walk *walk, struct vrrp_conf *vi)
{
	int64_t unit_us = vi->version == 2 ? US_PER_S : US_PER_CS;
	int64_t max_us = vi->version == 2 ? V2_ADVERT_MAX : V3_ADVERT_MAX;
	int64_t us = (vi->advert_int_us + unit_us / 2) / unit_us * unit_us;

	us = us < unit_us ? unit_us : us > max_us ? max_us : us;
	if (us == vi->advert_int_us)
		return;
	conf_warning(walk, rule_pos(&vi->obj, "advert_int"), CONF_SEMANTIC, "advert-int-adjusted",
		     vi->version == 2 ? "version 3 knows hundredths of a second, up to 40.95"
				      : NULL,
		     "version %d cannot send an interval of %g s; %g s is used", vi->version,
		     (double)vi->advert_int_us / US_PER_S, (double)us / US_PER_S);
	vi->advert_int_us = us;
}

static void resolve_auth(struct conf_walk *walk, struct vrrp_conf *vi)
{
	struct auth_conf *auth = (struct auth_conf *)vi->auth.head;

	if (!auth || auth->auth_type == VRRP_AUTH_NONE || vi->version == 2)
		return;
	auth->auth_type = VRRP_AUTH_NONE;
	conf_warning(walk, auth->obj.pos, CONF_SECURITY, "auth-ignored",
		     "remove the block, or write \"version 2\"",
		     "VRRP version 3 has no authentication; the block is left out");
}

static void resolve_source(struct conf_walk *walk, struct vrrp_conf *vi)
{
	bool is_unicast = vi->peers.n > 0 && !addr_is_unset(&vi->unicast_src_ip);

	if (!addr_is_unset(&vi->mcast_src_ip) && !addr_is_unset(&vi->unicast_src_ip) &&
	    addr_cmp(&vi->mcast_src_ip, &vi->unicast_src_ip) != 0)
		conf_warning(walk,
			     rule_pos(&vi->obj, is_unicast ? "mcast_src_ip" : "unicast_src_ip"),
			     CONF_SEMANTIC, "two-sources", NULL,
			     "mcast_src_ip and unicast_src_ip differ; %s is used",
			     is_unicast ? "unicast_src_ip" : "mcast_src_ip");
	vi->src_addr = is_unicast || addr_is_unset(&vi->mcast_src_ip) ? vi->unicast_src_ip
								      : vi->mcast_src_ip;
}

static void vrrp_resolve(struct conf_walk *walk, struct conf_obj *obj)
{
	struct vrrp_conf *vi = (struct vrrp_conf *)obj;
	const struct peer_conf *peer;

	resolve_source(walk, vi);
	if (vrrp_conf_family(vi) == AF_INET6) {
		if (!conf_is_set(obj, "version", NULL))
			vi->version = 3;
		if (!conf_is_set(obj, "mcast_dst_ip", NULL))
			vi->mcast_dst_ip = root_global(obj->parent)->vrrp_mcast_group6;
	}
	conf_list_for_each (peer, &vi->peers)
		if (peer->min_ttl > 0 || peer->max_ttl < 255)
			vi->check_unicast_src = true;
	resolve_owner(walk, vi);
	resolve_preempt(walk, vi);
	resolve_advert_int(walk, vi);
	resolve_auth(walk, vi);
}

static bool vrrp_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vrrp_conf *vi = (const struct vrrp_conf *)obj;
	struct conf_pos pos;

	if (conf_is_set(obj, "accept", &pos) && !vi->accept)
		conf_error(walk, pos, CONF_SECURITY, "not-built-yet", NULL,
			   "keepalived can drop packets to the addresses, but diarch cannot yet");
	return unbuilt_finish(walk, obj);
}

const struct conf_block vrrp_block = {
	.name = "vrrp_instance",
	.size = sizeof(struct vrrp_conf),
	.list_offset = offsetof(struct root_conf, vrrp_instances),
	.args = vrrp_args,
	.keys = vrrp_keys,
	.blocks = vrrp_blocks,
	.finish = vrrp_finish,
	.resolve = vrrp_resolve,
	.help = "A virtual router.",
};
