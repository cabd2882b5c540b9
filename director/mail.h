/*
 * Alert mail: a bounded queue in memory, sent through the configured server on the event loop,
 * tried again for an hour.
 *
 * Parent only.
 */
#ifndef DIARCH_DIRECTOR_MAIL_H
#define DIARCH_DIRECTOR_MAIL_H

#include <stdbool.h>

#include "lib/conf.h"
#include "lib/loop.h"

struct mail;

/* `on_idle` is called whenever the last mail is through with. */
struct mail *mail_new(struct loop *loop, void (*on_idle)(void *arg), void *arg);

/* Forgets what waits, which the log says. NULL is fine. */
void mail_free(struct mail *mail);

/* Queues a mail to the addresses of `conf`; nothing when it names no server or nobody. The router's
 * name is put before the subject; body is one line. Everything is copied. */
void mail_add(struct mail *mail, const struct conf *conf, const char *subject, const char *body);

/* We are about to end: mail that waits for another try, its server being away, is not waited for.
 */
void mail_hurry(struct mail *mail);

/* Whether nothing waits, or is waited for. */
bool mail_is_idle(const struct mail *mail);

/* ---- mail_text.c, pure ---- */

/* The bare address of "Name <user@host>", from heap. */
char *mail_address(const char *recipient);

struct mail_head {
	const char *from;      /* as configured */
	const char *const *to; /* as configured */
	unsigned n_to;
	const char *node; /* in brackets before the subject */
	const char *subject;
	const char *id;   /* unique, without angle brackets */
	const char *date; /* RFC 5322 3.3 */
};

/* Header and body with lines that end in \n, from heap. Bytes that no header may have are '?'. */
char *mail_text(const struct mail_head *head, const char *body);

#endif
