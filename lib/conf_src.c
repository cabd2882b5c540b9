/*
 * Configuration files to lines: reading, include lines, limits.
 *
 * Used by whoever loads a configuration (parent, tools); blocks on files, so never in a loop that
 * has deadlines. Only regular files are read, and never more than CONF_TEXT_MAX bytes in all.
 */
#include "lib/conf_macro.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/log.h"

enum {
	ALTERNATIVES_MAX = 1000, /* of the braces of one pattern */
	ENTRIES_MAX = 1000000,   /* of directories, looked at in one load */
};

/* A file being read; they form the chain of includes. */
struct src_file {
	struct src_file *up;
	const char *path;
	uint32_t id;
	dev_t dev;
	ino_t ino;
	unsigned needs; /* of plain include lines; what an included file sets ends with it */
};

struct src {
	struct conf_diags *diags;
	struct conf_lex *lex;
	struct conf_macro *macro;
	struct src_file *top;
	unsigned needs; /* of plain include lines where the first file begins */
	unsigned depth;
	unsigned n_files;
	size_t n_bytes;
	size_t n_entries; /* of directories that patterns led through */
	bool is_over;
	bool is_text; /* from memory: no includes */
};

/* What an include line insists on; the rest is a warning or silence. */
enum strictness {
	NEED_READ = 1,  /* what matches can be read */
	NEED_MATCH = 2, /* a name without wildcards exists */
	NEED_WILD = 4,  /* a pattern with wildcards matches something */
	NEED_BRACE = 8, /* every alternative of {a,b} matches something */
	NEED_ALL = 15,
};

/* The ways to insist: a letter behind "include", words of include_check. */
static const struct need {
	char letter;
	const char *word;
	unsigned all; /* with what it implies */
	unsigned own;
} needs_table[] = {
	{ 'r', "read", NEED_READ, NEED_READ },
	{ 'r', "readable", NEED_READ, NEED_READ },
	{ 'm', "match", NEED_READ | NEED_MATCH, NEED_MATCH },
	{ 'w', "wildcard_match", NEED_READ | NEED_MATCH | NEED_WILD, NEED_WILD },
	{ 'b', "brace_match", NEED_READ | NEED_BRACE, NEED_BRACE },
	{ 'a', "", NEED_ALL, 0 },
	{ 0 },
};

static unsigned letter_needs(char letter)
{
	const struct need *need = needs_table;

	while (need->letter && need->letter != letter)
		need++;
	return need->all;
}

static const struct need *word_need(const char *word)
{
	const struct need *need = needs_table;

	while (need->letter && strcmp(need->word, word) != 0)
		need++;
	return need;
}

/* What "include_check [[+|-]WORD]..." makes of `needs`: a word without sign begins anew. */
static unsigned checked_needs(unsigned needs, const struct conf_token *argv, unsigned argc)
{
	if (argc == 0)
		return NEED_ALL;
	if (!strchr("+-", argv[0].text[0]))
		needs = 0;
	for (unsigned i = 0; i < argc; i++) {
		const char *word = argv[i].text;

		if (*word == '-')
			needs &= ~word_need(word + 1)->own;
		else
			needs |= word_need(word + (*word == '+'))->all;
	}
	return needs;
}

static void report_file(struct src *src, struct conf_pos pos, bool is_error, const char *path,
			const char *what)
{
	conf_diag_add(src->diags, is_error ? CONF_ERROR : CONF_WARNING, CONF_ENVIRONMENT,
		      "include-file", pos, NULL, "%s: %s", path, what);
}

/* ---- one file ---- */

static const char too_large[] = "the configuration is larger than 64 MiB";

/* Reads all of `fd`; NULL with a reason when it cannot be taken. */
static char *read_all(int fd, size_t max, size_t *len, const char **why)
{
	size_t cap = 0;
	char *text = NULL;
	ssize_t n;

	*len = 0;
	do {
		if (*len == cap) {
			cap = cap ? 2 * cap : 64 << 10;
			text = xrealloc(text, cap);
		}
		n = read(fd, text + *len, cap - *len);
		if (n < 0 && errno == EINTR)
			continue;
		*len += n > 0 ? (size_t)n : 0;
	} while (n != 0 && (n > 0 || errno == EINTR) && *len <= max);

	if (n >= 0 && *len <= max)
		return text;
	*why = n < 0 ? strerror(errno) : too_large;
	free(text);
	return NULL;
}

static const char *mode_problem(const struct stat *st)
{
	if (S_ISDIR(st->st_mode))
		return "is a directory";
	if (!S_ISREG(st->st_mode))
		return "is not a regular file";
	if (st->st_mode & 0111)
		return "is executable, skipped (a configuration file must not be)";
	return NULL;
}

/* Opens a file that may be one; to open a device could already do something. -1 with a reason. */
static int open_file(const char *path, struct stat *st, size_t max, const char **why)
{
	int fd = -1;

	*why = NULL;
	if (stat(path, st) < 0)
		*why = strerror(errno);
	else if (!(*why = mode_problem(st)) && st->st_size > (off_t)max)
		*why = too_large;
	if (*why)
		return -1;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, st) < 0)
		*why = strerror(errno);
	else
		*why = mode_problem(st);
	if (*why && fd >= 0)
		close(fd);
	return *why ? -1 : fd;
}

/* The text of a file; NULL with a reason. */
static char *read_file(struct src *src, const char *path, struct stat *st, size_t *len,
		       const char **why)
{
	size_t max = CONF_TEXT_MAX - src->n_bytes;
	int fd = open_file(path, st, max, why);
	char *text;

	if (fd < 0)
		return NULL;
	text = read_all(fd, max, len, why);
	close(fd);
	return text;
}

static bool on_line(void *ctx, const struct conf_line *line)
{
	struct src *src = ctx;

	return conf_lex_line(src->lex, line) && !src->is_over;
}

/* The first line with a NUL byte, or 0. */
static uint32_t find_nul(const char *text, size_t len)
{
	const char *nul = len ? memchr(text, '\0', len) : NULL;
	uint32_t line = 1;

	for (const char *p = text; nul && p < nul; p++)
		line += *p == '\n';
	return nul ? line : 0;
}

static void take_text(struct src *src, const char *text, size_t len)
{
	struct conf_line line = { .pos = { .file = src->top->id, .line = find_nul(text, len) } };

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	conf_diags_source(src->diags, src->top->id, text, len);
	if (line.pos.line) {
		conf_diag_add(src->diags, CONF_ERROR, CONF_SYNTAX, "nul-byte", line.pos, NULL,
			      "the file holds a NUL byte: it is not text and is not read");
		return;
	}
	conf_macro_file(src->macro, src->top->path);
	for (size_t at = 0; at < len && !src->is_over; at += line.len + 1) {
		const char *end = memchr(text + at, '\n', len - at);

		line.text = text + at;
		line.len = (size_t)((end ? end : text + len) - line.text);
		line.pos.line++;
		line.pos.col = 1;
		src->is_over |= !conf_macro_line(src->macro, &line);
	}
	if (src->top->up)
		conf_macro_file(src->macro, src->top->up->path);
}

/* Reports that the file of `st` is being read already: "a -> b -> a". */
static void report_loop(struct src *src, struct conf_pos pos, const struct stat *st)
{
	const struct src_file *chain[CONF_INCLUDE_MAX], *f = src->top;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	unsigned n = 0;

	if (!out)
		fatal(1, "out of memory");
	for (; f; f = f->dev == st->st_dev && f->ino == st->st_ino ? NULL : f->up)
		chain[n++] = f;
	for (unsigned i = n; i-- > 0;)
		fprintf(out, "%s -> ", chain[i]->path);
	fclose(out);
	conf_diag_add(src->diags, CONF_ERROR, CONF_SYNTAX, "include-loop", pos, NULL,
		      "the file includes itself: %s%s", text, chain[n - 1]->path);
	free(text);
}

static bool is_open(const struct src *src, const struct stat *st)
{
	const struct src_file *f = src->top;

	while (f && (f->dev != st->st_dev || f->ino != st->st_ino))
		f = f->up;
	return f != NULL;
}

/* Reads one file into the tree; false when that was not possible (reported). */
static bool src_file(struct src *src, const char *path, struct conf_pos from, bool is_error)
{
	struct src_file file = { .up = src->top, .path = path };
	const char *why = NULL;
	struct stat st;
	size_t len;
	char *text;

	if (src->depth == CONF_INCLUDE_MAX || src->n_files == CONF_FILES_MAX) {
		report_file(src, from, true, path,
			    src->depth == CONF_INCLUDE_MAX ? "too many includes inside each other"
							   : "too many files");
		src->is_over = true;
		return false;
	}
	text = read_file(src, path, &st, &len, &why);
	if (!text) {
		report_file(src, from, is_error || why == too_large, path, why);
		return false;
	}
	if (is_open(src, &st)) {
		report_loop(src, from, &st);
		free(text);
		return false;
	}
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	file.id = conf_diags_file(src->diags, path, from);
	file.needs = src->top ? src->top->needs : src->needs;
	src->n_bytes += len;
	src->n_files++;
	src->depth++;
	src->top = &file;
	take_text(src, text, len);
	src->top = file.up;
	src->depth--;
	free(text);
	return true;
}

/* ---- patterns ---- */

struct pattern_list {
	char **v;
	unsigned n;
};

static void pattern_push(struct pattern_list *list, char *pattern)
{
	list->v = xrealloc(list->v, (list->n + 1) * sizeof(*list->v));
	list->v[list->n++] = pattern;
}

static void pattern_list_done(struct pattern_list *list)
{
	for (unsigned i = 0; i < list->n; i++)
		free(list->v[i]);
	free(list->v);
}

/* The end of the alternative at `p`: its `,` or `}`; NULL when the brace is never closed. */
static const char *alternative_end(const char *p)
{
	unsigned depth = 0;

	for (; *p; p++) {
		if (depth == 0 && (*p == ',' || *p == '}'))
			return p;
		depth += *p == '{';
		depth -= *p == '}';
	}
	return NULL;
}

/* All alternatives of `pattern` in written order; stops at ALTERNATIVES_MAX. */
static void expand_braces(struct pattern_list *list, const char *pattern)
{
	const char *open = strchr(pattern, '{'), *close = open, *end;

	while (close && *close != '}')
		close = alternative_end(close + 1);
	if (!close) {
		pattern_push(list, xstrdup(pattern));
		return;
	}
	for (const char *p = open + 1; p <= close && list->n < ALTERNATIVES_MAX; p = end + 1) {
		char *one = NULL;

		end = alternative_end(p);
		if (asprintf(&one, "%.*s%.*s%s", (int)(open - pattern), pattern, (int)(end - p), p,
			     close + 1) < 0)
			fatal(1, "out of memory");
		expand_braces(list, one);
		free(one);
	}
}

/* `pattern` behind the directory of the file being read, unless it is absolute; the caller frees
 * it. */
static char *pattern_full(const struct src *src, const char *pattern)
{
	const char *path = src->top ? src->top->path : "", *slash = strrchr(path, '/');
	size_t len = slash && pattern[0] != '/' ? (size_t)(slash - path) + 1 : 0, n = 0;
	char *full = xcalloc(2 * len + strlen(pattern) + 1, 1);

	for (size_t i = 0; i < len; i++) {
		if (strchr("*?[\\", path[i]))
			full[n++] = '\\';
		full[n++] = path[i];
	}
	memcpy(full + n, pattern, strlen(pattern));
	return full;
}

/*
 * glob() with a limit: a pattern may lead through all of a file system. The functions that glob()
 * calls have no argument of ours.
 */
static size_t n_entries;

static struct dirent *next_entry(void *dir)
{
	return n_entries < ENTRIES_MAX && n_entries++ < ENTRIES_MAX ? readdir(dir) : NULL;
}

static void *open_dir(const char *path)
{
	return opendir(path);
}

static void close_dir(void *dir)
{
	closedir(dir);
}

static size_t find_files(struct src *src, const char *pattern, struct conf_pos from, glob_t *found)
{
	size_t n = 0;

	*found = (glob_t){
		.gl_opendir = open_dir,
		.gl_readdir = next_entry,
		.gl_closedir = close_dir,
		.gl_stat = stat,
		.gl_lstat = lstat,
	};
	n_entries = src->n_entries;
	if (glob(pattern, GLOB_ALTDIRFUNC, NULL, found) == 0)
		n = found->gl_pathc;
	src->n_entries = n_entries;
	if (n_entries == ENTRIES_MAX) {
		report_file(src, from, true, pattern, "too many files to look at");
		src->is_over = true;
	}
	return n;
}

/* Reads all files that match, in order; returns how many matched. */
static size_t src_glob(struct src *src, const char *pattern, struct conf_pos from, bool is_error)
{
	char *full = pattern_full(src, pattern);
	glob_t found;
	size_t n = find_files(src, full, from, &found);

	for (size_t i = 0; i < n && !src->is_over; i++)
		src_file(src, found.gl_pathv[i], from, is_error);
	globfree(&found);
	free(full);
	return n;
}

/* Reads what an include line (or -f) names; `needs` says what is an error. Returns how many files
 * matched. */
static size_t src_pattern(struct src *src, const char *pattern, struct conf_pos pos, unsigned needs)
{
	bool is_wild = strpbrk(pattern, "*?[") != NULL;
	struct pattern_list list = { 0 };
	size_t n_all = 0;

	expand_braces(&list, pattern);
	for (unsigned i = 0; i < list.n && !src->is_over; i++) {
		size_t n = src_glob(src, list.v[i], pos, needs & NEED_READ);

		if (n == 0 && list.n > 1 && (needs & NEED_BRACE))
			report_file(src, pos, true, list.v[i], "no such file");
		n_all += n;
	}
	if (n_all == 0 && (!is_wild || (needs & NEED_WILD)))
		report_file(src, pos, needs & (is_wild ? NEED_WILD : NEED_MATCH), pattern,
			    is_wild ? "nothing matches" : "no such file");
	pattern_list_done(&list);
	return n_all;
}

static void on_include(void *ctx, const struct conf_token *word, const struct conf_line *line)
{
	const char *why = NULL, *text = line->text;
	struct src *src = ctx;
	size_t len = line->len;
	char *pattern;

	if (src->is_text)
		why = "is not possible in text that is not a file";
	else if (len == 0)
		why = "needs the name of a file";
	else if (len >= PATH_MAX)
		why = "has a name that is too long";
	if (why) {
		conf_diag_add(src->diags, CONF_ERROR, CONF_SYNTAX, "include-file", word->pos, NULL,
			      "%s %s", word->text, why);
		return;
	}
	if (len >= 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	pattern = xcalloc(len + 1, 1);
	memcpy(pattern, text, len);
	src_pattern(src, pattern, conf_line_pos(line, 0),
		    src->top->needs | letter_needs(word->text[strlen("include")]));
	free(pattern);
}

/* The two keywords that steer the reading itself; what they hold is kept like any other. */
static void on_record(void *ctx, const struct conf_token *argv, unsigned argc)
{
	struct src *src = ctx;

	if (strcmp(argv[0].text, "include_check") == 0)
		src->top->needs = checked_needs(src->top->needs, argv + 1, argc - 1);
	else if (argc > 1 && strcmp(argv[0].text, "instance") == 0)
		conf_macro_instance(src->macro, argv[1].text);
}

/* ---- entry ---- */

/* Whatever the lines come from: they go to the macro stage, then to the lexer. */
static void src_begin(struct src *src, struct conf_arena *arena, const struct conf_options *options)
{
	src->lex = conf_lex_new(arena, src->diags, on_include, on_record, src);
	src->macro = conf_macro_new(arena, src->diags, options ? options->config_id : NULL, on_line,
				    src);
}

/* The tree; none when a limit was exceeded, as half a file only gives reports that mislead. */
static struct conf_stmt *src_end(struct src *src)
{
	struct conf_stmt *tree = src->is_over ? NULL : conf_lex_end(src->lex);

	conf_macro_free(src->macro);
	conf_lex_free(src->lex);
	return tree;
}

bool conf_src_files(struct conf_arena *arena, struct conf_diags *diags,
		    const struct conf_options *options, const char *path, struct conf_stmt **tree)
{
	struct src src = { .diags = diags };
	size_t n;

	if (options && options->needs_all_includes)
		src.needs = NEED_ALL;
	src_begin(&src, arena, options);
	n = src_pattern(&src, path, (struct conf_pos){ 0 }, letter_needs('a'));
	if (n > 1)
		conf_diag_add(diags, CONF_WARNING, CONF_ENVIRONMENT, "several-files",
			      (struct conf_pos){ 0 }, NULL, "%s matches %zu files; all are read",
			      path, n);
	*tree = src_end(&src);
	return src.n_files > 0;
}

struct conf_stmt *conf_src_text(struct conf_arena *arena, struct conf_diags *diags,
				const struct conf_options *options, const char *name,
				const char *text, size_t len)
{
	struct src src = { .diags = diags, .is_text = true };
	struct src_file file = { .path = name };

	src_begin(&src, arena, options);
	file.id = conf_diags_file(diags, name, (struct conf_pos){ 0 });
	src.top = &file;
	take_text(&src, text, len);
	return src_end(&src);
}
