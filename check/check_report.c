/*
 * Reports of the checker child.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/check_report.h"
#include "lib/log.h"

#define QUORUM_TEXT_MAX 128
#define LINE_MAX_LEN    1024
#define PLACE_MAX       (ADDR_STR_MAX + sizeof(" address="))

/* ---- messages ---- */

static void send_check(struct role *role, const struct check_run *check)
{
	const struct probe_sub *sub = &check->sub;
	struct msg msg = { .kind = MSG_check_state, .fd = -1 };

	msg.check_state = (struct msg_check_state){
		.vs = check->rs->pool->name,
		.rs = check->rs->name,
		.index = check->index,
		.kind = check->ops->name,
		.is_through_vip = check->path != NULL,
		.is_known = sub->health.is_known,
		.is_up = sub->health.is_up,
		.reason = sub->health.is_up ? "" : reason_name(sub->reason),
		.detail = sub->health.is_up ? "" : sub->detail,
		.advice_kind = sub->advice.kind,
		.advice = sub->advice.value,
		.since_us = check->since.us,
	};
	role_send(role, &msg);
}

const char *report_place(const struct rs_run *rs, char *str)
{
	const struct pool_member *m = &rs->pool->members[rs->member];

	str[0] = '\0';
	return rs->named && !m->is_absent ? addr_str(&m->dest.key.addr, str) : str;
}

/* What a server with a name has besides. */
struct name_texts {
	char place[ADDR_STR_MAX], next[ADDR_STR_MAX], drained[RS_DRAINED_MAX * ADDR_STR_MAX];
	const char *reason;
	int64_t drained_until_us;
};

static void fill_name(const struct rs_run *rs, struct name_texts *out)
{
	const struct rs_named *named = rs->named;
	char text[ADDR_STR_MAX];
	size_t len = 0;

	*out = (struct name_texts){ .reason = "" };
	if (!named)
		return;
	report_place(rs, out->place);
	if (!addr_is_unset(&named->move.addr))
		addr_str(&named->move.addr, out->next);
	if (named->reason != REASON_OK)
		out->reason = reason_name(named->reason);
	for (uint32_t i = 0; i < named->n_drained; i++) {
		const struct rs_drained *former = &named->drained[i];

		len += (size_t)snprintf(out->drained + len, sizeof(out->drained) - len, "%s%s",
					i ? " " : "", addr_str(&former->addr, text));
		out->drained_until_us = time_add(former->since, name_drain_us(rs->conf)).us;
	}
}

static void send_rs(struct role *role, const struct rs_run *rs)
{
	struct msg msg = { .kind = MSG_rs_state, .fd = -1 };
	struct name_texts name;

	fill_name(rs, &name);
	msg.rs_state = (struct msg_rs_state){
		.vs = rs->pool->name,
		.rs = rs->name,
		.address = name.place,
		.name_reason = name.reason,
		.next_address = name.next,
		.drained = name.drained,
		.drained_until_us = name.drained_until_us,
		.is_up = rs_is_up(rs),
		.weight = rs_weight(rs),
		.checks = rs->n_checks,
		.failed = rs->pool->members[rs->member].n_failed,
		.is_held = rs->damping.is_held || rs->passive.is_held,
		.silent_until_us = rs->passive.is_held ? rs->passive.until.us : 0,
		.penalty = rs->damping.penalty,
		.penalty_at_us = rs->damping.at.us,
		.ramp_since_us = time_is_never(rs->ramp_since) ? 0 : rs->ramp_since.us,
		.since_us = rs->since.us,
	};
	role_send(role, &msg);
}

/* A server that a name has no address for is none. */
static uint32_t count_servers(const struct pool_run *pool)
{
	uint32_t n = pool->n;

	for (uint32_t i = 0; i < pool->n_names; i++)
		for (uint32_t j = 0; j < pool->names[i].n; j++)
			n -= pool->names[i].named[j].reason == REASON_NAME_UNUSED;
	return n;
}

static void send_pool(struct role *role, const struct pool_run *pool)
{
	struct msg msg = { .kind = MSG_vs_state, .fd = -1 };

	msg.vs_state = (struct msg_vs_state){
		.vs = pool->name,
		.is_up = pool->state.is_up,
		.quorum = pool->params.quorum,
		.weight = pool->state.weight,
		.alive = pool->state.alive,
		.total = count_servers(pool),
		.is_sorry = pool->params.has_sorry && !pool->state.is_up,
		.is_open = pool->state.is_open,
		.name = pool->conf->virtualhost ? pool->conf->virtualhost : "",
		.since_us = pool->since.us,
	};
	role_send(role, &msg);
}

static void send_address(struct role *role, const struct pool_run *pool, uint32_t index,
			 const struct vs_range *range)
{
	char first[ADDR_STR_MAX] = "", last[ADDR_STR_MAX] = "";
	struct msg msg = { .kind = MSG_vs_address, .fd = -1 };

	if (!range->fwmark) {
		addr_str(&range->first, first);
		addr_str(&range->last, last);
	}
	msg.vs_address = (struct msg_vs_address){
		.vs = pool->name,
		.index = index,
		.family = vs_range_family(pool->conf, range) == AF_INET6 ? 6 : 4,
		.protocol = range->fwmark ? "" : vs_protocol_name(pool->conf),
		.first = first,
		.last = last,
		.port = range->port,
		.fwmark = range->fwmark,
	};
	role_send(role, &msg);
}

static void send_addresses(struct role *role, const struct pool_run *pool)
{
	const struct vs_group_line_conf *line;
	uint32_t index = 0;

	if (pool->conf->group)
		conf_list_for_each (line, &pool->conf->group->lines)
			send_address(role, pool, index++, &line->range);
}

void report_server(struct role *role, const struct rs_run *rs)
{
	send_rs(role, rs);
	for (uint32_t k = 0; k < rs->n_checks; k++)
		send_check(role, &rs->checks[k]);
}

void report_publish(struct role *role, const struct pool_run *pool)
{
	send_pool(role, pool);
	send_addresses(role, pool);
	for (uint32_t i = 0; i < pool->n; i++)
		report_server(role, &pool->rs[i]);
}

/* ---- words ---- */

/* What mail calls a check. */
static const struct mail_words {
	const char *kind, *up, *down;
} mail_words[] = {
	{ "TCP_CHECK", "TCP CHECK succeed on service", "TCP CHECK failed on service" },
	{ "UDP_CHECK", "UDP CHECK succeed on service", "UDP CHECK failed on service" },
	{ "PING_CHECK", "ICMP CHECK succeed on service", "ICMP CHECK failed on service" },
	{ "DNS_CHECK", "DNS_CHECK: succeed on service", "DNS_CHECK: failed on service" },
	{ "MISC_CHECK", "MISC CHECK succeeded on service", "MISC CHECK failed on service" },
	{ "BFD_CHECK", "BFD CHECK succeed on service", "BFD CHECK failed on service" },
	{ "HTTP_GET", "CHECK succeed on service",
	  "CHECK failed on service : HTTP/SSL request failed" },
	{ "SSL_GET", "CHECK succeed on service",
	  "CHECK failed on service : HTTP/SSL request failed" },
	{ NULL, "CHECK succeed on service", "CHECK failed on service" },
};

static const char *mail_line(const struct probe_sub *sub, const struct mail_words *words)
{
	if (sub->health.is_up)
		return words->up;
	return sub->reason == REASON_SCRIPT_TIMEOUT ? "MISC CHECK timed out on service"
						    : words->down;
}

static void send_notify_check(struct role *role, const struct check_run *check,
			      bool is_server_change)
{
	const struct probe_sub *sub = &check->sub;
	const struct mail_words *words = mail_words;
	char place[ADDR_STR_MAX];
	struct msg msg = { .kind = MSG_notify_check, .fd = -1 };
	char reason[256] = "";

	while (words->kind && strcmp(words->kind, check->ops->name) != 0)
		words++;
	if (!sub->health.is_up)
		snprintf(reason, sizeof(reason), "%s, %s%s%s", reason_name(sub->reason),
			 reason_text(sub->reason), *sub->detail ? ": " : "", sub->detail);
	msg.notify_check = (struct msg_notify_check){
		.vs = check->rs->pool->name,
		.rs = check->rs->name,
		.address = report_place(check->rs, place),
		.is_up = sub->health.is_up,
		.is_server_change = is_server_change,
		.text = mail_line(sub, words),
		.reason = reason,
	};
	role_send(role, &msg);
}

/* The words of keepalived for a change. */
static void change_words(const struct check_run *check, bool is_up, char *line, size_t size)
{
	const struct checker_ops *ops = check->ops;
	const struct check_words words = {
		.conf = check->conf,
		.rs = check->rs->name,
		.vs = check->rs->pool->name,
		.is_up = is_up,
		.reason = check->sub.reason,
		.detail = check->sub.detail,
		.retries = check->sub.params.fall - 1,
	};

	if (ops->say)
		ops->say(&words, line, size);
	else if (is_up)
		snprintf(line, size, "%s %s %s", ops->log_up_before, words.rs, ops->log_up_after);
	else
		snprintf(line, size, "%s on service %s failed after %" PRIu32 " retries. (%s)",
			 ops->log_down_name, words.rs, words.retries, reason_text(words.reason));
}

/* " address=10.0.0.1" for the fields of a server with a name; else nothing. Returns `str`. */
static const char *place_field(const struct rs_run *rs, char str[PLACE_MAX])
{
	char place[ADDR_STR_MAX];

	str[0] = '\0';
	if (*report_place(rs, place))
		snprintf(str, PLACE_MAX, " address=%s", place);
	return str;
}

static void log_check(const struct check_run *check, enum health_edge edge)
{
	const struct probe_sub *sub = &check->sub;
	const char *kind = check->ops->name, *rs = check->rs->name, *vs = check->rs->pool->name;
	bool is_up = edge == HEALTH_WENT_UP;
	bool is_logged = check->conf->log_all_failures && !reason_is_up(sub->reason);
	char line[LINE_MAX_LEN], fields[LINE_MAX_LEN], at[PLACE_MAX];

	place_field(check->rs, at);
	snprintf(fields, sizeof(fields), "check=%s rs=%s vs=%s%s", kind, rs, vs, at);
	if (!is_up && (edge != HEALTH_SAME || is_logged))
		snprintf(fields, sizeof(fields), "check=%s rs=%s vs=%s%s reason=%s detail=\"%s\"",
			 kind, rs, vs, at, reason_name(sub->reason), sub->detail);
	if (edge != HEALTH_SAME) {
		change_words(check, is_up, line, sizeof(line));
		log_event(is_up ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
			  is_up ? "check_up" : "check_down", fields, "%s", line);
	} else if (is_logged) {
		log_event(LOG_LEVEL_INFO, "check_failed", fields, "%s on service %s failed: %s",
			  kind, rs, reason_text(sub->reason));
	}
}

void report_check(struct role *role, const struct check_run *check, enum health_edge edge,
		  bool is_server_change, bool is_advised)
{
	log_check(check, edge);
	if (edge != HEALTH_SAME || is_advised)
		send_check(role, check);
	if (edge != HEALTH_SAME && check->rs->conf->smtp_alert)
		send_notify_check(role, check, is_server_change);
}

static void send_notify_rs(struct role *role, const struct rs_run *rs, bool is_up)
{
	struct msg msg = { .kind = MSG_notify_rs, .fd = -1 };

	msg.notify_rs =
		(struct msg_notify_rs){ .vs = rs->pool->name, .rs = rs->name, .is_up = is_up };
	role_send(role, &msg);
}

static void send_notify_vs(struct role *role, const struct pool_run *pool, bool is_up,
			   const char *text)
{
	struct msg msg = { .kind = MSG_notify_vs, .fd = -1 };

	msg.notify_vs = (struct msg_notify_vs){ .vs = pool->name, .is_up = is_up, .text = text };
	role_send(role, &msg);
}

static void log_rs(const struct rs_run *rs, bool is_up)
{
	const struct pool_run *pool = rs->pool;
	bool is_inhibit = pool->members[rs->member].inhibit_on_failure;
	char at[PLACE_MAX];
	const char *fields = log_kv("rs=%s vs=%s%s", rs->name, pool->name, place_field(rs, at));

	if (!is_up && pool->state.is_open)
		log_event(LOG_LEVEL_INFO, "rs_down", fields,
			  "Keeping service %s in VS %s although it failed", rs->name, pool->name);
	else
		log_event(LOG_LEVEL_INFO, is_up ? "rs_up" : "rs_down", fields,
			  "%s service %s %s VS %s",
			  is_inhibit ? (is_up ? "Enabling" : "Disabling")
				     : (is_up ? "Adding" : "Removing"),
			  rs->name, is_inhibit ? "of" : (is_up ? "to" : "from"), pool->name);
	if (!is_up && rs->passive.is_held)
		log_event(LOG_LEVEL_WARNING, "rs_silent",
			  log_kv("rs=%s vs=%s connections=%" PRIu32, rs->name, pool->name,
				 rs->conf->passive_limit),
			  "Service %s of VS %s answers no connection and stays out for a while",
			  rs->name, pool->name);
	if (!is_up && rs->damping.is_held)
		log_event(LOG_LEVEL_WARNING, "rs_flaps",
			  log_kv("rs=%s vs=%s penalty=%.3f", rs->name, pool->name,
				 (double)rs->damping.penalty / DAMPING_HIT),
			  "Service %s of VS %s flaps and stays out until it has been quiet",
			  rs->name, pool->name);
}

void report_rs(struct role *role, const struct rs_run *rs)
{
	bool is_up = rs_is_up(rs);

	log_rs(rs, is_up);
	send_rs(role, rs);
	send_notify_rs(role, rs, is_up);
}

void report_rs_known(struct role *role, const struct rs_run *rs)
{
	const struct conf_obj *root = rs->pool->conf->obj.parent;

	if (root_global(root)->rs_init_notifies)
		send_notify_rs(role, rs, rs_is_up(rs));
}

void report_weight(struct role *role, const struct rs_run *rs)
{
	log_event(LOG_LEVEL_DEBUG, "rs_weight",
		  log_kv("rs=%s vs=%s weight=%" PRId64, rs->name, rs->pool->name, rs_weight(rs)),
		  "Weight of service %s of VS %s is %" PRId64, rs->name, rs->pool->name,
		  rs_weight(rs));
	send_rs(role, rs);
}

/* Every member's weight follows the quorum. */
static void send_members(struct role *role, const struct pool_run *pool)
{
	for (uint32_t i = 0; i < pool->n; i++)
		send_rs(role, &pool->rs[i]);
}

/* "Gained quorum 2+1=3 <= 4" */
static const char *quorum_text(const struct pool_run *pool, bool is_up, char *text, size_t size)
{
	const struct pool_params *p = &pool->params;
	int64_t threshold = is_up ? p->quorum + p->hysteresis : p->quorum - p->hysteresis;

	snprintf(text, size, "%s quorum %" PRId64 "%c%" PRId64 "=%" PRId64 " %s %" PRId64,
		 is_up ? "Gained" : "Lost", p->quorum, is_up ? '+' : '-', p->hysteresis, threshold,
		 is_up ? "<=" : ">", pool->state.weight);
	return text;
}

static void report_quorum(struct role *role, const struct pool_run *pool, bool is_up)
{
	const struct pool_params *p = &pool->params;
	char sorry[ADDR_NAME_MAX], text[QUORUM_TEXT_MAX];

	quorum_text(pool, is_up, text, sizeof(text));
	log_event(is_up ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
		  is_up ? "quorum_gained" : "quorum_lost",
		  log_kv("vs=%s weight=%" PRId64 " quorum=%" PRId64, pool->name, pool->state.weight,
			 p->quorum),
		  "%s for VS %s", text, pool->name);
	if (p->has_sorry)
		log_event(LOG_LEVEL_INFO, "sorry_server", log_kv("vs=%s", pool->name),
			  "%s sorry server %s %s VS %s", is_up ? "Removing" : "Adding",
			  dest_name(&p->sorry.key, (uint8_t)pool->conf->protocol, sorry),
			  is_up ? "from" : "to", pool->name);
	send_members(role, pool);
	send_notify_vs(role, pool, is_up, text);
}

void report_pool_start(struct role *role, const struct pool_run *pool)
{
	const struct pool_params *p = &pool->params;

	if (pool->state.is_up)
		send_notify_vs(role, pool, true, "");
	else
		log_event(LOG_LEVEL_INFO, "quorum_down", log_kv("vs=%s", pool->name),
			  "Starting with quorum down %" PRId64 "-%" PRId64 "=%" PRId64 " > %" PRId64
			  " for VS %s",
			  p->quorum, p->hysteresis, p->quorum - p->hysteresis, pool->state.weight,
			  pool->name);
}

void report_open(struct role *role, const struct pool_run *pool)
{
	const struct pool *state = &pool->state;

	if (state->is_open)
		log_event(LOG_LEVEL_ERROR, "fail_open",
			  log_kv("vs=%s alive=%" PRIu32 " floor=%" PRIu32, pool->name, state->alive,
				 pool->params.fail_open),
			  "Only %" PRIu32 " of %" PRIu32
			  " servers of VS %s work, fewer than %" PRIu32
			  ": all of them carry traffic",
			  state->alive, pool->n, pool->name, pool->params.fail_open);
	else
		log_event(LOG_LEVEL_NOTICE, "fail_open_over",
			  log_kv("vs=%s alive=%" PRIu32, pool->name, state->alive),
			  "%" PRIu32 " servers of VS %s work again: the others carry no traffic",
			  state->alive, pool->name);
	send_members(role, pool);
}

void report_pool(struct role *role, const struct pool_run *pool, enum pool_edge edge)
{
	if (edge != POOL_SAME)
		report_quorum(role, pool, edge == POOL_QUORUM_GAINED);
	send_pool(role, pool);
}

void report_shutdown(struct role *role, const struct pool_run *pool)
{
	bool is_told = pool->conf->omega;

	for (uint32_t i = 0; i < pool->n; i++) {
		const struct rs_run *rs = &pool->rs[i];

		log_event(LOG_LEVEL_DEBUG, "rs_shutdown",
			  log_kv("rs=%s vs=%s", rs->name, pool->name),
			  "Shutting down service %s from VS %s", rs->name, pool->name);
		if (is_told && rs_is_up(rs))
			send_notify_rs(role, rs, false);
	}
	if (is_told && pool->state.is_up)
		send_notify_vs(role, pool, false, "Shutting down");
}
