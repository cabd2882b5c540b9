/*
 * virtual_server, real_server and the checkers: typed configuration and tables.
 */
#ifndef DIARCH_CHECK_CHECK_CONF_H
#define DIARCH_CHECK_CHECK_CONF_H

#include "lib/conf.h"
#include "lib/unbuilt.h"
#include "lvs/ipvs.h"

/* Argument of virtual_server: IP [PORT] | fwmark N | group NAME. */
struct vs_addr {
	struct addr addr;
	uint16_t port;
	uint32_t fwmark;
	const char *group;
};

/* A forwarding method as configured. */
struct lvs_method {
	uint8_t fwd; /* enum ipvs_fwd */
	uint8_t tun_type;
	uint16_t tun_port;
	uint16_t tun_flags;
	bool is_set;
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
};

struct tcp_check_conf {
	struct checker_conf common;
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
	uint32_t regex_max_offset;     /* UINT32_MAX = none */
	struct conf_words regex_stack; /* no effect yet */
	bool tls_compliant;            /* no effect yet */
};

/* HTTP_GET and SSL_GET. */
struct http_check_conf {
	struct checker_conf common;
	const char *virtualhost;
	int http_protocol; /* enum http_protocol */
	bool enable_sni;
	const char *sni_name;
	bool fast_recovery;
	bool tls_compliant;    /* no effect yet */
	struct conf_list urls; /* struct url_conf */
};

enum http_protocol { HTTP_PROTOCOL_1_0, HTTP_PROTOCOL_1_0C, HTTP_PROTOCOL_1_1 };

struct rs_conf {
	struct conf_obj obj;
	struct conf_endpoint endpoint; /* port 0 = the service's */
	int64_t weight;
	struct lvs_method lvs_method;
	uint32_t uthreshold, lthreshold;
	bool inhibit_on_failure;
	bool alpha;
	struct conf_script notify_up, notify_down;
	const char *virtualhost;
	/* defaults for its checkers; 0 or -1 when not written */
	uint32_t retry;
	int64_t delay_before_retry_us, warmup_us, connect_timeout_us, delay_loop_us;
	struct conf_list checkers;         /* struct checker_conf heads */
	bool smtp_alert;                   /* no effect yet */
	const char *snmp_name;             /* no effect yet */
	struct conf_list unbuilt_checkers; /* struct unbuilt_conf: refused */
};

/* Comfort of keepalived that is accepted and has no effect yet. Nothing reads it. */
struct vs_idle_conf {
	bool ha_suspend, hashed, smtp_alert;
	const char *snmp_name;
};

struct vs_conf {
	struct conf_obj obj;
	struct vs_addr addr;
	int protocol; /* IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP */
	const char *lvs_sched;
	bool flag_1, flag_2, flag_3; /* of the scheduler; sh and mh have names for the first two */
	bool sh_fallback, sh_port, mh_fallback, mh_port;
	const char *persistence_engine; /* NULL = none */
	struct lvs_method lvs_method;
	uint32_t persistence_timeout_s;      /* 0 = off */
	struct addr persistence_granularity; /* IPv4 mask; unset = full */
	bool ops;
	bool inhibit_on_failure;
	bool alpha, omega;
	int64_t quorum, hysteresis;
	struct conf_script quorum_up, quorum_down;
	int64_t weight;
	const char *virtualhost;
	struct conf_endpoint sorry_server;
	bool sorry_server_inhibit;
	struct lvs_method sorry_server_lvs_method;
	int ip_family; /* AF_INET or AF_INET6 of a fwmark service; 0 = by its servers */
	uint32_t retry;
	int64_t delay_before_retry_us, warmup_us, connect_timeout_us, delay_loop_us;
	struct conf_list real_servers;
	struct vs_idle_conf idle;
};

extern const struct conf_block vs_block;
extern const struct conf_block tcp_check_block, http_get_block, ssl_get_block;

/* Blocks of keepalived that belong to the checkers and are refused. In a real server ... */
extern const struct conf_block misc_check_block, smtp_check_block, dns_check_block, udp_check_block,
	ping_check_block, file_check_block, bfd_check_block;
/* ... and in the root. */
extern const struct conf_block ssl_block, virtual_server_group_block;

/* AF_INET or AF_INET6: of the address, or for a fwmark by ip_family or the first real server. */
int vs_family(const struct vs_conf *vs);

/* Port of a real server as IPVS sees it: that of the service when the server has none, and with DR
 * and TUN. */
uint16_t rs_port(const struct vs_conf *vs, const struct rs_conf *rs);

/* IPVS key of a virtual server; false for a group. */
bool vs_key(const struct vs_conf *vs, struct ipvs_svc_key *key);

/* Rules over all virtual servers: quorum above the weights, sorry server in its own pool, families
 * ... */
void check_conf_rules(const struct conf_obj *root, struct conf_diags *diags);

#endif
