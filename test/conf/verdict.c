/*
 * Loads each file with the real tables and prints one line: path, verdict, the codes of what was
 * reported, and whether the dump of an accepted file loads to the same dump ("same" or "differs").
 *The verdict is error, warn or ok (also with features that do not exist yet). With -T files are
 *read with tolerance, and error means that something was not taken as written. For comparing with
 *the verdicts of another program; see corpus.sh.
 *
 *	verdict [-T] [-i ID] FILE...
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "director/root_conf.h"

static bool is_code(const struct conf_diag *diag, const char *code)
{
	return strcmp(diag->code, code) == 0;
}

static const char *verdict_of(const struct conf_diags *diags)
{
	bool is_warned = false, is_wrong = false;

	for (size_t i = 0; i < conf_diags_count(diags); i++) {
		const struct conf_diag *diag = conf_diags_at(diags, i);

		if (diag->severity == CONF_ERROR || diag->is_tolerated)
			is_wrong = true;
		else if (!is_code(diag, "no-effect") && !is_code(diag, "not-in-effect"))
			is_warned = true;
	}
	return is_wrong ? "error" : is_warned ? "warn" : "ok";
}

static char *dump_text(const struct conf *conf)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_dump(conf, &diarch_schema, false, out);
	fclose(out);
	return text;
}

static const char *dump_trip(const struct conf *conf, const struct conf_options *options)
{
	struct conf_diags *diags = conf_diags_new();
	char *dump = dump_text(conf), *second;
	struct conf *again =
		conf_load_text(dump, strlen(dump), "dump", &diarch_schema, options, diags);
	bool is_same;

	second = dump_text(again);
	is_same = conf_diags_errors(diags) == 0 && strcmp(dump, second) == 0;
	free(second);
	free(dump);
	conf_free(again);
	conf_diags_free(diags);
	return is_same ? "same" : "differs";
}

static void print_verdict(const char *path, const struct conf_options *options)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf = conf_load(path, &diarch_schema, options, diags);

	printf("%s\t%s\t", path, conf ? verdict_of(diags) : "error");
	for (size_t i = 0; i < conf_diags_count(diags); i++) {
		const struct conf_diag *diag = conf_diags_at(diags, i);

		printf("%s%s:%u", i > 0 ? " " : "", diag->code, diag->pos.line);
	}
	printf("\t%s\n", conf && conf_diags_errors(diags) == 0 ? dump_trip(conf, options) : "-");
	conf_free(conf);
	conf_diags_free(diags);
}

int main(int argc, char **argv)
{
	struct conf_options options = { 0 };
	int opt;

	while ((opt = getopt(argc, argv, "Ti:")) != -1) {
		if (opt == 'T')
			options.is_tolerant = true;
		else if (opt == 'i')
			options.config_id = optarg;
		else
			return 1;
	}
	for (int i = optind; i < argc; i++)
		print_verdict(argv[i], &options);
	return 0;
}
