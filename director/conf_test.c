/*
 * Configuration test and dump, in the process the user started.
 */
#include <stdio.h>

#include "director/app.h"
#include "director/conf_test.h"
#include "director/host_check.h"
#include "director/root_conf.h"

static void print_json(json_t *json, FILE *out)
{
	json_dumpf(json, out, JSON_INDENT(2));
	fputc('\n', out);
	json_decref(json);
}

static void print_dump(const struct cmdline *cmdline, const struct conf *conf)
{
	if (cmdline->json)
		print_json(conf_json(conf, &diarch_schema), stdout);
	else
		conf_dump(conf, &diarch_schema, true, stdout);
}

FILE *conf_test_output(const struct cmdline *cmdline)
{
	FILE *out = cmdline->test_output ? fopen(cmdline->test_output, "a") : stderr;

	if (!out)
		perror(cmdline->test_output);
	return out;
}

int conf_test_print_schema(void)
{
	print_json(conf_json_schema(&diarch_schema), stdout);
	return fflush(stdout) == 0 ? EXIT_STATUS_OK : EXIT_STATUS_FATAL;
}

int conf_test_main(const struct cmdline *cmdline)
{
	const struct conf_options options = cmdline_conf_options(cmdline);
	FILE *out = conf_test_output(cmdline);
	struct conf_diags *diags;
	struct conf *conf;
	int status = EXIT_STATUS_OK;

	if (!out)
		return EXIT_STATUS_FATAL;
	diags = conf_diags_new();
	conf = conf_load(cmdline->conf_file, &diarch_schema, &options, diags);
	if (conf)
		host_check(conf_root(conf), diags);
	if (cmdline->json && cmdline->action == CMDLINE_TEST)
		print_json(conf_diags_json(diags), cmdline->test_output ? out : stdout);
	else
		conf_diags_print(diags, out);
	if (!conf)
		status = EXIT_STATUS_NO_CONFIG;
	else if (conf_diags_errors(diags))
		status = EXIT_STATUS_TEST_FAILED;
	else if (cmdline->action == CMDLINE_DUMP)
		print_dump(cmdline, conf);
	conf_free(conf);
	conf_diags_free(diags);
	if (out != stderr)
		fclose(out);
	return status;
}
