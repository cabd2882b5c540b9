/*
 * What a reload would do: the difference of two configurations as a list of items. Pure.
 *
 * Used by `diarch --plan`; nothing here reads, asks or applies anything.
 */
#ifndef DIARCH_DIRECTOR_PLAN_H
#define DIARCH_DIRECTOR_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/global_conf.h"
#include "lvs/ipvs.h"

enum plan_kind {
	PLAN_PROCESS, /* a child is started or stopped */
	PLAN_IPVS,
	PLAN_ADDRESS,
	PLAN_ROUTE, /* and rules */
	PLAN_INSTANCE,
	PLAN_TRACKER, /* and groups: named blocks that others refer to */
	PLAN_SERVER,  /* virtual and real servers */
	PLAN_CHECK,
	PLAN_GLOBAL,
	PLAN_KIND_N
};

enum plan_verb { PLAN_ADD, PLAN_REMOVE, PLAN_CHANGE, PLAN_RESTART };

struct plan_item {
	enum plan_kind kind;
	enum plan_verb verb;
	enum conf_apply apply; /* what it touches */
	char *subject;         /* "VI_1", "10.0.0.1/24 dev eth0" */
	char *detail;          /* "priority 100 -> 150"; "" when the subject says all */
};

/* In the order in which a reload goes about it. All zero is empty. */
struct plan {
	struct plan_item *v;
	size_t n, cap;
};

/* ---- what is known of the running director ---- */

/* Health of checks and pools, states of instances. */
struct plan_health;

/* From the answer to "status json" (NULL: nothing is known). Keeps a reference. */
struct plan_health *plan_health_new(json_t *status);
void plan_health_free(struct plan_health *health);

/* Whether the running director holds the addresses of an instance. */
bool plan_health_is_master(const struct plan_health *health, const char *instance);

/*
 * Adds to `set`, initialised and empty, the services that a director with this configuration wants
 * in the kernel as long as no check changes its mind: known verdicts are carried over as a reload
 * carries them over.
 */
void plan_desired(const struct root_conf *root, const struct plan_health *health,
		  struct ipvs_set *set);

/* ---- the plan ---- */

struct plan_input {
	const struct root_conf *running; /* NULL = no director runs */
	const struct root_conf *next;
	const struct plan_health *health;
	const struct ipvs_set *kernel; /* sorted; NULL = it cannot be read */
	bool with_vrrp, with_checkers; /* the children that this director has */
};

/* Appends the items to `plan`. */
void plan_make(const struct plan_input *input, struct plan *plan);
void plan_done(struct plan *plan);

/* Whether a reload would refuse the file because it configures nothing any more. */
bool plan_is_refused(const struct plan_input *input);

/* ---- plan_print.c ---- */

/* For people: items under headings, or that there are none. */
void plan_print(const struct plan *plan, FILE *out);

/* Array of objects: kind, verb, apply, subject, detail. */
json_t *plan_json(const struct plan *plan);

#endif
