/*
 * Values made of rows: "eth0 inst VI_1 id 5".
 */
#include "lib/conf_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sync_value {
	struct conf_parts parts;
	const char *dev, *inst;
	uint32_t id;
	int64_t wait_us;
	bool fast;
};

struct parts_root {
	struct conf_obj obj;
	struct sync_value sync, other;
};

#define PART struct sync_value

static const struct conf_key sync_parts[] = {
	K_STR("dev", PART, dev, .flags = CONF_BARE, .help = "Interface."),
	K_STR("inst", PART, inst, .flags = CONF_BARE, .help = "Instance."),
	K_STR("instance", PART, inst, .alias_of = "inst", .help = "The same."),
	K_U32("id", PART, id, 1, 255, .help = "Number."),
	K_SECS("wait", PART, wait_us, 0, 1000000000, .help = "Time."),
	K_BOOL("fast", PART, fast, .help = "Speed."),
	K_END,
};

static const struct conf_key root_keys[] = {
	K_CUSTOM("sync", &conf_type_parts, struct parts_root, sync, struct sync_value,
		 .parts = sync_parts, .help = "Needs words."),
	K_CUSTOM("other", &conf_type_opt_parts, struct parts_root, other, struct sync_value,
		 .parts = sync_parts, .help = "May stand alone."),
	K_END,
};

static const struct conf_block root_block = {
	.size = sizeof(struct parts_root),
	.keys = root_keys,
};

static const struct conf_schema schema = { .root = &root_block };

static struct conf_diags *diags;
static struct conf *conf;

static const struct parts_root *load(const char *text)
{
	diags = conf_diags_new();
	conf = conf_load_text(text, strlen(text), "t", &schema, NULL, diags);
	return (const struct parts_root *)conf_root(conf);
}

static void done(void)
{
	conf_free(conf);
	conf_diags_free(diags);
}

static char *dump(void)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	conf_dump(conf, &schema, false, out);
	fclose(out);
	return text;
}

/* The line loads without a word, and its canonical text is `canonical`, which loads to an equal
 * value. */
static void expect_same(const char *line, const char *canonical)
{
	char *text;

	load(line);
	assert_int_equal(conf_diags_count(diags), 0);
	text = dump();
	assert_string_equal(text, canonical);
	done();
	load(text);
	assert_int_equal(conf_diags_count(diags), 0);
	free(text);
	text = dump();
	assert_string_equal(text, canonical);
	free(text);
	done();
}

static void expect_code(const char *line, const char *code, uint32_t col)
{
	const struct parts_root *root = load(line);

	assert_int_equal(conf_diags_count(diags), 1);
	assert_string_equal(conf_diags_at(diags, 0)->code, code);
	assert_int_equal(conf_diags_at(diags, 0)->pos.col, col);
	assert_false(root->sync.parts.is_given);
	done();
}

static void test_order(void **state)
{
	const struct parts_root *root;

	(void)state;
	root = load("sync wait 0.5 id 7 dev eth0 fast off\n");
	assert_string_equal(root->sync.dev, "eth0");
	assert_null(root->sync.inst);
	assert_int_equal(root->sync.id, 7);
	assert_int_equal(root->sync.wait_us, 500000);
	assert_false(root->sync.fast);
	assert_true(conf_parts_has(&root_keys[0], &root->sync.parts, "fast"));
	assert_false(conf_parts_has(&root_keys[0], &root->sync.parts, "inst"));
	assert_false(conf_parts_has(&root_keys[0], &root->sync.parts, "zork"));
	assert_false(root->other.parts.is_given);
	done();
}

static void test_canonical(void **state)
{
	(void)state;
	expect_same("sync id 7 eth0\n", "sync eth0 id 7\n");
	expect_same("sync eth0 VI_1\n", "sync eth0 VI_1\n");
	expect_same("sync instance VI_1 dev eth0\n", "sync eth0 VI_1\n");
	expect_same("sync eth0 fast\n", "sync eth0 fast on\n");
	expect_same("sync eth0 fast id 3\n", "sync eth0 id 3 fast on\n");
	expect_same("other\n", "other\n");
	expect_same("other \"a b\" wait 1.25\n", "other \"a b\" wait 1.25\n");
}

/* A bare word goes to the first row that has no value yet. */
static void test_bare(void **state)
{
	const struct parts_root *root = load("sync dev eth0 VI_1\n");

	(void)state;
	assert_string_equal(root->sync.inst, "VI_1");
	done();
	root = load("sync instance VI_1 eth0\n");
	assert_string_equal(root->sync.dev, "eth0");
	done();
	expect_code("sync eth0 VI_1 third\n", "unknown-word", 16);
}

static void test_refused(void **state)
{
	(void)state;
	expect_code("sync\n", "missing-value", 1);
	expect_code("sync eth0 id\n", "missing-value", 11);
	expect_code("sync eth0 id 256\n", "out-of-range", 14);
	expect_code("sync eth0 x id 5 wayt 5\n", "unknown-word", 18);
	load("sync eth0 x id 5 wayt 5\n");
	assert_string_equal(conf_diags_at(diags, 0)->hint, "did you mean \"wait\"?");
	done();
}

static void test_equal(void **state)
{
	const struct {
		const char *a, *b;
		bool is_equal;
	} cases[] = {
		{ "sync eth0 id 5\n", "sync id 5 dev eth0\n", true },
		{ "sync eth0 id 5\n", "sync eth0 id 6\n", false },
		{ "sync eth0 id 5\n", "sync eth0\n", false },
		{ "other\n", "", false },
		{ "sync eth0 fast\n", "sync eth0 fast on\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf_diags *first_diags;
		struct conf *first;

		load(cases[i].a);
		first = conf;
		first_diags = diags;
		load(cases[i].b);
		assert_int_equal(conf_obj_is_equal(conf_root(first), conf_root(conf)),
				 cases[i].is_equal);
		conf_free(first);
		conf_diags_free(first_diags);
		done();
	}
}

static void test_json(void **state)
{
	json_t *json, *expected;

	(void)state;
	load("sync eth0 id 5 wait 2 fast\n");
	json = conf_json(conf, &schema);
	expected =
		json_pack("{s:s, s:i, s:f, s:b}", "dev", "eth0", "id", 5, "wait", 2.0, "fast", 1);
	assert_true(json_equal(json_object_get(json, "sync"), expected));
	assert_null(json_object_get(json, "other"));
	json_decref(expected);
	json_decref(json);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_bare),  cmocka_unit_test(test_refused),
		cmocka_unit_test(test_equal), cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
