/*
 * One request to the kernel's IPVS, for the parts of the kernel backend. Internal to it.
 */
#ifndef DIARCH_LVS_IPVS_NL_REQUEST_H
#define DIARCH_LVS_IPVS_NL_REQUEST_H

#include <netlink/msg.h>
#include <stdint.h>

#include "lvs/ipvs_nl.h"

/* Appends attributes made from `value`. 0 or -errno. */
typedef int ipvs_put_fn(struct nl_msg *msg, const void *value);

/*
 * Takes one answer to a request. 0 or -errno, which becomes the result once the answer is complete.
 */
typedef int ipvs_on_reply_fn(struct nlmsghdr *nlh, void *arg);

struct ipvs_request {
	uint8_t cmd;      /* IPVS_CMD_* */
	int flags;        /* NLM_F_ACK or NLM_F_DUMP */
	ipvs_put_fn *put; /* NULL: no attributes */
	const void *value;
	ipvs_on_reply_fn *on_reply; /* NULL: answers do not matter */
	void *arg;
	/*
	 * The kernel carries requests out while they are sent, so its answer is there at once; that
	 * there is none means success.
	 */
	bool may_be_silent;
};

/* Sends it and reads until its acknowledgement or the end of the dump. 0 or -errno. */
int ipvs_nl_request(struct ipvs_backend *backend, const struct ipvs_request *what);

#endif
