/*
 * The value types that take one word each: parse, print, json, compare, default.
 *
 * Pure apart from diagnostics and arena memory; used wherever tables are.
 */
#include "lib/conf_private.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define US_PER_S INT64_C(1000000)

enum { SECS_DIGITS = 6 /* behind the point */ };

/* Integers of all sizes live behind one reader and writer. */
static int64_t int_get(const struct conf_key *key, const void *field)
{
	switch (key->size) {
	case 1: return *(const uint8_t *)field;
	case 2: return *(const uint16_t *)field;
	case 4: return *(const uint32_t *)field;
	default: return *(const int64_t *)field;
	}
}

static void int_set(const struct conf_key *key, void *field, int64_t value)
{
	switch (key->size) {
	case 1: *(uint8_t *)field = (uint8_t)value; break;
	case 2: *(uint16_t *)field = (uint16_t)value; break;
	case 4: *(uint32_t *)field = (uint32_t)value; break;
	default: *(int64_t *)field = value; break;
	}
}

static bool in_range(const struct conf_key *key, int64_t value)
{
	return value >= key->min && value <= key->max;
}

/* ---- integers ---- */

/* "weight = 2", as in other languages. */
static bool is_sign_word(const char *text)
{
	return strcmp(text, "=") == 0 || strcmp(text, ":") == 0;
}

static const char *number_hint(const char *text)
{
	size_t n = strspn(text, "0123456789");

	if (is_sign_word(text))
		return "only blanks stand between a keyword and its value";
	if (n > 0 && (strcmp(text + n, ";") == 0 || strcmp(text + n, ",") == 0))
		return "a value ends with a blank or the line";
	return "a decimal number is expected";
}

enum number { NUMBER_OK, NUMBER_INVALID, NUMBER_HUGE };

/* Decimal digits at *p, added to *value; *p is then behind them. */
static enum number read_digits(const char **p, int64_t *value)
{
	enum number ret = NUMBER_INVALID;

	for (; **p >= '0' && **p <= '9'; ++*p) {
		int digit = **p - '0';

		if (*value > (INT64_MAX - digit) / 10)
			return NUMBER_HUGE;
		*value = *value * 10 + digit;
		ret = NUMBER_OK;
	}
	return ret;
}

/* Leading blanks and one sign; true for minus. */
static bool read_sign(const char **p)
{
	while (conf_is_blank(**p))
		++*p;
	if (**p != '+' && **p != '-')
		return false;
	return *(*p)++ == '-';
}

static enum number read_int(const char *text, int64_t *value)
{
	int64_t v = 0;
	bool is_negative = read_sign(&text);
	enum number ret = read_digits(&text, &v);

	if (ret == NUMBER_OK && *text)
		return NUMBER_INVALID;
	*value = is_negative ? -v : v;
	return ret;
}

static bool int_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		      const struct conf_token *argv, unsigned argc)
{
	int64_t value = 0;
	enum number ret = read_int(argv[0].text, &value);

	(void)argc;
	if (ret == NUMBER_INVALID) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-number",
			   number_hint(argv[0].text), "%s: \"%s\" is not a number", key->name,
			   argv[0].text);
		return false;
	}
	if (ret == NUMBER_OK && !in_range(key, value) && (key->flags & CONF_CLAMP)) {
		int64_t near = value < key->min ? key->min : key->max;

		conf_warning(walk, argv[0].pos, CONF_VALUE, "adjusted", NULL,
			     "%s: %s is outside %" PRId64 " to %" PRId64 "; %" PRId64 " is used",
			     key->name, argv[0].text, key->min, key->max, near);
		value = near;
	}
	if (ret == NUMBER_HUGE || !in_range(key, value)) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "out-of-range", NULL,
			   "%s: %s is outside %" PRId64 " to %" PRId64, key->name, argv[0].text,
			   key->min, key->max);
		return false;
	}
	int_set(key, field, value);
	return true;
}

/* A value outside the limits can only be a default that means "unset". */
static void int_print(const struct conf_key *key, const void *field, FILE *out)
{
	int64_t value = int_get(key, field);

	if (in_range(key, value))
		fprintf(out, "%" PRId64, value);
}

static json_t *int_json(const struct conf_key *key, const void *field)
{
	int64_t value = int_get(key, field);

	return in_range(key, value) ? json_integer(value) : NULL;
}

static bool int_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	return int_get(key, a) == int_get(key, b);
}

static void int_default(const struct conf_key *key, void *field)
{
	int_set(key, field, key->dflt);
}

#define INT_TYPE                                                                    \
	{                                                                           \
		.name = "number", .min_args = 1, .max_args = 1, .parse = int_parse, \
		.print = int_print, .json = int_json, .is_equal = int_is_equal,     \
		.set_default = int_default, .json_type = "integer",                 \
	}

const struct conf_type conf_type_u8 = INT_TYPE;
const struct conf_type conf_type_u16 = INT_TYPE;
const struct conf_type conf_type_u32 = INT_TYPE;
const struct conf_type conf_type_i64 = INT_TYPE;

/* ---- seconds ---- */

/* Digits beyond the last that counts round the value; *is_rounded tells. */
static enum number read_secs(const char *text, int64_t *value_us, bool *is_rounded)
{
	bool is_negative = read_sign(&text);
	const char *start = text, *point;
	int64_t whole = 0, part = 0;

	*is_rounded = false;
	if (read_digits(&text, &whole) == NUMBER_HUGE || whole > INT64_MAX / US_PER_S - 1)
		return NUMBER_HUGE;
	point = text;
	if (*text == '.') {
		size_t n = strspn(++text, "0123456789");

		*is_rounded = n > SECS_DIGITS;
		for (size_t i = 0; i < SECS_DIGITS; i++)
			part = part * 10 + (i < n ? text[i] - '0' : 0);
		part += *is_rounded && text[SECS_DIGITS] >= '5';
		text += n;
	}
	if (*text || text == start || (point == start && text == point + 1))
		return NUMBER_INVALID;
	*value_us = whole * US_PER_S + part;
	if (is_negative)
		*value_us = -*value_us;
	return NUMBER_OK;
}

enum { SECS_TEXT_MAX = 32 };

static const char *secs_text(int64_t us, char *text)
{
	uint64_t abs_us = us < 0 ? -(uint64_t)us : (uint64_t)us;
	int n = snprintf(text, SECS_TEXT_MAX, "%s%" PRIu64 ".%06u", us < 0 ? "-" : "",
			 abs_us / US_PER_S, (unsigned)(abs_us % US_PER_S));

	while (text[n - 1] == '0')
		text[--n] = '\0';
	if (text[n - 1] == '.')
		text[--n] = '\0';
	return text;
}

static bool secs_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	char lo[SECS_TEXT_MAX], hi[SECS_TEXT_MAX];
	int64_t value_us = 0;
	bool is_rounded;
	enum number ret = read_secs(argv[0].text, &value_us, &is_rounded);

	(void)argc;
	if (ret == NUMBER_INVALID) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-number",
			   is_sign_word(argv[0].text) ? number_hint(argv[0].text)
						      : "seconds without a unit are expected, "
							"such as 5 or 0.25",
			   "%s: \"%s\" is not a number of seconds", key->name, argv[0].text);
		return false;
	}
	if (ret == NUMBER_HUGE || !in_range(key, value_us)) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "out-of-range", NULL,
			   "%s: %s is outside %s to %s seconds", key->name, argv[0].text,
			   secs_text(key->min, lo), secs_text(key->max, hi));
		return false;
	}
	if (is_rounded)
		conf_warning(walk, argv[0].pos, CONF_VALUE, "adjusted", NULL,
			     "%s: only 6 decimals count, %s becomes %s", key->name, argv[0].text,
			     secs_text(value_us, lo));
	*(int64_t *)field = value_us;
	return true;
}

static void secs_print(const struct conf_key *key, const void *field, FILE *out)
{
	int64_t value_us = *(const int64_t *)field;
	char text[SECS_TEXT_MAX];

	if (in_range(key, value_us))
		fputs(secs_text(value_us, text), out);
}

static json_t *secs_json(const struct conf_key *key, const void *field)
{
	int64_t value_us = *(const int64_t *)field;

	return in_range(key, value_us) ? json_real((double)value_us / US_PER_S) : NULL;
}

const struct conf_type conf_type_secs = {
	.name = "seconds",
	.min_args = 1,
	.max_args = 1,
	.parse = secs_parse,
	.print = secs_print,
	.json = secs_json,
	.is_equal = int_is_equal,
	.set_default = int_default,
	.json_type = "number",
};

/* ---- booleans ---- */

static bool read_bool(const char *text, bool *value)
{
	static const char *const yes[] = { "on", "true", "yes" }, *const no[] = { "off", "false",
										  "no" };

	for (size_t i = 0; i < 3; i++) {
		*value = strcmp(text, yes[i]) == 0;
		if (*value || strcmp(text, no[i]) == 0)
			return true;
	}
	return false;
}

static bool bool_accepts(const struct conf_token *word)
{
	bool value;

	return read_bool(word->text, &value);
}

static bool bool_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	bool value = true;

	if (argc > 0 && !read_bool(argv[0].text, &value)) {
		conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-boolean",
			   "on, off, true, false, yes or no is expected",
			   "%s: \"%s\" is not a boolean", key->name, argv[0].text);
		return false;
	}
	*(bool *)field = value;
	return true;
}

static void bool_print(const struct conf_key *key, const void *field, FILE *out)
{
	(void)key;
	fputs(*(const bool *)field ? "on" : "off", out);
}

static json_t *bool_json(const struct conf_key *key, const void *field)
{
	(void)key;
	return json_boolean(*(const bool *)field);
}

static bool bool_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const bool *)a == *(const bool *)b;
}

static void bool_default(const struct conf_key *key, void *field)
{
	*(bool *)field = key->dflt != 0;
}

const struct conf_type conf_type_bool = {
	.name = "boolean",
	.min_args = 0,
	.max_args = 1,
	.parse = bool_parse,
	.print = bool_print,
	.json = bool_json,
	.is_equal = bool_is_equal,
	.set_default = bool_default,
	.accepts = bool_accepts,
	.json_type = "boolean",
};

/* ---- flags: a word that stands alone, yet `off` behind it is taken at its word ---- */

static bool flag_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	bool is_on = true;

	if (argc > 0 && !read_bool(argv[0].text, &is_on)) {
		is_on = true;
		conf_warning(walk, argv[0].pos, CONF_SYNTAX, "extra-words", NULL,
			     "%s takes no value: \"%s\" has no effect", key->name, argv[0].text);
	}
	*(bool *)field = is_on != (key->dflt != 0);
	return true;
}

static void flag_print(const struct conf_key *key, const void *field, FILE *out)
{
	if (*(const bool *)field == (key->dflt != 0))
		fputs("off", out);
}

const struct conf_type conf_type_flag = {
	.name = "flag",
	.min_args = 0,
	.max_args = 1,
	.parse = flag_parse,
	.print = flag_print,
	.json = bool_json,
	.is_equal = bool_is_equal,
	.set_default = bool_default,
	.accepts = bool_accepts,
	.json_type = "boolean",
};

/* ---- strings ---- */

static bool str_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		      const struct conf_token *argv, unsigned argc)
{
	(void)key;
	(void)argc;
	*(const char **)field = conf_strdup(walk, argv[0].text);
	return true;
}

static void str_print(const struct conf_key *key, const void *field, FILE *out)
{
	const char *s = *(const char *const *)field;

	(void)key;
	if (s)
		conf_print_word(out, s);
}

static json_t *str_json(const struct conf_key *key, const void *field)
{
	(void)key;
	return conf_json_string(*(const char *const *)field);
}

static bool str_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return conf_str_is_equal(*(const char *const *)a, *(const char *const *)b);
}

const struct conf_type conf_type_str = {
	.name = "text",
	.min_args = 1,
	.max_args = 1,
	.parse = str_parse,
	.print = str_print,
	.json = str_json,
	.is_equal = str_is_equal,
	.json_type = "string",
};

/* ---- one of several words ---- */

enum { WORDS_SHOWN_MAX = 400 };

/* "one of a, b, c is expected" into `text`, as far as it fits. */
static const char *words_hint(const struct conf_word *words, char *text)
{
	size_t n = (size_t)snprintf(text, WORDS_SHOWN_MAX, "expected is ");

	for (const struct conf_word *w = words; w->name && n < WORDS_SHOWN_MAX; w++)
		n += (size_t)snprintf(text + n, WORDS_SHOWN_MAX - n, "%s%s", w->name,
				      !w[1].name  ? ""
				      : w[2].name ? ", "
						  : " or ");
	return text;
}

static bool word_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
		       const struct conf_token *argv, unsigned argc)
{
	char hint[WORDS_SHOWN_MAX];

	(void)argc;
	for (const struct conf_word *w = key->words; w->name; w++) {
		if (strcmp(w->name, argv[0].text) == 0) {
			*(int *)field = w->value;
			return true;
		}
	}
	conf_error(walk, argv[0].pos, CONF_VALUE, "invalid-word", words_hint(key->words, hint),
		   "%s: \"%s\" is not known", key->name, argv[0].text);
	return false;
}

static const char *word_name(const struct conf_key *key, const void *field)
{
	const struct conf_word *w = key->words;

	while (w->name && w->value != *(const int *)field)
		w++;
	return w->name;
}

static void word_print(const struct conf_key *key, const void *field, FILE *out)
{
	const char *name = word_name(key, field);

	if (name)
		fputs(name, out);
}

static json_t *word_json(const struct conf_key *key, const void *field)
{
	return conf_json_string(word_name(key, field));
}

static bool word_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	(void)key;
	return *(const int *)a == *(const int *)b;
}

static void word_default(const struct conf_key *key, void *field)
{
	*(int *)field = (int)key->dflt;
}

const struct conf_type conf_type_word = {
	.name = "word",
	.min_args = 1,
	.max_args = 1,
	.parse = word_parse,
	.print = word_print,
	.json = word_json,
	.is_equal = word_is_equal,
	.set_default = word_default,
	.json_type = "string",
};
