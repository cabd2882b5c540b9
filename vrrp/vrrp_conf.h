/*
 * vrrp_instance: the typed configuration and its table. What instances depend on: track_conf.h.
 */
#ifndef DIARCH_VRRP_VRRP_CONF_H
#define DIARCH_VRRP_VRRP_CONF_H

#include "lib/conf.h"
#include "lib/global_conf.h"
#include "vrrp/auth.h"

enum vrrp_auth { VRRP_AUTH_NONE = 0, VRRP_AUTH_PASS = 1, VRRP_AUTH_AH = 2 };

#define VADDR_FOREVER UINT32_MAX

/* A line of virtual_ipaddress, virtual_ipaddress_excluded or static_ipaddress. */
struct vaddr_conf {
	struct conf_obj obj;
	struct conf_prefix prefix;
	const char *dev;       /* NULL = the instance's interface, or default_interface */
	int scope;             /* RT_SCOPE_* */
	const char *broadcast; /* NULL, "+", "-" or an address */
	const char *label;
	bool no_track;
	bool home, nodad_off, mngtmpaddr, noprefixroute, autojoin;
	uint32_t preferred_lft_s; /* VADDR_FOREVER */
	struct addr peer;
	bool use_vmac;
	const char *track_group; /* static_ipaddress */
};

/* A line of unicast_peer. */
struct peer_conf {
	struct conf_obj obj;
	struct addr addr;
	uint8_t min_ttl, max_ttl;
};

/* A line of unicast_peer in second_path. */
struct second_peer_conf {
	struct conf_obj obj;
	struct addr addr;
	uint8_t min_ttl;
};

/* The second_path block. */
struct second_path_conf {
	struct conf_obj obj;
	const char *interface; /* NULL = any ... */
	struct addr
		unicast_src_ip; /* ... then it is set; unset = primary address of the interface */
	uint8_t unicast_ttl;
	struct conf_list peers; /* struct second_peer_conf */
};

/* The authentication block. */
struct auth_conf {
	struct conf_obj obj;
	int auth_type;         /* enum vrrp_auth */
	const char *auth_pass; /* at most 8 bytes */
};

#define MAC_LEN 6

/* A MAC address, or its first five octets. */
struct conf_mac {
	uint8_t octets[MAC_LEN];
	uint8_t n;
};

/* use_vmac [[name] IFNAME] [MAC] [group GROUP] [netlink_notify_msg] */
struct vmac_conf {
	struct conf_parts parts;
	const char *name, *group;
	struct conf_mac mac;
	bool netlink_notify_msg;
};

/* use_ipvlan [[name] IFNAME] [IP] [bridge|private|vepa] [group GROUP] */
struct ipvlan_conf {
	struct conf_parts parts;
	const char *name, *group;
	struct conf_prefix addr;
	bool bridge, private, vepa;
};

/* One key of auth_hmac. The text is HEX behind "hex:", a path behind "file:", else the key. */
struct hmac_key {
	const char *text;
	struct vrrp_hmac_key key;
};

struct hmac_keys {
	const struct hmac_key *v;
	uint32_t n;
};

enum hmac_replay { HMAC_REPLAY_TIME, HMAC_REPLAY_MONOTONIC };
enum hmac_mode { HMAC_MODE_ENFORCE, HMAC_MODE_PERMISSIVE, HMAC_MODE_RECEIVE_ONLY };

struct hmac_conf {
	struct conf_obj obj;
	struct hmac_keys keys;
	uint8_t active_key;
	uint32_t time_window_s; /* 0 = 5 or three intervals, what is longer */
	int anti_replay, mode;  /* enum hmac_replay, enum hmac_mode */
};

/* The sum that keepalived up to 1.3.6 has over v3 unicast packets: sent to who sends it, always
 * sent, or not even accepted. */
enum old_checksum { OLD_CHECKSUM_AUTO, OLD_CHECKSUM_USE, OLD_CHECKSUM_NEVER };

/* What is accepted and has no effect yet. Nothing reads it. */
struct vrrp_idle_conf {
	bool smtp_alert, notify_priority_changes;
	uint8_t debug;
	uint8_t timer_expired_backup;
	const char *lvs_sync_daemon_interface;
	bool track_src_ip;
};

struct vrrp_conf {
	struct conf_obj obj;
	const char *name;
	const char *interface; /* NULL = unicast by whatever interface has the source address ... */
	const char *vrf;       /* ... in this VRF; NULL = in none */
	uint8_t virtual_router_id;
	uint8_t priority; /* 255 = address owner */
	int version;      /* 2 or 3 */
	int state;        /* 1 = MASTER, 0 = BACKUP: the wish at start */
	int64_t advert_int_us;
	bool nopreempt;
	int64_t preempt_delay_us;
	int64_t preempt_sync_delay_us; /* 0 = do not wait for IPVS connections */
	bool dont_track_primary, linkbeat_use_polling;
	bool native_ipv6;
	bool no_virtual_ipaddress;
	bool accept, no_accept; /* no_accept as written; `accept` is what counts */
	struct addr mcast_src_ip, unicast_src_ip; /* as written; src_addr is what counts */
	struct addr src_addr; /* the one in use; unset = primary address of the interface */
	struct addr mcast_dst_ip;
	uint8_t unicast_ttl;
	uint32_t kernel_rx_buf_size; /* bytes, 0 = by vrrp_rx_bufs_policy */
	bool check_unicast_src, unicast_fault_no_peer;
	bool skip_check_adv_addr;
	uint32_t garp_master_delay_s;
	uint32_t garp_master_repeat;
	uint32_t garp_master_refresh_s;
	uint32_t garp_master_refresh_repeat;
	uint32_t garp_lower_prio_delay_s;
	uint32_t garp_lower_prio_repeat;
	struct conf_garp_extra garp_extra_if;
	struct vmac_conf use_vmac;
	struct ipvlan_conf use_ipvlan;
	bool vmac_xmit_base, use_vmac_addr, promote_secondaries;
	uint32_t down_timer_adverts;
	bool lower_prio_no_advert;
	bool higher_prio_send_advert;
	bool owner_ignore_adverts;
	bool strict_mode;
	bool v3_checksum_as_v2;
	int old_unicast_checksum;           /* enum old_checksum */
	int64_t learn_min_us, learn_max_us; /* bounds on a learned interval; 0 = none */
	bool lease;
	struct conf_script notify_master, notify_backup, notify_fault, notify_stop, notify;
	struct conf_script notify_master_rx_lower_pri, notify_deleted;
	bool notify_priority_changes, smtp_alert;
	struct conf_list auth;             /* at most one struct auth_conf */
	struct conf_list auth_hmac;        /* at most one struct hmac_conf */
	struct conf_list peers;            /* struct peer_conf */
	struct conf_list second_path;      /* at most one struct second_path_conf */
	struct conf_list addresses;        /* struct vaddr_conf, advertised */
	struct conf_list excluded;         /* struct vaddr_conf, not advertised */
	struct conf_list routes;           /* struct route_conf */
	struct conf_list rules;            /* struct iprule_conf */
	struct conf_list track_interfaces; /* struct track_if_conf of track_conf.h */
	struct conf_list track_scripts, track_files, track_processes, track_bfds; /* track_conf */
	struct conf_list track_services; /* struct track_vs_conf */
	struct vrrp_idle_conf idle;
};

extern const struct conf_block vrrp_block;

/* Lines of addresses: in an instance, and in the root. */
extern const struct conf_block vaddr_block, excluded_block, static_ipaddress_block;

/* Scope of an address or route by name or number; fills an int. */
extern const struct conf_type conf_type_scope;

extern const struct conf_block auth_block, auth_hmac_block;

extern const struct conf_block second_path_block;

/* Its second path; NULL = it has none. */
const struct second_path_conf *vrrp_conf_second_path(const struct vrrp_conf *vi);

/* Rules over the second path of an instance. */
void second_path_check(const struct vrrp_conf *vi, struct conf_diags *diags);

/*
 * Whether packets of the second path of `a`, which has one, could not be told from those to peers
 * of `b`, which may be the same instance, or of its second path.
 */
bool second_path_clashes(const struct vrrp_conf *a, const struct vrrp_conf *b);

/* The words of use_vmac and use_ipvlan. */
extern const struct conf_key vmac_parts[], ipvlan_parts[];

/* AF_INET or AF_INET6, by native_ipv6, the first address, the first peer or the source, in this
 * order. */
int vrrp_conf_family(const struct vrrp_conf *vi);

struct root_conf;

/*
 * After how long the child says that it is well, when it is awake. The parent asks after half as
 * long again, four times in a second: a hang is noticed in time for the peers of the default
 * interval of 1 s, and sooner where a shorter one wants it.
 */
int64_t vrrp_conf_tell_us(const struct root_conf *root);

/* How long the addresses of an instance with a lease live unless they are renewed; 0 = it has none,
 * or its interval is too short for one. */
int64_t vrrp_conf_lease_us(const struct vrrp_conf *vi);

/* Whole seconds, for the lifetimes of addresses; 0 = none, or it is too short for them, and has to
 * be enforced in another way. */
int64_t vrrp_conf_lease_s(const struct vrrp_conf *vi);
bool vrrp_conf_has_short_lease(const struct vrrp_conf *vi);

/*
 * Whether two instances of one interface, VRID and family cannot both run: their packets could not
 * be told apart (one multicast group; a common peer and one source), or they have one virtual MAC.
 */
bool vrrp_conf_clashes(const struct vrrp_conf *a, const struct vrrp_conf *b);

/* Whether an address of the instance wants an interface with the virtual MAC: its line says so, or
 * the instance does for addresses elsewhere (but for the loopback interface). */
bool vmac_conf_has(const struct vrrp_conf *vi, const struct vaddr_conf *a);

/* The virtual MAC of the instance: RFC 9568 7.3, or what was written, where five octets get the
 * number of the router. */
void vmac_conf_mac(const struct vrrp_conf *vi, uint8_t mac[MAC_LEN]);

/* The interface that an instance runs on: that of its file, the VRF of one without interface, or
 * VRRP_ANY_INTERFACE. Never NULL. */
#define VRRP_ANY_INTERFACE "*"
const char *vrrp_conf_place(const struct vrrp_conf *vi);

/* Whether the instance speaks to peers, or stays in FAULT for want of them, rather than to a group.
 */
bool vrrp_conf_is_unicast(const struct vrrp_conf *vi);

/* Whether packets to the addresses are dropped while the instance is active: RFC 9568 6.1. */
bool vrrp_conf_drops(const struct vrrp_conf *vi);

/* What strict_mode changes, with a warning for each. */
void vrrp_conf_be_strict(struct conf_walk *walk, struct vrrp_conf *vi);

/* Rules over all instances: duplicate vrid on an interface, addresses in two instances ... */
void vrrp_conf_rules(const struct conf_obj *root, struct conf_diags *diags);

/* Rules over instances that do not accept and virtual servers on their addresses. */
void vrrp_accept_rules(const struct conf_obj *root, struct conf_diags *diags);

#endif
