/*
 * The VRRP state machine: RFC 9568 section 6 (and RFC 3768 section 6 for v2), as a pure function.
 *
 * No clock, I/O, allocation, log or random inside. The daemon and the simulator run the same code:
 * they feed events and carry out the outputs in order. FAULT of keepalived is Initialize with
 * `faults` > 0.
 */
#ifndef DIARCH_VRRP_FSM_H
#define DIARCH_VRRP_FSM_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/clock.h"

enum vrrp_state { VRRP_STATE_INIT, VRRP_STATE_BACKUP, VRRP_STATE_ACTIVE, VRRP_STATE_N };

/* HANDOVER: a stopped router keeps the addresses until its successor has announced them. */
enum vrrp_timer { VRRP_TIMER_ADVER, VRRP_TIMER_DOWN, VRRP_TIMER_HANDOVER, VRRP_TIMER_N };

/* What the configuration and the tracking say; may change with VRRP_EV_CONFIG. */
struct vrrp_params {
	uint8_t version;       /* 2 or 3 */
	uint8_t base_priority; /* 1..254, 255 = owner */
	int64_t advert_us;     /* own Advertisement_Interval */
	int64_t preempt_delay_us;
	uint32_t down_adverts;              /* 3 in the RFC */
	bool preempt;                       /* Preempt_Mode */
	bool lower_prio_no_advert;          /* RFC 5798: do not answer a losing advertisement */
	bool higher_prio_send_advert;       /* when giving way, send one last advertisement first */
	int64_t learn_min_us, learn_max_us; /* bounds on a learned interval (v3), 0 = none */
	/*
	 * How long the addresses are ours after an advertisement, 0 = until we let go. Shorter than
	 * the down interval of the others, so that a router that hangs is gone before they act.
	 */
	int64_t lease_us;
};

enum vrrp_ev_kind {
	VRRP_EV_START,  /* begin: Startup of RFC 9568 6.4.1 */
	VRRP_EV_STOP,   /* Shutdown, with or without handover */
	VRRP_EV_ADVERT, /* an advertisement that passed every check */
	VRRP_EV_TIMER,
	VRRP_EV_FAULT,  /* +1 / -1 reasons to be in FAULT (link down, tracked object down) */
	VRRP_EV_WEIGHT, /* change of the sum of tracking weights */
	VRRP_EV_CONFIG, /* new parameters */
	VRRP_EV_ADOPT,  /* take over the state of a predecessor process */
	VRRP_EV_YIELD,  /* resign and listen: another member of the group follows somebody */
	VRRP_EV_HOLD,   /* as Backup: wait .hold_us from now, unless an active router is heard */
	VRRP_EV_N
};

struct vrrp_ev {
	enum vrrp_ev_kind kind;
	union {
		struct {
			struct addr src;
			uint8_t priority;
			int64_t adver_us;
		} advert;
		enum vrrp_timer timer;
		/* STOP: how long to keep the addresses for want of a successor; 0 = not at all */
		int64_t handover_us;
		int64_t hold_us; /* VRRP_EV_HOLD */
		int fault_delta; /* VRRP_EV_FAULT */
		int weight;      /* VRRP_EV_WEIGHT: the new sum */
		struct vrrp_params params;
		struct {
			enum vrrp_state state;
			time_us adver_at; /* ACTIVE: next advertisement due */
			time_us preempt_at;
			int64_t active_adver_us;
			struct addr active;
			uint8_t active_priority;
		} adopt;
	};
};

enum vrrp_out_kind {
	VRRP_OUT_SEND,    /* send an advertisement with .priority */
	VRRP_OUT_ARM,     /* arm .timer at .at */
	VRRP_OUT_CANCEL,  /* cancel .timer */
	VRRP_OUT_VIP_ADD, /* install the virtual addresses */
	VRRP_OUT_VIP_DEL,
	VRRP_OUT_ANNOUNCE, /* gratuitous ARP / NA, .announce says on what occasion */
	VRRP_OUT_NOTIFY,   /* state changed .from -> .to (names as keepalived prints them) */
	VRRP_OUT_RENOTIFY, /* still MASTER, after a time in which another router was, too */
	VRRP_OUT_LEASE,    /* the addresses are ours until .at */
	VRRP_OUT_LOG,      /* worth a line: .log */
};

enum vrrp_announce {
	VRRP_ANNOUNCE_TAKEOVER,
	VRRP_ANNOUNCE_LOWER_PRIO,
	VRRP_ANNOUNCE_ADOPT,
	VRRP_ANNOUNCE_STOP
};

enum vrrp_notify_state {
	VRRP_NOTIFY_INIT,
	VRRP_NOTIFY_BACKUP,
	VRRP_NOTIFY_MASTER,
	VRRP_NOTIFY_FAULT,
	VRRP_NOTIFY_STOP
};

enum vrrp_log {
	VRRP_LOG_DOWN_EXPIRED, /* Receive advertisement timeout */
	VRRP_LOG_HIGHER_PRIO,  /* Master received advert from A with higher priority N, ours M */
	VRRP_LOG_HIGHER_ADDR,  /* ... with same priority N but higher IP address than ours */
	VRRP_LOG_LOWER_PRIO, /* Received advert from A with lower priority N, ours M, forcing ... */
	VRRP_LOG_PRIO_ZERO,  /* Backup received priority 0 advertisement */
	VRRP_LOG_DISCARD_LOWER, /* received lower priority (N) advert from A - discarding */
	VRRP_LOG_PRIO_CHANGED,  /* Changing effective priority from A to B */
	VRRP_LOG_PREEMPT_START, /* start preempt delay (s) */
	VRRP_LOG_ACTIVE_SET,    /* master set to A / changed from A to B */
	VRRP_LOG_TWO_OWNERS,    /* two senders with priority 255 */
	VRRP_LOG_TWO_ACTIVE,    /* another router was active beside us */
	VRRP_LOG_LEASE_OVER,    /* we were silent for longer than the lease */
};

struct vrrp_out_item {
	enum vrrp_out_kind kind;
	uint8_t priority;
	enum vrrp_timer timer;
	time_us at;
	enum vrrp_announce announce;
	enum vrrp_notify_state from, to;
	enum vrrp_log log;
	struct addr addr;     /* LOG: the sender */
	struct addr old_addr; /* LOG ACTIVE_SET: the active router before, or unset */
	int64_t a, b;         /* LOG: numbers, old and new or theirs and ours */
};

#define VRRP_OUT_MAX 24

struct vrrp_out {
	unsigned n;
	struct vrrp_out_item item[VRRP_OUT_MAX];
};

/* The virtual router. Plain data; only fsm*.c write it. */
struct vrrp_inst {
	struct vrrp_params params;
	enum vrrp_state state;
	bool is_started;
	int faults;           /* reasons to be in FAULT */
	int weight;           /* sum of tracking weights */
	uint8_t priority;     /* effective: clamp(base + weight, 1, 254); owner 255 */
	struct addr own_addr; /* our source, for the tie-break; set by the owner before START */
	struct addr active;   /* the active router last heard */
	uint8_t active_priority;
	int64_t active_adver_us;  /* learned Active_Adver_Interval */
	time_us at[VRRP_TIMER_N]; /* mirror of what is armed; TIME_NEVER = not */
	time_us preempt_at;       /* preempt delay runs until; TIME_NEVER = not running */
	time_us since;            /* entered this state */
	time_us rival_at;         /* while Active: when another active router was heard last */
	time_us lease_until;      /* while Active, with a lease */
	uint32_t transitions;     /* notified state changes */
};

/* Initialises to Initialize, nothing armed. */
void vrrp_inst_init(struct vrrp_inst *v, const struct vrrp_params *params,
		    const struct addr *own_addr);

/*
 * One step. `out` is overwritten. An Active router whose lease is over gives way before anything
 * else is looked at.
 */
void vrrp_step(struct vrrp_inst *v, time_us now, const struct vrrp_ev *ev, struct vrrp_out *out);

/* RFC 9568 6.1: (256 - priority) * interval / 256; v2 (RFC 3768 6.1): (256 - priority) / 256 s. */
int64_t vrrp_skew_us(uint8_t version, uint8_t priority, int64_t adver_us);

/* down_adverts * interval + skew. */
int64_t vrrp_down_us(const struct vrrp_inst *v);

/* The state as it is notified. */
enum vrrp_notify_state vrrp_inst_notify_state(const struct vrrp_inst *v);

/* The reverse of vrrp_notify_name(); false if unknown. */
bool vrrp_notify_parse(const char *name, enum vrrp_notify_state *out);

/* keepalived's words: INIT BACKUP MASTER FAULT STOP. */
const char *vrrp_state_name(const struct vrrp_inst *v);
const char *vrrp_notify_name(enum vrrp_notify_state s);

/* Parses INIT BACKUP MASTER FAULT (as stored in messages) to a state; false if unknown. */
bool vrrp_state_parse(const char *name, enum vrrp_state *out);

/* Short name of an output or event kind, for traces. */
const char *vrrp_out_name(enum vrrp_out_kind k);
const char *vrrp_ev_name(enum vrrp_ev_kind k);

#endif
