/*
 * explore: all states that a few routers can get into.
 *
 * Without arguments the worlds of the table, small enough for `make check`; test/sim/README tells
 * the options. Exit status 0 if every property held everywhere, 1 if one was violated, 2 for wrong
 * usage, 3 if there were more states than allowed.
 */
#include "test/sim/explore.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define STATES_MAX 4000000
#define SAMPLE     199 /* one of so many states is made once more */

#define STATUS_VIOLATED  1
#define STATUS_USAGE     2
#define STATUS_CUT_SHORT 3

#define A_US     US_PER_S
#define DELAY_US (2 * A_US)

/* Priorities whose skew is a whole number of quarters of an interval. */
#define HIGH   192
#define MIDDLE 128
#define LOW    64

#define NETWORK (EXPLORE_LOSE | EXPLORE_DELAY | EXPLORE_CUT | EXPLORE_LINK)
#define HOST    (EXPLORE_CRASH | EXPLORE_KILL | EXPLORE_PAUSE | EXPLORE_STOP)

/* The largest down interval, of those that can be. */
#define DOWN_US (3 * A_US + A_US * (256 - LOW) / 256)

/* Settings of the routers beside those that all have. */
#define PARAMS(...) .params = { .version = 3, .advert_us = A_US, .down_adverts = 3, __VA_ARGS__ }
#define PREEMPT     .preempt = true

#define RANKED .priority = { HIGH, MIDDLE, LOW }
#define TIED   .priority = { MIDDLE, MIDDLE, MIDDLE }

#define SIZE(routers, links) .n_routers = (routers), .n_links = (links)

/* How many faults, of which kinds; and after which time beyond the down interval all is well. */
#define FAULTS(n, kinds) \
	.faults = (n), .allowed = (kinds), .weight = LOW - HIGH, .other_priority = LOW
#define SLACK(us) .slack_us = (us)

static const struct explore_world worlds[] = {
	{ .name = "pair",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, EXPLORE_ALL),
	  SLACK(0),
	  PARAMS(PREEMPT) },
	{ .name = "fine",
	  SIZE(2, 1),
	  .ticks = 16,
	  RANKED,
	  FAULTS(1, EXPLORE_ALL),
	  SLACK(A_US / 4),
	  PARAMS(PREEMPT) },
	{ .name = "three",
	  SIZE(3, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(1, EXPLORE_ALL),
	  SLACK(A_US / 4),
	  PARAMS(PREEMPT) },
	{ .name = "tied",
	  SIZE(3, 1),
	  .ticks = 4,
	  TIED,
	  FAULTS(1, EXPLORE_ALL),
	  SLACK(A_US / 4),
	  PARAMS(PREEMPT) },
	{ .name = "patient",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, EXPLORE_ALL),
	  SLACK(A_US / 4),
	  PARAMS(.preempt = false) },
	/* the delay may begin with the last fault, and a down interval lies before and after it */
	{ .name = "delay",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, EXPLORE_ALL),
	  SLACK(A_US + DELAY_US + DOWN_US),
	  PARAMS(PREEMPT, .preempt_delay_us = DELAY_US) },
	{ .name = "owner",
	  SIZE(2, 1),
	  .ticks = 4,
	  .priority = { 255, MIDDLE },
	  FAULTS(2, EXPLORE_ALL),
	  SLACK(A_US / 4),
	  PARAMS(PREEMPT) },
	{ .name = "words",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, EXPLORE_ALL),
	  SLACK(A_US),
	  PARAMS(PREEMPT, .higher_prio_send_advert = true, .lower_prio_no_advert = true) },
	{ .name = "handover",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, NETWORK | HOST),
	  SLACK(A_US / 4),
	  .handover_us = A_US + A_US / 4,
	  PARAMS(PREEMPT) },
	{ .name = "lease",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, EXPLORE_ALL),
	  SLACK(A_US / 4),
	  PARAMS(PREEMPT, .lease_us = 2 * A_US) },
	{ .name = "second",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, EXPLORE_CUT | HOST),
	  SLACK(A_US / 4),
	  .has_second = true,
	  PARAMS(PREEMPT) },
	/* two may become owners */
	{ .name = "owners",
	  SIZE(2, 1),
	  .ticks = 4,
	  RANKED,
	  .faults = 2,
	  .allowed = EXPLORE_ALL & ~EXPLORE_WEIGHT,
	  .other_priority = 255,
	  SLACK(A_US / 4),
	  PARAMS(PREEMPT) },
	{ .name = "pauses",
	  SIZE(3, 1),
	  .ticks = 4,
	  RANKED,
	  FAULTS(2, EXPLORE_PAUSE),
	  SLACK(A_US / 4),
	  .is_one_owner = true,
	  PARAMS(.lease_us = 2 * A_US) },
	{ .name = "group",
	  SIZE(2, 2),
	  .ticks = 4,
	  RANKED,
	  FAULTS(1, EXPLORE_ALL),
	  SLACK(A_US),
	  PARAMS(PREEMPT) },
	{ .name = "hosts",
	  SIZE(3, 2),
	  .ticks = 4,
	  RANKED,
	  FAULTS(1, EXPLORE_ALL),
	  SLACK(A_US),
	  PARAMS(PREEMPT) },
	{ .name = "leases",
	  SIZE(2, 2),
	  .ticks = 4,
	  RANKED,
	  FAULTS(1, EXPLORE_ALL),
	  SLACK(A_US),
	  PARAMS(.preempt = false, .lease_us = 2 * A_US) },
	/* no order to decide by: they rise together until they draw unlike numbers */
	{ .name = "crossed",
	  SIZE(2, 2),
	  .ticks = 16,
	  RANKED,
	  FAULTS(0, NETWORK | HOST),
	  SLACK(12 * A_US),
	  .is_crossed = true,
	  PARAMS(PREEMPT) },
};

#define N_WORLDS (sizeof(worlds) / sizeof(worlds[0]))

struct options {
	const char *world;
	int faults, ticks; /* -1: as the world says */
	uint32_t states_max, sample;
};

static void list_worlds(void)
{
	for (size_t k = 0; k < N_WORLDS; k++) {
		const struct explore_world *w = &worlds[k];

		printf("%-9s %d routers on %d link(s), priorities", w->name, w->n_routers,
		       w->n_links);
		for (int h = 0; h < w->n_routers; h++)
			printf(" %d", w->priority[h]);
		printf(", %d ticks, %d faults\n", w->ticks, w->faults);
	}
}

static const char *verdict(bool is_ok, const struct explore_result *result)
{
	if (!is_ok)
		return "FAILED";
	return result->is_cut_short ? "ok so far, but there are more states" : "ok";
}

static int run(const struct options *o, const struct explore_world *world)
{
	int64_t tick_us = world->params.advert_us / world->ticks;
	struct explore_result result;
	clock_t begin = clock();
	bool is_ok = explore(world, o->states_max, o->sample, &result);

	printf("%s, %d faults: %u states, %llu transitions, depth %d, healed within %.3f s "
	       "(%d ticks to spare), %u replayed, %.2f s, %zu MB: %s\n",
	       world->name, world->faults, result.states, (unsigned long long)result.transitions,
	       result.depth, (double)(result.healing_ticks * tick_us) / US_PER_S,
	       result.spare_ticks, result.replayed, (double)(clock() - begin) / CLOCKS_PER_SEC,
	       result.bytes >> 20, verdict(is_ok, &result));
	if (!is_ok)
		return STATUS_VIOLATED;
	return result.is_cut_short ? STATUS_CUT_SHORT : 0;
}

/* Returns the worst status. */
static int run_all(const struct options *o)
{
	int status = o->world ? STATUS_USAGE : 0;

	for (size_t k = 0; k < N_WORLDS && status != STATUS_VIOLATED; k++) {
		struct explore_world world = worlds[k];

		if (o->world && strcmp(o->world, world.name) != 0)
			continue;
		if (o->faults > world.faults) /* each may hold things up for a transit */
			world.slack_us += (o->faults - world.faults) * A_US / world.ticks;
		if (o->faults >= 0)
			world.faults = o->faults;
		if (o->ticks > 0)
			world.ticks = o->ticks;
		int one = run(o, &world);
		status = one == 0 && !o->world ? status : one;
	}
	if (status == STATUS_USAGE)
		fprintf(stderr, "explore: no world %s; see --list\n", o->world);
	return status;
}

static int usage(void)
{
	fprintf(stderr, "usage: explore [--world NAME] [--faults N] [--ticks N] [--states N] "
			"[--replay N] [--list]\n");
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = { { "world", required_argument, NULL, 'w' },
						      { "faults", required_argument, NULL, 'f' },
						      { "ticks", required_argument, NULL, 't' },
						      { "states", required_argument, NULL, 's' },
						      { "replay", required_argument, NULL, 'r' },
						      { "list", no_argument, NULL, 'l' },
						      { NULL, 0, NULL, 0 } };
	struct options o = {
		.faults = -1, .ticks = -1, .states_max = STATES_MAX, .sample = SAMPLE
	};

	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		switch (c) {
		case 'w': o.world = optarg; break;
		case 'f': o.faults = atoi(optarg); break;
		case 't': o.ticks = atoi(optarg); break;
		case 's': o.states_max = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'r': o.sample = (uint32_t)strtoul(optarg, NULL, 10); break;
		case 'l': list_worlds(); return 0;
		default: return usage();
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	return run_all(&o);
}
