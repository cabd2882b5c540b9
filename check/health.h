/*
 * Health as pure logic: one check's rise and fall, a real server's verdict, a pool's quorum, and
 * the IPVS set that follows. No I/O, clock, allocation (the caller owns the arrays).
 */
#ifndef DIARCH_CHECK_HEALTH_H
#define DIARCH_CHECK_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/clock.h"
#include "lvs/ipvs.h"

/* ---- one check ---- */

struct health_params {
	uint32_t rise; /* successes in a row to come up; 1 as in keepalived; 0 is like 1 */
	uint32_t fall; /* failures in a row to go down: retry + 1; 0 is like 1 */
	bool alpha;    /* starts down until the first success */
};

struct health {
	bool is_up;
	bool is_known;   /* a first result is in */
	uint32_t streak; /* results in a row that speak against is_up */
};

enum health_edge { HEALTH_SAME, HEALTH_WENT_UP, HEALTH_WENT_DOWN };

void health_init(struct health *h, const struct health_params *p);

/*
 * One result. The very first result decides at once, without retries, as keepalived does; later
 * `fall` failures or `rise` successes in a row are needed. *is_retry: a failure that did not decide
 * yet (next probe after delay_before_retry rather than delay_loop).
 */
enum health_edge health_step(struct health *h, const struct health_params *p, bool is_ok,
			     bool *is_retry);

/* ---- a pool ---- */

/* A member, as input: what is configured and what its checks say. */
struct pool_member {
	struct ipvs_dest dest; /* key, method, thresholds; weight = configured (effective) weight */
	uint32_t n_failed;     /* checks that fail */
	bool is_held;          /* kept out although no check fails */
	bool is_absent;        /* of a name: has no address; no part of the pool until it has one */
	bool is_drained;       /* alive with weight 0 for a while: stays, whatever the quorum */
	bool is_ramping; /* starts slowly, with the weight below; its full weight counts for the
			    quorum */
	int32_t ramp_weight;
	bool inhibit_on_failure;
	bool follows_port; /* its port is that of each service */
};

struct pool_params {
	uint32_t fail_open; /* fewer alive members than that: all carry traffic; 0 = never */
	int64_t quorum, hysteresis;
	bool has_sorry, sorry_inhibit;
	struct ipvs_dest sorry; /* weight 1 unless configured */
	bool sorry_follows_port;
};

struct pool {
	bool is_up;
	bool is_open;   /* too few are alive, so all carry traffic; is up then */
	int64_t weight; /* of the alive */
	uint32_t alive;
};

/* Whether a member can carry traffic: it has an address, none of its checks fails, and it is not
 * held out. */
bool member_is_alive(const struct pool_member *m);

/* Whether IPVS should have a destination for a member now. */
bool pool_has(const struct pool *pool, const struct pool_member *m);

/* Weight that IPVS should have for a member now. */
int32_t pool_weight_of(const struct pool *pool, const struct pool_member *m);

enum pool_edge { POOL_SAME, POOL_QUORUM_GAINED, POOL_QUORUM_LOST };

/* First evaluation after configuration: no edge is reported; up when weight >= quorum and not 0. */
void pool_init(struct pool *pool, const struct pool_params *p, const struct pool_member *m,
	       uint32_t n);

/*
 * After any member changed. Up -> down when weight is 0 or weight < quorum - hysteresis; down -> up
 * when weight >= quorum + hysteresis and not 0. A pool that fails open is up.
 */
enum pool_edge pool_step(struct pool *pool, const struct pool_params *p,
			 const struct pool_member *m, uint32_t n);

/*
 * The destinations wanted in the kernel now, added to `svc`, which belongs to a set: alive members
 * with their weight; failed ones absent, or weight 0 with inhibit_on_failure. While the quorum is
 * lost no member carries traffic, with or without a sorry server, as in keepalived: alive members
 * are treated like failed ones and the sorry server is there. With sorry_inhibit the sorry server
 * is also there while the quorum holds, at weight 0. In a pool that fails open all members have
 * their weight. What another family's packets cannot reach is left out: a pool may serve addresses
 * of both.
 */
void pool_desired(const struct pool *pool, const struct pool_params *p, const struct pool_member *m,
		  uint32_t n, struct ipvs_svc *svc);

/* A further destination with weight 0, which is that member at an address that it has left: its
 * connections go on. Nothing where the service has a destination there already. */
void pool_drained(const struct pool_member *m, const struct addr *former, struct ipvs_svc *svc);

#endif
