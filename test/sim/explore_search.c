/*
 * Breadth first over all states: first all that need no fault, then all that need one, and so on;
 * among them those that take less time first. So the first violation found is the shortest one. See
 * explore.h.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/sim/explore.h"

#define NO_STATE  UINT32_MAX
#define DEPTH_MAX 4096 /* in ticks */

struct node {
	uint32_t parent;
	uint32_t next[2]; /* a tick later, with frames and with timers first */
	struct explore_move move;
	uint16_t depth;
	uint16_t limit; /* ticks until all must be well and nobody moves any more */
	uint16_t holders;
	uint8_t faults;
	bool is_bad, is_expanded;
};

struct list {
	uint32_t *ids;
	size_t n, max;
};

struct search {
	struct stage stage;
	struct packer *packer;
	struct blobs *states;
	struct node *nodes;
	uint32_t n_nodes, nodes_max;
	struct list now[DEPTH_MAX],
		later[DEPTH_MAX]; /* to be expanded with this many faults, with one more */
	bool *is_bad_at, *is_bad_after;
	bool has_violation;
	struct node violation; /* its parent and move, as if it were a state */
	char why[256];
	struct explore_result *result;
};

static void *must_grow(void *at, size_t n, size_t size)
{
	void *grown = reallocarray(at, n, size);

	if (!grown)
		abort();
	return grown;
}

static void list_push(struct list *list, uint32_t id)
{
	if (list->n == list->max) {
		list->max = list->max * 2 + 16;
		list->ids = must_grow(list->ids, list->max, sizeof(*list->ids));
	}
	list->ids[list->n++] = id;
}

/* ---- states ---- */

static bool is_earlier(const struct node *a, const struct node *b)
{
	return a->faults != b->faults ? a->faults < b->faults : a->depth < b->depth;
}

static void enqueue(struct search *s, uint32_t id, bool is_later)
{
	const struct node *node = &s->nodes[id];

	list_push(is_later ? &s->later[node->depth] : &s->now[node->depth], id);
}

static void describe(const struct search *s, struct node *node)
{
	node->is_bad = stage_is_bad(&s->stage);
	node->holders = (uint16_t)stage_holders(&s->stage);
	node->limit = (uint16_t)((stage_patience_us(&s->stage) + s->stage.tick_us - 1) /
				 s->stage.tick_us);
}

/* The number of the state that is on the stage now, which `node` tells how to get to. */
static uint32_t note_state(struct search *s, const struct node *node, bool is_later)
{
	uint8_t key[EXPLORE_KEY_MAX];
	uint32_t id = blobs_add(s->states, key, pack(s->packer, &s->stage, key));

	if (id < s->n_nodes) {
		struct node *known = &s->nodes[id];

		if (known->is_expanded || !is_earlier(node, known))
			return id;
		known->parent = node->parent;
		known->move = node->move;
		known->depth = node->depth;
		known->faults = node->faults;
		enqueue(s, id, is_later);
		return id;
	}
	if (s->n_nodes == s->nodes_max) {
		s->nodes_max = s->nodes_max * 3 / 2 + 1024;
		s->nodes = must_grow(s->nodes, s->nodes_max, sizeof(*s->nodes));
	}
	s->nodes[id] = *node;
	describe(s, &s->nodes[id]);
	s->n_nodes++;
	enqueue(s, id, is_later);
	return id;
}

static void restore(struct search *s, uint32_t id)
{
	size_t len;

	unpack(s->packer, blobs_get(s->states, id, &len), &s->stage);
}

static void note_violation(struct search *s, const struct node *node)
{
	if (s->has_violation && !is_earlier(node, &s->violation))
		return;
	s->has_violation = true;
	s->violation = *node;
	snprintf(s->why, sizeof(s->why), "%s", sim_links_failure(&s->stage.on)->failure);
}

static void follow(struct search *s, uint32_t id, const struct explore_move *move)
{
	const struct node *from = &s->nodes[id];
	bool is_tick = move->act == EXPLORE_TICK;
	struct node node = { .parent = id,
			     .next = { NO_STATE, NO_STATE },
			     .move = *move,
			     .depth = (uint16_t)(from->depth + is_tick),
			     .faults = (uint8_t)(from->faults + !move->is_free) };

	restore(s, id);
	stage_play(&s->stage, move);
	s->result->transitions++;
	if (sim_links_failure(&s->stage.on)) {
		note_violation(s, &node);
		return;
	}
	if (node.depth == DEPTH_MAX) {
		s->result->is_cut_short = true;
		return;
	}
	uint32_t to = note_state(s, &node, !move->is_free);
	if (is_tick)
		s->nodes[id].next[move->is_timers_first] = to;
}

static void expand(struct search *s, uint32_t id, int faults_max)
{
	struct explore_move moves[EXPLORE_MOVES_MAX];
	struct node *node = &s->nodes[id];

	if (node->is_expanded)
		return;
	node->is_expanded = true;
	if (node->depth > s->result->depth)
		s->result->depth = node->depth;
	restore(s, id);
	int n = stage_moves(&s->stage, node->faults < faults_max, moves);
	for (int k = 0; k < n; k++)
		follow(s, id, &moves[k]);
}

/* All states that need `faults` of them. Returns false when there are too many. */
static bool expand_level(struct search *s, int faults, int faults_max, uint32_t states_max)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		struct list *list = &s->now[depth];

		for (size_t k = 0; k < list->n; k++) {
			if (s->has_violation && s->violation.faults <= faults &&
			    s->violation.depth <= depth)
				return true;
			if (s->n_nodes >= states_max)
				return false;
			expand(s, list->ids[k], faults_max);
		}
		list->n = 0;
	}
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		struct list done = s->now[depth];

		s->now[depth] = s->later[depth];
		s->later[depth] = done;
	}
	return true;
}

/* ---- healing ---- */

static bool is_marked(const bool *marks, uint32_t id)
{
	return id != NO_STATE && marks[id];
}

static bool is_other(const struct search *s, const struct node *node, uint32_t id)
{
	return id != NO_STATE && s->nodes[id].holders != node->holders;
}

/* Bad, or somebody gets or loses the addresses within the tick to come. */
static void mark_unrest(struct search *s)
{
	for (uint32_t id = 0; id < s->n_nodes; id++) {
		const struct node *node = &s->nodes[id];

		s->is_bad_at[id] = node->is_bad || is_other(s, node, node->next[0]) ||
				   is_other(s, node, node->next[1]);
	}
}

/*
 * One tick further back: who is bad after `ticks`, which is one more. Returns whether there is one;
 * `found` is one who may not be.
 */
static bool step_back(struct search *s, int ticks, uint32_t *found)
{
	bool is_any = false;

	for (uint32_t id = 0; id < s->n_nodes; id++) {
		const struct node *node = &s->nodes[id];
		bool is_bad = is_marked(s->is_bad_at, node->next[0]) ||
			      is_marked(s->is_bad_at, node->next[1]);

		s->is_bad_after[id] = is_bad;
		is_any |= is_bad;
		if (is_bad && node->limit - ticks < s->result->spare_ticks)
			s->result->spare_ticks = node->limit - ticks;
		if (is_bad && ticks > node->limit &&
		    (*found == NO_STATE || is_earlier(node, &s->nodes[*found])))
			*found = id;
	}
	bool *swapped = s->is_bad_at;
	s->is_bad_at = s->is_bad_after;
	s->is_bad_after = swapped;
	return is_any;
}

/*
 * From every state, if nothing happens any more: how many ticks later is something still wrong?
 * Returns a state from which it is for longer than it may, or NO_STATE.
 */
static uint32_t find_unhealed(struct search *s)
{
	uint32_t found = NO_STATE;
	int ticks = 0;

	s->is_bad_at = must_grow(s->is_bad_at, s->n_nodes, sizeof(bool));
	s->is_bad_after = must_grow(s->is_bad_after, s->n_nodes, sizeof(bool));
	mark_unrest(s);
	while (found == NO_STATE && step_back(s, ticks + 1, &found))
		ticks++;
	s->result->healing_ticks = ticks + 1;
	return found;
}

/* ---- making states once more ---- */

static void play_from_start(struct search *s, uint32_t id, struct stage *stage)
{
	if (s->nodes[id].parent == NO_STATE)
		return;
	play_from_start(s, s->nodes[id].parent, stage);
	stage_play(stage, &s->nodes[id].move);
}

static bool is_same_again(struct search *s, uint32_t id)
{
	uint8_t key[EXPLORE_KEY_MAX];
	struct stage stage;
	size_t len, again_len;

	stage_init(&stage, s->stage.world);
	play_from_start(s, id, &stage);
	again_len = pack(s->packer, &stage, key);
	stage_free(&stage);
	const uint8_t *known = blobs_get(s->states, id, &len);
	return len == again_len && memcmp(known, key, len) == 0;
}

/* ---- traces ---- */

static void print_settings(const struct search *s)
{
	const struct explore_world *w = s->stage.world;
	const struct vrrp_params *p = &w->params;
	const char *const words[] = { "off", "on" };

	printf("routers");
	for (int h = 0; h < w->n_routers; h++)
		printf(" %d", w->priority[h]);
	if (w->n_links > 1)
		printf("\nlinks %d%s", w->n_links, w->is_crossed ? " crossed" : "");
	printf("\nset version %d\nset interval %.6fs\nset transit %.6fs\nset preempt %s\n",
	       p->version, (double)p->advert_us / US_PER_S, (double)s->stage.tick_us / US_PER_S,
	       words[p->preempt]);
	printf("set inbox %d\nset perfect_lan %s\n", EXPLORE_INBOX_MAX, words[w->is_one_owner]);
	if (w->has_second)
		printf("set second_path on\n");
	if (p->higher_prio_send_advert)
		printf("set higher_prio_send_advert on\n");
	if (p->lower_prio_no_advert)
		printf("set lower_prio_no_advert on\n");
	if (p->preempt_delay_us > 0)
		printf("set preempt_delay %.6fs\n", (double)p->preempt_delay_us / US_PER_S);
	if (p->lease_us > 0)
		printf("set lease %.6fs\n", (double)p->lease_us / US_PER_S);
	if (w->handover_us > 0)
		printf("set handover %.6fs\n", (double)w->handover_us / US_PER_S);
	printf("at 0s frames_first\n");
	for (int h = 0; h < w->n_routers; h++)
		printf("at 0s start %d\n", h + 1);
}

static time_us print_moves(const struct search *s, const struct node *node)
{
	time_us at = { SIM_T0_S * US_PER_S };

	if (node->parent != NO_STATE) {
		at = print_moves(s, &s->nodes[node->parent]);
		stage_move_print(&s->stage, at, &node->move);
	}
	return node->move.act == EXPLORE_TICK ? time_add(at, s->stage.tick_us) : at;
}

static double seconds_of(time_us at)
{
	return (double)at.us / US_PER_S - SIM_T0_S;
}

static void print_violation(const struct search *s)
{
	printf("FAILED %s, %d faults: %s\n", s->stage.world->name, s->violation.faults, s->why);
	print_settings(s);
	time_us at = print_moves(s, &s->violation);
	/* nothing but a time to get to */
	printf("at %.6fs frames_first\n", seconds_of(time_add(at, 1)));
}

/*
 * Follows time from a state to one that is still bad so many ticks later, if there is one; `ways`
 * tells how. Ends with that state on the stage.
 */
static bool follow_bad(struct search *s, uint32_t id, int64_t ticks, bool *ways)
{
	if (ticks == 0) {
		restore(s, id);
		return s->nodes[id].is_bad || is_other(s, &s->nodes[id], s->nodes[id].next[0]) ||
		       is_other(s, &s->nodes[id], s->nodes[id].next[1]);
	}
	for (int way = 0; way < 2; way++) {
		uint32_t next = s->nodes[id].next[way];

		*ways = way;
		if (next != NO_STATE && follow_bad(s, next, ticks - 1, ways + 1))
			return true;
	}
	return false;
}

/* Goes on until the state that is bad too late. */
static void print_unhealed(struct search *s, uint32_t id)
{
	int64_t tick_us = s->stage.tick_us;
	int limit = s->nodes[id].limit;
	bool ways[DEPTH_MAX];

	printf("FAILED %s, %d faults: not healed %.6f s after the last of them\n",
	       s->stage.world->name, s->nodes[id].faults, (double)(limit * tick_us) / US_PER_S);
	print_settings(s);
	time_us at = print_moves(s, &s->nodes[id]);
	follow_bad(s, id, limit + 1, ways);
	for (int k = 0; k <= limit; k++, at = time_add(at, tick_us))
		stage_move_print(
			&s->stage, at,
			&(struct explore_move){ .act = EXPLORE_TICK, .is_timers_first = ways[k] });
	uint32_t rightful = stage_rightful(&s->stage);
	printf("expect active");
	for (int h = 0; h < s->stage.world->n_routers; h++)
		if (rightful >> h & 1)
			printf(" %d", h + 1);
	/* what arrives at that instant is to be served before */
	printf(" from %.6fs to %.6fs\n", seconds_of(time_add(at, 1)),
	       seconds_of(time_add(at, tick_us + 1)));
}

static void print_unlike(struct search *s, uint32_t id)
{
	printf("FAILED %s, %d faults: another state when it is made in one go\n",
	       s->stage.world->name, s->nodes[id].faults);
	print_settings(s);
	print_moves(s, &s->nodes[id]);
}

/* ---- the search ---- */

static struct search *search_new(const struct explore_world *world, struct explore_result *result)
{
	struct search *s = calloc(1, sizeof(*s));

	if (!s)
		abort();
	*result = (struct explore_result){ .spare_ticks = INT_MAX };
	s->result = result;
	s->packer = packer_new();
	s->states = blobs_new();
	stage_init(&s->stage, world);
	note_state(s, &(struct node){ .parent = NO_STATE, .next = { NO_STATE, NO_STATE } }, false);
	return s;
}

static void search_free(struct search *s)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		free(s->now[depth].ids);
		free(s->later[depth].ids);
	}
	free(s->is_bad_at);
	free(s->is_bad_after);
	free(s->nodes);
	stage_free(&s->stage);
	packer_free(s->packer);
	blobs_free(s->states);
	free(s);
}

static bool check_sample(struct search *s, uint32_t sample)
{
	for (uint32_t id = 0; sample > 0 && id < s->n_nodes; id += sample) {
		s->result->replayed++;
		if (is_same_again(s, id))
			continue;
		print_unlike(s, id);
		return false;
	}
	return true;
}

bool explore(const struct explore_world *world, uint32_t states_max, uint32_t sample,
	     struct explore_result *result)
{
	struct search *s = search_new(world, result);
	bool is_ok = true;

	for (int faults = 0; faults <= world->faults && is_ok && !result->is_cut_short; faults++) {
		if (!expand_level(s, faults, world->faults, states_max))
			result->is_cut_short = true;
		if (s->has_violation && s->violation.faults <= faults) {
			is_ok = false;
			print_violation(s);
			break;
		}
		uint32_t unhealed = find_unhealed(s);
		if (unhealed == NO_STATE)
			continue;
		is_ok = false;
		print_unhealed(s, unhealed);
	}
	is_ok = is_ok && check_sample(s, sample);
	result->states = s->n_nodes;
	result->bytes =
		blobs_size(s->states) + packer_size(s->packer) + s->nodes_max * sizeof(struct node);
	search_free(s);
	return is_ok;
}
