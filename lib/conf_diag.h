/*
 * Positions and diagnostics of configuration files.
 */
#ifndef DIARCH_LIB_CONF_DIAG_H
#define DIARCH_LIB_CONF_DIAG_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A place in a file. file 0 = none. Lines and columns count from 1; columns in bytes. */
struct conf_pos {
	uint32_t file;
	uint32_t line;
	uint32_t col;
};

/* A word of the file. `text` is without quotes. */
struct conf_token {
	const char *text;
	/* Of the first word behind a keyword, where quotes or backslashes follow: the rest of the
	 * line as it was written, for types with rules of their own. NULL otherwise. */
	const char *raw;
	struct conf_pos pos;
	bool is_quoted;
};

enum conf_severity { CONF_ERROR, CONF_WARNING };

enum conf_class { CONF_SYNTAX, CONF_VALUE, CONF_SEMANTIC, CONF_ENVIRONMENT, CONF_SECURITY };

struct conf_obj;

/* What tolerance makes of an error that keepalived runs on with. */
enum conf_mend {
	CONF_MEND_NONE,      /* it stays an error */
	CONF_MEND_KEEP,      /* taken as written */
	CONF_MEND_RESET,     /* the keyword `name` of the object gets its default */
	CONF_MEND_MOVE,      /* the object goes to the block `name` beside its own */
	CONF_MEND_LEAVE_OUT, /* the object goes */
};

struct conf_mending {
	enum conf_mend mend;
	const struct conf_obj *obj;
	const char *name;
	bool is_silent; /* keepalived says nothing, or only gives advice */
};

struct conf_diag {
	enum conf_severity severity;
	enum conf_class class;
	const char *code; /* static: "unknown-keyword" */
	struct conf_pos pos;
	char *message;     /* what is wrong */
	char *hint;        /* what was expected, did you mean ...; may be NULL */
	bool is_tolerated; /* a warning by tolerance only, which keepalived reports as an error */
};

/* Collects everything; owns its texts and the names and lines of the files it mentions. */
struct conf_diags;

struct conf_diags *conf_diags_new(void);
void conf_diags_free(struct conf_diags *diags);

/*
 * Registers a file; the result is conf_pos.file. `from` is the include line, or file 0. The
 * path is copied.
 */
uint32_t conf_diags_file(struct conf_diags *diags, const char *path, struct conf_pos from);

/* Remembers the text of a whole file, to show lines of it with a caret. The text is copied. */
void conf_diags_source(struct conf_diags *diags, uint32_t file, const char *text, size_t len);

/* What a report says beside its text. */
struct conf_report {
	enum conf_severity severity;
	enum conf_class class;
	const char *code; /* static */
	struct conf_pos pos;
	const char *hint;            /* may be NULL */
	struct conf_mending mending; /* of an error; all zero = it is one also with tolerance */
	bool is_tolerated;           /* a warning instead of an error, as tolerance was asked for */
};

void conf_diag_report(struct conf_diags *diags, const struct conf_report *report, const char *fmt,
		      ...) __attribute__((format(printf, 3, 4)));
void conf_diag_vreport(struct conf_diags *diags, const struct conf_report *report, const char *fmt,
		       va_list ap) __attribute__((format(printf, 3, 0)));

/* conf_diag_add(diags, severity, class, code, pos, hint, fmt, ...) */
#define conf_diag_add(diags, severity, class, code, pos, hint, ...)                            \
	conf_diag_report(                                                                      \
		diags,                                                                         \
		&(const struct conf_report){ severity, class, code, pos, hint, { 0 }, false }, \
		__VA_ARGS__)

/*
 * From here on errors that have a mend are warnings, and what is to be done stands in
 * conf_diags_mending().
 */
void conf_diags_tolerate(struct conf_diags *diags);
bool conf_diags_is_tolerant(const struct conf_diags *diags);

/* Notes a mend without a report of its own. Without tolerance nothing is noted. */
void conf_diags_mend(struct conf_diags *diags, const struct conf_mending *mending);

/* The i-th mend in order of reports; NULL at the end. */
const struct conf_mending *conf_diags_mending(const struct conf_diags *diags, size_t i);

/* Counts of everything reported, also of what was not kept because there was too much of it. */
unsigned conf_diags_errors(const struct conf_diags *diags);
unsigned conf_diags_warnings(const struct conf_diags *diags);

/* What was kept, sorted by file, line and column. */
size_t conf_diags_count(const struct conf_diags *diags);
const struct conf_diag *conf_diags_at(const struct conf_diags *diags, size_t i);

/* "file" or "(none)". */
const char *conf_diags_path(const struct conf_diags *diags, uint32_t file);

/*
 * All, in file order: `file:line:col: error: text`, the line, a caret, the hint, "included
 * from".
 */
void conf_diags_print(const struct conf_diags *diags, FILE *out);

/*
 * One line without newline for a log: `file:line:col: error: text (hint)`. Returns bytes as
 * snprintf.
 */
int conf_diag_line(const struct conf_diags *diags, const struct conf_diag *diag, char *buf,
		   size_t size);

/* Array of objects: severity, code, class, file, line, column, message, hint. */
json_t *conf_diags_json(const struct conf_diags *diags);

/* Closest of NULL-terminated `names` to `word` within a sensible edit distance, or NULL. */
const char *conf_nearest(const char *word, const char *const *names);

#endif
