/*
 * Checks of keepalived that diarch does not have yet. Tables only, so that a file which needs them
 * is refused with a clear word (lib/unbuilt.h). The parent runs it while it loads.
 */
#include "check/check_conf.h"
#include "lib/global_conf.h"
#include "lib/unbuilt.h"

/* ---- what they share ---- */

#define SCHEDULE                                                                       \
	K_INSIDE("retry", .help = "Further attempts before failure."),                 \
		K_INSIDE("delay_before_retry", .help = "Time between attempts."),      \
		K_INSIDE("warmup", .help = "Time over which first runs are spread."),  \
		K_INSIDE("delay_loop", .help = "Time between runs."),                  \
		K_INSIDE("alpha", .help = "Count as failed until the first success."), \
		K_INSIDE("log_all_failures", .help = "Log every failure.")

#define CONNECT                                                             \
	K_INSIDE("connect_ip", .help = "Address to check."),                \
		K_INSIDE("connect_port", .help = "Port to check."),         \
		K_INSIDE("bindto", .help = "Source address."),              \
		K_INSIDE("bind_port", .help = "Source port."),              \
		K_INSIDE("bind_if", .help = "Interface to check through."), \
		K_INSIDE("fwmark", .help = "Mark on packets."),             \
		K_INSIDE("connect_timeout", .help = "Time to connect.")

/* ---- checks ---- */

static const struct conf_key misc_check_keys[] = {
	SCHEDULE,
	K_INSIDE("misc_path", .help = "Command to run."),
	K_INSIDE("misc_timeout", .help = "Seconds a run may take."),
	K_INSIDE("misc_dynamic", .help = "Let the exit status change the weight."),
	K_INSIDE("user", .help = "User and group to run as."),
	K_END,
};

const struct conf_block misc_check_block =
	UNBUILT_BLOCK("MISC_CHECK", struct rs_conf, unbuilt_checkers, .keys = misc_check_keys,
		      .help = "A command that checks the server.");

static const struct conf_key smtp_host_keys[] = {
	SCHEDULE,
	CONNECT,
	K_END,
};

static const struct conf_block smtp_host_block =
	UNBUILT_BLOCK("host", struct unbuilt_conf, lines, .keys = smtp_host_keys,
		      .help = "Another address to check.");

static const struct conf_key smtp_check_keys[] = {
	SCHEDULE,
	CONNECT,
	K_INSIDE("helo_name", .help = "Name to greet with."),
	K_END,
};

const struct conf_block smtp_check_block =
	UNBUILT_BLOCK("SMTP_CHECK", struct rs_conf, unbuilt_checkers, .keys = smtp_check_keys,
		      .blocks = (const struct conf_block *const[]){ &smtp_host_block, NULL },
		      .help = "A check by mail greeting.");

static const struct conf_key dns_check_keys[] = {
	SCHEDULE,
	CONNECT,
	K_INSIDE("type", .help = "Type of the query."),
	K_INSIDE("name", .help = "Name to ask for."),
	K_END,
};

const struct conf_block dns_check_block =
	UNBUILT_BLOCK("DNS_CHECK", struct rs_conf, unbuilt_checkers, .keys = dns_check_keys,
		      .help = "A check by DNS query.");

static const struct conf_key udp_check_keys[] = {
	SCHEDULE,
	CONNECT,
	K_INSIDE("payload", .help = "What to send."),
	K_INSIDE("require_reply", .help = "What must come back."),
	K_INSIDE("min_reply_length", .help = "Shortest answer."),
	K_INSIDE("max_reply_length", .help = "Longest answer."),
	K_END,
};

const struct conf_block udp_check_block =
	UNBUILT_BLOCK("UDP_CHECK", struct rs_conf, unbuilt_checkers, .keys = udp_check_keys,
		      .help = "A check by UDP packet.");

static const struct conf_key ping_check_keys[] = {
	SCHEDULE,
	CONNECT,
	K_END,
};

const struct conf_block ping_check_block =
	UNBUILT_BLOCK("PING_CHECK", struct rs_conf, unbuilt_checkers, .keys = ping_check_keys,
		      .help = "A check by ICMP echo.");

static const struct conf_key file_check_keys[] = {
	K_INSIDE("track_file", .help = "The track_file to use."),
	K_INSIDE("weight", .help = "Factor for the number in the file."),
	K_END,
};

const struct conf_block file_check_block =
	UNBUILT_BLOCK("FILE_CHECK", struct rs_conf, unbuilt_checkers, .keys = file_check_keys,
		      .help = "A weight from a file.");

static const struct conf_key bfd_check_keys[] = {
	K_INSIDE("name", .help = "The bfd_instance to follow."),
	K_INSIDE("alpha", .help = "Count as failed until the session is up."),
	K_END,
};

const struct conf_block bfd_check_block =
	UNBUILT_BLOCK("BFD_CHECK", struct rs_conf, unbuilt_checkers, .keys = bfd_check_keys,
		      .help = "A check by BFD session.");

/* ---- root ---- */

static const struct conf_key ssl_keys[] = {
	K_INSIDE("password", .help = "Password of the key."),
	K_INSIDE("ca", .help = "File with authorities."),
	K_INSIDE("certificate", .help = "File with our certificate."),
	K_INSIDE("key", .help = "File with our key."),
	K_END,
};

const struct conf_block ssl_block =
	UNBUILT_BLOCK("SSL", struct root_conf, unbuilt_blocks, .keys = ssl_keys,
		      .help = "TLS settings of all SSL_GET checks.");

/* Its lines are addresses, so the name before them is left over. */
const struct conf_block virtual_server_group_block =
	UNBUILT_LINES("virtual_server_group", struct root_conf, unbuilt_blocks,
		      .help = "Addresses that share a pool.");
