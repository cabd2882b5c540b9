/*
 * Fuzz target: what a BFD socket may deliver, through the decoder and the state machine.
 *
 * The input is a list of records: a byte that says how long the datagram is and whether the clock
 * runs or an expiry comes first, then the datagram. A packet that decodes is encoded again and must
 * decode to the same; whatever comes, the session's timers and intervals stay within their bounds.
 */
#include <assert.h>
#include <string.h>

#include "vrrp/bfd.h"

#define LEN_MASK    0x1f /* of the datagram: up to 31 of 24 bytes */
#define FLAG_CLOCK  0x20 /* time passes first */
#define FLAG_EXPIRY 0x40 /* an expiry comes first */
#define FLAG_OTHER  0x80 /* and parameters change */

#define PASSES_US   (300 * US_PER_MS)
#define LOCAL_DISCR 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct bfd_params params[] = {
	{ .min_tx_us = 10 * US_PER_MS,
	  .min_rx_us = 10 * US_PER_MS,
	  .idle_tx_us = US_PER_S,
	  .multiplier = 5 },
	{ .min_tx_us = 200 * US_PER_MS,
	  .min_rx_us = 50 * US_PER_MS,
	  .idle_tx_us = US_PER_S,
	  .multiplier = 1,
	  .is_passive = true },
};

static void check_round_trip(const struct bfd_pkt *pkt)
{
	uint8_t data[BFD_PKT_LEN];
	struct bfd_pkt again;

	bfd_pkt_encode(pkt, data);
	assert(bfd_pkt_decode(data, sizeof(data), &again));
	assert(again.state == pkt->state && again.diag == pkt->diag);
	assert(again.is_poll == pkt->is_poll && again.is_final == pkt->is_final);
	assert(again.multiplier == pkt->multiplier);
	assert(again.my_discr == pkt->my_discr && again.your_discr == pkt->your_discr);
	assert(again.min_tx_us == pkt->min_tx_us && again.min_rx_us == pkt->min_rx_us);
}

/* Other parameters count from the next packet, so an interval may be that of either. */
static int64_t longest_tx_us(const struct bfd *b)
{
	return b->remote_min_rx_us > US_PER_S ? b->remote_min_rx_us : US_PER_S;
}

/* RFC 5880 6.8.4, 6.8.6, 6.8.7 */
static void check_session(const struct bfd *b, time_us now, const struct bfd_out *out)
{
	assert(b->state <= BFD_UP && b->remote_state <= BFD_UP);
	assert(b->local_discr == LOCAL_DISCR);
	assert(bfd_tx_us(b) > 0 && bfd_detect_us(b) >= 0);
	/* Who is Up waits for an end of silence, or silence would never be noticed. */
	assert(b->state != BFD_UP || !time_is_never(b->detect_at));
	assert(time_is_never(b->tx_at) || time_sub(b->tx_at, now) <= longest_tx_us(b));
	if (!out->has_pkt)
		return;
	assert(out->pkt.my_discr == LOCAL_DISCR && out->pkt.multiplier > 0);
	assert(!(out->pkt.is_poll && out->pkt.is_final));
	check_round_trip(&out->pkt);
}

static void expire(struct bfd *b, time_us *now, uint32_t jitter)
{
	time_us at = time_cmp(b->tx_at, b->detect_at) < 0 ? b->tx_at : b->detect_at;
	struct bfd_out out;

	memset(&out, 0, sizeof(out));
	if (!time_is_never(at) && time_cmp(at, *now) > 0)
		*now = at;
	bfd_tick(b, *now, jitter, &out);
	check_session(b, *now, &out);
}

static void receive(struct bfd *b, time_us now, const uint8_t *data, size_t len)
{
	struct bfd_out out;
	struct bfd_pkt pkt;

	if (!bfd_pkt_decode(data, len, &pkt))
		return;
	check_round_trip(&pkt);
	memset(&out, 0, sizeof(out));
	bfd_receive(b, now, &pkt, &out);
	check_session(b, now, &out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	time_us now = { 1000 * US_PER_S };
	unsigned which = 0;
	struct bfd b;

	bfd_init(&b, &params[which], LOCAL_DISCR, now);
	for (size_t at = 0; at < size;) {
		uint8_t flags = data[at++];
		size_t len = flags & LEN_MASK;

		if (len > size - at)
			len = size - at;
		if (flags & FLAG_CLOCK)
			now = time_add(now, PASSES_US);
		if (flags & FLAG_OTHER)
			bfd_set_params(&b, &params[which ^= 1]);
		if (flags & FLAG_EXPIRY)
			expire(&b, &now, (uint32_t)(at * 37 % 1000));
		receive(&b, now, data + at, len);
		at += len;
	}
	return 0;
}
