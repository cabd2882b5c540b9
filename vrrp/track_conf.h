/*
 * What instances and groups of instances depend on: interfaces, scripts, files, processes, BFD
 * sessions; and the groups themselves.
 */
#ifndef DIARCH_VRRP_TRACK_CONF_H
#define DIARCH_VRRP_TRACK_CONF_H

#include "check/check_conf.h"
#include "lib/conf.h"
#include "lib/conf_words.h"

/* The address of a router; a prefix length is ignored, with a warning. Fills a struct addr. */
extern const struct conf_type conf_type_router;

/* "INT [reverse|noreverse]" */
struct conf_weight {
	int64_t weight; /* 0 = FAULT while down */
	bool is_reverse;
	bool is_given; /* without it the weight is that of what is tracked */
};

/* A line of track_interface. Without weight the instance is in FAULT while the link is down. */
struct track_if_conf {
	struct conf_obj obj;
	const char *name;
	int64_t weight; /* -253..253; 0 = FAULT while down */
	bool is_reverse;
};

/* A line of track_script, track_file, track_process or track_bfd. */
struct track_conf {
	struct conf_obj obj;
	const char *name;
	struct conf_weight weight;
};

/* A line of track_virtual_server; begins like a struct track_conf. */
struct track_vs_conf {
	struct conf_obj obj;
	const char *name; /* as written, derived: "10.0.0.100 80" */
	struct conf_weight weight;
	struct vs_addr addr;
	int64_t down_delay_us, up_delay_us;
};

struct script_conf {
	struct conf_obj obj;
	const char *name;
	struct conf_script script;
	int64_t interval_us;
	int64_t timeout_us; /* 0 = interval_us */
	struct conf_weight weight;
	uint32_t rise, fall;
	struct conf_script user; /* user and group only */
	bool init_fail;
};

enum param_match { PARAM_NONE, PARAM_EXACT, PARAM_INITIAL, PARAM_PARTIAL };

struct process_conf {
	struct conf_obj obj;
	const char *name;
	struct conf_words process; /* the process, and its parameters */
	int param_match;           /* enum param_match */
	struct conf_weight weight;
	uint32_t quorum;
	uint32_t quorum_max; /* UINT32_MAX = no limit */
	int64_t delay_us;    /* of both, where they do not say otherwise */
	int64_t terminate_delay_us, fork_delay_us;
	bool full_command;
};

/* init_file [INT] [overwrite] */
struct init_file_conf {
	struct conf_parts parts;
	int64_t value;
	bool overwrite;
};

struct file_conf {
	struct conf_obj obj;
	const char *name;
	const char *file;
	struct conf_weight weight;
	struct init_file_conf init_file;
};

struct bfd_conf {
	struct conf_obj obj;
	const char *name;
	struct addr source_ip, neighbor_ip;
	int64_t min_rx_us, min_tx_us, idle_tx_us;
	uint8_t multiplier;
	bool passive;
	uint8_t ttl; /* 0 = 255 for IPv4, 64 for IPv6 */
	int64_t max_hops;
	bool multihop;
	struct conf_weight weight;
	bool vrrp, checker; /* none means both */
};

/* A line of the names of instances. */
struct member_conf {
	struct conf_obj obj;
	struct conf_words names;
};

struct sync_group_conf {
	struct conf_obj obj;
	const char *name;
	struct conf_list members;          /* struct member_conf */
	struct conf_list track_interfaces; /* struct track_if_conf */
	struct conf_list track_scripts, track_files, track_processes, track_bfds; /* track_conf */
	struct conf_list track_services; /* struct track_vs_conf */
	struct conf_script notify_master, notify_backup, notify_fault, notify_stop, notify;
	bool smtp_alert, sync_group_tracking_weight, notify_priority_changes;
};

struct track_group_conf {
	struct conf_obj obj;
	const char *name;
	struct conf_list members; /* struct member_conf */
};

struct garp_group_conf {
	struct conf_obj obj;
	int64_t garp_interval_us, gna_interval_us; /* 0 = no limit */
	struct conf_words interface;
	struct conf_list interfaces; /* struct member_conf */
};

enum linkbeat { LINKBEAT_AUTO, LINKBEAT_MII, LINKBEAT_ETHTOOL, LINKBEAT_IOCTL };

struct linkbeat_conf {
	struct conf_obj obj;
	const char *interface;
	int method; /* enum linkbeat */
};

struct link_delay_conf {
	struct conf_obj obj;
	const char *interface;
	int64_t down_us, up_us;
};

/* "INT [reverse|noreverse]"; fills a struct conf_weight. */
extern const struct conf_type conf_type_weight;

/* In the root ... */
extern const struct conf_block vrrp_sync_group_block, track_group_block, garp_group_block,
	vrrp_script_block, vrrp_track_process_block, track_file_block, vrrp_track_file_block,
	bfd_instance_block, linkbeat_interfaces_block, interface_up_down_delays_block;
/* ... and in an instance. */
extern const struct conf_block vrrp_track_if_block, vrrp_track_script_block,
	vrrp_track_file_lines_block, vrrp_track_process_lines_block, vrrp_track_bfd_block,
	vrrp_track_vs_block;

/* The same lines in a group; rows of all. */
extern const struct conf_key track_if_args[], track_if_keys[], track_args[], track_keys[],
	track_vs_args[], track_vs_keys[];
bool track_if_finish(struct conf_walk *walk, struct conf_obj *obj);
bool track_finish(struct conf_walk *walk, struct conf_obj *obj);
bool track_vs_finish(struct conf_walk *walk, struct conf_obj *obj);
void track_vs_resolve(struct conf_walk *walk, struct conf_obj *obj);

/* Whether an interface belongs to a garp_group. */
bool garp_group_has(const struct garp_group_conf *group, const char *name);

/* Rules over trackers and groups: what is referred to exists, and only once. */
void track_conf_rules(const struct conf_obj *root, struct conf_diags *diags);

/* Rules over lvs_sync_daemon and the instances it follows, or that wait for it. */
void sync_daemon_rules(const struct conf_obj *root, struct conf_diags *diags);

#endif
