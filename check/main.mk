# The checker child: pools, reconciliation, reports.
libcheck_a_SOURCES += \
	check/check_main.c check/check_report.c check/check_report.h check/pool.c check/pool.h check/pool_build.c \
	check/pool_rs.c check/pool_passive.c check/passive.c check/passive.h check/pool_private.h check/ramp.c check/ramp.h \
	check/pool_build.h check/reconcile.c check/reconcile.h check/lvs_globals.c check/lvs_globals.h check/suspend.c check/suspend.h \
	check/path_host.c check/path_host.h check/check_stats.c check/check_stats.h \
	check/pool_check.c check/pool_name.c check/name_report.c check/names.c check/names.h check/lookup.c check/lookup.h \
	check/name_pick.c check/name_pick.h

if HAVE_CMOCKA
MAIN_TESTS = test/unit/test_reconcile test/unit/test_pool test/unit/test_pool_name test/unit/test_names test/unit/test_lvs_globals
check_PROGRAMS += $(MAIN_TESTS)
TESTS += $(MAIN_TESTS)
endif
test_unit_test_reconcile_SOURCES = test/unit/test_reconcile.c test/unit/ipvs_fake.c test/unit/ipvs_fake.h \
	check/reconcile.c
test_unit_test_reconcile_LDADD = liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)
POOL_FIXTURE = test/unit/pool_fixture.c test/unit/pool_fixture.h check/pool.c check/pool_check.c check/pool_name.c \
	check/name_pick.c check/follow.c check/reason.c check/pool_rs.c check/pool_passive.c check/passive.c check/ramp.c \
	check/pool_build.c check/health.c check/vs_keys.c check/path.c
test_unit_test_pool_SOURCES = test/unit/test_pool.c $(POOL_FIXTURE)
test_unit_test_pool_LDADD = liblvs.a libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_pool_name_SOURCES = test/unit/test_pool_name.c $(POOL_FIXTURE)
test_unit_test_pool_name_LDADD = liblvs.a libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_lvs_globals_SOURCES = test/unit/test_lvs_globals.c test/unit/ipvs_fake.c test/unit/ipvs_fake.h \
	check/lvs_globals.c
test_unit_test_lvs_globals_LDADD = libconf.a liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)
# Its questions are answered by the test.
test_unit_test_names_SOURCES = test/unit/test_names.c check/names.c check/name_pick.c check/vs_keys.c
test_unit_test_names_LDADD = liblvs.a libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
