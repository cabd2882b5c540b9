# The configuration machinery.
libdiarch_a_SOURCES += lib/conf.h lib/conf_diag.h lib/conf_private.h \
	lib/conf.c lib/conf_diag.c lib/conf_diff.c lib/conf_dump.c lib/conf_fill.c lib/conf_index.c \
	lib/conf_lex.c lib/conf_man.c lib/conf_src.c lib/conf_text.c lib/conf_type.c \
	lib/conf_type_addr.c lib/conf_type_words.c lib/conf_walk.c lib/conf_wire.c
