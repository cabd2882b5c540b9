/*
 * ha_suspend. Checker child; owns the monitor of addresses.
 */
#include <stdlib.h>

#include "check/suspend.h"
#include "lib/global_conf.h"
#include "lib/log.h"
#include "lib/nl.h"

struct suspend {
	struct loop *loop;
	struct nl *nl; /* NULL = nobody wants it, or it cannot be had */
	struct timer timer;
	void (*on_change)(void *arg);
	void *arg;
};

static void on_timer(struct timer *timer, void *arg)
{
	struct suspend *s = arg;

	(void)timer;
	s->on_change(s->arg);
}

struct suspend *suspend_new(struct loop *loop, void (*on_change)(void *arg), void *arg)
{
	struct suspend *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	s->on_change = on_change;
	s->arg = arg;
	timer_init(&s->timer, loop, on_timer, s);
	return s;
}

void suspend_free(struct suspend *s)
{
	if (!s)
		return;
	timer_cancel(&s->timer);
	nl_free(s->nl);
	free(s);
}

static void on_nl_change(const struct nl_change *change, void *arg)
{
	struct suspend *s = arg;

	if (change->kind == NL_ADDR_NEW || change->kind == NL_ADDR_DEL)
		timer_arm_in(&s->timer, 0); /* behind all that came with it */
}

static bool is_wanted(const struct root_conf *root)
{
	const struct vs_conf *vs;

	conf_list_for_each (vs, &root->virtual_servers)
		if (vs->ha_suspend)
			return true;
	return false;
}

void suspend_apply(struct suspend *s, const struct root_conf *root)
{
	if (!is_wanted(root)) {
		nl_free(s->nl);
		s->nl = NULL;
	} else if (!s->nl) {
		s->nl = nl_open(s->loop, on_nl_change, s);
		if (!s->nl)
			log_warn("suspend", "cannot follow the addresses of this host: services "
					    "with ha_suspend are checked all the time");
	}
	if (s->nl)
		nl_set_rcvbuf(s->nl, &root_global(&root->obj)->lvs_monitor,
			      "lvs_netlink_monitor_rcv_bufs");
}

static bool is_local(const struct suspend *s, const struct vs_range *range)
{
	for (uint32_t i = 0; i < nl_addr_count(s->nl); i++) {
		const struct addr *addr = &nl_addr_at(s->nl, i)->addr;

		if (addr->family == range->first.family && addr_cmp(addr, &range->first) >= 0 &&
		    addr_cmp(addr, &range->last) <= 0)
			return true;
	}
	return false;
}

bool suspend_is_due(const struct suspend *s, const struct vs_conf *vs)
{
	const struct vs_range own = { .first = vs->addr.addr, .last = vs->addr.addr };
	const struct vs_group_line_conf *line;

	if (!vs->ha_suspend || !s->nl || !vs_some_range(vs, vs_range_has_address))
		return false;
	if (!vs->group)
		return !is_local(s, &own);
	conf_list_for_each (line, &vs->group->lines)
		if (vs_range_has_address(&line->range) && is_local(s, &line->range))
			return false;
	return true;
}
