/*
 * The trace of a simulated world as text: one line per step, with what came in and what went out.
 */
#include "test/sim/sim.h"

#include <stdio.h>
#include <string.h>

static const char *const timer_names[] = { "adver", "down", "handover", "none" };

/* Of a router's address: the last byte is its number. */
static int number_of(const struct addr *a)
{
	return a->bytes[3];
}

static void event_print(const struct vrrp_ev *ev)
{
	printf("%s", vrrp_ev_name(ev->kind));
	switch (ev->kind) {
	case VRRP_EV_ADVERT:
		printf(" from %d priority %d", number_of(&ev->advert.src), ev->advert.priority);
		break;
	case VRRP_EV_TIMER: printf(" %s", timer_names[ev->timer]); break;
	case VRRP_EV_FAULT: printf(" %+d", ev->fault_delta); break;
	case VRRP_EV_WEIGHT: printf(" %+d", ev->weight); break;
	case VRRP_EV_CONFIG:
		printf(" priority %d interval %ld us", ev->params.base_priority,
		       (long)ev->params.advert_us);
		break;
	case VRRP_EV_HOLD: printf(" +%ld us", (long)ev->hold_us); break;
	case VRRP_EV_START:
	case VRRP_EV_STOP:
	case VRRP_EV_ADOPT:
	case VRRP_EV_YIELD:
	case VRRP_EV_N: break;
	}
}

static void out_print(const struct sim_line *line, const struct vrrp_out_item *item)
{
	static const char *const occasions[] = { "takeover", "lower_prio", "adopt", "stop" };

	if (item->kind == VRRP_OUT_LOG)
		return;
	printf(" %s", vrrp_out_name(item->kind));
	switch (item->kind) {
	case VRRP_OUT_SEND: printf("(%d)", item->priority); break;
	case VRRP_OUT_ARM:
		printf("(%s +%ld us)", timer_names[item->timer],
		       (long)time_sub(item->at, line->at));
		break;
	case VRRP_OUT_NOTIFY:
		printf("(%s to %s)", vrrp_notify_name(item->from), vrrp_notify_name(item->to));
		break;
	case VRRP_OUT_ANNOUNCE: printf("(%s)", occasions[item->announce]); break;
	case VRRP_OUT_LEASE: printf("(+%ld us)", (long)time_sub(item->at, line->at)); break;
	case VRRP_OUT_RENOTIFY:
	case VRRP_OUT_CANCEL:
	case VRRP_OUT_VIP_ADD:
	case VRRP_OUT_VIP_DEL:
	case VRRP_OUT_LOG: break;
	}
}

void sim_line_print(const struct sim_line *line)
{
	printf("%14.6f  ", (double)line->at.us / US_PER_S - SIM_T0_S);
	if (line->link > 0)
		printf("link %d  ", line->link);
	if (line->is_action) {
		printf("   ** %s %d %d %ld\n", sim_act_name(line->action.act), line->action.a + 1,
		       line->action.b + 1, (long)line->action.n);
		return;
	}
	printf("%d  %-6s  ", line->router + 1, line->state);
	event_print(&line->ev);
	printf(" ->");
	for (unsigned i = 0; i < line->out.n; i++)
		out_print(line, &line->out.item[i]);
	printf("\n");
}

static struct sim_line *line_new(struct sim *sim, int router)
{
	struct sim_line *line = &sim->lines[sim->n_lines++ % SIM_TRACE_MAX];

	line->at = sim->now;
	line->link = sim->link;
	line->router = router;
	return line;
}

void sim_trace_action(struct sim *sim, const struct sim_action *action)
{
	struct sim_line *line = line_new(sim, action->a);

	line->is_action = true;
	line->action = *action;
	if (sim->is_traced)
		sim_line_print(line);
}

void sim_trace_step(struct sim *sim, int i, const struct vrrp_ev *ev, const struct vrrp_out *out)
{
	struct sim_line *line = line_new(sim, i);

	line->is_action = false;
	line->ev = *ev;
	line->out.n = out->n;
	memcpy(line->out.item, out->item, out->n * sizeof(out->item[0]));
	line->state = vrrp_state_name(&sim->router[i].v);
	if (sim->is_traced)
		sim_line_print(line);
}

void sim_trace_print(const struct sim *sim)
{
	unsigned n = sim->n_lines < SIM_TRACE_MAX ? sim->n_lines : SIM_TRACE_MAX;

	printf("The last %u lines: seconds, router, state after the step, event -> outputs\n", n);
	for (unsigned i = sim->n_lines - n; i < sim->n_lines; i++)
		sim_line_print(&sim->lines[i % SIM_TRACE_MAX]);
}
