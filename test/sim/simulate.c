/*
 * simulate: elections in simulated worlds.
 *
 * Without arguments a fixed list of seeds, for `make check`; with --seed one; with file names
 * scenarios. A seed makes two worlds: routers on one LAN, and hosts with sync groups and trackers.
 * Exit status 0 if every property held, 1 if one was violated, 2 for wrong usage.
 */
#include "test/sim/sim.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIXED_SEEDS      600
#define FIXED_SEED_HOURS 4
#define HOSTS_PER_LAN    4 /* hours of the LAN to one of the hosts, which have several */

struct options {
	bool has_seed;
	uint64_t seed;
	double hours;
	int n_routers; /* on the LAN */
	enum { BOTH, LAN, HOSTS } world;
	bool is_traced;
};

struct totals {
	double hours;
	uint64_t steps, frames, drops;
};

static void report_failure(const struct sim *sim, uint64_t seed, const struct options *o,
			   double hours)
{
	printf("FAILED seed %llu, %d routers, step %llu: %s\n", (unsigned long long)seed,
	       sim->n_routers, (unsigned long long)sim->steps, sim->failure);
	sim_trace_print(sim);
	printf("Again: simulate --seed %llu --hours %g --routers %d --world %s --trace\n",
	       (unsigned long long)seed, hours, o->n_routers, sim->link > 0 ? "hosts" : "lan");
}

static void count(struct totals *totals, const struct sim *sim)
{
	totals->steps += sim->steps;
	totals->frames += sim->frames;
	totals->drops += sim->drops;
}

static bool run_lan(const struct options *o, uint64_t seed, double hours, struct totals *totals)
{
	struct sim *sim = sim_random_new(seed, o->n_routers);
	time_us begin = sim->now;

	sim->is_traced = o->is_traced;
	bool is_ok = sim_random_run(sim, (int64_t)(hours * 3600) * US_PER_S);
	totals->hours += (double)time_sub(sim->now, begin) / US_PER_S / 3600;
	count(totals, sim);
	if (!is_ok)
		report_failure(sim, seed, o, hours);
	sim_free(sim);
	return is_ok;
}

static bool run_hosts(const struct options *o, uint64_t seed, double hours, struct totals *totals)
{
	struct sim_hosts *hosts = sim_hosts_new(seed);
	time_us begin = sim_hosts_link(hosts, 0)->now;

	for (int l = 0; sim_hosts_link(hosts, l); l++)
		sim_hosts_link(hosts, l)->is_traced = o->is_traced;
	bool is_ok = sim_hosts_run(hosts, (int64_t)(hours * 3600 / HOSTS_PER_LAN) * US_PER_S);
	totals->hours += (double)time_sub(sim_hosts_link(hosts, 0)->now, begin) / US_PER_S / 3600;
	for (int l = 0; sim_hosts_link(hosts, l); l++) {
		const struct sim *sim = sim_hosts_link(hosts, l);

		count(totals, sim);
		if (sim->has_failed)
			report_failure(sim, seed, o, hours);
	}
	sim_hosts_free(hosts);
	return is_ok;
}

static bool run_seed(const struct options *o, uint64_t seed, double hours, struct totals *totals)
{
	return (o->world == HOSTS || run_lan(o, seed, hours, totals)) &&
	       (o->world == LAN || run_hosts(o, seed, hours, totals));
}

static bool run_seeds(const struct options *o)
{
	struct totals totals = { 0 };
	clock_t begin = clock();
	bool is_ok = true;

	if (o->has_seed)
		is_ok = run_seed(o, o->seed, o->hours, &totals);
	for (uint64_t seed = 1; is_ok && !o->has_seed && seed <= FIXED_SEEDS; seed++)
		is_ok = run_seed(o, seed, o->hours, &totals);
	printf("simulated %.1f hours in %.1f s: %llu steps, %llu frames, %llu of them dropped: "
	       "%s\n",
	       totals.hours, (double)(clock() - begin) / CLOCKS_PER_SEC,
	       (unsigned long long)totals.steps, (unsigned long long)totals.frames,
	       (unsigned long long)totals.drops, is_ok ? "ok" : "FAILED");
	return is_ok;
}

static bool run_scripts(char **paths, bool is_traced)
{
	bool is_ok = true;

	for (; *paths; paths++) {
		bool is_good = sim_script_run(*paths, is_traced);
		printf("%s %s\n", is_good ? "ok" : "FAILED", *paths);
		is_ok = is_ok && is_good;
	}
	return is_ok;
}

static int usage(void)
{
	fprintf(stderr, "usage: simulate [--seed N] [--hours H] [--routers N] [--world lan|hosts] "
			"[--trace] "
			"[FILE...]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = { { "seed", required_argument, NULL, 's' },
						      { "hours", required_argument, NULL, 'h' },
						      { "routers", required_argument, NULL, 'r' },
						      { "world", required_argument, NULL, 'w' },
						      { "trace", no_argument, NULL, 't' },
						      { NULL, 0, NULL, 0 } };
	struct options o = { .hours = FIXED_SEED_HOURS };

	for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		switch (c) {
		case 's':
			o.has_seed = true;
			o.seed = strtoull(optarg, NULL, 10);
			break;
		case 'h': o.hours = strtod(optarg, NULL); break;
		case 'r': o.n_routers = atoi(optarg); break;
		case 'w': o.world = strcmp(optarg, "lan") == 0 ? LAN : HOSTS; break;
		case 't': o.is_traced = true; break;
		default: return usage();
		}
	}
	if (o.n_routers < 0 || o.n_routers > SIM_ROUTERS_MAX || o.hours <= 0)
		return usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	bool is_ok = optind < argc ? run_scripts(argv + optind, o.is_traced) : run_seeds(&o);
	return is_ok ? 0 : 1;
}
