# Unit tests of lib.
if HAVE_CMOCKA
LIB_TESTS = test/unit/test_addr test/unit/test_buf test/unit/test_loop test/unit/test_loop_urgent test/unit/test_ipc \
	test/unit/test_log test/unit/test_proc test/unit/test_role test/unit/test_sysctl test/unit/test_control_client
check_PROGRAMS += $(LIB_TESTS)
TESTS += $(LIB_TESTS)

LIB_TEST_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_addr_SOURCES = test/unit/test_addr.c test/unit/lib_util.h
test_unit_test_addr_LDADD = $(LIB_TEST_LDADD)
test_unit_test_buf_SOURCES = test/unit/test_buf.c test/unit/lib_util.h
test_unit_test_buf_LDADD = $(LIB_TEST_LDADD)
test_unit_test_loop_urgent_SOURCES = test/unit/test_loop_urgent.c test/unit/lib_util.h
test_unit_test_loop_urgent_LDADD = $(LIB_TEST_LDADD)
test_unit_test_loop_SOURCES = test/unit/test_loop.c test/unit/lib_util.h
test_unit_test_loop_LDADD = $(LIB_TEST_LDADD)
test_unit_test_ipc_SOURCES = test/unit/test_ipc.c test/unit/lib_util.h
test_unit_test_ipc_LDADD = $(LIB_TEST_LDADD)
test_unit_test_log_SOURCES = test/unit/test_log.c test/unit/lib_util.h
test_unit_test_log_LDADD = $(LIB_TEST_LDADD)
test_unit_test_proc_SOURCES = test/unit/test_proc.c test/unit/lib_util.h
test_unit_test_proc_LDADD = $(LIB_TEST_LDADD)
test_unit_test_role_SOURCES = test/unit/test_role.c test/unit/lib_util.h
test_unit_test_role_LDADD = $(LIB_TEST_LDADD)
test_unit_test_sysctl_SOURCES = test/unit/test_sysctl.c test/unit/lib_util.h
test_unit_test_sysctl_LDADD = $(LIB_TEST_LDADD)
test_unit_test_control_client_SOURCES = test/unit/test_control_client.c
test_unit_test_control_client_LDADD = $(LIB_TEST_LDADD)
endif
