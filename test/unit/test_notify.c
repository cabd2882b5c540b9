/*
 * Notifications: what events become in scripts and FIFOs; order, never two at once, and that the
 * last script run belongs to the last state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "director/notify.h"
#include "director/root_conf.h"

#define TEXT_MAX 65536

static char dir[] = "/tmp/diarch-notify-XXXXXX";
static char script_path[128], log_path[128], fifo_path[128], lvs_path[128];

struct rig {
	struct loop *loop;
	struct notify *notify;
	struct conf *conf;
	bool is_idle;
};

/* The script writes what it was called with, once when it begins and once when it ends. */
static int make_files(void **state)
{
	FILE *f;

	(void)state;
	umask(022);
	assert_non_null(mkdtemp(dir));
	snprintf(script_path, sizeof(script_path), "%s/notify", dir);
	snprintf(log_path, sizeof(log_path), "%s/log", dir);
	snprintf(fifo_path, sizeof(fifo_path), "%s/all", dir);
	snprintf(lvs_path, sizeof(lvs_path), "%s/lvs", dir);
	f = fopen(script_path, "w");
	assert_non_null(f);
	fprintf(f, "#!/bin/sh\necho \"begin $*\" >>%s\necho \"end $*\" >>%s\n", log_path, log_path);
	fclose(f);
	return chmod(script_path, 0700);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(script_path);
	unlink(log_path);
	return rmdir(dir);
}

/* A configuration in which SCRIPT stands for the script and USER for ourselves. */
static struct conf *load(const char *globals, const char *instance, const char *server)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct conf_diags *diags = conf_diags_new();
	struct conf *conf;

	fprintf(out,
		"global_defs {\nscript_user %s\n%s}\n"
		"vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 51\n%s"
		"virtual_ipaddress {\n10.0.0.1/24\n}\n}\n"
		"vrrp_sync_group G1 {\ngroup {\nVI_1\n}\nnotify \"%s group\"\n}\n"
		"virtual_server 10.1.0.1 80 {\nprotocol TCP\nreal_server 10.2.0.1 80 {\n%s}\n}\n",
		getpwuid(getuid())->pw_name, globals, instance, script_path, server);
	fclose(out);
	conf = conf_load_text(text, strlen(text), "test", &diarch_schema, NULL, diags);
	if (conf_diags_errors(diags))
		conf_diags_print(diags, stderr);
	assert_int_equal(conf_diags_errors(diags), 0);
	conf_diags_free(diags);
	free(text);
	return conf;
}

static void on_idle(void *arg)
{
	struct rig *rig = arg;

	rig->is_idle = true;
}

static void rig_open(struct rig *rig, struct conf *conf)
{
	*rig = (struct rig){ .loop = loop_new(NULL), .conf = conf };
	rig->notify = notify_new(rig->loop, on_idle, rig);
	notify_apply(rig->notify, conf);
	unlink(log_path);
}

static void rig_close(struct rig *rig)
{
	notify_free(rig->notify);
	loop_free(rig->loop);
	conf_free(rig->conf);
}

static bool send_vrrp(struct rig *rig, const char *state, uint8_t priority)
{
	const struct msg msg = { .kind = MSG_notify_vrrp,
				 .notify_vrrp = { "VI_1", state, priority } };

	return notify_event(rig->notify, rig->conf, &msg);
}

static void send_rs(struct rig *rig, bool is_up)
{
	const struct msg msg = { .kind = MSG_notify_rs,
				 .notify_rs = { "[10.1.0.1]:tcp:80", "[10.2.0.1]:tcp:80", is_up } };

	assert_true(notify_event(rig->notify, rig->conf, &msg));
}

/* Runs until nothing is left; what the scripts wrote (static). */
static const char *finish(struct rig *rig)
{
	static char text[TEXT_MAX];
	size_t len;
	FILE *f;

	while (!notify_is_idle(rig->notify))
		loop_run_once(rig->loop, 100000);
	f = fopen(log_path, "r");
	if (!f)
		return "";
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	return text;
}

/* A command of the script with a word. */
static const char *line(const char *keyword, const char *word)
{
	static char text[4][256];
	static unsigned next;
	char *to = text[next++ % 4];

	snprintf(to, sizeof(text[0]), "%s \"%s %s\"\n", keyword, script_path, word);
	return to;
}

/* ---- scripts ---- */

static void words_and_order(void **state)
{
	struct rig rig;

	(void)state;
	rig_open(&rig, load("", line("notify", "general"), ""));
	send_vrrp(&rig, "BACKUP", 100);
	send_vrrp(&rig, "MASTER", 101);
	send_vrrp(&rig, "FAULT", 102);
	assert_string_equal(finish(&rig), "begin general INSTANCE VI_1 BACKUP 100\n"
					  "end general INSTANCE VI_1 BACKUP 100\n"
					  "begin general INSTANCE VI_1 MASTER 101\n"
					  "end general INSTANCE VI_1 MASTER 101\n"
					  "begin general INSTANCE VI_1 FAULT 102\n"
					  "end general INSTANCE VI_1 FAULT 102\n");
	rig_close(&rig);
}

static void the_specific_script_comes_first(void **state)
{
	char text[600];
	struct rig rig;

	(void)state;
	snprintf(text, sizeof(text), "%s%s", line("notify", "general"), line("notify_master", "m"));
	rig_open(&rig, load("", text, ""));
	send_vrrp(&rig, "MASTER", 100);
	send_vrrp(&rig, "MASTER_PRIORITY", 90); /* for FIFOs only */
	assert_string_equal(finish(&rig), "begin m\nend m\n"
					  "begin general INSTANCE VI_1 MASTER 100\n"
					  "end general INSTANCE VI_1 MASTER 100\n");
	rig_close(&rig);
}

static void an_instance_that_was_deleted_is_in_fault_unless_asked_for(void **state)
{
	char text[600];
	struct rig rig;

	(void)state;
	rig_open(&rig, load("", line("notify", "general"), ""));
	send_vrrp(&rig, "DELETED", 0);
	assert_non_null(strstr(finish(&rig), "begin general INSTANCE VI_1 FAULT 0\n"));
	rig_close(&rig);
	snprintf(text, sizeof(text), "%snotify_deleted\n", line("notify", "general"));
	rig_open(&rig, load("", text, ""));
	send_vrrp(&rig, "DELETED", 0);
	assert_non_null(strstr(finish(&rig), "begin general INSTANCE VI_1 DELETED 0\n"));
	rig_close(&rig);
}

static void a_thousand_flaps_end_with_the_last_state(void **state)
{
	const char *text, *last = NULL, *at;
	unsigned begun = 0;
	struct rig rig;

	(void)state;
	rig_open(&rig, load("", line("notify", "general"), ""));
	for (unsigned i = 0; i < 1000; i++) {
		send_vrrp(&rig, i % 2 ? "MASTER" : "BACKUP", 100);
		if (i % 50 == 0)
			loop_run_once(rig.loop, 1000);
	}
	send_vrrp(&rig, "FAULT", 77);
	text = finish(&rig);
	/* Strictly one after the other: each line that begins is followed by its end. */
	for (at = text; *at; at = strchr(last, '\n') + 1) {
		assert_memory_equal(at, "begin ", 6);
		last = strchr(at, '\n') + 1;
		assert_memory_equal(last, "end ", 4);
		assert_memory_equal(at + 6, last + 4, (size_t)(strchr(last, '\n') - last - 4));
		begun++;
	}
	assert_in_range(begun, 16, 1000);
	assert_memory_equal(last, "end general INSTANCE VI_1 FAULT 77", 34);
	rig_close(&rig);
}

/* What whoever can send packets causes must not make the news of a state go. */
static void many_lower_priorities_leave_the_states(void **state)
{
	const char *text, *lower = "begin general INSTANCE VI_1 MASTER_RX_LOWER_PRI 100\n";
	struct rig rig;

	(void)state;
	rig_open(&rig, load("", line("notify", "general"), ""));
	send_vrrp(&rig, "FAULT", 100); /* its script runs while the others wait */
	send_vrrp(&rig, "BACKUP", 100);
	send_vrrp(&rig, "MASTER", 100);
	for (unsigned i = 0; i < 100; i++)
		send_vrrp(&rig, "MASTER_RX_LOWER_PRI", 100);
	text = finish(&rig);
	assert_non_null(strstr(text, "begin general INSTANCE VI_1 BACKUP 100\n"));
	assert_non_null(strstr(text, "begin general INSTANCE VI_1 MASTER 100\n"));
	text = strstr(text, lower);
	assert_non_null(text);
	assert_null(strstr(text + 1, lower));
	send_vrrp(&rig, "MASTER_RX_LOWER_PRI", 100); /* none waits any more */
	assert_non_null(strstr(strstr(finish(&rig), lower) + 1, lower));
	rig_close(&rig);
}

/* When we stop, the script of STOP is run although that of MASTER hangs, and nothing between. */
static void in_a_hurry_the_last_event_does_not_wait(void **state)
{
	char text[600];
	const char *out;
	struct rig rig;
	time_us begin;

	(void)state;
	snprintf(text, sizeof(text), "notify_master \"/bin/sleep 50\"\n%s%s", line("notify", "all"),
		 line("notify_stop", "stop"));
	rig_open(&rig, load("", text, ""));
	begin = loop_update_now(rig.loop);
	send_vrrp(&rig, "MASTER", 100);
	send_vrrp(&rig, "BACKUP", 100);
	notify_hurry(rig.notify);
	send_vrrp(&rig, "STOP", 100);
	send_vrrp(&rig, "MASTER_RX_LOWER_PRI", 100); /* makes nothing go */
	out = finish(&rig);
	assert_memory_equal(out, "begin stop\n", strlen("begin stop\n"));
	assert_non_null(strstr(out, "end all INSTANCE VI_1 STOP 100\n"));
	assert_null(strstr(out, "BACKUP"));
	assert_true(time_sub(loop_update_now(rig.loop), begin) < 30 * US_PER_S);
	rig_close(&rig);
}

/* When the children's time is over, scripts of the last events go on; others and mail do not. */
static void only_the_last_scripts_are_waited_for_when_time_is_over(void **state)
{
	const struct msg group = { .kind = MSG_notify_group, .notify_group = { "G1", "MASTER" } };
	char text[600];
	const char *out;
	struct rig rig;
	time_us begin;

	(void)state;
	snprintf(text, sizeof(text), "smtp_alert\nnotify_stop \"/bin/sleep 2\"\n%s",
		 line("notify", "all"));
	rig_open(&rig, load("notification_email {\na@example.org\n}\n"
			    "smtp_server 127.0.0.1 1\n",
			    text, ""));
	begin = loop_update_now(rig.loop);
	send_vrrp(&rig, "MASTER", 100); /* of the past: left out, or ended */
	send_vrrp(&rig, "BACKUP", 100);
	assert_true(notify_event(rig.notify, rig.conf, &group));
	notify_hurry(rig.notify);
	send_vrrp(&rig, "STOP", 100);
	notify_end_former(rig.notify);
	assert_false(notify_is_idle(rig.notify));
	out = finish(&rig);
	assert_non_null(strstr(out, "end all INSTANCE VI_1 STOP 100\n"));
	assert_null(strstr(out, "BACKUP"));
	assert_in_range(time_sub(loop_update_now(rig.loop), begin), 2 * US_PER_S, 30 * US_PER_S);
	rig_close(&rig);
}

static void a_script_that_cannot_run_does_not_stop_the_queue(void **state)
{
	char text[600];
	struct rig rig;

	(void)state;
	snprintf(text, sizeof(text), "%snotify_master /nonexistent/script\n",
		 line("notify", "general"));
	rig_open(&rig, load("", text, ""));
	send_vrrp(&rig, "MASTER", 100);
	assert_non_null(strstr(finish(&rig), "end general INSTANCE VI_1 MASTER 100\n"));
	rig_close(&rig);
}

static void groups_and_servers_have_queues_of_their_own(void **state)
{
	const struct msg group = { .kind = MSG_notify_group, .notify_group = { "G1", "MASTER" } };
	const char *text;
	struct rig rig;

	(void)state;
	rig_open(&rig, load("", "", line("notify_down", "down")));
	assert_true(notify_event(rig.notify, rig.conf, &group));
	send_rs(&rig, false);
	send_rs(&rig, true); /* has no script */
	text = finish(&rig);
	assert_non_null(strstr(text, "end group GROUP G1 MASTER 0\n"));
	assert_non_null(strstr(text, "end down\n"));
	rig_close(&rig);
}

static void an_unknown_object_is_told(void **state)
{
	const struct msg vs = { .kind = MSG_notify_vs,
				.notify_vs = { "[10.9.9.9]:tcp:80", true, "" } };
	const struct msg vrrp = { .kind = MSG_notify_vrrp, .notify_vrrp = { "VI_2", "FAULT", 0 } };
	struct rig rig;

	(void)state;
	rig_open(&rig, load("", "", ""));
	assert_false(notify_event(rig.notify, rig.conf, &vrrp));
	assert_false(notify_event(rig.notify, rig.conf, &vs));
	assert_true(notify_is_idle(rig.notify));
	rig_close(&rig);
}

/* ---- mail: whether one is written; what becomes of it is test_mail's ---- */

#define MAIL "notification_email {\na@x\n}\nsmtp_server 127.0.0.1 1\n"

static bool mails_vrrp(const char *globals, const char *instance, const char *state)
{
	struct rig rig;
	bool is_mailed;

	rig_open(&rig, load(globals, instance, ""));
	send_vrrp(&rig, state, 100);
	is_mailed = !notify_is_idle(rig.notify);
	rig_close(&rig);
	return is_mailed;
}

static void instances_write_mail_when_told_to(void **state)
{
	(void)state;
	assert_false(mails_vrrp(MAIL, "", "MASTER"));
	assert_true(mails_vrrp(MAIL, "smtp_alert\n", "MASTER"));
	assert_true(mails_vrrp(MAIL "smtp_alert_vrrp\n", "", "BACKUP"));
	assert_false(mails_vrrp("", "smtp_alert\n", "MASTER"));
	assert_true(mails_vrrp(MAIL, "smtp_alert\n", "FAULT"));
	assert_false(mails_vrrp(MAIL "no_email_faults\n", "smtp_alert\n", "FAULT"));
	assert_false(mails_vrrp(MAIL, "smtp_alert\n", "MASTER_RX_LOWER_PRI"));
}

static bool mails_check(const char *globals, const char *server, bool is_server_change)
{
	const struct msg msg = { .kind = MSG_notify_check,
				 .notify_check = { .vs = "[10.1.0.1]:tcp:80",
						   .rs = "[10.2.0.1]:tcp:80",
						   .address = "10.2.0.1",
						   .is_server_change = is_server_change,
						   .text = "TCP CHECK failed on service",
						   .reason = "connect-refused" } };
	struct rig rig;
	bool is_mailed;

	rig_open(&rig, load(globals, "", server));
	assert_true(notify_event(rig.notify, rig.conf, &msg));
	is_mailed = !notify_is_idle(rig.notify);
	rig_close(&rig);
	return is_mailed;
}

static void checks_write_mail_unless_told_not_to(void **state)
{
	(void)state;
	assert_true(mails_check(MAIL, "", false));
	assert_false(mails_check(MAIL, "smtp_alert off\n", true));
	assert_false(mails_check(MAIL "smtp_alert_checker off\n", "", true));
	assert_false(mails_check(MAIL "no_checker_emails\n", "", false));
	assert_true(mails_check(MAIL "no_checker_emails\n", "", true));
}

/* ---- FIFOs ---- */

static struct conf *load_fifos(const char *more)
{
	char globals[800];

	snprintf(globals, sizeof(globals), "notify_fifo %s\nlvs_notify_fifo %s\n%s", fifo_path,
		 lvs_path, more);
	return load(globals, "", "");
}

static const char *read_all(int fd)
{
	static char text[TEXT_MAX];
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void fifos_get_keepalived_s_lines(void **state)
{
	const struct msg group = { .kind = MSG_notify_group, .notify_group = { "G1", "BACKUP" } };
	const struct msg vs = { .kind = MSG_notify_vs,
				.notify_vs = { "[10.1.0.1]:tcp:80", true, "" } };
	const struct msg again = { .kind = MSG_vrrp_state,
				   .vrrp_state = {
					   .instance = "VI_1", .state = "BACKUP", .priority = 7 } };
	struct rig rig;
	int all, lvs;

	(void)state;
	rig_open(&rig, load_fifos(""));
	all = open(fifo_path, O_RDONLY | O_NONBLOCK);
	lvs = open(lvs_path, O_RDONLY | O_NONBLOCK);
	assert_true(all >= 0 && lvs >= 0);
	send_vrrp(&rig, "MASTER", 110);
	send_vrrp(&rig, "MASTER_PRIORITY", 80);
	notify_event(rig.notify, rig.conf, &group);
	notify_event(rig.notify, rig.conf, &vs);
	send_rs(&rig, false);
	notify_state_again(rig.notify, &again);
	assert_string_equal(read_all(all), "INSTANCE \"VI_1\" MASTER 110\n"
					   "INSTANCE \"VI_1\" MASTER_PRIORITY 80\n"
					   "GROUP \"G1\" BACKUP 0\n"
					   "VS [10.1.0.1]:tcp:80 UP\n"
					   "RS [10.2.0.1]:tcp:80 [10.1.0.1]:tcp:80 DOWN\n"
					   "INSTANCE \"VI_1\" BACKUP 7\n");
	assert_string_equal(read_all(lvs), "VS [10.1.0.1]:tcp:80 UP\n"
					   "RS [10.2.0.1]:tcp:80 [10.1.0.1]:tcp:80 DOWN\n");
	finish(&rig); /* nobody else has the FIFO open */
	assert_true(rig.is_idle);
	rig_close(&rig);
	assert_int_equal(read(all, (char[1]){ 0 }, 1), 0); /* the end, and they are gone */
	assert_int_equal(access(fifo_path, F_OK), -1);
	close(all);
	close(lvs);
}

static void a_reload_leaves_fifos_alone_that_did_not_change(void **state)
{
	struct conf *next = load_fifos("router_id other\n");
	struct stat before, after;
	struct rig rig;
	int all;

	(void)state;
	rig_open(&rig, load_fifos(""));
	all = open(fifo_path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(stat(fifo_path, &before), 0);
	assert_int_equal(before.st_mode & 07777, 0644);
	notify_apply(rig.notify, next);
	assert_int_equal(read(all, (char[1]){ 0 }, 1), -1); /* no end of file */
	assert_int_equal(stat(fifo_path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	rig_close(&rig);
	conf_free(next);
	close(all);
}

static void a_file_that_is_there_stays_and_gets_nothing(void **state)
{
	FILE *f = fopen(fifo_path, "w");
	struct stat st;
	struct rig rig;

	(void)state;
	fclose(f);
	rig_open(&rig, load_fifos(""));
	send_vrrp(&rig, "MASTER", 110);
	rig_close(&rig);
	assert_int_equal(stat(fifo_path, &st), 0);
	assert_int_equal(st.st_size, 0);
	unlink(fifo_path);
}

/* What was in the way, or took its place, is gone: a reload makes the FIFO. */
static void a_reload_makes_the_fifo_that_is_missing(void **state)
{
	FILE *f = fopen(fifo_path, "w");
	struct stat st;
	struct rig rig;

	(void)state;
	fclose(f);
	rig_open(&rig, load_fifos(""));
	unlink(fifo_path);
	for (int i = 0; i < 2; i++) {
		int all;

		notify_apply(rig.notify, rig.conf);
		all = open(fifo_path, O_RDONLY | O_NONBLOCK);
		assert_true(all >= 0);
		send_vrrp(&rig, "MASTER", 110);
		assert_string_equal(read_all(all), "INSTANCE \"VI_1\" MASTER 110\n");
		close(all);
		unlink(fifo_path);
	}
	f = fopen(fifo_path, "w"); /* somebody else's is not removed */
	fclose(f);
	rig_close(&rig);
	assert_int_equal(stat(fifo_path, &st), 0);
	unlink(fifo_path);
}

/* Nobody reads for long, while one object goes on changing: the last state of each one comes, as a
 * whole line, and the last of all at the end. */
static void a_reader_that_slept_learns_the_last_states(void **state)
{
	const struct msg group = { .kind = MSG_notify_group, .notify_group = { "G1", "MASTER" } };
	const char *last = "INSTANCE \"VI_1\" FAULT 9\n";
	char *text = NULL;
	struct rig rig;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	int all;

	(void)state;
	rig_open(&rig, load_fifos(""));
	for (unsigned i = 0; i < 4000; i++) /* more than the pipe itself holds */
		send_vrrp(&rig, "BACKUP", 100);
	notify_event(rig.notify, rig.conf, &group);
	send_vrrp(&rig, "BACKUP_PRIORITY", 33);
	send_rs(&rig, false);
	for (unsigned i = 0; i < 20000; i++) {
		send_vrrp(&rig, i % 2 ? "MASTER" : "BACKUP", 110);
		send_vrrp(&rig, "MASTER_RX_LOWER_PRI", 110);
	}
	send_vrrp(&rig, "FAULT", 9);
	all = open(fifo_path, O_RDONLY | O_NONBLOCK);
	for (size_t got = 1; got > 0; loop_run_once(rig.loop, 0)) {
		const char *part = read_all(all);

		got = strlen(part);
		fputs(part, out);
	}
	fclose(out);
	assert_true(n < 1024UL * 1024);
	assert_string_equal(text + n - strlen(last), last);
	assert_non_null(strstr(text, "\nGROUP \"G1\" MASTER 0\n"));
	assert_non_null(strstr(text, "\nINSTANCE \"VI_1\" BACKUP_PRIORITY 33\n"));
	assert_non_null(strstr(text, "\nRS [10.2.0.1]:tcp:80 [10.1.0.1]:tcp:80 DOWN\n"));
	free(text);
	rig_close(&rig);
	close(all);
}

static void a_reader_gets_the_path_and_ends_with_us(void **state)
{
	char more[400];
	const char *text;
	struct rig rig;

	(void)state;
	snprintf(more, sizeof(more), "notify_fifo_script \"%s reads\"\n", script_path);
	rig_open(&rig, load_fifos(more));
	do {
		loop_run_once(rig.loop, 100000);
		text = finish(&rig);
	} while (!strstr(text, "end reads"));
	assert_non_null(strstr(text, fifo_path));
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_order),
		cmocka_unit_test(the_specific_script_comes_first),
		cmocka_unit_test(an_instance_that_was_deleted_is_in_fault_unless_asked_for),
		cmocka_unit_test(a_thousand_flaps_end_with_the_last_state),
		cmocka_unit_test(many_lower_priorities_leave_the_states),
		cmocka_unit_test(in_a_hurry_the_last_event_does_not_wait),
		cmocka_unit_test(only_the_last_scripts_are_waited_for_when_time_is_over),
		cmocka_unit_test(a_script_that_cannot_run_does_not_stop_the_queue),
		cmocka_unit_test(groups_and_servers_have_queues_of_their_own),
		cmocka_unit_test(an_unknown_object_is_told),
		cmocka_unit_test(instances_write_mail_when_told_to),
		cmocka_unit_test(checks_write_mail_unless_told_not_to),
		cmocka_unit_test(fifos_get_keepalived_s_lines),
		cmocka_unit_test(a_reload_leaves_fifos_alone_that_did_not_change),
		cmocka_unit_test(a_file_that_is_there_stays_and_gets_nothing),
		cmocka_unit_test(a_reload_makes_the_fifo_that_is_missing),
		cmocka_unit_test(a_reader_that_slept_learns_the_last_states),
		cmocka_unit_test(a_reader_gets_the_path_and_ends_with_us),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
