# test: the labs, their helpers and the checks of the source itself. Unit tests are listed beside what they test.
noinst_PROGRAMS += test/lab/talker test/lab/vipping test/lab/httpcount test/lab/udpname test/lab/mailbox test/lab/vrrpstorm test/lab/hostile test/lab/hostile_dgram test/lab/rcvbufs
test_lab_talker_SOURCES = test/lab/talker.c
test_lab_rcvbufs_SOURCES = test/lab/rcvbufs.c
test_lab_vipping_SOURCES = test/lab/vipping.c
test_lab_httpcount_SOURCES = test/lab/httpcount.c
test_lab_udpname_SOURCES = test/lab/udpname.c
test_lab_mailbox_SOURCES = test/lab/mailbox.c
test_lab_vrrpstorm_SOURCES = test/lab/vrrpstorm.c
test_lab_vrrpstorm_LDADD = libvrrp.a libdiarch.a $(SSL_LIBS)
test_lab_hostile_SOURCES = test/lab/hostile.c
test_lab_hostile_LDADD = $(SSL_LIBS)
test_lab_hostile_dgram_SOURCES = test/lab/hostile_dgram.c

# Preloaded, so a shared object in spite of its name.
noinst_PROGRAMS += test/lab/undervalgrind
test_lab_undervalgrind_SOURCES = test/lab/undervalgrind.c
test_lab_undervalgrind_CFLAGS = $(AM_CFLAGS) -fPIC
test_lab_undervalgrind_LDFLAGS = -shared

TESTS += test/tidy/tidy test/readme test/conformance
noinst_PROGRAMS += test/lab/canned
test_lab_canned_SOURCES = test/lab/canned.c

# Whole folders; the hook below takes out what was built in them.
EXTRA_DIST += test/run test/setup test/demo test/readme test/conformance test/conformance.txt test/tidy test/bench test/lab

# A folder in EXTRA_DIST brings along what was built in it.
dist-hook:
	cd $(distdir) && rm -rf $(noinst_PROGRAMS) $(check_PROGRAMS) \
		test/*/*.o test/*/*.log test/*/*.trs test/*/.deps test/*/.dirstamp
