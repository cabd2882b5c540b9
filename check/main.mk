# The checker child: pools, reconciliation, reports.
libcheck_a_SOURCES += \
	check/check_main.c check/check_report.c check/check_report.h check/pool.c check/pool.h check/reconcile.c \
	check/reconcile.h
