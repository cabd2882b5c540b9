/*
 * Unicast peers whose link address is lost: whom to ask for, and how often.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vrrp/lost_peers.h"

static struct addr ip(const char *text)
{
	struct addr a;

	assert_true(addr_parse(text, &a));
	return a;
}

static uint32_t ask_at(struct lost_peers *peers, const char *text, int64_t ms)
{
	const struct addr a = ip(text);

	return lost_peers_ask(peers, &a, (time_us){ (1000 + ms) * US_PER_MS });
}

static void set(struct lost_peers *peers, const char *text, uint32_t ifindex, bool is_lost)
{
	const struct addr a = ip(text);

	lost_peers_set(peers, &a, ifindex, is_lost);
}

static void only_what_is_lost_is_asked_for(void **state)
{
	struct lost_peers peers = { .n = 0 };

	(void)state;
	assert_int_equal(ask_at(&peers, "10.0.0.2", 0), 0);
	set(&peers, "10.0.0.2", 3, true);
	set(&peers, "10.0.0.2", 3, true);
	set(&peers, "fd00::2", 4, true);
	assert_int_equal(peers.n, 2);
	assert_int_equal(ask_at(&peers, "10.0.0.3", 0), 0);
	assert_int_equal(ask_at(&peers, "10.0.0.2", 0), 3);
	assert_int_equal(ask_at(&peers, "fd00::2", 0), 4);
	set(&peers, "10.0.0.2", 3, false);
	set(&peers, "10.0.0.2", 3, false);
	assert_int_equal(ask_at(&peers, "10.0.0.2", 1000), 0);
	assert_int_equal(ask_at(&peers, "fd00::2", 1000), 4);
}

/* Many routers with one peer send many advertisements, and short intervals follow each other. */
static void questions_keep_their_distance(void **state)
{
	struct lost_peers peers = { .n = 0 };
	unsigned asked = 0;

	(void)state;
	set(&peers, "10.0.0.2", 3, true);
	for (int64_t ms = 0; ms < 1000; ms += 10)
		asked += ask_at(&peers, "10.0.0.2", ms) != 0;
	assert_int_equal(asked, 20);
}

/* A link-local peer, or the same network on two interfaces. */
static void each_interface_is_asked_in_its_turn(void **state)
{
	struct lost_peers peers = { .n = 0 };

	(void)state;
	set(&peers, "fe80::2", 3, true);
	set(&peers, "fe80::2", 4, true);
	assert_int_equal(ask_at(&peers, "fe80::2", 0), 3);
	assert_int_equal(ask_at(&peers, "fe80::2", 0), 4);
	assert_int_equal(ask_at(&peers, "fe80::2", 0), 0);
	lost_peers_forget(&peers, 3);
	assert_int_equal(ask_at(&peers, "fe80::2", 100), 4);
	assert_int_equal(ask_at(&peers, "fe80::2", 100), 0);
	lost_peers_forget(&peers, 4);
	assert_int_equal(peers.n, 0);
}

/* Of peers that a reload took out nothing is heard any more: they must not fill the list. */
static void former_peers_are_forgotten(void **state)
{
	struct lost_peers peers = { .n = 0 };
	const struct addr kept[] = { ip("10.0.0.3"), ip("fd00::2") };

	(void)state;
	set(&peers, "10.0.0.2", 3, true);
	set(&peers, "10.0.0.3", 3, true);
	set(&peers, "10.0.0.4", 3, true);
	lost_peers_keep(&peers, kept, 2);
	assert_int_equal(peers.n, 1);
	assert_int_equal(ask_at(&peers, "10.0.0.2", 0), 0);
	assert_int_equal(ask_at(&peers, "10.0.0.3", 0), 3);
	lost_peers_keep(&peers, NULL, 0);
	assert_int_equal(peers.n, 0);
}

static void there_is_a_limit(void **state)
{
	struct lost_peers peers = { .n = 0 };
	struct addr a = ip("10.0.0.0");

	(void)state;
	for (unsigned i = 0; i < 2 * LOST_PEERS_MAX; i++) {
		a.bytes[3] = (uint8_t)i;
		lost_peers_set(&peers, &a, 3, true);
	}
	assert_int_equal(peers.n, LOST_PEERS_MAX);
	a.bytes[3] = 0;
	assert_int_equal(lost_peers_ask(&peers, &a, (time_us){ 1 }), 3);
	lost_peers_set(&peers, &a, 3, false);
	assert_int_equal(peers.n, LOST_PEERS_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_lost_is_asked_for),
		cmocka_unit_test(questions_keep_their_distance),
		cmocka_unit_test(each_interface_is_asked_in_its_turn),
		cmocka_unit_test(former_peers_are_forgotten),
		cmocka_unit_test(there_is_a_limit),
	};

	return cmocka_run_group_tests_name("lost_peers", tests, NULL, NULL);
}
