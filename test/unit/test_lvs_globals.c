/*
 * Sync daemons and time-outs against a kernel made of values: roles follow the instance, what
 * others stop is started again, a successor adopts what runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/lvs_globals.h"
#include "test/unit/ipvs_fake.h"

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

struct rig {
	struct loop *loop;
	struct lvs_globals *g;
	struct global_conf conf;
	unsigned n_told;
	char roles[32];
	int64_t since_us;
	uint8_t id;
};

static void on_sync(const struct msg_sync_state *state, void *arg)
{
	struct rig *rig = arg;

	rig->n_told++;
	snprintf(rig->roles, sizeof(rig->roles), "%s", state->roles);
	rig->since_us = state->backup_since_us;
	rig->id = state->id;
}

static void open_globals(struct rig *rig)
{
	rig->g = lvs_globals_new(&(struct lvs_globals_env){
		.loop = rig->loop, .open = fake_open, .on_sync = on_sync, .arg = rig });
}

static int set_up(void **state)
{
	struct rig *rig = calloc(1, sizeof(*rig));

	now = (time_us){ 1000 * US_PER_S };
	kernel = ipvs_fake_new();
	kernel_free = kernel->backend.free;
	kernel->backend.free = keep;
	is_available = true;
	rig->loop = loop_new(&fake_clock);
	open_globals(rig);
	rig->conf.lvs_sync_daemon.interface = "eth1";
	rig->conf.lvs_sync_daemon.inst = "VI_1";
	*state = rig;
	return 0;
}

static int tear_down(void **state)
{
	struct rig *rig = *state;

	lvs_globals_free(rig->g);
	loop_free(rig->loop);
	kernel_free(&kernel->backend);
	free(rig);
	return 0;
}

static void follow(struct rig *rig, const char *vrrp_state)
{
	lvs_globals_follow(rig->g, &(struct msg_vrrp_role){ "VI_1", vrrp_state, 51 });
}

static bool runs(enum ipvs_sync_role role)
{
	return kernel->sync[role - 1].role == role;
}

static void pass_time(struct rig *rig, int64_t us)
{
	now = time_add(now, us);
	loop_run_once(rig->loop, 0);
}

static void roles_follow_the_instance(void **state)
{
	struct rig *rig = *state;

	lvs_globals_apply(rig->g, &rig->conf);
	assert_false(runs(IPVS_SYNC_MASTER) || runs(IPVS_SYNC_BACKUP)); /* not known yet */
	follow(rig, "BACKUP");
	assert_true(runs(IPVS_SYNC_BACKUP) && !runs(IPVS_SYNC_MASTER));
	assert_int_equal(kernel->sync[IPVS_SYNC_BACKUP - 1].id, 51);
	assert_string_equal(rig->roles, "backup");
	assert_int_equal(rig->since_us, now.us);
	pass_time(rig, US_PER_S);
	follow(rig, "MASTER");
	assert_true(runs(IPVS_SYNC_MASTER) && !runs(IPVS_SYNC_BACKUP));
	assert_string_equal(rig->roles, "master");
	assert_int_equal(rig->since_us, 0);
	follow(rig, "FAULT");
	assert_true(runs(IPVS_SYNC_BACKUP) && !runs(IPVS_SYNC_MASTER));
	assert_int_equal(rig->since_us, now.us);
	lvs_globals_stop(rig->g);
	assert_false(runs(IPVS_SYNC_MASTER) || runs(IPVS_SYNC_BACKUP));
}

static void others_are_not_followed(void **state)
{
	struct rig *rig = *state;

	lvs_globals_apply(rig->g, &rig->conf);
	lvs_globals_follow(rig->g, &(struct msg_vrrp_role){ "VI_2", "MASTER", 52 });
	assert_false(runs(IPVS_SYNC_MASTER) || runs(IPVS_SYNC_BACKUP));
}

static void without_instance_both_run(void **state)
{
	struct rig *rig = *state;

	rig->conf.lvs_sync_daemon.inst = NULL;
	rig->conf.lvs_sync_daemon.id = 9;
	lvs_globals_apply(rig->g, &rig->conf);
	assert_true(runs(IPVS_SYNC_MASTER) && runs(IPVS_SYNC_BACKUP));
	assert_int_equal(kernel->sync[0].id, 9);
	rig->conf.lvs_sync_daemon.interface = "eth2"; /* a reload with another interface */
	lvs_globals_apply(rig->g, &rig->conf);
	assert_string_equal(kernel->sync[0].ifname, "eth2");
	assert_string_equal(kernel->sync[1].ifname, "eth2");
	rig->conf.lvs_sync_daemon.interface = NULL; /* and one without */
	lvs_globals_apply(rig->g, &rig->conf);
	assert_false(runs(IPVS_SYNC_MASTER) || runs(IPVS_SYNC_BACKUP));
}

static void what_others_stop_is_started_again(void **state)
{
	struct rig *rig = *state;

	lvs_globals_apply(rig->g, &rig->conf);
	follow(rig, "BACKUP");
	kernel->sync[IPVS_SYNC_BACKUP - 1].role = 0;
	pass_time(rig, 11 * US_PER_S);
	assert_true(runs(IPVS_SYNC_BACKUP));
	assert_int_equal(rig->since_us, now.us); /* cold again */
}

static void a_successor_adopts_and_remembers(void **state)
{
	struct rig *rig = *state;

	lvs_globals_apply(rig->g, &rig->conf);
	follow(rig, "BACKUP");
	lvs_globals_free(rig->g); /* dies; the daemon goes on */
	assert_true(runs(IPVS_SYNC_BACKUP));
	open_globals(rig);
	lvs_globals_adopt(rig->g, &(struct msg_sync_state){ .instance = "VI_1",
							    .roles = "backup",
							    .interface = "eth1",
							    .id = 51,
							    .backup_since_us = 123 });
	pass_time(rig, US_PER_S);
	lvs_globals_apply(rig->g, &rig->conf);
	follow(rig, "BACKUP");
	assert_true(runs(IPVS_SYNC_BACKUP));
	assert_int_equal(rig->since_us, 123);
}

static void time_outs_wait_for_the_kernel(void **state)
{
	struct rig *rig = *state;

	is_available = false;
	rig->conf.lvs_sync_daemon.interface = NULL;
	rig->conf.lvs_timeouts = (struct lvs_timeouts_conf){ .tcp_s = 900, .udp_s = 30 };
	lvs_globals_apply(rig->g, &rig->conf);
	is_available = true;
	pass_time(rig, 2 * US_PER_S);
	assert_int_equal(kernel->timeouts.tcp_s, 900);
	assert_int_equal(kernel->timeouts.udp_s, 30);
	assert_int_equal(rig->n_told, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(roles_follow_the_instance),        TEST(others_are_not_followed),
		TEST(without_instance_both_run),        TEST(what_others_stop_is_started_again),
		TEST(a_successor_adopts_and_remembers), TEST(time_outs_wait_for_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
