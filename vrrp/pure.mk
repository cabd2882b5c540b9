# The pure part of VRRP: packets, state machine, announcement schedule; no I/O.
noinst_LIBRARIES += libvrrp.a
libvrrp_a_SOURCES = \
	vrrp/pkt.c vrrp/pkt.h vrrp/fsm.c vrrp/fsm.h vrrp/announce.c vrrp/announce.h
