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
#include "vrrp/route_conf.h"
#include "vrrp/track_conf.h"

#define V2_ADVERT_MAX (255 * US_PER_S)
#define V3_ADVERT_MAX (4095 * US_PER_CS)

/* How late the kernel may be with the removal of an address whose lifetime is over. */
#define LEASE_LATE_US (500 * US_PER_MS)

/* Shorter ones would be over whenever a host is busy. */
#define LEASE_MIN_US (100 * US_PER_MS)

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

/* An address of a router, with a prefix length that does not matter. */
static bool router_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	struct conf_prefix prefix;

	if (!strchr(argv[0].text, '/'))
		return conf_type_addr.parse(walk, key, field, argv, argc);
	if (!conf_type_prefix.parse(walk, key, &prefix, argv, argc))
		return false;
	conf_warning(walk, argv[0].pos, CONF_VALUE, "extra-length", NULL,
		     "%s: the prefix length of \"%s\" is ignored", key->name, argv[0].text);
	*(struct addr *)field = prefix.addr;
	return true;
}

CONF_LIKE(router, conf_type_addr)

const struct conf_type conf_type_router = {
	.name = "address",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(router),
	.json_type = "string",
};

/* ---- unicast_peer ---- */

static const struct conf_key peer_args[] = {
	K_CUSTOM("address", &conf_type_router, struct peer_conf, addr, struct addr,
		 .apply = CONF_APPLY_INSTANCE, .help = "Address of the other router."),
	K_END,
};

static const struct conf_key peer_keys[] = {
	K_U8("min_ttl", struct peer_conf, min_ttl, 0, 255, .apply = CONF_APPLY_LIVE,
	     .help = "Lowest TTL accepted from this peer."),
	K_U8("max_ttl", struct peer_conf, max_ttl, 0, 255, .dflt = 255, .apply = CONF_APPLY_LIVE,
	     .help = "Highest TTL accepted from this peer."),
	K_END,
};

static int peer_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return addr_cmp(&((const struct peer_conf *)a)->addr, &((const struct peer_conf *)b)->addr);
}

static bool peer_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vrrp_conf *vi = (const struct vrrp_conf *)obj->parent;

	return rule_keep_first(walk, &vi->peers, obj, peer_cmp, "this peer");
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

/* ---- vrrp_instance ---- */

#define V          struct vrrp_conf
#define LIVE       .apply = CONF_APPLY_LIVE
#define INSTANCE   .apply = CONF_APPLY_INSTANCE
#define NO_EFFECT  .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT
#define FROM(name) .dflt_from = name, .apply = CONF_APPLY_LIVE

/* notify_deleted [SCRIPT] */
static bool opt_script_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			     const struct conf_token *argv, unsigned argc)
{
	return argc == 0 || conf_type_script.parse(walk, key, field, argv, argc);
}

CONF_LIKE(opt_script, conf_type_script)

static const struct conf_type type_opt_script = {
	.name = "command [user [group]]",
	.max_args = 3,
	.is_raw = true,
	CONF_LIKE_MEMBERS(opt_script),
	.json_type = "object",
};

/* A priority that is refused counts as given: with tolerance, nobody becomes the owner by it. */
static bool priority_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			   const struct conf_token *argv, unsigned argc)
{
	if (!conf_type_u8.parse(walk, key, field, argv, argc))
		*(uint8_t *)field = (uint8_t)key->dflt;
	return true;
}

CONF_LIKE(priority, conf_type_u8)

static const struct conf_type type_priority = {
	.name = "number",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(priority),
	.json_type = "integer",
};

/* timer_expired_backup [PRIORITY] */
static bool expired_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			  const struct conf_token *argv, unsigned argc)
{
	if (argc > 0)
		return conf_type_u8.parse(walk, key, field, argv, argc);
	*(uint8_t *)field = (uint8_t)key->max;
	return true;
}

CONF_LIKE(expired, conf_type_u8)

static const struct conf_type type_expired = {
	.name = "priority",
	.max_args = 1,
	CONF_LIKE_MEMBERS(expired),
	.json_type = "integer",
};

/* old_unicast_checksum [never] */
static const struct conf_word old_checksum_words[] = {
	{ "never", OLD_CHECKSUM_NEVER },
	{ NULL, 0 },
};

static bool old_checksum_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			       const struct conf_token *argv, unsigned argc)
{
	if (argc > 0)
		return conf_type_word.parse(walk, key, field, argv, argc);
	*(int *)field = OLD_CHECKSUM_USE;
	return true;
}

CONF_LIKE(old_checksum, conf_type_word)

static const struct conf_type type_old_checksum = {
	.name = "never",
	.max_args = 1,
	CONF_LIKE_MEMBERS(old_checksum),
	.json_type = "string",
};

static const struct conf_word version_words[] = { { "2", 2 }, { "3", 3 }, { NULL, 0 } };

static const struct conf_key vrrp_args[] = {
	K_STR("name", V, name, INSTANCE, .help = "Name in logs, status and scripts."),
	K_END,
};

static const struct conf_key vrrp_keys[] = {
	K_CUSTOM("interface", &conf_type_ifname, V, interface, const char *, INSTANCE,
		 .help = "Interface to send and receive advertisements on."),
	K_U8("virtual_router_id", V, virtual_router_id, 1, 255, INSTANCE, .flags = CONF_REQUIRED,
	     .help = "Number of the virtual router, the same on all its hosts."),
	K_CUSTOM("priority", &type_priority, V, priority, uint8_t, .min = 1, .max = 255,
		 .dflt = 100, LIVE,
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
	K_SECS("preempt_sync_delay", V, preempt_sync_delay_us, 0, 86400 * US_PER_S, LIVE,
	       .help = "Take over from a master of lower priority only when the daemon of "
		       "lvs_sync_daemon has received IPVS connections for so long."),
	K_FLAG("dont_track_primary", V, dont_track_primary, LIVE,
	       .help = "Do not go to FAULT when the link of the interface is down."),
	K_FLAG("native_ipv6", V, native_ipv6, INSTANCE,
	       .help = "Make this an IPv6 instance, whatever its addresses are."),
	K_BOOL("accept", V, accept, .dflt = 1, LIVE,
	       .help = "Accept packets to the addresses also when not their owner, which is the "
		       "default."),
	K_CUSTOM("mcast_src_ip", &conf_type_router, V, mcast_src_ip, struct addr, INSTANCE,
		 .help = "Source address of advertisements; default the first address of the "
			 "interface."),
	K_CUSTOM("unicast_src_ip", &conf_type_router, V, unicast_src_ip, struct addr, INSTANCE,
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
	K_U32("garp_master_repeat", V, garp_master_repeat, 1, UINT32_MAX, .flags = CONF_CLAMP,
	      FROM("vrrp_garp_master_repeat"),
	      .help = "Gratuitous ARP packets for each address in a burst."),
	K_U32("garp_master_refresh", V, garp_master_refresh_s, 0, UINT32_MAX,
	      FROM("vrrp_garp_master_refresh"),
	      .help = "Seconds between repeated gratuitous ARP while master; 0 sends none."),
	K_U32("garp_master_refresh_repeat", V, garp_master_refresh_repeat, 1, UINT32_MAX,
	      .flags = CONF_CLAMP, FROM("vrrp_garp_master_refresh_repeat"),
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
	       .help = "When giving way to a higher priority send one last advertisement first, "
		       "so that the winner announces the addresses again."),
	K_BOOL("owner_ignore_adverts", V, owner_ignore_adverts, FROM("vrrp_owner_ignore_adverts"),
	       .help = "Ignore all advertisements as address owner."),
	K_BOOL("strict_mode", V, strict_mode, FROM("vrrp_strict"),
	       .help = "Hold the instance to the letter of the RFC."),
	K_BOOL("v3_checksum_as_v2", V, v3_checksum_as_v2, FROM("v3_checksum_as_v2"),
	       .help = "Leave the pseudo-header out of the checksums of VRRPv3 over IPv4 that are "
		       "sent; both forms are accepted."),
	K_SECS("learn_interval_min", V, learn_min_us, US_PER_CS, V3_ADVERT_MAX, LIVE,
	       .help = "Shortest interval of a master that is believed (version 3); below it this "
		       "one counts."),
	K_SECS("learn_interval_max", V, learn_max_us, US_PER_CS, V3_ADVERT_MAX, LIVE,
	       .help = "Longest interval of a master that is believed (version 3); above it this "
		       "one counts, so that no packet makes a backup wait for minutes."),
	K_BOOL("lease", V, lease, LIVE,
	       .help = "Let the kernel drop the addresses unless they are renewed with each "
		       "advertisement, so that a router that hangs is no second master. IPv6 "
		       "addresses get noprefixroute with it. With intervals below half a second "
		       "nftables drops packets to and from the addresses instead."),
	K_SCRIPT("notify_master", V, notify_master, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on becoming master."),
	K_SCRIPT("notify_backup", V, notify_backup, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on becoming backup."),
	K_SCRIPT("notify_fault", V, notify_fault, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on going to FAULT."),
	K_SCRIPT("notify_stop", V, notify_stop, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run when the instance stops."),
	K_SCRIPT("notify", V, notify, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on every change, with INSTANCE, name, state and priority "
			 "as further words."),
	K_BOOL("smtp_alert", V, smtp_alert, .dflt_from = "smtp_alert_vrrp", LIVE,
	       .help = "Send mail on changes of state."),
	K_BOOL("notify_priority_changes", V, notify_priority_changes,
	       .dflt_from = "vrrp_notify_priority_changes", LIVE,
	       .help = "Report changes of effective priority as events."),
	K_CUSTOM("notify_deleted", &type_opt_script, V, notify_deleted, struct conf_script, LIVE,
		 .flags = CONF_FIRST,
		 .help = "Report removal by a reload as DELETED, and the command to run then."),
	K_SCRIPT("notify_master_rx_lower_pri", V, notify_master_rx_lower_pri, LIVE,
		 .flags = CONF_FIRST,
		 .help = "Command to run when a master of lower priority is heard."),

	/* no effect yet */
	K_FLAG("no_virtual_ipaddress", V, no_virtual_ipaddress, LIVE, .flags = CONF_IF_SET,
	       .help = "The instance is meant to have no address of its own."),
	K_FLAG("promote_secondaries", V, promote_secondaries, .apply = CONF_APPLY_LIVE,
	       .flags = CONF_IF_SET,
	       .help = "Set the sysctl promote_secondaries of the interface."),
	K_U8("debug", V, idle.debug, 0, 4, NO_EFFECT, .no_use = "it has none in keepalived either",
	     .help = "Level of debugging output."),
	K_CUSTOM("lvs_sync_daemon_interface", &conf_type_ifname, V, idle.lvs_sync_daemon_interface,
		 const char *, NO_EFFECT,
		 .not_in_effect = "connections are synchronised only as lvs_sync_daemon of "
				  "global_defs says",
		 .help = "Interface for the synchronisation of IPVS connections."),
	K_CUSTOM("timer_expired_backup", &type_expired, V, idle.timer_expired_backup, uint8_t,
		 .min = 1, .max = 254, NO_EFFECT,
		 .not_in_effect =
			 "a late timer counts only when what has arrived meanwhile is read; "
			 "with a lease a master that slept goes back to backup",
		 .help = "After a timer ran very late go to BACKUP first, if a router of at most "
			 "this priority, 254 when it is left out, may have taken over."),
	K_CUSTOM("thread_timer_expired", &type_expired, V, idle.timer_expired_backup, uint8_t,
		 .min = 1, .max = 254, .alias_of = "timer_expired_backup",
		 .flags = CONF_DEPRECATED | CONF_NO_EFFECT,
		 .help = "Old name of timer_expired_backup."),
	K_CUSTOM("garp_extra_if", &conf_type_garp_extra, V, garp_extra_if, struct conf_garp_extra,
		 .dflt_from = "vrrp_garp_extra_if", .max = 86400, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_IF_SET,
		 .help = "Seconds between gratuitous ARP on further interfaces; all includes those "
			 "without VMAC."),
	K_CUSTOM("vmac_garp_intvl", &conf_type_garp_extra, V, garp_extra_if, struct conf_garp_extra,
		 .max = 86400, .alias_of = "garp_extra_if", .flags = CONF_DEPRECATED,
		 .help = "Old name of garp_extra_if."),
	K_U32("kernel_rx_buf_size", V, kernel_rx_buf_size, 1, UINT32_MAX, .apply = CONF_APPLY_LIVE,
	      .flags = CONF_IF_SET,
	      .help = "Bytes that this instance adds to the receive buffer for the advertisements "
		      "of its interface; without it vrrp_rx_bufs_policy says."),
	K_CUSTOM("use_vmac", &conf_type_opt_parts, V, use_vmac, struct vmac_conf,
		 .parts = vmac_parts, .apply = CONF_APPLY_INSTANCE, .flags = CONF_IF_SET,
		 .help = "Use an interface with the virtual router MAC."),
	K_FLAG("use_vmac_addr", V, use_vmac_addr, LIVE, .flags = CONF_IF_SET,
	       .help = "Put addresses of other interfaces, but for lo, on interfaces with the "
		       "virtual "
		       "router MAC."),
	K_FLAG("vmac_xmit_base", V, vmac_xmit_base, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	       .help = "Send advertisements on the interface below."),
	K_CUSTOM("use_ipvlan", &conf_type_opt_parts, V, use_ipvlan, struct ipvlan_conf,
		 .parts = ipvlan_parts, .apply = CONF_APPLY_INSTANCE, .flags = CONF_IF_SET,
		 .help = "Run on an ipvlan interface, with the address given here, or the source, "
			 "as "
			 "its own."),
	K_CUSTOM("vrf", &conf_type_ifname, V, vrf, const char *, .apply = CONF_APPLY_INSTANCE,
		 .flags = CONF_IF_SET,
		 .help = "Routing domain (VRF) of an instance without interface."),
	K_FLAG("unicast_fault_no_peer", V, unicast_fault_no_peer, LIVE, .flags = CONF_IF_SET,
	       .help = "Stay in FAULT without peers rather than use multicast."),
	K_CUSTOM("old_unicast_checksum", &type_old_checksum, V, old_unicast_checksum, int,
		 .words = old_checksum_words, LIVE, .flags = CONF_IF_SET,
		 .help = "Send VRRPv3 over IPv4 to peers with the checksum of keepalived up to "
			 "1.3.6; without this word while they send it, with never not even "
			 "accepted."),
	K_FLAG("track_src_ip", V, idle.track_src_ip, LIVE, .flags = CONF_IF_SET,
	       .help = "Go to FAULT while the source address is missing; always so."),
	K_FLAG("linkbeat_use_polling", V, linkbeat_use_polling, LIVE, .flags = CONF_IF_SET,
	       .help = "Poll the link state."),
	K_FLAG("no_accept", V, no_accept, LIVE,
	       .help = "Drop packets to and from the addresses, but for neighbour discovery, when "
		       "not their owner; as accept off."),
	K_END,
};

static const struct conf_block *const vrrp_blocks[] = {
	&auth_block,
	&peer_block,
	&vaddr_block,
	&excluded_block,
	&vrrp_track_if_block,
	&vrrp_track_script_block,
	&vrrp_track_file_lines_block,
	&vrrp_track_process_lines_block,
	&vrrp_track_bfd_block,
	&vrrp_track_vs_block,
	&virtual_routes_block,
	&virtual_rules_block,
	&auth_hmac_block,
	&second_path_block,
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

	if (!auth || auth->auth_type == VRRP_AUTH_NONE ||
	    (vi->version == 2 && vi->auth_hmac.n == 0))
		return;
	auth->auth_type = VRRP_AUTH_NONE;
	if (vi->auth_hmac.n > 0)
		return; /* two-authentications says it */
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
	vi->accept = vi->accept && !vi->no_accept;
	if (vi->strict_mode)
		vrrp_conf_be_strict(walk, vi);
}

static bool have_common_peer(const struct vrrp_conf *a, const struct vrrp_conf *b)
{
	const struct peer_conf *p, *q;

	conf_list_for_each (p, &a->peers)
		conf_list_for_each (q, &b->peers)
			if (addr_cmp(&p->addr, &q->addr) == 0)
				return true;
	return false;
}

/* Two interfaces with one MAC on one link are one too many. */
static bool have_common_mac(const struct vrrp_conf *a, const struct vrrp_conf *b)
{
	const struct vmac_conf *x = &a->use_vmac, *y = &b->use_vmac;

	return x->parts.is_given && y->parts.is_given && x->mac.n == y->mac.n &&
	       memcmp(x->mac.octets, y->mac.octets, sizeof(x->mac.octets)) == 0;
}

bool vrrp_conf_clashes(const struct vrrp_conf *a, const struct vrrp_conf *b)
{
	if (have_common_mac(a, b))
		return true;
	if (vrrp_conf_is_unicast(a) != vrrp_conf_is_unicast(b))
		return false;
	if (!vrrp_conf_is_unicast(a))
		return addr_cmp(&a->mcast_dst_ip, &b->mcast_dst_ip) == 0;
	return have_common_peer(a, b) && addr_cmp(&a->src_addr, &b->src_addr) == 0;
}

const char *vrrp_conf_place(const struct vrrp_conf *vi)
{
	if (vi->interface)
		return vi->interface;
	return vi->vrf ? vi->vrf : VRRP_ANY_INTERFACE;
}

bool vrrp_conf_is_unicast(const struct vrrp_conf *vi)
{
	return vi->peers.n > 0 || vi->unicast_fault_no_peer;
}

bool vrrp_conf_drops(const struct vrrp_conf *vi)
{
	return !vi->accept && vi->priority != 255;
}

int64_t vrrp_conf_lease_s(const struct vrrp_conf *vi)
{
	int64_t down_us = vi->down_timer_adverts * vi->advert_int_us;
	int64_t lease_s = (down_us - LEASE_LATE_US) / US_PER_S;

	if (!vi->lease || 2 * lease_s * US_PER_S < 3 * vi->advert_int_us)
		return 0;
	return lease_s;
}

/* Half an interval is left for whoever takes over, and for the kernel's own clock. */
int64_t vrrp_conf_tell_us(const struct root_conf *root)
{
	const struct vrrp_conf *instance;

	conf_list_for_each (instance, &root->vrrp_instances) {
		if (instance->advert_int_us < US_PER_S)
			return 250 * US_PER_MS;
	}
	return 750 * US_PER_MS;
}

int64_t vrrp_conf_lease_us(const struct vrrp_conf *vi)
{
	int64_t advert_us = vi->advert_int_us;
	int64_t short_us = vi->down_timer_adverts * advert_us - advert_us / 2;
	int64_t lease_s = vrrp_conf_lease_s(vi);

	if (!vi->lease || lease_s > 0)
		return lease_s * US_PER_S;
	return 2 * short_us < 3 * advert_us || short_us < LEASE_MIN_US ? 0 : short_us;
}

bool vrrp_conf_has_short_lease(const struct vrrp_conf *vi)
{
	return vrrp_conf_lease_s(vi) == 0 && vrrp_conf_lease_us(vi) > 0;
}

/* Unicast with a source address works without interface. */
static void check_interface(struct conf_walk *walk, const struct vrrp_conf *vi)
{
	if (vi->interface && vi->vrf)
		conf_refuse(walk, MEND_RESET(&vi->obj, "vrf"), CONF_SEMANTIC, "interface-and-vrf",
			    "an interface is in its VRF anyway",
			    "interface and vrf exclude each other");
	if (!vi->interface && (vi->peers.n == 0 || addr_is_unset(&vi->unicast_src_ip)))
		conf_error(walk, vi->obj.pos, CONF_SEMANTIC, "missing-keyword",
			   "it may be left out with unicast_peer and unicast_src_ip only",
			   "vrrp_instance needs the keyword \"interface\"");
}

static bool vrrp_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct vrrp_conf *vi = (const struct vrrp_conf *)obj;
	struct conf_pos pos;

	if (vi->no_accept && vi->accept && conf_is_set(obj, "accept", &pos))
		conf_warning(walk, pos, CONF_SEMANTIC, "accept-and-no-accept", "remove one of them",
			     "accept and no_accept exclude each other; no_accept is used");
	check_interface(walk, vi);
	if (vi->use_vmac.parts.is_given && vi->use_ipvlan.parts.is_given)
		conf_refuse(walk, MEND_RESET(obj, "use_ipvlan"), CONF_SEMANTIC, "vmac-and-ipvlan",
			    NULL, "use_vmac and use_ipvlan exclude each other");
	if (vi->auth.n > 0 && vi->auth_hmac.n > 0)
		conf_warning(walk, vi->auth.head->pos, CONF_SECURITY, "two-authentications",
			     "remove the block",
			     "authentication and auth_hmac exclude each other; auth_hmac is used");
	return true;
}

const struct conf_block vrrp_block = {
	.name = "vrrp_instance",
	.is_vital = true,
	.is_alone = true,
	.size = sizeof(struct vrrp_conf),
	.list_offset = offsetof(struct root_conf, vrrp_instances),
	.args = vrrp_args,
	.keys = vrrp_keys,
	.blocks = vrrp_blocks,
	.finish = vrrp_finish,
	.resolve = vrrp_resolve,
	.help = "A virtual router.",
};
