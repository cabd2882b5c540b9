/*
 * What the parts of a plan share. Only director/plan*.c include this.
 */
#ifndef DIARCH_DIRECTOR_PLAN_PRIVATE_H
#define DIARCH_DIRECTOR_PLAN_PRIVATE_H

#include "director/plan.h"

enum {
	PLAN_NAME_MAX = 512,
	PLAN_LINES_MAX = 2, /* lists of routes and rules in an instance */
};

/* Appends an item without detail; it belongs to the plan. */
struct plan_item *plan_add(struct plan *plan, enum plan_kind kind, enum plan_verb verb,
			   const char *subject);

/* An item when `a` goes (`b` NULL), `b` comes (`a` NULL) or the two differ. */
void plan_add_pair(struct plan *plan, enum plan_kind kind, const struct conf_obj *a,
		   const struct conf_obj *b, const char *subject);

/* Identity of an object among those of its list, PLAN_NAME_MAX bytes. */
typedef void (*plan_name)(const struct conf_obj *obj, char *name);

/* `a` is NULL for what comes, `b` for what goes. */
typedef void (*plan_on_pair)(void *ctx, const struct conf_obj *a, const struct conf_obj *b,
			     const char *name);

struct plan_pairing {
	plan_name name_of;
	plan_on_pair on_pair;
	void *ctx;
	plan_name full_name_of; /* adds to a name that several objects have; NULL: none do */
};

/* What goes, then what stays or comes in the order of the new list. */
void plan_each_pair(const struct conf_list *old, const struct conf_list *next,
		    const struct plan_pairing *how);

/* ---- plan_lines.c ---- */

/* Routes and rules of an instance, of which `a` or `b` may be NULL. */
void plan_lines_of(struct plan *plan, const struct conf_obj *a, const struct conf_obj *b,
		   const char *owner);

/* The offsets of these lists in an instance: at most PLAN_LINES_MAX, then 0. */
void plan_lines_offsets(const struct conf_obj *instance, uint32_t *offsets);

/* The items of one kind from blocks of the top level other than instances and services. */
void plan_blocks(const struct plan_input *in, struct plan *plan, enum plan_kind kind);

#endif
