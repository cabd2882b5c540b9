/*
 * Lines to words, words to a tree of statements.
 *
 * Used while a configuration is loaded. One line is one record; a brace outside double quotes is a
 * token wherever it stands, so a line may open and close blocks. The tree spans files: an included
 * file may hold part of a block.
 */
#include "lib/conf_private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

/* Words of the record being read. */
struct word_list {
	struct conf_token *v;
	unsigned n, cap;
};

/* A block that is open. */
struct open_block {
	struct conf_stmt *owner; /* NULL for the root */
	struct conf_stmt **tail; /* where the next statement goes */
	struct conf_stmt *last;  /* may still get its `{`; NULL once something came between */
};

struct conf_lex {
	struct conf_arena *arena;
	struct conf_diags *diags;
	conf_on_include on_include;
	conf_on_record on_record;
	void *ctx;
	struct word_list words;
	unsigned n_all; /* words and blocks so far */
	struct conf_stmt *first;
	struct open_block open[CONF_BLOCKS_MAX + 1];
	unsigned depth;
	bool is_over; /* a limit was exceeded */
};

/* ---- words ---- */

enum lex_kind { LEX_END, LEX_WORD, LEX_OPEN, LEX_CLOSE, LEX_UNTERMINATED };

struct conf_pos conf_line_pos(const struct conf_line *line, size_t at)
{
	struct conf_pos pos = line->pos;

	if (line->cols && line->len)
		pos.col = at < line->len ? line->cols[at] : line->cols[line->len - 1] + 1;
	else if (!line->is_made)
		pos.col += (uint32_t)at;
	return pos;
}

struct conf_line conf_line_slice(const struct conf_line *line, size_t from, size_t to)
{
	struct conf_line slice = *line;

	while (from < to && conf_is_blank(line->text[from]))
		from++;
	while (to > from && conf_is_blank(line->text[to - 1]))
		to--;
	slice.pos = conf_line_pos(line, from);
	slice.text = from < line->len ? line->text + from : "";
	slice.cols = line->cols ? line->cols + from : NULL;
	slice.len = to - from;
	return slice;
}

static bool is_escaped(const struct conf_line *line, size_t at)
{
	return line->text[at] == '\\' && at + 1 < line->len &&
	       (line->text[at + 1] == '#' || line->text[at + 1] == '!');
}

/* How much stands at `at`: two bytes where a backslash keeps a comment, or a quote, from what it
 * means. */
static size_t char_len(const struct conf_line *line, size_t at, bool is_quoted)
{
	if (!is_quoted)
		return is_escaped(line, at) ? 2 : 1;
	return line->text[at] == '\\' && at + 1 < line->len ? 2 : 1;
}

size_t conf_line_end(const struct conf_line *line)
{
	bool is_quoted = false;
	size_t at = 0;

	for (; at < line->len; at += char_len(line, at, is_quoted)) {
		char c = line->text[at];

		if (!is_quoted && (c == '#' || c == '!'))
			break;
		is_quoted ^= c == '"';
	}
	return at;
}

/* The line from `at` to its comment or brace, when quotes or backslashes are in it. Braces know
 * nothing of backslashes. */
static const char *raw_rest(struct conf_arena *arena, const struct conf_line *line, size_t at)
{
	struct conf_line rest = conf_line_slice(line, at, line->len);
	size_t end = conf_line_end(&rest), n = 0;
	bool is_quoted = false, is_needed = false;

	for (; n < end && (is_quoted || (rest.text[n] != '{' && rest.text[n] != '}')); n++) {
		is_quoted ^= rest.text[n] == '"';
		is_needed |= strchr("\"'\\", rest.text[n]) != NULL;
	}
	return is_needed ? conf_arena_strndup(arena, rest.text, n) : NULL;
}

static bool is_word_end(char c)
{
	return conf_is_blank(c) || c == '"' || c == '{' || c == '}' || c == '#' || c == '!';
}

/* A word in double quotes; `at` is behind the opening one. */
static enum lex_kind lex_quoted(struct conf_arena *arena, const struct conf_line *line, size_t *at,
				struct conf_token *word)
{
	const char *start = line->text + *at;
	const char *end = memchr(start, '"', line->len - *at);
	size_t len = end ? (size_t)(end - start) : line->len - *at;

	word->is_quoted = true;
	if (!end) {
		/* The quote is missing, but a brace at the line's end is hardly meant to be part of
		 * it. */
		while (len > 0 && conf_is_blank(start[len - 1]))
			len--;
		if (len > 0 && start[len - 1] == '{')
			len--;
	}
	word->text = conf_arena_strndup(arena, start, len);
	*at += len + (end != NULL);
	return end ? LEX_WORD : LEX_UNTERMINATED;
}

static void lex_plain(struct conf_arena *arena, const struct conf_line *line, size_t *at,
		      struct conf_token *word)
{
	size_t start = *at, end = start, n = 0;
	char *text;

	while (end < line->len && !is_word_end(line->text[end]))
		end += is_escaped(line, end) ? 2 : 1;
	text = conf_arena_strndup(arena, line->text + start, end - start);
	for (size_t i = start; i < end; i++) {
		i += is_escaped(line, i);
		text[n++] = line->text[i];
	}
	text[n] = '\0';
	word->text = text;
	word->is_quoted = false;
	*at = end;
}

/* The next token at *at. Comments end the line. */
static enum lex_kind lex_next(struct conf_arena *arena, const struct conf_line *line, size_t *at,
			      struct conf_token *word)
{
	char c;

	while (*at < line->len && conf_is_blank(line->text[*at]))
		++*at;
	word->pos = conf_line_pos(line, *at);
	word->raw = NULL;
	c = *at < line->len ? line->text[*at] : '#';
	if (c == '#' || c == '!')
		return LEX_END;
	if (c == '{' || c == '}') {
		++*at;
		return c == '{' ? LEX_OPEN : LEX_CLOSE;
	}
	if (c == '"') {
		++*at;
		return lex_quoted(arena, line, at, word);
	}
	lex_plain(arena, line, at, word);
	return LEX_WORD;
}

static void words_push(struct word_list *words, const struct conf_token *word)
{
	if (words->n == words->cap) {
		words->cap = words->cap ? 2 * words->cap : 16;
		words->v = xrealloc(words->v, words->cap * sizeof(*words->v));
	}
	words->v[words->n++] = *word;
}

/* Moves the words into the arena. */
static const struct conf_token *words_take(struct word_list *words, struct conf_arena *arena)
{
	struct conf_token *copy = conf_arena_alloc(arena, words->n * sizeof(*copy));

	if (words->n)
		memcpy(copy, words->v, words->n * sizeof(*copy));
	words->n = 0;
	return copy;
}

bool conf_lex_words(struct conf_arena *arena, const char *text, size_t len,
		    const struct conf_token **argv, unsigned *argc)
{
	struct conf_line line = { .text = text, .len = len };
	struct word_list words = { 0 };
	struct conf_token word;
	enum lex_kind kind;
	size_t at = 0;

	while ((kind = lex_next(arena, &line, &at, &word)) == LEX_WORD) {
		word.pos = (struct conf_pos){ 0 };
		words_push(&words, &word);
	}
	*argc = words.n;
	*argv = words_take(&words, arena);
	free(words.v);
	return kind == LEX_END && at == len;
}

/* ---- the tree ---- */

struct conf_lex *conf_lex_new(struct conf_arena *arena, struct conf_diags *diags,
			      conf_on_include on_include, conf_on_record on_record, void *ctx)
{
	struct conf_lex *lex = xcalloc(1, sizeof(*lex));

	lex->arena = arena;
	lex->diags = diags;
	lex->on_include = on_include;
	lex->on_record = on_record;
	lex->ctx = ctx;
	lex->open[0].tail = &lex->first;
	return lex;
}

void conf_lex_free(struct conf_lex *lex)
{
	if (!lex)
		return;
	free(lex->words.v);
	free(lex);
}

static struct conf_stmt *stmt_add(struct conf_lex *lex)
{
	struct open_block *block = &lex->open[lex->depth];
	struct conf_stmt *stmt = conf_arena_alloc(lex->arena, sizeof(*stmt));

	*block->tail = stmt;
	block->tail = &stmt->next;
	block->last = stmt;
	return stmt;
}

/* Only definitions go on in the next line: a backslash at the end of others would be a word. */
static void drop_backslash(struct conf_lex *lex)
{
	const struct conf_token *last = &lex->words.v[lex->words.n - 1];
	bool is_tolerant = conf_diags_is_tolerant(lex->diags);
	const struct conf_report report = {
		.severity = is_tolerant ? CONF_WARNING : CONF_ERROR,
		.class = CONF_SYNTAX,
		.code = "line-continuation",
		.pos = last->pos,
		.hint = "put all words into one line",
		.is_tolerated = is_tolerant,
	};

	if (last->is_quoted || strcmp(last->text, "\\") != 0)
		return;
	conf_diag_report(lex->diags, &report,
			 "only the lines of a definition ($NAME=) go on in the "
			 "next one");
	lex->words.n--;
}

/* The words read so far become a statement. */
static void record_end(struct conf_lex *lex)
{
	struct conf_stmt *stmt;

	if (lex->words.n > 0)
		drop_backslash(lex);
	if (lex->words.n == 0)
		return;
	stmt = stmt_add(lex);
	stmt->argc = lex->words.n;
	stmt->argv = words_take(&lex->words, lex->arena);
	lex->on_record(lex->ctx, stmt->argv, stmt->argc);
}

static void limit_exceeded(struct conf_lex *lex, struct conf_pos pos, const char *what)
{
	conf_diag_add(lex->diags, CONF_ERROR, CONF_SYNTAX, "too-large", pos, NULL, "%s", what);
	lex->is_over = true;
}

/* Whether one more word or block may be taken. */
static bool count_one(struct conf_lex *lex, struct conf_pos pos)
{
	if (lex->n_all++ < CONF_WORDS_MAX)
		return true;
	limit_exceeded(lex, pos, "too many words: the configuration is too large");
	return false;
}

static void block_open(struct conf_lex *lex, struct conf_pos pos)
{
	struct conf_stmt *stmt;

	record_end(lex);
	if (lex->depth == CONF_BLOCKS_MAX)
		limit_exceeded(lex, pos, "too many blocks inside each other");
	if (lex->is_over || !count_one(lex, pos))
		return;
	stmt = lex->open[lex->depth].last;
	if (!stmt) {
		conf_diag_add(lex->diags, CONF_ERROR, CONF_SYNTAX, "unexpected-brace", pos, NULL,
			      "\"{\" without a keyword before it; the block is skipped");
		stmt = stmt_add(lex);
	}
	stmt->has_body = true;
	stmt->open = pos;
	lex->open[lex->depth++].last = NULL;
	lex->open[lex->depth] = (struct open_block){ .owner = stmt, .tail = &stmt->body };
}

static void block_close(struct conf_lex *lex, struct conf_pos pos)
{
	record_end(lex);
	if (lex->depth == 0) {
		conf_diag_add(lex->diags, CONF_ERROR, CONF_SYNTAX, "extra-brace", pos, NULL,
			      "\"}\" without a block to close");
		return;
	}
	lex->open[lex->depth--].owner->close = pos;
}

/* Whether the word at *at begins an include line; then *pattern is the rest of the line. */
static bool is_include(const struct conf_line *line, size_t at, size_t *pattern)
{
	static const char name[] = "include";
	size_t end = at + sizeof(name) - 1;

	if (line->len < end || memcmp(line->text + at, name, sizeof(name) - 1) != 0)
		return false;
	if (end < line->len && strchr("rmwba", line->text[end]))
		end++;
	*pattern = end;
	return end == line->len || conf_is_blank(line->text[end]) || line->text[end] == '#' ||
	       line->text[end] == '!';
}

/* The pattern of an include line goes to its end, or to a `}` that closes a block around it. */
static size_t pattern_end(const struct conf_line *line, size_t at)
{
	unsigned depth = 0;

	for (; at < line->len; at += is_escaped(line, at) ? 2 : 1) {
		char c = line->text[at];

		if (c == '#' || c == '!' || (c == '}' && depth == 0))
			break;
		depth += c == '{';
		depth -= c == '}';
	}
	return at;
}

/* Handles an include line whose word starts at *at; *at is then behind the pattern. */
static void lex_include(struct conf_lex *lex, const struct conf_line *line, size_t *at, size_t from)
{
	size_t end = pattern_end(line, from);
	struct conf_line pattern = conf_line_slice(line, from, end);
	struct conf_token word = { .pos = conf_line_pos(line, *at) };

	word.text = conf_arena_strndup(lex->arena, line->text + *at, from - *at);
	*at = end;
	lex->on_include(lex->ctx, &word, &pattern);
}

/* Comments may be in any encoding. */
static void check_utf8(struct conf_lex *lex, const struct conf_token *word)
{
	bool is_tolerant = conf_diags_is_tolerant(lex->diags);
	const struct conf_report report = {
		.severity = is_tolerant ? CONF_WARNING : CONF_ERROR,
		.class = CONF_SYNTAX,
		.code = "not-utf8",
		.pos = word->pos,
		.hint = "save the file as UTF-8; --tolerant takes it as it is",
	};

	if (!conf_is_utf8(word->text))
		conf_diag_report(lex->diags, &report, "\"%s\" is not UTF-8", word->text);
}

/* What web pages and word processors make of blanks and quotes. */
static void check_lookalikes(struct conf_lex *lex, const struct conf_token *word)
{
	static const struct {
		const char *bytes, *what, *instead;
	} all[] = {
		{ "\xc2\xa0", "a no-break space (U+00A0)", "a blank" },
		{ "\xe3\x80\x80", "an ideographic space (U+3000)", "a blank" },
		{ "\xe2\x80\x8b", "an invisible character (U+200B)", "nothing" },
		{ "\xef\xbb\xbf", "an invisible character (U+FEFF)", "nothing" },
		{ "\xe2\x80\x9c", "a typographic quote", "\"" },
		{ "\xe2\x80\x9d", "a typographic quote", "\"" },
	};
	char hint[64];

	for (size_t i = 0; !word->is_quoted && i < sizeof(all) / sizeof(all[0]); i++) {
		if (!strstr(word->text, all[i].bytes))
			continue;
		snprintf(hint, sizeof(hint), "write %s instead", all[i].instead);
		conf_diag_add(lex->diags, CONF_WARNING, CONF_SYNTAX, "lookalike", word->pos, hint,
			      "%s is part of this word", all[i].what);
		return;
	}
}

static void lex_word(struct conf_lex *lex, const struct conf_token *word)
{
	check_utf8(lex, word);
	check_lookalikes(lex, word);
	if (count_one(lex, word->pos))
		words_push(&lex->words, word);
}

bool conf_lex_line(struct conf_lex *lex, const struct conf_line *line)
{
	size_t at = 0, start, pattern;
	struct conf_token word;
	enum lex_kind kind = LEX_WORD;

	while (kind != LEX_END && !lex->is_over) {
		while (at < line->len && conf_is_blank(line->text[at]))
			at++;
		if (lex->words.n == 0 && is_include(line, at, &pattern)) {
			lex_include(lex, line, &at, pattern);
			continue;
		}
		start = at;
		kind = lex_next(lex->arena, line, &at, &word);
		if (lex->words.n == 1 && (kind == LEX_WORD || kind == LEX_UNTERMINATED))
			word.raw = raw_rest(lex->arena, line, start);
		switch (kind) {
		case LEX_UNTERMINATED:
			conf_diag_add(lex->diags, CONF_ERROR, CONF_SYNTAX, "unterminated-quote",
				      word.pos, NULL, "the closing double quote is missing");
			lex_word(lex, &word);
			break;
		case LEX_WORD: lex_word(lex, &word); break;
		case LEX_OPEN: block_open(lex, word.pos); break;
		case LEX_CLOSE: block_close(lex, word.pos); break;
		case LEX_END: record_end(lex); break;
		}
	}
	return !lex->is_over;
}

struct conf_stmt *conf_lex_end(struct conf_lex *lex)
{
	for (; lex->depth > 0; lex->depth--) {
		const struct conf_stmt *owner = lex->open[lex->depth].owner;

		conf_diag_add(lex->diags, CONF_ERROR, CONF_SYNTAX, "missing-brace", owner->open,
			      NULL, "the block opened here is never closed: \"}\" is missing");
	}
	return lex->first;
}
