/*
 * The value types that take several words: ranges of numbers, and commands with who runs them.
 *
 * Pure apart from diagnostics and arena memory; used wherever tables are.
 */
#include "lib/conf_private.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- ranges ---- */

/* Decimal number at *p up to 65535; *p is then behind it. -1 when there is none. */
static long read_u16(const char **p)
{
	size_t len = strspn(*p, "0123456789");
	long value;

	if (len == 0 || len > 7)
		return -1;
	value = strtol(*p, NULL, 10);
	*p += len;
	return value <= UINT16_MAX ? value : -1;
}

static bool read_range(const struct conf_key *key, const char *text, struct conf_range *range)
{
	long lo = read_u16(&text), hi = lo;

	if (lo >= 0 && *text == '-') {
		text++;
		hi = read_u16(&text);
	}
	if (*text || lo < key->min || hi > key->max || lo > hi)
		return false;
	range->lo = (uint16_t)lo;
	range->hi = (uint16_t)hi;
	return true;
}

static int range_cmp(const void *a, const void *b)
{
	const struct conf_range *x = a, *y = b;

	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

/* Sorts, and joins what overlaps or touches; returns how many are left. */
static uint32_t ranges_join(struct conf_range *v, unsigned n)
{
	uint32_t last = 0;

	qsort(v, n, sizeof(*v), range_cmp);
	for (unsigned i = 1; i < n; i++) {
		if (v[i].lo > v[last].hi + 1)
			v[++last] = v[i];
		else if (v[i].hi > v[last].hi)
			v[last].hi = v[i].hi;
	}
	return last + 1;
}

static bool ranges_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	struct conf_range *v = conf_alloc(walk, argc * sizeof(*v));
	struct conf_ranges *value = field;

	for (unsigned i = 0; i < argc; i++) {
		if (read_range(key, argv[i].text, &v[i]))
			continue;
		conf_error(walk, argv[i].pos, CONF_VALUE, "invalid-range", NULL,
			   "%s: \"%s\" is not a number or A-B within %" PRId64 " to %" PRId64,
			   key->name, argv[i].text, key->min, key->max);
		return false;
	}
	value->v = v;
	value->n = ranges_join(v, argc);
	return true;
}

static void ranges_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_ranges *value = field;

	(void)key;
	for (uint32_t i = 0; i < value->n; i++) {
		fprintf(out, "%s%u", i ? " " : "", value->v[i].lo);
		if (value->v[i].hi != value->v[i].lo)
			fprintf(out, "-%u", value->v[i].hi);
	}
}

static json_t *ranges_json(const struct conf_key *key, const void *field)
{
	const struct conf_ranges *value = field;
	json_t *json;

	(void)key;
	if (value->n == 0)
		return NULL;
	json = json_array();
	for (uint32_t i = 0; i < value->n; i++)
		json_array_append_new(json, json_pack("[i,i]", value->v[i].lo, value->v[i].hi));
	return json;
}

static bool ranges_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_ranges *x = a, *y = b;
	bool is_equal = x->n == y->n;

	(void)key;
	for (uint32_t i = 0; is_equal && i < x->n; i++)
		is_equal = x->v[i].lo == y->v[i].lo && x->v[i].hi == y->v[i].hi;
	return is_equal;
}

static bool ranges_accepts(const struct conf_token *word)
{
	return isdigit((unsigned char)word->text[0]);
}

const struct conf_type conf_type_ranges = {
	.name = "number|from-to ...",
	.min_args = 1,
	.max_args = 255,
	.parse = ranges_parse,
	.print = ranges_print,
	.json = ranges_json,
	.is_equal = ranges_is_equal,
	.accepts = ranges_accepts,
	.json_type = "array",
};

/* ---- commands ---- */

/* A character code of at most `max` digits in `base` (8 or 16) at *p, which is then behind it. */
static char read_code(const char **p, int base, int max)
{
	static const char digits[] = "0123456789abcdef";
	int value = 0;

	for (int i = 0; i < max && **p; i++) {
		const char *digit = memchr(digits, tolower((unsigned char)**p), (size_t)base);

		if (!digit)
			break;
		value = value * base + (int)(digit - digits);
		++*p;
	}
	return (char)value;
}

/* The character that a backslash makes of what stands at *p; *p is then behind it. NUL when nothing
 * does. */
static char read_escape(const char **p)
{
	static const char names[] = "abEfnrtv", values[] = "\a\b\033\f\n\r\t\v";
	char c = **p;
	const char *name = c ? strchr(names, c) : NULL;

	if (c >= '0' && c <= '7')
		return read_code(p, 8, 3);
	*p += c != '\0';
	if (c == 'x' && isxdigit((unsigned char)**p))
		return read_code(p, 16, 2);
	if (c == 'c' && **p)
		return (char)(*(*p)++ & 0x1f);
	return name ? values[name - names] : c;
}

/* One word of a command line at *p to *out, with its NUL. False when a quote or escape is not
 * complete. */
static bool read_command_word(const char **p, char **out)
{
	char quote = '\0';

	while (**p && (quote || !conf_is_blank(**p))) {
		char c = *(*p)++;

		if (quote ? c == quote : c == '"' || c == '\'') {
			quote = quote ? '\0' : c;
			continue;
		}
		if (c == '\\')
			c = read_escape(p);
		if (c == '\0')
			return false;
		*(*out)++ = c;
	}
	*(*out)++ = '\0';
	return quote == '\0';
}

/*
 * Splits a command line: blanks separate, ' and " quote, a backslash escapes. The words go to
 * `buf`, as large as `text`, one behind the other. Returns how many, or -1 when the text is
 * malformed.
 */
static int split_command(const char *text, char *buf)
{
	int n = 0;

	for (;; n++) {
		while (conf_is_blank(*text))
			text++;
		if (!*text)
			return n;
		if (!read_command_word(&text, &buf))
			return -1;
	}
}

static bool refuse_command(struct conf_walk *walk, const struct conf_key *key, struct conf_pos pos,
			   bool is_empty)
{
	conf_error(walk, pos, CONF_VALUE, "invalid-command", NULL,
		   is_empty ? "%s: the command is empty"
			    : "%s: a quote or an escape in the command is not complete",
		   key->name);
	return false;
}

/*
 * The words of the line to `words`: the command as one, perhaps a user and a group. They are quoted
 * and escaped like words of the command itself, so that both go through the same twice. Returns how
 * many, or -1 when the text is malformed.
 */
static int read_line(struct conf_walk *walk, const struct conf_token *argv, unsigned argc,
		     const char *words[3])
{
	const char *line = argv[0].raw;
	char *buf;
	int n;

	if (!line && argv[0].is_quoted) {
		buf = conf_alloc(walk, strlen(argv[0].text) + 3);
		sprintf(buf, "\"%s\"", argv[0].text);
		line = buf;
	} else if (!line) {
		line = argv[0].text;
	}
	buf = conf_alloc(walk, strlen(line) + 1);
	n = split_command(line, buf);
	for (int i = 0; i < n && i < 3; i++) {
		words[i] = buf;
		buf += strlen(buf) + 1;
	}
	if (n > 3)
		conf_warning(walk, argv[0].pos, CONF_SYNTAX, "extra-words",
			     "put the command and its arguments into one pair of quotes",
			     "what follows command, user and group is ignored");
	for (unsigned i = 1; !argv[0].raw && n == (int)i && i < argc && i < 3; i++)
		words[n++] = argv[i].text;
	return n;
}

static bool script_parse(struct conf_walk *walk, const struct conf_key *key, void *field,
			 const struct conf_token *argv, unsigned argc)
{
	const char *line[3] = { NULL }, **list;
	struct conf_script value = { 0 };
	char *words;
	int n = read_line(walk, argv, argc, line);

	if (n <= 0)
		return refuse_command(walk, key, argv[0].pos, n == 0);
	words = conf_alloc(walk, strlen(line[0]) + 1);
	n = split_command(line[0], words);
	if (n <= 0 || !words[0])
		return refuse_command(walk, key, argv[0].pos, n >= 0);
	list = conf_alloc(walk, ((size_t)n + 1) * sizeof(*list));
	for (int i = 0; i < n; i++) {
		list[i] = words;
		words += strlen(words) + 1;
	}
	value.argv = list;
	value.argc = (uint32_t)n;
	value.user = line[1] ? conf_strdup(walk, line[1]) : NULL;
	if (line[2])
		value.group = conf_strdup(walk, line[2] + (line[2][0] == ':'));
	*(struct conf_script *)field = value;
	return true;
}

/* A word such that split_command() gives it back when it is done twice, inside double quotes. */
static void print_command_word(const char *word, FILE *out)
{
	if (!*word)
		fputs("''", out);
	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;

		if (iscntrl(c) || c == '"' || c == '$')
			fprintf(out, "\\\\x%02x", c);
		else if (c == '\\')
			fputs("\\\\\\\\", out);
		else
			fprintf(out, "%s%c", strchr(" '", c) ? "\\\\" : "", c);
	}
}

static void script_print(const struct conf_key *key, const void *field, FILE *out)
{
	const struct conf_script *value = field;

	(void)key;
	if (value->argc == 0)
		return;
	for (uint32_t i = 0; i < value->argc; i++) {
		fputc(i ? ' ' : '"', out);
		print_command_word(value->argv[i], out);
	}
	fputc('"', out);
	if (value->user) {
		fputc(' ', out);
		conf_print_word(out, value->user);
	}
	if (value->group) {
		fputc(' ', out);
		conf_print_word(out, value->group);
	}
}

static json_t *script_json(const struct conf_key *key, const void *field)
{
	const struct conf_script *value = field;
	json_t *json, *argv;

	(void)key;
	if (value->argc == 0)
		return NULL;
	json = json_object();
	argv = json_array();
	for (uint32_t i = 0; i < value->argc; i++)
		json_array_append_new(argv, conf_json_string(value->argv[i]));
	json_object_set_new(json, "argv", argv);
	if (value->user)
		json_object_set_new(json, "user", conf_json_string(value->user));
	if (value->group)
		json_object_set_new(json, "group", conf_json_string(value->group));
	return json;
}

static bool script_is_equal(const struct conf_key *key, const void *a, const void *b)
{
	const struct conf_script *x = a, *y = b;
	bool is_equal = x->argc == y->argc && conf_str_is_equal(x->user, y->user) &&
			conf_str_is_equal(x->group, y->group);

	(void)key;
	for (uint32_t i = 0; is_equal && i < x->argc; i++)
		is_equal = strcmp(x->argv[i], y->argv[i]) == 0;
	return is_equal;
}

const struct conf_type conf_type_script = {
	.name = "command [user [group]]",
	.min_args = 1,
	.max_args = 3,
	.is_raw = true,
	.parse = script_parse,
	.print = script_print,
	.json = script_json,
	.is_equal = script_is_equal,
	.json_type = "object",
};
