/*
 * Desired against actual addresses: see addr_diff.h. Pure; used by the VRRP child.
 */
#include "vrrp/addr_diff.h"

#include <string.h>

/* Whether the address as it is does for the one we want; the kernel chooses what we leave open. */
static bool is_as_wanted(const struct nl_addr *is, const struct nl_addr *want)
{
	if (want->label[0] != '\0' && strcmp(is->label, want->label) != 0)
		return false;
	if (!addr_is_unset(&want->broadcast) && addr_cmp(&is->broadcast, &want->broadcast) != 0)
		return false;
	/* The scope of an IPv6 address follows from the address. */
	return want->addr.family == AF_INET6 || is->scope == want->scope;
}

static void add_op(struct nl_op *op, enum nl_op_kind kind, const struct nl_addr *addr)
{
	*op = (struct nl_op){ .kind = kind, .addr = *addr };
}

unsigned addr_diff(const struct addr_want *want, unsigned n, const struct addr_actual *actual,
		   struct nl_op *ops)
{
	unsigned n_ops = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct nl_addr *addr = &want[i].addr;
		const struct nl_addr *is = addr->ifindex ? actual->find(addr, actual->arg) : NULL;
		if (is && !(want[i].is_wanted && is_as_wanted(is, addr)))
			add_op(&ops[n_ops++], NL_OP_ADDR_DEL, addr);
	}
	for (unsigned i = 0; i < n; i++) {
		const struct nl_addr *addr = &want[i].addr;
		if (!want[i].is_wanted || addr->ifindex == 0)
			continue;
		const struct nl_addr *is = actual->find(addr, actual->arg);
		if (!is || !is_as_wanted(is, addr))
			add_op(&ops[n_ops++], NL_OP_ADDR_ADD, addr);
	}
	return n_ops;
}
