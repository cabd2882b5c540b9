# The pure part of VRRP: packets, state machine, announcement schedule; no I/O.
noinst_LIBRARIES += libvrrp.a
libvrrp_a_SOURCES = \
	vrrp/pkt.c vrrp/pkt.h vrrp/auth.h vrrp/auth_ah.c vrrp/auth_hmac.c vrrp/fsm.c vrrp/fsm.h vrrp/fsm_init.c vrrp/fsm_backup.c \
	vrrp/fsm_active.c vrrp/fsm_step.c vrrp/fsm_step.h vrrp/fsm_names.c vrrp/announce.c vrrp/announce.h \
	vrrp/group.c vrrp/group.h vrrp/track.c vrrp/track.h vrrp/bfd.c vrrp/bfd.h vrrp/rx_buffer.c vrrp/rx_buffer.h vrrp/start_delay.c vrrp/start_delay.h vrrp/lost_peers.c vrrp/lost_peers.h \
	vrrp/fragment.c vrrp/fragment.h

VRRP_PURE_LIBS = libvrrp.a libdiarch.a

if HAVE_CMOCKA
vrrp_pure_tests = test/unit/test_pkt test/unit/test_pkt_old test/unit/test_pkt_origin test/unit/test_auth test/unit/test_fsm test/unit/test_fsm_options test/unit/test_announce \
	test/unit/test_group test/unit/test_track test/unit/test_bfd test/unit/test_rx_buffer test/unit/test_start_delay test/unit/test_lost_peers test/unit/test_fragment
check_PROGRAMS += $(vrrp_pure_tests)
TESTS += $(vrrp_pure_tests)
endif
vrrp_fsm_fixture = test/unit/fsm_fixture.c test/unit/fsm_fixture.h
test_unit_test_pkt_SOURCES = test/unit/test_pkt.c
test_unit_test_pkt_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_pkt_old_SOURCES = test/unit/test_pkt_old.c
test_unit_test_pkt_old_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_pkt_origin_SOURCES = test/unit/test_pkt_origin.c
test_unit_test_pkt_origin_LDADD = $(VRRP_PURE_LIBS) $(SSL_LIBS) $(CMOCKA_LIBS)
test_unit_test_auth_SOURCES = test/unit/test_auth.c
test_unit_test_auth_LDADD = $(VRRP_PURE_LIBS) $(SSL_LIBS) $(CMOCKA_LIBS)
test_unit_test_fsm_SOURCES = test/unit/test_fsm.c $(vrrp_fsm_fixture)
test_unit_test_fsm_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_fsm_options_SOURCES = test/unit/test_fsm_options.c $(vrrp_fsm_fixture)
test_unit_test_fsm_options_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_bfd_SOURCES = test/unit/test_bfd.c
test_unit_test_bfd_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_rx_buffer_SOURCES = test/unit/test_rx_buffer.c
test_unit_test_rx_buffer_LDADD = $(VRRP_PURE_LIBS) $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_start_delay_SOURCES = test/unit/test_start_delay.c
test_unit_test_start_delay_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_lost_peers_SOURCES = test/unit/test_lost_peers.c
test_unit_test_lost_peers_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_fragment_SOURCES = test/unit/test_fragment.c
test_unit_test_fragment_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_track_SOURCES = test/unit/test_track.c
test_unit_test_track_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_group_SOURCES = test/unit/test_group.c
test_unit_test_group_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)
test_unit_test_announce_SOURCES = test/unit/test_announce.c
test_unit_test_announce_LDADD = $(VRRP_PURE_LIBS) $(CMOCKA_LIBS)

# The fuzzers of VRRP and BFD packets, and their corpora replayed by `make check`.
check_PROGRAMS += test/fuzz/replay_pkt
TESTS += test/fuzz/replay_pkt
test_fuzz_replay_pkt_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_pkt.c
test_fuzz_replay_pkt_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-pkt"'
test_fuzz_replay_pkt_LDADD = $(VRRP_PURE_LIBS)
if ENABLE_FUZZERS
noinst_PROGRAMS += test/fuzz/fuzz_pkt
endif
test_fuzz_fuzz_pkt_SOURCES = test/fuzz/fuzz_pkt.c
test_fuzz_fuzz_pkt_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
test_fuzz_fuzz_pkt_LDADD = $(VRRP_PURE_LIBS)
EXTRA_DIST += test/fuzz/corpus-pkt

check_PROGRAMS += test/fuzz/replay_bfd
TESTS += test/fuzz/replay_bfd
test_fuzz_replay_bfd_SOURCES = test/fuzz/replay.c test/fuzz/fuzz_bfd.c
test_fuzz_replay_bfd_CPPFLAGS = $(AM_CPPFLAGS) -DFUZZ_CORPUS='"test/fuzz/corpus-bfd"'
test_fuzz_replay_bfd_LDADD = $(VRRP_PURE_LIBS)
if ENABLE_FUZZERS
noinst_PROGRAMS += test/fuzz/fuzz_bfd
endif
test_fuzz_fuzz_bfd_SOURCES = test/fuzz/fuzz_bfd.c
test_fuzz_fuzz_bfd_LDFLAGS = $(AM_LDFLAGS) -fsanitize=fuzzer
test_fuzz_fuzz_bfd_LDADD = $(VRRP_PURE_LIBS)
EXTRA_DIST += test/fuzz/corpus-bfd

# The simulator: test/sim/README.
check_PROGRAMS += test/sim/simulate
test_sim_simulate_SOURCES = \
	test/sim/sim.c test/sim/sim.h test/sim/sim_check.c test/sim/sim_heap.c test/sim/sim_hosts.c test/sim/sim_packet.c test/sim/sim_random.c test/sim/sim_script.c \
	test/sim/sim_trace.c test/sim/sim_units.c test/sim/simulate.c
test_sim_simulate_LDADD = $(VRRP_PURE_LIBS)
check_PROGRAMS += test/sim/simulate_groups
test_sim_simulate_groups_SOURCES = test/sim/groups.c
test_sim_simulate_groups_LDADD = $(VRRP_PURE_LIBS)
check_PROGRAMS += test/sim/explore
test_sim_explore_SOURCES = \
	test/sim/explore.c test/sim/explore.h test/sim/explore_blobs.c test/sim/explore_check.c test/sim/explore_pack.c \
	test/sim/explore_search.c test/sim/explore_stage.c test/sim/sim.c test/sim/sim.h test/sim/sim_check.c \
	test/sim/sim_heap.c test/sim/sim_packet.c test/sim/sim_trace.c test/sim/sim_units.c
test_sim_explore_LDADD = $(VRRP_PURE_LIBS)
TESTS += test/sim/check test/sim/simulate_groups test/sim/explore test/sim/mutants.sh

# Links the simulator with MUTANT, a copy of one source, in front of the library that has the true one. A mutant may well
# leave a variable unused: no warnings.
sim-mutant: test/sim/simulate$(EXEEXT)
	$(AM_V_CCLD)$(COMPILE) -w -o $(MUTANT_OUT) $(MUTANT) $(test_sim_simulate_OBJECTS) $(AM_LDFLAGS) \
		$(LDFLAGS) $(test_sim_simulate_LDADD)
group-mutant: test/sim/simulate_groups$(EXEEXT)
	$(AM_V_CCLD)$(COMPILE) -w -o $(MUTANT_OUT) $(MUTANT) $(test_sim_simulate_groups_OBJECTS) $(AM_LDFLAGS) \
		$(LDFLAGS) $(test_sim_simulate_groups_LDADD)
explore-mutant: test/sim/explore$(EXEEXT)
	$(AM_V_CCLD)$(COMPILE) -w -o $(MUTANT_OUT) $(MUTANT) $(test_sim_explore_OBJECTS) $(AM_LDFLAGS) \
		$(LDFLAGS) $(test_sim_explore_LDADD)
.PHONY: sim-mutant group-mutant explore-mutant

EXTRA_DIST += test/sim/README test/sim/check test/sim/soak test/sim/mutants.sh \
	test/sim/child_crash_adopted.txt test/sim/election.txt test/sim/failover.txt test/sim/fault.txt test/sim/group.txt \
	test/sim/handover.txt test/sim/lease.txt test/sim/last_word_and_intervals.txt test/sim/noise.txt test/sim/nopreempt.txt test/sim/one_way.txt \
	test/sim/owner.txt test/sim/pause.txt test/sim/preempt.txt test/sim/preempt_delay.txt test/sim/second_path.txt \
	test/sim/split_and_heal.txt test/sim/split_and_heal_arp.txt test/sim/split_and_heal_refresh.txt \
	test/sim/stop.txt test/sim/tie_break.txt test/sim/version2.txt test/sim/weight.txt
