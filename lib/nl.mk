# rtnetlink.
libdiarch_a_SOURCES += lib/nl.c lib/nl.h lib/nl_parse.c lib/nl_parse.h lib/nl_req.c lib/nl_req.h \
	lib/nl_table.c lib/nl_table.h
