/*
 * Lines of events that wait for a slow reader. Parent only; no I/O.
 *
 * A line tells the state of something, which its key names. Up to a limit every line is kept, in
 * order; beyond it of each key only the youngest is. What a reader learns is then late, but the
 * last line of each key is true, and there are no more lines than keys.
 */
#ifndef DIARCH_DIRECTOR_EVENT_LINES_H
#define DIARCH_DIRECTOR_EVENT_LINES_H

#include <stddef.h>
#include <stdint.h>

struct event_lines;

/* `limit` in bytes, our own for each line included. */
struct event_lines *event_lines_new(size_t limit);

/* NULL is fine. */
void event_lines_free(struct event_lines *lines);

/* Appends a copy of `text` and a newline. Returns how many older lines it made go. */
uint64_t event_lines_add(struct event_lines *lines, const char *key, const char *text);

/* What is left of the first line, *len bytes; NULL when nothing waits. Stays valid until the next
 * call that changes something. */
const char *event_lines_first(const struct event_lines *lines, size_t *len);

/* The reader took `n` bytes of the first line. A line that was begun never goes before its end. */
void event_lines_taken(struct event_lines *lines, size_t n);

/* Memory that waits, in bytes. */
size_t event_lines_size(const struct event_lines *lines);

#endif
