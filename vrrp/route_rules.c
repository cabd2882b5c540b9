/*
 * Whether routes and rules can be built: names that iproute2 knows, families that fit,
 * encapsulations and realms that can be read. The parent runs it after a load.
 */
#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/route_build.h"
#include "vrrp/vrrp_conf.h"

static void check_routes(const struct conf_list *list, const struct rt_dirs *dirs,
			 struct conf_diags *diags)
{
	const struct route_conf *conf;
	struct built_route built;
	char text[128];

	conf_list_for_each (conf, list) {
		const char *why = route_build(conf, dirs, &built, text);
		if (why && conf_is_set(&conf->obj, "to", NULL))
			rule_refuse(diags, MEND_OUT(&conf->obj), conf->obj.pos, "bad-route", NULL,
				    "%s: %s", conf->obj.block->name, why);
		built_route_done(&built);
	}
}

static void check_rules(const struct conf_list *list, const struct rt_dirs *dirs,
			struct conf_diags *diags)
{
	const struct iprule_conf *conf;
	struct nl_rule built;
	char text[128];

	conf_list_for_each (conf, list) {
		const char *why = rule_build(conf, dirs, &built, text);
		if (why)
			rule_refuse(diags, MEND_OUT(&conf->obj), conf->obj.pos, "bad-rule", NULL,
				    "%s: %s", conf->obj.block->name, why);
	}
}

static void check_group(const struct vrrp_conf *vi, const struct rt_dirs *dirs,
			struct conf_diags *diags)
{
	const char *word = vi->use_vmac.group ? "use_vmac" : "use_ipvlan";
	const char *group = vi->use_vmac.group ? vi->use_vmac.group : vi->use_ipvlan.group;
	uint32_t id;

	if (group && !rt_group_find(dirs, group, &id))
		rule_refuse(diags, MEND_OUT(&vi->obj), rule_pos(&vi->obj, word), "unknown-group",
			    NULL, "%s: there is no group of interfaces \"%s\"", word, group);
}

void route_conf_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	const struct global_conf *global = root_global(root);
	const struct rt_dirs dirs = { global->iproute_etc_dir, global->iproute_usr_dir };
	const struct vrrp_conf *vi;

	conf_list_for_each (vi, &conf->vrrp_instances) {
		check_group(vi, &dirs, diags);
		check_routes(&vi->routes, &dirs, diags);
		check_rules(&vi->rules, &dirs, diags);
	}
	check_routes(&conf->static_routes, &dirs, diags);
	check_rules(&conf->static_rules, &dirs, diags);
}
