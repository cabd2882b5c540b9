/*
 * Lines of routing rules to what the kernel is asked for: see route_build.h. The parent while it
 * judges a file, the VRRP child while it prepares a configuration.
 */
#include <linux/fib_rules.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "lib/nl.h"
#include "vrrp/route_build.h"

#define DEFAULT_PREFERENCE 16384

/* The kernel knows these rules' protocols by number only; names beyond these are seldom selected
 * by. */
static const char *find_ip_proto(const struct conf_name_id *value, uint8_t *out)
{
	static const struct {
		const char *name;
		uint8_t number;
	} words[] = {
		{ "icmp", IPPROTO_ICMP },        { "igmp", IPPROTO_IGMP },
		{ "tcp", IPPROTO_TCP },          { "udp", IPPROTO_UDP },
		{ "ipv6-icmp", IPPROTO_ICMPV6 }, { "gre", IPPROTO_GRE },
		{ "esp", IPPROTO_ESP },          { "ah", IPPROTO_AH },
		{ "sctp", IPPROTO_SCTP },        { "vrrp", 112 },
		{ "udplite", IPPROTO_UDPLITE },  { "dccp", IPPROTO_DCCP },
	};

	*out = (uint8_t)value->id;
	if (!value->name)
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		*out = words[i].number;
		if (strcmp(words[i].name, value->name) == 0)
			return NULL;
	}
	return "ipproto: this name is not known; write its number";
}

static uint8_t rule_action(const struct iprule_conf *conf)
{
	if (conf->nop || conf->type == IPRULE_NOP)
		return FR_ACT_NOP;
	if (conf->blackhole || conf->type == IPRULE_BLACKHOLE)
		return FR_ACT_BLACKHOLE;
	if (conf->unreachable || conf->type == IPRULE_UNREACHABLE)
		return FR_ACT_UNREACHABLE;
	if (conf->prohibit || conf->type == IPRULE_PROHIBIT)
		return FR_ACT_PROHIBIT;
	return conf->goto_preference ? FR_ACT_GOTO : FR_ACT_TO_TBL;
}

static uint8_t rule_family(const struct iprule_conf *conf)
{
	if (conf->inet || conf->inet6)
		return conf->inet6 ? AF_INET6 : AF_INET;
	if (conf->from.prefix.addr.family != AF_UNSPEC && !conf->from.is_any)
		return conf->from.prefix.addr.family;
	if (conf->to.prefix.addr.family != AF_UNSPEC && !conf->to.is_any)
		return conf->to.prefix.addr.family;
	return AF_INET;
}

static const char *set_prefix(const struct conf_dest *dest, uint8_t family, struct addr *addr,
			      uint8_t *len)
{
	if (dest->prefix.addr.family == AF_UNSPEC || dest->is_any || dest->prefix.len == 0)
		return NULL;
	if (dest->prefix.addr.family != family)
		return "addresses of both families";
	*addr = dest->prefix.addr;
	*len = dest->prefix.len;
	return NULL;
}

static const char *set_names(const struct iprule_conf *conf, const struct rt_dirs *dirs,
			     struct nl_rule *out, char text[128])
{
	uint32_t tos = 0;
	const char *why = route_find_id(&conf->table, dirs, RT_KIND_TABLE, &out->table, text);

	if (!why)
		why = route_find_id(&conf->tos, dirs, RT_KIND_DSFIELD, &tos, text);
	if (!why)
		why = route_find_id(&conf->suppress_ifgroup, dirs, RT_KIND_GROUP,
				    &out->suppress_ifgroup, text);
	if (!why)
		why = route_read_realms(conf->realms, dirs, &out->realms);
	if (!why)
		why = find_ip_proto(&conf->ipproto, &out->ip_proto);
	out->tos = (uint8_t)tos;
	return why;
}

static void set_numbers(const struct iprule_conf *conf, struct nl_rule *out)
{
	out->fwmark = conf->fwmark.mark;
	out->fwmask = conf->fwmark.is_given ? conf->fwmark.mask : 0;
	out->tunnel_id = (uint64_t)conf->tunnel_id;
	out->has_uids = conf->uidrange.is_given;
	out->uid_lo = conf->uidrange.lo;
	out->uid_hi = conf->uidrange.hi;
	out->sport_lo = (uint16_t)conf->sport.lo;
	out->sport_hi = (uint16_t)conf->sport.hi;
	out->dport_lo = (uint16_t)conf->dport.lo;
	out->dport_hi = (uint16_t)conf->dport.hi;
}

const char *rule_build(const struct iprule_conf *conf, const struct rt_dirs *dirs,
		       struct nl_rule *out, char text[128])
{
	const char *why;

	memset(out, 0, sizeof(*out));
	out->family = rule_family(conf);
	out->action = rule_action(conf);
	out->protocol =
		conf->no_track && conf->protocol ? (uint8_t)conf->protocol : NL_PROTO_DIARCH;
	out->priority = conf->preference.is_given ? conf->preference.id : DEFAULT_PREFERENCE;
	out->goto_priority = conf->goto_preference;
	out->is_inverted = conf->is_not;
	out->is_l3mdev = conf->l3mdev || conf->type == IPRULE_L3MDEV;
	out->suppress_prefix_len = conf_is_set(&conf->obj, "suppress_prefixlength", NULL)
					   ? conf->suppress_prefixlength
					   : UINT32_MAX;
	out->suppress_ifgroup = UINT32_MAX;
	snprintf(out->iif, sizeof(out->iif), "%s", conf->iif ? conf->iif : "");
	snprintf(out->oif, sizeof(out->oif), "%s", conf->oif ? conf->oif : "");
	set_numbers(conf, out);
	if (conf->preference.name)
		return "preference: a number is expected";
	why = set_prefix(&conf->from, out->family, &out->src, &out->src_len);
	if (!why)
		why = set_prefix(&conf->to, out->family, &out->dst, &out->dst_len);
	return why ? why : set_names(conf, dirs, out, text);
}

void rule_name(const struct nl_rule *rule, char *text, size_t size)
{
	char addr[ADDR_STR_MAX];
	int n = snprintf(text, size, "rule %u", rule->priority);

	if (rule->src_len && n > 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, " from %s/%u", addr_str(&rule->src, addr),
			      rule->src_len);
	if (rule->dst_len && n > 0 && (size_t)n < size)
		n += snprintf(text + n, size - (size_t)n, " to %s/%u", addr_str(&rule->dst, addr),
			      rule->dst_len);
	if (rule->table && n > 0 && (size_t)n < size)
		snprintf(text + n, size - (size_t)n, " table %u", rule->table);
}
