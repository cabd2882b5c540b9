# The grammar: tables and rules of all keywords. libconf.a needs liblvs.a, libdiarch.a, CHECK_LIBS.
include $(top_srcdir)/lib/global_conf.mk

noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	director/root_conf.c director/root_conf.h \
	vrrp/auth_conf.c vrrp/bfd_conf.c vrrp/group_conf.c vrrp/route_conf.c vrrp/route_conf.h \
	vrrp/route_rules.c vrrp/route_build.c vrrp/route_build.h vrrp/rule_build.c \
	vrrp/route_type.c vrrp/second_path_conf.c vrrp/strict_conf.c vrrp/track_conf.c vrrp/track_conf.h vrrp/track_rules.c vrrp/sync_rules.c vrrp/vaddr_conf.c \
	vrrp/vmac_conf.c vrrp/vrrp_conf.c vrrp/vrrp_conf.h vrrp/vrrp_rules.c vrrp/accept_rules.c \
	check/check_conf.c check/check_conf.h check/check_rules.c check/vs_keys.c \
	check/agent_conf.c check/checker_conf.c check/checker_rows.h check/dns_conf.c check/follow_conf.c check/http_conf.c \
	check/misc_conf.c check/smtp_conf.c check/udp_conf.c \
	check/service_type.c check/service_type.h check/vs_group_conf.c check/vs_group_rules.c check/through_vip.c

CONF_LDADD = libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)

# For test/conf/corpus.sh; the files it reads are not part of the project.
noinst_PROGRAMS += test/conf/verdict
test_conf_verdict_SOURCES = test/conf/verdict.c
test_conf_verdict_LDADD = $(CONF_LDADD)

if HAVE_CMOCKA
check_PROGRAMS += test/unit/test_tables test/unit/test_conf_helpers test/unit/test_script_check
TESTS += test/unit/test_tables test/unit/test_conf_helpers test/unit/test_script_check
endif
test_unit_test_tables_SOURCES = test/unit/test_tables.c
test_unit_test_tables_LDADD = $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_conf_helpers_SOURCES = test/unit/test_conf_helpers.c
test_unit_test_conf_helpers_LDADD = $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_script_check_SOURCES = test/unit/test_script_check.c
test_unit_test_script_check_LDADD = $(CONF_LDADD) $(CMOCKA_LIBS)
