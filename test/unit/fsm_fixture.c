/*
 * What the unit tests of vrrp/fsm*.c share. See fsm_fixture.h.
 */
#include "test/unit/fsm_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct addr fsm_addr(uint32_t host)
{
	uint8_t bytes[4] = { (uint8_t)(host >> 24), (uint8_t)(host >> 16), (uint8_t)(host >> 8),
			     (uint8_t)host };

	return addr_from_bytes(bytes, sizeof(bytes));
}

void fsm_init(struct fsm_fixture *f, uint8_t priority)
{
	struct addr own = fsm_addr(ADDR_OWN);

	memset(f, 0, sizeof(*f));
	f->now_us = T0;
	f->params = (struct vrrp_params){ .version = 3,
					  .base_priority = priority,
					  .advert_us = US_PER_S,
					  .down_adverts = 3,
					  .preempt = true };
	vrrp_inst_init(&f->v, &f->params, &own);
}

void fsm_step(struct fsm_fixture *f, struct vrrp_ev ev)
{
	vrrp_step(&f->v, (time_us){ f->now_us }, &ev, &f->out);
}

void fsm_after(struct fsm_fixture *f, int64_t us)
{
	f->now_us += us;
}

void fsm_start(struct fsm_fixture *f)
{
	fsm_step(f, (struct vrrp_ev){ .kind = VRRP_EV_START });
}

void fsm_stop(struct fsm_fixture *f)
{
	fsm_step(f, (struct vrrp_ev){ .kind = VRRP_EV_STOP });
}

void fsm_fault(struct fsm_fixture *f, int delta)
{
	fsm_step(f, (struct vrrp_ev){ .kind = VRRP_EV_FAULT, .fault_delta = delta });
}

void fsm_weight(struct fsm_fixture *f, int sum)
{
	fsm_step(f, (struct vrrp_ev){ .kind = VRRP_EV_WEIGHT, .weight = sum });
}

void fsm_config(struct fsm_fixture *f)
{
	fsm_step(f, (struct vrrp_ev){ .kind = VRRP_EV_CONFIG, .params = f->params });
}

void fsm_advert_every(struct fsm_fixture *f, uint32_t src, uint8_t priority, int64_t adver_us)
{
	struct vrrp_ev ev = { .kind = VRRP_EV_ADVERT };

	ev.advert.src = fsm_addr(src);
	ev.advert.priority = priority;
	ev.advert.adver_us = adver_us;
	fsm_step(f, ev);
}

void fsm_advert(struct fsm_fixture *f, uint32_t src, uint8_t priority)
{
	fsm_advert_every(f, src, priority, US_PER_S);
}

void fsm_timer(struct fsm_fixture *f, enum vrrp_timer timer_id)
{
	fsm_step(f, (struct vrrp_ev){ .kind = VRRP_EV_TIMER, .timer = timer_id });
}

/* Lets the time pass until the timer fires. */
void fsm_expire(struct fsm_fixture *f, enum vrrp_timer timer_id)
{
	assert_false(time_is_never(f->v.at[timer_id]));
	f->now_us = f->v.at[timer_id].us;
	fsm_timer(f, timer_id);
}

void fsm_init_backup(struct fsm_fixture *f, uint8_t priority)
{
	fsm_init(f, priority);
	fsm_start(f);
	assert_int_equal(f->v.state, VRRP_STATE_BACKUP);
}

void fsm_init_active(struct fsm_fixture *f, uint8_t priority)
{
	fsm_init_backup(f, priority);
	fsm_expire(f, VRRP_TIMER_DOWN);
	assert_int_equal(f->v.state, VRRP_STATE_ACTIVE);
}

/* ---- what came out, as text ---- */

static const char *log_name(enum vrrp_log log)
{
	static const char *const names[] = {
		[VRRP_LOG_DOWN_EXPIRED] = "down_expired",
		[VRRP_LOG_HIGHER_PRIO] = "higher_prio",
		[VRRP_LOG_HIGHER_ADDR] = "higher_addr",
		[VRRP_LOG_LOWER_PRIO] = "lower_prio",
		[VRRP_LOG_PRIO_ZERO] = "prio_zero",
		[VRRP_LOG_DISCARD_LOWER] = "discard",
		[VRRP_LOG_PRIO_CHANGED] = "prio_changed",
		[VRRP_LOG_PREEMPT_START] = "preempt_start",
		[VRRP_LOG_ACTIVE_SET] = "active_set",
		[VRRP_LOG_TWO_OWNERS] = "two_owners",
		[VRRP_LOG_TWO_ACTIVE] = "two_active",
		[VRRP_LOG_LEASE_OVER] = "lease_over",
	};

	return names[log];
}

static int item_text(const struct fsm_fixture *f, const struct vrrp_out_item *item, char *text,
		     size_t cap)
{
	static const char *const timers[] = { "adver", "down", "handover" };
	static const char *const occasions[] = { "takeover", "lower", "adopt", "stop" };

	switch (item->kind) {
	case VRRP_OUT_SEND: return snprintf(text, cap, "send:%d ", item->priority);
	case VRRP_OUT_ARM:
		return snprintf(text, cap, "arm:%s+%ld ", timers[item->timer],
				(long)(item->at.us - f->now_us));
	case VRRP_OUT_CANCEL: return snprintf(text, cap, "cancel:%s ", timers[item->timer]);
	case VRRP_OUT_VIP_ADD: return snprintf(text, cap, "vip_add ");
	case VRRP_OUT_VIP_DEL: return snprintf(text, cap, "vip_del ");
	case VRRP_OUT_ANNOUNCE:
		return snprintf(text, cap, "announce:%s ", occasions[item->announce]);
	case VRRP_OUT_NOTIFY:
		return snprintf(text, cap, "notify:%s>%s ", vrrp_notify_name(item->from),
				vrrp_notify_name(item->to));
	case VRRP_OUT_RENOTIFY: return snprintf(text, cap, "renotify ");
	case VRRP_OUT_LEASE:
		return snprintf(text, cap, "lease+%ld ", (long)(item->at.us - f->now_us));
	case VRRP_OUT_LOG: return snprintf(text, cap, "log:%s ", log_name(item->log));
	}
	return 0;
}

/* Compares all outputs, in order. */
void fsm_check_out(const struct fsm_fixture *f, const char *want)
{
	char got[1024] = "";
	size_t len = 0;

	for (unsigned i = 0; i < f->out.n; i++)
		len += (size_t)item_text(f, &f->out.item[i], got + len, sizeof(got) - len);
	if (len > 0)
		got[len - 1] = '\0';
	assert_string_equal(got, want);
}

int64_t fsm_left_us(const struct fsm_fixture *f, enum vrrp_timer timer_id)
{
	return f->v.at[timer_id].us - f->now_us;
}
