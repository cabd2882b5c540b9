/*
 * Desired against actual addresses: see addr_diff.h. Pure; used by the VRRP child.
 */
#include "vrrp/addr_diff.h"

#include <linux/if_addr.h>
#include <string.h>

/* What was asked for and the kernel keeps as it was asked. */
#define FLAGS_COMPARED \
	(IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

/*
 * A lifetime that runs out is as wanted at every moment. IPv4 does not tell the one of an address
 * that stays for ever.
 */
static bool is_lifetime_as_wanted(const struct nl_addr *is, uint32_t want_s)
{
	bool is_deprecated = is->preferred_s == 0 || is->flags & IFA_F_DEPRECATED;

	if (want_s == 0 || want_s == NL_FOREVER)
		return is_deprecated == (want_s == 0);
	return is->preferred_s <= want_s ||
	       (is->addr.family == AF_INET && is->flags & IFA_F_PERMANENT);
}

bool addr_is_usable(const struct nl_addr *is)
{
	return !(is->flags & IFA_F_DADFAILED);
}

bool addr_is_as_wanted(const struct nl_addr *is, const struct nl_addr *want)
{
	if ((is->flags & FLAGS_COMPARED) != (want->flags & FLAGS_COMPARED) || !addr_is_usable(is))
		return false;
	if (!is_lifetime_as_wanted(is, want->preferred_s) || addr_cmp(&is->peer, &want->peer) != 0)
		return false;
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
		if (is && !(want[i].is_wanted && addr_is_as_wanted(is, addr)))
			add_op(&ops[n_ops++], NL_OP_ADDR_DEL, is);
	}
	for (unsigned i = 0; i < n; i++) {
		const struct nl_addr *addr = &want[i].addr;
		if (!want[i].is_wanted || addr->ifindex == 0)
			continue;
		const struct nl_addr *is = actual->find(addr, actual->arg);
		if (!is || !addr_is_as_wanted(is, addr))
			add_op(&ops[n_ops++], NL_OP_ADDR_ADD, addr);
	}
	return n_ops;
}
