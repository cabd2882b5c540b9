/*
 * A BFD session (RFC 5880, asynchronous mode; RFC 5881 and 5883 for what carries it) as a pure
 * state machine, and its packet.
 *
 * No clock, I/O, allocation, log or random inside; jitter arrives as data. The owner feeds packets
 * that were accepted for this session and expiries, and arms its timers with tx_at and detect_at
 * after each step.
 */
#ifndef DIARCH_VRRP_BFD_H
#define DIARCH_VRRP_BFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/clock.h"

#define BFD_PKT_LEN 24

enum bfd_state { BFD_ADMIN_DOWN, BFD_DOWN, BFD_INIT, BFD_UP };

/* RFC 5880 4.1 */
enum bfd_diag {
	BFD_DIAG_NONE = 0,
	BFD_DIAG_EXPIRED = 1,   /* Control Detection Time Expired */
	BFD_DIAG_NEIGHBOUR = 3, /* Neighbor Signaled Session Down */
	BFD_DIAG_ADMIN = 7,     /* Administratively Down */
};

struct bfd_pkt {
	enum bfd_state state;
	uint8_t diag; /* 0..31 */
	bool is_poll, is_final;
	uint8_t multiplier;
	uint32_t my_discr, your_discr;
	uint32_t min_tx_us, min_rx_us; /* Desired Min TX, Required Min RX */
};

/* Network order. */
void bfd_pkt_encode(const struct bfd_pkt *pkt, uint8_t data[BFD_PKT_LEN]);

/* RFC 5880 6.8.6: false for what must be discarded, whichever session it is for. */
bool bfd_pkt_decode(const uint8_t *data, size_t len, struct bfd_pkt *pkt);

struct bfd_params {
	int64_t min_tx_us, min_rx_us;
	int64_t idle_tx_us; /* between packets while not Up: at least a second (6.8.3) */
	uint8_t multiplier;
	bool is_passive; /* says nothing before it hears something */
};

struct bfd {
	struct bfd_params params;
	enum bfd_state state, remote_state;
	uint8_t diag;
	uint32_t local_discr, remote_discr;
	int64_t remote_min_tx_us, remote_min_rx_us;
	uint8_t remote_multiplier;
	bool is_polling; /* a change of our intervals is to be acknowledged */
	time_us tx_at;   /* next periodic packet; TIME_NEVER = none */
	time_us detect_at;
	time_us since; /* of the state */
};

struct bfd_out {
	bool is_changed; /* the state is another one */
	bool has_pkt;
	struct bfd_pkt pkt;
};

/* Down, nothing heard; sends at once unless passive. `local_discr` is not 0. */
void bfd_init(struct bfd *b, const struct bfd_params *params, uint32_t local_discr, time_us now);

/* Goes on in `state` where a predecessor was, with a whole detection time from now. */
void bfd_adopt(struct bfd *b, enum bfd_state state, time_us now);

/* Other parameters from now on; the peer is told by a poll. */
void bfd_set_params(struct bfd *b, const struct bfd_params *params);

/* RFC 5880 6.8.6: a packet for this session. */
void bfd_receive(struct bfd *b, time_us now, const struct bfd_pkt *pkt, struct bfd_out *out);

/* An expiry; `jitter` is a random number of 0..999. */
void bfd_tick(struct bfd *b, time_us now, uint32_t jitter, struct bfd_out *out);

/* The last word: AdminDown, so that the peer does not wait for the detection time. */
void bfd_stop(struct bfd *b, struct bfd_out *out);

/* Between our packets before jitter (6.8.7), and of silence until Down (6.8.4); microseconds. */
int64_t bfd_tx_us(const struct bfd *b);
int64_t bfd_detect_us(const struct bfd *b);

const char *bfd_state_name(enum bfd_state state);
bool bfd_state_parse(const char *name, enum bfd_state *out);

#endif
