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
	struct conf_pos pos;
	bool is_quoted;
};

enum conf_severity { CONF_ERROR, CONF_WARNING };

enum conf_class { CONF_SYNTAX, CONF_VALUE, CONF_SEMANTIC, CONF_ENVIRONMENT, CONF_SECURITY };

struct conf_diag {
	enum conf_severity severity;
	enum conf_class class;
	const char *code; /* static: "unknown-keyword" */
	struct conf_pos pos;
	char *message; /* what is wrong */
	char *hint;    /* what was expected, did you mean ...; may be NULL */
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
	const char *hint; /* may be NULL */
};

void conf_diag_report(struct conf_diags *diags, const struct conf_report *report, const char *fmt,
		      ...) __attribute__((format(printf, 3, 4)));
void conf_diag_vreport(struct conf_diags *diags, const struct conf_report *report, const char *fmt,
		       va_list ap) __attribute__((format(printf, 3, 0)));

/* conf_diag_add(diags, severity, class, code, pos, hint, fmt, ...) */
#define conf_diag_add(diags, severity, class, code, pos, hint, ...)                              \
	conf_diag_report(diags, &(const struct conf_report){ severity, class, code, pos, hint }, \
			 __VA_ARGS__)

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
