/*
 * A kernel IPVS made of a set, for tests of what stands on a backend.
 */
#include "test/unit/ipvs_fake.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/log.h"

static struct ipvs_fake *fake_of(struct ipvs_backend *backend)
{
	return (struct ipvs_fake *)(void *)backend;
}

static int fake_dump(struct ipvs_backend *backend, struct ipvs_set *out)
{
	struct ipvs_fake *fake = fake_of(backend);
	int err = fake->dump_error;

	fake->n_dumps++;
	fake->dump_error = 0;
	if (err == 0)
		ipvs_set_copy(out, &fake->set);
	return err;
}

static int fake_read(struct ipvs_backend *backend, const struct ipvs_svc_key *only,
		     struct ipvs_set *out)
{
	const struct ipvs_svc *svc = ipvs_set_find(&fake_of(backend)->set, only);
	const struct ipvs_dest *dest;
	struct ipvs_svc *copy;

	if (!svc)
		return -ESRCH;
	copy = ipvs_set_add(out, svc);
	copy->n_dests = 0;
	ipvs_dest_for_each (dest, svc)
		svc_add_dest(copy, dest);
	return 0;
}

static unsigned fake_apply(struct ipvs_backend *backend, struct ipvs_op *ops, unsigned n)
{
	struct ipvs_fake *fake = fake_of(backend);
	unsigned n_failed = 0;

	for (unsigned i = 0; i < n; i++) {
		ops[i].error =
			++fake->n_ops == fake->fail_at ? fake->fail_error : ipvs_op_check(&ops[i]);
		if (ops[i].error == 0)
			ops[i].error = ipvs_op_apply(&fake->set, &ops[i]);
		n_failed += ops[i].error != 0;
	}
	return n_failed;
}

static int fake_flush(struct ipvs_backend *backend)
{
	ipvs_set_done(&fake_of(backend)->set);
	return 0;
}

static int fake_set_timeouts(struct ipvs_backend *backend, const struct ipvs_timeouts *timeouts)
{
	struct ipvs_timeouts *now = &fake_of(backend)->timeouts;

	now->tcp_s = timeouts->tcp_s ? timeouts->tcp_s : now->tcp_s;
	now->tcp_fin_s = timeouts->tcp_fin_s ? timeouts->tcp_fin_s : now->tcp_fin_s;
	now->udp_s = timeouts->udp_s ? timeouts->udp_s : now->udp_s;
	return 0;
}

static int fake_get_sync(struct ipvs_backend *backend, struct ipvs_sync *out, unsigned *n)
{
	const struct ipvs_sync *sync = fake_of(backend)->sync;

	*n = 0;
	for (unsigned i = 0; i < IPVS_SYNC_MAX; i++)
		if (sync[i].role)
			out[(*n)++] = sync[i];
	return 0;
}

static int fake_start_sync(struct ipvs_backend *backend, const struct ipvs_sync *sync)
{
	struct ipvs_sync *now = &fake_of(backend)->sync[sync->role - 1];

	if (now->role)
		return -EEXIST;
	*now = *sync;
	return 0;
}

static int fake_stop_sync(struct ipvs_backend *backend, enum ipvs_sync_role role)
{
	struct ipvs_sync *now = &fake_of(backend)->sync[role - 1];

	if (!now->role)
		return -ESRCH;
	*now = (struct ipvs_sync){ 0 };
	return 0;
}

static void fake_free(struct ipvs_backend *backend)
{
	if (!backend)
		return;
	ipvs_set_done(&fake_of(backend)->set);
	free(fake_of(backend));
}

struct ipvs_fake *ipvs_fake_new(void)
{
	struct ipvs_fake *fake = xcalloc(1, sizeof(*fake));

	fake->backend = (struct ipvs_backend){ .dump = fake_dump,
					       .apply = fake_apply,
					       .read = fake_read,
					       .flush = fake_flush,
					       .set_timeouts = fake_set_timeouts,
					       .get_sync = fake_get_sync,
					       .start_sync = fake_start_sync,
					       .stop_sync = fake_stop_sync,
					       .free = fake_free };
	ipvs_set_init(&fake->set);
	return fake;
}
