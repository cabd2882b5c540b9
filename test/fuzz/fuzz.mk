# Fuzz targets of the configuration. `make check` replays their corpora; --enable-fuzzers builds the fuzzers.
# fuzz_conf, fuzz_lex and fuzz_include know the keywords with -dict=test/fuzz/conf.dict, which doc/generate.mk makes.
FUZZ_CONF_LDADD = libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)
# fuzz_include needs -timeout=120 under sanitizers: a generator may make a million lines.
# Includes find their files in memory.
FUZZ_WRAP = -Wl,--wrap=open -Wl,--wrap=stat -Wl,--wrap=glob -Wl,--wrap=globfree

check_PROGRAMS += test/fuzz/replay_conf test/fuzz/replay_lex test/fuzz/replay_include test/fuzz/replay_wire
TESTS += test/fuzz/replay_conf test/fuzz/replay_lex test/fuzz/replay_include test/fuzz/replay_wire
test_fuzz_replay_conf_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_conf.c
test_fuzz_replay_conf_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-conf"'
test_fuzz_replay_conf_LDADD = $(FUZZ_CONF_LDADD)
test_fuzz_replay_lex_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_lex.c
test_fuzz_replay_lex_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-lex"'
test_fuzz_replay_lex_LDADD = $(FUZZ_CONF_LDADD)
test_fuzz_replay_include_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_include.c
test_fuzz_replay_include_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-include"'
test_fuzz_replay_include_LDADD = $(FUZZ_CONF_LDADD)
test_fuzz_replay_include_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_WRAP)
test_fuzz_replay_wire_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_wire.c
test_fuzz_replay_wire_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-wire"'
test_fuzz_replay_wire_LDADD = $(FUZZ_CONF_LDADD)

if ENABLE_FUZZERS
noinst_PROGRAMS += test/fuzz/fuzz_conf test/fuzz/fuzz_lex test/fuzz/fuzz_include test/fuzz/fuzz_wire
endif
test_fuzz_fuzz_conf_SOURCES = test/fuzz/fuzz_conf.c
test_fuzz_fuzz_conf_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
test_fuzz_fuzz_conf_LDADD = $(FUZZ_CONF_LDADD)
test_fuzz_fuzz_lex_SOURCES = test/fuzz/fuzz_lex.c
test_fuzz_fuzz_lex_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
test_fuzz_fuzz_lex_LDADD = $(FUZZ_CONF_LDADD)
test_fuzz_fuzz_include_SOURCES = test/fuzz/fuzz_include.c
test_fuzz_fuzz_include_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer $(FUZZ_WRAP)
test_fuzz_fuzz_include_LDADD = $(FUZZ_CONF_LDADD)
test_fuzz_fuzz_wire_SOURCES = test/fuzz/fuzz_wire.c
test_fuzz_fuzz_wire_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
test_fuzz_fuzz_wire_LDADD = $(FUZZ_CONF_LDADD)

EXTRA_DIST += test/fuzz/corpus-conf test/fuzz/corpus-lex test/fuzz/corpus-include test/fuzz/corpus-wire
