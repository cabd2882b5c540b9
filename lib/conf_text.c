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

const char *conf_text_value(struct conf_text *text, const struct conf_obj *obj,
			    const struct conf_key *key)
{
	rewind(text->out);
	key->type->print(key, conf_obj_value(obj, key), text->out);
	fputc('\0', text->out);
	fflush(text->out);
	return text->buf[0] || key->type->min_args == 0 ? text->buf : NULL;
}

bool conf_key_is_shown(const struct conf_obj *obj, const struct conf_key *key)
{
	if (key->alias_of)
		return false;
	return !(key->flags & (CONF_NO_EFFECT | CONF_DEPRECATED)) || conf_obj_set(obj, key);
}
