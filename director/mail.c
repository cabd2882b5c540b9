/*
 * Queue of alert mail. Parent only; owns the mails and the one session that sends them.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <time.h>
#include <unistd.h>

#include "director/mail.h"
#include "director/resolve.h"
#include "director/smtp.h"
#include "lib/global_conf.h"
#include "lib/log.h"

#define WAITING_MAX  256
#define RETRY_MIN_US (5 * US_PER_S)
#define RETRY_MAX_US (300 * US_PER_S)
#define AGE_MAX_US   (3600 * US_PER_S) /* then it is given up */
#define SMTP_PORT    25
#define DATE_MAX     64

struct letter {
	TAILQ_ENTRY(letter) link;
	struct smtp_message message; /* strings are ours */
	char *host, *helo;
	uint16_t port;
	int64_t timeout_us;
	char *subject; /* for the log */
	time_us born_at, due_at;
	int64_t delay_us; /* until the next try for recipients who were refused for now */
};

struct mail {
	struct loop *loop;
	TAILQ_HEAD(, letter) letters; /* oldest first */
	unsigned waiting;
	uint64_t n_made;
	bool is_hurried;
	unsigned n_dropped; /* left out since the queue was empty */
	struct timer retry;
	int64_t delay_us; /* until the next session; 0 = the server works */
	time_us blocked_until;
	/* the server of the session */
	char *host, *helo;
	uint16_t port;
	int64_t timeout_us;
	struct resolve resolve;
	struct addr addrs[RESOLVE_MAX];
	unsigned n_addrs, next_addr;
	struct smtp *smtp;
	bool is_ready; /* it was ready once */
	struct letter *sending;
	char last_why[SMTP_WHY_MAX];
	void (*on_idle)(void *arg);
	void *arg;
};

static void on_retry(struct timer *timer, void *arg);

struct mail *mail_new(struct loop *loop, void (*on_idle)(void *arg), void *arg)
{
	struct mail *mail = xcalloc(1, sizeof(*mail));

	mail->loop = loop;
	mail->on_idle = on_idle;
	mail->arg = arg;
	TAILQ_INIT(&mail->letters);
	timer_init(&mail->retry, loop, on_retry, mail);
	return mail;
}

void mail_hurry(struct mail *mail)
{
	mail->is_hurried = true;
}

bool mail_is_idle(const struct mail *mail)
{
	if (mail->is_hurried)
		return !mail->smtp && !mail->resolve.on_done;
	return TAILQ_EMPTY(&mail->letters) && !mail->smtp;
}

static void letter_free(struct mail *mail, struct letter *letter)
{
	TAILQ_REMOVE(&mail->letters, letter, link);
	mail->waiting--;
	for (unsigned i = 0; i < letter->message.n_rcpts; i++)
		free(letter->message.rcpts[i].addr);
	free(letter->message.rcpts);
	free((char *)(uintptr_t)letter->message.from);
	free((char *)(uintptr_t)letter->message.text);
	free(letter->host);
	free(letter->helo);
	free(letter->subject);
	free(letter);
}

void mail_free(struct mail *mail)
{
	struct letter *letter;

	if (!mail)
		return;
	if (mail->waiting)
		log_event(LOG_LEVEL_WARNING, "mail_lost", log_kv("count=%u", mail->waiting),
			  "%u mails were not sent before the end", mail->waiting);
	timer_cancel(&mail->retry);
	resolve_cancel(&mail->resolve);
	smtp_free(mail->smtp);
	while ((letter = TAILQ_FIRST(&mail->letters)))
		letter_free(mail, letter);
	free(mail->host);
	free(mail->helo);
	free(mail);
}

static void give_up(struct mail *mail, struct letter *letter, const char *why)
{
	log_event(LOG_LEVEL_WARNING, "mail_lost", log_kv("why=\"%s\"", why),
		  "mail \"%s\" was not sent: %s", letter->subject, why);
	letter_free(mail, letter);
}

static int64_t longer(int64_t delay_us)
{
	delay_us = delay_us ? delay_us * 2 : RETRY_MIN_US;
	return delay_us < RETRY_MAX_US ? delay_us : RETRY_MAX_US;
}

/* ---- when ---- */

static bool is_too_old(const struct mail *mail, const struct letter *letter)
{
	return time_sub(loop_now(mail->loop), letter->born_at) > AGE_MAX_US;
}

/* The first one that may be tried now. */
static struct letter *next_due(const struct mail *mail)
{
	struct letter *letter;

	TAILQ_FOREACH(letter, &mail->letters, link)
	if (time_cmp(letter->due_at, loop_now(mail->loop)) <= 0)
		return letter;
	return NULL;
}

/* Without session: sleeps until the next try, or all is done. */
static void rest(struct mail *mail)
{
	struct letter *letter;
	time_us due_at = TIME_NEVER;

	TAILQ_FOREACH(letter, &mail->letters, link)
	if (time_cmp(letter->due_at, due_at) < 0)
		due_at = letter->due_at;
	if (time_cmp(due_at, mail->blocked_until) < 0)
		due_at = mail->blocked_until;
	if (!TAILQ_EMPTY(&mail->letters)) {
		timer_arm_at(&mail->retry, due_at);
		if (mail->is_hurried)
			mail->on_idle(mail->arg);
		return;
	}
	if (mail->n_dropped)
		log_event(LOG_LEVEL_WARNING, "mail_lost", log_kv("count=%u", mail->n_dropped),
			  "%u mails were left out", mail->n_dropped);
	mail->n_dropped = 0;
	mail->on_idle(mail->arg);
}

/* Nobody can be reached now. */
static void postpone_all(struct mail *mail)
{
	struct letter *letter = TAILQ_FIRST(&mail->letters), *next;

	if (mail->delay_us == 0)
		log_event(LOG_LEVEL_WARNING, "mail_postponed", log_kv("why=\"%s\"", mail->last_why),
			  "mail cannot be sent through %s now, trying again: %s", mail->host,
			  mail->last_why);
	for (; letter; letter = next) {
		next = TAILQ_NEXT(letter, link);
		if (is_too_old(mail, letter))
			give_up(mail, letter, mail->last_why);
	}
	mail->delay_us = longer(mail->delay_us);
	mail->blocked_until = time_add(loop_now(mail->loop), mail->delay_us);
	rest(mail);
}

/* ---- a session ---- */

static void on_ready(void *arg)
{
	struct mail *mail = arg;
	struct letter *letter = next_due(mail);

	mail->is_ready = true;
	mail->delay_us = 0;
	if (letter && strcmp(letter->host, mail->host) == 0 && letter->port == mail->port) {
		mail->sending = letter;
		smtp_send(mail->smtp, &letter->message);
	} else {
		smtp_quit(mail->smtp);
	}
}

static unsigned count_rcpts(const struct letter *letter, enum smtp_rcpt_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < letter->message.n_rcpts; i++)
		n += letter->message.rcpts[i].state == state;
	return n;
}

static void log_refused(const struct letter *letter, const char *why)
{
	for (unsigned i = 0; i < letter->message.n_rcpts; i++)
		if (letter->message.rcpts[i].state == SMTP_RCPT_REFUSED)
			log_event(LOG_LEVEL_WARNING, "mail_refused", log_kv("why=\"%s\"", why),
				  "mail \"%s\" to %s was refused: %s", letter->subject,
				  letter->message.rcpts[i].addr, why);
}

static void on_result(const char *why, void *arg)
{
	struct mail *mail = arg;
	struct letter *letter = mail->sending;

	mail->sending = NULL;
	if (count_rcpts(letter, SMTP_RCPT_OPEN) && !is_too_old(mail, letter)) {
		letter->delay_us = longer(letter->delay_us);
		letter->due_at = time_add(loop_now(mail->loop), letter->delay_us);
		return; /* the others need not wait for it */
	}
	log_refused(letter, why);
	if (count_rcpts(letter, SMTP_RCPT_OPEN)) {
		give_up(mail, letter, why);
		return;
	}
	if (count_rcpts(letter, SMTP_RCPT_DONE))
		log_event(LOG_LEVEL_DEBUG, "mail_sent", NULL, "mail \"%s\" was sent",
			  letter->subject);
	letter_free(mail, letter);
}

static void try_address(struct mail *mail);

static void on_closed(const char *why, void *arg)
{
	struct mail *mail = arg;
	bool was_sending = mail->sending != NULL;

	smtp_free(mail->smtp);
	mail->smtp = NULL;
	mail->sending = NULL;
	if (*why)
		snprintf(mail->last_why, sizeof(mail->last_why), "%s", why);
	if (!mail->is_ready)
		try_address(mail);
	else if (was_sending)
		postpone_all(mail);
	else
		rest(mail);
}

static void try_address(struct mail *mail)
{
	while (mail->next_addr < mail->n_addrs) {
		const struct smtp_params params = {
			.addr = mail->addrs[mail->next_addr++],
			.port = mail->port,
			.helo = mail->helo,
			.timeout_us = mail->timeout_us,
			.on = { on_ready, on_result, on_closed, mail },
		};

		mail->smtp = smtp_open(mail->loop, &params);
		if (mail->smtp)
			return;
		snprintf(mail->last_why, sizeof(mail->last_why), "%s", strerror(errno));
	}
	postpone_all(mail);
}

static void on_resolved(const struct addr *addrs, unsigned n, void *arg)
{
	struct mail *mail = arg;

	memcpy(mail->addrs, addrs, n * sizeof(*addrs));
	mail->n_addrs = n;
	mail->next_addr = 0;
	mail->is_ready = false;
	snprintf(mail->last_why, sizeof(mail->last_why), "its name has no address");
	try_address(mail);
}

static void take_server(struct mail *mail, const struct letter *letter)
{
	free(mail->host);
	free(mail->helo);
	mail->host = xstrdup(letter->host);
	mail->helo = xstrdup(letter->helo);
	mail->port = letter->port;
	mail->timeout_us = letter->timeout_us;
}

/* Opens a session if there is something to do and none is open. */
static void begin(struct mail *mail)
{
	const struct letter *letter = next_due(mail);
	struct addr addr;
	int error;

	if (!letter || mail->smtp || mail->resolve.on_done ||
	    time_cmp(loop_now(mail->loop), mail->blocked_until) < 0)
		return;
	timer_cancel(&mail->retry);
	take_server(mail, letter);
	if (addr_parse(letter->host, &addr)) {
		on_resolved(&addr, 1, mail);
		return;
	}
	error = resolve_start(mail->loop, &mail->resolve, letter->host, letter->timeout_us,
			      on_resolved, mail);
	if (error == 0)
		return;
	snprintf(mail->last_why, sizeof(mail->last_why), "%s", strerror(-error));
	postpone_all(mail);
}

static void on_retry(struct timer *timer, void *arg)
{
	(void)timer;
	begin(arg);
}

/* ---- writing ---- */

static const char *node_name(const struct global_conf *global, char *host)
{
	if (gethostname(host, HOST_NAME_MAX) < 0 || !*host)
		strcpy(host, "localhost");
	return global->router_id ? global->router_id : host;
}

static unsigned count_recipients(const struct global_conf *global)
{
	const struct email_conf *line;
	unsigned n = 0;

	conf_list_for_each (line, &global->notification_email)
		n += line->addresses.n;
	return n;
}

static void fill_recipients(const struct global_conf *global, struct letter *letter,
			    const char **to)
{
	const struct email_conf *line;
	unsigned n = 0;

	letter->message.rcpts = xcalloc(letter->message.n_rcpts, sizeof(struct smtp_rcpt));
	conf_list_for_each (line, &global->notification_email)
		for (uint32_t i = 0; i < line->addresses.n; i++) {
			letter->message.rcpts[n].addr = mail_address(line->addresses.v[i]);
			to[n++] = line->addresses.v[i];
		}
}

/* Date and identity. Names of days and months are English whatever the locale: none is set. */
static void write_letter(struct mail *mail, const struct global_conf *global, struct letter *letter,
			 const char *body)
{
	char host[HOST_NAME_MAX + 1] = "", date[DATE_MAX], id[HOST_NAME_MAX + DATE_MAX],
				  from[HOST_NAME_MAX + 16];
	const char **to = xcalloc(letter->message.n_rcpts, sizeof(*to));
	struct mail_head head = {
		.to = to,
		.n_to = letter->message.n_rcpts,
		.node = node_name(global, host),
		.subject = letter->subject,
		.id = id,
		.date = date,
	};
	time_t now = time(NULL);
	struct tm tm;

	snprintf(from, sizeof(from), "keepalived@%s", host);
	head.from = global->notification_email_from ? global->notification_email_from : from;
	localtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z", &tm);
	snprintf(id, sizeof(id), "%lld.%d.%llu@%s", (long long)now, (int)getpid(),
		 (unsigned long long)mail->n_made++, host);
	fill_recipients(global, letter, to);
	letter->helo = xstrdup(global->smtp_helo_name ? global->smtp_helo_name : host);
	letter->message.from = mail_address(head.from);
	letter->message.text = mail_text(&head, body);
	free(to);
}

/* The oldest one that is not under way gives way. */
static void make_room(struct mail *mail)
{
	struct letter *oldest = TAILQ_FIRST(&mail->letters);

	if (oldest == mail->sending)
		oldest = TAILQ_NEXT(oldest, link);
	if (mail->n_dropped++ == 0)
		log_event(LOG_LEVEL_WARNING, "mail_lost", NULL,
			  "more than %d mails wait: the oldest ones are left out", WAITING_MAX);
	letter_free(mail, oldest);
}

void mail_add(struct mail *mail, const struct conf *conf, const char *subject, const char *body)
{
	const struct global_conf *global = root_global(conf_root(conf));
	const struct smtp_server_conf *server = &global->smtp_server;
	unsigned n_rcpts = count_recipients(global);
	struct letter *letter;

	if (!server->host || n_rcpts == 0)
		return;
	if (mail->waiting == WAITING_MAX)
		make_room(mail);
	letter = xcalloc(1, sizeof(*letter));
	letter->host = xstrdup(server->host);
	letter->port = server->port ? server->port : SMTP_PORT;
	letter->timeout_us = global->smtp_connect_timeout_s * US_PER_S;
	letter->subject = xstrdup(subject);
	letter->born_at = letter->due_at = loop_now(mail->loop);
	letter->message.n_rcpts = n_rcpts;
	write_letter(mail, global, letter, body);
	TAILQ_INSERT_TAIL(&mail->letters, letter, link);
	mail->waiting++;
	begin(mail);
}
