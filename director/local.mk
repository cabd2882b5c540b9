# director: the parent process, the control tool, and the whole grammar.
include $(top_srcdir)/director/local-conf.mk

sbin_PROGRAMS += diarch
diarch_SOURCES = \
	director/app.h director/cmdline.c director/cmdline.h director/conf_test.c director/conf_test.h \
	director/control.c director/control.h director/main.c director/parent.c director/reload.c director/reload.h \
	director/scripts.c director/scripts.h director/store.c director/store.h director/supervise.c \
	director/supervise.h
diarch_LDADD = libvrrp.a libcheck.a libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)

bin_PROGRAMS += diarchctl
diarchctl_SOURCES = director/diarchctl.c
include $(top_srcdir)/director/tests.mk
