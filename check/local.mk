# check: health checks, pools and what the kernel shall hold.
noinst_LIBRARIES += libcheck.a
libcheck_a_SOURCES = \
	check/health.c check/health.h check/reason.c check/reason.def check/registry.c check/checkers.h \
	check/probe.c check/probe.h check/probe_private.h check/probe_run.c check/probe_conn.c \
	check/probe_tls.c check/probe_tls.h check/check_tcp.c check/check_http.c \
	check/http_parse.c check/http_parse.h check/http_regex.c check/http_regex.h

include $(top_srcdir)/check/main.mk
