/*
 * lvsadm: the running program and what its commands share. Internal to it.
 */
#ifndef DIARCH_LVS_LVSADM_APP_H
#define DIARCH_LVS_LVSADM_APP_H

#include "lvs/ipvs_nl.h"
#include "lvs/lvsadm.h"

struct lvsadm_app {
	struct ipvs_backend *backend; /* NULL until a command needs it */
	struct ipvs_ops batch;        /* commands of a save file that are not carried out yet */
	enum lvsadm_status status;    /* of the last command */
};

/* Opens the kernel backend once, loading the module if need be; false after telling why not. */
bool lvsadm_open(struct lvsadm_app *app);

/* Tells an error (0: none) in ipvsadm's words. LVSADM_OK or `status`. */
enum lvsadm_status lvsadm_report(enum ipvs_op_kind kind, int error, enum lvsadm_status status);

/* Carries one command out (not help and version). */
enum lvsadm_status lvsadm_run(const struct lvsadm_cmd *cmd, struct lvsadm_app *app);

enum lvsadm_restore {
	LVSADM_RESTORE_ADD,   /* -R: to what is there */
	LVSADM_RESTORE_FRESH, /* as the script ipvsadm-restore: on an emptied table, with comments
			       */
};

/* Carries out commands from standard input. */
enum lvsadm_status lvsadm_run_restore(struct lvsadm_app *app, enum lvsadm_restore how);

/*
 * What ipvsadm has not got (lvsadm_apply.c, lvsadm_watch.c): argv[0] is the word, options and file
 * follow.
 */
typedef enum lvsadm_status lvsadm_subcommand_fn(struct lvsadm_app *app, int argc, char *argv[]);
lvsadm_subcommand_fn lvsadm_run_diff, lvsadm_run_apply, lvsadm_run_watch;

/* -L with its options (lvsadm_list.c). */
enum lvsadm_status lvsadm_run_list(struct lvsadm_app *app, const struct lvsadm_cmd *cmd);

#endif
