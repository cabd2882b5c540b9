/*
 * Real servers with names: which address each has, and how it gets to another one. Checker child;
 * part of the pools.
 *
 * A server that has an address keeps it until its checks have passed at the new one, or fail where
 * it is. Then it is there from one netlink send to the next: the new destination is added before
 * the old one loses its weight. The old one stays with weight 0 while it has connections.
 */
#include <stdlib.h>
#include <string.h>

#include "check/pool_private.h"
#include "lib/log.h"

/* What the kernel counts, as we last saw it, may be so much older than a change of ours. */
#define DRAIN_MIN_US (2 * US_PER_S)

static struct pool_member *member_of(const struct rs_run *rs)
{
	return &rs->pool->members[rs->member];
}

static void tell(struct rs_run *rs, enum address_event event)
{
	const struct pool_watch *watch = &rs->pool->pools->env.watch;

	watch->on_address(rs, event, watch->arg);
}

/* ---- former addresses ---- */

static void drop_drained(struct rs_named *named, uint32_t i)
{
	named->n_drained--;
	memmove(&named->drained[i], &named->drained[i + 1],
		(named->n_drained - i) * sizeof(named->drained[0]));
}

static void undrain(struct rs_named *named, const struct addr *addr)
{
	for (uint32_t i = named->n_drained; i-- > 0;)
		if (addr_cmp(&named->drained[i].addr, addr) == 0)
			drop_drained(named, i);
}

static void add_drained(struct rs_named *named, const struct addr *addr, time_us since)
{
	undrain(named, addr);
	if (named->n_drained == RS_DRAINED_MAX)
		drop_drained(named, 0);
	named->drained[named->n_drained++] = (struct rs_drained){ *addr, since };
}

/* What it has in the kernel stays without weight. */
static void drain_current(struct rs_run *rs)
{
	const struct pool_member *m = member_of(rs);

	if (pool_has(&rs->pool->state, m))
		add_drained(rs->named, &m->dest.key.addr, loop_now(rs->pool->pools->env.loop));
}

void name_run_desired(const struct name_run *run, struct ipvs_svc *svc)
{
	for (uint32_t i = 0; i < run->n; i++)
		for (uint32_t j = 0; j < run->named[i].n_drained; j++)
			pool_drained(member_of(&run->rs[i]), &run->named[i].drained[j].addr, svc);
}

bool name_run_is_draining(const struct name_run *run)
{
	for (uint32_t i = 0; i < run->n; i++)
		if (run->named[i].n_drained)
			return true;
	return false;
}

static bool has_connections(const struct rs_run *rs, const struct addr *addr,
			    const struct ipvs_set *table)
{
	const struct pool_member *m = member_of(rs);
	const struct ipvs_svc *key, *svc;
	const struct ipvs_dest *dest;

	ipvs_set_for_each (key, &rs->pool->svcs) {
		const struct ipvs_dest_key at = {
			.addr = *addr,
			.port = m->follows_port ? key->key.port : m->dest.key.port,
		};

		svc = ipvs_set_find(table, &key->key);
		dest = svc ? svc_find_dest(svc, &at) : NULL;
		if (dest && (dest->active || dest->inactive || dest->persistent))
			return true;
	}
	return false;
}

static void observe_rs(struct rs_run *rs, const struct ipvs_set *table, time_us now)
{
	const int64_t drain_us = name_drain_us(rs->conf);
	struct rs_named *named = rs->named;
	const uint32_t n = named->n_drained;

	for (uint32_t i = n; i-- > 0;) {
		const int64_t age_us = time_sub(now, named->drained[i].since);

		if (age_us >= drain_us || (age_us >= DRAIN_MIN_US &&
					   !has_connections(rs, &named->drained[i].addr, table)))
			drop_drained(named, i);
	}
	if (named->n_drained == n)
		return;
	pool_apply(rs->pool);
	tell(rs, ADDRESS_DRAINED);
}

void name_run_observe(struct name_run *run, const struct ipvs_set *table, time_us now)
{
	for (uint32_t i = 0; i < run->n; i++)
		observe_rs(&run->rs[i], table, now);
}

/* ---- addresses of the pool ---- */

/* Whether a server of another name, or without one, is there or on its way. */
static bool is_taken(const struct name_run *run, const struct addr *addr)
{
	const uint16_t port = member_of(run->rs)->dest.key.port;
	const struct pool_run *pool = run->pool;

	for (uint32_t i = 0; i < pool->n; i++) {
		const struct rs_named *named = pool->rs[i].named;
		const struct pool_member *m = &pool->members[i];

		if ((named && named->run == run) || m->dest.key.port != port)
			continue;
		if (!m->is_absent && addr_cmp(&m->dest.key.addr, addr) == 0)
			return true;
		if (named && addr_cmp(&named->move.addr, addr) == 0)
			return true;
	}
	return false;
}

/* Servers that wait for an address which another one had look again. */
static void release(struct pool_run *pool)
{
	for (uint32_t i = 0; i < pool->n_names; i++) {
		struct name_run *run = &pool->names[i];

		for (uint32_t j = 0; run->sub.name && j < run->n; j++)
			if (run->named[j].reason == REASON_NAME_TAKEN)
				name_tell_again(&run->sub);
	}
}

/* ---- moving ---- */

/* Verdicts as at first: nothing is known of another address. */
static void forget_checks(struct rs_run *rs)
{
	for (uint32_t k = 0; k < rs->n_checks; k++) {
		struct check_run *check = &rs->checks[k];

		check_stop(check);
		check_drop_path(check);
		health_init(&check->sub.health, &check->sub.params);
		check->is_failing = !check->sub.health.is_up;
		check->sub.advice = check->advice = (struct weight_advice){ 0 };
	}
}

static void count_failed(struct rs_run *rs)
{
	struct pool_member *m = member_of(rs);

	m->n_failed = 0;
	for (uint32_t k = 0; k < rs->n_checks; k++)
		m->n_failed += rs->checks[k].is_failing;
}

static void cancel_move(struct rs_run *rs)
{
	checks_free(rs->named->move.checks, rs->n_checks);
	rs->named->move = (struct rs_move){ 0 };
}

/* The checks that ran at the new address are the server's from now on. */
static void take_checks(struct rs_run *rs)
{
	struct rs_move *move = &rs->named->move;

	if (!move->checks) {
		forget_checks(rs);
		return;
	}
	checks_free(rs->checks, rs->n_checks);
	rs->checks = move->checks;
	move->checks = NULL;
	for (uint32_t k = 0; k < rs->n_checks; k++) {
		rs->checks[k].sub.on_result = pool_on_result;
		rs->checks[k].advice = rs->checks[k].sub.advice;
	}
}

static void use(struct rs_run *rs, struct addr addr)
{
	const bool was_up = rs_is_up(rs);
	struct pool_member *m = member_of(rs);

	drain_current(rs);
	undrain(rs->named, &addr);
	take_checks(rs);
	cancel_move(rs);
	m->dest.key.addr = addr;
	m->is_absent = false;
	rs->passive = (struct passive){ 0 }; /* it was about the old one */
	count_failed(rs);
	rs->named->is_moved = true;
	pool_follow(rs, was_up);
	release(rs->pool);
}

static void leave(struct rs_run *rs)
{
	const bool was_up = rs_is_up(rs);
	struct pool_member *m = member_of(rs);

	drain_current(rs);
	forget_checks(rs);
	m->is_absent = true;
	count_failed(rs);
	rs->named->is_moved = true;
	pool_follow(rs, was_up);
	release(rs->pool);
}

void rs_move_judge(struct rs_run *rs)
{
	const struct pool_member *m = member_of(rs);
	struct rs_move *move = rs->named ? &rs->named->move : NULL;
	uint32_t n_failed = 0;

	if (!move || !move->checks)
		return;
	for (uint32_t k = 0; k < rs->n_checks; k++) {
		if (!move->checks[k].sub.health.is_known)
			return;
		n_failed += move->checks[k].is_failing;
	}
	if (n_failed == 0 || m->is_absent || m->n_failed > 0) {
		use(rs, move->addr);
	} else if (!move->is_refused) {
		move->is_refused = true;
		tell(rs, ADDRESS_REFUSED);
	}
}

static void on_move_result(struct probe_sub *sub, enum health_edge edge, void *arg)
{
	struct check_run *check = arg;

	if (edge != HEALTH_SAME)
		check->since = loop_now(check->rs->pool->pools->env.loop);
	check->is_failing = !sub->health.is_up;
	rs_move_judge(check->rs);
}

static void begin_move(struct rs_run *rs, const struct addr *addr)
{
	struct rs_move *move = &rs->named->move;
	uint32_t n;

	cancel_move(rs);
	if (rs->n_checks == 0 || rs->pool->is_suspended) {
		use(rs, *addr);
		return;
	}
	move->addr = *addr;
	move->checks = checks_build(rs, addr, on_move_result, &n);
	tell(rs, ADDRESS_NEXT);
	for (uint32_t k = 0; k < n; k++)
		check_start(&move->checks[k], addr, CHECK_URGENT);
}

void name_run_rest(struct name_run *run)
{
	for (uint32_t i = 0; i < run->n; i++)
		if (run->named[i].move.checks)
			use(&run->rs[i], run->named[i].move.addr);
}

/* ---- answers ---- */

/* Whether it was told already by what happened to the address. */
static bool follow_address(struct rs_run *rs, const struct addr *wanted)
{
	const struct pool_member *m = member_of(rs);
	struct rs_move *move = &rs->named->move;
	const bool is_moving = !addr_is_unset(&move->addr);

	if (addr_is_unset(wanted)) {
		cancel_move(rs);
		if (m->is_absent)
			return false;
		leave(rs);
		return true;
	}
	if (!m->is_absent && addr_cmp(&m->dest.key.addr, wanted) == 0) {
		cancel_move(rs);
		if (is_moving)
			tell(rs, ADDRESS_KEPT);
		return is_moving;
	}
	if (addr_cmp(&move->addr, wanted) == 0)
		return false;
	begin_move(rs, wanted);
	return true;
}

/* The address it has or is about to have, whichever the name still lists. */
static struct addr held_by(const struct rs_run *rs, const struct name_list *list)
{
	const struct pool_member *m = member_of(rs);

	if (!m->is_absent && (list->n == 0 || name_list_has(list, &m->dest.key.addr)))
		return m->dest.key.addr;
	return rs->named->move.addr;
}

static void on_answer(struct name_sub *sub, void *arg)
{
	struct name_run *run = arg;
	const struct name_answer *answer = name_answer(sub);
	struct addr wanted[RS_SERVERS_MAX];
	bool taken[NAME_ADDRESSES_MAX], is_some_taken = false;

	for (uint32_t i = 0; i < run->n; i++)
		wanted[i] = held_by(&run->rs[i], &answer->list);
	for (uint32_t i = 0; i < answer->list.n; i++) {
		taken[i] = is_taken(run, &answer->list.v[i]);
		is_some_taken |= taken[i];
	}
	name_assign(wanted, run->n, &answer->list, taken);
	for (uint32_t i = 0; i < run->n; i++) {
		const enum probe_reason before = run->named[i].reason;

		run->named[i].reason = answer->reason;
		if (answer->reason == REASON_OK && addr_is_unset(&wanted[i]))
			run->named[i].reason =
				is_some_taken ? REASON_NAME_TAKEN : REASON_NAME_UNUSED;
		if (!follow_address(&run->rs[i], &wanted[i]) && run->named[i].reason != before)
			tell(&run->rs[i], ADDRESS_REASON);
	}
}

/* ---- life ---- */

void name_run_build(struct name_run *run, struct rs_run *rs, uint32_t n)
{
	run->pool = rs->pool;
	run->rs = rs;
	run->n = n;
	run->named = xcalloc(n, sizeof(*run->named));
	for (uint32_t i = 0; i < n; i++) {
		struct rs_named *named = &run->named[i];

		rs[i].named = named;
		named->run = run;
		named->reason = REASON_NAME_PENDING;
		if (i > 0) {
			const size_t size = rs_server_name(rs->conf, i, NULL, 0) + 1;

			named->name = xcalloc(size, 1);
			rs_server_name(rs->conf, i, named->name, size);
			rs[i].name = named->name;
		}
	}
}

void name_run_start(struct name_run *run)
{
	const struct name_params params = name_params(run->pool->conf, run->rs->conf);

	run->sub.on_change = on_answer;
	run->sub.arg = run;
	names_subscribe(run->pool->pools->env.names, &run->sub, run->rs->conf->endpoint.host,
			&params);
}

void name_run_done(struct name_run *run)
{
	names_unsubscribe(&run->sub);
	for (uint32_t i = 0; i < run->n; i++) {
		checks_free(run->named[i].move.checks, run->rs[i].n_checks);
		free(run->named[i].name);
	}
	free(run->named);
}

/* ---- over generations ---- */

static void adopt(struct rs_run *rs, const struct addr *addr)
{
	const struct vs_conf *vs = rs->pool->conf;
	struct pool_member *m = member_of(rs);

	if (addr_is_unset(addr) || !rs_may_have_family(vs, rs->conf, addr->family) ||
	    is_taken(rs->named->run, addr))
		return;
	m->dest.key.addr = *addr;
	m->is_absent = false;
}

void rs_adopt_address(struct rs_run *rs, const struct rs_run *old)
{
	const struct pool_member *m = member_of(old);
	const struct addr none = { 0 };

	adopt(rs, m->is_absent ? &none : &m->dest.key.addr);
	rs->named->reason = old->named->reason;
	memcpy(rs->named->drained, old->named->drained, sizeof(rs->named->drained));
	rs->named->n_drained = old->named->n_drained;
}

void rs_adopt_saved_address(struct rs_run *rs, const struct msg_rs_state *saved)
{
	const time_us since =
		time_add((time_us){ saved->drained_until_us }, -name_drain_us(rs->conf));
	char text[RS_DRAINED_MAX * ADDR_STR_MAX], *rest = NULL;
	struct addr addr;

	if (addr_parse(saved->address, &addr))
		adopt(rs, &addr);
	if (strlen(saved->drained) >= sizeof(text))
		return;
	strcpy(text, saved->drained);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (addr_parse(word, &addr))
			add_drained(rs->named, &addr, since);
}
