/*
 * through_vip: which checks go to the address of their service, and what cannot be. Pure apart from
 * diagnostics; any process.
 */
#include <inttypes.h>

#include "check/check_conf.h"
#include "lib/global_conf.h"
#include "lib/rule.h"

static const struct vs_conf *vs_of(const struct rs_conf *rs)
{
	return (const struct vs_conf *)rs->obj.parent;
}

/* With NAT the packets of a client are for the server's own address when they arrive, and so are
 * those of a check that connects to it. */
static bool sees_vip(const struct rs_conf *rs)
{
	return rs->lvs_method.fwd == IPVS_FWD_DROUTE || rs->lvs_method.fwd == IPVS_FWD_TUNNEL;
}

bool checker_goes_through_vip(const struct checker_conf *checker)
{
	return checker->through_vip && sees_vip(checker_server(checker));
}

bool checker_vip(const struct checker_conf *checker, struct addr *vip)
{
	const struct rs_conf *rs = checker_server(checker);
	const struct vs_conf *vs = vs_of(rs);
	const struct vs_group_line_conf *line;

	*vip = addr_is_unset(&checker->connect_ip) ? vs->addr.addr : checker->connect_ip;
	if (!addr_is_unset(vip) || !vs->group)
		return !addr_is_unset(vip);
	conf_list_for_each (line, &vs->group->lines) {
		bool is_better = addr_is_unset(vip) ||
				 (!rs_may_have_family(vs, rs, vip->family) &&
				  rs_may_have_family(vs, rs, line->range.first.family));

		if (!line->range.fwmark && is_better)
			*vip = line->range.first;
	}
	return !addr_is_unset(vip);
}

/* ---- one check ---- */

static void refuse_other(const struct checker_conf *checker, const char *key, const char *why,
			 struct conf_diags *diags)
{
	const struct conf_obj *obj = &checker->obj;

	rule_refuse(diags, MEND_RESET(obj, key), rule_pos(obj, key), "through-vip-clash", NULL,
		    "%s and through_vip: %s", key, why);
}

static void check_checker(const struct checker_conf *checker, struct conf_diags *diags)
{
	const struct rs_conf *rs = checker_server(checker);
	const struct conf_obj *obj = &checker->obj;
	struct addr vip;

	if (!checker_vip(checker, &vip)) {
		rule_refuse(diags, MEND_RESET(obj, "through_vip"), rule_pos(obj, "through_vip"),
			    "through-vip-where", "add connect_ip with an address that clients use",
			    "%s through_vip of a service that has no address", obj->block->name);
		return;
	}
	if (rs->lvs_method.fwd == IPVS_FWD_DROUTE && !rs_may_have_family(vs_of(rs), rs, vip.family))
		rule_refuse(diags, MEND_RESET(obj, "connect_ip"), rule_pos(obj, "connect_ip"),
			    "family-mix", "only TUN can do that",
			    "the address to check has another family than the server");
	if (checker->fwmark)
		refuse_other(checker, "fwmark", "the mark says which server gets the packets",
			     diags);
	if (checker->bind_port)
		refuse_other(checker, "bind_port",
			     "IPVS tells probes to several servers by their ports", diags);
	if (checker->bind_if)
		refuse_other(checker, "bind_if", "the packets go where IPVS sends them", diags);
}

/* ---- where it was written, and does nothing ---- */

static void warn_nat(const struct conf_obj *obj, const char *what, struct conf_diags *diags)
{
	conf_diag_add(diags, CONF_WARNING, CONF_SEMANTIC, "through-vip-nat",
		      rule_pos(obj, "through_vip"), NULL,
		      "with NAT a server sees its own address in the packets of clients, too; %s",
		      what);
}

static bool is_on(const struct conf_obj *obj, bool value)
{
	return value && conf_is_set(obj, "through_vip", NULL);
}

static void check_server(const struct rs_conf *rs, struct conf_diags *diags, uint32_t *n_paths)
{
	const struct checker_conf *checker;
	bool has_path = false;

	if (!sees_vip(rs) && is_on(&rs->obj, rs->through_vip))
		warn_nat(&rs->obj, "its checks go to it", diags);
	conf_list_for_each (checker, &rs->checkers) {
		if (checker_goes_through_vip(checker)) {
			check_checker(checker, diags);
			has_path = true;
		} else if (is_on(&checker->obj, checker->through_vip)) {
			warn_nat(&checker->obj, "the check goes to it", diags);
		}
	}
	*n_paths += has_path;
}

static void check_service(const struct vs_conf *vs, struct conf_diags *diags, uint32_t *n_paths)
{
	const struct rs_conf *rs;
	bool is_seen = false;

	conf_list_for_each (rs, &vs->real_servers) {
		check_server(rs, diags, n_paths);
		is_seen = is_seen || sees_vip(rs);
	}
	if (!is_seen && is_on(&vs->obj, vs->through_vip))
		warn_nat(&vs->obj, "checks go to the servers", diags);
}

/* ---- marks ---- */

struct marks {
	uint32_t first;
	struct conf_diags *diags;
};

static void check_mark(const struct marks *marks, uint32_t mark, const struct conf_obj *obj,
		       struct conf_pos pos)
{
	if (mark < marks->first || mark - marks->first >= CHECK_PATHS_MAX)
		return;
	rule_refuse(marks->diags, MEND_KEEP(obj), pos, "mark-in-use",
		    "set through_vip_fwmark in global_defs",
		    "%" PRIu32 " is one of the marks that checks with through_vip use (%" PRIu32
		    "-%" PRIu32 ")",
		    mark, marks->first, marks->first + (CHECK_PATHS_MAX - 1));
}

static void check_marks_of(const struct marks *marks, const struct vs_conf *vs)
{
	const struct checker_conf *checker;
	const struct rs_conf *rs;

	check_mark(marks, vs->addr.fwmark, &vs->obj, vs->obj.pos);
	conf_list_for_each (rs, &vs->real_servers)
		conf_list_for_each (checker, &rs->checkers)
			check_mark(marks, checker->fwmark, &checker->obj,
				   rule_pos(&checker->obj, "fwmark"));
}

static void check_marks(const struct root_conf *root, struct conf_diags *diags)
{
	const struct marks marks = { root_global(&root->obj)->through_vip_fwmark, diags };
	const struct vs_group_line_conf *line;
	const struct vs_group_conf *group;
	const struct vs_conf *vs;

	conf_list_for_each (vs, &root->virtual_servers)
		check_marks_of(&marks, vs);
	conf_list_for_each (group, &root->virtual_server_groups)
		conf_list_for_each (line, &group->lines)
			check_mark(&marks, line->range.fwmark, &line->obj, line->obj.pos);
}

void through_vip_rules(const struct conf_obj *root, struct conf_diags *diags)
{
	const struct root_conf *conf = (const struct root_conf *)root;
	const struct vs_conf *vs;
	uint32_t n_paths = 0;

	conf_list_for_each (vs, &conf->virtual_servers)
		check_service(vs, diags, &n_paths);
	if (n_paths == 0)
		return;
	check_marks(conf, diags);
	if (n_paths > CHECK_PATHS_MAX)
		rule_refuse(diags, MEND_KEEP(root), root->pos, "through-vip-crowd", NULL,
			    "%" PRIu32 " servers are checked through the address of their service, "
			    "%d can be",
			    n_paths, CHECK_PATHS_MAX);
}
