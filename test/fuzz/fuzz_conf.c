/*
 * Fuzz target: a configuration file. What is accepted must survive the round trips: its dump loads
 * to the same dump, and so do the bytes for the children; of what is taken with tolerance only the
 * bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "director/root_conf.h"

enum { NAMES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *dump_text(const struct conf *conf)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_dump(conf, &diarch_schema, false, out);
	fclose(out);
	return text;
}

/* Everything that prints diagnostics. */
static void print_all(const struct conf_diags *diags)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_diags_print(diags, out);
	fclose(out);
	free(text);
	json_decref(conf_diags_json(diags));
}

static void check_same(const struct conf *again, const char *dump)
{
	char *second;

	if (!again)
		abort();
	second = dump_text(again);
	if (strcmp(dump, second) != 0) {
		fprintf(stderr, "--- first\n%s--- second\n%s", dump, second);
		abort();
	}
	free(second);
}

static void check_text_trip(const char *dump)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *again =
		conf_load_text(dump, strlen(dump), "dump", &diarch_schema, NULL, diags);

	if (conf_diags_errors(diags)) {
		conf_diags_print(diags, stderr);
		abort();
	}
	check_same(again, dump);
	conf_free(again);
	conf_diags_free(diags);
}

static void check_wire_trip(const struct conf *conf, const char *dump)
{
	const struct conf_block *const *blocks = diarch_schema.root->blocks;
	const char *names[NAMES_MAX + 1] = { NULL };
	struct conf *again;
	uint8_t *bytes;
	size_t len;

	for (size_t i = 0; i < NAMES_MAX && blocks[i]; i++)
		names[i] = blocks[i]->name;
	if (conf_encode(conf, &diarch_schema, names, &bytes, &len) != 0)
		abort();
	again = conf_decode(bytes, len, &diarch_schema);
	check_same(again, dump);
	conf_free(again);
	free(bytes);
}

/* What the parent takes with tolerance its children must be able to take. */
static void check_tolerant(const uint8_t *data, size_t size)
{
	const struct conf_options options = { .is_tolerant = true };
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf =
		conf_load_text((const char *)data, size, "fuzz", &diarch_schema, &options, diags);

	if (conf_diags_errors(diags) == 0) {
		char *dump = dump_text(conf);

		check_wire_trip(conf, dump);
		free(dump);
	}
	conf_free(conf);
	conf_diags_free(diags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf =
		conf_load_text((const char *)data, size, "fuzz", &diarch_schema, NULL, diags);

	print_all(diags);
	if (conf_diags_errors(diags) == 0) {
		char *dump = dump_text(conf);

		check_text_trip(dump);
		check_wire_trip(conf, dump);
		json_decref(conf_json(conf, &diarch_schema));
		free(dump);
	}
	if (conf_diags_errors(diags) > 0)
		check_tolerant(data, size);
	conf_free(conf);
	conf_diags_free(diags);
	return 0;
}
