/*
 * Ways of probes: keys and marks, what IPVS must have, and the engine on them. The host is played
 * by the test; nothing needs a mark that only root may set.
 */
#include <string.h>

#include "check/path.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "test/unit/lib_util.h"
#include "test/unit/probe_fixture.h"

static bool is_there;       /* in the kernel, as known */
static bool is_still_there; /* at a fresh look */
static const char *why;
static unsigned n_looks;
static unsigned n_svcs;
static struct ipvs_svc last_svc;
static struct ipvs_dest last_dest;

static void look(const struct path_key *key, struct path_view *view, void *arg)
{
	(void)key;
	(void)arg;
	n_looks++;
	snprintf(view->why, sizeof(view->why), "%s", why);
	assert_true(addr_parse("127.0.0.1", &view->source));
}

static bool is_in_kernel(const struct ipvs_svc *svc, const time_us *since, void *arg)
{
	(void)arg;
	assert_true(svc->is_check_path);
	return since ? is_still_there : is_there;
}

static const struct path_ops ops = { look, is_in_kernel, NULL };

static int set_up(void **state)
{
	(void)state;
	is_there = is_still_there = true;
	why = "";
	n_looks = n_svcs = 0;
	return 0;
}

static struct path_key key_of(const char *vip, const char *server, uint8_t fwd)
{
	struct path_key key = { .dest.fwd = fwd, .dest.key.port = 80, .dest.weight = 3 };

	assert_true(addr_parse(vip, &key.vip));
	assert_true(addr_parse(server, &key.dest.key.addr));
	return key;
}

static struct path *get(struct paths *paths, const char *vip, const char *server, uint8_t fwd)
{
	const struct path_key key = key_of(vip, server, fwd);

	return path_get(paths, &key);
}

static void count_svc(const struct ipvs_svc *svc, void *arg)
{
	(void)arg;
	n_svcs++;
	last_svc = *svc;
	last_dest = svc->dests[0];
}

/* Services that have a server and an address in common share a way, whatever the port and weight.
 */
static void test_keys(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct paths *paths = paths_new(loop, &ops);
	struct path *a = get(paths, "10.1.0.1", "10.0.0.1", IPVS_FWD_DROUTE), *b;
	struct path_key key = key_of("10.1.0.1", "10.0.0.1", IPVS_FWD_DROUTE);

	(void)state;
	key.dest.key.port = 443;
	key.dest.weight = 7;
	key.dest.tun_type = IPVS_TUN_GRE; /* means nothing to DR */
	b = path_get(paths, &key);
	assert_ptr_equal(a, b);
	assert_ptr_not_equal(a, get(paths, "10.1.0.2", "10.0.0.1", IPVS_FWD_DROUTE));
	assert_ptr_not_equal(a, get(paths, "10.1.0.1", "10.0.0.2", IPVS_FWD_DROUTE));
	b = get(paths, "10.1.0.1", "10.0.0.1", IPVS_FWD_TUNNEL);
	assert_ptr_not_equal(a, b);
	key.dest.fwd = IPVS_FWD_TUNNEL;
	assert_ptr_not_equal(b, path_get(paths, &key));
	paths_each_svc(paths, count_svc, NULL);
	assert_int_equal(n_svcs, 5);
	paths_free(paths);
	loop_free(loop);
}

/* A way keeps its mark while it has users; the lowest free one comes next. */
static void test_marks(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct paths *paths = paths_new(loop, &ops);
	struct path *a, *b, *c;

	(void)state;
	paths_set_first_mark(paths, 100);
	assert_true(paths_is_empty(paths));
	a = get(paths, "10.1.0.1", "10.0.0.1", IPVS_FWD_DROUTE);
	b = get(paths, "10.1.0.1", "10.0.0.2", IPVS_FWD_DROUTE);
	assert_int_equal(path_mark(a), 100);
	assert_int_equal(path_mark(b), 101);
	get(paths, "10.1.0.1", "10.0.0.1", IPVS_FWD_DROUTE); /* a second user */
	path_put(a);
	c = get(paths, "10.1.0.1", "10.0.0.3", IPVS_FWD_DROUTE);
	assert_int_equal(path_mark(c), 102);
	path_put(a);
	path_put(c);
	c = get(paths, "10.1.0.1", "10.0.0.3", IPVS_FWD_DROUTE);
	assert_int_equal(path_mark(c), 100);
	paths_set_first_mark(paths, 5000);
	assert_int_equal(path_mark(b), 5001);
	path_put(b);
	path_put(c);
	path_put(NULL);
	assert_true(paths_is_empty(paths));
	paths_free(paths);
	loop_free(loop);
}

/* A mark that somebody else uses is not taken over, and free again when they are gone. */
static void test_foreign_marks(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct paths *paths = paths_new(loop, &ops);
	struct ipvs_set table;
	struct ipvs_svc svc;
	struct path *a, *b, *c;

	(void)state;
	paths_set_first_mark(paths, 100);
	a = get(paths, "10.1.0.1", "10.0.0.1", IPVS_FWD_DROUTE);
	b = get(paths, "10.1.0.1", "10.0.0.2", IPVS_FWD_DROUTE);
	ipvs_set_init(&table);
	for (uint32_t mark = 99; mark < 103; mark++) {
		const struct ipvs_svc_key key = { .family = AF_INET, .fwmark = mark };

		svc_init(&svc, &key);
		svc.is_check_path = mark == 101; /* our own */
		ipvs_set_add(&table, &svc);
	}
	paths_shun(paths, &table);
	assert_int_equal(path_mark(a), 103);
	assert_int_equal(path_mark(b), 101);
	c = get(paths, "10.1.0.1", "10.0.0.3", IPVS_FWD_DROUTE);
	assert_int_equal(path_mark(c), 104);
	ipvs_set_done(&table);
	paths_shun(paths, &table);
	assert_int_equal(path_mark(a), 103); /* stays */
	c = get(paths, "10.1.0.1", "10.0.0.4", IPVS_FWD_DROUTE);
	assert_int_equal(path_mark(c), 100);
	paths_free(paths);
	loop_free(loop);
}

static void test_all_marks(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct paths *paths = paths_new(loop, &ops);
	struct path_key key = key_of("10.1.0.1", "10.0.0.0", IPVS_FWD_DROUTE);
	struct path *last = NULL;

	(void)state;
	for (uint32_t i = 0; i < CHECK_PATHS_MAX; i++) {
		key.dest.key.addr.bytes[2] = (uint8_t)(i >> 8);
		key.dest.key.addr.bytes[3] = (uint8_t)i;
		last = path_get(paths, &key);
		assert_non_null(last);
	}
	assert_int_equal(path_mark(last), CHECK_PATHS_MAX - 1);
	key.dest.key.addr.bytes[1] = 9;
	assert_null(path_get(paths, &key));
	path_put(last);
	assert_int_equal(path_mark(path_get(paths, &key)), CHECK_PATHS_MAX - 1);
	paths_free(paths);
	loop_free(loop);
}

static void test_service(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct paths *paths = paths_new(loop, &ops);
	struct path_key key = key_of("2001:db8::1", "10.0.0.1", IPVS_FWD_TUNNEL);

	(void)state;
	key.dest.tun_type = IPVS_TUN_GUE;
	key.dest.tun_port = 6080;
	paths_set_first_mark(paths, 77);
	path_get(paths, &key);
	paths_each_svc(paths, count_svc, NULL);
	assert_int_equal(n_svcs, 1);
	assert_int_equal(last_svc.key.fwmark, 77);
	assert_int_equal(last_svc.key.family, AF_INET6); /* of the packets */
	assert_int_equal(last_dest.key.addr.family, AF_INET);
	assert_int_equal(last_dest.key.port, 0); /* that of the packet stays */
	assert_int_equal(last_dest.weight, 1);
	assert_int_equal(last_dest.tun_type, IPVS_TUN_GUE);
	assert_int_equal(last_dest.tun_port, 6080);
	assert_true(last_svc.flags & IPVS_F_ONEPACKET);
	paths_free(paths);
	loop_free(loop);
}

/* The host is asked again only after a while. */
static void test_trouble(void **state)
{
	time_us now = { 1000 * US_PER_S };
	const struct clock clock = { .now = fake_now, .arg = &now };
	struct loop *loop = loop_new(&clock);
	struct paths *paths = paths_new(loop, &ops);
	struct path *path = get(paths, "10.1.0.1", "10.0.0.1", IPVS_FWD_DROUTE);

	(void)state;
	is_there = false;
	assert_non_null(path_trouble(path));
	assert_int_equal(n_looks, 0);
	is_there = true;
	assert_null(path_trouble(path));
	assert_null(path_trouble(path));
	assert_int_equal(n_looks, 1);
	why = "no route to the server";
	now = time_add(now, 3 * US_PER_S);
	assert_int_equal(loop_run_once(loop, 0), 0);
	assert_string_equal(path_trouble(path), why);
	assert_int_equal(n_looks, 2);
	paths_free(paths);
	loop_free(loop);
}

/* ---- the engine ---- */

static struct counter *start_on(struct bench *b, struct path *path)
{
	struct check *check = add_check(b, &check_tcp);
	struct counter *counter = &b->subs[b->n - 1];
	const struct probe_spec spec = {
		.ops = &check_tcp,
		.conf = &check->conf.common,
		.addr = addr_from_bytes((uint8_t[]){ 127, 0, 0, 1 }, 4),
		.port = b->server.port,
		.path = path,
	};

	assert_int_equal(start_sub(b, counter, &spec), 0);
	return counter;
}

/* Probes that differ by their way are different probes. */
static void test_sharing(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct paths *paths = paths_new(b->loop, &ops);
	struct path *one = get(paths, "127.0.0.1", "10.0.0.1", IPVS_FWD_DROUTE);
	struct path *two = get(paths, "127.0.0.1", "10.0.0.2", IPVS_FWD_DROUTE);

	(void)state;
	is_there = false;
	start_on(b, one);
	start_on(b, two);
	start_on(b, NULL);
	assert_int_equal(stats_of(b).probes, 3);
	start_on(b, two);
	start_on(b, NULL);
	assert_int_equal(stats_of(b).probes, 3);
	bench_free(b);
	paths_free(paths);
}

/* Without its way a probe says nothing about the server; with it, it does. */
static void test_verdicts(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct paths *paths = paths_new(b->loop, &ops);
	struct counter *c;

	(void)state;
	is_there = false;
	c = start_on(b, get(paths, "127.0.0.1", "10.0.0.1", IPVS_FWD_DROUTE));
	wait_results(b, c, 2);
	assert_int_equal(c->sub.reason, REASON_PATH);
	assert_true(c->sub.health.is_up && !c->sub.health.is_known);
	assert_int_equal(b->server.n_accepted, 0);
	is_there = true;
	wait_results(b, c, c->n_results + 2);
	assert_int_equal(c->sub.reason, REASON_OK);
	assert_true(c->sub.health.is_known);
	is_there = is_still_there = false;
	wait_results(b, c, c->n_results + 2);
	assert_true(c->sub.health.is_up);
	bench_free(b);
	paths_free(paths);
}

/* A way that goes under a probe: neither a success nor a failure is the server's. */
static void test_lost_way(void **state)
{
	struct bench *b = bench_new(false, HTTP_SILENT);
	struct paths *paths = paths_new(b->loop, &ops);
	struct counter *c;

	(void)state;
	is_still_there = false;
	c = start_on(b, get(paths, "127.0.0.1", "10.0.0.1", IPVS_FWD_DROUTE));
	wait_results(b, c, 2);
	assert_int_equal(c->sub.reason, REASON_PATH);
	assert_false(c->sub.health.is_known);
	is_still_there = true;
	wait_results(b, c, c->n_results + 2);
	is_still_there = false;
	http_server_done(&b->server);
	wait_results(b, c, c->n_results + 2);
	assert_int_equal(c->sub.reason, REASON_PATH);
	assert_true(c->sub.health.is_up);
	is_still_there = true;
	wait_results(b, c, c->n_results + 2);
	assert_int_equal(c->sub.reason, REASON_CONNECT_REFUSED);
	assert_false(c->sub.health.is_up);
	http_server_init(&b->server, b->loop, HTTP_SILENT);
	bench_free(b);
	paths_free(paths);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_keys, set_up),
		cmocka_unit_test_setup(test_marks, set_up),
		cmocka_unit_test_setup(test_foreign_marks, set_up),
		cmocka_unit_test_setup(test_all_marks, set_up),
		cmocka_unit_test_setup(test_service, set_up),
		cmocka_unit_test_setup(test_trouble, set_up),
		cmocka_unit_test_setup(test_sharing, set_up),
		cmocka_unit_test_setup(test_verdicts, set_up),
		cmocka_unit_test_setup(test_lost_way, set_up),
	};

	log_open("test", 0, 0, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
