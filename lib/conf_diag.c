/*
 * Diagnostics of configuration files: collected, sorted, printed as text with a caret or as JSON.
 *
 * Used by the parent and by tools that read files. Owns the texts of messages and files; never
 * logs.
 */
#include "lib/conf_private.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

enum {
	MESSAGE_MAX =
		1000,    /* bytes of one message or hint; words of the file may be of any length */
	SHOWN_MAX = 160, /* bytes of a source line that are shown */
	SHOWN_BEFORE = 60, /* of these, before the caret when the line is longer */
	NEAREST_MAX = 48,  /* longest word that gets a suggestion */
};

struct diag_file {
	char *path;
	struct conf_pos from;
	char *text;
	size_t len;
	size_t *lines; /* offsets of line starts, made when first asked for */
	size_t n_lines;
};

struct conf_diags {
	struct conf_diag **kept; /* sorted */
	size_t n_kept;
	size_t n_kept_warnings;
	unsigned n_errors;
	unsigned n_warnings;
	struct diag_file *files;
	uint32_t n_files;
	uint32_t cap_files;
	bool is_tolerant;
	struct conf_mending *mendings;
	size_t n_mendings, cap_mendings;
};

static void diag_free(struct conf_diag *diag)
{
	free(diag->message);
	free(diag->hint);
	free(diag);
}

struct conf_diags *conf_diags_new(void)
{
	struct conf_diags *diags = xcalloc(1, sizeof(*diags));

	diags->kept = xcalloc(CONF_DIAGS_MAX, sizeof(struct conf_diag *));
	return diags;
}

void conf_diags_free(struct conf_diags *diags)
{
	if (!diags)
		return;
	for (size_t i = 0; i < diags->n_kept; i++)
		diag_free(diags->kept[i]);
	for (uint32_t i = 0; i < diags->n_files; i++) {
		free(diags->files[i].path);
		free(diags->files[i].text);
		free(diags->files[i].lines);
	}
	free(diags->mendings);
	free(diags->kept);
	free(diags->files);
	free(diags);
}

/* ---- tolerance ---- */

void conf_diags_tolerate(struct conf_diags *diags)
{
	diags->is_tolerant = true;
}

bool conf_diags_is_tolerant(const struct conf_diags *diags)
{
	return diags->is_tolerant;
}

void conf_diags_mend(struct conf_diags *diags, const struct conf_mending *mending)
{
	if (!diags->is_tolerant)
		return;
	if (diags->n_mendings == diags->cap_mendings) {
		diags->cap_mendings = diags->cap_mendings ? 2 * diags->cap_mendings : 16;
		diags->mendings =
			xrealloc(diags->mendings, diags->cap_mendings * sizeof(*diags->mendings));
	}
	diags->mendings[diags->n_mendings++] = *mending;
}

const struct conf_mending *conf_diags_mending(const struct conf_diags *diags, size_t i)
{
	return i < diags->n_mendings ? &diags->mendings[i] : NULL;
}

/* What becomes of what a tolerated report is about. */
static const char *mend_text(enum conf_mend mend)
{
	switch (mend) {
	case CONF_MEND_NONE: break;
	case CONF_MEND_KEEP: return " (tolerated: it is taken as written)";
	case CONF_MEND_RESET: return " (tolerated: it gets its default)";
	case CONF_MEND_MOVE: return " (tolerated: it is put elsewhere)";
	case CONF_MEND_LEAVE_OUT: return " (tolerated: it is left out)";
	}
	return "";
}

/* ---- files and their lines ---- */

uint32_t conf_diags_file(struct conf_diags *diags, const char *path, struct conf_pos from)
{
	if (diags->n_files == diags->cap_files) {
		diags->cap_files = diags->cap_files ? 2 * diags->cap_files : 4;
		diags->files = xrealloc(diags->files, diags->cap_files * sizeof(*diags->files));
	}
	diags->files[diags->n_files] = (struct diag_file){ .path = xstrdup(path), .from = from };
	return ++diags->n_files;
}

static struct diag_file *file_find(const struct conf_diags *diags, uint32_t file)
{
	return file > 0 && file <= diags->n_files ? &diags->files[file - 1] : NULL;
}

void conf_diags_source(struct conf_diags *diags, uint32_t file, const char *text, size_t len)
{
	struct diag_file *f = file_find(diags, file);

	if (!f || f->text || len == 0)
		return;
	f->text = xrealloc(NULL, len);
	memcpy(f->text, text, len);
	f->len = len;
}

const char *conf_diags_path(const struct conf_diags *diags, uint32_t file)
{
	const struct diag_file *f = file_find(diags, file);

	return f ? f->path : "(none)";
}

uint32_t conf_diags_n_files(const struct conf_diags *diags)
{
	return diags->n_files;
}

static void file_index_lines(struct diag_file *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->len; i++)
		n += f->text[i] == '\n';
	f->lines = xcalloc(n + 1, sizeof(*f->lines));
	f->n_lines = 1;
	for (size_t i = 0; i < f->len; i++)
		if (f->text[i] == '\n')
			f->lines[f->n_lines++] = i + 1;
}

/* The line at `pos`, without its end; NULL when unknown. */
static const char *file_line(struct diag_file *f, uint32_t line, size_t *len)
{
	const char *start, *end;

	if (!f->text)
		return NULL;
	if (!f->lines)
		file_index_lines(f);
	if (line == 0 || line > f->n_lines)
		return NULL;
	start = f->text + f->lines[line - 1];
	end = memchr(start, '\n', f->len - f->lines[line - 1]);
	*len = (size_t)((end ? end : f->text + f->len) - start);
	return start;
}

/* ---- collecting ---- */

static int pos_cmp(struct conf_pos a, struct conf_pos b)
{
	if (a.file != b.file)
		return a.file < b.file ? -1 : 1;
	if (a.line != b.line)
		return a.line < b.line ? -1 : 1;
	return a.col < b.col ? -1 : a.col > b.col;
}

bool conf_diags_is_full(const struct conf_diags *diags)
{
	return diags->n_kept == CONF_DIAGS_MAX && diags->n_kept_warnings == 0;
}

/* Makes room for one more report, for an error at the cost of a warning. False when there is none.
 */
static bool make_room(struct conf_diags *diags, enum conf_severity severity)
{
	size_t at = diags->n_kept;

	if (diags->n_kept < CONF_DIAGS_MAX)
		return true;
	if (severity == CONF_WARNING || diags->n_kept_warnings == 0)
		return false;
	while (diags->kept[--at]->severity == CONF_ERROR)
		;
	diag_free(diags->kept[at]);
	diags->n_kept--;
	diags->n_kept_warnings--;
	memmove(&diags->kept[at], &diags->kept[at + 1],
		(diags->n_kept - at) * sizeof(*diags->kept));
	return true;
}

/* Cuts a text that was formatted into MESSAGE_MAX bytes, not in the middle of a UTF-8 character. */
static char *text_finish(char *text, int len)
{
	size_t cut = MESSAGE_MAX - 4;

	if (len >= MESSAGE_MAX) {
		while (cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80)
			cut--;
		memcpy(text + cut, "...", 4);
	}
	return xstrdup(text);
}

void conf_diag_vreport(struct conf_diags *diags, const struct conf_report *report, const char *fmt,
		       va_list ap)
{
	char text[MESSAGE_MAX];
	bool is_mended = diags->is_tolerant && report->mending.mend != CONF_MEND_NONE;
	enum conf_severity severity = is_mended ? CONF_WARNING : report->severity;
	struct conf_diag *diag;
	size_t at;
	int len;

	if (is_mended)
		conf_diags_mend(diags, &report->mending);
	if (severity == CONF_ERROR)
		diags->n_errors++;
	else
		diags->n_warnings++;
	if (!make_room(diags, severity))
		return;

	diag = xcalloc(1, sizeof(*diag));
	diag->severity = severity;
	diag->is_tolerated = is_mended ? !report->mending.is_silent : report->is_tolerated;
	diag->class = report->class;
	diag->code = report->code;
	diag->pos = report->pos;
	len = vsnprintf(text, sizeof(text), fmt, ap);
	if (is_mended && len < MESSAGE_MAX)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s",
				mend_text(report->mending.mend));
	diag->message = text_finish(text, len);
	if (report->hint) {
		len = snprintf(text, sizeof(text), "%s", report->hint);
		diag->hint = text_finish(text, len);
	}
	diags->n_kept_warnings += diag->severity == CONF_WARNING;
	for (at = diags->n_kept++; at > 0 && pos_cmp(diags->kept[at - 1]->pos, diag->pos) > 0; at--)
		diags->kept[at] = diags->kept[at - 1];
	diags->kept[at] = diag;
}

void conf_diag_report(struct conf_diags *diags, const struct conf_report *report, const char *fmt,
		      ...)
{
	va_list ap;

	va_start(ap, fmt);
	conf_diag_vreport(diags, report, fmt, ap);
	va_end(ap);
}

unsigned conf_diags_errors(const struct conf_diags *diags)
{
	return diags->n_errors;
}

unsigned conf_diags_warnings(const struct conf_diags *diags)
{
	return diags->n_warnings;
}

size_t conf_diags_count(const struct conf_diags *diags)
{
	return diags->n_kept;
}

const struct conf_diag *conf_diags_at(const struct conf_diags *diags, size_t i)
{
	return i < diags->n_kept ? diags->kept[i] : NULL;
}

/* ---- text ---- */

static const char *severity_name(enum conf_severity severity)
{
	return severity == CONF_ERROR ? "error" : "warning";
}

/* Texts of files may hold anything; terminals and logs shall not see control characters. */
static void put_clean(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		fputc(iscntrl((unsigned char)text[i]) && text[i] != '\t' ? '?' : text[i], out);
}

/* `file:line:col: error: `, leaving out what is not known. */
static void put_head(const struct conf_diags *diags, const struct conf_diag *diag, FILE *out)
{
	const char *path = conf_diags_path(diags, diag->pos.file);

	if (diag->pos.file)
		put_clean(out, path, strlen(path));
	if (diag->pos.line)
		fprintf(out, ":%u", diag->pos.line);
	if (diag->pos.line && diag->pos.col)
		fprintf(out, ":%u", diag->pos.col);
	fprintf(out, "%s%s: ", diag->pos.file ? ": " : "", severity_name(diag->severity));
	put_clean(out, diag->message, strlen(diag->message));
}

static bool is_utf8_tail(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The source line, or the part of it around the column, with a caret below. */
static void put_source(const struct conf_diags *diags, struct conf_pos pos, FILE *out)
{
	struct diag_file *f = file_find(diags, pos.file);
	size_t len = 0, from = 0, at;
	const char *line = f ? file_line(f, pos.line, &len) : NULL;

	if (!line || pos.col == 0 || pos.col > len + 1)
		return;
	at = pos.col - 1;
	if (len > SHOWN_MAX && at > SHOWN_BEFORE)
		from = at - SHOWN_BEFORE;
	while (from < at && is_utf8_tail(line[from]))
		from++;
	while (len > 0 && (line[len - 1] == '\r' || len - from > SHOWN_MAX))
		len = line[len - 1] == '\r' ? len - 1 : from + SHOWN_MAX;
	fputs(from ? "\t..." : "\t", out);
	put_clean(out, line + from, len - from);
	fputs(from ? "\n\t   " : "\n\t", out);
	for (size_t i = from; i < at; i++)
		if (line[i] == '\t')
			fputc('\t', out);
		else if (!is_utf8_tail(line[i]))
			fputc(' ', out);
	fputs("^\n", out);
}

static void put_included_from(const struct conf_diags *diags, uint32_t file, FILE *out)
{
	const struct diag_file *f;

	for (f = file_find(diags, file); f && f->from.file; f = file_find(diags, f->from.file)) {
		const char *path = conf_diags_path(diags, f->from.file);

		fputs("    included from ", out);
		put_clean(out, path, strlen(path));
		fprintf(out, ":%u\n", f->from.line);
	}
}

void conf_diags_print(const struct conf_diags *diags, FILE *out)
{
	size_t n_all = (size_t)diags->n_errors + diags->n_warnings;

	for (size_t i = 0; i < diags->n_kept; i++) {
		const struct conf_diag *diag = diags->kept[i];

		put_head(diags, diag, out);
		fputc('\n', out);
		put_source(diags, diag->pos, out);
		if (diag->hint) {
			fputs("    hint: ", out);
			put_clean(out, diag->hint, strlen(diag->hint));
			fputc('\n', out);
		}
		put_included_from(diags, diag->pos.file, out);
	}
	if (n_all > diags->n_kept)
		fprintf(out, "and %zu more\n", n_all - diags->n_kept);
}

int conf_diag_line(const struct conf_diags *diags, const struct conf_diag *diag, char *buf,
		   size_t size)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	int ret;

	if (!out)
		return snprintf(buf, size, "%s", diag->message);
	put_head(diags, diag, out);
	if (diag->hint) {
		fputs(" (", out);
		put_clean(out, diag->hint, strlen(diag->hint));
		fputc(')', out);
	}
	fclose(out);
	ret = snprintf(buf, size, "%s", text);
	free(text);
	return ret;
}

/* ---- JSON ---- */

json_t *conf_json_string(const char *s)
{
	json_t *json;
	char *utf8;
	size_t n = 0;

	if (!s)
		return NULL;
	json = json_string(s);
	if (json)
		return json;
	utf8 = xcalloc(2 * strlen(s) + 1, 1);
	for (const unsigned char *p = (const unsigned char *)s; *p; p++) {
		if (*p >= 0x80)
			utf8[n++] = (char)(0xc0 | *p >> 6);
		utf8[n++] = (char)(*p >= 0x80 ? 0x80 | (*p & 0x3f) : *p);
	}
	json = json_string(utf8);
	free(utf8);
	return json;
}

static const char *const class_names[] = {
	[CONF_SYNTAX] = "syntax",     [CONF_VALUE] = "value",
	[CONF_SEMANTIC] = "semantic", [CONF_ENVIRONMENT] = "environment",
	[CONF_SECURITY] = "security",
};

json_t *conf_diags_json(const struct conf_diags *diags)
{
	json_t *all = json_array();

	for (size_t i = 0; i < diags->n_kept; i++) {
		const struct conf_diag *diag = diags->kept[i];
		json_t *o = json_object();

		json_object_set_new(o, "severity", json_string(severity_name(diag->severity)));
		json_object_set_new(o, "code", json_string(diag->code));
		json_object_set_new(o, "class", json_string(class_names[diag->class]));
		if (diag->pos.file)
			json_object_set_new(
				o, "file",
				conf_json_string(conf_diags_path(diags, diag->pos.file)));
		if (diag->pos.line)
			json_object_set_new(o, "line", json_integer(diag->pos.line));
		if (diag->pos.col)
			json_object_set_new(o, "column", json_integer(diag->pos.col));
		json_object_set_new(o, "message", conf_json_string(diag->message));
		if (diag->hint)
			json_object_set_new(o, "hint", conf_json_string(diag->hint));
		json_array_append_new(all, o);
	}
	return all;
}

/* ---- suggestions ---- */

static unsigned min_u(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Damerau-Levenshtein distance (adjacent letters swapped count once) without regard to case;
 * `limit` + 1 when it is larger than that. Both words are at most NEAREST_MAX bytes.
 */
static unsigned distance(const char *a, const char *b, unsigned limit)
{
	unsigned rows[3][NEAREST_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if ((la > lb ? la - lb : lb - la) > limit)
		return limit + 1;
	for (size_t j = 0; j <= lb; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		const unsigned *up2 = rows[(i + 1) % 3], *up = rows[(i - 1) % 3];
		unsigned *row = rows[i % 3];
		unsigned best = row[0] = (unsigned)i;

		for (size_t j = 1; j <= lb; j++) {
			int ca = tolower((unsigned char)a[i - 1]);
			int cb = tolower((unsigned char)b[j - 1]);

			row[j] = min_u(min_u(up[j], row[j - 1]) + 1, up[j - 1] + (ca != cb));
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower((unsigned char)a[i - 2]))
				row[j] = min_u(row[j], up2[j - 2] + 1);
			best = min_u(best, row[j]);
		}
		if (best > limit)
			return limit + 1;
	}
	return rows[la % 3][lb];
}

const char *conf_nearest(const char *word, const char *const *names)
{
	size_t len = strlen(word);
	unsigned limit = len < 9 ? (unsigned)len / 3 : 3;
	const char *found = NULL;

	if (len > NEAREST_MAX)
		return NULL;
	for (; *names; names++) {
		unsigned d =
			strlen(*names) <= NEAREST_MAX ? distance(word, *names, limit) : limit + 1;

		if (d > limit)
			continue;
		found = *names;
		if (d == 0)
			break;
		limit = d - 1;
	}
	return found;
}
