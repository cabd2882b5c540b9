/*
 * lvsadm: the listing, in ipvsadm's columns.
 *
 * Only lvsadm uses it. Owns nothing; looks names up unless told not to.
 */
#include <inttypes.h>
#include <string.h>

#include "lvs/lvsadm.h"

#define ENDPOINT_SIZE 512
#define COLUMN        28 /* of a server's address; what is wider pushes the others, but names are cut */
#define COUNTER_MAX   100000000 /* first number that is shortened */

enum view { VIEW_PLAIN, VIEW_TUN, VIEW_THRESHOLDS, VIEW_PERSISTENT, VIEW_STATS, VIEW_RATE, VIEW_N };

/* What wins when several are asked for. */
static enum view view_of(const struct lvsadm_cmd *cmd)
{
	if (lvsadm_has(cmd, LVSADM_OPT_STATS))
		return VIEW_STATS;
	if (lvsadm_has(cmd, LVSADM_OPT_RATE))
		return VIEW_RATE;
	if (lvsadm_has(cmd, LVSADM_OPT_THRESHOLDS))
		return VIEW_THRESHOLDS;
	if (lvsadm_has(cmd, LVSADM_OPT_PERSISTENT_CONN))
		return VIEW_PERSISTENT;
	return lvsadm_has(cmd, LVSADM_OPT_TUN_INFO) ? VIEW_TUN : VIEW_PLAIN;
}

void lvsadm_print_head(FILE *out, const struct lvsadm_cmd *cmd)
{
	static const char *const heads[VIEW_N] = {
		[VIEW_PLAIN] =
			"Prot LocalAddress:Port Scheduler Flags\n"
			"  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n",
		[VIEW_TUN] = "Prot LocalAddress:Port Scheduler Flags\n"
			     "  -> RemoteAddress:Port           Forward TunnelInfo    "
			     "Weight ActiveConn InActConn\n",
		[VIEW_THRESHOLDS] = "Prot LocalAddress:Port            "
				    "Uthreshold Lthreshold ActiveConn InActConn \n"
				    "  -> RemoteAddress:Port\n",
		[VIEW_PERSISTENT] = "Prot LocalAddress:Port            "
				    "Weight    PersistConn ActiveConn InActConn \n"
				    "  -> RemoteAddress:Port\n",
		[VIEW_STATS] = "Prot LocalAddress:Port               "
			       "Conns   InPkts  OutPkts  InBytes OutBytes\n"
			       "  -> RemoteAddress:Port\n",
		[VIEW_RATE] = "Prot LocalAddress:Port                 "
			      "CPS    InPPS   OutPPS    InBPS   OutBPS\n"
			      "  -> RemoteAddress:Port\n",
	};

	fputs(heads[view_of(cmd)], out);
}

/* Keeps to the width of the column while it can: 124942889 is 124942K. */
static void print_counter(FILE *out, uint64_t value, bool is_exact)
{
	static const char units[] = "KMGT";
	const char *unit = units;

	if (is_exact || value < COUNTER_MAX) {
		fprintf(out, " %8" PRIu64, value);
		return;
	}
	for (value /= 1000; value >= COUNTER_MAX / 10 && unit[1]; value /= 1000)
		unit++;
	fprintf(out, " %7" PRIu64 "%c", value, *unit);
}

static void print_counters(FILE *out, const struct lvsadm_cmd *cmd, const struct ipvs_stats *s)
{
	const uint64_t totals[] = { s->conns, s->in_pkts, s->out_pkts, s->in_bytes, s->out_bytes };
	const uint64_t rates[] = { s->cps, s->in_pps, s->out_pps, s->in_bps, s->out_bps };
	const uint64_t *values = view_of(cmd) == VIEW_RATE ? rates : totals;
	unsigned i;

	for (i = 0; i < sizeof(totals) / sizeof(totals[0]); i++)
		print_counter(out, values[i], lvsadm_has(cmd, LVSADM_OPT_EXACT));
	fputc('\n', out);
}

static bool is_counting(const struct lvsadm_cmd *cmd)
{
	return view_of(cmd) == VIEW_STATS || view_of(cmd) == VIEW_RATE;
}

/* "10.0.0.1:80" or, for a mark, "7 IPv6". */
static const char *svc_str(const struct ipvs_svc *svc, bool is_numeric, char *buf, size_t size)
{
	const struct ipvs_svc_key *key = &svc->key;

	if (!key->fwmark)
		return lvsadm_endpoint_str(&key->addr, key->port, key->protocol, is_numeric, buf,
					   size);
	snprintf(buf, size, "%" PRIu32 "%s", key->fwmark, key->family == AF_INET6 ? " IPv6" : "");
	return buf;
}

static const char *svc_type(const struct ipvs_svc_key *key)
{
	if (key->fwmark)
		return "FWM";
	switch (key->protocol) {
	case IPPROTO_TCP: return "TCP";
	case IPPROTO_UDP: return "UDP";
	case IPPROTO_SCTP: return "SCTP";
	default: return "?";
	}
}

static void print_svc_flags(FILE *out, const struct ipvs_svc *svc)
{
	char text[64];
	struct ipvs_svc plain;

	svc_init(&plain, &svc->key);
	fprintf(out, " %s", svc->sched);
	if (lvsadm_sched_flags_str(svc->sched, svc->flags, text, sizeof(text))[0])
		fprintf(out, " (%s)", text);
	if (svc->flags & IPVS_F_PERSISTENT) {
		fprintf(out, " persistent %" PRIu32, svc->timeout_s);
		if (svc->netmask != plain.netmask)
			fprintf(out, " mask %s",
				lvsadm_netmask_str(svc->key.family, svc->netmask, text,
						   sizeof(text)));
	}
	if (svc->pe_name[0])
		fprintf(out, " pe %s", svc->pe_name);
	if (svc->flags & IPVS_F_ONEPACKET)
		fputs(" ops", out);
	if (svc->is_check_path)
		fputs(" check-path", out);
	fputc('\n', out);
}

static void print_svc(FILE *out, const struct lvsadm_cmd *cmd, const struct ipvs_svc *svc)
{
	char text[ENDPOINT_SIZE];

	svc_str(svc, lvsadm_has(cmd, LVSADM_OPT_NUMERIC), text, sizeof(text));
	fprintf(out, is_counting(cmd) ? "%-4s %-28s" : "%-4s %s", svc_type(&svc->key), text);
	if (is_counting(cmd))
		print_counters(out, cmd, &svc->stats);
	else
		print_svc_flags(out, svc);
}

/* "gue:6080:-c", "gre:+c", "ipip", "n/a". */
static const char *tun_str(const struct ipvs_dest *dest, char *buf, size_t size)
{
	const char *csum = dest->tun_flags & IPVS_TUN_F_REMCSUM ? "r+c"
			   : dest->tun_flags & IPVS_TUN_F_CSUM  ? "+c"
								: "-c";

	if (dest->fwd != IPVS_FWD_TUNNEL)
		snprintf(buf, size, "n/a");
	else if (dest->tun_type == IPVS_TUN_GUE)
		snprintf(buf, size, "gue:%u:%s", dest->tun_port, csum);
	else if (dest->tun_type == IPVS_TUN_GRE)
		snprintf(buf, size, "gre:%s", csum);
	else
		snprintf(buf, size, "ipip");
	return buf;
}

static void print_dest(FILE *out, const struct lvsadm_cmd *cmd, const struct ipvs_dest *d,
		       uint8_t protocol)
{
	char text[ENDPOINT_SIZE], tun[32];

	lvsadm_endpoint_str(&d->key.addr, d->key.port, protocol,
			    lvsadm_has(cmd, LVSADM_OPT_NUMERIC), text, sizeof(text));
	if (d->key.addr.family == AF_INET)
		text[COLUMN] = '\0';
	fprintf(out, "  -> %-*s", COLUMN, text);
	switch (view_of(cmd)) {
	case VIEW_PLAIN: fprintf(out, " %-7s %-6d", ipvs_fwd_name(d->fwd), d->weight); break;
	case VIEW_TUN:
		fprintf(out, " %-7s %-13s %-6d", ipvs_fwd_name(d->fwd),
			tun_str(d, tun, sizeof(tun)), d->weight);
		break;
	case VIEW_THRESHOLDS:
		fprintf(out, " %-10" PRIu32 " %-10" PRIu32, d->u_thresh, d->l_thresh);
		break;
	case VIEW_PERSISTENT: fprintf(out, " %-9d %-11" PRIu32, d->weight, d->persistent); break;
	case VIEW_STATS:
	case VIEW_RATE:
	case VIEW_N: print_counters(out, cmd, &d->stats); return;
	}
	fprintf(out, " %-10" PRIu32 " %-10" PRIu32 "\n", d->active, d->inactive);
}

void lvsadm_print_set(FILE *out, const struct lvsadm_cmd *cmd, const struct ipvs_set *set)
{
	const struct ipvs_svc *svc;
	const struct ipvs_dest *dest;

	ipvs_set_for_each (svc, set) {
		print_svc(out, cmd, svc);
		ipvs_dest_for_each (dest, svc)
			print_dest(out, cmd, dest, svc->key.protocol);
	}
}

void lvsadm_print_conn_head(FILE *out, const struct lvsadm_cmd *cmd)
{
	fputs("IPVS connection entries\n"
	      "pro expire state       source             virtual            destination",
	      out);
	if (lvsadm_has(cmd, LVSADM_OPT_PERSISTENT_CONN))
		fputs("        pe name          pe_data", out);
	fputc('\n', out);
}

void lvsadm_print_conn(FILE *out, const struct lvsadm_cmd *cmd, const struct ipvs_conn *conn)
{
	bool is_numeric = lvsadm_has(cmd, LVSADM_OPT_NUMERIC);
	const struct ipvs_svc_key key = { .protocol = conn->protocol };
	char client[ENDPOINT_SIZE], service[ENDPOINT_SIZE], dest[ENDPOINT_SIZE];

	lvsadm_endpoint_str(&conn->client, conn->client_port, conn->protocol, is_numeric, client,
			    sizeof(client));
	lvsadm_endpoint_str(&conn->service, conn->service_port, conn->protocol, is_numeric, service,
			    sizeof(service));
	lvsadm_endpoint_str(&conn->dest, conn->dest_port, conn->protocol, is_numeric, dest,
			    sizeof(dest));
	fprintf(out, "%-3s %02u:%02u  %-11s %-18s %-18s %s", svc_type(&key), conn->expires_s / 60,
		conn->expires_s % 60, conn->state, client, service, dest);
	if (lvsadm_has(cmd, LVSADM_OPT_PERSISTENT_CONN) && conn->pe_name[0])
		fprintf(out, "   %-16s   %s", conn->pe_name, conn->pe_data);
	fputc('\n', out);
}

void lvsadm_print_sync(FILE *out, const struct ipvs_sync *sync)
{
	char group[ADDR_STR_MAX];

	fprintf(out, "%s sync daemon (mcast=%s, syncid=%u, maxlen=%u, group=%s, port=%u, ttl=%u)\n",
		sync->role == IPVS_SYNC_MASTER ? "master" : "backup", sync->ifname, sync->id,
		sync->maxlen, addr_str(&sync->group, group), sync->port, sync->ttl);
}
