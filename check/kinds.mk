# The kinds of checks besides TCP and HTTP.
libcheck_a_SOURCES += \
	check/check_misc.c check/check_smtp.c check/check_dns.c check/dns_msg.c check/dns_msg.h \
	check/check_udp.c check/check_ping.c check/ping_msg.c check/ping_msg.h

if HAVE_CMOCKA
check_PROGRAMS += test/unit/test_check_kinds
TESTS += test/unit/test_check_kinds
endif
test_unit_test_check_kinds_SOURCES = test/unit/test_check_kinds.c
test_unit_test_check_kinds_LDADD = $(CHECK_LDADD) $(CMOCKA_LIBS)
