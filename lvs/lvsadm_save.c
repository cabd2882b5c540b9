/*
 * lvsadm: the save file, a list of commands; written and read.
 *
 * Only lvsadm uses it. Owns nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lvs/lvsadm.h"

#define ENDPOINT_SIZE 512
#define WORDS_MAX     128

static void save_svc_name(FILE *out, const struct ipvs_svc_key *key, bool is_numeric)
{
	char text[ENDPOINT_SIZE];
	const char *option = key->protocol == IPPROTO_TCP   ? "-t"
			     : key->protocol == IPPROTO_UDP ? "-u"
							    : "--sctp-service";

	if (key->fwmark)
		fprintf(out, "-f %" PRIu32 "%s", key->fwmark, key->family == AF_INET6 ? " -6" : "");
	else
		fprintf(out, "%s %s", option,
			lvsadm_endpoint_str(&key->addr, key->port, key->protocol, is_numeric, text,
					    sizeof(text)));
}

static void save_svc(FILE *out, const struct ipvs_svc *svc, bool is_numeric)
{
	char text[64];
	struct ipvs_svc plain;

	svc_init(&plain, &svc->key);
	fputs("-A ", out);
	save_svc_name(out, &svc->key, is_numeric);
	fprintf(out, " -s %s", svc->sched);
	if (svc->flags & IPVS_F_PERSISTENT) {
		fprintf(out, " -p %" PRIu32, svc->timeout_s);
		if (svc->netmask != plain.netmask)
			fprintf(out, " -M %s",
				lvsadm_netmask_str(svc->key.family, svc->netmask, text,
						   sizeof(text)));
	}
	if (svc->pe_name[0])
		fprintf(out, " --pe %s", svc->pe_name);
	if (svc->flags & IPVS_F_ONEPACKET)
		fputs(" -o", out);
	if (lvsadm_sched_flags_str(svc->sched, svc->flags, text, sizeof(text))[0])
		fprintf(out, " -b %s", text);
	fputc('\n', out);
}

static void save_tunnel(FILE *out, const struct ipvs_dest *d)
{
	static const char *const types[] = { "ipip", "gue", "gre" };

	if (d->tun_type >= sizeof(types) / sizeof(types[0]))
		return;
	fprintf(out, " --tun-type %s", types[d->tun_type]);
	if (d->tun_type == IPVS_TUN_IPIP)
		return;
	if (d->tun_type == IPVS_TUN_GUE)
		fprintf(out, " --tun-port %u", d->tun_port);
	if (d->tun_flags & IPVS_TUN_F_REMCSUM)
		fputs(" --tun-remcsum", out);
	else
		fputs(d->tun_flags & IPVS_TUN_F_CSUM ? " --tun-csum" : " --tun-nocsum", out);
}

static void save_dest(FILE *out, const struct ipvs_svc *svc, const struct ipvs_dest *d,
		      bool is_numeric)
{
	char text[ENDPOINT_SIZE];
	const char *fwd = d->fwd == IPVS_FWD_MASQ ? "-m" : d->fwd == IPVS_FWD_TUNNEL ? "-i" : "-g";

	fputs("-a ", out);
	save_svc_name(out, &svc->key, is_numeric);
	fprintf(out, " -r %s %s -w %d",
		lvsadm_endpoint_str(&d->key.addr, d->key.port, svc->key.protocol, is_numeric, text,
				    sizeof(text)),
		fwd, d->weight);
	if (d->u_thresh || d->l_thresh)
		fprintf(out, " -x %" PRIu32 " -y %" PRIu32, d->u_thresh, d->l_thresh);
	if (d->fwd == IPVS_FWD_TUNNEL)
		save_tunnel(out, d);
	fputc('\n', out);
}

void lvsadm_save_set(FILE *out, const struct ipvs_set *set, bool is_numeric)
{
	const struct ipvs_svc *svc;
	const struct ipvs_dest *dest;

	ipvs_set_for_each (svc, set) {
		save_svc(out, svc, is_numeric);
		ipvs_dest_for_each (dest, svc)
			save_dest(out, svc, dest, is_numeric);
	}
}

/* A word that stands for the program itself in front of the command. */
static bool is_program(const char *word)
{
	return strcmp(word, "ipvsadm") == 0 || strcmp(word, "lvsadm") == 0;
}

/*
 * Cuts a line into words after `argv[0]`. Their number with `argv[0]`, or -1 when there are too
 * many.
 */
static int split_words(char *line, char *argv[WORDS_MAX])
{
	char *save, *word = strtok_r(line, " \t\r\n", &save);
	int argc = 1;

	for (; word; word = strtok_r(NULL, " \t\r\n", &save)) {
		if (argc == 1 && is_program(word))
			continue;
		if (argc == WORDS_MAX - 1)
			return -1;
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

/* One line into a command, LVSADM_CMD_NONE when it is empty; false with `err` filled. */
static bool parse_line(char *line, struct lvsadm_cmd *cmd, struct lvsadm_error *err)
{
	char *argv[WORDS_MAX] = { program_invocation_short_name };
	size_t len = strlen(line);
	int argc;

	cmd->command = LVSADM_CMD_NONE;
	if (len == LVSADM_LINE_MAX - 1 && line[len - 1] != '\n')
		return lvsadm_fail(err, LVSADM_USAGE, "line longer than %d bytes",
				   LVSADM_LINE_MAX - 2);
	argc = split_words(line, argv);
	if (argc < 0)
		return lvsadm_fail(err, LVSADM_USAGE, "more than %d words in a line",
				   WORDS_MAX - 2);
	if (argc > 1 && !lvsadm_parse(argc, argv, cmd, err))
		return false;
	if (cmd->command == LVSADM_CMD_RESTORE || cmd->command == LVSADM_CMD_HELP ||
	    cmd->command == LVSADM_CMD_VERSION)
		return lvsadm_fail_try(err);
	return true;
}

enum lvsadm_status lvsadm_read(FILE *in, lvsadm_on_cmd_fn *on_cmd, void *arg,
			       struct lvsadm_error *err)
{
	char line[LVSADM_LINE_MAX];
	enum lvsadm_status status = LVSADM_OK;
	struct lvsadm_cmd cmd;

	err->text[0] = '\0';
	while (fgets(line, sizeof(line), in)) {
		if (!parse_line(line, &cmd, err))
			return err->status;
		if (cmd.command != LVSADM_CMD_NONE)
			status = on_cmd(&cmd, arg);
	}
	if (ferror(in)) {
		lvsadm_fail(err, LVSADM_USAGE, "cannot read: %s", strerror(errno));
		return err->status;
	}
	return status;
}
