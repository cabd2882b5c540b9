/*
 * global_defs and the root of the configuration.
 */
#ifndef DIARCH_LIB_GLOBAL_CONF_H
#define DIARCH_LIB_GLOBAL_CONF_H

#include "lib/conf.h"

enum lvs_flush { LVS_FLUSH_NONE, LVS_FLUSH_ALL, LVS_FLUSH_VS };

struct global_conf {
	struct conf_obj obj;
	const char *router_id;
	struct conf_script script_user; /* only user and group are used */
	bool enable_script_security;
	bool checker_log_all_failures;
	bool lvs_flush;
	int lvs_flush_on_stop; /* enum lvs_flush */
	int vrrp_version;      /* 2 or 3 */
	uint32_t vrrp_garp_master_delay_s;
	uint32_t vrrp_garp_master_repeat;
	uint32_t vrrp_garp_master_refresh_s;
	uint32_t vrrp_garp_master_refresh_repeat;
	uint32_t vrrp_garp_lower_prio_delay_s;
	uint32_t vrrp_garp_lower_prio_repeat;
	int64_t vrrp_garp_interval_us;
	uint32_t vrrp_down_timer_adverts;
	bool vrrp_lower_prio_no_advert;
	bool vrrp_higher_prio_send_advert;
	bool vrrp_skip_check_adv_addr;
	bool vrrp_check_unicast_src;
	struct addr vrrp_mcast_group4;
};

/* What the root block fills. Lists hold struct vrrp_conf and struct vs_conf. */
struct root_conf {
	struct conf_obj obj;
	uint32_t child_wait_time_s;
	struct conf_list globals; /* exactly one struct global_conf, also when the file has none */
	struct conf_list vrrp_instances;
	struct conf_list virtual_servers;
};

extern const struct conf_block global_block;
extern const struct conf_key global_keys[];

/* The one global_conf. */
const struct global_conf *root_global(const struct conf_obj *root);

#endif
