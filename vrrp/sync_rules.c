/*
 * Rules over lvs_sync_daemon and the instances it has to do with. Pure apart from diagnostics; the
 * parent runs them after a load.
 */
#include <string.h>

#include "lib/rule.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

/* Daemons that follow an instance which is not there would never run. */
static void check_instance(const struct root_conf *conf, const struct global_conf *global,
			   struct conf_diags *diags)
{
	const char *name = global->lvs_sync_daemon.inst;
	const struct vrrp_conf *vi;

	conf_list_for_each (vi, &conf->vrrp_instances)
		if (strcmp(vi->name, name) == 0)
			return;
	conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "undefined-reference",
		      rule_pos(&global->obj, "lvs_sync_daemon"), NULL,
		      "vrrp_instance %s is not defined", name);
}

/* An instance that waits for connections which nobody receives would never preempt. */
static void check_waiting(const struct vrrp_conf *vi, const struct sync_daemon_conf *sync,
			  struct conf_diags *diags)
{
	if (vi->preempt_sync_delay_us == 0 ||
	    (sync->interface && (!sync->inst || strcmp(sync->inst, vi->name) == 0)))
		return;
	conf_diag_add(diags, CONF_ERROR, CONF_SEMANTIC, "without-sync-daemon",
		      rule_pos(&vi->obj, "preempt_sync_delay"),
		      "let lvs_sync_daemon name this instance, or none",
		      "(%s) would never preempt: no sync daemon of IPVS runs while it is BACKUP",
		      vi->name);
}

void sync_daemon_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	const struct global_conf *global = root_global(root);
	const struct vrrp_conf *vi;

	if (global->lvs_sync_daemon.inst)
		check_instance(conf, global, diags);
	conf_list_for_each (vi, &conf->vrrp_instances)
		check_waiting(vi, &global->lvs_sync_daemon, diags);
}
