/*
 * Golden cases of the configuration: every NAME.in of this directory is loaded with the real
 *tables.
 *
 *	NAME.ok   canonical dump, when the file is accepted
 *	NAME.err  diagnostics as printed, when there are any
 *
 * Files named tolerant* are read with tolerance. Accepted files also make the round trips: the dump
 *loads to the same dump, and so do the bytes for the children. `run_golden --update` writes what is
 *instead of comparing; look at the difference before you commit it. `run_golden --coverage` lists
 *the keywords that no case uses, and fails if there are any. Without arguments behind the options
 *all cases run.
 */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "director/root_conf.h"
#include "test/conf/json_schema.h"
#include "lib/conf.h"

enum { NAMES_MAX = 64, PATH_LEN = 512 };

struct golden {
	json_t *schema; /* made when first asked for */
	bool is_update;
	unsigned n_cases;
	unsigned n_failed;
};

static void fail(struct golden *golden, const char *name, const char *what)
{
	golden->n_failed++;
	printf("FAIL %s: %s\n", name, what);
}

/* ---- texts ---- */

static char *read_text(const char *path)
{
	char *text = NULL;
	size_t len = 0;
	FILE *file = fopen(path, "r");

	if (!file)
		return strdup("");
	if (getdelim(&text, &len, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

static bool write_text(const char *path, const char *text)
{
	FILE *file;

	if (!*text)
		return unlink(path) == 0 || errno == ENOENT;
	file = fopen(path, "w");
	if (!file)
		return false;
	fputs(text, file);
	return fclose(file) == 0;
}

/* Shows the first line that differs. */
static void show_difference(const char *expected, const char *actual)
{
	unsigned line = 1;

	while (*expected && *expected == *actual) {
		line += *expected == '\n';
		expected++;
		actual++;
	}
	printf("  line %u: expected ...%.*s\n", line, (int)strcspn(expected, "\n"), expected);
	printf("  line %u:      got ...%.*s\n", line, (int)strcspn(actual, "\n"), actual);
}

static void compare(struct golden *golden, const char *name, const char *suffix, const char *actual)
{
	char path[PATH_LEN];
	char *expected;

	snprintf(path, sizeof(path), "%s.%s", name, suffix);
	if (golden->is_update) {
		if (!write_text(path, actual))
			fail(golden, path, strerror(errno));
		return;
	}
	expected = read_text(path);
	if (strcmp(expected, actual) != 0) {
		fail(golden, path, "differs");
		show_difference(expected, actual);
	}
	free(expected);
}

static char *dump_text(const struct conf *conf, bool with_origin)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_dump(conf, &diarch_schema, with_origin, out);
	fclose(out);
	return text;
}

static char *diags_text(const struct conf_diags *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_diags_print(diags, out);
	fclose(out);
	return text;
}

/* ---- round trips ---- */

/* Cases with this name are read with tolerance. */
static const struct conf_options *options_of(const char *name)
{
	static const struct conf_options tolerant = { .is_tolerant = true };

	return strncmp(name, "tolerant", strlen("tolerant")) == 0 ? &tolerant : NULL;
}

/* `text` must load without error to objects equal to those of `conf`, and dump to `dump`. */
static void check_text_trip(struct golden *golden, const char *name, const struct conf *conf,
			    const char *dump, const char *text)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *again;
	char *second;

	again = conf_load_text(text, strlen(text), name, &diarch_schema, options_of(name), diags);
	second = dump_text(again, false);
	if (conf_diags_errors(diags)) {
		fail(golden, name, "the dump is not accepted");
		conf_diags_print(diags, stdout);
	} else if (strcmp(dump, second) != 0) {
		fail(golden, name, "the dump of the dump differs");
		show_difference(dump, second);
	} else if (!conf_obj_is_equal(conf_root(conf), conf_root(again))) {
		fail(golden, name, "the dump loads to other objects");
	}
	free(second);
	conf_free(again);
	conf_diags_free(diags);
}

static void check_wire_trip(struct golden *golden, const char *name, const struct conf *conf,
			    const char *dump)
{
	const struct conf_block *const *blocks = diarch_schema.root->blocks;
	const char *names[NAMES_MAX + 1] = { NULL };
	struct conf *again = NULL;
	uint8_t *data = NULL;
	char *second;
	size_t len;

	for (size_t i = 0; i < NAMES_MAX && blocks[i]; i++)
		names[i] = blocks[i]->name;
	if (conf_encode(conf, &diarch_schema, names, &data, &len) == 0)
		again = conf_decode(data, len, &diarch_schema);
	free(data);
	if (!again) {
		fail(golden, name, "the bytes for the children do not decode");
		return;
	}
	second = dump_text(again, false);
	if (strcmp(dump, second) != 0) {
		fail(golden, name, "the bytes for the children give another configuration");
		show_difference(dump, second);
	}
	free(second);
	conf_free(again);
}

/* What --dump-config --json prints is what --json-schema says. */
static void check_schema(struct golden *golden, const char *name, const struct conf *conf)
{
	json_t *json = conf_json(conf, &diarch_schema);
	char why[PATH_LEN];

	if (!golden->schema)
		golden->schema = conf_json_schema(&diarch_schema);
	if (!json_schema_accepts(golden->schema, json, why, sizeof(why))) {
		fail(golden, name, "the schema refuses the JSON dump");
		printf("  %s\n", why);
	}
	json_decref(json);
}

/* ---- cases ---- */

static void run_case(struct golden *golden, const char *path)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(path, &diarch_schema, options_of(path), diags);
	bool is_accepted = conf && conf_diags_errors(diags) == 0;
	char *dump = is_accepted ? dump_text(conf, false) : strdup("");
	char *origin = is_accepted ? dump_text(conf, true) : strdup("");
	char *messages = diags_text(diags);
	char name[PATH_LEN];

	golden->n_cases++;
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(path) - strlen(".in")), path);
	compare(golden, name, "ok", dump);
	compare(golden, name, "err", messages);
	if (is_accepted) {
		check_text_trip(golden, name, conf, dump, dump);
		check_text_trip(golden, name, conf, dump, origin);
		check_wire_trip(golden, name, conf, dump);
		check_schema(golden, name, conf);
	}
	free(messages);
	free(origin);
	free(dump);
	conf_free(conf);
	conf_diags_free(diags);
}

static void run_all(struct golden *golden)
{
	glob_t found = { 0 };

	if (glob("*.in", 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			run_case(golden, found.gl_pathv[i]);
	globfree(&found);
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	struct golden golden = { 0 };
	int arg = 1;

	/* Paths in messages are those of the cases' own directory. */
	if (chdir(srcdir ? srcdir : ".") != 0 || chdir("test/conf") != 0) {
		perror("test/conf");
		return 1;
	}
	if (arg < argc && strcmp(argv[arg], "--update") == 0) {
		golden.is_update = true;
		arg++;
	}
	if (arg == argc)
		run_all(&golden);
	for (; arg < argc; arg++)
		run_case(&golden, argv[arg]);
	json_decref(golden.schema);
	printf("%u cases, %u failures\n", golden.n_cases, golden.n_failed);
	return golden.n_failed > 0 || golden.n_cases == 0;
}
