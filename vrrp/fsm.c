/*
 * The VRRP state machine. See fsm.h.
 *
 * Runs in the VRRP child and in the simulator. Pure: it owns nothing and writes only the instance
 * and the outputs it is given. The router that holds the addresses is called Active as in RFC 9568;
 * RFC 3768 and keepalived say Master. Each state has a file: fsm_init.c, fsm_backup.c,
 * fsm_active.c; fsm_step.c is what they share.
 */
#include "vrrp/fsm.h"

#include <assert.h>
#include <string.h>

#include "vrrp/fsm_step.h"

void vrrp_inst_init(struct vrrp_inst *v, const struct vrrp_params *params,
		    const struct addr *own_addr)
{
	memset(v, 0, sizeof(*v));
	v->params = *params;
	v->own_addr = *own_addr;
	v->priority = fsm_effective_priority(v);
	v->active_adver_us = params->advert_us;
	v->preempt_at = TIME_NEVER;
	for (int i = 0; i < VRRP_TIMER_N; i++)
		v->at[i] = TIME_NEVER;
}

/* An expiry that was under way when its timer was cancelled or moved is no event. */
static bool timer_is_due(const struct vrrp_inst *v, time_us now, enum vrrp_timer timer)
{
	return timer < VRRP_TIMER_N && !time_is_never(v->at[timer]) &&
	       time_cmp(v->at[timer], now) <= 0;
}

void vrrp_step(struct vrrp_inst *v, time_us now, const struct vrrp_ev *ev, struct vrrp_out *out)
{
	static const handler in[VRRP_STATE_N] = {
		[VRRP_STATE_INIT] = fsm_in_init,
		[VRRP_STATE_BACKUP] = fsm_in_backup,
		[VRRP_STATE_ACTIVE] = fsm_in_active,
	};
	struct step s = { .v = v, .now = now, .ev = ev, .out = out };

	out->n = 0;
	assert(ev->kind < VRRP_EV_N);
	if (fsm_is_lease_over(v, now))
		fsm_lease_lapse(&s);
	if (ev->kind == VRRP_EV_TIMER && !timer_is_due(v, now, ev->timer))
		return;
	in[v->state](&s);
}

const char *vrrp_state_name(const struct vrrp_inst *v)
{
	return vrrp_notify_name(vrrp_inst_notify_state(v));
}
