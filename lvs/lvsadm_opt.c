/*
 * lvsadm: commands and options, as tables, and the checks that follow from them.
 *
 * Only lvsadm uses it. Words, the order of checks and the texts of errors are ipvsadm's, which
 * scripts rely on.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "lvs/lvsadm.h"

#define PERSISTENT_DEFAULT "360"

#define CMD(command)  (1U << LVSADM_CMD_##command)
#define OPT(option)   (1U << LVSADM_OPT_##option)
#define CMDS_SERVICE  (CMD(ADD_SERVICE) | CMD(EDIT_SERVICE))
#define CMDS_SERVER   (CMD(ADD_SERVER) | CMD(EDIT_SERVER))
#define CMDS_ONE_SRV  (CMDS_SERVER | CMD(DELETE_SERVER))
#define CMDS_ONE_SVC  (CMDS_SERVICE | CMD(DELETE_SERVICE) | CMDS_ONE_SRV)
#define OPTS_CHECKSUM (OPT(TUN_NOCSUM) | OPT(TUN_CSUM) | OPT(TUN_REMCSUM))
#define OPTS_TUNNEL   (OPT(TUN_TYPE) | OPT(TUN_PORT) | OPTS_CHECKSUM)

static const char *const command_names[LVSADM_CMD_N] = {
	[LVSADM_CMD_ADD_SERVICE] = "add-service",
	[LVSADM_CMD_EDIT_SERVICE] = "edit-service",
	[LVSADM_CMD_DELETE_SERVICE] = "delete-service",
	[LVSADM_CMD_FLUSH] = "flush",
	[LVSADM_CMD_RESTORE] = "restore",
	[LVSADM_CMD_SAVE] = "save",
	[LVSADM_CMD_ADD_SERVER] = "add-server",
	[LVSADM_CMD_EDIT_SERVER] = "edit-server",
	[LVSADM_CMD_DELETE_SERVER] = "delete-server",
	[LVSADM_CMD_LIST] = "list",
	[LVSADM_CMD_ZERO] = "zero",
};

/* Which commands take, and which need, an option. */
static const struct option_rule {
	const char *name;
	uint32_t allowed, required;
} rules[LVSADM_OPT_N] = {
	[LVSADM_OPT_NUMERIC] = { "numeric", CMD(LIST) | CMD(SAVE), 0 },
	[LVSADM_OPT_SERVICE] = { "service-address", CMDS_ONE_SVC | CMD(LIST) | CMD(ZERO),
				 CMDS_ONE_SVC },
	[LVSADM_OPT_SCHEDULER] = { "scheduler", CMDS_SERVICE, 0 },
	[LVSADM_OPT_PERSISTENT] = { "persistent", CMDS_SERVICE, 0 },
	[LVSADM_OPT_NETMASK] = { "netmask", CMDS_SERVICE, 0 },
	[LVSADM_OPT_SERVER] = { "real-server", CMDS_ONE_SRV, CMDS_ONE_SRV },
	[LVSADM_OPT_FORWARD] = { "forwarding-method", CMDS_SERVER, 0 },
	[LVSADM_OPT_WEIGHT] = { "weight", CMDS_SERVER, 0 },
	[LVSADM_OPT_U_THRESHOLD] = { "u-threshold", CMDS_SERVER, 0 },
	[LVSADM_OPT_L_THRESHOLD] = { "l-threshold", CMDS_SERVER, 0 },
	[LVSADM_OPT_STATS] = { "stats", CMD(LIST), 0 },
	[LVSADM_OPT_RATE] = { "rate", CMD(LIST), 0 },
	[LVSADM_OPT_THRESHOLDS] = { "thresholds", CMD(LIST), 0 },
	[LVSADM_OPT_PERSISTENT_CONN] = { "persistent-conn", CMD(LIST), 0 },
	[LVSADM_OPT_NOSORT] = { "nosort", CMD(LIST), 0 },
	[LVSADM_OPT_EXACT] = { "exact", CMD(LIST), 0 },
	[LVSADM_OPT_OPS] = { "ops", CMDS_SERVICE, 0 },
	[LVSADM_OPT_PE] = { "pe", CMDS_SERVICE, 0 },
	[LVSADM_OPT_SCHED_FLAGS] = { "sched-flags", CMDS_SERVICE, 0 },
	[LVSADM_OPT_TUN_INFO] = { "tun-info", CMD(LIST), 0 },
	[LVSADM_OPT_TUN_TYPE] = { "tun-type", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_PORT] = { "tun-port", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_NOCSUM] = { "tun-nocsum", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_CSUM] = { "tun-csum", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_REMCSUM] = { "tun-remcsum", CMDS_SERVER, 0 },
};

/* The same for the type of a tunnel. */
static const struct tunnel_rule {
	const char *name;
	uint32_t allowed, required;
} tunnels[] = {
	[IPVS_TUN_IPIP] = { "ipip", OPT(TUN_TYPE), 0 },
	[IPVS_TUN_GUE] = { "gue", OPTS_TUNNEL, OPT(TUN_PORT) },
	[IPVS_TUN_GRE] = { "gre", OPT(TUN_TYPE) | OPT(TUN_NOCSUM) | OPT(TUN_CSUM), 0 },
};

#define N_TUNNELS (sizeof(tunnels) / sizeof(tunnels[0]))

/* What has been read so far; checked when all is known, as the order of options is free. */
struct parse {
	int argc, next;
	char *const *argv;
	struct lvsadm_cmd *cmd;
	struct lvsadm_error *err;
	const char *word;       /* being read, for errors */
	const char *unexpected; /* the first word that belongs to nothing */
	const char *netmask, *sched_flags;
	bool has_server_port;
};

bool lvsadm_fail(struct lvsadm_error *err, enum lvsadm_status status, const char *fmt, ...)
{
	va_list args;

	err->status = status;
	va_start(args, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, args);
	va_end(args);
	return false;
}

bool lvsadm_fail_try(struct lvsadm_error *err)
{
	return lvsadm_fail(err, LVSADM_FAILED, "Try `%s -h' or '%s --help' for more information.",
			   program_invocation_name, program_invocation_name);
}

/* ---- what options do ---- */

static bool take_absent(struct parse *p, int value, const char *text)
{
	(void)value;
	(void)text;
	return lvsadm_fail(p->err, LVSADM_USAGE, "%s is not in this version of lvsadm", p->word);
}

static bool take_service(struct parse *p, int protocol, const char *text)
{
	struct ipvs_svc_key *key = &p->cmd->svc.key;
	bool has_port;

	key->protocol = (uint8_t)protocol;
	if (!lvsadm_get_endpoint(text, key->protocol, &key->addr, &key->port, &has_port))
		return lvsadm_fail(p->err, LVSADM_USAGE,
				   "illegal virtual server address[:port] specified");
	key->family = key->addr.family;
	return true;
}

static bool take_fwmark(struct parse *p, int value, const char *text)
{
	int64_t fwmark;

	(void)value;
	if (!lvsadm_get_number(text, 1, UINT32_MAX, &fwmark))
		return lvsadm_fail(p->err, LVSADM_USAGE, "invalid fwmark value `%s' specified",
				   text);
	p->cmd->svc.key.fwmark = (uint32_t)fwmark;
	return true;
}

static bool take_ipv6(struct parse *p, int value, const char *text)
{
	(void)value;
	(void)text;
	if (!p->cmd->svc.key.fwmark)
		return lvsadm_fail(p->err, LVSADM_USAGE, "-6 used before -f\n");
	p->cmd->svc.key.family = AF_INET6;
	return true;
}

static bool take_scheduler(struct parse *p, int value, const char *text)
{
	struct ipvs_svc *svc = &p->cmd->svc;

	(void)value;
	if (text[0])
		snprintf(svc->sched, sizeof(svc->sched), "%s", text);
	return true;
}

static bool take_persistent(struct parse *p, int value, const char *text)
{
	int64_t timeout;

	(void)value;
	if (!text)
		text = PERSISTENT_DEFAULT;
	if (!lvsadm_get_number(text, 1, IPVS_TIMEOUT_MAX_S, &timeout))
		return lvsadm_fail(p->err, LVSADM_USAGE, "invalid timeout value `%s' specified",
				   text);
	p->cmd->svc.flags |= IPVS_F_PERSISTENT;
	p->cmd->svc.timeout_s = (uint32_t)timeout;
	return true;
}

static bool take_netmask(struct parse *p, int value, const char *text)
{
	(void)value;
	p->netmask = text;
	return true;
}

static bool take_sched_flags(struct parse *p, int value, const char *text)
{
	(void)value;
	p->sched_flags = text;
	return true;
}

static bool take_ops(struct parse *p, int value, const char *text)
{
	(void)value;
	(void)text;
	p->cmd->svc.flags |= IPVS_F_ONEPACKET;
	return true;
}

static bool take_pe(struct parse *p, int value, const char *text)
{
	struct ipvs_svc *svc = &p->cmd->svc;

	(void)value;
	snprintf(svc->pe_name, sizeof(svc->pe_name), "%s", text);
	return true;
}

static bool take_server(struct parse *p, int value, const char *text)
{
	struct ipvs_dest_key *key = &p->cmd->dest.key;

	(void)value;
	if (!lvsadm_get_endpoint(text, p->cmd->svc.key.protocol, &key->addr, &key->port,
				 &p->has_server_port))
		return lvsadm_fail(p->err, LVSADM_USAGE,
				   "illegal real server address[:port] specified");
	return true;
}

static bool take_forward(struct parse *p, int fwd, const char *text)
{
	(void)text;
	p->cmd->dest.fwd = (uint8_t)fwd;
	return true;
}

static bool take_weight(struct parse *p, int value, const char *text)
{
	int64_t weight;

	(void)value;
	if (!lvsadm_get_number(text, 0, INT32_MAX, &weight))
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal weight specified");
	p->cmd->dest.weight = (int32_t)weight;
	return true;
}

static bool take_threshold(struct parse *p, int letter, const char *text)
{
	struct ipvs_dest *dest = &p->cmd->dest;
	int64_t threshold;

	if (!lvsadm_get_number(text, 0, INT32_MAX, &threshold))
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal %c_threshold specified", letter);
	*(letter == 'u' ? &dest->u_thresh : &dest->l_thresh) = (uint32_t)threshold;
	return true;
}

static bool take_tun_type(struct parse *p, int value, const char *text)
{
	uint8_t type = 0;

	(void)value;
	while (type < N_TUNNELS && strcmp(tunnels[type].name, text) != 0)
		type++;
	if (type == N_TUNNELS)
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal tunnel type specified");
	p->cmd->dest.tun_type = type;
	return true;
}

static bool take_tun_port(struct parse *p, int value, const char *text)
{
	int64_t port;

	(void)value;
	if (!lvsadm_get_number(text, 1, UINT16_MAX, &port))
		return lvsadm_fail(p->err, LVSADM_USAGE, "illegal tunnel port specified");
	p->cmd->dest.tun_port = (uint16_t)port;
	return true;
}

static bool take_checksum(struct parse *p, int flags, const char *text)
{
	(void)text;
	p->cmd->dest.tun_flags = (uint16_t)flags;
	return true;
}

/* ---- words ---- */

enum arg { ARG_NONE, ARG_NEEDED, ARG_OPTIONAL };

static const struct word_row {
	const char *name;
	char letter;
	enum arg arg;
	enum lvsadm_command command; /* LVSADM_CMD_NONE: an option */
	enum lvsadm_option option;
	bool (*take)(struct parse *p, int value, const char *text); /* NULL: given or not is all */
	int value;                                                  /* for `take` */
	const char *arg_help, *help;                                /* NULL: not shown */
} words[] = {
#define COMMAND(name, letter, command, args, help)                                                 \
	{                                                                                          \
		name, letter, ARG_NONE, LVSADM_CMD_##command, LVSADM_OPT_NONE, NULL, 0, args, help \
	}
#define FLAG(name, letter, option, help)                                                        \
	{                                                                                       \
		name, letter, ARG_NONE, LVSADM_CMD_NONE, LVSADM_OPT_##option, NULL, 0, "", help \
	}
#define OPTION(name, letter, option, arg, take, value, args, help)                               \
	{                                                                                        \
		name, letter, arg, LVSADM_CMD_NONE, LVSADM_OPT_##option, take, value, args, help \
	}
#define ABSENT(name, letter) OPTION(name, letter, NONE, ARG_OPTIONAL, take_absent, 0, NULL, NULL)
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
	COMMAND("help", 'h', HELP, "", "show this text"),
	COMMAND("version", 0, VERSION, "", "show the version"),

	OPTION("tcp-service", 't', SERVICE, ARG_NEEDED, take_service, IPPROTO_TCP, "HOST[:PORT]",
	       "the service, TCP"),
	OPTION("udp-service", 'u', SERVICE, ARG_NEEDED, take_service, IPPROTO_UDP, "HOST[:PORT]",
	       "the service, UDP"),
	OPTION("sctp-service", 0, SERVICE, ARG_NEEDED, take_service, IPPROTO_SCTP, "HOST[:PORT]",
	       "the service, SCTP"),
	OPTION("fwmark-service", 'f', SERVICE, ARG_NEEDED, take_fwmark, 0, "MARK",
	       "the service, by firewall mark"),
	OPTION("ipv6", '6', NONE, ARG_NONE, take_ipv6, 0, "", "the mark is for IPv6 (after -f)"),
	OPTION("scheduler", 's', SCHEDULER, ARG_NEEDED, take_scheduler, 0, "NAME",
	       "rr, wrr, lc, wlc (default), sh, mh, ..."),
	OPTION("sched-flags", 'b', SCHED_FLAGS, ARG_NEEDED, take_sched_flags, 0, "FLAG,...",
	       "sh-fallback, sh-port, mh-fallback, mh-port, flag-1..3"),
	OPTION("persistent", 'p', PERSISTENT, ARG_OPTIONAL, take_persistent, 0, "[SECONDS]",
	       "clients stay with their server (default 360)"),
	OPTION("netmask", 'M', NETMASK, ARG_NEEDED, take_netmask, 0, "MASK",
	       "clients that persist together: mask, IPv6 prefix length"),
	OPTION("pe", 0, PE, ARG_NEEDED, take_pe, 0, "NAME", "persistence engine: sip"),
	OPTION("ops", 'o', OPS, ARG_NONE, take_ops, 0, "", "schedule every UDP packet by itself"),
	OPTION("real-server", 'r', SERVER, ARG_NEEDED, take_server, 0, "HOST[:PORT]", "the server"),
	OPTION("gatewaying", 'g', FORWARD, ARG_NONE, take_forward, IPVS_FWD_DROUTE, "",
	       "forward by direct routing (default)"),
	OPTION("ipip", 'i', FORWARD, ARG_NONE, take_forward, IPVS_FWD_TUNNEL, "",
	       "forward through a tunnel"),
	OPTION("masquerading", 'm', FORWARD, ARG_NONE, take_forward, IPVS_FWD_MASQ, "",
	       "forward with translated addresses"),
	OPTION("weight", 'w', WEIGHT, ARG_NEEDED, take_weight, 0, "N",
	       "share of new connections, 0 = none (default 1)"),
	OPTION("u-threshold", 'x', U_THRESHOLD, ARG_NEEDED, take_threshold, 'u', "N",
	       "no new connections from this many on"),
	OPTION("l-threshold", 'y', L_THRESHOLD, ARG_NEEDED, take_threshold, 'l', "N",
	       "and again below this many"),
	OPTION("tun-type", 0, TUN_TYPE, ARG_NEEDED, take_tun_type, 0, "TYPE",
	       "ipip (default), gue, gre"),
	OPTION("tun-port", 0, TUN_PORT, ARG_NEEDED, take_tun_port, 0, "PORT",
	       "destination port of gue"),
	OPTION("tun-nocsum", 0, TUN_NOCSUM, ARG_NONE, take_checksum, 0, "",
	       "gue, gre without checksum (default)"),
	OPTION("tun-csum", 0, TUN_CSUM, ARG_NONE, take_checksum, IPVS_TUN_F_CSUM, "",
	       "gue, gre with checksum"),
	OPTION("tun-remcsum", 0, TUN_REMCSUM, ARG_NONE, take_checksum, IPVS_TUN_F_REMCSUM, "",
	       "gue with remote checksum"),
	FLAG("numeric", 'n', NUMERIC, "addresses and ports instead of names"),
	FLAG("stats", 0, STATS, "show totals"),
	FLAG("rate", 0, RATE, "show rates"),
	FLAG("exact", 0, EXACT, "do not shorten numbers"),
	FLAG("thresholds", 0, THRESHOLDS, "show thresholds"),
	FLAG("persistent-conn", 0, PERSISTENT_CONN, "show persistent connections"),
	FLAG("tun-info", 0, TUN_INFO, "show tunnels"),
	FLAG("nosort", 0, NOSORT, "show the kernel's order"),
	OPTION("sort", 0, NONE, ARG_NONE, NULL, 0, NULL, NULL),

	ABSENT("connection", 'c'),
	ABSENT("timeout", 0),
	ABSENT("daemon", 0),
	ABSENT("set", 0),
	ABSENT("start-daemon", 0),
	ABSENT("stop-daemon", 0),
	ABSENT("syncid", 0),
	ABSENT("sync-maxlen", 0),
	ABSENT("mcast-interface", 0),
	ABSENT("mcast-group", 0),
	ABSENT("mcast-port", 0),
	ABSENT("mcast-ttl", 0),
#undef COMMAND
#undef FLAG
#undef OPTION
#undef ABSENT
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static const struct word_row *find_name(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++)
		if (strlen(words[i].name) == len && memcmp(words[i].name, name, len) == 0)
			return &words[i];
	return NULL;
}

static const struct word_row *find_letter(char letter)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++)
		if (words[i].letter == letter)
			return &words[i];
	return NULL;
}

/* What stands in front must be a command; what is wrong before it is not looked at closely. */
static bool fail_word(struct parse *p, const char *problem)
{
	if (p->cmd->command == LVSADM_CMD_NONE)
		return lvsadm_fail_try(p->err);
	return lvsadm_fail(p->err, LVSADM_FAILED, "%s: %s", p->word, problem);
}

static bool take_word(struct parse *p, const struct word_row *row, const char *text)
{
	struct lvsadm_cmd *cmd = p->cmd;

	if (row->command != LVSADM_CMD_NONE) {
		if (cmd->command != LVSADM_CMD_NONE)
			return lvsadm_fail(p->err, LVSADM_USAGE, "invalid option `%s'", p->word);
		cmd->command = row->command;
		return true;
	}
	if (cmd->command == LVSADM_CMD_NONE && row->take != take_absent)
		return lvsadm_fail_try(p->err);
	if (row->option != LVSADM_OPT_NONE && lvsadm_has(cmd, row->option))
		return lvsadm_fail(p->err, LVSADM_USAGE, "multiple '%s' options specified",
				   rules[row->option].name);
	if (row->option != LVSADM_OPT_NONE)
		cmd->given |= 1U << row->option;
	return !row->take || row->take(p, row->value, text);
}

/* `text` is what is attached to the word, or NULL: then the next word may be the argument. */
static bool take_word_arg(struct parse *p, const struct word_row *row, const char *text)
{
	const char *next = p->next < p->argc ? p->argv[p->next] : NULL;

	if (!text && next && (row->arg == ARG_NEEDED || next[0] != '-')) {
		text = next;
		p->next++;
	}
	if (!text && row->arg == ARG_NEEDED)
		return fail_word(p, "missing argument");
	return take_word(p, row, text);
}

static bool read_name(struct parse *p)
{
	const char *name = p->word + 2;
	size_t len = strcspn(name, "=");
	const struct word_row *row = find_name(name, len);

	if (!row)
		return fail_word(p, "unknown option");
	if (row->arg != ARG_NONE)
		return take_word_arg(p, row, name[len] ? name + len + 1 : NULL);
	if (name[len])
		return fail_word(p, "option does not take an argument");
	return take_word(p, row, NULL);
}

static bool read_letters(struct parse *p)
{
	const char *c;

	for (c = p->word + 1; *c; c++) {
		const struct word_row *row = find_letter(*c);

		if (!row)
			return fail_word(p, "unknown option");
		if (row->arg != ARG_NONE)
			return take_word_arg(p, row, c[1] ? c + 1 + (c[1] == '=') : NULL);
		if (c[1] == '=')
			return fail_word(p, "option does not take an argument");
		if (!take_word(p, row, NULL))
			return false;
	}
	return true;
}

static bool is_informing(const struct lvsadm_cmd *cmd)
{
	return cmd->command == LVSADM_CMD_HELP || cmd->command == LVSADM_CMD_VERSION;
}

static bool read_words(struct parse *p)
{
	bool has_ended = false; /* by "--" */

	while (p->next < p->argc && !is_informing(p->cmd)) {
		p->word = p->argv[p->next++];
		if (has_ended || p->word[0] != '-' || p->word[1] == '\0') {
			if (!p->unexpected)
				p->unexpected = p->word;
		} else if (strcmp(p->word, "--") == 0) {
			has_ended = true;
		} else if (!(p->word[1] == '-' ? read_name(p) : read_letters(p))) {
			return false;
		}
	}
	return true;
}

/* ---- checks of the whole ---- */

static bool check_netmask(struct parse *p)
{
	struct ipvs_svc *svc = &p->cmd->svc, plain;

	svc_init(&plain, &svc->key);
	svc->netmask = plain.netmask;
	if (!p->netmask || lvsadm_get_netmask(p->netmask, svc->key.family, &svc->netmask))
		return true;
	return lvsadm_fail(p->err, LVSADM_USAGE,
			   svc->key.family == AF_INET6
				   ? "illegal ipv6 netmask specified"
				   : "illegal virtual server persistent mask specified");
}

static bool check_sched_flags(struct parse *p)
{
	struct ipvs_svc *svc = &p->cmd->svc;
	uint32_t flags = 0;
	bool is_known;
	char bad[128];

	if (p->sched_flags && !lvsadm_get_sched_flags(p->sched_flags, svc->sched, &flags, bad,
						      sizeof(bad), &is_known))
		return lvsadm_fail(p->err, LVSADM_USAGE, "%s scheduler flag `%s'",
				   is_known ? "incompatible" : "invalid", bad);
	svc->flags |= flags;
	return true;
}

static bool check_rules(struct parse *p)
{
	const struct lvsadm_cmd *cmd = p->cmd;
	const uint32_t bit = 1U << cmd->command;
	enum lvsadm_option i;

	for (i = 0; i < LVSADM_OPT_N; i++) {
		if (!lvsadm_has(cmd, i) && (rules[i].required & bit))
			return lvsadm_fail(
				p->err, LVSADM_USAGE,
				"You need to supply the '%s' option for the '%s' command",
				rules[i].name, command_names[cmd->command]);
		if (lvsadm_has(cmd, i) && !(rules[i].allowed & bit))
			return lvsadm_fail(p->err, LVSADM_USAGE,
					   "Illegal '%s' option with the '%s' command",
					   rules[i].name, command_names[cmd->command]);
	}
	return true;
}

static bool check_tunnel(struct parse *p)
{
	const struct lvsadm_cmd *cmd = p->cmd;
	const struct tunnel_rule *tunnel = &tunnels[cmd->dest.tun_type];
	enum lvsadm_option i, checksum = LVSADM_OPT_NONE;

	if (cmd->dest.fwd != IPVS_FWD_TUNNEL)
		return !(cmd->given & OPTS_TUNNEL) ||
		       lvsadm_fail(p->err, LVSADM_USAGE,
				   "Tunnel options conflict with forward method");
	for (i = LVSADM_OPT_TUN_TYPE; i <= LVSADM_OPT_TUN_REMCSUM; i++) {
		if (!lvsadm_has(cmd, i) && (tunnel->required & 1U << i))
			return lvsadm_fail(
				p->err, LVSADM_USAGE,
				"You need to supply the '%s' option for the '%s' tunnel type",
				rules[i].name, tunnel->name);
		if (!lvsadm_has(cmd, i))
			continue;
		if (!(tunnel->allowed & 1U << i))
			return lvsadm_fail(p->err, LVSADM_USAGE,
					   "Illegal '%s' option with the '%s' tunnel type",
					   rules[i].name, tunnel->name);
		if (!(OPTS_CHECKSUM & 1U << i))
			continue;
		if (checksum != LVSADM_OPT_NONE)
			return lvsadm_fail(p->err, LVSADM_USAGE,
					   "The option '%s' conflicts with the '%s' option "
					   "in the '%s' tunnel type",
					   rules[i].name, rules[checksum].name, tunnel->name);
		checksum = i;
	}
	return true;
}

static bool check_service(struct parse *p)
{
	const struct ipvs_svc *svc = &p->cmd->svc;

	if (svc->key.fwmark)
		return true;
	if (svc->key.port == 0 && !(svc->flags & IPVS_F_PERSISTENT))
		return lvsadm_fail(p->err, LVSADM_USAGE,
				   "Zero port specified for non-persistent service");
	if ((svc->flags & IPVS_F_ONEPACKET) && svc->key.protocol != IPPROTO_UDP)
		return lvsadm_fail(p->err, LVSADM_USAGE,
				   "One-Packet Scheduling is only for UDP virtual services");
	return true;
}

/*
 * A server without a port has the service's; one that gets packets unchanged cannot have another.
 */
static void set_server_port(struct parse *p)
{
	const struct lvsadm_cmd *cmd = p->cmd;
	bool is_unchanged = cmd->dest.fwd != IPVS_FWD_MASQ && (CMDS_SERVER & 1U << cmd->command);

	if (!p->has_server_port || (is_unchanged && !cmd->svc.key.fwmark))
		p->cmd->dest.key.port = cmd->svc.key.port;
}

static bool check_server(struct parse *p)
{
	const struct lvsadm_cmd *cmd = p->cmd;

	set_server_port(p);
	if (!(CMDS_SERVER & 1U << cmd->command))
		return true;
	if (!check_tunnel(p))
		return false;
	if (cmd->dest.key.addr.family != cmd->svc.key.family && cmd->dest.fwd != IPVS_FWD_TUNNEL)
		return lvsadm_fail(
			p->err, LVSADM_USAGE,
			"Different address family is allowed only for tunneling servers");
	return true;
}

static bool check_all(struct parse *p)
{
	if (!check_netmask(p))
		return false;
	if (p->unexpected)
		return lvsadm_fail(p->err, LVSADM_USAGE, "unexpected argument %s", p->unexpected);
	if (!check_sched_flags(p) || !check_rules(p))
		return false;
	if ((CMDS_SERVICE & 1U << p->cmd->command) && !check_service(p))
		return false;
	return !lvsadm_has(p->cmd, LVSADM_OPT_SERVER) || check_server(p);
}

bool lvsadm_parse(int argc, char *const argv[], struct lvsadm_cmd *cmd, struct lvsadm_error *err)
{
	const struct ipvs_svc_key key = { .family = AF_INET };
	struct parse p = { .argc = argc, .argv = argv, .next = 1, .cmd = cmd, .err = err };

	*cmd = (struct lvsadm_cmd){ .dest = { .fwd = IPVS_FWD_DROUTE, .weight = 1 } };
	svc_init(&cmd->svc, &key);
	if (argc <= 1) {
		cmd->command = LVSADM_CMD_LIST;
		return true;
	}
	if (!read_words(&p))
		return false;
	if (cmd->command == LVSADM_CMD_NONE)
		return lvsadm_fail_try(err);
	return is_informing(cmd) || check_all(&p);
}

bool lvsadm_op(const struct lvsadm_cmd *cmd, struct ipvs_op *op)
{
	*op = (struct ipvs_op){ .svc = cmd->svc, .dest = cmd->dest };
	switch (cmd->command) {
	case LVSADM_CMD_ADD_SERVICE: op->kind = IPVS_OP_SVC_ADD; return true;
	case LVSADM_CMD_EDIT_SERVICE: op->kind = IPVS_OP_SVC_EDIT; return true;
	case LVSADM_CMD_DELETE_SERVICE: op->kind = IPVS_OP_SVC_DEL; return true;
	case LVSADM_CMD_ADD_SERVER: op->kind = IPVS_OP_DEST_ADD; return true;
	case LVSADM_CMD_EDIT_SERVER: op->kind = IPVS_OP_DEST_EDIT; return true;
	case LVSADM_CMD_DELETE_SERVER: op->kind = IPVS_OP_DEST_DEL; return true;
	case LVSADM_CMD_NONE:
	case LVSADM_CMD_FLUSH:
	case LVSADM_CMD_RESTORE:
	case LVSADM_CMD_SAVE:
	case LVSADM_CMD_LIST:
	case LVSADM_CMD_ZERO:
	case LVSADM_CMD_HELP:
	case LVSADM_CMD_VERSION:
	case LVSADM_CMD_N: break;
	}
	return false;
}

static void print_words(FILE *out, bool is_command)
{
	size_t i;

	for (i = 0; i < N_WORDS; i++) {
		const struct word_row *row = &words[i];
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
