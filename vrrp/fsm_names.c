/*
 * Names of states, events and outputs. Runs in the VRRP child and in the simulator; pure. See
 * fsm.h.
 */
#include <string.h>

#include "vrrp/fsm.h"

const char *vrrp_notify_name(enum vrrp_notify_state s)
{
	static const char *const names[] = {
		[VRRP_NOTIFY_INIT] = "INIT",     [VRRP_NOTIFY_BACKUP] = "BACKUP",
		[VRRP_NOTIFY_MASTER] = "MASTER", [VRRP_NOTIFY_FAULT] = "FAULT",
		[VRRP_NOTIFY_STOP] = "STOP",
	};

	return names[s];
}

bool vrrp_notify_parse(const char *name, enum vrrp_notify_state *out)
{
	for (int s = VRRP_NOTIFY_INIT; s <= VRRP_NOTIFY_STOP; s++) {
		if (strcmp(name, vrrp_notify_name((enum vrrp_notify_state)s)) == 0) {
			*out = (enum vrrp_notify_state)s;
			return true;
		}
	}
	return false;
}

bool vrrp_state_parse(const char *name, enum vrrp_state *out)
{
	static const struct {
		const char *name;
		enum vrrp_state state;
	} states[] = {
		{ "INIT", VRRP_STATE_INIT },
		{ "BACKUP", VRRP_STATE_BACKUP },
		{ "MASTER", VRRP_STATE_ACTIVE },
		{ "FAULT", VRRP_STATE_INIT },
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(name, states[i].name) == 0) {
			*out = states[i].state;
			return true;
		}
	}
	return false;
}

const char *vrrp_out_name(enum vrrp_out_kind k)
{
	static const char *const names[] = {
		[VRRP_OUT_SEND] = "SEND",       [VRRP_OUT_ARM] = "ARM",
		[VRRP_OUT_CANCEL] = "CANCEL",   [VRRP_OUT_VIP_ADD] = "VIP_ADD",
		[VRRP_OUT_VIP_DEL] = "VIP_DEL", [VRRP_OUT_ANNOUNCE] = "ANNOUNCE",
		[VRRP_OUT_NOTIFY] = "NOTIFY",   [VRRP_OUT_RENOTIFY] = "RENOTIFY",
		[VRRP_OUT_LEASE] = "LEASE",     [VRRP_OUT_LOG] = "LOG",
	};

	return names[k];
}

const char *vrrp_ev_name(enum vrrp_ev_kind k)
{
	static const char *const names[VRRP_EV_N] = {
		[VRRP_EV_START] = "START",   [VRRP_EV_STOP] = "STOP",   [VRRP_EV_ADVERT] = "ADVERT",
		[VRRP_EV_TIMER] = "TIMER",   [VRRP_EV_FAULT] = "FAULT", [VRRP_EV_WEIGHT] = "WEIGHT",
		[VRRP_EV_CONFIG] = "CONFIG", [VRRP_EV_ADOPT] = "ADOPT", [VRRP_EV_YIELD] = "YIELD",
		[VRRP_EV_HOLD] = "HOLD",
	};

	return names[k];
}
