/*
 * strict_mode: what an instance must leave when it is held to the letter of its RFC (3768 for
 * version 2, 9568 for version 3). The parent runs it when defaults are in place; the VRRP child
 * when it decodes what the parent loaded.
 */
#include <stdio.h>

#include "lib/global_conf.h"
#include "lib/rule.h"
#include "vrrp/vrrp_conf.h"

/* Says what is not as written: where the instance has the word, or else global_defs, as vrrp_WORD.
 */
static void say(struct conf_walk *walk, const struct vrrp_conf *vi, const char *word,
		const char *what)
{
	char global_word[64];
	struct conf_pos pos;

	snprintf(global_word, sizeof(global_word), "vrrp_%s", word);
	if (conf_is_set(&vi->obj, word, &pos))
		conf_warning(walk, pos, CONF_SEMANTIC, "strict-adjusted",
			     "remove it, or strict_mode", "strict_mode: %s", what);
	else if (conf_is_set(&root_global(vi->obj.parent)->obj, global_word, &pos))
		conf_warning(walk, pos, CONF_SEMANTIC, "strict-adjusted", NULL,
			     "instance %s: strict_mode: %s", vi->name, what);
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

static void strict_announcements(struct conf_walk *walk, struct vrrp_conf *vi)
{
	if (vi->garp_lower_prio_repeat > 0)
		say(walk, vi, "garp_lower_prio_repeat",
		    "a lower priority causes no announcement; it is left out");
	if (vi->garp_lower_prio_delay_s > 0)
		say(walk, vi, "garp_lower_prio_delay",
		    "a lower priority causes no announcement; it is left out");
	if (vi->vmac_xmit_base)
		say(walk, vi, "vmac_xmit_base",
		    "advertisements come from the virtual MAC (RFC 9568 7.3); it is left out");
	vi->garp_lower_prio_repeat = 0;
	vi->garp_lower_prio_delay_s = 0;
	vi->vmac_xmit_base = false;
}

/* Version 3 leaves it to the operator (Accept_Mode, RFC 9568 6.1), and its default is not to. */
static void strict_accept(struct conf_walk *walk, struct vrrp_conf *vi)
{
	bool is_asked_for = vi->accept && conf_is_set(&vi->obj, "accept", NULL);
	bool is_owner = vi->priority == 255;

	if (is_asked_for && !is_owner && vi->version == 2)
		say(walk, vi, "accept", "only the owner of the addresses accepts packets to them");
	vi->accept = is_owner || (is_asked_for && vi->version == 3);
}

static void strict_lower_prio(struct conf_walk *walk, struct vrrp_conf *vi)
{
	if (vi->version == 2 && !vi->lower_prio_no_advert)
		say(walk, vi, "lower_prio_no_advert",
		    "a lower priority is not answered in version 2 (RFC 3768 6.4.3)");
	if (vi->version == 3 && vi->lower_prio_no_advert)
		say(walk, vi, "lower_prio_no_advert",
		    "a lower priority is answered in version 3 (RFC 9568 6.4.3); it is left out");
	vi->lower_prio_no_advert = vi->version == 2;
}

void vrrp_conf_be_strict(struct conf_walk *walk, struct vrrp_conf *vi)
{
	strict_errors(walk, vi);
	strict_auth(walk, vi);
	strict_announcements(walk, vi);
	strict_lower_prio(walk, vi);
	strict_accept(walk, vi);
	if (vi->preempt_delay_us > 0)
		say(walk, vi, "preempt_delay", "there is no preempt_delay; it is left out");
	if (vi->down_timer_adverts != 3)
		say(walk, vi, "down_timer_adverts", "three intervals count; it is left out");
	if (vi->higher_prio_send_advert)
		say(walk, vi, "higher_prio_send_advert",
		    "who gives way says nothing; it is left out");
	if (vi->priority == 255 && !vi->owner_ignore_adverts)
		say(walk, vi, "owner_ignore_adverts",
		    "the owner of the addresses gives way to nobody; it is left out");
	vi->preempt_delay_us = 0;
	vi->down_timer_adverts = 3;
	vi->higher_prio_send_advert = false;
	vi->owner_ignore_adverts = true;
}
