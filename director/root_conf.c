/*
 * The whole grammar: root block and schema. Used by every process that loads or decodes a
 * configuration.
 */
#include "director/root_conf.h"

#include "check/check_conf.h"
#include "lib/conf_like.h"
#include "vrrp/route_conf.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

#define ROOT      struct root_conf
#define NO_EFFECT .apply = CONF_APPLY_RESTART, .flags = CONF_NO_EFFECT

/* A name that may be left out. */
static bool opt_name_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			   const struct conf_token *argv, unsigned argc)
{
	return argc == 0 || conf_type_str.parse(walk, key, field, argv, argc);
}

CONF_LIKE(opt_name, conf_type_str)

static const struct conf_type type_opt_name = {
	.name = "name",
	.max_args = 1,
	CONF_LIKE_MEMBERS(opt_name),
	.json_type = "string",
};

static const struct conf_key root_keys[] = {
	K_U32("child_wait_time", ROOT, child_wait_time_s, 0, 3600, .dflt = 5,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Seconds that the children get to finish when diarch stops. Scripts of the "
		      "stop itself, such as that of notify_stop, may take longer."),
	K_FLAG("use_pid_dir", ROOT, use_pid_dir, .apply = CONF_APPLY_RESTART,
	       .help = "Put pid files into a directory of their own."),
	K_STR("net_namespace", ROOT, net_namespace, .apply = CONF_APPLY_RESTART,
	      .help = "Network namespace to run in, as ip-netns(8) makes it; pid files and control "
		      "socket have its name."),
	K_STR("instance", ROOT, instance, .apply = CONF_APPLY_RESTART,
	      .help = "Name of one of several copies on this host; pid files and control socket "
		      "have it."),

	/* no effect yet */
	K_FLAG("linkbeat_use_polling", ROOT, linkbeat_use_polling, .apply = CONF_APPLY_LIVE,
	       .flags = CONF_IF_SET, .help = "Poll the link of interfaces."),
	K_FLAG("namespace_with_ipsets", ROOT, namespace_with_ipsets, NO_EFFECT,
	       .no_use = "no_accept is carried out by nftables",
	       .help = "Use ipsets also in a network namespace."),
	K_CUSTOM("net_namespace_ipvs", &type_opt_name, ROOT, net_namespace_ipvs, const char *,
		 NO_EFFECT,
		 .not_in_effect = "services go to the namespace that diarch was started in",
		 .help = "Network namespace that has the IPVS table; without name the one that "
			 "diarch was started in."),
	K_END,
};

static const struct conf_block *const root_blocks[] = {
	&global_block,
	&vrrp_block,
	&vs_block,
	&vrrp_sync_group_block,
	&vrrp_script_block,
	&vrrp_track_process_block,
	&track_file_block,
	&vrrp_track_file_block,
	&track_group_block,
	&garp_group_block,
	&bfd_instance_block,
	&static_ipaddress_block,
	&static_routes_block,
	&static_rules_block,
	&linkbeat_interfaces_block,
	&interface_up_down_delays_block,
	&ssl_block,
	&virtual_server_group_block,
	NULL,
};

static const struct conf_block root_block = {
	.size = sizeof(struct root_conf),
	.keys = root_keys,
	.blocks = root_blocks,
	.help = "The top level.",
};

static const conf_rule rules[] = { vrrp_conf_rules,   vrrp_accept_rules, track_conf_rules,
				   sync_daemon_rules, route_conf_rules,  check_conf_rules,
				   vs_group_rules,    through_vip_rules, NULL };

const struct conf_schema diarch_schema = {
	.root = &root_block,
	.global_keys = global_keys,
	.global_block = &global_block,
	.rules = rules,
};
