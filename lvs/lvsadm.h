/*
 * lvsadm: ipvsadm's command line for kernel IPVS. What its files share.
 *
 * One command is parsed into a value first, with errors as values too, so that the command line and
 * the lines of a save file go through the same code and tests need no process.
 */
#ifndef DIARCH_LVS_LVSADM_H
#define DIARCH_LVS_LVSADM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lvs/ipvs.h"
#include "lvs/ipvs_conn.h"
#include "lvs/ipvs_diff.h"
#include "lvs/ipvs_global.h"

/* Exit statuses, ipvsadm's. */
enum lvsadm_status {
	LVSADM_OK = 0,
	LVSADM_NOT_LISTED = 1, /* the service asked for does not exist */
	LVSADM_USAGE = 2,      /* refused by us, or no IPVS */
	LVSADM_FAILED = 255,   /* refused by the kernel, or not an option at all */
};

enum lvsadm_command {
	LVSADM_CMD_NONE,
	LVSADM_CMD_ADD_SERVICE,
	LVSADM_CMD_EDIT_SERVICE,
	LVSADM_CMD_DELETE_SERVICE,
	LVSADM_CMD_FLUSH,
	LVSADM_CMD_RESTORE,
	LVSADM_CMD_SAVE,
	LVSADM_CMD_ADD_SERVER,
	LVSADM_CMD_EDIT_SERVER,
	LVSADM_CMD_DELETE_SERVER,
	LVSADM_CMD_LIST,
	LVSADM_CMD_ZERO,
	LVSADM_CMD_SET,
	LVSADM_CMD_START_DAEMON,
	LVSADM_CMD_STOP_DAEMON,
	LVSADM_CMD_HELP,
	LVSADM_CMD_VERSION,
	LVSADM_CMD_N
};

/* Options as error messages name them, in the order in which they are checked. */
enum lvsadm_option {
	LVSADM_OPT_NUMERIC,
	LVSADM_OPT_CONNECTION,
	LVSADM_OPT_SERVICE,
	LVSADM_OPT_SCHEDULER,
	LVSADM_OPT_PERSISTENT,
	LVSADM_OPT_NETMASK,
	LVSADM_OPT_SERVER,
	LVSADM_OPT_FORWARD,
	LVSADM_OPT_WEIGHT,
	LVSADM_OPT_U_THRESHOLD,
	LVSADM_OPT_L_THRESHOLD,
	LVSADM_OPT_MCAST_INTERFACE,
	LVSADM_OPT_TIMEOUT,
	LVSADM_OPT_DAEMON,
	LVSADM_OPT_STATS,
	LVSADM_OPT_RATE,
	LVSADM_OPT_THRESHOLDS,
	LVSADM_OPT_PERSISTENT_CONN,
	LVSADM_OPT_NOSORT,
	LVSADM_OPT_SYNCID,
	LVSADM_OPT_EXACT,
	LVSADM_OPT_OPS,
	LVSADM_OPT_PE,
	LVSADM_OPT_SCHED_FLAGS,
	LVSADM_OPT_MCAST_GROUP,
	LVSADM_OPT_MCAST_PORT,
	LVSADM_OPT_MCAST_TTL,
	LVSADM_OPT_SYNC_MAXLEN,
	LVSADM_OPT_TUN_INFO,
	LVSADM_OPT_TUN_TYPE,
	LVSADM_OPT_TUN_PORT,
	LVSADM_OPT_TUN_NOCSUM,
	LVSADM_OPT_TUN_CSUM,
	LVSADM_OPT_TUN_REMCSUM,
	LVSADM_OPT_JSON,
	LVSADM_OPT_ALL,
	LVSADM_OPT_N,
	LVSADM_OPT_NONE = LVSADM_OPT_N /* has no rule of its own */
};

/* One command, checked and complete. */
struct lvsadm_cmd {
	enum lvsadm_command command;
	uint64_t given;                /* bit per enum lvsadm_option */
	struct ipvs_svc svc;           /* with LVSADM_OPT_SERVICE */
	struct ipvs_dest dest;         /* with LVSADM_OPT_SERVER */
	struct ipvs_timeouts timeouts; /* of LVSADM_CMD_SET */
	struct ipvs_sync sync;         /* of LVSADM_CMD_START_DAEMON and STOP_DAEMON */
};

struct lvsadm_error {
	enum lvsadm_status status;
	unsigned line; /* of a save file */
	char text[512];
};

/* Whether an option was given. */
static inline bool lvsadm_has(const struct lvsadm_cmd *cmd, enum lvsadm_option option)
{
	return cmd->given >> option & 1;
}

/*
 * Parses a command: `argv[0]` is skipped; no further word means list. Names are looked up. True, or
 * false with `err` filled.
 */
bool lvsadm_parse(int argc, char *const argv[], struct lvsadm_cmd *cmd, struct lvsadm_error *err);

/* Fills `err`; for lvsadm_parse() and its helpers. Returns false. */
bool lvsadm_fail(struct lvsadm_error *err, enum lvsadm_status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Fills `err` with the hint at the help text. Returns false. */
bool lvsadm_fail_try(struct lvsadm_error *err);

/* The operation of a command that changes one service or server; false for other commands. */
bool lvsadm_op(const struct lvsadm_cmd *cmd, struct ipvs_op *op);

/* Usage, generated from the tables. `name` is the program's. */
void lvsadm_print_help(FILE *out, const char *name);

/* Parts of the syntax (lvsadm_value.c). */

/* Decimal as strtol() reads it, nothing after it, within bounds. */
bool lvsadm_get_number(const char *text, int64_t min, int64_t max, int64_t *out);

/*
 * "host[:port]", "[v6]:port" or "v6"; names of hosts and, for `protocol` (0: any), of services are
 * looked up. `has_port` says whether a port was written.
 */
bool lvsadm_get_endpoint(const char *text, uint8_t protocol, struct addr *addr, uint16_t *port,
			 bool *has_port);

/* IPv4 mask in any notation of inet_aton(), or IPv6 prefix length 1..128. */
bool lvsadm_get_netmask(const char *text, int family, uint32_t *out);

/*
 * Comma-separated scheduler flags; false with the offending word in `bad` and whether another
 * scheduler has it.
 */
bool lvsadm_get_sched_flags(const char *text, const char *sched, uint32_t *out, char *bad,
			    size_t size, bool *is_known);

/* Text of the flags: "sh-fallback,sh-port", "flag-1"; empty if none. Returns `buf`. */
const char *lvsadm_sched_flags_str(const char *sched, uint32_t flags, char *buf, size_t size);

/* "10.0.0.1:80", "[2001:db8::1]:http"; with names unless `is_numeric`. Returns `buf`. */
const char *lvsadm_endpoint_str(const struct addr *addr, uint16_t port, uint8_t protocol,
				bool is_numeric, char *buf, size_t size);

/* "ipip", "gue" or "gre"; "unknown". */
const char *lvsadm_tunnel_name(uint8_t type);

/* Text of a netmask of this family. Returns `buf`. */
const char *lvsadm_netmask_str(int family, uint32_t netmask, char *buf, size_t size);

/* Listing (lvsadm_print.c): what `cmd` (of LVSADM_CMD_LIST) asks for. */
void lvsadm_print_head(FILE *out, const struct lvsadm_cmd *cmd);
void lvsadm_print_set(FILE *out, const struct lvsadm_cmd *cmd, const struct ipvs_set *set);
void lvsadm_print_conn_head(FILE *out, const struct lvsadm_cmd *cmd);
void lvsadm_print_conn(FILE *out, const struct lvsadm_cmd *cmd, const struct ipvs_conn *conn);
void lvsadm_print_sync(FILE *out, const struct ipvs_sync *sync);

/* Save file (lvsadm_save.c). */
#define LVSADM_LINE_MAX 8192

/* Writes every service and destination, one operation, the time-outs, a sync daemon as commands. */
void lvsadm_save_set(FILE *out, const struct ipvs_set *set, bool is_numeric);
void lvsadm_save_op(FILE *out, const struct ipvs_op *op, bool is_numeric);
void lvsadm_save_timeouts(FILE *out, const struct ipvs_timeouts *timeouts);
void lvsadm_save_sync(FILE *out, const struct ipvs_sync *sync);

/* What is read line by line (lvsadm_read.c). */
struct lvsadm_reader {
	/* False ends the reading, with `err` filled. */
	bool (*on_cmd)(const struct lvsadm_cmd *cmd, struct lvsadm_error *err, void *arg);
	/* No more lines are there for now: what is to be done should not wait. NULL: not asked. */
	void (*on_pause)(void *arg);
	void *arg;
	bool has_comments; /* lines that begin with # are not looked at */
};

/*
 * Reads commands from a descriptor. Stops at a line that is no command or that `on_cmd` does not
 * want: false with `err` filled.
 */
bool lvsadm_read(int fd, const struct lvsadm_reader *reader, struct lvsadm_error *err);

#endif
