# lib: everything the layers above stand on.
noinst_LIBRARIES += libdiarch.a
libdiarch_a_SOURCES = \
	lib/addr.c lib/addr.h lib/buf.c lib/buf.h lib/clock.c lib/clock.h \
	lib/control_client.c lib/control_client.h lib/log.c lib/log.h \
	lib/loop.c lib/loop.h lib/ipc.c lib/ipc.h lib/msg.c lib/msg.def lib/proc.c lib/proc.h lib/confine.c \
	lib/role.c lib/role.h lib/rcvbuf.c lib/rcvbuf.h lib/script_path.c lib/script_path.h lib/sysctl.c lib/sysctl.h lib/script_ask.c lib/script_ask.h lib/sd.h

# systemd: a whole file in or out.
if WITH_SYSTEMD
libdiarch_a_SOURCES += lib/sd_libsystemd.c
else
libdiarch_a_SOURCES += lib/sd_none.c
endif
EXTRA_libdiarch_a_SOURCES = lib/sd_libsystemd.c lib/sd_none.c

include $(top_srcdir)/lib/conf.mk
include $(top_srcdir)/lib/nl.mk
include $(top_srcdir)/test/unit/local-lib.mk
