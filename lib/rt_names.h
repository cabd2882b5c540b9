/*
 * Names that iproute2's files give to numbers: routing tables, protocols, scopes and so on.
 */
#ifndef DIARCH_LIB_RT_NAMES_H
#define DIARCH_LIB_RT_NAMES_H

#include <stdbool.h>
#include <stdint.h>

enum rt_kind {
	RT_KIND_TABLE,
	RT_KIND_PROTOCOL,
	RT_KIND_SCOPE,
	RT_KIND_DSFIELD,
	RT_KIND_REALM,
	RT_KIND_GROUP
};

/* Where the files are; NULL = where Debian has them. Those of the host go before those of the
 * distribution. */
struct rt_dirs {
	const char *etc, *usr;
};

/* Finds the number of a name. Reads files: not for the loop. */
bool rt_name_find(const struct rt_dirs *dirs, enum rt_kind kind, const char *name, uint32_t *id);

/* A group of interfaces, by name or number. */
bool rt_group_find(const struct rt_dirs *dirs, const char *text, uint32_t *id);

#endif
