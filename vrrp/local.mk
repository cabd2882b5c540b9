# vrrp: the pure part and, on top of it, what runs in the VRRP child.
include $(top_srcdir)/vrrp/pure.mk

libvrrp_a_SOURCES += \
	vrrp/addr_diff.c vrrp/addr_diff.h vrrp/garp.c vrrp/garp.h vrrp/ndisc.c vrrp/ndisc.h vrrp/vrrp_io.c vrrp/vrrp_io.h \
	vrrp/vrrp_app.h vrrp/vrrp_if.c vrrp/vrrp_main.c vrrp/refresh.c vrrp/vrrp_report.c vrrp/vrrp_counters.c vrrp/sync_group.c vrrp/linkbeat.c vrrp/linkbeat.h vrrp/link_conf.c vrrp/bfd_io.c vrrp/bfd_io.h vrrp/bfd_sessions.c vrrp/bfd_sessions.h \
	vrrp/tracker.c vrrp/tracker.h vrrp/tracker_feed.c \
	vrrp/tracker_script.c vrrp/vrouter_uses.c vrrp/vrouter.c \
	vrrp/second_path.c vrrp/second_path.h vrrp/vrouter_auth.c vrrp/vrouter_others.c vrrp/vrouter_receive.c vrrp/vrouter_track.c vrrp/vrouter_vips.c \
	vrrp/vrouter_announce.c vrrp/vrouter_sync.c vrrp/vrouter_apply.c vrrp/vip_list.c vrrp/vip_list.h vrrp/log_limit.h \
	vrrp/route_diff.c vrrp/route_diff.h vrrp/route_set.c vrrp/route_set.h vrrp/statics.c vrrp/statics.h vrrp/pacer.c vrrp/pacer.h vrrp/peer_finder.c vrrp/peer_finder.h vrrp/redirects.c vrrp/redirects.h vrrp/sysctl.c vrrp/sysctl.h vrrp/vmac.c vrrp/vmac.h \
	vrrp/drop_set.c vrrp/drop_set.h vrrp/firewall.c vrrp/firewall.h vrrp/lease_table.c vrrp/lease_table.h vrrp/nft.h
if WITH_NFTABLES
libvrrp_a_SOURCES += vrrp/nft.c vrrp/nft_msg.c vrrp/nft_msg.h
else
libvrrp_a_SOURCES += vrrp/nft_none.c vrrp/nft_msg.h
endif

if HAVE_CMOCKA
check_PROGRAMS += test/unit/test_addr_diff test/unit/test_nl_route
TESTS += test/unit/test_addr_diff test/unit/test_nl_route
endif
test_unit_test_addr_diff_SOURCES = test/unit/test_addr_diff.c
test_unit_test_addr_diff_LDADD = libvrrp.a libdiarch.a $(CMOCKA_LIBS)
test_unit_test_nl_route_SOURCES = test/unit/test_nl_route.c
test_unit_test_nl_route_LDADD = libvrrp.a libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
if HAVE_CMOCKA
if WITH_NFTABLES
check_PROGRAMS += test/unit/test_drop_set
TESTS += test/unit/test_drop_set
endif
endif
test_unit_test_drop_set_SOURCES = test/unit/test_drop_set.c
test_unit_test_drop_set_LDADD = libvrrp.a libdiarch.a $(NFTNL_LIBS) $(MNL_LIBS) $(CMOCKA_LIBS)
