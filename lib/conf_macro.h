/*
 * What conf_macro.c offers to conf_src.c, and shares with conf_generate.c. Only these include it.
 */
#ifndef DIARCH_LIB_CONF_MACRO_H
#define DIARCH_LIB_CONF_MACRO_H

#include "lib/conf_private.h"

struct conf_macro;

/* Takes a finished line; false = no more. */
typedef bool (*conf_on_line)(void *ctx, const struct conf_line *line);

/* `config_id` for conditions; NULL = host name up to its first dot. Definitions live in `arena`. */
struct conf_macro *conf_macro_new(struct conf_arena *arena, struct conf_diags *diags,
				  const char *config_id, conf_on_line on_line, void *ctx);
void conf_macro_free(struct conf_macro *macro);

/* What ${_INSTANCE} is from here on; until then it is the configuration id. The name is copied. */
void conf_macro_instance(struct conf_macro *macro, const char *name);

/* The lines that follow are of this file. Ends a definition that the file before left unfinished.
 */
void conf_macro_file(struct conf_macro *macro, const char *path);

/* Takes a line of a file; gives on what it makes: none, one or many. False = no more. */
bool conf_macro_line(struct conf_macro *macro, const struct conf_line *line);

/* ---- for conf_generate.c ---- */

/* What a name stands for. Never changes once complete: a new definition makes a new one. */
struct conf_value {
	struct conf_value *next; /* line */
	const char *text;
	size_t len;
};

struct conf_definition {
	const char *name;
	const struct conf_value *value; /* NULL = not defined */
};

/* The definition of a name, made without a value if there is none. */
struct conf_definition *conf_macro_definition(struct conf_macro *macro, const char *name,
					      size_t len);

/* Length of the name at `at`; 0 when there is none. */
size_t conf_macro_name_len(const struct conf_line *line, size_t at);

enum { CONF_NESTING_MAX = 32 }; /* definitions and generators inside each other */

/* A line being made, with the column that each byte comes from. */
struct conf_made {
	char *text;
	uint32_t *cols;
	size_t len, cap;
	bool is_quoted; /* inside double quotes */
	/* Further lines of what was used, in their order; only the last in a line may have any. */
	const struct conf_value *more[CONF_NESTING_MAX];
	unsigned n_more;
};

void conf_made_done(struct conf_made *made);
struct conf_line conf_made_line(const struct conf_made *made, struct conf_pos pos);

/*
 * Adds `line` with its names replaced; `is_last`: nothing follows, so that definitions of several
 * lines may stand at its end. False when the line must be given up (reported).
 */
bool conf_macro_substitute(struct conf_macro *macro, struct conf_made *made,
			   const struct conf_line *line, bool is_last);

/* Takes a line that a definition or generator made. */
void conf_macro_nested(struct conf_macro *macro, const struct conf_line *line);

/* Counts a step and the bytes it makes; false when there was too much (reported once). */
bool conf_macro_step(struct conf_macro *macro, struct conf_pos pos, size_t n_bytes);

void conf_macro_report(struct conf_macro *macro, enum conf_severity severity, const char *code,
		       struct conf_pos pos, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Takes a line that begins with a generator; false when it is none. */
bool conf_macro_generate(struct conf_macro *macro, const struct conf_line *line);

#endif
