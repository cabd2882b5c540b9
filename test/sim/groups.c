/*
 * Sync groups in simulated worlds: hosts with one router on each of several links, under seeded
 * faults. The true state machines (fsm*.c, group.c) under a fake clock; advertisements travel as
 * events, the packets are simulate's business.
 *
 *	test/sim/simulate_groups [--seed N] [--worlds N] [--hours N] [--trace]
 *
 * What must hold of each host after every event:
 *	its routers agree (all Active, all Backup, all in Initialize), unless one has just joined
 *	addresses are held by Active routers only; who lets go of them resigns with priority 0
 *	the group's last notification is the state of its routers
 * and of the world: under faults that stay, no group changes any more, whatever the faults are, as
 * long as the hosts rank alike on all links;
 * without faults, one host is Active on all links and stays it.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vrrp/group.h"

#define HOSTS_MAX         3
#define LINKS_MAX         3
#define FRAMES_MAX        512
#define ADVERT_US         (1 * US_PER_S)
/* Hosts that rank differently on their links may rise together a few times. */
#define CLASHES_INTERVALS 40

#define HOUR_US (3600 * US_PER_S)

struct router {
	struct vrrp_inst v, saved;
	struct group_member member;
	struct vrrp_params params;
	struct addr addr;
	time_us armed[VRRP_TIMER_N];
	bool is_link_up, has_vip;
};

struct host {
	struct router router[LINKS_MAX];
	struct group_member *members[LINKS_MAX];
	struct vrrp_group group;
	enum vrrp_notify_state told; /* what the parent knows of the group */
	bool is_up, has_process, want_started;
	bool is_joining; /* one of its routers is new to the group */
	int weight;
	time_us respawn_at;
	unsigned changes;
};

struct frame {
	time_us at;
	int link, to;
	struct vrrp_ev ev;
};

struct world {
	uint64_t rng, seed;
	time_us now;
	int n_hosts, n_links;
	struct host host[HOSTS_MAX];
	bool is_cut[LINKS_MAX][HOSTS_MAX][HOSTS_MAX];
	uint32_t loss;       /* per thousand */
	uint32_t transit_us; /* what a frame takes at least */
	uint32_t late_us;    /* a timer, at most: below the transit nobody is heard in time */
	bool is_uniform, is_tied, is_traced, has_failed;
	unsigned n_frames;
	struct frame frames[FRAMES_MAX];
	uint64_t steps;
};

/* ---- randomness, failure ---- */

static uint64_t rng_next(struct world *w)
{
	uint64_t z = w->rng += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t draw(struct world *w, uint32_t n)
{
	return (uint32_t)(rng_next(w) % n);
}

__attribute__((format(printf, 2, 3))) static void fail(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->has_failed)
		return;
	w->has_failed = true;
	printf("FAILED seed %llu at %.6f s: ", (unsigned long long)w->seed,
	       (double)w->now.us / US_PER_S);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

__attribute__((format(printf, 2, 3))) static void trace(struct world *w, const char *format, ...)
{
	va_list args;

	if (!w->is_traced)
		return;
	printf("%14.6f  ", (double)w->now.us / US_PER_S);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
}

/* ---- links ---- */

static void send_all(struct world *w, int from, int link, uint8_t priority)
{
	struct router *r = &w->host[from].router[link];

	for (int to = 0; r->is_link_up && to < w->n_hosts; to++) {
		struct frame *frame = &w->frames[w->n_frames];

		if (to == from || w->is_cut[link][from][to] ||
		    (w->loss && draw(w, 1000) < w->loss) || w->n_frames == FRAMES_MAX)
			continue;
		w->n_frames++;
		*frame = (struct frame){ .at = time_add(w->now, w->transit_us + draw(w, 2000)),
					 .link = link,
					 .to = to,
					 .ev = { .kind = VRRP_EV_ADVERT } };
		frame->ev.advert.src = r->addr;
		frame->ev.advert.priority = priority;
		frame->ev.advert.adver_us = r->params.advert_us;
	}
}

/* ---- one host ---- */

static void execute(struct world *w, int h, int link, const struct vrrp_out_item *item)
{
	struct router *r = &w->host[h].router[link];

	switch (item->kind) {
	case VRRP_OUT_SEND: send_all(w, h, link, item->priority); break;
	case VRRP_OUT_ARM: r->armed[item->timer] = time_add(item->at, draw(w, w->late_us)); break;
	case VRRP_OUT_CANCEL: r->armed[item->timer] = TIME_NEVER; break;
	case VRRP_OUT_VIP_ADD: r->has_vip = true; break;
	case VRRP_OUT_VIP_DEL: r->has_vip = false; break;
	case VRRP_OUT_NOTIFY:
		trace(w, "%d/%d  %s", h + 1, link + 1, vrrp_notify_name(item->to));
		break;
	case VRRP_OUT_ANNOUNCE:
	case VRRP_OUT_RENOTIFY:
	case VRRP_OUT_LEASE:
	case VRRP_OUT_LOG: break;
	}
}

static void check_resigned(struct world *w, int h, int link, const struct vrrp_ev *ev,
			   const struct vrrp_out *out)
{
	bool has_let_go = false, has_resigned = false;

	for (unsigned k = 0; k < out->n; k++) {
		has_let_go |= out->item[k].kind == VRRP_OUT_VIP_DEL;
		has_resigned |= out->item[k].kind == VRRP_OUT_SEND && out->item[k].priority == 0;
	}
	if (has_let_go && !has_resigned && ev->kind != VRRP_EV_ADVERT)
		fail(w, "host %d let go of link %d without priority 0", h + 1, link + 1);
}

static void step(struct world *w, int h, int link, const struct vrrp_ev *ev)
{
	struct host *host = &w->host[h];
	struct router *r = &host->router[link];
	enum vrrp_state was = r->v.state;
	struct vrrp_out out;

	vrrp_step(&r->v, w->now, ev, &out);
	w->steps++;
	check_resigned(w, h, link, ev, &out);
	for (unsigned k = 0; k < out.n; k++)
		execute(w, h, link, &out.item[k]);
	group_note_step(&host->group, &r->member, was, w->now, ev);
}

static void check_host(struct world *w, int h)
{
	struct host *host = &w->host[h];
	enum vrrp_notify_state first = vrrp_inst_notify_state(&host->router[0].v);

	for (int l = 0; l < w->n_links; l++) {
		const struct router *r = &host->router[l];

		if (vrrp_inst_notify_state(&r->v) != first && host->is_joining)
			return;
		if (vrrp_inst_notify_state(&r->v) != first)
			fail(w, "host %d is in %s on link 1 and in %s on link %d", h + 1,
			     vrrp_notify_name(first), vrrp_state_name(&r->v), l + 1);
		if (r->has_vip != (r->v.state == VRRP_STATE_ACTIVE))
			fail(w, "host %d, link %d: in %s it %s", h + 1, l + 1,
			     vrrp_state_name(&r->v),
			     r->has_vip ? "holds addresses" : "holds no addresses");
		if ((r->v.faults > 0) != (first == VRRP_NOTIFY_FAULT) && r->v.is_started)
			fail(w, "host %d, link %d: %d faults in %s", h + 1, l + 1, r->v.faults,
			     vrrp_notify_name(first));
	}
	host->is_joining = false;
	if (first != VRRP_NOTIFY_INIT && host->group.told != first)
		fail(w, "host %d is in %s but told %s", h + 1, vrrp_notify_name(first),
		     vrrp_notify_name(host->group.told));
}

static void hear(struct world *w, int h, enum vrrp_notify_state state)
{
	w->host[h].changes++;
	trace(w, "%d    group %s", h + 1, vrrp_notify_name(state));
	for (int l = 0; l < w->n_links; l++) {
		if (vrrp_inst_notify_state(&w->host[h].router[l].v) != state)
			fail(w, "host %d tells %s while link %d is in %s", h + 1,
			     vrrp_notify_name(state), l + 1,
			     vrrp_state_name(&w->host[h].router[l].v));
	}
}

static void settle(struct world *w, int h)
{
	struct host *host = &w->host[h];
	struct group_act act;
	int rounds = 0;

	for (group_next(&host->group, w->now, &act); act.kind != GROUP_ACT_NONE;
	     group_next(&host->group, w->now, &act)) {
		if (act.kind == GROUP_ACT_FEED)
			step(w, h, (int)act.member, &act.ev);
		if (act.kind == GROUP_ACT_NOTIFY)
			hear(w, h, act.state);
		if (++rounds > 8 * LINKS_MAX) {
			fail(w, "host %d does not settle", h + 1);
			return;
		}
	}
	check_host(w, h);
	host->told = host->group.told;
	for (int l = 0; l < w->n_links; l++)
		host->router[l].saved = host->router[l].v;
}

/* Links and weights as they are; nobody is moved before all have heard. */
static void sync_tracking(struct world *w, int h)
{
	struct host *host = &w->host[h];

	for (int l = 0; l < w->n_links; l++) {
		struct router *r = &host->router[l];
		int faults = !r->is_link_up;
		int delta = faults - r->member.faults;

		group_note_faults(&r->member, faults);
		if (r->v.weight != host->weight)
			step(w, h, l,
			     &(struct vrrp_ev){ .kind = VRRP_EV_WEIGHT, .weight = host->weight });
		if (delta)
			step(w, h, l,
			     &(struct vrrp_ev){ .kind = VRRP_EV_FAULT, .fault_delta = delta });
	}
}

static void process_init(struct world *w, int h)
{
	struct host *host = &w->host[h];

	for (int l = 0; l < w->n_links; l++) {
		struct router *r = &host->router[l];

		vrrp_inst_init(&r->v, &r->params, &r->addr);
		r->member = (struct group_member){ .v = &r->v };
		host->members[l] = &r->member;
		for (int t = 0; t < VRRP_TIMER_N; t++)
			r->armed[t] = TIME_NEVER;
	}
	group_init(&host->group, host->members, (unsigned)w->n_links, host->told);
	host->has_process = true;
	host->respawn_at = TIME_NEVER;
}

/* As the daemon does: first what the routers depend on, then their start or adoption. */
static void host_sync(struct world *w, int h)
{
	struct host *host = &w->host[h];

	if (!host->is_up || !host->has_process)
		return;
	sync_tracking(w, h);
	settle(w, h);
	for (int l = 0; l < w->n_links; l++) {
		if (host->router[l].v.is_started == host->want_started)
			continue;
		step(w, h, l,
		     &(struct vrrp_ev){ .kind = host->want_started ? VRRP_EV_START
								   : VRRP_EV_STOP });
	}
	settle(w, h);
}

static void adopt(struct world *w, int h)
{
	struct host *host = &w->host[h];
	struct vrrp_inst saved[LINKS_MAX];

	for (int l = 0; l < w->n_links; l++)
		saved[l] = host->router[l].saved;
	process_init(w, h);
	sync_tracking(w, h);
	for (int l = 0; l < w->n_links; l++) {
		struct vrrp_ev ev = { .kind = VRRP_EV_ADOPT };

		if (!saved[l].is_started)
			continue;
		if (draw(w, 4) == 0) { /* it was no member before */
			host->is_joining = true;
			host->router[l].has_vip = false;
			step(w, h, l, &(struct vrrp_ev){ .kind = VRRP_EV_START });
			continue;
		}
		ev.adopt.state = saved[l].state;
		ev.adopt.adver_at = saved[l].at[VRRP_TIMER_ADVER];
		ev.adopt.preempt_at = saved[l].preempt_at;
		ev.adopt.active_adver_us = saved[l].active_adver_us;
		ev.adopt.active = saved[l].active;
		ev.adopt.active_priority = saved[l].active_priority;
		step(w, h, l, &ev);
	}
	settle(w, h);
}

/* ---- the clock ---- */

struct next {
	time_us at;
	int host, link, timer, frame;
};

static void offer(struct next *n, time_us at, struct next what)
{
	if (time_is_never(at) || time_cmp(at, n->at) > 0)
		return;
	*n = what;
	n->at = at;
}

static struct next find_next(const struct world *w, time_us until)
{
	struct next n = { until, -1, 0, 0, -1 };

	for (unsigned f = 0; f < w->n_frames; f++)
		offer(&n, w->frames[f].at, (struct next){ .host = -1, .frame = (int)f });
	for (int h = 0; h < w->n_hosts; h++) {
		const struct host *host = &w->host[h];

		if (host->is_up && !host->has_process)
			offer(&n, host->respawn_at, (struct next){ .host = h, .timer = -1 });
		for (int l = 0; l < w->n_links && host->is_up && host->has_process; l++)
			for (int t = 0; t < VRRP_TIMER_N; t++)
				offer(&n, host->router[l].armed[t],
				      (struct next){ .host = h, .link = l, .timer = t });
	}
	return n;
}

static void serve_timer(struct world *w, const struct next *n)
{
	const struct vrrp_ev ev = { .kind = VRRP_EV_TIMER, .timer = (enum vrrp_timer)n->timer };
	struct host *host = &w->host[n->host];

	host->router[n->link].armed[n->timer] = TIME_NEVER;
	if (!group_holds_back(&host->group, &ev))
		step(w, n->host, n->link, &ev);
	settle(w, n->host);
}

static void serve_frame(struct world *w, unsigned at)
{
	struct frame frame = w->frames[at];
	struct host *host = &w->host[frame.to];

	w->frames[at] = w->frames[--w->n_frames];
	if (!host->is_up || !host->has_process || !host->router[frame.link].is_link_up)
		return;
	step(w, frame.to, frame.link, &frame.ev);
	settle(w, frame.to);
}

static void run(struct world *w, int64_t for_us)
{
	time_us until = time_add(w->now, for_us);

	while (!w->has_failed) {
		struct next n = find_next(w, until);

		if (time_cmp(n.at, w->now) > 0)
			w->now = n.at;
		if (n.host < 0 && n.frame < 0)
			return;
		if (n.host < 0)
			serve_frame(w, (unsigned)n.frame);
		else if (n.timer < 0)
			adopt(w, n.host);
		else
			serve_timer(w, &n);
	}
}

/* ---- faults ---- */

static void do_crash(struct world *w, int h)
{
	struct host *host = &w->host[h];

	host->is_up = !host->is_up;
	trace(w, "** host %d %s", h + 1, host->is_up ? "is back" : "dies");
	for (int l = 0; l < w->n_links; l++)
		host->router[l].has_vip = false;
	host->is_joining = false;
	host->told = VRRP_NOTIFY_INIT;
	if (host->is_up)
		process_init(w, h);
}

static void do_kill(struct world *w, int h)
{
	struct host *host = &w->host[h];

	if (!host->has_process || !host->is_up)
		return;
	trace(w, "** child of host %d dies", h + 1);
	host->has_process = false;
	host->respawn_at = time_add(w->now, 10000 + draw(w, 50000));
}

static void do_fault(struct world *w)
{
	int h = (int)draw(w, (uint32_t)w->n_hosts), l = (int)draw(w, (uint32_t)w->n_links);
	int to = (int)draw(w, (uint32_t)w->n_hosts);
	struct router *r = &w->host[h].router[l];

	switch (draw(w, 8)) {
	case 0:
	case 1:
		r->is_link_up = !r->is_link_up;
		trace(w, "** link %d of host %d %s", l + 1, h + 1, r->is_link_up ? "up" : "down");
		break;
	case 2:
	case 3:
		w->is_cut[l][h][to] = !w->is_cut[l][h][to];
		trace(w, "** link %d from %d to %d %s", l + 1, h + 1, to + 1,
		      w->is_cut[l][h][to] ? "cut" : "whole");
		break;
	case 4: do_crash(w, h); break;
	case 5: do_kill(w, h); break;
	case 6:
		w->host[h].weight = w->host[h].weight ? 0 : -(int)draw(w, 120);
		trace(w, "** weight of host %d %d", h + 1, w->host[h].weight);
		break;
	default:
		w->host[h].want_started = !w->host[h].want_started;
		trace(w, "** host %d %s", h + 1, w->host[h].want_started ? "starts" : "stops");
		break;
	}
	host_sync(w, h);
}

/* ---- phases ---- */

static unsigned count_changes(const struct world *w)
{
	unsigned n = 0;

	for (int h = 0; h < w->n_hosts; h++)
		n += w->host[h].changes;
	return n;
}

/* A new router has time enough to become what the others are, or they what it is. */
static void check_joined(struct world *w)
{
	for (int h = 0; h < w->n_hosts; h++) {
		const struct host *host = &w->host[h];

		if (host->is_joining && host->is_up && host->has_process && w->is_uniform)
			fail(w, "the routers of host %d do not come together", h + 1);
	}
}

/* Faults one after the other, some of them quickly; then they stay, and so must the groups. */
static void phase_faults(struct world *w)
{
	unsigned n = 1 + draw(w, 8), before;

	w->loss = draw(w, 3) == 0 ? draw(w, 300) : 0;
	for (unsigned i = 0; i < n && !w->has_failed; i++) {
		do_fault(w);
		run(w, draw(w, 4) == 0 ? 1 + draw(w, 5000) : draw(w, 8 * ADVERT_US));
	}
	w->loss = 0;
	run(w, 20 * ADVERT_US);
	check_joined(w);
	before = count_changes(w);
	run(w, 40 * ADVERT_US);
	/* Three that rank differently on their links and do not all hear each other can make a
	 * circle. */
	if ((w->is_uniform || w->n_hosts == 2) && count_changes(w) != before)
		fail(w, "groups change %u times under faults that stay", count_changes(w) - before);
}

static void heal(struct world *w)
{
	trace(w, "** all is well");
	memset(w->is_cut, 0, sizeof(w->is_cut));
	for (int h = 0; h < w->n_hosts; h++) {
		struct host *host = &w->host[h];

		if (!host->is_up)
			do_crash(w, h);
		host->weight = 0;
		host->want_started = true;
		for (int l = 0; l < w->n_links; l++)
			host->router[l].is_link_up = true;
		host_sync(w, h);
	}
}

/* The host that is Active on all links; -1 if there is none, or more than one. */
static int find_active(const struct world *w)
{
	int active = -1, n = 0;

	for (int h = 0; h < w->n_hosts; h++) {
		if (w->host[h].router[0].v.state != VRRP_STATE_ACTIVE)
			continue;
		active = h;
		n++;
	}
	return n == 1 ? active : -1;
}

static void phase_progress(struct world *w)
{
	unsigned before;
	int active;

	heal(w);
	run(w, (w->is_uniform ? 9 : CLASHES_INTERVALS) * ADVERT_US);
	check_joined(w);
	active = find_active(w);
	if (active < 0)
		fail(w, "not one host is active after all faults are gone");
	before = count_changes(w);
	run(w, 20 * ADVERT_US);
	if (count_changes(w) != before || find_active(w) != active)
		fail(w, "host %d does not stay active without faults", active + 1);
	if (w->is_uniform && !w->is_tied && w->host[0].router[0].params.preempt && active != 0)
		fail(w, "host %d is active and not the one with the highest priority", active + 1);
}

static void world_init(struct world *w, uint64_t seed)
{
	bool is_preempting;

	*w = (struct world){ .rng = seed, .seed = seed, .now = { 1000 * US_PER_S } };
	w->n_hosts = 2 + (int)draw(w, HOSTS_MAX - 1);
	w->n_links = 2 + (int)draw(w, LINKS_MAX - 1);
	w->is_uniform = draw(w, 4) > 0;
	is_preempting = draw(w, 4) > 0;
	w->transit_us = draw(w, 2) ? 50 : 500;
	w->late_us = draw(w, 2) ? 1000 : 20;
	w->is_tied = draw(w, 4) == 0;
	for (int h = 0; h < w->n_hosts; h++) {
		for (int l = 0; l < w->n_links; l++) {
			int rank = w->is_uniform ? h : (h + l) % w->n_hosts;
			const uint8_t bytes[4] = { 10, (uint8_t)l, 0, (uint8_t)(200 - rank) };
			struct router *r = &w->host[h].router[l];

			r->addr = addr_from_bytes(bytes, sizeof(bytes));
			r->is_link_up = true;
			r->params = (struct vrrp_params){
				.version = 3,
				.base_priority = (uint8_t)(w->is_tied ? 100 : 200 - 50 * rank),
				.advert_us = ADVERT_US,
				.down_adverts = 3,
				.preempt = is_preempting
			};
		}
		w->host[h].is_up = w->host[h].want_started = true;
		process_init(w, h);
	}
	for (int h = 0; h < w->n_hosts; h++)
		host_sync(w, h);
}

int main(int argc, char **argv)
{
	static struct world w;
	uint64_t seed = 1, worlds = 200, steps = 0;
	double hours = 5;
	bool is_traced = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0)
			is_traced = true;
		else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--worlds") == 0)
			worlds = strtoull(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--hours") == 0)
			hours = strtod(argv[++i], NULL);
		else
			return fprintf(stderr, "unknown option %s\n", argv[i]), 2;
	}
	for (uint64_t k = 0; k < worlds; k++) {
		world_init(&w, seed + k);
		w.is_traced = is_traced;
		for (time_us end = time_add(w.now, (int64_t)(hours * HOUR_US));
		     !w.has_failed && time_cmp(w.now, end) < 0;) {
			phase_faults(&w);
			phase_progress(&w);
		}
		steps += w.steps;
		if (w.has_failed)
			return 1;
	}
	printf("groups: %llu worlds from seed %llu, %.0f hours, %llu steps, no violation\n",
	       (unsigned long long)worlds, (unsigned long long)seed, (double)worlds * hours,
	       (unsigned long long)steps);
	return 0;
}
