/*
 * lvsadm: the save file, a list of commands.
 *
 * Only lvsadm uses it. Owns nothing.
 */
#include <inttypes.h>

#include "lvs/lvsadm_parse.h"

#define ENDPOINT_SIZE 512

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

static void save_svc(FILE *out, char command, const struct ipvs_svc *svc, bool is_numeric)
{
	char text[64];
	struct ipvs_svc plain;

	svc_init(&plain, &svc->key);
	fprintf(out, "-%c ", command);
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
	if (d->tun_type > IPVS_TUN_GRE)
		return;
	fprintf(out, " --tun-type %s", lvsadm_tunnel_name(d->tun_type));
	if (d->tun_type == IPVS_TUN_IPIP)
		return;
	if (d->tun_type == IPVS_TUN_GUE)
		fprintf(out, " --tun-port %u", d->tun_port);
	if (d->tun_flags & IPVS_TUN_F_REMCSUM)
		fputs(" --tun-remcsum", out);
	else
		fputs(d->tun_flags & IPVS_TUN_F_CSUM ? " --tun-csum" : " --tun-nocsum", out);
}

/* "-a SERVICE -r SERVER" */
static void save_dest_name(FILE *out, char command, const struct ipvs_svc *svc,
			   const struct ipvs_dest *d, bool is_numeric)
{
	char text[ENDPOINT_SIZE];

	fprintf(out, "-%c ", command);
	save_svc_name(out, &svc->key, is_numeric);
	fprintf(out, " -r %s",
		lvsadm_endpoint_str(&d->key.addr, d->key.port, svc->key.protocol, is_numeric, text,
				    sizeof(text)));
}

static void save_dest(FILE *out, char command, const struct ipvs_svc *svc,
		      const struct ipvs_dest *d, bool is_numeric)
{
	const char *fwd = d->fwd == IPVS_FWD_MASQ ? "-m" : d->fwd == IPVS_FWD_TUNNEL ? "-i" : "-g";

	save_dest_name(out, command, svc, d, is_numeric);
	fprintf(out, " %s -w %d", fwd, d->weight);
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
		save_svc(out, 'A', svc, is_numeric);
		ipvs_dest_for_each (dest, svc)
			save_dest(out, 'a', svc, dest, is_numeric);
	}
}

void lvsadm_save_op(FILE *out, const struct ipvs_op *op, bool is_numeric)
{
	switch (op->kind) {
	case IPVS_OP_SVC_ADD: save_svc(out, 'A', &op->svc, is_numeric); break;
	case IPVS_OP_SVC_EDIT: save_svc(out, 'E', &op->svc, is_numeric); break;
	case IPVS_OP_DEST_ADD: save_dest(out, 'a', &op->svc, &op->dest, is_numeric); break;
	case IPVS_OP_DEST_EDIT: save_dest(out, 'e', &op->svc, &op->dest, is_numeric); break;
	case IPVS_OP_DEST_DEL:
		save_dest_name(out, 'd', &op->svc, &op->dest, is_numeric);
		fputc('\n', out);
		break;
	case IPVS_OP_SVC_DEL:
		fputs("-D ", out);
		save_svc_name(out, &op->svc.key, is_numeric);
		fputc('\n', out);
		break;
	case IPVS_OP_N: break;
	}
}

void lvsadm_save_timeouts(FILE *out, const struct ipvs_timeouts *t)
{
	fprintf(out, "--set %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", t->tcp_s, t->tcp_fin_s,
		t->udp_s);
}

void lvsadm_save_sync(FILE *out, const struct ipvs_sync *sync)
{
	char group[ADDR_STR_MAX];

	fprintf(out, "--start-daemon %s --mcast-interface %s --syncid %u",
		sync->role == IPVS_SYNC_MASTER ? "master" : "backup", sync->ifname, sync->id);
	if (sync->maxlen)
		fprintf(out, " --sync-maxlen %u", sync->maxlen);
	if (!addr_is_unset(&sync->group))
		fprintf(out, " --mcast-group %s", addr_str(&sync->group, group));
	if (sync->port)
		fprintf(out, " --mcast-port %u", sync->port);
	if (sync->ttl)
		fprintf(out, " --mcast-ttl %u", sync->ttl);
	fputc('\n', out);
}
