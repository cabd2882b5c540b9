# The configuration machinery.
libdiarch_a_SOURCES += lib/conf.h lib/conf_diag.h lib/conf_private.h lib/conf_macro.h lib/global_conf.h \
	lib/conf.c lib/conf_diag.c lib/conf_diff.c lib/conf_dump.c lib/conf_fill.c lib/conf_generate.c \
	lib/conf_index.c lib/conf_lex.c lib/conf_macro.c lib/conf_man.c lib/conf_mend.c lib/conf_parts.c lib/conf_schema.c lib/conf_src.c lib/conf_text.c \
	lib/conf_type.c lib/conf_type_addr.c lib/conf_type_words.c lib/conf_walk.c lib/conf_wire.c

if HAVE_CMOCKA
CONF_TESTS = test/unit/test_conf_src test/unit/test_conf_macro test/unit/test_conf_diag test/unit/test_conf_type \
	test/unit/test_conf_walk test/unit/test_conf_dump test/unit/test_conf_wire test/unit/test_conf_parts
check_PROGRAMS += $(CONF_TESTS)
TESTS += $(CONF_TESTS)
endif
CONF_FIXTURE = test/unit/conf_fixture.c test/unit/conf_fixture.h
CONF_TEST_LDADD = libdiarch.a $(LIB_LIBS) $(CMOCKA_LIBS)
test_unit_test_conf_src_SOURCES = test/unit/test_conf_src.c $(CONF_FIXTURE)
test_unit_test_conf_src_LDADD = $(CONF_TEST_LDADD)
test_unit_test_conf_macro_SOURCES = test/unit/test_conf_macro.c $(CONF_FIXTURE)
test_unit_test_conf_macro_LDADD = $(CONF_TEST_LDADD)
test_unit_test_conf_diag_SOURCES = test/unit/test_conf_diag.c $(CONF_FIXTURE)
test_unit_test_conf_diag_LDADD = $(CONF_TEST_LDADD)
test_unit_test_conf_type_SOURCES = test/unit/test_conf_type.c $(CONF_FIXTURE)
test_unit_test_conf_type_LDADD = $(CONF_TEST_LDADD)
test_unit_test_conf_walk_SOURCES = test/unit/test_conf_walk.c $(CONF_FIXTURE)
test_unit_test_conf_walk_LDADD = $(CONF_TEST_LDADD)
test_unit_test_conf_dump_SOURCES = test/unit/test_conf_dump.c $(CONF_FIXTURE)
test_unit_test_conf_dump_LDADD = $(CONF_TEST_LDADD)
test_unit_test_conf_parts_SOURCES = test/unit/test_conf_parts.c
test_unit_test_conf_parts_LDADD = $(CONF_TEST_LDADD)
test_unit_test_conf_wire_SOURCES = test/unit/test_conf_wire.c $(CONF_FIXTURE)
test_unit_test_conf_wire_LDADD = $(CONF_TEST_LDADD)

include $(top_srcdir)/test/conf/conf.mk
include $(top_srcdir)/test/fuzz/fuzz.mk
