/*
 * virtual_server, real_server and the checkers: typed configuration and tables.
 */
#ifndef DIARCH_CHECK_CHECK_CONF_H
#define DIARCH_CHECK_CHECK_CONF_H

#include "lib/conf.h"
#include "lvs/ipvs.h"

struct root_conf;

/* Argument of virtual_server: IP [PORT] | fwmark N | group NAME. */
struct vs_addr {
	struct addr addr;
	uint16_t port;
	uint32_t fwmark;
	const char *group;
};

/* Addresses of a group: one, a range, a network, or a fwmark. */
struct vs_range {
	struct addr first, last;
	uint8_t len;   /* prefix length of a network; 0 = not written as one */
	uint16_t port; /* 0 = all */
	uint32_t fwmark;
	int family; /* 0 = that of the group, of a fwmark */
};

struct vs_group_line_conf {
	struct conf_obj obj;
	struct vs_range range;
};

struct vs_group_conf {
	struct conf_obj obj;
	const char *name;
	struct conf_list lines; /* struct vs_group_line_conf */
};

/* A real server: an address or a name, and a port. */
struct server_addr {
	struct addr addr; /* unset for a name */
	uint16_t port;    /* 0 = the service's */
	const char *host; /* to be looked up; NULL = an address */
};

/* How a name is looked up; 0 = not written, which name_params() fills in. */
struct resolve_conf {
	int prefer; /* AF_INET or AF_INET6 where the service takes both; 0 = its own family */
	int64_t min_us, max_us; /* between two questions, whatever the answer's time to live */
	int64_t retry_us;       /* after a failure */
	int64_t drain_us;       /* an address that was left keeps its connections */
};

/* A forwarding method as configured. */
struct lvs_method {
	uint8_t fwd; /* enum ipvs_fwd */
	uint8_t tun_type;
	uint16_t tun_port;
	uint16_t tun_flags;
	bool is_set;
};

/* What a check over TLS asks of the certificate. */
struct tls_check_conf {
	bool is_verified;
	const char *ca_file;     /* NULL = the system's authorities */
	const char *name;        /* NULL = that of SNI, or the address */
	uint32_t expiry_warning; /* days; 0 = none */
};

/* Head of every checker's struct: keywords that all checkers share. */
struct checker_conf {
	struct conf_obj obj; /* obj.block tells the kind */
	struct addr connect_ip;
	uint16_t connect_port; /* default that of the server, else of the service */
	struct addr bindto;
	uint16_t bind_port;
	const char *bind_if;
	uint32_t fwmark;
	int64_t connect_timeout_us;
	uint32_t retry; /* extra attempts before failure is declared: fall = retry + 1 */
	int64_t delay_before_retry_us;
	int64_t warmup_us; /* default delay_loop */
	int64_t delay_loop_us;
	bool alpha;
	bool log_all_failures;
	uint32_t rise, fall;            /* results in a row that decide; fall 0 = retry + 1 */
	int64_t deadline_us;            /* of a run in all; 0 = twice connect_timeout */
	int64_t response_time_limit_us; /* a run that passed but took longer has failed; 0 = none */
	bool through_vip;               /* as written; see checker_goes_through_vip() */
	bool half_open;                 /* TCP_CHECK only */
	struct tls_check_conf tls;      /* SSL_GET only */
};

struct tcp_check_conf {
	struct checker_conf common;
};

struct ping_check_conf {
	struct checker_conf common;
};

/* After the example of HAProxy's agent-check. */
struct agent_check_conf {
	struct checker_conf common;
	const char *send; /* a line, without its end; NULL = none */
};

struct misc_check_conf {
	struct checker_conf common;
	struct conf_script command;
	struct conf_script user; /* only user and group are used; count where command names none */
	uint32_t timeout_s;      /* 0 = delay_loop */
	bool is_dynamic;
};

/* A further target of an SMTP_CHECK. */
struct smtp_host_conf {
	struct checker_conf common;
};

struct smtp_check_conf {
	struct checker_conf common;
	const char *helo_name;
	struct conf_list hosts; /* struct smtp_host_conf */
};

struct dns_check_conf {
	struct checker_conf common;
	int type; /* number of the record type */
	const char *name;
};

/* Bytes, and which of their bits count. */
struct udp_pattern {
	uint8_t *bytes, *mask;
	size_t n;
	bool is_set;
};

struct udp_check_conf {
	struct checker_conf common;
	struct udp_pattern payload; /* its mask is full */
	struct udp_pattern reply;   /* set: an answer must come */
	uint16_t min_reply_len, max_reply_len;
};

struct file_weight {
	int64_t factor;
	bool is_reversed;
	bool is_set;
};

/* Without target: only obj, rise, fall and the delays are used of the head. */
struct file_check_conf {
	struct checker_conf common;
	const char *track_file;
	struct file_weight weight;
};

/* Only obj, alpha, rise, fall and the delays are used of the head. */
struct bfd_check_conf {
	struct checker_conf common;
	const char *name;
};

struct regex_stack {
	uint32_t start, max; /* bytes; 0 = not given */
};

/* What SSL_GET presents, and the default of tls_ca_file. */
struct ssl_conf {
	struct conf_obj obj;
	const char *password, *ca, *certificate, *key;
};

struct url_conf {
	struct conf_obj obj;
	const char *path;
	const char *digest;             /* 32 hex digits or NULL */
	struct conf_ranges status_code; /* default 200-299 */
	const char *virtualhost;
	const char *regex; /* PCRE2 pattern or NULL, escapes processed */
	bool regex_no_match;
	uint32_t regex_options; /* PCRE2_* */
	uint32_t regex_min_offset;
	uint32_t regex_max_offset; /* UINT32_MAX = none */
	struct regex_stack regex_stack;
	bool tls_compliant;
};

/* HTTP_GET and SSL_GET. */
struct http_check_conf {
	struct checker_conf common;
	const char *virtualhost;
	int http_protocol; /* enum http_protocol */
	bool enable_sni;
	const char *sni_name;
	bool fast_recovery;
	bool tls_compliant;
	struct conf_list urls; /* struct url_conf */
};

enum http_protocol { HTTP_PROTOCOL_1_0, HTTP_PROTOCOL_1_0C, HTTP_PROTOCOL_1_0K, HTTP_PROTOCOL_1_1 };

struct rs_conf {
	struct conf_obj obj;
	const char *name;      /* in log, status and scripts: "[10.0.0.1]:tcp:80"; derived */
	const char *host_name; /* without a dot at its end, NULL = an address; derived */
	struct server_addr endpoint;
	struct resolve_conf resolve; /* of a name */
	uint32_t resolve_servers; /* as many servers as the name has addresses, up to that; 0 = 1 */
	int64_t weight;
	struct lvs_method lvs_method;
	uint32_t uthreshold, lthreshold;
	bool inhibit_on_failure;
	bool alpha, through_vip;
	struct conf_script notify_up, notify_down;
	const char *virtualhost;
	/* defaults for its checkers; 0 or -1 when not written */
	uint32_t retry, rise, fall;
	int64_t delay_before_retry_us, warmup_us, connect_timeout_us, delay_loop_us;
	int64_t deadline_us, response_time_limit_us;
	int64_t slow_start_us;     /* 0 = off */
	int64_t flap_damping_us;   /* half-life; 0 = off */
	uint32_t flap_limit;       /* 0 = DAMPING_LIMIT */
	uint32_t passive_limit;    /* 0 = off */
	int64_t passive_hold_us;   /* 0 = PASSIVE_HOLD_US */
	struct conf_list checkers; /* struct checker_conf heads */
	bool smtp_alert;
	const char *snmp_name; /* no effect yet */
};

/* Comfort of keepalived that is accepted and has no effect yet. Nothing reads it. */
struct vs_idle_conf {
	bool hashed;
	const char *snmp_name;
};

struct vs_conf {
	struct conf_obj obj;
	const char *name; /* in log, status and scripts, one for each service; derived */
	struct vs_addr addr;
	const struct vs_group_conf *group; /* of addr.group; NULL = none, or undefined */
	bool is_group_again;               /* an earlier service has the same group */
	int protocol;                      /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP */
	const char *lvs_sched;
	bool flag_1, flag_2, flag_3; /* of the scheduler; sh and mh have names for the first two */
	bool sh_fallback, sh_port, mh_fallback, mh_port;
	const char *persistence_engine; /* NULL = none */
	struct lvs_method lvs_method;
	uint32_t persistence_timeout_s;      /* 0 = off */
	struct addr persistence_granularity; /* IPv4 mask; unset = full */
	bool ops;
	bool inhibit_on_failure;
	bool alpha, omega, smtp_alert, ha_suspend, through_vip;
	int64_t quorum, hysteresis;
	struct conf_script quorum_up, quorum_down;
	int64_t weight;
	const char *virtualhost;
	struct conf_endpoint sorry_server;
	bool sorry_server_inhibit;
	struct lvs_method sorry_server_lvs_method;
	int ip_family; /* AF_INET or AF_INET6 of a fwmark service; 0 = by its servers */
	uint32_t retry, rise, fall;
	int64_t delay_before_retry_us, warmup_us, connect_timeout_us, delay_loop_us;
	int64_t deadline_us, response_time_limit_us;
	int64_t slow_start_us, flap_damping_us;
	uint32_t flap_limit;
	uint32_t passive_limit;
	int64_t passive_hold_us;
	uint32_t fail_open; /* 0 = off */
	struct resolve_conf resolve;
	struct conf_list real_servers;
	struct vs_idle_conf idle;
};

extern const struct conf_block vs_block, rs_block;
extern const struct conf_block tcp_check_block, http_get_block, ssl_get_block, misc_check_block,
	smtp_check_block, dns_check_block, udp_check_block, ping_check_block, file_check_block,
	bfd_check_block, agent_check_block, smtp_host_block;
extern const struct conf_block ssl_block, virtual_server_group_block;

/* Further targets of a check, each a struct checker_conf and a check of its own; NULL = none. */
const struct conf_list *checker_hosts(const struct checker_conf *checker);

/* The server that a checker, or a host of one, belongs to. */
const struct rs_conf *checker_server(const struct checker_conf *checker);

/* The first group of that name; NULL = none. For resolve functions. */
const struct vs_group_conf *vs_group_find(struct conf_walk *walk, struct root_conf *root,
					  const char *name);

/* ---- vs_keys.c ---- */

/* Most addresses that a group may have. */
#define VS_ADDRESSES_MAX (1 << 18)

/* AF_INET or AF_INET6: of the address, or else by ip_family or the first real server. */
int vs_family(const struct vs_conf *vs);

/* Whether a service has addresses of that family, of which a group may have two. */
bool vs_has_family(const struct vs_conf *vs, int family);

/* Port of a real server as IPVS sees it: that of the service when the server has none, and with DR
 * and TUN; 0 when it differs between the addresses of a group. */
uint16_t rs_port(const struct vs_conf *vs, const struct rs_conf *rs);

/* Most servers that one name may be. */
#define RS_SERVERS_MAX 32

/* How many servers a real_server is: 1, or resolve_servers of a name. */
uint32_t rs_count(const struct rs_conf *rs);

/* Whether a server has, or may get by its name, an address of that family. */
bool rs_may_have_family(const struct vs_conf *vs, const struct rs_conf *rs, int family);

/* Family to look a name up in, AF_UNSPEC = both, and the one to prefer then. */
int rs_resolve_family(const struct vs_conf *vs, const struct rs_conf *rs, int *prefer);

/* Name of the n-th server of a real_server, from 0, like snprintf(): that of the configuration,
 * and behind the host "#2" ... for further ones. */
size_t rs_server_name(const struct rs_conf *rs, uint32_t n, char *str, size_t size);

/* The real_server that a name in log, status or messages is of; NULL = none. */
const struct rs_conf *rs_by_name(const struct vs_conf *vs, const char *name);

/* Port of all addresses of a service; 0 = none, or not the same. */
uint16_t vs_port(const struct vs_conf *vs);

/* Whether any of the addresses of a service is like that. */
bool vs_some_range(const struct vs_conf *vs, bool (*is_so)(const struct vs_range *range));
bool vs_range_has_no_port(const struct vs_range *range);
bool vs_range_has_address(const struct vs_range *range);
bool vs_range_has_fwmark(const struct vs_range *range);

/* Family of a line of the service's group: a fwmark that names none has that of the addresses. */
int vs_range_family(const struct vs_conf *vs, const struct vs_range *range);

/* Number of addresses and fwmarks, at most UINT32_MAX. */
uint32_t vs_group_size(const struct vs_group_conf *group);

/* IPVS key of a virtual server; false for a group. */
bool vs_key(const struct vs_conf *vs, struct ipvs_svc_key *key);

/* Calls `each` with all IPVS keys of a virtual server, of a group in the order of its lines. */
void vs_each_key(const struct vs_conf *vs, void (*each)(const struct ipvs_svc_key *key, void *arg),
		 void *arg);

/* "tcp", "udp", "sctp". */
const char *vs_protocol_name(const struct vs_conf *vs);

/* Writes vs->name like snprintf(): "[10.0.0.1]:tcp:80", "FWM 5", "[group]:0", and
 * "[group]:udp:0" when another service has the plain name of the group. */
size_t vs_name(const struct vs_conf *vs, char *str, size_t size);

/* ---- through_vip.c ---- */

/* Whether probes of a checker go to the service's address and the packets, by IPVS, to its server:
 * through_vip is on, and the method is one by which a server sees that address. */
bool checker_goes_through_vip(const struct checker_conf *checker);

/* Where they go: connect_ip, or else the service's address, of a group the first one, rather one of
 * the server's family. False when there is none. */
bool checker_vip(const struct checker_conf *checker, struct addr *vip);

/* Rules over checks through the address, and the marks that they need. */
void through_vip_rules(const struct conf_obj *root, struct conf_diags *diags);

/* ---- rules ---- */

/* Rules over all virtual servers: quorum above the weights, sorry server in its own pool, families
 * ... */
void check_conf_rules(const struct conf_obj *root, struct conf_diags *diags);

/* Rules over groups, and over addresses that two services have. */
void vs_group_rules(const struct conf_obj *root, struct conf_diags *diags);

#endif
