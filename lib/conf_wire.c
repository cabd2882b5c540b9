/*
 * Objects to bytes and back, for the children.
 *
 * The bytes are the statements that would make the objects: what was set, in canonical words, with
 *names as numbers. The receiver walks them as if they came from a file, so there is one way to fill
 *an object. The sender is the parent; the receiver trusts nothing.
 *
 *	bytes     = magic(32) fingerprint(64) statement* END
 *	statement = KEY name(16) words | BLOCK name(16) words statement* END | LINE words
 *	words     = n(32) { length(31) is_quoted(1) text }
 */
#include "lib/conf_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/log.h"

enum { WIRE_MAGIC = 0x64695201, WORD_MIN = 4 /* bytes of the shortest word */ };

enum wire_op { WIRE_END, WIRE_KEY, WIRE_BLOCK, WIRE_LINE };

/* Differs when the tables differ: names are sent as numbers. */
static uint64_t fingerprint(const struct conf_index *index)
{
	const struct conf_name *name;
	uint64_t h = 14695981039346656037u;

	for (size_t i = 0; (name = conf_index_at(index, i)); i++)
		for (const char *p = name->name;; p++) {
			h = (h ^ (unsigned char)*p) * 1099511628211u;
			if (!*p)
				break;
		}
	return h;
}

/* ---- encoding ---- */

struct encoder {
	const struct conf *conf;
	const char *const *only;
	FILE *out;
	struct conf_text text;
	struct conf_arena *scratch;
	struct conf_token *words; /* of the next statement */
	unsigned n_words, cap_words;
};

static void put_be(struct encoder *enc, uint64_t value, int n_bytes)
{
	while (n_bytes-- > 0)
		fputc((int)(value >> 8 * n_bytes & 0xff), enc->out);
}

static void add_word(struct encoder *enc, const struct conf_token *word)
{
	if (enc->n_words == enc->cap_words) {
		enc->cap_words = enc->cap_words ? 2 * enc->cap_words : 16;
		enc->words = xrealloc(enc->words, enc->cap_words * sizeof(*enc->words));
	}
	enc->words[enc->n_words++] = *word;
}

static void add_text(struct encoder *enc, const char *text)
{
	const struct conf_token *argv;
	unsigned argc;

	conf_lex_words(enc->scratch, text, strlen(text), &argv, &argc);
	for (unsigned i = 0; i < argc; i++)
		add_word(enc, &argv[i]);
}

static void put_words(struct encoder *enc)
{
	put_be(enc, enc->n_words, 4);
	for (unsigned i = 0; i < enc->n_words; i++) {
		size_t len = strlen(enc->words[i].text);

		put_be(enc, len << 1 | enc->words[i].is_quoted, 4);
		fwrite(enc->words[i].text, 1, len, enc->out);
	}
	enc->n_words = 0;
}

/* A statement that begins with a name of block `in`, with the words added so far. */
static void put_named(struct encoder *enc, enum wire_op op, const struct conf_block *in,
		      const char *name)
{
	put_be(enc, op, 1);
	put_be(enc, conf_index_number(enc->conf->index, in, name), 2);
	put_words(enc);
}

static void add_args(struct encoder *enc, const struct conf_obj *obj)
{
	for (const struct conf_key *key = obj->block->args; key && key->name; key++) {
		const char *value = conf_text_value(&enc->text, obj, key);

		if (value && conf_obj_set(obj, key))
			add_text(enc, value);
	}
}

static void encode_keys(struct encoder *enc, const struct conf_obj *obj)
{
	for (const struct conf_key *key = obj->block->keys; key && key->name; key++) {
		const char *value;

		if (!conf_obj_set(obj, key))
			continue;
		value = conf_text_value(&enc->text, obj, key);
		if (!value)
			continue;
		add_text(enc, value);
		put_named(enc, WIRE_KEY, obj->block, key->name);
	}
}

static void encode_line(struct encoder *enc, const struct conf_obj *obj)
{
	add_args(enc, obj);
	for (const struct conf_key *key = obj->block->keys; key && key->name; key++) {
		const struct conf_token name = { .text = key->name };
		const char *value;

		if (!conf_obj_set(obj, key))
			continue;
		value = conf_text_value(&enc->text, obj, key);
		if (!value)
			continue;
		if (!(key->flags & CONF_BARE))
			add_word(enc, &name);
		add_text(enc, value);
	}
	put_be(enc, WIRE_LINE, 1);
	put_words(enc);
}

static bool is_wanted(const struct encoder *enc, const struct conf_obj *obj)
{
	const char *const *only = enc->only;

	if (obj->parent->block != enc->conf->schema->root ||
	    obj->block == enc->conf->schema->global_block)
		return true;
	while (*only && strcmp(*only, obj->block->name) != 0)
		only++;
	return *only != NULL;
}

static void encode_list(void *ctx, const struct conf_list *list);

static void encode_block(struct encoder *enc, const struct conf_obj *obj)
{
	bool is_line = conf_block_has_lines(obj->block);

	if (!is_line)
		add_args(enc, obj);
	put_named(enc, WIRE_BLOCK, obj->parent->block, obj->block->name);
	if (is_line)
		encode_line(enc, obj);
	else
		encode_keys(enc, obj);
	conf_obj_each_list(obj, encode_list, enc);
	put_be(enc, WIRE_END, 1);
}

static void encode_list(void *ctx, const struct conf_list *list)
{
	struct encoder *enc = ctx;

	for (const struct conf_obj *obj = list->head; obj; obj = obj->next) {
		if (obj->block->style == CONF_BLOCK_BARE)
			encode_line(enc, obj);
		else if (is_wanted(enc, obj))
			encode_block(enc, obj);
	}
}

int conf_encode(const struct conf *conf, const struct conf_schema *schema, const char *const *only,
		uint8_t **data, size_t *len)
{
	struct encoder enc = { .conf = conf, .only = only };
	char *bytes = NULL;

	(void)schema;
	enc.out = open_memstream(&bytes, len);
	if (!enc.out)
		return -ENOMEM;
	enc.scratch = conf_arena_new();
	conf_text_init(&enc.text);

	put_be(&enc, WIRE_MAGIC, 4);
	put_be(&enc, fingerprint(conf->index), 8);
	encode_keys(&enc, conf->root);
	conf_obj_each_list(conf->root, encode_list, &enc);
	put_be(&enc, WIRE_END, 1);

	free(enc.words);
	conf_text_done(&enc.text);
	conf_arena_free(enc.scratch);
	if (fclose(enc.out) != 0) {
		free(bytes);
		return -ENOMEM;
	}
	*data = (uint8_t *)bytes;
	return 0;
}

/* ---- decoding ---- */

struct decoder {
	struct buf in;
	struct conf_arena *arena;
	const struct conf_index *index;
	unsigned n_words;
};

/* There is no file to point to; the line tells it from what was never given. */
static const struct conf_pos no_pos = { .line = 1 };

/* What no word of a file can hold, see conf_lex.c. */
static bool is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' || text[i] == '"' || text[i] == '\n')
			return false;
	return true;
}

static bool get_word(struct decoder *dec, struct conf_token *word)
{
	uint32_t head = buf_get_be32(&dec->in);
	const char *text = buf_get_bytes(&dec->in, head >> 1);

	if (!text || !is_word(text, head >> 1))
		return false;
	word->text = conf_arena_strndup(dec->arena, text, head >> 1);
	word->pos = no_pos;
	word->is_quoted = head & 1;
	return true;
}

/* The words of a statement, behind its name if it has one. */
static bool get_words(struct decoder *dec, struct conf_stmt *stmt, const char *name)
{
	uint32_t n = buf_get_be32(&dec->in);
	struct conf_token *argv;
	unsigned at = 0;

	if (n > buf_left(&dec->in) / WORD_MIN || n > CONF_WORDS_MAX - dec->n_words)
		return false;
	dec->n_words += n;
	argv = conf_arena_alloc(dec->arena, (n + 1) * sizeof(*argv));
	if (name)
		argv[at++] = (struct conf_token){ .text = name, .pos = no_pos };
	while (n-- > 0)
		if (!get_word(dec, &argv[at++]))
			return false;
	stmt->argv = argv;
	stmt->argc = at;
	return true;
}

static struct conf_stmt *get_stmt(struct decoder *dec, enum wire_op op)
{
	struct conf_stmt *stmt = conf_arena_alloc(dec->arena, sizeof(*stmt));
	const struct conf_name *name = NULL;

	if (op != WIRE_LINE) {
		name = conf_index_at(dec->index, buf_get_be16(&dec->in));
		if (!name)
			return NULL;
	}
	stmt->has_body = op == WIRE_BLOCK;
	return get_words(dec, stmt, name ? name->name : NULL) ? stmt : NULL;
}

/* The whole tree; false when the bytes are malformed. */
static bool get_tree(struct decoder *dec, struct conf_stmt **first)
{
	struct conf_stmt **tail[CONF_DEPTH_MAX + 1] = { first };
	unsigned depth = 0;

	*first = NULL;
	while (buf_left(&dec->in) > 0) {
		uint8_t op = buf_get_u8(&dec->in);
		struct conf_stmt *stmt;

		if (op == WIRE_END && depth == 0)
			return buf_left(&dec->in) == 0;
		if (op == WIRE_END) {
			depth--;
			continue;
		}
		stmt = op <= WIRE_LINE ? get_stmt(dec, op) : NULL;
		if (!stmt || (op == WIRE_BLOCK && depth == CONF_DEPTH_MAX))
			return false;
		*tail[depth] = stmt;
		tail[depth] = &stmt->next;
		if (op == WIRE_BLOCK)
			tail[++depth] = &stmt->body;
	}
	return false;
}

struct conf *conf_decode(const uint8_t *data, size_t len, const struct conf_schema *schema)
{
	struct decoder dec = { .in = buf_reader(data, len), .arena = conf_arena_new() };
	struct conf *conf = conf_new(schema);
	struct conf_diags *diags = conf_diags_new();
	struct conf_walk walk = { .conf = conf, .diags = diags };

	/* The parent may have taken the file with tolerance; what must hold is what types ask for.
	 */
	conf_diags_tolerate(diags);
	struct conf_stmt *tree;
	bool is_good;

	/* The parent may have taken the file with tolerance; what must hold is what types ask for.
	 */
	conf_diags_tolerate(diags);
	dec.index = conf->index;
	is_good = buf_get_be32(&dec.in) == WIRE_MAGIC &&
		  buf_get_be64(&dec.in) == fingerprint(conf->index) && get_tree(&dec, &tree);
	if (is_good) {
		conf_walk_tree(&walk, tree);
		conf_fill(&walk);
		is_good = conf_diags_errors(diags) == 0;
	}
	conf_diags_free(diags);
	conf_arena_free(dec.arena);
	if (is_good)
		return conf;
	conf_free(conf);
	return NULL;
}
