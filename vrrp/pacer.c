/*
 * How fast announcements may follow each other: see pacer.h. VRRP child.
 */
#include "vrrp/pacer.h"

#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

time_us pacer_reserve(struct pacer *pacer, time_us now)
{
	time_us at = time_cmp(pacer->next_at, now) < 0 ? now : pacer->next_at;

	if (pacer->interval_us == 0)
		return now;
	pacer->next_at = time_add(at, pacer->interval_us);
	return at;
}

time_us pacer_use(struct pacer *pacer, time_us now)
{
	time_us at = time_add(pacer->sent_at, pacer->interval_us);

	if (pacer->interval_us > 0 && time_cmp(now, at) < 0)
		return at;
	pacer->sent_at = now;
	return now;
}

static void assign(struct vrrp_if *vif, enum pacer_kind kind, struct pacer *shared,
		   int64_t shared_us, int64_t own_us)
{
	struct pacer *pacer = shared_us > 0 ? shared : &vif->own_pacers[kind];

	pacer->interval_us = shared_us > 0 ? shared_us : own_us;
	vif->pacers[kind] = pacer;
}

static void assign_group(struct vrrp_if *vif, const struct garp_group_conf *group,
			 struct pacer *shared, const struct global_conf *global)
{
	assign(vif, PACER_ARP, &shared[PACER_ARP], group ? group->garp_interval_us : 0,
	       global->vrrp_garp_interval_us);
	assign(vif, PACER_NA, &shared[PACER_NA], group ? group->gna_interval_us : 0,
	       global->vrrp_gna_interval_us);
}

void pacers_assign(struct vrrp_app *app, const struct root_conf *conf)
{
	struct pacer *old = app->group_pacers;
	const struct garp_group_conf *group;

	app->group_pacers = xcalloc(PACER_N * (conf->garp_groups.n + 1UL), sizeof(*old));
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next) {
		const struct garp_group_conf *found = NULL;
		uint32_t i = 0;
		conf_list_for_each (group, &conf->garp_groups) {
			if (!found && garp_group_has(group, vif->name))
				found = group;
			i += !found;
		}
		assign_group(vif, found, &app->group_pacers[PACER_N * i], root_global(&conf->obj));
	}
	free(old);
}
