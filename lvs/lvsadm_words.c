/*
 * lvsadm: its commands and options, as one table; the help text comes from it too.
 *
 * Only lvsadm uses it. Words are ipvsadm's, and some of its own.
 */
#include <string.h>

#include "lvs/lvsadm_parse.h"

static const struct lvsadm_word words[] = {
#define COMMAND(name, letter, command, args, help)                                             \
	{                                                                                      \
		name, letter, LVSADM_ARG_NONE, LVSADM_CMD_##command, LVSADM_OPT_NONE, NULL, 0, \
			args, help                                                             \
	}
#define SYNC(name, which, command, help)                                           \
	{                                                                          \
		name, 0, LVSADM_ARG_NEEDED, LVSADM_CMD_##command, LVSADM_OPT_NONE, \
			lvsadm_take_sync_role, which, "master|backup", help        \
	}
#define FLAG(name, letter, option, help)                                                          \
	{                                                                                         \
		name, letter, LVSADM_ARG_NONE, LVSADM_CMD_NONE, LVSADM_OPT_##option, NULL, 0, "", \
			help                                                                      \
	}
#define OPTION(name, letter, option, arg, take, value, args, help)                               \
	{                                                                                        \
		name, letter, arg, LVSADM_CMD_NONE, LVSADM_OPT_##option, take, value, args, help \
	}
	COMMAND("add-service", 'A', ADD_SERVICE, "SERVICE", "add a virtual service"),
	COMMAND("edit-service", 'E', EDIT_SERVICE, "SERVICE", "replace all settings of a service"),
	COMMAND("delete-service", 'D', DELETE_SERVICE, "SERVICE",
		"delete a service with its servers"),
	COMMAND("clear", 'C', FLUSH, "", "delete everything"),
	COMMAND("restore", 'R', RESTORE, "", "read commands from standard input"),
	COMMAND("save", 'S', SAVE, "", "write the table as commands"),
	COMMAND("add-server", 'a', ADD_SERVER, "SERVICE -r SERVER",
		"add a real server to a service"),
	COMMAND("edit-server", 'e', EDIT_SERVER, "SERVICE -r SERVER",
		"replace all settings of a server"),
	COMMAND("delete-server", 'd', DELETE_SERVER, "SERVICE -r SERVER", "delete a server"),
	COMMAND("list", 'L', LIST, "[SERVICE]", "show the table, also as -l or without any word"),
	COMMAND("list", 'l', LIST, NULL, NULL),
	COMMAND("zero", 'Z', ZERO, "[SERVICE]", "set counters to zero"),
	COMMAND("set", 0, SET, "TCP TCPFIN UDP",
		"set time-outs of connections in seconds, 0 = keep"),
	SYNC("start-daemon", 's', START_DAEMON, "start a connection sync daemon"),
	SYNC("stop-daemon", 'e', STOP_DAEMON, "stop it"),
	COMMAND("help", 'h', HELP, "", "show this text"),
	COMMAND("version", 0, VERSION, "", "show the version"),

	OPTION("tcp-service", 't', SERVICE, LVSADM_ARG_NEEDED, lvsadm_take_service, IPPROTO_TCP,
	       "HOST[:PORT]", "the service, TCP"),
	OPTION("udp-service", 'u', SERVICE, LVSADM_ARG_NEEDED, lvsadm_take_service, IPPROTO_UDP,
	       "HOST[:PORT]", "the service, UDP"),
	OPTION("sctp-service", 0, SERVICE, LVSADM_ARG_NEEDED, lvsadm_take_service, IPPROTO_SCTP,
	       "HOST[:PORT]", "the service, SCTP"),
	OPTION("fwmark-service", 'f', SERVICE, LVSADM_ARG_NEEDED, lvsadm_take_fwmark, 0, "MARK",
	       "the service, by firewall mark"),
	OPTION("ipv6", '6', NONE, LVSADM_ARG_NONE, lvsadm_take_ipv6, 0, "",
	       "the mark is for IPv6 (after -f)"),
	OPTION("scheduler", 's', SCHEDULER, LVSADM_ARG_NEEDED, lvsadm_take_scheduler, 0, "NAME",
	       "rr, wrr, lc, wlc (default), sh, mh, ..."),
	OPTION("sched-flags", 'b', SCHED_FLAGS, LVSADM_ARG_NEEDED, lvsadm_take_sched_flags, 0,
	       "FLAG,...", "sh-fallback, sh-port, mh-fallback, mh-port, flag-1..3"),
	OPTION("persistent", 'p', PERSISTENT, LVSADM_ARG_OPTIONAL, lvsadm_take_persistent, 0,
	       "[SECONDS]", "clients stay with their server (default 360)"),
	OPTION("netmask", 'M', NETMASK, LVSADM_ARG_NEEDED, lvsadm_take_netmask, 0, "MASK",
	       "clients that persist together: mask, IPv6 prefix length"),
	OPTION("pe", 0, PE, LVSADM_ARG_NEEDED, lvsadm_take_pe, 0, "NAME",
	       "persistence engine: sip"),
	OPTION("ops", 'o', OPS, LVSADM_ARG_NONE, lvsadm_take_ops, 0, "",
	       "schedule every UDP packet by itself"),
	OPTION("real-server", 'r', SERVER, LVSADM_ARG_NEEDED, lvsadm_take_server, 0, "HOST[:PORT]",
	       "the server"),
	OPTION("gatewaying", 'g', FORWARD, LVSADM_ARG_NONE, lvsadm_take_forward, IPVS_FWD_DROUTE,
	       "", "forward by direct routing (default)"),
	OPTION("ipip", 'i', FORWARD, LVSADM_ARG_NONE, lvsadm_take_forward, IPVS_FWD_TUNNEL, "",
	       "forward through a tunnel"),
	OPTION("masquerading", 'm', FORWARD, LVSADM_ARG_NONE, lvsadm_take_forward, IPVS_FWD_MASQ,
	       "", "forward with translated addresses"),
	OPTION("weight", 'w', WEIGHT, LVSADM_ARG_NEEDED, lvsadm_take_weight, 0, "N",
	       "share of new connections, 0 = none (default 1)"),
	OPTION("u-threshold", 'x', U_THRESHOLD, LVSADM_ARG_NEEDED, lvsadm_take_threshold, 'u', "N",
	       "no new connections from this many on"),
	OPTION("l-threshold", 'y', L_THRESHOLD, LVSADM_ARG_NEEDED, lvsadm_take_threshold, 'l', "N",
	       "and again below this many"),
	OPTION("tun-type", 0, TUN_TYPE, LVSADM_ARG_NEEDED, lvsadm_take_tun_type, 0, "TYPE",
	       "ipip (default), gue, gre"),
	OPTION("tun-port", 0, TUN_PORT, LVSADM_ARG_NEEDED, lvsadm_take_tun_port, 0, "PORT",
	       "destination port of gue"),
	OPTION("tun-nocsum", 0, TUN_NOCSUM, LVSADM_ARG_NONE, lvsadm_take_checksum, 0, "",
	       "gue, gre without checksum (default)"),
	OPTION("tun-csum", 0, TUN_CSUM, LVSADM_ARG_NONE, lvsadm_take_checksum, IPVS_TUN_F_CSUM, "",
	       "gue, gre with checksum"),
	OPTION("tun-remcsum", 0, TUN_REMCSUM, LVSADM_ARG_NONE, lvsadm_take_checksum,
	       IPVS_TUN_F_REMCSUM, "", "gue with remote checksum"),
	FLAG("numeric", 'n', NUMERIC, "addresses and ports instead of names"),
	FLAG("connection", 'c', CONNECTION, "show connections"),
	FLAG("timeout", 0, TIMEOUT, "show the time-outs of connections"),
	FLAG("daemon", 0, DAEMON, "show the sync daemons"),
	FLAG("stats", 0, STATS, "show totals"),
	FLAG("rate", 0, RATE, "show rates"),
	FLAG("exact", 0, EXACT, "do not shorten numbers"),
	FLAG("thresholds", 0, THRESHOLDS, "show thresholds"),
	FLAG("persistent-conn", 0, PERSISTENT_CONN, "show persistent connections"),
	FLAG("tun-info", 0, TUN_INFO, "show tunnels"),
	FLAG("nosort", 0, NOSORT, "show the kernel's order"),
	OPTION("sort", 0, NONE, LVSADM_ARG_NONE, NULL, 0, NULL, NULL),

	OPTION("syncid", 0, SYNCID, LVSADM_ARG_NEEDED, lvsadm_take_syncid, 0, "ID",
	       "0 to 255; a backup with 0 takes every id (default 0)"),
	OPTION("sync-maxlen", 0, SYNC_MAXLEN, LVSADM_ARG_NEEDED, lvsadm_take_sync_maxlen, 0,
	       "BYTES", "length of sync messages (default: what the MTU allows)"),
	OPTION("mcast-interface", 0, MCAST_INTERFACE, LVSADM_ARG_NEEDED,
	       lvsadm_take_mcast_interface, 0, "IF", "interface of the sync daemon (default eth0)"),
	OPTION("mcast-group", 0, MCAST_GROUP, LVSADM_ARG_NEEDED, lvsadm_take_mcast_group, 0,
	       "ADDRESS", "its IPv4 or IPv6 group (default 224.0.0.81)"),
	OPTION("mcast-port", 0, MCAST_PORT, LVSADM_ARG_NEEDED, lvsadm_take_mcast_port, 0, "PORT",
	       "its UDP port (default 8848)"),
	OPTION("mcast-ttl", 0, MCAST_TTL, LVSADM_ARG_NEEDED, lvsadm_take_mcast_ttl, 0, "N",
	       "time to live of its packets (default 1)"),
	FLAG("json", 0, JSON, "list in JSON"),
	FLAG("all", 0, ALL, "save time-outs and sync daemons too"),
#undef COMMAND
#undef SYNC
#undef FLAG
#undef OPTION
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

const struct lvsadm_word *lvsadm_find_name(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, name, len) == 0)
			return &words[i];
	return NULL;
}

const struct lvsadm_word *lvsadm_find_letter(char letter)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++)
		if (words[i].letter == letter)
			return &words[i];
	return NULL;
}

static void print_words(FILE *out, bool is_command)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++) {
		const struct lvsadm_word *row = &words[i];
		char letter[] = { '-', row->letter, ',', '\0' }, usage[64];

		if (!row->help || (row->command != LVSADM_CMD_NONE) != is_command)
			continue;
		snprintf(usage, sizeof(usage), "--%s %s", row->name, row->arg_help);
		fprintf(out, "  %3s %-36s %s\n", row->letter ? letter : "", usage, row->help);
	}
}

void lvsadm_print_help(FILE *out, const char *name)
{
	fprintf(out, "Usage: %s [COMMAND [OPTIONS]]\n\nCommands:\n", name);
	print_words(out, true);
	fputs("\nOptions:\n", out);
	print_words(out, false);
	fputs("\nHOST is a name, an IPv4 address, or an IPv6 address, in brackets when a port "
	      "follows.\n",
	      out);
}
