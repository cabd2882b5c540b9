/*
 * SMTP client session. Parent only; owns its connection.
 */
#include "director/smtp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/log.h"

#define REPLY_MAX       4096 /* bytes of one reply: RFC 5321 4.5.3.1.5 has 512 for a line */
#define COMMAND_MAX     600
#define CODE_LEN        3
#define LOOKS_TEMPORARY 400
#define LOOKS_PERMANENT 500

enum step {
	STEP_CONNECT,
	STEP_GREETING,
	STEP_EHLO,
	STEP_HELO,
	STEP_READY,
	STEP_MAIL,
	STEP_RCPT,
	STEP_DATA,
	STEP_TEXT,
	STEP_RSET,
	STEP_QUIT,
};

struct smtp {
	struct loop *loop;
	struct io io;
	struct timer timer;
	struct smtp_handlers on;
	int64_t timeout_us;
	char *helo;
	enum step step;
	struct smtp_message *message; /* under way, or NULL */
	unsigned rcpt;                /* STEP_RCPT: which */
	char reply[REPLY_MAX];
	size_t n_reply;
	char *out; /* what is being sent */
	size_t n_out, n_sent;
	char why[SMTP_WHY_MAX];
};

/* ---- text ---- */

char *smtp_wire_text(const char *text)
{
	char *wire = xcalloc(1, 3 * strlen(text) + 8), *to = wire;

	while (*text) {
		size_t len = strcspn(text, "\r\n");

		if (*text == '.')
			*to++ = '.';
		memcpy(to, text, len);
		to += len;
		*to++ = '\r';
		*to++ = '\n';
		text += len;
		if (*text == '\r' && text[1] == '\n')
			text++;
		if (*text)
			text++;
	}
	memcpy(to, ".\r\n", sizeof(".\r\n"));
	return wire;
}

/* ---- life ---- */

static void close_with(struct smtp *s, const char *why)
{
	struct smtp_handlers on = s->on;
	char text[SMTP_WHY_MAX];

	snprintf(text, sizeof(text), "%s", why);
	s->message = NULL;
	timer_cancel(&s->timer);
	io_del(&s->io);
	on.on_closed(text, on.arg);
}

void smtp_free(struct smtp *s)
{
	if (!s)
		return;
	timer_cancel(&s->timer);
	io_del(&s->io);
	close(s->io.fd);
	free(s->helo);
	free(s->out);
	free(s);
}

static void on_timeout(struct timer *timer, void *arg)
{
	struct smtp *s = arg;

	(void)timer;
	close_with(s, s->step == STEP_CONNECT ? "no connection in time" : "no reply in time");
}

/* ---- sending ---- */

static void push(struct smtp *s)
{
	while (s->n_sent < s->n_out) {
		ssize_t n = send(s->io.fd, s->out + s->n_sent, s->n_out - s->n_sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			close_with(s, strerror(errno));
			return;
		}
		if (n < 0)
			break;
		s->n_sent += (size_t)n;
		timer_arm_in(&s->timer, s->timeout_us);
	}
	io_set_events(&s->io, EPOLLIN | (s->n_sent < s->n_out ? EPOLLOUT : 0));
}

/* Sends `text`, which is taken over; its reply comes in `step`. */
static void send_text(struct smtp *s, enum step step, char *text)
{
	s->step = step;
	free(s->out);
	s->out = text;
	s->n_out = strlen(text);
	s->n_sent = 0;
	s->n_reply = 0;
	timer_arm_in(&s->timer, s->timeout_us);
	push(s);
}

static void send_command(struct smtp *s, enum step step, const char *verb, const char *arg,
			 const char *end)
{
	char line[COMMAND_MAX];

	snprintf(line, sizeof(line), "%s%s%s\r\n", verb, arg, end);
	send_text(s, step, xstrdup(line));
}

/* ---- the dialogue ---- */

static void note_why(struct smtp *s)
{
	snprintf(s->why, sizeof(s->why), "%.*s", (int)strcspn(s->reply, "\r\n"), s->reply);
}

static void become_ready(struct smtp *s)
{
	s->step = STEP_READY;
	timer_cancel(&s->timer);
	s->on.on_ready(s->on.arg);
}

/* The message is through with; `is_sent`: those who were accepted have it. */
static void end_message(struct smtp *s, bool is_sent, bool is_permanent)
{
	struct smtp_message *message = s->message;

	for (unsigned i = 0; i < message->n_rcpts; i++) {
		struct smtp_rcpt *rcpt = &message->rcpts[i];

		if (rcpt->state == SMTP_RCPT_ACCEPTED)
			rcpt->state = is_sent        ? SMTP_RCPT_DONE
				      : is_permanent ? SMTP_RCPT_REFUSED
						     : SMTP_RCPT_OPEN;
	}
	s->message = NULL;
	s->on.on_result(s->why, s->on.arg);
	if (is_sent)
		become_ready(s);
	else
		send_command(s, STEP_RSET, "RSET", "", "");
}

/* Names the next recipient; behind the last one begins the text, if anybody is to have it. */
static void next_rcpt(struct smtp *s)
{
	struct smtp_message *message = s->message;
	bool is_wanted = false;

	while (s->rcpt < message->n_rcpts && message->rcpts[s->rcpt].state != SMTP_RCPT_OPEN)
		s->rcpt++;
	if (s->rcpt < message->n_rcpts) {
		send_command(s, STEP_RCPT, "RCPT TO:<", message->rcpts[s->rcpt].addr, ">");
		return;
	}
	for (unsigned i = 0; i < message->n_rcpts; i++)
		is_wanted = is_wanted || message->rcpts[i].state == SMTP_RCPT_ACCEPTED;
	if (is_wanted)
		send_command(s, STEP_DATA, "DATA", "", "");
	else
		end_message(s, false, false);
}

/* The sender was refused: for good for everybody, or for now. */
static void refuse_sender(struct smtp *s, int code)
{
	struct smtp_message *message = s->message;

	note_why(s);
	for (unsigned i = 0; i < message->n_rcpts; i++)
		if (code >= LOOKS_PERMANENT && message->rcpts[i].state == SMTP_RCPT_OPEN)
			message->rcpts[i].state = SMTP_RCPT_REFUSED;
	end_message(s, false, false);
}

static void on_rcpt_reply(struct smtp *s, int code)
{
	struct smtp_rcpt *rcpt = &s->message->rcpts[s->rcpt];

	if (code < LOOKS_TEMPORARY) {
		rcpt->state = SMTP_RCPT_ACCEPTED;
	} else {
		note_why(s);
		if (code >= LOOKS_PERMANENT)
			rcpt->state = SMTP_RCPT_REFUSED;
	}
	s->rcpt++;
	next_rcpt(s);
}

/* One complete reply. */
static void on_reply(struct smtp *s, int code)
{
	bool is_ok = code < LOOKS_TEMPORARY;

	/* The server gives up, in any step (RFC 5321 3.8). */
	if (code == 421 || (!is_ok && (s->step == STEP_GREETING || s->step == STEP_HELO))) {
		note_why(s);
		close_with(s, s->why);
		return;
	}
	switch (s->step) {
	case STEP_GREETING: send_command(s, STEP_EHLO, "EHLO ", s->helo, ""); break;
	case STEP_EHLO:
		if (is_ok)
			become_ready(s);
		else
			send_command(s, STEP_HELO, "HELO ", s->helo, "");
		break;
	case STEP_HELO:
	case STEP_RSET: become_ready(s); break;
	case STEP_MAIL:
		if (is_ok)
			next_rcpt(s);
		else
			refuse_sender(s, code);
		break;
	case STEP_RCPT: on_rcpt_reply(s, code); break;
	case STEP_DATA:
		if (code == 354) {
			send_text(s, STEP_TEXT, smtp_wire_text(s->message->text));
		} else {
			note_why(s);
			end_message(s, false, code >= LOOKS_PERMANENT);
		}
		break;
	case STEP_TEXT:
		if (!is_ok)
			note_why(s);
		end_message(s, is_ok, code >= LOOKS_PERMANENT);
		break;
	case STEP_QUIT: close_with(s, ""); break;
	case STEP_CONNECT:
	case STEP_READY: close_with(s, "a reply that nobody asked for"); break;
	}
}

/* The code of the last line when the reply is complete, 0 when more must come, -1 when it is none:
 * lines "250-text" go on, "250 text" or "250" ends. */
static int parse_reply(const char *text)
{
	const char *end;
	int code = 0;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		if (strspn(text, "0123456789") != CODE_LEN || text[0] < '2' || text[0] > '5')
			return -1;
		code = atoi(text);
		if (text[CODE_LEN] != '-')
			return end[1] == '\0' ? code : -1;
	}
	return 0;
}

static void on_readable(struct smtp *s)
{
	ssize_t n = recv(s->io.fd, s->reply + s->n_reply, sizeof(s->reply) - 1 - s->n_reply,
			 MSG_DONTWAIT);
	int code;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_with(s, n < 0 ? strerror(errno) : "the server closed the connection");
		return;
	}
	s->n_reply += (size_t)n;
	s->reply[s->n_reply] = '\0';
	code = strlen(s->reply) == s->n_reply ? parse_reply(s->reply) : -1;
	if (code < 0 || (code == 0 && s->n_reply == sizeof(s->reply) - 1)) {
		close_with(s, "a reply that is not SMTP");
	} else if (code > 0) {
		s->n_reply = 0;
		on_reply(s, code);
	}
}

static void on_connected(struct smtp *s)
{
	int error = 0;
	socklen_t len = sizeof(error);

	getsockopt(s->io.fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error) {
		close_with(s, strerror(error));
		return;
	}
	s->step = STEP_GREETING;
	timer_arm_in(&s->timer, s->timeout_us);
	io_set_events(&s->io, EPOLLIN);
}

static void on_io(struct io *io, uint32_t ready, void *arg)
{
	struct smtp *s = arg;

	(void)io;
	if (s->step == STEP_CONNECT)
		on_connected(s);
	else if (ready & ~(uint32_t)EPOLLOUT)
		on_readable(s);
	else
		push(s);
}

/* ---- for the owner ---- */

struct smtp *smtp_open(struct loop *loop, const struct smtp_params *params)
{
	struct sockaddr_storage sa;
	socklen_t len = addr_to_sockaddr(&params->addr, params->port, &sa);
	int fd = socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct smtp *s;

	if (fd < 0)
		return NULL;
	if (connect(fd, (const struct sockaddr *)&sa, len) < 0 && errno != EINPROGRESS) {
		int error = errno;

		close(fd);
		errno = error;
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	s->loop = loop;
	s->on = params->on;
	s->timeout_us = params->timeout_us;
	s->helo = xstrdup(params->helo);
	timer_init(&s->timer, loop, on_timeout, s);
	timer_arm_in(&s->timer, s->timeout_us);
	if (io_add(loop, &s->io, fd, EPOLLOUT, on_io, s) == 0)
		return s;
	smtp_free(s);
	return NULL;
}

void smtp_send(struct smtp *s, struct smtp_message *message)
{
	s->message = message;
	s->rcpt = 0;
	s->why[0] = '\0';
	send_command(s, STEP_MAIL, "MAIL FROM:<", message->from, ">");
}

void smtp_quit(struct smtp *s)
{
	send_command(s, STEP_QUIT, "QUIT", "", "");
}
