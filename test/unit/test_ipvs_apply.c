/*
 * Properties of a difference carried out, over random sets: any prefix can be gone on from, and
 * whatever fails never ends worse than before. Counts what was tried. A failure prints the seed;
 * DIARCH_SEED runs one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lvs/ipvs_apply.h"
#include "test/unit/ipvs_fake.h"

#define N_SEEDS 1000
#define N_SVCS  10
#define N_DESTS 7

static uint32_t seed, random_state;
static unsigned n_ops, n_prefixes, n_errors, n_left_out;

#define check(condition)                                           \
	do {                                                       \
		if (!(condition))                                  \
			fail_msg("seed %u: %s", seed, #condition); \
	} while (0)

static uint32_t random_below(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

/* Services 2 i and 2 i + 1 share an address; 0 and 1 are marks. */
static struct ipvs_svc random_svc(uint32_t i)
{
	static const char *const scheds[] = { "rr", "wlc", "mh" };
	const uint8_t bytes[16] = { 10, (uint8_t)(i / 2), 0, 1 };
	struct ipvs_svc_key key = {
		.addr = addr_from_bytes(bytes, i % 4 < 2 ? 4 : 16),
		.protocol = IPPROTO_TCP,
		.port = i % 2 ? 443 : 80,
	};
	struct ipvs_svc svc;

	key.family = key.addr.family;
	if (i < 2)
		key = (struct ipvs_svc_key){ .family = AF_INET, .fwmark = i + 1 };
	svc_init(&svc, &key);
	strcpy(svc.sched, scheds[random_below(3)]);
	return svc;
}

static struct ipvs_dest random_dest(uint32_t i)
{
	const uint8_t bytes[4] = { 192, 168, 0, (uint8_t)(1 + i) };

	return (struct ipvs_dest){
		.key = { .addr = addr_from_bytes(bytes, 4), .port = 80 },
		.fwd = IPVS_FWD_TUNNEL,
		.weight = (int32_t)random_below(5),
		.u_thresh = random_below(2),
	};
}

static void random_set(struct ipvs_set *set)
{
	ipvs_set_init(set);
	for (uint32_t i = 0; i < N_SVCS; i++) {
		const struct ipvs_svc svc = random_svc(i);
		struct ipvs_svc *in;

		if (random_below(4) == 0)
			continue;
		in = ipvs_set_add(set, &svc);
		for (uint32_t j = 0; j < N_DESTS; j++) {
			const struct ipvs_dest dest = random_dest(j);

			if (random_below(2))
				svc_add_dest(in, &dest);
		}
	}
}

static int64_t sum_of_weights(const struct ipvs_svc *svc)
{
	const struct ipvs_dest *dest;
	int64_t sum = 0;

	ipvs_dest_for_each (dest, svc)
		sum += dest->weight;
	return sum;
}

static int64_t lower(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A server that was there and is wanted keeps the lower weight of the two at least. */
static void check_dests(const struct ipvs_svc *before, const struct ipvs_svc *wanted,
			const struct ipvs_svc *after)
{
	const struct ipvs_dest *dest, *was, *is;

	ipvs_dest_for_each (dest, wanted) {
		was = svc_find_dest(before, &dest->key);
		is = svc_find_dest(after, &dest->key);
		check(!was || is);
		check(!was || is->weight >= lower(was->weight, dest->weight));
	}
}

/* What "not worse" means, as ipvs_apply() promises. */
static void check_not_worse(const struct ipvs_set *before, const struct ipvs_set *wanted,
			    const struct ipvs_set *after)
{
	const struct ipvs_svc *svc, *was, *is;

	ipvs_set_for_each (svc, wanted) {
		was = ipvs_set_find(before, &svc->key);
		is = ipvs_set_find(after, &svc->key);
		if (!was)
			continue;
		check(is != NULL);
		check_dests(was, svc, is);
		check(sum_of_weights(is) >= lower(sum_of_weights(was), sum_of_weights(svc)));
	}
}

static void check_reached(const struct ipvs_set *a, const struct ipvs_set *b)
{
	struct ipvs_ops ops;

	ipvs_ops_init(&ops);
	ipvs_diff(a, b, NULL, NULL, &ops);
	check(ops.n == 0 && a->n == b->n);
	ipvs_ops_done(&ops);
}

struct scene {
	struct ipvs_fake *kernel;
	struct ipvs_set before, wanted;
	struct ipvs_ops ops;
};

static void scene_reset(struct scene *s)
{
	ipvs_set_done(&s->kernel->set);
	ipvs_set_copy(&s->kernel->set, &s->before);
	s->kernel->n_ops = s->kernel->fail_at = 0;
	ipvs_ops_done(&s->ops);
	ipvs_diff(&s->before, &s->wanted, NULL, NULL, &s->ops);
}

static void scene_open(struct scene *s)
{
	*s = (struct scene){ .kernel = ipvs_fake_new() };
	random_state = seed * 2654435761U + 1;
	random_set(&s->before);
	random_set(&s->wanted);
	scene_reset(s);
	n_ops += s->ops.n;
}

static void scene_close(struct scene *s)
{
	s->kernel->backend.free(&s->kernel->backend);
	ipvs_ops_done(&s->ops);
	ipvs_set_done(&s->before);
	ipvs_set_done(&s->wanted);
}

/* From whatever there is now the goal is reached. */
static void scene_converge(struct scene *s)
{
	struct ipvs_ops ops;

	s->kernel->fail_at = 0;
	ipvs_ops_init(&ops);
	ipvs_diff(&s->kernel->set, &s->wanted, NULL, NULL, &ops);
	check(ipvs_apply(&s->kernel->backend, &ops) == 0);
	check_reached(&s->kernel->set, &s->wanted);
	ipvs_ops_done(&ops);
}

static void try_prefixes(struct scene *s)
{
	for (uint32_t n = 0; n <= s->ops.n; n++, n_prefixes++) {
		struct ipvs_ops some;

		scene_reset(s);
		some = (struct ipvs_ops){ s->ops.v, n, n };
		check(ipvs_apply(&s->kernel->backend, &some) == 0);
		check_not_worse(&s->before, &s->wanted, &s->kernel->set);
		scene_converge(s);
	}
}

static void try_errors(struct scene *s)
{
	uint32_t n = s->ops.n;

	for (uint32_t at = 1; at <= n; at++, n_errors++) {
		unsigned n_failed = 0;

		scene_reset(s);
		s->kernel->fail_at = at;
		s->kernel->fail_error = -ENOMEM;
		check(ipvs_apply(&s->kernel->backend, &s->ops) >= 1);
		check_not_worse(&s->before, &s->wanted, &s->kernel->set);
		for (uint32_t i = 0; i < n; i++) {
			n_failed += s->ops.v[i].error == -ENOMEM;
			n_left_out += s->ops.v[i].error == -ECANCELED;
		}
		check(n_failed == 1);
		scene_converge(s);
	}
}

static void each_seed(void (*property)(struct scene *s))
{
	const char *one = getenv("DIARCH_SEED");
	unsigned first = one ? (unsigned)atoi(one) : 1, last = one ? first : N_SEEDS;

	n_ops = 0;
	for (seed = first; seed <= last; seed++) {
		struct scene s;

		scene_open(&s);
		property(&s);
		scene_close(&s);
	}
}

static void test_prefixes(void **state)
{
	(void)state;
	each_seed(try_prefixes);
	print_message("%u pairs of sets, %u operations: %u prefixes\n", N_SEEDS, n_ops, n_prefixes);
}

static void test_errors(void **state)
{
	(void)state;
	each_seed(try_errors);
	print_message("%u pairs of sets, %u operations: %u errors, %u operations left out\n",
		      N_SEEDS, n_ops, n_errors, n_left_out);
}

/* VIP:80 gives way to VIP:443 only when that is there. */
static void test_replaced_service(void **state)
{
	struct scene s = { .kernel = ipvs_fake_new() };
	const struct ipvs_svc old = random_svc(2), new = random_svc(3), other = random_svc(5);

	(void)state;
	random_state = 1;
	ipvs_set_add(&s.before, &old);
	ipvs_set_add(&s.before, &other);
	ipvs_set_add(&s.wanted, &new);
	scene_reset(&s);
	s.kernel->fail_at = 1;
	s.kernel->fail_error = -ENOENT;
	assert_int_equal(ipvs_apply(&s.kernel->backend, &s.ops), 2);
	assert_non_null(ipvs_set_find(&s.kernel->set, &old.key));
	assert_null(ipvs_set_find(&s.kernel->set, &other.key));
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_replaced_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
