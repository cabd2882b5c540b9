/*
 * The checkers that are built in. A new one: its file, a line here, a line in registry.c.
 */
#ifndef DIARCH_CHECK_CHECKERS_H
#define DIARCH_CHECK_CHECKERS_H

#include "check/probe.h"

extern const struct checker_ops check_tcp, check_http_get, check_ssl_get, check_agent, check_misc,
	check_smtp, check_dns, check_udp, check_ping, check_file, check_bfd;

#endif
