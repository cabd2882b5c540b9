# check: health checks, pools and what the kernel shall hold.
noinst_LIBRARIES += libcheck.a
libcheck_a_SOURCES = \
	check/health.c check/health.h check/reason.c check/reason.def check/registry.c check/checkers.h \
	check/probe.c check/probe.h check/probe_private.h check/probe_run.c check/probe_conn.c \
	check/path.c check/path.h check/probe_pool.c check/probe_tls.c check/probe_tls.h check/probe_tls_ctx.c check/probe_tls_ctx.h check/check_tcp.c check/check_agent.c check/agent_parse.c check/agent_parse.h check/check_http.c \
	check/http_parse.c check/http_parse.h check/http_regex.c check/http_regex.h

CHECK_LDADD = libcheck.a libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)

if HAVE_CMOCKA
CHECK_TESTS = test/unit/test_health test/unit/test_ramp test/unit/test_probe test/unit/test_probe_options test/unit/test_path test/unit/test_probe_tls test/unit/test_agent test/unit/test_http_parse test/unit/test_check_http
check_PROGRAMS += $(CHECK_TESTS)
TESTS += $(CHECK_TESTS)
endif
test_unit_test_health_SOURCES = test/unit/test_health.c check/health.c
test_unit_test_health_LDADD = liblvs.a libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
PROBE_FIXTURE = test/unit/probe_fixture.c test/unit/probe_fixture.h test/unit/http_server.c test/unit/http_server.h
test_unit_test_ramp_SOURCES = test/unit/test_ramp.c check/ramp.c
test_unit_test_ramp_LDADD = $(CMOCKA_LIBS)
test_unit_test_probe_SOURCES = test/unit/test_probe.c $(PROBE_FIXTURE)
test_unit_test_probe_LDADD = $(CHECK_LDADD) $(CMOCKA_LIBS)
test_unit_test_probe_tls_SOURCES = test/unit/test_probe_tls.c $(PROBE_FIXTURE)
test_unit_test_probe_tls_LDADD = $(CHECK_LDADD) $(CMOCKA_LIBS)
test_unit_test_agent_SOURCES = test/unit/test_agent.c check/agent_parse.c $(PROBE_FIXTURE)
test_unit_test_agent_LDADD = $(CHECK_LDADD) $(CMOCKA_LIBS)
test_unit_test_probe_options_SOURCES = test/unit/test_probe_options.c $(PROBE_FIXTURE)
test_unit_test_probe_options_LDADD = $(CHECK_LDADD) $(CMOCKA_LIBS)
test_unit_test_path_SOURCES = test/unit/test_path.c $(PROBE_FIXTURE)
test_unit_test_path_LDADD = $(CHECK_LDADD) $(CMOCKA_LIBS)
test_unit_test_http_parse_SOURCES = test/unit/test_http_parse.c check/http_parse.c
test_unit_test_http_parse_LDADD = $(CMOCKA_LIBS)
# The engine in it is the test's own.
test_unit_test_check_http_SOURCES = test/unit/test_check_http.c check/check_http.c check/http_parse.c \
	check/http_regex.c check/reason.c
test_unit_test_check_http_LDADD = libdiarch.a $(CHECK_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)

noinst_PROGRAMS += test/bench/check_bench
test_bench_check_bench_SOURCES = test/bench/check_bench.c
test_bench_check_bench_LDADD = $(CHECK_LDADD)
noinst_PROGRAMS += test/bench/respond
test_bench_respond_SOURCES = test/bench/respond.c
EXTRA_DIST += test/bench/check test/bench/fake_ipvs.c
CLEANFILES += test/bench/fake_ipvs.so

# Preloaded by test/bench/check, which asks for it.
test/bench/fake_ipvs.so: test/bench/fake_ipvs.c
	$(AM_V_CCLD)$(CC) -D_GNU_SOURCE -shared -fPIC -O2 -Wall -Wextra -o $@ $< -ldl

check_PROGRAMS += test/fuzz/replay_http test/fuzz/replay_agent
TESTS += test/fuzz/replay_http test/fuzz/replay_agent
test_fuzz_replay_http_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_http.c check/http_parse.c
test_fuzz_replay_http_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-http"'
if ENABLE_FUZZERS
noinst_PROGRAMS += test/fuzz/fuzz_http test/fuzz/fuzz_agent
endif
test_fuzz_fuzz_http_SOURCES = test/fuzz/fuzz_http.c check/http_parse.c
test_fuzz_fuzz_http_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
test_fuzz_replay_agent_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_agent.c check/agent_parse.c
test_fuzz_replay_agent_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-agent"'
test_fuzz_fuzz_agent_SOURCES = test/fuzz/fuzz_agent.c check/agent_parse.c
test_fuzz_fuzz_agent_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
EXTRA_DIST += test/fuzz/corpus-http test/fuzz/corpus-agent

include $(top_srcdir)/check/main.mk
include $(top_srcdir)/check/kinds.mk
