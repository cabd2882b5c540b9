# The configuration machinery.
libdiarch_a_SOURCES += lib/conf.h lib/conf_diag.h lib/global_conf.h
