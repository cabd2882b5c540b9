/*
 * Commands of checks and trackers, found in the configuration by the name of their object. Parent
 * only; pure.
 */
#include <string.h>

#include "check/check_conf.h"
#include "director/check_scripts.h"
#include "lib/global_conf.h"
#include "vrrp/track_conf.h"

static const struct rs_conf *find_server(const struct root_conf *root, const char *vs_name,
					 const char *rs_name)
{
	const struct vs_conf *vs;

	conf_list_for_each (vs, &root->virtual_servers)
		if (strcmp(vs->name, vs_name) == 0)
			return rs_by_name(vs, rs_name);
	return NULL;
}

static bool find_misc(const struct root_conf *root, const struct msg_script_run *msg,
		      struct check_command *out)
{
	const struct rs_conf *rs = find_server(root, msg->owner, msg->member);
	const struct checker_conf *checker;
	const struct misc_check_conf *misc;
	uint32_t i = 0;

	if (!rs)
		return false;
	conf_list_for_each (checker, &rs->checkers)
		if (i++ == msg->index)
			break;
	if (!checker || checker->obj.block != &misc_check_block)
		return false;
	misc = (const struct misc_check_conf *)checker;
	*out = (struct check_command){ &misc->command, misc->user.user, misc->user.group,
				       misc->timeout_s ? misc->timeout_s * US_PER_S
						       : misc->common.delay_loop_us };
	return true;
}

static bool find_vrrp_script(const struct root_conf *root, const struct msg_script_run *msg,
			     struct check_command *out)
{
	const struct script_conf *script;

	conf_list_for_each (script, &root->vrrp_scripts) {
		if (strcmp(script->name, msg->owner) != 0)
			continue;
		*out = (struct check_command){ &script->script, script->user.user,
					       script->user.group,
					       script->timeout_us ? script->timeout_us
								  : script->interval_us };
		return true;
	}
	return false;
}

static const struct {
	const char *kind;
	enum msg_role from;
	bool (*find)(const struct root_conf *root, const struct msg_script_run *msg,
		     struct check_command *out);
} kinds[] = {
	{ "MISC_CHECK", MSG_FROM_CHECK, find_misc },
	{ "vrrp_script", MSG_FROM_VRRP, find_vrrp_script },
};

bool check_command_find(const struct conf *conf, enum msg_role from,
			const struct msg_script_run *msg, struct check_command *out)
{
	const struct root_conf *root = (const struct root_conf *)conf_root(conf);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].from == from && strcmp(kinds[i].kind, msg->kind) == 0)
			return kinds[i].find(root, msg, out) && out->script->argc > 0;
	return false;
}
