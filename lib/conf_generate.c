/*
 * Generators: ~SEQ(...) and ~LST(...) repeat the text behind them with other values of their names.
 *
 * Part of the line stage, see conf_macro.c. The text may hold another generator, a definition of
 * several lines or an include.
 */
#include "lib/conf_macro.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

enum { NAMES_MAX = 16, ARGS_MAX = 10000, NUMBER_TEXT_MAX = 24 };

#define NUMBER_MAX INT64_C(1000000000000)

/* Pieces between commas. */
struct arg_list {
	struct conf_line *v;
	size_t n;
};

/* The names that a generator gives values to, and what they stood for before. */
struct name_list {
	struct conf_definition *v[NAMES_MAX];
	const struct conf_value *before[NAMES_MAX];
	size_t n;
};

static bool syntax_error(struct conf_macro *macro, const struct conf_line *line, const char *what)
{
	conf_macro_report(macro, CONF_ERROR, "generator-syntax", conf_line_pos(line, 0), "%s",
			  what);
	return false;
}

/* Splits at commas outside braces. */
static struct arg_list split_args(const struct conf_line *line)
{
	struct arg_list list = { 0 };
	unsigned depth = 0;
	size_t from = 0;

	for (size_t at = 0; at <= line->len && list.n < ARGS_MAX; at++) {
		char c = at < line->len ? line->text[at] : ',';

		depth += c == '{';
		depth -= c == '}' && depth > 0;
		if (at < line->len && (c != ',' || depth > 0))
			continue;
		list.v = xrealloc(list.v, (list.n + 1) * sizeof(*list.v));
		list.v[list.n++] = conf_line_slice(line, from, at);
		from = at + 1;
	}
	return list;
}

/* The parts of `{a,b}`, or the whole as the only part. */
static struct arg_list split_tuple(const struct conf_line *arg)
{
	struct conf_line inner = *arg;

	if (arg->len >= 2 && arg->text[0] == '{' && arg->text[arg->len - 1] == '}')
		inner = conf_line_slice(arg, 1, arg->len - 1);
	return split_args(&inner);
}

static bool read_names(struct conf_macro *macro, const struct conf_line *arg,
		       struct name_list *names)
{
	struct arg_list parts = split_tuple(arg);
	bool is_good = parts.n <= NAMES_MAX;

	names->n = 0;
	for (size_t i = 0; is_good && i < parts.n; i++) {
		const struct conf_line *part = &parts.v[i];

		is_good = part->len > 0 && conf_macro_name_len(part, 0) == part->len;
		if (!is_good)
			break;
		names->v[i] = conf_macro_definition(macro, part->text, part->len);
		names->before[i] = names->v[i]->value;
		names->n++;
	}
	free(parts.v);
	return is_good ||
	       syntax_error(macro, arg, "a generator begins with the name of a variable");
}

/* Makes the text once, with these values; what is missing is empty. */
static void make_once(struct conf_macro *macro, const struct name_list *names,
		      const struct arg_list *parts, const struct conf_line *text)
{
	struct conf_value values[NAMES_MAX] = { 0 };

	for (size_t i = 0; i < names->n; i++) {
		values[i].text = i < parts->n ? parts->v[i].text : "";
		values[i].len = i < parts->n ? parts->v[i].len : 0;
		names->v[i]->value = &values[i];
	}
	conf_macro_nested(macro, text);
	for (size_t i = names->n; i-- > 0;)
		names->v[i]->value = names->before[i];
}

/* ---- ~LST ---- */

static bool run_list(struct conf_macro *macro, const struct arg_list *args,
		     const struct conf_line *text)
{
	struct name_list names;

	if (!read_names(macro, &args->v[0], &names))
		return false;
	for (size_t i = 1; i < args->n; i++) {
		struct arg_list parts = split_tuple(&args->v[i]);

		if (parts.n > names.n)
			syntax_error(macro, &args->v[i], "more values than variables");
		else
			make_once(macro, &names, &parts, text);
		free(parts.v);
	}
	return true;
}

/* ---- ~SEQ ---- */

struct sequence {
	int64_t from, step, to;
	bool is_hex;
};

static bool read_number(const struct conf_line *arg, int64_t *value)
{
	char text[NUMBER_TEXT_MAX], *end;

	if (arg->len == 0 || arg->len >= sizeof(text))
		return false;
	memcpy(text, arg->text, arg->len);
	text[arg->len] = '\0';
	*value = strtoll(text, &end, 0);
	return *end == '\0' && *value >= -NUMBER_MAX && *value <= NUMBER_MAX;
}

/* (NAME, TO), (NAME, FROM, TO) or (NAME, FROM, STEP, TO). */
static bool read_sequence(const struct arg_list *args, struct sequence *seq)
{
	int64_t numbers[3];

	if (args->n < 2 || args->n > 4)
		return false;
	for (size_t i = 1; i < args->n; i++)
		if (!read_number(&args->v[i], &numbers[i - 1]))
			return false;
	seq->to = numbers[args->n - 2];
	seq->from = args->n > 2 ? numbers[0] : seq->to < 0 ? -1 : 1;
	seq->step = args->n > 3 ? numbers[1] : seq->to < seq->from ? -1 : 1;
	return seq->step != 0 && (seq->from == seq->to || (seq->step > 0) == (seq->to > seq->from));
}

static bool run_sequence(struct conf_macro *macro, const struct arg_list *args, struct sequence seq,
			 const struct conf_line *text)
{
	struct name_list names;
	int64_t at;

	if (!read_sequence(args, &seq))
		return syntax_error(macro, &args->v[0], "the numbers of ~SEQ make no sequence");
	if (!read_names(macro, &args->v[0], &names))
		return false;
	for (at = seq.from; seq.step > 0 ? at <= seq.to : at >= seq.to; at += seq.step) {
		char number[NUMBER_TEXT_MAX];
		struct conf_line part = { .text = number };
		struct arg_list parts = { &part, 1 };

		part.len = (size_t)snprintf(number, sizeof(number),
					    seq.is_hex ? "%" PRIx64 : "%" PRId64, at);
		if (!conf_macro_step(macro, text->pos, 0))
			return false;
		make_once(macro, &names, &parts, text);
	}
	return true;
}

/* ---- entry ---- */

static bool begins_with(const struct conf_line *line, const char *word)
{
	return line->len >= strlen(word) && memcmp(line->text, word, strlen(word)) == 0;
}

bool conf_macro_generate(struct conf_macro *macro, const struct conf_line *line)
{
	struct sequence seq = { .is_hex = begins_with(line, "~SEQx(") };
	bool is_list = begins_with(line, "~LST(");
	struct conf_made made = { 0 };
	struct conf_line text, words;
	struct arg_list args;
	size_t open, close;

	if (!is_list && !seq.is_hex && !begins_with(line, "~SEQ("))
		return false;
	open = (size_t)((const char *)memchr(line->text, '(', line->len) - line->text) + 1;
	for (close = open; close < line->len && line->text[close] != ')';)
		close++;
	if (close == line->len) {
		syntax_error(macro, line, "the \")\" of the generator is missing");
		return true;
	}
	text = conf_line_slice(line, close + 1, line->len);
	words = conf_line_slice(line, open, close);
	if (conf_macro_substitute(macro, &made, &words, false) &&
	    conf_macro_step(macro, line->pos, made.len)) {
		words = conf_made_line(&made, line->pos);
		args = split_args(&words);
		if (args.n == ARGS_MAX)
			syntax_error(macro, line, "too many values");
		else if (is_list)
			run_list(macro, &args, &text);
		else
			run_sequence(macro, &args, seq, &text);
		free(args.v);
	}
	conf_made_done(&made);
	return true;
}
