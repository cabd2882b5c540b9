/*
 * A vrrp_sync_group as a pure state machine with one vote: its routers are Active together or not
 * at all.
 *
 * No clock, I/O, allocation or log inside. The owner of the routers runs one step of a router,
 * tells the group (group_note...), and then carries out what group_next() says until that is
 * nothing. The daemon and the simulator do the same.
 *
 * The rules, which keep two such groups from pushing each other back and forth:
 *	FAULT	while any member has a reason of its own, all are in FAULT.
 *	MASTER	when every member's Active_Down_Timer has run out: no member hears a router that it
 *		would follow. The timer of a member is held back until then.
 *	BACKUP	as soon as one member follows another router. The others resign with priority 0, so
 *		that their successor waits only its skew.
 *
 * Where two groups rank differently on their links, or tie and have the greater address on one link
 * each, both give way when they rise together, and would again and again: there is no order to
 * decide by. Whoever gave way and hears at once that its rival did so too therefore waits a number
 * of slots before it rises again, drawn anew from a window that doubles each time, as Ethernet does
 * after a collision. The one that rises alone stays: the other follows it on one link at least.
 */
#ifndef DIARCH_VRRP_GROUP_H
#define DIARCH_VRRP_GROUP_H

#include "vrrp/fsm.h"

/* A router in a group. The owner of the router sets `v`; the rest belongs to group.c. */
struct group_member {
	struct vrrp_inst *v;
	int faults;   /* own reasons to be in FAULT, see group_note_faults() */
	bool is_held; /* in FAULT for another member's sake */
};

struct vrrp_group {
	struct group_member **members; /* in the order of the configuration; the owner's array */
	unsigned n;
	bool is_outvoted; /* a member follows another router: the Active ones are to resign */
	bool is_synced;   /* the line about the move under way is out */
	bool is_clash;    /* the rival gave way as well: wait before the next rise */
	unsigned clashes; /* in a row */
	time_us lost_at;  /* when an Active member gave way last */
	enum vrrp_notify_state told; /* what was notified last */
	time_us since;
	uint32_t transitions;
};

enum group_act_kind {
	GROUP_ACT_NONE,   /* settled */
	GROUP_ACT_FEED,   /* run a step of `member` with `ev`, then group_note_step() */
	GROUP_ACT_SYNC,   /* worth a line: the others follow a member to `state` */
	GROUP_ACT_NOTIFY, /* all members are in `state` now */
};

struct group_act {
	enum group_act_kind kind;
	unsigned member;
	struct vrrp_ev ev;
	enum vrrp_notify_state state;
};

/* A group that was last in `told` (VRRP_NOTIFY_INIT for a new one). */
void group_init(struct vrrp_group *g, struct group_member **members, unsigned n,
		enum vrrp_notify_state told);

/* A router outside of any group that is still held by one leaves FAULT: what to feed it. */
bool group_release(struct group_member *m, struct vrrp_ev *ev);

/* The number of a member's own reasons for FAULT; its owner has fed, or will feed, the change. */
void group_note_faults(struct group_member *m, int faults);

/* A member made a step: `was` is its state before, `ev` what it was fed. */
void group_note_step(struct vrrp_group *g, const struct group_member *m, enum vrrp_state was,
		     time_us now, const struct vrrp_ev *ev);

/*
 * Whether an expiry is to be kept from a member: its Active_Down_Timer speaks only through
 * group_next(). `g` may be NULL: no group.
 */
bool group_holds_back(const struct vrrp_group *g, const struct vrrp_ev *ev);

/* What is to be done next; fills `act`. */
void group_next(struct vrrp_group *g, time_us now, struct group_act *act);

#endif
