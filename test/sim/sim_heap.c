/*
 * The events of a simulated world that are to come: a heap. See sim.h.
 */
#include "test/sim/sim.h"

static bool event_is_before(const struct sim *sim, const struct sim_event *a,
			    const struct sim_event *b)
{
	if (a->at_us != b->at_us)
		return a->at_us < b->at_us;
	/* not even who was served first at an instant makes a difference */
	if (sim->order != SIM_ORDER_DRAWN && a->from != b->from)
		return a->from < b->from;
	return a->seq < b->seq;
}

static void event_swap(struct sim *sim, size_t a, size_t b)
{
	struct sim_event kept = sim->events[a];

	sim->events[a] = sim->events[b];
	sim->events[b] = kept;
}

void sim_event_rise(struct sim *sim, size_t at)
{
	for (; at > 0 && event_is_before(sim, &sim->events[at], &sim->events[(at - 1) / 2]);
	     at = (at - 1) / 2)
		event_swap(sim, at, (at - 1) / 2);
}

void sim_event_push(struct sim *sim, const struct sim_event *event)
{
	if (sim->n_events == SIM_EVENTS_MAX) {
		sim_fail(sim, "more than %d events under way", SIM_EVENTS_MAX);
		return;
	}
	sim->events[sim->n_events] = *event;
	sim->events[sim->n_events].seq = sim->seq++;
	sim_event_rise(sim, sim->n_events++);
}

struct sim_event sim_event_pop(struct sim *sim)
{
	struct sim_event top = sim->events[0];
	size_t n = --sim->n_events;

	sim->events[0] = sim->events[n];
	for (size_t at = 0, child; (child = 2 * at + 1) < n; at = child) {
		if (child + 1 < n &&
		    event_is_before(sim, &sim->events[child + 1], &sim->events[child]))
			child++;
		if (!event_is_before(sim, &sim->events[child], &sim->events[at]))
			break;
		event_swap(sim, at, child);
	}
	return top;
}
