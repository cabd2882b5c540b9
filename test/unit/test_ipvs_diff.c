/*
 * The difference of IPVS sets: its order, and its properties for random sets. A failure prints the
 * seed; DIARCH_SEED runs one.
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

#include "test/unit/ipvs_fake.h"

#define N_SEEDS      400
#define N_KEYS       8
#define N_DESTS      6
#define IS_OURS(key) ((key)->port != 9) /* services with port 9 are foreign */

static uint32_t seed;
static uint32_t random_state;
static unsigned n_prefixes, n_failures;

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

static bool is_owned(const struct ipvs_svc_key *key, void *arg)
{
	(void)arg;
	return IS_OURS(key);
}

static struct addr addr_numbered(uint32_t i)
{
	uint8_t bytes[16] = { (uint8_t)(1 + i * 50), 1 };

	return addr_from_bytes(bytes, i % 3 == 2 ? 16 : 4);
}

static struct ipvs_svc random_svc(uint32_t i)
{
	static const char *const scheds[] = { "rr", "wlc", "sh" };
	struct ipvs_svc_key key = { .family = i % 2 ? AF_INET6 : AF_INET };
	struct ipvs_svc svc;

	if (i < 2) {
		key.fwmark = 5;
	} else {
		key.addr = addr_numbered(i);
		key.family = key.addr.family;
		key.protocol = i % 4 == 3 ? IPPROTO_UDP : IPPROTO_TCP;
		key.port = i == 4 || i == 5 ? 9 : 80;
	}
	svc_init(&svc, &key);
	strcpy(svc.sched, scheds[random_below(3)]);
	if (random_below(2)) {
		svc.flags = IPVS_F_PERSISTENT;
		svc.timeout_s = 1 + random_below(2);
	}
	return svc;
}

static struct ipvs_dest random_dest(uint32_t i)
{
	return (struct ipvs_dest){
		.key = { .addr = addr_numbered(i), .port = (uint16_t)(80 + i % 2) },
		.fwd = (uint8_t)random_below(2) ? IPVS_FWD_TUNNEL : IPVS_FWD_MASQ,
		.weight = (int32_t)random_below(4),
		.u_thresh = random_below(2),
	};
}

static void random_set(struct ipvs_set *set, bool has_foreign)
{
	ipvs_set_init(set);
	for (uint32_t i = 0; i < N_KEYS; i++) {
		struct ipvs_svc svc = random_svc(i), *in;

		if (random_below(3) == 0 || (!has_foreign && !IS_OURS(&svc.key)))
			continue;
		in = ipvs_set_add(set, &svc);
		for (uint32_t j = 0; j < N_DESTS; j++) {
			const struct ipvs_dest dest = random_dest(j);

			if (random_below(3))
				svc_add_dest(in, &dest);
		}
	}
}

/* Whether `a` has all that is configured in `b`, and nothing else but foreign services. */
static bool is_reached(const struct ipvs_set *a, const struct ipvs_set *b)
{
	const struct ipvs_svc *svc, *other;

	ipvs_set_for_each (svc, a)
		if (IS_OURS(&svc->key) && !ipvs_set_find(b, &svc->key))
			return false;
	ipvs_set_for_each (svc, b) {
		other = ipvs_set_find(a, &svc->key);
		if (!other || !svc_is_equal(svc, other) || svc->n_dests != other->n_dests)
			return false;
		for (uint32_t i = 0; i < svc->n_dests; i++)
			if (!dest_is_equal(&svc->dests[i], &other->dests[i]))
				return false;
	}
	return true;
}

static unsigned count_foreign(const struct ipvs_set *set)
{
	const struct ipvs_svc *svc;
	unsigned n = 0;

	ipvs_set_for_each (svc, set)
		n += IS_OURS(&svc->key) ? 0 : 1000 + svc->n_dests;
	return n;
}

/* Whether every destination that `desired` wants and `before` had is still in `after`. */
static bool is_not_worse(const struct ipvs_set *before, const struct ipvs_set *after,
			 const struct ipvs_set *desired)
{
	const struct ipvs_svc *svc, *old, *now;
	const struct ipvs_dest *dest;

	ipvs_set_for_each (svc, desired) {
		old = ipvs_set_find(before, &svc->key);
		now = ipvs_set_find(after, &svc->key);
		ipvs_dest_for_each (dest, svc)
			if (old && svc_find_dest(old, &dest->key) &&
			    !(now && svc_find_dest(now, &dest->key)))
				return false;
	}
	return true;
}

struct scene {
	struct ipvs_fake *kernel;
	struct ipvs_set actual, desired;
	struct ipvs_ops ops;
};

static void scene_open(struct scene *s)
{
	random_state = seed * 2654435761U + 1;
	random_set(&s->actual, true);
	random_set(&s->desired, false);
	ipvs_ops_init(&s->ops);
	ipvs_diff(&s->actual, &s->desired, is_owned, NULL, &s->ops);
	s->kernel = ipvs_fake_new();
	ipvs_set_copy(&s->kernel->set, &s->actual);
}

static void scene_close(struct scene *s)
{
	s->kernel->backend.free(&s->kernel->backend);
	ipvs_ops_done(&s->ops);
	ipvs_set_done(&s->actual);
	ipvs_set_done(&s->desired);
}

static void scene_reset(struct scene *s)
{
	ipvs_set_done(&s->kernel->set);
	ipvs_set_copy(&s->kernel->set, &s->actual);
	s->kernel->n_ops = 0;
	s->kernel->fail_at = 0;
}

static unsigned scene_apply(struct scene *s, unsigned n)
{
	return s->kernel->backend.apply(&s->kernel->backend, s->ops.v, n);
}

/* Diffs what is there now against what is desired and carries it out: the goal must be reached. */
static void scene_converge(struct scene *s)
{
	struct ipvs_backend *backend = &s->kernel->backend;
	struct ipvs_set now;
	struct ipvs_ops ops;

	ipvs_set_init(&now);
	ipvs_ops_init(&ops);
	assert_int_equal(backend->dump(backend, &now), 0);
	ipvs_diff(&now, &s->desired, is_owned, NULL, &ops);
	check(backend->apply(backend, ops.v, ops.n) == 0);
	check(is_reached(&s->kernel->set, &s->desired));
	check(count_foreign(&s->kernel->set) == count_foreign(&s->actual));
	ipvs_ops_done(&ops);
	ipvs_set_done(&now);
}

static void prop_same_is_empty(struct scene *s)
{
	struct ipvs_ops ops;

	ipvs_ops_init(&ops);
	ipvs_diff(&s->actual, &s->actual, NULL, NULL, &ops);
	check(ops.n == 0);
	ipvs_diff(&s->desired, &s->desired, is_owned, NULL, &ops);
	check(ops.n == 0);
	ipvs_ops_done(&ops);
}

static void prop_all_reaches(struct scene *s)
{
	check(scene_apply(s, s->ops.n) == 0);
	check(is_reached(&s->kernel->set, &s->desired));
	check(count_foreign(&s->kernel->set) == count_foreign(&s->actual));
	scene_converge(s);
}

static void prop_any_prefix_reaches(struct scene *s)
{
	for (unsigned n = 0; n <= s->ops.n; n++, n_prefixes++) {
		scene_reset(s);
		check(scene_apply(s, n) == 0);
		check(is_not_worse(&s->actual, &s->kernel->set, &s->desired));
		scene_converge(s);
	}
}

static void prop_any_failure_is_survived(struct scene *s)
{
	for (unsigned i = 1; i <= s->ops.n; i++, n_failures++) {
		scene_reset(s);
		s->kernel->fail_at = i;
		s->kernel->fail_error = -ENOMEM;
		check(scene_apply(s, s->ops.n) >= 1);
		check(s->ops.v[i - 1].error == -ENOMEM);
		check(is_not_worse(&s->actual, &s->kernel->set, &s->desired));
		scene_converge(s);
	}
}

/* The place of an operation in the documented order. */
static unsigned rank_of(const struct scene *s, const struct ipvs_op *op)
{
	const struct ipvs_svc *svc = ipvs_set_find(&s->actual, &op->svc.key);
	const struct ipvs_dest *old = svc ? svc_find_dest(svc, &op->dest.key) : NULL;

	switch (op->kind) {
	case IPVS_OP_SVC_ADD: return 0;
	case IPVS_OP_DEST_ADD: return 1;
	case IPVS_OP_SVC_EDIT: return 2;
	case IPVS_OP_DEST_EDIT:
		assert_non_null(old);
		if (op->dest.weight > old->weight)
			return 1;
		return op->dest.weight == old->weight ? 3 : 4;
	case IPVS_OP_DEST_DEL: return 5;
	case IPVS_OP_SVC_DEL: return 6;
	case IPVS_OP_N: break;
	}
	return 7;
}

static void prop_order(struct scene *s)
{
	for (unsigned i = 1; i < s->ops.n; i++)
		check(rank_of(s, &s->ops.v[i - 1]) <= rank_of(s, &s->ops.v[i]));
}

static void each_seed(void (*property)(struct scene *s))
{
	const char *one = getenv("DIARCH_SEED");
	unsigned first = one ? (unsigned)atoi(one) : 1, last = one ? first : N_SEEDS;

	for (seed = first; seed <= last; seed++) {
		struct scene s;

		scene_open(&s);
		property(&s);
		scene_close(&s);
	}
}

static void test_same_is_empty(void **state)
{
	(void)state;
	each_seed(prop_same_is_empty);
}

static void test_all_reaches(void **state)
{
	(void)state;
	each_seed(prop_all_reaches);
}

static void test_any_prefix_reaches(void **state)
{
	(void)state;
	each_seed(prop_any_prefix_reaches);
	print_message("%u pairs of sets: %u prefixes\n", N_SEEDS, n_prefixes);
}

static void test_any_failure_is_survived(void **state)
{
	(void)state;
	each_seed(prop_any_failure_is_survived);
	print_message("%u pairs of sets: %u failures\n", N_SEEDS, n_failures);
}

static void test_order(void **state)
{
	(void)state;
	each_seed(prop_order);
}

static struct ipvs_op op_add(void)
{
	struct ipvs_op op = { .kind = IPVS_OP_SVC_ADD };
	struct ipvs_svc_key key = { .family = AF_INET, .protocol = IPPROTO_TCP, .port = 80 };

	key.addr = addr_numbered(0);
	svc_init(&op.svc, &key);
	return op;
}

static struct ipvs_op op_add_dest(void)
{
	struct ipvs_op op = op_add();

	op.kind = IPVS_OP_DEST_ADD;
	op.dest =
		(struct ipvs_dest){ .key = { .addr = addr_numbered(1), .port = 80 }, .weight = 1 };
	return op;
}

/* What a kernel takes without a word. */
static void test_check(void **state)
{
	struct ipvs_op op = op_add();

	(void)state;
	assert_int_equal(ipvs_op_check(&op), 0);
	op.svc.key.protocol = IPPROTO_GRE;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op = op_add();
	op.svc.key.port = 0;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op.svc.flags = IPVS_F_PERSISTENT;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op.svc.timeout_s = 360;
	assert_int_equal(ipvs_op_check(&op), 0);
	op.svc.timeout_s = IPVS_TIMEOUT_MAX_S + 1;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op = op_add();
	op.svc.flags = IPVS_F_ONEPACKET;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op.svc.flags = 0x100;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op = op_add();
	op.svc.sched[0] = '\0';
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op.kind = IPVS_OP_SVC_DEL;
	assert_int_equal(ipvs_op_check(&op), 0);

	op = op_add_dest();
	assert_int_equal(ipvs_op_check(&op), 0);
	op.dest.fwd = 7;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op.dest.fwd = IPVS_FWD_TUNNEL;
	op.dest.tun_type = 9;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op.dest.tun_type = IPVS_TUN_GRE;
	op.dest.tun_flags = 0xff;
	assert_int_equal(ipvs_op_check(&op), -EINVAL);
	op.dest.tun_flags = IPVS_TUN_F_CSUM;
	assert_int_equal(ipvs_op_check(&op), 0);
}

static void test_kernel_rules(void **state)
{
	struct ipvs_op op = op_add(), dest = op_add_dest();
	struct ipvs_set set;

	(void)state;
	ipvs_set_init(&set);
	assert_int_equal(ipvs_op_apply(&set, &dest), -ESRCH);
	assert_int_equal(ipvs_op_apply(&set, &op), 0);
	assert_int_equal(ipvs_op_apply(&set, &op), -EEXIST);
	assert_int_equal(ipvs_op_apply(&set, &dest), 0);
	assert_int_equal(ipvs_op_apply(&set, &dest), -EEXIST);
	set.svcs[0].dests[0].active = 3;
	dest.kind = IPVS_OP_DEST_EDIT;
	dest.dest.weight = 9;
	assert_int_equal(ipvs_op_apply(&set, &dest), 0);
	assert_int_equal(set.svcs[0].dests[0].weight, 9);
	assert_int_equal(set.svcs[0].dests[0].active, 3);
	dest.kind = IPVS_OP_DEST_DEL;
	assert_int_equal(ipvs_op_apply(&set, &dest), 0);
	assert_int_equal(ipvs_op_apply(&set, &dest), -ENOENT);
	op.kind = IPVS_OP_SVC_DEL;
	assert_int_equal(ipvs_op_apply(&set, &op), 0);
	assert_int_equal(ipvs_op_apply(&set, &op), -ESRCH);
	ipvs_set_done(&set);
}

static void test_text(void **state)
{
	struct ipvs_op op = op_add(), dest = op_add_dest();
	char buf[256];

	(void)state;
	assert_string_equal(ipvs_op_str(&op, buf, sizeof(buf)),
			    "add service [1.1.0.0]:tcp:80 scheduler wlc");
	assert_string_equal(ipvs_op_str(&dest, buf, sizeof(buf)),
			    "add server [51.1.0.0]:tcp:80 of [1.1.0.0]:tcp:80 Masq weight 1");
	dest.kind = IPVS_OP_DEST_DEL;
	assert_string_equal(ipvs_op_str(&dest, buf, sizeof(buf)),
			    "delete server [51.1.0.0]:tcp:80 of [1.1.0.0]:tcp:80");
	assert_string_equal(ipvs_strerror(IPVS_OP_DEST_DEL, -ENOENT), "No such destination");
	assert_string_equal(ipvs_strerror(IPVS_OP_SVC_ADD, EEXIST), "Service already exists");
}

static const char *cause(struct ipvs_op op, int error, char *buf, size_t size)
{
	op.error = error;
	return ipvs_op_cause(&op, buf, size);
}

static void test_causes(void **state)
{
	struct ipvs_op svc = op_add(), dest = op_add_dest();
	char buf[256];

	(void)state;
#define assert_cause(op, error, text) assert_string_equal(cause(op, error, buf, sizeof(buf)), text)
	assert_cause(svc, -EEXIST, "Service already exists: added by another program");
	assert_cause(svc, -ENOENT,
		     "Scheduler or persistence engine not found: module ip_vs_wlc is missing");
	strcpy(svc.svc.pe_name, "sip");
	assert_cause(svc, -ENOENT,
		     "Scheduler or persistence engine not found: module ip_vs_wlc or "
		     "ip_vs_pe_sip is missing");
	assert_cause(svc, -EPERM, "Operation not permitted: CAP_NET_ADMIN is needed");
	svc.svc.key.port = 0;
	assert_cause(svc, -EINVAL,
		     "Invalid operation: a service without a port must be persistent");
	assert_cause(dest, -ENOENT, "No such destination: deleted by another program");
	assert_cause(dest, -ESRCH,
		     "Service not defined: the service is missing or was deleted by another "
		     "program");
	assert_cause(dest, -ENOMEM, "Cannot allocate memory");
	dest.dest.fwd = IPVS_FWD_TUNNEL;
	dest.dest.tun_type = IPVS_TUN_GRE;
	assert_cause(dest, -EINVAL,
		     "Invalid operation: gue tunnels need Linux 5.2, gre tunnels 5.3");
	dest.dest.key.addr = addr_numbered(2);
	assert_cause(dest, -EINVAL,
		     "Invalid operation: servers of the other address family need Linux 3.18, "
		     "and no sync daemon may run");
	memset(dest.dest.key.addr.bytes, 0xff, 16);
	assert_cause(dest, -EINVAL, "Invalid operation: the address is not unicast");
#undef assert_cause
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_is_empty),
		cmocka_unit_test(test_all_reaches),
		cmocka_unit_test(test_any_prefix_reaches),
		cmocka_unit_test(test_any_failure_is_survived),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_kernel_rules),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
