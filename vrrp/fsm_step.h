/*
 * One step of the state machine in progress: what the files of its states share. Private to
 * fsm*.c; the interface is fsm.h.
 *
 * Each function does one thing of RFC 9568 section 6 to the instance and pushes the outputs that
 * belong to it, in the order in which they are to be carried out.
 */
#ifndef DIARCH_VRRP_FSM_STEP_H
#define DIARCH_VRRP_FSM_STEP_H

#include "vrrp/fsm.h"

#define PRIORITY_RESIGN 0
#define PRIORITY_MIN    1
#define PRIORITY_MAX    254
#define PRIORITY_OWNER  255

struct step {
	struct vrrp_inst *v;
	time_us now;
	const struct vrrp_ev *ev;
	struct vrrp_out *out;
};

typedef void (*handler)(struct step *s);

/* ---- the states: what an event means in each ---- */

void fsm_in_init(struct step *s);
void fsm_in_backup(struct step *s);
void fsm_in_active(struct step *s);

/* Whether an Active router was silent for longer than its lease, and what it does then. */
bool fsm_is_lease_over(const struct vrrp_inst *v, time_us now);
void fsm_lease_lapse(struct step *s);

/* Handlers of several states. */
void fsm_ignore(struct step *s);
void fsm_any_weight(struct step *s);
void fsm_any_fault(struct step *s);

/* ---- outputs ---- */

/* A new output, empty but for its kind; it belongs to `s->out`. */
struct vrrp_out_item *fsm_push(struct step *s, enum vrrp_out_kind kind);
void fsm_advertise(struct step *s, uint8_t priority);
void fsm_advertise_active(struct step *s);
void fsm_announce(struct step *s, enum vrrp_announce occasion);
void fsm_log(struct step *s, enum vrrp_log log, int64_t a, int64_t b);
void fsm_log_advert(struct step *s, enum vrrp_log log);
void fsm_arm(struct step *s, enum vrrp_timer timer, time_us at);
void fsm_cancel(struct step *s, enum vrrp_timer timer);
void fsm_notify(struct step *s, enum vrrp_notify_state from);

/* ---- intervals ---- */

int64_t fsm_skew_us(const struct vrrp_inst *v);
int64_t fsm_interval_to_learn(const struct vrrp_params *p, int64_t adver_us);
void fsm_arm_down(struct step *s);
void fsm_begin_adver(struct step *s);
time_us fsm_next_adver(time_us last, time_us now, int64_t interval_us);

/* ---- moves between states ---- */

void fsm_to_active(struct step *s);
void fsm_to_backup(struct step *s);
void fsm_to_init(struct step *s);
void fsm_take_over(struct step *s, enum vrrp_notify_state from);
void fsm_release_addresses(struct step *s);
void fsm_forget_active(struct vrrp_inst *v);
void fsm_start_up(struct step *s, enum vrrp_notify_state from);
void fsm_leave(struct step *s, bool is_started);
bool fsm_is_handing_over(const struct vrrp_inst *v);
void fsm_end_handover(struct step *s);

/* ---- parameters, faults, the active router ---- */

uint8_t fsm_effective_priority(const struct vrrp_inst *v);
void fsm_set_params(struct step *s);
void fsm_set_active(struct step *s);
bool fsm_add_fault(struct vrrp_inst *v, int delta);

#endif
