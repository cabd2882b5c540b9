/*
 * What IPVS has once in a network namespace: time-outs of connections and the daemons that carry
 * connections to another director. Values only.
 */
#ifndef DIARCH_LVS_IPVS_GLOBAL_H
#define DIARCH_LVS_IPVS_GLOBAL_H

#include <stdint.h>

#include "lib/addr.h"

#define IPVS_IFNAME_MAX 16

struct ipvs_timeouts {
	uint32_t tcp_s;     /* established */
	uint32_t tcp_fin_s; /* after a FIN */
	uint32_t udp_s;
};

#define IPVS_SYNC_MAX        2 /* daemons at a time, one of each role */
#define IPVS_SYNC_ID_MAX     255
#define IPVS_SYNC_MAXLEN_MAX 65507

enum ipvs_sync_role { IPVS_SYNC_MASTER = 1, IPVS_SYNC_BACKUP = 2 };

struct ipvs_sync {
	enum ipvs_sync_role role;
	char ifname[IPVS_IFNAME_MAX];
	uint8_t id;        /* 0: a backup takes every id */
	uint16_t maxlen;   /* bytes in a message; 0: what fits into the MTU */
	struct addr group; /* multicast; unset: 224.0.0.81 */
	uint16_t port;     /* host order; 0: 8848 */
	uint8_t ttl;       /* 0: 1 */
};

#endif
