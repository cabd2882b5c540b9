/*
 * How the links of interfaces are watched: delays, and polling of drivers. VRRP child; see
 * vrrp_app.h.
 */
#include <string.h>

#include "lib/log.h"
#include "vrrp/linkbeat.h"
#include "vrrp/track_conf.h"
#include "vrrp/vrrp_app.h"

#define BEAT_US (2 * US_PER_S)

static void ask(struct vrrp_if *vif)
{
	int result = linkbeat_ask(vif->app->arp_fd, vif->name, vif->linkbeat);

	if (result < 0 && vif->is_beat_known)
		log_event(LOG_LEVEL_INFO, "linkbeat", log_kv("interface=%s", vif->name),
			  "The driver of %s does not tell its link: %s", vif->name,
			  strerror(-result));
	vif->is_beat_known = result >= 0;
	vif->is_beating = result > 0;
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

void vrrp_ifs_set_conf(struct vrrp_app *app, const struct root_conf *root)
{
	for (struct vrrp_if *vif = app->ifs; vif; vif = vif->next) {
		vif->linkbeat = linkbeat_of(vif, root);
		set_delays(vif, root);
		if (vif->linkbeat >= 0)
			ask(vif);
		else
			vif->is_beat_known = false;
	}
	timer_cancel(&app->beat_timer);
	vrrp_on_beat(&app->beat_timer, app);
}
