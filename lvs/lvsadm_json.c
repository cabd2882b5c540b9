/*
 * lvsadm: what --json writes.
 *
 * Only lvsadm uses it. Names of members are stable: scripts read them.
 */
#include "lvs/lvsadm_json.h"

#include <string.h>

#include "lib/log.h"
#include "lvs/lvsadm.h"

/* Out of memory is the only failure, and fatal as everywhere. */
static json_t *must(json_t *value)
{
	if (!value)
		fatal(LVSADM_FAILED, "out of memory");
	return value;
}

static void put(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, must(value)) != 0)
		fatal(LVSADM_FAILED, "out of memory");
}

static void put_number(json_t *object, const char *name, uint64_t value)
{
	put(object, name, json_integer((json_int_t)value));
}

static void put_string(json_t *object, const char *name, const char *text)
{
	put(object, name, json_string(text));
}

static void put_addr(json_t *object, const char *name, const struct addr *addr)
{
	char text[ADDR_STR_MAX];

	put_string(object, name, addr_str(addr, text));
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP    ? "tcp"
	       : protocol == IPPROTO_UDP  ? "udp"
	       : protocol == IPPROTO_SCTP ? "sctp"
					  : "unknown";
}

static void put_counters(json_t *object, const struct ipvs_stats *s)
{
	json_t *stats = must(json_object()), *rates = must(json_object());

	put_number(stats, "connections", s->conns);
	put_number(stats, "packets_in", s->in_pkts);
	put_number(stats, "packets_out", s->out_pkts);
	put_number(stats, "bytes_in", s->in_bytes);
	put_number(stats, "bytes_out", s->out_bytes);
	put_number(rates, "connections", s->cps);
	put_number(rates, "packets_in", s->in_pps);
	put_number(rates, "packets_out", s->out_pps);
	put_number(rates, "bytes_in", s->in_bps);
	put_number(rates, "bytes_out", s->out_bps);
	put(object, "stats", stats);
	put(object, "rates_per_s", rates);
}

static void put_svc_key(json_t *object, const struct ipvs_svc_key *key)
{
	put_string(object, "family", key->family == AF_INET6 ? "inet6" : "inet");
	if (key->fwmark) {
		put_number(object, "fwmark", key->fwmark);
		return;
	}
	put_string(object, "protocol", protocol_name(key->protocol));
	put_addr(object, "address", &key->addr);
	put_number(object, "port", key->port);
}

static json_t *sched_flags(const struct ipvs_svc *svc)
{
	json_t *flags = must(json_array());
	char text[64], *save = NULL, *flag;

	lvsadm_sched_flags_str(svc->sched, svc->flags, text, sizeof(text));
	for (flag = strtok_r(text, ",", &save); flag; flag = strtok_r(NULL, ",", &save))
		json_array_append_new(flags, must(json_string(flag)));
	return flags;
}

static json_t *persistence(const struct ipvs_svc *svc)
{
	json_t *object;
	char text[64];

	if (!(svc->flags & IPVS_F_PERSISTENT))
		return json_null();
	object = must(json_object());
	put_number(object, "timeout_s", svc->timeout_s);
	put_string(object, "netmask",
		   lvsadm_netmask_str(svc->key.family, svc->netmask, text, sizeof(text)));
	return object;
}

static void put_svc_settings(json_t *object, const struct ipvs_svc *svc)
{
	put_string(object, "scheduler", svc->sched);
	put(object, "scheduler_flags", sched_flags(svc));
	put(object, "persistence", persistence(svc));
	put(object, "persistence_engine",
	    svc->pe_name[0] ? json_string(svc->pe_name) : json_null());
	put(object, "one_packet", json_boolean(svc->flags & IPVS_F_ONEPACKET));
}

static json_t *tunnel(const struct ipvs_dest *dest)
{
	json_t *object;

	if (dest->fwd != IPVS_FWD_TUNNEL)
		return json_null();
	object = must(json_object());
	put_string(object, "type", lvsadm_tunnel_name(dest->tun_type));
	if (dest->tun_type == IPVS_TUN_GUE)
		put_number(object, "port", dest->tun_port);
	if (dest->tun_type != IPVS_TUN_IPIP)
		put_string(object, "checksum",
			   dest->tun_flags & IPVS_TUN_F_REMCSUM ? "remote"
			   : dest->tun_flags & IPVS_TUN_F_CSUM  ? "yes"
								: "no");
	return object;
}

static const char *forward_name(uint8_t fwd)
{
	static const char *const names[] = { "masquerading", "local", "tunnel", "direct",
					     "bypass" };

	return fwd <= IPVS_FWD_BYPASS ? names[fwd] : "unknown";
}

static void put_dest_key(json_t *object, const struct ipvs_dest_key *key)
{
	put_addr(object, "address", &key->addr);
	put_number(object, "port", key->port);
}

static void put_dest_settings(json_t *object, const struct ipvs_dest *dest)
{
	put_string(object, "forward", forward_name(dest->fwd));
	put(object, "tunnel", tunnel(dest));
	put(object, "weight", json_integer(dest->weight));
	put_number(object, "upper_threshold", dest->u_thresh);
	put_number(object, "lower_threshold", dest->l_thresh);
}

/* null where the director does not know it, or there is none */
static void put_known(json_t *object, const char *name, const char *text)
{
	put(object, name, *text ? json_string(text) : json_null());
}

static json_t *dest_value(const struct ipvs_dest *dest, const struct ipvs_svc_key *key,
			  const struct lvsadm_state *state)
{
	json_t *object = must(json_object());
	char text[256];

	put_dest_key(object, &dest->key);
	put_known(object, "name", lvsadm_state_host(state, key, &dest->key, text, sizeof(text)));
	put_known(object, "health", lvsadm_state_dest(state, key, &dest->key, text, sizeof(text)));
	put_dest_settings(object, dest);
	put_number(object, "active", dest->active);
	put_number(object, "inactive", dest->inactive);
	put_number(object, "persistent", dest->persistent);
	put_counters(object, &dest->stats);
	return object;
}

static json_t *svc_value(const struct ipvs_svc *svc, const struct lvsadm_state *state)
{
	json_t *object = must(json_object()), *servers = must(json_array());
	const struct ipvs_dest *dest;
	char text[128];

	put_svc_key(object, &svc->key);
	put_known(object, "name", lvsadm_state_name(state, &svc->key));
	put_known(object, "health", lvsadm_state_svc(state, &svc->key, text, sizeof(text)));
	put_svc_settings(object, svc);
	put_counters(object, &svc->stats);
	ipvs_dest_for_each (dest, svc)
		json_array_append_new(servers, dest_value(dest, &svc->key, state));
	put(object, "servers", servers);
	return object;
}

static json_t *set_value(const struct ipvs_set *set, const struct lvsadm_state *state,
			 bool is_check_path)
{
	json_t *services = must(json_array());
	const struct ipvs_svc *svc;

	ipvs_set_for_each (svc, set)
		if (svc->is_check_path == is_check_path)
			json_array_append_new(services, svc_value(svc, state));
	return services;
}

json_t *lvsadm_json_set(const struct ipvs_set *set, const struct lvsadm_state *state)
{
	json_t *object = must(json_object());

	put(object, "services", set_value(set, state, false));
	put(object, "check_paths", set_value(set, state, true));
	return object;
}

static json_t *endpoint(const struct addr *addr, uint16_t port)
{
	json_t *object = must(json_object());

	put_addr(object, "address", addr);
	put_number(object, "port", port);
	return object;
}

json_t *lvsadm_json_conn(const struct ipvs_conn *conn)
{
	json_t *object = must(json_object());

	put_string(object, "protocol", protocol_name(conn->protocol));
	put_string(object, "state", conn->state);
	put_number(object, "expires_s", conn->expires_s);
	put(object, "client", endpoint(&conn->client, conn->client_port));
	put(object, "service", endpoint(&conn->service, conn->service_port));
	put(object, "server", endpoint(&conn->dest, conn->dest_port));
	if (conn->pe_name[0]) {
		put_string(object, "persistence_engine", conn->pe_name);
		/* What a client sent need not be UTF-8. */
		json_object_set_new(object, "persistence_data", json_string(conn->pe_data));
	}
	return object;
}

json_t *lvsadm_json_timeouts(const struct ipvs_timeouts *timeouts)
{
	json_t *object = must(json_object());

	put_number(object, "tcp_s", timeouts->tcp_s);
	put_number(object, "tcp_fin_s", timeouts->tcp_fin_s);
	put_number(object, "udp_s", timeouts->udp_s);
	return object;
}

json_t *lvsadm_json_sync(const struct ipvs_sync *sync)
{
	json_t *object = must(json_object());

	put_string(object, "role", sync->role == IPVS_SYNC_MASTER ? "master" : "backup");
	put_string(object, "interface", sync->ifname);
	put_number(object, "syncid", sync->id);
	put_number(object, "maxlen", sync->maxlen);
	put_addr(object, "group", &sync->group);
	put_number(object, "port", sync->port);
	put_number(object, "ttl", sync->ttl);
	return object;
}

json_t *lvsadm_json_op(const struct ipvs_op *op)
{
	json_t *object = must(json_object()), *svc = must(json_object()), *dest;

	put_string(object, "action", ipvs_op_name(op->kind));
	put_svc_key(svc, &op->svc.key);
	if (op->kind == IPVS_OP_SVC_ADD || op->kind == IPVS_OP_SVC_EDIT)
		put_svc_settings(svc, &op->svc);
	put(object, "service", svc);
	if (!ipvs_op_is_dest(op->kind))
		return object;
	dest = must(json_object());
	put_dest_key(dest, &op->dest.key);
	if (op->kind != IPVS_OP_DEST_DEL)
		put_dest_settings(dest, &op->dest);
	put(object, "server", dest);
	return object;
}

void lvsadm_json_print(FILE *out, json_t *value)
{
	json_dumpf(must(value), out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(value);
}
