/*
 * Values that only global_defs has.
 */
#ifndef DIARCH_LIB_GLOBAL_TYPE_H
#define DIARCH_LIB_GLOBAL_TYPE_H

#include "lib/conf.h"
#include "lib/global_conf.h"

/* A process name, cut to what the kernel keeps; [PRIORITY] up to .max; a mask; GLOBAL_BUFS_* or
 * bytes; checks of include lines. */
extern const struct conf_type global_type_comm, global_type_auto_priority, global_type_umask,
	global_type_bufs, global_type_include;

/* The rows of the structs of global_conf.h that are values. */
extern const struct conf_key opt_name_parts[], smtp_server_parts[], fifo_parts[], dynamic_parts[],
	chains_parts[], ipsets_parts[], lvs_timeouts_parts[], sync_daemon_parts[];

#endif
