/*
 * Keywords of keepalived whose feature diarch does not have yet.
 *
 * Two kinds. A row with CONF_NO_EFFECT is read, checked and otherwise ignored with a notice:
 * comfort that nothing depends on (mail, SNMP, scheduling classes). Where ignoring a keyword would
 * change who is master, where traffic goes or what is protected, it is refused with the code
 * "not-built-yet", so that nobody relies on a tracker or a check that does not run.
 */
#ifndef DIARCH_LIB_UNBUILT_H
#define DIARCH_LIB_UNBUILT_H

#include "lib/conf.h"

/* Words as written. Unset when n is 0. */
struct conf_words {
	const char *const *v;
	uint32_t n;
};

/* One to .max words, or none to .max words, unchecked. */
extern const struct conf_type conf_type_words, conf_type_opt_words;

/* Any words of a keyword that is refused; the block's finish() must call unbuilt_finish(). */
extern const struct conf_type conf_type_unbuilt;

/* Fills a block, or a line, that is refused as a whole: its keywords are known, their values are
 * not looked at. */
struct unbuilt_conf {
	struct conf_obj obj;
	const char *name;          /* the word after the block name; NULL for blocks without one */
	struct conf_words words;   /* a line of a value block */
	struct conf_words unbuilt; /* shared by all its keywords */
	struct conf_list lines;    /* value blocks inside */
};

/* Reports the refused keywords that were written in `obj`. Always true. A finish(), or a part of
 * one. */
bool unbuilt_finish(struct conf_walk *walk, struct conf_obj *obj);

/* finish() of blocks and lines that are refused as a whole: says so once for each block. Always
 * true. */
bool unbuilt_refuse(struct conf_walk *walk, struct conf_obj *obj);

/* Argument lists of what is refused: the whole line of a value block, and the name of a block. */
extern const struct conf_key unbuilt_line[], unbuilt_name[];

#define K_WORDS(n, s, f, hi, ...)                                                         \
	{                                                                                 \
		.name = n, .type = &conf_type_words, CONF_FIELD(s, f, struct conf_words), \
		.max = hi, __VA_ARGS__                                                    \
	}
#define K_OPT_WORDS(n, s, f, hi, ...)                                                         \
	{                                                                                     \
		.name = n, .type = &conf_type_opt_words, CONF_FIELD(s, f, struct conf_words), \
		.max = hi, __VA_ARGS__                                                        \
	}

/* A keyword of a working block that is refused. The block's struct has a field `unbuilt` that they
 * share. */
#define K_UNBUILT(n, s, ...)                                                                      \
	{                                                                                         \
		.name = n, .type = &conf_type_unbuilt, CONF_FIELD(s, unbuilt, struct conf_words), \
		.max = 255, .apply = CONF_APPLY_RESTART, .flags = CONF_REPEAT, __VA_ARGS__        \
	}

/* A keyword of a block that is refused as a whole. */
#define K_INSIDE(n, ...) \
	K_OPT_WORDS(n, struct unbuilt_conf, unbuilt, 255, .flags = CONF_REPEAT, __VA_ARGS__)

/* Blocks that are refused as a whole: with a name, without, and value blocks. Lists of them may be
 * shared. */
#define UNBUILT_NAMED(n, s, list, ...)                                                            \
	{                                                                                         \
		.name = n, .size = sizeof(struct unbuilt_conf), .list_offset = offsetof(s, list), \
		.args = unbuilt_name, .finish = unbuilt_refuse, __VA_ARGS__                       \
	}
#define UNBUILT_BLOCK(n, s, list, ...)                                                            \
	{                                                                                         \
		.name = n, .size = sizeof(struct unbuilt_conf), .list_offset = offsetof(s, list), \
		.finish = unbuilt_refuse, __VA_ARGS__                                             \
	}
#define UNBUILT_LINES(n, s, list, ...)                                                            \
	{                                                                                         \
		.name = n, .style = CONF_BLOCK_LINES, .size = sizeof(struct unbuilt_conf),        \
		.list_offset = offsetof(s, list), .args = unbuilt_line, .finish = unbuilt_refuse, \
		__VA_ARGS__                                                                       \
	}

#endif
