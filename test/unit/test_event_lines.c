/*
 * Lines that wait for a reader: order, what is superseded, how much memory that is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "director/event_lines.h"

#define LIMIT 4096

/* Takes the first line; whether it was `wanted`. */
static bool take_is(struct event_lines *lines, const char *wanted)
{
	size_t len;
	const char *text = event_lines_first(lines, &len);
	bool is_same = text && len == strlen(wanted) && memcmp(text, wanted, len) == 0;

	if (text)
		event_lines_taken(lines, len);
	return is_same;
}

static void all_wait_in_order_below_the_limit(void **state)
{
	struct event_lines *lines = event_lines_new(LIMIT);
	size_t len;

	(void)state;
	assert_null(event_lines_first(lines, &len));
	assert_int_equal(event_lines_add(lines, "a", "a 1"), 0);
	assert_int_equal(event_lines_add(lines, "b", "b 1"), 0);
	assert_int_equal(event_lines_add(lines, "a", "a 2"), 0);
	assert_true(take_is(lines, "a 1\n"));
	event_lines_taken(lines, 1);
	assert_true(take_is(lines, " 1\n"));
	assert_true(take_is(lines, "a 2\n"));
	assert_null(event_lines_first(lines, &len));
	assert_int_equal(event_lines_size(lines), 0);
	event_lines_free(lines);
}

static void beyond_it_the_youngest_of_each_key_stays(void **state)
{
	struct event_lines *lines = event_lines_new(LIMIT);
	uint64_t gone = 0, n = 0;
	char text[32];
	size_t len;

	(void)state;
	event_lines_add(lines, "early", "early");
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(text, sizeof(text), "busy %u", i);
		gone += event_lines_add(lines, "busy", text);
		assert_true(event_lines_size(lines) <= LIMIT + 100);
	}
	assert_true(take_is(lines, "early\n"));
	for (const char *line; (line = event_lines_first(lines, &len)); n++) {
		snprintf(text, sizeof(text), "%.*s", (int)len, line);
		event_lines_taken(lines, len);
	}
	assert_string_equal(text, "busy 9999\n");
	assert_int_equal(gone + n, 10000);
	event_lines_free(lines);
}

static void a_line_that_was_begun_is_ended(void **state)
{
	struct event_lines *lines = event_lines_new(LIMIT);

	(void)state;
	event_lines_add(lines, "a", "begun");
	event_lines_taken(lines, 2);
	for (unsigned i = 0; i < 1000; i++)
		event_lines_add(lines, "a", "other");
	assert_true(take_is(lines, "gun\n"));
	assert_true(take_is(lines, "other\n"));
	event_lines_free(lines);
}

/* As many keys as an honest configuration has: none is lost, and it takes no time. */
static void more_keys_than_the_limit_has_room_for(void **state)
{
	struct event_lines *lines = event_lines_new(LIMIT);
	char key[32];
	size_t n = 0, len;

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		for (unsigned i = 0; i < 20000; i++) {
			snprintf(key, sizeof(key), "object %u", i);
			event_lines_add(lines, key, key);
		}
	}
	assert_true(event_lines_size(lines) < 2UL * 20000 * 150);
	for (; event_lines_first(lines, &len); n++)
		event_lines_taken(lines, len);
	assert_in_range(n, 20000, 2 * 20000);
	event_lines_free(lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_wait_in_order_below_the_limit),
		cmocka_unit_test(beyond_it_the_youngest_of_each_key_stays),
		cmocka_unit_test(a_line_that_was_begun_is_ended),
		cmocka_unit_test(more_keys_than_the_limit_has_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
