/*
 * global_defs: its table, and the types only it and its users need. The parent runs it while it
 * loads a file; children when they decode what the parent loaded.
 */
#include "lib/global_conf.h"
#include "lib/rule.h"

#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/conf_like.h"
#include "lib/global_type.h"

#define INTERVAL_MAX_US (4294 * US_PER_S)

/* ---- USER [GROUP] ---- */

static bool user_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	struct conf_script *script = field;

	(void)key;
	script->user = conf_strdup(walk, argv[0].text);
	script->group = argc > 1 ? conf_strdup(walk, argv[1].text) : NULL;
	return true;
}

static void user_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_script *script = field;

	(void)key;
	if (!script->user)
		return;
	conf_print_word(out, script->user);
	if (script->group) {
		fputc(' ', out);
		conf_print_word(out, script->group);
	}
}

static json_t *user_json(const struct conf_key *key, const void *field)
{
	const struct conf_script *script = field;
	json_t *object = json_object();

	(void)key;
	json_object_set_new(object, "user", conf_json_string(script->user));
	json_object_set_new(object, "group", conf_json_string(script->group));
	return object;
}

static bool user_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_script *sa = a, *sb = b;

	return conf_type_str.is_equal(key, &sa->user, &sb->user) &&
	       conf_type_str.is_equal(key, &sa->group, &sb->group);
}

const struct conf_type conf_type_user = {
	.name = "user",
	.min_args = 1,
	.max_args = 2,
	.parse = user_parse,
	.print = user_print,
	.json = user_json,
	.is_equal = user_is_equal,
	.json_type = "object",
};

/* ---- interface name ---- */

static bool ifname_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	const char *name = argv[0].text;

	if (name[0] == '\0' || strlen(name) >= IFNAMSIZ || strpbrk(name, "/ \t")) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "bad-interface-name", NULL,
			   "\"%s\" is not an interface name: 1 to %d bytes without slash or blank",
			   name, IFNAMSIZ - 1);
		return false;
	}
	return conf_type_str.parse(walk, key, field, argv, argc);
}

CONF_LIKE(ifname, conf_type_str)

const struct conf_type conf_type_ifname = {
	.name = "interface",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(ifname),
	.json_type = "string",
};

/* ---- multicast group ---- */

static bool mcast_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	struct addr addr;

	if (!conf_type_addr.parse(walk, key, &addr, argv, argc))
		return false;
	if (!addr_is_multicast(&addr) || (key->min != AF_UNSPEC && addr.family != key->min)) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "not-multicast", NULL,
			   "\"%s\" is not %smulticast group", argv[0].text,
			   key->min == AF_INET    ? "an IPv4 "
			   : key->min == AF_INET6 ? "an IPv6 "
						  : "a ");
		return false;
	}
	*(struct addr *)field = addr;
	return true;
}

CONF_LIKE(mcast, conf_type_addr)

const struct conf_type conf_type_mcast = {
	.name = "multicast group",
	.min_args = 1,
	.max_args = 1,
	CONF_LIKE_MEMBERS(mcast),
	.json_type = "string",
};

/* ---- [all] SECONDS ---- */

static bool garp_extra_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			     const struct conf_token *argv, unsigned argc)
{
	struct conf_garp_extra value = { .is_all = strcmp(argv[0].text, "all") == 0 };
	struct conf_key number = *key;

	if (argc != (value.is_all ? 2 : 1)) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-value",
			   "a number of seconds is expected, and before it perhaps \"all\"",
			   "%s: unknown words", key->name);
		return false;
	}
	number.size = sizeof(value.s);
	if (!conf_type_u32.parse(walk, &number, &value.s, &argv[argc - 1], 1))
		return false;
	*(struct conf_garp_extra *)field = value;
	return true;
}

static void garp_extra_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_garp_extra *value = field;

	(void)key;
	fprintf(out, "%s%" PRIu32, value->is_all ? "all " : "", value->s);
}

static json_t *garp_extra_json(const struct conf_key *key, const void *field)
{
	const struct conf_garp_extra *value = field;

	(void)key;
	return json_pack("{s:b,s:I}", "all", value->is_all, "seconds", (json_int_t)value->s);
}

static bool garp_extra_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_garp_extra *x = a, *y = b;

	(void)key;
	return x->is_all == y->is_all && x->s == y->s;
}

const struct conf_type conf_type_garp_extra = {
	.name = "[all] seconds",
	.min_args = 1,
	.max_args = 2,
	.parse = garp_extra_parse,
	.print = garp_extra_print,
	.json = garp_extra_json,
	.is_equal = garp_extra_is_equal,
	.json_type = "object",
};

/* ---- lvs_flush_on_stop [VS] ---- */

static const struct conf_word flush_words[] = {
	{ "off", LVS_FLUSH_NONE },
	{ "all", LVS_FLUSH_ALL },
	{ "VS", LVS_FLUSH_VS },
	{ NULL, 0 },
};

static bool flush_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			const struct conf_token *argv, unsigned argc)
{
	if (argc > 0)
		return conf_type_word.parse(walk, key, field, argv, argc);
	*(int *)field = LVS_FLUSH_ALL;
	return true;
}

CONF_LIKE(flush, conf_type_word)

static const struct conf_type type_flush = {
	.name = "flush mode",
	.max_args = 1,
	CONF_LIKE_MEMBERS(flush),
	.json_type = "string",
};

/* ---- tables ---- */

static const struct conf_word version_words[] = { { "2", 2 }, { "3", 3 }, { NULL, 0 } };

#define G           struct global_conf
#define RCVBUF      .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET
#define NO_USE(why) .apply = CONF_APPLY_LIVE, .flags = CONF_NO_EFFECT, .no_use = why

/* Deprecated spellings are rows of their own that name the good one. */
#define OLD_NAME(of) .alias_of = of, .flags = CONF_DEPRECATED

/* Why rows have no effect. */
#define NO_SNMP   NO_USE("SNMP is not served; diarchctl status --json tells the state")
#define NO_DBUS   NO_USE("D-Bus is not served; diarchctl status --json tells the state")
#define NO_MARKS  NO_USE("each address of a virtual server group is a service, without marks")
#define NO_CMDBUF NO_USE("the buffer has room for all answers to what is sent at once")
#define NO_FILES  NO_USE("no signal writes a file; diarchctl status --json tells the state")
#define NO_TIMED  NO_USE("reloads have no timetable; cron or a timer of systemd can send HUP")

const struct conf_key global_keys[] = {
	K_STR("router_id", G, router_id, .apply = CONF_APPLY_LIVE,
	      .help = "Name of this node; without it the host name is used."),
	K_CUSTOM("script_user", &conf_type_user, G, script_user, struct conf_script,
		 .apply = CONF_APPLY_LIVE,
		 .help = "User and group that run scripts which name none."),
	K_FLAG("enable_script_security", G, enable_script_security, .apply = CONF_APPLY_LIVE,
	       .help = "Refuse scripts that would run as root and that somebody else may change."),
	K_BOOL("checker_log_all_failures", G, checker_log_all_failures, .apply = CONF_APPLY_LIVE,
	       .help = "Log every failed probe, not only changes of state."),
	K_FLAG("lvs_flush", G, lvs_flush, .apply = CONF_APPLY_CHILD,
	       .help = "Clear the whole IPVS table at start, also services of others."),
	K_CUSTOM("lvs_flush_on_stop", &type_flush, G, lvs_flush_on_stop, int, .words = flush_words,
		 .apply = CONF_APPLY_LIVE,
		 .help = "At stop clear the whole IPVS table, or with VS remove only our virtual "
			 "services at once."),
	K_CUSTOM("lvs_flush_onstop", &type_flush, G, lvs_flush_on_stop, int, .words = flush_words,
		 .alias_of = "lvs_flush_on_stop", .flags = CONF_DEPRECATED,
		 .help = "Old name of lvs_flush_on_stop."),
	K_U32("through_vip_fwmark", G, through_vip_fwmark, 1, UINT32_MAX - CHECK_PATHS_MAX + 1,
	      .dflt = 0x0d1a0000, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	      .help = "First of 65536 firewall marks that checks with through_vip may use, one for "
		      "each server and address; nothing else may set or match them. Default "
		      "219807744."),
	K_WORD("vrrp_version", G, vrrp_version, version_words, .dflt = 2,
	       .apply = CONF_APPLY_INSTANCE,
	       .help = "Protocol version of instances that name none; IPv6 instances always use "
		       "3."),
	K_CUSTOM("vrrp_mcast_group4", &conf_type_mcast, G, vrrp_mcast_group4, struct addr,
		 .min = AF_INET, .max = AF_INET, .dflt_text = "224.0.0.18",
		 .apply = CONF_APPLY_INSTANCE, .help = "Multicast group for IPv4 advertisements."),
	K_CUSTOM("vrrp_mcast_group6", &conf_type_mcast, G, vrrp_mcast_group6, struct addr,
		 .min = AF_INET6, .max = AF_INET6, .dflt_text = "ff02::12",
		 .apply = CONF_APPLY_INSTANCE, .help = "Multicast group for IPv6 advertisements."),
	K_U32("vrrp_garp_master_delay", G, vrrp_garp_master_delay_s, 0, UINT32_MAX, .dflt = 5,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Seconds between the first and the second burst of gratuitous ARP after "
		      "becoming master; 0 leaves the second out."),
	K_U32("vrrp_garp_master_repeat", G, vrrp_garp_master_repeat, 1, UINT32_MAX,
	      .flags = CONF_CLAMP, .dflt = 5, .apply = CONF_APPLY_LIVE,
	      .help = "Gratuitous ARP packets for each address in a burst."),
	K_U32("vrrp_garp_master_refresh", G, vrrp_garp_master_refresh_s, 0, UINT32_MAX,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Seconds between repeated gratuitous ARP while master; 0 sends none."),
	K_U32("vrrp_garp_master_refresh_repeat", G, vrrp_garp_master_refresh_repeat, 1, UINT32_MAX,
	      .flags = CONF_CLAMP, .dflt = 1, .apply = CONF_APPLY_LIVE,
	      .help = "Gratuitous ARP packets for each address in a refresh."),
	K_U32("vrrp_garp_lower_prio_delay", G, vrrp_garp_lower_prio_delay_s, 0, UINT32_MAX,
	      .dflt_from = "vrrp_garp_master_delay", .apply = CONF_APPLY_LIVE,
	      .help = "Seconds before the second burst after an advertisement of lower priority "
		      "was heard while master."),
	K_U32("vrrp_garp_lower_prio_repeat", G, vrrp_garp_lower_prio_repeat, 0, UINT32_MAX,
	      .dflt_from = "vrrp_garp_master_repeat", .apply = CONF_APPLY_LIVE,
	      .help = "Gratuitous ARP packets for each address after an advertisement of lower "
		      "priority."),
	K_SECS("vrrp_garp_interval", G, vrrp_garp_interval_us, 1, INTERVAL_MAX_US,
	       .apply = CONF_APPLY_LIVE,
	       .help = "Shortest time between two gratuitous ARP packets on an interface."),
	K_U32("vrrp_down_timer_adverts", G, vrrp_down_timer_adverts, 1, 100, .dflt = 3,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Advertisement intervals without advertisement after which the master counts "
		      "as down."),
	K_BOOL("vrrp_lower_prio_no_advert", G, vrrp_lower_prio_no_advert, .apply = CONF_APPLY_LIVE,
	       .help = "As master do not answer an advertisement of lower priority with one of our "
		       "own."),
	K_BOOL("vrrp_higher_prio_send_advert", G, vrrp_higher_prio_send_advert, .dflt = 1,
	       .apply = CONF_APPLY_LIVE,
	       .help = "When giving way to a higher priority send one last advertisement first, "
		       "which is the default."),
	K_FLAG("vrrp_check_unicast_src", G, vrrp_check_unicast_src, .apply = CONF_APPLY_LIVE,
	       .help = "Accept unicast advertisements only from configured peers."),
	K_BOOL("vrrp_skip_check_adv_addr", G, vrrp_skip_check_adv_addr, .apply = CONF_APPLY_LIVE,
	       .help = "Do not compare the address list of a sender that was compared before."),

	K_BOOL("v3_checksum_as_v2", G, v3_checksum_as_v2, .apply = CONF_APPLY_LIVE,
	       .help = "Leave the pseudo-header out of the checksums of VRRPv3 over IPv4 that are "
		       "sent; both forms are accepted."),
	K_BOOL("vrrp_owner_ignore_adverts", G, vrrp_owner_ignore_adverts, .apply = CONF_APPLY_LIVE,
	       .help = "Let address owners ignore all advertisements."),
	K_BOOL("vrrp_send_redirects", G, vrrp_send_redirects, .apply = CONF_APPLY_LIVE,
	       .help = "Let the kernel send ICMP redirects as its settings say, also where a "
		       "master "
		       "holds IPv4 addresses; it sends them from another address than its hosts "
		       "use."),

	/* processes and scripts */
	K_CUSTOM("process_name", &global_type_comm, G, process_name, const char *,
		 .apply = CONF_APPLY_LIVE, .help = "Name of the parent process in process lists."),
	K_CUSTOM("vrrp_process_name", &global_type_comm, G, vrrp.process_name, const char *,
		 .apply = CONF_APPLY_LIVE, .help = "Name of the VRRP process in process lists."),
	K_CUSTOM("checker_process_name", &global_type_comm, G, checker.process_name, const char *,
		 .apply = CONF_APPLY_LIVE, .help = "Name of the checker process in process lists."),
	K_CUSTOM("bfd_process_name", &global_type_comm, G, idle.bfd_process_name, const char *,
		 NO_USE("BFD runs in the VRRP process"),
		 .help = "Name of the bfd process in process lists."),
	K_CUSTOM("lvs_process_name", &global_type_comm, G, checker.process_name, const char *,
		 .alias_of = "checker_process_name", .flags = CONF_DEPRECATED,
		 .help = "Old name of checker_process_name."),
	K_FLAG("process_names", G, process_names, .apply = CONF_APPLY_LIVE,
	       .help = "Give the processes names of their own: diarch_vrrp, diarch_check."),
	K_I64("vrrp_priority", G, vrrp.priority, -20, 19, .apply = CONF_APPLY_LIVE,
	      .help = "Nice value of the VRRP process."),
	K_FLAG("vrrp_no_swap", G, vrrp.no_swap, .apply = CONF_APPLY_LIVE,
	       .help = "Keep the VRRP process in memory."),
	K_U32("vrrp_rt_priority", G, vrrp.rt_priority, 1, 99, .apply = CONF_APPLY_LIVE,
	      .flags = CONF_CLAMP, .help = "Real-time priority of the VRRP process."),
	K_RANGES("vrrp_cpu_affinity", G, vrrp.cpu_affinity, 0, 1023, .apply = CONF_APPLY_LIVE,
		 .help = "Processors that the VRRP process may use."),
	K_U32("vrrp_rlimit_rttime", G, vrrp.rlimit_rttime_us, 1, UINT32_MAX, .dflt = 10000,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Microseconds the VRRP process may run in real time without waiting; then it "
		      "loses its real-time priority."),
	K_U32("vrrp_rlimit_rtime", G, vrrp.rlimit_rttime_us, 1, UINT32_MAX,
	      .alias_of = "vrrp_rlimit_rttime", .flags = CONF_DEPRECATED,
	      .help = "Old name of vrrp_rlimit_rttime."),
	K_I64("checker_priority", G, checker.priority, -20, 19, .apply = CONF_APPLY_LIVE,
	      .help = "Nice value of the checker process."),
	K_FLAG("checker_no_swap", G, checker.no_swap, .apply = CONF_APPLY_LIVE,
	       .help = "Keep the checker process in memory."),
	K_U32("checker_rt_priority", G, checker.rt_priority, 1, 99, .apply = CONF_APPLY_LIVE,
	      .flags = CONF_CLAMP, .help = "Real-time priority of the checker process."),
	K_RANGES("checker_cpu_affinity", G, checker.cpu_affinity, 0, 1023, .apply = CONF_APPLY_LIVE,
		 .help = "Processors that the checker process may use."),
	K_U32("checker_rlimit_rttime", G, checker.rlimit_rttime_us, 1, UINT32_MAX, .dflt = 10000,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Microseconds the checker process may run in real time without waiting; then "
		      "it loses its real-time priority."),
	K_U32("checker_rlimit_rtime", G, checker.rlimit_rttime_us, 1, UINT32_MAX,
	      .alias_of = "checker_rlimit_rttime", .flags = CONF_DEPRECATED,
	      .help = "Old name of checker_rlimit_rttime."),
	K_I64("bfd_priority", G, bfd.priority, -20, 19, .apply = CONF_APPLY_LIVE,
	      .help = "Nice value for BFD, which runs in the VRRP process: with a bfd_instance "
		      "that "
		      "gets the lower one of this and vrrp_priority."),
	K_FLAG("bfd_no_swap", G, bfd.no_swap, .apply = CONF_APPLY_LIVE,
	       .help = "With a bfd_instance keep the VRRP process, which runs it, in memory."),
	K_U32("bfd_rt_priority", G, bfd.rt_priority, 1, 99, .apply = CONF_APPLY_LIVE,
	      .flags = CONF_CLAMP,
	      .help = "Real-time priority for BFD: with a bfd_instance the VRRP process gets the "
		      "higher one of this and vrrp_rt_priority."),
	K_RANGES("bfd_cpu_affinity", G, bfd.cpu_affinity, 0, 1023, .apply = CONF_APPLY_LIVE,
		 .help = "With a bfd_instance the VRRP process may use these processors, besides "
			 "those of vrrp_cpu_affinity."),
	K_U32("bfd_rlimit_rttime", G, bfd.rlimit_rttime_us, 1, UINT32_MAX, .dflt = 10000,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Microseconds in real time without waiting, where bfd_rt_priority is given: "
		      "with a bfd_instance the VRRP process gets the longer one of this and "
		      "vrrp_rlimit_rttime."),
	K_U32("bfd_rlimit_rtime", G, bfd.rlimit_rttime_us, 1, UINT32_MAX,
	      .alias_of = "bfd_rlimit_rttime", .flags = CONF_DEPRECATED,
	      .help = "Old name of bfd_rlimit_rttime."),
	K_CUSTOM("max_auto_priority", &global_type_auto_priority, G, max_auto_priority, int64_t,
		 .min = -1, .max = 99, .apply = CONF_APPLY_LIVE,
		 .help = "Highest real-time priority that may be taken when timers run late."),
	K_U32("min_auto_priority_delay", G, min_auto_priority_delay_us, 1, 10000000,
	      .dflt = 1000000, .apply = CONF_APPLY_LIVE,
	      .help = "Lateness of a timer, in microseconds, that raises the priority."),
	K_BOOL("use_symlink_paths", G, use_symlink_paths, .apply = CONF_APPLY_LIVE,
	       .flags = CONF_IF_SET,
	       .help = "Run scripts by the path as written rather than by the one that symbolic "
		       "links lead to."),
	K_BOOL("set_supplementary_groups", G, set_supplementary_groups, .apply = CONF_APPLY_LIVE,
	       .flags = CONF_IF_SET,
	       .help = "Give scripts all groups that their user is in, not only one."),
	K_SCRIPT("startup_script", G, startup_script.command, .apply = CONF_APPLY_RESTART,
		 .flags = CONF_FIRST,
		 .help = "Command to run once before anything else starts, never at a reload; "
			 "what it ends with does not keep the rest from starting."),
	K_U32("startup_script_timeout", G, startup_script.timeout_s, 1, 1000, .dflt = 10,
	      .apply = CONF_APPLY_RESTART, .flags = CONF_IF_SET,
	      .help = "Seconds the startup script may take; then it gets TERM, and the rest "
		      "starts."),
	K_SCRIPT("shutdown_script", G, shutdown_script.command, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_FIRST,
		 .help = "Command to run once after everything else has stopped."),
	K_U32("shutdown_script_timeout", G, shutdown_script.timeout_s, 1, 1000, .dflt = 10,
	      .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	      .help = "Seconds the shutdown script may take; then it gets TERM."),
	K_CUSTOM("umask", &global_type_umask, G, umask, uint32_t, .dflt = 0177, .max = 0777,
		 .apply = CONF_APPLY_RESTART, .help = "File creation mask."),
	K_U32("random_seed", G, idle.random_seed, 0, UINT32_MAX,
	      NO_USE("${_RANDOM} takes its numbers from the kernel"),
	      .help = "Seed of random numbers."),

	/* mail */
	K_STR("notification_email_from", G, notification_email_from, .apply = CONF_APPLY_LIVE,
	      .help = "Sender of alert mail."),
	K_CUSTOM("smtp_server", &conf_type_parts, G, smtp_server, struct smtp_server_conf,
		 .parts = smtp_server_parts, .apply = CONF_APPLY_LIVE,
		 .help = "Mail relay and port."),
	K_STR("smtp_helo_name", G, smtp_helo_name, .apply = CONF_APPLY_LIVE,
	      .help = "Name to greet the mail relay with."),
	K_U32("smtp_connect_timeout", G, smtp_connect_timeout_s, 1, UINT32_MAX, .dflt = 30,
	      .apply = CONF_APPLY_LIVE, .flags = CONF_CLAMP,
	      .help = "Seconds to wait for the mail relay."),
	K_BOOL("smtp_alert", G, smtp_alert, .apply = CONF_APPLY_LIVE,
	       .help = "Send mail on changes of state."),
	K_BOOL("smtp_alert_vrrp", G, smtp_alert_vrrp, .dflt_from = "smtp_alert",
	       .apply = CONF_APPLY_LIVE, .help = "Send mail on changes of state of instances."),
	K_BOOL("smtp_alert_checker", G, smtp_alert_checker, .apply = CONF_APPLY_LIVE,
	       .help = "Send mail on changes of state of servers."),
	K_FLAG("no_email_faults", G, no_email_faults, .apply = CONF_APPLY_LIVE,
	       .help = "Send no mail about FAULT."),
	K_BOOL("no_checker_emails", G, no_checker_emails, .apply = CONF_APPLY_LIVE,
	       .help = "Send no mail about single checks."),

	/* VRRP */
	K_CUSTOM("dynamic_interfaces", &conf_type_opt_parts, G, idle.dynamic_interfaces,
		 struct dynamic_conf, .parts = dynamic_parts, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_IF_SET, .help = "Accept interfaces that come and go; always so."),
	K_CUSTOM("default_interface", &conf_type_ifname, G, default_interface, const char *,
		 .dflt_text = "eth0", .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
		 .help = "Interface of static addresses that name none."),
	K_FLAG("disable_local_igmp", G, disable_local_igmp, .apply = CONF_APPLY_RESTART,
	       .flags = CONF_IF_SET,
	       .help = "Keep the kernel from reporting membership of local multicast groups."),
	K_SECS("vrrp_gna_interval", G, vrrp_gna_interval_us, 1, INTERVAL_MAX_US,
	       .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	       .help = "Shortest time between two unsolicited neighbour advertisements on an "
		       "interface."),
	K_BOOL("vrrp_min_garp", G, vrrp_min_garp, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	       .help = "Send a single gratuitous ARP where nothing else is configured."),
	K_CUSTOM("vrrp_garp_extra_if", &conf_type_garp_extra, G, vrrp_garp_extra_if,
		 struct conf_garp_extra, .max = 86400, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_IF_SET,
		 .help = "Seconds between gratuitous ARP on further interfaces; all includes those "
			 "without VMAC."),
	K_CUSTOM("vrrp_vmac_garp_intvl", &conf_type_garp_extra, G, vrrp_garp_extra_if,
		 struct conf_garp_extra, .max = 86400, OLD_NAME("vrrp_garp_extra_if"),
		 .help = "Old name of vrrp_garp_extra_if."),
	K_BOOL("vrrp_strict", G, vrrp_strict, .apply = CONF_APPLY_LIVE,
	       .help = "Hold all instances to the letter of the RFC."),
	K_CUSTOM("vrrp_iptables", &conf_type_opt_parts, G, idle.vrrp_iptables, struct chains_conf,
		 .parts = chains_parts, NO_USE("no_accept is carried out by nftables"),
		 .help = "Chains for packet filter rules."),
	K_CUSTOM("vrrp_ipsets", &conf_type_opt_parts, G, idle.vrrp_ipsets, struct ipsets_conf,
		 .parts = ipsets_parts, NO_USE("no_accept is carried out by nftables"),
		 .help = "Sets for packet filter rules."),
	K_CUSTOM("nftables", &conf_type_opt_parts, G, nftables, struct opt_name_conf,
		 .parts = opt_name_parts, .apply = CONF_APPLY_LIVE, .flags = CONF_FIRST,
		 .help = "Name of the nftables table (family inet) that drops packets for "
			 "no_accept; "
			 "default diarch."),
	K_I64("nftables_priority", G, nftables_priority, INT32_MIN, INT32_MAX, .dflt = -1,
	      .apply = CONF_APPLY_LIVE,
	      .help = "Priority of the chains of that table. At 100 and above virtual servers on "
		      "the "
		      "addresses of instances with no_accept are served, as IPVS comes first."),
	K_FLAG("nftables_ifindex", G, nftables_ifindex, .apply = CONF_APPLY_LIVE,
	       .help = "Match interfaces by number, not by name, in that table."),
	K_FLAG("nftables_counters", G, nftables_counters, .apply = CONF_APPLY_LIVE,
	       .help = "Count the packets that are dropped."),
	K_CUSTOM("vrrp_rx_bufs_policy", &global_type_bufs, G, vrrp_rx_bufs_policy, int64_t,
		 .min = 1, .max = INT32_MAX, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
		 .help = "How to size the receive buffer for the advertisements of an interface, "
			 "to which each instance adds this: a number of bytes, or "
			 "vrrp_rx_bufs_multiplier packets as large as the MTU of the interface, or "
			 "as an advertisement of its own. Only a number of bytes makes it smaller "
			 "than it is anyway, 1 MiB."),
	K_U32("vrrp_rx_bufs_multiplier", G, vrrp_rx_bufs_multiplier, 1, UINT32_MAX, .dflt = 3,
	      .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	      .help = "Packets of each instance that a receive buffer holds, with "
		      "vrrp_rx_bufs_policy."),
	K_SECS("vrrp_startup_delay", G, vrrp_startup_delay_us, US_PER_MS, UINT32_MAX *US_PER_S,
	       .apply = CONF_APPLY_RESTART,
	       .help = "Time to wait after start before VRRP begins. A reload changes it while it "
		       "runs."),
	K_SECS("vrrp_delay_after_boot", G, vrrp_delay_after_boot_us, US_PER_MS,
	       UINT32_MAX *US_PER_S, .apply = CONF_APPLY_RESTART, .flags = CONF_IF_SET,
	       .help = "The same from when the host was started, as /proc/uptime has it; with "
		       "both the one that ends later counts."),
	K_FLAG("log_unknown_vrids", G, log_unknown_vrids, .apply = CONF_APPLY_LIVE,
	       .flags = CONF_IF_SET,
	       .help = "Log advertisements of virtual routers that are not configured."),
	K_STR("vmac_prefix", G, vmac_prefix, .dflt_text = "vrrp", .apply = CONF_APPLY_LIVE,
	      .flags = CONF_IF_SET, .help = "How names of interfaces with a virtual MAC begin."),
	K_STR("vmac_addr_prefix", G, vmac_addr_prefix, .dflt_from = "vmac_prefix",
	      .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	      .help = "How names of interfaces for single addresses begin."),

	/* IPVS */
	K_CUSTOM("lvs_timeouts", &conf_type_parts, G, lvs_timeouts, struct lvs_timeouts_conf,
		 .parts = lvs_timeouts_parts, .apply = CONF_APPLY_LIVE,
		 .help = "Connection timeouts of IPVS."),
	K_CUSTOM("lvs_sync_daemon", &conf_type_parts, G, lvs_sync_daemon, struct sync_daemon_conf,
		 .parts = sync_daemon_parts, .apply = CONF_APPLY_LIVE, .flags = CONF_FIRST,
		 .help = "Synchronise IPVS connections with the other director."),
	K_CUSTOM("nftables_ipvs", &conf_type_opt_parts, G, idle.nftables_ipvs, struct opt_name_conf,
		 .parts = opt_name_parts, NO_MARKS,
		 .help = "Table that marks packets of virtual server groups."),
	K_I64("nftables_ipvs_priority", G, idle.nftables_ipvs_priority, INT32_MIN, INT32_MAX,
	      .dflt = -1, NO_MARKS, .help = "Priority of the chains that mark packets."),
	K_U32("nftables_ipvs_start_fwmark", G, idle.nftables_ipvs_start_fwmark, 1, UINT32_MAX,
	      .dflt = 1000, NO_MARKS, .help = "First mark to use."),
	K_BOOL("rs_init_notifies", G, rs_init_notifies, .apply = CONF_APPLY_LIVE,
	       .help = "Run notify_up or notify_down also for the first result of a real server."),

	/* events, SNMP, D-Bus */
	K_CUSTOM("notify_fifo", &conf_type_parts, G, notify_fifo.path, struct fifo_path_conf,
		 .parts = fifo_parts, .apply = CONF_APPLY_LIVE, .flags = CONF_FIRST,
		 .help = "FIFO that receives all events."),
	K_SCRIPT("notify_fifo_script", G, notify_fifo.script, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_FIRST, .help = "Command that reads notify_fifo."),
	K_CUSTOM("vrrp_notify_fifo", &conf_type_parts, G, vrrp_notify_fifo.path,
		 struct fifo_path_conf, .parts = fifo_parts, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_FIRST, .help = "FIFO that receives VRRP events."),
	K_SCRIPT("vrrp_notify_fifo_script", G, vrrp_notify_fifo.script, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_FIRST, .help = "Command that reads vrrp_notify_fifo."),
	K_CUSTOM("lvs_notify_fifo", &conf_type_parts, G, lvs_notify_fifo.path,
		 struct fifo_path_conf, .parts = fifo_parts, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_FIRST, .help = "FIFO that receives LVS events."),
	K_SCRIPT("lvs_notify_fifo_script", G, lvs_notify_fifo.script, .apply = CONF_APPLY_LIVE,
		 .flags = CONF_FIRST, .help = "Command that reads lvs_notify_fifo."),
	K_BOOL("vrrp_notify_priority_changes", G, vrrp_notify_priority_changes,
	       .apply = CONF_APPLY_LIVE, .help = "Report changes of effective priority as events."),
	K_FLAG("fifo_write_vrrp_states_on_reload", G, fifo_write_vrrp_states_on_reload,
	       .apply = CONF_APPLY_LIVE, .help = "Write all states to the FIFO after a reload."),
	K_STR("snmp_socket", G, idle.snmp_socket, .dflt_text = "unix:/var/agentx/master", NO_SNMP,
	      .help = "Where the SNMP master agent listens."),
	K_FLAG("enable_traps", G, idle.enable_traps, NO_SNMP, .help = "Send SNMP notifications."),
	K_FLAG("enable_snmp_vrrp", G, idle.enable_snmp_vrrp, NO_SNMP,
	       .help = "Serve the VRRP part of KEEPALIVED-MIB."),
	K_FLAG("enable_snmp_keepalived", G, idle.enable_snmp_vrrp, .alias_of = "enable_snmp_vrrp",
	       .flags = CONF_DEPRECATED | CONF_NO_EFFECT, .help = "Old name of enable_snmp_vrrp."),
	K_FLAG("enable_snmp_rfc", G, idle.enable_snmp_rfc, NO_SNMP,
	       .help = "Serve the VRRP MIBs of RFC 2787 and RFC 6527."),
	K_FLAG("enable_snmp_rfcv2", G, idle.enable_snmp_rfcv2, NO_SNMP,
	       .help = "Serve the VRRP MIB of RFC 2787."),
	K_FLAG("enable_snmp_rfcv3", G, idle.enable_snmp_rfcv3, NO_SNMP,
	       .help = "Serve the VRRP MIB of RFC 6527."),
	K_FLAG("enable_snmp_checker", G, idle.enable_snmp_checker, NO_SNMP,
	       .help = "Serve the checker part of KEEPALIVED-MIB."),
	K_SECS("snmp_vs_stats_update_interval", G, idle.snmp_vs_stats_update_interval_us, US_PER_MS,
	       30 * US_PER_S, .dflt = 5 * US_PER_S, NO_SNMP,
	       .help = "How long SNMP may serve the same counters of virtual servers."),
	K_SECS("snmp_rs_stats_update_interval", G, idle.snmp_rs_stats_update_interval_us, US_PER_MS,
	       30 * US_PER_S, .dflt_from = "snmp_vs_stats_update_interval", NO_SNMP,
	       .help = "How long SNMP may serve the same counters of real servers."),
	K_FLAG("enable_dbus", G, idle.enable_dbus, NO_DBUS, .help = "Offer the D-Bus interface."),
	K_STR("dbus_service_name", G, idle.dbus_service_name, .dflt_text = "org.keepalived.Vrrp1",
	      NO_DBUS, .help = "Name to take on the bus."),
	K_STR("dbus_no_interface_name", G, idle.dbus_no_interface_name, .dflt_text = "none",
	      NO_DBUS, .help = "Path element of instances without interface."),

	/* netlink buffers */
	K_U32("vrrp_netlink_cmd_rcv_bufs", G, idle.vrrp_cmd.bytes, 0, UINT32_MAX, NO_CMDBUF,
	      .help = "Receive buffer, in bytes, of that netlink socket."),
	K_BOOL("vrrp_netlink_cmd_rcv_bufs_force", G, idle.vrrp_cmd.is_forced, NO_CMDBUF,
	       .help = "Set that receive buffer beyond the system limit."),
	K_U32("vrrp_netlink_monitor_rcv_bufs", G, vrrp_monitor.bytes, 0, UINT32_MAX, RCVBUF,
	      .help = "Receive buffer, in bytes, of the socket on which the VRRP process hears of "
		      "changes of links, addresses and routes; 8 MiB, beyond the system limit, "
		      "where it is 0."),
	K_BOOL("vrrp_netlink_monitor_rcv_bufs_force", G, vrrp_monitor.is_forced, RCVBUF,
	       .help = "Set that receive buffer beyond the system limit, net.core.rmem_max."),
	K_U32("process_monitor_rcv_bufs", G, process_monitor.bytes, 0, UINT32_MAX, RCVBUF,
	      .help = "Receive buffer, in bytes, of the socket on which process events come, for "
		      "vrrp_track_process; 1 MiB, beyond the system limit, where it is 0."),
	K_BOOL("process_monitor_rcv_bufs_force", G, process_monitor.is_forced, RCVBUF,
	       .help = "Set that receive buffer beyond the system limit, net.core.rmem_max."),
	K_U32("lvs_netlink_cmd_rcv_bufs", G, idle.lvs_cmd.bytes, 0, UINT32_MAX, NO_CMDBUF,
	      .help = "Receive buffer, in bytes, of that netlink socket."),
	K_BOOL("lvs_netlink_cmd_rcv_bufs_force", G, idle.lvs_cmd.is_forced, NO_CMDBUF,
	       .help = "Set that receive buffer beyond the system limit."),
	K_U32("lvs_netlink_monitor_rcv_bufs", G, lvs_monitor.bytes, 0, UINT32_MAX, RCVBUF,
	      .help = "Receive buffer, in bytes, of the socket on which the checker process hears "
		      "of changes of addresses, for ha_suspend; 8 MiB, beyond the system limit, "
		      "where it is 0."),
	K_BOOL("lvs_netlink_monitor_rcv_bufs_force", G, lvs_monitor.is_forced, RCVBUF,
	       .help = "Set that receive buffer beyond the system limit, net.core.rmem_max."),

	/* files */
	K_CUSTOM("reload_check_config", &conf_type_opt_parts, G, idle.reload_check_config,
		 struct opt_name_conf, .parts = opt_name_parts,
		 NO_USE("every reload is checked as a whole, and refused where it has errors"),
		 .help = "Check the file before a reload."),
	K_STR("reload_time_file", G, idle.reload_time_file, NO_TIMED,
	      .help = "File with the time of the next reload."),
	K_FLAG("reload_repeat", G, idle.reload_repeat, NO_TIMED,
	       .help = "Reload daily at the time in reload_time_file."),
	K_CUSTOM("reload_file", &conf_type_opt_parts, G, reload_file, struct opt_name_conf,
		 .parts = opt_name_parts, .apply = CONF_APPLY_LIVE,
		 .help = "File that exists while a reload is in progress; without a name "
			 "diarch.reload beside the pid file."),
	K_CUSTOM(
		"include_check", &global_type_include, G, idle.include_check, struct conf_words,
		.max = 255, .flags = CONF_REPEAT,
		.help = "What plain include lines below insist on, as includer, includem, includew "
			"and includeb do: read, match, wildcard_match, brace_match; + adds to "
			"what holds, - takes off, no word means all. Ends with the file."),
	K_STR("config_save_dir", G, idle.config_save_dir,
	      NO_USE("diarchctl conf prints what is loaded"),
	      .help = "Directory for copies of what was loaded."),
	K_STR("tmp_config_directory", G, idle.tmp_config_directory,
	      NO_USE("the processes get the configuration in memory"),
	      .help = "Directory for the combined copy of all files."),
	K_BOOL("data_use_instance", G, idle.data_use_instance, NO_FILES,
	       .help = "Put the instance name into names of dump files."),
	K_U32("json_version", G, idle.json_version, 1, 2, .dflt = 1, NO_FILES,
	      .help = "Layout of the JSON dump."),
	K_STR("iproute_usr_dir", G, iproute_usr_dir, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	      .help = "Directory with the name tables of iproute2."),
	K_STR("iproute_etc_dir", G, iproute_etc_dir, .apply = CONF_APPLY_LIVE, .flags = CONF_IF_SET,
	      .help = "Directory with local name tables of iproute2."),
	K_STR("state_dump_file", G, idle.state_dump_file, NO_FILES,
	      .help = "File for the state dump."),
	K_STR("stats_dump_file", G, idle.stats_dump_file, NO_FILES,
	      .help = "File for the statistics."),
	K_STR("json_dump_file", G, idle.json_dump_file, NO_FILES,
	      .help = "File for the JSON dump."),
	K_END,
};

static const struct conf_key email_args[] = {
	K_WORDS("addresses", struct email_conf, addresses, 255, .help = "One or more recipients."),
	K_END,
};

static const struct conf_block email_block = {
	.name = "notification_email",
	.style = CONF_BLOCK_LINES,
	.size = sizeof(struct email_conf),
	.list_offset = offsetof(struct global_conf, notification_email),
	.args = email_args,
	.help = "Recipients of alert mail.",
};

/* Mail needs somebody to carry it and somebody to get it. */
static void check_mail(struct conf_walk *walk, const struct global_conf *global)
{
	struct conf_pos pos;
	struct addr addr;

	if (global->smtp_server.host && strchr(global->smtp_server.host, ':') &&
	    !addr_parse(global->smtp_server.host, &addr))
		conf_refuse(walk, MEND_RESET(&global->obj, "smtp_server"), CONF_VALUE,
			    "invalid-host", "the port stands behind a blank",
			    "smtp_server: \"%s\" is neither a name nor an address",
			    global->smtp_server.host);
	if (global->notification_email.n > 0 && !global->smtp_server.host)
		conf_warning(walk, global->notification_email.head->pos, CONF_SEMANTIC,
			     "mail-without-server", "add smtp_server",
			     "without smtp_server no mail is sent");
	else if (global->notification_email.n == 0 &&
		 conf_is_set(&global->obj, "smtp_server", &pos))
		conf_warning(walk, pos, CONF_SEMANTIC, "mail-without-recipient",
			     "add notification_email",
			     "without notification_email no mail is sent");
}

bool sync_daemon_has_id(const struct sync_daemon_conf *sync)
{
	const struct conf_key key = { .parts = sync_daemon_parts };

	return conf_parts_has(&key, &sync->parts, "id");
}

bool fifo_is_same(const struct fifo_conf *a, const struct fifo_conf *b)
{
	return a->path.path && b->path.path && strcmp(a->path.path, b->path.path) == 0;
}

static void check_fifo(struct conf_walk *walk, const struct global_conf *global,
		       const struct fifo_conf *fifo, const char *name)
{
	struct conf_pos pos;

	if (fifo_is_same(fifo, &global->notify_fifo) && conf_is_set(&global->obj, name, &pos))
		conf_warning(walk, pos, CONF_SEMANTIC, "same-fifo", NULL,
			     "%s is notify_fifo, which gets all events; it is left out", name);
}

static bool global_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const struct global_conf *global = (const struct global_conf *)obj;

	check_mail(walk, global);
	check_fifo(walk, global, &global->vrrp_notify_fifo, "vrrp_notify_fifo");
	check_fifo(walk, global, &global->lvs_notify_fifo, "lvs_notify_fifo");
	return true;
}

const struct conf_block global_block = {
	.name = "global_defs",
	.size = sizeof(struct global_conf),
	.list_offset = offsetof(struct root_conf, globals),
	.is_single = true,
	.keys = global_keys,
	.blocks = (const struct conf_block *const[]){ &email_block, NULL },
	.finish = global_finish,
	.help = "Settings of the whole process.",
};

const char *global_child_name(const struct global_conf *global, const struct child_conf *child,
			      const char *usual)
{
	if (child->process_name)
		return child->process_name;
	return global->process_names ? usual : NULL;
}

const struct global_conf *root_global(const struct conf_obj *root)
{
	return (const struct global_conf *)((const struct root_conf *)root)->globals.head;
}

bool root_uses_ipvs(const struct conf_obj *root)
{
	const struct global_conf *global = root_global(root);

	return global->lvs_sync_daemon.interface || global->lvs_timeouts.parts.is_given;
}
