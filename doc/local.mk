# Documentation.
EXTRA_DIST += doc/ARCHITECTURE.md doc/COMPATIBILITY.md doc/ROUTER_ADVERTISEMENTS.md
dist_man_MANS += doc/diarch.8 doc/diarchctl.1

include $(top_srcdir)/doc/generate.mk
