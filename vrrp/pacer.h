/*
 * How fast announcements may follow each other: on an interface, or on all of a garp_group. VRRP
 * child.
 */
#ifndef DIARCH_VRRP_PACER_H
#define DIARCH_VRRP_PACER_H

#include "lib/clock.h"
#include "lib/global_conf.h"

struct vrrp_app;

enum pacer_kind { PACER_ARP, PACER_NA, PACER_N };

/* Zero-initialise: no limit. */
struct pacer {
	int64_t interval_us;
	time_us next_at; /* first place that is free */
	time_us sent_at; /* last packet */
};

/*
 * Takes the next free place in the queue: when the packet may go. Whoever asks first goes first,
 * and nobody has to be asked again.
 */
time_us pacer_reserve(struct pacer *pacer, time_us now);

/* Whether the place that was taken may be used now (then the packet counts as sent), or when:
 * somebody before us may have been late. */
time_us pacer_use(struct pacer *pacer, time_us now);

/* Gives all interfaces their pacers: of their group where it has an interval, else their own. */
void pacers_assign(struct vrrp_app *app, const struct root_conf *conf);

#endif
