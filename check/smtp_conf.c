/*
 * SMTP_CHECK and its hosts: tables.
 * The parent runs it while it loads a file; the checker child when it decodes what the parent
 * loaded.
 */
#include <string.h>

#include "check/checker_rows.h"
#include "lib/rule.h"

#define SMTP     struct smtp_check_conf
#define HELO_MAX 255 /* RFC 5321 section 4.5.3.1.2 */

static const struct conf_key smtp_keys[] = {
	CHECKER_KEYS(1, US_PER_S),
	CHECKER_THROUGH_VIP,
	K_STR("helo_name", SMTP, helo_name, LIVE, .dflt_text = "smtpchecker.keepalived.org",
	      .help = "Name to greet with."),
	K_END,
};

/* What a host leaves open is as in the check around it, but for where to connect. */
static const struct conf_key host_keys[] = {
	CHECKER_KEYS(1, US_PER_S),
	K_END,
};

const struct conf_block smtp_host_block = {
	.name = "host",
	.size = sizeof(struct smtp_host_conf),
	.list_offset = offsetof(SMTP, hosts),
	.keys = host_keys,
	.resolve = checker_resolve,
	.help = "A further address to check; deprecated, since a second SMTP_CHECK says the same.",
};

static bool smtp_finish(struct conf_walk *walk, struct conf_obj *obj)
{
	const char *name = ((const SMTP *)obj)->helo_name;

	if (name && strlen(name) > HELO_MAX)
		conf_refuse(walk, MEND_RESET(obj, "helo_name"), CONF_VALUE, "helo-name-too-long",
			    NULL, "helo_name has %zu characters, a name has %d at most",
			    strlen(name), HELO_MAX);
	return true;
}

const struct conf_block smtp_check_block = {
	.name = "SMTP_CHECK",
	.size = sizeof(SMTP),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = smtp_keys,
	.blocks = (const struct conf_block *const[]){ &smtp_host_block, NULL },
	.finish = smtp_finish,
	.resolve = checker_resolve,
	.help = "The server is up when it answers HELO as a mail server should.",
};
