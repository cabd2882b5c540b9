/*
 * Lines of virtual_routes, static_routes, virtual_rules and static_rules.
 */
#ifndef DIARCH_VRRP_ROUTE_CONF_H
#define DIARCH_VRRP_ROUTE_CONF_H

#include "lib/conf.h"

/* A name of iproute2's tables, or a number. */
struct conf_name_id {
	const char *name; /* NULL = id */
	uint32_t id;
	bool is_given;
};

/* "[lock] VALUE" */
struct conf_locked {
	int64_t value; /* times in ms, unless raw */
	bool is_raw;   /* a time without unit: as the kernel has it */
	bool is_locked;
	bool is_given;
};

/* "[lock] NAME" */
struct conf_locked_name {
	const char *name;
	bool is_locked;
};

/* "[TYPE] IP[/LEN]|default|default6" or, in rules, "IP[/LEN]|all" */
struct conf_dest {
	int type;                  /* RTN_*; 0 = unicast */
	bool is_any;               /* default, all */
	struct conf_prefix prefix; /* also gives the family */
};

/* Numbers A-B. */
struct conf_span {
	uint32_t lo, hi;
	bool is_given;
};

struct conf_mark {
	uint32_t mark, mask;
	bool is_given;
};

/* encap KIND OPTIONS */
struct encap_conf {
	struct conf_parts parts;
	const char *mpls, *ila;
	bool ip, ip6;
	int64_t id;
	struct addr dst, src;
	uint8_t tos, ttl;
	uint32_t flags;
};

/* One leg of a route with several. */
struct nexthop_conf {
	struct conf_parts parts;
	struct addr via, as;
	const char *dev, *realms;
	uint32_t weight;
	bool onlink;
	struct encap_conf encap;
};

struct nexthops_conf {
	const struct nexthop_conf *v;
	uint32_t n;
};

struct route_conf {
	struct conf_obj obj;
	struct conf_dest to, from;
	bool inet, inet6;
	struct addr src, via, as;
	const char *dev, *vrf;
	struct conf_name_id table, protocol, scope, tos;
	uint32_t metric;
	bool onlink;
	struct encap_conf encap;
	uint32_t expires_s;
	struct conf_locked mtu, advmss, rtt_ms, rttvar_ms, reordering, cwnd, ssthresh, rto_min_ms;
	uint32_t hoplimit, window, initcwnd, initrwnd;
	const char *realms;
	int features;
	int quickack, fastopen_no_cookie, ttl_propagate;
	struct conf_locked_name congctl;
	struct conf_name_id pref;
	bool add, prepend, append;
	struct addr or_via;
	struct nexthops_conf nexthops;
	bool no_track;
	const char *track_group; /* static_routes */
};

/* What "type ACTION" fills in. */
enum iprule_action {
	IPRULE_NOP = 1,
	IPRULE_BLACKHOLE,
	IPRULE_UNREACHABLE,
	IPRULE_PROHIBIT,
	IPRULE_L3MDEV,
};

struct iprule_conf {
	struct conf_obj obj;
	bool inet, inet6, is_not;
	struct conf_dest from, to;
	const char *iif, *oif;
	struct conf_name_id tos, table, suppress_ifgroup, ipproto;
	struct conf_mark fwmark;
	struct conf_name_id preference; /* a number in any C base */
	uint32_t goto_preference;       /* 0 = none */
	bool nop, blackhole, unreachable, prohibit, l3mdev;
	int type; /* enum iprule_action */
	const char *realms;
	uint32_t suppress_prefixlength;
	int64_t tunnel_id;
	struct conf_span uidrange, sport, dport;
	uint32_t protocol;
	bool no_track;
	const char *track_group; /* static_rules */
};

/* In an instance, and in the root. */
extern const struct conf_block virtual_routes_block, virtual_rules_block, static_routes_block,
	static_rules_block;

/* Whether the kernel can be asked for them. */
void route_conf_rules(const struct conf_obj *root, struct conf_diags *diags);

/* Value types of these lines. */
extern const struct conf_type conf_type_name_id, conf_type_locked, conf_type_locked_time,
	conf_type_locked_name, conf_type_dest, conf_type_selector, conf_type_via, conf_type_span,
	conf_type_mark;

#endif
