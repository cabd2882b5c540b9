/*
 * What cross-field rules share. The parent runs rules after a load.
 */
#include "lib/rule.h"

#include <stdio.h>
#include <stdlib.h>

void rule_set_add(struct rule_set *set, const struct conf_obj *obj, struct conf_diags *diags)
{
	const struct conf_pos none = { 0 };

	if (set->n == set->cap) {
		size_t cap = set->cap ? set->cap * 2 : 64;
		const struct conf_obj **v = reallocarray(set->v, cap, sizeof(*v));

		if (!v) {
			conf_diag_add(diags, CONF_ERROR, CONF_ENVIRONMENT, "no-memory", none, NULL,
				      "out of memory");
			return;
		}
		set->v = v;
		set->cap = cap;
	}
	set->v[set->n++] = obj;
}

void rule_set_add_list(struct rule_set *set, const struct conf_list *list, struct conf_diags *diags)
{
	const struct conf_obj *obj;

	conf_list_for_each (obj, list)
		rule_set_add(set, obj, diags);
}

void rule_set_done(struct rule_set *set)
{
	free(set->v);
	*set = (struct rule_set){ 0 };
}

static int pos_cmp(const struct conf_pos *a, const struct conf_pos *b)
{
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->col < b->col ? -1 : a->col > b->col;
}

static int sort_cmp(const void *a, const void *b, void *arg)
{
	const struct conf_obj *oa = *(const struct conf_obj *const *)a;
	const struct conf_obj *ob = *(const struct conf_obj *const *)b;
	int order = (*(rule_cmp *)arg)(oa, ob);

	return order != 0 ? order : pos_cmp(&oa->pos, &ob->pos);
}

void rule_each_duplicate(struct rule_set *set, rule_cmp cmp, rule_on_duplicate on_duplicate,
			 struct conf_diags *diags)
{
	size_t first = 0;

	if (set->n == 0)
		return;
	qsort_r(set->v, set->n, sizeof(*set->v), sort_cmp, &cmp);
	for (size_t i = 1; i < set->n; i++) {
		if (cmp(set->v[first], set->v[i]) == 0)
			on_duplicate(set->v[first], set->v[i], diags);
		else
			first = i;
	}
}

void rule_refuse(struct conf_diags *diags, const struct conf_mending *mending, struct conf_pos pos,
		 const char *code, const char *hint, const char *fmt, ...)
{
	const struct conf_report report = { CONF_ERROR, CONF_SEMANTIC, code, pos,
					    hint,       *mending,      false };
	va_list ap;

	va_start(ap, fmt);
	conf_diag_vreport(diags, &report, fmt, ap);
	va_end(ap);
}

const char *rule_place(const struct conf_diags *diags, struct conf_pos pos, char *buf)
{
	snprintf(buf, RULE_PLACE_MAX, "%s:%u", conf_diags_path(diags, pos.file), pos.line);
	return buf;
}

struct conf_pos rule_pos(const struct conf_obj *obj, const char *name)
{
	struct conf_pos pos;

	return conf_is_set(obj, name, &pos) ? pos : obj->pos;
}

bool rule_keep_first(struct conf_walk *walk, const struct conf_list *list,
		     const struct conf_obj *obj, rule_cmp cmp, const char *what)
{
	const struct conf_obj *other;

	conf_list_for_each (other, list) {
		if (other != obj && cmp(other, obj) == 0) {
			conf_warning(walk, obj->pos, CONF_SEMANTIC, "duplicate-line", NULL,
				     "%s already stands in line %u; this line is left out", what,
				     other->pos.line);
			return false;
		}
	}
	return true;
}
