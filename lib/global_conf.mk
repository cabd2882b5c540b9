# global_defs, keywords without a feature, and what rules share.
libdiarch_a_SOURCES += lib/conf_like.h lib/global_conf.c lib/global_type.c lib/global_type.h lib/rule.c lib/rule.h lib/script_check.c lib/script_check.h lib/conf_words.c lib/conf_words.h
