/*
 * The VRRP child's objects: the process, the interfaces it uses, and its virtual routers.
 *
 *	vrrp_main.c	  the role: configurations, changes told by the kernel, stop
 *	refresh.c	  what follows from changes of links and addresses
 *	vrrp_if.c	  interfaces
 *	vrouter.c	  a virtual router: events in, outputs of the state machine carried out
 *	vip_list.c	  lists of addresses
 *	vrouter_vips.c	  its addresses
 *	vrouter_announce.c their announcements
 *	vrouter_apply.c	  what it holds, and what the kernel has
 *	route_set.c	  routes and rules
 *	vmac.c		  its interfaces with the virtual router MAC
 *	sysctl.c	  settings of the kernel, changed while we run
 *	redirects.c	  ICMP redirects while a router holds addresses
 *	lease_table.c	  short leases
 *	firewall.c	  packets to addresses that are not accepted
 *	statics.c	  addresses, routes and rules that are always there
 *	vrouter_track.c	  its reasons for FAULT and its priority
 *	vrouter_uses.c	  the trackers and interfaces it depends on
 *	vrouter_receive.c its packets
 *	vrouter_auth.c	  their authentication
 *	second_path.c	  the same by another way
 *	peer_finder.c	  unicast peers that the kernel has lost
 *	vrouter_others.c  who else speaks with its number
 *	sync_group.c	  routers that change state together
 *	vrouter_sync.c	  waiting for IPVS connections
 *	vrrp_report.c	  what the parent and the log are told
 * Private to these files.
 */
#ifndef DIARCH_VRRP_VRRP_APP_H
#define DIARCH_VRRP_VRRP_APP_H

#include "lib/nl.h"
#include "lib/role.h"
#include "vrrp/addr_diff.h"
#include "vrrp/announce.h"
#include "vrrp/bfd_sessions.h"
#include "vrrp/firewall.h"
#include "vrrp/fsm.h"
#include "vrrp/group.h"
#include "vrrp/lease_table.h"
#include "vrrp/pacer.h"
#include "vrrp/peer_finder.h"
#include "vrrp/pkt.h"
#include "vrrp/redirects.h"
#include "vrrp/route_set.h"
#include "vrrp/rx_buffer.h"
#include "vrrp/second_path.h"
#include "vrrp/start_delay.h"
#include "vrrp/statics.h"
#include "vrrp/sysctl.h"
#include "vrrp/tracker.h"
#include "vrrp/vip_list.h"
#include "vrrp/vmac.h"
#include "vrrp/vrrp_conf.h"
#include "vrrp/vrrp_io.h"

/* Of an interface: IPv4 and IPv6. */
enum { VRRP_SIDE_V4, VRRP_SIDE_V6, VRRP_SIDE_N };

/* ---- the process ---- */

/* Finds the router that an address belongs to. */
struct vip_ref {
	struct addr addr;
	struct vrouter *router;
	uint32_t vip;
};

/* Interfaces or addresses changed, and the routers must hear of it: a round. */
struct refresh {
	struct timer timer;
	bool is_asked;    /* since the round began, if there is one */
	bool is_round;    /* has begun, with routers left from `next` on */
	bool is_doubtful; /* in this round: what they hold may be gone */
	uint32_t next;
	time_us retry_at; /* something could not be had */
};

struct vrrp_app {
	struct role *role;
	struct loop *loop;
	struct nl *nl;
	int arp_fd;           /* announce IPv4 ... */
	int ndisc_fd;         /* ... and IPv6 addresses; -1 on a host without IPv6 */
	uint32_t fragment_id; /* of the last datagram that vmac.c cut */
	struct vrrp_if *ifs;
	struct statics statics;
	struct firewall firewall;
	struct lease_table leases;
	struct vmac *vmacs;
	const char *vmac_prefix, *vmac_addr_prefix; /* of the configuration */
	bool sends_redirects;     /* of the configuration: leave them as they are */
	struct sysctls *sysctls;  /* changed by us */
	struct vrouter **routers; /* in the order of the configuration */
	uint32_t n_routers;
	struct bfd_sessions *bfd;
	struct trackers *trackers;
	struct timer start_timer; /* vrrp_startup_delay, vrrp_delay_after_boot */
	time_us start_at;         /* when they end; TIME_NEVER = it is over, or there is none */
	struct start_delay start_delay;
	struct timer beat_timer; /* links that are polled */
	struct sync_group *groups;
	uint32_t n_groups;
	struct second_path *second_paths[VRRP_SIDE_N][256]; /* by VRID */
	struct peer_finder finder;
	struct vip_ref *vip_refs; /* of all routers, sorted by address */
	uint32_t n_vip_refs;
	struct addr_want
		*wants; /* scratch for whoever has the most addresses, routes and rules ... */
	struct route_want *route_wants;
	struct nl_op *ops; /* ... and twice as many operations */
	uint32_t n_scratch;
	struct msg **saved; /* state of a predecessor, until the first commit */
	uint32_t n_saved;
	struct refresh refresh;
	struct {
		struct timer timer;
		uint32_t next;  /* router to look at */
		bool is_more;   /* that changed while a round is under way */
		uint64_t asked; /* the parent's number of its question, 0 = none */
	} counters;
	bool is_committed;
	struct rt_dirs rt_dirs;  /* of the configuration */
	bool are_routes_changed; /* routes or rules are not as they were */
	bool is_if_replaced;     /* an interface came or went, and addresses with it */
	bool is_stopping;
	struct pacer *group_pacers; /* PACER_N for each garp_group */
	bool is_min_garp, is_repeat_set, is_delay_set, is_refresh_set; /* of vrrp_min_garp */
	struct rx_policy rx_policy;
	bool logs_unknown;           /* log_unknown_vrids */
	uint64_t drops[VRRP_DROP_N]; /* packets that belong to no router */
	struct log_limit drop_limit;
};

/* While the process stops: ends when no router waits for a successor any more. */
void vrrp_app_leave(struct vrrp_app *app);

/* Looks at interfaces and addresses again: at once, after a while. */
void vrrp_app_refresh_soon(struct vrrp_app *app);
void vrrp_app_refresh_in(struct vrrp_app *app, int64_t delta_us);

/* -- vrrp/refresh.c; the routers are others: a round that has not ended begins anew -- */
void vrrp_refresh_init(struct vrrp_app *app);
void vrrp_refresh_done(struct vrrp_app *app);
void vrrp_refresh_restart(struct vrrp_app *app);

/*
 * Whether this address moves with a router, and so cannot be the source of packets; those of an
 * address owner may. `arg` is the struct vrrp_app.
 */
bool vrrp_app_is_moving(const struct addr *addr, void *arg);

/* Whether a router that is active has this address on this interface with this prefix length. */
bool vrrp_app_is_held(const struct vrrp_app *app, const struct nl_addr *addr);

/* Whether packets to this address, there, are dropped for an active router. */
bool vrrp_app_is_dropped(const struct vrrp_app *app, const struct vip *vip);

/* Whether a router that is active, or the host itself, has this route or rule. */
bool vrrp_app_holds_route(const struct vrrp_app *app, const struct nl_route *route);
bool vrrp_app_holds_rule(const struct vrrp_app *app, const struct nl_rule *rule);

/* Makes room in the scratch for `n` addresses, routes and rules together. */
void vrrp_app_reserve(struct vrrp_app *app, uint32_t n);

/* ---- interfaces ---- */

/* What an interface has once for IPv4 and once for IPv6. */
struct vrrp_side {
	int family;
	struct addr source; /* of packets: first address that is no virtual one; may be unset */
	struct vio vio;
	struct vio ah;       /* open while a router uses AH */
	time_us drained_at;  /* the pass of the loop in which all that waited was read */
	bool is_source_lost; /* by now; another one, or the same again, may be there already */
	unsigned n_users;    /* routers that run on it, and second paths: without one no socket */
	bool is_unknown_logged[256];  /* a packet with this VRID, which no router has */
	struct vrouter *by_vrid[256]; /* routers that run on it, the youngest first */
	bool is_heard[256];           /* VRIDs of all packets so far */
	struct vrrp_if *vif;
};

/* An interface that some router runs on, tracks or has addresses on, whether it exists or not. */
struct vrrp_if {
	struct vrrp_if *next;
	struct vrrp_app *app;
	unsigned users;
	char name[IF_NAMESIZE];
	char weights[TRACK_WEIGHTS_MAX]; /* at the instances that track it */
	bool is_any;                     /* VRRP_ANY_INTERFACE: no interface, all of them */
	uint32_t ifindex;                /* 0 = does not exist */
	time_us since;                   /* of is_up */
	bool is_known;                   /* was looked up once: later changes are news */
	bool is_up;                      /* what counts: the link, after its delays */
	struct track_damp damp;
	int64_t up_delay_us, down_delay_us;
	int linkbeat;       /* enum linkbeat, -1 = the kernel knows */
	bool is_beat_known; /* the driver has answered */
	bool is_beating;
	int beat_error; /* why not as configured, 0 = it has */
	struct timer delay_timer;
	bool has_mac, is_mac_new; /* it is not what it was when we looked last */
	bool is_hello_due;        /* unicast peers may not know our link address there */
	uint8_t mac[6];
	struct vrrp_side sides[VRRP_SIDE_N];
	unsigned n_gateways; /* routers that hold IPv4 addresses here, as redirects.h counts them */
	struct pacer own_pacers[PACER_N];
	struct pacer *pacers[PACER_N]; /* its own, or those of its garp_group */
};

/* Finds or creates; one user more. */
struct vrrp_if *vrrp_if_get(struct vrrp_app *app, const char *name);

/* Takes delays and polling of links from the configuration, for all interfaces there are. */
void vrrp_ifs_set_conf(struct vrrp_app *app, const struct root_conf *root);

/* Time to ask the drivers; `arg` is the application. */
void vrrp_on_beat(struct timer *timer, void *arg);

/* One user less. NULL is fine. */
void vrrp_if_put(struct vrrp_if *vif);

/* Asks the tables of links and addresses how it is now, and opens or closes the socket accordingly.
 */
void vrrp_if_refresh(struct vrrp_if *vif);
void vrrp_if_refresh_all(struct vrrp_app *app);

/* An address was removed, perhaps the source: the next refresh must know, whatever is there then.
 */
void vrrp_if_on_addr_gone(struct vrrp_app *app, const struct nl_addr *addr);

/* Delivers what has arrived by now. */
void vrrp_side_drain(struct vrrp_side *side);

/* One user more, or less, of the socket. */
void vrrp_side_hold(struct vrrp_side *side);
void vrrp_side_release(struct vrrp_side *side);

/* A router begins or ends to run on its side of its interface. */
void vrrp_if_attach(struct vrouter *r);
void vrrp_if_detach(struct vrouter *r);

/* The router's group changed from `old` (unset = unicast). */
void vrrp_if_regroup(const struct vrouter *r, const struct addr *old);

/* ---- virtual routers ---- */

/* An interface in track_interface, or that of an address elsewhere (weight 0). */
struct vrouter_watch {
	struct vrrp_if *vif;
	int weight; /* 0 = FAULT while down */
	bool is_reverse;
};

/* A tracker, and what it means here. */
struct vrouter_use {
	struct tracker *tracker;
	struct track_use use;
};

enum vrouter_fault {
	VROUTER_FAULT_NONE,
	VROUTER_FAULT_IF_MISSING,
	VROUTER_FAULT_IF_DOWN,
	VROUTER_FAULT_IF_UP, /* tracked with `reverse` */
	VROUTER_FAULT_NO_SOCKET,
	VROUTER_FAULT_NO_GROUP, /* it would hear nobody */
	VROUTER_FAULT_NO_SOURCE,
	VROUTER_FAULT_TRACKER,
	VROUTER_FAULT_NO_PEER, /* unicast_fault_no_peer */
	VROUTER_FAULT_UNABLE,  /* to set an address, route or rule */
	VROUTER_FAULT_STATIC,  /* a static one with a track group is missing */
};

/* What the surroundings say, see vrouter_track(). */
struct vrouter_track {
	int faults;
	int awaited; /* trackers that must answer before the router starts */
	int weight;
	enum vrouter_fault fault; /* the first, and where */
	const struct vrrp_if *vif;
	const struct tracker *tracker;
};

/* How advertisements are authenticated, and what was seen of it. */
struct vrouter_auth {
	const struct hmac_conf *hmac; /* NULL = no auth_hmac */
	struct vrrp_hmac_key *keys;
	unsigned n_keys;
	const struct vrrp_hmac_key *active_key; /* NULL = do not sign */
	int64_t window_us;
	struct vrrp_stamp_clock clock; /* ahead_us 0 = not set yet */
	struct vrrp_replay replay[VRRP_PATH_N];
	uint32_t ah_sequence;         /* the last one sent or heard, or where to begin */
	bool is_ah_used;              /* it was sent or heard */
	struct vrrp_hmac_stamp stamp; /* of the advertisement being sent */
};

/* Another router that is master while this one is. */
struct vrouter_rival {
	struct addr addr; /* unset = none */
	time_us since, last;
	bool is_alarmed;    /* it does not give way */
	struct timer timer; /* nothing more was heard of it */
	struct log_limit limit;
};

/* A sender whose packets were dropped. */
struct vrouter_foreign {
	struct addr src;
	enum vrrp_drop reason; /* of the last packet */
	uint64_t packets;      /* 0 = the place is free */
	time_us last;
	bool is_dirty; /* the parent does not know yet */
};

#define VROUTER_FOREIGN_MAX 4
#define VROUTER_RECORD_MAX  512

struct vrouter {
	/* What each advertisement touches, close together: there may be thousands of routers. */
	struct vrrp_app *app;
	const struct vrrp_conf *conf; /* part of the running configuration */
	struct vrrp_inst fsm;
	struct timer timers[VRRP_TIMER_N];
	struct vrrp_side *side;  /* of vif, for our family */
	struct addr *advertised; /* addresses in our packets */
	struct vrrp_peer *peers;
	struct vmac *vmac;           /* its own interface; NULL = none */
	struct second_path *second;  /* NULL = it has none */
	struct sync_group *group_of; /* NULL = in no group */
	uint8_t n_advertised;
	bool is_send_failing;
	bool is_stats_dirty;
	bool is_record_stale;             /* something beside the state machine may have changed */
	enum vrrp_sum_form sum_form;      /* of our packets to a group */
	enum vrrp_sum_form peer_sum_form; /* of the last advertisement accepted */
	struct addr group;                /* joined; unset for unicast */
	struct vrrp_expect expect;
	struct msg_vrrp_stats stats;
	struct vrrp_inst reported; /* after the last step, less what each advertisement changes */
	struct vrouter_auth auth;

	struct group_member member;
	struct vrrp_if *vif;
	struct vrouter *next_of_vrid; /* on this side */
	struct addr source;           /* of our packets; unset = none */

	struct vmac *vmacs; /* its own and those of single addresses */
	struct vip_list vips;
	struct route_set routes;
	struct vip_list old_vips; /* during a commit: what the last configuration had */
	struct route_set old_routes;
	bool holds_vips;
	bool is_gateway;        /* counted in n_gateways of its interfaces */
	bool is_leaving;        /* no later pass will finish what is left */
	bool is_deleted;        /* no longer in the configuration */
	bool is_vip_lost;       /* somebody took an address away */
	struct timer vip_timer; /* addresses are not yet as they should be */
	struct log_limit vip_limit, duplicate_limit, repair_limit;
	time_us sync_since; /* the director receives IPVS connections; TIME_NEVER = it does not */
	time_us warm_at;    /* preempt_sync_delay is over */
	struct timer warm_timer;
	time_us repair_next_at;
	unsigned n_tries;  /* to set something tracked, that failed in a row */
	bool is_unable;    /* and so we are in FAULT, until the timer says otherwise */
	int64_t unable_us; /* how long, the last time; 0 = never */
	char unable_what[128];
	struct announce announce;
	int announce_again;       /* address whose packet could not go, -1 = none */
	bool is_announce_due;     /* its turn has come: the pacer was asked already */
	struct timer extra_timer; /* announcements on other interfaces */
	struct timer announce_timer;

	struct vrouter_watch *watches;
	uint32_t n_watches;
	struct vrouter_use *uses;
	uint32_t n_uses;
	bool is_waiting; /* to be started: for trackers, or for the end of a delay */
	struct vrouter_track track;

	struct vrouter_rival rival;
	struct vrouter_foreign foreign[VROUTER_FOREIGN_MAX];
	uint32_t drops_logged; /* bit per enum vrrp_drop */
	struct log_limit drop_limit;
	bool is_addrs_logged, is_interval_logged;
	struct log_limit lower_limit; /* lines that each losing advertisement would cause */

	const char *cause;     /* of the step in progress */
	char reason[64];       /* of the last transition */
	time_us adopted_since; /* the predecessor's, while the state is still the adopted one */
	uint32_t adopted_transitions;
	uint8_t published[VROUTER_RECORD_MAX]; /* last vrrp_state, encoded */
	size_t n_published;
};

/* Whether `conf` can be carried out; if not, the reason in `why`. 0 or -errno. */
int vrouter_check_conf(const struct vrrp_conf *conf, char *why, size_t size);

/* A router that is not started. Fatal when out of memory. */
struct vrouter *vrouter_new(struct vrrp_app *app, const struct vrrp_conf *conf);
void vrouter_free(struct vrouter *r);

/* Whether `conf` describes this router: same family, interface and VRID. */
bool vrouter_is_match(const struct vrouter *r, const struct vrrp_conf *conf);

/* First half of a reload: takes the new configuration over; nothing is carried out yet. */
void vrouter_set_conf(struct vrouter *r, const struct vrrp_conf *conf);

/* Second half, when all routers have theirs: parameters, addresses and announcements follow. */
void vrouter_apply_conf(struct vrouter *r);

/* Parameters of the state machine follow configuration and surroundings. */
void vrouter_reconfigure(struct vrouter *r);

/* ---- vrouter_sync.c ---- */

void vrouter_sync_init(struct vrouter *r);
void vrouter_sync_done(struct vrouter *r);

/* The configuration is another one. */
void vrouter_sync_conf(struct vrouter *r);

/* Whether preempting has to wait for IPVS connections (preempt_sync_delay). */
bool vrouter_sync_is_cold(const struct vrouter *r);

/* The parent tells how the sync daemons are. */
void vrrp_app_on_sync(struct vrrp_app *app, const struct msg_sync_state *state);

/* What the router needs around it is there: its own interface, settings of the kernel. */
void vrouter_ensure(struct vrouter *r);

/* Begins, or goes on where the predecessor with this vrrp_state (may be NULL) was. */
void vrouter_start(struct vrouter *r, const struct msg_vrrp_state *saved);

/*
 * Resigns and lets go of the addresses, or keeps them until a successor has announced them;
 * vrouter_sync_vips() must follow, which may take long.
 */
void vrouter_stop(struct vrouter *r, const char *cause, bool is_handover);

/* Stopped, but still forwarding for want of a successor. */
bool vrouter_is_handing_over(const struct vrouter *r);

/* Starts a router that waits, if nothing keeps it any more. */
void vrouter_try_start(struct vrouter *r);

/* One event through the state machine; carries out what comes out. `cause` goes into the report. */
void vrouter_feed(struct vrouter *r, const struct vrrp_ev *ev, const char *cause);

/* The same without a look at its group. */
void vrouter_step(struct vrouter *r, const struct vrrp_ev *ev, const char *cause);

/* -- what it holds: vrouter_apply.c -- */

/*
 * Writes to app->ops what makes the kernel agree with what all routers hold of these lists, in the
 * right order, and returns how many there are. A repair leaves alone what is not tracked.
 */
unsigned vrrp_app_diff(struct vrrp_app *app, const struct vip_list *vips, struct route_set *set,
		       bool is_repair);

/*
 * The interface has another name now: what all routers and the host hold on it under the old one is
 * removed, for nobody would look for it there again. Called while `vif` still has its number.
 */
void vrrp_app_abandon(struct vrrp_app *app, const struct vrrp_if *vif);
void vrrp_app_abandon_lists(struct vrrp_app *app, const struct vip_list *vips,
			    const struct route_set *set, const struct vrrp_if *vif);

/* What an operation is about, for the log. */
void vrrp_op_name(const struct nl_op *op, const struct nl *nl, char *text, size_t size);

/* Puts back what is missing of what is tracked. */
void vrouter_repair(struct vrouter *r);

/* Remembers which routes are there: what takes their place later may go. */
void vrouter_note_routes(struct vrouter *r);

/* Makes the interfaces agree with what the routers hold; what does not work now is tried again
 * later. */
void vrouter_sync_vips(struct vrouter *r);

/* An active router cannot have `what` it needs: somebody else may. FAULT, each time for longer. */
void vrouter_become_unable(struct vrouter *r, const char *what);

/* Removes what only the last configuration had, and frees old_vips. */
void vrouter_drop_old_vips(struct vrouter *r);

/*
 * Remembers which addresses are there without us: an address owner's stay when it stops. Kernels
 * before 5.18 do not tell, so there this is only right while none of them can be ours.
 */
void vrouter_mark_foreign(struct vrouter *r);

void vrouter_claim_vips(struct vrouter *r);
void vrouter_release_vips(struct vrouter *r);

/* The kernel drops the addresses when the lease is not renewed in time. */
void vrouter_renew_lease(struct vrouter *r);

/* Puts back what somebody removed and announces it again. */
void vrouter_restore_vips(struct vrouter *r);

/* An address that the router holds is now `is`, not of its doing: `at` is its place in the list. */
void vrouter_on_vip_changed(struct vrouter *r, uint32_t at, const struct nl_addr *is);

/* -- announcements: vrouter_announce.c -- */

/* Announces one address once, outside of the schedule. */
void vrouter_announce_vip(struct vrouter *r, const struct vip *vip);

/* Announces the addresses again when an interface that has one got another MAC address. */
void vrouter_follow_mac(struct vrouter *r);

/* Takes the announcement parameters from the configuration; false, with nothing disturbed, if they
 * are the same. */
bool vrouter_announce_init(struct vrouter *r);
void vrouter_announce(struct vrouter *r, enum vrrp_announce occasion);

/* Of the timers; `arg` is the router. */
void vrouter_on_vip_timer(struct timer *timer, void *arg);
void vrouter_on_announce(struct timer *timer, void *arg);
void vrouter_on_extra(struct timer *timer, void *arg);

/* -- surroundings: vrouter_track.c -- */

/* Takes what to depend on from the configuration of the router and of its group. */
void vrouter_uses_build(struct vrouter *r);

/* Adds its weights to what its trackers and interfaces tell of themselves. */
void vrouter_uses_tell(const struct vrouter *r);
void vrouter_uses_free(struct vrouter *r);

/* A tracker changed: follows if it is one of this router's. */
void vrouter_on_tracker(struct vrouter *r, const struct tracker *t);

/* Feeds what changed in trackers, link states, tracked interfaces and the source address. */
void vrouter_track(struct vrouter *r);

/* A router in FAULT says why it is there now, whatever it came by. What is tracked must be up to
 * date: not during a commit, before vrouter_track(). */
void vrouter_renew_reason(struct vrouter *r);

/* -- groups: sync_group.c -- */

/* A vrrp_sync_group at run time; those of one commit are one array. */
struct sync_group {
	struct vrrp_app *app;
	const struct sync_group_conf *conf; /* part of the running configuration */
	struct vrrp_group g;
	struct group_member **members;
	struct vrouter **routers; /* the same, in the same order */
	struct msg_group_state published;
};

/*
 * Puts the routers into the groups of `root`. A group that was there before, here or in the saved
 * state of a predecessor, goes on where it was.
 */
void sync_groups_build(struct vrrp_app *app, const struct root_conf *root);
void sync_groups_free(struct vrrp_app *app);

/* Lets the group of a router follow it; one that has left its group stops following. */
void sync_group_settle(struct vrouter *r);

/* An event that a group keeps from its member is only cause to look at the group again. */
bool sync_group_holds_back(const struct vrouter *r, const struct vrrp_ev *ev);

/* Reads what has arrived for a router and the others of its group: each may change the vote. */
void sync_group_drain(struct vrouter *r);

/* Tells the parent of all groups. */
void sync_groups_report(struct vrrp_app *app);

/* -- packets: vrouter_receive.c -- */

/* Derives what the router expects of packets from its configuration and source address. */
void vrouter_expect_build(struct vrouter *r);

/* -- authentication: vrouter_auth.c -- */

/* Takes keys and modes from the configuration; what was seen of the senders stays. */
void vrouter_auth_build(struct vrouter *r);
void vrouter_auth_free(struct vrouter *r);

/* How far the clock of time stamps is ahead of the time since boot, in microseconds, 0 = nobody
 * asks it; and that of a predecessor taken over, with sequences that go on above its own. */
int64_t vrouter_auth_ahead_us(const struct vrouter *r);
void vrouter_auth_adopt(struct vrouter *r, int64_t ahead_us);

/* Whether packets travel in an AH; the socket they go through. */
bool vrouter_uses_ah(const struct vrouter *r);
struct vio *vrouter_vio(const struct vrouter *r);

/* A new advertisement begins: all its copies have one sequence number. */
void vrouter_auth_next(struct vrouter *r);

/* Signs an encoded message, with room for VRRP_HMAC_LEN bytes behind it, where auth_hmac says so.
 * Its length, 0 when that fails. */
size_t vrouter_auth_sign(const struct vrouter *r, const struct vrrp_env *env, uint8_t *msg,
			 size_t len);

/* Sends an encoded message, with room for VRRP_HMAC_LEN bytes behind it. 0 or -errno. */
int vrouter_auth_send(struct vrouter *r, const struct vrrp_env *env, uint8_t *msg, size_t len);

/* The last check of a packet. VRRP_DROP_NONE: it is authentic, and its sender's mark has moved. */
enum vrrp_drop vrouter_auth_check(struct vrouter *r, enum vrrp_path path,
				  const struct vio_packet *packet, const struct vrrp_pkt *pkt);

/* A packet from the socket of one side of an interface (`arg`, struct vrrp_side). */
void vrouter_on_packet(const struct vio_packet *packet, void *arg);

/* -- others: vrouter_others.c -- */

void vrouter_rival_init(struct vrouter *r);

/* While active, an advertisement of another active router was heard; or this one is not any more.
 */
void vrouter_rival_heard(struct vrouter *r, const struct addr *src);
void vrouter_rival_end(struct vrouter *r);

/* A packet was dropped; `is_news`: the first of its kind for a while. */
void vrouter_foreign_heard(struct vrouter *r, const struct addr *src, enum vrrp_drop drop,
			   bool is_news);

/* Tells the parent of the senders heard since the last time. */
void vrouter_foreign_report(struct vrouter *r);

/* -- reports: vrrp_report.c -- */

/* Tells the parent the state if it changed, or anyway. */
void vrouter_report_state(struct vrouter *r, bool is_forced);

/* The same after a step of the state machine; costs next to nothing where nothing changed. */
void vrouter_report_step(struct vrouter *r, const struct vrrp_ev *ev, const struct vrrp_out *out);

/* Tells the parent the state of an interface. */
void vrrp_if_report(const struct vrrp_if *vif);

/* The line, the script and the counters of a NOTIFY. */
void vrouter_report_notify(struct vrouter *r, const struct vrrp_out_item *item);
/* Still MASTER: the script hears it again. */
void vrouter_report_again(struct vrouter *r);
void vrouter_report_log(struct vrouter *r, const struct vrrp_out_item *item);

/* -- counters: vrrp_counters.c -- */

void vrrp_counters_init(struct vrrp_app *app);
void vrrp_counters_done(struct vrrp_app *app);

/* The counters of this router changed: the parent hears of it when it asks, or by and by. */
void vrouter_count(struct vrouter *r);

/* The same within a second. */
void vrouter_count_soon(struct vrouter *r);

/* Tells the parent what it knows not yet, and MSG_stats_done with `seq` after it. */
void vrrp_counters_ask(struct vrrp_app *app, uint64_t seq);

/* Tells the parent all of this router's now. */
void vrouter_report_stats(struct vrouter *r);

#endif
