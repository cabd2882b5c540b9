# Unit tests of the parent.
if HAVE_CMOCKA
DIRECTOR_TESTS = test/unit/test_cmdline test/unit/test_store test/unit/test_notify test/unit/test_mail test/unit/test_plan \
	test/unit/test_conf_schema test/unit/test_vs_group test/unit/test_run_names test/unit/test_host_check
DIRECTOR_TESTS += test/unit/test_check_scripts test/unit/test_proc_match test/unit/test_proc_news \
	test/unit/test_child_sched test/unit/test_life_script test/unit/test_event_lines
check_PROGRAMS += $(DIRECTOR_TESTS)
TESTS += $(DIRECTOR_TESTS)
endif
test_unit_test_store_SOURCES = test/unit/test_store.c director/store.c
test_unit_test_store_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
MAIL_SOURCES = director/mail.c director/mail_text.c director/smtp.c director/resolve.c
test_unit_test_notify_SOURCES = test/unit/test_notify.c director/notify.c director/scripts.c director/fifo.c \
	director/event_lines.c $(MAIL_SOURCES)
test_unit_test_notify_LDADD = $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_mail_SOURCES = test/unit/test_mail.c $(MAIL_SOURCES)
test_unit_test_mail_LDADD = $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_proc_match_SOURCES = test/unit/test_proc_match.c director/proc_match.c
test_unit_test_proc_match_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_proc_news_SOURCES = test/unit/test_proc_news.c director/proc_news.c director/proc_events.h
test_unit_test_proc_news_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_check_scripts_SOURCES = test/unit/test_check_scripts.c director/check_scripts.c
test_unit_test_check_scripts_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_life_script_SOURCES = test/unit/test_life_script.c director/life_script.c director/life_script.h
test_unit_test_life_script_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_child_sched_SOURCES = test/unit/test_child_sched.c director/child_sched.c director/child_sched.h
test_unit_test_child_sched_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_event_lines_SOURCES = test/unit/test_event_lines.c director/event_lines.c
test_unit_test_event_lines_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_cmdline_SOURCES = test/unit/test_cmdline.c director/cmdline.c
test_unit_test_cmdline_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_host_check_SOURCES = test/unit/test_host_check.c director/host_check.c director/host_check.h
test_unit_test_host_check_LDADD = libvrrp.a $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_run_names_SOURCES = test/unit/test_run_names.c director/run_names.c director/run_names.h
test_unit_test_run_names_LDADD = $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_plan_SOURCES = test/unit/test_plan.c $(PLAN_SOURCES)
test_unit_test_plan_LDADD = libcheck.a $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_conf_schema_SOURCES = test/unit/test_conf_schema.c test/conf/json_schema.c test/conf/json_schema.h
test_unit_test_conf_schema_LDADD = $(CONF_LDADD) $(CMOCKA_LIBS)
test_unit_test_vs_group_SOURCES = test/unit/test_vs_group.c
test_unit_test_vs_group_LDADD = libcheck.a $(CONF_LDADD) $(CMOCKA_LIBS)
