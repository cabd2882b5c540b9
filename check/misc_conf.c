/*
 * MISC_CHECK: a command that checks the server.
 * The parent runs it while it loads a file; the checker child when it decodes what the parent
 * loaded.
 */
#include "check/checker_rows.h"

#define MISC             struct misc_check_conf
#define MISC_TIMEOUT_MAX 4294

static const struct conf_key misc_keys[] = {
	CHECKER_SCHEDULE_KEYS(0, US_PER_S),
	K_SCRIPT("misc_path", MISC, command, .apply = CONF_APPLY_LIVE, .flags = CONF_REQUIRED,
		 .help = "Command to run; exit status 0 is success."),
	K_U32("misc_timeout", MISC, timeout_s, 0, MISC_TIMEOUT_MAX, LIVE,
	      .help = "Seconds that a run may take; 0, the default, is delay_loop."),
	K_FLAG("misc_dynamic", MISC, is_dynamic, LIVE,
	       .help = "Exit status 2 to 255 is success with this weight, less 2."),
	K_CUSTOM("user", &conf_type_user, MISC, user, struct conf_script, LIVE,
		 .help = "User and group to run as; default script_user."),
	K_END,
};

const struct conf_block misc_check_block = {
	.name = "MISC_CHECK",
	.size = sizeof(struct misc_check_conf),
	.list_offset = offsetof(struct rs_conf, checkers),
	.keys = misc_keys,
	.resolve = checker_resolve,
	.help = "The server is up when a command says so.",
};
