/*
 * Probes through the address of a service, on this host: see path_host.h. Owns a request socket.
 */
#include "check/path_host.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/nl_req.h"

#define ASK_US (200 * US_PER_MS)

struct path_host {
	struct sysctls *settings;
	struct reconcile *reconcile;
	const struct root_conf *root;
	struct nl_req req; /* sock NULL = not open */
	struct addr asked; /* most ways have one source: the last answer of is_of_service() */
	bool was_of_service;
};

struct path_host *path_host_new(struct sysctls *settings, struct reconcile *reconcile)
{
	struct path_host *host = xcalloc(1, sizeof(*host));

	host->settings = settings;
	host->reconcile = reconcile;
	return host;
}

void path_host_free(struct path_host *host)
{
	if (!host)
		return;
	if (host->req.sock)
		nl_req_close(&host->req);
	free(host);
}

void path_host_apply(struct path_host *host, const struct root_conf *root)
{
	host->root = root;
	host->asked = (struct addr){ 0 };
}

/* ---- source ---- */

static bool is_in_range(const struct addr *addr, const struct addr *first, const struct addr *last)
{
	return addr->family == first->family && addr_cmp(addr, first) >= 0 &&
	       addr_cmp(addr, last) <= 0;
}

static bool find_service(const struct path_host *host, const struct addr *addr)
{
	const struct vs_group_line_conf *line;
	const struct vs_conf *vs;

	conf_list_for_each (vs, &host->root->virtual_servers) {
		if (is_in_range(addr, &vs->addr.addr, &vs->addr.addr))
			return true;
		if (vs->group)
			conf_list_for_each (line, &vs->group->lines)
				if (is_in_range(addr, &line->range.first, &line->range.last))
					return true;
	}
	return false;
}

/* Servers have the addresses of services themselves: an answer would not leave them. */
static bool is_of_service(struct path_host *host, const struct addr *addr)
{
	if (addr_is_unset(&host->asked) || addr_cmp(&host->asked, addr) != 0) {
		host->asked = *addr;
		host->was_of_service = find_service(host, addr);
	}
	return host->was_of_service;
}

static bool get_address(const struct ifaddrs *ifa, struct addr *out)
{
	if (!ifa->ifa_addr)
		return false;
	if (ifa->ifa_addr->sa_family == AF_INET) {
		*out = (struct addr){ .family = AF_INET };
		memcpy(out->bytes, &((const struct sockaddr_in *)ifa->ifa_addr)->sin_addr, 4);
		return true;
	}
	if (ifa->ifa_addr->sa_family != AF_INET6)
		return false;
	*out = (struct addr){ .family = AF_INET6 };
	memcpy(out->bytes, &((const struct sockaddr_in6 *)ifa->ifa_addr)->sin6_addr, 16);
	return !IN6_IS_ADDR_LINKLOCAL(&out->in6);
}

/* Any other address of the interface. */
static bool find_other(struct path_host *host, const char *interface, int family, struct addr *out)
{
	struct ifaddrs *all = NULL;
	bool is_found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *ifa = all; ifa && !is_found; ifa = ifa->ifa_next)
		is_found = strcmp(ifa->ifa_name, interface) == 0 && get_address(ifa, out) &&
			   out->family == family && !is_of_service(host, out);
	freeifaddrs(all);
	return is_found;
}

/* ---- sysctls ---- */

static int rp_filter_of(const char *interface)
{
	char path[SYSCTL_PATH_MAX], value[SYSCTL_VALUE_MAX];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/rp_filter", interface);
	return sysctl_read(path, value) ? atoi(value) : 0;
}

/* Strict filtering wants answers from the interface that has the address, or its network. */
static bool is_filtered(struct path_host *host, const struct addr *vip, const char *interface,
			uint32_t ifindex)
{
	int own = rp_filter_of(interface), all = rp_filter_of("all");
	struct nl_hop hop;

	if ((own > all ? own : all) != 1)
		return false;
	return nl_req_hop(&host->req, vip, true, ASK_US, &hop) < 0 || hop.ifindex != ifindex;
}

/* Of IPv4 only: the other family checks neither. */
static void let_answers_in(struct path_host *host, const struct addr *vip, const char *interface,
			   uint32_t ifindex)
{
	char path[SYSCTL_PATH_MAX];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/accept_local", interface);
	sysctls_set(host->settings, path, "1");
	if (!is_filtered(host, vip, interface, ifindex))
		return;
	snprintf(path, sizeof(path), "net/ipv4/conf/%s/rp_filter", interface);
	sysctls_set(host->settings, path, "2");
}

/* A director that receives connections of its peer may be told to forward nothing. */
static bool is_idle(struct path_host *host)
{
	char value[SYSCTL_VALUE_MAX];

	return sysctl_read("net/ipv4/vs/backup_only", value) && atoi(value) != 0 &&
	       reconcile_runs_backup(host->reconcile);
}

/* ---- all together ---- */

static bool refuse(struct path_view *view, const char *why)
{
	snprintf(view->why, sizeof(view->why), "%s", why);
	return false;
}

/* How packets go to the service's address and to the server, as far as that can be. The answer to
 * a server of another family than the address comes back by the address's family. */
static bool find_hops(struct path_host *host, const struct path_key *key, struct nl_hop *server,
		      struct path_view *view)
{
	struct nl_hop vip;

	if (!host->req.sock && nl_req_open(&host->req) < 0)
		return refuse(view, "no rtnetlink socket");
	if (is_idle(host))
		return refuse(view, "IPVS rests, net.ipv4.vs.backup_only is set");
	if (nl_req_hop(&host->req, &key->vip, false, ASK_US, &vip) < 0)
		return refuse(view, "no route to the address of the service");
	if (nl_req_hop(&host->req, &key->dest.key.addr, false, ASK_US, server) < 0)
		return refuse(view, "no route to the server");
	if (server->type == RTN_LOCAL && vip.type != RTN_LOCAL)
		return refuse(view, "the server is this host, without the address");
	if (key->vip.family != key->dest.key.addr.family && vip.type != RTN_LOCAL)
		*server = vip;
	return true;
}

void path_host_look(const struct path_key *key, struct path_view *view, void *arg)
{
	struct path_host *host = arg;
	char interface[IF_NAMESIZE];
	struct nl_hop hop;

	if (!find_hops(host, key, &hop, view))
		return;
	if (!if_indextoname(hop.ifindex, interface)) {
		refuse(view, "no interface towards the server");
		return;
	}
	view->source = hop.source;
	if ((view->source.family != key->vip.family || is_of_service(host, &view->source)) &&
	    !find_other(host, interface, key->vip.family, &view->source)) {
		refuse(view, "no source but addresses of services");
		return;
	}
	if (key->vip.family == AF_INET && hop.type != RTN_LOCAL)
		let_answers_in(host, &key->vip, interface, hop.ifindex);
}

bool path_host_is_in_kernel(const struct ipvs_svc *svc, const time_us *since, void *arg)
{
	struct path_host *host = arg;

	return since ? reconcile_sees(host->reconcile, svc, *since)
		     : reconcile_has(host->reconcile, svc);
}
