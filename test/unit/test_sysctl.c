/*
 * Kernel settings: what is kept of them. Writing them takes root: test/lab/check_path.sh does it.
 */
#include <stdio.h>
#include <string.h>

#include "lib/sysctl.h"
#include "test/unit/lib_util.h"

#define KNOWN "kernel/ostype"

static unsigned n_published;
static char last[SYSCTL_VALUE_MAX];

static void publish(const char *path, const char *original, void *arg)
{
	(void)arg;
	assert_string_equal(path, KNOWN);
	snprintf(last, sizeof(last), "%s", original);
	n_published++;
}

static void test_read(void **state)
{
	char value[SYSCTL_VALUE_MAX];

	(void)state;
	assert_true(sysctl_read(KNOWN, value));
	assert_string_equal(value, "Linux");
	assert_false(sysctl_read("net/none", value));
}

/* What is as it should be, or not there at all, is no change. */
static void test_no_change(void **state)
{
	struct sysctls *s = sysctls_new(publish, NULL);

	(void)state;
	n_published = 0;
	sysctls_set(s, KNOWN, "Linux");
	sysctls_set(s, "net/none", "1");
	sysctls_publish(s);
	sysctls_restore(s);
	assert_int_equal(n_published, 0);
	sysctls_free(s);
	sysctls_free(NULL);
}

/* A predecessor's original counts, also when the setting is changed again. */
static void test_adopt(void **state)
{
	struct sysctls *s = sysctls_new(publish, NULL);

	(void)state;
	n_published = 0;
	sysctls_adopt(s, KNOWN, "Minix");
	sysctls_adopt(s, KNOWN, "Hurd");
	assert_int_equal(n_published, 1);
	sysctls_set(s, KNOWN, "Linux");
	assert_int_equal(n_published, 2);
	sysctls_publish(s);
	assert_int_equal(n_published, 3);
	assert_string_equal(last, "Minix");
	sysctls_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_no_change),
		cmocka_unit_test(test_adopt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
