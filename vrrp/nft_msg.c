/*
 * Messages to nf_tables: see nft_msg.h. Used in the VRRP child. Fixed things are built by libnftnl;
 * elements of sets, which come while a router takes over, without it, as it allocates.
 */
#include "vrrp/nft_msg.h"

#include <endian.h>
#include <errno.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdlib.h>
#include <string.h>

/* What listings of nft call the keys. */
#define TYPE_IPV4    7
#define TYPE_IPV6    8
#define TYPE_IFINDEX 20
#define TYPE_IFNAME  41
#define TYPE_BITS    6 /* of each part of a concatenation */

#define MESSAGE_MAX 1024 /* none but those of elements is longer */
#define ELEMENT_MAX 64
#define NEST_MAX    48000 /* the length of an attribute has 16 bits */

enum { SET_V4, SET_V6, SET_LINK_LOCAL, SET_N };

static const char *const set_names[SET_N] = { "vips4", "vips6", "vips_link_local" };
static const char *const leased_names[SET_N] = { "leased4", "leased6", "leased_link_local" };
static const char *const alive_names[SET_N] = { "alive4", "alive6", "alive_link_local" };
static const char table_mark[] = "diarch";

/* ---- transaction ---- */

static bool has_room(const struct nft_msg *m, size_t n)
{
	return m->len + n + MESSAGE_MAX <= m->size; /* the end always fits */
}

/* A new message, NULL when the transaction has failed. note_message() follows when it is complete.
 */
static struct nlmsghdr *add_message(struct nft_msg *m, uint16_t type, uint16_t flags)
{
	if (!m->error && !has_room(m, MESSAGE_MAX))
		m->error = -EMSGSIZE;
	if (m->error)
		return NULL;
	return nftnl_nlmsg_build_hdr(m->buffer + m->len, type, m->family, flags, ++m->seq);
}

static void note_message(struct nft_msg *m, struct nlmsghdr *nlh)
{
	m->last = nlh;
	m->len += NLMSG_ALIGN(nlh->nlmsg_len);
}

void nft_msg_begin(struct nft_msg *m, char *buffer, size_t size, uint32_t seq)
{
	*m = (struct nft_msg){ .buffer = buffer, .size = size, .family = NFPROTO_INET, .seq = seq };
	m->len = NLMSG_ALIGN(nftnl_batch_begin(buffer, ++m->seq)->nlmsg_len);
}

void nft_msg_end(struct nft_msg *m)
{
	if (m->last)
		m->last->nlmsg_flags |= NLM_F_ACK;
	m->len += NLMSG_ALIGN(nftnl_batch_end(m->buffer + m->len, m->seq + 1)->nlmsg_len);
}

/* ---- table, sets, chains ---- */

static void put_table(struct nft_msg *m, uint16_t type, const char *name, bool is_marked)
{
	struct nlmsghdr *nlh = add_message(m, type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0);

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, name);
	if (is_marked)
		mnl_attr_put(nlh, NFTA_TABLE_USERDATA, sizeof(table_mark), table_mark);
	note_message(m, nlh);
}

/* A set: its name, and number in the transaction. */
struct set_name {
	const char *name;
	uint32_t id;
	bool is_timed; /* its elements have a time to live */
};

static void put_set(struct nft_msg *m, const struct nft_conf *conf, const struct set_name *set,
		    int which)
{
	const uint32_t link_type = conf->is_by_index ? TYPE_IFINDEX : TYPE_IFNAME;
	const uint32_t types[SET_N] = { TYPE_IPV4, TYPE_IPV6, TYPE_IPV6 << TYPE_BITS | link_type };
	const uint32_t lengths[SET_N] = {
		4, 16, 16 + (conf->is_by_index ? (uint32_t)sizeof(uint32_t) : IF_NAMESIZE)
	};
	struct nlmsghdr *nlh = add_message(m, NFT_MSG_NEWSET, NLM_F_CREATE);

	if (!nlh)
		return;
	mnl_attr_put_strz(nlh, NFTA_SET_TABLE, conf->table);
	mnl_attr_put_strz(nlh, NFTA_SET_NAME, set->name);
	mnl_attr_put_u32(nlh, NFTA_SET_FLAGS, htonl(set->is_timed ? NFT_SET_TIMEOUT : 0));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_TYPE, htonl(types[which]));
	mnl_attr_put_u32(nlh, NFTA_SET_KEY_LEN, htonl(lengths[which]));
	mnl_attr_put_u32(nlh, NFTA_SET_ID, htonl(set->id));
	note_message(m, nlh);
}

static void put_chain(struct nft_msg *m, const struct nft_conf *conf, const char *name,
		      uint32_t hook)
{
	struct nlmsghdr *nlh = add_message(m, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	struct nftnl_chain *chain = nlh ? nftnl_chain_alloc() : NULL;

	if (!chain) {
		m->error = m->error ? m->error : -ENOMEM;
		return;
	}
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, conf->table);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook);
	nftnl_chain_set_s32(chain, NFTNL_CHAIN_PRIO, conf->priority);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_POLICY, NF_ACCEPT);
	nftnl_chain_nlmsg_build_payload(nlh, chain);
	nftnl_chain_free(chain);
	note_message(m, nlh);
}

/* ---- rules ---- */

/* A rule being written; `rule` is NULL when memory ran out. */
struct rule {
	struct nftnl_rule *rule;
	bool is_failed;
};

static struct nftnl_expr *add_expr(struct rule *r, const char *kind)
{
	struct nftnl_expr *e = r->rule ? nftnl_expr_alloc(kind) : NULL;

	if (e)
		nftnl_rule_add_expr(r->rule, e);
	else
		r->is_failed = true;
	return e;
}

static void add_meta(struct rule *r, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = add_expr(r, "meta");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static void add_payload(struct rule *r, uint32_t base, uint32_t offset, uint32_t len)
{
	struct nftnl_expr *e = add_expr(r, "payload");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG32_00);
}

static void add_cmp(struct rule *r, uint32_t op, uint8_t value)
{
	struct nftnl_expr *e = add_expr(r, "cmp");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG32_00);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, &value, sizeof(value));
}

static void add_lookup(struct rule *r, const struct set_name *set, bool is_inverse)
{
	struct nftnl_expr *e = add_expr(r, "lookup");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG32_00);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, set->name);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, set->id);
	if (is_inverse)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
}

static void add_verdict(struct rule *r, uint32_t verdict)
{
	struct nftnl_expr *e = add_expr(r, "immediate");

	if (!e)
		return;
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, verdict);
}

static void begin_rule_of_any(struct rule *r, const struct nft_conf *conf, bool is_in)
{
	*r = (struct rule){ .rule = nftnl_rule_alloc() };
	if (r->rule) {
		nftnl_rule_set_str(r->rule, NFTNL_RULE_TABLE, conf->table);
		nftnl_rule_set_str(r->rule, NFTNL_RULE_CHAIN, is_in ? "in" : "out");
	}
}

static void begin_rule(struct rule *r, const struct nft_conf *conf, bool is_in, uint8_t family)
{
	begin_rule_of_any(r, conf, is_in);
	add_meta(r, NFT_META_NFPROTO, NFT_REG32_00);
	add_cmp(r, NFT_CMP_EQ, family);
}

static void end_rule(struct nft_msg *m, struct rule *r)
{
	struct nlmsghdr *nlh = add_message(m, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

	if (r->is_failed)
		m->error = -ENOMEM;
	if (nlh && !m->error) {
		nftnl_rule_nlmsg_build_payload(nlh, r->rule);
		note_message(m, nlh);
	}
	if (r->rule)
		nftnl_rule_free(r->rule);
}

/* The address that a packet goes to or comes from, as the sets of this kind have it. */
static void add_address(struct rule *r, const struct nft_conf *conf, bool is_in, int which)
{
	const uint32_t by_name = is_in ? NFT_META_IIFNAME : NFT_META_OIFNAME;
	const uint32_t by_index = is_in ? NFT_META_IIF : NFT_META_OIF;
	const size_t at4 = is_in ? offsetof(struct iphdr, daddr) : offsetof(struct iphdr, saddr);
	const size_t at6 =
		is_in ? offsetof(struct ip6_hdr, ip6_dst) : offsetof(struct ip6_hdr, ip6_src);
	const bool is_v4 = which == SET_V4;

	add_payload(r, NFT_PAYLOAD_NETWORK_HEADER, (uint32_t)(is_v4 ? at4 : at6), is_v4 ? 4 : 16);
	if (which == SET_LINK_LOCAL)
		add_meta(r, conf->is_by_index ? by_index : by_name, NFT_REG32_04);
}

/* Drops what goes to, or comes from, the addresses of a set. */
static void put_drop(struct nft_msg *m, const struct nft_conf *conf, bool is_in, int which)
{
	const struct set_name set = { set_names[which], (uint32_t)which + 1, false };
	struct rule r;

	begin_rule(&r, conf, is_in, which == SET_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	add_address(&r, conf, is_in, which);
	add_lookup(&r, &set, false);
	if (conf->has_counters)
		add_expr(&r, "counter");
	add_verdict(&r, NF_DROP);
	end_rule(m, &r);
}

/* RFC 9568 6.4.3: solicitations and advertisements are never dropped. */
static void put_neighbours(struct nft_msg *m, const struct nft_conf *conf, bool is_in)
{
	struct rule r;

	begin_rule(&r, conf, is_in, NFPROTO_IPV6);
	add_meta(&r, NFT_META_L4PROTO, NFT_REG32_00);
	add_cmp(&r, NFT_CMP_EQ, IPPROTO_ICMPV6);
	add_payload(&r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1);
	add_cmp(&r, NFT_CMP_GTE, ND_NEIGHBOR_SOLICIT);
	add_cmp(&r, NFT_CMP_LTE, ND_NEIGHBOR_ADVERT);
	add_verdict(&r, NF_ACCEPT);
	end_rule(m, &r);
}

void nft_msg_table(struct nft_msg *m, const struct nft_conf *conf)
{
	nft_msg_remove(m, conf->table);
	put_table(m, NFT_MSG_NEWTABLE, conf->table, true);
	for (int which = 0; which < SET_N; which++) {
		const struct set_name set = { set_names[which], (uint32_t)which + 1, false };
		put_set(m, conf, &set, which);
	}
	for (int is_in = 0; is_in < 2; is_in++) {
		put_chain(m, conf, is_in ? "in" : "out",
			  is_in ? NF_INET_LOCAL_IN : NF_INET_LOCAL_OUT);
		put_drop(m, conf, is_in, SET_V4);
		put_neighbours(m, conf, is_in);
		put_drop(m, conf, is_in, SET_V6);
		put_drop(m, conf, is_in, SET_LINK_LOCAL);
	}
}

/* Removing what may not be there: in one transaction it can be made first. */
void nft_msg_remove(struct nft_msg *m, const char *table)
{
	put_table(m, NFT_MSG_NEWTABLE, table, false);
	put_table(m, NFT_MSG_DELTABLE, table, false);
}

/* ---- elements ---- */

static int set_of(const struct drop_key *key)
{
	if (key->addr.family == AF_INET)
		return SET_V4;
	return drop_key_is_link_local(key) ? SET_LINK_LOCAL : SET_V6;
}

static size_t element_key(const struct drop_key *key, uint8_t out[16 + IF_NAMESIZE])
{
	if (key->addr.family == AF_INET) {
		memcpy(out, &key->addr.in, 4);
		return 4;
	}
	memcpy(out, &key->addr.in6, 16);
	if (!drop_key_is_link_local(key))
		return 16;
	if (key->ifindex) {
		memcpy(out + 16, &key->ifindex, sizeof(key->ifindex));
		return 16 + sizeof(key->ifindex);
	}
	memcpy(out + 16, key->ifname, IF_NAMESIZE);
	return 16 + IF_NAMESIZE;
}

/* With a time to live, unless that is 0. */
static void put_element(struct nlmsghdr *nlh, const struct drop_key *key, uint32_t alive_ms)
{
	uint8_t bytes[16 + IF_NAMESIZE];
	size_t len = element_key(key, bytes);
	struct nlattr *element = mnl_attr_nest_start(nlh, NFTA_LIST_ELEM);
	struct nlattr *data = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_KEY);

	mnl_attr_put(nlh, NFTA_DATA_VALUE, len, bytes);
	mnl_attr_nest_end(nlh, data);
	if (alive_ms)
		mnl_attr_put_u64(nlh, NFTA_SET_ELEM_TIMEOUT, htobe64(alive_ms));
	mnl_attr_nest_end(nlh, element);
}

/* One message: the first of the operations and those like it that follow. */
static uint32_t put_elements(struct nft_msg *m, const char *table, const struct drop_op *ops,
			     uint32_t n)
{
	const uint16_t type = ops->is_add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM;
	struct nlmsghdr *nlh = add_message(m, type, ops->is_add ? NLM_F_CREATE : 0);
	const int which = set_of(&ops->key);
	struct nlattr *list;
	uint32_t i = 0;

	if (!nlh)
		return 0;
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, table);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, set_names[which]);
	list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
	while (i < n && ops[i].is_add == ops->is_add && set_of(&ops[i].key) == which &&
	       has_room(m, nlh->nlmsg_len + ELEMENT_MAX) && nlh->nlmsg_len < NEST_MAX)
		put_element(nlh, &ops[i++].key, 0);
	mnl_attr_nest_end(nlh, list);
	note_message(m, nlh);
	return i;
}

uint32_t nft_msg_ops(struct nft_msg *m, const char *table, const struct drop_op *ops, uint32_t n)
{
	uint32_t done = 0;

	while (done < n && !m->error && has_room(m, MESSAGE_MAX))
		done += put_elements(m, table, ops + done, n - done);
	return done;
}

/* ---- leases ---- */

#define ARP_SENDER 14 /* of an address of IPv4, behind one of Ethernet: RFC 826 */

static struct set_name leased_set(int which)
{
	return (struct set_name){ leased_names[which], (uint32_t)which + 1, false };
}

static struct set_name alive_set(int which)
{
	return (struct set_name){ alive_names[which], SET_N + (uint32_t)which + 1, true };
}

static void put_lease_sets(struct nft_msg *m, const struct nft_conf *conf, int which)
{
	const struct set_name leased = leased_set(which), alive = alive_set(which);

	put_set(m, conf, &leased, which);
	put_set(m, conf, &alive, which);
}

static void end_lease_rule(struct nft_msg *m, struct rule *r, int which)
{
	const struct set_name leased = leased_set(which), alive = alive_set(which);

	add_lookup(r, &leased, false);
	add_lookup(r, &alive, true);
	add_verdict(r, NF_DROP);
	end_rule(m, r);
}

static void put_lease_arp(struct nft_msg *m, const struct nft_conf *conf)
{
	struct rule r;

	put_lease_sets(m, conf, SET_V4);
	put_chain(m, conf, "out", NF_ARP_OUT);
	begin_rule_of_any(&r, conf, false);
	add_payload(&r, NFT_PAYLOAD_NETWORK_HEADER, ARP_SENDER, 4);
	end_lease_rule(m, &r, SET_V4);
}

static void put_lease_inet(struct nft_msg *m, const struct nft_conf *conf)
{
	struct rule r;

	for (int which = 0; which < SET_N; which++)
		put_lease_sets(m, conf, which);
	for (int is_in = 0; is_in < 2; is_in++) {
		put_chain(m, conf, is_in ? "in" : "out",
			  is_in ? NF_INET_LOCAL_IN : NF_INET_LOCAL_OUT);
		for (int which = 0; which < SET_N; which++) {
			begin_rule(&r, conf, is_in, which == SET_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
			add_address(&r, conf, is_in, which);
			end_lease_rule(m, &r, which);
		}
	}
}

void nft_msg_lease_tables(struct nft_msg *m, const struct nft_conf *conf)
{
	nft_msg_lease_remove(m, conf->table);
	put_table(m, NFT_MSG_NEWTABLE, conf->table, true);
	put_lease_inet(m, conf);
	m->family = NFPROTO_ARP;
	put_table(m, NFT_MSG_NEWTABLE, conf->table, true);
	put_lease_arp(m, conf);
	m->family = NFPROTO_INET;
}

void nft_msg_lease_remove(struct nft_msg *m, const char *table)
{
	m->family = NFPROTO_ARP;
	nft_msg_remove(m, table);
	m->family = NFPROTO_INET;
	nft_msg_remove(m, table);
}

/* What is to become of addresses: in or out of the sets of the leased, or of the alive. */
struct lease_change {
	uint16_t type;
	const char *table;
	bool is_alive;
};

/* One kind of address, as elements of its set; nothing when there are none. */
static void put_lease_elements(struct nft_msg *m, const struct lease_change *c, int which,
			       const struct lease_elem *elems, uint32_t n)
{
	const bool is_add = c->type == NFT_MSG_NEWSETELEM;
	struct nlmsghdr *nlh = NULL;
	struct nlattr *list = NULL;

	for (uint32_t i = 0; i < n && !m->error; i++) {
		if (set_of(&elems[i].key) != which || (c->is_alive && elems[i].alive_ms == 0))
			continue;
		if (!nlh) {
			nlh = add_message(m, c->type, is_add ? NLM_F_CREATE : 0);
			if (!nlh)
				return;
			mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, c->table);
			mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET,
					  c->is_alive ? alive_names[which] : leased_names[which]);
			list = mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS);
		}
		if (!has_room(m, nlh->nlmsg_len + ELEMENT_MAX) || nlh->nlmsg_len > NEST_MAX)
			m->error = -EMSGSIZE;
		else
			put_element(nlh, &elems[i].key,
				    is_add && c->is_alive ? elems[i].alive_ms : 0);
	}
	if (!nlh)
		return;
	mnl_attr_nest_end(nlh, list);
	note_message(m, nlh);
}

static void put_lease_change(struct nft_msg *m, const struct lease_change *c,
			     const struct lease_elem *elems, uint32_t n)
{
	for (int which = 0; which < SET_N; which++)
		put_lease_elements(m, c, which, elems, n);
	m->family = NFPROTO_ARP;
	put_lease_elements(m, c, SET_V4, elems, n);
	m->family = NFPROTO_INET;
}

void nft_msg_lease_addrs(struct nft_msg *m, const char *table, const struct lease_elem *elems,
			 uint32_t n)
{
	const struct lease_change add = { NFT_MSG_NEWSETELEM, table, false };

	put_lease_change(m, &add, elems, n);
}

void nft_msg_lease_alive(struct nft_msg *m, const char *table, const struct lease_elem *elems,
			 uint32_t n, bool is_anew)
{
	const struct lease_change del = { NFT_MSG_DELSETELEM, table, true };
	const struct lease_change add = { NFT_MSG_NEWSETELEM, table, true };

	if (is_anew)
		put_lease_change(m, &del, elems, n);
	put_lease_change(m, &add, elems, n);
}

/* ---- whose table ---- */

size_t nft_msg_ask(char *buffer, const char *table, uint32_t seq)
{
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETTABLE, NFPROTO_INET, NLM_F_ACK, seq);

	mnl_attr_put_strz(nlh, NFTA_TABLE_NAME, table);
	return nlh->nlmsg_len;
}

bool nft_msg_is_ours(const struct nlmsghdr *nlh)
{
	struct nftnl_table *table = nftnl_table_alloc();
	const void *mark = NULL;
	uint32_t len = 0;
	bool is_ours;

	if (table && nftnl_table_nlmsg_parse(nlh, table) == 0)
		mark = nftnl_table_get_data(table, NFTNL_TABLE_USERDATA, &len);
	is_ours = mark && len == sizeof(table_mark) && memcmp(mark, table_mark, len) == 0;
	if (table)
		nftnl_table_free(table);
	return is_ours;
}

/* The first attribute of all of them is the name of the table. */
bool nft_msg_is_removal(const struct nlmsghdr *nlh, const char *table)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	struct nlattr *attr;

	switch (nlh->nlmsg_type) {
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE:
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELCHAIN:
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE:
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSET:
	case NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSETELEM: break;
	default: return false;
	}
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*nfg) || nfg->nfgen_family != NFPROTO_INET)
		return false;
	mnl_attr_for_each(attr, nlh, sizeof(*nfg))
	{
		if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME)
			return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
			       strcmp(mnl_attr_get_str(attr), table) == 0;
	}
	return false;
}
