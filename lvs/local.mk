# lvs: the model of IPVS, its difference, the kernel backend, lvsadm.
noinst_LIBRARIES += liblvs.a
liblvs_a_SOURCES = \
	lvs/ipvs.c lvs/ipvs.h lvs/ipvs_ops.c lvs/ipvs_diff.c lvs/ipvs_diff.h lvs/ipvs_cause.c \
	lvs/ipvs_apply.c lvs/ipvs_apply.h \
	lvs/ipvs_nl.c lvs/ipvs_nl.h lvs/ipvs_nl_request.h lvs/ipvs_nl_msg.c lvs/ipvs_nl_msg.h \
	lvs/ipvs_global.h lvs/ipvs_nl_global.c lvs/ipvs_conn.c lvs/ipvs_conn.h

LVSADM_SOURCES = \
	lvs/lvsadm.h lvs/lvsadm_json.c lvs/lvsadm_json.h lvs/lvsadm_opt.c lvs/lvsadm_parse.h lvs/lvsadm_print.c lvs/lvsadm_read.c \
	lvs/lvsadm_save.c lvs/lvsadm_screen.c lvs/lvsadm_screen.h lvs/lvsadm_state.c lvs/lvsadm_state.h lvs/lvsadm_take.c lvs/lvsadm_value.c lvs/lvsadm_words.c
sbin_PROGRAMS += lvsadm
# It has no service manager to talk to, and starts in half the time without that library.
lvsadm_SOURCES = \
	lib/sd_none.c lvs/lvsadm_app.h lvs/lvsadm_apply.c lvs/lvsadm_list.c lvs/lvsadm_main.c lvs/lvsadm_run.c \
	lvs/lvsadm_watch.c $(LVSADM_SOURCES)
lvsadm_LDADD = liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS)
dist_man_MANS += doc/lvsadm.8 doc/diarch-realserver.8
dist_sbin_SCRIPTS = lvs/diarch-realserver

if HAVE_CMOCKA
LVS_TESTS = test/unit/test_ipvs test/unit/test_ipvs_diff test/unit/test_ipvs_apply test/unit/test_lvsadm
check_PROGRAMS += $(LVS_TESTS)
TESTS += $(LVS_TESTS)

LVS_TEST_LDADD = liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_ipvs_SOURCES = test/unit/test_ipvs.c
test_unit_test_ipvs_LDADD = $(LVS_TEST_LDADD)
test_unit_test_ipvs_diff_SOURCES = test/unit/test_ipvs_diff.c test/unit/ipvs_fake.c test/unit/ipvs_fake.h
test_unit_test_ipvs_diff_LDADD = $(LVS_TEST_LDADD)
test_unit_test_ipvs_apply_SOURCES = test/unit/test_ipvs_apply.c test/unit/ipvs_fake.c test/unit/ipvs_fake.h
test_unit_test_ipvs_apply_LDADD = $(LVS_TEST_LDADD)
test_unit_test_lvsadm_SOURCES = test/unit/test_lvsadm.c $(LVSADM_SOURCES)
test_unit_test_lvsadm_LDADD = $(LVS_TEST_LDADD)
endif

# Run by test/lab/ipvs_nl.sh; counts and disturbs the system calls of the backend.
noinst_PROGRAMS += test/lab/ipvs_nl_test
test_lab_ipvs_nl_test_SOURCES = test/lab/ipvs_nl_test.c
test_lab_ipvs_nl_test_LDADD = liblvs.a libdiarch.a $(LVS_LIBS) $(LIB_LIBS)
test_lab_ipvs_nl_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=send -Wl,--wrap=recv -Wl,--wrap=recvmmsg
EXTRA_DIST += test/lab/ipvs_nl.sh test/lab/lvsadm_diff.sh test/lab/lvsadm_more.sh test/lab/realserver.sh
