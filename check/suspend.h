/*
 * ha_suspend: health checks of a virtual server rest while none of its addresses is on this host.
 *
 * Checker child. Follows the addresses of all interfaces through rtnetlink.
 */
#ifndef DIARCH_CHECK_SUSPEND_H
#define DIARCH_CHECK_SUSPEND_H

#include <stdbool.h>

#include "check/check_conf.h"
#include "lib/loop.h"

struct suspend;

/* `on_change` is called when addresses came or went, once for all that did. */
struct suspend *suspend_new(struct loop *loop, void (*on_change)(void *arg), void *arg);
void suspend_free(struct suspend *suspend);

/* A configuration runs from now on: addresses are followed only where some virtual server wants it.
 */
void suspend_apply(struct suspend *suspend, const struct root_conf *root);

/* Whether the checks of `vs` are to rest now. Never for services without address (fwmark), and when
 * the addresses cannot be read. */
bool suspend_is_due(const struct suspend *suspend, const struct vs_conf *vs);

#endif
