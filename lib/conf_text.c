/*
 * Values as canonical words: quoting, and the buffer that print functions write to.
 *
 * Used by dump, wire and tools.
 */
#include "lib/conf_private.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

/* Words that the lexer or the line stage would read as something else. */
static bool needs_quotes(const char *word)
{
	return !*word || strpbrk(word, " \t\r\v\f{}#!\\$") || strchr("@~", word[0]) ||
	       strncmp(word, "include", 7) == 0;
}

void conf_print_word(FILE *out, const char *word)
{
	fprintf(out, needs_quotes(word) ? "\"%s\"" : "%s", word);
}

bool conf_str_is_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

void conf_text_init(struct conf_text *text)
{
	*text = (struct conf_text){ 0 };
	text->out = open_memstream(&text->buf, &text->len);
	if (!text->out)
		fatal(1, "out of memory");
}

void conf_text_done(struct conf_text *text)
{
	fclose(text->out);
	free(text->buf);
}

/* Whether the field holds what its row gives when nothing else does. */
static bool is_default(const struct conf_key *key, const void *field)
{
	void *dflt = xcalloc(1, key->size);
	bool is_equal;

	if (key->type->set_default)
		key->type->set_default(key, dflt);
	is_equal = key->type->is_equal(key, field, dflt);
	free(dflt);
	return is_equal;
}

const char *conf_text_value(struct conf_text *text, const struct conf_obj *obj,
			    const struct conf_key *key)
{
	const void *field = conf_obj_value(obj, key);

	rewind(text->out);
	key->type->print(key, field, text->out);
	fputc('\0', text->out);
	fflush(text->out);
	if (text->buf[0])
		return text->buf;
	/* No words: a keyword that stands alone, or nothing. */
	if (key->type->min_args > 0 || (!conf_obj_set(obj, key) && is_default(key, field)))
		return NULL;
	return text->buf;
}

bool conf_key_is_shown(const struct conf_obj *obj, const struct conf_key *key)
{
	if (key->alias_of)
		return false;
	return !(key->flags & (CONF_NO_EFFECT | CONF_DEPRECATED | CONF_IF_SET)) ||
	       conf_obj_set(obj, key);
}

/* Bytes of the character that begins with `lead`; 0 when none does. */
static unsigned utf8_len(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Whether the second byte is right: neither overlong, nor a surrogate, nor beyond U+10FFFF. */
static bool utf8_second_is_good(unsigned char lead, unsigned char second)
{
	switch (lead) {
	case 0xe0: return second >= 0xa0;
	case 0xed: return second < 0xa0;
	case 0xf0: return second >= 0x90;
	case 0xf4: return second < 0x90;
	default: return true;
	}
}

bool conf_is_utf8(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		unsigned len = utf8_len(*p);

		if (len == 0 || (len > 1 && !utf8_second_is_good(p[0], p[1])))
			return false;
		for (unsigned i = 1; i < len; i++)
			if ((p[i] & 0xc0) != 0x80)
				return false;
		p += len;
	}
	return true;
}
