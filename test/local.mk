# test: the labs, their helpers and the checks of the source itself. Unit tests are listed beside what they test.
noinst_PROGRAMS += test/lab/vipping test/lab/httpcount test/lab/udpname
test_lab_vipping_SOURCES = test/lab/vipping.c
test_lab_httpcount_SOURCES = test/lab/httpcount.c
test_lab_udpname_SOURCES = test/lab/udpname.c

TESTS += test/tidy/tidy test/readme

EXTRA_DIST += test/run test/setup test/demo test/bench/config \
	test/readme test/tidy/tidy test/tidy/bad/lib/bad.c test/tidy/bad/check/bad.h test/tidy/bad/local.mk \
	test/bench/README test/bench/vrrp \
	test/lab/lab.sh test/lab/uml.sh test/lab/demo.sh test/lab/vrrp_pair.sh test/lab/vrrp_interop.sh \
	test/lab/vrrp_crash.sh test/lab/vrrp_reload.sh test/lab/vrrp_track.sh test/lab/ipvs_pool.sh \
	test/lab/plan.sh test/lab/ipvs_groups.sh test/lab/vrrp_addr.sh

# A folder in EXTRA_DIST brings along what was built in it.
dist-hook:
	cd $(distdir) && rm -rf $(noinst_PROGRAMS) $(check_PROGRAMS) \
		test/*/*.o test/*/*.log test/*/*.trs test/*/.deps test/*/.dirstamp
