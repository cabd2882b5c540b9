/*
 * lvsadm: commands and options, as tables, and the checks that follow from them.
 *
 * Only lvsadm uses it. Words, the order of checks and the texts of errors are ipvsadm's, which
 * scripts rely on.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "lvs/lvsadm_parse.h"

#define CMD(command)  (1U << LVSADM_CMD_##command)
#define OPT(option)   (UINT64_C(1) << LVSADM_OPT_##option)
#define CMDS_SERVICE  (CMD(ADD_SERVICE) | CMD(EDIT_SERVICE))
#define CMDS_SERVER   (CMD(ADD_SERVER) | CMD(EDIT_SERVER))
#define CMDS_ONE_SRV  (CMDS_SERVER | CMD(DELETE_SERVER))
#define CMDS_ONE_SVC  (CMDS_SERVICE | CMD(DELETE_SERVICE) | CMDS_ONE_SRV)
#define CMDS_SYNC     (CMD(START_DAEMON) | CMD(STOP_DAEMON))
#define OPTS_CHECKSUM (OPT(TUN_NOCSUM) | OPT(TUN_CSUM) | OPT(TUN_REMCSUM))
#define OPTS_TUNNEL   (OPT(TUN_TYPE) | OPT(TUN_PORT) | OPTS_CHECKSUM)
#define OPTS_LISTED   (OPT(CONNECTION) | OPT(SERVICE) | OPT(TIMEOUT) | OPT(DAEMON))
#define OPTS_COUNTS   (OPT(STATS) | OPT(RATE) | OPT(THRESHOLDS))
#define SECONDS_MAX   IPVS_TIMEOUT_MAX_S

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
	[LVSADM_CMD_SET] = "set",
	[LVSADM_CMD_START_DAEMON] = "start-daemon",
	[LVSADM_CMD_STOP_DAEMON] = "stop-daemon",
};

/* Which commands take, and which need, an option. */
static const struct option_rule {
	const char *name;
	uint32_t allowed, required;
} rules[LVSADM_OPT_N] = {
	[LVSADM_OPT_NUMERIC] = { "numeric", CMD(LIST) | CMD(SAVE), 0 },
	[LVSADM_OPT_CONNECTION] = { "connection", CMD(LIST), 0 },
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
	[LVSADM_OPT_MCAST_INTERFACE] = { "mcast-interface", CMD(START_DAEMON), 0 },
	[LVSADM_OPT_TIMEOUT] = { "timeout", CMD(LIST), 0 },
	[LVSADM_OPT_DAEMON] = { "daemon", CMD(LIST), 0 },
	[LVSADM_OPT_STATS] = { "stats", CMD(LIST), 0 },
	[LVSADM_OPT_RATE] = { "rate", CMD(LIST), 0 },
	[LVSADM_OPT_THRESHOLDS] = { "thresholds", CMD(LIST), 0 },
	[LVSADM_OPT_PERSISTENT_CONN] = { "persistent-conn", CMD(LIST), 0 },
	[LVSADM_OPT_NOSORT] = { "nosort", CMD(LIST), 0 },
	[LVSADM_OPT_SYNCID] = { "syncid", CMDS_SYNC | CMD(LIST), 0 },
	[LVSADM_OPT_EXACT] = { "exact", CMD(LIST), 0 },
	[LVSADM_OPT_OPS] = { "ops", CMDS_SERVICE, 0 },
	[LVSADM_OPT_PE] = { "pe", CMDS_SERVICE, 0 },
	[LVSADM_OPT_SYNC_MAXLEN] = { "sync-maxlen", CMD(START_DAEMON), 0 },
	[LVSADM_OPT_MCAST_GROUP] = { "mcast-group", CMD(START_DAEMON), 0 },
	[LVSADM_OPT_MCAST_PORT] = { "mcast-port", CMD(START_DAEMON), 0 },
	[LVSADM_OPT_MCAST_TTL] = { "mcast-ttl", CMD(START_DAEMON), 0 },
	[LVSADM_OPT_SCHED_FLAGS] = { "sched-flags", CMDS_SERVICE, 0 },
	[LVSADM_OPT_TUN_INFO] = { "tun-info", CMD(LIST), 0 },
	[LVSADM_OPT_TUN_TYPE] = { "tun-type", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_PORT] = { "tun-port", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_NOCSUM] = { "tun-nocsum", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_CSUM] = { "tun-csum", CMDS_SERVER, 0 },
	[LVSADM_OPT_TUN_REMCSUM] = { "tun-remcsum", CMDS_SERVER, 0 },
	[LVSADM_OPT_JSON] = { "json", CMD(LIST), 0 },
	[LVSADM_OPT_ALL] = { "all", CMD(SAVE), 0 },
};

/* The same for the type of a tunnel. */
static const struct tunnel_rule {
	const char *name;
	uint64_t allowed, required;
} tunnels[] = {
	[IPVS_TUN_IPIP] = { "ipip", OPT(TUN_TYPE), 0 },
	[IPVS_TUN_GUE] = { "gue", OPTS_TUNNEL, OPT(TUN_PORT) },
	[IPVS_TUN_GRE] = { "gre", OPT(TUN_TYPE) | OPT(TUN_NOCSUM) | OPT(TUN_CSUM), 0 },
};

#define N_TUNNELS (sizeof(tunnels) / sizeof(tunnels[0]))

int lvsadm_tunnel_type(const char *name)
{
	size_t i;

	for (i = 0; i < N_TUNNELS; i++)
		if (strcmp(tunnels[i].name, name) == 0)
			return (int)i;
	return -1;
}

const char *lvsadm_tunnel_name(uint8_t type)
{
	return type < N_TUNNELS ? tunnels[type].name : "unknown";
}

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

/* What stands in front must be a command; what is wrong before it is not looked at closely. */
static bool fail_word(struct lvsadm_parse *p, const char *problem)
{
	if (p->cmd->command == LVSADM_CMD_NONE)
		return lvsadm_fail_try(p->err);
	return lvsadm_fail(p->err, LVSADM_FAILED, "%s: %s", p->word, problem);
}

static bool take_word(struct lvsadm_parse *p, const struct lvsadm_word *row, const char *text)
{
	struct lvsadm_cmd *cmd = p->cmd;

	if (row->command != LVSADM_CMD_NONE) {
		if (cmd->command != LVSADM_CMD_NONE)
			return lvsadm_fail(p->err, LVSADM_USAGE, "invalid option `%s'",
					   text ? text : p->word);
		cmd->command = row->command;
		return !row->take || row->take(p, row->value, text);
	}
	if (cmd->command == LVSADM_CMD_NONE)
		return lvsadm_fail_try(p->err);
	if (row->option != LVSADM_OPT_NONE && lvsadm_has(cmd, row->option))
		return lvsadm_fail(p->err, LVSADM_USAGE, "multiple '%s' options specified",
				   rules[row->option].name);
	if (row->option != LVSADM_OPT_NONE)
		cmd->given |= UINT64_C(1) << row->option;
	return !row->take || row->take(p, row->value, text);
}

/* `text` is what is attached to the word, or NULL: then the next word may be the argument. */
static bool take_word_arg(struct lvsadm_parse *p, const struct lvsadm_word *row, const char *text)
{
	const char *next = p->next < p->argc ? p->argv[p->next] : NULL;

	if (!text && next && (row->arg == LVSADM_ARG_NEEDED || next[0] != '-')) {
		text = next;
		p->next++;
	}
	if (!text && row->arg == LVSADM_ARG_NEEDED)
		return fail_word(p, "missing argument");
	return take_word(p, row, text);
}

static bool read_name(struct lvsadm_parse *p)
{
	const char *name = p->word + 2;
	size_t len = strcspn(name, "=");
	const struct lvsadm_word *row = lvsadm_find_name(name, len);

	if (!row)
		return fail_word(p, "unknown option");
	if (row->arg != LVSADM_ARG_NONE)
		return take_word_arg(p, row, name[len] ? name + len + 1 : NULL);
	if (name[len])
		return fail_word(p, "option does not take an argument");
	return take_word(p, row, NULL);
}

static bool read_letters(struct lvsadm_parse *p)
{
	const char *c;

	for (c = p->word + 1; *c; c++) {
		const struct lvsadm_word *row = lvsadm_find_letter(*c);

		if (!row)
			return fail_word(p, "unknown option");
		if (row->arg != LVSADM_ARG_NONE)
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

static bool read_words(struct lvsadm_parse *p)
{
	bool has_ended = false; /* by "--" */

	while (p->next < p->argc && !is_informing(p->cmd)) {
		p->word = p->argv[p->next++];
		if (has_ended || p->word[0] != '-' || p->word[1] == '\0') {
			if (p->n_plain <= LVSADM_PLAIN_MAX)
				p->plain[p->n_plain++] = p->word;
		} else if (strcmp(p->word, "--") == 0) {
			has_ended = true;
		} else if (!(p->word[1] == '-' ? read_name(p) : read_letters(p))) {
			return false;
		}
	}
	return true;
}

/* ---- checks of the whole ---- */

static bool check_netmask(struct lvsadm_parse *p)
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

static bool check_sched_flags(struct lvsadm_parse *p)
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

static bool check_timeouts(struct lvsadm_parse *p)
{
	struct ipvs_timeouts *t = &p->cmd->timeouts;
	uint32_t *const fields[LVSADM_PLAIN_MAX] = { &t->tcp_s, &t->tcp_fin_s, &t->udp_s };
	int64_t seconds;
	unsigned i;

	if (p->n_plain < LVSADM_PLAIN_MAX)
		return lvsadm_fail(p->err, LVSADM_USAGE, "--set option requires 3 timeout values");
	for (i = 0; i < LVSADM_PLAIN_MAX; i++) {
		if (!lvsadm_get_number(p->plain[i], 0, SECONDS_MAX, &seconds))
			return lvsadm_fail(p->err, LVSADM_USAGE,
					   "invalid timeout value `%s' specified", p->plain[i]);
		*fields[i] = (uint32_t)seconds;
	}
	return true;
}

/* What cannot be listed together. */
static bool check_list(struct lvsadm_parse *p)
{
	const struct lvsadm_cmd *cmd = p->cmd;
	uint64_t counts = OPTS_COUNTS;
	enum lvsadm_option i, first = LVSADM_OPT_NONE;

	for (i = 0; i < LVSADM_OPT_N; i++) {
		if (!lvsadm_has(cmd, i) || !(OPTS_LISTED & UINT64_C(1) << i))
			continue;
		if (first != LVSADM_OPT_NONE)
			return lvsadm_fail(p->err, LVSADM_USAGE,
					   "The option '%s' conflicts with the '%s' option in the "
					   "'list' command",
					   rules[i].name, rules[first].name);
		first = i;
	}
	if (first != LVSADM_OPT_CONNECTION)
		counts |= OPT(PERSISTENT_CONN);
	if (first != LVSADM_OPT_NONE && first != LVSADM_OPT_SERVICE && (cmd->given & counts))
		return lvsadm_fail(p->err, LVSADM_USAGE, "options conflicts in the list command");
	return true;
}

static bool check_rules(struct lvsadm_parse *p)
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

static bool check_tunnel(struct lvsadm_parse *p)
{
	const struct lvsadm_cmd *cmd = p->cmd;
	const struct tunnel_rule *tunnel = &tunnels[cmd->dest.tun_type];
	enum lvsadm_option i, checksum = LVSADM_OPT_NONE;

	if (cmd->dest.fwd != IPVS_FWD_TUNNEL)
		return !(cmd->given & OPTS_TUNNEL) ||
		       lvsadm_fail(p->err, LVSADM_USAGE,
				   "Tunnel options conflict with forward method");
	for (i = LVSADM_OPT_TUN_TYPE; i <= LVSADM_OPT_TUN_REMCSUM; i++) {
		if (!lvsadm_has(cmd, i) && (tunnel->required & UINT64_C(1) << i))
			return lvsadm_fail(
				p->err, LVSADM_USAGE,
				"You need to supply the '%s' option for the '%s' tunnel type",
				rules[i].name, tunnel->name);
		if (!lvsadm_has(cmd, i))
			continue;
		if (!(tunnel->allowed & UINT64_C(1) << i))
			return lvsadm_fail(p->err, LVSADM_USAGE,
					   "Illegal '%s' option with the '%s' tunnel type",
					   rules[i].name, tunnel->name);
		if (!(OPTS_CHECKSUM & UINT64_C(1) << i))
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

static bool check_service(struct lvsadm_parse *p)
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
static void set_server_port(struct lvsadm_parse *p)
{
	const struct lvsadm_cmd *cmd = p->cmd;
	bool is_unchanged = cmd->dest.fwd != IPVS_FWD_MASQ && (CMDS_SERVER & 1U << cmd->command);

	if (!p->has_server_port || (is_unchanged && !cmd->svc.key.fwmark))
		p->cmd->dest.key.port = cmd->svc.key.port;
}

static bool check_server(struct lvsadm_parse *p)
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

static bool check_all(struct lvsadm_parse *p)
{
	unsigned n_allowed = p->cmd->command == LVSADM_CMD_SET ? LVSADM_PLAIN_MAX : 0;

	if (!check_netmask(p))
		return false;
	if (p->cmd->command == LVSADM_CMD_SET && !check_timeouts(p))
		return false;
	if (p->n_plain > n_allowed)
		return lvsadm_fail(p->err, LVSADM_USAGE, "unexpected argument %s",
				   p->plain[n_allowed]);
	if (!check_sched_flags(p) || !check_rules(p))
		return false;
	if (p->cmd->command == LVSADM_CMD_LIST && !check_list(p))
		return false;
	if ((CMDS_SERVICE & 1U << p->cmd->command) && !check_service(p))
		return false;
	return !lvsadm_has(p->cmd, LVSADM_OPT_SERVER) || check_server(p);
}

bool lvsadm_parse(int argc, char *const argv[], struct lvsadm_cmd *cmd, struct lvsadm_error *err)
{
	const struct ipvs_svc_key key = { .family = AF_INET };
	struct lvsadm_parse p = { .argc = argc, .argv = argv, .next = 1, .cmd = cmd, .err = err };

	*cmd = (struct lvsadm_cmd){
		.dest = { .fwd = IPVS_FWD_DROUTE, .weight = 1 },
		.sync = { .ifname = "eth0" },
	};
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
	case LVSADM_CMD_SET:
	case LVSADM_CMD_START_DAEMON:
	case LVSADM_CMD_STOP_DAEMON:
	case LVSADM_CMD_HELP:
	case LVSADM_CMD_VERSION:
	case LVSADM_CMD_N: break;
	}
	return false;
}
