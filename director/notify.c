/*
 * From events to scripts, FIFO lines and mail. Parent only.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check_conf.h"
#include "director/fifo.h"
#include "director/mail.h"
#include "director/notify.h"
#include "director/scripts.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_conf.h"

struct notify {
	struct scripts *scripts;
	struct fifos *fifos;
	struct mail *mail;
	bool is_mail_over; /* it is not waited for */
	void (*on_idle)(void *arg);
	void *arg;
};

static void on_part_idle(void *arg)
{
	struct notify *n = arg;

	if (notify_is_idle(n))
		n->on_idle(n->arg);
}

struct notify *notify_new(struct loop *loop, void (*on_idle)(void *arg), void *arg)
{
	struct notify *n = xcalloc(1, sizeof(*n));

	n->on_idle = on_idle;
	n->arg = arg;
	n->scripts = scripts_new(loop, on_part_idle, n);
	n->fifos = fifos_new(loop);
	n->mail = mail_new(loop, on_part_idle, n);
	return n;
}

void notify_free(struct notify *n)
{
	if (!n)
		return;
	scripts_free(n->scripts);
	fifos_free(n->fifos);
	mail_free(n->mail);
	free(n);
}

void notify_apply(struct notify *n, const struct conf *conf)
{
	fifos_apply(n->fifos, conf);
}

void notify_hurry(struct notify *n)
{
	scripts_hurry(n->scripts);
	mail_hurry(n->mail);
}

void notify_end_former(struct notify *n)
{
	n->is_mail_over = true;
	scripts_end_former(n->scripts);
}

bool notify_is_idle(const struct notify *n)
{
	return scripts_is_idle(n->scripts) && (n->is_mail_over || mail_is_idle(n->mail));
}

/* A text from heap. */
static char *format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *fmt, ...)
{
	char *text;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		fatal(1, "out of memory");
	va_end(ap);
	return text;
}

/* Writes a line that tells what became of an object, whose name is of format() and freed. */
static void write_line(struct notify *n, enum fifo_kind kind, char *object, const char *what)
{
	char *line = format("%s %s", object, what);

	fifos_write(n->fifos, kind, object, line);
	free(line);
	free(object);
}

/* Sends a mail whose subject and body are of format(), and frees them. */
static void send_mail(struct notify *n, const struct conf *conf, char *subject, char *body)
{
	mail_add(n->mail, conf, subject, body);
	free(subject);
	free(body);
}

static const struct root_conf *root_of(const struct conf *conf)
{
	return (const struct root_conf *)conf_root(conf);
}

/* ---- VRRP ---- */

/* keepalived's words about a state. Others than these are events without mail. */
static const struct words {
	const char *state, *subject;
	const char *instance, *group; /* the body of the mail */
} words[] = {
	{ "MASTER", "Entering MASTER state", "=> VRRP Instance is now owning VRRP VIPs <=",
	  "=> All VRRP group instances are now in MASTER state <=" },
	{ "BACKUP", "Entering BACKUP state", "=> VRRP Instance is no longer owning VRRP VIPs <=",
	  "=> All VRRP group instances are now in BACKUP state <=" },
	{ "FAULT", "Entering FAULT state", "=> VRRP Instance is no longer owning VRRP VIPs <=",
	  "=> All VRRP group instances are now in FAULT state <=" },
	{ "STOP", "Stopping",
	  "=> VRRP Instance stopping <=", "=> All VRRP group instances are now stopping <=" },
	{ "DELETED", "Deleted", "=> VRRP Deleted at reload <=", NULL },
};

static const struct words *words_of(const char *state)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].state, state) == 0)
			return &words[i];
	return NULL;
}

/* A command for one state. */
struct on_state {
	const char *state;
	const struct conf_script *script;
};

/* The command for this state, and the one for all, which is told which: in one queue. */
struct vrrp_scripts {
	const struct on_state *specific; /* ends with state NULL */
	const struct conf_script *all;
	const char *kind; /* INSTANCE or GROUP */
	const char *name, *state;
	uint8_t priority;
};

/* Something that another router did; the state of the instance is as it was. */
static bool is_passing(const char *state)
{
	return strcmp(state, "MASTER_RX_LOWER_PRI") == 0;
}

static void run_vrrp_scripts(struct notify *n, const struct conf *conf,
			     const struct vrrp_scripts *what)
{
	static const struct conf_script none;
	char priority[8];
	const char *const more[] = { what->kind, what->name, what->state, priority, NULL };
	struct script_call calls[] = { { &none, NULL }, { what->all, more } };
	char *object = format("%s %s", what->kind, what->name);

	snprintf(priority, sizeof(priority), "%u", what->priority);
	for (const struct on_state *on = what->specific; on->state; on++)
		if (strcmp(on->state, what->state) == 0)
			calls[0].script = on->script;
	if (is_passing(what->state))
		scripts_add_once(n->scripts, conf, object, calls, 2);
	else
		scripts_add(n->scripts, conf, object, calls, 2);
	free(object);
}

static void mail_vrrp(struct notify *n, const struct conf *conf, const char *kind, const char *name,
		      const char *state)
{
	const struct words *w = words_of(state);
	bool is_group = strcmp(kind, "Group") == 0;
	const char *body = !w ? NULL : is_group ? w->group : w->instance;

	if (!body || (strcmp(state, "FAULT") == 0 && root_global(conf_root(conf))->no_email_faults))
		return;
	send_mail(n, conf, format("VRRP %s %s - %s", kind, name, w->subject), format("%s", body));
}

static const struct vrrp_conf *instance_find(const struct conf *conf, const char *name)
{
	const struct vrrp_conf *vi;

	conf_list_for_each (vi, &root_of(conf)->vrrp_instances)
		if (strcmp(vi->name, name) == 0)
			return vi;
	return NULL;
}

/* "MASTER_PRIORITY 80": only the FIFO hears of that. */
static bool is_priority_change(const char *state)
{
	const char *end = strrchr(state, '_');

	return end && strcmp(end, "_PRIORITY") == 0;
}

/* Neither a priority nor a passing event may supersede a state. */
static void write_instance(struct notify *n, const char *name, const char *state, uint8_t priority)
{
	char *key = format("INSTANCE %s %s", name,
			   is_priority_change(state) ? "priority"
			   : is_passing(state)       ? state
						     : "");
	char *line = format("INSTANCE \"%s\" %s %u", name, state, priority);

	fifos_write(n->fifos, FIFO_VRRP, key, line);
	free(line);
	free(key);
}

static bool on_vrrp(struct notify *n, const struct conf *conf, const struct msg *msg)
{
	const struct msg_notify_vrrp *event = &msg->notify_vrrp;
	const struct vrrp_conf *vi = instance_find(conf, event->instance);
	const char *state = event->state;

	if (!vi)
		return false; /* removed by a reload in the meantime */
	/* Without notify_deleted an instance that a reload removed is in FAULT. */
	if (strcmp(state, "DELETED") == 0 && !conf_is_set(&vi->obj, "notify_deleted", NULL))
		state = "FAULT";
	const struct on_state specific[] = {
		{ "MASTER", &vi->notify_master },
		{ "BACKUP", &vi->notify_backup },
		{ "FAULT", &vi->notify_fault },
		{ "STOP", &vi->notify_stop },
		{ "DELETED", &vi->notify_deleted },
		{ "MASTER_RX_LOWER_PRI", &vi->notify_master_rx_lower_pri },
		{ NULL, NULL },
	};
	const struct vrrp_scripts what = { specific, &vi->notify, "INSTANCE",
					   vi->name, state,       event->priority };

	if (!is_priority_change(state))
		run_vrrp_scripts(n, conf, &what);
	write_instance(n, vi->name, state, event->priority);
	if (vi->smtp_alert)
		mail_vrrp(n, conf, "Instance", vi->name, state);
	return true;
}

static void write_group(struct notify *n, const char *name, const char *state)
{
	char *what = format("%s 0", state);

	write_line(n, FIFO_VRRP, format("GROUP \"%s\"", name), what);
	free(what);
}

void notify_state_again(struct notify *n, const struct msg *msg)
{
	if (msg->kind == MSG_vrrp_state)
		write_instance(n, msg->vrrp_state.instance, msg->vrrp_state.state,
			       msg->vrrp_state.priority);
	else if (msg->kind == MSG_group_state)
		write_group(n, msg->group_state.group, msg->group_state.state);
}

static bool on_group(struct notify *n, const struct conf *conf, const struct msg *msg)
{
	const struct msg_notify_group *event = &msg->notify_group;
	const struct sync_group_conf *group;

	conf_list_for_each (group, &root_of(conf)->sync_groups)
		if (strcmp(group->name, event->group) == 0)
			break;
	if (!group)
		return false;
	const struct on_state specific[] = {
		{ "MASTER", &group->notify_master },
		{ "BACKUP", &group->notify_backup },
		{ "FAULT", &group->notify_fault },
		{ "STOP", &group->notify_stop },
		{ NULL, NULL },
	};
	const struct vrrp_scripts what = { specific,    &group->notify, "GROUP",
					   group->name, event->state,   0 };

	run_vrrp_scripts(n, conf, &what);
	write_group(n, group->name, event->state);
	if (group->smtp_alert)
		mail_vrrp(n, conf, "Group", group->name, event->state);
	return true;
}

/* ---- virtual and real servers ---- */

static const struct vs_conf *vs_find(const struct conf *conf, const char *name)
{
	const struct vs_conf *vs;

	conf_list_for_each (vs, &root_of(conf)->virtual_servers)
		if (strcmp(vs->name, name) == 0)
			return vs;
	return NULL;
}

static const char *up_or_down(bool is_up)
{
	return is_up ? "UP" : "DOWN";
}

static bool on_vs(struct notify *n, const struct conf *conf, const struct msg *msg)
{
	const struct msg_notify_vs *event = &msg->notify_vs;
	const struct vs_conf *vs = vs_find(conf, event->vs);

	if (!vs)
		return false;
	const struct script_call call = { event->is_up ? &vs->quorum_up : &vs->quorum_down, NULL };

	scripts_add(n->scripts, conf, vs->name, &call, 1);
	write_line(n, FIFO_LVS, format("VS %s", vs->name), up_or_down(event->is_up));
	if (vs->smtp_alert && *event->text)
		send_mail(n, conf,
			  format("Virtualserver %s - %s", vs->name, up_or_down(event->is_up)),
			  format("=> %s <=", event->text));
	return true;
}

static bool on_rs(struct notify *n, const struct conf *conf, const struct msg *msg)
{
	const struct msg_notify_rs *event = &msg->notify_rs;
	const struct vs_conf *vs = vs_find(conf, event->vs);
	const struct rs_conf *rs = vs ? rs_by_name(vs, event->rs) : NULL;
	char *object;

	if (!rs)
		return false;
	const struct script_call call = { event->is_up ? &rs->notify_up : &rs->notify_down, NULL };

	object = format("%s %s", vs->name, event->rs);
	scripts_add(n->scripts, conf, object, &call, 1);
	free(object);
	write_line(n, FIFO_LVS, format("RS %s %s", event->rs, vs->name), up_or_down(event->is_up));
	return true;
}

/* Where a server with a name is, behind that. */
static const char *at_address(const char *address, char str[ADDR_STR_MAX + sizeof(" ()")])
{
	str[0] = '\0';
	if (*address)
		snprintf(str, ADDR_STR_MAX + sizeof(" ()"), " (%s)", address);
	return str;
}

/* Only mail tells of single checks. */
static bool on_check(struct notify *n, const struct conf *conf, const struct msg *msg)
{
	const struct msg_notify_check *event = &msg->notify_check;
	const struct vs_conf *vs = vs_find(conf, event->vs);
	const struct rs_conf *rs = vs ? rs_by_name(vs, event->rs) : NULL;
	char at[ADDR_STR_MAX + sizeof(" ()")];

	if (!rs)
		return false;
	if (!rs->smtp_alert ||
	    (!event->is_server_change && root_global(conf_root(conf))->no_checker_emails))
		return true;
	send_mail(n, conf,
		  format("Realserver %s%s of virtual server %s - %s", event->rs,
			 at_address(event->address, at), vs->name, up_or_down(event->is_up)),
		  format("=> %s <=%s%s", event->text, *event->reason ? "\nreason: " : "",
			 event->reason));
	return true;
}

/* ---- all events ---- */

static bool (*const handlers[MSG_N])(struct notify *n, const struct conf *conf,
				     const struct msg *msg) = {
	[MSG_notify_vrrp] = on_vrrp, [MSG_notify_group] = on_group, [MSG_notify_vs] = on_vs,
	[MSG_notify_rs] = on_rs,     [MSG_notify_check] = on_check,
};

bool notify_event(struct notify *n, const struct conf *conf, const struct msg *msg)
{
	return handlers[msg->kind] && handlers[msg->kind](n, conf, msg);
}
