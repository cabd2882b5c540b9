/*
 * Every reachable state of a few routers, under an adversary with a limited number of faults: the
 * real state machine and groups, in the simulated world of sim.h, in ticks.
 *
 * A state is what the world is made of, with all instants told relative to now, so that states come
 * again. It is kept as a string of bytes, made of numbers of strings that many states share.
 *
 * Test code: runs in test/sim/explore only.
 */
#ifndef DIARCH_TEST_SIM_EXPLORE_H
#define DIARCH_TEST_SIM_EXPLORE_H

#include "test/sim/sim.h"

#define EXPLORE_ROUTERS_MAX 4
#define EXPLORE_INBOX_MAX                                                      \
	2 /* frames that wait for a process which hangs: more make more states \
	   */
#define EXPLORE_KEY_MAX   1024
#define EXPLORE_MOVES_MAX 128

/* ---- explore_blobs.c: strings of bytes, each kept once ---- */

struct blobs;

struct blobs *blobs_new(void);
void blobs_free(struct blobs *b);
uint32_t blobs_count(const struct blobs *b);
size_t blobs_size(const struct blobs *b); /* bytes of memory */

/* The number of a string, a new one if there is no such string yet. Out of memory ends the program.
 */
uint32_t blobs_add(struct blobs *b, const void *bytes, size_t len);

/* Valid until the next string is added. */
const uint8_t *blobs_get(const struct blobs *b, uint32_t id, size_t *len);

/* ---- explore_stage.c: a world to play on ---- */

/* What the adversary may do, as bits; each has its end, which costs nothing. */
enum explore_fault {
	EXPLORE_LOSE = 1 << 0,
	EXPLORE_DELAY = 1 << 1,
	EXPLORE_CUT = 1 << 2,  /* one way */
	EXPLORE_LINK = 1 << 3, /* no carrier */
	EXPLORE_CRASH = 1 << 4,
	EXPLORE_KILL = 1 << 5, /* the process, which is adopted */
	EXPLORE_PAUSE = 1 << 6,
	EXPLORE_STOP = 1 << 7,
	EXPLORE_WEIGHT = 1 << 8,
	EXPLORE_PRIORITY = 1 << 9,
	EXPLORE_ALL = (1 << 10) - 1,
};

/* A kind of world; the table of them is in explore.c. */
struct explore_world {
	const char *name;
	int n_routers, n_links; /* with two links the routers of a host are a sync group */
	uint8_t priority[EXPLORE_ROUTERS_MAX];
	int ticks; /* of an interval */
	int faults;
	unsigned allowed; /* enum explore_fault */
	struct vrrp_params params;
	int64_t handover_us;
	int weight;             /* EXPLORE_WEIGHT */
	uint8_t other_priority; /* EXPLORE_PRIORITY */
	bool has_second;   /* all that is sent goes by a second path, too, which has no faults */
	bool is_crossed;   /* the second link ranks the other way round */
	bool is_one_owner; /* never two with the addresses, of whom one hangs */
	int64_t slack_us;  /* see stage_patience_us() */
};

/* A step of a trace. */
struct explore_move {
	uint8_t act; /* enum sim_act, or EXPLORE_TICK */
	uint8_t link;
	uint8_t a, b;
	bool is_timers_first;
	bool is_free;
	int16_t n;
};

#define EXPLORE_TICK SIM_ACT_N

struct stage {
	const struct explore_world *world;
	int64_t tick_us;
	struct sim_links on;
};

/* Everybody was started just now. Ended by stage_free(). */
void stage_init(struct stage *s, const struct explore_world *world);
void stage_free(struct stage *s);

/* Carries out a move: an action, or a tick of time. */
void stage_play(struct stage *s, const struct explore_move *move);

/* What can be done now, faults only with `with_faults`. Returns how many. */
int stage_moves(const struct stage *s, bool with_faults, struct explore_move *moves);

/* As it stands in a scenario, the time in front: "at 1.250000s cut 1 2". */
void stage_move_print(const struct stage *s, time_us at, const struct explore_move *move);

/* ---- explore_pack.c ---- */

struct packer;

struct packer *packer_new(void);
void packer_free(struct packer *p);
size_t packer_size(const struct packer *p);

/* The state of a stage as a string of at most EXPLORE_KEY_MAX bytes; returns its length. */
size_t pack(struct packer *p, const struct stage *s, uint8_t *key);

/* The reverse. `s` is a stage of the same world. */
void unpack(const struct packer *p, const uint8_t *key, struct stage *s);

/* ---- explore_check.c ---- */

/*
 * Whether of the routers that can hear each other not exactly one has the addresses, or one stands
 * behind a worse one. Where hearing is not mutual, or not passed on: whether somebody neither has
 * them nor hears one that does.
 */
bool stage_is_bad(const struct stage *s);

/* Who of the healthy ones has the addresses, as bits; of all links. */
uint32_t stage_holders(const struct stage *s);

/*
 * After which time all must be well if nothing happens any more: what is on its way arrives, and
 * the largest down interval of the healthy ones is over; once for each router where one waits for
 * another to give way to a third. And the slack of the world.
 */
int64_t stage_patience_us(const struct stage *s);

/* The routers that should be active, as bits. */
uint32_t stage_rightful(const struct stage *s);

/* ---- explore_search.c ---- */

struct explore_result {
	uint32_t states;
	uint64_t transitions;
	int depth;         /* ticks from the start */
	int healing_ticks; /* the longest, from the last fault */
	int spare_ticks;   /* of the time allowed, the least */
	size_t bytes;      /* of memory */
	uint32_t replayed; /* states */
	bool is_cut_short; /* there are more states than `states_max` */
};

/*
 * Explores a world; prints a trace and returns false when it finds a violation. One of `sample`
 * states is made once more, from the start and in one go: what pack() leaves out must not matter.
 */
bool explore(const struct explore_world *world, uint32_t states_max, uint32_t sample,
	     struct explore_result *result);

#endif
