/*
 * A plan as text and as JSON. The process that the user started.
 */
#include "director/plan.h"

static const struct {
	const char *name, *title;
} kinds[PLAN_KIND_N] = {
	[PLAN_PROCESS] = { "process", "Processes" },
	[PLAN_IPVS] = { "ipvs", "IPVS" },
	[PLAN_ADDRESS] = { "address", "Addresses" },
	[PLAN_ROUTE] = { "route", "Routes and rules" },
	[PLAN_INSTANCE] = { "instance", "VRRP instances" },
	[PLAN_TRACKER] = { "tracker", "Trackers and groups" },
	[PLAN_SERVER] = { "server", "Virtual and real servers" },
	[PLAN_CHECK] = { "check", "Checks" },
	[PLAN_GLOBAL] = { "global", "Global settings" },
};

static const struct {
	const char *name;
	char sign;
} verbs[] = {
	[PLAN_ADD] = { "add", '+' },
	[PLAN_REMOVE] = { "remove", '-' },
	[PLAN_CHANGE] = { "change", '~' },
	[PLAN_RESTART] = { "restart", '!' },
};

static const struct {
	const char *name, *note;
} applies[] = {
	[CONF_APPLY_LIVE] = { "live", "" },
	[CONF_APPLY_INSTANCE] = { "instance", " [the whole instance]" },
	[CONF_APPLY_CHILD] = { "child", " [from the next start of the child]" },
	[CONF_APPLY_RESTART] = { "restart", " [from the next start of diarch]" },
};

static void print_item(const struct plan_item *item, FILE *out)
{
	fprintf(out, "  %c %s%s%s%s\n", verbs[item->verb].sign, item->subject,
		*item->detail ? ": " : "", item->detail, applies[item->apply].note);
}

void plan_print(const struct plan *plan, FILE *out)
{
	if (plan->n == 0)
		fputs("No change.\n", out);
	for (size_t i = 0; i < plan->n; i++) {
		if (i == 0 || plan->v[i].kind != plan->v[i - 1].kind)
			fprintf(out, "%s%s\n", i ? "\n" : "", kinds[plan->v[i].kind].title);
		print_item(&plan->v[i], out);
	}
}

json_t *plan_json(const struct plan *plan)
{
	json_t *array = json_array();

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_item *item = &plan->v[i];
		json_t *object = json_object();

		json_object_set_new(object, "kind", json_string(kinds[item->kind].name));
		json_object_set_new(object, "verb", json_string(verbs[item->verb].name));
		json_object_set_new(object, "apply", json_string(applies[item->apply].name));
		json_object_set_new(object, "subject", conf_json_string(item->subject));
		json_object_set_new(object, "detail", conf_json_string(item->detail));
		json_array_append_new(array, object);
	}
	return array;
}
