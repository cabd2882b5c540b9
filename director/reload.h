/*
 * Reload as a transaction: parse and validate, offer to every child, commit when all agreed, else
 * abort.
 *
 * A file that is rejected changes nothing and the log says why, with file:line:col.
 */
#ifndef DIARCH_DIRECTOR_RELOAD_H
#define DIARCH_DIRECTOR_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

struct app;
struct reload;
struct conf;
struct cmdline;

struct reload *reload_new(struct app *app);
void reload_free(struct reload *reload);

/* Reads the file given on the command line, logs every diagnostic; NULL when it must not be run.
 * *status gets the exit status a start would end with (enum exit_status). */
struct conf *reload_read(const struct cmdline *cmdline, int *status);

/* Begins a reload, or remembers to do so when one is under way. */
void reload_begin(struct reload *reload);

/* A child's answer to an offer. */
void reload_on_ack(struct reload *reload, uint64_t generation, bool is_ok, const char *reason);

/* Nobody speaks of the former generation any more. */
void reload_forget_former(struct app *app);

/* A child died: an offer under way is withdrawn and made again later. */
void reload_on_child_lost(struct reload *reload);

#endif
