/*
 * diarch: one program, three roles. Called by people it is the parent (or checks a configuration
 * and exits); the parent calls it again with --role for each child.
 */
#include <stdio.h>
#include <string.h>

#include "director/app.h"
#include "director/conf_test.h"
#include "director/genhash.h"
#include "director/plan_run.h"
#include "director/root_conf.h"
#include "lib/role.h"

static int child_main(const struct cmdline *cmdline)
{
	static const struct role_ops *const roles[] = { &vrrp_role, &check_role };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(roles[i]->name, cmdline->role) != 0)
			continue;
		cmdline_open_log(cmdline, cmdline->role);
		return role_run(roles[i], &diarch_schema);
	}
	fprintf(stderr, "diarch: no role '%s'\n", cmdline->role);
	return EXIT_STATUS_FATAL;
}

int main(int argc, char **argv)
{
	struct cmdline cmdline;

	if (genhash_is_name(argv[0]))
		return genhash_main(argc, argv);
	if (argc > 1 && (strcmp(argv[1], "-T") == 0 || strcmp(argv[1], "--genhash") == 0))
		return genhash_main(argc - 1, argv + 1);
	cmdline_parse(argc, argv, &cmdline);
	if (cmdline.action == CMDLINE_EXIT)
		return cmdline.exit_status;
	if (cmdline.role)
		return child_main(&cmdline);
	if (cmdline.action == CMDLINE_TEST || cmdline.action == CMDLINE_DUMP)
		return conf_test_main(&cmdline);
	if (cmdline.action == CMDLINE_SCHEMA)
		return conf_test_print_schema();
	if (cmdline.action == CMDLINE_PLAN)
		return plan_run_main(&cmdline);
	return parent_main(&cmdline);
}
