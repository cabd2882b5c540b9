/*
 * Bounded reader and writer with a sticky error.
 *
 * Pure, any process. Never owns the memory it works on.
 */
#include "lib/buf.h"

#include <string.h>

struct buf buf_reader(const void *data, size_t len)
{
	/* A reader never writes through data: cap 0 makes every put fail. */
	return (struct buf){ .data = (uint8_t *)(uintptr_t)data, .len = len };
}

struct buf buf_writer(void *data, size_t cap)
{
	return (struct buf){ .data = data, .cap = cap };
}

bool buf_ok(const struct buf *b)
{
	return !b->is_bad;
}

size_t buf_left(const struct buf *b)
{
	return b->len - b->pos;
}

const void *buf_get_bytes(struct buf *b, size_t n)
{
	const uint8_t *at;

	if (b->is_bad || n > buf_left(b)) {
		b->is_bad = true;
		return NULL;
	}
	at = b->data + b->pos;
	b->pos += n;
	return at;
}

static uint64_t get_be(struct buf *b, size_t n)
{
	const uint8_t *at = buf_get_bytes(b, n);
	uint64_t v = 0;

	for (size_t i = 0; at && i < n; i++)
		v = v << 8 | at[i];
	return v;
}

uint8_t buf_get_u8(struct buf *b)
{
	return (uint8_t)get_be(b, 1);
}

uint16_t buf_get_be16(struct buf *b)
{
	return (uint16_t)get_be(b, 2);
}

uint32_t buf_get_be32(struct buf *b)
{
	return (uint32_t)get_be(b, 4);
}

uint64_t buf_get_be64(struct buf *b)
{
	return get_be(b, 8);
}

/* The next `n` writable bytes, or NULL and the error. */
static uint8_t *reserve(struct buf *b, size_t n)
{
	uint8_t *at;

	if (b->is_bad || b->len > b->cap || n > b->cap - b->len) {
		b->is_bad = true;
		return NULL;
	}
	at = b->data + b->len;
	b->len += n;
	return at;
}

static void store_be(uint8_t *at, size_t n, uint64_t v)
{
	while (n-- > 0) {
		at[n] = (uint8_t)v;
		v >>= 8;
	}
}

static void put_be(struct buf *b, size_t n, uint64_t v)
{
	uint8_t *at = reserve(b, n);

	if (at)
		store_be(at, n, v);
}

void buf_put_u8(struct buf *b, uint8_t v)
{
	put_be(b, 1, v);
}

void buf_put_be16(struct buf *b, uint16_t v)
{
	put_be(b, 2, v);
}

void buf_put_be32(struct buf *b, uint32_t v)
{
	put_be(b, 4, v);
}

void buf_put_be64(struct buf *b, uint64_t v)
{
	put_be(b, 8, v);
}

void buf_put_bytes(struct buf *b, const void *src, size_t n)
{
	uint8_t *at = reserve(b, n);

	if (at && n > 0)
		memcpy(at, src, n);
}

void buf_set_be16(struct buf *b, size_t off, uint16_t v)
{
	if (b->is_bad || b->len > b->cap || off > b->len || b->len - off < 2) {
		b->is_bad = true;
		return;
	}
	store_be(b->data + off, 2, v);
}

uint32_t buf_sum16(const void *data, size_t n, uint32_t sum)
{
	const uint8_t *at = data;
	uint64_t wide = sum;

	for (; n > 1; n -= 2, at += 2)
		wide += (uint32_t)at[0] << 8 | at[1];
	if (n > 0)
		wide += (uint32_t)at[0] << 8;
	while (wide >> 32)
		wide = (wide & UINT32_MAX) + (wide >> 32);
	return (uint32_t)wide;
}

uint16_t buf_sum16_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & UINT16_MAX) + (sum >> 16);
	return (uint16_t)~sum;
}
