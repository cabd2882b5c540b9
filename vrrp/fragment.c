/*
 * Fragments: see fragment.h. Runs in the VRRP child and in the tests.
 */
#include "vrrp/fragment.h"

#define HEADER4         20
#define SUM4_AT         10
#define MORE4           0x2000
#define HEADER6         40
#define NEXT6_AT        6
#define FRAGMENT_HEADER 8
#define NEXT_FRAGMENT   44
#define MORE6           1
#define UNIT            8 /* offsets count in these; all but the last fragment are a multiple */

static void put_header4(const struct fragments *f, size_t take, bool is_last, struct buf *out)
{
	const size_t begin = out->len;

	buf_put_bytes(out, f->datagram, 2);
	buf_put_be16(out, (uint16_t)(HEADER4 + take));
	buf_put_be16(out, (uint16_t)f->id);
	buf_put_be16(out, (uint16_t)(f->at / UNIT | (is_last ? 0 : MORE4)));
	buf_put_bytes(out, f->datagram + 8, 2);
	buf_put_be16(out, 0);
	buf_put_bytes(out, f->datagram + 12, HEADER4 - 12);
	if (buf_ok(out))
		buf_set_be16(out, begin + SUM4_AT,
			     buf_sum16_fold(buf_sum16(out->data + begin, HEADER4, 0)));
}

static void put_header6(const struct fragments *f, size_t take, bool is_last, struct buf *out)
{
	buf_put_bytes(out, f->datagram, 4);
	buf_put_be16(out, (uint16_t)(FRAGMENT_HEADER + take));
	buf_put_u8(out, NEXT_FRAGMENT);
	buf_put_bytes(out, f->datagram + NEXT6_AT + 1, HEADER6 - NEXT6_AT - 1);
	buf_put_u8(out, f->datagram[NEXT6_AT]);
	buf_put_u8(out, 0);
	buf_put_be16(out, (uint16_t)(f->at | (is_last ? 0 : MORE6)));
	buf_put_be32(out, f->id);
}

bool fragments_next(struct fragments *f, struct buf *out)
{
	bool is_v6 = f->len > 0 && f->datagram[0] >> 4 == 6;
	const size_t header = is_v6 ? HEADER6 : HEADER4;
	const size_t overhead = is_v6 ? HEADER6 + FRAGMENT_HEADER : HEADER4;

	if (f->mtu < overhead + UNIT || f->len < header + f->at + 1)
		return false;
	const size_t left = f->len - header - f->at;
	const size_t most = (f->mtu - overhead) / UNIT * UNIT;
	const size_t take = left < most ? left : most;

	if (is_v6)
		put_header6(f, take, take == left, out);
	else
		put_header4(f, take, take == left, out);
	buf_put_bytes(out, f->datagram + header + f->at, take);
	f->at += take;
	return buf_ok(out);
}
