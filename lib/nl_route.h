/*
 * Routes and routing rules as values: what rtnetlink says of them, compared and written. Pure; the
 * tables of them are in nl.c.
 */
#ifndef DIARCH_LIB_NL_ROUTE_H
#define DIARCH_LIB_NL_ROUTE_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"

#define NL_LEGS_MAX   32
#define NL_LABELS_MAX 8

/* Encapsulation of one leg. */
struct nl_encap {
	uint16_t type; /* LWTUNNEL_ENCAP_* */
	uint8_t n_labels;
	uint32_t labels[NL_LABELS_MAX]; /* MPLS, outermost first */
	uint64_t id;                    /* tunnel id, or the locator of ILA */
	struct addr src, dst;
	uint8_t tos, ttl;
	uint16_t flags;
};

/* One way out. */
struct nl_leg {
	struct addr via;  /* unset = on link; may be of the other family */
	uint32_t ifindex; /* 0: the kernel chooses by `via` */
	uint16_t weight;  /* at least 1 */
	bool is_onlink;
	uint32_t realms;
	uint16_t encap_type;          /* LWTUNNEL_ENCAP_*, 0 = none */
	const struct nl_encap *encap; /* of routes to be set only */
};

enum nl_route_place { NL_ROUTE_PREPEND, NL_ROUTE_APPEND, NL_ROUTE_ADD };

struct nl_route {
	uint8_t family;
	uint8_t type;     /* RTN_* */
	uint8_t scope;    /* RT_SCOPE_*, of IPv4 only */
	uint8_t protocol; /* RTPROT_* */
	uint8_t tos;
	uint8_t dst_len, src_len;
	uint8_t pref;          /* ICMPV6_ROUTER_PREF_* */
	uint8_t ttl_propagate; /* 0 = unset, 1 = on, 2 = off */
	struct addr dst, src;  /* unset with length 0 */
	struct addr prefsrc;
	uint32_t table, metric, realms, expires_s;
	uint32_t metrics[RTAX_MAX + 1]; /* RTAX_*, times as the kernel has them */
	char congctl[16];
	enum nl_route_place place; /* when it is set */
	uint32_t n_legs;           /* 0: nothing is sent anywhere */
	struct nl_leg legs[NL_LEGS_MAX];
};

/* Most bytes of a message that sets or removes the route. */
size_t nl_route_size_max(const struct nl_route *route);

/* Writes the message behind its nlmsghdr, whose type (RTM_NEWROUTE or RTM_DELROUTE) is set. */
void nl_route_put(struct nlmsghdr *nlh, const struct nl_route *route);

/* From a message of the kernel. False when it is none that matters: cached, or of another family.
 */
bool nl_route_parse(const struct nlmsghdr *nlh, struct nl_route *out);

/*
 * Whether the route `is`, as the kernel tells it, is the one we want. What the kernel chooses by
 * itself or counts down (output interface, lifetime, details of an encapsulation) is left open.
 */
bool nl_route_is_wanted(const struct nl_route *is, const struct nl_route *want);

/* Whether both have the same place in a table, whatever their gateways. */
bool nl_route_is_same_place(const struct nl_route *a, const struct nl_route *b);

struct nl_rule {
	uint8_t family;
	uint8_t action; /* FR_ACT_* */
	uint8_t protocol;
	uint8_t tos;
	uint8_t dst_len, src_len;
	uint8_t ip_proto;
	bool is_inverted, is_l3mdev;
	struct addr dst, src;
	uint32_t priority, table, goto_priority;
	uint32_t fwmark, fwmask;
	uint32_t realms;
	uint32_t suppress_prefix_len, suppress_ifgroup; /* UINT32_MAX = none */
	uint64_t tunnel_id;
	bool has_uids;
	uint32_t uid_lo, uid_hi;
	uint16_t sport_lo, sport_hi, dport_lo, dport_hi; /* 0 = any */
	char iif[IF_NAMESIZE], oif[IF_NAMESIZE];
};

#define NL_RULE_SIZE_MAX 384

/* The same for rules (RTM_NEWRULE, RTM_DELRULE). */
void nl_rule_put(struct nlmsghdr *nlh, const struct nl_rule *rule);
bool nl_rule_parse(const struct nlmsghdr *nlh, struct nl_rule *out);
bool nl_rule_is_equal(const struct nl_rule *a, const struct nl_rule *b);

#endif
