/*
 * strict_mode: what an instance must leave when it is held to the letter of its RFC (3768 for
 * version 2, 9568 for version 3). The parent runs it when defaults are in place; the VRRP child
 * when it decodes what the parent loaded.
 */
#include "lib/rule.h"
#include "vrrp/vrrp_conf.h"

static void say(struct conf_walk *walk, const struct vrrp_conf *vi, const char *word,
		const char *what)
{
	struct conf_pos pos;

	if (conf_is_set(&vi->obj, word, &pos))
		conf_warning(walk, pos, CONF_SEMANTIC, "strict-adjusted",
			     "remove it, or strict_mode", "strict_mode: %s", what);
}

static void strict_auth(struct conf_walk *walk, struct vrrp_conf *vi)
{
	struct auth_conf *auth = (struct auth_conf *)vi->auth.head;

	if (!auth || auth->auth_type == VRRP_AUTH_NONE)
		return;
	auth->auth_type = VRRP_AUTH_NONE;
	conf_warning(walk, auth->obj.pos, CONF_SECURITY, "strict-adjusted",
		     "remove the block, or strict_mode",
		     "strict_mode: VRRP has no authentication (RFC 3768); the block is left out");
}

/* Peers that are not heard, or a list that is refused, would make two masters: no adjustment. */
static void strict_errors(struct conf_walk *walk, const struct vrrp_conf *vi)
{
	const struct vaddr_conf *first = (const struct vaddr_conf *)vi->addresses.head;

	if (vi->peers.n > 0)
		conf_refuse(walk, MEND_KEEP_QUIET(vi->peers.head), CONF_SEMANTIC, "strict-unicast",
			    "remove the peers, or strict_mode",
			    "strict_mode: VRRP has no unicast peers");
	if (first && first->prefix.addr.family == AF_INET6 &&
	    !IN6_IS_ADDR_LINKLOCAL(&first->prefix.addr.in6))
		conf_error(
			walk, first->obj.pos, CONF_SEMANTIC, "strict-link-local", NULL,
			"strict_mode: the first IPv6 address must be link-local (RFC 9568 5.2.9)");
}

void vrrp_conf_be_strict(struct conf_walk *walk, struct vrrp_conf *vi)
{
	bool is_owner = vi->priority == 255;

	strict_errors(walk, vi);
	strict_auth(walk, vi);
	if (vi->preempt_delay_us > 0)
		say(walk, vi, "preempt_delay", "there is no preempt_delay; it is left out");
	if (vi->garp_lower_prio_repeat > 0)
		say(walk, vi, "garp_lower_prio_repeat",
		    "a lower priority causes no announcement; it is left out");
	if (vi->down_timer_adverts != 3)
		say(walk, vi, "down_timer_adverts", "three intervals count; it is left out");
	if (vi->higher_prio_send_advert)
		say(walk, vi, "higher_prio_send_advert",
		    "who gives way says nothing; it is left out");
	if (vi->version == 2 && !vi->lower_prio_no_advert)
		say(walk, vi, "lower_prio_no_advert",
		    "a lower priority is not answered in version 2 (RFC 3768 6.4.3)");
	if (vi->accept && !is_owner)
		say(walk, vi, "accept", "only the owner of the addresses accepts packets to them");
	vi->preempt_delay_us = 0;
	vi->garp_lower_prio_repeat = 0;
	vi->garp_lower_prio_delay_s = 0;
	vi->down_timer_adverts = 3;
	vi->higher_prio_send_advert = false;
	vi->lower_prio_no_advert = vi->version == 2;
	vi->accept = is_owner;
	vi->owner_ignore_adverts = true;
}
