# The kinds of checks besides TCP and HTTP.
libcheck_a_SOURCES += \
	check/check_misc.c check/check_smtp.c check/datagram.c check/datagram.h check/check_dns.c check/dns_msg.c check/dns_msg.h \
	check/check_follow.c check/follow.c check/follow.h check/check_udp.c check/check_ping.c check/ping_msg.c check/ping_msg.h

if HAVE_CMOCKA
check_PROGRAMS += test/unit/test_check_kinds test/unit/test_follow test/unit/test_check_smtp
TESTS += test/unit/test_check_kinds test/unit/test_follow test/unit/test_check_smtp
endif
test_unit_test_follow_SOURCES = test/unit/test_follow.c check/follow.c check/check_follow.c check/health.c check/reason.c
test_unit_test_check_smtp_SOURCES = test/unit/test_check_smtp.c check/check_smtp.c
test_unit_test_check_smtp_LDADD = $(CMOCKA_LIBS)
test_unit_test_follow_LDADD = liblvs.a libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_check_kinds_SOURCES = test/unit/test_check_kinds.c
test_unit_test_check_kinds_LDADD = $(CHECK_LDADD) $(CMOCKA_LIBS)

# All plug-ins on an engine of the fuzzer's own.
check_PROGRAMS += test/fuzz/replay_checks
TESTS += test/fuzz/replay_checks
test_fuzz_replay_checks_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_checks.c
test_fuzz_replay_checks_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-checks"'
test_fuzz_replay_checks_LDADD = $(CHECK_LDADD)
if ENABLE_FUZZERS
noinst_PROGRAMS += test/fuzz/fuzz_checks
endif
test_fuzz_fuzz_checks_SOURCES = test/fuzz/fuzz_checks.c
test_fuzz_fuzz_checks_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
test_fuzz_fuzz_checks_LDADD = $(CHECK_LDADD)
EXTRA_DIST += test/fuzz/corpus-checks
