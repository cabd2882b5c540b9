/*
 * Rules over trackers and groups: references and names. Pure apart from diagnostics; the parent
 * runs them after a load, so that the order of blocks does not matter.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "check/service_type.h"
#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/route_conf.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

/* Everything that others refer to by name, each set sorted by it. */
struct names {
	const struct root_conf *conf;
	struct rule_set instances, scripts, files, processes, bfds, track_groups;
	const struct conf_obj **group_of; /* by index of the instance: its first sync group */
	struct conf_diags *diags;
};

/* Blocks with a name keep it first. */
struct named_conf {
	struct conf_obj obj;
	const char *name;
};

#define NAME_IS_FIRST(s) _Static_assert(offsetof(s, name) == offsetof(struct named_conf, name), #s)
NAME_IS_FIRST(struct vrrp_conf);
NAME_IS_FIRST(struct script_conf);
NAME_IS_FIRST(struct file_conf);
NAME_IS_FIRST(struct process_conf);
NAME_IS_FIRST(struct bfd_conf);
NAME_IS_FIRST(struct sync_group_conf);
NAME_IS_FIRST(struct track_group_conf);

static const char *name_of(const struct conf_obj *obj)
{
	return ((const struct named_conf *)obj)->name;
}

static int name_cmp(const struct conf_obj *a, const struct conf_obj *b)
{
	return strcmp(name_of(a), name_of(b));
}

/* ---- definitions ---- */

static void on_same_group(const struct conf_obj *first, const struct conf_obj *again,
			  struct conf_diags *diags)
{
	char place[RULE_PLACE_MAX];

	rule_refuse(diags, MEND_OUT(again), again->pos, "duplicate-name", NULL,
		    "%s %s is already defined at %s", again->block->name, name_of(again),
		    rule_place(diags, first->pos, place));
}

static void on_same_tracker(const struct conf_obj *first, const struct conf_obj *again,
			    struct conf_diags *diags)
{
	char place[RULE_PLACE_MAX];

	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "duplicate-name", again->pos, NULL,
		      "%s %s is already defined at %s", again->block->name, name_of(again),
		      rule_place(diags, first->pos, place));
}

/* Instances with one name are reported with the instances. */
static void on_same_instance(const struct conf_obj *first, const struct conf_obj *again,
			     struct conf_diags *diags)
{
	(void)first;
	(void)again;
	(void)diags;
}

static void define(struct rule_set *set, const struct conf_list *list,
		   rule_on_duplicate on_duplicate, struct conf_diags *diags)
{
	rule_set_add_list(set, list, diags);
	rule_each_duplicate(set, name_cmp, on_duplicate, diags);
}

/* ---- references ---- */

static const struct conf_obj *find(const struct rule_set *set, const char *name)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(name, name_of(set->v[mid]));

		if (order == 0)
			return set->v[mid];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* `what` with that name. `mending` has the object that refers to it, and perhaps the keyword. */
static const struct conf_obj *refer(const struct names *names, const struct rule_set *set,
				    const struct conf_mending *mending, const char *what,
				    const char *name)
{
	const struct conf_obj *obj = find(set, name);
	struct conf_pos pos =
		mending->name ? rule_pos(mending->obj, mending->name) : mending->obj->pos;

	if (!obj)
		rule_refuse(names->diags, mending, pos, "undefined-reference", NULL,
			    "%s \"%s\" is not defined", what, name);
	return obj;
}

static void check_trackers(const struct names *names, const struct rule_set *set, const char *what,
			   const struct conf_list *lines)
{
	const struct track_conf *line;

	conf_list_for_each (line, lines)
		refer(names, set, MEND_OUT(&line->obj), what, line->name);
}

/* A service is referred to by its address, as virtual_server has it. */
static void check_services(const struct names *names, const struct conf_list *lines)
{
	const struct track_vs_conf *line;
	const struct vs_conf *vs;

	conf_list_for_each (line, lines) {
		conf_list_for_each (vs, &names->conf->virtual_servers)
			if (service_type_address.is_equal(track_vs_args, &vs->addr, &line->addr))
				break;
		if (!vs)
			rule_refuse(names->diags, MEND_OUT_QUIET(&line->obj), line->obj.pos,
				    "undefined-reference", NULL,
				    "virtual_server \"%s\" is not defined", line->name);
	}
}

static void check_instance(const struct names *names, const struct vrrp_conf *vi)
{
	check_services(names, &vi->track_services);
	check_trackers(names, &names->scripts, "vrrp_script", &vi->track_scripts);
	check_trackers(names, &names->files, "track_file", &vi->track_files);
	check_trackers(names, &names->processes, "vrrp_track_process", &vi->track_processes);
	check_trackers(names, &names->bfds, "bfd_instance", &vi->track_bfds);
}

/* ---- groups ---- */

/* The instance belongs to `group`, and should to no other. */
static void note_group(const struct names *names, const struct conf_obj *group,
		       const struct conf_obj *instance, struct conf_pos pos)
{
	const struct conf_obj **first = &names->group_of[instance->index];
	char place[RULE_PLACE_MAX];

	if (*first)
		conf_diag_add(names->diags, CONF_WARNING, CONF_SEMANTIC, "in-two-groups", pos, NULL,
			      "instance %s is already in a vrrp_sync_group, at %s",
			      name_of(instance), rule_place(names->diags, (*first)->pos, place));
	else
		*first = group;
}

/* Without sync_group_tracking_weight all members have one priority. */
struct unweighted {
	const struct names *names;
	const char *group;
	bool is_of_group; /* the lines are those of the group: keepalived says nothing about them */
};

static void refuse_weight(const struct unweighted *u, const struct conf_obj *line, const char *name)
{
	rule_refuse(u->names->diags, u->is_of_group ? MEND_OUT_QUIET(line) : MEND_OUT(line),
		    line->pos, "weight-in-group",
		    "add sync_group_tracking_weight to the group, or weight 0 here",
		    "%s has a weight, and vrrp_sync_group %s keeps its instances at one priority",
		    name, u->group);
}

static int64_t script_weight(const struct conf_obj *obj)
{
	return ((const struct script_conf *)obj)->weight.weight;
}

static int64_t file_weight(const struct conf_obj *obj)
{
	return ((const struct file_conf *)obj)->weight.weight;
}

static int64_t bfd_weight(const struct conf_obj *obj)
{
	return ((const struct bfd_conf *)obj)->weight.weight;
}

static int64_t service_weight(const struct conf_obj *obj)
{
	return ((const struct track_vs_conf *)obj)->weight.weight;
}

static int64_t process_weight(const struct conf_obj *obj)
{
	return ((const struct process_conf *)obj)->weight.weight;
}

/* `own_weight` is that of the tracker, which holds where the line gives none. */
static void check_weights(const struct unweighted *u, const struct conf_list *lines,
			  const struct rule_set *set,
			  int64_t (*own_weight)(const struct conf_obj *obj))
{
	const struct track_conf *line;

	conf_list_for_each (line, lines) {
		const struct conf_obj *tracker = set ? find(set, line->name) : &line->obj;
		int64_t weight = line->weight.is_given ? line->weight.weight
				 : tracker             ? own_weight(tracker)
						       : 0;

		if (weight != 0)
			refuse_weight(u, &line->obj, line->name);
	}
}

/* `own` is the interface of the instance, whose line is left out; NULL for a group. */
static void check_if_weights(const struct unweighted *u, const struct conf_list *lines,
			     const char *own)
{
	const struct track_if_conf *line;

	conf_list_for_each (line, lines)
		if (line->weight != 0 && (!own || strcmp(line->name, own) != 0))
			refuse_weight(u, &line->obj, line->name);
}

static void check_member_weights(const struct unweighted *u, const struct vrrp_conf *vi)
{
	const struct names *names = u->names;

	check_if_weights(u, &vi->track_interfaces, vi->interface);
	check_weights(u, &vi->track_scripts, &names->scripts, script_weight);
	check_weights(u, &vi->track_files, &names->files, file_weight);
	check_weights(u, &vi->track_processes, &names->processes, process_weight);
	check_weights(u, &vi->track_bfds, &names->bfds, bfd_weight);
	check_weights(u, &vi->track_services, NULL, service_weight);
}

static void check_member(const struct names *names, const struct conf_obj *sync_group,
			 const struct conf_obj *instance, struct conf_pos pos)
{
	const struct sync_group_conf *group = (const struct sync_group_conf *)sync_group;
	const struct vrrp_conf *vi = (const struct vrrp_conf *)instance;

	if (names->group_of)
		note_group(names, sync_group, instance, pos);
	if (!group->sync_group_tracking_weight)
		check_member_weights(&(const struct unweighted){ names, group->name, false }, vi);
}

/* Returns how many names the lines of `group` have; one without a known name goes with tolerance.
 */
static uint32_t check_members(const struct names *names, const struct conf_list *lines,
			      const struct conf_obj *group, bool is_sync_group)
{
	bool has_known = false;
	const struct member_conf *line;
	uint32_t n = 0;

	conf_list_for_each (line, lines) {
		const struct conf_mending mending = {
			.mend = line->names.n == 1 ? CONF_MEND_LEAVE_OUT : CONF_MEND_KEEP,
			.obj = &line->obj,
			.is_silent = true,
		};

		for (uint32_t i = 0; i < line->names.n; i++, n++) {
			const struct conf_obj *instance = refer(names, &names->instances, &mending,
								"vrrp_instance", line->names.v[i]);

			has_known |= instance != NULL;
			if (instance && is_sync_group)
				check_member(names, group, instance, line->obj.pos);
		}
	}
	if (!has_known)
		conf_diags_mend(names->diags, MEND_OUT(group));
	return n;
}

/*
 * A group has one vote. Where it ranks higher than its peer on one link and lower on another there
 * is no order between the two, and which of them is MASTER is a matter of chance.
 */
static void check_priority(const struct names *names, const struct sync_group_conf *group,
			   const struct vrrp_conf *first, const struct vrrp_conf *vi)
{
	char place[RULE_PLACE_MAX];

	if (vi->priority == first->priority)
		return;
	rule_place(names->diags, rule_pos(&first->obj, "priority"), place);
	conf_diag_add(names->diags, CONF_WARNING, CONF_SEMANTIC, "priorities-differ",
		      rule_pos(&vi->obj, "priority"),
		      "give all instances of a group one priority, and each director another one",
		      "instance %s has priority %u, but %s in the same vrrp_sync_group %s has %u, "
		      "at %s: beside a peer that ranks lower on one link only, chance decides who "
		      "is MASTER",
		      vi->name, vi->priority, first->name, group->name, first->priority, place);
}

static void check_priorities(const struct names *names, const struct sync_group_conf *group)
{
	const struct vrrp_conf *first = NULL;
	const struct member_conf *line;

	conf_list_for_each (line, &group->members) {
		for (uint32_t i = 0; i < line->names.n; i++) {
			const struct conf_obj *obj = find(&names->instances, line->names.v[i]);

			if (!obj)
				continue;
			if (!first)
				first = (const struct vrrp_conf *)obj;
			check_priority(names, group, first, (const struct vrrp_conf *)obj);
		}
	}
}

static void check_group_weights(const struct names *names, const struct sync_group_conf *group)
{
	const struct unweighted u = { names, group->name, true };

	check_if_weights(&u, &group->track_interfaces, NULL);
	check_weights(&u, &group->track_scripts, &names->scripts, script_weight);
	check_weights(&u, &group->track_files, &names->files, file_weight);
	check_weights(&u, &group->track_processes, &names->processes, process_weight);
	check_weights(&u, &group->track_bfds, &names->bfds, bfd_weight);
	check_weights(&u, &group->track_services, NULL, service_weight);
}

static void check_sync_group(const struct names *names, const struct sync_group_conf *group)
{
	uint32_t n = check_members(names, &group->members, &group->obj, true);

	if (n == 0)
		rule_refuse(names->diags, MEND_OUT(&group->obj), group->obj.pos, "no-member",
			    "name its instances in a block \"group\"",
			    "vrrp_sync_group %s has no instance", group->name);
	else if (n == 1)
		conf_diag_add(names->diags, CONF_WARNING, CONF_SEMANTIC, "single-member",
			      group->obj.pos, NULL,
			      "vrrp_sync_group %s has only one instance, which then changes with "
			      "no other",
			      group->name);
	check_priorities(names, group);
	if (!group->sync_group_tracking_weight)
		check_group_weights(names, group);
	check_trackers(names, &names->scripts, "vrrp_script", &group->track_scripts);
	check_trackers(names, &names->files, "track_file", &group->track_files);
	check_trackers(names, &names->processes, "vrrp_track_process", &group->track_processes);
	check_trackers(names, &names->bfds, "bfd_instance", &group->track_bfds);
	check_services(names, &group->track_services);
}

static void check_track_group(const struct names *names, const struct track_group_conf *group)
{
	if (check_members(names, &group->members, &group->obj, false) == 0)
		rule_refuse(names->diags, MEND_OUT(&group->obj), group->obj.pos, "no-member",
			    "name its instances in a block \"group\"",
			    "track_group %s has no instance", group->name);
}

/* ---- static addresses, routes and rules ---- */

static void check_statics(const struct names *names, const struct root_conf *conf)
{
	const struct vaddr_conf *addr;
	const struct route_conf *route;
	const struct iprule_conf *rule;

	conf_list_for_each (addr, &conf->static_addresses)
		if (addr->track_group)
			refer(names, &names->track_groups, MEND_RESET(&addr->obj, "track_group"),
			      "track_group", addr->track_group);
	conf_list_for_each (route, &conf->static_routes)
		if (route->track_group)
			refer(names, &names->track_groups, MEND_RESET(&route->obj, "track_group"),
			      "track_group", route->track_group);
	conf_list_for_each (rule, &conf->static_rules)
		if (rule->track_group)
			refer(names, &names->track_groups, MEND_RESET(&rule->obj, "track_group"),
			      "track_group", rule->track_group);
}

/* ---- checks ---- */

static void check_checker(const struct names *names, const struct checker_conf *checker)
{
	const struct conf_obj *obj = &checker->obj;

	if (obj->block == &file_check_block)
		refer(names, &names->files, MEND_OUT_AT(obj, "track_file"), "track_file",
		      ((const struct file_check_conf *)checker)->track_file);
	else if (obj->block == &bfd_check_block)
		refer(names, &names->bfds, MEND_OUT_AT(obj, "name"), "bfd_instance",
		      ((const struct bfd_check_conf *)checker)->name);
}

static void check_checkers(const struct names *names, const struct root_conf *conf)
{
	const struct checker_conf *checker;
	const struct vs_conf *vs;
	const struct rs_conf *rs;

	conf_list_for_each (vs, &conf->virtual_servers)
		conf_list_for_each (rs, &vs->real_servers)
			conf_list_for_each (checker, &rs->checkers)
				check_checker(names, checker);
}

/* ---- garp_group ---- */

/* The first group counts. */
static void check_paced(const struct conf_list *groups, const struct garp_group_conf *group,
			const struct conf_words *names, struct conf_pos pos,
			struct conf_diags *diags)
{
	const struct garp_group_conf *first;
	char place[RULE_PLACE_MAX];

	for (uint32_t i = 0; i < names->n; i++) {
		conf_list_for_each (first, groups)
			if (first == group || garp_group_has(first, names->v[i]))
				break;
		if (first != group)
			conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "in-two-groups", pos,
				      NULL, "%s is already in a garp_group, at %s", names->v[i],
				      rule_place(diags, first->obj.pos, place));
	}
}

static void check_garp_groups(const struct conf_list *groups, struct conf_diags *diags)
{
	const struct garp_group_conf *group;
	const struct member_conf *line;

	conf_list_for_each (group, groups) {
		check_paced(groups, group, &group->interface, rule_pos(&group->obj, "interface"),
			    diags);
		conf_list_for_each (line, &group->interfaces)
			check_paced(groups, group, &line->names, line->obj.pos, diags);
	}
}

void track_conf_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	struct names names = { .conf = conf, .diags = diags };
	struct rule_set sync_groups = { 0 };
	const struct sync_group_conf *sync_group;
	const struct track_group_conf *track_group;
	const struct vrrp_conf *vi;

	names.group_of = calloc(conf->vrrp_instances.n + 1, sizeof(*names.group_of));
	define(&names.instances, &conf->vrrp_instances, on_same_instance, diags);
	define(&names.scripts, &conf->vrrp_scripts, on_same_tracker, diags);
	define(&names.files, &conf->track_files, on_same_tracker, diags);
	define(&names.processes, &conf->track_processes, on_same_tracker, diags);
	define(&names.bfds, &conf->bfd_instances, on_same_tracker, diags);
	define(&names.track_groups, &conf->track_groups, on_same_group, diags);
	define(&sync_groups, &conf->sync_groups, on_same_group, diags);
	conf_list_for_each (vi, &conf->vrrp_instances)
		check_instance(&names, vi);
	conf_list_for_each (sync_group, &conf->sync_groups)
		check_sync_group(&names, sync_group);
	conf_list_for_each (track_group, &conf->track_groups)
		check_track_group(&names, track_group);
	check_statics(&names, conf);
	check_checkers(&names, conf);
	rule_set_done(&names.instances);
	rule_set_done(&names.scripts);
	rule_set_done(&names.files);
	rule_set_done(&names.processes);
	rule_set_done(&names.bfds);
	rule_set_done(&names.track_groups);
	rule_set_done(&sync_groups);
	free(names.group_of);
	check_garp_groups(&conf->garp_groups, diags);
}
