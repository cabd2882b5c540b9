/*
 * Scripts whose outcome a child waits for (MISC_CHECK, vrrp_script), run by the parent: the
 * answering side of lib/script_ask.h.
 *
 * A child names an object; the command, its user and its timeout are those of the parent's own
 * configuration. Never two scripts of one object at once. One that takes too long, or that nobody
 * waits for any more, gets TERM and 2 s later KILL, its whole process group. The first line of
 * output goes into the answer, the rest is read slowly and dropped.
 */
#ifndef DIARCH_DIRECTOR_CHECK_SCRIPTS_H
#define DIARCH_DIRECTOR_CHECK_SCRIPTS_H

#include <stdbool.h>

#include "lib/conf.h"
#include "lib/ipc.h"
#include "lib/loop.h"

struct check_scripts;

/* `send` sends an answer to a child. */
struct check_scripts *
check_scripts_new(struct loop *loop,
		  void (*send)(enum msg_role to, const struct msg *msg, void *arg), void *arg);

/* Forgets what waits and kills what runs. NULL is fine. */
void check_scripts_free(struct check_scripts *scripts);

/* A child asks for a run. Exactly one answer follows, unless it cancels or dies. */
void check_scripts_run(struct check_scripts *scripts, enum msg_role from, const struct conf *conf,
		       const struct msg_script_run *msg);

/* A child gave up. */
void check_scripts_cancel(struct check_scripts *scripts, enum msg_role from,
			  const struct msg_script_cancel *msg);

/* A child has gone: nobody waits for its scripts any more. */
void check_scripts_forget(struct check_scripts *scripts, enum msg_role from);

/* ---- check_command.c ---- */

/* A command of the configuration. */
struct check_command {
	const struct conf_script *script;
	const char *user, *group; /* where the command names none; NULL = default */
	int64_t timeout_us;
};

/* The command of the object that `msg` names, of the child `from`; false when there is none. */
bool check_command_find(const struct conf *conf, enum msg_role from,
			const struct msg_script_run *msg, struct check_command *out);

#endif
