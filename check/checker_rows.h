/*
 * Rows that checkers share, and how they get their derived values. Only the tables of checkers
 * include this.
 */
#ifndef DIARCH_CHECK_CHECKER_ROWS_H
#define DIARCH_CHECK_CHECKER_ROWS_H

#include "check/check_conf.h"
#include "lib/clock.h"
#include "lib/global_conf.h"

#define CHECKER_TIME_MAX_US    (UINT32_MAX * US_PER_S)
#define CHECKER_CONNECT_MAX_US (4294 * US_PER_S)

#define LIVE           .apply = CONF_APPLY_LIVE
#define INHERIT        .apply = CONF_APPLY_LIVE, .flags = CONF_INHERIT
#define INHERIT_IF_SET .apply = CONF_APPLY_LIVE, .flags = CONF_INHERIT | CONF_IF_SET
#define CHECKER        struct checker_conf

/* Of checks that send something. */
#define CHECKER_CONNECT_KEYS                                                                      \
	K_ADDR("connect_ip", CHECKER, connect_ip, LIVE,                                           \
	       .help = "Address to check; default that of the server."),                          \
		K_U16("connect_port", CHECKER, connect_port, 1, 65535, LIVE,                      \
		      .help = "Port to check; default that of the server."),                      \
		K_ADDR("bindto", CHECKER, bindto, LIVE, .help = "Source address of the check."),  \
		K_U16("bind_port", CHECKER, bind_port, 1, 65535, LIVE,                            \
		      .help = "Source port of the check."),                                       \
		K_CUSTOM("bind_if", &conf_type_ifname, CHECKER, bind_if, const char *, LIVE,      \
			 .help = "Interface to check through."),                                  \
		K_U32("fwmark", CHECKER, fwmark, 0, UINT32_MAX, LIVE,                             \
		      .help = "Mark on the packets of the check."),                               \
		K_SECS("connect_timeout", CHECKER, connect_timeout_us, 1, CHECKER_CONNECT_MAX_US, \
		       .dflt = 5 * US_PER_S, INHERIT,                                             \
		       .help = "Time the check may take to connect."),                            \
		K_SECS("deadline", CHECKER, deadline_us, 1, CHECKER_TIME_MAX_US, INHERIT_IF_SET,  \
		       .help = "Time a run may take in all; default twice connect_timeout."),     \
		K_SECS("response_time_limit", CHECKER, response_time_limit_us, 1,                 \
		       CHECKER_TIME_MAX_US, INHERIT_IF_SET,                                       \
		       .help = "A run that passed but took longer has failed.")

/* Of checks that ask the service itself. */
#define CHECKER_THROUGH_VIP                                                                     \
	K_FLAG("through_vip", CHECKER, through_vip, INHERIT_IF_SET,                             \
	       .help = "Connect to the address of the service (or connect_ip), and let IPVS "   \
		       "forward the packets to this server and no other, as it does with "      \
		       "clients' by DR and TUN. A server without the address, or whose tunnel " \
		       "does not work, fails. With NAT a server sees its own address anyhow, "  \
		       "and the check goes to it. While a director checks so, the interfaces "  \
		       "that answers come by have the sysctls accept_local and, where needed, " \
		       "rp_filter 2.")

#define CHECKER_ALPHA \
	K_FLAG("alpha", CHECKER, alpha, INHERIT, .help = "Count as failed until the first success.")

#define CHECKER_LOG_KEY                                       \
	K_BOOL("log_all_failures", CHECKER, log_all_failures, \
	       .dflt_from = "checker_log_all_failures", LIVE, \
	       .help = "Log every failure, not only changes of state.")

/* Of checks that send nothing: how often what they follow is looked at again before it counts. */
#define CHECKER_LOOK_KEYS                                                                          \
	K_U32("rise", CHECKER, rise, 1, UINT32_MAX, INHERIT_IF_SET,                                \
	      .help = "Looks in a row, delay_loop apart, that find it good before the check is "   \
		      "up; default 1."),                                                           \
		K_U32("fall", CHECKER, fall, 1, UINT32_MAX, INHERIT_IF_SET,                        \
		      .help = "Looks in a row, delay_before_retry apart, that find it bad before " \
			      "it is down; default 1."),                                           \
		K_SECS("delay_before_retry", CHECKER, delay_before_retry_us, 1,                    \
		       CHECKER_TIME_MAX_US, .dflt = US_PER_S, INHERIT,                             \
		       .help = "Time between looks that find it bad."),                            \
		K_SECS("delay_loop", CHECKER, delay_loop_us, 1, CHECKER_TIME_MAX_US,               \
		       .dflt = 60 * US_PER_S, INHERIT,                                             \
		       .help = "Time between looks that find it good."),                           \
		CHECKER_LOG_KEY

/* Of checks that run in intervals. delay_dflt_us -1 is delay_loop. */
#define CHECKER_SCHEDULE_KEYS(retry_dflt, delay_dflt_us)                                          \
	K_U32("retry", CHECKER, retry, 0, UINT32_MAX, .dflt = retry_dflt, INHERIT,                \
	      .help = "Further attempts before the check has failed."),                           \
		K_U32("rise", CHECKER, rise, 1, UINT32_MAX, INHERIT_IF_SET,                       \
		      .help = "Successes in a row after which the check is up; default 1."),      \
		K_U32("fall", CHECKER, fall, 1, UINT32_MAX, INHERIT_IF_SET,                       \
		      .help = "Failures in a row after which it is down, in place of retry."),    \
		K_SECS("delay_before_retry", CHECKER, delay_before_retry_us, 0,                   \
		       CHECKER_TIME_MAX_US, .dflt = delay_dflt_us, INHERIT,                       \
		       .help = "Time between attempts."),                                         \
		K_SECS("warmup", CHECKER, warmup_us, 0, CHECKER_TIME_MAX_US, .dflt = -1, INHERIT, \
		       .help = "Time over which first runs are spread; default delay_loop."),     \
		K_SECS("delay_loop", CHECKER, delay_loop_us, 1, CHECKER_TIME_MAX_US,              \
		       .dflt = 60 * US_PER_S, INHERIT, .help = "Time between runs."),             \
		CHECKER_ALPHA, CHECKER_LOG_KEY

#define CHECKER_KEYS(retry_dflt, delay_dflt_us) \
	CHECKER_CONNECT_KEYS, CHECKER_SCHEDULE_KEYS(retry_dflt, delay_dflt_us)

/* resolve() of a checker, or a part of one: what the server and the service decide. */
void checker_resolve(struct conf_walk *walk, struct conf_obj *obj);

#endif
