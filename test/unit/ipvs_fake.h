/*
 * A kernel IPVS made of a set, for tests of what stands on a backend.
 */
#ifndef DIARCH_TEST_UNIT_IPVS_FAKE_H
#define DIARCH_TEST_UNIT_IPVS_FAKE_H

#include "lvs/ipvs_nl.h"

struct ipvs_fake {
	struct ipvs_backend backend; /* first: both have one address */
	struct ipvs_set set;         /* the table; tests may read and change it */
	unsigned n_dumps, n_ops;     /* so far, failed ones too */
	unsigned fail_at;            /* the operation of this number (from 1) fails with ... */
	int fail_error;              /* ... this -errno */
	int dump_error;              /* the next dump fails with this -errno, once */
	struct ipvs_timeouts timeouts;
	struct ipvs_sync sync[IPVS_SYNC_MAX]; /* daemons by role - 1; .role is 0: does not run */
};

/* An empty table. Ended by its backend's free(). */
struct ipvs_fake *ipvs_fake_new(void);

#endif
