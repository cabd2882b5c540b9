# lvs: the model of IPVS, its difference, the kernel backend, lvsadm.
noinst_LIBRARIES += liblvs.a
liblvs_a_SOURCES = \
	lvs/ipvs.c lvs/ipvs.h lvs/ipvs_ops.c lvs/ipvs_diff.c lvs/ipvs_diff.h \
	lvs/ipvs_nl.c lvs/ipvs_nl.h lvs/ipvs_nl_msg.c lvs/ipvs_nl_msg.h

if HAVE_CMOCKA
LVS_TESTS = test/unit/test_ipvs test/unit/test_ipvs_diff
check_PROGRAMS += $(LVS_TESTS)
TESTS += $(LVS_TESTS)

LVS_TEST_LDADD = liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_ipvs_SOURCES = test/unit/test_ipvs.c
test_unit_test_ipvs_LDADD = $(LVS_TEST_LDADD)
test_unit_test_ipvs_diff_SOURCES = test/unit/test_ipvs_diff.c test/unit/ipvs_fake.c test/unit/ipvs_fake.h
test_unit_test_ipvs_diff_LDADD = $(LVS_TEST_LDADD)
endif
