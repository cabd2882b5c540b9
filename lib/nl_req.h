/*
 * The request socket of rtnetlink: dumps and batches of changes, synchronous with a time limit.
 */
#ifndef DIARCH_LIB_NL_REQ_H
#define DIARCH_LIB_NL_REQ_H

#include <libmnl/libmnl.h>
#include <stdint.h>

#include "lib/nl.h"

#define NL_BUFFER_SIZE (32 * 1024) /* the kernel never sends more in one datagram of a dump */

struct nl_req {
	struct mnl_socket *sock;
	uint32_t seq;    /* of the last message sent */
	uint8_t *buffer; /* NL_BUFFER_SIZE, for sending and receiving */
};

/* Opens the socket. 0 or -errno. */
int nl_req_open(struct nl_req *req);
void nl_req_close(struct nl_req *req);

/*
 * Receives one datagram without waiting: its length, 0 when it does not come from the kernel, or
 * -errno
 * (-EAGAIN: nothing there; -ENOBUFS: messages were lost).
 */
int nl_receive(struct mnl_socket *sock, void *buffer, size_t size);

/*
 * Asks for everything of `type` (RTM_GETLINK, RTM_GETADDR, RTM_GETRULE) and calls `on_msg` for each
 * message of the reply. 0, -EINTR when the kernel says that the answer is inconsistent (ask again),
 * -ETIMEDOUT or another -errno.
 */
int nl_req_dump(struct nl_req *req, uint16_t type, int64_t timeout_us,
		void (*on_msg)(const struct nlmsghdr *nlh, void *arg), void *arg);

/*
 * The same for the routes of one protocol, of all tables. Kernels before 4.20 do not choose: the
 * callback may see others.
 */
int nl_req_dump_routes(struct nl_req *req, uint8_t protocol, int64_t timeout_us,
		       void (*on_msg)(const struct nlmsghdr *nlh, void *arg), void *arg);

/* Sends the one message in the buffer and waits for its acknowledgement. 0 or -errno. */
int nl_req_do(struct nl_req *req, int64_t timeout_us);

/* The same for a request whose answer is a message before that, which `on_msg` gets. */
int nl_req_ask(struct nl_req *req, int64_t timeout_us,
	       void (*on_msg)(const struct nlmsghdr *nlh, void *arg), void *arg);

/* Where the host sends packets for an address. */
struct nl_hop {
	uint8_t type;       /* RTN_UNICAST, RTN_LOCAL ... */
	uint32_t ifindex;   /* 0 = none, or several */
	struct addr source; /* of packets from this host; unset = none is given */
};

/* Asks for it; `is_entry`: for the entry of the table that decides, which has the interface of an
 * address of this host (not "lo"), and no source but one that is written there. 0, -ENETUNREACH,
 * -EHOSTUNREACH, -ETIMEDOUT or another -errno. */
int nl_req_hop(struct nl_req *req, const struct addr *to, bool is_entry, int64_t timeout_us,
	       struct nl_hop *hop);

/* Write messages about links into the buffer, for nl_req_do(): nl_link.c. */
void nl_req_put_macvlan(struct nl_req *req, const struct nl_upper *upper);
void nl_req_put_ipvlan(struct nl_req *req, const struct nl_upper *upper);
void nl_req_put_link_master(struct nl_req *req, uint32_t ifindex, uint32_t master);
void nl_req_put_link_flag(struct nl_req *req, uint32_t ifindex, uint32_t flag, bool is_set);
void nl_req_put_link_del(struct nl_req *req, uint32_t ifindex);

/* The work of nl_apply() without the tables. */
unsigned nl_req_apply(struct nl_req *req, struct nl_op *ops, unsigned n, int64_t timeout_us);

#endif
