/*
 * Names of real servers: choice of addresses, when to ask again, what is kept. Questions are
 * answered by the test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/lookup.h"
#include "check/names.h"
#include "lib/log.h"

/* ---- lists and choice ---- */

static struct addr at(const char *text)
{
	struct addr addr = { 0 };

	if (text)
		assert_true(addr_parse(text, &addr));
	return addr;
}

/* Words with blanks between, in this order into a list. */
static struct name_list list_of(const char *words, int prefer)
{
	struct name_list list = { 0 };
	char text[4096], *rest = NULL;
	struct addr addr;

	snprintf(text, sizeof(text), "%s", words);
	for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		addr = at(word);
		name_list_add(&list, &addr, prefer);
	}
	return list;
}

static const char *list_text(const struct name_list *list)
{
	static char text[4096];
	char word[ADDR_STR_MAX];
	size_t len = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < list->n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					addr_str(&list->v[i], word));
	return text;
}

static void lists_have_one_order(void **state)
{
	const char *mixed = "10.0.0.9 2001:db8::1 10.0.0.1 10.0.0.9 10.0.0.2";
	struct name_list list = list_of(mixed, AF_INET);
	struct name_list other = list_of("10.0.0.2 10.0.0.1 2001:db8::1 10.0.0.9", AF_INET);

	(void)state;
	assert_string_equal(list_text(&list), "10.0.0.1 10.0.0.2 10.0.0.9 2001:db8::1");
	assert_true(name_list_is_equal(&list, &other));
	list = list_of(mixed, AF_INET6);
	assert_string_equal(list_text(&list), "2001:db8::1 10.0.0.1 10.0.0.2 10.0.0.9");
	assert_false(name_list_is_equal(&list, &other));
	other.n--;
	assert_false(name_list_is_equal(&other, &list));
}

static void a_full_list_keeps_the_first_ones(void **state)
{
	struct name_list list = { 0 };
	struct addr addr = at("10.0.0.0");

	(void)state;
	for (int i = 200; i > 0; i--) {
		addr.bytes[3] = (uint8_t)i;
		name_list_add(&list, &addr, AF_INET);
	}
	assert_int_equal(list.n, NAME_ADDRESSES_MAX);
	addr = at("10.0.0.1");
	assert_int_equal(addr_cmp(&list.v[0], &addr), 0);
	addr = at("10.0.0.64");
	assert_int_equal(addr_cmp(&list.v[NAME_ADDRESSES_MAX - 1], &addr), 0);
	addr = at("10.0.0.65");
	name_list_add(&list, &addr, AF_INET);
	assert_false(name_list_has(&list, &addr));
}

static void some_addresses_are_no_servers(void **state)
{
	static const char *const bad[] = { "0.0.0.0", "0.1.2.3", "224.0.0.1", "255.255.255.255",
					   "::",      "ff02::1", "fe80::1",   "::ffff:10.0.0.1" };
	static const char *const good[] = { "10.0.0.1", "127.0.0.1", "2001:db8::1", "fd00::1" };
	struct addr addr = { 0 };

	(void)state;
	assert_false(name_is_usable(&addr));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		addr = at(bad[i]);
		assert_false(name_is_usable(&addr));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		addr = at(good[i]);
		assert_true(name_is_usable(&addr));
	}
}

/* Servers that have `has` ("-" is none) with a name that is at `listed`, of which those in `others`
 * are taken: where they are then. */
static void assign(const char *has, const char *listed, const char *others, const char *wanted)
{
	struct name_list list = list_of(listed, AF_INET), taken_list = list_of(others, AF_INET);
	bool taken[NAME_ADDRESSES_MAX];
	struct addr servers[8] = { 0 };
	char text[512] = "", copy[512], word[ADDR_STR_MAX], *rest = NULL;
	uint32_t n = 0;
	size_t len = 0;

	snprintf(copy, sizeof(copy), "%s", has);
	for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		servers[n++] = at(*w == '-' ? NULL : w);
	for (uint32_t i = 0; i < list.n; i++)
		taken[i] = name_list_has(&taken_list, &list.v[i]);
	name_assign(servers, n, &list, taken);
	for (uint32_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					addr_is_unset(&servers[i]) ? "-"
								   : addr_str(&servers[i], word));
	assert_string_equal(text, wanted);
}

static void servers_keep_addresses_that_are_listed(void **state)
{
	(void)state;
	assign("-", "10.0.0.2 10.0.0.1", "", "10.0.0.1");
	assign("10.0.0.2", "10.0.0.3 10.0.0.2 10.0.0.1", "", "10.0.0.2");
	assign("10.0.0.2", "10.0.0.3", "", "10.0.0.3");
	assign("10.0.0.2", "", "", "10.0.0.2");
	assign("-", "", "", "-");
}

static void other_servers_addresses_are_left_to_them(void **state)
{
	(void)state;
	assign("-", "10.0.0.1 10.0.0.2", "10.0.0.1", "10.0.0.2");
	assign("-", "10.0.0.1", "10.0.0.1", "-");
	assign("10.0.0.5", "10.0.0.1", "10.0.0.1", "-");
	assign("10.0.0.2", "10.0.0.1 10.0.0.2", "10.0.0.1", "10.0.0.2");
}

static void each_address_is_a_server(void **state)
{
	(void)state;
	assign("- - -", "10.0.0.1 10.0.0.2", "", "10.0.0.1 10.0.0.2 -");
	assign("10.0.0.1 10.0.0.2 -", "10.0.0.2 10.0.0.4 10.0.0.3", "",
	       "10.0.0.3 10.0.0.2 10.0.0.4");
	assign("10.0.0.1 10.0.0.2", "10.0.0.2", "", "- 10.0.0.2");
	assign("10.0.0.1 10.0.0.1", "10.0.0.1", "", "10.0.0.1 -");
	assign("- -", "10.0.0.1 10.0.0.2 10.0.0.3", "10.0.0.2", "10.0.0.1 10.0.0.3");
}

static void time_to_live_counts_within_limits(void **state)
{
	const struct name_params params = { .min_us = 5 * US_PER_S,
					    .max_us = 60 * US_PER_S,
					    .retry_us = 3 * US_PER_S };

	(void)state;
	assert_int_equal(name_wait_us(&params, true, 0), 5 * US_PER_S);
	assert_int_equal(name_wait_us(&params, true, 30), 30 * US_PER_S);
	assert_int_equal(name_wait_us(&params, true, 61), 60 * US_PER_S);
	assert_int_equal(name_wait_us(&params, true, UINT32_MAX), 60 * US_PER_S);
	assert_int_equal(name_wait_us(&params, false, 30), 3 * US_PER_S);
}

/* ---- names, with questions that the test answers ---- */

struct lookup {
	const char *host;
	void (*on_answer)(const struct lookup_answer *answer, void *arg);
	void *arg;
};

static struct lookup asked; /* host is NULL: nobody asks */
static unsigned questions;

struct lookups *lookups_new(struct loop *loop)
{
	return (struct lookups *)loop;
}

void lookups_free(struct lookups *lookups)
{
	(void)lookups;
}

struct lookup *lookup_start(struct lookups *lookups, const char *host,
			    const struct name_params *params,
			    void (*on_answer)(const struct lookup_answer *answer, void *arg),
			    void *arg)
{
	(void)lookups;
	(void)params;
	assert_null(asked.host);
	asked = (struct lookup){ host, on_answer, arg };
	questions++;
	return &asked;
}

void lookup_cancel(struct lookup *lookup)
{
	lookup->host = NULL;
}

struct fixture {
	time_us now;
	struct clock clock;
	struct loop *loop;
	struct names *names;
	struct name_sub sub, sub2;
	unsigned told, told2, changes;
};

static time_us fake_now(void *arg)
{
	return *(time_us *)arg;
}

static void on_change(const struct name_answer *answer, void *arg)
{
	assert_string_equal(answer->host, "www.example.net");
	((struct fixture *)arg)->changes++;
}

static void on_told(struct name_sub *sub, void *arg)
{
	(void)sub;
	(*(unsigned *)arg)++;
}

static const struct name_params fast = { .family = AF_INET,
					 .prefer = AF_INET,
					 .min_us = US_PER_S,
					 .max_us = 60 * US_PER_S,
					 .retry_us = 2 * US_PER_S };

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->now = (time_us){ 1000 * US_PER_S };
	f->clock = (struct clock){ .now = fake_now, .arg = &f->now };
	f->loop = loop_new(&f->clock);
	f->names = names_new(f->loop, on_change, f);
	f->sub = (struct name_sub){ .on_change = on_told, .arg = &f->told };
	f->sub2 = (struct name_sub){ .on_change = on_told, .arg = &f->told2 };
	asked.host = NULL;
	questions = 0;
	names_subscribe(f->names, &f->sub, "www.example.net", &fast);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	names_unsubscribe(&f->sub);
	names_unsubscribe(&f->sub2);
	assert_null(asked.host);
	names_free(f->names);
	loop_free(f->loop);
	free(f);
	return 0;
}

static void pass(struct fixture *f, double s)
{
	f->now = time_add(f->now, (int64_t)(s * US_PER_S));
	assert_int_equal(loop_run_once(f->loop, 0), 0);
}

static void answer(enum probe_reason reason, const char *addresses, uint32_t ttl_s)
{
	const struct lookup_answer news = { reason, list_of(addresses, AF_INET), ttl_s };

	assert_non_null(asked.host);
	asked.host = NULL;
	asked.on_answer(&news, asked.arg);
}

static void a_name_is_asked_for_when_its_time_to_live_is_over(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(questions, 0); /* never from within names_subscribe() */
	pass(f, 0);
	assert_int_equal(questions, 1);
	assert_int_equal(name_answer(&f->sub)->reason, REASON_NAME_PENDING);
	answer(REASON_OK, "10.0.0.1", 10);
	assert_int_equal(f->told, 1);
	assert_int_equal(f->changes, 1);
	pass(f, 9.9);
	assert_int_equal(questions, 1);
	pass(f, 0.2);
	assert_int_equal(questions, 2);
	answer(REASON_OK, "10.0.0.1", 10);
	assert_int_equal(f->told, 1); /* nothing new */
	pass(f, 10.1);
	answer(REASON_OK, "10.0.0.2", 10);
	assert_int_equal(f->told, 2);
}

static void failures_keep_the_last_good_answer(void **state)
{
	struct fixture *f = *state;

	pass(f, 0);
	answer(REASON_OK, "10.0.0.1 10.0.0.2", 1);
	pass(f, 1.1);
	answer(REASON_NAME_NOT_FOUND, "", 0);
	assert_int_equal(f->told, 2);
	assert_int_equal(name_answer(&f->sub)->reason, REASON_NAME_NOT_FOUND);
	assert_string_equal(list_text(&name_answer(&f->sub)->list), "10.0.0.1 10.0.0.2");
	pass(f, 1.9);
	assert_int_equal(questions, 2);
	pass(f, 0.2);
	assert_int_equal(questions, 3);
	answer(REASON_NAME_NOT_FOUND, "", 0);
	assert_int_equal(f->told, 2); /* said once */
	pass(f, 2.1);
	answer(REASON_NAME_TIMEOUT, "", 0);
	assert_int_equal(f->told, 3);
	pass(f, 2.1);
	answer(REASON_OK, "10.0.0.1 10.0.0.2", 1);
	assert_int_equal(f->told, 4);
	assert_int_equal(name_answer(&f->sub)->reason, REASON_OK);
}

static void questions_are_shared(void **state)
{
	struct name_params slow = fast;
	struct fixture *f = *state;

	pass(f, 0);
	answer(REASON_OK, "10.0.0.1", 10);
	names_subscribe(f->names, &f->sub2, "WWW.example.net", &fast);
	assert_int_equal(f->told2, 0);
	pass(f, 0);
	assert_int_equal(f->told2, 1); /* what is known */
	assert_int_equal(questions, 1);
	names_unsubscribe(&f->sub);
	pass(f, 10.1);
	assert_int_equal(questions, 2);
	answer(REASON_OK, "10.0.0.3", 10);
	assert_int_equal(f->told2, 2);
	slow.min_us = 30 * US_PER_S;
	names_subscribe(f->names, &f->sub, "www.example.net", &slow);
	pass(f, 0);
	assert_int_equal(questions, 3); /* another rhythm is another question */
}

static void who_leaves_takes_the_question_along(void **state)
{
	struct fixture *f = *state;

	pass(f, 0);
	assert_non_null(asked.host);
	names_unsubscribe(&f->sub);
	assert_null(asked.host);
	names_unsubscribe(&f->sub);
	pass(f, 100);
	assert_int_equal(questions, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_have_one_order),
		cmocka_unit_test(a_full_list_keeps_the_first_ones),
		cmocka_unit_test(some_addresses_are_no_servers),
		cmocka_unit_test(servers_keep_addresses_that_are_listed),
		cmocka_unit_test(other_servers_addresses_are_left_to_them),
		cmocka_unit_test(each_address_is_a_server),
		cmocka_unit_test(time_to_live_counts_within_limits),
		cmocka_unit_test_setup_teardown(a_name_is_asked_for_when_its_time_to_live_is_over,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(failures_keep_the_last_good_answer, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(questions_are_shared, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_leaves_takes_the_question_along, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
