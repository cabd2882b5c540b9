/*
 * Lines of events that wait for a slow reader. See event_lines.h.
 */
#include "director/event_lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/log.h"

struct line {
	TAILQ_ENTRY(line) link;
	size_t len, taken; /* of the text, with its newline */
	size_t size;       /* of all this */
	const char *key;   /* behind the text */
	char text[];
};

struct event_lines {
	TAILQ_HEAD(, line) lines;
	size_t n, size;
	size_t limit, next_limit; /* as configured; from which size on older lines go */
};

struct event_lines *event_lines_new(size_t limit)
{
	struct event_lines *lines = xcalloc(1, sizeof(*lines));

	TAILQ_INIT(&lines->lines);
	lines->limit = lines->next_limit = limit;
	return lines;
}

static void remove_line(struct event_lines *lines, struct line *line)
{
	TAILQ_REMOVE(&lines->lines, line, link);
	lines->n--;
	lines->size -= line->size;
	free(line);
}

void event_lines_free(struct event_lines *lines)
{
	struct line *line;

	if (!lines)
		return;
	while ((line = TAILQ_FIRST(&lines->lines)))
		remove_line(lines, line);
	free(lines);
}

/* A line and its place. */
struct placed {
	struct line *line;
	size_t at;
};

static int by_key(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	int order = strcmp(x->line->key, y->line->key);

	return order ? order : (x->at > y->at) - (x->at < y->at);
}

/* Of each key the youngest stays. */
static uint64_t sweep(struct event_lines *lines)
{
	struct placed *all = xcalloc(lines->n + 1, sizeof(*all));
	size_t n = 0;
	uint64_t gone = 0;
	struct line *line;

	TAILQ_FOREACH(line, &lines->lines, link)
	{
		all[n] = (struct placed){ line, n };
		n++;
	}
	qsort(all, n, sizeof(*all), by_key);
	for (size_t i = 0; i + 1 < n; i++) {
		line = all[i].line;
		if (line->taken > 0 || strcmp(line->key, all[i + 1].line->key) != 0)
			continue;
		remove_line(lines, line);
		gone++;
	}
	free(all);
	return gone;
}

uint64_t event_lines_add(struct event_lines *lines, const char *key, const char *text)
{
	const size_t len = strlen(text) + 1, key_len = strlen(key) + 1;
	const size_t size = sizeof(struct line) + len + key_len;
	struct line *line = xcalloc(1, size);
	uint64_t gone;

	memcpy(line->text, text, len - 1);
	line->text[len - 1] = '\n';
	line->key = memcpy(line->text + len, key, key_len);
	line->len = len;
	line->size = size;
	TAILQ_INSERT_TAIL(&lines->lines, line, link);
	lines->n++;
	lines->size += size;
	if (lines->size <= lines->next_limit)
		return 0;
	gone = sweep(lines);
	/* With many keys the next sweep comes when as much again has been added, not for each line.
	 */
	lines->next_limit = 2 * lines->size > lines->limit ? 2 * lines->size : lines->limit;
	return gone;
}

const char *event_lines_first(const struct event_lines *lines, size_t *len)
{
	const struct line *line = TAILQ_FIRST(&lines->lines);

	if (!line)
		return NULL;
	*len = line->len - line->taken;
	return line->text + line->taken;
}

void event_lines_taken(struct event_lines *lines, size_t n)
{
	struct line *line = TAILQ_FIRST(&lines->lines);

	line->taken += n;
	if (line->taken < line->len)
		return;
	remove_line(lines, line);
	if (lines->n == 0)
		lines->next_limit = lines->limit;
}

size_t event_lines_size(const struct event_lines *lines)
{
	return lines->size;
}
