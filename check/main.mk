# The checker child: pools, reconciliation, reports.
libcheck_a_SOURCES += \
	check/check_main.c check/check_report.c check/check_report.h check/pool.c check/pool.h check/pool_build.c \
	check/pool_rs.c check/pool_passive.c check/passive.c check/passive.h check/pool_private.h check/ramp.c check/ramp.h \
	check/pool_build.h check/reconcile.c check/reconcile.h check/lvs_globals.c check/lvs_globals.h check/suspend.c check/suspend.h \
	check/path_host.c check/path_host.h check/check_stats.c check/check_stats.h

if HAVE_CMOCKA
check_PROGRAMS += test/unit/test_reconcile test/unit/test_pool test/unit/test_lvs_globals
TESTS += test/unit/test_reconcile test/unit/test_pool test/unit/test_lvs_globals
endif
test_unit_test_reconcile_SOURCES = test/unit/test_reconcile.c test/unit/ipvs_fake.c test/unit/ipvs_fake.h \
	check/reconcile.c
test_unit_test_reconcile_LDADD = liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_pool_SOURCES = test/unit/test_pool.c check/pool.c check/follow.c check/reason.c check/pool_rs.c check/pool_passive.c check/passive.c check/ramp.c check/pool_build.c check/health.c check/vs_keys.c check/path.c
test_unit_test_pool_LDADD = liblvs.a libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_lvs_globals_SOURCES = test/unit/test_lvs_globals.c test/unit/ipvs_fake.c test/unit/ipvs_fake.h \
	check/lvs_globals.c
test_unit_test_lvs_globals_LDADD = libconf.a liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)
