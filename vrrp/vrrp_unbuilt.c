/*
 * What keepalived has around instances and diarch does not yet: sync groups, trackers, routes, BFD.
 * Tables only, so that a file which needs them is refused with a clear word (lib/unbuilt.h). The
 * parent runs it while it loads.
 */
#include "lib/global_conf.h"
#include "lib/unbuilt.h"
#include "vrrp/vrrp_conf.h"

/* ---- groups ---- */

static const struct conf_key sync_group_keys[] = {
	K_INSIDE("notify_master", .help = "Command to run on becoming master."),
	K_INSIDE("notify_backup", .help = "Command to run on becoming backup."),
	K_INSIDE("notify_fault", .help = "Command to run on going to FAULT."),
	K_INSIDE("notify_stop", .help = "Command to run when the group stops."),
	K_INSIDE("notify", .help = "Command to run on every change."),
	K_INSIDE("smtp_alert", .help = "Send mail on changes of state."),
	K_INSIDE("global_tracking", .help = "Old name of sync_group_tracking_weight."),
	K_INSIDE("sync_group_tracking_weight", .help = "Let trackers of the group have weights."),
	K_INSIDE("notify_priority_changes",
		 .help = "Report changes of effective priority as events."),
	K_END,
};

static const struct conf_block group_track_interface = UNBUILT_LINES(
	"track_interface", struct unbuilt_conf, lines, .help = "Tracked interfaces of a group.");

static const struct conf_block group_track_script = UNBUILT_LINES(
	"track_script", struct unbuilt_conf, lines, .help = "Tracked scripts of a group.");

static const struct conf_block group_track_file = UNBUILT_LINES(
	"track_file", struct unbuilt_conf, lines, .help = "Tracked files of a group.");

static const struct conf_block group_track_process = UNBUILT_LINES(
	"track_process", struct unbuilt_conf, lines, .help = "Tracked processes of a group.");

static const struct conf_block group_track_bfd = UNBUILT_LINES(
	"track_bfd", struct unbuilt_conf, lines, .help = "Tracked BFD sessions of a group.");

static const struct conf_block group_members =
	UNBUILT_LINES("group", struct unbuilt_conf, lines, .help = "Names of instances.");

const struct conf_block vrrp_sync_group_block = UNBUILT_NAMED(
	"vrrp_sync_group", struct root_conf, unbuilt_blocks, .keys = sync_group_keys,
	.blocks =
		(const struct conf_block *const[]){ &group_members, &group_track_interface,
						    &group_track_script, &group_track_file,
						    &group_track_process, &group_track_bfd, NULL },
	.help = "Instances that change state together.");

const struct conf_block track_group_block =
	UNBUILT_NAMED("track_group", struct root_conf, unbuilt_blocks,
		      .blocks = (const struct conf_block *const[]){ &group_members, NULL },
		      .help = "Instances that depend on static addresses and routes.");

static const struct conf_key garp_group_keys[] = {
	K_INSIDE("garp_interval", .help = "Shortest time between gratuitous ARP packets."),
	K_INSIDE("gna_interval", .help = "Shortest time between neighbour advertisements."),
	K_INSIDE("interface", .help = "An interface of the group."),
	K_END,
};

static const struct conf_block garp_interfaces =
	UNBUILT_LINES("interfaces", struct unbuilt_conf, lines, .help = "Interfaces of the group.");

const struct conf_block garp_group_block =
	UNBUILT_BLOCK("garp_group", struct root_conf, unbuilt_blocks, .keys = garp_group_keys,
		      .blocks = (const struct conf_block *const[]){ &garp_interfaces, NULL },
		      .help = "Interfaces that share a rate limit for gratuitous ARP.");

/* ---- trackers ---- */

static const struct conf_key script_keys[] = {
	K_INSIDE("script", .help = "Command to run."),
	K_INSIDE("interval", .help = "Seconds between runs."),
	K_INSIDE("timeout", .help = "Seconds a run may take."),
	K_INSIDE("weight", .help = "Effect on the priority."),
	K_INSIDE("rise", .help = "Successes needed to be up."),
	K_INSIDE("fall", .help = "Failures needed to be down."),
	K_INSIDE("user", .help = "User and group to run as."),
	K_INSIDE("init_fail", .help = "Count as failed until the first result."),
	K_END,
};

const struct conf_block vrrp_script_block =
	UNBUILT_NAMED("vrrp_script", struct root_conf, unbuilt_blocks, .keys = script_keys,
		      .help = "A command that decides about FAULT or the priority.");

static const struct conf_key process_keys[] = {
	K_INSIDE("process", .help = "Process to look for."),
	K_INSIDE("param_match", .help = "How parameters are compared."),
	K_INSIDE("weight", .help = "Effect on the priority."),
	K_INSIDE("quorum", .help = "Fewest processes."),
	K_INSIDE("quorum_max", .help = "Most processes."),
	K_INSIDE("delay", .help = "Time before a change counts."),
	K_INSIDE("terminate_delay", .help = "Time before a loss counts."),
	K_INSIDE("fork_delay", .help = "Time before a gain counts."),
	K_INSIDE("full_command", .help = "Compare the whole command line."),
	K_END,
};

const struct conf_block vrrp_track_process_block =
	UNBUILT_NAMED("vrrp_track_process", struct root_conf, unbuilt_blocks, .keys = process_keys,
		      .help = "Processes that decide about FAULT or the priority.");

static const struct conf_key file_keys[] = {
	K_INSIDE("file", .help = "File to watch."),
	K_INSIDE("weight", .help = "Factor for the number in the file."),
	K_INSIDE("init_file", .help = "Create the file at start."),
	K_END,
};

const struct conf_block track_file_block =
	UNBUILT_NAMED("track_file", struct root_conf, unbuilt_blocks, .keys = file_keys,
		      .help = "A file whose number moves the priority.");

const struct conf_block vrrp_track_file_block =
	UNBUILT_NAMED("vrrp_track_file", struct root_conf, unbuilt_blocks, .keys = file_keys,
		      .help = "Old name of track_file.");

static const struct conf_key bfd_keys[] = {
	K_INSIDE("source_ip", .help = "Local address."),
	K_INSIDE("neighbor_ip", .help = "Address of the peer."),
	K_INSIDE("neighbour_ip", .help = "The same as neighbor_ip."),
	K_INSIDE("min_rx", .help = "Receive interval in milliseconds."),
	K_INSIDE("min_tx", .help = "Transmit interval in milliseconds."),
	K_INSIDE("idle_tx", .help = "Transmit interval while down."),
	K_INSIDE("multiplier", .help = "Lost packets that mean down."),
	K_INSIDE("passive", .help = "Wait for the peer to begin."),
	K_INSIDE("ttl", .help = "TTL of packets."),
	K_INSIDE("hoplimit", .help = "Hop limit of packets."),
	K_INSIDE("max_hops", .help = "Accepted distance."),
	K_INSIDE("multihop", .help = "Use the port for several hops."),
	K_INSIDE("weight", .help = "Effect on the priority."),
	K_INSIDE("vrrp", .help = "Send events to VRRP only."),
	K_INSIDE("checker", .help = "Send events to the checkers only."),
	K_END,
};

const struct conf_block bfd_instance_block =
	UNBUILT_NAMED("bfd_instance", struct root_conf, unbuilt_blocks, .keys = bfd_keys,
		      .help = "A BFD session.");

/* ---- inside an instance ---- */

const struct conf_block vrrp_track_script_block =
	UNBUILT_LINES("track_script", struct vrrp_conf, unbuilt_lines,
		      .help = "Scripts that the instance depends on.");

const struct conf_block vrrp_track_file_lines_block =
	UNBUILT_LINES("track_file", struct vrrp_conf, unbuilt_lines,
		      .help = "Files that the instance depends on.");

const struct conf_block vrrp_track_process_lines_block =
	UNBUILT_LINES("track_process", struct vrrp_conf, unbuilt_lines,
		      .help = "Processes that the instance depends on.");

const struct conf_block vrrp_track_bfd_block =
	UNBUILT_LINES("track_bfd", struct vrrp_conf, unbuilt_lines,
		      .help = "BFD sessions that the instance depends on.");

const struct conf_block virtual_routes_block =
	UNBUILT_LINES("virtual_routes", struct vrrp_conf, unbuilt_lines,
		      .help = "Routes that exist while master.");

const struct conf_block virtual_rules_block =
	UNBUILT_LINES("virtual_rules", struct vrrp_conf, unbuilt_lines,
		      .help = "Routing rules that exist while master.");

static const struct conf_key hmac_keys[] = {
	K_INSIDE("key", .help = "A key of the key ring."),
	K_INSIDE("active_key", .help = "Key used for sending."),
	K_INSIDE("time_window", .help = "Allowed difference of clocks."),
	K_INSIDE("anti_replay", .help = "How replays are recognised."),
	K_INSIDE("mode", .help = "What to do with other advertisements."),
	K_END,
};

const struct conf_block auth_hmac_block =
	UNBUILT_BLOCK("auth_hmac", struct vrrp_conf, unbuilt_lines, .keys = hmac_keys,
		      .help = "Signed advertisements.");

/* ---- static configuration and links ---- */

const struct conf_block static_ipaddress_block =
	UNBUILT_LINES("static_ipaddress", struct root_conf, unbuilt_blocks,
		      .help = "Addresses that this host always has.");

const struct conf_block static_routes_block =
	UNBUILT_LINES("static_routes", struct root_conf, unbuilt_blocks,
		      .help = "Routes that this host always has.");

const struct conf_block static_rules_block =
	UNBUILT_LINES("static_rules", struct root_conf, unbuilt_blocks,
		      .help = "Routing rules that this host always has.");

const struct conf_block linkbeat_interfaces_block =
	UNBUILT_LINES("linkbeat_interfaces", struct root_conf, unbuilt_blocks,
		      .help = "Interfaces whose link is polled.");

const struct conf_block interface_up_down_delays_block =
	UNBUILT_LINES("interface_up_down_delays", struct root_conf, unbuilt_blocks,
		      .help = "Times before a change of link counts.");
