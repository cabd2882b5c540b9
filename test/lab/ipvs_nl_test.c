/*
 * Proves the kernel backend on a real IPVS: batches, errors by operation, drift and repair, dumps
 * while the table changes, time-outs. Run by ipvs_nl.sh in a network namespace of its own: it
 * empties the table.
 *
 * The linker puts the __wrap_ functions in front of the system calls of the backend, to count them
 * and to let things happen between two of them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lvs/ipvs_nl.h"

#define N_SERVICES 20
#define N_DESTS    100
#define N_BIG      3000
#define N_CHURN    600
#define TIMEOUT_US 10000000

static unsigned n_calls;
static unsigned n_recv_of_dump;        /* since it was set to 0 */
static void (*on_second_packet)(void); /* before the second packet of a dump is read */
static bool is_deaf;                   /* answers do not come */
static unsigned n_failed;

ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __real_recv(int fd, void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout);
int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout);

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
	n_calls++;
	return __real_send(fd, data, len, flags);
}

ssize_t __wrap_recv(int fd, void *data, size_t len, int flags)
{
	void (*hook)(void) = on_second_packet;

	n_calls++;
	if (hook && ++n_recv_of_dump == 2) {
		on_second_packet = NULL;
		hook();
	}
	return __real_recv(fd, data, len, flags);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *msgs, unsigned n, int flags, struct timespec *timeout)
{
	n_calls++;
	if (is_deaf) {
		errno = EAGAIN;
		return -1;
	}
	return __real_recvmmsg(fd, msgs, n, flags, timeout);
}

static void verdict(bool is_ok, const char *name, const char *details)
{
	printf("%s %s %s\n", is_ok ? "ok" : "not ok", name, details);
	n_failed += !is_ok;
}

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static struct addr addr_numbered(uint8_t net, uint32_t i)
{
	const uint8_t bytes[4] = { net, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };

	return addr_from_bytes(bytes, sizeof(bytes));
}

static struct ipvs_svc svc_numbered(uint32_t i)
{
	struct ipvs_svc_key key = {
		.family = AF_INET,
		.protocol = i % 2 ? IPPROTO_UDP : IPPROTO_TCP,
		.port = 80,
		.addr = addr_numbered(10, i),
	};
	struct ipvs_svc svc;

	svc_init(&svc, &key);
	snprintf(svc.sched, sizeof(svc.sched), "%s", i % 3 ? "wlc" : "rr");
	if (i % 4 == 1) {
		svc.flags |= IPVS_F_PERSISTENT;
		svc.timeout_s = 100;
		svc.netmask = htonl(0xffffff00);
	}
	return svc;
}

static struct ipvs_dest dest_numbered(uint32_t i)
{
	struct ipvs_dest dest = {
		.key = { .addr = addr_numbered(20, i), .port = 80 },
		.fwd = i % 3 == 0 ? IPVS_FWD_TUNNEL : IPVS_FWD_DROUTE,
		.weight = (int32_t)(i % 7),
		.u_thresh = i % 5 ? 0 : 1000,
	};

	if (i % 6 == 3) {
		dest.tun_type = IPVS_TUN_GUE;
		dest.tun_port = 6080;
		dest.tun_flags = IPVS_TUN_F_CSUM;
	}
	return dest;
}

static void build(struct ipvs_set *set, uint32_t n_services, uint32_t n_dests)
{
	ipvs_set_init(set);
	for (uint32_t i = 0; i < n_services; i++) {
		const struct ipvs_svc svc = svc_numbered(i);
		struct ipvs_svc *in = ipvs_set_append(set, &svc);

		for (uint32_t j = 0; j < n_dests; j++) {
			const struct ipvs_dest dest = dest_numbered(j);

			svc_append_dest(in, &dest);
		}
	}
	ipvs_set_sort(set);
}

/* Dump, diff, apply, with what it cost. Operations, or -errno of the dump. */
static int reconcile(struct ipvs_backend *backend, const struct ipvs_set *desired, const char *what)
{
	struct ipvs_set actual;
	struct ipvs_ops ops;
	unsigned n_failures, dump_calls;
	double start = now_ms(), dumped;
	int n;

	ipvs_set_init(&actual);
	ipvs_ops_init(&ops);
	n_calls = 0;
	n = backend->dump(backend, &actual);
	dump_calls = n_calls;
	dumped = now_ms();
	n_calls = 0;
	if (n == 0) {
		ipvs_diff(&actual, desired, NULL, NULL, &ops);
		n_failures = backend->apply(backend, ops.v, ops.n);
		n = n_failures ? -EIO : (int)ops.n;
	}
	printf("   %-22s dump %3u calls %6.1f ms, %5u operations %4u calls %7.1f ms\n", what,
	       dump_calls, dumped - start, ops.n, n_calls, now_ms() - dumped);
	ipvs_ops_done(&ops);
	ipvs_set_done(&actual);
	return n;
}

static void test_load_and_repair(struct ipvs_backend *backend)
{
	const int n_all = N_SERVICES * (N_DESTS + 1);
	struct ipvs_set desired, drifted;

	build(&desired, N_SERVICES, N_DESTS);
	ipvs_nl_flush(backend);
	verdict(reconcile(backend, &desired, "load") == n_all, "load", "2000 destinations");
	verdict(n_calls <= 2U * (unsigned)(n_all + 63) / 64, "load-calls", "two calls for 64");
	verdict(reconcile(backend, &desired, "same") == 0, "same", "nothing to do after loading");

	ipvs_set_init(&drifted);
	ipvs_set_copy(&drifted, &desired);
	for (uint32_t i = 0; i < N_DESTS; i += 2)
		svc_del_dest(&drifted.svcs[3], &drifted.svcs[3].dests[i / 2].key);
	for (uint32_t i = 0; i < N_DESTS; i++)
		drifted.svcs[5].dests[i].weight += i % 2 ? 1 : 2;
	snprintf(drifted.svcs[6].sched, sizeof(drifted.svcs[6].sched), "wrr");
	drifted.svcs[7].flags ^= IPVS_F_PERSISTENT;
	drifted.svcs[7].timeout_s = 50;
	svc_add_dest(&drifted.svcs[8],
		     &(struct ipvs_dest){ .key = { .addr = addr_numbered(30, 1), .port = 81 },
					  .fwd = IPVS_FWD_MASQ });
	ipvs_set_del(&drifted, &drifted.svcs[1].key);
	verdict(reconcile(backend, &drifted, "drift") > 0, "drift", "");
	verdict(reconcile(backend, &desired, "repair") > 0, "repair", "");
	verdict(reconcile(backend, &desired, "same again") == 0, "same-again", "");
	ipvs_set_done(&drifted);
	ipvs_set_done(&desired);
}

static void test_one_big_service(struct ipvs_backend *backend)
{
	struct ipvs_set desired;

	build(&desired, 1, N_BIG);
	ipvs_nl_flush(backend);
	verdict(reconcile(backend, &desired, "big service") == N_BIG + 1, "big",
		"3000 in a service");
	verdict(reconcile(backend, &desired, "big, same") == 0, "big-same", "");
	ipvs_set_done(&desired);
}

static void test_errors(struct ipvs_backend *backend)
{
	static const struct {
		enum ipvs_op_kind kind;
		uint8_t net; /* of the destination */
		uint32_t u_thresh, l_thresh;
		uint32_t svc;
		int error;
	} cases[] = {
		{ IPVS_OP_SVC_ADD, 0, 0, 0, 0, -EEXIST },
		{ IPVS_OP_SVC_DEL, 0, 0, 0, 9, -ESRCH },
		{ IPVS_OP_DEST_ADD, 20, 0, 0, 9, -ESRCH },
		{ IPVS_OP_DEST_ADD, 224, 0, 0, 0, -EINVAL },
		{ IPVS_OP_DEST_ADD, 40, 1, 2, 0, -ERANGE },
		{ IPVS_OP_DEST_EDIT, 50, 0, 0, 0, -ENOENT },
		{ IPVS_OP_DEST_DEL, 50, 0, 0, 0, -ENOENT },
	};
	const unsigned n_cases = sizeof(cases) / sizeof(cases[0]);
	const struct ipvs_svc svc = svc_numbered(0);
	struct ipvs_set after;
	struct ipvs_ops ops;
	bool is_ok = true;
	unsigned i;

	ipvs_nl_flush(backend);
	ipvs_ops_init(&ops);
	ipvs_ops_add(&ops, IPVS_OP_SVC_ADD, &svc, NULL);
	for (i = 0; i < 20 * n_cases; i++) {
		const struct ipvs_svc other = svc_numbered(cases[i % n_cases].svc);
		const struct ipvs_dest good = dest_numbered(i);
		struct ipvs_dest bad = dest_numbered(i);

		bad.key.addr = addr_numbered(cases[i % n_cases].net, i);
		bad.u_thresh = cases[i % n_cases].u_thresh;
		bad.l_thresh = cases[i % n_cases].l_thresh;
		ipvs_ops_add(&ops, cases[i % n_cases].kind, &other, &bad);
		ipvs_ops_add(&ops, IPVS_OP_DEST_ADD, &svc, &good);
	}
	is_ok = backend->apply(backend, ops.v, ops.n) == 20 * n_cases && ops.v[0].error == 0;
	for (i = 0; i < 20 * n_cases; i++)
		is_ok &= ops.v[1 + 2 * i].error == cases[i % n_cases].error &&
			 ops.v[2 + 2 * i].error == 0;
	ipvs_set_init(&after);
	is_ok &= backend->dump(backend, &after) == 0 && after.svcs[0].n_dests == 20 * n_cases;
	verdict(is_ok, "errors", "each operation has its own, the others are carried out");
	ipvs_set_done(&after);
	ipvs_ops_done(&ops);
}

/* Deletes every other service on a socket of its own, in the middle of somebody else's dump. */
static void delete_half(void)
{
	struct ipvs_backend *other = ipvs_nl_open(TIMEOUT_US);
	struct ipvs_ops ops;

	if (!other)
		return;
	ipvs_ops_init(&ops);
	for (uint32_t i = 0; i < N_CHURN; i += 2) {
		const struct ipvs_svc svc = svc_numbered(i);

		ipvs_ops_add(&ops, IPVS_OP_SVC_DEL, &svc, NULL);
	}
	other->apply(other, ops.v, ops.n);
	ipvs_ops_done(&ops);
	other->free(other);
}

static unsigned count_kept(const struct ipvs_set *set)
{
	unsigned n = 0;

	for (uint32_t i = 1; i < N_CHURN; i += 2) {
		const struct ipvs_svc svc = svc_numbered(i);

		n += ipvs_set_find(set, &svc.key) != NULL;
	}
	return n;
}

static void test_change_during_dump(struct ipvs_backend *backend)
{
	struct ipvs_set desired, once, sure;
	char text[64];
	unsigned n_once;

	build(&desired, N_CHURN, 0);
	ipvs_nl_flush(backend);
	reconcile(backend, &desired, "many services");
	ipvs_set_init(&once);
	n_recv_of_dump = 0;
	on_second_packet = delete_half;
	ipvs_nl_read(backend, NULL, &once);
	ipvs_set_sort(&once);
	n_once = count_kept(&once);
	snprintf(text, sizeof(text), "%u of %u after one reading", n_once, N_CHURN / 2);
	verdict(n_once < N_CHURN / 2, "dump-loses", text);

	reconcile(backend, &desired, "many services again");
	ipvs_set_init(&sure);
	n_recv_of_dump = 0;
	on_second_packet = delete_half;
	verdict(backend->dump(backend, &sure) == 0 && count_kept(&sure) == N_CHURN / 2 &&
			sure.n == N_CHURN / 2,
		"dump-confirmed", "all that stayed and nothing else");
	on_second_packet = NULL;
	ipvs_set_done(&desired);
	ipvs_set_done(&once);
	ipvs_set_done(&sure);
}

static void test_timeout(struct ipvs_backend *backend)
{
	const struct ipvs_svc svc = svc_numbered(0), other = svc_numbered(1);
	struct ipvs_ops ops;
	bool is_ok;

	ipvs_nl_flush(backend);
	ipvs_ops_init(&ops);
	ipvs_ops_add(&ops, IPVS_OP_SVC_ADD, &svc, NULL);
	is_deaf = true;
	is_ok = backend->apply(backend, ops.v, 1) == 1 && ops.v[0].error == -ETIMEDOUT;
	is_deaf = false;
	ops.v[0].svc = other;
	is_ok &= backend->apply(backend, ops.v, 1) == 0;
	ops.v[0].svc = svc;
	is_ok &= backend->apply(backend, ops.v, 1) == 1 && ops.v[0].error == -EEXIST;
	verdict(is_ok, "timeout", "reported, and a fresh socket afterwards");
	ipvs_ops_done(&ops);
}

static void test_single(struct ipvs_backend *backend)
{
	const struct ipvs_svc_key absent = svc_numbered(77).key;
	struct ipvs_set desired, one;
	uint32_t version, size;

	build(&desired, 3, 5);
	ipvs_nl_flush(backend);
	reconcile(backend, &desired, "few");
	ipvs_set_init(&one);
	verdict(ipvs_nl_read(backend, &desired.svcs[1].key, &one) == 0 && one.n == 1 &&
			one.svcs[0].n_dests == 5,
		"read-one", "");
	ipvs_set_done(&one);
	verdict(ipvs_nl_read(backend, &absent, &one) == -ESRCH && one.n == 0, "read-absent", "");
	verdict(ipvs_nl_zero(backend, NULL) == 0 && ipvs_nl_zero(backend, &absent) == -ESRCH,
		"zero", "");
	verdict(ipvs_nl_info(backend, &version, &size) == 0 && version >= 0x10200 && size > 0,
		"info", "");
	verdict(ipvs_nl_flush(backend) == 0 && ipvs_nl_read(backend, NULL, &one) == 0 && one.n == 0,
		"flush", "");
	ipvs_set_done(&one);
	ipvs_set_done(&desired);
}

static bool has_timeouts(struct ipvs_backend *backend, uint32_t tcp, uint32_t fin, uint32_t udp)
{
	struct ipvs_timeouts now;

	return ipvs_nl_get_timeouts(backend, &now) == 0 && now.tcp_s == tcp &&
	       now.tcp_fin_s == fin && now.udp_s == udp;
}

static void test_timeouts(struct ipvs_backend *backend)
{
	const struct ipvs_timeouts three = { 800, 100, 200 }, one = { .udp_s = 44 };
	const struct ipvs_timeouts most = { .tcp_s = INT32_MAX / 1000 };
	const struct ipvs_timeouts huge = { .tcp_s = INT32_MAX };

	verdict(has_timeouts(backend, 900, 120, 300), "timeouts-default", "900 120 300");
	verdict(ipvs_nl_set_timeouts(backend, &three) == 0 && has_timeouts(backend, 800, 100, 200),
		"timeouts-set", "800 100 200");
	verdict(ipvs_nl_set_timeouts(backend, &one) == 0 && has_timeouts(backend, 800, 100, 44),
		"timeouts-keep", "0 keeps");
	verdict(ipvs_nl_set_timeouts(backend, &most) == 0 &&
			ipvs_nl_set_timeouts(backend, &huge) == -EINVAL &&
			has_timeouts(backend, INT32_MAX / 1000, 100, 44),
		"timeouts-bounds", "");
}

static bool is_same_sync(const struct ipvs_sync *a, const struct ipvs_sync *b)
{
	return a->role == b->role && strcmp(a->ifname, b->ifname) == 0 && a->id == b->id &&
	       a->maxlen == b->maxlen && addr_cmp(&a->group, &b->group) == 0 &&
	       a->port == b->port && a->ttl == b->ttl;
}

static void test_sync(struct ipvs_backend *backend)
{
	const uint8_t group4[4] = { 239, 1, 2, 3 }, group6[16] = { 0xff, 2, [15] = 0x81 };
	struct ipvs_sync master = { IPVS_SYNC_MASTER, "sync0", 7, 1400, { 0 }, 9000, 3 };
	struct ipvs_sync backup = { .role = IPVS_SYNC_BACKUP, .ifname = "lo", .id = 8 };
	struct ipvs_sync now[IPVS_SYNC_MAX];
	unsigned n;

	master.group = addr_from_bytes(group4, sizeof(group4));
	verdict(ipvs_nl_get_sync(backend, now, &n) == 0 && n == 0, "sync-none", "");
	verdict(ipvs_nl_start_sync(backend, &master) == 0 &&
			ipvs_nl_start_sync(backend, &master) == -EEXIST &&
			ipvs_nl_start_sync(backend, &backup) == 0,
		"sync-start", "one of each role");
	verdict(ipvs_nl_get_sync(backend, now, &n) == 0 && n == 2 &&
			is_same_sync(&now[0], &master) && now[1].role == IPVS_SYNC_BACKUP &&
			now[1].id == 8 && now[1].port == 8848 && now[1].ttl == 1,
		"sync-read", "all attributes, and the defaults");
	verdict(ipvs_nl_stop_sync(backend, IPVS_SYNC_MASTER) == 0 &&
			ipvs_nl_stop_sync(backend, IPVS_SYNC_MASTER) == -ESRCH &&
			ipvs_nl_stop_sync(backend, IPVS_SYNC_BACKUP) == 0,
		"sync-stop", "");
	master.group = addr_from_bytes(group6, sizeof(group6));
	verdict(ipvs_nl_start_sync(backend, &backup) == 0 &&
			ipvs_nl_stop_sync(backend, IPVS_SYNC_BACKUP) == 0 &&
			ipvs_nl_stop_sync(backend, IPVS_SYNC_BACKUP) == -ESRCH,
		"sync-at-once", "stopped before it ran");
	verdict(ipvs_nl_start_sync(backend, &master) == 0 &&
			ipvs_nl_get_sync(backend, now, &n) == 0 && n == 1 &&
			is_same_sync(&now[0], &master) &&
			ipvs_nl_stop_sync(backend, IPVS_SYNC_MASTER) == 0,
		"sync-ipv6", "group ff02::81");
	strcpy(backup.ifname, "nosuch");
	verdict(ipvs_nl_start_sync(backend, &backup) == -ENODEV, "sync-interface", "");
}

int main(void)
{
	struct ipvs_backend *backend = ipvs_nl_open(TIMEOUT_US);

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!backend) {
		printf("not ok open %s\n", strerror(errno));
		return 1;
	}
	test_load_and_repair(backend);
	test_one_big_service(backend);
	test_errors(backend);
	test_change_during_dump(backend);
	test_timeout(backend);
	test_single(backend);
	test_timeouts(backend);
	test_sync(backend);
	backend->free(backend);
	return n_failed ? 1 : 0;
}
