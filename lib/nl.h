/*
 * rtnetlink through libmnl: links, addresses, and the routes and rules of protocols that were asked
 * for: dump, monitor, apply.
 *
 * Two sockets: one for requests (synchronous, with a timeout, used at start and for batches of
 * changes) and one for notifications, non-blocking, served by the loop. On an overrun of the
 * monitor (ENOBUFS) the tables are dumped again and the differences delivered as ordinary changes.
 * Messages of any sender but the kernel are ignored, malformed ones skipped. Works for one owner
 * (the VRRP child); not thread safe.
 *
 * Files: nl.c tables and notifications, nl_req.c requests, nl_table.c and nl_route_table.c the
 * tables, nl_parse.c and nl_route*.c messages.
 */
#ifndef DIARCH_LIB_NL_H
#define DIARCH_LIB_NL_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/loop.h"
#include "lib/nl_route.h"
#include "lib/rcvbuf.h"

#define NL_FOREVER UINT32_MAX
#define NL_PROTO_DIARCH \
	18 /* IFA_PROTO of the addresses that nl_apply() adds; keepalived's number */

struct nl_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	uint32_t flags; /* IFF_* */
	bool is_up;     /* IFF_UP and IFF_RUNNING (or IFF_LOOPBACK and IFF_UP) */
	uint8_t mac[6];
	bool has_mac;
	uint32_t mtu;
	uint32_t base_ifindex;  /* of a VLAN, macvlan and the like: what it is on; else 0 */
	bool is_base_elsewhere; /* that is in another network namespace */
	bool is_macvlan, is_ipvlan;
	uint32_t macvlan_mode;   /* MACVLAN_MODE_*, 0 = no macvlan */
	uint32_t master_ifindex; /* of a port of a bridge or VRF: that; else 0 */
	uint32_t vrf_table;      /* of a VRF: its routing table; else 0 */
};

struct nl_addr {
	uint32_t ifindex;
	struct addr addr; /* IFA_LOCAL */
	struct addr peer; /* unset unless point to point */
	struct addr broadcast;
	uint8_t prefix_len;
	uint8_t scope;                 /* RT_SCOPE_* */
	uint8_t protocol;              /* IFA_PROTO, 0 when the kernel does not tell */
	uint32_t flags;                /* IFA_F_* */
	uint32_t preferred_s, valid_s; /* NL_FOREVER, or seconds left */
	char label[IF_NAMESIZE];
};

/* NL_ROUTES: routes or rules that are watched changed, ask which are there. */
enum nl_change_kind { NL_LINK_NEW, NL_LINK_DEL, NL_ADDR_NEW, NL_ADDR_DEL, NL_ROUTES };

struct nl_change {
	enum nl_change_kind kind;
	struct nl_link link; /* for NL_LINK_* */
	struct nl_addr addr; /* for NL_ADDR_* */
};

struct nl;

/*
 * Opens both sockets, dumps links and addresses and keeps the tables current while the loop runs.
 * `on_change` is called from the loop for every later change, after the tables have it; also for
 * our own changes. The tables may already be ahead of the change that is reported: ask them, not
 * the change, whether an address is there now. NULL and errno on failure.
 */
struct nl *nl_open(struct loop *loop, void (*on_change)(const struct nl_change *change, void *arg),
		   void *arg);
void nl_free(struct nl *nl);

/* The receive buffer of the monitor, by the row `keyword`. When it overflows, and only then, the
 * tables are read again. */
void nl_set_rcvbuf(struct nl *nl, const struct rcvbuf *asked, const char *keyword);

/* Reads everything from the kernel again in the next pass, for when the tables seem to be wrong. */
void nl_refresh(struct nl *nl);

/* Current tables. Pointers are valid until the next pass of the loop or nl_apply(). */
const struct nl_link *nl_link_by_name(const struct nl *nl, const char *name);
const struct nl_link *nl_link_by_index(const struct nl *nl, uint32_t ifindex);
uint32_t nl_addr_count(const struct nl *nl);
const struct nl_addr *nl_addr_at(const struct nl *nl, uint32_t i);
const struct nl_addr *nl_addr_find(const struct nl *nl, uint32_t ifindex, const struct addr *addr);

/* The same, with this prefix length too: one address may be there with several. */
const struct nl_addr *nl_addr_find_prefix(const struct nl *nl, uint32_t ifindex,
					  const struct addr *addr, uint8_t prefix_len);

/* First global-scope IPv4 (or link-local IPv6) address of the interface not in `skip`; NULL if
 * none. */
const struct nl_addr *nl_primary_addr(const struct nl *nl, uint32_t ifindex, int family,
				      bool (*skip)(const struct addr *addr, void *arg), void *arg);

/* An interface on top of another. */
struct nl_upper {
	const char *name;
	uint32_t base, group; /* the one below; the group of interfaces it is in */
	uint32_t master;      /* the VRF that it is in; 0 = none */
	const uint8_t *mac;   /* of a macvlan */
	uint16_t mode;        /* of an ipvlan: 0 (bridge), IPVLAN_F_PRIVATE or IPVLAN_F_VEPA; else
				 MACVLAN_MODE_* */
};

/*
 * Make a macvlan or an ipvlan (layer 2), which is down; put an interface into a VRF, or with 0
 * out of it; set one up or down; remove one. 0 or -errno; the tables have the result.
 */
int nl_macvlan_add(struct nl *nl, const struct nl_upper *upper);
int nl_ipvlan_add(struct nl *nl, const struct nl_upper *upper);
int nl_link_set_master(struct nl *nl, uint32_t ifindex, uint32_t master);
int nl_link_set_up(struct nl *nl, uint32_t ifindex, bool is_up);
int nl_link_del(struct nl *nl, uint32_t ifindex);

/*
 * From now on the tables have the routes and rules of this protocol (RTPROT_*). Asked for nothing,
 * nothing is heard or read of them. 0 or -errno.
 */
int nl_watch_routes(struct nl *nl, uint8_t protocol);

/* Whether the route or rule is there as wanted; its protocol must be watched. */
bool nl_has_route(const struct nl *nl, const struct nl_route *want);
bool nl_has_rule(const struct nl *nl, const struct nl_rule *want);

/* SET adds, or gives what is there these lifetimes. */
enum nl_op_kind {
	NL_OP_ADDR_ADD,
	NL_OP_ADDR_DEL,
	NL_OP_ADDR_SET,
	NL_OP_ROUTE_ADD,
	NL_OP_ROUTE_DEL,
	NL_OP_RULE_ADD,
	NL_OP_RULE_DEL,
};

struct nl_op {
	enum nl_op_kind kind;
	struct nl_addr addr;
	const struct nl_route *route; /* of the caller; for NL_OP_ROUTE_* */
	const struct nl_rule *rule;   /* of the caller; for NL_OP_RULE_* */
	bool is_replacing;            /* NL_OP_ROUTE_ADD: what has its place in the table goes */
	int error; /* out: 0 or -errno of this operation. What is there already when adding, or gone
		      already (or with its interface) when deleting, is success. */
};

/*
 * Carries out all operations in order, many to a system call, and reads the replies; returns the
 * number of failures. Operations not answered, or not begun, when `timeout_us` is over have
 * -ETIMEDOUT: look again and repeat what is still missing. The tables have the result afterwards;
 * on_change is called later, from the loop. The kernel works inside the system call, so the call
 * can last longer by one batch of NL_BATCH_OPS.
 */
#define NL_BATCH_OPS 128
unsigned nl_apply(struct nl *nl, struct nl_op *ops, unsigned n, int64_t timeout_us);

#endif
