/*
 * Pools at run time in a test: the probe engine, the reconciler and the name servers are played.
 */
#include <stdlib.h>
#include <string.h>

#include "test/unit/pool_fixture.h"

static struct pool_stage on_stage;

struct pool_stage *stage(void)
{
	return &on_stage;
}

/* ---- the reconciler: remembers what is wanted ---- */

void reconcile_begin(struct reconcile *r)
{
	(void)r;
	ipvs_set_done(&on_stage.wanted);
	ipvs_set_init(&on_stage.wanted);
}

void reconcile_want(struct reconcile *r, const struct ipvs_svc *svc)
{
	const struct ipvs_dest *dest;
	struct ipvs_svc *copy;

	(void)r;
	ipvs_set_del(&on_stage.wanted, &svc->key);
	copy = ipvs_set_add(&on_stage.wanted, svc);
	ipvs_dest_for_each (dest, svc)
		svc_add_dest(copy, dest);
}

void reconcile_edge(struct reconcile *r, const struct ipvs_set *svcs)
{
	(void)r;
	(void)svcs;
	on_stage.edges++;
}

/* ---- the engine: subscribers by address of their server ---- */

int probe_subscribe(struct probe_engine *engine, const struct probe_spec *spec,
		    struct probe_sub *sub, bool is_adopted)
{
	(void)engine;
	assert_non_null(spec->ops);
	if (!is_adopted)
		health_init(&sub->health, &sub->params);
	sub->probe = (struct probe *)sub; /* subscribed */
	on_stage.subscribed++;
	return 0;
}

void probe_hasten(struct probe_sub *sub)
{
	(void)sub;
}

void probe_unsubscribe(struct probe_sub *sub)
{
	on_stage.subscribed -= sub->probe != NULL;
	sub->probe = NULL;
}

struct health_params probe_health_params(const struct checker_conf *conf)
{
	return (struct health_params){ .rise = 1, .fall = conf->retry + 1, .alpha = conf->alpha };
}

const struct conf_list *checker_hosts(const struct checker_conf *checker)
{
	(void)checker;
	return NULL;
}

/* ---- checks through the address of the service, when the configuration says so ---- */

bool checker_goes_through_vip(const struct checker_conf *checker)
{
	return checker->through_vip;
}

bool checker_vip(const struct checker_conf *checker, struct addr *vip)
{
	(void)checker;
	return addr_parse("192.0.2.1", vip);
}

const struct conf_block tcp_check_block = { .name = "TCP_CHECK" };
static const struct checker_ops fake_ops = { .name = "TCP_CHECK", .conf = &tcp_check_block };
const struct checker_ops *const checkers[] = { &fake_ops, NULL };

/* ---- names: one of them, which the test answers for ---- */

static struct name_sub *name_user;

void names_subscribe(struct names *names, struct name_sub *sub, const char *host,
		     const struct name_params *params)
{
	(void)names;
	on_stage.name.host = host;
	on_stage.name.params = *params;
	sub->name = (struct name *)sub;
	name_user = sub;
}

void names_unsubscribe(struct name_sub *sub)
{
	if (name_user == sub)
		name_user = NULL;
	sub->name = NULL;
}

const struct name_answer *name_answer(const struct name_sub *sub)
{
	(void)sub;
	return &on_stage.name;
}

void name_tell_again(struct name_sub *sub)
{
	(void)sub;
}

void name_says(enum probe_reason reason, const char *words)
{
	char text[512], *rest = NULL;
	struct addr addr;

	snprintf(text, sizeof(text), "%s", words);
	if (reason == REASON_OK)
		on_stage.name.list.n = 0;
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (addr_parse(word, &addr))
			name_list_add(&on_stage.name.list, &addr, AF_INET);
	on_stage.name.reason = reason;
	name_user->on_change(name_user, name_user->arg);
}

/* ---- the configuration: one service, two servers with one check each ---- */

/* Of checks, which differ in their port. */
bool conf_obj_is_equal(const struct conf_obj *a, const struct conf_obj *b)
{
	return on_stage.is_same_settings && ((const struct checker_conf *)a)->connect_port ==
						    ((const struct checker_conf *)b)->connect_port;
}

static void on_check(struct check_run *check, enum health_edge edge, bool is_server_change,
		     bool is_advised, void *arg)
{
	(void)check;
	((struct fixture *)arg)->advices += is_advised;
	((struct fixture *)arg)->server_changes += is_server_change;
	((struct fixture *)arg)->checks += edge != HEALTH_SAME;
}

static void on_rs(struct rs_run *rs, void *arg)
{
	(void)rs;
	((struct fixture *)arg)->servers++;
}

static void on_weight(struct rs_run *rs, void *arg)
{
	(void)rs;
	((struct fixture *)arg)->weights++;
}

static void on_address(struct rs_run *rs, enum address_event event, void *arg)
{
	struct fixture *f = arg;

	(void)rs;
	f->events[event]++;
}

static void on_open(struct pool_run *pool, void *arg)
{
	(void)pool;
	((struct fixture *)arg)->opened++;
}

static void on_rs_known(struct rs_run *rs, void *arg)
{
	(void)rs;
	((struct fixture *)arg)->known++;
}

static void on_pool(struct pool_run *pool, enum pool_edge edge, void *arg)
{
	struct fixture *f = arg;

	(void)pool;
	f->gained += edge == POOL_QUORUM_GAINED;
	f->lost += edge == POOL_QUORUM_LOST;
}

static const struct msg_check_state *find_saved(const struct check_run *check, void *arg)
{
	return check->rs->member == 0 ? ((struct fixture *)arg)->saved : NULL;
}

static const struct msg_rs_state *find_saved_rs(const struct rs_run *rs, void *arg)
{
	return rs->member == 0 ? ((struct fixture *)arg)->saved_rs : NULL;
}

static time_us fake_now(void *arg)
{
	return *(time_us *)arg;
}

void attach(struct conf_list *list, struct conf_obj *obj)
{
	struct conf_obj **at = &list->head;

	while (*at)
		at = &(*at)->next;
	*at = obj;
	list->n++;
}

int pool_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->vs.lvs_sched = "rr";
	f->vs.protocol = IPPROTO_TCP;
	f->vs.quorum = 1;
	addr_parse("10.1.0.1", &f->vs.addr.addr);
	f->vs.addr.port = 80;
	f->vs.name = "[10.1.0.1]:tcp:80";
	attach(&f->root.virtual_servers, &f->vs.obj);
	for (int i = 0; i < 2; i++) {
		addr_parse(i ? "10.0.0.2" : "10.0.0.1", &f->rs[i].endpoint.addr);
		f->rs[i].name = i ? "[10.0.0.2]:tcp:80" : "[10.0.0.1]:tcp:80";
		f->rs[i].weight = 3;
		f->check[i].obj.block = &tcp_check_block;
		attach(&f->rs[i].checkers, &f->check[i].obj);
		attach(&f->vs.real_servers, &f->rs[i].obj);
	}
	f->now = (time_us){ 1000 * US_PER_S };
	f->clock = (struct clock){ .now = fake_now, .arg = &f->now };
	f->loop = loop_new(&f->clock);
	f->env = (struct pools_env){
		.loop = f->loop,
		.watch = { on_check, on_rs, on_rs_known, on_weight, on_address, on_pool, on_open,
			   f },
		.find_saved = find_saved,
		.find_saved_rs = find_saved_rs,
	};
	on_stage.is_same_settings = true;
	on_stage.edges = on_stage.subscribed = 0;
	on_stage.name = (struct name_answer){ .reason = REASON_NAME_PENDING };
	ipvs_set_init(&on_stage.wanted);
	*state = f;
	return 0;
}

int pool_tear_down(void **state)
{
	struct fixture *f = *state;

	pools_free(f->pools);
	assert_int_equal(on_stage.subscribed, 0);
	loop_free(f->loop);
	ipvs_set_done(&on_stage.wanted);
	free(f);
	return 0;
}

void pool_load(struct fixture *f)
{
	f->pools = pools_new(&f->env, &f->root, f->pools);
}

static void first_pool(struct pool_run *pool, void *arg)
{
	*(struct pool_run **)arg = pool;
}

struct pool_run *pool_of(struct fixture *f)
{
	struct pool_run *pool = NULL;

	pools_each(f->pools, first_pool, &pool);
	return pool;
}

struct check_run *check_of(struct fixture *f, unsigned server)
{
	return &pool_of(f)->rs[server].checks[0];
}

void result(struct fixture *f, unsigned server, bool is_ok)
{
	check_result(check_of(f, server), is_ok);
}

void check_result(struct check_run *check, bool is_ok)
{
	bool is_retry;
	enum health_edge edge =
		health_step(&check->sub.health, &check->sub.params, is_ok, &is_retry);

	check->sub.reason = is_ok ? REASON_OK : REASON_CONNECT_REFUSED;
	check->sub.on_result(&check->sub, edge, check->sub.arg);
}

int32_t weight(const char *rip)
{
	struct ipvs_dest_key key = { .port = 80 };
	const struct ipvs_dest *dest;

	addr_parse(rip, &key.addr);
	assert_int_equal(on_stage.wanted.n, 1);
	dest = svc_find_dest(&on_stage.wanted.svcs[0], &key);
	return dest ? dest->weight : -1;
}

void pass(struct fixture *f, double s)
{
	f->now = time_add(f->now, (int64_t)(s * US_PER_S));
	assert_int_equal(loop_run_once(f->loop, 0), 0);
}
