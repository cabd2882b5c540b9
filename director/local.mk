# director: the parent process, the control tool, and the whole grammar.
include $(top_srcdir)/director/local-conf.mk

PLAN_SOURCES = director/plan.c director/plan.h director/plan_lines.c director/plan_private.h director/plan_desired.c director/plan_print.c

sbin_PROGRAMS += diarch
diarch_SOURCES = \
	director/host_check.c director/host_check.h \
	director/address_log.c director/address_log.h director/log_file.c director/log_file.h \
	director/run_names.c director/run_names.h \
	director/app.h director/cmdline.c director/cmdline.h director/conf_test.c director/conf_test.h \
	director/control.c director/control.h director/main.c director/parent.c director/reload.c director/reload.h \
	director/genhash.c director/genhash.h \
	$(PLAN_SOURCES) director/plan_run.c director/plan_run.h \
	director/notify.c director/notify.h director/scripts.c director/scripts.h director/fifo.c director/fifo.h \
	director/event_lines.c director/event_lines.h \
	director/mail.c director/mail.h director/mail_text.c director/smtp.c director/smtp.h director/resolve.c \
	director/resolve.h director/relay.c director/relay.h director/feeds.c director/feeds.h director/feed_files.c \
	director/feed_procs.c director/proc_match.c director/proc_events.c director/proc_events.h director/proc_news.c \
	director/check_scripts.c director/check_scripts.h director/check_command.c \
	director/life_script.c director/life_script.h \
	director/store.c director/store.h director/child_sched.c director/child_sched.h director/supervise.c \
	director/supervise.h
diarch_LDADD = libvrrp.a libcheck.a libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)

bin_PROGRAMS += diarchctl
diarchctl_SOURCES = director/diarchctl.c director/genhash.c director/genhash.h lib/control_client.c lib/control_client.h
diarchctl_LDADD = libcheck.a libconf.a liblvs.a libdiarch.a $(CHECK_LIBS) $(LVS_LIBS) $(LIB_LIBS)
include $(top_srcdir)/director/tests.mk
