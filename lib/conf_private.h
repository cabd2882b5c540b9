/*
 * What the stages of the configuration machinery share among themselves. Only lib/conf*.c
 * include this.
 */
#ifndef DIARCH_LIB_CONF_PRIVATE_H
#define DIARCH_LIB_CONF_PRIVATE_H

#include "lib/conf.h"

enum {
	CONF_TEXT_MAX = 64 << 20, /* bytes of one file, and of all files together */
	CONF_FILES_MAX = 10000,   /* files read in one load */
	CONF_INCLUDE_MAX = 32,    /* files open inside each other */
	CONF_WORDS_MAX = 4000000, /* words of one load */
	CONF_BLOCKS_MAX = 64,     /* blocks open inside each other */
	CONF_DIAGS_MAX = 1000,    /* diagnostics kept */
	CONF_DEPTH_MAX = 16,      /* blocks of a schema inside each other */
};

/* ---- conf.c: memory ---- */

struct conf_arena;

struct conf_arena *conf_arena_new(void);
void conf_arena_free(struct conf_arena *arena);

/* Zeroed, aligned memory that lives as long as the arena. Never NULL: out of memory is fatal. */
void *conf_arena_alloc(struct conf_arena *arena, size_t size);

/* A NUL-terminated copy of `len` bytes. */
char *conf_arena_strndup(struct conf_arena *arena, const char *s, size_t len);

/* ---- conf_lex.c: lines to statements ---- */

/* One record: its words, and its block if it has one. */
struct conf_stmt {
	struct conf_stmt *next;
	struct conf_stmt *body; /* first statement inside */
	const struct conf_token *argv;
	unsigned argc; /* 0: a block without a name, already reported */
	bool has_body;
	struct conf_pos open, close;
};

/* A line on its way to the lexer, without its line end. */
struct conf_line {
	const char *text;
	size_t len;
	const uint32_t *cols; /* column of each byte; NULL = they count up from pos */
	struct conf_pos pos;  /* of the first byte */
	bool is_made;         /* all of it comes from the one column in pos */
};

/* Position of byte `at` of a line; `at` may be its end. */
struct conf_pos conf_line_pos(const struct conf_line *line, size_t at);

/* The part of a line without blanks around it. */
struct conf_line conf_line_slice(const struct conf_line *line, size_t from, size_t to);

/* Where the comment of a line begins; its length when there is none. */
size_t conf_line_end(const struct conf_line *line);

static inline bool conf_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

struct conf_lex;

/*
 * Gets the word ("includer") and the pattern of an include line; the pattern is a line of its
 * own.
 */
typedef void (*conf_on_include)(void *ctx, const struct conf_token *word,
				const struct conf_line *pattern);

/* Gets each record of a file when its last word is read. */
typedef void (*conf_on_record)(void *ctx, const struct conf_token *argv, unsigned argc);

/* Statements and words are made in `arena`, which must outlive the lexer. */
struct conf_lex *conf_lex_new(struct conf_arena *arena, struct conf_diags *diags,
			      conf_on_include on_include, conf_on_record on_record, void *ctx);
void conf_lex_free(struct conf_lex *lex);

/* Feeds the next line. False when limits are exceeded (reported): nothing more is taken. */
bool conf_lex_line(struct conf_lex *lex, const struct conf_line *line);

/* After the last line: reports blocks still open; returns the first statement of the tree. */
struct conf_stmt *conf_lex_end(struct conf_lex *lex);

/* Words of canonical text (print functions, default texts). False when it is not plain words. */
bool conf_lex_words(struct conf_arena *arena, const char *text, size_t len,
		    const struct conf_token **argv, unsigned *argc);

/* ---- conf_src.c: files to lines ---- */

/* Reads `path` (a file or glob) with what it includes. False when no file could be read. */
bool conf_src_files(struct conf_arena *arena, struct conf_diags *diags,
		    const struct conf_options *options, const char *path, struct conf_stmt **tree);

/* The same from memory. */
struct conf_stmt *conf_src_text(struct conf_arena *arena, struct conf_diags *diags,
				const struct conf_options *options, const char *name,
				const char *text, size_t len);

/* ---- conf_index.c: names of a schema, hashed ---- */

struct conf_name {
	const struct conf_block *in; /* the block where the name is valid */
	const char *name;
	const struct conf_key *key;     /* keyword of that name, or NULL */
	const struct conf_key *main;    /* key, or the row it is an alias of */
	const struct conf_block *block; /* block of that name, or NULL */
	bool is_no_effect_told;
};

struct conf_index;

struct conf_index *conf_index_new(struct conf_arena *arena, const struct conf_schema *schema);
struct conf_name *conf_index_find(const struct conf_index *index, const struct conf_block *in,
				  const char *name);

/* The i-th name, in table order; NULL at the end. */
const struct conf_name *conf_index_at(const struct conf_index *index, size_t i);

/* The i of a name that exists. */
uint32_t conf_index_number(const struct conf_index *index, const struct conf_block *in,
			   const char *name);

/* ---- conf.c: the generation ---- */

struct conf {
	struct conf_arena *arena;
	const struct conf_schema *schema;
	struct conf_index *index;
	struct conf_obj *root;
	const char **paths; /* by file number - 1 */
	uint32_t n_paths;
};

struct conf *conf_new(const struct conf_schema *schema);

static inline void *conf_obj_field(struct conf_obj *obj, const struct conf_key *key)
{
	return (char *)obj + key->offset;
}

static inline const void *conf_obj_value(const struct conf_obj *obj, const struct conf_key *key)
{
	return (const char *)obj + key->offset;
}

static inline const struct conf_list *conf_obj_list(const struct conf_obj *obj,
						    const struct conf_block *block)
{
	return (const void *)((const char *)obj + block->list_offset);
}

/* The set record of a main row in `obj`, or NULL. */
struct conf_set *conf_obj_set(const struct conf_obj *obj, const struct conf_key *key);

/* The one object of schema->global_block; NULL when the schema has none. */
const struct conf_obj *conf_global_obj(const struct conf *conf);

/* Whether no block before the i-th fills the same list. */
bool conf_block_is_first(const struct conf_block *const *blocks, size_t i);

/* Calls `on_list` once for each list in `obj` (blocks may share one), in table order. */
typedef void (*conf_on_list)(void *ctx, const struct conf_list *list);
void conf_obj_each_list(const struct conf_obj *obj, conf_on_list on_list, void *ctx);

/* ---- conf_walk.c ---- */

struct conf_walk {
	struct conf *conf;
	struct conf_diags *diags;
	bool is_tolerant;
	/* A value is being parsed that can be done without: there is a default, or the object is
	 * left out. */
	bool can_go_on;
	struct walk_frame *stack; /* blocks under construction */
	unsigned depth;
};

/* Fills conf->root from the tree. */
void conf_walk_tree(struct conf_walk *walk, const struct conf_stmt *tree);

/* ---- conf_fill.c ---- */

/* Where a value comes from. */
enum conf_origin { CONF_FROM_FILE, CONF_FROM_PARENT, CONF_FROM_GLOBAL, CONF_FROM_DEFAULT };

/* Origin of `key` in `obj`; *source is the object and *row the row that holds the value. */
enum conf_origin conf_key_origin(const struct conf *conf, const struct conf_obj *obj,
				 const struct conf_key *key, const struct conf_obj **source,
				 const struct conf_key **row);

/* Defaults of the whole tree, then the resolve functions; parents first. */
void conf_fill(struct conf_walk *walk);

/* The default of one key, or what it takes from elsewhere. */
void conf_fill_key(struct conf_walk *walk, struct conf_obj *obj, const struct conf_key *key);

/* ---- conf_mend.c ---- */

/* Does what reports that were tolerated ask for. After the rules. */
void conf_mend(struct conf_walk *walk);

/* ---- conf_text.c: canonical words ---- */

/* A reusable buffer for what print functions write. */
struct conf_text {
	FILE *out;
	char *buf;
	size_t len;
};

void conf_text_init(struct conf_text *text);
void conf_text_done(struct conf_text *text);

/*
 * Words of the value of `key` in `obj`, valid until the next call: "" when the keyword stands
 * alone, NULL when the value is unset.
 */
const char *conf_text_value(struct conf_text *text, const struct conf_obj *obj,
			    const struct conf_key *key);

/* Whether a string is well-formed UTF-8 (RFC 3629). */
bool conf_is_utf8(const char *s);

/* Whether two strings, of which each may be NULL, are the same. */
bool conf_str_is_equal(const char *a, const char *b);

/* Whether a row stands in canonical output: not an alias, and not idle unless written. */
bool conf_key_is_shown(const struct conf_obj *obj, const struct conf_key *key);

/* ---- conf_diag.c ---- */

/* Whether further diagnostics are only counted, so that their hints need not be found. */
bool conf_diags_is_full(const struct conf_diags *diags);

uint32_t conf_diags_n_files(const struct conf_diags *diags);

#endif
