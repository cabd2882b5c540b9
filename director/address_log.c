/*
 * The log of addresses. Parent only, with a netlink monitor of its own: the VRRP child has better
 * things to do.
 */
#include "director/address_log.h"

#include <errno.h>
#include <stdlib.h>

#include "lib/log.h"
#include "lib/nl.h"

struct address_log {
	struct nl *nl;
};

static void on_change(const struct nl_change *change, void *arg)
{
	const struct address_log *log = arg;
	const bool is_new = change->kind == NL_ADDR_NEW;
	const struct nl_link *link;
	char text[ADDR_STR_MAX];

	if (!is_new && change->kind != NL_ADDR_DEL)
		return;
	link = nl_link_by_index(log->nl, change->addr.ifindex);
	addr_str(&change->addr.addr, text);
	log_event(LOG_LEVEL_INFO, is_new ? "address_new" : "address_gone",
		  log_kv("address=%s/%u interface=%s", text, change->addr.prefix_len,
			 link ? link->name : "?"),
		  "Netlink reflector reports IP %s %s %s", text,
		  is_new ? "added to" : "removed from", link ? link->name : "?");
}

struct address_log *address_log_new(struct loop *loop)
{
	struct address_log *log = xcalloc(1, sizeof(*log));

	log->nl = nl_open(loop, on_change, log);
	if (log->nl)
		return log;
	free(log);
	return NULL;
}

void address_log_free(struct address_log *log)
{
	if (!log)
		return;
	nl_free(log->nl);
	free(log);
}
