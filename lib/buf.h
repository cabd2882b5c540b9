/*
 * Bounded reader and writer over caller-owned memory, with a sticky error.
 *
 * A read or write that does not fit sets the error, changes nothing and yields zero; callers check
 * buf_ok() once at the end. Multi-byte integers are big endian on the wire unless the name says
 * otherwise.
 */
#ifndef DIARCH_LIB_BUF_H
#define DIARCH_LIB_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data; /* not owned */
	size_t cap;    /* bytes at data */
	size_t len;    /* bytes valid (reader: total; writer: written so far) */
	size_t pos;    /* read position */
	bool is_bad;   /* sticky error */
};

/* A reader over `len` bytes at `data`; the bytes must outlive the reader and are never written. */
struct buf buf_reader(const void *data, size_t len);

/* A writer into `cap` bytes at `data`. */
struct buf buf_writer(void *data, size_t cap);

/* False once any operation on `b` did not fit. */
bool buf_ok(const struct buf *b);

/* Bytes left to read. */
size_t buf_left(const struct buf *b);

uint8_t buf_get_u8(struct buf *b);
uint16_t buf_get_be16(struct buf *b);
uint32_t buf_get_be32(struct buf *b);
uint64_t buf_get_be64(struct buf *b);

/* Pointer to the next `n` bytes, which are consumed; NULL (and error) if there are fewer. */
const void *buf_get_bytes(struct buf *b, size_t n);

void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_be16(struct buf *b, uint16_t v);
void buf_put_be32(struct buf *b, uint32_t v);
void buf_put_be64(struct buf *b, uint64_t v);
void buf_put_bytes(struct buf *b, const void *src, size_t n);

/* Overwrites the 16 bits at `off`, which must already be written (for checksums). */
void buf_set_be16(struct buf *b, size_t off, uint16_t v);

/* RFC 1071 one's complement sum over `n` bytes, continuing from `sum` (0 to start). */
uint32_t buf_sum16(const void *data, size_t n, uint32_t sum);

/* Folds and complements a sum; the value to store in network byte order. */
uint16_t buf_sum16_fold(uint32_t sum);

#endif
