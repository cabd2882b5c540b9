/*
 * What cross-field rules share: finding equal objects, and naming the place of another one.
 */
#ifndef DIARCH_LIB_RULE_H
#define DIARCH_LIB_RULE_H

#include "lib/conf.h"

/* Objects of any lists, to be looked at together. All zero is empty. */
struct rule_set {
	const struct conf_obj **v;
	size_t n, cap;
};

/* Adds one object or all of a list. Out of memory is reported to `diags`; the set then misses some.
 */
void rule_set_add(struct rule_set *set, const struct conf_obj *obj, struct conf_diags *diags);
void rule_set_add_list(struct rule_set *set, const struct conf_list *list,
		       struct conf_diags *diags);

/* Releases the memory of the set. */
void rule_set_done(struct rule_set *set);

/* Order of two objects; 0 = the same thing. */
typedef int (*rule_cmp)(const struct conf_obj *a, const struct conf_obj *b);

/* `again` stands later in the files than `first`, to which it is equal. */
typedef void (*rule_on_duplicate)(const struct conf_obj *first, const struct conf_obj *again,
				  struct conf_diags *diags);

/* Calls `on_duplicate` once for each object that is equal to an earlier one. Sorts the set. */
void rule_each_duplicate(struct rule_set *set, rule_cmp cmp, rule_on_duplicate on_duplicate,
			 struct conf_diags *diags);

/*
 * Reports an error that keepalived runs on with, and what tolerance makes of it: `mending` names
 * the object, which may be const here as rules only report.
 */
void rule_refuse(struct conf_diags *diags, const struct conf_mending *mending, struct conf_pos pos,
		 const char *code, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));

/* Mends, for rule_refuse() and conf_refuse(). QUIET ones are no error to keepalived. */
#define MEND_KEEP(o)             (&(const struct conf_mending){ CONF_MEND_KEEP, o, NULL, false })
#define MEND_KEEP_QUIET(o)       (&(const struct conf_mending){ CONF_MEND_KEEP, o, NULL, true })
#define MEND_OUT(o)              (&(const struct conf_mending){ CONF_MEND_LEAVE_OUT, o, NULL, false })
#define MEND_OUT_QUIET(o)        (&(const struct conf_mending){ CONF_MEND_LEAVE_OUT, o, NULL, true })
#define MEND_OUT_AT(o, key)      (&(const struct conf_mending){ CONF_MEND_LEAVE_OUT, o, key, false })
#define MEND_RESET(o, key)       (&(const struct conf_mending){ CONF_MEND_RESET, o, key, false })
#define MEND_RESET_QUIET(o, key) (&(const struct conf_mending){ CONF_MEND_RESET, o, key, true })

/* "file:line" of a position, for use in a message about another one. Returns `buf`. */
#define RULE_PLACE_MAX 512
const char *rule_place(const struct conf_diags *diags, struct conf_pos pos, char *buf);

/* Where `name` was written in `obj`, or the object itself when it was not. */
struct conf_pos rule_pos(const struct conf_obj *obj, const char *name);

/*
 * For finish functions: false, with a warning, when `obj` says what an earlier object of `list`
 * said; `what` is "this peer".
 */
bool rule_keep_first(struct conf_walk *walk, const struct conf_list *list,
		     const struct conf_obj *obj, rule_cmp cmp, const char *what);

#endif
