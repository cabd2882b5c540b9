# Golden cases of the configuration.
check_PROGRAMS += test/conf/run_golden
TESTS += test/conf/run_golden
test_conf_run_golden_SOURCES = test/conf/run_golden.c
test_conf_run_golden_LDADD = libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)
EXTRA_DIST += test/conf
