/*
 * All checkers, in one visible array. Read-only data of the checker process.
 */
#include "check/checkers.h"

const struct checker_ops *const checkers[] = {
	&check_tcp, &check_http_get, &check_ssl_get, &check_agent, &check_misc, &check_smtp,
	&check_dns, &check_udp,      &check_ping,    &check_file,  &check_bfd,  NULL,
};
