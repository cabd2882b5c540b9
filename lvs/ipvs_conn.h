/*
 * The connections that IPVS knows, as /proc/net/ip_vs_conn lists them (netlink does not).
 */
#ifndef DIARCH_LVS_IPVS_CONN_H
#define DIARCH_LVS_IPVS_CONN_H

#include <stdio.h>

#include "lvs/ipvs.h"

#define IPVS_CONN_FILE      "/proc/net/ip_vs_conn"
#define IPVS_CONN_STATE_MAX 24
#define IPVS_CONN_PE_MAX    256 /* of the data of a persistence engine */

struct ipvs_conn {
	uint8_t protocol; /* IPPROTO_TCP ... */
	struct addr client, service, dest;
	uint16_t client_port; /* host order; 0: a template of persistence */
	uint16_t service_port, dest_port;
	char state[IPVS_CONN_STATE_MAX]; /* the kernel's word */
	uint32_t expires_s;
	char pe_name[IPVS_PE_MAX];      /* empty: none */
	char pe_data[IPVS_CONN_PE_MAX]; /* what the engine persists by */
};

/* Reads one line; false for the heading and for what is not a connection. */
bool ipvs_conn_parse(const char *line, struct ipvs_conn *out);

/*
 * Hands every connection to `on_conn` in the kernel's order; stops when that returns false. 0 or
 * -errno.
 */
int ipvs_conn_read(FILE *in, bool (*on_conn)(const struct ipvs_conn *conn, void *arg), void *arg);

#endif
