/*
 * lvsadm: what the parts of its command line parser share. Internal to them.
 */
#ifndef DIARCH_LVS_LVSADM_PARSE_H
#define DIARCH_LVS_LVSADM_PARSE_H

#include "lvs/lvsadm.h"

#define LVSADM_PLAIN_MAX 3 /* words that belong to no option, for --set */

/* What has been read so far; checked when all is known, as the order of options is free. */
struct lvsadm_parse {
	int argc, next;
	char *const *argv;
	struct lvsadm_cmd *cmd;
	struct lvsadm_error *err;
	const char *word;                        /* being read, for errors */
	const char *plain[LVSADM_PLAIN_MAX + 1]; /* the first words that belong to no option */
	unsigned n_plain;
	const char *netmask, *sched_flags;
	bool has_server_port;
};

/* Takes an option's argument (NULL: none was given); false with the error filled. */
typedef bool lvsadm_take_fn(struct lvsadm_parse *p, int value, const char *text);

enum lvsadm_arg { LVSADM_ARG_NONE, LVSADM_ARG_NEEDED, LVSADM_ARG_OPTIONAL };

/* A command or an option. */
struct lvsadm_word {
	const char *name;
	char letter; /* 0: it has none */
	enum lvsadm_arg arg;
	enum lvsadm_command command; /* LVSADM_CMD_NONE: an option */
	enum lvsadm_option option;
	lvsadm_take_fn *take;        /* NULL: given or not is all */
	int value;                   /* for `take` */
	const char *arg_help, *help; /* NULL: not shown */
};

/* Looks a word up by its name of `len` bytes, or by its letter; NULL if there is none. */
const struct lvsadm_word *lvsadm_find_name(const char *name, size_t len);
const struct lvsadm_word *lvsadm_find_letter(char letter);

/* The type of a tunnel by name, -1 if there is none. */
int lvsadm_tunnel_type(const char *name);

/* What options do (lvsadm_take.c); arguments as lvsadm_take_fn. */
lvsadm_take_fn lvsadm_take_service;
lvsadm_take_fn lvsadm_take_fwmark;
lvsadm_take_fn lvsadm_take_ipv6;
lvsadm_take_fn lvsadm_take_scheduler;
lvsadm_take_fn lvsadm_take_persistent;
lvsadm_take_fn lvsadm_take_netmask;
lvsadm_take_fn lvsadm_take_sched_flags;
lvsadm_take_fn lvsadm_take_ops;
lvsadm_take_fn lvsadm_take_pe;
lvsadm_take_fn lvsadm_take_server;
lvsadm_take_fn lvsadm_take_forward;
lvsadm_take_fn lvsadm_take_weight;
lvsadm_take_fn lvsadm_take_threshold;
lvsadm_take_fn lvsadm_take_tun_type;
lvsadm_take_fn lvsadm_take_tun_port;
lvsadm_take_fn lvsadm_take_checksum;
lvsadm_take_fn lvsadm_take_sync_role;
lvsadm_take_fn lvsadm_take_syncid;
lvsadm_take_fn lvsadm_take_sync_maxlen;
lvsadm_take_fn lvsadm_take_mcast_interface;
lvsadm_take_fn lvsadm_take_mcast_group;
lvsadm_take_fn lvsadm_take_mcast_port;
lvsadm_take_fn lvsadm_take_mcast_ttl;

#endif
