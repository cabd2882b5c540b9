/*
 * ICMP echo messages. Pure: no I/O, clock or allocation.
 */
#ifndef DIARCH_CHECK_PING_MSG_H
#define DIARCH_CHECK_PING_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PING_COOKIE 16        /* random bytes that tell requests apart */
#define PING_SIZE   (8 + 128) /* header and payload, as keepalived sends */

/* Writes an echo request of `family` with all of PING_SIZE bytes (RFC 792, RFC 4443 section 4). */
void ping_request(uint8_t *msg, int family, const uint8_t *cookie);

/* Whether `len` bytes are the echo reply to that request; those of a raw IPv4 socket have the IP
 * header in front. */
bool ping_is_answer(const uint8_t *msg, size_t len, int family, const uint8_t *cookie);

#endif
