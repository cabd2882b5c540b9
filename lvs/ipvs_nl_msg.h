/*
 * Generic netlink messages of IPVS to values and back. Internal to the kernel backend. No I/O.
 */
#ifndef DIARCH_LVS_IPVS_NL_MSG_H
#define DIARCH_LVS_IPVS_NL_MSG_H

#include <netlink/msg.h>
#include <stdint.h>

#include "lvs/ipvs.h"
#include "lvs/ipvs_diff.h"

/* Appends the key of a service, as GET, DEL and ZERO want it. 0 or -EMSGSIZE. */
int ipvs_msg_put_key(struct nl_msg *msg, const struct ipvs_svc_key *key);

/* The command (IPVS_CMD_*) of an operation. */
uint8_t ipvs_msg_cmd(enum ipvs_op_kind kind);

/* Appends all attributes of an operation. 0 or -EMSGSIZE. */
int ipvs_msg_put_op(struct nl_msg *msg, const struct ipvs_op *op);

/*
 * Reads a service or destination from a reply; `family` is for kernels that do not tell. 0 or
 * -EPROTO.
 */
int ipvs_msg_get_svc(struct nlmsghdr *nlh, struct ipvs_svc *svc);
int ipvs_msg_get_dest(struct nlmsghdr *nlh, uint8_t family, struct ipvs_dest *dest);

/* Reads the reply to GET_INFO. 0 or -EPROTO. */
int ipvs_msg_get_info(struct nlmsghdr *nlh, uint32_t *version, uint32_t *conn_tab_size);

#endif
