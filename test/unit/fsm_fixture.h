/*
 * What the unit tests of vrrp/fsm*.c share: one instance, its clock and its last outputs. Tests
 * only.
 */
#ifndef DIARCH_TEST_UNIT_FSM_FIXTURE_H
#define DIARCH_TEST_UNIT_FSM_FIXTURE_H

#include "vrrp/fsm.h"

#define T0       (100 * US_PER_S)
#define DOWN_100 3609375 /* priority 100, interval 1 s: 3 s and 156/256 s */

/* Our source address and its neighbours, for the tie-break. */
#define ADDR_LOW  0x0a630001
#define ADDR_OWN  0x0a630002
#define ADDR_HIGH 0x0a630003

struct fsm_fixture {
	struct vrrp_params params;
	struct vrrp_inst v;
	struct vrrp_out out;
	int64_t now_us;
};

/* An IPv4 address from its value in host order. */
struct addr fsm_addr(uint32_t host);

/* v3, 1 s, preempt on; not started, started, and waited until Active. */
void fsm_init(struct fsm_fixture *f, uint8_t priority);
void fsm_init_backup(struct fsm_fixture *f, uint8_t priority);
void fsm_init_active(struct fsm_fixture *f, uint8_t priority);

/* One step with an event, now. fsm_config() applies f->params. */
void fsm_step(struct fsm_fixture *f, struct vrrp_ev ev);
void fsm_start(struct fsm_fixture *f);
void fsm_stop(struct fsm_fixture *f);
void fsm_fault(struct fsm_fixture *f, int delta);
void fsm_weight(struct fsm_fixture *f, int sum);
void fsm_config(struct fsm_fixture *f);
void fsm_advert(struct fsm_fixture *f, uint32_t src, uint8_t priority);
void fsm_advert_every(struct fsm_fixture *f, uint32_t src, uint8_t priority, int64_t adver_us);
void fsm_timer(struct fsm_fixture *f, enum vrrp_timer timer_id);

/* Lets time pass; fsm_expire() until the timer fires. */
void fsm_after(struct fsm_fixture *f, int64_t us);
void fsm_expire(struct fsm_fixture *f, enum vrrp_timer timer_id);

/* Compares all outputs of the last step, in order, with their text. */
void fsm_check_out(const struct fsm_fixture *f, const char *want);

/* Until the timer is due. */
int64_t fsm_left_us(const struct fsm_fixture *f, enum vrrp_timer timer_id);

#endif
