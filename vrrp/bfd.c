/*
 * BFD sessions and packets. See bfd.h. Runs in the VRRP child; pure.
 */
#include "vrrp/bfd.h"

#include <string.h>

#include "lib/buf.h"

#define VERSION     1
#define FLAG_POLL   0x20
#define FLAG_FINAL  0x10
#define FLAG_AUTH   0x04
#define FLAG_MPOINT 0x01

/* ---- packets ---- */

void bfd_pkt_encode(const struct bfd_pkt *pkt, uint8_t data[BFD_PKT_LEN])
{
	struct buf b = buf_writer(data, BFD_PKT_LEN);

	buf_put_u8(&b, (uint8_t)(VERSION << 5 | pkt->diag));
	buf_put_u8(&b, (uint8_t)((unsigned)pkt->state << 6 | (pkt->is_poll ? FLAG_POLL : 0) |
				 (pkt->is_final ? FLAG_FINAL : 0)));
	buf_put_u8(&b, pkt->multiplier);
	buf_put_u8(&b, BFD_PKT_LEN);
	buf_put_be32(&b, pkt->my_discr);
	buf_put_be32(&b, pkt->your_discr);
	buf_put_be32(&b, pkt->min_tx_us);
	buf_put_be32(&b, pkt->min_rx_us);
	buf_put_be32(&b, 0); /* no echo */
}

bool bfd_pkt_decode(const uint8_t *data, size_t len, struct bfd_pkt *pkt)
{
	struct buf b = buf_reader(data, len);
	uint8_t head = buf_get_u8(&b), flags = buf_get_u8(&b), length;

	*pkt = (struct bfd_pkt){ .state = (enum bfd_state)(flags >> 6),
				 .diag = head & 0x1f,
				 .is_poll = flags & FLAG_POLL,
				 .is_final = flags & FLAG_FINAL };
	pkt->multiplier = buf_get_u8(&b);
	length = buf_get_u8(&b);
	pkt->my_discr = buf_get_be32(&b);
	pkt->your_discr = buf_get_be32(&b);
	pkt->min_tx_us = buf_get_be32(&b);
	pkt->min_rx_us = buf_get_be32(&b);
	buf_get_be32(&b);
	if (!buf_ok(&b) || head >> 5 != VERSION || length < BFD_PKT_LEN || length > len)
		return false;
	/* Authentication is not supported, so what carries it is not for us. */
	if (flags & (FLAG_AUTH | FLAG_MPOINT) || pkt->multiplier == 0 || pkt->my_discr == 0)
		return false;
	return pkt->your_discr != 0 || pkt->state <= BFD_DOWN;
}

/* ---- intervals ---- */

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* What we say that we would like: slow while there is no session (6.8.3). */
static int64_t desired_tx_us(const struct bfd *b)
{
	return b->state == BFD_UP ? b->params.min_tx_us
				  : max64(b->params.idle_tx_us, b->params.min_tx_us);
}

int64_t bfd_tx_us(const struct bfd *b)
{
	return max64(desired_tx_us(b), b->remote_min_rx_us);
}

int64_t bfd_detect_us(const struct bfd *b)
{
	return b->remote_multiplier * max64(b->params.min_rx_us, b->remote_min_tx_us);
}

/* ---- steps ---- */

static void make_pkt(const struct bfd *b, bool is_final, struct bfd_out *out)
{
	out->has_pkt = true;
	out->pkt = (struct bfd_pkt){ .state = b->state,
				     .diag = b->diag,
				     .is_poll = b->is_polling && !is_final,
				     .is_final = is_final,
				     .multiplier = b->params.multiplier,
				     .my_discr = b->local_discr,
				     .your_discr = b->remote_discr,
				     .min_tx_us = (uint32_t)desired_tx_us(b),
				     .min_rx_us = (uint32_t)b->params.min_rx_us };
}

static void enter(struct bfd *b, time_us now, enum bfd_state state, uint8_t diag,
		  struct bfd_out *out)
{
	if (b->state == state)
		return;
	b->state = state;
	b->diag = diag;
	b->since = now;
	out->is_changed = true;
	b->is_polling = state == BFD_UP; /* our interval has changed */
	b->tx_at = now;                  /* the peer hears of it at once */
}

void bfd_init(struct bfd *b, const struct bfd_params *params, uint32_t local_discr, time_us now)
{
	memset(b, 0, sizeof(*b));
	b->params = *params;
	b->local_discr = local_discr;
	b->state = b->remote_state = BFD_DOWN;
	b->remote_min_rx_us = 1;
	b->tx_at = params->is_passive ? TIME_NEVER : now;
	b->detect_at = TIME_NEVER;
	b->since = now;
}

void bfd_adopt(struct bfd *b, enum bfd_state state, time_us now)
{
	b->state = state;
	b->tx_at = now;
	b->detect_at = state > BFD_DOWN ? time_add(now, bfd_detect_us(b)) : TIME_NEVER;
}

void bfd_set_params(struct bfd *b, const struct bfd_params *params)
{
	bool is_changed = params->min_tx_us != b->params.min_tx_us ||
			  params->min_rx_us != b->params.min_rx_us ||
			  params->multiplier != b->params.multiplier;

	b->params = *params;
	b->is_polling |= is_changed && b->state == BFD_UP;
}

/* RFC 5880 6.2 and the end of 6.8.6. */
static void move(struct bfd *b, time_us now, enum bfd_state theirs, struct bfd_out *out)
{
	if (theirs == BFD_ADMIN_DOWN) {
		enter(b, now, BFD_DOWN, BFD_DIAG_NEIGHBOUR, out);
		return;
	}
	switch (b->state) {
	case BFD_DOWN:
		if (theirs == BFD_DOWN)
			enter(b, now, BFD_INIT, BFD_DIAG_NONE, out);
		else if (theirs == BFD_INIT)
			enter(b, now, BFD_UP, BFD_DIAG_NONE, out);
		break;
	case BFD_INIT:
		if (theirs >= BFD_INIT)
			enter(b, now, BFD_UP, BFD_DIAG_NONE, out);
		break;
	case BFD_UP:
		if (theirs == BFD_DOWN)
			enter(b, now, BFD_DOWN, BFD_DIAG_NEIGHBOUR, out);
		break;
	case BFD_ADMIN_DOWN: break;
	}
}

void bfd_receive(struct bfd *b, time_us now, const struct bfd_pkt *pkt, struct bfd_out *out)
{
	bool was_silent = time_is_never(b->tx_at);
	int64_t old_tx_us = bfd_tx_us(b);

	*out = (struct bfd_out){ 0 };
	b->remote_discr = pkt->my_discr;
	b->remote_state = pkt->state;
	b->remote_min_tx_us = pkt->min_tx_us;
	b->remote_min_rx_us = pkt->min_rx_us;
	b->remote_multiplier = pkt->multiplier;
	if (pkt->is_final)
		b->is_polling = false;
	move(b, now, pkt->state, out);
	b->detect_at = b->state > BFD_DOWN ? time_add(now, bfd_detect_us(b)) : TIME_NEVER;
	if (pkt->min_rx_us == 0) /* it wants no periodic packets (6.8.7) */
		b->tx_at = TIME_NEVER;
	else if (was_silent || bfd_tx_us(b) < old_tx_us)
		b->tx_at = now;
	if (pkt->is_poll)
		make_pkt(b, true, out);
}

static void expire(struct bfd *b, time_us now, struct bfd_out *out)
{
	enter(b, now, BFD_DOWN, BFD_DIAG_EXPIRED, out);
	b->detect_at = TIME_NEVER;
	b->remote_state = BFD_DOWN;
	b->remote_discr = 0;
	b->remote_min_rx_us = 1;
	if (b->params.is_passive)
		b->tx_at = TIME_NEVER;
}

/* 6.8.7: up to a quarter shorter, and with a multiplier of 1 at least a tenth. */
static int64_t with_jitter(const struct bfd *b, uint32_t jitter)
{
	int64_t least = b->params.multiplier == 1 ? 100 : 0;
	int64_t per_mille = least + jitter % 1000 * (250 - least) / 1000;

	return bfd_tx_us(b) * (1000 - per_mille) / 1000;
}

void bfd_tick(struct bfd *b, time_us now, uint32_t jitter, struct bfd_out *out)
{
	*out = (struct bfd_out){ 0 };
	if (time_cmp(b->detect_at, now) <= 0)
		expire(b, now, out);
	if (time_cmp(b->tx_at, now) > 0)
		return;
	make_pkt(b, false, out);
	b->tx_at = time_add(now, with_jitter(b, jitter));
}

void bfd_stop(struct bfd *b, struct bfd_out *out)
{
	*out = (struct bfd_out){ .is_changed = b->state != BFD_ADMIN_DOWN };
	b->state = BFD_ADMIN_DOWN;
	b->diag = BFD_DIAG_ADMIN;
	b->is_polling = false;
	b->tx_at = b->detect_at = TIME_NEVER;
	make_pkt(b, false, out);
}

/* ---- names ---- */

static const char *const state_names[] = { "AdminDown", "Down", "Init", "Up" };

const char *bfd_state_name(enum bfd_state state)
{
	return state_names[state];
}

bool bfd_state_parse(const char *name, enum bfd_state *out)
{
	for (int s = BFD_ADMIN_DOWN; s <= BFD_UP; s++) {
		if (strcmp(name, state_names[s]) == 0) {
			*out = (enum bfd_state)s;
			return true;
		}
	}
	return false;
}
