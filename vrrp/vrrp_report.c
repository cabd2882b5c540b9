/*
 * What the parent and the log are told of a virtual router. VRRP child.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/vrrp_app.h"

#define LOWER_LOG_US (1 * US_PER_S)

bool log_limit_pass(struct log_limit *limit, time_us now, int64_t interval_us)
{
	if (time_cmp(now, limit->next_at) < 0)
		return false;
	limit->next_at = time_add(now, interval_us);
	return true;
}

/* ---- state ---- */

static const char *sum_form_name(enum vrrp_sum_form form)
{
	switch (form) {
	case VRRP_SUM_NONE: return "";
	case VRRP_SUM_MESSAGE: return "message";
	case VRRP_SUM_PSEUDO: return "pseudo-header";
	case VRRP_SUM_GROUP: return "old-unicast";
	}
	return "";
}

static int64_t instant_or_zero(time_us t)
{
	return time_is_never(t) ? 0 : t.us;
}

/* The active router last heard or, when MASTER, this one. */
static void fill_active(const struct vrouter *r, struct msg_vrrp_state *m, char *text)
{
	const struct vrrp_inst *v = &r->fsm;
	bool is_active = v->state == VRRP_STATE_ACTIVE;
	const struct addr *addr = is_active ? &v->own_addr : &v->active;
	int64_t adver_us = is_active ? v->params.advert_us : v->active_adver_us;

	m->active = addr_is_unset(addr) ? "" : addr_str(addr, text);
	m->active_priority = is_active ? v->priority : v->active_priority;
	m->active_advert_cs = (uint32_t)(adver_us / US_PER_CS);
}

static void fill_state(const struct vrouter *r, struct msg_vrrp_state *m, char *active, char *rival)
{
	const struct vrrp_inst *v = &r->fsm;
	bool is_adopted = v->transitions == 0 && r->adopted_transitions > 0;

	*m = (struct msg_vrrp_state){
		.instance = r->conf->name,
		.interface = vrrp_conf_place(r->conf),
		.family = r->side->family == AF_INET6 ? 6 : 4,
		.vrid = r->conf->virtual_router_id,
		.version = v->params.version,
		.state = vrrp_state_name(v),
		.base_priority = v->params.base_priority,
		.priority = v->priority,
		.checksum_form = sum_form_name(r->peer_sum_form),
		.adver_at_us = instant_or_zero(v->at[VRRP_TIMER_ADVER]),
		.preempt_at_us = instant_or_zero(v->preempt_at),
		.start_at_us = r->is_waiting ? instant_or_zero(r->app->start_at) : 0,
		.since_us = is_adopted ? r->adopted_since.us : v->since.us,
		.reason = r->reason,
		.transitions = r->adopted_transitions + v->transitions,
		.vmac = r->vmac ? r->vmac->name : "",
		.addresses = r->vips.n,
		.routes = r->routes.n_routes,
		.rules = r->routes.n_rules,
		.stamp_ahead_us = vrouter_auth_ahead_us(r),
	};
	fill_active(r, m, active);
	m->rival = r->rival.is_alarmed ? addr_str(&r->rival.addr, rival) : "";
	m->rival_since_us = r->rival.is_alarmed ? r->rival.since.us : 0;
}

/*
 * The record as it counts for "did it change": an advertisement more moves adver_at by an interval,
 * which whoever takes over can count himself. With a lease he has to know when it was renewed last.
 */
static size_t encode_for_compare(const struct vrouter *r, struct msg msg, uint8_t *data)
{
	struct buf b = buf_writer(data, VROUTER_RECORD_MAX);

	if (r->fsm.params.lease_us == 0)
		msg.vrrp_state.adver_at_us %= r->fsm.params.advert_us;
	msg_encode(&msg, &b);
	return buf_ok(&b) ? b.len : 0;
}

void vrouter_report_state(struct vrouter *r, bool is_forced)
{
	struct msg msg = { .kind = MSG_vrrp_state, .fd = -1 };
	char active[ADDR_STR_MAX], rival[ADDR_STR_MAX];
	uint8_t data[VROUTER_RECORD_MAX];

	/* What a reload removed has no state any more. */
	if (r->is_deleted || (!r->app->is_committed && !is_forced))
		return;
	fill_state(r, &msg.vrrp_state, active, rival);
	size_t n = encode_for_compare(r, msg, data);
	if (!is_forced && n > 0 && n == r->n_published && memcmp(data, r->published, n) == 0)
		return;
	memcpy(r->published, data, n);
	r->n_published = n;
	role_send(r->app->role, &msg);
}

/*
 * Most steps are one advertisement more, sent or heard: whether this was one is seen without
 * building the record. What counts for the record beside the state machine marks it as stale.
 */
static bool is_routine(struct vrouter *r)
{
	struct vrrp_inst now;
	bool is_same;

	memcpy(&now, &r->fsm, sizeof(now));
	now.at[VRRP_TIMER_DOWN] = now.rival_at = TIME_NEVER;
	if (now.params.lease_us == 0)
		now.at[VRRP_TIMER_ADVER].us %= now.params.advert_us;
	is_same = !r->is_record_stale && memcmp(&now, &r->reported, sizeof(now)) == 0;
	memcpy(&r->reported, &now, sizeof(now));
	r->is_record_stale = false;
	return is_same;
}

/* Without a look at the instance: an Active router advertised in its rhythm. */
static bool is_rhythm(const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	return ev->kind == VRRP_EV_TIMER && out->n == 2 && out->item[0].kind == VRRP_OUT_SEND &&
	       out->item[1].kind == VRRP_OUT_ARM;
}

void vrouter_report_step(struct vrouter *r, const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	if ((is_rhythm(ev, out) && !r->is_record_stale) || is_routine(r))
		return;
	vrouter_report_state(r, false);
}

void vrrp_if_report(const struct vrrp_if *vif)
{
	struct msg msg = { .kind = MSG_track_state, .fd = -1 };

	if (vif->is_any)
		return;
	msg.track_state = (struct msg_track_state){
		.kind = "interface",
		.name = vif->name,
		.state = vif->is_up ? "up" : "down",
		.value = vif->is_up,
		.weights = vif->weights,
		.detail = vif->ifindex ? "" : "missing",
		.since_us = vif->since.us,
	};
	role_send(vif->app->role, &msg);
}

/* ---- transitions ---- */

static void log_notify(const struct vrouter *r, const struct vrrp_out_item *item)
{
	const char *to = vrrp_notify_name(item->to);

	if (item->to == VRRP_NOTIFY_STOP)
		log_event(LOG_LEVEL_NOTICE, "vrrp_state",
			  log_kv("instance=%s from=%s to=%s", r->conf->name,
				 vrrp_notify_name(item->from), to),
			  "(%s) Stopped", r->conf->name);
	else
		log_event(LOG_LEVEL_NOTICE, "vrrp_state",
			  log_kv("instance=%s from=%s to=%s priority=%u", r->conf->name,
				 vrrp_notify_name(item->from), to, r->fsm.priority),
			  "(%s) Entering %s STATE%s", r->conf->name, to,
			  item->from == VRRP_NOTIFY_INIT && item->to != VRRP_NOTIFY_MASTER
				  ? " (init)"
				  : "");
}

static void send_notify(const struct vrouter *r, const char *state)
{
	struct msg msg = { .kind = MSG_notify_vrrp,
			   .fd = -1,
			   .notify_vrrp = { .instance = r->conf->name,
					    .state = state,
					    .priority = r->fsm.priority } };

	role_send(r->app->role, &msg);
}

void vrouter_report_notify(struct vrouter *r, const struct vrrp_out_item *item)
{
	log_notify(r, item);
	r->stats.become_master += item->to == VRRP_NOTIFY_MASTER;
	r->stats.release_master += item->from == VRRP_NOTIFY_MASTER;
	if (item->from == VRRP_NOTIFY_MASTER)
		vrouter_rival_end(r);
	vrouter_count_soon(r);
	send_notify(r, r->is_deleted ? "DELETED" : vrrp_notify_name(item->to));
}

/* Some FIFO may want to know of a new priority. */
static void notify_priority(const struct vrouter *r)
{
	if (r->conf->notify_priority_changes && r->fsm.state != VRRP_STATE_INIT)
		send_notify(r, r->fsm.state == VRRP_STATE_ACTIVE ? "MASTER_PRIORITY"
								 : "BACKUP_PRIORITY");
}

void vrouter_report_again(struct vrouter *r)
{
	const struct msg msg = { .kind = MSG_notify_vrrp,
				 .fd = -1,
				 .notify_vrrp = { .instance = r->conf->name,
						  .state = vrrp_notify_name(VRRP_NOTIFY_MASTER),
						  .priority = r->fsm.priority } };

	role_send(r->app->role, &msg);
}

/* ---- lines ---- */

static void log_active_set(const struct vrouter *r, const struct vrrp_out_item *item,
			   const char *kv)
{
	char now[ADDR_STR_MAX], before[ADDR_STR_MAX];

	addr_str(&item->addr, now);
	if (addr_is_unset(&item->old_addr))
		log_event(LOG_LEVEL_DEBUG, "vrrp_active", kv, "(%s) master set to %s",
			  r->conf->name, now);
	else
		log_event(LOG_LEVEL_DEBUG, "vrrp_active", kv, "(%s) master changed from %s to %s",
			  r->conf->name, addr_str(&item->old_addr, before), now);
}

/* What the fields of a line are called; NULL = the line has none. */
static const struct {
	const char *a, *b;
} log_fields[] = {
	[VRRP_LOG_HIGHER_PRIO] = { "priority", "own_priority" },
	[VRRP_LOG_HIGHER_ADDR] = { "priority", NULL },
	[VRRP_LOG_LOWER_PRIO] = { "priority", "own_priority" },
	[VRRP_LOG_DISCARD_LOWER] = { "priority", NULL },
	[VRRP_LOG_PRIO_CHANGED] = { "from", "to" },
	[VRRP_LOG_PREEMPT_START] = { "delay_us", NULL },
	[VRRP_LOG_LEASE_OVER] = { "lease_us", NULL },
};

static void add_field(char *line, size_t size, const char *name, int64_t value)
{
	size_t n = strlen(line);

	if (name)
		snprintf(line + n, size - n, " %s=%" PRId64, name, value);
}

static const char *log_fields_of(const struct vrouter *r, const struct vrrp_out_item *item,
				 const char *src)
{
	char line[ADDR_STR_MAX + 80] = "";

	if (!addr_is_unset(&item->addr))
		snprintf(line, sizeof(line), " src=%s", src);
	if ((size_t)item->log < sizeof(log_fields) / sizeof(*log_fields)) {
		add_field(line, sizeof(line), log_fields[item->log].a, item->a);
		add_field(line, sizeof(line), log_fields[item->log].b, item->b);
	}
	return log_kv("instance=%s%s", r->conf->name, line);
}

/* How long is not known, but no longer than we are master. */
static void log_two_active(const struct vrouter *r, const char *src, const char *kv)
{
	int64_t at_most_us = time_sub(loop_now(r->app->loop), r->fsm.since);

	log_event(
		LOG_LEVEL_WARNING, "vrrp_two_active", kv,
		"(%s) %s was MASTER beside us, for %.1f s at most; announcing the addresses again",
		r->conf->name, src, (double)at_most_us / US_PER_S);
}

void vrouter_report_log(struct vrouter *r, const struct vrrp_out_item *item)
{
	const char *name = r->conf->name;
	char src[ADDR_STR_MAX];
	const char *kv = log_fields_of(r, item, addr_str(&item->addr, src));
	int a = (int)item->a, b = (int)item->b;

	switch (item->log) {
	case VRRP_LOG_DOWN_EXPIRED:
		log_event(LOG_LEVEL_INFO, "vrrp_timeout", kv, "(%s) Receive advertisement timeout",
			  name);
		break;
	case VRRP_LOG_HIGHER_PRIO:
		log_event(LOG_LEVEL_NOTICE, "vrrp_beaten", kv,
			  "(%s) Master received advert from %s with higher priority %d, ours %d",
			  name, src, a, b);
		break;
	case VRRP_LOG_HIGHER_ADDR:
		log_event(LOG_LEVEL_NOTICE, "vrrp_beaten", kv,
			  "(%s) Master received advert from %s with same priority %d but higher IP "
			  "address than ours",
			  name, src, a);
		break;
	case VRRP_LOG_LOWER_PRIO:
		if (!log_limit_pass(&r->lower_limit, loop_now(r->app->loop), LOWER_LOG_US))
			break;
		log_event(LOG_LEVEL_NOTICE, "vrrp_lower", kv,
			  "(%s) Received advert from %s with lower priority %d, ours %d, "
			  "forcing new election",
			  name, src, a, b);
		send_notify(r, "MASTER_RX_LOWER_PRI");
		break;
	case VRRP_LOG_PRIO_ZERO:
		log_event(LOG_LEVEL_DEBUG, "vrrp_resigned", kv,
			  "(%s) Backup received priority 0 advertisement", name);
		break;
	case VRRP_LOG_DISCARD_LOWER:
		if (log_limit_pass(&r->lower_limit, loop_now(r->app->loop), LOWER_LOG_US))
			log_event(LOG_LEVEL_INFO, "vrrp_lower", kv,
				  "(%s) received lower priority (%d) advert from %s - discarding",
				  name, a, src);
		break;
	case VRRP_LOG_PRIO_CHANGED:
		log_event(LOG_LEVEL_NOTICE, "vrrp_priority", kv,
			  "(%s) Changing effective priority from %d to %d", name, a, b);
		notify_priority(r);
		break;
	case VRRP_LOG_PREEMPT_START:
		log_event(LOG_LEVEL_DEBUG, "vrrp_preempt", kv, "(%s) start preempt delay (%.6f)",
			  name, (double)item->a / US_PER_S);
		break;
	case VRRP_LOG_ACTIVE_SET: log_active_set(r, item, kv); break;
	case VRRP_LOG_TWO_OWNERS:
		log_event(LOG_LEVEL_WARNING, "vrrp_two_owners", kv,
			  "(%s) another router, %s, also says that it owns the addresses (priority "
			  "255)",
			  name, src);
		break;
	case VRRP_LOG_TWO_ACTIVE: log_two_active(r, src, kv); break;
	case VRRP_LOG_LEASE_OVER:
		log_event(LOG_LEVEL_WARNING, "vrrp_lease", kv,
			  "(%s) was silent for longer than the lease of %g s; giving way", name,
			  (double)item->a / US_PER_S);
		break;
	}
}
