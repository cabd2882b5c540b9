/*
 * Model of IPVS: virtual services and destinations as values with keys, and sets of them.
 *
 * Used for what the kernel has (dump), what is wanted (pools, save files) and their difference. No
 * I/O here.
 */
#ifndef DIARCH_LVS_IPVS_H
#define DIARCH_LVS_IPVS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define IPVS_SCHED_MAX 16
#define IPVS_PE_MAX    16

#define IPVS_TIMEOUT_MAX_S (31 * 24 * 3600) /* persistence, as ipvsadm and keepalived bound it */

enum ipvs_fwd {
	IPVS_FWD_MASQ = 0,
	IPVS_FWD_LOCAL = 1,
	IPVS_FWD_TUNNEL = 2,
	IPVS_FWD_DROUTE = 3,
	IPVS_FWD_BYPASS = 4
};

enum ipvs_svc_flags {
	IPVS_F_PERSISTENT = 0x1,
	IPVS_F_HASHED = 0x2, /* kernel's own; never compared */
	IPVS_F_ONEPACKET = 0x4,
	IPVS_F_SCHED1 = 0x8,
	IPVS_F_SCHED2 = 0x10,
	IPVS_F_SCHED3 = 0x20,
};

enum ipvs_tun { IPVS_TUN_IPIP = 0, IPVS_TUN_GUE = 1, IPVS_TUN_GRE = 2 };

enum ipvs_tun_flags { IPVS_TUN_F_CSUM = 0x1, IPVS_TUN_F_REMCSUM = 0x2 };

/* Identity of a service: fwmark (with family), or protocol, address and port. */
struct ipvs_svc_key {
	uint8_t family;   /* AF_INET or AF_INET6 */
	uint8_t protocol; /* IPPROTO_TCP ...; 0 for a fwmark service */
	uint16_t port;    /* host order */
	uint32_t fwmark;  /* != 0: fwmark service */
	struct addr addr;
};

struct ipvs_stats {
	uint64_t conns, in_pkts, out_pkts, in_bytes, out_bytes;
	uint64_t cps, in_pps, out_pps, in_bps, out_bps;
};

struct ipvs_dest_key {
	struct addr addr;
	uint16_t port; /* host order */
};

struct ipvs_dest {
	struct ipvs_dest_key key;
	uint8_t fwd; /* enum ipvs_fwd */
	uint8_t tun_type;
	uint16_t tun_port;
	uint16_t tun_flags;
	int32_t weight;
	uint32_t u_thresh, l_thresh;
	/* from the kernel only, never compared */
	uint32_t active, inactive, persistent;
	struct ipvs_stats stats;
};

struct ipvs_svc {
	struct ipvs_svc_key key;
	char sched[IPVS_SCHED_MAX];
	char pe_name[IPVS_PE_MAX];
	uint32_t flags;
	bool is_check_path; /* no service of anybody: a way of probes to one server (check/path.h)
			     */
	uint32_t timeout_s; /* persistence, with IPVS_F_PERSISTENT */
	uint32_t netmask;   /* IPv4: mask in network order as an integer read from the wire; IPv6:
			       prefix length */
	struct ipvs_dest *dests; /* owned by the set; sorted by key */
	uint32_t n_dests, cap_dests;
	struct ipvs_stats stats;
};

/* Services sorted by key, each with destinations sorted by key. Owns its memory. */
struct ipvs_set {
	struct ipvs_svc *svcs;
	uint32_t n, cap;
};

#define ipvs_set_for_each(s, set) \
	for ((s) = (set)->svcs; (s) && (s) != (set)->svcs + (set)->n; (s)++)
#define ipvs_dest_for_each(d, svc) \
	for ((d) = (svc)->dests; (d) && (d) != (svc)->dests + (svc)->n_dests; (d)++)

/*
 * Total orders: fwmark (0, services by address, first), family, protocol, address unsigned, port.
 */
int svc_key_cmp(const struct ipvs_svc_key *a, const struct ipvs_svc_key *b);
int dest_key_cmp(const struct ipvs_dest_key *a, const struct ipvs_dest_key *b);

/*
 * Whether everything configurable is equal (not destinations, not kernel counters). What has no
 * effect does not count: timeout and netmask without persistence, tunnel settings of a destination
 * that is not tunnelled.
 */
bool svc_is_equal(const struct ipvs_svc *a, const struct ipvs_svc *b);
bool dest_is_equal(const struct ipvs_dest *a, const struct ipvs_dest *b);

/* Fills the defaults of a service of this key: wlc, no persistence, full mask. */
void svc_init(struct ipvs_svc *svc, const struct ipvs_svc_key *key);

void ipvs_set_init(struct ipvs_set *set);
void ipvs_set_done(struct ipvs_set *set);

/* Finds; NULL if absent. Pointers are valid until the set changes. */
struct ipvs_svc *ipvs_set_find(const struct ipvs_set *set, const struct ipvs_svc_key *key);
struct ipvs_dest *svc_find_dest(const struct ipvs_svc *svc, const struct ipvs_dest_key *key);

/*
 * Adds or replaces (a replaced service keeps its destinations); copies the value. Fatal when out of
 * memory.
 */
struct ipvs_svc *ipvs_set_add(struct ipvs_set *set, const struct ipvs_svc *svc);
struct ipvs_dest *svc_add_dest(struct ipvs_svc *svc, const struct ipvs_dest *dest);

/*
 * For building in bulk in any order: appends without looking, then ipvs_set_sort() brings
 * everything into order and drops duplicates. Between the two nothing else may be called on the
 * set. ipvs_set_add() and svc_add_dest() are as fast when the keys come in order.
 */
struct ipvs_svc *ipvs_set_append(struct ipvs_set *set, const struct ipvs_svc *svc);
struct ipvs_dest *svc_append_dest(struct ipvs_svc *svc, const struct ipvs_dest *dest);
void ipvs_set_sort(struct ipvs_set *set);

/* Appends a copy of everything in `from` to `to`, which is empty. */
void ipvs_set_copy(struct ipvs_set *to, const struct ipvs_set *from);

/* Removes all ways of probes. */
void ipvs_set_drop_paths(struct ipvs_set *set);

/* Removes; false if absent. */
bool ipvs_set_del(struct ipvs_set *set, const struct ipvs_svc_key *key);
bool svc_del_dest(struct ipvs_svc *svc, const struct ipvs_dest_key *key);

/* "Masq", "Local", "Tunnel", "Route", "Bypass": as listings show a forwarding method. */
const char *ipvs_fwd_name(uint8_t fwd);

/*
 * "[10.0.0.1]:tcp:80" or "FWM 5" ("FWM 5 IPv6"), keepalived's names. Returns `str` (ADDR_NAME_MAX
 * bytes).
 */
const char *svc_name(const struct ipvs_svc_key *key, char *str);
const char *dest_name(const struct ipvs_dest_key *key, uint8_t protocol, char *str);

#endif
