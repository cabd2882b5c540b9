/*
 * Reconciliation against a kernel made of a set: start, edge, drift, failures, retirement, stop.
 * Time is fake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/reconcile.h"
#include "lib/log.h"
#include "test/unit/ipvs_fake.h"

/* ---- a kernel that outlives the reconciler ---- */

static struct ipvs_fake *kernel;
static void (*kernel_free)(struct ipvs_backend *backend);
static bool is_available;
static time_us now;

static void keep(struct ipvs_backend *backend)
{
	(void)backend;
}

static struct ipvs_backend *fake_open(void)
{
	errno = ENOENT;
	return is_available ? &kernel->backend : NULL;
}

static time_us fake_now(void *arg)
{
	(void)arg;
	return now;
}

static const struct clock fake_clock = { fake_now, NULL };

/* ---- services ---- */

static struct ipvs_svc_key key_of(const char *vip)
{
	struct ipvs_svc_key key = { .family = AF_INET, .protocol = IPPROTO_TCP, .port = 80 };

	assert_true(addr_parse(vip, &key.addr));
	return key;
}

static struct ipvs_dest dest_of(const char *rip, int32_t weight)
{
	struct ipvs_dest dest = { .key.port = 80, .fwd = IPVS_FWD_DROUTE, .weight = weight };

	assert_true(addr_parse(rip, &dest.key.addr));
	return dest;
}

/* A service with up to two destinations (weight < 0: absent), as a set of one. */
static struct ipvs_set svc_of(const char *vip, int32_t weight1, int32_t weight2)
{
	struct ipvs_svc_key key = key_of(vip);
	struct ipvs_dest dest;
	struct ipvs_set set;
	struct ipvs_svc svc = { 0 };

	svc_init(&svc, &key);
	ipvs_set_init(&set);
	ipvs_set_add(&set, &svc);
	dest = dest_of("10.0.0.1", weight1);
	if (weight1 >= 0)
		svc_add_dest(&set.svcs[0], &dest);
	dest = dest_of("10.0.0.2", weight2);
	if (weight2 >= 0)
		svc_add_dest(&set.svcs[0], &dest);
	return set;
}

static void want(struct reconcile *r, const char *vip, int32_t weight1, int32_t weight2)
{
	struct ipvs_set set = svc_of(vip, weight1, weight2);

	reconcile_want(r, set.svcs);
	ipvs_set_done(&set);
}

static void foreign(const char *vip)
{
	struct ipvs_svc_key key = key_of(vip);
	struct ipvs_svc svc = { 0 };

	svc_init(&svc, &key);
	ipvs_set_add(&kernel->set, &svc);
}

static const struct ipvs_svc *in_kernel(const char *vip)
{
	struct ipvs_svc_key key = key_of(vip);

	return ipvs_set_find(&kernel->set, &key);
}

static int32_t weight_in_kernel(const char *vip, const char *rip)
{
	const struct ipvs_svc *svc = in_kernel(vip);
	struct ipvs_dest dest = dest_of(rip, 0);
	const struct ipvs_dest *found = svc ? svc_find_dest(svc, &dest.key) : NULL;

	return found ? found->weight : -1;
}

struct rig {
	struct loop *loop;
	struct reconcile *r;
};

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	log_open("test", 0, 0, LOG_LEVEL_ERROR);
	kernel = ipvs_fake_new();
	kernel_free = kernel->backend.free;
	kernel->backend.free = keep;
	is_available = true;
	now = (time_us){ 1000 * US_PER_S };
	rig->loop = loop_new(&fake_clock);
	rig->r = reconcile_new(rig->loop, fake_open);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	reconcile_free(rig->r);
	loop_free(rig->loop);
	kernel_free(&kernel->backend);
	free(rig);
	return 0;
}

/* Lets `us` of fake time pass. */
static void pass(struct rig *rig, int64_t us)
{
	now = time_add(now, us);
	loop_run_once(rig->loop, 0);
}

/* ---- tests ---- */

static void start_builds_and_keeps_foreign_services(void **state)
{
	struct rig *rig = *state;

	foreign("10.9.9.9");
	want(rig->r, "10.1.0.1", 1, 2);
	assert_true(reconcile_all(rig->r));
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.2"), 2);
	assert_non_null(in_kernel("10.9.9.9"));
}

static void start_over_a_right_table_touches_nothing(void **state)
{
	struct rig *rig = *state;

	want(rig->r, "10.1.0.1", 1, 2);
	reconcile_all(rig->r);
	kernel->n_ops = 0;
	reconcile_free(rig->r);
	rig->r = reconcile_new(rig->loop, fake_open); /* the successor of a process that died */
	want(rig->r, "10.1.0.1", 1, 2);
	reconcile_all(rig->r);
	assert_int_equal(kernel->n_ops, 0);
}

static void an_edge_is_one_operation_without_a_dump(void **state)
{
	struct rig *rig = *state;
	struct ipvs_set svcs = svc_of("10.1.0.1", -1, -1);

	want(rig->r, "10.1.0.1", 1, 1);
	want(rig->r, "10.1.0.2", 1, 1);
	reconcile_all(rig->r);
	kernel->n_ops = kernel->n_dumps = 0;
	want(rig->r, "10.1.0.1", 1, -1);
	reconcile_edge(rig->r, &svcs);
	ipvs_set_done(&svcs);
	assert_int_equal(kernel->n_ops, 1);
	assert_int_equal(kernel->n_dumps, 0);
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.2"), -1);
}

/* A pool of two addresses, declared in any order as at a reload. */
static void an_edge_of_a_group_changes_all_its_services(void **state)
{
	struct rig *rig = *state;
	struct ipvs_set svcs = svc_of("10.1.0.1", -1, -1), other = svc_of("10.1.0.3", -1, -1);

	ipvs_set_add(&svcs, other.svcs);
	reconcile_begin(rig->r);
	want(rig->r, "10.1.0.3", 1, 1);
	want(rig->r, "10.1.0.1", 1, 1);
	want(rig->r, "10.1.0.2", 1, 1);
	reconcile_all(rig->r);
	kernel->n_ops = kernel->n_dumps = 0;
	want(rig->r, "10.1.0.1", 0, 1);
	want(rig->r, "10.1.0.3", 0, 1);
	reconcile_edge(rig->r, &svcs);
	assert_int_equal(kernel->n_ops, 2);
	assert_int_equal(kernel->n_dumps, 0);
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.1"), 0);
	assert_int_equal(weight_in_kernel("10.1.0.2", "10.0.0.1"), 1);
	assert_int_equal(weight_in_kernel("10.1.0.3", "10.0.0.1"), 0);
	ipvs_set_done(&svcs);
	ipvs_set_done(&other);
}

static void an_edge_over_a_changed_table_heals(void **state)
{
	struct rig *rig = *state;
	struct ipvs_svc_key key = key_of("10.1.0.1");
	struct ipvs_set svcs = svc_of("10.1.0.1", -1, -1);

	want(rig->r, "10.1.0.1", 1, 1);
	reconcile_all(rig->r);
	ipvs_set_del(&kernel->set, &key); /* behind our back */
	want(rig->r, "10.1.0.1", 1, 0);
	reconcile_edge(rig->r, &svcs);
	ipvs_set_done(&svcs);
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.1"), 1);
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.2"), 0);
}

static void the_audit_repairs_drift(void **state)
{
	struct rig *rig = *state;
	struct ipvs_svc_key key = key_of("10.1.0.1");

	foreign("10.9.9.9");
	want(rig->r, "10.1.0.1", 1, 1);
	reconcile_all(rig->r);
	ipvs_set_del(&kernel->set, &key);
	assert_null(in_kernel("10.1.0.1"));
	pass(rig, US_PER_S);
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.1"), 1);
	assert_non_null(in_kernel("10.9.9.9"));
}

static void a_failure_is_tried_again(void **state)
{
	struct rig *rig = *state;

	kernel->fail_at = 1;
	kernel->fail_error = -ENOMEM;
	want(rig->r, "10.1.0.1", 1, 1);
	assert_false(reconcile_all(rig->r));
	pass(rig, 100 * US_PER_MS);
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.2"), 1);
}

static void without_ipvs_it_keeps_trying(void **state)
{
	struct rig *rig = *state;

	is_available = false;
	want(rig->r, "10.1.0.1", 1, 1);
	assert_false(reconcile_all(rig->r));
	is_available = true;
	pass(rig, 200 * US_PER_MS);
	assert_int_equal(weight_in_kernel("10.1.0.1", "10.0.0.1"), 1);
}

static void what_is_no_longer_wanted_goes(void **state)
{
	struct rig *rig = *state;

	foreign("10.9.9.9");
	want(rig->r, "10.1.0.1", 1, 1);
	want(rig->r, "10.1.0.2", 1, 1);
	reconcile_all(rig->r);
	reconcile_begin(rig->r);
	want(rig->r, "10.1.0.2", 1, 1);
	kernel->n_ops = 0;
	reconcile_all(rig->r);
	assert_null(in_kernel("10.1.0.1"));
	assert_non_null(in_kernel("10.1.0.2"));
	assert_non_null(in_kernel("10.9.9.9"));
	assert_in_range(kernel->n_ops, 1, 3);
	/* Somebody else may use the address now. */
	foreign("10.1.0.1");
	pass(rig, US_PER_S);
	assert_non_null(in_kernel("10.1.0.1"));
}

/* A way of probes to 10.0.0.1, as a service of `mark`. */
static struct ipvs_svc path_of(uint32_t mark)
{
	const struct ipvs_svc_key key = { .family = AF_INET, .fwmark = mark };
	struct ipvs_svc svc;

	svc_init(&svc, &key);
	svc.is_check_path = true;
	return svc;
}

/* Also those of a predecessor, whatever their marks; a mark of somebody else stays. */
static void ways_of_probes_do_not_outlive_their_checks(void **state)
{
	time_us before, after;
	struct rig *rig = *state;
	struct ipvs_svc left = path_of(5), path = path_of(6), hand = path_of(7);
	struct ipvs_dest dest = dest_of("10.0.0.1", 1);

	hand.is_check_path = false;
	svc_add_dest(ipvs_set_add(&kernel->set, &left), &dest);
	ipvs_set_add(&kernel->set, &hand);
	assert_false(reconcile_has(rig->r, &path));
	path.dests = &dest;
	path.n_dests = 1;
	reconcile_want(rig->r, &path);
	want(rig->r, "10.1.0.1", 1, 2);
	assert_true(reconcile_all(rig->r));
	assert_null(ipvs_set_find(&kernel->set, &left.key));
	assert_non_null(ipvs_set_find(&kernel->set, &hand.key));
	assert_true(reconcile_has(rig->r, &path));
	dest.fwd = IPVS_FWD_TUNNEL;
	assert_false(reconcile_has(rig->r, &path));
	dest.fwd = IPVS_FWD_DROUTE;
	ipvs_set_del(&kernel->set, &path.key);
	assert_true(reconcile_has(rig->r, &path)); /* as far as is known */
	before = loop_now(rig->loop);
	assert_false(reconcile_sees(rig->r, &path, before));
	pass(rig, 1100 * US_PER_MS);
	after = time_add(loop_now(rig->loop), 1);
	assert_true(reconcile_sees(rig->r, &path, after));   /* the audit was there */
	assert_false(reconcile_sees(rig->r, &path, before)); /* and had to */
	reconcile_drop_paths(rig->r);
	assert_null(ipvs_set_find(&kernel->set, &path.key));
	assert_non_null(in_kernel("10.1.0.1"));
	assert_non_null(ipvs_set_find(&kernel->set, &hand.key));
}

static void backup_daemon(void **state)
{
	struct rig *rig = *state;

	assert_false(reconcile_runs_backup(rig->r));
	kernel->sync[IPVS_SYNC_MASTER - 1].role = IPVS_SYNC_MASTER;
	assert_false(reconcile_runs_backup(rig->r));
	kernel->sync[IPVS_SYNC_BACKUP - 1].role = IPVS_SYNC_BACKUP;
	assert_true(reconcile_runs_backup(rig->r));
}

static void remove_takes_ours_or_all(void **state)
{
	struct rig *rig = *state;

	foreign("10.9.9.9");
	want(rig->r, "10.1.0.1", 1, 1);
	reconcile_all(rig->r);
	reconcile_remove(rig->r, false);
	assert_null(in_kernel("10.1.0.1"));
	assert_non_null(in_kernel("10.9.9.9"));
	reconcile_remove(rig->r, true);
	assert_null(in_kernel("10.9.9.9"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(start_builds_and_keeps_foreign_services),
		TEST(start_over_a_right_table_touches_nothing),
		TEST(an_edge_is_one_operation_without_a_dump),
		TEST(an_edge_of_a_group_changes_all_its_services),
		TEST(an_edge_over_a_changed_table_heals),
		TEST(the_audit_repairs_drift),
		TEST(a_failure_is_tried_again),
		TEST(without_ipvs_it_keeps_trying),
		TEST(what_is_no_longer_wanted_goes),
		TEST(ways_of_probes_do_not_outlive_their_checks),
		TEST(backup_daemon),
		TEST(remove_takes_ours_or_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
