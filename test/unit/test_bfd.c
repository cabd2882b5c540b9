/*
 * Unit tests of vrrp/bfd.c: packets, the state machine, and two sessions that talk to each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "vrrp/bfd.h"

static const struct bfd_params fast = { .min_tx_us = 100 * US_PER_MS,
					.min_rx_us = 50 * US_PER_MS,
					.idle_tx_us = US_PER_S,
					.multiplier = 3 };

/* ---- packets ---- */

static void test_packet_bytes(void **state)
{
	const struct bfd_pkt pkt = { .state = BFD_UP,
				     .diag = 1,
				     .is_poll = true,
				     .multiplier = 3,
				     .my_discr = 0x01020304,
				     .your_discr = 0x05060708,
				     .min_tx_us = 100000,
				     .min_rx_us = 50000 };
	const uint8_t want[BFD_PKT_LEN] = { 0x21, 0xe0, 3,    24,   1,    2,    3,    4,
					    5,    6,    7,    8,    0x00, 0x01, 0x86, 0xa0,
					    0x00, 0x00, 0xc3, 0x50, 0,    0,    0,    0 };
	uint8_t data[BFD_PKT_LEN];
	struct bfd_pkt again;

	(void)state;
	bfd_pkt_encode(&pkt, data);
	assert_memory_equal(data, want, sizeof(data));
	assert_true(bfd_pkt_decode(data, sizeof(data), &again));
	assert_memory_equal(&pkt, &again, sizeof(pkt));
}

/* RFC 5880 6.8.6, the first rules. */
static void test_packets_to_discard(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
	} bad[] = {
		{ 0, 0x41 },            /* version 2 */
		{ 1, 0xe4 },            /* authentication */
		{ 1, 0xe1 },            /* multipoint */
		{ 2, 0 },               /* multiplier */
		{ 3, 23 },   { 3, 25 }, /* length */
	};
	const struct bfd_pkt pkt = {
		.state = BFD_UP, .multiplier = 3, .my_discr = 1, .your_discr = 2
	};
	uint8_t data[BFD_PKT_LEN];
	struct bfd_pkt out;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		bfd_pkt_encode(&pkt, data);
		data[bad[i].at] = bad[i].value;
		assert_false(bfd_pkt_decode(data, sizeof(data), &out));
	}
	bfd_pkt_encode(&pkt, data);
	for (size_t len = 0; len < BFD_PKT_LEN; len++)
		assert_false(bfd_pkt_decode(data, len, &out));
	memset(data + 4, 0, 4); /* My Discriminator */
	assert_false(bfd_pkt_decode(data, sizeof(data), &out));
	bfd_pkt_encode(&pkt, data);
	memset(data + 8, 0, 4); /* Your Discriminator, while Up */
	assert_false(bfd_pkt_decode(data, sizeof(data), &out));
	data[1] = BFD_DOWN << 6;
	assert_true(bfd_pkt_decode(data, sizeof(data), &out));
}

/* ---- two sessions ---- */

struct pair {
	struct bfd b[2];
	bool is_cut[2]; /* what this side sends is lost */
	unsigned sent[2];
	time_us now;
};

static void pair_init(struct pair *p, bool is_second_passive)
{
	struct bfd_params params = fast;

	memset(p, 0, sizeof(*p));
	p->now = (time_us){ 1000 * US_PER_S };
	bfd_init(&p->b[0], &params, 11, p->now);
	params.is_passive = is_second_passive;
	bfd_init(&p->b[1], &params, 22, p->now);
}

/* Replies at most once: a final is never answered. */
static void deliver(struct pair *p, int from, const struct bfd_out *out)
{
	struct bfd_out reply;

	if (!out->has_pkt)
		return;
	p->sent[from]++;
	if (p->is_cut[from])
		return;
	bfd_receive(&p->b[!from], p->now, &out->pkt, &reply);
	deliver(p, !from, &reply);
}

static void run(struct pair *p, int64_t us)
{
	time_us end = time_add(p->now, us);

	for (;;) {
		time_us at = end;
		int who = -1;

		for (int i = 0; i < 2; i++) {
			const time_us due[] = { p->b[i].tx_at, p->b[i].detect_at };
			for (int k = 0; k < 2; k++) {
				if (time_cmp(due[k], at) < 0) {
					at = due[k];
					who = i;
				}
			}
		}
		if (time_cmp(at, p->now) > 0)
			p->now = at;
		if (who < 0)
			return;
		struct bfd_out out;
		bfd_tick(&p->b[who], p->now, 500, &out);
		deliver(p, who, &out);
	}
}

static void both_are(const struct pair *p, enum bfd_state state)
{
	assert_int_equal(p->b[0].state, state);
	assert_int_equal(p->b[1].state, state);
}

static void test_session_comes_up(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	run(&p, 2 * US_PER_S);
	both_are(&p, BFD_UP);
	assert_false(p.b[0].is_polling || p.b[1].is_polling);
	assert_int_equal(p.b[0].remote_discr, 22);
	assert_int_equal(bfd_tx_us(&p.b[0]), 100 * US_PER_MS);
	assert_int_equal(bfd_detect_us(&p.b[0]), 300 * US_PER_MS);
	p.sent[0] = 0;
	run(&p, 10 * US_PER_S); /* at 100 ms less an eighth */
	assert_in_range(p.sent[0], 100, 130);
}

static void test_passive_waits(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, true);
	p.is_cut[0] = true;
	run(&p, 5 * US_PER_S);
	assert_int_equal(p.sent[1], 0);
	p.is_cut[0] = false;
	run(&p, 3 * US_PER_S);
	both_are(&p, BFD_UP);
}

static void test_silence_is_noticed(void **state)
{
	struct pair p;
	time_us cut_at;

	(void)state;
	pair_init(&p, false);
	run(&p, 3 * US_PER_S);
	p.is_cut[1] = true;
	cut_at = p.now;
	run(&p, 290 * US_PER_MS);
	assert_in_range(time_sub(p.b[0].since, cut_at) < 0 ? 0 : 1, 0, 1);
	run(&p, 20 * US_PER_MS);
	assert_int_equal(p.b[0].state, BFD_DOWN);
	assert_int_equal(p.b[0].diag, BFD_DIAG_EXPIRED);
	run(&p, 100 * US_PER_MS);
	assert_int_equal(p.b[1].state, BFD_DOWN); /* it still hears: signaled */
	assert_int_equal(p.b[1].diag, BFD_DIAG_NEIGHBOUR);
	p.is_cut[1] = false;
	run(&p, 4 * US_PER_S);
	both_are(&p, BFD_UP);
}

static void test_stop_is_told(void **state)
{
	struct pair p;
	struct bfd_out out;

	(void)state;
	pair_init(&p, false);
	run(&p, 3 * US_PER_S);
	bfd_stop(&p.b[0], &out);
	deliver(&p, 0, &out);
	assert_int_equal(p.b[1].state, BFD_DOWN);
	assert_int_equal(p.b[1].diag, BFD_DIAG_NEIGHBOUR);
	assert_true(time_is_never(p.b[0].tx_at) && time_is_never(p.b[0].detect_at));
}

static void test_adopted_goes_on(void **state)
{
	struct pair p;
	struct bfd saved;

	(void)state;
	pair_init(&p, false);
	run(&p, 3 * US_PER_S);
	saved = p.b[0];
	bfd_init(&p.b[0], &fast, saved.local_discr, p.now);
	p.b[0].remote_discr = saved.remote_discr;
	p.b[0].remote_min_rx_us = saved.remote_min_rx_us;
	p.b[0].remote_min_tx_us = saved.remote_min_tx_us;
	p.b[0].remote_multiplier = saved.remote_multiplier;
	bfd_adopt(&p.b[0], saved.state, p.now);
	run(&p, 3 * US_PER_S);
	both_are(&p, BFD_UP);
	assert_int_equal(p.b[1].since.us, saved.since.us);
}

static void test_change_is_polled(void **state)
{
	struct pair p;
	struct bfd_params slow = fast;

	(void)state;
	pair_init(&p, false);
	run(&p, 3 * US_PER_S);
	slow.min_rx_us = 400 * US_PER_MS;
	bfd_set_params(&p.b[0], &slow);
	assert_true(p.b[0].is_polling);
	run(&p, US_PER_S);
	assert_false(p.b[0].is_polling);
	assert_int_equal(bfd_tx_us(&p.b[1]), 400 * US_PER_MS);
	both_are(&p, BFD_UP);
}

/* Whatever comes: no time-out in the past, no session without discriminator of the peer. */
static void test_random_packets(void **state)
{
	uint64_t seed = 1;
	struct bfd b;
	struct bfd_out out;
	time_us now = { US_PER_S };

	(void)state;
	bfd_init(&b, &fast, 1, now);
	for (int i = 0; i < 200000; i++) {
		uint8_t data[BFD_PKT_LEN + 4];
		struct bfd_pkt pkt;

		for (size_t k = 0; k < sizeof(data); k++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			data[k] = (uint8_t)(seed >> 56);
		}
		data[0] = 0x20;
		data[1] &= 0xf0;
		data[3] = BFD_PKT_LEN;
		now = time_add(now, data[2]);
		if (bfd_pkt_decode(data, sizeof(data), &pkt))
			bfd_receive(&b, now, &pkt, &out);
		bfd_tick(&b, now, data[5], &out);
		assert_true(time_cmp(b.tx_at, now) > 0);
		assert_true(time_cmp(b.detect_at, now) > 0);
		assert_true(b.state <= BFD_DOWN || b.remote_discr != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packet_bytes),
		cmocka_unit_test(test_packets_to_discard),
		cmocka_unit_test(test_session_comes_up),
		cmocka_unit_test(test_passive_waits),
		cmocka_unit_test(test_silence_is_noticed),
		cmocka_unit_test(test_stop_is_told),
		cmocka_unit_test(test_adopted_goes_on),
		cmocka_unit_test(test_change_is_polled),
		cmocka_unit_test(test_random_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
