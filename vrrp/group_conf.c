/*
 * Groups of instances and of interfaces, and how links are watched. The parent runs it while it
 * loads a file.
 */
#include <string.h>

#include "lib/clock.h"
#include "lib/conf_like.h"
#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/track_conf.h"

#define LIVE .apply = CONF_APPLY_LIVE

/* ---- lines of names ---- */

static const struct conf_key member_args[] = {
	K_WORDS("names", struct member_conf, names, 255, LIVE, .help = "One or more names."),
	K_END,
};

#define MEMBER_LINES(block_name, s, list)                                                  \
	.name = block_name, .style = CONF_BLOCK_LINES, .size = sizeof(struct member_conf), \
	.list_offset = offsetof(s, list), .args = member_args

/* ---- vrrp_sync_group ---- */

#define G struct sync_group_conf

static const struct conf_key sync_args[] = {
	K_STR("name", G, name, LIVE, .help = "Name in logs and scripts."),
	K_END,
};

static const struct conf_key sync_keys[] = {
	K_SCRIPT("notify_master", G, notify_master, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on becoming master."),
	K_SCRIPT("notify_backup", G, notify_backup, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on becoming backup."),
	K_SCRIPT("notify_fault", G, notify_fault, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on going to FAULT."),
	K_SCRIPT("notify_stop", G, notify_stop, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run when the group stops."),
	K_SCRIPT("notify", G, notify, LIVE, .flags = CONF_FIRST,
		 .help = "Command to run on every change."),
	K_BOOL("smtp_alert", G, smtp_alert, .dflt_from = "smtp_alert_vrrp", LIVE,
	       .help = "Send mail on changes of state."),
	K_FLAG("sync_group_tracking_weight", G, sync_group_tracking_weight, LIVE,
	       .help = "Let trackers of the group and its members have weights."),
	K_FLAG("global_tracking", G, sync_group_tracking_weight,
	       .alias_of = "sync_group_tracking_weight", .flags = CONF_DEPRECATED,
	       .help = "Old name of sync_group_tracking_weight."),
	K_BOOL("notify_priority_changes", G, notify_priority_changes,
	       .dflt_from = "vrrp_notify_priority_changes", LIVE,
	       .help = "Report changes of effective priority as events."),
	K_END,
};

static const struct conf_block sync_members = {
	MEMBER_LINES("group", G, members),
	.help = "Names of instances.",
};

static const struct conf_block sync_track_interface = {
	.name = "track_interface",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct track_if_conf),
	.list_offset = offsetof(G, track_interfaces),
	.args = track_if_args,
	.keys = track_if_keys,
	.finish = track_if_finish,
	.help = "Tracked interfaces of a group.",
};

#define SYNC_TRACK(block_name, list)                                                      \
	.name = block_name, .style = CONF_BLOCK_LINES, .size = sizeof(struct track_conf), \
	.list_offset = offsetof(G, list), .args = track_args, .keys = track_keys,         \
	.finish = track_finish

static const struct conf_block sync_track_script = {
	SYNC_TRACK("track_script", track_scripts),
	.help = "Tracked scripts of a group.",
};

static const struct conf_block sync_track_file = {
	SYNC_TRACK("track_file", track_files),
	.help = "Tracked files of a group.",
};

static const struct conf_block sync_track_process = {
	SYNC_TRACK("track_process", track_processes),
	.help = "Tracked processes of a group.",
};

static const struct conf_block sync_track_bfd = {
	SYNC_TRACK("track_bfd", track_bfds),
	.help = "Tracked BFD sessions of a group.",
};

static const struct conf_block sync_track_vs = {
	.name = "track_virtual_server",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct track_vs_conf),
	.list_offset = offsetof(G, track_services),
	.args = track_vs_args,
	.keys = track_vs_keys,
	.finish = track_vs_finish,
	.resolve = track_vs_resolve,
	.help = "Virtual servers whose quorum a group depends on.",
};

const struct conf_block vrrp_sync_group_block = {
	.name = "vrrp_sync_group",
	.is_alone = true,
	.size = sizeof(G),
	.list_offset = offsetof(struct root_conf, sync_groups),
	.args = sync_args,
	.keys = sync_keys,
	.blocks = (const struct conf_block *const[]){ &sync_members, &sync_track_interface,
						      &sync_track_script, &sync_track_file,
						      &sync_track_process, &sync_track_bfd,
						      &sync_track_vs, NULL },
	.help = "Instances that change state together.",
};

/* ---- track_group ---- */

static const struct conf_key track_group_args[] = {
	K_STR("name", struct track_group_conf, name, LIVE, .help = "Name that others refer to."),
	K_END,
};

static const struct conf_block track_group_members = {
	MEMBER_LINES("group", struct track_group_conf, members),
	.help = "Names of instances.",
};

const struct conf_block track_group_block = {
	.name = "track_group",
	.is_alone = true,
	.size = sizeof(struct track_group_conf),
	.list_offset = offsetof(struct root_conf, track_groups),
	.args = track_group_args,
	.blocks = (const struct conf_block *const[]){ &track_group_members, NULL },
	.help = "Instances that depend on static addresses and routes.",
};

/* ---- garp_group ---- */

#define GG struct garp_group_conf

/* Adds to the words of earlier lines. */
static bool more_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	struct conf_words *words = field, more;
	const char **v;

	if (!conf_type_words.parse(walk, key, &more, argv, argc))
		return false;
	v = conf_alloc(walk, (words->n + more.n) * sizeof(*v));
	for (uint32_t i = 0; i < words->n; i++)
		v[i] = words->v[i];
	for (uint32_t i = 0; i < more.n; i++)
		v[words->n + i] = more.v[i];
	*words = (struct conf_words){ v, words->n + more.n };
	return true;
}

CONF_LIKE(more, conf_type_words)

static const struct conf_type type_more_words = {
	.name = "interface",
	.min_args = 1,
	.max_args = 255,
	CONF_LIKE_MEMBERS(more),
	.json_type = "array",
};

static const struct conf_key garp_group_keys[] = {
	K_SECS("garp_interval", GG, garp_interval_us, 0, 4294 * US_PER_S, LIVE,
	       .help = "Shortest time between two gratuitous ARP packets on all interfaces of the "
		       "group."),
	K_SECS("gna_interval", GG, gna_interval_us, 0, 4294 * US_PER_S, LIVE,
	       .help = "Shortest time between two unsolicited neighbour advertisements."),
	K_CUSTOM("interface", &type_more_words, GG, interface, struct conf_words, LIVE, .max = 255,
		 .flags = CONF_REPEAT, .help = "An interface of the group; each line adds one."),
	K_END,
};

static const struct conf_block garp_interfaces = {
	MEMBER_LINES("interfaces", GG, interfaces),
	.help = "Interfaces of the group.",
};

static bool garp_group_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const GG *group = (const GG *)obj;

	if (group->garp_interval_us == 0 && group->gna_interval_us == 0)
		conf_refuse(walk, MEND_OUT(obj), CONF_SEMANTIC, "no-interval",
			    "add garp_interval or gna_interval",
			    "a garp_group without interval does nothing");
	return true;
}

static bool has_word(const struct conf_words *words, const char *name)
{
	for (uint32_t i = 0; i < words->n; i++) {
		if (strcmp(words->v[i], name) == 0)
			return true;
	}
	return false;
}

bool garp_group_has(const struct garp_group_conf *group, const char *name)
{
	const struct member_conf *m;

	if (has_word(&group->interface, name))
		return true;
	conf_list_for_each (m, &group->interfaces) {
		if (has_word(&m->names, name))
			return true;
	}
	return false;
}

const struct conf_block garp_group_block = {
	.name = "garp_group",
	.size = sizeof(GG),
	.list_offset = offsetof(struct root_conf, garp_groups),
	.keys = garp_group_keys,
	.blocks = (const struct conf_block *const[]){ &garp_interfaces, NULL },
	.finish = garp_group_finish,
	.help = "Interfaces that share a rate limit for gratuitous ARP.",
};

/* ---- linkbeat_interfaces ---- */

static const struct conf_word linkbeat_words[] = {
	{ "MII", LINKBEAT_MII },
	{ "ETHTOOL", LINKBEAT_ETHTOOL },
	{ "IOCTL", LINKBEAT_IOCTL },
	{ NULL, 0 },
};

#define LB struct linkbeat_conf

static const struct conf_key linkbeat_args[] = {
	K_CUSTOM("interface", &conf_type_ifname, LB, interface, const char *, LIVE,
		 .help = "The interface to poll."),
	K_END,
};

static const struct conf_key linkbeat_keys[] = {
	K_WORD("method", LB, method, linkbeat_words, .flags = CONF_BARE, LIVE,
	       .help = "MII, ETHTOOL or IOCTL; default what works."),
	K_END,
};

const struct conf_block linkbeat_interfaces_block = {
	.name = "linkbeat_interfaces",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(LB),
	.list_offset = offsetof(struct root_conf, linkbeat_interfaces),
	.args = linkbeat_args,
	.keys = linkbeat_keys,
	.help = "Interfaces whose link is polled.",
};

/* ---- interface_up_down_delays ---- */

#define LD struct link_delay_conf

static const struct conf_key delay_args[] = {
	K_CUSTOM("interface", &conf_type_ifname, LD, interface, const char *, LIVE,
		 .help = "The interface."),
	K_SECS("down", LD, down_us, 0, 255 * US_PER_S, LIVE,
	       .help = "Seconds before the loss of the link counts."),
	K_END,
};

static const struct conf_key delay_keys[] = {
	K_SECS("up", LD, up_us, 0, 255 * US_PER_S, LIVE, .flags = CONF_BARE,
	       .help = "Seconds before the return of the link counts; stands without its "
		       "keyword."),
	K_END,
};

const struct conf_block interface_up_down_delays_block = {
	.name = "interface_up_down_delays",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(LD),
	.list_offset = offsetof(struct root_conf, link_delays),
	.args = delay_args,
	.keys = delay_keys,
	.help = "Times before a change of link counts.",
};
