# Golden cases of the configuration.
check_PROGRAMS += test/conf/run_golden
TESTS += test/conf/run_golden
test_conf_run_golden_SOURCES = test/conf/run_golden.c test/conf/json_schema.c test/conf/json_schema.h
test_conf_run_golden_LDADD = libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)
EXTRA_DIST += test/conf
check_PROGRAMS += test/conf/run_keywords
TESTS += test/conf/run_keywords
test_conf_run_keywords_SOURCES = test/conf/run_keywords.c
test_conf_run_keywords_LDADD = libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)

# Files that mean harm.
TESTS += test/conf/hostile.sh
