/*
 * Unit tests of lib/addr.c: text, bytes and socket addresses there and back, order, names.
 */
#include "test/unit/lib_util.h"

#include <string.h>

#include "lib/addr.h"

static struct addr parsed(const char *text)
{
	struct addr a = { .family = AF_UNSPEC };

	assert_true(addr_parse(text, &a));
	return a;
}

static void text_round_trip(void **state)
{
	static const char *const texts[] = { "0.0.0.0",     "192.0.2.1", "255.255.255.255",
					     "2001:db8::1", "::",        "::ffff:192.0.2.1" };
	char str[ADDR_STR_MAX];

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		const struct addr a = parsed(texts[i]);

		assert_string_equal(addr_str(&a, str), texts[i]);
	}
}

static void longest_text_fits(void **state)
{
	const char *longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
	const struct addr a = parsed(longest);
	char str[ADDR_STR_MAX], name[ADDR_NAME_MAX];

	(void)state;
	assert_string_equal(addr_str(&a, str), longest);
	addr_service_name(&a, IPPROTO_SCTP, 65535, name);
	assert_string_equal(name, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:sctp:65535");
}

static void refused_text_leaves_the_value(void **state)
{
	static const char *const texts[] = {
		"",          "10.0.0",      "10.0.0.256", "10.0.0.1 ",    " 10.0.0.1",
		"010.0.0.1", "10.0.0.1/24", "1::2::3",    "fe80::1%eth0", "example.org",
		"10.0.0.1.2"
	};
	const struct addr before = parsed("192.0.2.9");
	struct addr a = before;

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		assert_false(addr_parse(texts[i], &a));
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void unset(void **state)
{
	const struct addr a = { .family = AF_UNSPEC };
	const struct addr odd = addr_from_bytes("abcde", 5);
	struct sockaddr_storage sa;
	char str[ADDR_STR_MAX];

	(void)state;
	assert_true(addr_is_unset(&a));
	assert_true(addr_is_unset(&odd));
	assert_string_equal(addr_str(&a, str), "(none)");
	assert_int_equal(addr_to_sockaddr(&a, 80, &sa), 0);
}

static void order(void **state)
{
	static const char *const sorted[] = { "10.0.0.1",  "10.0.0.2",    "10.0.1.0",
					      "127.0.0.1", "128.0.0.1",   "255.0.0.0",
					      "::1",       "2001:db8::1", "fe80::1" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(sorted); i++)
		for (size_t j = 0; j < N_ELEMENTS(sorted); j++) {
			const struct addr a = parsed(sorted[i]), b = parsed(sorted[j]);
			const int cmp = addr_cmp(&a, &b);

			assert_int_equal((cmp > 0) - (cmp < 0), (i > j) - (i < j));
		}
}

static void sockaddr_round_trip(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "2001:db8::1" };

	(void)state;
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		const struct addr a = parsed(texts[i]);
		struct sockaddr_storage sa;
		const socklen_t len = addr_to_sockaddr(&a, 8080, &sa);
		uint16_t port = 0;
		struct addr back = addr_from_sockaddr((const struct sockaddr *)&sa, &port);

		assert_int_equal(len, a.family == AF_INET ? sizeof(struct sockaddr_in)
							  : sizeof(struct sockaddr_in6));
		assert_int_equal(port, 8080);
		assert_int_equal(addr_cmp(&a, &back), 0);
		back = addr_from_sockaddr((const struct sockaddr *)&sa, NULL);
		assert_int_equal(addr_cmp(&a, &back), 0);
	}
}

static void service_names(void **state)
{
	const struct addr a = parsed("10.2.2.2");
	char name[ADDR_NAME_MAX];

	(void)state;
	assert_string_equal(addr_service_name(&a, IPPROTO_TCP, 80, name), "[10.2.2.2]:tcp:80");
	assert_string_equal(addr_service_name(&a, IPPROTO_UDP, 53, name), "[10.2.2.2]:udp:53");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_round_trip),
		cmocka_unit_test(longest_text_fits),
		cmocka_unit_test(refused_text_leaves_the_value),
		cmocka_unit_test(unset),
		cmocka_unit_test(order),
		cmocka_unit_test(sockaddr_round_trip),
		cmocka_unit_test(service_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
