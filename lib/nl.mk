# rtnetlink.
libdiarch_a_SOURCES += lib/nl.c lib/nl.h lib/nl_parse.c lib/nl_parse.h lib/nl_req.c lib/nl_req.h \
	lib/nl_filter.c lib/nl_filter.h lib/nl_neigh.c lib/nl_neigh.h lib/nl_table.c lib/nl_table.h lib/nl_link.c lib/nl_hop.c lib/nl_route.h lib/nl_route_put.c lib/nl_route_parse.c lib/nl_rule.c \
	lib/nl_route_table.c lib/nl_route_table.h lib/rt_names.c lib/rt_names.h

if HAVE_CMOCKA
check_PROGRAMS += test/unit/test_nl
TESTS += test/unit/test_nl
endif
test_unit_test_nl_SOURCES = test/unit/test_nl.c
test_unit_test_nl_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
