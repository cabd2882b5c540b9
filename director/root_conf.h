/*
 * The whole grammar of the configuration: what may stand at the top level, and the rules over all
 * of it.
 */
#ifndef DIARCH_DIRECTOR_ROOT_CONF_H
#define DIARCH_DIRECTOR_ROOT_CONF_H

#include "lib/conf.h"
#include "lib/global_conf.h"

/* For conf_load() and all that takes a schema. The root object is a struct root_conf. */
extern const struct conf_schema diarch_schema;

#endif
