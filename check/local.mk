# check: health checks, pools and what the kernel shall hold.
noinst_LIBRARIES += libcheck.a
libcheck_a_SOURCES = \
	check/health.c check/health.h check/reason.c check/reason.def check/registry.c check/checkers.h \
	check/probe.c check/probe.h check/probe_private.h check/probe_run.c check/probe_conn.c \
	check/probe_tls.c check/probe_tls.h check/check_tcp.c

include $(top_srcdir)/check/main.mk
