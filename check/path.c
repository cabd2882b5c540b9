/*
 * Ways of probes: see path.h. Owns them and their marks.
 *
 * The mark counts for the first packet of a connection; the later ones are told by their port. When
 * a port comes back while IPVS still knows its former connection, the new one counts (unless
 * net.ipv4.vs.conn_reuse_mode is 0), but for one that nobody answered, for a minute. The kernel
 * goes through thousands of other ports first, and a check that fails so has another port the next
 * time.
 */
#include "check/path.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/global_conf.h"
#include "lib/log.h"

#define LOOK_AGE_US (2 * US_PER_S) /* what the host says may be so old */

struct path {
	struct path_key key; /* first: the tree compares it */
	struct paths *paths;
	uint32_t index; /* of its mark */
	uint32_t users;
	time_us looked_at; /* TIME_NEVER = not yet */
	struct path_view view;
};

struct paths {
	struct loop *loop;
	struct path_ops ops;
	uint32_t first_mark;
	void *tree; /* tsearch, by key */
	uint32_t n;
	uint32_t lowest; /* marks below it are all in use */
	struct path *of_mark[CHECK_PATHS_MAX];
	bool is_foreign[CHECK_PATHS_MAX]; /* a service of somebody else has this mark */
};

static int cmp_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int key_cmp(const void *a, const void *b)
{
	const struct path_key *x = a, *y = b;
	const struct ipvs_dest *d = &x->dest, *e = &y->dest;
	int order = addr_cmp(&x->vip, &y->vip);

	if (order == 0)
		order = addr_cmp(&d->key.addr, &e->key.addr);
	if (order == 0)
		order = cmp_u32(d->fwd, e->fwd);
	if (order != 0 || d->fwd != IPVS_FWD_TUNNEL)
		return order;
	order = cmp_u32(d->tun_type, e->tun_type);
	if (order == 0)
		order = cmp_u32(d->tun_port, e->tun_port);
	return order ? order : cmp_u32(d->tun_flags, e->tun_flags);
}

struct paths *paths_new(struct loop *loop, const struct path_ops *ops)
{
	struct paths *paths = xcalloc(1, sizeof(*paths));

	paths->loop = loop;
	paths->ops = *ops;
	return paths;
}

void paths_free(struct paths *paths)
{
	if (!paths)
		return;
	for (uint32_t i = 0; i < CHECK_PATHS_MAX; i++) {
		if (!paths->of_mark[i])
			continue;
		tdelete(paths->of_mark[i], &paths->tree, key_cmp);
		free(paths->of_mark[i]);
	}
	free(paths);
}

void paths_set_first_mark(struct paths *paths, uint32_t mark)
{
	paths->first_mark = mark;
}

/* ---- ways and their marks ---- */

/* The lowest free mark; CHECK_PATHS_MAX = none. */
static uint32_t find_free(struct paths *paths)
{
	while (paths->lowest < CHECK_PATHS_MAX &&
	       (paths->of_mark[paths->lowest] || paths->is_foreign[paths->lowest]))
		paths->lowest++;
	return paths->lowest;
}

/* Another mark, if there is one. */
static void move(struct path *path)
{
	struct paths *paths = path->paths;
	uint32_t index = find_free(paths);

	if (index == CHECK_PATHS_MAX)
		return;
	paths->of_mark[path->index] = NULL;
	paths->of_mark[index] = path;
	path->index = index;
}

void paths_shun(struct paths *paths, const struct ipvs_set *table)
{
	const struct ipvs_svc *svc;

	memset(paths->is_foreign, 0, sizeof(paths->is_foreign));
	paths->lowest = 0;
	ipvs_set_for_each (svc, table) {
		const uint32_t index = svc->key.fwmark - paths->first_mark;

		if (svc->key.fwmark && index < CHECK_PATHS_MAX)
			paths->is_foreign[index] |= !svc->is_check_path;
	}
	for (uint32_t i = 0; i < CHECK_PATHS_MAX; i++)
		if (paths->is_foreign[i] && paths->of_mark[i])
			move(paths->of_mark[i]);
}

static struct path *path_new(struct paths *paths, const struct path_key *key)
{
	uint32_t index = find_free(paths);
	struct path *path;

	if (index == CHECK_PATHS_MAX)
		return NULL;
	path = xcalloc(1, sizeof(*path));
	path->key = *key;
	path->paths = paths;
	path->index = index;
	path->looked_at = TIME_NEVER;
	paths->of_mark[index] = path;
	paths->n++;
	tsearch(path, &paths->tree, key_cmp);
	return path;
}

struct path *path_get(struct paths *paths, const struct path_key *key)
{
	struct path *const *node = tfind(key, &paths->tree, key_cmp);
	struct path *path = node ? *node : path_new(paths, key);

	if (path)
		path->users++;
	return path;
}

void path_put(struct path *path)
{
	struct paths *paths;

	if (!path || --path->users > 0)
		return;
	paths = path->paths;
	tdelete(path, &paths->tree, key_cmp);
	paths->of_mark[path->index] = NULL;
	paths->n--;
	if (path->index < paths->lowest)
		paths->lowest = path->index;
	free(path);
}

bool paths_is_empty(const struct paths *paths)
{
	return paths->n == 0;
}

/* ---- IPVS ---- */

/* Datagrams are scheduled one by one, so that none follows the connection of another probe. */
static void build_svc(const struct path *path, struct ipvs_svc *svc, struct ipvs_dest *dest)
{
	const struct ipvs_svc_key key = { .family = path->key.vip.family,
					  .fwmark = path_mark(path) };
	const struct ipvs_dest *server = &path->key.dest;

	*dest = (struct ipvs_dest){
		.key.addr = server->key.addr,
		.fwd = server->fwd,
		.tun_type = server->tun_type,
		.tun_port = server->tun_port,
		.tun_flags = server->tun_flags,
		.weight = 1,
	};
	svc_init(svc, &key);
	memcpy(svc->sched, "rr", sizeof("rr"));
	svc->flags = IPVS_F_ONEPACKET;
	svc->is_check_path = true;
	svc->dests = dest;
	svc->n_dests = 1;
}

void path_svc(const struct path *path, void (*each)(const struct ipvs_svc *svc, void *arg),
	      void *arg)
{
	struct ipvs_dest dest;
	struct ipvs_svc svc;

	build_svc(path, &svc, &dest);
	each(&svc, arg);
}

void paths_each_svc(const struct paths *paths, void (*each)(const struct ipvs_svc *svc, void *arg),
		    void *arg)
{
	for (uint32_t i = 0; i < CHECK_PATHS_MAX; i++)
		if (paths->of_mark[i])
			path_svc(paths->of_mark[i], each, arg);
}

static bool is_in_kernel(const struct path *path, const time_us *since)
{
	const struct path_ops *ops = &path->paths->ops;
	struct ipvs_dest dest;
	struct ipvs_svc svc;

	build_svc(path, &svc, &dest);
	return ops->is_in_kernel(&svc, since, ops->arg);
}

/* ---- probes ---- */

/* Checks rest meanwhile, which nobody would notice. */
static void log_change(const struct path *path)
{
	char server[ADDR_STR_MAX], vip[ADDR_STR_MAX];

	addr_str(&path->key.dest.key.addr, server);
	addr_str(&path->key.vip, vip);
	if (path->view.why[0])
		log_event(LOG_LEVEL_WARNING, "check_path",
			  log_kv("server=%s address=%s why=\"%s\"", server, vip, path->view.why),
			  "Checks of %s through %s rest: %s", server, vip, path->view.why);
	else
		log_event(LOG_LEVEL_INFO, "check_path", log_kv("server=%s address=%s", server, vip),
			  "Checks of %s through %s go on", server, vip);
}

static void look(struct path *path, time_us now)
{
	const struct path_ops *ops = &path->paths->ops;
	const struct path_view old = path->view;

	path->view = (struct path_view){ 0 };
	ops->look(&path->key, &path->view, ops->arg);
	path->looked_at = now;
	if (strcmp(old.why, path->view.why) != 0)
		log_change(path);
}

const char *path_trouble(struct path *path)
{
	const time_us now = loop_now(path->paths->loop);

	if (!is_in_kernel(path, NULL))
		return "not in IPVS yet";
	if (time_is_never(path->looked_at) || time_sub(now, path->looked_at) >= LOOK_AGE_US)
		look(path, now);
	return path->view.why[0] ? path->view.why : NULL;
}

bool path_is_sound(const struct path *path, time_us began)
{
	return is_in_kernel(path, &began);
}

uint32_t path_mark(const struct path *path)
{
	return path->paths->first_mark + path->index;
}

const struct addr *path_source(const struct path *path)
{
	return &path->view.source;
}
