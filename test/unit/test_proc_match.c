/*
 * Unit tests of director/proc_match.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "director/feeds.h"

#define IMAGE(comm, words)                 \
	(struct proc_image)                \
	{                                  \
		comm, words, sizeof(words) \
	}

static bool match(int how, bool is_full, const struct proc_image *image, const char *const *words,
		  uint32_t n)
{
	const struct proc_pattern pattern = { words, n, how, is_full };

	return proc_match(&pattern, image);
}

static void test_names(void **state)
{
	const struct proc_image haproxy = IMAGE("haproxy", "/usr/sbin/haproxy\0-f\0/etc/x");
	const struct proc_image kernel = { "kworker/0:1", "", 0 };
	const struct proc_image lengthy = IMAGE("a_name_of_many_", "/bin/a_name_of_many_letters");

	(void)state;
	assert_true(match(PARAM_NONE, false, &haproxy, (const char *[]){ "haproxy" }, 1));
	assert_true(match(PARAM_NONE, false, &haproxy, (const char *[]){ "/opt/haproxy" }, 1));
	assert_false(match(PARAM_NONE, false, &haproxy, (const char *[]){ "hapro" }, 1));
	assert_false(match(PARAM_NONE, false, &haproxy, (const char *[]){ "haproxy2" }, 1));
	assert_false(match(PARAM_NONE, false, &kernel, (const char *[]){ "haproxy" }, 1));
	assert_false(match(PARAM_NONE, true, &kernel, (const char *[]){ "kworker" }, 1));
	assert_true(match(PARAM_NONE, false, &lengthy, (const char *[]){ "a_name_of_many_letters" },
			  1));
}

static void test_whole_command(void **state)
{
	const struct proc_image alone = IMAGE("d", "/usr/sbin/d");
	const struct proc_image more = IMAGE("d", "/usr/sbin/d\0-x");

	(void)state;
	assert_true(match(PARAM_NONE, true, &alone, (const char *[]){ "/usr/sbin/d" }, 1));
	assert_false(match(PARAM_NONE, true, &alone, (const char *[]){ "d" }, 1));
	assert_false(match(PARAM_NONE, true, &more, (const char *[]){ "/usr/sbin/d" }, 1));
	assert_true(match(PARAM_NONE, true, &more, (const char *[]){ "/usr/sbin/d", "-x" }, 2));
}

static void test_parameters(void **state)
{
	const struct proc_image d = IMAGE("d", "d\0-f\0/etc/one\0-v");

	(void)state;
	assert_false(match(PARAM_NONE, false, &d, (const char *[]){ "d", "-f" }, 2));
	assert_true(
		match(PARAM_NONE, false, &d, (const char *[]){ "d", "-f", "/etc/one", "-v" }, 4));
	assert_true(match(PARAM_PARTIAL, false, &d, (const char *[]){ "d", "-f", "/etc/one" }, 3));
	assert_false(match(PARAM_PARTIAL, false, &d, (const char *[]){ "d", "-f", "/etc" }, 3));
	assert_true(match(PARAM_INITIAL, false, &d, (const char *[]){ "d", "-f", "/etc" }, 3));
	assert_false(match(PARAM_INITIAL, false, &d, (const char *[]){ "d", "-", "/etc" }, 3));
	assert_false(match(PARAM_EXACT, false, &d, (const char *[]){ "d" }, 1));
	assert_false(match(PARAM_INITIAL, false, &d,
			   (const char *[]){ "d", "-f", "/etc/one", "-v", "-w" }, 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_whole_command),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
