/*
 * The text of an alert mail (RFC 5322). Pure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "director/mail.h"
#include "lib/log.h"

char *mail_address(const char *recipient)
{
	const char *begin = strrchr(recipient, '<'), *end = begin ? strchr(begin, '>') : NULL;
	char *address;

	if (!begin || !end)
		return xstrdup(recipient);
	address = xstrdup(begin + 1);
	address[end - begin - 1] = '\0';
	return address;
}

static void put_plain(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(*text >= ' ' && *text <= '~' ? *text : '?', out);
}

char *mail_text(const struct mail_head *head, const char *body)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		fatal(1, "out of memory");
	fprintf(out, "Date: %s\nFrom: ", head->date);
	put_plain(head->from, out);
	fputs("\nSubject: [", out);
	put_plain(head->node, out);
	fputs("] ", out);
	put_plain(head->subject, out);
	fprintf(out, "\nMessage-ID: <%s>\nX-Mailer: diarch\nTo: ", head->id);
	for (unsigned i = 0; i < head->n_to; i++) {
		fputs(i ? ",\n " : "", out); /* folded: a line has at most 998 bytes */
		put_plain(head->to[i], out);
	}
	fprintf(out, "\n\n%s\n", body);
	fclose(out);
	return text;
}
