# The pure part of VRRP: packets, state machine, announcement schedule; no I/O.
noinst_LIBRARIES += libvrrp.a
libvrrp_a_SOURCES = \
	vrrp/pkt.c vrrp/pkt.h vrrp/fsm.c vrrp/fsm.h vrrp/announce.c vrrp/announce.h

VRRP_PURE_LIBS = libvrrp.a libdiarch.a

if HAVE_CMOCKA
vrrp_pure_tests = test/unit/test_pkt test/unit/test_fsm test/unit/test_fsm_options test/unit/test_announce
check_PROGRAMS += $(vrrp_pure_tests)
TESTS += $(vrrp_pure_tests)
endif
vrrp_fsm_fixture = test/unit/fsm_fixture.c test/unit/fsm_fixture.h
test_unit_test_pkt_SOURCES = test/unit/test_pkt.c
test_unit_test_pkt_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_fsm_SOURCES = test/unit/test_fsm.c $(vrrp_fsm_fixture)
test_unit_test_fsm_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_fsm_options_SOURCES = test/unit/test_fsm_options.c $(vrrp_fsm_fixture)
test_unit_test_fsm_options_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_announce_SOURCES = test/unit/test_announce.c
test_unit_test_announce_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
