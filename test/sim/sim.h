/*
 * Simulated world of VRRP routers on one LAN: the real packet code, state machine and announcement
 * schedule under a fake clock, a fake network and seeded faults. One thread, no I/O but the trace;
 * a seed replays a run exactly.
 *
 * Test code: runs in test/sim/simulate only.
 */
#ifndef DIARCH_TEST_SIM_SIM_H
#define DIARCH_TEST_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vrrp/announce.h"
#include "vrrp/fsm.h"
#include "vrrp/group.h"
#include "vrrp/pkt.h"

#define SIM_ROUTERS_MAX   7
#define SIM_HOST          SIM_ROUTERS_MAX /* the node that has the ARP cache */
#define SIM_NODES         (SIM_ROUTERS_MAX + 1)
#define SIM_EVENTS_MAX    4096
#define SIM_TRACE_MAX     40
#define SIM_INBOX_MAX     16
#define SIM_LINKS_MAX     4
#define SIM_FRAME_MAX     64
#define SIM_IP_HEADER_LEN 20
#define SIM_NOBODY        (-1)
#define SIM_T0_S          1000 /* the clock of a new world */

/* A frame as a raw socket delivers it: IPv4 header, message, Ethernet padding. */
struct sim_frame {
	uint8_t len;
	uint8_t data[SIM_FRAME_MAX];
};

/* What happens to the world: faults, their ends, and administration. `a` and `b` are nodes, `n` a
 * number. */
enum sim_act {
	SIM_START,
	SIM_STOP,
	SIM_CRASH,      /* the host dies: process, state and addresses */
	SIM_RESTART,    /* the host is back and starts the instance */
	SIM_KILL_CHILD, /* the process dies, the addresses stay; respawned and adopted after n us */
	SIM_RESPAWN,
	SIM_PAUSE,
	SIM_RESUME,
	SIM_LINK_DOWN,
	SIM_LINK_UP,
	SIM_CUT,        /* frames from a to b are lost */
	SIM_CLOG,       /* frames from a to b wait for the end of the clog */
	SIM_CUT_SECOND, /* the same on the second path */
	SIM_ISOLATE,    /* all frames from and to a are lost, on both paths */
	SIM_HEAL, /* the LAN is perfect again: cuts, clogs, loss, duplicates, corruption end */
	SIM_LOSS,
	SIM_DUPLICATE,
	SIM_CORRUPT, /* n: parts per thousand of frames */
	SIM_PRIORITY,
	SIM_WEIGHT,
	SIM_INTERVAL, /* n: us */
	SIM_MEND,     /* the end of a cut */
	SIM_LOSE,     /* the frames that are on their way from a to b are lost */
	SIM_DELAY,    /* ... take n us longer */
	SIM_FRAMES_FIRST,
	SIM_TIMERS_FIRST, /* who has both a frame and a timer at one instant begins with these */
	SIM_ACT_N
};

struct sim_action {
	enum sim_act act;
	int a, b;
	int64_t n;
};

struct sim_event {
	int64_t at_us;
	uint64_t seq; /* first scheduled, first served */
	enum sim_event_kind { SIM_EV_FRAME, SIM_EV_GARP, SIM_EV_ACTION } kind;
	int from, to;
	struct sim_frame frame;
	bool is_second; /* it goes by the second path */
	struct sim_action action;
};

enum sim_process { SIM_RUNNING, SIM_CHILD_DEAD, SIM_HOST_DOWN };

struct sim_router {
	struct addr addr;
	struct vrrp_params params; /* as configured; the instance is told when it can listen */
	int weight;
	bool want_started;
	bool is_link_up;
	int tracked_faults; /* objects that are down, apart from the link */
	enum vrrp_sum_form sum_form;
	struct announce_params announce_params;

	enum sim_process process;
	bool is_paused;
	uint32_t generation; /* of the process; a respawn of an older one is void */
	struct vrrp_inst v;
	struct vrrp_group *group; /* or NULL; of whoever made the world */
	struct group_member member;
	bool is_held_back; /* its down timer went off, and the group has not voted */
	struct announce announce;
	time_us armed[VRRP_TIMER_N]; /* what the outputs asked for */
	int64_t late_us;             /* how late its next timer fires */
	int64_t handover_us;         /* how long it waits for a successor when stopped, 0 = not */
	bool is_hastened;            /* as Backup: the last it heard was priority 0 */
	time_us lease_end;           /* when the kernel drops the addresses */
	time_us rival_at;            /* when it last had a rival, by our own account */

	bool is_adopting; /* the new process does not yet know what its predecessor held */

	bool has_vip;           /* the kernel's view: it outlives the process */
	struct vrrp_inst saved; /* the parent's view, for the next process */
	enum vrrp_notify_state told;
	unsigned n_inbox; /* frames that wait for a paused process */
	struct sim_frame inbox[SIM_INBOX_MAX];
};

/* One line of the trace; formatted only when somebody reads it. */
struct sim_line {
	time_us at;
	int link;
	int router;
	bool is_action;
	struct sim_action action;
	struct vrrp_ev ev;
	struct vrrp_out out;
	const char *state;
};

struct sim {
	uint64_t rng;
	time_us now;
	int link; /* which one of several that hosts are on, from 1; 0 = the only one */
	int n_routers;
	struct sim_router router[SIM_ROUTERS_MAX];
	bool is_cut[SIM_NODES][SIM_NODES];
	bool is_clogged[SIM_NODES][SIM_NODES];
	bool has_second; /* advertisements go by a second path, too */
	bool is_cut_second[SIM_NODES][SIM_NODES];
	int64_t delay_min_us, delay_max_us, late_max_us;
	int64_t lease_late_max_us;         /* of the kernel */
	uint32_t loss, duplicate, corrupt; /* per thousand */
	bool is_lan_perfect;               /* for ever: faults are those of hosts only */
	enum { SIM_ORDER_DRAWN, SIM_ORDER_FRAMES, SIM_ORDER_TIMERS } order;
	unsigned inbox_max;
	int arp; /* the router the host last heard of, or SIM_NOBODY */

	uint64_t steps, frames, drops, seq;
	size_t n_events;
	struct sim_event *events; /* heap */

	bool is_traced; /* print every line at once */
	unsigned n_lines;
	struct sim_line *lines; /* ring */
	bool has_failed;
	char failure[200];
};

/*
 * A world of `n_routers` with `params` each and a clean LAN. The routers may be configured one by
 * one before sim_boot(); after it the processes run and nobody is started. Out of memory ends the
 * program.
 */
struct sim *sim_new(uint64_t seed, int n_routers, const struct vrrp_params *params);
void sim_boot(struct sim *sim);
void sim_free(struct sim *sim);

/* A number below `n`, or between both ends, from the world's own generator. */
uint32_t sim_draw(struct sim *sim, uint32_t n);
int64_t sim_draw_between(struct sim *sim, int64_t min, int64_t max);

/* Does it now, or in `delay_us`. */
void sim_do(struct sim *sim, struct sim_action action);
void sim_schedule(struct sim *sim, int64_t delay_us, struct sim_action action);

/* Serves the next event at or before `until`; false (and the clock at `until`) when there is none.
 */
bool sim_run_one(struct sim *sim, time_us until);

/* When the next event is due; INT64_MAX: never. */
time_us sim_next(const struct sim *sim);

/* Tells router `i` what was changed in its configuration, tracking and administration. */
void sim_sync(struct sim *sim, int i);

/* One step of router `i`, with every check: what its group says. */
void sim_step(struct sim *sim, int i, const struct vrrp_ev *ev);

/* Records the first violation; the run is over. */
void sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "crash"; and the reverse, SIM_ACT_N if there is none of that name. */
const char *sim_act_name(enum sim_act act);
enum sim_act sim_act_parse(const char *name);

/* ---- sim_trace.c ---- */

/* A line of the trace: what happens to the world, or what a step of router `i` made of an event. */
void sim_trace_action(struct sim *sim, const struct sim_action *action);
void sim_trace_step(struct sim *sim, int i, const struct vrrp_ev *ev, const struct vrrp_out *out);

/* The last lines, or one. */
void sim_trace_print(const struct sim *sim);
void sim_line_print(const struct sim_line *line);

/* ---- sim_heap.c ---- */

/* A copy of an event takes its turn; too many fail the world. The first one, of which there is one.
 */
void sim_event_push(struct sim *sim, const struct sim_event *event);
struct sim_event sim_event_pop(struct sim *sim);

/* Makes the first `at` + 1 events a heap, if the first `at` are. */
void sim_event_rise(struct sim *sim, size_t at);

/* ---- sim_packet.c ---- */

/* The frame that a router sends with `priority`. */
void sim_frame_build(const struct sim_router *r, uint8_t priority, struct sim_frame *frame);

/* What a router makes of a frame; false if it drops it. */
bool sim_frame_decode(const struct sim_router *r, const struct sim_frame *frame,
		      struct vrrp_ev *ev);

/* ---- sim_check.c ---- */

/*
 * The invariants of one step of router `i`: what the outputs must be, against rules written down a
 * second time from the RFC (before they are carried out), and what must hold of the router
 * afterwards.
 */
void sim_check_outputs(struct sim *sim, int i, const struct vrrp_inst *before,
		       const struct vrrp_ev *ev, const struct vrrp_out *out);
void sim_check_state(struct sim *sim, int i);

/* The step before the step, when the lease of a router is over: it gives way without a word. */
void sim_check_lapse(struct sim *sim, int i, const struct vrrp_out *out);

/* With leases and a LAN without faults: nobody who hangs holds the addresses when another takes
 * over. */
void sim_check_alone(struct sim *sim, int i);

/* Skew, and intervals plus skew, of an instance by the RFC's formula in a form of our own. */
int64_t sim_skew_us(const struct vrrp_inst *v);
int64_t sim_down_us(const struct vrrp_inst *v);

/* ---- sim_units.c: several links, whose routers belong together ---- */

/* The routers of a host that are Active together: a sync group, or one alone. */
struct sim_unit {
	struct vrrp_group group;
	struct group_member *members[SIM_LINKS_MAX];
	int links[SIM_LINKS_MAX]; /* by member */
	bool is_joining;          /* a router is new to the group */
};

/* The link whose next event is the first of all, and when that is; one clock for all. */
struct sim *sim_links_next(struct sim *const *link, int n_links, time_us *at);
void sim_links_set_clocks(struct sim *const *link, int n_links, time_us now);

/* The router of host `h` that is a member. */
struct sim_router *sim_unit_member(struct sim *const *link, int h, const struct sim_unit *unit,
				   unsigned i);

/* A new process of the host, which knows what its predecessor told last; or a new host. */
void sim_unit_init(struct sim_unit *unit, bool is_new_host);

/* Whether the process of host `h` runs. */
bool sim_unit_has_process(struct sim *const *link, int h, const struct sim_unit *unit);

/* Does what the group of host `h` says until it says no more, and checks that its routers agree. */
void sim_unit_settle(struct sim *const *link, int h, struct sim_unit *unit);

/* Hosts with one router on each link; with several links those of a host are a sync group. */
struct sim_links {
	int n;
	struct sim *link[SIM_LINKS_MAX];
	struct sim_unit unit[SIM_ROUTERS_MAX]; /* by host */
};

#define SIM_ALL_LINKS (-1)

/* The first router of a link gets what the last one has to rank by, and so on. Before sim_boot().
 */
void sim_cross(struct sim *sim);

/* sim_boot() for all links, which the caller has made and frees. */
void sim_links_boot(struct sim_links *w);

/* As sim_run_one(); and sim_do() on one link or on all. */
bool sim_links_run_one(struct sim_links *w, time_us until);
void sim_links_do(struct sim_links *w, int l, struct sim_action action);

/* The link on which something was violated, or NULL. */
struct sim *sim_links_failure(const struct sim_links *w);

/* ---- sim_random.c ---- */

struct sim_hosts;

/* A world whose shape follows from the seed; `n_routers` 0 leaves their number to the seed, too. */
struct sim *sim_random_new(uint64_t seed, int n_routers);

/* Faults, healing, demand for progress, again and again for `duration_us`; false if a property was
 * violated. */
bool sim_random_run(struct sim *sim, int64_t duration_us);

/* ---- sim_hosts.c ---- */

/*
 * Hosts with a router on each of several links, in sync groups or alone, with trackers; priorities,
 * versions, intervals and settings follow from the seed. Each link is a `struct sim` with all its
 * checks; one of them has failed when a property was violated.
 */
struct sim_hosts *sim_hosts_new(uint64_t seed);
void sim_hosts_free(struct sim_hosts *hosts);

/* Link `l` from 0; NULL: there are no more. Owned by `hosts`. */
struct sim *sim_hosts_link(struct sim_hosts *hosts, int l);

/* As sim_random_run(). */
bool sim_hosts_run(struct sim_hosts *hosts, int64_t duration_us);

/* ---- sim_script.c ---- */

/* Runs the scenario in a file, saying what went wrong; test/sim/README tells the language. */
bool sim_script_run(const char *path, bool is_traced);

#endif
