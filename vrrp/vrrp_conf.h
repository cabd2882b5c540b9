/*
 * vrrp_instance: the typed configuration and its table.
 */
#ifndef DIARCH_VRRP_VRRP_CONF_H
#define DIARCH_VRRP_VRRP_CONF_H

#include "lib/conf.h"
#include "lib/unbuilt.h"

enum vrrp_auth { VRRP_AUTH_NONE = 0, VRRP_AUTH_PASS = 1, VRRP_AUTH_AH = 2 /* refused */ };

/* A line of virtual_ipaddress or virtual_ipaddress_excluded. */
struct vaddr_conf {
	struct conf_obj obj;
	struct conf_prefix prefix;
	const char *dev;       /* NULL = the instance's interface */
	int scope;             /* RT_SCOPE_* */
	const char *broadcast; /* NULL, "+", "-" or an address */
	const char *label;
	bool no_track;
	bool home, nodad_off, mngtmpaddr, noprefixroute, autojoin; /* no effect yet */
	struct conf_words preferred_lft;                           /* no effect yet */
	struct conf_words unbuilt;
};

/* A line of unicast_peer. */
struct peer_conf {
	struct conf_obj obj;
	struct addr addr;
	uint8_t min_ttl, max_ttl;
};

/* A line of track_interface. Without weight the instance is in FAULT while the link is down. */
struct track_if_conf {
	struct conf_obj obj;
	const char *name;
	int64_t weight; /* -253..253; 0 = FAULT while down */
	bool is_reverse;
};

/* The authentication block. */
struct auth_conf {
	struct conf_obj obj;
	int auth_type;         /* enum vrrp_auth */
	const char *auth_pass; /* at most 8 bytes */
};

/* Comfort of keepalived that is accepted and has no effect yet. Nothing reads it. */
struct vrrp_idle_conf {
	bool no_virtual_ipaddress, promote_secondaries, strict_mode, smtp_alert,
		notify_priority_changes;
	uint8_t debug;
	struct conf_words notify_deleted, garp_extra_if, timer_expired_backup;
	struct conf_script notify_master_rx_lower_pri;
	const char *lvs_sync_daemon_interface;
	uint32_t kernel_rx_buf_size;
};

struct vrrp_conf {
	struct conf_obj obj;
	const char *name;
	const char *interface;
	uint8_t virtual_router_id;
	uint8_t priority; /* 255 = address owner */
	int version;      /* 2 or 3 */
	int state;        /* 1 = MASTER, 0 = BACKUP: the wish at start */
	int64_t advert_int_us;
	bool nopreempt;
	int64_t preempt_delay_us;
	bool dont_track_primary;
	bool native_ipv6;
	bool accept;
	struct addr mcast_src_ip, unicast_src_ip; /* as written; src_addr is what counts */
	struct addr src_addr; /* the one in use; unset = primary address of the interface */
	struct addr mcast_dst_ip;
	uint8_t unicast_ttl;
	bool check_unicast_src;
	bool skip_check_adv_addr;
	uint32_t garp_master_delay_s;
	uint32_t garp_master_repeat;
	uint32_t garp_master_refresh_s;
	uint32_t garp_master_refresh_repeat;
	uint32_t garp_lower_prio_delay_s;
	uint32_t garp_lower_prio_repeat;
	uint32_t down_timer_adverts;
	bool lower_prio_no_advert;
	bool higher_prio_send_advert;
	struct conf_script notify_master, notify_backup, notify_fault, notify_stop, notify;
	struct conf_list auth;             /* at most one struct auth_conf */
	struct conf_list peers;            /* struct peer_conf */
	struct conf_list addresses;        /* struct vaddr_conf, advertised */
	struct conf_list excluded;         /* struct vaddr_conf, not advertised */
	struct conf_list track_interfaces; /* struct track_if_conf */
	struct vrrp_idle_conf idle;
	struct conf_words unbuilt;
	struct conf_list unbuilt_lines; /* struct unbuilt_conf: refused */
};

extern const struct conf_block vrrp_block;

/* Blocks of keepalived that belong to VRRP and are refused: trackers, groups, routes. In the root
 * ... */
extern const struct conf_block vrrp_sync_group_block, track_group_block, garp_group_block,
	vrrp_script_block, vrrp_track_process_block, track_file_block, vrrp_track_file_block,
	bfd_instance_block, static_ipaddress_block, static_routes_block, static_rules_block,
	linkbeat_interfaces_block, interface_up_down_delays_block;
/* ... and in an instance. */
extern const struct conf_block vrrp_track_script_block, vrrp_track_file_lines_block,
	vrrp_track_process_lines_block, vrrp_track_bfd_block, virtual_routes_block,
	virtual_rules_block, auth_hmac_block;

/* AF_INET or AF_INET6, by native_ipv6, the first address, the first peer or the source, in this
 * order. */
int vrrp_conf_family(const struct vrrp_conf *vi);

/* Rules over all instances: duplicate vrid on an interface, addresses in two instances ... */
void vrrp_conf_rules(const struct conf_obj *root, struct conf_diags *diags);

#endif
