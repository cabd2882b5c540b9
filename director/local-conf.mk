# The grammar: tables and rules of all keywords. libconf.a needs liblvs.a, libdiarch.a, CHECK_LIBS.
include $(top_srcdir)/lib/global_conf.mk

noinst_LIBRARIES += libconf.a
libconf_a_SOURCES = \
	director/root_conf.c director/root_conf.h \
	vrrp/vrrp_conf.c vrrp/vrrp_conf.h vrrp/vrrp_rules.c vrrp/vrrp_unbuilt.c \
	check/check_conf.c check/check_conf.h check/checker_conf.c check/check_rules.c check/check_unbuilt.c

DIRECTOR_CONF_OBJECTS = libconf.a
