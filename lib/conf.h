/*
 * Configuration machinery: from files to typed, read-only objects, by tables.
 *
 * Stages, each in its own file:
 *	conf_src   files and includes, line by line
 *	conf_macro definitions, conditions and generators: lines to lines
 *	conf_lex   lines to a tree of statements that know file:line:col
 *	conf_diag  diagnostics: collected, printed as text with caret or as JSON, "did you mean"
 *	conf_type  the value types (parse, print, json, equal), one constant each
 *	conf_parts values that are rows themselves
 *	conf_walk  the tree against the tables: fills objects
 *	conf_fill  defaults and inheritance, resolve functions
 *	conf_mend  what tolerance takes out
 *	conf_dump  canonical text and JSON from the tables
 *	conf_wire  objects to bytes and back, for the children
 *	conf_diff  which objects and keys differ between two generations
 *	conf_man   the tables as manual page
 *	conf_schema the tables as JSON Schema
 * Nothing here knows a keyword: all keywords are rows in the tables of global_conf.c,
 * vrrp_conf.c, check_conf.c. A keyword is handled once, in its row.
 *
 * Everything a configuration owns lives in one arena (struct conf) and is read-only after
 * conf_load().
 */
#ifndef DIARCH_LIB_CONF_H
#define DIARCH_LIB_CONF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"
#include "lib/conf_diag.h"

struct conf; /* one loaded generation: arena, files, root object */
struct conf_key;
struct conf_block;

/* Which keys were written in the file, and where; others hold their default. */
struct conf_set {
	struct conf_set *next;
	const struct conf_key *key; /* the main row when an alias was written */
	struct conf_pos pos;
};

/* First member of every struct that a block fills. */
struct conf_obj {
	struct conf_obj *next;   /* in its list, in file order */
	struct conf_obj *parent; /* enclosing object; NULL for the root */
	const struct conf_block *block;
	struct conf_set *set;
	struct conf_pos pos; /* of its first word */
	uint32_t index;      /* position in its list */
};

/* Objects in file order. */
struct conf_list {
	struct conf_obj *head;
	struct conf_obj **tail;
	uint32_t n;
};

#define conf_list_for_each(var, list)             \
	for ((var) = (void *)(list)->head; (var); \
	     (var) = (void *)((const struct conf_obj *)(var))->next)

/* ---- value types ---- */

/* A word list for K_WORD: {"rr", 0}, ...; ends with a NULL name. */
struct conf_word {
	const char *name;
	int value;
};

/* Command with arguments, and who runs it. Unset when argc is 0. */
struct conf_script {
	const char *const *argv; /* NULL terminated */
	uint32_t argc;
	const char *user;  /* NULL = default */
	const char *group; /* NULL = the user's */
};

/* Address with prefix length (as in virtual_ipaddress). */
struct conf_prefix {
	struct addr addr;
	uint8_t len;
};

/* Address with optional port (0 = not given). */
struct conf_endpoint {
	struct addr addr;
	uint16_t port;
};

/* Sorted inclusive ranges (status_code), none of which touch. */
struct conf_range {
	uint16_t lo, hi;
};

struct conf_ranges {
	const struct conf_range *v;
	uint32_t n;
};

struct conf_walk; /* state of a load; types report diagnostics through it */

/* One kind of value. New kinds are new constants; the walker never switches on a kind. */
struct conf_type {
	const char *name; /* for messages and man page: "number", "seconds", "address" */
	uint8_t min_args; /* tokens it needs; flags and [BOOL] need 0 */
	uint8_t max_args; /* tokens it may take; 255 = the rest of the line */
	/*
	 * Fills *field from argv[0..argc-1] (argc within the limits above; the walker reports
	 * missing words and extra words). Reports through conf_error() and returns false when
	 * the value was not accepted: *field must then be untouched. Strings go to
	 * conf_strdup().
	 */
	bool (*parse)(struct conf_walk *walk, const struct conf_key *key, void *field,
		      const struct conf_token *argv, unsigned argc);
	/*
	 * Writes the canonical words (no keyword, no newline), such that parse gives an equal
	 * value.
	 */
	void (*print)(const struct conf_key *key, const void *field, FILE *out);
	json_t *(*json)(const struct conf_key *key, const void *field);
	bool (*is_equal)(const struct conf_key *key, const void *a, const void *b);
	/* Stores the row's .dflt; NULL = all zero. A row's .dflt_text is then given to parse. */
	void (*set_default)(const struct conf_key *key, void *field);
	/*
	 * Where keywords share a line (CONF_BLOCK_LINES, CONF_BLOCK_BARE): whether an optional word
	 * belongs to this value. NULL = every word that is not itself a keyword of the block.
	 */
	bool (*accepts)(const struct conf_token *word);
	/*
	 * How many of the words, of which the first min_args belong to it anyway, are this value's
	 * where keywords share a line. NULL = as .accepts says.
	 */
	unsigned (*count)(const struct conf_key *key, const struct conf_token *argv, unsigned argc);
	/* parse reads argv[0].raw where it is given, and reports what is too much there. */
	bool is_raw;
	const char *json_type; /* for the schema: "integer", "boolean", "string", "object", "array",
				  or several: "integer|string" */
};

extern const struct conf_type conf_type_flag; /* bool; K_FLAG, value .dflt inverted when present */
extern const struct conf_type conf_type_bool; /* bool; [BOOL] */
extern const struct conf_type conf_type_u8, conf_type_u16, conf_type_u32,
	conf_type_i64;                        /* range min..max */
extern const struct conf_type conf_type_secs; /* int64_t in us, min..max in us, up to 6 decimals */
extern const struct conf_type conf_type_str;  /* const char * */
extern const struct conf_type conf_type_word; /* int from .words */
extern const struct conf_type conf_type_addr; /* struct addr */
extern const struct conf_type conf_type_endpoint; /* struct conf_endpoint: IP [PORT] */
extern const struct conf_type conf_type_prefix;   /* struct conf_prefix: IP[/LEN] */
extern const struct conf_type conf_type_script;   /* struct conf_script */
extern const struct conf_type conf_type_ranges; /* struct conf_ranges: A B-C ... within min..max */

/*
 * A value made of rows: "eth0 inst VI_1 id 5". Keywords with their values stand in any order; rows
 * with CONF_BARE may stand without keyword, in table order. The field is a struct that begins with
 * a struct conf_parts; the offsets of .parts are from its start. conf_type_opt_parts may be empty.
 */
struct conf_parts {
	bool is_given;  /* the keyword was written */
	uint64_t given; /* bit n: the n-th row was written */
};

extern const struct conf_type conf_type_parts, conf_type_opt_parts;

/* Whether the row `name` of `key` was written in this value. */
bool conf_parts_has(const struct conf_key *key, const struct conf_parts *parts, const char *name);

/* What a change of a key at reload touches. */
enum conf_apply { CONF_APPLY_LIVE, CONF_APPLY_INSTANCE, CONF_APPLY_CHILD, CONF_APPLY_RESTART };

enum conf_key_flags {
	CONF_REQUIRED = 1, /* the object is refused without it */
	CONF_REPEAT = 2,  /* may be given more than once (last wins silently); else a duplicate is a
			     warning */
	CONF_FIRST = 256, /* given more than once: the first counts, not the last */
	CONF_DEPRECATED = 4, /* accepted with a warning that names .alias_of */
	/*
	 * Unset: value of the key of the same name in the nearest enclosing object that has
	 * such a key, if it was written there or inherited. Where the enclosing row has a
	 * default that can be printed, this one needs one too, or the dump, which prints
	 * defaults, would set it.
	 */
	CONF_INHERIT = 8,
	CONF_NO_EFFECT = 16, /* parsed and checked; the feature is not built: said once, plainly */
	CONF_BARE = 32,      /* in lines and parts: the keyword may be left out where .type->accepts
				the word; printed without it */
	CONF_CLAMP = 128,    /* a number outside the limits becomes the nearest, with a warning */
	CONF_IF_SET = 64,    /* stands in dumps only where it was written */
};

/* A row: one keyword of one block. */
struct conf_key {
	const char *name;
	const struct conf_type *type;
	uint32_t offset;       /* of the field in the block's struct */
	uint32_t size;         /* of the field */
	int64_t min, max;      /* limits for numbers and times */
	int64_t dflt;          /* default of numbers, times, flags, words */
	const char *dflt_text; /* default of other types, in canonical words; NULL = unset */
	const char *dflt_from; /* unset: value of this key of global_defs (same type) */
	const struct conf_word *words;
	const char *alias_of;      /* this row is another spelling of that row; shares its field */
	const char *not_in_effect; /* CONF_NO_EFFECT where it decides about mastership, traffic or
				protection: what its absence means, as a clause */
	const char *no_use; /* CONF_NO_EFFECT of other rows, where there is no need for them here:
			       why, as a clause */
	const struct conf_key *parts; /* rows inside the value: see conf_type_parts */
	enum conf_apply apply;
	uint32_t flags;   /* enum conf_key_flags */
	const char *help; /* one sentence for the man page; required */
};

/*
 * Row makers. The _Generic in CONF_FIELD makes a wrong field type a compile error. Further
 * members follow as designated initialisers: K_U8("priority", struct vrrp_conf, priority, 1,
 * 255, .dflt = 100, .help = "...").
 */
#define CONF_FIELD(s, f, ctype)   \
	.offset = offsetof(s, f), \
	.size = (uint32_t)(sizeof(((s *)0)->f) * _Generic(&((s *)0)->f, ctype * : 1))
#define K_FLAG(n, s, f, ...)                                                            \
	{                                                                               \
		.name = n, .type = &conf_type_flag, CONF_FIELD(s, f, bool), __VA_ARGS__ \
	}
#define K_BOOL(n, s, f, ...)                                                            \
	{                                                                               \
		.name = n, .type = &conf_type_bool, CONF_FIELD(s, f, bool), __VA_ARGS__ \
	}
#define K_U8(n, s, f, lo, hi, ...)                                                                 \
	{                                                                                          \
		.name = n, .type = &conf_type_u8, CONF_FIELD(s, f, uint8_t), .min = lo, .max = hi, \
		__VA_ARGS__                                                                        \
	}
#define K_U16(n, s, f, lo, hi, ...)                                                       \
	{                                                                                 \
		.name = n, .type = &conf_type_u16, CONF_FIELD(s, f, uint16_t), .min = lo, \
		.max = hi, __VA_ARGS__                                                    \
	}
#define K_U32(n, s, f, lo, hi, ...)                                                       \
	{                                                                                 \
		.name = n, .type = &conf_type_u32, CONF_FIELD(s, f, uint32_t), .min = lo, \
		.max = hi, __VA_ARGS__                                                    \
	}
#define K_I64(n, s, f, lo, hi, ...)                                                      \
	{                                                                                \
		.name = n, .type = &conf_type_i64, CONF_FIELD(s, f, int64_t), .min = lo, \
		.max = hi, __VA_ARGS__                                                   \
	}
#define K_SECS(n, s, f, lo_us, hi_us, ...)                                                   \
	{                                                                                    \
		.name = n, .type = &conf_type_secs, CONF_FIELD(s, f, int64_t), .min = lo_us, \
		.max = hi_us, __VA_ARGS__                                                    \
	}
#define K_STR(n, s, f, ...)                                                                    \
	{                                                                                      \
		.name = n, .type = &conf_type_str, CONF_FIELD(s, f, const char *), __VA_ARGS__ \
	}
#define K_WORD(n, s, f, w, ...)                                                                    \
	{                                                                                          \
		.name = n, .type = &conf_type_word, CONF_FIELD(s, f, int), .words = w, __VA_ARGS__ \
	}
#define K_ADDR(n, s, f, ...)                                                                   \
	{                                                                                      \
		.name = n, .type = &conf_type_addr, CONF_FIELD(s, f, struct addr), __VA_ARGS__ \
	}
#define K_ENDPOINT(n, s, f, ...)                                                                \
	{                                                                                       \
		.name = n, .type = &conf_type_endpoint, CONF_FIELD(s, f, struct conf_endpoint), \
		__VA_ARGS__                                                                     \
	}
#define K_PREFIX(n, s, f, ...)                                                              \
	{                                                                                   \
		.name = n, .type = &conf_type_prefix, CONF_FIELD(s, f, struct conf_prefix), \
		__VA_ARGS__                                                                 \
	}
#define K_SCRIPT(n, s, f, ...)                                                              \
	{                                                                                   \
		.name = n, .type = &conf_type_script, CONF_FIELD(s, f, struct conf_script), \
		__VA_ARGS__                                                                 \
	}
#define K_RANGES(n, s, f, lo, hi, ...)                                                      \
	{                                                                                   \
		.name = n, .type = &conf_type_ranges, CONF_FIELD(s, f, struct conf_ranges), \
		.min = lo, .max = hi, __VA_ARGS__                                           \
	}
/* Odd syntax: a type of its own, next to the table that uses it. */
#define K_CUSTOM(n, t, s, f, ctype, ...)                                   \
	{                                                                  \
		.name = n, .type = t, CONF_FIELD(s, f, ctype), __VA_ARGS__ \
	}
#define K_END                \
	{                    \
		.name = NULL \
	}

enum conf_block_style {
	CONF_BLOCK_KEYS,  /* { keyword lines and blocks } */
	CONF_BLOCK_LINES, /* { one object a line: args, then keywords inline } */
	/*
	 * The same without a block of its own: the lines of the enclosing block that begin with
	 * none of its names. Its name stands in JSON only. A block has at most one of these.
	 */
	CONF_BLOCK_BARE,
};

/* A block: what it is called, what it fills, where the object goes, what may stand in it. */
struct conf_block {
	const char *name;
	enum conf_block_style style;
	uint32_t size;        /* of the struct it fills (first member struct conf_obj) */
	uint32_t list_offset; /* of the struct conf_list in the parent's struct */
	bool is_single;       /* repeats merge into the one object (global_defs) */
	/*
	 * Words after the block name (or at line start), in order; may be NULL. A row whose
	 * type needs a word makes that word mandatory.
	 */
	const struct conf_key *args;
	const struct conf_key *keys;
	const struct conf_block *const *blocks; /* NULL terminated; may be NULL */
	/*
	 * After the block closed and before it is attached: checks and derivations inside this
	 * object, before defaults (unset fields are still zero). Returns false (having reported
	 * why) to drop the object. May be NULL. Runs each time a block that is_single closes,
	 * and once when the file has none.
	 */
	bool (*finish)(struct conf_walk *walk, struct conf_obj *obj);
	/* After defaults are resolved for the whole tree: derived values. May be NULL. */
	void (*resolve)(struct conf_walk *walk, struct conf_obj *obj);
	/*
	 * What it means that the feature is not built yet, although the block is read and checked:
	 * said once, as a warning ("not-in-effect"). NULL = it works.
	 */
	const char *not_in_effect;
	bool is_vital; /* keepalived ends when a required keyword is missing in it */
	bool is_alone; /* further words after its args are an error; so they are where lines follow
			*/
	const char *help;
};

/* Whether each line of a block is an object. */
static inline bool conf_block_has_lines(const struct conf_block *block)
{
	return block->style != CONF_BLOCK_KEYS;
}

/* A cross-field rule over the whole configuration: pure, only reports. */
typedef void (*conf_rule)(const struct conf_obj *root, struct conf_diags *diags);

/* The whole grammar. `root` is a block without name; its struct holds the top-level lists. */
struct conf_schema {
	const struct conf_block *root;
	const struct conf_key *global_keys; /* rows that .dflt_from names */
	const struct conf_block *global_block;
	const conf_rule *rules; /* NULL terminated */
};

struct conf_options {
	const char *config_id; /* for @ID lines; NULL = host name */
	/* keepalived's tolerance: rejected values fall back to their default, unknown keywords and
	 * objects that break a rule are left out, with warnings. */
	bool is_tolerant;
	bool needs_all_includes; /* plain include lines are as strict as includea */
};

/* ---- loading ---- */

/*
 * Reads `path` (a file or glob) and everything it includes, reports all problems into `diags`
 * and returns the configuration, complete with defaults, or NULL when nothing could be read at
 * all. Usable only if conf_diags_errors() is 0. The caller frees it with conf_free(). Not for
 * the VRRP loop: it reads files.
 */
struct conf *conf_load(const char *path, const struct conf_schema *schema,
		       const struct conf_options *options, struct conf_diags *diags);

/*
 * The same from memory; `name` stands in diagnostics. For tests, fuzzing and plans. An include
 * line is an error here: such text may come from somebody who may not read our files.
 */
struct conf *conf_load_text(const char *text, size_t len, const char *name,
			    const struct conf_schema *schema, const struct conf_options *options,
			    struct conf_diags *diags);

/* Frees the arena. NULL is fine. */
void conf_free(struct conf *conf);

/* The root object (cast to the schema's root struct). */
const struct conf_obj *conf_root(const struct conf *conf);

/* ---- for types, finish and resolve functions ---- */

/* Arena memory, zeroed; lives as long as the configuration. */
void *conf_alloc(struct conf_walk *walk, size_t size);
const char *conf_strdup(struct conf_walk *walk, const char *s);

/* For print functions: writes one word, in double quotes where it needs them. */
void conf_print_word(FILE *out, const char *word);

/*
 * For json functions: a JSON string also when `s` is not UTF-8 (such bytes are taken as
 * Latin-1); NULL gives NULL.
 */
json_t *conf_json_string(const char *s);

/*
 * Reports at a token (or object position). `code` is stable ("out-of-range"); `hint` may be
 * NULL.
 */
void conf_error(struct conf_walk *walk, struct conf_pos pos, enum conf_class class,
		const char *code, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/*
 * Reports an error that keepalived runs on with: see enum conf_mend. It stands where the keyword
 * `name` of the object is, or at the object.
 */
void conf_refuse(struct conf_walk *walk, const struct conf_mending *mending, enum conf_class class,
		 const char *code, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
void conf_warning(struct conf_walk *walk, struct conf_pos pos, enum conf_class class,
		  const char *code, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Whether `name` was written in the file for this object, and where (pos may be NULL). */
bool conf_is_set(const struct conf_obj *obj, const char *name, struct conf_pos *pos);

/* ---- tables at work ---- */

/*
 * Canonical text, every key with its value; origin comments ("# default", "# file:line") if
 * with_origin.
 */
void conf_dump(const struct conf *conf, const struct conf_schema *schema, bool with_origin,
	       FILE *out);

/* The same as JSON (a new reference). */
json_t *conf_json(const struct conf *conf, const struct conf_schema *schema);

/* JSON Schema (draft 2020-12) of what conf_json() gives for a valid configuration. A new reference.
 */
json_t *conf_json_schema(const struct conf_schema *schema);

/*
 * Encodes the objects for a child: the blocks of `only` (NULL-terminated top-level block
 * names), only keys that were set. Returns malloc'ed bytes in *data. 0 or -ENOMEM.
 */
int conf_encode(const struct conf *conf, const struct conf_schema *schema, const char *const *only,
		uint8_t **data, size_t *len);

/*
 * Builds a configuration from conf_encode() bytes, defaults resolved. NULL when malformed.
 * Input is not trusted.
 */
struct conf *conf_decode(const uint8_t *data, size_t len, const struct conf_schema *schema);

/* Whether two objects of one block have equal args, keys and sub-objects. */
bool conf_obj_is_equal(const struct conf_obj *a, const struct conf_obj *b);

/*
 * The most far-reaching .apply among keys that differ (own keys and args only); -1 when none
 * differs.
 */
int conf_obj_apply(const struct conf_obj *a, const struct conf_obj *b);

/* One difference between two objects of one block: a row, or a list of sub-objects. */
struct conf_change {
	const struct conf_key *key; /* NULL = a list differs */
	const char *name;           /* of the keyword, or of the first block that differs */
	uint32_t list_offset;       /* of the list in the object's struct; for lists only */
	enum conf_apply apply;      /* the most far-reaching one */
};

/* Calls `on_change` for each argument, keyword and list in which `a` and `b` differ. */
typedef void (*conf_on_change)(void *ctx, const struct conf_change *change);
void conf_obj_each_change(const struct conf_obj *a, const struct conf_obj *b,
			  conf_on_change on_change, void *ctx);

/* mdoc list of a block's keywords, for diarch.conf(5). */
void conf_man(const struct conf_schema *schema, FILE *out);

#endif
