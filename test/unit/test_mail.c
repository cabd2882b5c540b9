/*
 * Alert mail: its text, and the dialogue with a server that refuses, postpones and breaks off. The
 * server is a process of the test's own that writes down what it hears.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "director/mail.h"
#include "director/root_conf.h"
#include "director/smtp.h"

#define TEXT_MAX 65536

/* ---- text ---- */

static void dots_are_doubled_and_lines_end_in_crlf(void **state)
{
	char *wire = smtp_wire_text("a\n.\n..b\n\nc.d\r\ne");

	(void)state;
	assert_string_equal(wire, "a\r\n..\r\n...b\r\n\r\nc.d\r\ne\r\n.\r\n");
	free(wire);
}

static void an_address_is_found_in_a_name(void **state)
{
	char *address = mail_address("Night \"<x>\" shift <ops@example.org>");

	(void)state;
	assert_string_equal(address, "ops@example.org");
	free(address);
	address = mail_address("root@localhost");
	assert_string_equal(address, "root@localhost");
	free(address);
}

static void a_header_has_no_line_of_its_own_from_a_name(void **state)
{
	const char *const to[] = { "a@x", "B <b@x>" };
	const struct mail_head head = { .from = "k@h",
					.to = to,
					.n_to = 2,
					.node = "d\nBcc: evil@x",
					.subject = "S\xc3\xbc",
					.id = "1@h",
					.date = "D" };
	char *text = mail_text(&head, "=> body <=");

	(void)state;
	assert_string_equal(text, "Date: D\nFrom: k@h\nSubject: [d?Bcc: evil@x] S??\n"
				  "Message-ID: <1@h>\nX-Mailer: diarch\nTo: a@x,\n B <b@x>\n\n"
				  "=> body <=\n");
	free(text);
}

/* ---- a server ---- */

struct server {
	int listen_fd;
	uint16_t port;
	pid_t pid;
	FILE *heard; /* everything, over all sessions */
};

/* What it answers otherwise than with 250. */
struct manners {
	bool knows_no_ehlo;
	bool greets_in_lines;
	bool breaks_off_once; /* in the first session, behind DATA */
};

static void serve_session(FILE *in, FILE *out, FILE *heard, const struct manners *m,
			  unsigned session)
{
	char line[1024];

	fputs(m->greets_in_lines ? "220-hello\r\n220 there\r\n" : "220 hello\r\n", out);
	fflush(out);
	while (fgets(line, sizeof(line), in)) {
		fputs(line, heard);
		fflush(heard);
		if (strncmp(line, "EHLO", 4) == 0)
			fputs(m->knows_no_ehlo ? "502 what\r\n" : "250-me\r\n250 8BITMIME\r\n",
			      out);
		else if (strstr(line, "RCPT") && strstr(line, "<no@"))
			fputs("550 nobody here\r\n", out);
		else if (strstr(line, "RCPT") && strstr(line, "<grey@") && session == 0)
			fputs("451 later\r\n", out);
		else if (strcmp(line, "DATA\r\n") == 0)
			fputs("354 go on\r\n", out);
		else if (strcmp(line, "QUIT\r\n") == 0)
			fputs("221 bye\r\n", out);
		else if (strchr("EHMRQ", line[0]) == NULL && strcmp(line, ".\r\n") != 0)
			continue; /* text */
		else if (!strncmp(line, "HELO", 4) || !strncmp(line, "MAIL", 4) ||
			 !strncmp(line, "RCPT", 4) || !strncmp(line, "RSET", 4) ||
			 !strcmp(line, ".\r\n"))
			fputs("250 fine\r\n", out);
		fflush(out);
		if (strcmp(line, "DATA\r\n") == 0 && m->breaks_off_once && session == 0)
			return;
	}
}

static void serve(int listen_fd, FILE *heard, const struct manners *manners)
{
	for (unsigned session = 0;; session++) {
		int fd = accept(listen_fd, NULL, NULL);
		FILE *in = fdopen(fd, "r"), *out = fdopen(dup(fd), "w");

		serve_session(in, out, heard, manners, session);
		fclose(in);
		fclose(out);
	}
}

static void server_start(struct server *s, const struct manners *manners)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(sa);

	s->listen_fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->listen_fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(s->listen_fd, 8), 0);
	getsockname(s->listen_fd, (struct sockaddr *)&sa, &len);
	s->port = ntohs(sa.sin_port);
	s->heard = tmpfile();
	s->pid = fork();
	if (s->pid == 0) {
		serve(s->listen_fd, s->heard, manners);
		_exit(0);
	}
	close(s->listen_fd);
}

/* What the server has heard (static). */
static const char *server_stop(struct server *s)
{
	static char text[TEXT_MAX];
	size_t len;

	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	rewind(s->heard);
	len = fread(text, 1, sizeof(text) - 1, s->heard);
	text[len] = '\0';
	fclose(s->heard);
	return text;
}

static struct conf *load(const char *host, uint16_t port, const char *recipients)
{
	char text[800];
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf;

	snprintf(text, sizeof(text),
		 "global_defs {\nrouter_id d\nsmtp_server %s %u\nsmtp_helo_name client\n"
		 "smtp_connect_timeout 5\nnotification_email_from k@h\nnotification_email "
		 "{\n%s\n}\n}\n",
		 host, port, recipients);
	conf = conf_load_text(text, strlen(text), "test", &diarch_schema, NULL, diags);
	assert_non_null(conf);
	assert_int_equal(conf_diags_errors(diags), 0);
	conf_diags_free(diags);
	return conf;
}

/* ---- the dialogue ---- */

static void on_idle(void *arg)
{
	loop_quit(arg, 0);
}

static void send_mails(const struct conf *conf, unsigned n)
{
	struct loop *loop = loop_new(NULL);
	struct mail *mail = mail_new(loop, on_idle, loop);

	for (unsigned i = 0; i < n; i++)
		mail_add(mail, conf, i ? "second" : "first", "=> body <=");
	assert_false(mail_is_idle(mail));
	loop_run(loop);
	assert_true(mail_is_idle(mail));
	mail_free(mail);
	loop_free(loop);
}

static const char *dialogue(const struct manners *manners, const char *recipients, unsigned n)
{
	struct server server;
	struct conf *conf;

	server_start(&server, manners);
	conf = load("127.0.0.1", server.port, recipients);
	send_mails(conf, n);
	conf_free(conf);
	return server_stop(&server);
}

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		n++;
	return n;
}

static void several_mails_go_through_one_session(void **state)
{
	const struct manners manners = { .greets_in_lines = true };
	const char *heard = dialogue(&manners, "a@x b@x", 2);

	(void)state;
	assert_int_equal(count(heard, "EHLO client\r\n"), 1);
	assert_int_equal(count(heard, "MAIL FROM:<k@h>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nDATA"),
			 2);
	assert_int_equal(count(heard, "Subject: [d] first\r\n"), 1);
	assert_int_equal(count(heard, "\r\n\r\n=> body <=\r\n.\r\n"), 2);
	assert_non_null(strstr(heard, "=> body <=\r\n.\r\nQUIT\r\n"));
}

static void an_old_server_is_greeted_with_helo(void **state)
{
	const struct manners manners = { .knows_no_ehlo = true };

	(void)state;
	assert_non_null(strstr(dialogue(&manners, "a@x", 1), "EHLO client\r\nHELO client\r\nMAIL"));
}

static void a_refused_recipient_loses_it_for_nobody_else(void **state)
{
	const struct manners manners = { 0 };
	const char *heard = dialogue(&manners, "no@x a@x", 1);

	(void)state;
	assert_non_null(strstr(heard, "RCPT TO:<no@x>\r\nRCPT TO:<a@x>\r\nDATA\r\n"));
	heard = dialogue(&manners, "no@x", 1); /* nobody is left */
	assert_non_null(strstr(heard, "RCPT TO:<no@x>\r\nRSET\r\n"));
	assert_null(strstr(heard, "DATA"));
}

static void who_is_postponed_gets_it_later_and_only_he(void **state)
{
	const struct manners manners = { 0 };
	const char *heard = dialogue(&manners, "grey@x a@x", 2);

	(void)state;
	/* Both were tried for both at first; the second session is for the postponed one alone. */
	assert_int_equal(count(heard, "RCPT TO:<grey@x>\r\nRCPT TO:<a@x>\r\nDATA\r\n"), 2);
	assert_int_equal(count(heard, "RCPT TO:<grey@x>\r\nDATA\r\n"), 2);
}

static void a_session_that_breaks_is_made_again(void **state)
{
	const struct manners manners = { .breaks_off_once = true };
	const char *heard = dialogue(&manners, "a@x", 1);

	(void)state;
	assert_int_equal(count(heard, "EHLO"), 2);
	assert_int_equal(count(heard, "=> body <=\r\n.\r\n"), 1);
}

static void a_server_is_found_by_name(void **state)
{
	const struct manners manners = { 0 };
	struct server server;
	struct conf *conf;

	(void)state;
	server_start(&server, &manners);
	conf = load("localhost", server.port, "a@x");
	send_mails(conf, 1);
	conf_free(conf);
	assert_int_equal(count(server_stop(&server), "=> body <=\r\n.\r\n"), 1);
}

static void without_server_or_recipient_there_is_no_mail(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct mail *mail = mail_new(loop, on_idle, loop);
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf =
		conf_load_text("global_defs {\n}\n", 16, "test", &diarch_schema, NULL, diags);

	(void)state;
	mail_add(mail, conf, "s", "b");
	assert_true(mail_is_idle(mail));
	mail_free(mail);
	loop_free(loop);
	conf_free(conf);
	conf_diags_free(diags);
}

static void the_queue_is_bounded_and_forgotten_at_the_end(void **state)
{
	struct loop *loop = loop_new(NULL);
	struct mail *mail = mail_new(loop, on_idle, loop);
	struct conf *conf = load("127.0.0.1", 1, "a@x"); /* nobody listens there */

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		mail_add(mail, conf, "s", "b");
		if (i % 100 == 0)
			loop_run_once(loop, 1000);
	}
	assert_false(mail_is_idle(mail));
	mail_free(mail);
	loop_free(loop);
	conf_free(conf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dots_are_doubled_and_lines_end_in_crlf),
		cmocka_unit_test(an_address_is_found_in_a_name),
		cmocka_unit_test(a_header_has_no_line_of_its_own_from_a_name),
		cmocka_unit_test(several_mails_go_through_one_session),
		cmocka_unit_test(an_old_server_is_greeted_with_helo),
		cmocka_unit_test(a_refused_recipient_loses_it_for_nobody_else),
		cmocka_unit_test(who_is_postponed_gets_it_later_and_only_he),
		cmocka_unit_test(a_session_that_breaks_is_made_again),
		cmocka_unit_test(a_server_is_found_by_name),
		cmocka_unit_test(without_server_or_recipient_there_is_no_mail),
		cmocka_unit_test(the_queue_is_bounded_and_forgotten_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
