/*
 * How the links of interfaces are watched: delays, and polling of drivers. VRRP child; see
 * vrrp_app.h.
 */
#include <errno.h>
#include <string.h>

#include "lib/log.h"
#include "vrrp/linkbeat.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

#define BEAT_US (2 * US_PER_S)

/* Once for each reason; an interface that is not there has other news. */
static void tell(struct vrrp_if *vif, int error, bool is_known)
{
	bool is_news = error < 0 && error != -ENODEV && error != vif->beat_error;

	vif->beat_error = error < 0 ? error : 0;
	if (!is_news)
		return;
	log_event(is_known ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "linkbeat",
		  log_kv("interface=%s", vif->name),
		  is_known ? "The driver of %s does not tell its link as linkbeat_interfaces says "
			     "(%s): it is asked in another way"
			   : "The driver of %s does not tell its link (%s): what the kernel says "
			     "counts",
		  vif->name, strerror(-error));
}

static void ask(struct vrrp_if *vif)
{
	int error = linkbeat_ask(vif->app->arp_fd, vif->name, vif->linkbeat), result = error;

	if (error < 0 && vif->linkbeat != LINKBEAT_AUTO)
		result = linkbeat_ask(vif->app->arp_fd, vif->name, LINKBEAT_AUTO);
	vif->is_beat_known = result >= 0;
	vif->is_beating = result > 0;
	tell(vif, error, vif->is_beat_known);
}

void vrrp_on_beat(struct timer *timer, void *arg)
{
	struct vrrp_app *app = arg;
	bool is_polled = false;

	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next) {
		if (vif->linkbeat < 0)
			continue;
		ask(vif);
		is_polled = true;
	}
	if (!is_polled)
		return;
	vrrp_app_refresh_soon(app);
	timer_arm_in(timer, BEAT_US);
}

static int linkbeat_of(const struct vrrp_if *vif, const struct root_conf *root)
{
	const struct linkbeat_conf *line;
	const struct vrrp_conf *vi;
	int method = root->linkbeat_use_polling ? LINKBEAT_AUTO : -1;

	conf_list_for_each (vi, &root->vrrp_instances)
		if (vi->linkbeat_use_polling && vi->interface &&
		    strcmp(vi->interface, vif->name) == 0)
			method = LINKBEAT_AUTO;
	conf_list_for_each (line, &root->linkbeat_interfaces)
		if (strcmp(line->interface, vif->name) == 0)
			method = line->method;
	return method;
}

static void set_delays(struct vrrp_if *vif, const struct root_conf *root)
{
	const struct link_delay_conf *line;

	vif->up_delay_us = vif->down_delay_us = 0;
	conf_list_for_each (line, &root->link_delays) {
		if (strcmp(line->interface, vif->name) != 0)
			continue;
		vif->up_delay_us = line->up_us;
		vif->down_delay_us = line->down_us;
	}
}

static void warn_unused(const struct vrrp_app *app, const char *block, const char *interface)
{
	const struct vrrp_if *vif = app->ifs;

	while (vif && strcmp(vif->name, interface) != 0)
		vif = vif->next;
	if (!vif)
		log_event(LOG_LEVEL_WARNING, "link_unused", log_kv("interface=%s", interface),
			  "%s: no instance uses interface %s; the line has no effect", block,
			  interface);
}

static void warn_of_lines(const struct vrrp_app *app, const struct root_conf *root)
{
	const struct linkbeat_conf *beat;
	const struct link_delay_conf *delay;

	conf_list_for_each (beat, &root->linkbeat_interfaces)
		warn_unused(app, "linkbeat_interfaces", beat->interface);
	conf_list_for_each (delay, &root->link_delays)
		warn_unused(app, "interface_up_down_delays", delay->interface);
}

void vrrp_ifs_set_conf(struct vrrp_app *app, const struct root_conf *root)
{
	warn_of_lines(app, root);
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next) {
		int method = linkbeat_of(vif, root);

		if (method != vif->linkbeat)
			vif->beat_error = 0;
		vif->linkbeat = method;
		set_delays(vif, root);
		if (vif->linkbeat >= 0)
			ask(vif);
		else
			vif->is_beat_known = false;
	}
	timer_cancel(&app->beat_timer);
	vrrp_on_beat(&app->beat_timer, app);
}
