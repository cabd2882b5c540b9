/*
 * Loads each file with the real tables and prints one line: path, verdict, and the codes of what
 * was reported. The verdict is error, warn or ok (also with features that do not exist yet). For
 * comparing with the verdicts of another program; see corpus.sh.
 */
#include <string.h>

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

		if (diag->severity == CONF_ERROR)
			is_wrong = true;
		else if (!is_code(diag, "no-effect") && !is_code(diag, "not-in-effect"))
			is_warned = true;
	}
	return is_wrong ? "error" : is_warned ? "warn" : "ok";
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
	putchar('\n');
	conf_free(conf);
	conf_diags_free(diags);
}

int main(int argc, char **argv)
{
	struct conf_options options = { 0 };
	int arg = 1;

	if (argc > 2 && strcmp(argv[1], "-i") == 0) {
		options.config_id = argv[2];
		arg = 3;
	}
	for (; arg < argc; arg++)
		print_verdict(argv[arg], &options);
	return 0;
}
