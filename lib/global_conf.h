/*
 * global_defs and the root of the configuration.
 */
#ifndef DIARCH_LIB_GLOBAL_CONF_H
#define DIARCH_LIB_GLOBAL_CONF_H

#include "lib/conf.h"
#include "lib/conf_words.h"
#include "lib/rcvbuf.h"

/* Marks that probes through the address of a service may need. */
#define CHECK_PATHS_MAX 65536

enum lvs_flush { LVS_FLUSH_NONE, LVS_FLUSH_ALL, LVS_FLUSH_VS };

/* "[all] SECONDS"; 0 = off. */
struct conf_garp_extra {
	uint32_t s;
	bool is_all;
};

/* [NAME] */
struct opt_name_conf {
	struct conf_parts parts;
	const char *name;
};

/* HOST [PORT] */
struct smtp_server_conf {
	struct conf_parts parts;
	const char *host;
	uint16_t port; /* 0 = 25 */
};

/* PATH [USER [GROUP]] */
struct fifo_path_conf {
	struct conf_parts parts;
	const char *path, *user, *group;
};

/* [allow_if_changes] */
struct dynamic_conf {
	struct conf_parts parts;
	bool allow_if_changes;
};

/* [IN [OUT]]; NULL = INPUT and OUTPUT */
struct chains_conf {
	struct conf_parts parts;
	const char *in, *out;
};

/* Names of sets. */
struct ipsets_conf {
	struct conf_parts parts;
	const char *ipv4, *ipv6, *ipv6_if, *igmp, *mld, *nd;
};

/* tcp, tcpfin, udp with seconds */
struct lvs_timeouts_conf {
	struct conf_parts parts;
	uint32_t tcp_s, tcpfin_s, udp_s;
};

/* INTERFACE [INSTANCE [ID]], or these and others by name */
struct sync_daemon_conf {
	struct conf_parts parts;
	const char *interface, *inst;
	uint8_t id, ttl;
	uint32_t maxlen;
	uint16_t port;
	struct addr group;
};

/* Values of vrrp_rx_bufs_policy that are no bytes. */
enum { GLOBAL_BUFS_MTU = -1, GLOBAL_BUFS_ADVERT = -2 };

/* A child's name and scheduling settings. */
struct child_conf {
	const char *process_name;
	int64_t priority;
	bool no_swap;
	uint32_t rt_priority;
	struct conf_ranges cpu_affinity;
	uint32_t rlimit_rttime_us;
};

/* A FIFO that receives events, and its reader. */
struct fifo_conf {
	struct fifo_path_conf path;
	struct conf_script script;
};

/* A command at one end of the parent's life. */
struct life_script_conf {
	struct conf_script command;
	uint32_t timeout_s;
};

/* A line of notification_email. */
struct email_conf {
	struct conf_obj obj;
	struct conf_words addresses;
};

/* Comfort of keepalived that is accepted and has no effect yet. Nothing reads it. */
struct global_idle_conf {
	const char *bfd_process_name; /* there is no such process */
	struct rcvbuf vrrp_cmd, lvs_cmd;
	struct dynamic_conf dynamic_interfaces;
	struct chains_conf vrrp_iptables;
	struct ipsets_conf vrrp_ipsets;
	struct opt_name_conf nftables_ipvs;
	int64_t nftables_ipvs_priority;
	uint32_t nftables_ipvs_start_fwmark;
	const char *snmp_socket;
	bool enable_traps, enable_snmp_vrrp, enable_snmp_rfc, enable_snmp_rfcv2, enable_snmp_rfcv3,
		enable_snmp_checker;
	int64_t snmp_vs_stats_update_interval_us, snmp_rs_stats_update_interval_us;
	bool enable_dbus;
	const char *dbus_service_name, *dbus_no_interface_name;
	uint32_t random_seed;
	struct opt_name_conf reload_check_config;
	struct conf_words include_check;
	const char *reload_time_file;
	bool reload_repeat;
	const char *config_save_dir, *tmp_config_directory;
	bool data_use_instance;
	uint32_t json_version;
	const char *state_dump_file, *stats_dump_file, *json_dump_file;
};

struct global_conf {
	struct conf_obj obj;
	const char *router_id;
	struct conf_script script_user; /* only user and group are used */
	bool enable_script_security, use_symlink_paths, set_supplementary_groups;
	struct life_script_conf startup_script, shutdown_script;
	struct opt_name_conf reload_file;
	const char *process_name; /* of the parent */
	bool process_names;
	struct child_conf vrrp, checker;
	struct child_conf bfd;     /* of the VRRP process, too, which runs BFD; without the name */
	int64_t max_auto_priority; /* 0 or less: never raised */
	uint32_t min_auto_priority_delay_us;
	bool checker_log_all_failures;
	uint32_t through_vip_fwmark; /* first of CHECK_PATHS_MAX */
	bool lvs_flush;
	int lvs_flush_on_stop; /* enum lvs_flush */
	int vrrp_version;      /* 2 or 3 */
	uint32_t vrrp_garp_master_delay_s;
	uint32_t vrrp_garp_master_repeat;
	uint32_t vrrp_garp_master_refresh_s;
	uint32_t vrrp_garp_master_refresh_repeat;
	uint32_t vrrp_garp_lower_prio_delay_s;
	uint32_t vrrp_garp_lower_prio_repeat;
	int64_t vrrp_garp_interval_us, vrrp_startup_delay_us, vrrp_delay_after_boot_us;
	int64_t vrrp_gna_interval_us;
	bool vrrp_min_garp;
	const char *vmac_prefix, *vmac_addr_prefix;
	struct conf_garp_extra vrrp_garp_extra_if;
	const char *default_interface;
	const char *iproute_usr_dir, *iproute_etc_dir; /* NULL = where Debian has them */
	uint32_t vrrp_down_timer_adverts;
	bool vrrp_lower_prio_no_advert;
	bool vrrp_higher_prio_send_advert;
	bool vrrp_skip_check_adv_addr;
	bool vrrp_check_unicast_src;
	bool v3_checksum_as_v2, vrrp_owner_ignore_adverts;
	bool vrrp_strict;
	struct rcvbuf vrrp_monitor, lvs_monitor, process_monitor; /* netlink sockets */
	int64_t vrrp_rx_bufs_policy;                              /* bytes, GLOBAL_BUFS_*, or 0 */
	uint32_t vrrp_rx_bufs_multiplier;
	bool disable_local_igmp, log_unknown_vrids;
	bool vrrp_send_redirects;
	struct opt_name_conf nftables; /* the table of no_accept */
	int64_t nftables_priority;
	bool nftables_ifindex, nftables_counters;
	struct addr vrrp_mcast_group4, vrrp_mcast_group6;
	uint32_t umask;
	struct lvs_timeouts_conf lvs_timeouts;
	struct sync_daemon_conf lvs_sync_daemon;
	struct fifo_conf notify_fifo, vrrp_notify_fifo, lvs_notify_fifo;
	bool vrrp_notify_priority_changes, fifo_write_vrrp_states_on_reload, rs_init_notifies;
	struct conf_list notification_email; /* struct email_conf */
	const char *notification_email_from; /* NULL = keepalived@HOST */
	const char *smtp_helo_name;          /* NULL = name of the host */
	struct smtp_server_conf smtp_server; /* host NULL = no mail */
	uint32_t smtp_connect_timeout_s;
	bool smtp_alert, smtp_alert_vrrp, smtp_alert_checker, no_email_faults, no_checker_emails;
	struct global_idle_conf idle;
};

struct vs_group_conf;

/* What the root block fills. Lists hold the structs of the blocks of these names. */
struct root_conf {
	struct conf_obj obj;
	uint32_t child_wait_time_s;
	struct conf_list globals; /* exactly one struct global_conf, also when the file has none */
	struct conf_list vrrp_instances;
	struct conf_list virtual_servers;
	struct conf_list virtual_server_groups;
	const struct vs_group_conf **groups_by_name; /* found by vs_group_find() */
	struct conf_list ssl;
	bool use_pid_dir;
	const char *net_namespace, *instance;
	/* No effect yet: */
	bool linkbeat_use_polling, namespace_with_ipsets;
	const char *net_namespace_ipvs;
	struct conf_list sync_groups, track_groups, garp_groups;
	struct conf_list vrrp_scripts, track_files, track_processes, bfd_instances;
	struct conf_list static_addresses, static_routes, static_rules;
	struct conf_list linkbeat_interfaces, link_delays;
};

extern const struct conf_block global_block;
extern const struct conf_key global_keys[];

/* "USER [GROUP]": user and group of a struct conf_script. */
extern const struct conf_type conf_type_user;

/* The name of a network interface: a string of at most 15 bytes. */
extern const struct conf_type conf_type_ifname;

/* "[all] SECONDS" up to .max; fills a struct conf_garp_extra. */
extern const struct conf_type conf_type_garp_extra;

/* A multicast group; .min and .max are its family, or AF_UNSPEC for any. Fills a struct addr. */
extern const struct conf_type conf_type_mcast;

/* Whether an id was written. */
bool sync_daemon_has_id(const struct sync_daemon_conf *sync);

/* Whether both are one FIFO: the one for all events suffices then. */
bool fifo_is_same(const struct fifo_conf *a, const struct fifo_conf *b);

/* The name of a child for process lists: its own, or `usual` with process_names, or NULL. */
const char *global_child_name(const struct global_conf *global, const struct child_conf *child,
			      const char *usual);

/* Whether IPVS has to do with it although no virtual server is configured: time-outs or sync
 * daemons are. */
bool root_uses_ipvs(const struct conf_obj *root);

/* The one global_conf. */
const struct global_conf *root_global(const struct conf_obj *root);

#endif
