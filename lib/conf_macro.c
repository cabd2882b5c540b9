/*
 * Lines to lines, before anything is tokenized: definitions ($NAME=), conditions (@ID) and
 * substitution. conf_generate.c repeats lines (~SEQ, ~LST).
 *
 * Used while a configuration is loaded. What is made carries the position of the line that made it.
 * All of it is bounded: a few lines could otherwise describe an endless file.
 */
#include "lib/conf_macro.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "lib/log.h"

enum {
	STEPS_MAX = 1000000,  /* references and lines made in one load */
	REPORT_STEPS = 100,   /* what a report counts for, lest a generator repeats one for long */
	BYTES_MAX = 32 << 20, /* bytes of the lines made in one load */
	LINE_LEN_MAX = 1 << 20, /* bytes of one line made */
	NAME_MAX_LEN = 63,
	RANDOM_MAX_DFLT = 32767,
};

struct conf_macro {
	struct conf_arena *arena;
	struct conf_diags *diags;
	conf_on_line on_line;
	void *ctx;
	char *dir;         /* of the file being read */
	void *definitions; /* tsearch() tree of struct conf_definition */
	char id[HOST_NAME_MAX + 1];
	const char *instance;    /* of the daemon, once the file has named it */
	struct conf_value *open; /* last line of an unfinished definition */
	unsigned depth;
	unsigned n_steps;
	size_t n_bytes;
	bool is_over;
};

/* ---- reports and limits ---- */

void conf_macro_report(struct conf_macro *macro, enum conf_severity severity, const char *code,
		       struct conf_pos pos, const char *fmt, ...)
{
	const struct conf_report head = {
		.severity = severity, .class = CONF_SYNTAX, .code = code, .pos = pos
	};
	va_list ap;

	va_start(ap, fmt);
	conf_diag_vreport(macro->diags, &head, fmt, ap);
	va_end(ap);
	macro->n_steps += REPORT_STEPS;
}

static void stop(struct conf_macro *macro, struct conf_pos pos, const char *what)
{
	macro->is_over = true;
	conf_macro_report(macro, CONF_ERROR, "too-large", pos, "%s", what);
}

bool conf_macro_step(struct conf_macro *macro, struct conf_pos pos, size_t n_bytes)
{
	macro->n_steps++;
	macro->n_bytes += n_bytes;
	if (!macro->is_over && (macro->n_steps > STEPS_MAX || macro->n_bytes > BYTES_MAX))
		stop(macro, pos, "definitions and generators make too much");
	return !macro->is_over;
}

static bool enter(struct conf_macro *macro, struct conf_pos pos)
{
	if (macro->depth == CONF_NESTING_MAX) {
		conf_macro_report(macro, CONF_ERROR, "too-deep", pos,
				  "definitions or generators use each other more than %d deep",
				  CONF_NESTING_MAX);
		return false;
	}
	macro->depth++;
	return true;
}

/* ---- names and definitions ---- */

size_t conf_macro_name_len(const struct conf_line *line, size_t at)
{
	size_t end = at;

	if (at == line->len || isdigit((unsigned char)line->text[at]))
		return 0;
	while (end < line->len &&
	       (isalnum((unsigned char)line->text[end]) || line->text[end] == '_'))
		end++;
	return end - at;
}

static int definition_cmp(const void *a, const void *b)
{
	const struct conf_definition *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static struct conf_definition *definition_find(const struct conf_macro *macro, const char *name)
{
	const struct conf_definition key = { .name = name };
	void *node = tfind(&key, &macro->definitions, definition_cmp);

	return node ? *(struct conf_definition **)node : NULL;
}

struct conf_definition *conf_macro_definition(struct conf_macro *macro, const char *name,
					      size_t len)
{
	const char *copy = conf_arena_strndup(macro->arena, name, len);
	struct conf_definition *definition = definition_find(macro, copy);

	if (definition)
		return definition;
	definition = conf_arena_alloc(macro->arena, sizeof(*definition));
	definition->name = copy;
	if (!tsearch(definition, &macro->definitions, definition_cmp))
		fatal(1, "out of memory");
	return definition;
}

/*
 * A line of a definition. Outside quotes `\#` and `\!` lose their backslash here, so that they
 * begin a comment where the definition is used, as in keepalived.
 */
static struct conf_value *value_new(struct conf_macro *macro, const char *text, size_t len)
{
	struct conf_value *value = conf_arena_alloc(macro->arena, sizeof(*value));
	char *copy = conf_arena_strndup(macro->arena, text, len);
	bool is_quoted = false;

	value->text = copy;
	for (size_t i = 0; i < len; i++) {
		is_quoted ^= text[i] == '"';
		if (!is_quoted && text[i] == '\\' && i + 1 < len && strchr("#!", text[i + 1]))
			i++;
		copy[value->len++] = text[i];
	}
	copy[value->len] = '\0';
	return value;
}

static bool ends_in_backslash(const struct conf_line *line)
{
	return line->len > 0 && line->text[line->len - 1] == '\\';
}

/*
 * Adds a line to the unfinished definition, which goes on while lines end in a backslash, be it
 * before a comment or at its end: a line of a body that is all comment does not end the body.
 */
static void add_to_definition(struct conf_macro *macro, const struct conf_line *line)
{
	struct conf_line whole = conf_line_slice(line, 0, line->len);
	struct conf_line rest = conf_line_slice(line, 0, conf_line_end(line));
	bool goes_on = ends_in_backslash(&whole) || ends_in_backslash(&rest);
	struct conf_value *last = macro->open;

	rest = conf_line_slice(&rest, 0, rest.len - ends_in_backslash(&rest));

	if (rest.len > 0 && last->len > 0) {
		last->next = value_new(macro, rest.text, rest.len);
		last = last->next;
	} else if (rest.len > 0) {
		*last = *value_new(macro, rest.text, rest.len);
	}
	macro->open = goes_on ? last : NULL;
}

/*
 * Takes a line that is `$NAME=...`; `to_end` is the same with its comment. One whose condition is
 * false is read to its end all the same.
 */
static bool take_definition(struct conf_macro *macro, const struct conf_line *line,
			    const struct conf_line *to_end, bool is_dropped)
{
	size_t n = line->len > 0 && line->text[0] == '$' ? conf_macro_name_len(line, 1) : 0;
	size_t skip = (size_t)(line->text - to_end->text) + 2 + n;
	struct conf_line rest;

	if (n == 0 || 1 + n == line->len || line->text[1 + n] != '=')
		return false;
	macro->open = value_new(macro, "", 0);
	if (!is_dropped)
		conf_macro_definition(macro, line->text + 1, n)->value = macro->open;
	rest = conf_line_slice(to_end, skip, to_end->len);
	add_to_definition(macro, &rest);
	return true;
}

/* ---- substitution ---- */

/* A use of a name: `$NAME` or `${NAME words}`. */
struct reference {
	char name[NAME_MAX_LEN + 1];
	struct conf_line words;
	size_t end;
	bool is_braced;
	struct conf_pos pos;
};

enum put { PUT_DONE, PUT_AS_TEXT, PUT_FAILED };

static void made_char(struct conf_made *made, char c, uint32_t col)
{
	if (made->len == made->cap) {
		made->cap = made->cap ? 2 * made->cap : 256;
		made->text = xrealloc(made->text, made->cap);
		made->cols = xrealloc(made->cols, made->cap * sizeof(*made->cols));
	}
	made->is_quoted ^= c == '"';
	made->text[made->len] = c;
	made->cols[made->len++] = col;
}

static void made_text(struct conf_made *made, const char *text, uint32_t col)
{
	for (; *text; text++)
		made_char(made, iscntrl((unsigned char)*text) ? ' ' : *text, col);
}

void conf_made_done(struct conf_made *made)
{
	free(made->text);
	free(made->cols);
}

struct conf_line conf_made_line(const struct conf_made *made, struct conf_pos pos)
{
	return (struct conf_line){
		.text = made->text, .len = made->len, .cols = made->cols, .pos = pos
	};
}

/* Reads the reference that may begin at `at`, where a `$` stands. */
static bool read_reference(const struct conf_line *line, size_t at, struct reference *ref)
{
	bool is_braced = at + 1 < line->len && line->text[at + 1] == '{';
	size_t start = at + 1 + is_braced, n = conf_macro_name_len(line, start), end = start + n;
	const char *close;

	if (n == 0 || n > NAME_MAX_LEN)
		return false;
	memcpy(ref->name, line->text + start, n);
	ref->name[n] = '\0';
	ref->is_braced = is_braced;
	ref->pos = conf_line_pos(line, at);
	ref->words = conf_line_slice(line, end, end);
	ref->end = end;
	if (!is_braced)
		return end == line->len || conf_is_blank(line->text[end]) ||
		       strchr(",)", line->text[end]);
	close = memchr(line->text + end, '}', line->len - end);
	if (!close || (line->text[end] != '}' && !conf_is_blank(line->text[end])))
		return false;
	ref->words = conf_line_slice(line, end, (size_t)(close - line->text));
	ref->end = (size_t)(close - line->text) + 1;
	return true;
}

/* "[MIN [MAX]]" */
static void made_random(struct conf_made *made, const char *words, uint32_t col)
{
	int64_t lo = 0, hi = RANDOM_MAX_DFLT;
	uint64_t value = 0;
	char text[24];

	sscanf(words, "%9" SCNd64 " %9" SCNd64, &lo, &hi);
	if (hi < lo)
		hi = lo;
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		value = 0;
	value %= (uint64_t)(hi - lo) + 1;
	snprintf(text, sizeof(text), "%" PRId64, lo + (int64_t)value);
	made_text(made, text, col);
}

/* Names that are there from the start. */
static enum put put_builtin(struct conf_macro *macro, struct conf_made *made,
			    const struct reference *ref)
{
	char *words = conf_arena_strndup(macro->arena, ref->words.text, ref->words.len);
	const char *value = NULL;

	if (strcmp(ref->name, "_RANDOM") == 0) {
		made_random(made, words, ref->pos.col);
		return PUT_DONE;
	}
	if (strcmp(ref->name, "_PWD") == 0)
		value = macro->dir;
	else if (strcmp(ref->name, "_INSTANCE") == 0)
		value = macro->instance ? macro->instance : macro->id;
	else if (strcmp(ref->name, "_HASH") == 0)
		value = "#"; /* outside quotes it begins a comment like a written one */
	else if (strcmp(ref->name, "_BANG") == 0)
		value = "!";
	else if (strcmp(ref->name, "_ENV") == 0)
		value = getenv(words);
	else
		return PUT_AS_TEXT;
	if (value)
		made_text(made, value, ref->pos.col);
	else
		conf_macro_report(macro, CONF_WARNING, "undefined-name", ref->pos,
				  "there is no environment variable \"%s\"", words);
	return PUT_DONE;
}

/* What nothing defines stays as text, but for braces outside quotes: they would end a block. */
static enum put put_undefined(struct conf_macro *macro, const struct conf_made *made,
			      const struct reference *ref)
{
	bool is_error = ref->is_braced && !made->is_quoted;

	conf_macro_report(macro, is_error ? CONF_ERROR : CONF_WARNING, "undefined-name", ref->pos,
			  is_error ? "$%s is not defined" : "$%s is not defined and stays as it is",
			  ref->name);
	return is_error ? PUT_DONE : PUT_AS_TEXT;
}

/* Puts what a definition stands for; `is_last`: nothing follows in the line. */
static enum put put_value(struct conf_macro *macro, struct conf_made *made,
			  const struct conf_value *value, const struct reference *ref, bool is_last)
{
	const struct conf_line line = { value->text, value->len, NULL, ref->pos, true };
	bool is_good;

	if (value->next && !is_last) {
		conf_macro_report(macro, CONF_ERROR, "definition-not-last", ref->pos,
				  "$%s has several lines: nothing may follow it", ref->name);
		return PUT_FAILED;
	}
	if (!enter(macro, ref->pos))
		return PUT_FAILED;
	is_good = conf_macro_substitute(macro, made, &line, is_last);
	macro->depth--;
	if (is_good && value->next)
		made->more[made->n_more++] = value->next;
	return is_good ? PUT_DONE : PUT_FAILED;
}

static enum put put_reference(struct conf_macro *macro, struct conf_made *made,
			      const struct reference *ref, bool is_last)
{
	const struct conf_definition *definition = definition_find(macro, ref->name);
	enum put put;

	if (!conf_macro_step(macro, ref->pos, 0))
		return PUT_FAILED;
	if (definition && definition->value)
		return put_value(macro, made, definition->value, ref, is_last);
	put = put_builtin(macro, made, ref);
	return put == PUT_AS_TEXT ? put_undefined(macro, made, ref) : put;
}

bool conf_macro_substitute(struct conf_macro *macro, struct conf_made *made,
			   const struct conf_line *line, bool is_last)
{
	struct reference ref;
	size_t at = 0;

	while (at < line->len) {
		enum put put = PUT_AS_TEXT;

		if (line->text[at] == '$' && read_reference(line, at, &ref))
			put = put_reference(macro, made, &ref, is_last && ref.end == line->len);
		if (put == PUT_FAILED)
			return false;
		if (put == PUT_AS_TEXT)
			made_char(made, line->text[at], conf_line_pos(line, at).col);
		at = put == PUT_DONE ? ref.end : at + 1;
		if (made->len > LINE_LEN_MAX) {
			stop(macro, line->pos, "definitions make a line too long");
			return false;
		}
	}
	return true;
}

/* ---- lines ---- */

/* Takes `@ID` or `@^ID` off the line; true when the rest is not for us. */
static bool take_condition(struct conf_macro *macro, struct conf_line *line)
{
	size_t start, end;
	bool is_other, is_ours;

	if (line->len == 0 || line->text[0] != '@')
		return false;
	is_other = line->len > 1 && line->text[1] == '^';
	start = end = 1 + is_other;
	while (end < line->len && !conf_is_blank(line->text[end]))
		end++;
	if (start == end)
		conf_macro_report(macro, CONF_WARNING, "empty-condition", conf_line_pos(line, 0),
				  "a condition without a name is never true");
	is_ours = strlen(macro->id) == end - start &&
		  memcmp(macro->id, line->text + start, end - start) == 0;
	*line = conf_line_slice(line, end, line->len);
	return start == end || is_ours == is_other;
}

/* Gives a finished line on. */
static void give_line(struct conf_macro *macro, const struct conf_line *line)
{
	if (!macro->is_over && !macro->on_line(macro->ctx, line))
		macro->is_over = true;
}

/* The lines of a definition, each as if it stood where it is used. */
static void give_values(struct conf_macro *macro, const struct conf_value *value,
			struct conf_pos pos)
{
	for (; value && !macro->is_over; value = value->next) {
		struct conf_line line = { value->text, value->len, NULL, pos, true };

		conf_macro_nested(macro, &line);
	}
}

/* What a line stands for that is nothing but the name of a definition; NULL for other lines. */
static const struct conf_value *line_value(const struct conf_macro *macro,
					   const struct conf_line *line)
{
	const struct conf_definition *definition;
	struct reference ref;

	if (line->text[0] != '$' || !read_reference(line, 0, &ref) || ref.end != line->len)
		return NULL;
	definition = definition_find(macro, ref.name);
	return definition ? definition->value : NULL;
}

/* Substitutes a line, gives it on, and then the further lines of what it used. */
static void expand_line(struct conf_macro *macro, const struct conf_line *line)
{
	const struct conf_value *value = line_value(macro, line);
	struct conf_made made = { 0 };
	struct conf_line whole;

	if (value && value->next) {
		give_values(macro, value, line->pos);
		return;
	}
	if (conf_macro_substitute(macro, &made, line, true)) {
		whole = conf_made_line(&made, line->pos);
		if (conf_macro_step(macro, line->pos, made.len))
			give_line(macro, &whole);
		for (unsigned i = 0; i < made.n_more; i++)
			give_values(macro, made.more[i], line->pos);
	}
	conf_made_done(&made);
}

static void take_line(struct conf_macro *macro, const struct conf_line *line)
{
	struct conf_line bare = conf_line_slice(line, 0, conf_line_end(line));
	bool is_dropped;

	if (macro->open) {
		add_to_definition(macro, line);
		return;
	}
	is_dropped = take_condition(macro, &bare);
	if (take_definition(macro, &bare, line, is_dropped) || is_dropped)
		return;
	if (conf_macro_generate(macro, &bare))
		return;
	if (bare.len > 0 && memchr(bare.text, '$', bare.len))
		expand_line(macro, &bare);
	else
		give_line(macro, &bare);
}

void conf_macro_nested(struct conf_macro *macro, const struct conf_line *line)
{
	if (!conf_macro_step(macro, line->pos, line->len) || !enter(macro, line->pos))
		return;
	take_line(macro, line);
	macro->depth--;
}

bool conf_macro_line(struct conf_macro *macro, const struct conf_line *line)
{
	take_line(macro, line);
	return !macro->is_over;
}

/* ---- life ---- */

struct conf_macro *conf_macro_new(struct conf_arena *arena, struct conf_diags *diags,
				  const char *config_id, conf_on_line on_line, void *ctx)
{
	struct conf_macro *macro = xcalloc(1, sizeof(*macro));

	macro->arena = arena;
	macro->diags = diags;
	macro->on_line = on_line;
	macro->ctx = ctx;
	if (config_id)
		snprintf(macro->id, sizeof(macro->id), "%s", config_id);
	else if (gethostname(macro->id, sizeof(macro->id) - 1) == 0)
		macro->id[strcspn(macro->id, ".")] = '\0';
	return macro;
}

static void forget(void *definition)
{
	(void)definition; /* lives in the arena */
}

void conf_macro_free(struct conf_macro *macro)
{
	if (!macro)
		return;
	tdestroy(macro->definitions, forget);
	free(macro->dir);
	free(macro);
}

void conf_macro_instance(struct conf_macro *macro, const char *name)
{
	macro->instance = conf_arena_strndup(macro->arena, name, strlen(name));
}

void conf_macro_file(struct conf_macro *macro, const char *path)
{
	const char *slash = strrchr(path, '/');

	free(macro->dir);
	macro->dir = xstrdup(slash ? path : ".");
	if (slash)
		macro->dir[slash == path ? 1 : slash - path] = '\0';
	macro->open = NULL;
}
