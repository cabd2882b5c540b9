# rtnetlink.
libdiarch_a_SOURCES += lib/nl.h
