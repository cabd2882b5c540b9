/*
 * Fuzz target: the bytes that a child gets as its configuration. What decodes must encode to bytes
 * that decode to an equal configuration.
 *
 * The input stands behind the head that these tables make, so that a change of the tables does not
 * make the corpus worthless.
 */
#include <stdlib.h>
#include <string.h>

#include "director/root_conf.h"

enum { HEAD_LEN = 12, NAMES_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_all(const struct conf *conf, uint8_t **bytes, size_t *len)
{
	const struct conf_block *const *blocks = diarch_schema.root->blocks;
	const char *names[NAMES_MAX + 1] = { NULL };

	for (size_t i = 0; i < NAMES_MAX && blocks[i]; i++)
		names[i] = blocks[i]->name;
	if (conf_encode(conf, &diarch_schema, names, bytes, len) != 0)
		abort();
}

/* `data` behind a valid head. */
static uint8_t *with_head(const uint8_t *data, size_t size)
{
	struct conf_diags *diags = conf_diags_new();
	struct conf *empty = conf_load_text("", 0, "", &diarch_schema, NULL, diags);
	uint8_t *bytes;
	size_t len;

	encode_all(empty, &bytes, &len);
	bytes = realloc(bytes, HEAD_LEN + size);
	memcpy(bytes + HEAD_LEN, data, size);
	conf_free(empty);
	conf_diags_free(diags);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = with_head(data, size);
	struct conf *conf = conf_decode(bytes, HEAD_LEN + size, &diarch_schema), *again;
	size_t len;

	free(bytes);
	if (!conf)
		return 0;
	encode_all(conf, &bytes, &len);
	again = conf_decode(bytes, len, &diarch_schema);
	if (!again || !conf_obj_is_equal(conf_root(conf), conf_root(again)))
		abort();
	conf_free(again);
	conf_free(conf);
	free(bytes);
	return 0;
}
