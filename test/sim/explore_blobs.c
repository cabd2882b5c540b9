/*
 * Strings of bytes, each kept once and known by a number. See explore.h.
 */
#include <stdlib.h>
#include <string.h>

#include "test/sim/explore.h"

#define SLOTS_MIN 1024U
#define NO_BLOB   UINT32_MAX

struct blobs {
	uint8_t *bytes;
	size_t n_bytes, bytes_max;
	uint64_t *ends; /* of each in `bytes`; it begins where the one before ends */
	uint32_t n, n_max;
	uint32_t *slots; /* open addressing; at most half of them taken */
	uint32_t n_slots;
};

static void *must_grow(void *at, size_t n, size_t size)
{
	void *grown = reallocarray(at, n, size);

	if (!grown)
		abort();
	return grown;
}

static void make_slots(struct blobs *b, uint32_t n)
{
	b->n_slots = n;
	b->slots = must_grow(b->slots, n, sizeof(*b->slots));
	memset(b->slots, 0xff, n * sizeof(*b->slots));
}

struct blobs *blobs_new(void)
{
	struct blobs *b = calloc(1, sizeof(*b));

	if (!b)
		abort();
	make_slots(b, SLOTS_MIN);
	return b;
}

void blobs_free(struct blobs *b)
{
	free(b->bytes);
	free(b->ends);
	free(b->slots);
	free(b);
}

uint32_t blobs_count(const struct blobs *b)
{
	return b->n;
}

size_t blobs_size(const struct blobs *b)
{
	return b->bytes_max + b->n_max * sizeof(*b->ends) + b->n_slots * sizeof(*b->slots);
}

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint32_t hash(const uint8_t *bytes, size_t len)
{
	uint64_t h = len, word;

	for (; len >= sizeof(word); bytes += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, bytes, len);
	return (uint32_t)(mix(h, word) >> 32);
}

const uint8_t *blobs_get(const struct blobs *b, uint32_t id, size_t *len)
{
	uint64_t from = id > 0 ? b->ends[id - 1] : 0;

	*len = b->ends[id] - from;
	return b->bytes + from;
}

/* Its slot, or the free one where it belongs. */
static uint32_t *find_slot(const struct blobs *b, const uint8_t *bytes, size_t len)
{
	uint32_t at = hash(bytes, len) & (b->n_slots - 1);

	for (; b->slots[at] != NO_BLOB; at = (at + 1) & (b->n_slots - 1)) {
		size_t other_len;
		const uint8_t *other = blobs_get(b, b->slots[at], &other_len);

		if (other_len == len && memcmp(other, bytes, len) == 0)
			break;
	}
	return &b->slots[at];
}

static void rehash(struct blobs *b)
{
	make_slots(b, b->n_slots * 2);
	for (uint32_t id = 0; id < b->n; id++) {
		size_t len;
		const uint8_t *bytes = blobs_get(b, id, &len);

		*find_slot(b, bytes, len) = id;
	}
}

static void append(struct blobs *b, const uint8_t *bytes, size_t len)
{
	if (b->n_bytes + len > b->bytes_max) {
		b->bytes_max = (b->n_bytes + len) * 3 / 2;
		b->bytes = must_grow(b->bytes, b->bytes_max, 1);
	}
	if (b->n == b->n_max) {
		b->n_max = b->n_max * 3 / 2 + 64;
		b->ends = must_grow(b->ends, b->n_max, sizeof(*b->ends));
	}
	memcpy(b->bytes + b->n_bytes, bytes, len);
	b->n_bytes += len;
	b->ends[b->n++] = b->n_bytes;
}

uint32_t blobs_add(struct blobs *b, const void *bytes, size_t len)
{
	uint32_t *slot = find_slot(b, bytes, len);

	if (*slot != NO_BLOB)
		return *slot;
	*slot = b->n;
	append(b, bytes, len);
	if (b->n > b->n_slots / 2)
		rehash(b);
	return b->n - 1;
}
